"""Authors: bylines as many engines print them, and what stands beside them and is no author."""

import json

import pytest

from newsbot.extraction import extract

URL = "https://paper.example/2024/05/14/kopir/"
TITLE = "Ақсу ауылында жаңа көпір салынады"
PROSE = [
    "Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат жолдаған еді.",
    "Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді, жоба дайын тұр.",
    "Көпір салынған соң мектеп автобусы қырық шақырым айналмай, тура жолмен жүретін болады.",
    "Мердігер компания жазға дейін тіректерін орнатып, күзде қозғалысты ашпақ, дейді мамандар.",
]
AIGUL, ERLAN = "Айгүл Серікқызы", "Ерлан Омаров"


def page(
    *,
    head: str = "",
    above: str = "",
    top: str = "",
    end: str = "",
    below: str = "",
    site: str = "",
) -> bytes:
    """A page: something above the headline, at the top and the end of the text, and below it."""
    prose = "".join(f"<p>{text}</p>\n" for text in PROSE)
    return (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f'<meta property="og:type" content="article">{head}</head><body>{site}<div class="wrap">{above}'
        f'<h1>{TITLE}</h1>{top}<div class="txt">{prose}{end}</div>{below}</div></body></html>'
    ).encode()


def declared(author: object, *others: object) -> str:
    article = {"@type": "NewsArticle", "headline": TITLE, "author": author}
    graph = {"@context": "https://schema.org", "@graph": [article, *others]}
    return f'<script type="application/ld+json">{json.dumps(graph)}</script>'


def authors(**parts: str) -> list[str]:
    return extract(page(**parts), URL).authors


TEASERS = (
    '<div class="grid"><div><a href="/x">Басқа хабардың тақырыбы осы болады</a> <a rel="author" href="/u/2">Дина Оспан</a></div>'
    '<div><a href="/y">Тағы бір тақырып осы жерде тұрады</a> <a rel="author" href="/u/3">Болат Тәженов</a></div></div>'
)

