"""The whole example newspaper as values: articles in, a `Page` for every path out.

Pure: the same origin, articles and day give the same bytes. The server only looks paths up.
"""

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from html import escape

from newsbot.demo import classic, modern
from newsbot.demo.articles import SECTIONS, ZONE, Article
from newsbot.demo.markup import NAME, TOWN, Site, excerpt, lines, tag_path

PER_PAGE = 10
IN_FEED = 20
NOT_FOUND = "/404.html"

_HTML = "text/html; charset=utf-8"
_XML = "application/xml; charset=utf-8"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class Page:
    """One response: status, headers (all but Date, Server and Content-Length) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def render_site(
    origin: str, articles: Iterable[Article], *, today: date | None = None
) -> dict[str, Page]:
    """Every page of the newspaper, by percent-encoded path.

    `origin` is scheme, host and port without a slash at the end. `today` is printed in the header
    of the old theme; without it, the day of the newest article. `NOT_FOUND` is the page for every
    other path.
    """
    ordered = tuple(sorted(articles, key=lambda a: a.published, reverse=True))
    newest = max(a.modified for a in ordered)
    site = Site(origin, ordered, today or newest.date())
    # Old pages print the day, so they change at midnight; the rest changes with the newest text.
    midnight = max(newest, datetime.combine(site.today, time.min, ZONE))

    pages = {path: _page(text, newest) for path, text in _texts(site)}
    for article in ordered:
        if article.classic:
            pages[article.path] = _page(classic.article_page(site, article), midnight)
        else:
            pages[article.path] = _page(modern.article_page(site, article), newest)
        if article.picture:
            svg = _picture(article)
            pages[article.picture] = _page(svg, article.published, "image/svg+xml")
        for alias in article.aliases:
            pages[alias] = Page(301, {"Location": origin + article.path}, b"")
    pages["/feed/"] = _page(_feed(site), newest, "application/rss+xml; charset=utf-8")
    pages["/robots.txt"] = _page(_robots(origin), newest, "text/plain; charset=utf-8")
    for path, text in _sitemaps(site):
        packed = path.endswith(".gz")
        body = gzip.compress(text.encode(), mtime=0) if packed else text
        pages[path] = _page(body, newest, "application/gzip" if packed else _XML)
    lost = modern.page(site, "Бет табылмады", "<h1>404</h1>\n<p>Мұндай бет жоқ.</p>")
    pages[NOT_FOUND] = Page(404, {"Content-Type": _HTML}, lost.encode())
    return pages


def _page(body: str | bytes, modified: datetime, content_type: str = _HTML) -> Page:
    body = body.encode() if isinstance(body, str) else body
    return Page(
        200,
        {
            "Content-Type": content_type,
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:24]}"',
            "Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True),
        },
        body,
    )


def _texts(site: Site) -> Iterator[tuple[str, str]]:
    """The HTML pages that are no articles."""
    draft = "/admin/preview/1/"
    preview = f'<p class="editor">Редакцияға: <a href="{draft}">жарияланбаған мақала</a></p>'
    yield from _listing(site, "Соңғы жаңалықтар", site.articles, "/", preview)
    for path, name in SECTIONS.items():
        chosen = [a for a in site.articles if a.section == path]
        yield from _listing(site, name, chosen, f"/{path}/")
    for tag in sorted({tag for a in site.articles for tag in a.tags}):
        chosen = [a for a in site.articles if tag in a.tags]
        yield from _listing(site, f"#{tag}", chosen, tag_path(tag))
    about = f"""<h1>Газет туралы</h1>
<p>«{NAME}» – {TOWN} қаласының ойдан шығарылған газеті. Ол newsbot бағдарламасын көрсету және \
сынау үшін жазылған: мұндағы қала, адамдар мен оқиғалардың бәрі қиялдан туған.</p>
<p>The newspaper, its town, its people and its news are invented.</p>"""
    yield "/about/", modern.page(site, "Газет туралы", about)
    yield "/search", modern.page(site, "Іздеу", "<h1>Іздеу</h1>\n<p>Ештеңе табылмады.</p>")
    # Looks like an article on purpose: a crawler that obeys robots.txt never sees it.
    unpublished = """<article class="post"><h1>Жарияланбаған мақала</h1>
