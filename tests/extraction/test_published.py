"""Dates of pages: which of the many on a page is that of publication, and which of the change."""

from datetime import UTC, datetime

import pytest

from archive.article import Article
from newsbot.extraction import extract

TEXT = "".join(
    f"<p>{sentence}</p>"
    for sentence in (
        "Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат жазды.",
        "Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді, жоба дайын.",
        "Көпір салынған соң мектеп автобусы қырық шақырым айналмай, тура жолмен жүретін болады.",
        "Мердігер компания жазға дейін тіректерін орнатып, күзде қозғалысты ашпақ.",
    )
)
HEADLINE = "<h1>Ақсу ауылында жаңа көпір салынады</h1>"
FETCHED = datetime(2024, 6, 1, 4, 0, tzinfo=UTC)  # 9:00 in Almaty
TEASER = "<a href='/b/'>Ауданда жаңа балабақша ашылды, қуаныш көп</a>"


def read(
    body: str, *, head: str = "", url: str = "https://gazet.example.kz/kopir", lang: str = "kk"
) -> Article:
    page = f"<html lang='{lang}'><head><title>Ақсу ауылында жаңа көпір салынады</title>{head}</head><body>{body}</body></html>"
    return extract(page.encode(), url, fetched_at=FETCHED)


def meta(name: str, content: str) -> str:
    return f"<meta property='{name}' content='{content}'>"


def ld(**dates: str) -> str:
    said = ", ".join(f'"{key}": "{value}"' for key, value in dates.items())
    return f'<script type="application/ld+json">{{"@type": "NewsArticle", {said}}}</script>'


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("<div class='date'>14 мамыр 2024, 09:30</div>", "2024-05-14T09:30:00+05:00"),
        ("<div class='info'>14.05.2024 | 385 рет қаралды</div>", "2024-05-14"),
        ("<p>14.05.2024 09:30 <span>3032</span> <span>0</span></p>", "2024-05-14T09:30:00+05:00"),
        ("<p class='meta'>14 мая 2024, 09:30 · Просмотров: 120</p>", "2024-05-14T09:30:00+05:00"),
        ("<p>14 mamyr 2024, 09:30</p>", "2024-05-14T09:30:00+05:00"),
        ("<p>14 مامىر 2024، 09:30</p>", "2024-05-14T09:30:00+05:00"),
        ("<time datetime='2024-05-14T09:30:00+05:00'></time>", "2024-05-14T09:30:00+05:00"),
        ("<time datetime='2024-05-14'>кеше</time>", "2024-05-14"),
        ("<time datetime='2024-05-14T00:00:00+05:00'>14 мамыр</time>", "2024-05-14"),
        (
            "<span class='date' data-time='1715661000'>14 мамыр</span>",
            "2024-05-14T09:30:00+05:00",
        ),
        (
            "<abbr class='published' title='2024-05-14T09:30:00+05:00'>14.05</abbr>",
            "2024-05-14T09:30:00+05:00",
        ),
        ("<span itemprop='datePublished'>14.05.2024</span>", "2024-05-14"),
        ("<p>Айгүл Серікқызы, 14 мамыр 2024</p>", "2024-05-14"),
        ("<dl><dt>Жарияланды</dt><dd>14.05.2024</dd></dl>", "2024-05-14"),
    ],
)
def test_printed_near_the_headline(line: str, published: str) -> None:
    for body in (
        f"<article>{HEADLINE}{line}{TEXT}</article>",
        f"<main>{line}{HEADLINE}<div>{TEXT}</div></main>",
    ):
        article = read(body)
        assert (article.published, article.flags.count("date_inferred")) == (published, 0), body