BYLINES = {
    "wp-entry-meta": '<div class="entry-meta"><span class="posted-on">14.05.2024</span><span class="byline"> от <span class="author vcard"><a class="url fn n" href="/author/a/">Айгүл Серікқызы</a></span></span></div>',
    "wp-screen-reader": '<span class="byline"><span class="author vcard"><span class="screen-reader-text">Автор </span><a class="url fn n" href="/author/a/">Айгүл Серікқызы</a></span></span>',
    "wp-by-title": '<div class="meta">By <span class="posts-author"><a href="/author/a/" title="View all posts by Айгүл Серікқызы" rel="author"><span>Айгүл Серікқызы</span></a></span> / 14.05.2024</div>',
    "wp-author-links": '<span class="author-links"><span class="item posts-author"><i class="fa fa-user"></i> <a href="/author/b">Айгүл Серікқызы</a></span><span class="item posts-date">14.05.2024</span></span>',
    "wp-author-date": '<div class="author-date"><a href="/author/a">Айгүл Серікқызы</a> <time>14 мамыр 2024</time></div>',
    "wp-avatar": '<div class="post-author"><img alt="Айгүл" src="/a.jpg"><div>Айгүл Серікқызы</div><div>14 мақала</div></div>',
    "wp-button": '<div class="author-box-top"><a href="/author/a/">Посмотреть все записи автора Айгүл Серікқызы →</a></div>',
    "wp-ru": '<p class="meta">Автор записи: <a href="/author/a">Айгүл Серікқызы</a> Опубликовано: 14.05.2024</p>',
    "posted-by-in": '<h6>Posted by: <a href="/u/1">Айгүл Серікқызы</a> in <a href="/c">Қоғам</a> 11 months, 4 weeks ago</h6>',
    "published-by-on": '<p>Published by Айгүл Серікқызы on May 14, 2024</p>',
    "name-then-english-date": '<p>By Айгүл Серікқызы May 14, 2024</p>',
    "joomla-createdby": '<dl><dt>Подробности</dt><dd class="createdby">Автор: <span itemprop="name">Айгүл Серікқызы</span></dd><dd>Категория: Қоғам</dd></dl>',
    "joomla-written": '<div class="itemHead"><span>Written by</span> <span>Айгүл Серікқызы</span></div>',
    "k2-author": '<span class="itemAuthor">Жазған <a rel="author" href="/itemlist/user/5">Айгүл Серікқызы</a></span>',
    "dle-info": '<div class="info">Опубликовал: <a href="/user/aigul/">Айгүл Серікқызы</a> | 14.05.2024 | Просмотров: 12</div>',
    "dle-added": "<div>Добавил(а): Айгүл Серікқызы, 14-05-2024, 10:15</div>",
    "placed": "<div>Разместил: Айгүл Серікқызы</div>",
    "ucoz": '<div class="eDetails">Категория: Қоғам | Добавил: <a href="/index/8-1">Айгүл Серікқызы</a> (14.05.2024)</div>',
    "bars": "<div>14.05.2024 | Айгүл Серікқызы | 120</div>",
    "dots": "<p>Айгүл Серікқызы · 14 мамыр 2024 · Қоғам</p>",
    "comma-date": "<p>Айгүл Серікқызы, 14 мамыр 2024</p>",
    "name-alone": "<p><b>Айгүл Серікқызы</b></p><p>14.05.2024</p>",
    "jazgan": "<div>Жазған: Айгүл Серікқызы</div>",
    "tilshi": "<div>Тілші: Айгүл Серікқызы</div>",
    "author-role": '<div class="author"><span>Айгүл Серікқызы</span><span>Шолушы</span></div>',
    "author-place": '<div class="author"><span>Айгүл Серікқызы</span><span>Қызылорда</span></div>',
    "author-halves": '<div class="author"><span>Айгүл</span><span>Серікқызы</span><span>журналист</span></div>',
    "author-doubled": '<div class="author"><a href="/u/1"><span>Айгүл Серікқызы</span></a><a href="/u/1"><span>Айгүл Серікқызы</span></a></div>',
    "author-doubled-glued": '<div class="author">Айгүл СерікқызыАйгүл Серікқызы</div>',
    "author-role-before": '<div class="author">Меншікті тілші Айгүл Серікқызы</div>',
    "author-role-after": '<div class="author">Айгүл Серікқызы – арнайы тілшіміз</div>',
    "author-parentheses": '<div class="author">Айгүл Серікқызы (Тараз)</div>',
    "author-and-time": '<div class="byline">Автор: <b>Айгүл Серікқызы</b> <time datetime="2024-05-14">14 мамыр</time></div>',
    "photo-beside": "<div>Мәтін: Айгүл Серікқызы | Сурет: Ерлан Омаров</div>",
    "photo-first": "<div>Фото: Ерлан Омаров. Автор: Айгүл Серікқызы</div>",
    "editor-beside": "<div>Автор: Айгүл Серікқызы | Редактор: Ерлан Омаров</div>",
    "microdata": '<div itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">Айгүл Серікқызы</span></div>',
    "spans": '<p><span>Қоғам</span> <span>14.05.2024</span> <span class="writer">Айгүл Серікқызы</span></p>',
}  # fmt: skip


@pytest.mark.parametrize("name", BYLINES)
def test_byline_between_headline_and_text(name: str) -> None:
    assert authors(top=BYLINES[name], below=TEASERS) == [AIGUL]


@pytest.mark.parametrize("name", [n for n in BYLINES if n not in ("comma-date", "name-alone", "spans")])  # fmt: skip
def test_byline_below_the_text(name: str) -> None:
    assert authors(below=f"<div>{BYLINES[name]}</div>") == [AIGUL]


@pytest.mark.parametrize("name", ["jazgan", "ucoz", "author-role", "wp-entry-meta", "posted-by-in"])
def test_byline_above_the_headline(name: str) -> None:
    assert authors(above=BYLINES[name]) == [AIGUL]


@pytest.mark.parametrize("name", ["jazgan", "ucoz", "author-role", "k2-author", "photo-beside"])
def test_byline_inside_the_text(name: str) -> None:
    assert authors(end=BYLINES[name]) == [AIGUL]


