"""What a person withholds is read nowhere, whatever happens to the archive afterwards."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from pyarrow.parquet import read_table

from archive.decisions import NOTE, append, decide
from archive.errors import ArchiveLocked
from archive.search import check
from archive.store import DATABASE, Store, open_database
from archive.store.stories import link
from archive.times import now, utc
from newsbot.cli import COMMANDS
from newsbot.cli.export import export
from newsbot.demo.server import ExampleNewspaper
from tests.archive.building import HOME, Paper, article, check_whole, open_paper
from tests.archive.test_duplicates import Press
from tests.cli.conftest import run
from tests.conftest import ROOT, Run

WORD = "құпиятас"
"""Stands in every field of the withheld article, and nowhere else."""
TEXT = "\n\n".join(Press(20).article(4))
AT = f"{HOME}2"
REASON = "сот шешімі"

FORMATS = next(p.type.choices for p in export.params if p.name == "formats")
READERS: dict[str, list[tuple[str, ...]]] = {
    "search": [(WORD,), (f"{WORD}тың",), (WORD[:-1],), ("мектеп",), (f"author:{WORD}",),
               ("after:2020",), (f"note:{WORD}",), ("note:*",), ("after:2020", "--order", "newest", "--facets", "--json")],
    "show": [("2",), (AT,), (f"{AT}?utm_source=x",), (f"{HOME}old",), ("2", "--json"), ("2", "--raw"),
             ("2", "--revisions"), ("2", "--revision", "1"), ("2", "--diff"), ("1",), ("3", "--json")],
    "stories": [(), ("--list",), ("--list", "--json"), ("2",), ("1",), ("3",)],
    "stems": [("мектеп",), ("--rebuild",)],
    # A subset is no output but an archive: tests/archive/export/test_subset.py reads it.
    "export": [("--format", name) for name in FORMATS if name != "sqlite"]
    + [("--format", name, "--current") for name in ("warc", "wacz")]
    + [("--with", "notes"), ("--note", WORD[:4])],
    "stats": [(), ("--by", "section", "--measure", "all"), ("--by", "section", "--json"), ("words",),
              ("words", "мектеп", "--by", "section"), ("words", "--region", "jambyl", "--csv")],
    "status": [(), ("--json",)],
    "report": [("aqbulaq", "--html", "-")],
    "verify": [(), ("--full",), ("--json",)],
    "reextract": [("--dry-run", "--all", "--json"), ("--all", "--json")],
    "alarms": [(), ("--json",), ("--dry-run",)],
    "withhold": [("--list",), ("--list", "--json")],
}  # fmt: skip
"""Commands that print what an archive holds, in all the ways that they can."""
NO_READERS = {
    "crawl",
    "sites",
    "extract",
    "import",
    "schedule",
    "backup",
    "restore",
    "merge",
    "demo",
    "note",
    "serve",
}
"""Commands that print counts, addresses, or what is not in the archive; what `serve` shows, tests/web/ looks at."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three articles of one story, two of them editions; the second has an edit and an old address."""
    folder = tmp_path / "data"
    paper = open_paper(folder)
    secret = {name: f"{WORD} {name}" for name in ("title", "section", "published_raw")}
    secret |= {name: [f"{WORD} {name}"] for name in ("tags", "captions", "authors")}
    paper.visit(f"{HOME}1", article(f"{HOME}1", text=TEXT))
    for text in (f"{WORD} бұрын.\n\n{TEXT}", f"{TEXT}\n\n{WORD} кейін."):
        read = article(
            AT, **secret, text=text, views=7, image=f"{HOME}{WORD}.jpg", published="2026-11-19"
        )
        paper.later(days=1).visit(AT, read, urls=(f"{HOME}old", AT))
    other = Paper(paper.store, "tobyl")
    other.visit(f"{HOME}3", article(f"{HOME}3", text=TEXT, site="tobyl"))
    link(paper.store)
    decide(folder, NOTE, {"url": AT, "note": f"{WORD} туралы", "at": "2026-11-28T10:00:00Z"})
    with paper.store.transaction() as c:
        c.execute("INSERT INTO editions VALUES (1, 2, 'test'), (2, 1, 'test')")
    check_whole(paper.store)
    paper.store.close()
    return folder