@pytest.mark.parametrize(
    ("line", "published", "modified"),
    [
        (
            "<p>Жаңартылды: 07.03.2024 12:00 Жарияланды: 05.03.2024 10:00</p>",
            "2024-03-05T10:00:00+05:00",
            "2024-03-07T12:00:00+05:00",
        ),
        ("<p>Опубликовано: 5 марта 2024 | Изменено: 7 марта 2024</p>", "2024-03-05", "2024-03-07"),
        ("<p>05.03.2024 жарияланды, 07.03.2024 жаңартылды</p>", "2024-03-05", "2024-03-07"),
        ("<p>5 наурыз 2024 (өзгертілді: 7 наурыз 2024)</p>", "2024-03-05", "2024-03-07"),
        ("<p>Jańartyldy: 07.03.2024</p><p>Jarıalandy: 05.03.2024</p>", "2024-03-05", "2024-03-07"),
        ("<p>جاڭارتىلدى: 07.03.2024</p><p>جاريالاندى: 05.03.2024</p>", "2024-03-05", "2024-03-07"),
        (
            "<div class='date'><span class='modified'>07.03.2024</span> <span>05.03.2024</span></div>",
            "2024-03-05",
            "2024-03-07",
        ),
        (
            "<p><time class='updated' datetime='2024-03-07'>7</time> <time datetime='2024-03-05'>5</time></p>",
            "2024-03-05",
            "2024-03-07",
        ),
        (
            "<p><span>Обновлено</span> <time datetime='2024-03-07'>7 марта</time></p><p><span>Создано</span> <time datetime='2024-03-05'>5 марта</time></p>",
            "2024-03-05",
            "2024-03-07",
        ),
        (
            "<time class='entry-date updated' datetime='2024-03-05'>5 наурыз</time>",
            "2024-03-05",
            None,
        ),
        ("<p>Жаңартылды: 07.03.2024</p>", None, "2024-03-07"),
        ("<p class='last-updated'>7 марта 2024</p>", None, "2024-03-07"),
        (
            "<time itemprop='dateModified' datetime='2024-03-07T12:00:00+05:00'>7 наурыз</time>",
            None,
            "2024-03-07T12:00:00+05:00",
        ),
    ],
)
def test_an_update_is_no_publication(
    line: str, published: str | None, modified: str | None
) -> None:
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>")
    assert (article.published, article.modified) == (published, modified)


@pytest.mark.parametrize(
    "noise",
    [
        "<header><span class='date'>1 маусым 2024, сенбі</span></header>",
        "<div class='top-bar'><p>Бүгін 1 маусым 2024 жыл</p></div>",
        "<div class='header-date'>Суббота, 1 июня 2024</div>",
        "<p>Сегодня: 1 июня 2024 года</p>",
        f"<div class='col'><div class='n'><span class='date'>20 мамыр 2024</span> {TEASER}</div></div>",
        f"<div class='last'><p>{TEASER}</p><p>20.05.2024</p></div>",
        "<aside><time datetime='2024-05-20'>20 мамыр</time></aside>",
    ],
)
def test_neither_the_calendar_nor_a_teaser_dates_an_article(noise: str) -> None:
    article = f"<div id='c'><div>{HEADLINE}<p>14 мамыр 2024</p><div>{TEXT}</div></div></div>"
    undated = f"<div id='c'><div>{HEADLINE}<div>{TEXT}</div></div></div>"
    assert read(noise + article).published == "2024-05-14"
    assert read(article + noise).published == "2024-05-14"
    assert read(noise + undated).published is None
    inside = f"<main>{noise}{HEADLINE}<div>{TEXT}</div><p>14.05.2024</p></main>"
    assert read(inside).published == "2024-05-14"


LIST = "<ul><li><a href='/1'>Бірінші хабар</a><span>20.05.2024</span></li><li><a href='/2'>Екінші хабар</a><span>19.05.2024</span></li></ul>"


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (f"<div class='left'>{LIST}</div>", ""),
        ("<div>Сенбі, 1 маусым 2024</div>", ""),
        ("<div class='kurs'><p>Валюта бағамы 01.06.2024</p><p>USD 450</p></div>", ""),
        ("<div>Ауа райы: сенбі, 1 маусым</div>", ""),
        ("<div>01.06.2024 09:02</div>", ""),
        ("", "<p>Газет 1930 жылдың 14 мамырынан бастап шығады.</p>"),
        ("", "<p>Свидетельство № 1234-Г от 12.03.2015 г.</p>"),
        ("", "<p>Тіркеу куәлігі: 12.03.2015</p>"),
        ("", "<div>© 2015-2024 Газет</div>"),
        ("", "<div id='comments'><div class='comment'><b>Асан</b> <span class='date'>15.05.2024</span><p>Жақсы екен</p></div></div>"),
        ("", "<h3>Пікірлер</h3><div><b>Асан</b> <span>15.05.2024</span><p>Жақсы екен, рахмет сіздерге!</p></div>"),
        ("", "<h2>Тағы да</h2><div class='card'><time datetime='2024-05-20'>20 мамыр</time><a href='/z'>Қысқа</a></div>"),
    ],
)  # fmt: skip
def test_what_else_a_page_dates(above: str, below: str) -> None:
    undated = f"<div class='c'>{HEADLINE}<div>{TEXT}</div></div>"
    assert read(f"{above}{undated}{below}").published is None
    for inner in (
        f"{HEADLINE}<p>14.05.2024</p><div>{TEXT}</div>",
        f"<p>14.05.2024</p>{HEADLINE}<div>{TEXT}</div>",
        f"{HEADLINE}<div>{TEXT}</div><p>14.05.2024</p>",
    ):
        assert read(f"{above}<div class='c'>{inner}</div>{below}").published == "2024-05-14", inner


