"""`newsbot verify` on an archive that a crawl made: what it says, and what --repair brings back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsbot.cli import newsbot as command
from newsbot.demo.server import ExampleNewspaper
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
    (line, summary) = run(folder, "--full", code=5).stdout.splitlines()[:2]
    assert line.startswith("damage: ")
    for part in (capture["warc"], capture["record_id"], capture["url"]):
        assert part in line
    assert summary.startswith(("note: ", "The archive needs attention: 1 damaged"))
    (finding, *notes) = json.loads(run(folder, "--full", "--json", code=5).stdout)["findings"]
    assert (finding["table"], finding["rows"]) == ("captures", [capture["id"]])
    assert [note["check"] for note in notes] in ([], ["texts"])


def test_a_text_that_cannot_be_compared_is_explained(folder: Path) -> None:
    (folder / "sites" / "tynys.toml").unlink()
    (note, summary) = run(folder, "--full").stdout.splitlines()
    assert note.startswith("note: ")
    assert "no profile" in note
    assert summary == "All is well: 1 to note."


def test_news_db_comes_back_from_warc_alone(folder: Path) -> None:
    names = ("articles", "revisions", "captures", "aliases", "engagement", "tags", "article_tags")
    before = {name: rows(folder, name) for name in names}
    for path in (folder / "data").glob("news.*"):
        path.unlink()
    assert "missing" in run(folder, code=5).stdout
    said = run(folder, "--repair").stderr
    assert "from warc/ alone" in said
    for row in before["captures"]:
        row["crawl"] = None  # crawls are not in the captures
    assert {name: rows(folder, name) for name in names} == before
    assert run(folder, "--full").stdout == "All is well.\n"


def test_the_example_newspaper_is_known(newsbot: Run, tmp_path: Path) -> None:
    with ExampleNewspaper() as paper:
        profiles = write_profile(tmp_path / "sites", paper.origin)
        newsbot("crawl", "aqbulaq", "--data", tmp_path / "data", "--sites-dir", profiles)
    assert newsbot("verify", "--full", "--data", tmp_path / "data").stdout == "All is well.\n"


def test_without_an_archive(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["verify", "--data", str(tmp_path)], standalone_mode=False)
    assert "no archive here" in str(result.exception)
