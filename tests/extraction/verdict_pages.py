"""Small pages of our own, with the marks of many engines, for `test_verdict.py`."""

from dataclasses import dataclass

SITE = "https://gazet.example"
P1 = "Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат жолдаған еді."
P2 = "Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді, жоба дайын тұр."
P3 = "Көпір салынған соң мектеп автобусы қырық шақырым айналмай, тура жолмен жүретін болады."
P4 = "Мердігер компания жазға дейін тіректерін орнатып, күзде қозғалысты ашпақ."
PROSE = "".join(f"<p>{p}</p>" for p in (P1, P2, P3, P4))
HEADS = (
    "Ақсу ауылында жаңа көпір салынады",
    "Мектеп оқушылары бес жүз тал екті",
    "Кітапхана таңғы сегізден ашылады",
    "Егіншілер күзгі жиынды аяқтады",
    "Жас палуан алтын медаль алды",
    "Өзен жағасы қоқыстан тазарды",
)
TITLE = HEADS[0]
MENU = (
    "<header><a href='/'>Сыр үні</a><nav><ul><li><a href='/qogam/'>Қоғам</a></li><li><a href='/sport/'>Спорт</a></li>"
    "<li><a href='/about/'>Газет туралы</a></li></ul></nav></header>"
)
FOOT = (
    "<footer><p>© 2024 «Сыр үні» газеті. Материалдарды пайдаланғанда сілтеме міндетті.</p></footer>"
)
DATE = "<time datetime='2024-05-14T09:30:00+05:00'>14 мамыр 2024, 09:30</time>"
BYLINE = "<span class='author'>Айгүл Сейітова</span>"


@dataclass(frozen=True)
class Sample:
    """One page, and the reasons for which it may be refused."""

    name: str
    path: str
    body: str
    title: str = TITLE
    head: str = ""
    reasons: tuple[str, ...] = ("listing",)
    css_class: str = ""
    """Of the page's body."""

    @property
    def url(self) -> str:
        return SITE + self.path

    @property
    def html(self) -> str:
        head = f"<meta charset=utf-8><title>{self.title}</title>{self.head}"
        return f"<!doctype html><html lang=kk><head>{head}</head><body class='{self.css_class}'>{MENU}{self.body}{FOOT}</body></html>"


def og(kind: str = "article") -> str:
    return f"<meta property='og:type' content='{kind}'>"


def links(count: int = 6) -> list[tuple[str, str]]:
    return [(f"/2024/05/{n + 10}/{n}-maqala-turaly/", HEADS[n]) for n in range(count)]


def teasers(make: str, count: int = 6) -> str:
    """`make` with {url}, {head}, {text}, {day} for each of some articles."""
    texts = (P1, P2, P3, P4, P2, P3)
    return "".join(
        make.format(url=url, head=head, text=texts[n], day=f"{n + 10} мамыр 2024")
        for n, (url, head) in enumerate(links(count))
    )


RELATED = (
    "<div class='related'><h3>Оқи отырыңыз</h3>"
    + teasers(
        "<div class='item'><h4><a href='{url}'>{head}</a></h4><p>{text}</p></div>", 4
    ).replace(TITLE, "Балабақшада ашық есік күні өтті")
    + "</div>"
)

NEWS_LD = (
    f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{TITLE}", "datePublished": '
    '"2024-05-14T09:30:00+05:00", "author": {"@type": "Person", "name": "Айгүл Сейітова"}}</script>'
)

LATEST = (
    "<div class='last'><h3>Соңғы жаңалықтар</h3><ul>"
    + teasers("<li>{day} <a href='{url}'>{head}</a></li>")
    + "</ul></div>"
)

