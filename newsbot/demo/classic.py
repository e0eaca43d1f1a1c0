"""The theme of the example newspaper before its redesign: boxes, printed dates, no structured data.

It holds the usual traps for an extractor: today's date and other articles' dates stand before the
article's own, paragraphs may be parted by line breaks, readers' comments look like paragraphs.
"""

from html import escape

from newsbot.demo.articles import SECTIONS, Article, Block
from newsbot.demo.markup import (
    NAME,
    TELEGRAM,
    TOWN,
    WEEKDAYS,
    Site,
    cells,
    lines,
    link,
    printed,
    printed_day,
    style,
    tag_path,
)

_STYLE = style("classic")


def article_page(site: Site, article: Article) -> str:
    """The whole page of one article."""
    section = SECTIONS[article.section]
    title = escape(article.title)
    info = [
        f'<a href="/{article.section}/">{section}</a>',
        printed(article.published),
        f"Автор: {escape(', '.join(article.authors))}",
        f"{article.views} рет көрсетілді",
        f'<a href="#comments">Пікір: {len(article.comments)}</a>',
    ]
    tags = ", ".join(f'<a href="{tag_path(t)}">{escape(t)}</a>' for t in article.tags)
    related = lines(f"<li>{link(a)}</li>" for a in site.related(article))
    return f"""<!DOCTYPE html>
<html lang="kk">
<head>
<meta charset="utf-8">
<title>{title} » {NAME}</title>
<meta name="description" content="{NAME} – {TOWN} қаласының қоғамдық-саяси газеті">
<link rel="alternate" type="application/rss+xml" title="{NAME}" href="/feed/">
{_STYLE}
</head>
<body>
{_header(site)}
<div id="wrap">
{_sidebar(site)}
<div id="content">
<div class="speedbar"><a href="/">Басты бет</a> » <a href="/{article.section}/">{section}</a> » \
{title}</div>
<div class="full-story">
<h1 class="story-title">{title}</h1>
<div class="story-info">{" | ".join(info)}</div>
<div class="entry-content">
{_body(site, article)}
</div>
<div class="story-tags">Тегтер: {tags}</div>
<div class="share">Бөлісу: <a href="{TELEGRAM}">Telegram</a> <a href="#">Басып шығару</a></div>
<div class="related"><h3>Тағы оқыңыз</h3>
<ul>
{related}
</ul></div>
{_comments(article)}
</div>
</div>
</div>
{_footer(site)}
</body>
</html>
"""


def _header(site: Site) -> str:
    menu = "".join(f'<li><a href="/{path}/">{name}</a></li>' for path, name in SECTIONS.items())
    weekday = WEEKDAYS[site.today.weekday()]
    return f"""<div id="top">Бүгін: {weekday}, {printed_day(site.today)}
<span>{TOWN}: +4 °C</span> <span>USD 481 | EUR 523</span></div>
<div id="logo"><a href="/">{NAME}</a><br><small>{TOWN} қаласының газеті</small></div>
<ul id="menu"><li><a href="/">Басты бет</a></li>{menu}</ul>"""


def _sidebar(site: Site) -> str:
    latest = lines(f"<li><i>{printed(a.published)}</i><br>{link(a)}</li>" for a in site.latest(5))
    popular = lines(f"<li>{link(a)}</li>" for a in site.popular(5))
    return f"""<div id="left">
<div class="block"><h4>Соңғы жаңалықтар</h4>
<ul>
{latest}
</ul></div>
<div class="block"><h4>Ең көп оқылған</h4>
<ul>
{popular}
</ul></div>
<div class="block banner">- Жарнама -</div>
</div>"""


def _body(site: Site, article: Article) -> str:
    if article.breaks:  # one run of text, as the old editor stored it
        return "<br>\n<br>\n".join(line for block in article.blocks for line in block.lines)
    return lines(_block(site, article, block) for block in article.blocks)


def _block(site: Site, article: Article, block: Block) -> str:
    first, *rest = block.lines or ("",)
    match block.kind:
        case "heading":
            return f"<h3>{first}</h3>"
        case "list":
            return "<ul>" + lines(f"<li>{line}</li>" for line in block.lines) + "</ul>"
        case "quote":
            return lines(f"<blockquote><p>{line}</p></blockquote>" for line in block.lines)
        case "verse":
            return f'<p class="verse">{"<br>".join(block.lines)}</p>'
        case "table":
            rows = cells(first, "th") + "".join(cells(row, "td") for row in rest)
            return f'<table border="1" cellspacing="0" cellpadding="4">{rows}</table>'
        case "photo":
            return f"""<div class="photo"><img src="{article.picture}" alt="" width="560"><br>
<span class="photo-caption">{first}</span></div>"""
        case "also":
            links = "; ".join(link(site.article(int(number))) for number in block.lines)
            return f"<p><strong>Оқи отырыңыз:</strong> {links}</p>"
        case "ad":
            return '<div class="banner">- Жарнама -</div>'
        case "telegram":
            return f"""<p><em>Біздің <a href="{TELEGRAM}">Telegram арнамызға</a> жазылып, \
жаңалықтарды бірінші болып оқыңыз!</em></p>"""
        case _:
            return f"<p>{first}</p>"


def _comments(article: Article) -> str:
    comments = lines(
        f"""<div class="comment"><b>{escape(c.author)}</b> <i>{printed(c.at)}</i>
<p>{escape(c.text)}</p></div>"""
        for c in article.comments
    )
    return f"""<div id="comments"><h3>Пікірлер ({len(article.comments)})</h3>
{comments}
<h3>Пікір қосу</h3>
<form method="post" action="#comments"><input name="name" placeholder="Атыңыз"><br>
<textarea name="text" rows="4" placeholder="Пікіріңіз"></textarea><br>
<button>Жіберу</button></form></div>"""


def _footer(site: Site) -> str:
    return f"""<div id="footer">© 2016–{site.today.year} «{NAME}».
<a href="/about/">Газет туралы</a>. Сайттағы материалдарды пайдаланғанда газетке сілтеме жасау
міндетті. Барлық құқықтар қорғалған.</div>"""