def test_byline_as_the_first_line_of_the_text() -> None:
    body = page().replace(b'<div class="txt">', f'<div class="txt"><p><b>{AIGUL}/{ERLAN}</b></p>'.encode())  # fmt: skip
    assert extract(body, URL).authors == [AIGUL, ERLAN]
    titled = body.replace(TITLE.encode(), AIGUL.encode()).replace(f"/{ERLAN}".encode(), b"")
    assert extract(titled, URL).authors == []


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("<p><strong>Айгүл СЕРІКҚЫЗЫ</strong></p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Айгүл СЕРІКҚЫЗЫ.</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p align=right><b><i>А. СЕРІКҰЛЫ</i></b></p>", ["А. СЕРІКҰЛЫ"]),
        ("<p>А.СЕРІКҰЛЫ.</p>", ["А.СЕРІКҰЛЫ"]),
        ("<p>АЙГҮЛ СЕРІКҚЫЗЫ</p>", ["АЙГҮЛ СЕРІКҚЫЗЫ"]),
        ("<p>Серікұлы А.</p>", ["Серікұлы А."]),
        ("<p>Айгүл СЕРІКҚЫЗЫ,<br>Тараз қаласы</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Айгүл СЕРІКҚЫЗЫ,</p><p>Тараз қаласы.</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Айгүл СЕРІКҚЫЗЫ, «Ақ жол»</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Айгүл СЕРІКҚЫЗЫ, мұғалім.</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Айгүл Серікқызы, Ерлан Омаров</p>", [AIGUL, ERLAN]),
        ("<p>Айгүл Серікқызы</p><p>Ерлан Омаров</p>", [AIGUL, ERLAN]),
        ("<p>Айгүл Серікқызы<br>Сурет: Ерлан Омаров</p>", [AIGUL]),
        ("<p>Айгүл Серікқызы</p><p>Суретті түсірген Ерлан Омаров</p>", [AIGUL]),
        ("<p>Айгүл Серікқызы</p><p>Суретті түсірген автор.</p>", [AIGUL]),
        ("<p>Абай Құнанбай ұлы</p>", ["Абай Құнанбай ұлы"]),
        ("<p>Орынбасар Қалиев Серікұлы</p>", ["Орынбасар Қалиев Серікұлы"]),
        ("<p>Әңгімелескен Айгүл СЕРІКҚЫЗЫ</p>", ["Айгүл СЕРІКҚЫЗЫ"]),
        ("<p>Сұхбатты жүргізген – Айгүл Серікқызы.</p>", [AIGUL]),
        ("<p>Жазып алған Айгүл Серікқызы</p>", [AIGUL]),
        ("<p>Материалды дайындағандар: Айгүл Серікқызы, Ерлан Омаров</p>", [AIGUL, ERLAN]),
        ("<p>Авторлары: Айгүл Серікқызы және Ерлан Омаров</p>", [AIGUL, ERLAN]),
        ("<p>Мәтін мен сурет: Айгүл Серікқызы</p>", [AIGUL]),
        ("<p>Подготовила Мария Иванова</p>", ["Мария Иванова"]),
        ("<p>Текст: Мария Иванова, фото: Пётр Сидоров</p>", ["Мария Иванова"]),
        ("<p>Мария Петровна Иванова</p>", ["Мария Петровна Иванова"]),
        ("<p>Jazǵan: Aıgúl Seıitqyzy</p>", ["Aıgúl Seıitqyzy"]),
        ("<p>Aıgúl SEIITQYZY</p>", ["Aıgúl SEIITQYZY"]),
        ("<p>جازعان: ايگۇل سەرىكقىزى</p>", ["ايگۇل سەرىكقىزى"]),
        ("<p>اۆتور: ايگۇل سەرىكقىزى</p>", ["ايگۇل سەرىكقىزى"]),
    ],
)
def test_signature_at_the_end(end: str, names: list[str]) -> None:
    assert authors(end=end) == names


