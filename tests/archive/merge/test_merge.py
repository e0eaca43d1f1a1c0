"""Two archives become one: nothing doubled, nothing lost, whichever was joined into which."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from archive.article import Article
from archive.captures import IDENTICAL, pack, read_records
from archive.errors import ArchiveError
from archive.merge import merge
from archive.schema import SCHEMA_VERSION, migrations
from archive.store import DATABASE, Candidate, Store
from archive.visits import Visit
from tests.archive.building import HOME, SITE, START, Paper, article, check_whole, open_paper
from tests.archive.merge.telling import copied, state, told

ONE, TWO, THREE = (f"{HOME}{number}" for number in (1, 2, 3))


def opened(folder: Path) -> Store:
    store = Store(folder)
    store.connection.execute("PRAGMA synchronous = OFF")
    return store


def joined(base: Path, other: Path, to: Path) -> dict[str, Any]:
    """What a copy of `base` tells after `other` was merged into it, twice."""
    with opened(copied(base, to)) as store:
        merge(store, other)
        check_whole(store)
        before = state(store)
        again = merge(store, other)
        assert again.is_empty, again
        assert state(store) == before
        result = told(store)
        records = [
            record.record_id
            for path in (to / "warc").rglob("*.warc.*")
            for record in read_records(path)
            if record.type != "warcinfo"
        ]
        assert len(records) == len(set(records)) == len(result["captures"])
        return result


def merged(one: Path, other: Path, scratch: Path) -> dict[str, Any]:
    """What both tell when they are merged, which must be the same both ways."""
    forth = joined(one, other, scratch / "forth")
    back = joined(other, one, scratch / "back")
    for table in forth:
        assert forth[table] == back[table], table
    return forth


@pytest.fixture
def papers(tmp_path: Path) -> tuple[Paper, Paper]:
    return open_paper(tmp_path / "one"), open_paper(tmp_path / "other")


def finish(*papers: Paper) -> list[Path]:
    for paper in papers:
        check_whole(paper.store)
        paper.store.close()
    return [paper.store.folder for paper in papers]


def together(*papers: Paper) -> dict[str, Any]:
    one, other = finish(*papers)
    return merged(one, other, one.parent)


def look(paper: Paper, url: str = ONE, read: Article | None = None, **fields: Any) -> str:
    """A visit with its capture; the same look has the same record id in every archive."""
    status = fields.get("status", 200)
    words = (read.title, read.text) if read else None
    body = repr((url, words)).encode() if status == 200 else b""
    page = paper.store.captures(paper.site).write(
        url,
        status,
        [("Content-Type", "text/html")],
        body,
        paper.now,
        record_id=f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{url} {paper.now} {body!r}')}>",
    )
    addresses = [url, *([read.canonical_url] if read and read.canonical_url else [])]
    visit: dict[str, Any] = {
        "frontier": None,  # an address that is only an alias has no row yet
        "crawl": paper.crawl,
        "site": paper.site,
        "fetched_at": paper.now,
        "due": paper.now + timedelta(days=1),
        "status": status,
        "article": read,
        "urls": tuple(dict.fromkeys(addresses)),
        "captures": [page],
    }
    return paper.store.record(Visit(**{**visit, **fields}))


# -- whole archives -----------------------------------------------------------------------------

WORDINGS = ("Таңертең жаңбыр жауды.", "Кешке қар жауды.", "Түнде тұман түсті.")
events = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from(["A", "B", "AB"]),
        st.sampled_from([ONE, TWO, f"{ONE}?amp", THREE]),
        st.one_of(
            st.sampled_from(["gone", "unchanged", "failed", "not_article", "better rules"]),
            st.builds(
                lambda text, title, canonical, published, views, tags: article(
                    canonical or ONE,
                    canonical_url=canonical,
                    text=text,
                    title=title,
                    published=published,
                    views=views,
                    tags=tags,
                ),
                st.sampled_from(WORDINGS),
                st.sampled_from(["Ауа райы", None]),
                st.sampled_from([None, ONE, TWO]),
                st.sampled_from([None, "2026-11-20", "2026-11-20T09:30:00+05:00"]),
                st.sampled_from([None, 3, 40]),
                st.lists(st.sampled_from(["су", "жол"]), max_size=2),
            ),
        ),
    ),
    min_size=2,
    max_size=14,
    unique_by=lambda event: event[0],
).map(lambda found: sorted(found, key=lambda event: event[0]))


def live(paper: Paper, seen: list[tuple[int, str, str, Any]]) -> None:
    for hour, _, url, what in seen:
        paper.now = START + timedelta(hours=hour)
        if what == "better rules":
            for row in paper.all("SELECT id, url, title, text FROM articles"):
                text = row["text"].removesuffix(" (…)") + " (…)" * (hour % 2)
                better = article(row["url"], title=row["title"], text=text)
                paper.store.reextracted(row["id"], better, paper.now)
        elif isinstance(what, str):
            status = {"gone": 404, "unchanged": 304, "failed": 500}.get(what, 200)
            look(paper, url, None, outcome=what, status=status)
        else:
            read = replace(what, url=url, canonical_url=what.canonical_url or url)
            look(paper, url, read)


def lives(scratch: Path, seen: list[tuple[int, str, str, Any]]) -> dict[str, Path]:
    folders = {}
    for name in ("A", "B", "AB"):
        paper = open_paper(scratch / name)
        live(paper, [event for event in seen if name == "AB" or name in event[1]])
        (folders[name],) = finish(paper)
    return folders


@given(events)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_two_archives(
    tmp_path_factory: pytest.TempPathFactory, seen: list[tuple[int, str, str, Any]]
) -> None:
    scratch = tmp_path_factory.mktemp("merge")
    folders = lives(scratch, seen)
    merged(folders["A"], folders["B"], scratch)


def plausible(seen: list[tuple[int, str, str, Any]]) -> list[tuple[int, str, str, Any]]:
    """Of one page; the server says «not modified» only to who has its present wording."""
    kept = []
    page = None
    known: dict[str, Any] = {}
    for hour, who, _, what in seen:
        if isinstance(what, Article):
            page = (what.title, what.text)
            known |= dict.fromkeys(who, page)
            kept.append((hour, who, ONE, replace(what, canonical_url=ONE)))
        elif what not in ("not_article", "better rules") and (
            what != "unchanged" or all(known.get(name) == page for name in who)
        ):
            kept.append((hour, who, ONE, what))
    return kept


@given(events)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_as_if_one_had_seen_it_all(
    tmp_path_factory: pytest.TempPathFactory, seen: list[tuple[int, str, str, Any]]
) -> None:
    """As far as an archive remembers: one page, which never came without being an article."""
    scratch = tmp_path_factory.mktemp("merge")
    folders = lives(scratch, plausible(seen))
    found = merged(folders["A"], folders["B"], scratch)
    with opened(folders["AB"]) as store:
        wanted = told(store)
    assert found["revisions"] == wanted["revisions"]
    for name in ("first_seen", "last_seen", "title", "text", "revision", "capture", "url"):
        assert [a[name] for a in found["articles"]] == [a[name] for a in wanted["articles"]], name


# -- single articles ----------------------------------------------------------------------------


def test_a_fork_grows_together_again(tmp_path: Path) -> None:
    """A folder was copied, and both copies went on crawling."""
    paper = open_paper(tmp_path / "one")
    look(paper, read=article(views=1))
    look(paper, TWO, article(TWO))
    (folder,) = finish(paper)
    fork = copied(folder, tmp_path / "other")
    for name, hours, wording in ((folder, 5, "Бесінші сағат."), (fork, 3, "Үшінші сағат.")):
        paper = open_paper(name).later(hours=hours)
        paper.begin()
        look(paper, read=article(text=wording, views=hours))
        look(paper, f"{HOME}{hours}0", article(f"{HOME}{hours}0"))
        finish(paper)
    found = merged(folder, fork, tmp_path)
    history = [
        (r["number"], r["kind"], r["text"]) for r in found["revisions"] if r["article"] == ONE
    ]
    assert sorted(history) == [
        (1, "first", article().text),
        (2, "edit", "Үшінші сағат."),
        (3, "edit", "Бесінші сағат."),
    ]
    assert sorted(a["url"] for a in found["articles"]) == [ONE, TWO, f"{HOME}30", f"{HOME}50"]
    assert [e["views"] for e in found["engagement"]] == [1, 3, 5]
    assert [c["started_at"][11:13] for c in found["crawls"] if c["new"]] == ["08", "11", "13"]


def test_better_rules_stay_better(papers: tuple[Paper, Paper]) -> None:
    """The other archive saw the page later, but reads it with the rules of old."""
    one, other = papers
    old, better = article(text="Бөлісу: мәтін."), article(text="Мәтін.")
    look(one, read=old)
    look(other, read=old)
    assert one.store.reextracted(1, better, START + timedelta(days=9))
    look(other.later(days=3), read=old)
    found = together(one, other)
    assert [(r["kind"], r["text"]) for r in found["revisions"]] == [
        ("first", old.text),
        ("reextraction", better.text),
    ]
    (row,) = found["articles"]
    assert (row["text"], row["last_seen"]) == (better.text, "2026-11-25T08:00:00Z")


@pytest.mark.parametrize(("gone", "seen", "wanted"), [(5, 3, "2026-11-27T08:00:00Z"), (3, 7, None)])
def test_gone_by_the_later_word(
    papers: tuple[Paper, Paper], gone: int, seen: int, wanted: str | None
) -> None:
    one, other = papers
    look(one, read=article())
    look(one.later(days=gone), outcome="gone", status=404)
    look(one.later(days=2), outcome="gone", status=404)
    look(other.later(days=seen), read=article())
    found = together(one, other)
    (row,) = found["articles"]
    assert row["gone_since"] == wanted
    assert row["last_seen"] == f"2026-11-{22 + seen}T08:00:00Z"


def test_a_date_that_is_no_longer_printed_stays(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    look(one, read=article())
    look(other.later(days=1), read=article(published=None, published_raw=None))
    found = together(one, other)
    assert found["articles"][0]["published"] == article().published


def test_articles_kept_apart_by_one_stay_apart(papers: tuple[Paper, Paper]) -> None:
    """One has two articles under addresses that are aliases of one article to the other."""
    one, other = papers
    look(one, read=article())
    look(one.later(hours=1), TWO, article(TWO, text="Жекелеген мәтін."))
    look(other.later(hours=2), TWO, article(ONE))
    look(other.later(hours=1), THREE, article(THREE))
    found = together(one, other)
    assert sorted(a["url"] for a in found["articles"]) == [ONE, TWO, THREE]
    assert {a["url"]: a["article"] for a in found["aliases"]} == {u: u for u in (ONE, TWO, THREE)}


def test_a_common_alias_joins(papers: tuple[Paper, Paper]) -> None:
    """The newspaper has moved: what was an article's address is now an alias."""
    one, other = papers
    look(one, TWO, article(TWO))
    look(other.later(days=1), TWO, article(ONE))
    found = together(one, other)
    assert [a["url"] for a in found["articles"]] == [ONE]
    assert [(a["url"], a["first_seen"][:10]) for a in found["aliases"]] == [
        (ONE, "2026-11-23"),
        (TWO, "2026-11-22"),
    ]