ARTICLES = [
    Sample("short-notice", "/news/4711", f"<h1>{TITLE}</h1>{DATE}<p>{P1}</p>{RELATED}", head=og()),
    Sample(
        "short-notice-undeclared",
        "/news/4711.html",
        f"<div class=c><h1>{TITLE}</h1><span class=date>14.05.2024 09:30</span><p>{P1} {P2}</p></div>",
    ),
    Sample(
        "two-paragraphs-signed",
        "/kopir",
        f"<article><h1>{TITLE}</h1>{BYLINE}{DATE}<div><p>{P1}</p><p>{P2}</p></div></article>",
    ),
    Sample(
        "undated-under-h2",
        "/news/2024/kopir.html",
        f"<div id=main><h2>{TITLE}</h2><div class=c>{PROSE}</div></div>",
    ),
    Sample(
        "photo-report",
        "/2024/05/14/foto/",
        f"<article><h1>Облыс орталығында Наурыз тойы өтті (фото)</h1>{DATE}"
        + "".join(
            f"<figure><img src='/{n}.jpg'><figcaption>Алаңдағы мереке, {n}-сурет</figcaption></figure>"
            for n in range(8)
        )
        + "<p>Суреттерді түсірген Асан Қалиев.</p></article>",
        "Облыс орталығында Наурыз тойы өтті (фото)",
        og(),
    ),
    Sample(
        "video-only",
        "/2024/05/14/video/",
        f"<article><h1>Аудан әкімі тұрғындардың сұрақтарына жауап берді</h1>{DATE}{BYLINE}<iframe src='https://www.youtube.com/embed/x'></iframe></article>",
        "Аудан әкімі тұрғындардың сұрақтарына жауап берді",
        og("video.other")
        + "<meta property='article:published_time' content='2024-05-14T09:30:00+05:00'>",
    ),
    Sample(
        "interview",
        "/suhbat/1207-kopir.html",
        f"<h1>Асан Қалиев: «Көпір – елдің тілегі»</h1>{DATE}<div>"
        + "".join(
            f"<p><b>– {q}</b></p><p>– {a}</p>"
            for q, a in ((P1[:-1] + "?", P2), (P3[:-1] + "?", P4), (P2[:-1] + "?", P1))
        )
        + "</div>",
        "Асан Қалиев: «Көпір – елдің тілегі»",
    ),
    Sample(
        "poem",
        "/2024/05/14/olen/",
        f"<article><h1>Туған жер туралы өлең</h1>{BYLINE}{DATE}<p>"
        + "<br>".join(
            [
                "Көктем келсе көгереді дала да,",
                "Гүл жайнайды ауылда да, қалада.",
                "Туған жердің әр тасы да ыстық-ау,",
                "Сағынып кеп құшақ жайған балаға.",
            ]
            * 3
        )
        + "</p></article>",
        "Туған жер туралы өлең",
    ),
    Sample(
        "obituary",
        "/news/5120",
        f"<h1>Ардагер ұстаз Болат Тәженов өмірден озды</h1><div class=date>14.05.2024</div><p>{P1}</p><p>Аудан ұжымы марқұмның отбасына көңіл айтады.</p>",
        "Ардагер ұстаз Болат Тәженов өмірден озды",
    ),
    Sample(
        "winners-with-links",
        "/2024/05/14/jengimpazdar/",
        f"<h1>Облыстық байқаудың жеңімпаздары анықталды</h1>{DATE}{BYLINE}<p>{P1}</p><ul>"
        + "".join(
            f"<li><a href='/school/{n}/'>№{n} мектеп-гимназия оқушысы Асан Қалиев, {n}-сынып</a></li>"
            for n in range(1, 9)
        )
        + f"</ul><p>{P2}</p>",
        "Облыстық байқаудың жеңімпаздары анықталды",
        og(),
    ),
    Sample(
        "digest-of-the-week",
        "/2024/05/14/apta-sholu-turaly/",
        f"<article><h1>Аптаның ең маңызды алты жаңалығы: шолу</h1>{BYLINE}{DATE}<p>{P1} {P2}</p>"
        + teasers("<h3><a href='{url}'>{head}</a></h3><p>{text}</p>", 3)
        + "</article>",
        "Аптаның ең маңызды алты жаңалығы: шолу",
        og()
        + '<script type=\'application/ld+json\'>{"@type":"NewsArticle","headline":"Аптаның ең маңызды алты жаңалығы: шолу","datePublished":"2024-05-14T09:30:00+05:00"}</script>',
    ),
    Sample(
        "boxes-of-other-articles",
        "/2024/05/14/kopir/",
        f"<article><h1>{TITLE}</h1>{DATE}<div class=t>"
        + "".join(
            f"<p>{p}</p><div class=box><h4><a href='{u}'>{h}</a></h4></div>"
            for p, (u, h) in zip((P1, P2, P3, P4), links(5)[1:], strict=True)
        )
        + "</div></article>",
    ),
    Sample(
        "headline-links-to-itself",
        "/2024/05/14/kopir/",
        f"<article><h2><a href='/2024/05/14/kopir/'>{TITLE}</a></h2><p class=date>14.05.2024</p>{PROSE}</article>",
    ),
    Sample(
        "about-in-the-headline",
        "/2024/05/14/zan/",
        f"<h1>Депутаттар жаңа заң туралы</h1>{DATE}<div>{PROSE}</div>",
        "Депутаттар жаңа заң туралы",
    ),
    Sample(
        "numbered-address-below-a-section",
        "/category/qogam/18234-kopir-salynady",
        f"<h1>{TITLE}</h1>{DATE}{BYLINE}<div>{PROSE}</div>",
    ),
    Sample("bare-number-of-a-year", "/2003/", f"<h1>{TITLE}</h1>{DATE}{BYLINE}<div>{PROSE}</div>"),
    Sample(
        "login-block-in-the-margin",
        "/kopir",
        f"<main><h1>{TITLE}</h1>{DATE}<p>{P1}</p><p>{P2}</p></main><div class=sidebar><h2>Кіру</h2><form><input type=password></form></div>",
        head=og(),
    ),
    Sample(
        "search-box-in-the-header",
        "/2024/05/14/kopir/",
        f"<form action='/search'><input type=search name=q></form><h1>{TITLE}</h1>{DATE}<p>{P1}</p><p>{P2}</p>",
    ),
    Sample(
        "archive-in-the-headline",
        "/news/812",
        f"<h1>Мұрағат: облыстың елу жылы</h1>{DATE}<p>{P1}</p><p>{P2}</p>",
        "Мұрағат: облыстың елу жылы",
        og(),
    ),
    Sample(
        "russian-warning",
        "/ru/news/9921-preduprezhdenie",
        f"<h1>Доступ ограничен: в горах закрыли дорогу</h1>{DATE}<p>Спасатели закрыли дорогу к озеру из-за угрозы схода лавин.</p><p>Ограничения продлятся до конца недели, сообщили в департаменте.</p>",
        "Доступ ограничен: в горах закрыли дорогу",
        og(),
    ),
    Sample(
        "pages-of-comments",
        "/2024/05/14/kopir/",
        f"<article><h1>{TITLE}</h1>{DATE}{PROSE}</article><div class=pagination><a href='?cpage=1'>1</a><a href='?cpage=2'>2</a></div>",
    ),
    Sample(
        "body-in-many-divs",
        "/kopir-salynady-aqsu",
        f"<h1>{TITLE}</h1>{DATE}"
        + "".join(f"<div class='text-block'><p>{p}</p></div>" for p in (P1, P2, P3, P4)),
    ),
    Sample(
        "arabic-script",
        "/2024/05/14/kopir-tote/",
        "<h1>اقسۋ اۋىلىندا جاڭا كوپىر سالىنادى</h1>"
        + DATE
        + "<p>اۋىل تۇرعىندارى بيىل ەسكى كوپىردىڭ ورنىنا جاڭاسىن سالۋدى سۇراپ، اۋدان اكىمدىگىنە حات جولداعان ەدى.</p><p>قۇرىلىس باسقارماسىنىڭ ايتۋىنشا، جۇمىسقا كەرەك قارجى كەلەسى توقساندا بولىنەدى.</p>",
        "اقسۋ اۋىلىندا جاڭا كوپىر سالىنادى",
    ),
    # Signs of the family that mean something else on a page which declares itself.
    Sample(
        "body-named-page",
        "/2024/05/14/kopir/",
        f"<article><h1>{TITLE}</h1><div class=c>{PROSE}</div></article>",
        head="<link rel=stylesheet href='/wp-content/x.css'>" + NEWS_LD,
        css_class="page",
    ),
    Sample(
        "drupal-login-block",
        "/kopir",
        f"<article class='node node--view-mode-full'><h1>{TITLE}</h1><div class='field--name-body'>{PROSE}</div></article><div class='block block-user'><h2>Кіру</h2><form id='user-login-form'><input type=password></form></div>",
        head="<meta name=Generator content='Drupal 9'>" + NEWS_LD,
    ),
    Sample(
        "links-in-the-text-and-to-more",
        "/2024/05/14/kopir/",
        f"<article><h1>{TITLE}</h1><div><p>{P1}</p><p>Бұл туралы <a href='/a'>аудандық әкімдіктің баспасөз хабарламасында</a> айтылған.</p><div class=ins><p>{P2}</p><a href='/b'>Көпірдің жобасы былтыр қалай дайындалды</a></div><div class=ins><p>{P3}</p><a href='/c'>Жол басқармасы түсіндірме берді</a></div></div></article>",
        head=NEWS_LD,
    ),
    Sample(
        "galleries-in-the-text",
        "/2024/05/14/kopir/",
        f"<main><h1>{TITLE}</h1><div class=body><p>{P1}</p>"
        + "".join(
            f"<div class=gallery><p>{p}</p><a href='/foto/{n}/'>Суреттерді толық көру: {h}</a></div>"
            for n, (p, h) in enumerate(zip((P2, P3, P4), HEADS[1:4], strict=True))
        )
        + "</div></main>",
        head=NEWS_LD,
    ),
    Sample(
        "pictures-only",
        "/foto/nauryz-toiy-qalai-otti",
        f"<article><header><h1>Наурыз тойы қалай өтті: фоторепортаж</h1></header><footer class='post-info'>{DATE}</footer>"
        + "".join(f"<figure><img src='/{n}.jpg'></figure>" for n in range(6))
        + "</article>",
        "Наурыз тойы қалай өтті: фоторепортаж",
    ),
    Sample(
        "pictures-that-lead-to-larger-ones",
        "/qogam/nauryz-toiy-otti-foto",
        "<div class=item-page><h2>Наурыз тойынан көрініс</h2><dd class=published>22 наурыз 2024</dd>"
        + "".join(f"<a href='/images/{n}.jpg'><img src='/images/t{n}.jpg'></a>" for n in range(6))
        + "</div>",
        "Наурыз тойынан көрініс",
    ),
    Sample(
        "film-beside-a-list-of-films",
        "/video/kopir-salynady-aqsuda",
        f"<h1>{TITLE}</h1><div class=d>14.05.2024</div><iframe src='https://www.youtube.com/embed/x'></iframe><div class=other><h3>Басқа видеолар</h3>"
        + teasers("<div><a href='{url}'><img src='/a.jpg'>{head}</a></div>", 6)
        + "</div>",
    ),
    Sample(
        "age-in-years-for-a-date",
        "/habar/kopir",
        f"<div class=main><h1>{TITLE}</h1><div class=meta><span>5 жыл бұрын</span> · <a href='/c/q/'>Қоғам</a></div><p>{P1}</p></div>{LATEST}",
    ),
    Sample(
        "table-of-results",
        "/sport/kubok-natijeleri-2024",
        f"<h1>Облыс кубогының нәтижелері белгілі болды</h1>{DATE}<table>"
        + "".join(f"<tr><td>{n}</td><td>Ақсу – Шиелі</td><td>{n}:1</td></tr>" for n in range(1, 10))
        + "</table>",
        "Облыс кубогының нәтижелері белгілі болды",
    ),
    Sample(
        "chronicle-under-linked-hours",
        "/2024/05/14/tasqyn-online/",
        f"<h1>Су тасқыны: онлайн хроника</h1>{DATE}"
        + "".join(
            f"<div class=upd><h3><a href='#p{n}'>{h}</a></h3><p>{P1}</p></div>"
            for n, h in enumerate(HEADS)
        ),
        "Су тасқыны: онлайн хроника",
    ),
    Sample(
        "numbers-for-a-text",
        "/2024/05/14/apta-sandary/",
        f"<h1>Апта сандарда: облыс өмірінен бес дерек</h1>{DATE}<h3>120</h3><p>шақырым жол жөнделді</p><h3>7</h3><p>мектеп ашылды</p><h3>45</h3><p>отбасы баспаналы болды</p>",
        "Апта сандарда: облыс өмірінен бес дерек",
    ),
]