<time datetime="2026-06-05T09:00:00+05:00">5 маусым 2026, 09:00</time>
<div class="post-body"><p>Бұл мәтін әлі тексерілген жоқ, сондықтан оны ешкім оқымауы керек.</p>
<p>Егер сіз мұны мұрағаттан көріп тұрсаңыз, бағдарлама robots.txt ережесін бұзған.</p></div>
</article>"""
    yield draft, modern.page(site, "Жарияланбаған мақала", unpublished)


def _listing(
    site: Site, heading: str, articles: Sequence[Article], base: str, extra: str = ""
) -> Iterator[tuple[str, str]]:
    count = -(-len(articles) // PER_PAGE)
    for number in range(1, count + 1):
        part = articles[(number - 1) * PER_PAGE : number * PER_PAGE]
        note = extra if number == 1 else ""
        text = modern.listing(
            site, heading, part, base=base, number=number, count=count, extra=note
        )
        yield modern.listing_path(base, number), text


def _feed(site: Site) -> str:
    items = lines(
        f"""<item>
<title>{escape(a.title)}</title>
<link>{site.origin}{a.path}</link>
<guid isPermaLink="true">{site.origin}{a.path}</guid>
<pubDate>{format_datetime(a.published)}</pubDate>
{lines(f"<dc:creator>{escape(name)}</dc:creator>" for name in a.authors)}
<category>{SECTIONS[a.section]}</category>
<description>{escape(excerpt(a))}</description>
</item>"""
        for a in site.latest(IN_FEED)
    )
    return f"""{_PROLOGUE}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>{NAME}</title>
<link>{site.origin}/</link>
<atom:link href="{site.origin}/feed/" rel="self" type="application/rss+xml"/>
<description>{TOWN} қаласының жаңалықтары</description>
<language>kk</language>
{items}
</channel>
</rss>
"""


def _sitemaps(site: Site) -> Iterator[tuple[str, str]]:
    old, new = "/sitemap-classic.xml", "/sitemap-modern.xml.gz"
    index = lines(f"<sitemap><loc>{site.origin}{path}</loc></sitemap>" for path in (old, new))
    yield (
        "/sitemap.xml",
        f'{_PROLOGUE}<sitemapindex xmlns="{_SITEMAPS}">\n{index}\n</sitemapindex>\n',
    )
    for path in (old, new):
        entries = [
            f"<url><loc>{site.origin}{a.path}</loc><lastmod>{a.modified.isoformat()}</lastmod></url>"
            for a in site.articles
            if a.classic == (path == old)
        ]
        if path == new:
            entries.append(f"<url><loc>{site.origin}/about/</loc></url>")
        yield path, f'{_PROLOGUE}<urlset xmlns="{_SITEMAPS}">\n{lines(entries)}\n</urlset>\n'


def _robots(origin: str) -> str:
    return f"""User-agent: *
Disallow: /admin/
Disallow: /search

Sitemap: {origin}/sitemap.xml
"""


def _picture(article: Article) -> str:
    """A drawn steppe in place of a photograph, its colours and hills those of the article's id."""
    hue = article.id * 47 % 360
    hill = 200 + article.id % 7 * 12
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 405">
<rect width="720" height="405" fill="hsl({hue} 45% 82%)"/>
<circle cx="{90 + article.id % 11 * 50}" cy="90" r="42" fill="hsl(45 90% 70%)"/>
<path d="M0 {hill} L160 120 L300 {hill} L470 90 L720 {hill} V405 H0Z" fill="hsl({hue} 25% 55%)"/>
<path d="M0 300 Q200 250 400 300 T720 290 V405 H0Z" fill="hsl(90 35% 45%)"/>
</svg>
"""
