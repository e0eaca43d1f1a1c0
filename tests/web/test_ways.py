"""Three ways through the room, as docs/room.md tells them: an archivist's, a researcher's, an operator's; and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from archive.store.stories import link
from newsbot.demo.articles import Block, expected, load_articles
from newsbot.demo.render import render_site
from tests.archive.building import HOME, Paper, article, open_paper
from tests.web.conftest import Page, shot
from tests.web.rooms import serving

ORIGIN = HOME.rstrip("/")
MOST = 4
"""Clicks that a way may take."""
ARTICLES = sorted(load_articles(), key=lambda one: one.published)
EDITED = ARTICLES[-1]


def look(paper: Paper, articles: list[Any], only: Callable[[Any], bool] = lambda _: True) -> None:
    """Visit the articles of the example newspaper, as its pages are today."""
    pages = render_site(ORIGIN, articles)
    for one, known in zip(articles, expected(ORIGIN, articles), strict=True):
        if only(one):
            url, text = known.pop("url"), "\n\n".join(known.pop("paragraphs"))
            capture = paper.capture(url, pages[one.path].body)
            sources = dict.fromkeys(("title", "text", "published", "authors", "tags"), "layout")
            paper.visit(
                url,
                article(url, text=text, layout="aqbulaq/modern", sources=sources, **known),
                captures=[capture],
            )


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example newspaper, of which an article was edited and one is gone, and a silent one that reprints it."""
    folder = tmp_path_factory.mktemp("ways") / "data"
    paper = open_paper(folder)
    look(paper, ARTICLES)
    paper.store.finish_crawl(paper.crawl, paper.now, "finished", len(ARTICLES))
    other = Paper(paper.store, "zhetisu")
    site = {"id": "zhetisu", "name": "Жетісу үні", "url": "https://zhetisu.example/"}
    paper.store.save_site({"region": "jetisu", "language": "kk", "timezone": "Asia/Almaty", **site})
    for one in sorted(ARTICLES, key=lambda one: len(" ".join(one.paragraphs)))[-6:]:
        url, text = f"https://zhetisu.example/{one.id}", "\n\n".join(one.paragraphs[:-1])
        day = f"{one.published:%Y-%m-%d}"
        other.visit(url, article(url, text=text, title=one.title, site="zhetisu", published=day))
    paper.store.finish_crawl(other.crawl, paper.now, "finished", 6)
    gone = ORIGIN + ARTICLES[-2].path
    for _ in range(2):
        paper.later(days=1).begin()
        paper.visit(gone, None, "missing")
    blocks = (
        EDITED.blocks[0],
        Block("text", ("Мерекеге ауыл тұрғындары жиналды.",)),
        *EDITED.blocks[2:],
    )
    edited = replace(EDITED, title=f"{EDITED.title} – толықтырылды", blocks=blocks)
    look(paper, [*ARTICLES[:-1], edited], lambda one: one is edited)
    paper.store.finish_crawl(paper.crawl, paper.now, "finished", 1)
    link(paper.store)
    with paper.store.transaction() as c:
        c.execute(
            "INSERT INTO events (site, kind, began_at, evidence) VALUES ('zhetisu', 'silent', "
            '\'2026-11-20T00:00:00Z\', \'{"newest": "2026-03-15", "days": 252, "longest": 30}\')'
        )
    paper.store.close()
    with serving(folder) as url:
        yield url


class Reader:
    """Somebody who opens the front page and clicks."""

    def __init__(self, page: Page, room: str) -> None:
        self.page, self.clicks = page, 0
        page.goto(room)

    def click(self, name: str, within: str = "body", picture: str = "") -> None:
        self.clicks += 1
        before = self.page.url
        self.page.locator(within).get_by_role("link", name=name).or_(
            self.page.locator(within).get_by_role("button", name=name)
        ).first.click()
        self.page.wait_for_url(lambda url: url != before)
        assert self.clicks <= MOST
        assert self.page.seen.violations == self.page.seen.errors == []
        if picture:
            shot(self.page, picture)


def test_three_ways_of_at_most_four_clicks(open_page: Callable[..., Page], room: str) -> None:
    # An archivist who was told of an edited article: of today's, then of one by its address.
    archivist = Reader(open_page(), room)
    shot(archivist.page, "front")
    archivist.click("What changed in:", "main", "revisions")
    assert "толықтырылды" in archivist.page.locator("ins").first.inner_text()
    archivist.click("page of revision 1", "main", "page")
    assert "sha1:" in archivist.page.locator(".proof").inner_text()
    saved = archivist.page.get_by_role("link", name="Save it as WARC").get_attribute("href")
    assert httpx.get(room + saved).content[:2] == b"\x1f\x8b"

    archivist = Reader(open_page(), room)
    archivist.page.fill("#find", ORIGIN + EDITED.path)
    archivist.click("Search", "header")
    archivist.click("The article of this address", "main", "article")
    archivist.click("2 revisions", "main")
    archivist.click("page of revision 1", "main")

    # A researcher who follows one topic over years, from its first article to who reprinted it.
    researcher = Reader(open_page(), room)
    researcher.page.fill("#find", "су")
    researcher.click("Search", "header", "search")
    researcher.click("oldest first", "main")
    dates = researcher.page.locator(".results time").evaluate_all("all => all.map(t => t.dateTime)")
    assert dates == sorted(dates) and dates[0][:4] < dates[-1][:4]
    name = researcher.page.locator(".results li:has-text('Жетісу үні') a").first.inner_text()
    researcher.click(name, ".results")
    assert researcher.page.locator(".citation").inner_text()
    researcher.click("articles tell this story", "main")
    assert researcher.page.locator("tbody tr").count() == 2

    # An operator at nine in the morning: what is wrong, since when, and what was found last.
    operator = Reader(open_page(), room)
    operator.click("Health", "header", "health")
    first = operator.page.locator("tbody tr").first
    assert "Жетісу үні" in first.inner_text() and "252" in first.inner_text()
    operator.click("Жетісу үні", "tbody")
    operator.click("newsbot", "header")
    operator.click("Ақбұлақ тынысы", ".regions", "newspaper")
