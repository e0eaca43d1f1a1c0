"""`newsbot verify` on an archive that a crawl made: what it says, and what --repair brings back."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsbot.cli import newsbot as command
from newsbot.demo.server import ExampleNewspaper
from tests.archive.integrity.building import contents
from tests.conftest import Run, write_profile


@pytest.fixture(scope="module")
def crawled(newsbot: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example newspaper, crawled twice; `sites` beside `data` has its profile."""
    folder = tmp_path_factory.mktemp("crawled")
    with ExampleNewspaper() as paper:
        profile = write_profile(folder / "sites", paper.origin) / "aqbulaq.toml"
        profile.rename(profile.with_stem("tynys"))  # nobody ships a profile of that name
        options = ("--data", folder / "data", "--sites-dir", folder / "sites")
        for more in ((), ("--revisit",)):
            done = newsbot("crawl", "tynys", *options, *more)
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(crawled: Path, tmp_path: Path) -> Path:
    shutil.copytree(crawled, tmp_path / "copy")
    return tmp_path / "copy"


def run(folder: Path, *options: str, code: int = 0) -> Result:
    """`newsbot verify`; the exit code is what the command returns."""
    paths = ("--data", str(folder / "data"), "--sites-dir", str(folder / "sites"), "--jobs", "0")
    result = CliRunner().invoke(command, ["verify", *paths, *options], standalone_mode=False)
    assert result.exception is None, result.exception
    assert result.return_value == code, result.output
    # Our marks of style, which become colours at a terminal.
    result.stdout_bytes = re.sub("[\ufdd0-\ufdef]", "", result.stdout).encode()
    return result


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "data" / "news.db")) as c:
        c.row_factory = sqlite3.Row
        return [dict(row) for row in c.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]


def test_all_is_well(folder: Path) -> None:
    assert run(folder).stdout == "All is well.\n"
    assert run(folder, "--full").stdout == "All is well.\n"
    assert run(folder, "-q").stdout == ""
    said = json.loads(run(folder, "--full", "--json").stdout)
    assert said == {"ok": True, "full": True, "repaired": [], "findings": []}


def test_damage_is_named(folder: Path) -> None:
    capture = rows(folder, "captures")[5]
    path = folder / "data" / capture["warc"]
    data = bytearray(path.read_bytes())
    data[capture["warc_offset"] + capture["warc_length"] // 2] ^= 8
    path.write_bytes(data)
    (line, summary) = run(folder, "--full", code=5).stdout.splitlines()
    assert line.startswith("damage: ")
    for part in (capture["warc"], capture["record_id"], capture["url"]):
        assert part in line
    assert summary == "The archive needs attention: 1 damaged."
    (finding,) = json.loads(run(folder, "--full", "--json", code=5).stdout)["findings"]
    assert (finding["table"], finding["rows"]) == ("captures", [capture["id"]])


def test_a_text_that_cannot_be_compared_is_explained(folder: Path) -> None:
    (folder / "sites" / "tynys.toml").unlink()
    (note, summary) = run(folder, "--full").stdout.splitlines()
    assert note.startswith("note: ")
    assert "no profile" in note
    assert summary == "All is well: 1 to note."


def test_news_db_comes_back_from_warc_alone(folder: Path) -> None:
    before = contents(folder / "data", state=False)
    for path in (folder / "data").glob("news.*"):
        path.unlink()
    assert "missing" in run(folder, code=5).stdout
    said = run(folder, "--repair").stderr
    assert "from warc/ alone" in said
    assert contents(folder / "data", state=False) == before
    assert run(folder, "--full").stdout == "All is well.\n"


def test_a_damaged_news_db(folder: Path) -> None:
    """Ids, crawls, sources and the frontier come back as well, and what a user has made."""
    path = folder / "data" / "news.db"
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE my_notes AS SELECT id AS article, 'оқылды' AS note FROM articles")
        c.commit()
        notes = c.execute("SELECT * FROM my_notes").fetchall()
    before = contents(folder / "data")
    with closing(sqlite3.connect(path)) as c:
        c.execute("UPDATE articles SET title = title || '!' WHERE id = 3")
        c.commit()
    assert "articles 3 (http" in run(folder, code=5).stdout
    said = json.loads(run(folder, "--repair", "--json").stdout)
    assert (said["ok"], said["findings"]) == (True, [])
    assert contents(folder / "data") == before
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("SELECT * FROM my_notes").fetchall() == notes
    (kept,) = (folder / "data").glob("news.damaged-*.db")
    assert any(kept.name in line for line in said["repaired"])


def test_articles_that_rules_read_otherwise_are_noted(folder: Path) -> None:
    path = folder / "sites" / "tynys.toml"
    path.write_text(path.read_text().replace('remove = [".banner"]', 'remove = ["p:first-child"]'))
    (*notes, summary) = run(folder, "--full").stdout.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert any("today's rules read other values: text" in note for note in notes)
    assert summary == f"All is well: {len(notes)} to note."


def test_the_example_newspaper_is_known(newsbot: Run, tmp_path: Path) -> None:
    with ExampleNewspaper() as paper:
        profiles = write_profile(tmp_path / "sites", paper.origin)
        newsbot("crawl", "aqbulaq", "--data", tmp_path / "data", "--sites-dir", profiles)
    assert newsbot("verify", "--full", "--data", tmp_path / "data").stdout == "All is well.\n"


def test_without_an_archive(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["verify", "--data", str(tmp_path)], standalone_mode=False)
    assert "no archive here" in str(result.exception)