def withhold(data: Path, *args: str, expected: int = 0) -> str:
    done = run("withhold", *args, "--data", data)
    assert done.exit_code == expected, done.output
    return done.output


def unpacked(printed: bytes) -> bytes:
    """Everything that an output holds, whatever it is packed in."""
    found = printed
    if printed.startswith(b"PK"):
        package = zipfile.ZipFile(io.BytesIO(printed))
        found += b"".join(unpacked(package.read(name)) for name in package.namelist())
    elif printed.startswith(b"\x1f\x8b"):
        found += gzip.decompress(printed)
    elif printed.startswith(b"PAR1"):
        found += str(read_table(io.BytesIO(printed)).to_pylist()).encode()
    return found


def places(data: Path) -> list[str]:
    """Where the word can be read: by the commands, in the views, the index, and what readers see."""
    found = []
    marks = (WORD.encode(), json.dumps(WORD)[1:-1].encode(), WORD.capitalize().encode())
    for command, ways in READERS.items():
        for way in ways:
            done = run(command, *way, "--data", data)
            is_refused = done.exit_code == 2 and "in this archive" in done.output
            assert is_refused or not done.exception or isinstance(done.exception, Exception), (
                done.output
            )
            printed = unpacked(done.stdout_bytes).lower() + done.stderr_bytes.lower()
            if is_refused:  # with what was typed
                printed = printed.replace(WORD.encode(), b"", 1)
            if any(mark in printed.replace(b"%d2%9b", b"") for mark in marks):
                found.append(" ".join((command, *way)))
    with closing(sqlite3.connect(data / DATABASE)) as c:
        named = "SELECT name FROM sqlite_schema WHERE type = ?"
        views = [name for (name,) in c.execute(named, ("view",))]
        tables = [
            name for (name,) in c.execute(named, ("table",))
            if name != "vocabulary" and not name.startswith("articles_fts_")
        ]  # fmt: skip
        found += [
            name for name in views if WORD in repr(c.execute(f"SELECT * FROM {name}").fetchall())
        ]
        sql = "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?"
        found += ["articles_fts"] * c.execute(sql, (f"{WORD}*",)).fetchone()[0]
    with closing(open_database(data).conn) as c:
        tables.append("article_notes")
        found += [
            name for name in tables if WORD in repr(c.execute(f"SELECT * FROM {name}").fetchall())
        ]
    return found


def test_every_command_is_known_to_these_tests() -> None:
    """A new command says here whether it prints what articles say."""
    names = {command.name for commands in COMMANDS.values() for command in commands}
    assert names == READERS.keys() | NO_READERS


def test_it_is_read_nowhere_until_it_is_revoked(data: Path) -> None:
    everywhere = places(data)
    assert {"articles_fts", "articles", "readings", "tags", "article_edits", "show 2 --raw",
            "export --format warc", "export --format parquet", "stories --list", "article_list",
            "article_notes", "export --with notes"} <= {*everywhere}  # fmt: skip
    withhold(data, AT, "--reason", REASON, "--by", "Әсел")
    assert places(data) == []
    shown = run("show", "2", "--data", data)
    assert getattr(shown.exception, "exit_code", None) == 2
    said = str(shown.exception)
    assert said.startswith("article 2 is withheld since 20")
    assert said.endswith(f"by Әсел: {REASON}")
    assert run("verify", "--full", "--data", data).exit_code == 0
    withhold(data, "2", "--revoke", "--reason", "қате болды")
    run("stories", "--data", data)
    # All but the edition, which this archive was only told.
    assert {*everywhere} - {*places(data)} <= {"show 1", "show 3 --json", "stories 1", "stories 3"}