def test_a_newspaper_that_moved_to_https_between_two_archives(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    old, new = "http://www.aqbulaq.example/1", ONE
    look(one, old, article(old))
    look(other.later(hours=1), new, article(new, text="Түзетілді."))
    result = together(one, other)
    assert [row["url"] for row in result["articles"]] == [new]
    assert [row["number"] for row in result["revisions"]] == [1, 2]
    assert [row["url"] for row in result["aliases"]] == [old, new]


def test_what_one_waits_for_the_other_knows_as_an_alias(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    look(one, TWO, article(ONE))
    other.find(ONE, THREE)
    found = together(one, other)
    waiting = {f["url"]: (f["due"] is not None, f["outcome"]) for f in found["frontier"]}
    assert waiting == {ONE: (False, "excluded"), TWO: (True, "new"), THREE: (True, None)}


# -- captures -----------------------------------------------------------------------------------


def test_revisits_refer_to_what_they_did(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    first = other.capture(ONE, b"<p>1")
    other.visit(read=article(), captures=[first])
    again = (
        other.later(days=1)
        .store.captures(other.site)
        .write(ONE, 200, [], b"<p>1", other.now, refers_to=first, profile=IDENTICAL)
    )
    other.visit(read=article(), captures=[again])
    found = together(one, other)
    told_of = {c["record_id"]: c["refers_to"] for c in found["captures"]}
    assert told_of == {first.record_id: None, again.record_id: first.record_id}
    assert found["articles"][0]["capture"] == first.record_id


def test_the_same_exchange_under_two_ids_is_one(papers: tuple[Paper, Paper]) -> None:
    """Both have imported what a third program captured; one has asked twice in a second."""
    one, other = papers
    one.visit(read=article(), captures=[one.capture(ONE)])
    other.visit(read=article(), captures=[other.capture(ONE), other.capture(ONE)])
    folder, source = finish(one, other)
    for ours, theirs, name in ((folder, source, "forth"), (source, folder, "back")):
        with opened(copied(ours, folder.parent / name)) as store:
            merge(store, theirs)
            assert len(told(store)["captures"]) == 2
            before = state(store)
            assert merge(store, theirs).is_empty
            assert state(store) == before


def test_packed_records_are_copied(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    page = "".join(f"<p>{n} {uuid.uuid5(uuid.NAMESPACE_URL, str(n))}</p>" for n in range(60))
    with other.store.batch():
        for number in range(80):
            url = f"{HOME}{number}"
            body = f"<html>{page}<p>{number}</p>".encode()
            other.visit(url, article(url), captures=[other.capture(url, body)])
    assert pack(other.store, other.site) > 0
    look(one.later(days=1), f"{HOME}loose", article(f"{HOME}loose"))
    folders = finish(one, other)
    assert list((folders[1] / "warc").rglob("*.warc.zst"))
    assert not list((folders[1] / "warc").rglob("*.warc.gz")), "the loose one goes into the other"
    found = merged(folders[0], folders[1], folders[0].parent)
    assert len(found["captures"]) == 81


def test_a_damaged_capture_is_left_out_and_named(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    look(other, read=article())
    look(other, TWO, article(TWO))
    bad = other.one("SELECT * FROM captures WHERE url = ?", ONE)
    folder, source = finish(one, other)
    path = source / bad["warc"]
    sound = path.read_bytes()
    middle = bad["warc_offset"] + bad["warc_length"] // 2
    path.write_bytes(sound[:middle] + b"\0\0\0\0" + sound[middle + 4 :])
    with opened(folder) as store:
        summary = merge(store, source)
        assert len(summary.unreadable) == 1
        assert f"record at byte {bad['warc_offset']}" in summary.unreadable[0]
        check_whole(store)
        assert [a["capture"] is None for a in told(store)["articles"]] == [True, False]
        before = state(store)
        assert merge(store, source).is_empty
        assert state(store) == before
        path.write_bytes(sound)  # mended meanwhile
        assert merge(store, source).new["captures"] == 1
        check_whole(store)
        assert None not in [a["capture"] for a in told(store)["articles"]]


# -- other tables -------------------------------------------------------------------------------


def test_crawls_of_two_machines_in_one_second(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    look(one, read=article())
    look(other, TWO, article(TWO))
    look(other, THREE, article(THREE))
    for paper in papers:
        paper.store.finish_crawl(paper.crawl, paper.later(hours=1).now, "finished", 3)
    found = together(one, other)
    assert [c["new"] for c in found["crawls"]] == [1, 2]


def test_a_crawl_copied_while_it_ran_is_one_crawl(tmp_path: Path) -> None:
    paper = open_paper(tmp_path / "one")
    look(paper, read=article())
    (folder,) = finish(paper)
    fork = copied(folder, tmp_path / "other")
    with opened(folder) as store:
        store.finish_crawl(1, START + timedelta(hours=1), "finished", 3)
    found = merged(folder, fork, tmp_path)
    assert [c["reason"] for c in found["crawls"]] == ["finished"]


def test_sources_by_the_later_poll(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    for paper, etag in ((one, "old"), (other.later(days=1), "new")):
        index = paper.store.source(paper.site, f"{HOME}index.xml", "sitemap")["id"]
        paper.store.save_poll(
            index,
            paper.crawl,
            [Candidate(f"{HOME}{etag}", hint=etag)],
            polled_at=paper.now,
            status=200,
            etag=etag,
            children=[f"{HOME}{etag}.xml"],
        )
    found = together(one, other)
    assert [(s["url"], s["etag"], s["parent"]) for s in found["sources"]] == [
        (f"{HOME}index.xml", "new", None),
        (f"{HOME}new.xml", None, f"{HOME}index.xml"),
        (f"{HOME}old.xml", None, f"{HOME}index.xml"),
    ]
    assert {f["source"] for f in found["frontier"]} == {f"{HOME}index.xml"}


def test_imports_by_how_far_they_came(papers: tuple[Paper, Paper]) -> None:
    for number, paper in enumerate(papers):
        c = paper.store.connection
        for kind in ("cdx", "reextraction"):
            c.execute(
                "INSERT INTO imports (kind, source, started_at, cursor, records) "
                "VALUES (?, 'server', '2026-11-22T08:00:00Z', ?, ?)",
                (kind, f"page {number}", number),
            )
        c.executemany(
            "INSERT INTO replays (import, url, timestamp, site, outcome, attempts) "
            "VALUES (1, ?, '20200101000000', 'aqbulaq', ?, ?)",
            [(ONE, [None, "new"][number], 2 - number), (f"{TWO}{number}", None, 0)],
        )
    folders = finish(*papers)
    for folder in folders:  # where an interrupted run was is nobody else's business
        with opened(folder) as store:
            store.connection.execute("DELETE FROM imports WHERE kind = 'reextraction'")
    found = merged(folders[0], folders[1], folders[0].parent)
    assert [(i["cursor"], i["records"]) for i in found["imports"]] == [("page 1", 1)]
    assert [(r["url"], r["outcome"], r["attempts"]) for r in found["replays"]] == [
        (ONE, "new", 1),
        (f"{TWO}0", None, 0),
        (f"{TWO}1", None, 0),
    ]


def test_stories_are_found_anew(papers: tuple[Paper, Paper]) -> None:
    sentences = [
        f"Ауылдағы {n}-көшеге {n * 7} метр су құбыры тартылып, іске қосылды." for n in range(12)
    ]
    text = "\n\n".join(sentences)
    one, other = papers
    look(one, read=article(text=text))
    other.store.save_site({**SITE, "id": "jarshy", "url": "https://jarshy.example/"})
    url = "https://jarshy.example/1"
    other.store.record(
        Visit(None, None, "jarshy", START, status=200, article=article(url, text=text), urls=(url,))
    )
    folder, source = finish(one, other)
    with opened(folder) as store:
        merge(store, source)
        (story,) = store.connection.execute("SELECT articles, sites FROM stories").fetchall()
        assert tuple(story) == (2, 2)
        assert not store.connection.execute("SELECT * FROM imports").fetchall()


# -- the way there ------------------------------------------------------------------------------


def fill(paper: Paper, number: int) -> None:
    with paper.store.batch():
        for n in range(number):
            url = f"{HOME}{n}"
            look(paper.later(minutes=1), url, article(url, title=f"Жаңалық {n}", views=n))


@pytest.mark.parametrize("is_killed", [False, True])
def test_the_end_is_that_of_a_crawl(
    papers: tuple[Paper, Paper], monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    """Files are packed and their records sealed, if need be by the next merge."""
    one, other = papers
    for number in range(150):
        noise = "".join(uuid.uuid5(uuid.NAMESPACE_URL, f"{number} {n}").hex for n in range(40))
        body = f"<p>Ауылға таза су келді. {noise}".encode()
        look(other, f"{HOME}{number}", captures=[other.capture(f"{HOME}{number}", body)])
    ours, theirs = finish(one, other)
    if is_killed:
        with opened(ours) as store, monkeypatch.context() as patch:
            patch.setattr("archive.store.Store.finish_captures", _killed)
            with pytest.raises(KeyboardInterrupt):
                merge(store, theirs)
    with opened(ours) as store:
        assert merge(store, theirs).is_empty == is_killed
        warcs = store.connection.execute("SELECT DISTINCT warc FROM captures").fetchall()
        assert [Path(warc).suffix for (warc,) in warcs] == [".zst"]
        unsealed = """SELECT count(*) FROM captures c WHERE NOT EXISTS (SELECT 1 FROM seals s
            WHERE s.warc = c.warc AND s.start = c.warc_offset AND s.length = c.warc_length)"""
        assert store.connection.execute(unsealed).fetchone()[0] == 0
        before = state(store)
        assert merge(store, theirs).is_empty
        assert state(store) == before


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_rehearsal_changes_nothing(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    fill(one, 3)
    fill(other.later(days=1), 6)
    folder, source = finish(one, other)
    with opened(folder) as store:
        before = state(store)
        said = merge(store, source, dry_run=True)
        assert state(store) == before
        assert merge(store, source) == said
        check_whole(store)
    assert said.new["articles"] == 3
    assert said.new["captures"] == 6


KILLED = """
import os, signal, sys
from pathlib import Path
from archive.merge import captures, merge, sides
from archive.merge import articles, tables
from archive.store import Store
for module in (sides, captures, articles, tables):
    module.BATCH = 4
count, when = 0, int(sys.argv[3])
whole = Store.batch
def stop():
    global count
    count += 1
    if count == when:
        os.kill(os.getpid(), signal.SIGKILL)
from contextlib import contextmanager
@contextmanager
def batch(self):
    with whole(self):
        yield
        stop()  # its records are on disk, its rows are not
    stop()
Store.batch = batch
with Store(Path(sys.argv[1])) as store:
    merge(store, Path(sys.argv[2]))
print("done")
"""


def test_kill_at_any_instant_loses_and_doubles_nothing(
    papers: tuple[Paper, Paper], tmp_path: Path
) -> None:
    one, other = papers
    fill(one, 4)
    fill(other.later(days=1), 10)
    folders = finish(one, other)
    wanted = joined(folders[0], folders[1], tmp_path / "whole")
    for when in range(1, 100, 3):
        victim = copied(folders[0], tmp_path / f"victim{when}")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, victim, folders[1], str(when)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout == "done\n":
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert joined(victim, folders[1], tmp_path / f"after{when}") == wanted
    assert when > 20, "it was never killed"


def test_an_older_archive_is_brought_up_to_date_in_a_copy(tmp_path: Path) -> None:
    paper = open_paper(tmp_path / "new")
    (folder,) = finish(paper)
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / DATABASE)) as connection:
        connection.isolation_level = None
        migrations.apply(Database(connection), stop_before="stems_in_the_index")
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO sites (id, name, url, timezone) VALUES ('aqbulaq', 'А', ?, 'Asia/Almaty')",
            (HOME,),
        )
        connection.execute(
            "INSERT INTO articles (id, site, url, title, text, first_seen, last_seen) "
            "VALUES (7, 'aqbulaq', ?, 'Су', 'Таза су.', ?1, ?1)".replace(
                "?1", "'2020-01-01T00:00:00Z'"
            ),
            (ONE,),
        )
        connection.execute("INSERT INTO aliases VALUES (?, 7, '2020-01-01T00:00:00Z')", (ONE,))
        connection.execute(
            "INSERT INTO revisions (article, number, title, text, digest, seen_at) "
            "VALUES (7, 1, 'Су', 'Таза су.', 'sha256:0', '2020-01-01T00:00:00Z')"
        )
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    with opened(folder) as store:
        merge(store, old)
        check_whole(store)
        assert [a["title"] for a in told(store)["articles"]] == ["Су"]
        assert [r["kind"] for r in told(store)["revisions"]] == ["first"]
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before


def refuse(folder: Path, other: Path, message: str, code: int) -> None:
    with opened(folder) as store:
        before = state(store)
        with pytest.raises(ArchiveError, match=message) as caught:
            merge(store, other)
        assert caught.value.exit_code == code
        assert state(store) == before


def test_what_is_refused(papers: tuple[Paper, Paper], tmp_path: Path) -> None:
    folder, other = finish(*papers)
    (tmp_path / "link").symlink_to(folder)
    refuse(folder, folder, "this archive itself", 2)
    refuse(folder, tmp_path / "link", "this archive itself", 2)
    refuse(folder, tmp_path / "nowhere", "no archive here", 2)
    with closing(sqlite3.connect(other / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    refuse(folder, other, "newer newsbot", 2)


def test_damage_of_the_other_is_not_called_ours(papers: tuple[Paper, Paper]) -> None:
    one, other = papers
    for number in range(40):
        other.visit(f"{HOME}{number}", article(f"{HOME}{number}", text="мәтін " * 500))
    folder, source = finish(one, other)
    path = source / DATABASE
    raw = path.read_bytes()
    path.write_bytes(raw[: 4096 * 3] + b"\xa5" * (len(raw) - 4096 * 3))
    refuse(folder, source, str(path), 5)
