"""Logs: one line an event, for a person; bounded; nothing of a page or an address breaks out of its line."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from sqlite3 import connect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.times import now
from newsbot.crawl import log
from newsbot.demo.server import ExampleNewspaper
from tests.conftest import Run
from tests.crawl.wire import http, page, prepare, wire

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d) (\S+) (.+)")


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """Root as it was."""
    handlers, level = [*logging.root.handlers], logging.root.level
    yield
    for handler in {*logging.root.handlers} - {*handlers}:
        log.end(handler)
    logging.root.setLevel(level)


def lines(folder: Path) -> list[tuple[str, str]]:
    """Site and what happened, of each line of a crawl's log."""
    (path,) = (folder / "logs").glob("crawl-*.log")
    found = [LINE.fullmatch(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    assert all(found), path.read_text("utf-8")
    return [(line[2], line[3]) for line in found if line]


def test_a_line_an_event_and_the_statistics_once(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles)
    assert newsbot(*command).returncode == 0
    told = lines(data)
    assert {site for site, _ in told} == {"aqbulaq"}
    assert told[0][1].startswith("crawl begins (newsbot/")
    with closing(connect(data / "news.db")) as c:
        visited = {
            f"{outcome} {url}" for outcome, url in c.execute("SELECT outcome, url FROM frontier")
        }
    seen = {" ".join(what.split()[:2]) for _, what in told if "://" in what}
    assert seen == visited
    (ended,) = [what for _, what in told if what.startswith("finished: ")]
    assert ended.endswith(" requests: 48 new, 1 not_article")
    (statistics,) = [
        what.removeprefix("statistics ") for _, what in told if what.startswith("statistics ")
    ]
    found = json.loads(statistics)
    assert found["newsbot/outcome/new"] == 48 and found["finish_reason"] == "finished"
    assert found["elapsed_time_seconds"] > 0
    assert len(told) == len(visited) + 3, "nothing else"

    assert newsbot(*command).returncode == 0  # what is unchanged is no event
    assert len(lines(data)) == len(told) + 3
    verbose = newsbot(*command, "-v")
    assert "Enabled extensions" in verbose.stderr and '"downloader/request_count"' in verbose.stderr
    assert len(lines(data)) == len(told) + 3


def test_what_fails_says_where_and_why(newsbot: Run, tmp_path: Path) -> None:
    pages = {
        "/1": http(b"", status="500 Oops"),
        "/2": http(b"", status="403 No"),
        "/3": http(page()),
    }
    with wire(pages) as server:
        prepare(server.origin, tmp_path, ["/1", "/2", "/3"])
        data = tmp_path / "data"
        newsbot("crawl", "x", "--data", data, "--sites-dir", tmp_path / "sites")
    told = lines(data)
    assert {site for site, _ in told} == {"x"}
    shown = [what for _, what in told]
    assert f"WARNING failed {server.origin}/1 HTTP 500" in shown
    assert f"WARNING blocked {server.origin}/2 HTTP 403" in shown
    assert f"new {server.origin}/3" in shown


def line_of(message: str, *args: object, **how: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log._Line())
    record = logging.LogRecord("x", logging.INFO, "", 0, message, args, None)
    record.__dict__.update(how)
    handler.emit(record)
    return stream.getvalue()


@settings(deadline=None)
@given(st.text(st.characters()), st.text(st.characters()))
def test_any_text_is_one_line_that_steers_no_terminal(before: str, after: str) -> None:
    told = line_of(
        "%s",
        f"{before}\r\n2026-11-28T00:00:00+05:00 other crawl begins\x1b[2J\u202e\x85\u2028{after}",
        site="own",
    )
    assert told.count("\n") == 1 and told.endswith("\n")
    assert told[:-1].isprintable() and len(told.splitlines()) == 1
    assert LINE.fullmatch(told[:-1])[2] == "own"  # type: ignore[index]


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/@ ", categories=["L", "N", "P"]), min_size=5))
def test_no_password_of_an_address_is_written(password: str) -> None:
    for address in (f"http://user:{password}@127.0.0.1/x", f"mailto://{password}@example.org?to=x"):
        assert f"{password}@" not in line_of("%s: no answer", address)
    assert "editor@example.org" in line_of("contact editor@example.org")


def test_a_traceback_is_one_line_too() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        told = line_of("broken", exc_info=sys.exc_info())
    assert told.count("\n") == 1 and "ValueError: a b" in told


def test_times_have_an_offset() -> None:
    stamp = LINE.match(line_of("x").rstrip())[1]  # type: ignore[index]
    assert abs((datetime.fromisoformat(stamp) - now()).total_seconds()) < 60


def test_files_are_bounded_in_size_number_and_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LARGEST", 2000)
    folder = tmp_path / "logs"
    folder.mkdir()
    kept = [f"crawl-{now() - log.KEPT:%Y-%m}.log", "mine-2001-01.log", "crawl-2001-01.log.gz", "x"]
    for name in [*kept, "crawl-2001-01.log", "import-2001-02.log.7"]:
        (folder / name).write_text("x")
    (folder / "cron.log").write_bytes(b"x" * 2001)
    handler = log.begin(tmp_path, "crawl")
    for number in range(500):
        logging.getLogger("newsbot.x").info("event %d", number)
    log.end(handler)
    names = {path.name for path in folder.iterdir()}
    own = f"crawl-{now():%Y-%m}.log"
    assert names == {*kept, "cron.log.1", own, *(f"{own}.{n}" for n in range(1, log.FILES))}
    assert all((folder / name).stat().st_size <= 2000 for name in names - {"cron.log.1"})
    assert (folder / own).read_text().endswith("event 499\n")


def test_a_crawl_goes_on_without_its_log(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "logs").write_text("a file of mine")
    done = newsbot("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles, "--limit", 3)
    assert done.returncode == 0 and "3" in done.stdout
    assert "logs: no log: File exists" in done.stderr and done.stderr.count("\n") == 1
    assert (data / "logs").read_text() == "a file of mine"


def test_a_log_that_cannot_be_written_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/full takes no byte, as a full disk."""
    monkeypatch.setattr(log, "log_file", lambda folder, name: Path("/dev/full"))
    monkeypatch.setattr(log, "_tidy", lambda folder: None)
    handler = log.begin(tmp_path, "crawl")
    for _ in range(3):
        logging.getLogger("newsbot.x").warning("event")
    log.end(handler)
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "newsbot: /dev/full: no log: [Errno 28] No space left on device"
