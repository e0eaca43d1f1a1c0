"""Classify: what is an article, and what is refused for which reason."""

import pytest

from newsbot.extraction import extract

URL = "https://paper.example/2024/05/01/kopir/"
PROSE = "".join(
    f"<p>Бұл – мақаланың {n}-абзацы, ол біраз ұзақ жазылған сөйлем.</p>" for n in range(6)
)
DATE = "<span class='date'>1 мамыр 2024, 10:00</span>"


def reason(body: str, url: str = URL, title: str = "Көпір") -> str | None:
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return extract(page.encode(), url).reason


def test_article() -> None:
    assert reason(f"<h1>Көпір ашылды</h1>{DATE}<div>{PROSE}</div>") is None


def test_prose_without_date_author_or_counter_is_a_static_page() -> None:
    assert reason(f"<h1>Газет туралы</h1><div>{PROSE}</div>") == "static_page"


def test_unsigned_prose_under_a_whole_headline_is_an_article() -> None:
    headline = "Ауыл іргесіндегі көпірден алғашқы көліктер өтті"
    assert reason(f"<h1>{headline}</h1><div>{PROSE}</div>") is None
    assert reason(f"<h1>{headline}<div>{PROSE}") is None, "nothing is closed"
    plain = "https://paper.example/kopir"
    assert reason(f"<div>{PROSE}</div>", plain, headline) == "static_page", "may be the site's name"
    assert reason(f"<h1>{headline}</h1><div>{PROSE}</div>", plain) is None
    assert reason(f"<h1>{headline}</h1><div>{PROSE[: len(PROSE) // 3]}</div>", plain) is not None
    rules = "Сайт материалдарын көшіріп басудың жалпы ережелері"
    assert reason(f"<h1>{rules}</h1><div>{PROSE}</div>") == "static_page"


@pytest.mark.parametrize(
    "headline",
    [
        "404 оқушы мектепке барды",
        "Іздеу-құтқару тобы адасқандарды тапты",
        "Мұрағат қызметкері: құжат сөйлейді",
        "Кіру ақысы өзгерді",
        "Су көзі табылмады деген рас па?",
    ],
)
def test_words_of_error_pages_in_headlines_do_no_harm(headline: str) -> None:
    body = f"<h1>{headline}</h1>{DATE}<div>{PROSE}</div>"
    assert reason(body, title=headline) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>404</h1><p>Бет табылмады</p>", "not_found"),
        ("<h2>Страница не найдена</h2>", "not_found"),
        ("<h1>Іздеу нәтижелері</h1><p>Ештеңе табылмады</p>", "search"),
        ("<h1>Кіру</h1><form><input type='password'></form>", "login"),
        ("<h1>Checking your browser before accessing</h1>", "challenge"),
        ("<h1>Error establishing a database connection</h1>", "error"),
        ("<h1>Көпір</h1>", "no_text"),
        ("<div></div>", "no_title"),
    ],
)
def test_refused(body: str, expected: str) -> None:
    title = "" if expected == "no_title" else "Көпір"
    assert reason(body, title=title) == expected


def test_front_page() -> None:
    assert reason(f"<h1>Газет</h1>{DATE}{PROSE}", "https://paper.example/") == "listing"
    assert reason(f"<h1>Көпір</h1>{DATE}{PROSE}", "https://paper.example/?p=12") is None


@pytest.mark.parametrize("heading", ["h2", "h3", "div"])
def test_teasers_are_a_listing(heading: str) -> None:
    teaser = "<div class='item'><{0}><a href='/{1}'>Аудандағы {1}-жаңалықтың тақырыбы</a></{0}><p>Бұл жаңалықтың алғашқы сөйлемі осында тұр, қалғаны ішінде.</p></div>"
    teasers = "".join(teaser.format(heading, n) for n in range(8))
    assert reason(f"<h1>Қоғам</h1>{DATE}<div class='list'>{teasers}</div>") == "listing"


def test_related_articles_make_no_listing() -> None:
    teaser = "<div class='item'><h4><a href='/{0}'>Аудандағы {0}-жаңалықтың тақырыбы</a></h4><p>Қысқаша мазмұны осында.</p></div>"
    teasers = "".join(teaser.format(n) for n in range(4))
    assert reason(f"<h1>Көпір</h1>{DATE}<div>{PROSE}</div><div>{teasers}</div>") is None


def test_flags() -> None:
    def flags(body: str, url: str = URL) -> list[str]:
        return extract(f"<title>Көпір</title><h1>Көпір</h1>{body}".encode(), url).flags

    assert "no_date" in flags(f"<div>{PROSE}</div>", "https://paper.example/kopir/")
    assert "date_inferred" in flags(f"<div>{PROSE}</div>")
    assert "no_date" not in flags(f"{DATE}<div>{PROSE}</div>")
    assert "short_text" in flags(
        f"{DATE}<div><p>Бұл – қысқа хабар, оның мәтіні осымен бітеді.</p></div>"
    )
    assert "truncated" in flags(
        f"{DATE}<div><p>Көпір ашылды, енді көліктер қала мен ауыл арасында…</p></div>"
    )
    assert "paywall" in flags(f"{DATE}<div>{PROSE}</div><div class='paywall'>Жазылу</div>")
    assert "mixed_script" in flags(f"{DATE}<div>{PROSE.replace('і', 'i')}</div>")
    assert "glued_words" in flags(
        f"{DATE}<div>{PROSE}<p>Бұл туралы айтылдыБұдан өзге де мәселе көп.</p></div>"
    )
