"""The theme of the example newspaper since its redesign: semantic HTML with JSON-LD and Open Graph.

It also prints the listings and the other pages. Its traps: views with a no-break space, a share
bar and a subscription line inside the body, related stories with dates of their own.
"""

import json
from collections.abc import Sequence
from html import escape

from newsbot.demo.articles import SECTIONS, Article, Block
from newsbot.demo.markup import (
    NAME,
    TELEGRAM,
    TOWN,
    Site,
    cells,
    excerpt,
    lines,
    link,
    printed,
    style,
    tag_path,
)

_STYLE = style("modern")
_SHARE = f"""<ul class="share-bar" aria-label="Бөлісу"><li><a href="{TELEGRAM}">Telegram</a></li>
<li><a href="#">Сілтемені көшіру</a></li></ul>"""


def article_page(site: Site, article: Article) -> str:
    """The whole page of one article."""
    title = escape(article.title)
    updated = (
        f'<span class="updated">Жаңартылды: <time datetime="{article.updated.isoformat()}">'
        f"{printed(article.updated)}</time></span>"
        if article.updated
        else ""
    )
    authors = ", ".join(f'<span class="author">{escape(name)}</span>' for name in article.authors)
    views = f"{article.views:,}".replace(",", "\u00a0")
    tags = " ".join(f'<a rel="tag" href="{tag_path(t)}">#{escape(t)}</a>' for t in article.tags)
    body = lines(_block(site, article, block) for block in article.blocks)
    main = f"""<article class="post">
<header class="post-header">
<nav class="crumbs"><a href="/">Басты бет</a> / <a href="/{article.section}/">\
{SECTIONS[article.section]}</a></nav>
<h1>{title}</h1>
<div class="byline">{authors} <time datetime="{article.published.isoformat()}">\
{printed(article.published)}</time> {updated}
<span class="views">{views} рет оқылды</span>
<a class="comment-count" href="#pikirler">{len(article.comments)} пікір</a></div>
{_SHARE}
</header>
<div class="post-body">
{body}
</div>
<footer class="post-footer"><div class="tags">{tags}</div>
{_SHARE}</footer>
</article>
{_related(site, article)}
{_comments(article)}"""
    return page(site, article.title, main, head=_metadata(site, article), language=article.language)


def page(site: Site, title: str, main: str, *, head: str = "", language: str = "kk") -> str:
    """A page of this theme around `main`, which is HTML; `title` is plain text."""
    menu = " ".join(f'<a href="/{path}/">{name}</a>' for path, name in SECTIONS.items())
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – {NAME}</title>
<link rel="alternate" type="application/rss+xml" title="{NAME}" href="/feed/">
{head}
{_STYLE}
</head>
<body>
<header class="masthead"><a class="name" href="/">{NAME}</a>
<p>{TOWN} қаласы мен Ақбұлақ ауданының газеті</p>
<nav>{menu}</nav>
<form class="search" action="/search"><input name="q" placeholder="Іздеу"></form></header>
<main>
{main}
</main>
<footer class="site-footer"><p>© 2016–{site.today.year} «{NAME}».
<a href="/about/">Газет туралы</a>. <a href="/feed/">RSS</a>.
Материалдарды көшіріп басқанда сілтеме міндетті.</p></footer>
</body>
</html>
"""


def listing(
    site: Site,
    heading: str,
    articles: Sequence[Article],
    *,
    base: str,
    number: int,
    count: int,
    extra: str = "",
) -> str:
    """Page `number` of `count` of a list whose first page is at `base`; `extra` is HTML."""
    cards = lines(
        f"""<section class="card"><a class="kicker" href="/{a.section}/">{SECTIONS[a.section]}</a>
