"""The pages that watch over newspapers: the list, health, the history of one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from lxml import html

from archive import status
from archive.store import Store, open_database
from archive.times import now
from newsbot.watch.alarms import judged
from newsbot.watch.monitors import LANGUAGES, kinds
from newsbot.web import room as web
from tests.archive.building import HOME, Paper, article, open_paper
from tests.web.conftest import Page, axe, shot
from tests.web.rooms import serving
from tests.web.test_words import WEB

EVIL = "<script>alert(1)</script>\"'&amp;\u202e"
TROUBLE = "silent"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One newspaper that fares well, one that is silent, one with an evil name that was never crawled."""
    folder = tmp_path_factory.mktemp("newspapers") / "data"
    paper = open_paper(folder)
    for n, day in enumerate(("2026-11-20", "2025-03-01", "2019-01-02", None), 1):
        paper.visit(f"{HOME}{n}", article(f"{HOME}{n}", published=day, title=f"Мақала {n}"))
    paper.store.finish_crawl(paper.crawl, paper.now, "finished", 4)
    other = Paper(paper.store, "tobyl")
    other.visit(f"{HOME}t", article(f"{HOME}t", site="tobyl", published="2026-10-01"))
    paper.store.finish_crawl(other.crawl, paper.now, "finished", 1)
    with paper.store.transaction() as c:
        c.execute("UPDATE sites SET name = 'Тобыл', region = NULL WHERE id = 'tobyl'")
        c.execute(
            "INSERT INTO sites (id, name, url, timezone) VALUES ('evil', ?, 'x', 'UTC')", (EVIL,)
        )
        c.execute(
            "INSERT INTO events (site, kind, began_at, evidence) VALUES ('tobyl', ?, '2026-11-10T00:00:00Z', "
            '\'{"newest": "2026-10-01", "days": 58, "usual": 2}\')',
            (TROUBLE,),
        )
    paper.store.close()
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[str]:
    with serving(folder, contact="archive@example.kz") as url:
        yield url