NOBODY = {
    "picture": '<figure><img src="/1.jpg"><span class="author">Ерлан Омаров</span></figure>',
    "picture-box": '<div class="media__author">Ерлан Омаров</div>',
    "aside": '<aside><div class="author"><a rel="author" href="/u/2">Дина Оспан</a></div></aside>',
    "more-to-come": "<p>ЖАЛҒАСЫ БАР</p>",
    "box-next": '<div class="next">Келесі Хабарлар</div><ul><li><a href="/1">Бірінші хабардың тақырыбы</a></li></ul>',
    "box-last": "<div>Соңғы Жаңалықтар</div>",
    "box-read": "<div>Тағы Оқыңыз</div>",
    "box-ru": "<div>Читайте Также</div>",
    "box-posts": "<h3>Recent Posts</h3>",
    "box-comments": "<h3>New Comment</h3>",
    "photographer": "<p>Суретті түсірген Ерлан Омаров</p>",
    "photographer-colon": "<p>Суреттерді түсірген: Ерлан Омаров</p>",
    "photographer-author": "<p>Суреттің авторы: Ерлан Омаров</p>",
    "photo-of": "<p>Фото Ерлана Омарова</p>",
    "photo-author": "<p>Фото автора</p>",
    "camera": "<p>Оператор: Ерлан Омаров</p>",
    "translator": "<p>Аударған: Ерлан Омаров</p>",
    "source": "<p>Дереккөз: Ерлан Омаров</p>",
    "editor": "<p>Бас редактор: Ерлан Омаров</p>",
    "agency": "<p>Автор: ҚазАқпарат</p>",
    "office": "<p>Автор: Облыстық әкімдіктің баспасөз қызметі</p>",
    "newspaper": "<p>Автор: «Ақ жол» газеті</p>",
    "account": '<div class="author">admin</div>',
    "role": '<div class="author">Журналист</div>',
    "address": '<div class="author"><a href="/u/1">www.paper.example</a></div>',
    "comment": '<div id="comments"><div class="comment"><b class="author">Ерлан Омаров</b><p>Өте жақсы жаңалық екен, рахмет сіздерге, көптен күткен едік осыны!</p></div></div>',
    "teasers": TEASERS,
    "teasers-named": TEASERS.replace('rel="author"', 'class="author"'),
    "teasers-linked": TEASERS.replace('rel="author" href="/u', 'href="/author'),
    "teasers-labelled": TEASERS.replace('<a rel="author"', 'Автор: <a'),
    "teasers-author-first": '<ul><li><span class="author">Дина Оспан</span> <h4><a href="/x">Басқа хабардың тақырыбы осы болады</a></h4></li></ul>',
    "teasers-dated": '<ul><li><h4><a href="/x">Басқа хабардың тақырыбы осы болады</a></h4><p>12.05.2024 | Дина Оспан</p></li></ul>',
}  # fmt: skip


@pytest.mark.parametrize("name", NOBODY)
def test_no_author_below_the_text(name: str) -> None:
    assert authors(below=NOBODY[name]) == []


def test_a_list_of_names_is_no_signature() -> None:
    winners = "".join(f"<p>{name}</p>" for name in (AIGUL, ERLAN, "Дина Оспан", "Болат Тәженов"))
    assert authors(end=f"<p>Жүлдегерлер тізімі мынадай болды:</p>{winners}") == []
    assert authors(end=f"<ul><li>{AIGUL}</li><li>{ERLAN}</li></ul>") == []


@pytest.mark.parametrize(
    "kicker",
    ["ЕЛ АУЗЫНДА", "ҚОҒАМ ТЫНЫСЫ", "ТҮРКІСТАН ОБЛЫСЫ", "Ел Мен Жер", "Алтын Дән", "НАШИ ЛЮДИ", '<a href="/c">Абай Жолы</a>'],
)  # fmt: skip
def test_a_kicker_is_no_author(kicker: str) -> None:
    assert authors(top=f"<p>{kicker}</p>") == []
    assert authors(above=f"<div>{kicker}</div>", below=f"<div>{kicker}</div>") == []