<h2>{link(a)}</h2>
<p>{escape(excerpt(a))} <a class="more" href="{a.path}">Толығырақ</a></p>
<time datetime="{a.published.isoformat()}">{printed(a.published)}</time></section>"""
        for a in articles
    )
    pages = " ".join(
        f"<b>{n}</b>" if n == number else f'<a href="{listing_path(base, n)}">{n}</a>'
        for n in range(1, count + 1)
    )
    main = f"""<h1 class="listing">{escape(heading)}</h1>
{extra}
{cards}
<nav class="pages">{pages}</nav>"""
    return page(site, heading, main)


def listing_path(base: str, number: int) -> str:
    """The path of a listing's page; the first one is the listing itself."""
    return base if number == 1 else f"{base}page/{number}/"


def _metadata(site: Site, article: Article) -> str:
    url = site.origin + article.path
    title, description = escape(article.title), escape(excerpt(article))
    image = site.origin + article.picture if article.picture else None
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": url,
        "headline": article.title,
        "description": excerpt(article),
        "datePublished": article.published.isoformat(),
        "dateModified": article.modified.isoformat(),
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "publisher": {"@type": "NewsMediaOrganization", "name": NAME},
        "articleSection": SECTIONS[article.section],
        "keywords": list(article.tags),
        "inLanguage": article.language,
        "commentCount": len(article.comments),
    } | ({"image": image} if image else {})
    # "<" is escaped so that no text can end the script element.
    ld = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return lines(
        [
            f'<link rel="canonical" href="{url}">',
            f'<meta name="description" content="{description}">',
            '<meta property="og:type" content="article">',
            f'<meta property="og:site_name" content="{NAME}">',
            f'<meta property="og:title" content="{title}">',
            f'<meta property="og:url" content="{url}">',
            f'<meta property="og:image" content="{image}">' if image else "",
            f'<meta property="article:published_time" content="{article.published.isoformat()}">',
            f'<script type="application/ld+json">{ld}</script>',
        ]
    )


def _block(site: Site, article: Article, block: Block) -> str:
    first, *rest = block.lines or ("",)
    match block.kind:
        case "heading":
            return f"<h2>{first}</h2>"
        case "list":
            return "<ul>\n" + lines(f"<li>{line}</li>" for line in block.lines) + "\n</ul>"
        case "quote":
            return "<blockquote>" + lines(f"<p>{x}</p>" for x in block.lines) + "</blockquote>"
        case "verse":
            return f'<p class="verse">{"<br>".join(block.lines)}</p>'
        case "table":
            body = lines(cells(row, "td") for row in rest)
            return f"<table><thead>{cells(first, 'th')}</thead><tbody>{body}</tbody></table>"
        case "photo":
            return f"""<figure><img src="{article.picture}" alt="" width="720" height="405">
<figcaption>{first}</figcaption></figure>"""
        case "also":
            items = lines(f"<li>{link(site.article(int(n)))}</li>" for n in block.lines)
            return f'<div class="read-also"><p>Оқи отырыңыз:</p><ul>\n{items}\n</ul></div>'
        case "ad":
            return '<div class="ad-slot"><small>Жарнама</small></div>'
        case "telegram":
            return f"""<p class="subscribe">Жаңалықтарды бірінші біліңіз: біздің \
<a href="{TELEGRAM}">Telegram арнамызға</a> жазылыңыз!</p>"""
        case _:
            return f"<p>{first}</p>"


def _related(site: Site, article: Article) -> str:
    items = lines(
        f"""<li>{link(a)}
<time datetime="{a.published.isoformat()}">{printed(a.published)}</time></li>"""
        for a in site.related(article)
    )
    return f'<aside class="related"><h2>Ұқсас жаңалықтар</h2><ul>\n{items}\n</ul></aside>'


def _comments(article: Article) -> str:
    comments = lines(
        f"""<li><cite>{escape(c.author)}</cite> <time datetime="{c.at.isoformat()}">{printed(c.at)}\
</time>
<p>{escape(c.text)}</p></li>"""
        for c in article.comments
    )
    return f"""<section class="comments" id="pikirler"><h2>{len(article.comments)} пікір</h2>
<ol>
{comments}
</ol>
<form method="post" action="#pikirler"><label>Пікір қосу <textarea name="text"></textarea></label>
<button>Жіберу</button></form></section>"""
