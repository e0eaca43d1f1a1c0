"""A newspaper of plain files: no feed, no sitemap, no data in its pages, a theme that no family knows."""

from __future__ import annotations

from datetime import date, timedelta

from tests.crawl.wire import Route, http

NAME = "Көкжиек үні"
PER_PAGE = 12
_WHO = ("Айгүл Сейітова", "Нұрлан Әбдіқадыров", "Гүлмира Асқарова")
_WHERE = ("Ақсу", "Көктерек", "Сарыжаз", "Тасөткел", "Үшбұлақ")
_WHAT = ("көпір салынды", "мектеп ашылды", "алма бағы гүлдеді", "жол жөнделді", "той өтті")


def title(number: int) -> str:
    return f"{_WHERE[number % 5]} ауылында {_WHAT[number // 5 % 5]}: {number}-хабар"


def day(number: int) -> date:
    return date(2026, 10, 1) - timedelta(days=40 * number)


def path(number: int) -> str:
    return f"/maqala/{day(number).year}/{1000 + number}.html"


def paragraphs(number: int) -> list[str]:
    place, work = _WHERE[number % 5], _WHAT[number // 5 % 5]
    return [
        f"{place} ауылының тұрғындары күткен күн де жетті: {number}-көшеде {work}, оған жұрт жиналды.",
        f"Аудан әкімінің орынбасары {number + 3} отбасының өтініші орындалғанын, енді суару жүйесі де "
        "жаңаратынын айтты.",
        f"Жұмысқа {number + 12} адам қатысты, оның көбі осы ауылдың жастары, ал қаржыны кәсіпкерлер берді.",
    ]


def _page(head: str, body: str) -> bytes:
    menu = (
        '<div class="menyu"><a href="/">Басты бет</a> <a href="/redaksia.html">Редакция</a></div>'
    )
    return http(
        f'<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>{head}</title></head>'
        f'<body>{menu}{body}<div class="ayaq">© {NAME}</div></body></html>'.encode()
    )


def _article(number: int, body: str) -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(number))
    return _page(
        f"{title(number)} – {NAME}",
        f'<div class="maqala"><h1 class="taqyryp">{title(number)}</h1><div class="jol">'
        f'<span class="avtor">{_WHO[number % 3]}</span> <span class="kuni">{day(number):%d.%m.%Y}</span>'
        f'</div><div class="{body}">{text}</div></div>',
    )


def routes(count: int, body: str = "matin") -> dict[str, Route]:
    """The newspaper with so many articles, 12 to a page of its list; `body` names the box of their texts."""
    found: dict[str, Route] = {path(n): _article(n, body) for n in range(count)}
    pages = range(0, count, PER_PAGE)
    for index, first in enumerate(pages, 1):
        items = "".join(
            f'<li><a href="{path(n)}">{title(n)}</a> <i>{day(n):%d.%m.%Y}</i></li>'
            for n in range(first, min(first + PER_PAGE, count))
        )
        more = f'<div class="pagination"><a rel="next" href="/bet/{index + 1}/">Келесі</a></div>'
        last = first == pages[-1]
        found["/" if index == 1 else f"/bet/{index}/"] = _page(
            NAME, f"<ul>{items}</ul>{'' if last else more}"
        )
    found["/redaksia.html"] = _page(
        f"Редакция – {NAME}", "<h1>Редакция</h1><p>Мекенжайы: Ақсу, 1.</p>"
    )
    return found
