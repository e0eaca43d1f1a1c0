"""Whole pages as engines and hand-made sites of Kazakh newspapers arrange headline, date and byline."""

from datetime import UTC, datetime
from typing import Any

import pytest

from newsbot.extraction import extract

FETCHED = datetime(2024, 6, 1, 4, 0, tzinfo=UTC)  # 9:00 in Almaty
KAZAKH = [
    "Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат жолдаған еді.",
    "Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді, жоба дайын тұр.",
    "Көпір салынған соң мектеп автобусы қырық шақырым айналмай, тура жолмен жүретін болады.",
]
RUSSIAN = [
    "Жители посёлка попросили акимат района построить новый мост вместо старого, который закрыли весной.",
    "В управлении строительства рассказали, что деньги выделят в следующем квартале, проект уже готов.",
    "Когда мост откроют, школьный автобус перестанет делать крюк в сорок километров по степной дороге.",
]
LATIN = [
    "Aýyl turǵyndary bıyl eski kópirdiń ornyna jańasyn salýdy surap, aýdan ákimdigine hat joldaǵan edi.",
    "Qurylys basqarmasynyń aıtýynsha, jumysqa kerek qarjy kelesi toqsanda bólinedi, joba daıyn tur.",
    "Kópir salynǵan soń mektep avtobýsy qyryq shaqyrym aınalmaı, týra jolmen júretin bolady.",
]
ARABIC = [
    "اۋىل تۇرعىندارى بيىل ەسكى كوپىردىڭ ورنىنا جاڭاسىن سالۋدى سۇراپ، اۋدان اكىمدىگىنە حات جولداعان ەدى.",
    "قۇرىلىس باسقارماسىنىڭ ايتۋىنشا، جۇمىسقا كەرەك قارجى كەلەسى توقساندا بولىنەدى، جوبا دايىن تۇر.",
    "كوپىر سالىنعان سوڭ مەكتەپ اۆتوبۋسى قىرىق شاقىرىم اينالماي، تۋرا جولمەن جۇرەتىن بولادى.",
]
TITLES = {
    "k": ("Ақсу ауылында жаңа көпір салынады", KAZAKH),
    "r": ("В посёлке Аксу построят новый мост", RUSSIAN),
    "l": ("Aqsý aýylynda jańa kópir salynady", LATIN),
    "a": ("اقسۋ اۋىلىندا جاڭا كوپىر سالىنادى", ARABIC),
}
MENU = '<ul class="menu"><li><a href="/">Басты бет</a></li><li><a href="/q">Қоғам</a></li></ul>'
SIDE = (
    '<div class="sidebar"><h3>Соңғы жаңалықтар</h3><ul><li><a href="/a">Ауданда жаңа балабақша ашылды'
    '</a><span>28.05.2024</span></li><li><a href="/b">Егін жинау науқаны басталды</a>'
    "<span>27.05.2024</span></li></ul></div>"
)
FOOT = (
    "<div>© 2012-2024 «Көктерек үні». Бас редактор: Болат Тәженов. Куәлік №1234-Г, 12.03.2015</div>"
)
CARDS = "".join(
    f'<div class="card"><span class="date">{day}.05.2024</span><h4><a href="/n{day}">Аудан жаңалығының '
    f'тақырыбы {day} осындай</a></h4><span class="author">Дина Оспан</span></div>'
    for day in (25, 26)
)
AIGUL = "Айгүл Серікқызы"
MARIA = "Мария Иванова"