LIST_LD = '<script type=\'application/ld+json\'>{"@type":"CollectionPage","name":"Қоғам"}</script>'
ABOUT = "<p>«Сыр үні» газеті 1931 жылдан бері шығады, ауданның тұрмысын жазады.</p><p>Редакцияда жеті адам еңбек етеді.</p><p>Мекенжайы: Қызылорда облысы, Абай көшесі, 5-үй, телефон 8 (724) 11-22-33.</p>"
MINIMA = "<li><span class='post-meta'>{day}</span><h3><a class='post-link' href='{url}'>{head}</a></h3><p>{text}</p></li>"
WP = "<article class='post hentry'><header class='entry-header'><h2 class='entry-title'><a href='{url}'>{head}</a></h2><div class='entry-meta'><time datetime='2024-05-14'>{day}</time></div></header><div class='entry-content'><p>{text}</p><a href='{url}#more'>Толығырақ оқу</a></div></article>"
FULL = (
    "<article><header><h2><a href='{url}'>{head}</a></h2><p class='meta'>{day}, <a href='/authors/aigul/'>Айгүл Сейітова</a></p></header><div>"
    + PROSE
    + "</div></article>"
)

TODAY = "<div class='top'><span class='date'>27 қараша 2026, жұма</span><span>Бүгін: 312 оқырман</span></div>"
OLD = "<div class='n'><b><a href='{url}'>{head}</a></b><br>{text} <i>{day}, қаралды: 120</i></div>"
TABLE = "<tr><td><img src='/x.jpg'></td><td><a href='{url}'><b>{head}</b></a><br>{day}<br>{text}</td></tr>"
BARE = "<a href='{url}'>{head}</a><div class='anons'>{text}</div><small>{day}</small>"