BLOCK_DATE = "<div class='wp-block-post-date'><time datetime='{}T09:30:00+05:00'>{}</time></div>"


@pytest.mark.parametrize(
    ("own", "published"),
    [
        # A theme that dates the article itself, above its text or in a line with others below it …
        (BLOCK_DATE.format("2024-05-14", "14.05.2024"), "2024-05-14T09:30:00+05:00"),
        (f"<h4>{BLOCK_DATE.format('2024-05-14', '14.05.2024')}</h4>", "2024-05-14T09:30:00+05:00"),
        # … beside a heading without a link …
        (
            f"<div><h4>Редакция</h4>{BLOCK_DATE.format('2024-05-14', '14.05.2024')}</div>",
            "2024-05-14T09:30:00+05:00",
        ),
        # … and one that does not: all dates are those of the newest articles below.
        ("", None),
    ],
)
def test_a_layouts_selector_takes_no_date_of_another_article(
    own: str, published: str | None
) -> None:
    card = "<li><div><h3><a href='/b{0}/'>Мектеп ашылды</a></h3>{1}</div></li>"
    cards = "".join(
        card.format(day, BLOCK_DATE.format(f"2024-05-{day}", f"{day}.05.2024")) for day in (27, 26)
    )
    page = (
        f"<div class='wp-site-blocks'><main><div><h1 class='wp-block-post-title'>{HEADLINE[4:-5]}"
        f"</h1>{own}<div class='entry-content wp-block-post-content'>{TEXT}</div></div>"
        f"<div class='wp-block-query'><ul class='wp-block-post-template'>{cards}</ul></div></main></div>"
    )
    article = read(page, head="<meta name='generator' content='WordPress 6.8'>")
    assert (article.layout, article.published) == ("wordpress/block", published)


def test_the_caption_of_a_picture_dates_the_picture() -> None:
    picture = "<figure><img src='a.jpg'><figcaption>Көпір, 3 қаңтар 2019 жыл</figcaption></figure>"
    assert read(f"<main>{HEADLINE}{picture}<div>{TEXT}</div></main>").published is None


def test_an_article_of_the_day_of_the_fetch() -> None:
    for body in (
        f"<main><p>01.06.2024</p>{HEADLINE}<div>{TEXT}</div></main>",
        f"<main>{HEADLINE}<p>01.06.2024</p><div>{TEXT}</div></main>",
    ):
        assert read(body).published == "2024-06-01"


@pytest.mark.parametrize(
    "lead",
    [
        "25-інші наурызда қабылданды.",
        "Заң 2024 жылғы 25 наурызда күшіне енді",
        "Принято 25 марта 2024 года.",
        "Фестиваль өтетін күн: 25 наурыз 2024",
        "Мәслихат сессиясы 25 наурызда ауданның мәдениет үйінде өтіп, оған депутаттар қатысты.",
    ],
)
def test_the_date_of_an_event_is_not_that_of_the_article(lead: str) -> None:
    body = f"{HEADLINE}<p class='lead'>{lead}</p><div>{TEXT}</div>"
    assert read(f"<main>{body}</main>").published is None
    assert read(f"<main>{body}<p>14.05.2024</p></main>").published == "2024-05-14"
    told = read(
        f"<article>{HEADLINE}<div itemprop='articleBody'><p>{lead}</p>{TEXT}</div></article>"
    )
    assert told.published is None
    assert lead in told.text