# Name -> script, page (§: headline, ¶: paragraphs), what must be read; the day is 14 May if not said.
PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dle": ("k", f'<div class="fullnews"><div><a href="/qogam/">Қоғам</a></div><h2 class="fn-title">§</h2><div class="fn-info">Бүгін, 09:30 | Қаралды: 385 | Пікір: 0</div><div class="fn-text">¶<p style="text-align:right"><em>Айгүл СЕРІКҚЫЗЫ,<br>Ақсу ауданы</em></p></div></div>{SIDE}{FOOT}', {"day": "2024-06-01", "authors": ["Айгүл СЕРІКҚЫЗЫ"], "views": 385, "comments": 0}),
    "joomla": ("k", f'{MENU}<div class="item-page"><h2 itemprop="headline">§</h2><dl class="article-info"><dd class="createdby" itemprop="author"><span itemprop="name">Super User</span></dd><dd class="category-name">Санат: <a href="/q">Қоғам</a></dd><dd class="published"><time datetime="2024-05-14T09:30:00+06:00" itemprop="datePublished">Жарияланған: 14 мамыр 2024</time></dd><dd class="modified"><time datetime="2024-05-20T09:30:00+06:00" itemprop="dateModified">Соңғы жаңарту: 20 мамыр 2024</time></dd><dd class="hits">Көрілім: 385</dd></dl><div itemprop="articleBody">¶<p><strong>{AIGUL}.</strong></p></div></div>', {"authors": [AIGUL], "section": "Қоғам", "views": 385}),
    "joomla-ru": ("r", f'<div class="item-page"><h1>§</h1><dl class="article-info"><dd>Автор: {MARIA}</dd><dd>Создано: 14.05.2024 09:30</dd><dd>Обновлено: 20.05.2024 10:00</dd><dd>Просмотров: 385</dd></dl>¶</div>', {"authors": [MARIA], "views": 385}),
    "wordpress": ("k", f'<div class="topdate">Сенбі, 1 маусым 2024</div>{MENU}<article class="post hentry"><div class="cat-links"><a href="/category/qogam/" rel="category tag">Қоғам</a></div><h1 class="entry-title">§</h1><div class="entry-meta"><span class="author"><a href="/author/admin/">admin</a></span> <span class="date">14 мамыр, 2024</span></div><div class="entry-content">¶<p>Мәтін: {AIGUL}<br>Фото: Ерлан Омаров</p></div></article>{SIDE}{FOOT}', {"authors": [AIGUL], "section": "Қоғам"}),
    "posted-by": ("k", f'<div class="post"><h2>§</h2><div class="postmeta">Posted on 14.05.2024 by {AIGUL} in Қоғам, Жаңалықтар with 0 Comments</div><div class="entry">¶</div></div>{SIDE}', {"authors": [AIGUL]}),
    "from": ("r", f'<article><h1>§</h1><div class="meta"><span>14.05.2024</span> <span>от <a href="/author/m/">{MARIA}</a></span> <span>В рубрике <a href="/cat/n">Новости</a></span></div>¶</article>', {"authors": [MARIA]}),
    "bitrix": ("k", f'<div class="news-detail"><span class="news-date-time">14.05.2024</span><h3>§</h3>¶<div style="clear:both"></div><br>Автор:&nbsp;{AIGUL}<br>Қаралым саны:&nbsp;385<br></div>{FOOT}', {"authors": [AIGUL], "views": 385}),
    "tilda": ("k", f'<div id="allrecords"><div class="t-rec"><div class="t-title" field="title">§</div><div class="t-uptitle">14 мамыр 2024</div></div><div class="t-rec"><div class="t-text" field="text">¶<br>Авторы: {AIGUL}</div></div></div>', {"authors": [AIGUL]}),
    "issue": ("k", '<div class="main"><div class="no">№ 38 (9120) 14 мамыр 2024 жыл</div><h1>§</h1><div>¶<p>Әзірлеген Айгүл СЕРІКҚЫЗЫ</p></div></div>', {"authors": ["Айгүл СЕРІКҚЫЗЫ"]}),
    "rows": ("k", f'<div class="main"><h1>§</h1><ul class="info"><li><b>Жарияланған күні:</b> 14.05.2024</li><li><b>Жазған:</b> {AIGUL}</li><li><b>Айдары:</b> <a href="/c">Қоғам</a></li><li><b>Оқылды:</b> 385</li></ul><div>¶</div></div>', {"authors": [AIGUL], "views": 385, "section": "Қоғам"}),
    "reporter": ("k", f'<div class="main"><h1>§</h1><div class="b">Тілші: {AIGUL} 14.05.2024</div><div>¶</div></div>', {"authors": [AIGUL]}),
    "record": ("r", f'<div class="main"><h1>§</h1><div>¶</div><div class="b">Автор записи <a href="/author/m">{MARIA}</a></div><div class="b">Дата записи 14.05.2024</div></div>', {"authors": [MARIA]}),
    "arabic": ("a", '<div class="item"><h1>§</h1><div class="info"><span>14 مامىر 2024</span> <span>اۆتورى: ايگۇل سەرىكقىزى</span> <span>385 رەت قارالدى</span></div><div>¶</div></div>', {"authors": ["ايگۇل سەرىكقىزى"]}),
    "latin": ("l", '<div class="item"><h1>§</h1><div class="info">14 mamyr, 2024 | Avtory: Aıgúl Seıitqyzy | Qaraldy: 385</div><div>¶</div></div>', {"authors": ["Aıgúl Seıitqyzy"]}),
    "role": ("k", f'<article><h1>§</h1><time datetime="2024-05-14T09:30">14 мамыр</time>¶<p><b>{AIGUL}, «Көктерек үнінің» меншікті тілшісі</b></p></article>', {"authors": [AIGUL]}),
    "interview": ("k", '<article><h1>§</h1><div class="date">14.05.2024</div>¶<p>Сұхбаттасқан<br>Айгүл СЕРІКҚЫЗЫ</p></article>', {"authors": ["Айгүл СЕРІКҚЫЗЫ"]}),
    "office": ("k", '<article><h1>§</h1><div>14.05.2024</div>¶<p><b>Ерлан ОМАРОВ</b></p><p><b>аудандық мәслихат депутаты</b></p></article>', {"authors": ["Ерлан ОМАРОВ"]}),
    "box": ("k", f'<main><article><h1>§</h1><div class="d">14 мамыр 2024 09:30</div><div>¶</div></article><div class="author-box"><h4>Автор туралы</h4><div class="name">{AIGUL}</div><p>2010 жылдан бері редакцияда қызмет етеді, ауыл тақырыбына қалам тартып келеді, кітаптары бар.</p><a href="/u/1">Автордың барлық мақалалары</a></div></main>', {"authors": [AIGUL]}),
    "age": ("k", f'<div class="post"><h1>§</h1><div class="m">{AIGUL} · 2 апта бұрын · 385 қаралым</div><div>¶</div></div>', {"day": "2024-05-18", "authors": [AIGUL], "views": 385}),
    "slashes": ("k", '<div class="post"><h1>§</h1><div class="m">05/14/2024</div><div>¶</div></div>', {"authors": []}),
    "pieces": ("k", '<div class="post"><div class="datebox"><span class="day">14</span><span class="month">мам</span><span class="year">2024</span></div><h1>§</h1><div>¶</div></div>', {"authors": []}),
    "icons": ("k", '<div class="top"><div class="now">01.06.2024 09:00</div><div>USD 450.12</div></div><div class="main"><h1>§</h1><div class="stat"><i class="fa fa-calendar"></i> 14 мам. 2024 <i class="fa fa-eye"></i> 1 385 <i class="fa fa-comment"></i> 3</div><div>¶</div></div>', {"authors": [], "views": 1385, "comments": 3}),
    "line": ("k", f'<h1><a href="/">Көктерек үні</a></h1><div class="c"><h3>§</h3><p><small>14 мамыр 2024, 09:30 • Қоғам • 385</small></p>¶</div>{SIDE}', {"authors": []}),
    "kicker": ("k", '<article><h1><span>Құрылыс</span><br>§</h1><div class="date">14.05.2024</div>¶</article>', {"authors": []}),
    "section-as-heading": ("k", f'{MENU}<div class="main"><h1>Қоғам</h1><div class="nt">§</div><div class="d">14.05.2024</div><div>¶</div></div>', {"authors": []}),
    "cards": ("k", f'<div class="page"><h1>§</h1><div class="info">14 мамыр, сейсенбі</div><div>¶</div>{CARDS}</div>', {"authors": []}),
    "cards-alone": ("k", f'<div class="page"><h1>§</h1><div>¶</div>{CARDS}</div>', {"day": None, "authors": []}),
    "agency": ("k", '<article><h1>§</h1><div>14.05.2024</div>¶<p>Дереккөз: ҚазАқпарат</p></article>', {"authors": []}),
    "press-office": ("k", '<article><h1>§</h1><div>14.05.2024</div>¶<p><b>Ақсу ауданы әкімдігінің баспасөз қызметі</b></p></article>', {"authors": []}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_arrangement(name: str) -> None:
    script, body, wanted = PAGES[name]
    title, prose = TITLES[script]
    end = " | Қоғам | Көктерек үні" if name == "section-as-heading" else " | Көктерек үні"
    body = body.replace("¶", "".join(f"<p>{text}</p>" for text in prose)).replace("§", title)
    page = f'<html><head><meta charset="utf-8"><title>{title}{end}</title></head><body>{body}</body></html>'
    article = extract(page.encode(), "https://gazet.example.kz/n/812-kopir.html", fetched_at=FETCHED)  # fmt: skip
    day = (article.published or "")[:10] or None
    wanted = {"title": title, "day": "2024-05-14", **wanted}
    assert {name: getattr(article, name) for name in wanted if name != "day"} | {
        "day": day
    } == wanted
    assert article.paragraphs == prose
