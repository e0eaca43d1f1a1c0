"""newsbot.discovery.listing: the lists of many engines, in mark-up of our own, and hostile ones."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery.listing import Listing, parse_json_listing, parse_listing, sections
from newsbot.extraction.page import Page
from newsbot.profiles import Site

ROOT = "https://gazet.kz"
T1 = "Ауданда жаңа мектеп пайдалануға берілді"
T2 = "Егін орағы науқаны мерзімінен бұрын аяқталды"
T3 = "Жас футболшылар облыс біріншілігінде топ жарды"


def read(html: str, path: str = "/", family: str = "generic", **more: object) -> Listing:
    site = Site(id="gazet", name="Газет", url=ROOT + "/", family=family, **more)  # type: ignore[arg-type]
    return relative(parse_listing(Page(html, ROOT + path), site))


def relative(listing: Listing) -> Listing:
    listing.next = [url.removeprefix(ROOT) for url in listing.next]
    listing.sections = [url.removeprefix(ROOT) for url in listing.sections]
    return listing


def paths(listing: Listing) -> list[str]:
    return [entry.url.removeprefix(ROOT) for entry in listing.articles]


def dates(listing: Listing) -> list[str | None]:
    return [entry.date for entry in listing.articles]


@dataclass
class Engine:
    path: str
    family: str
    html: str
    articles: list[str]
    next: list[str]
    sections: list[str]
    dates: list[str | None] | None = None


ENGINES = {
    "WordPress, classic theme, plain permalinks": Engine(
        "/",
        "wordpress",
        f"""<title>Газет</title><body class="home blog"><header id="masthead"><a href="{ROOT}/">Газет</a>
        <nav class="main-navigation"><ul><li class="menu-item"><a href="/?cat=3">Қоғам</a></li>
        <li class="menu-item"><a href="/?page_id=2">Біз туралы</a></li></ul></nav></header>
        <main><article class="post-71 post category-sport"><header class="entry-header">
        <h2 class="entry-title"><a href="/?p=71">{T1}</a></h2></header>
        <time datetime="2022-12-24T18:40:00+06:00">24.12.2022</time>
        <span class="cat-links"><a href="/?cat=7" rel="category">Спорт</a></span>
        <span class="tags-links"><a href="/?tag=taraz" rel="tag">Тараз</a></span>
        <a class="more-link" href="/?p=71#more-71">Толығырақ</a>
        <a href="/?p=71#respond">Пікір қалдыру</a></article>
        <article class="post"><h2 class="entry-title"><a href="/?p=2">Қар</a></h2></article>
        <nav class="navigation pagination"><div class="nav-links"><span class="page-numbers current">1</span>
        <a class="page-numbers" href="/?paged=2">2</a><a class="page-numbers" href="/?paged=44">44</a>
        <a class="next page-numbers" href="/?paged=2">Ескі жазбалар</a></div></nav></main>
        <aside><section class="widget"><h2>Соңғы пікірлер</h2><ul><li class="recentcomments">Айжан:
        <a href="/?p=60&cpage=1#comment-5">{T2}</a></li></ul></section></aside>
        <footer class="site-footer"><a href="https://wordpress.org/">WordPress</a></footer>""",
        ["/?p=71", "/?p=2"],
        ["/?paged=2", "/?paged=44"],
        ["/?cat=3", "/?cat=7"],
        ["2022-12-24T18:40:00+06:00", None],
    ),
    "WordPress, block theme, encoded slugs": Engine(
        "/page/2/",
        "wordpress",
        f"""<title>Газет</title><div class="wp-site-blocks"><header class="wp-block-template-part">
        <nav class="wp-block-navigation"><a class="wp-block-navigation-item__content" href="/bailanys/">
        Байланыс</a><a class="wp-block-navigation-item__content" href="/qogam/">Қоғам</a></nav></header>
        <main><ul class="wp-block-post-template"><li class="wp-block-post">
        <figure><a href="/2026/11/18/%d0%bc%d0%b5%d0%ba%d1%82%d0%b5%d0%bf/"><img src="/a.jpg"></a></figure>
        <h2><a href="/2026/11/18/мектеп/">{T1}</a></h2>
        <div class="wp-block-post-date"><a href="/2026/11/18/мектеп/">18 қараша, 2026</a></div></li>
        <li class="wp-block-post"><h2><a href="/2026/11/17/egin-oragy/">{T2}</a></h2></li></ul>
        <nav class="wp-block-query-pagination"><a href="/" class="wp-block-query-pagination-previous">
        Newer Posts</a><a href="/page/3/" class="wp-block-query-pagination-next">Older Posts→</a></nav>""",
        ["/2026/11/18/%D0%BC%D0%B5%D0%BA%D1%82%D0%B5%D0%BF/", "/2026/11/17/egin-oragy/"],
        ["/page/3/"],
        ["/qogam/"],
        ["18 қараша, 2026", None],
    ),
    "DataLife Engine": Engine(
        "/zhanalyk/",
        "dle",
        f"""<title>Газет</title><body><div class="topmenu"><a href="/zhanalyk/">Жаңалық</a>
        <a href="/bilim/">Білім</a><a href="/index.php?do=feedback">Хат</a></div>
        <div class="speedbar"><a href="/">Газет</a> » <a href="/zhanalyk/">Жаңалық</a></div>
        <div id="dle-content"><div class="base shortstory"><div class="dpad"><h3 class="btl">
        <a href="https://gazet.kz/zhanalyk/4501-zhana-mektep.html">{T1}</a></h3>
        <p class="binfo">Автор: <a onclick="ShowProfile('a')" href="/user/admin/">admin</a> от 24-12-2022, 18:40</p>
        <div class="maincont">Мәтін</div><div class="argmore"><a href="/zhanalyk/4501-zhana-mektep.html">
        <b>Толығырақ</b></a></div><p class="argcat">Санаты: <a href="/zhanalyk/">Жаңалық</a></p></div></div>
        <div class="base shortstory"><h3 class="btl"><a href="/zhanalyk/4500-qar.html">Қар жауды</a></h3></div>
        <div class="navigation"><div class="pages"><span>1</span> <a href="/zhanalyk/page/2/">2</a>
        <a href="/zhanalyk/page/3/">3</a> <span class="nav_ext">...</span> <a href="/zhanalyk/page/91/">91</a>
        <a href="/zhanalyk/page/2/">Далее</a></div></div></div>
        <div class="side"><ul class="topnews"><li><a href="/bilim/12-grant.html">{T3}</a></li></ul></div>""",
        ["/zhanalyk/4501-zhana-mektep.html", "/zhanalyk/4500-qar.html", "/bilim/12-grant.html"],
        ["/zhanalyk/page/2/", "/zhanalyk/page/3/", "/zhanalyk/page/91/"],
        ["/bilim/"],
        ["24-12-2022, 18:40", None, None],
    ),
    "Joomla blog": Engine(
        "/index.php/kk/zhanalyktar?start=10",
        "joomla",
        f"""<title>Газет</title><body><ul class="nav menu"><li class="item-101"><a href="/index.php/kk/">Басты</a></li>
        <li class="item-102"><a href="/index.php/kk/madeniet">Мәдениет</a></li></ul>
        <div class="blog"><div class="items-row"><div class="item"><h2 class="item-title" itemprop="name">
        <a href="/index.php/kk/zhanalyktar/312-mektep-ashyldy">{T1}</a></h2>
        <dl class="article-info"><dd class="published"><time datetime="2019-12-19T11:29:00+06:00">19.12.2019</time>
        </dd></dl><p class="readmore"><a href="/index.php/kk/zhanalyktar/312-mektep-ashyldy">Толығырақ...</a></p>
        </div></div><div class="item"><h2><a href="/index.php/kk/zhanalyktar/311-qar">Қар</a></h2></div>
        <div class="pagination"><ul><li><a href="/index.php/kk/zhanalyktar">Бірінші</a></li>
        <li><a href="/index.php/kk/zhanalyktar?start=0">1</a></li>
        <li><a href="/index.php/kk/zhanalyktar?start=20">3</a></li>
        <li><a href="/index.php/kk/zhanalyktar?start=20">Келесі</a></li>
        <li><a href="/index.php/kk/zhanalyktar?start=4140">Соңғы</a></li></ul></div></div>""",
        ["/index.php/kk/zhanalyktar/312-mektep-ashyldy", "/index.php/kk/zhanalyktar/311-qar"],
        ["/index.php/kk/zhanalyktar?start=20", "/index.php/kk/zhanalyktar?start=4140"],
        ["/index.php/kk/", "/index.php/kk/madeniet"],
        ["2019-12-19T11:29:00+06:00", None],
    ),
    "Joomla K2": Engine(
        "/component/k2/itemlist/category/60-novosti",
        "generic",
        f"""<title>Газет</title><body><div id="k2Container" class="itemListView"><div class="itemList">
        <div class="itemContainer"><div class="catItemView"><div class="catItemHeader">
        <span class="catItemDateCreated">Среда, 07 Июнь 2017 05:22</span><h3 class="catItemTitle">
        <a href="/component/k2/item/1834-mektep">{T1}</a></h3><span class="catItemAuthor">Автор
        <a href="/component/k2/itemlist/user/113-daybap">daybap</a></span></div></div></div>
        <div class="itemContainer"><div class="catItemView"><h3 class="catItemTitle">
        <a href="/component/k2/item/1833-oraq">{T2}</a></h3><div class="catItemTagsBlock">
        <a href="/component/k2/itemlist/tag/аудан">аудан</a></div></div></div></div>
        <div class="k2Pagination"><ul><li><a href="/component/k2/itemlist/category/60-novosti?start=12" title="2">2</a>
        </li><li><a href="/component/k2/itemlist/category/60-novosti?start=12">Вперёд</a></li></ul></div></div>""",
        ["/component/k2/item/1834-mektep", "/component/k2/item/1833-oraq"],
        ["/component/k2/itemlist/category/60-novosti?start=12"],
        [],
        ["Среда, 07 Июнь 2017 05:22", None],
    ),
    "1C-Bitrix": Engine(
        "/news/",
        "bitrix",
        f"""<title>Газет</title><body><div class="top-menu"><a href="/news/">Жаңалық</a><a href="/kultura/">
        Мәдениет</a></div><div class="news-list"><p class="news-item" id="bx_1">
        <span class="news-date-time">24.12.2022</span><a href="/news/qogam/8812/"><b>{T1}</b></a></p>
        <p class="news-item"><a href="/news/detail.php?ELEMENT_ID=77"><b>{T2}</b></a></p>
        <font class="text">Жаңалықтар 1 - 20 из 300 <a href="/news/?PAGEN_1=2&amp;SIZEN_1=20">2</a>
        <a href="/news/?PAGEN_1=2&amp;SIZEN_1=20">След.</a> <a href="/news/?SHOWALL_1=1">Все</a></font></div>""",
        ["/news/qogam/8812/", "/news/detail.php?ELEMENT_ID=77"],
        ["/news/?PAGEN_1=2&SIZEN_1=20"],
        ["/kultura/"],
        ["24.12.2022", None],
    ),
    "Ghost": Engine(
        "/",
        "ghost",
        f"""<head><title>Газет</title><link rel="next" href="{ROOT}/page/2/"></head><body class="home-template">
        <header class="gh-head"><a href="{ROOT}">Газет</a><ul class="nav"><li class="nav-about">
        <a href="/about/">Біз туралы</a></li><li><a href="/tag/qogam/">Қоғам</a></li></ul></header>
        <main class="site-main"><div class="post-feed"><article class="post-card">
        <a class="post-card-image-link" href="/mektep--ashyldy/"><img src="/m.jpg" alt="{T1}"></a>
        <a class="post-card-content-link" href="/mektep--ashyldy/"><h2>{T1}</h2></a>
        <footer class="post-card-meta"><time datetime="2026-11-17">17 қар. 2026</time></footer></article>
        <article class="post-card"><a class="post-card-content-link" href="/qar/"><h2>{T2}</h2></a></article></div>
        <nav class="pagination"><a class="older-posts" href="/page/2/">Older Posts →</a></nav></main>""",
        ["/mektep--ashyldy/", "/qar/"],
        ["/page/2/"],
        [],
        ["2026-11-17", None],
    ),
    "Hexo archive": Engine(
        "/archives/page/2/",
        "hexo",
        f"""<title>Мұрағат</title><body><nav class="site-nav"><a rel="section" href="/archives/">Мұрағат</a>
        <a rel="section" href="/categories/">Айдарлар</a></nav><div class="posts-collapse">
        <article><header class="post-header"><div class="post-meta"><time datetime="2026-07-20T10:00:00+05:00">
        07-20</time></div><div class="post-title"><a class="post-title-link" href="/2026/07/20/мектеп/">{T1}</a>
        </div></header></article><article><a class="post-title-link" href="/2026/07/19/qar/">Қар</a></article></div>
        <nav class="pagination"><a class="extend prev" rel="prev" href="/archives/"></a>
        <a class="page-number" href="/archives/">1</a><span class="page-number current">2</span>
        <a class="page-number" href="/archives/page/3/">3</a>
        <a class="extend next" rel="next" href="/archives/page/3/"><i></i></a></nav>""",
        ["/2026/07/20/%D0%BC%D0%B5%D0%BA%D1%82%D0%B5%D0%BF/", "/2026/07/19/qar/"],
        ["/archives/page/3/"],
        ["/categories/"],
        ["2026-07-20T10:00:00+05:00", None],
    ),
    "Laravel": Engine(
        "/part/154?page=2",
        "laravel",
        f"""<title>Газет</title><body><div class="navbar"><a href="/lt/">Lat</a><a href="/part/1">Жаңалықтар</a>
        <a href="/part/69">Көзқарас</a></div><div class="row"><div class="col-md-4"><h3>
        <a href="/post/153211">{T1}</a></h3><span>30 қаңтар, 2026 сағат 13:48</span></div>
        <div class="col-md-4"><a href="/post/153210"><img src="/x.jpg"></a></div></div>
        <ul class="pagination"><li><a class="page-link" href="/part/154?page=1" rel="prev">‹</a></li>
        <li><a class="page-link" href="/part/154?page=1">1</a></li><li class="active"><span>2</span></li>
        <li><a class="page-link" href="/part/154?page=3">3</a></li>
        <li><a class="page-link" href="/part/154?page=3" rel="next">›</a></li></ul>""",
        ["/post/153211", "/post/153210"],
        ["/part/154?page=3"],
        ["/lt/", "/part/1", "/part/69"],
        ["30 қаңтар, 2026 сағат 13:48", None],
    ),
    "Drupal, pages counted from 0": Engine(
        "/news",
        "drupal",
        f"""<title>Газет</title><body><div class="view-content"><div class="views-row"><h2>
        <a href="/node/812">{T1}</a></h2></div><div class="views-row"><h2><a href="/kk/mektep-ashyldy-erten">
        {T2}</a></h2></div></div><ul class="pager"><li class="pager-current">1</li>
        <li class="pager-item"><a href="/news?page=1" title="На страницу номер 2">2</a></li>
        <li class="pager-item"><a href="/news?page=2">3</a></li></ul>""",
        ["/node/812", "/kk/mektep-ashyldy-erten"],
        ["/news?page=1", "/news?page=2"],
        [],
    ),
    "uCoz": Engine(
        "/news/",
        "ucoz",
        f"""<title>Газет</title><body><div id="allEntries"><div class="eTitle"><a href="/news/mektep/2022-12-24-118">
        {T1}</a></div><div class="eTitle"><a href="/news/qar/2022-12-23-117">{T2}</a></div>
        <div class="catPages1"><b>1</b> <a class="swchItem1" href="/news/?page2"><span>2</span></a>
        <a class="swchItem1 swchItem-next" href="/news/?page2"><span>»</span></a></div></div>""",
        ["/news/mektep/2022-12-24-118", "/news/qar/2022-12-23-117"],
        ["/news/?page2"],
        [],
    ),
    "tables of the 2000s": Engine(
        "/",
        "generic",
        f"""<title>Газет</title><body><table><tr><td><a href="sport.php">Спорт</a><br><a href="bailanys.php">Байланыс
        </a></td><td><b><a href="news.php?id=41">{T1}</a></b><br>24.12.2022<br><a href="news.php?id=40">Қар</a>
        </td><td><a href="/?lang=ru">Рус</a> <a href="archive.php?year=2009&month=5">Мамыр</a></td></tr></table>""",
        ["/news.php?id=41", "/news.php?id=40"],
        [],
        ["/sport.php"],
    ),
}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_engines(engine: Engine) -> None:
    found = read(engine.html, engine.path, engine.family)
    assert paths(found) == engine.articles
    assert found.next == engine.next
    assert found.sections == engine.sections
    if engine.dates is not None:
        assert dates(found) == engine.dates


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_no_article_is_lost_where_the_family_is_unknown(engine: Engine) -> None:
    assert set(paths(read(engine.html, engine.path))) >= set(engine.articles)


def links(*hrefs: str, text: str = "2") -> str:
    items = "".join(f'<a href="{href}">{text}</a>' for href in hrefs)
    return f'<title>x</title><h2><a href="/1234-mektep.html">{T1}</a></h2><div class="pager">{items}</div>'


@pytest.mark.parametrize(
    ("here", "href", "text"),
    [
        ("/news", "/news/page/2", "2"),
        ("/news/page/2/", "/news/page/3/", "3"),
        ("/news/page2.html", "/news/page3.html", "3"),
        ("/", "/?page=2", "2"),
        ("/", "/page/2/?id=296", "2"),
        ("/?page=9", "/?page=10", "10"),
        ("/lenta/", "/lenta/?page=2", "Келесі бет"),
        ("/news", "/news?offset=20", "Тағы жүктеу"),
        ("/news?limitstart=20", "/news?limitstart=40", "»"),
        ("/news?count=30", "/news?count=30&offset=30", "Ещё"),
        ("/news", "/news?p=2", "2"),
        ("/news?p=2&type=list", "/news?p=3&type=list", "Далее"),
        ("/news", "/news?after=kF93kd", "Older posts"),
        ("/news/", "/news/2", "2"),
        ("/archive/2022/12/24", "/archive/2022/12/23", "Алдыңғы күн"),
        ("/2022/12/", "/2022/11/", "Қараша 2022"),
        ("/?m=202212", "/?m=202211", "Қараша"),
        ("/", "/news/page/2/", "Ескі жаңалықтар"),
        ("/", "/index2.html", "»"),
        ("/index-2.html", "/index-3.html", "3"),
        ("/blog/", "/blog/index-2.html", "Older posts"),
        ("/category/qogam.html", "/category/qogam2.html", "2"),
        ("/category/qogam-2.html", "/category/qogam-3.html", "Келесі бет"),
    ],
)
def test_the_next_page(here: str, href: str, text: str) -> None:
    found = read(links(href, text=text), here)
    assert found.next == [href]
    assert paths(found) == ["/1234-mektep.html"]


@pytest.mark.parametrize(
    ("here", "href", "text"),
    [
        ("/news/page/3/", "/news/page/2/", "2"),
        ("/news?page=2", "/news", "1"),
        ("/news", "/news?page=1", "1"),
        ("/news", "/sport?page=2", "2"),
        ("/news", "/news?page=2&sort=views", "2"),
        ("/news", "/news?page=2&cat=7", "2"),
        ("/news", "/news?page=x", "2"),
        ("/news?start=20", "/news?start=0", "1"),
        ("/2022/12/", "/2023/01/", "Қаңтар"),
        ("/news", "https://basqa.kz/news?page=2", "2"),
        ("/news?id=3", "/news?id=4&page=2", "2"),
        ("/calendar/2026/11", "/calendar/2026/10", "алдыңғы"),
        ("/news", "/news/page/2?PHPSESSID=5f3a9c0177de42ab&sid=1&s=5f3a9c0177de42ab", "2"),
        ("/list", "javascript:next(2)", "Келесі"),
        ("/?p=56", "/?p=57", T2),
        ("/index3.html", "/index2.html", "«"),
        ("/category/qogam2.html", "/category/qogam.html", "1"),
        ("/category/qogam2.html", "/category/sport3.html", "3"),
        ("/category/qogam.html", "/category/qogam19.html", T2),
    ],
)
def test_what_is_no_next_page(here: str, href: str, text: str) -> None:
    assert read(links(href, text=text), here).next == []


@pytest.mark.parametrize("number", [11, 5])
def test_pages_counted_from_the_oldest(number: int) -> None:
    pager = f"""<a rel="prev" href="/index-{number + 1}.html">Жаңа жазбалар</a>
    <a rel="next" href="/index-{number - 1}.html">Ескі жазбалар</a>"""
    page = f'<title>x</title><h2><a href="/1234-mektep.html">{T1}</a></h2>{pager}'
    assert read(page, f"/index-{number}.html").next == [f"/index-{number - 1}.html"]
    assert read(page.replace('rel="prev"', ""), "/").next[0] == f"/index-{number - 1}.html"


@pytest.mark.parametrize("href", ["/qogam/covid-19.html", "/2-19.html", "/qogam/19/"])
def test_an_article_whose_address_ends_in_a_number_is_no_page_of_a_list(href: str) -> None:
    card = f'<div class="card"><img alt="{T2}"><a href="{href}">Жалғасы</a></div>'
    assert href in paths(read(f"<title>x</title><main>{card}</main>", "/"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/qogam/645-mektep.html", "/qogam/645-mektep.html/2"),
        ("/2022/12/24/auyldagy-zhana-mektep/", "/2022/12/24/auyldagy-zhana-mektep/2/"),
        ("/auyldagy-zhana-mektep", "/auyldagy-zhana-mektep/2"),
    ],
)
def test_further_pages_of_an_article_are_no_articles(first: str, second: str) -> None:
    parts = f'<p>Беттер: <a href="{first}">1</a> <a href="{second}">2</a></p>'
    page = f'<title>x</title><main><h2><a href="{first}">{T1}</a></h2>{parts}</main>'
    assert paths(read(page)) == [first]


def test_articles_below_their_section_are_articles_whatever_their_number() -> None:
    cards = "".join(f'<h2><a href="/qogam/{n}/">{n}</a> {T1}</h2>' for n in (7, 8, 9))
    page = f'<title>x</title><a href="/qogam/">Қоғам</a><main>{cards}</main>'
    assert paths(read(page)) == ["/qogam/7/", "/qogam/8/", "/qogam/9/"]


def test_p_is_an_article_in_wordpress() -> None:
    page = '<title>x</title><main><a href="/?p=2">2</a></main>'
    assert read(page, "/").next == ["/?p=2"]
    found = read(page, "/", "wordpress")
    assert found.next == []
    assert "/?p=2" in paths(found)


def test_the_nearest_page_comes_first() -> None:
    assert read(links("/page/165", "/page/3", "/page/2"), "/").next == [
        "/page/2",
        "/page/3",
        "/page/165",
    ]


@pytest.mark.parametrize(
    "button",
    [
        '<button class="load-more" data-url="/news?page=2">Тағы</button>',
        '<div data-next-page-url="https://gazet.kz/news?page=2"></div>',
        '<a href="#" hx-get="/news?page=2">Тағы</a>',
        '<button data-url="/news?page=" data-next-page="2">Тағы</button>',
        '<button data-url="/news?page={page}" data-page="2">Тағы</button>',
        '<link rel="next" href="/news?page=2">',
    ],
)
def test_buttons_that_load_more(button: str) -> None:
    assert read(f"<title>x</title>{button}", "/news").next == ["/news?page=2"]


def test_a_fragment_goes_on_by_counting() -> None:
    fragment = f'<div class="zmainCard_item"><a href="/qogam/6400123-mektep.html"><div>{T1}</div></a></div>'
    found = read(fragment, "/news/?handler=LoadMoreNews&p=2&type=list")
    assert paths(found) == ["/qogam/6400123-mektep.html"]
    assert found.next == ["/news/?handler=LoadMoreNews&p=3&type=list"]
    assert read("", "/news/?handler=LoadMoreNews&p=9&type=list").next == []
    # A whole page without a link to the next one is the last.
    assert read("<title>x</title>" + fragment, "/news/?page=2").next == []


def test_profiles_decide_what_is_an_article() -> None:
    page = f"""<title>x</title><nav><a href="/post/7">Қар</a><a href="/blog/6">Су</a></nav>
    <h2><a href="/2022/12/24/mektep-ashyldy-erten">{T1}</a></h2><a href="/post/8?page=2">2</a>"""
    assert paths(read(page, article=[r"^/post/\d+"])) == ["/post/7"]
    assert "/post/7" not in paths(read(page, exclude=["^/post/"]))
    hidden = read('<title>x</title><nav><a href="/qupiya/">Құпия</a><a href="/qogam/">Қоғам</a></nav>',
                  exclude=["^/qupiya/"])  # fmt: skip
    assert hidden.sections == ["/qogam/"]


def test_sections_of_the_menu_come_first_and_pages_about_the_paper_never() -> None:
    page = f"""<title>x</title><div class="post"><a rel="category" href="/category/sport/">Спорт</a>
    <a rel="tag" href="/tag/dopp/">доп</a><a href="/author/aijan/">Айжан</a>
    <h2><a href="/mektep-ashyldy-erten/">{T1}</a></h2></div>
    <div id="main-menu"><a href="/qogam/">Қоғам</a><a href="/auyl-sharuashylygy-men-onerkasip/">Ауыл
    шаруашылығы</a><a href="/kontakty/">Байланыс</a><a href="/zharnama">Жарнама</a><a href="/wp-login.php">Кіру</a>
    <a href="/login">Кіру</a><a href="/?s=тараз">Іздеу</a><a href="/feed/">RSS</a><a href="/logo.png">Лого</a>
    <a href="/logout">Шығу</a><a href="mailto:a@gazet.kz">Хат</a><a href="/en/">En</a></div>
    <ul class="archive"><li><a href="/2022/12/">Желтоқсан 2022</a></li><li><a href="/2022/11/">Қараша 2022</a></li>
    </ul>"""
    found = read(page)
    assert paths(found) == ["/mektep-ashyldy-erten/"]
    assert found.sections == [
        "/qogam/",
        "/auyl-sharuashylygy-men-onerkasip/",
        "/en/",
        "/category/sport/",
        "/2022/12/",
    ]
    assert [url.removeprefix(ROOT) for url in sections(Page(page, ROOT))] == found.sections


def test_a_section_is_known_by_what_stands_below_it() -> None:
    articles = "".join(
        f'<h2><a href="/jergilikti-jerler-oqigalary/{n}">{T1} {n}</a></h2>' for n in "abc"
    )
    found = read(
        f'<title>x</title><h2><a href="/jergilikti-jerler-oqigalary/">{T2}</a></h2>{articles}'
    )
    assert found.sections == ["/jergilikti-jerler-oqigalary/"]
    assert len(found.articles) == 3


def test_a_menu_of_titles_is_a_list() -> None:
    items = "".join(
        f'<li><a href="/{slug}/">{title}</a></li>' for slug, title in (("a", T1), ("b", T2))
    )
    assert paths(read(f'<title>x</title><nav class="menu">{items}</nav>')) == ["/a/", "/b/"]


def test_dates_are_those_of_the_card() -> None:
    page = f"""<title>x</title><body><div class="header">Бейсенбі, 22 қараша 2026</div>
    <ul><li><a href="/news/301">{T1}</a> <span>Аймақтар • Бүгін, 09:15</span> <i>385 рет оқылды</i></li>
    <li><a href="/news/302">{T2}</a></li><li data-unixtime="1671885605"><a href="/news/303">{T3}</a></li>
    <li><a href="/news/304">2022 жылғы 24 желтоқсан қалай өтті, не болды, кім келді, кім кетті</a></li></ul>"""
    assert dates(read(page)) == ["Бүгін, 09:15", None, "1671885605", None]


def test_traps_are_not_followed() -> None:
    page = f"""<title>x</title><h2><a href="/news/1">{T1}</a></h2><p><a href="/delete?id=1">жою</a>
    <a href="/calendar/2031/07">шілде</a> <a href="/a/a/a/">ары</a> <a href="/f?sort=1&cat=2&year=3">іріктеу</a>
    <a href="http://169.254.169.254/latest/">x</a> <a href="file:///etc/passwd">x</a> <a href="data:,x">x</a>
    <a href="{"/x" * 2000}">x</a> <a href="http://[broken">x</a> <a href="/news?sort=views">Танымал</a></p>"""
    found = read(page, "/news")
    assert paths(found) == ["/news/1"]
    assert found.next == found.sections == []


def test_applications_carry_their_articles_as_json() -> None:
    data = {"props": {"news": [{"title": T1, "url": "/news/mektep-9", "publishedAt": "2022-12-24"}],
            "menu": [{"title": "Қоғам", "url": "/qogam"}]}}  # fmt: skip
    page = f'<title>x</title><div id="app"></div><script type="application/json">{json.dumps(data)}</script>'
    found = read(page)
    assert paths(found) == ["/news/mektep-9"]
    assert dates(found) == ["2022-12-24"]


# --- JSON ----------------------------------------------------------------------------------------


def read_json(value: object, path: str = "/api/news?page=1", **more: str) -> Listing:
    found = parse_json_listing(json.dumps(value).encode(), ROOT + path, **more)
    assert found is not None
    return relative(found)


def test_json_addresses_titles_and_dates() -> None:
    found = read_json(
        {
            "data": [
                {"id": 5, "title": T1, "url": "/qogam/5-mektep", "created_at": "2022-12-24 18:40:00",
                 "category": {"title": "Қоғам", "url": "/qogam"}},
                {"id": 4, "name": T2, "link": "https://gazet.kz/4-oraq?utm_source=x", "updated_at": 1671885605},
                {"id": 3, "title": {"rendered": T3}, "href": "3-jas"},
                {"id": 2, "title": "жоқ"},
                {"url": "/atausyz"},
                "басқа",
            ],
            "categories": [{"title": "Қоғам", "url": "/qogam"}],
            "site": {"title": "Газет", "url": "/"},
        }
    )  # fmt: skip
    assert paths(found) == ["/qogam/5-mektep", "/4-oraq", "/3-jas"]
    assert dates(found) == ["2022-12-24 18:40:00", None, None]
    assert found.articles[1].changed == "1671885605"


def test_json_slugs_are_put_into_the_address_of_the_profile() -> None:
    value = [{"id": 5, "title": T1, "alias": "mektep"}, {"title": T2, "alias": "idsyz"}]
    assert paths(read_json(value)) == ["/mektep", "/idsyz"]
    assert paths(read_json(value, address="/article/{id}-{slug}")) == ["/article/5-mektep"]


def test_json_with_html() -> None:
    html = f'<div class="item"><a href="/qogam/51-mektep">{T1}</a></div><a class="more" href="?page=3">Тағы</a>'
    found = read_json({"status": True, "html": html}, "/ajax/news?page=2")
    assert paths(found) == ["/qogam/51-mektep"]
    assert found.next == ["/ajax/news?page=3"]


ITEMS = [{"title": T1, "url": "/n/1"}, {"title": T2, "url": "/n/2"}]


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("/api?page=1", {}, ["/api?page=2"]),
        ("/api?page=3", {"next_page_url": "/api?page=4"}, ["/api?page=4"]),
        ("/api", {"links": {"next": "https://gazet.kz/api?page=2"}}, ["/api?page=2"]),
        ("/api", {"next": "https://basqa.kz/api?page=2"}, []),
        ("/api?page=3", {"meta": {"current_page": 3, "last_page": 3}}, []),
        ("/api?page=2", {"has_more": False}, []),
        ("/api?count=30&offset=60", {}, ["/api?count=30&offset=90"]),
        ("/api?offset=60", {}, ["/api?offset=62"]),
        ("/api?q=&page=2&limit=10", {"total_pages": 9}, ["/api?limit=10&page=3&q="]),
        ("/api/latest", {}, []),
    ],
)
def test_json_pages(path: str, said: dict[str, object], expected: list[str]) -> None:
    assert read_json({"items": ITEMS, **said}, path).next == expected


def test_an_empty_json_page_is_the_last() -> None:
    assert read_json({"data": []}, "/api?page=7") == Listing()


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    assert parse_json_listing(body, ROOT) is None


# --- anything ------------------------------------------------------------------------------------

SNIPPETS = st.sampled_from(
    ["<a href='", "'>", "</a>", "/news/1", "?page=2", "/page/3/", "<nav>", "</nav>", "<div class='item'>",
     "Келесі", T1, "<h2>", "http://[", "<base href='//x'>", "%d0%", "<time datetime='2022'>", "&p=5", "\x00",
     "<script type='application/json'>", '[{"title":"a","url":"/b"}]', "</script>", "data-url='/x?page='"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(SNIPPETS | st.text(max_size=8), max_size=30),
    st.sampled_from(["/", "/news?page=2", "/x"]),
)
def test_never_raises(parts: list[str], path: str) -> None:
    found = read("".join(parts), path)
    assert all(entry.url.startswith(ROOT) for entry in found.articles)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["/n/1", "http://[", "<a href='/n/2'>қар жауды</a>", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from("title url slug next page last_page has_more data html".split()), inner),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_json_never_raises(value: object) -> None:
    found = parse_json_listing(json.dumps(value).encode(), ROOT + "/api?page=2", "/a/{slug}")
    for entry in found.articles if found else []:
        entry.url.encode()
        (entry.date or "").encode()