def read(url: str, language: str = "en") -> html.HtmlElement:
    answer = httpx.get(url, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    found = html.document_fromstring(answer.text)
    assert not found.xpath(
        "//*[@style] | //style | //script[not(@src)] | //*[starts-with(name(@*), 'on')]"
    )
    assert found.xpath("count(//h1)") == 1
    return found


def test_all_newspapers_by_region(room: str) -> None:
    found = read(f"{room}/newspapers")
    links = [a.get("href") for a in found.xpath("//tbody//th/a")]
    assert links == ["/newspaper/aqbulaq", "/newspaper/evil", "/newspaper/tobyl"]
    assert found.xpath("//tbody//a[@href='/search?site=aqbulaq']/text()") == ["4"]
    assert found.xpath("//tbody//a[@href='/health#tobyl']")
    assert "Жамбыл облысы" in read(f"{room}/newspapers", "kk").xpath("//h2/a/text()")
    rows = httpx.get(f"{room}/newspapers.json").json()["newspapers"]
    assert [(row["site"], row["articles"]) for row in rows] == [
        ("aqbulaq", 4),
        ("evil", 0),
        ("tobyl", 1),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_health_as_status_tells_it(room: str, folder: Path, language: str) -> None:
    found = read(f"{room}/health", language)
    assert found.get("lang") == language
    rows = httpx.get(f"{room}/health.json").json()
    with closing(open_database(folder).conn) as c:
        told = judged(status.sites(c, folder, now()), folder, now())
    assert [row["site"] for row in rows["newspapers"]] == [row["site"] for row in told]
    assert {(r["site"], r["health"], r["severity"]) for r in rows["newspapers"]} == {
        (r["site"], r["health"], r["severity"]) for r in told
    }
    assert rows["wrong"] == 1
    first = found.xpath("//tbody/tr[1]")[0]
    assert first.get("id") == "tobyl"
    assert kinds()[TROUBLE].title[language] in first.text_content()
    assert "2026-10-01" in first.text_content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_newspaper_with_its_history(room: str, language: str) -> None:
    found = read(f"{room}/newspaper/aqbulaq", language)
    assert [a.get("href") for a in found.xpath("//ul[@class='results']//a[contains(@href, '/article/')]")] == [
        "/article/1", "/article/2", "/article/3", "/article/4",
    ]  # fmt: skip
    years = [figure.text_content()[:4] for figure in found.xpath("//figure/figcaption")]
    assert years == ["2026", "2025"], "the newest two"
    assert len(found.xpath("//table[@class='strips']")) >= 2
    every = read(f"{room}/newspaper/aqbulaq?years=40", language)
    assert len(every.xpath("//figure")) == 3
    history = httpx.get(f"{room}/newspaper/aqbulaq.json").json()["history"]
    assert history["days"] == {"2026-11-20": 1, "2025-03-01": 1, "2019-01-02": 1}
    assert history["site"]["undated"] == 1


def test_names_are_text(room: str) -> None:
    for path in ("newspapers", "health", "newspaper/evil"):
        found = read(f"{room}/{path}")
        assert "alert(1)" in found.text_content()
        assert not found.xpath("//script[contains(., 'alert')]")


@pytest.mark.parametrize("path", ["newspaper/nope", "newspaper/%3Cb%3E", "newspaper/a%2Fb"])
def test_no_such_newspaper(room: str, path: str) -> None:
    answer = httpx.get(f"{room}/{path}")
    assert answer.status_code == 404 and "<b>" not in answer.text


def test_this_archive(room: str) -> None:
    found = read(f"{room}/about")
    years = [a.text for a in found.xpath("//table[1]//th/a")]
    assert years[:3] == ["2026", "2025", "2019"]
    assert found.xpath("//a[@href='mailto:archive@example.kz']")
    data = httpx.get(f"{room}/about.json").json()
    assert data["articles"] == 5 == sum(data["by_year"].values())
    assert data["by_site"]["aqbulaq"] == {"": 1, "2019": 1, "2025": 1, "2026": 1}
    names = found.xpath("//table[@lang='en']//th/code/text()")
    assert names == [column["name"] for column in data["columns"]]


def test_an_empty_archive_says_what_fills_it(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with serving(tmp_path) as url:
        for path in ("newspapers", "health"):
            assert "newsbot crawl" in read(f"{url}/{path}").text_content()
        assert read(f"{url}/about")


def test_numbers_are_counted_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room, made = web.Room(tmp_path), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [room.kept("x", make), room.kept("x", make), room.kept("y", make)] == [1, 1, 2]
    clock = time.monotonic() + web.KEPT_SECONDS
    monkeypatch.setattr(web.time, "monotonic", lambda: clock)

    def slow() -> int:
        assert room.kept("x", make) == 1, "others have the former meanwhile"
        return 9

    assert (room.kept("x", slow), room.kept("x", make)) == (9, 9)


def test_every_template_keeps_to_the_policy() -> None:
    for path in (WEB / "templates").glob("**/*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|<style", text), path.name


@pytest.mark.parametrize(
    "path", ["newspapers", "health", "newspaper/aqbulaq", "newspaper/evil", "about"]
)
def test_in_a_browser(open_page: Callable[..., Page], room: str, path: str) -> None:
    for scheme in ("light", "dark"):
        shown = open_page(color_scheme=scheme, locale="ru-RU")
        shown.goto(f"{room}/{path}")
        assert shown.seen.errors == [] == shown.seen.violations
        assert all(request.startswith(f"{room}/") for request in shown.seen.requests)
        assert axe(shown) == []
    shot(shown, path.replace("/", "-"))


def test_tables_and_sql_in_a_browser(page: Page, room: str) -> None:
    page.goto(f"{room}/news/articles")
    page.locator("th .dropdown-menu-icon").nth(3).click()
    page.get_by_text("Sort descending").click()
    page.wait_for_url("**_sort_desc=**")
    page.goto(f"{room}/news?sql=select+id+from+articles")
    assert page.locator("table.rows-and-columns tbody tr").count() == 5
    assert page.seen.errors == []
