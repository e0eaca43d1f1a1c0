"""Which body of a page is believed, and what inside it is text: by kinds of mark-up, on pages of ours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.article import Article
from newsbot.extraction import extract

URL = "https://gazet.example.kz/2024/05/14/kopir/"
TITLE = "Ақсу ауылында жаңа көпір салынады"
TEXT = [
    "Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат жолдаған еді.",
    "Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді, жоба дайын тұр.",
    "Көпір салынған соң мектеп автобусы қырық шақырым айналмай, тура жолмен жүретін болады.",
    "Мердігер компания жазға дейін тіректерін орнатып, күзде қозғалысты ашпақ.",
]
P = "".join(f"<p>{line}</p>" for line in TEXT)
LD = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": TITLE,
    "datePublished": "2024-05-14T09:30:00+05:00",
}


def read(body: str, head: str = "", **ld: Any) -> Article:
    page = (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{TITLE}</title>{head}'
        f'<script type="application/ld+json">{json.dumps({**LD, **ld}, ensure_ascii=False)}</script>'
        f"</head>{body if body.startswith('<body') else f'<body>{body}'}</body></html>"
    )
    return extract(page.encode(), URL, fetched_at=datetime(2024, 6, 1, tzinfo=UTC))


H1 = f"<h1>{TITLE}</h1>"

WRAPPED = {
    "aside": f'<aside id="secondary"><div>Ауа райы</div><section><div>{H1}<article>{P}</article></div></section>',
    "aside below the headline": f'{H1}<aside class="share"><b>Бөлісу</b><article><div>{P}</div></article>',
    "nav": f"<nav><a href='/'>Басты бет</a><main>{H1}{P}</main>",
    "footer": f"<footer><div>{H1}<div>{P}</div></div>",
    "headline": f"<h1>{TITLE}<div class='text'>{P}</div>",
    "headline with breaks": f"<h1>{TITLE}<div class='text'>{'<br><br>'.join(TEXT)}</div><i>14 мамыр</i><p></p>",
    "smaller headline": f"{H1}<h4>Жаңалық<div>{P}</div>",
    "link": f'<main>{H1}<a href="/top"><div>{P}</div></main>',
    "mark": f'<main>{H1}<a name="top"><div>{P}</div></main>',
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_an_unclosed_wrapper_is_no_part_of_the_page(kind: str) -> None:
    assert read(WRAPPED[kind]).paragraphs[-4:] == TEXT, kind


def each(template: str, between: str = "") -> str:
    return between.join(template.replace("{}", f"<p>{line}</p>") for line in TEXT)


NAMED = {
    "layout": each('<div class="sidebar-grid"><div class="sidebar-grid__content">{}</div></div>'),
    "advertisements between": each(
        '<div class="sidebar-grid">{}</div>', '<div class="adv">-</div>'
    ),
    "sharing": each('<div class="share-text">{}</div>'),
    "menu": each('<section class="with-menu nav">{}</section>'),
    "widget": each('<div class="widget promo">{}</div>'),
    "popular": each('<div class="popular-news__text">{}</div>'),
}


@pytest.mark.parametrize("kind", NAMED)
def test_parts_of_one_name_are_judged_together(kind: str) -> None:
    page = read(f'<main><article class="article">{H1}{NAMED[kind]}</article></main>')
    assert page.paragraphs == TEXT


@pytest.mark.parametrize("kind", NAMED)
def test_parts_of_one_name_in_the_body_of_a_layout(kind: str) -> None:
    page = read(f'<main>{H1}<div itemprop="articleBody">{NAMED[kind]}</div></main>')
    assert page.paragraphs == TEXT


def test_a_side_column_stays_outside() -> None:
    side = "".join(
        f'<div class="sidebar"><p>Басқа хабардың қысқа мазмұны, нөмірі {n}.</p></div>'
        for n in range(3)
    )
    assert read(f"<main><article>{H1}{P}</article>{side}</main>").paragraphs == TEXT


PARTS = {
    "one element a paragraph": "".join(
        f'<div itemprop="articleBody"><p>{t}</p></div>' for t in TEXT
    ),
    "paragraphs themselves": "".join(f'<p itemprop="articleBody">{t}</p>' for t in TEXT),
    "rows of columns": "".join(
        f'<div class="row"><div class="col" itemprop="articleBody"><p>{t}</p></div></div>'
        for t in TEXT
    ),
    "pictures between": '<figure><img src="/a.jpg"></figure>'.join(
        f'<section itemprop="articleBody">{t}</section>' for t in TEXT
    ),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_body_in_parts_is_one(kind: str) -> None:
    page = read(f"<article>{H1}{PARTS[kind]}</article>")
    assert page.paragraphs == TEXT
    assert page.is_article


def test_the_next_article_of_an_endless_page_is_another() -> None:
    other = "".join(
        f"<p>Келесі мақаланың сөйлемі, ол туралы емес, нөмірі {n}.</p>" for n in range(3)
    )
    page = read(
        f'<div><article>{H1}<div itemprop="articleBody">{P}</div></article>'
        f'<article><h1>Келесі мақала</h1><div itemprop="articleBody">{other}</div></article></div>'
    )
    assert page.paragraphs == TEXT


COMMENTS = [
    '<div id="comments"><ol class="commentlist"><li class="comment"><div class="entry-content">{}</div></li></ol></div>',
    '<section class="comment-area"><article class="comment-body"><div class="entry-content">{}</div></article></section>',
    '<div id="disqus_thread"><div class="entry-content">{}</div></div>',
    '<div class="comments"><h3>Пікірлер (2)</h3><div class="entry-content">{}</div><div class="entry-content">{}</div></div>',
]


@pytest.mark.parametrize("comments", COMMENTS)
def test_a_comment_is_never_the_body(comments: str) -> None:
    said = "<p>Көше жарығы жоқ, балалар мектептен қараңғыда қайтады. Басқалар не ойлайды, айтыңыздаршы?</p>"
    page = read(
        '<body class="wp-singular single single-post"><article class="post hentry">'
        f'<h1 class="entry-title">{TITLE}</h1><div class="entry-content"><p>{TEXT[3]}</p></div>'
        f"</article>{comments.replace('{}', said * 2)}",
        '<meta name="generator" content="WordPress 6.8">',
    )
    assert page.paragraphs == [TEXT[3]]


def test_an_empty_match_of_the_layout_does_not_hide_the_text() -> None:
    page = read(
        f'<body class="single single-post postid-3"><div id="main"><h1 class="entry-title">{TITLE}</h1>'
        f'<div class="builder_text">{P}</div></div><div class="grid"><article class="post hentry">'
        '<h2><a href="/z">Басқа жаңалықтың тақырыбы</a></h2><div class="entry-content">'
        '<a href="/z">толығырақ</a></div></article></div>',
        '<meta name="generator" content="WordPress 6.4">',
    )
    assert page.paragraphs == TEXT


WALLED = {
    "class of a paragraph": ('<p class="paywall hidden">{}</p>', {"isAccessibleForFree": False}),
    "class alone": ('<p class="paywall">{}</p>', {}),
    "hidden from screen readers": ('<p aria-hidden="true">{}</p>', {}),
    "both": ('<p class="premium" aria-hidden="true">{}</p>', {}),
    "not displayed": (
        '<div class="rest" style="display:none"><p>{}</p></div>',
        {"isAccessibleForFree": "False"},
    ),
    "box": ('<div class="subscriber-content" hidden><p>{}</p></div>', {}),
    "named by the page": (
        '<section class="x7 d-none"><p>{}</p></section>',
        {"hasPart": {"@type": "WebPageElement", "cssSelector": ".x7"}},
    ),
}


@pytest.mark.parametrize("kind", WALLED)
@pytest.mark.parametrize("body", ["", ' itemprop="articleBody"', ' id="article-body"'])
def test_text_for_subscribers_that_is_shipped_hidden(kind: str, body: str) -> None:
    template, ld = WALLED[kind]
    rest = "".join(template.replace("{}", line) for line in TEXT[2:])
    page = read(
        f"<article>{H1}<div{body}><p>{TEXT[0]}</p><p>{TEXT[1]}</p>{rest}</div></article>", **ld
    )
    assert page.paragraphs == TEXT


def test_what_is_hidden_and_printed_elsewhere_is_no_text() -> None:
    twice = f'<div class="print" style="display:none"><p>{TEXT[0]}</p></div>'
    dialog = '<div aria-hidden="true" class="modal"><p>Сайт өз жұмысына қажет белгілерді сақтайды, келісесіз бе.</p></div>'
    page = read(f"<article>{H1}<div>{P}</div>{twice}</article>{dialog}", isAccessibleForFree=False)
    assert page.paragraphs == TEXT


BOXES = {
    "premium": '<div class="intro__premium"><div class="h2">ТЕК ЖАЗЫЛУШЫЛАР ҮШІН</div><ul><li>Барлық мақалаға шексіз қолжетімділік</li></ul></div>',
    "without a name": "<div><div>Тек жазылушыларға</div><ul><li>Барлық мақалаға шексіз қолжетімділік</li><li>Жарнамасыз оқу</li></ul></div>",
    "russian": "<div><h4>Только для подписчиков</h4><p>Читайте без рекламы и ограничений.</p></div>",
    "english": '<div class="z"><p>Subscribers only</p><ul><li>Unlimited access</li></ul></div>',
    "address": '<div><p>Жаңалықтарды поштаңызға аламын.</p><input type="email" placeholder="e-mail"><button>Жіберу</button></div>',
    "log-in": '<div class="q"><label>Аты</label><input name="u"><label>Құпиясөз</label><input type="password"></div>',
    "form": '<form action="/s"><p>Хабарламаға жазылу үшін мекенжайыңызды қалдырыңыз.</p><input name="m"></form>',
    "question": '<div><span>Сұрағыңызды жазыңыз</span><textarea name="t"></textarea></div>',
}


@pytest.mark.parametrize("kind", BOXES)
@pytest.mark.parametrize("body", ["", ' itemprop="articleBody"'])
def test_a_box_to_fill_in_or_to_buy_from_is_no_text(kind: str, body: str) -> None:
    page = read(
        f"<article>{H1}<div{body}><p>{TEXT[0]}</p>{BOXES[kind]}{P.removeprefix(f'<p>{TEXT[0]}</p>')}</div></article>"
    )
    assert page.paragraphs == TEXT


LEGAL = [
    "Сайт иесі мен құқық иесі: «Газет» агенттігі, барлық айрықша құқықтар соған тиесілі және заңмен қорғалады, материалдарды рұқсатсыз көшіріп басуға тыйым салынады.<br>Редакция жарнамалық материалдардың дұрыстығына жауап бермейді, авторлардың пікірі редакцияның көзқарасымен сәйкес келмеуі мүмкін.",
    "Все права на материалы сайта защищены законом, перепечатка и использование без письменного разрешения редакции запрещены.<br>Редакция не несет ответственности за содержание рекламных материалов, мнение авторов может не совпадать с точкой зрения редакции, рукописи не возвращаются.",
]


@pytest.mark.parametrize("notice", LEGAL)
@pytest.mark.parametrize("name", ["bot1 fl", "", "low"])
def test_a_legal_notice_is_never_the_article(notice: str, name: str) -> None:
    page = read(
        f'<div class="l1"><div class="l2"><div class="mp0"><b class="z">{TITLE}</b> 14.05.2024 09:30'
        f'<div class="mafa"><p>{TEXT[0]}</p><p>{TEXT[1]}</p></div></div></div>'
        f'<div class="l2"><div class="{name}">{notice}</div></div></div>'
    )
    assert page.paragraphs == TEXT[:2]


HEADINGS = [
    '<a class="jump" name="a1">{}</a>',
    '<a id="b2">{}</a>',
    '<a href="#b2">{}</a>',
    "<strong>{}</strong>",
    '<a name="c"></a>{}',
]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_a_subheading_that_is_a_mark_stays(heading: str, tag: str) -> None:
    line = "Қаржы келесі тоқсанда бөлінеді"
    inner = f"<p>{TEXT[0]}</p><{tag}>{heading.replace('{}', line)}</{tag}><p>{TEXT[1]}</p><p>{TEXT[2]}</p>"
    assert read(f"<article>{H1}<div>{inner}</div></article>").paragraphs == [
        TEXT[0],
        line,
        *TEXT[1:3],
    ]


def test_a_linked_headline_is_still_another_article() -> None:
    link = '<h3><a href="/news/2">Басқа мақаланың ұзақ тақырыбы осындай болады</a></h3>'
    assert read(f"<article>{H1}<div>{P}{link}</div></article>").paragraphs == TEXT


DATA = {
    "three times": "\n".join([*TEXT, "Біздің арнаға жазылыңыз."] * 3),
    "in one line": " ".join(TEXT * 3),
    "with the furniture": "\n".join([*TEXT, "Басқа мақаланың ұзақ тақырыбы осындай болады", "Тағы бір мақаланың ұзақ тақырыбы да осындай", "Үшінші мақаланың ұзақ тақырыбы, ол да осындай болады"]),
}  # fmt: skip
FURNITURE = "".join(
    f"<li><a href='/{n}'>{line}</a></li>"
    for n, line in enumerate(DATA["with the furniture"].split("\n")[4:])
)


@pytest.mark.parametrize("kind", DATA)
def test_data_that_repeat_the_text_or_hold_everything_do_not_win(kind: str) -> None:
    page = read(
        f"<main>{H1}<section>{P}</section></main><ul>{FURNITURE}</ul>", articleBody=DATA[kind]
    )
    assert page.paragraphs == TEXT
    assert page.flags == []


def test_data_with_more_of_the_article_win() -> None:
    page = read(
        f"<main>{H1}<section><p>{TEXT[0]}</p></section></main>", articleBody="\n".join(TEXT)
    )
    assert page.paragraphs == TEXT
    assert page.sources["text"] == "json-ld"


PROMISES: dict[str, tuple[str, dict[str, Any]]] = {
    "words": ("", {"wordCount": 400}),
    "words as a string": ("", {"wordCount": "400"}),
    "text that is cut, too": ("", {"articleBody": "\n".join(TEXT * 2)[:-3] + "…"}),
    "description": (f'<meta property="og:description" content="{" ".join(TEXT * 2)}">', {}),
}


@pytest.mark.parametrize("kind", list(PROMISES)[:2] + list(PROMISES)[3:])
def test_a_text_much_shorter_than_promised_is_truncated(kind: str) -> None:
    head, ld = PROMISES[kind]
    page = read(f"<main>{H1}<section><p>{TEXT[0]}</p><p>{TEXT[1]}</p></section></main>", head, **ld)
    assert "truncated" in page.flags
    assert "truncated" not in read(f"<main>{H1}{P}</main>", wordCount=45).flags


PROSE = [
    "Күні кеше ауылда 25 үй су астында қалды.",
    "Уақыты келді, деді 70 жастағы қария.",
    "USD 450 теңгеге жетті, дейді сарапшы, бірақ бұл уақытша құбылыс.",
    "Редакция телефон арқылы кәсіпкермен сөйлесті, ол кінәсін мойындады.",
    "Телефон: 8 7262 45-00-00, қабылдау таңғы тоғыздан басталады.",
    "Автор – ауыл мектебінің мұғалімі, үш кітап жазған ақын.",
    "Дереккөзі: ауыл іргесіндегі бұлақ, суы тұщы, жылда тазартылады.",
    "Обновлено 20 домов и две школы, сообщил аким района.",
    "Дата выборов – 20 ноября, их ждут давно.",
    "Рейтинг: 5 команд вышли в финал области.",
    "Жарияланды: конкурсқа 20 кітап қатысты.",
    "Источник – родник под горой – снова чист, радуются жители.",
    "Пікір қосу үшін сайтқа емес, жиналысқа келіңіздер, деді әкім.",
    "Сурет – баланың арманы, ал қағаз бен бояу кейін келді.",
    "Автор: кім екені белгісіз, бірақ хат ауылға жетті.",
]
VALUES = [
    "Көрілді: 345",
    "Дереккөз: Қазақпарат",
    "Автор: Айгүл Серікқызы.",
    "Жарияланды: 14.05.2024 09:30",
    "Источник: пресс-служба акимата области.",
    "Телефон: 8 7262 45-00-00",
    "Рейтинг: 4.5 / 5",
    "Обновлено 19.12.2025 11:29",
]


@pytest.mark.parametrize("line", PROSE)
@pytest.mark.parametrize("join", ["<p>{}</p>", "{}<br><br>"])
def test_a_sentence_that_begins_like_a_counter_or_a_source_stays(line: str, join: str) -> None:
    lines = [TEXT[0], TEXT[1], line, *TEXT[2:]]
    body = "".join(join.replace("{}", one) for one in lines)
    assert read(f"<article>{H1}<div>{body}</div></article>").paragraphs == lines


@pytest.mark.parametrize("line", VALUES)
def test_a_counter_or_a_source_goes(line: str) -> None:
    body = "".join(f"<p>{one}</p>" for one in [TEXT[0], TEXT[1], line, *TEXT[2:]])
    assert read(f"<article>{H1}<div>{body}</div></article>").paragraphs == TEXT
    assert read(f"<article>{H1}<div>{P}<p>{line}</p></div></article>").paragraphs == TEXT


def test_a_short_sentence_with_a_date_is_no_date_line() -> None:
    body = f"<p>{TEXT[0]}</p><p>{TEXT[1]}</p><p>25-інші наурызда қабылданды.</p>"
    assert read(f"<article>{H1}<div>{body}</div></article>").paragraphs[-1] == (
        "25-інші наурызда қабылданды."
    )


TEASERS = [
    '<div class="z"><h3><a href="/2">Басқа мақаланың ұзақ тақырыбы осындай</a></h3><p>Ол туралы бір сөйлем ғана.</p></div>',
    '<section><p>Бұрын жазылған хабар.</p><h4><a href="/2">Басқа мақаланың ұзақ тақырыбы осындай</a></h4></section>',
    '<div><div><a href="/2"><h3>Басқа мақаланың ұзақ тақырыбы осындай</h3></a></div><p>Ол туралы бір сөйлем ғана.</p></div>',
]


@pytest.mark.parametrize("teaser", TEASERS)
@pytest.mark.parametrize("body", ["", ' itemprop="articleBody"'])
def test_a_teaser_among_the_paragraphs_is_no_text(teaser: str, body: str) -> None:
    rest = P.removeprefix(f"<p>{TEXT[0]}</p>") + P.replace("<p>", "<p>Екіншіден, ")
    page = read(f"<article>{H1}<div{body}><p>{TEXT[0]}</p>{teaser}{rest}</div></article>")
    assert page.paragraphs == [*TEXT, *(f"Екіншіден, {line}" for line in TEXT)]


def test_paragraphs_in_headings_and_notes_without_prose_are_text() -> None:
    headings = "".join(f"<h3>{line} {line}</h3>" for line in TEXT[:2])
    assert read(f"<article>{H1}<div>{headings}</div></article>").paragraphs == [
        f"{line} {line}" for line in TEXT[:2]
    ]
    assert read(f"{H1}<p>Отырыс ертең</p>").paragraphs == ["Отырыс ертең"]


def test_text_in_noscript_is_text() -> None:
    assert read(f"<noscript><div>{H1}{P}</div></noscript>").paragraphs == TEXT


def test_a_box_of_which_the_data_know_nothing_is_no_text() -> None:
    known, box = " ".join(TEXT), "Бұл туралы аудан тұрғындары бұрын да айтқан болатын, оны оқыңыз."
    inside = f"<h2>Тағы бірі</h2><p>{box}</p>"
    text = f"<p>{TEXT[0]}</p><h2>Жоба</h2><p>{TEXT[1]}</p><div>{inside}</div><p>{TEXT[2]}</p><p>{TEXT[3]}</p>"
    page = f'<main>{H1}<div itemprop="articleBody">{text}</div></main>'
    assert read(page, articleBody=known).paragraphs == [TEXT[0], "Жоба", *TEXT[1:]]
    assert box in read(page).paragraphs


def test_the_paragraph_that_prints_the_description_is_the_lead() -> None:
    lead = "Жаңа көпірдің құрылысы жазда басталып, күзде аяқталады деп күтілуде."
    page = f'<main>{H1}<div class="t3">{lead}</div><div itemprop="articleBody">{P}</div></main>'
    said = f'<meta name="description" content="{lead}">'
    assert read(page, said).paragraphs == [lead, *TEXT]


def test_prose_between_headline_and_text_is_the_lead() -> None:
    lead = f"{TEXT[0][:-1]}, дейді ауыл әкімінің орынбасары."
    page = f'<main>{H1}<div class="teaser-text"><p>{lead}</p></div><div itemprop="articleBody">{P}</div></main>'
    assert read(page).paragraphs == [lead, *TEXT]


def test_a_body_among_readers_comments_is_doubted() -> None:
    comment = (
        '<div id="comments"><div itemprop="articleBody"><p>Көпір керек-ақ, рақмет!</p></div></div>'
    )
    assert read(f"<main>{H1}<div>{P}</div></main>{comment}").paragraphs == TEXT


@pytest.mark.parametrize("end", ["<meta name='a' content='b'></head>", "</head>", "<title></head>", "<link rel='x'>"])  # fmt: skip
def test_an_unclosed_title_does_not_swallow_the_page(end: str) -> None:
    page = f"<html><head><title>Ауылға су келді{end}<body><h1>Ауылға су келді</h1><p>12.05.2024</p>{P}</body></html>"
    article = extract(page.encode(), "https://gazet.example.kz/su-keldi")
    assert article.title == "Ауылға су келді" and article.is_article