@pytest.mark.parametrize(
    "path",
    ["/2024/05/14/kopir/", "/2024-05-14-kopir", "/news/20240514/kopir.html", "/2024/5/14/kopir"],
)
def test_the_address_dates_what_nothing_else_does(path: str) -> None:
    url = f"https://gazet.example.kz{path}"
    alone = read(f"<article>{HEADLINE}{TEXT}</article>", url=url)
    assert (alone.published, alone.sources["published"]) == ("2024-05-14", "address")
    assert "date_inferred" in alone.flags
    line = "<p>2024 ж. 15 мамыр</p>"
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>", url=url)
    assert (article.published, article.flags) == ("2024-05-15", [])
    said = read(
        f"<article>{HEADLINE}{TEXT}</article>",
        head=meta("article:published_time", "2024-05-14T09:30:00+05:00"),
        url=url,
    )
    assert (said.published, said.flags) == ("2024-05-14T09:30:00+05:00", [])


@pytest.mark.parametrize(
    "path", ["/2024/05/kopir", "/20249914/kopir", "/news/1202405141", "/2024/13/40/"]
)
def test_other_numbers_of_an_address_are_no_day(path: str) -> None:
    url = f"https://gazet.example.kz{path}"
    assert read(f"<article>{HEADLINE}{TEXT}</article>", url=url).published is None


@pytest.mark.parametrize(
    "name",
    [
        "article:published_time", "article:published", "og:published_time", "publishdate", "publish-date",
        "DC.date.issued", "DC.date", "dcterms.created", "date", "pubdate", "parsely-pub-date", "sailthru.date",
        "citation_publication_date", "article:published:time", "mediator_published_time", "datePublished",
        "article.created", "dateCreated", "publication_date", "release_date",
    ],
)  # fmt: skip
def test_metas_under_their_usual_names(name: str) -> None:
    article = read(
        f"<article>{HEADLINE}{TEXT}</article>", head=meta(name, "2024-05-14T09:30:00+05:00")
    )
    assert article.published == "2024-05-14T09:30:00+05:00"


@pytest.mark.parametrize(
    "name",
    [
        "article:modified_time",
        "og:updated_time",
        "last-modified",
        "DC.date.modified",
        "lastmod",
        "dateModified",
    ],
)
def test_metas_of_a_change(name: str) -> None:
    article = read(
        f"<article>{HEADLINE}{TEXT}</article>", head=meta(name, "2024-05-14T09:30:00+05:00")
    )
    assert (article.published, article.modified) == (None, "2024-05-14T09:30:00+05:00")


def test_agreement_decides() -> None:
    head = meta("article:published_time", "2024-05-14T09:30:00+05:00")
    line = "<p class='date'>14 мамыр 2024</p>"
    other = ld(datePublished="2019-01-01T10:00:00+05:00")
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=head + other)
    assert (article.published, article.sources["published"]) == (
        "2024-05-14T09:30:00+05:00",
        "meta",
    )


def test_an_unlabelled_moment_that_is_the_change_in_the_data() -> None:
    head = ld(datePublished="2024-05-02T09:30:00+05:00", dateModified="2024-05-14T18:05:00+05:00")
    line = "<time datetime='2024-05-14T13:05:00Z'>14 мамыр 2024, 18:05</time>"
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=head)
    assert article.published == "2024-05-02T09:30:00+05:00"
    assert article.modified == "2024-05-14T18:05:00+05:00"


def test_an_edition_is_dated_the_day_after_it_appears() -> None:
    line = "<p class='date'>15.05.2024</p>"
    for moment, published in (
        ("2024-05-14T19:30:00+05:00", "2024-05-14T19:30:00+05:00"),
        ("2024-05-14T09:30:00+05:00", "2024-05-15"),
    ):
        head = meta("date", "2024-05-15") + ld(datePublished=moment)
        assert read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=head).published == published


