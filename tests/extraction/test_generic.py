"""The generic extractor on pages of ours: scripts, layouts, noise around a body, hostile pages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.extraction.generic import main_blocks
from newsbot.extraction.page import Page

KAZAKH = [
    "Ақбұлақ ауылында биыл жаңа мектептің іргетасы қаланды, құрылысқа облыстық бюджеттен қаржы бөлінді.",
    "Аудан әкімдігінің мәліметінше, үш қабатты ғимарат екі жүз қырық оқушыға арналған және келесі күзге дейін бітеді.",
    "– Балаларымыз енді көрші ауылға қатынамайды, – деді мектеп директоры Гүлнәр Оспанова жиында.",
    "Мектеп жанынан спорт алаңы мен жылыжай салынады, оны ауыл тұрғындары өз күшімен көгалдандырады.",
]
TOTE = [
    "اۋىلدا جاڭا مەكتەپ سالىنىپ جاتىر، قۇرىلىس كەلەسى كۇزدە اياقتالادى دەپ كۇتىلۋدە.",
    "مەكتەپ ەكى ءجۇز قىرىق وقۋشىعا ارنالعان، جانىندا سپورت الاڭى بولادى دەدى ديرەكتور.",
    "تۇرعىندار كوگالداندىرۋ جۇمىسىنا ءوز كۇشىمەن اتسالىسادى، كومەككە كورشىلەر دە كەلەدى.",
]
RUSSIAN = [
    "В посёлке Степной завершили ремонт моста через реку, движение по нему открыли вчера утром.",
    "Подрядчик заменил двенадцать балок и уложил новое покрытие, работы заняли почти четыре месяца.",
    "По словам главы администрации, следующим летом приведут в порядок и набережную у старого парка.",
    "Жители просят вернуть автобусный маршрут, который отменили на время ремонта прошлой весной.",
]
GREEK = [
    "Ο δήμος ανακοίνωσε χθες ότι η παλιά γέφυρα του χωριού θα ανοίξει ξανά για τα οχήματα την Κυριακή.",
    "Οι εργασίες κράτησαν τέσσερις μήνες και κόστισαν λιγότερο από όσο είχε υπολογιστεί στην αρχή.",
    "Οι κάτοικοι ζητούν τώρα να επιστρέψει και το λεωφορείο που σταμάτησε την περασμένη άνοιξη.",
]
POLISH = [
    "W miasteczku zakończono wczoraj remont starego mostu, a ruch samochodów wrócił na obie jezdnie.",
    "Prace trwały cztery miesiące i kosztowały mniej, niż zakładano na początku w urzędzie gminy.",
    "Mieszkańcy proszą teraz o przywrócenie autobusu, który zawieszono ubiegłej wiosny na czas robót.",
]
ENGLISH = [
    "The old bridge in the village reopened to traffic on Sunday after four months of careful repairs.",
    "Twelve beams were replaced and the surface was laid anew, the parish council said in a statement.",
    "Residents now ask for the return of the bus that was suspended when the works began last spring.",
]
LANGUAGES = {
    "kk": KAZAKH,
    "kk-Arab": TOTE,
    "ru": RUSSIAN,
    "el": GREEK,
    "pl": POLISH,
    "en": ENGLISH,
}
MENU = "".join(f'<li><a href="/{n}">Бөлім {n} / Раздел {n}</a></li>' for n in range(12))
LINKS = "".join(
    f'<div class="n"><a href="/n{n}">Жаңалық атауы, ол да ұзақ болады, нөмірі {n}</a></div>'
    for n in range(8)
)
FOOTER = "<p>© 2024 Газет. Барлық құқықтар қорғалған, көшіруге рұқсат жоқ.</p><p>Тел.: 8 (7262) 45-45-45</p>"


def page(body: str, title: str = "Тақырып пен заголовок, ұзын") -> Page:
    return Page(
        f"<html><head><title>{title} – Газет</title></head><body>{body}</body></html>",
        "https://gazet.example/2024/05/a.html",
    )


def texts(body: str, title: str = "Тақырып пен заголовок, ұзын") -> list[str]:
    return [block.text for block in main_blocks(page(body, title)) if block.kind != "caption"]


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tag", ["p", "div"])
def test_no_language_and_no_tag_is_preferred(language: str, tag: str) -> None:
    lines = LANGUAGES[language]
    body = "".join(f"<{tag}>{line}</{tag}>" for line in lines)
    assert (
        texts(
            f"<ul>{MENU}</ul><div><h1>Тақырып пен заголовок, ұзын</h1><span>12.05.2024</span>"
            f"<div>{body}</div></div><div>{LINKS}</div><div>{FOOTER}</div>"
        )
        == lines
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("separator", ["<br><br>", "<br/>\n<br />\n&nbsp;"])
def test_paragraphs_parted_by_breaks(language: str, separator: str) -> None:
    lines = LANGUAGES[language]
    assert (
        texts(
            f"<ul>{MENU}</ul><h1>Тақырып пен заголовок, ұзын</h1>"
            f"<div class='full'>{separator.join(lines)}{separator}"
            f"<b>Тағы оқыңыз:</b> <a href='/x'>Басқа бір жаңалықтың ұзақ атауы осында тұр</a></div>"
            f"<div>{LINKS}</div>"
        )
        == lines
    )


def test_table_layout_of_old() -> None:
    body = "<br><br>".join(RUSSIAN)
    links = "".join(f"<tr><td><a href='/{n}'>Раздел номер {n}</a></td></tr>" for n in range(9))
    assert (
        texts(
            f"<table width=100%><tr><td colspan=3><img src=l.gif></td></tr><tr><td><table>{links}"
            "</table></td><td valign=top><table><tr><td><b>Тақырып пен заголовок, ұзын</b></td></tr>"
            f"<tr><td>12.05.2004</td></tr><tr><td><font size=2>{body}</font></td></tr></table></td>"
            f"<td><table>{links}</table></td></tr><tr><td colspan=3>{FOOTER}</td></tr></table>"
        )
        == RUSSIAN
    )


def test_a_lead_in_a_box_of_its_own_belongs_to_the_body() -> None:
    assert (
        texts(
            "<h1>Тақырып пен заголовок, ұзын</h1><div class='date'>12 мая 2024</div>"
            f"<div class='lead'>{RUSSIAN[0]}</div><div class='img'><img src=a.jpg></div>"
            f"<div class='text'>{paragraphs(RUSSIAN[1:])}</div>"
        )
        == RUSSIAN
    )


def test_a_body_in_sections_is_one_body() -> None:
    body = "".join(f"<div class='b'><div class='t'><p>{line}</p></div></div>" for line in RUSSIAN)
    assert texts(f"<h1>Тақырып пен заголовок, ұзын</h1>{body}<div>{LINKS}</div>") == RUSSIAN


def test_a_body_of_two_short_paragraphs() -> None:
    short = ["Көпір ашылды.", "Жұмыс төрт айға созылып, он екі арқалық ауыстырылды."]
    assert (
        texts(
            f"<ul>{MENU}</ul><h1>Тақырып пен заголовок, ұзын</h1><div>{paragraphs(short)}</div>"
            f"<div>{LINKS}</div>"
        )
        == short
    )


@pytest.mark.parametrize(
    "head", ["<h3>Пікірлер (14)</h3>", "<h3>Комментарии: 14</h3>", "<div>14 comments</div>"]
)
@pytest.mark.parametrize("box", ["comments", "c-box"])
def test_comments_longer_than_the_article(head: str, box: str) -> None:
    comment = (
        "Мен бұл пікірмен мүлде келіспеймін, өйткені көпір баяғыда жөнделуі керек еді ғой. " * 3
    )
    comments = "".join(f"<div class=c><b>Ерлан</b><p>{comment}</p></div>" for _ in range(14))
    assert (
        texts(
            f"<div id=m><h1>Тақырып пен заголовок, ұзын</h1><div class=x>{paragraphs(KAZAKH)}</div>"
            f"<div class='{box}'>{head}{comments}</div></div>"
        )
        == KAZAKH
    )


def test_comments_under_no_heading_and_no_name() -> None:
    comment = "Мен бұл пікірмен мүлде келіспеймін, көпір баяғыда жөнделуі керек еді ғой."
    comments = "".join(f"<div class=q><b>Ерлан{n}</b><p>{comment}</p></div>" for n in range(8))
    assert (
        texts(
            "<div><h1>Тақырып пен заголовок, ұзын</h1>"
            f"<div>{paragraphs(KAZAKH)}</div></div><div>{comments}</div>"
        )
        == KAZAKH
    )


def test_teasers_of_other_articles() -> None:
    teasers = "".join(
        f"<p><a href='/{n}'>Заголовок другой новости номер {n}, подлиннее</a></p>"
        f"<p>Краткий анонс другой новости, она о событиях в городе за неделю, номер {n}.</p>"
        for n in range(9)
    )
    title = "<h1>Тақырып пен заголовок, ұзын</h1>"
    short = RUSSIAN[:2]
    assert texts(f"{title}<div>{paragraphs(short)}</div><div>{teasers}</div>") == short
    assert texts(f"<div>{title}{paragraphs(RUSSIAN)}{teasers}</div>") == RUSSIAN


def test_the_share_of_links_is_that_of_each_line() -> None:
    lead = RUSSIAN[0].replace("мост", "<a href='/m'>мост</a>")
    found = main_blocks(page(f"<h1>Тақырып</h1><div>{lead}<br><br>{RUSSIAN[1]}</div>"))
    assert [block.linked > 0 for block in found] == [True, False]


def test_layouts_named_after_the_sidebar_keep_their_body() -> None:
    assert (
        texts(
            "<div class='content-with-sidebar has-comments share-on'><h1>Тақырып пен заголовок, ұзын"
            f"</h1><div class='related-posts'>{LINKS}</div><div>{paragraphs(RUSSIAN)}</div></div>"
        )
        == RUSSIAN
    )


def test_a_page_in_one_form() -> None:
    assert (
        texts(
            f"<form id=aspnetForm><ul>{MENU}</ul><h1>Тақырып пен заголовок, ұзын</h1>"
            f"<div>{paragraphs(RUSSIAN)}</div></form>"
        )
        == RUSSIAN
    )


def test_what_stands_in_a_body_and_is_no_text() -> None:
    noise = (
        "<div class='share-buttons'><a href=#>Facebook</a> <a href=#>Telegram</a></div>"
        f"<div class='related'><h4>Оқи отырыңыз</h4>{LINKS}</div>"
        "<p><strong>Тағы оқыңыз: <a href='/x'>Басқа бір жаңалықтың ұзақ атауы осында</a></strong></p>"
        "<p>Оқи отырыңыз:</p><p><a href='/y'>Тағы бір жаңалықтың ұзақ атауы осында</a></p>"
    )
    assert (
        texts(
            f"<h1>Тақырып пен заголовок, ұзын</h1><div>{paragraphs(KAZAKH[:2])}{noise}"
            f"{paragraphs(KAZAKH[2:])}<p>Айгүл СЕРІКҚЫЗЫ</p></div>"
        )
        == KAZAKH
    )


def test_headings_lists_tables_and_quotes_stay() -> None:
    found = main_blocks(
        page(
            f"<h1>Тақырып пен заголовок, ұзын</h1><article><p>{KAZAKH[0]}</p><h2>Сандар</h2>"
            "<ul><li>240 орын</li><li>3 қабат</li></ul><table><tr><td>Жыл</td><td>2024</td></tr></table>"
            f"<blockquote>{KAZAKH[2]}</blockquote><p>{KAZAKH[3]}</p>"
            "<figure><img src=a.jpg><figcaption>Сурет: мұрағат</figcaption></figure></article>"
        )
    )
    assert [block.kind for block in found] == "p heading item item row quote p caption".split()
    assert found[-1].text == "Сурет: мұрағат"


def test_a_poem_is_not_trimmed() -> None:
    verse = [f"Жырдың {n} жолы осылай" for n in range(12)]
    assert (
        texts(f"<h1>Тақырып пен заголовок, ұзын</h1><div>{paragraphs(KAZAKH + verse)}</div>")
        == KAZAKH + verse
    )


def test_a_listing_has_no_body() -> None:
    cards = "".join(
        f"<div class=card><a href='/{n}'><img src={n}.jpg></a><h3><a href='/{n}'>Жаңалықтың ұзақ"
        f" атауы, нөмірі {n}</a></h3><span class=date>12.05.2024</span></div>"
        for n in range(30)
    )
    assert texts(f"<ul>{MENU}</ul><div>{cards}</div>", "Басты бет") == []


@pytest.mark.parametrize("body", ["", " ", "<p></p>", "<script>var a = 'b.';</script>", "\x00<"])
def test_an_empty_page_has_no_body(body: str) -> None:
    assert texts(body) == []
    assert main_blocks(Page(body, "https://gazet.example/")) == []


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "blockquote", "span", "form", "font"])
def test_deep_nesting_is_survived_in_time(tag: str) -> None:
    started = time.process_time()
    texts("".join(f"<{tag}>{RUSSIAN[n % 4]}" for n in range(3000)))
    assert time.process_time() - started < 5


def test_a_page_of_ten_thousand_paragraphs_in_time() -> None:
    started = time.process_time()
    assert len(texts(f"<div>{paragraphs(KAZAKH * 2500)}</div>")) == 10_000
    assert time.process_time() - started < 5


def test_the_page_is_left_as_it_was() -> None:
    from lxml.etree import tostring

    one = page(f"<h1>Тақырып пен заголовок, ұзын</h1><div>{paragraphs(KAZAKH)}</div>{LINKS}")
    before = tostring(one.root)
    first = [block.text for block in main_blocks(one)]
    assert [block.text for block in main_blocks(one)] == first
    assert tostring(one.root) == before


_TAGS = st.sampled_from(
    "p div span br table tr td ul li h1 h2 a form aside article blockquote pre figcaption".split()
)
_PIECES = st.one_of(
    _TAGS.map(lambda tag: f"<{tag}>"),
    _TAGS.map(lambda tag: f"</{tag}>"),
    st.sampled_from(["comments", "article-body", "header", "post hentry"]).map(
        lambda name: f'<div class="{name}">'
    ),
    st.text(max_size=40),
    st.sampled_from(KAZAKH + RUSSIAN),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=40))
def test_any_markup_is_read_without_an_exception(pieces: list[str]) -> None:
    visible = main_blocks(Page("".join(pieces), "https://gazet.example/a"))
    assert all(block.text for block in visible)


def test_a_headline_without_its_end_tag_does_not_swallow_the_article() -> None:
    from newsbot.extraction import extract

    paragraph = "Ауылдағы жаңа мектеп құрылысы жоспар бойынша келер жылдың күзінде аяқталады. " * 3
    page = f"<title>Тақырып</title><div><h1>Жаңа <b>мектеп</b><div class=text><p>{paragraph}<p>{paragraph}Соңы."
    article = extract(page.encode(), "http://gazet.example/2024/05/17/mektep/")
    assert article.title == "Жаңа мектеп"
    assert article.paragraphs == [paragraph.strip(), f"{paragraph}Соңы."]
