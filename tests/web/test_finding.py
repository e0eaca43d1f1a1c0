"""Finding articles: front page, search, story, and what programs are given of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from datasette.utils import MultiParams

from archive.store import open_database
from newsbot.web.languages import language
from newsbot.web.room import Asked, Room
from newsbot.web.searching import bars, search_page
from tests.archive.building import open_paper
from tests.web.conftest import Page, axe, shot
from tests.web.finding import HOSTILE, build
from tests.web.rooms import serving

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finding") / "data"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[httpx.Client]:
    with serving(folder) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def said(room: httpx.Client, path: str, code: str = "en") -> str:
    found = room.get(path, headers={"accept-language": code})
    assert found.status_code == 200, (path, found.text)
    return found.text


def test_the_front_page_tells_what_is_new_and_what_newspapers_changed(room: httpx.Client) -> None:
    data = room.get("/.json").json()
    assert data["articles"] == 6
    assert [row["title"] for row in data["latest"]][:2] == ["Көпір", "Көпір ашылды"]
    changed = {kind: [row["title"] for row in rows] for kind, rows in data["changed"].items()}
    assert changed == {"edited": ["Су"], "gone": ["Кеткен"], "returned": ["Қайтқан"]}
    assert {name: region["articles"] for name, region in data["regions"].items()} == {
        "jambyl": 4,
        "jetisu": 2,
    }
    page = said(room, "/")
    assert 'href="/search?region=jambyl" aria-label="Jambyl: 4"' in page
    assert "Жетісу &lt;b&gt;үні&lt;/b&gt;" in page and "<b>үні" not in page


def test_an_empty_archive_says_what_to_do(tmp_path: Path) -> None:
    open_paper(tmp_path / "data").store.close()
    with serving(tmp_path / "data") as url:
        assert (
            "`newsbot crawl`" in httpx.get(url, headers={"accept-language": "en"}, timeout=60).text
        )
        assert httpx.get(f"{url}/search?site=aqbulaq").status_code == 200


def test_what_is_chosen_can_be_taken_off_one_by_one(room: httpx.Client) -> None:
    page = said(room, "/search?q=су+region:jambyl&site=aqbulaq&after=2023")
    assert 'href="/search?q=%D1%81%D1%83&amp;site=aqbulaq&amp;after=2023-01-01"' in page, (
        "no region"
    )
    assert 'href="/search?q=%D1%81%D1%83&amp;region=jambyl&amp;after=2023-01-01"' in page, "no site"
    assert 'href="/search?q=%D1%81%D1%83&amp;region=jambyl&amp;site=aqbulaq"' in page, "no date"


def test_facets_and_months_lead_on(room: httpx.Client) -> None:
    data = room.get("/search.json?q=су").json()
    assert data["facets"]["month"] == {"2023-05": 1, "2024-02": 1, "2024-03": 1}
    page = said(room, "/search?q=су")
    for link in ("site=zhetisu", "region=jetisu", "language=ru", "after=2024&amp;before=2024"):
        assert f"q=%D1%81%D1%83&amp;{link}" in page
    assert page.count("<rect") == 3
    assert "after=2023-05&amp;before=2023-05" in page


def test_bars_are_months_or_years() -> None:
    assert bars({"2023-11": 2, "2024-01": 1, "0000-00": 5}) == [
        ("2023-11", 2),
        ("2023-12", 0),
        ("2024-01", 1),
    ]
    assert bars({"1990-01": 1, "2020-05": 2, "2020-06": 2})[-1] == ("2020", 4)
    assert bars({}) == []


@pytest.mark.parametrize(
    "path", ["/author/Ерлан Қасымов", "/tag/таза су", "/section/Қоғам", "/search?author=ерлан"]
)
def test_authors_tags_and_sections_have_pages(room: httpx.Client, path: str) -> None:
    assert "тасқыны" in said(room, path)
    name, _, rest = path.partition("?")
    found = room.get(f"{name}.json?{rest}").json()
    assert [row["title"] for row in found["results"]] == ["Су"]


def test_notes_and_errors_are_in_the_language_of_the_reader(room: httpx.Client) -> None:
    for code, note in (
        ("en", "is read as a word"),
        ("ru", "прочитано как слово"),
        ("kk", "кәдімгі сөз"),
    ):
        assert note in said(room, "/search?q=су+или+өрт", code)
    for code, error in (
        ("en", "there is no month 13"),
        ("ru", "месяца 13 нет"),
        ("kk", "13-ай болмайды"),
    ):
        found = room.get("/search?q=су+after:2023-13", headers={"accept-language": code})
        assert found.status_code == 400
        assert error in found.text


def test_counts_of_many_are_said_to_be_of_some(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.search.COUNTED", 2)
    asked = Asked(
        Room(folder), open_database(folder).conn, language("en"), "/search", {}, MultiParams({"q": ["су"]}),
        {}, {}, "http://127.0.0.1",
    )  # fmt: skip
    page = search_page(asked)
    assert (page.data["total"], page.data["more"]) == (2, True)
    assert sum(page.data["facets"]["site"].values()) == 2


def test_a_story_says_who_was_first_and_what_the_others_changed(room: httpx.Client) -> None:
    data = room.get("/story/1.json").json()
    assert [row["site"] for row in data["articles"]] == ["aqbulaq", "zhetisu"]
    assert data["articles"][1]["seconds_after"] == 136_800
    assert ["insert", "Басқа сөз."] in [[op, text.strip()] for op, text in data["words"]]
    page = said(room, "/story/1")
    assert "<ins>" in page and "2 days" in page
    assert room.get("/story/999").status_code == 404


@pytest.mark.parametrize("path", ["/search.atom?q=су", "/newspaper/zhetisu.atom"])
def test_atom_is_sound_and_leads_back(room: httpx.Client, path: str) -> None:
    found = room.get(path)
    assert found.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(found.content)
    entries = {entry.findtext(f"{ATOM}title"): entry for entry in feed.iter(f"{ATOM}entry")}
    assert HOSTILE in entries and "Жасырын" not in entries
    for name in ("id", "title", "updated", "author"):
        assert all(entry.find(f"{ATOM}{name}") is not None for entry in [feed, *entries.values()])
    link = entries[HOSTILE].find(f"{ATOM}link")
    assert link is not None
    assert room.get(link.attrib["href"]).status_code == 200


def test_a_feed_of_nothing_is_refused(room: httpx.Client) -> None:
    assert room.get("/search.atom").status_code == 400
    assert room.get("/newspaper/nothing.atom").status_code == 400


def test_browsers_and_crawlers_are_told_what_there_is(room: httpx.Client, folder: Path) -> None:
    assert "/search?q={searchTerms}" in room.get("/opensearch.xml").text
    assert ElementTree.fromstring(room.get("/sitemap.xml").content)[0][0].text == (
        f"{room.base_url}/sitemap-0.xml"
    )
    articles = ElementTree.fromstring(room.get("/sitemap-0.xml").content)
    assert len(articles) == 6, "the one that is withheld is not listed"
    assert room.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    with serving(folder, indexed=True) as url:
        told = httpx.get(f"{url}/robots.txt").text
        assert "Disallow: /\n" not in told and f"Sitemap: {url}/sitemap.xml" in told


@pytest.mark.parametrize(
    ("name", "path"), [("front", "/"), ("search", "/search?q=су&after=2023"), ("story", "/story/1")]
)
def test_readers_see_them_well(page: Page, room: httpx.Client, name: str, path: str) -> None:
    page.goto(f"{str(room.base_url).rstrip('/')}{path}")
    shot(page, name)
    assert axe(page) == [] == page.seen.errors == page.seen.violations


def test_from_the_histogram_to_a_month_by_keyboard(page: Page, room: httpx.Client) -> None:
    page.goto(f"{room.base_url}/search?q=су")
    page.locator("svg.bars a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**after=2023-05**")
    assert page.locator(".results li").count() == 1


def test_what_is_withheld_is_on_none_of_these_pages(room: httpx.Client) -> None:
    for path in ("/", "/.json", "/search?q=су", "/search.json?q=құпия", "/search.atom?q=су",
                 "/story/1", "/search?site=aqbulaq&order=newest"):  # fmt: skip
        assert "Жасырын" not in said(room, path)
