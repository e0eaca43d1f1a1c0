"""An archive whose pages were read with worse rules than today's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import Exchange
from archive.store import Store
from newsbot.profiles import Site, load_site
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.reading import read
from tests.archive.building import HOME, SITE, START

ONE = f"{HOME}1/"
TEXT = [
    "Ауылға таза су келді, құбырдың ұзындығы он екі шақырым болды. Оны жергілікті мамандар тартты.",
    "Жұмыс екі ай бұрын басталған еді. Енді жүз отыз үйдің тұрғындары таза суға қол жеткізді.",
    "Келесі жылы құбыр көрші ауылға дейін ұзартылады, оған қаржы бөлінді.",
]
HEAD = {"Content-Type": "text/html; charset=utf-8"}
OLD = "0-old"
"""A rules version that is not today's."""
Rules = Callable[[Article], object]


def profile(folder: Path, more: str = "") -> dict[str, Site]:
    """The paper's profile, as the program reads it; `more` is TOML at its end."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{SITE['id']}.toml"
    path.write_text(f'name = "Ақбұлақ"\nurl = "{HOME}"\nfamily = "wordpress"\n{more}', "utf-8")
    site = load_site(path)
    return {site.id: site}


def page(
    paragraphs: list[str] | None = None, title: str = "Ауылға су келді", more: str = ""
) -> bytes:
    """An article as a plain WordPress theme prints it."""
    body = "".join(f"<p>{p}</p>" for p in (TEXT if paragraphs is None else paragraphs))
    return (
        f'<html lang="kk"><head><title>{title}</title></head><body class="single single-post">'
        f'<article class="post hentry"><h1 class="entry-title">{title}</h1>'
        '<time class="entry-date published" datetime="2022-05-17T09:00:00+05:00">17.05</time>'
        '<span class="author vcard"><a class="fn">Асан Үсенов</a></span>'
        f'<div class="entry-content">{body}</div>{more}<a href="/tag/su" rel="tag">су</a></article></body></html>'
    ).encode()


NOT_FOUND = (
    "<html><head><title>404</title></head><body><h1>Бет табылмады</h1></body></html>".encode()
)


def dull(article: Article) -> None:
    """Rules of old: the author and the tags are missing, and a line too many is in the text."""
    article.authors, article.tags = [], []
    article.text += "\n\nFacebook Twitter WhatsApp"


def refuse(article: Article) -> None:
    """Rules of old that take the page of an article for none."""
    article.is_article, article.reason = False, "no_title"


def remember(
    store: Store,
    body: bytes,
    url: str = ONE,
    *,
    hours: float = 0,
    rules: Rules | None = dull,
    also: list[tuple[str, int, bytes]] | None = None,
    **how: Any,
) -> str:
    """A visit: the page that came, `also` further exchanges of it, read with `rules` of old."""
    site = profile(store.folder.parent / "sites")[str(SITE["id"])]
    store.save_site(SITE)
    at = START + timedelta(hours=hours)
    builder = VisitBuilder(site, url)
    for number, (address, status, content) in enumerate([(url, 200, body), *(also or [])]):
        capture = store.captures(site.id).write(
            address,
            status,
            HEAD.items(),
            content,
            at + timedelta(seconds=2 * number),
            concurrent_to=builder.first_record,
            **how,
        )
        exchange = Exchange(address, capture.fetched_at, status, list(HEAD.items()), content)
        reading = read(exchange, site)
        if rules and reading.article:
            rules(reading.article)
        builder.add(exchange, capture, reading)
    visit = builder.build()
    if rules:
        visit.rules = OLD
    return store.record(visit)