OTHERS = [
    Sample(
        "nikola-front",
        "/index-1.html",
        "<main>"
        + teasers(
            "<article class='h-entry'><header><h1 class='p-name'><a href='{url}'>{head}</a></h1><p class='dateline'><time datetime='2024-05-14'>{day}</time></p></header><div class='p-summary'><p>{text}</p></div></article>"
        )
        + "</main>",
        "Сыр үні (old posts, page 1)",
        og("website"),
    ),
    Sample(
        "nikola-tag",
        "/categories/qogam/",
        "<h1>Posts about Қоғам</h1><ul class='postlist'>"
        + teasers("<li><time>{day}</time> <a href='{url}' class='listtitle'>{head}</a></li>")
        + "</ul>",
        "Posts about Қоғам | Сыр үні",
    ),
    Sample(
        "nikola-year",
        "/2024/index.html",
        "<h1>Posts from 2024</h1><ul>"
        + teasers("<li>{day} <a href='{url}'>{head}</a></li>")
        + "</ul>",
        "Posts from 2024",
    ),
    Sample(
        "pelican-category",
        "/category/qogam.html",
        "<section id='content'>"
        + teasers(
            "<article><h2><a href='{url}'>{head}</a></h2><div class='published'>{day}</div><p>{text}</p></article>"
        )
        + "</section>",
        "Сыр үні - Қоғам",
    ),
    Sample(
        "pelican-author-one",
        "/author/aigul-seiitova.html",
        "<section>"
        + teasers(
            "<article><h2><a href='{url}'>{head}</a></h2><footer>{day} By <a href='/author/aigul-seiitova.html'>Айгүл Сейітова</a></footer><p>{text}</p></article>",
            1,
        )
        + "</section>",
        "Сыр үні - Articles by Айгүл Сейітова",
    ),
    Sample(
        "pelican-archives",
        "/archives.html",
        "<h1>Archives for Сыр үні</h1><dl>"
        + teasers("<dt>{day}</dt><dd><a href='{url}'>{head}</a></dd>")
        + "</dl>",
        "Сыр үні - Archives",
    ),
    Sample(
        "pelican-about",
        "/pages/about.html",
        f"<article><h1>About</h1>{ABOUT}</article>",
        "About",
        reasons=("static_page",),
    ),
    Sample(
        "puput-category",
        "/blog/category/qogam/",
        "<h1>Қоғам</h1>"
        + teasers(
            "<h2><a href='{url}'>{head}</a></h2><h6 class='post-meta'>Posted by: <a href='/blog/author/a/'>Айгүл Сейітова</a> in <a href='/blog/category/qogam/'>Қоғам және мәдениет</a> 1 week ago</h6><p>{text}</p><p><a href='{url}'>read more</a> / <a href='{url}#comments'>2 comments</a></p>"
        ),
        "Қоғам | Газет",
    ),
    Sample(
        "puput-month",
        "/blog/2024/05/",
        teasers(
            "<h2><a href='{url}'>{head}</a></h2><h6 class='post-meta'>{day}</h6><p>{text}</p>", 2
        ),
        "Blog | Газет",
    ),
    Sample(
        "puput-search",
        "/blog/search/?q=көпір",
        "<h1>Search: көпір</h1>" + teasers("<h2><a href='{url}'>{head}</a></h2><p>{text}</p>", 1),
        "Blog",
        reasons=("search", "listing"),
    ),
    Sample(
        "jekyll-home",
        "/page2/",
        f"<div class='home'><ul class='post-list'>{teasers(MINIMA)}</ul></div>",
        "Сыр үні",
    ),
    Sample(
        "jekyll-about",
        "/about/",
        f"<article class='post'><header><h1 class='post-title'>Біз туралы</h1></header><div class='post-content'>{ABOUT}</div></article>",
        "Біз туралы",
        og(),
        reasons=("static_page",),
    ),
    Sample(
        "hugo-section",
        "/posts/",
        f"<main class=main><header><h1>Posts</h1></header>{teasers('<article class=post-entry><header><h2>{head}</h2></header><div class=entry-content><p>{text}</p></div><footer>{day}</footer><a class=entry-link aria-label=post href={url}></a></article>')}</main>",
        "Posts | Сыр үні",
        og("website"),
    ),
    Sample(
        "hugo-tag-one",
        "/tags/kopir/",
        "<main><h1>Көпір</h1>"
        + teasers(
            "<article><h2><a href='{url}'>{head}</a></h2><time>{day}</time><p>{text}</p></article>",
            1,
        )
        + "</main>",
        "Көпір",
        og("website"),
    ),
    Sample(
        "hugo-terms",
        "/tags/",
        "<main><h1>Tags</h1><ul>"
        + "".join(f"<li><a href='/tags/t{n}/'>тег {n} <sup>{n}</sup></a></li>" for n in range(30))
        + "</ul></main>",
        "Tags",
        reasons=("listing", "no_text"),
    ),
    Sample(
        "hugo-contacts-declared",
        "/contact/",
        f"<main><article><h1>Байланыс</h1>{ABOUT}</article></main>",
        "Байланыс",
        og() + "<meta property='article:published_time' content='2020-01-01T00:00:00Z'>",
        reasons=("static_page",),
    ),
    Sample(
        "eleventy-list",
        "/blog/",
        "<h1>Жаңалықтар</h1><ol class='postlist'>"
        + teasers(
            "<li class='postlist-item'><a href='{url}' class='postlist-link'>{head}</a> <time>{day}</time></li>"
        )
        + "</ol>",
        "Жаңалықтар",
    ),
    Sample(
        "hexo-archives",
        "/archives/2024/05/",
        "<div class='article-sort'>"
        + teasers(
            "<div class='article-sort-item'><time>{day}</time><a class='article-sort-item__title' href='{url}'>{head}</a></div>"
        )
        + "</div>",
        "Archives | Сыр үні",
    ),
    Sample(
        "hexo-front-excerpts",
        "/page/3/",
        teasers(
            "<div class='recent-post-item'><div class='recent-post-info'><a class='article-title' href='{url}'>{head}</a><div class='article-meta-wrap'><time>{day}</time></div><div class='content'>{text}</div></div></div>"
        ),
        "Сыр үні",
        og("website"),
    ),
    Sample(
        "wordpress-category-full-text",
        "/qogam/",
        f"<h1>Қоғам</h1><main>{teasers(FULL, 4)}</main>",
        "Қоғам – Сыр үні",
    ),
    Sample(
        "wordpress-theme-tag",
        "/tag/kopir/",
        f"<h1>Тег: көпір</h1>{teasers(WP)}",
        "көпір – Сыр үні",
        og(),
    ),
    Sample(
        "wordpress-author",
        "/author/aigul/page/2/",
        f"<h1>Айгүл Сейітова</h1>{teasers(WP, 3)}",
        "Айгүл Сейітова – Сыр үні",
    ),
    Sample(
        "wordpress-section-declared",
        "/qogam/",
        f"<h1>Қоғам</h1><p>Айдарда ауданның тұрмысы, тұрғындардың тілегі жазылады.</p>{teasers(WP)}",
        "Қоғам – Сыр үні",
        og() + LIST_LD,
    ),
    Sample(
        "section-of-one-teaser", "/sport/", f"<main><h1>Спорт</h1>{teasers(WP, 1)}</main>", "Спорт"
    ),
    Sample(
        "section-of-two-long-excerpts",
        "/madeniet/",
        "<h1>Мәдениет</h1>"
        + "".join(
            f"<div class=item><h3><a href='{u}'>{h}</a></h3><p>{P1} {P2} {P3} {P4}</p></div>"
            for u, h in links(2)
        ),
        "Мәдениет",
    ),
    Sample(
        "section-of-cards",
        "/qogam",
        teasers("<a class='card' href='{url}'><h3>{head}</h3><p>{text}</p><span>{day}</span></a>"),
        "Қоғам",
    ),
    Sample(
        "section-of-links",
        "/qogam",
        "<h1>Қоғам</h1><ul>" + teasers("<li><a href='{url}'>{head}</a></li>") + "</ul>",
        "Қоғам",
    ),
    Sample(
        "joomla-blog",
        "/qogam?start=10",
        "<h1>Қоғам</h1>"
        + teasers(
            "<div class='item'><h2 itemprop='name'><a href='{url}'>{head}</a></h2><dl class='article-info'><dd>{day}</dd></dl><p>{text}</p><p class='readmore'><a href='{url}'>Толығырақ...</a></p></div>"
        ),
        "Қоғам",
    ),
    Sample(
        "joomla-table",
        "/index.php/qogam",
        "<h1>Қоғам</h1><table class='category'>"
        + teasers(
            "<tr><td class='list-title'><a href='{url}'>{head}</a></td><td>{day}</td><td>Айгүл Сейітова</td></tr>"
        )
        + "</table>",
        "Қоғам",
    ),
    Sample(
        "joomla-search",
        "/component/search/?searchword=көпір",
        "<h1>Іздеу</h1><form><input name=searchword value='көпір'></form>"
        + teasers("<dt><a href='{url}'>{head}</a></dt><dd>{text}</dd>"),
        "Іздеу",
        reasons=("search", "listing"),
    ),
    Sample(
        "dle-month",
        "/2024/05/",
        teasers(
            "<div class='short'><h2><a href='{url}'>{head}</a></h2><div>{text}</div><div>{day}</div></div>"
        ),
        "Материалы за Май 2024 года",
    ),
    Sample(
        "dle-user",
        "/user/aigul/",
        "<h1>Пользователь: aigul</h1><p>Тіркелген күні: 14.05.2020</p><p>Жарияланымдары: 120, пікірлері: 4</p>",
        "aigul",
        reasons=("listing", "no_text", "static_page"),
    ),
    Sample(
        "dle-register",
        "/index.php?do=register",
        "<h1>Тіркелу</h1><form><input name=name><input type=password name=p1><input type=password name=p2></form>",
        "Тіркелу",
        reasons=("login",),
    ),
    Sample(
        "bitrix-section",
        "/news/?PAGEN_1=3",
        "<h1>Жаңалықтар</h1><div class='news-list'>"
        + teasers(
            "<p class='news-item'><span class='news-date-time'>{day}</span> <a href='{url}'><b>{head}</b></a><br>{text}</p>"
        )
        + "</div>",
        "Жаңалықтар",
    ),
    Sample(
        "bitrix-search",
        "/search/?q=көпір",
        "<h1>Іздеу</h1>" + teasers("<a href='{url}'>{head}</a><p>{text}</p>"),
        "Іздеу",
        reasons=("search", "listing"),
    ),
    Sample(
        "calendar",
        "/2024/05/14/",
        teasers("<h3><a href='{url}'>{head}</a></h3>{text}", 3),
        "14 мамыр 2024",
    ),
    Sample(
        "login",
        "/user/login",
        "<h1>Жүйеге кіру</h1><form><input name=u><input type=password></form>",
        "Жүйеге кіру",
        reasons=("login",),
    ),
    Sample(
        "not-found-with-latest",
        "/2024/05/14/zhoq/",
        "<h1>404</h1><p>Кешіріңіз, сіз іздеген бет табылмады.</p><h2>Соңғы жаңалықтар</h2>"
        + teasers("<div><h4><a href='{url}'>{head}</a></h4></div>"),
        "Бет табылмады – Сыр үні",
        reasons=("not_found",),
    ),
    Sample(
        "not-found-russian",
        "/2024/05/14/net/",
        "<h1>Страница не найдена</h1><p>К сожалению, такой страницы нет. Вернитесь на главную или воспользуйтесь поиском.</p>",
        "Страница не найдена",
        reasons=("not_found",),
    ),
    Sample(
        "advertising",
        "/zharnama/",
        "<h1>Жарнама</h1><p>Газетке жарнама беру бағасы: бір шаршы сантиметрі 500 теңге.</p><p>Алдын ала төлем жасалады, телефон 8 (724) 11-22-33.</p><p>Бағалар 2024 жылғы 1 қаңтардан бастап күшінде.</p>",
        "Жарнама",
        reasons=("static_page",),
    ),
    Sample(
        "privacy",
        "/privacy-policy/",
        f"<h1>Құпиялылық саясаты</h1>{PROSE}{PROSE}{PROSE}{PROSE}{PROSE}",
        "Құпиялылық саясаты",
        reasons=("static_page",),
    ),
    Sample(
        "team",
        "/redaktsiya",
        "<h1>Редакция</h1><ul><li>Бас редактор – Асан Қалиев</li><li>Тілші – Айгүл Сейітова</li><li>Фототілші – Болат Тәженов</li></ul><p>Байланыс телефоны: 8 (724) 11-22-33, пошта: gazet@gazet.example.</p>",
        "Редакция",
        reasons=("static_page", "no_text"),
    ),
    Sample("front", "/", f"<h1>Сыр үні</h1>{teasers(WP)}", "Сыр үні"),
    Sample("front-of-an-edition", "/ru/", f"<h1>Сыр үні</h1>{teasers(WP, 2)}", "Сыр үні"),
    Sample(
        "empty-section",
        "/sport/",
        "<h1>Спорт</h1><p>Бұл айдарда әзірге жазбалар жоқ.</p>",
        "Спорт",
        reasons=("listing", "no_text"),
    ),
    # Old engines print today's date, a counter and «last news» around everything.
    Sample(
        "contacts-under-todays-date",
        "/static/12",
        f"{TODAY}<h1>Байланыс</h1>{ABOUT}{LATEST}",
        "Байланыс",
        reasons=("static_page",),
    ),
    Sample(
        "about-under-todays-date",
        "/index.php?page=about",
        f"{TODAY}<h2>Газет туралы</h2>{ABOUT}{ABOUT}{LATEST}",
        "Газет туралы – Сыр үні",
        reasons=("static_page",),
    ),
    Sample(
        "rules-under-todays-date",
        "/pages/5",
        f"{TODAY}<h1>Сайт материалдарын пайдалану ережелері</h1>{ABOUT}{PROSE}{LATEST}",
        "Сайт материалдарын пайдалану ережелері",
        reasons=("static_page", "listing"),
    ),
    Sample(
        "subscription",
        "/gazetke-jazylu",
        f"{TODAY}<h1>Газетке жазылу</h1><p>Газетіміздің индексі 65432, жарты жылдық бағасы 3000 теңге.</p><p>Қазпошта бөлімшелерінің бәрінде жазылуға болады.</p>",
        "Газетке жазылу",
        reasons=("static_page",),
    ),
    Sample(
        "issues-in-pdf",
        "/gazet-muragaty/",
        f"{TODAY}<h1>Газет мұрағаты</h1><ul>"
        + "".join(
            f"<li><a href='/files/2024-{n:02}.pdf'>№{n} (10{n:02}) 14 мамыр 2024 жыл</a></li>"
            for n in range(1, 20)
        )
        + "</ul>",
        "Газет мұрағаты",
        reasons=("listing", "no_text"),
    ),
    Sample(
        "gallery-of-albums",
        "/gallery",
        f"{TODAY}<h1>Фотогалерея</h1>"
        + "".join(
            f"<div><a href='/gallery/{n}'><img src='/{n}.jpg'><span>{head}</span></a></div>"
            for n, head in enumerate(HEADS)
        ),
        "Фотогалерея",
        reasons=("listing", "no_text"),
    ),
    Sample(
        "list-under-todays-date",
        "/qogam",
        f"{TODAY}<h1>Қоғам</h1>{teasers(OLD)}",
        "Қоғам – Сыр үні",
    ),
    Sample(
        "table-of-news",
        "/index.php?cat=3",
        f"{TODAY}<table>{teasers(TABLE)}</table>",
        "Сыр үні газеті",
    ),
    Sample(
        "list-without-headings",
        "/jańalyqtar/",
        f"{TODAY}<div class='b'>{teasers(BARE)}</div>",
        "Сыр үні",
        reasons=("listing", "no_title"),
    ),
    Sample("front-of-a-script", "/lat/", f"{TODAY}{teasers(OLD)}", "Syr úni"),
    Sample(
        "nothing-found",
        "/?s=абв",
        f"{TODAY}<h1>«абв» бойынша іздеу нәтижелері</h1><p>Кешіріңіз, ештеңе табылмады.</p>{LATEST}",
        "Іздеу",
        reasons=("search",),
    ),
    Sample(
        "maintenance",
        "/2024/05/14/kopir/",
        "<h1>Сайтта техникалық жұмыстар жүргізілуде</h1><p>Біраздан соң қайта кіріңіз.</p>",
        "Сыр үні",
        reasons=("error",),
    ),
    Sample(
        "headlines-without-links",
        "/qogam.html",
        "<div id=content><h1>Қоғам</h1>"
        + teasers(
            "<h2>{head}</h2><div class=meta>{day}</div><p>{text} <a href='{url}'>Толық оқу</a></p>"
        )
        + "</div>",
        "Қоғам",
    ),
    Sample(
        "rows-that-a-script-opens",
        "/aimaq",
        "<div class=list>"
        + teasers(
            "<div class=row data-href='{url}'><b>{head}</b><p>{text}</p><span>{day}</span></div>"
        )
        + "</div>",
        "Аймақ",
        reasons=("listing", "static_page"),
    ),
    Sample(
        "condolences-each-under-its-day",
        "/qaraly",
        "<h1>Көңіл айту</h1>"
        + "".join(
            f"<div class=cond><p>{w} ұжымы {n} туыстарына қайғылы қазаға байланысты көңіл айтады.</p><span>{d}.05.2024</span></div>"
            for w, n, d in (
                ("№5 мектеп", "Асан Қалиевтің", 13),
                ("Кітапхана", "Болат Тәженовтің", 14),
                ("Су шаруашылығы", "Сәуле Ержанованың", 16),
                ("Аудандық аурухана", "Марат Оспановтың", 17),
            )
        ),
        "Көңіл айту",
        reasons=("listing", "static_page"),
    ),
    Sample(
        "rates-of-the-day",
        "/bagam",
        "<h1>Валюта бағамы</h1><p>14.05.2024</p><table><tr><td>USD</td><td>441,5</td></tr><tr><td>EUR</td><td>476,2</td></tr></table><p>Қазақстан Ұлттық Банкінің ресми бағамы. Айырбастау пункттерінің бағасы бөлек болуы мүмкін, жедел ақпаратты банктерден біліңіз.</p>",
        "Валюта бағамы",
        reasons=("static_page", "listing"),
    ),
    Sample(
        "team-in-blocks",
        "/komanda",
        "<div class='t-records'><div class='t-title'>Біздің команда</div><div class='t-text'>Біз – жас журналистермен толыққан шағын редакциямыз.</div><div class='t-name'>Асан Қалиев</div><div class='t-descr'>Бас редактор</div><div class='t-name'>Айгүл Сейітова</div><div class='t-descr'>Тілші</div></div>",
        "Біздің команда",
        "<link rel=stylesheet href='https://static.tildacdn.com/css/tilda-grid-3.0.min.css'>",
        reasons=("static_page", "listing", "no_text"),
    ),
    Sample(
        "whole-texts-that-the-layout-knows",
        "/index-3.html",
        teasers(
            "<article class='h-entry post-text'><header><h1 class='p-name'><a href='{url}'>{head}</a></h1><span class='p-author'>Айгүл Сейітова</span> <time class='dt-published' datetime='2024-05-14'>{day}</time></header><div class='e-content'>"
            + PROSE
            + "</div></article>"
        ),
        "Сыр үні (3)",
    ),
    Sample(
        "films-without-a-headline",
        "/video",
        "<h1>Видео</h1><div class=player><iframe src='https://www.youtube.com/embed/x'></iframe></div>"
        + teasers(
            "<div class=v><a href='{url}'><img src='/a.jpg'><span>{head}</span></a><i>{day}</i></div>"
        ),
        "Видео",
        reasons=("listing", "no_text"),
    ),
]