def test_the_list(data: Path) -> None:
    withhold(data, f"{HOME}old", "--reason", REASON)
    withhold(data, "3", "--reason", "басқа", "--by", "Әсел")
    withhold(data, "3", "--revoke", "--reason", "қате")
    (row,) = json.loads(withhold(data, "--list", "--json"))
    assert row == {"article": 2, "at": row["at"], "by": None, "reason": REASON, "url": AT}
    assert REASON in withhold(data, "--list")
    lines = (data / "decisions" / "withheld.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["decision"] for line in lines] == ["withheld", "withheld", "revoked"]


@pytest.mark.parametrize(
    "args",
    [(), ("2",), ("2", "--reason", " "), ("2", "--list"), ("--list", "--revoke"), ("--json",),
     ("2", "--reason", "x", "--json"), ("99", "--reason", "x"),
     ("2", "--revoke", "--reason", "it is not withheld")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(data: Path, args: tuple[str, ...]) -> None:
    done = run("withhold", *args, "--data", data)
    assert getattr(done.exception, "exit_code", done.exit_code) == 2
    assert not (data / "decisions" / "withheld.jsonl").exists()


def test_a_broken_line_is_told_and_the_others_hold(data: Path, newsbot: Run) -> None:
    withhold(data, "2", "--reason", REASON)
    path = data / "decisions" / "withheld-2.jsonl"
    path.write_text(
        '{"url": "x"}\n{"url": 7, "decision": "withheld", "reason": "r", "at": "2026"}\n'
    )
    listed = newsbot("withhold", "--list", "--data", data)
    assert listed.returncode == 3
    assert "withheld-2.jsonl:1: no decision: expected an object" in listed.stderr
    assert "withheld-2.jsonl:2: no decision" in listed.stderr
    assert REASON in listed.stdout


# -- while others write -------------------------------------------------------------------------


def test_it_holds_while_a_crawl_has_the_lock_and_after_an_edit(data: Path, newsbot: Run) -> None:
    paper = open_paper(data)
    paper.later(days=3)
    done = newsbot("withhold", AT, "--reason", REASON, "--data", data)
    assert done.returncode == 0, done.stderr
    assert places_of_readers(data) == []
    edit = article(AT, title=f"{WORD} жаңа", text=f"{WORD} жаңа.\n\n{TEXT}")
    assert paper.visit(AT, edit) == "updated"
    assert places_of_readers(data) == []
    paper.visit(f"{HOME}new", edit, urls=(AT, f"{HOME}new"))  # it has moved
    assert places_of_readers(data) == []
    paper.visit(f"{HOME}5", article(f"{HOME}5", text="Басқа мәтін."))
    link(paper.store)
    check_whole(paper.store)
    paper.store.close()
    assert places(data) == []


def places_of_readers(data: Path) -> list[str]:
    """The same without commands that need the lock."""
    with closing(open_database(data).conn) as c:
        sql = "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?"
        rows = [c.execute(sql, (f"{WORD}*",)).fetchone()[0] * ["articles_fts"]]
        rows += c.execute("SELECT url FROM articles WHERE text LIKE ?", (f"%{WORD}%",)).fetchall()
        return rows[0] + rows[1:]


def test_it_waits_for_the_commit_of_a_crawl(data: Path) -> None:
    paper = open_paper(data)
    with paper.store.batch():
        paper.visit(f"{HOME}5", article(f"{HOME}5", text="Басқа мәтін."))
        asked = threading.Thread(target=withhold, args=(data, "2", "--reason", REASON))
        asked.start()
        asked.join(1)
        assert asked.is_alive(), "it waits"
    asked.join(30)
    assert not asked.is_alive()
    assert places_of_readers(data) == []
    check_whole(paper.store)
    paper.store.close()


def test_an_address_that_comes_to_be_an_alias_later(data: Path) -> None:
    """The decision is known before the captures, as in a merge."""
    line = {
        "url": f"{HOME}moved",
        "decision": "withheld",
        "reason": REASON,
        "at": "2024-11-28T10:00:00Z",
    }
    append(data / "decisions" / "withheld.jsonl", data, json.dumps(line).encode() + b"\n")
    paper = open_paper(data)
    assert places_of_readers(data) != []
    edit = article(AT, title=f"{WORD} жаңа", text=f"{WORD} жаңа.\n\n{TEXT}")
    paper.later(days=3).visit(f"{HOME}moved", edit, urls=(AT, f"{HOME}moved"))
    assert places_of_readers(data) == []
    check_whole(paper.store)
    paper.store.close()
    withhold(data, f"{HOME}moved", "--revoke", "--reason", "қате")
    assert places_of_readers(data) != []


# -- what becomes of the archive ----------------------------------------------------------------


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, newsbot: Run) -> Path:
    """The example newspaper, crawled for real."""
    folder = tmp_path_factory.mktemp("crawled") / "data"
    with ExampleNewspaper() as paper:
        text = (ROOT / "newsbot/demo/sites/aqbulaq.toml").read_text("utf-8")
        (folder / "sites").mkdir(parents=True)
        profile = folder / "sites" / "aqbulaq.toml"
        profile.write_text(text.replace("http://127.0.0.1:8765", paper.origin), "utf-8")
        assert newsbot("crawl", "aqbulaq", "--data", folder).returncode == 0
    return folder


def some_article(data: Path) -> tuple[int, str, str]:
    """Id, address and title of an article of several revisions."""
    with closing(open_database(data, everything=True).conn) as c:
        sql = "SELECT id, url, title FROM articles ORDER BY revision DESC, id LIMIT 1"
        number, url, title = c.execute(sql).fetchone()
    return number, url, title


def is_readable(data: Path, url: str) -> bool:
    done = run("show", url, "--data", data)
    assert done.exit_code == 0 or "is withheld since" in str(done.exception)
    with closing(open_database(data).conn) as c:
        assert check(c) == []
    return done.exit_code == 0


def rebuilt(data: Path, newsbot: Run, tmp_path: Path) -> Path:
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (data / name).unlink(missing_ok=True)
    done = newsbot("verify", "--repair", "--data", data)
    assert done.returncode == 0, done.stdout + done.stderr
    return data


def restored(data: Path, newsbot: Run, tmp_path: Path) -> Path:
    assert newsbot("backup", tmp_path / "bag", "--data", data).returncode == 0
    assert newsbot("restore", tmp_path / "bag", "--data", tmp_path / "copy").returncode == 0
    return tmp_path / "copy"


def merged_into_another(data: Path, newsbot: Run, tmp_path: Path) -> Path:
    """Another machine's archive has the same article, and nothing against it."""
    other = tmp_path / "other"
    shutil.copytree(data, other, ignore=shutil.ignore_patterns("decisions"))
    with closing(sqlite3.connect(other / DATABASE, isolation_level=None)) as c:
        c.execute("DELETE FROM withheld")
    run("stems", "--rebuild", "--data", other)
    assert newsbot("merge", data, "--data", other).returncode == 0
    return other


def merged_into_an_empty_one(data: Path, newsbot: Run, tmp_path: Path) -> Path:
    shutil.copytree(data / "sites", tmp_path / "empty" / "sites")
    assert newsbot("merge", data, "--data", tmp_path / "empty").returncode == 0
    return tmp_path / "empty"


def merged_from_another(data: Path, newsbot: Run, tmp_path: Path) -> Path:
    other = tmp_path / "other"
    shutil.copytree(data, other)
    shutil.rmtree(other / "decisions")
    assert newsbot("merge", other, "--data", data).returncode == 0
    return data


@pytest.mark.parametrize(
    "move",
    [rebuilt, restored, merged_into_another, merged_into_an_empty_one, merged_from_another],
)
def test_it_outlives(
    move: Callable[[Path, Run, Path], Path], crawled: Path, newsbot: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(crawled, data)
    number, url, _ = some_article(data)
    assert is_readable(data, url)
    assert run("note", url, "оқылды", "--data", data).exit_code == 0
    withhold(data, str(number), "--reason", REASON)
    assert not is_readable(data, url)
    moved = move(data, newsbot, tmp_path)
    assert not is_readable(moved, url)
    done = newsbot("verify", "--full", "--data", moved)
    assert done.returncode == 0, done.stdout
    withhold(moved, url, "--revoke", "--reason", "қате")
    assert is_readable(moved, url)
    assert "): оқылды\n" in run("show", url, "--data", moved).stdout


@pytest.mark.parametrize("first", ["withheld", "revoked"])
def test_of_two_machines_the_latest_word_counts(
    first: str, crawled: Path, newsbot: Run, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    shutil.copytree(crawled, here)
    _, url, _ = some_article(here)
    shutil.copytree(here, there)
    second = "revoked" if first == "withheld" else "withheld"
    # The clock of one is in another zone.
    for folder, decision, at in (
        (here, first, "2024-11-28T10:00:00Z"), (there, second, "2024-11-28T15:00:01+05:00"),
    ):  # fmt: skip
        line = {"url": url, "decision": decision, "reason": REASON, "at": at}
        append(folder / "decisions" / "withheld.jsonl", folder, json.dumps(line).encode() + b"\n")
        Store(folder).close()
    assert newsbot("merge", there, "--data", here).returncode == 0
    assert newsbot("merge", here, "--data", there).returncode == 0
    for folder in (here, there):
        assert is_readable(folder, url) is (second == "revoked")


@pytest.mark.parametrize("days", [0.5, 1.5, 400])
def test_a_decision_replaces_one_of_a_clock_that_is_ahead(data: Path, days: float) -> None:
    """By less than a day; what is dated later does not count."""
    at = utc(now() + timedelta(days=days))
    line = {"url": AT, "decision": "withheld", "reason": REASON, "at": at}
    append(data / "decisions" / "withheld.jsonl", data, json.dumps(line).encode() + b"\n")
    assert is_readable(data, AT), "nothing has acted on it yet"
    withhold(data, "1", "--reason", REASON)
    assert is_readable(data, AT) is (days > 1)
    if days > 1:
        withhold(data, "2", "--reason", REASON)
    done = withhold(data, "2", "--revoke", "--reason", "қате")
    assert f"{AT}: revoked" in done
    assert is_readable(data, AT)


@pytest.mark.parametrize("key", ["url", "reason", "by"])
def test_half_a_letter_ends_no_command(data: Path, newsbot: Run, key: str) -> None:
    line = {"url": AT, "decision": "withheld", "reason": REASON, "at": "2024-11-28T10:00:00Z"}
    path = data / "decisions" / "withheld.jsonl"
    path.write_text(json.dumps({**line, key: "\ud800"}) + "\n")
    Store(data).close()
    listed = newsbot("withhold", "--list", "--data", data)
    assert (listed.returncode, "jsonl:1: no decision: " in listed.stderr) == (3, True)
    withhold(data, "2", "--reason", REASON)
    assert not is_readable(data, AT)


def test_nothing_is_said_to_hold_before_it_does(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Path) -> None:
        raise ArchiveLocked("locked by another program")

    monkeypatch.setattr("newsbot.cli.withhold.act", locked)
    done = run("withhold", "2", "--reason", REASON, "--data", data)
    assert isinstance(done.exception, ArchiveLocked)
    assert done.stdout == ""


def test_a_connection_that_is_older_than_the_decision_hides_it(data: Path) -> None:
    with closing(open_database(data).conn) as c:
        queries = ["SELECT title FROM articles_fts", "SELECT title FROM articles",
                   "SELECT title FROM readings", "SELECT url FROM captures"]  # fmt: skip
        before = [len(c.execute(sql).fetchall()) for sql in queries]
        withhold(data, "2", "--reason", REASON)
        after = [len(c.execute(sql).fetchall()) for sql in queries]
    assert [many - few for many, few in zip(before, after, strict=True)] == [1, 1, 2, 2]


def test_other_programs_do_not_bring_it_back_into_the_index(data: Path) -> None:
    withhold(data, "2", "--reason", REASON)
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as c:
        c.execute("INSERT INTO articles_fts (articles_fts) VALUES ('rebuild')")
        c.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('integrity-check', 1)")
    assert places(data) == []