def test_the_same_clock_in_another_zone_is_the_same_moment() -> None:
    head = ld(datePublished="2024-05-14T09:30:12+06:00")
    line = "<p class='date'>Жарияланды: 14.05.2024, 09:30</p>"
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=head)
    assert article.published == "2024-05-14T09:30:00+05:00"
    assert article.sources["published"] == "printed"
    line = "<p class='date'>14.05.2024, 09:30</p><p>Тақырып 14.05.2024, 18:00</p>"
    article = read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=head)
    assert article.published == "2024-05-14T09:30:12+06:00"


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("<div><span>14.05.2024</span> Ақсу ауданы, Көктерек ауылы, Абай көшесі, үй</div>", "2024-05-14"),
        ("<div><b>14.05.2024</b> Ақсу ауданы Көктерек ауылының жанынан көпір салынды</div>", None),
        ("<div><span>14 мамырда</span> Ақсу ауданы Көктерек ауылының жанынан көпір салынды</div>", None),
    ],
)  # fmt: skip
def test_a_date_alone_in_its_element_is_in_no_sentence(line: str, published: str | None) -> None:
    assert read(f"<main>{HEADLINE}{line}<div>{TEXT}</div></main>").published == published


def test_metas_whose_value_is_named_so() -> None:
    head = "<meta name='article:published_time' value='2024-05-14T09:30:00+05:00'>"
    article = read(f"<article>{HEADLINE}{TEXT}</article>", head=head)
    assert article.published == "2024-05-14T09:30:00+05:00"


def test_a_page_behind_utc() -> None:
    head = ld(datePublished="2024-05-15T02:30:00Z")
    printed = read(f"<article>{HEADLINE}<p>May 14, 2024</p>{TEXT}</article>", head=head)
    assert printed.published == "2024-05-14"


def test_a_date_far_from_the_text_is_the_last_resort() -> None:
    far = f"<div><h3 class='date-header'>14 мамыр 2024</h3><div><div><div>{HEADLINE}<div><div>{TEXT}</div></div></div></div></div></div>"
    assert read(far).published == "2024-05-14"


def test_data_that_cannot_be_read_as_such() -> None:
    head = '<script>var state = {title: "а", "datePublished": "2024-05-14T09:30:00+05:00", "dateModified": "2024-05-15"}</script>'
    article = read(f"<article>{HEADLINE}{TEXT}</article>", head=head)
    assert article.published == "2024-05-14T09:30:00+05:00"


def test_a_future_date_loses_to_a_possible_one() -> None:
    later = ld(datePublished="2034-05-14T09:30:00+05:00")
    line = "<p>14.05.2024</p>"
    assert read(f"<article>{HEADLINE}{line}{TEXT}</article>", head=later).published == "2024-05-14"
    alone = read(f"<article>{HEADLINE}{TEXT}</article>", head=later)
    assert (alone.published, "future_date" in alone.flags) == ("2034-05-14T09:30:00+05:00", True)


@pytest.mark.parametrize(
    ("age", "published"),
    [
        ("11 months, 4 weeks ago", "2023-06-03"),
        ("1 жыл 2 күн бұрын", "2023-05-30"),
        ("2 апта бұрын", "2024-05-18"),
        ("1 год и 3 дня назад", "2023-05-29"),
        ("Бүгін, 08:05", "2024-06-01T08:05:00+05:00"),
        ("кеше, 14:05", "2024-05-31T14:05:00+05:00"),
        ("2 ай бұрын", None),
    ],
)
def test_ages_are_counted_from_the_fetch_and_flagged(age: str, published: str | None) -> None:
    article = read(f"<article>{HEADLINE}<p class='date'>{age}</p>{TEXT}</article>")
    assert article.published == published
    assert ("date_inferred" in article.flags) == (published is not None)


@pytest.mark.parametrize(
    ("line", "rest", "lang", "published"),
    [
        ("05.12.2023", "<p>12/22/2023</p>", "en-US", "2023-12-05"),
        ("05/12/2023", "", "kk", "2023-12-05"),
        ("05/12/2023", "<footer><p>Соңғы: 04/22/2023, 03/30/2023</p></footer>", "kk", "2023-05-12"),
        ("05/12/2023", "<footer><p>Соңғы: 22/04/2023, 30/03/2023</p></footer>", "en-US", "2023-12-05"),
    ],
)  # fmt: skip
def test_day_or_month_first(line: str, rest: str, lang: str, published: str) -> None:
    body = f"<article>{HEADLINE}<p class='date'>{line}</p><div>{TEXT}</div></article>{rest}"
    assert read(body, lang=lang).published == published
    said = meta("article:published_time", "2023-05-12T10:00:00+06:00")
    assert "." in line or read(body, head=said, lang=lang).published == "2023-05-12T10:00:00+06:00"


