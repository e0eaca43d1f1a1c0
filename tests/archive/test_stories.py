"""Stories and editions in the archive: who was first, what is kept, and what is left alone."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.kazakh.transliterate import to_latin
from archive.store.stories import Linked, link
from archive.stories import editions_of, members
from tests.archive.building import HOME, Paper, article, check_whole, open_paper
from tests.archive.test_duplicates import Press

TEXT = "\n\n".join(Press(20).article(4))
OTHER_TEXT = "\n\n".join(Press(21).article(4))


class Papers:
    """Several sites in one archive; an article is named `site/number`."""

    def __init__(self, folder: Path) -> None:
        self.first = open_paper(folder)
        self.papers: dict[str, Paper] = {}

    def add(self, name: str, text: str = TEXT, **fields: Any) -> None:
        site = name.partition("/")[0]
        if site not in self.papers:
            self.papers[site] = Paper(self.first.store, site)
        url = f"{HOME}{name}"
        read = article(url, text=text, site=site, **{"title": name, **fields})
        self.papers[site].visit(url, read)

    def name(self, row: dict[str, Any]) -> str:
        return str(row["url"]).removeprefix(HOME)

    def stories(self) -> dict[str, list[str]]:
        """First publisher → all members, as `members` lists them."""
        found = {}
        for row in self.first.all("SELECT id, first_article FROM stories"):
            listed = members(self.first.store.connection, row["id"])
            assert [m["id"] for m in listed if m["first"]] == [row["first_article"]]
            assert min(m["id"] for m in listed) == row["id"]
            found[self.name(listed[0])] = [self.name(m) for m in listed]
        return found

    def link(self) -> Linked:
        return link(self.first.store)


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Papers]:
    papers = Papers(tmp_path / "data")
    yield papers
    check_whole(papers.first.store)
    papers.first.store.close()


def test_a_story_has_its_first_publisher_its_sites_and_the_share_of_each(papers: Papers) -> None:
    half = TEXT[: TEXT.index("\n\n", len(TEXT) // 2)]
    papers.add("b/1", half, published="2026-11-21T10:00:00+05:00")
    papers.add("a/1", published="2026-11-20T10:00:00+05:00")
    papers.add("a/2", TEXT + "\n\n" + OTHER_TEXT[:400], published="2026-11-22T10:00:00+05:00")
    papers.add("c/1", OTHER_TEXT, published="2026-11-19T10:00:00+05:00")
    linked = papers.link()
    assert (linked.stories, linked.articles, linked.editions) == (1, 3, 0)
    assert papers.stories() == {"a/1": ["a/1", "b/1", "a/2"]}
    row = papers.first.one("SELECT * FROM stories")
    assert (row["articles"], row["sites"]) == (3, 2)
    shares = [m["share"] for m in members(papers.first.store.connection, row["id"])]
    assert shares[:2] == [1.0, 1.0]
    assert 0.7 < shares[2] < 0.95
    alone = papers.first.one("SELECT story, story_share FROM articles WHERE site = 'c'")
    assert alone == {"story": None, "story_share": None}
    assert members(papers.first.store.connection, 999) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-11-20T23:58:00+05:00", "2026-11-20"),  # a bare date may be its last minute
        ("2026-11-20", "2026-11-21T00:01:00+05:00"),
        ("2026-11-20", None),
        ("2026-11-20T10:00:00+06:00", "2026-11-20T09:30:00+05:00"),
        ("2026-11-20T09:00:00", "2026-11-20T09:30:00+05:00"),
    ],
)
def test_who_published_first(papers: Papers, first: str, second: str | None) -> None:
    papers.add("a/1", published=second)
    papers.add("b/1", published=first)
    papers.link()
    assert papers.stories() == {"b/1": ["b/1", "a/1"]}


def test_without_dates_the_first_one_seen_is_first(papers: Papers) -> None:
    papers.add("b/1", published=None)
    papers.papers["a"] = Paper(papers.first.store, "a").later(hours=1)
    papers.add("a/1", published=None)
    papers.link()
    assert papers.stories() == {"b/1": ["b/1", "a/1"]}


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    press = Press(22)
    made: list[tuple[str, str, str | None]] = []
    for n in range(6):
        whole = press.article(4)
        for m, copy in enumerate([whole, whole[::-1], whole[:3], whole[:2] + press.article(2)]):
            date = f"2026-11-{10 + (n * 7 + m * 3) % 15}" if m else None
            made.append((f"s{(n + m) % 5}/{n}{m}", "\n\n".join(copy), date))
    results = []
    for seed in range(3):
        papers = Papers(tmp_path / str(seed))
        random.Random(seed).shuffle(made)
        for name, text, date in made:
            papers.add(name, text, published=date)
        papers.link()
        results.append(papers.stories())
        papers.first.store.close()
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 6


def test_linking_after_each_arrival_ends_where_linking_once_does(tmp_path: Path) -> None:
    press = Press(23)
    made: list[tuple[str, str, dict[str, Any]]] = []
    for n in range(4):
        whole = press.article(4)
        copies = [whole, whole[:3], [*whole[:2], *press.article(2)], [to_latin(p) for p in whole]]
        for m, copy in enumerate(copies):
            more = {"language": "kk-Latn", "title": "Sý"} if m == 3 else {"title": "Су"}
            made.append((f"s{(n + m // 2) % 3}/{n}{m}", "\n\n".join(copy), more))
    random.Random(5).shuffle(made)
    tables = []
    for each_time in (True, False):
        papers = Papers(tmp_path / str(each_time))
        for name, text, more in made:
            papers.add(name, text, **more)
            if each_time:
                papers.link()
        papers.link()
        tables.append(
            [
                papers.first.all(f"SELECT * FROM {what}")
                for what in ("stories", "editions", "(SELECT id, story, story_share FROM articles)")
            ]
        )
        papers.first.store.close()
    assert tables[0] == tables[1]
    assert all(tables[0])


def test_linking_again_changes_nothing_and_edits_change_what_they_must(papers: Papers) -> None:
    papers.add("a/1")
    papers.add("b/1")
    papers.add("c/1", OTHER_TEXT)
    papers.add("d/1", OTHER_TEXT)
    assert papers.link() == Linked(stories=2, articles=4, editions=0, changed=6)
    assert papers.link() == Linked(stories=2, articles=4, editions=0, changed=0)
    before = papers.first.all("SELECT * FROM stories")
    papers.add("b/1", "Мақаланың орнында басқа мәтін тұр.")
    assert papers.link() == Linked(stories=1, articles=2, editions=0, changed=3)
    assert papers.first.all("SELECT * FROM stories") == before[1:]
    papers.add("b/1")
    assert papers.link().changed == 3
    assert papers.first.all("SELECT * FROM stories") == before


def test_a_crash_keeps_what_was_there(papers: Papers) -> None:
    papers.add("a/1")
    papers.add("b/1")
    papers.link()
    before = papers.stories()
    papers.add("c/1", OTHER_TEXT)
    papers.add("d/1", OTHER_TEXT)
    c = papers.first.store.connection
    c.execute(
        "CREATE TEMP TRIGGER crash BEFORE UPDATE OF story ON articles BEGIN SELECT raise(FAIL, 'x'); END"
    )
    with pytest.raises(Exception, match="x"):
        papers.link()
    c.execute("DROP TRIGGER crash")
    assert papers.stories() == before
    assert papers.link().stories == 2


def test_editions_are_linked_both_ways_and_are_no_publications(papers: Papers) -> None:
    latin = {"text": to_latin(TEXT), "language": "kk-Latn", "title": "Sý keldi"}
    papers.add("a/kz/1", title="Су келді")
    papers.add("a/latyn/1", **latin)
    papers.add("b/1", published="2026-11-25")
    assert papers.link() == Linked(stories=1, articles=2, editions=2, changed=5)
    assert papers.stories() == {"a/kz/1": ["a/kz/1", "b/1"]}
    rows = papers.first.all("SELECT article, other, found_by FROM editions ORDER BY article")
    assert [(r["article"], r["other"], r["found_by"]) for r in rows] == [
        (1, 2, "shared_id"),
        (2, 1, "shared_id"),
    ]
    (other,) = editions_of(papers.first.store.connection, 2)
    assert (other["id"], other["language"], other["found_by"]) == (1, "kk", "shared_id")
    assert papers.link().changed == 0


def test_editions_alone_are_no_story(papers: Papers) -> None:
    papers.add("a/1", title="Ауылға су келді")
    papers.add("a/2", to_latin(TEXT), title=to_latin("Басқа тақырып"), language="kk-Latn")
    assert papers.link() == Linked(stories=0, articles=0, editions=2, changed=2)
    assert papers.first.one("SELECT DISTINCT found_by FROM editions") == {"found_by": "text"}


def test_the_documented_queries_run(papers: Papers) -> None:
    papers.add("a/1", published="2026-11-20")
    papers.add("b/1", published="2026-11-21")
    papers.add("c/1", OTHER_TEXT)
    papers.link()
    page = (Path(__file__).parents[2] / "docs" / "stories.md").read_text("utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    by_sites, once = [papers.first.all(sql) for sql in block.split(";") if sql.strip()]
    assert [(row["sites"], row["first"]) for row in by_sites] == [(2, "a")]
    assert [row["site"] for row in once] == ["a", "c"]


def test_alternate_links_are_followed_through_aliases(papers: Papers) -> None:
    russian = f"{HOME}a/2?from=rss"
    papers.add("a/1", editions=[{"language": "ru", "url": russian}])
    papers.add("a/2", OTHER_TEXT, language="ru")
    papers.papers["a"].visit(f"{HOME}a/2", article(f"{HOME}a/2", text=OTHER_TEXT, language="ru"),
                             urls=(russian, f"{HOME}a/2"))  # fmt: skip
    papers.link()
    assert [e["found_by"] for e in editions_of(papers.first.store.connection, 1)] == ["alternate"]
    papers.add("a/1")  # the link is gone
    assert papers.link().changed == 2
    assert editions_of(papers.first.store.connection, 1) == []
