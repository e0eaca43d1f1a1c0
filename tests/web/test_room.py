"""The room as a whole: who is let in, what is refused, and with which headers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.archive.building import HOME, article, open_paper
from tests.web.conftest import Page, axe
from tests.web.rooms import serving


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("room") / "data"
    paper = open_paper(folder)
    paper.visit(
        f"{HOME}1",
        article(f"{HOME}1", title="Су тасқыны", text="Су тасқынынан көпір шайылып кетті."),
    )
    paper.store.close()
    with serving(folder) as url:
        yield url


def test_a_word_leads_to_its_article_and_json_says_the_same(room: str) -> None:
    page = httpx.get(f"{room}/search?q=тасқынға").text
    assert "<mark>" in page and 'href="/article/1"' in page
    found = httpx.get(f"{room}/search.json?q=тасқынға").json()
    assert [row["id"] for row in found["results"]] == [1]
    assert "көпір шайылып кетті." in httpx.get(f"{room}/article/1").text


def test_search_leads_to_an_article_set_in_the_shipped_font(page: Page, room: str) -> None:
    page.goto(f"{room}/search?q=тасқынға")
    assert axe(page) == []
    page.click("main a[href='/article/1']")
    page.evaluate("document.fonts.ready.then(() => true)")
    used = page.evaluate("[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)")
    assert used and {family.strip('"') for family in used} == {"Noto Serif"}, (
        "Arabic is not asked for"
    )
    assert axe(page) == [] == page.seen.errors == page.seen.violations
    assert all(request.startswith(room) for request in page.seen.requests)


def test_a_host_that_is_not_its_own_is_refused(room: str) -> None:
    assert httpx.get(room, headers={"host": "evil.example"}).status_code == 421


def test_sql_leads_to_nothing_behind_the_views(room: str) -> None:
    def asked(sql: str) -> int:
        return httpx.get(f"{room}/news.json", params={"sql": sql}).status_code

    assert asked("select count(*) from articles") == 200
    for sql in (
        "select * from main.articles",
        'select * from "MAIN" . articles',
        "with readable_articles as (select * from main.articles) select * from readable_articles",
        "select * from withheld",
        "select * from vocabulary",
        "select block from articles_fts_data",
    ):
        assert asked(sql) == 403
    assert httpx.get(f"{room}/-/databases.json").status_code == 404