def test_a_false_utc_is_false_for_the_change_too() -> None:
    head = meta("article:published_time", "2024-05-14T09:30:00+00:00")
    head += meta("article:modified_time", "2024-05-14T09:45:00Z")
    lying = read(f"<article>{HEADLINE}<p>14 мамыр 2024 09:30</p>{TEXT}</article>", head=head)
    assert (lying.published, lying.modified) == (
        "2024-05-14T09:30:00+05:00",
        "2024-05-14T09:45:00+05:00",
    )
    honest = read(f"<article>{HEADLINE}<p>14 мамыр 2024 14:30</p>{TEXT}</article>", head=head)
    assert (honest.published, honest.modified) == (
        "2024-05-14T14:30:00+05:00",
        "2024-05-14T14:45:00+05:00",
    )
    late = meta("article:published_time", "2024-05-14T21:30:00Z")
    shown = read(f"<article>{HEADLINE}<p>14 мамыр 2024</p>{TEXT}</article>", head=late)
    assert shown.published == "2024-05-14T21:30:00+05:00"
    alone = read(f"<article>{HEADLINE}{TEXT}</article>", head=late)
    assert alone.published == "2024-05-15T02:30:00+05:00"


def test_a_date_line_inside_the_text() -> None:
    article = read(f"{HEADLINE}<div itemprop='articleBody'><p>14.05.2024</p>{TEXT}</div>")
    assert article.published == "2024-05-14"
    assert not article.text.startswith("14")


def test_lines_of_a_programme_are_text() -> None:
    days = "<ul><li>14 наурыз – Көрісу күні;</li><li>16 наурыз – ағаш отырғызу</li></ul>"
    article = read(f"<article>{HEADLINE}{TEXT}{days}</article>")
    assert "14 наурыз – Көрісу күні;\n\n16 наурыз – ағаш отырғызу" in article.text


@pytest.mark.parametrize("name", ["date", "post-date", "meta", "published", ""])
@pytest.mark.parametrize("headline", [
    "<h1>Доллар 450 теңгеге жетті</h1>", "<h1>Алматыда 30° ыстық болады</h1>", "<h1>Евро – 500 теңге</h1>",
    "<div class='title'><h2>Доллар 520 теңге болды</h2></div>",
])  # fmt: skip
def test_a_headline_about_a_rate_or_the_weather_takes_no_date_away(
    headline: str, name: str
) -> None:
    printed = f"<div class='{name}'>12.05.2024</div>"
    teaser = "<div><span class='date'>03.03.2023</span> <a href='/x'>Ауылда жаңа мектеп салынды</a></div>"
    for head in (printed + headline, f"<div>{printed}{headline}</div>", headline + printed):
        found = read(f"<div>{head}<div>{TEXT}</div></div>{teaser}").published
        assert str(found).startswith("2024-05-12"), head


@pytest.mark.parametrize(
    "clock",
    [
        "<div><b>1 маусым 2024, сенбі</b> Алматы +23 °C</div>",
        "<table><tr><td>31.05.2024</td><td>USD 447,5</td></tr></table>",
        "<div><p>31 мамыр, 2024</p><p>Доллар: 447.5</p></div>",
        "<div>Жұма, 31 мамыр 2024<br>Ауа райы: Тараз +19</div>",
    ],
)
def test_a_clock_beside_the_weather_or_a_rate_is_no_date(clock: str) -> None:
    assert read(f"{clock}{HEADLINE}<div>{TEXT}</div>").published is None
    between = read(f"<div>{HEADLINE}{clock}<p>14.05.2024</p><div>{TEXT}</div></div>")
    assert between.published == "2024-05-14"
    section = f"<p>14.05.2024 | Ауа райы</p>{HEADLINE}<div>{TEXT}</div>"
    assert read(section).published == "2024-05-14"