def test_prose_that_begins_with_a_name_is_no_byline() -> None:
    article = extract(page(end=f"<p>{AIGUL} сабақ берді.</p>", head=declared({"@type": "Person", "name": AIGUL})), URL)  # fmt: skip
    assert article.authors == [AIGUL]
    assert article.paragraphs[-1] == f"{AIGUL} сабақ берді."
    assert authors(end=f"<p>Көпірді көруге {AIGUL}, {ERLAN}, Дина Оспан келді.</p>") == []
    assert authors(end=f"<p>{ERLAN}, Тараз қаласының тұрғыны, осыған қуанып отыр.</p>") == []


@pytest.mark.parametrize(
    ("author", "names"),
    [
        (AIGUL, [AIGUL]),
        ({"@type": "Person", "name": AIGUL}, [AIGUL]),
        ([{"@type": "Person", "name": AIGUL}, {"@type": "Person", "name": ERLAN}], [AIGUL, ERLAN]),
        ({"@type": "Person", "givenName": "Айгүл", "familyName": "Серікқызы"}, [AIGUL]),
        ({"@type": "Person", "name": [AIGUL, ERLAN]}, [AIGUL, ERLAN]),
        ({"@type": "Person", "name": f"{AIGUL}, {ERLAN}"}, [AIGUL, ERLAN]),
        ({"@type": "Person", "name": "Патрик О&#039;Нил"}, ["Патрик О'Нил"]),
        ({"@type": "Person", "name": "Айгүл&nbsp;Серікқызы"}, [AIGUL]),
        ({"@id": "#7"}, [AIGUL]),
        ([{"@id": "#7"}, {"@id": "#8"}], [AIGUL]),
        ("#7", [AIGUL]),
        ({"@id": "#9"}, []),
        ({"@type": "Organization", "name": "Жетісу Тынысы"}, []),
        ({"@type": ["Organization", "NewsMediaOrganization"], "name": "Жетісу Тынысы"}, []),
        ({"@type": "http://schema.org/Organization", "name": "Жетісу Тынысы"}, []),
        ({"@type": "Person", "name": "https://paper.example/author/admin"}, []),
        ("https://paper.example/avtor/aigul", []),
        ({"@type": "Person", "name": "admin"}, []),
        ({"@type": "Person", "name": "Редакция"}, ["Редакция"]),
        ({"@type": "Person", "name": None}, []),
    ],
)
def test_declared_authors(author: object, names: list[str]) -> None:
    known = {"@type": "Person", "@id": "#7", "name": AIGUL}
    paper = {"@type": "Organization", "@id": "#8", "name": "Жетісу Тынысы"}
    assert authors(head=declared(author, known, paper)) == names


@pytest.mark.parametrize(
    "metas",
    [
        f'<meta name="author" content="{AIGUL}">',
        f'<meta property="article:author" content="https://www.facebook.com/gazet.kz"><meta name="author" content="{AIGUL}">',
        f'<meta property="article:author" content="facebook.com/gazet"><meta name="author" content="{AIGUL}">',
        f'<meta name="dc.creator" content="{AIGUL}">',
        f'<meta name="twitter:label1" content="Жазған"><meta name="twitter:data1" content="{AIGUL}">',
        f'<meta name="twitter:label1" content="Автор"><meta name="twitter:data1" content="{AIGUL}">',
        f'<meta name="author" content="Paper Web Studio"><meta name="mediator_author" content="{AIGUL}">',
    ],
)
def test_authors_of_the_metadata(metas: str) -> None:
    assert authors(head=metas) == [AIGUL]


def test_what_several_witnesses_agree_on_wins() -> None:
    account = {"@type": "Person", "name": "Гүлнар Өтегенова"}
    byline = f'<div class="author">{AIGUL}</div>'
    assert authors(head=declared(account), top=byline, end=f"<p>{AIGUL}</p>") == [AIGUL]
    both = f'<div class="author">{AIGUL}, {ERLAN}</div>'
    assert authors(head=f'<meta name="author" content="{AIGUL}">', top=both) == [AIGUL, ERLAN]
    person = declared({"@type": "Person", "name": AIGUL})
    assert authors(head=person, below=TEASERS) == [AIGUL]
    assert authors(head=f'<meta name="author" content="{AIGUL}">', site=f"<aside>{TEASERS}</aside>") == [AIGUL]  # fmt: skip


def test_newsrooms_are_kept_apart_from_persons() -> None:
    newsroom = '<div class="author">Редакция</div>'
    assert authors(top='<div><a rel="author" href="/u/1">Редакция</a></div>') == ["Редакция"]
    assert authors(top=newsroom, end=f"<p>{AIGUL}</p>") == [AIGUL]
    assert authors(head=declared({"@type": "Person", "name": "Редакция"}), end=f"<p>Жазған: {AIGUL}</p>") == [AIGUL]  # fmt: skip
    assert authors(head=declared([{"@type": "Person", "name": "Редакция"}, {"@type": "Person", "name": AIGUL}])) == [AIGUL]  # fmt: skip


def test_a_newspaper_is_not_its_own_author() -> None:
    name = '<meta property="og:site_name" content="Жетісу Тынысы">'
    assert authors(head=name, top='<div class="author">Жетісу Тынысы</div>') == []
    assert authors(head=name + declared({"@type": "Person", "name": "Жетісу тынысы"})) == []


@pytest.mark.parametrize("label", ["Author: ", "Автор: ", "Post author: ", "Жазба авторы: "])
def test_a_label_in_a_box_of_rights_with_a_link_to_the_front_page(label: str) -> None:
    head = (
        '<meta name="author" content="Редакция"><meta property="og:site_name" content="Дала үні">'
    )
    box = '<div class="post-copyright"><div class="post-copyright__author"><span>{}</span><a href="https://paper.example/">{}</a></div><div>Copyright Notice: <a href="/by/">CC BY-NC</a></div></div>'
    assert authors(head=head, below=box.format(label, AIGUL)) == [AIGUL]
    assert authors(head=head, below=box.format(label, "Дала үні")) == ["Редакция"]


def test_a_label_alone_above_those_whom_it_names() -> None:
    pair = f"<dl><dt>Автор</dt><dd>{AIGUL}</dd></dl>"
    assert authors(top=pair) == [AIGUL]
    assert authors(top=f"<div>Авторлары:</div><div>{AIGUL}</div><div>{ERLAN}</div>") == [AIGUL, ERLAN]  # fmt: skip
    assert authors(top=f"<div>Фото:</div><div>{AIGUL}</div>", end=f"<p>{ERLAN}</p>") == [ERLAN]


def test_a_person_in_the_metadata_goes_before_a_newsroom() -> None:
    metas = (
        f'<meta property="article:author" content="Редакция"><meta name="author" content="{AIGUL}">'
    )
    assert authors(head=metas) == [AIGUL]


@pytest.mark.parametrize("mark_up", ["<p><strong>{}</strong></p>", '<p style="text-align:right">{}</p>'])  # fmt: skip
def test_a_name_of_any_country_that_is_set_like_a_signature(mark_up: str) -> None:
    name, line = "Mohloai Mpesi", mark_up.format("Mohloai Mpesi")
    page_ = page().replace(b'<div class="txt">', b'<div class="txt">' + line.encode())
    assert extract(page_, URL).authors == [name]
    assert authors(end=line) == [name]
    of_it = page_.replace("жұмысқа".encode(), "Mpesi жұмысқа".encode())
    assert extract(of_it, URL).authors == [], "of whom the text speaks"


def test_second_names_and_names_in_halves() -> None:
    declared_name = declared({"@type": "Person", "name": "Айгүл Ерланқызы Серікова"})
    assert authors(head=declared_name, top='<div class="author">Айгүл Серікова</div>') == ["Айгүл Ерланқызы Серікова"]  # fmt: skip
    halves = '<a rel="author"><span class="firstname">Айгүл Мария</span> <span class="lastname">Серікова</span></a>'
    assert authors(top=halves) == ["Айгүл Мария Серікова"]


def test_an_empty_box_is_no_icon() -> None:
    box = '<div class="author"><p></p><div class="shimmer"></div></div><p>Таңғы Шолу</p>'
    assert authors(top=box) == []
