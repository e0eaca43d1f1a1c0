"""Packing: the same records in a tenth of the space, and all of them there whenever it is killed."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.captures import (
    IDENTICAL,
    CaptureWriter,
    mend,
    pack,
    packing,
    previous_capture,
    read_capture,
    read_record,
    read_stored,
    stored,
    training,
)
from archive.errors import ArchiveError
from archive.store import Store
from tests.archive.building import HOME, START, Paper, article, open_paper
from tests.archive.captures.making import SERVED, SITE, read_all, site_page

NUMBER = 70
"""Captures of a packed archive; a dictionary wants 60."""


@pytest.fixture
def loose(tmp_path: Path) -> Iterator[Paper]:
    """Captures in one `.warc.gz`: pages, a revisit, and a record that a crash kept from its row."""
    paper = open_paper(tmp_path / "data")
    writer = paper.store.captures(SITE)
    for number in range(NUMBER - 1):
        url = f"{HOME}{number}"
        capture = writer.write(url, 200, SERVED[:1], site_page(number), START)
        paper.visit(url, article(url), captures=[capture])
    again = writer.write(
        f"{HOME}7", 200, [], site_page(7), START + timedelta(1), profile=IDENTICAL,
        refers_to=previous_capture(paper.store.connection, f"{HOME}7"),
    )  # fmt: skip
    paper.visit(f"{HOME}7", article(f"{HOME}7"), captures=[again])
    writer.write(f"{HOME}lost", 200, [], site_page(999), START)
    yield paper
    paper.store.close()


def names(folder: Path) -> list[str]:
    """Files of the site but for the copies of dictionaries."""
    found = (path.name for path in (folder / "warc" / SITE).iterdir())
    return sorted(name for name in found if not name.endswith(".dict.zst"))


def rows(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [
        tuple(row)
        for row in connection.execute(
            "SELECT id, url, fetched_at, status, payload_digest, payload_length, record_id, article "
            "FROM captures ORDER BY id"
        )
    ]


def contents(folder: Path, connection: sqlite3.Connection) -> dict[str, bytes]:
    """Record id → the bytes that the row points at."""
    found = connection.execute("SELECT record_id, warc, warc_offset FROM captures").fetchall()
    return {row[0]: read_record(folder, row[1], row[2]) for row in found}


def test_packing_changes_nothing_but_the_form(loose: Paper) -> None:
    store = loose.store
    before, held = rows(store.connection), contents(store.folder, store.connection)
    records = [(r.record_id, r.exchange) for r in read_all(store.folder)]
    size = (store.folder / "warc" / SITE / f"{SITE}-2026-11.warc.gz").stat().st_size
    saved = pack(store, SITE)
    assert names(store.folder) == [f"{SITE}-2026-11.warc.zst"]
    packed = store.folder / "warc" / SITE / f"{SITE}-2026-11.warc.zst"
    assert len(list(packed.parent.glob("*.dict.zst"))) == 1
    assert saved == size - packed.stat().st_size > 0
    assert rows(store.connection) == before
    assert contents(store.folder, store.connection) == held
    assert [(r.record_id, r.exchange) for r in read_all(store.folder)] == records
    assert loose.one("SELECT count(DISTINCT warc) AS files, min(warc) AS name FROM captures") == {
        "files": 1,
        "name": f"warc/{SITE}/{SITE}-2026-11.warc.zst",
    }
    ends = loose.all("SELECT warc_offset + warc_length AS stop FROM captures ORDER BY warc_offset")
    starts = loose.all("SELECT warc_offset FROM captures ORDER BY warc_offset")
    assert [row["stop"] for row in ends][:-1] == [row["warc_offset"] for row in starts][1:]
    for row in loose.all("SELECT id, url, status FROM captures"):
        number = int(row["url"].removeprefix(HOME))
        assert read_stored(store.connection, store.folder, row["id"]).body == site_page(number)
    assert pack(store, SITE) == 0


def test_the_next_record_goes_into_the_packed_file(loose: Paper) -> None:
    pack(loose.store, SITE)
    capture = loose.capture(f"{HOME}500", site_page(500))
    assert capture.warc.endswith("2026-11.warc.zst")
    loose.visit(f"{HOME}500", article(f"{HOME}500"), captures=[capture])
    exchange = read_capture(loose.store.folder, capture.warc, capture.warc_offset)
    assert exchange.body == site_page(500)


def test_too_little_is_left_alone(paper: Paper) -> None:
    paper.visit(read=article(), captures=[paper.capture(f"{HOME}1", site_page(1))])
    assert pack(paper.store, SITE) == 0
    assert names(paper.store.folder) == [f"{SITE}-2026-11.warc.gz"]
    assert pack(paper.store, "unheard-of") == 0


def test_a_small_month_waits_until_it_pays(loose: Paper) -> None:
    pack(loose.store, SITE)
    loose.later(days=20)
    capture = loose.capture(f"{HOME}500", site_page(500))
    assert capture.warc.endswith("2026-12.warc.gz")
    assert pack(loose.store, SITE) == 0
    for number in range(501, 540):
        loose.capture(f"{HOME}{number}", site_page(number))
    assert pack(loose.store, SITE) > 0
    assert names(loose.store.folder) == [f"{SITE}-2026-{n}.warc.zst" for n in (11, 12)]


def test_a_damaged_file_stays_for_verify(loose: Paper) -> None:
    folder = loose.store.folder
    path = folder / "warc" / SITE / f"{SITE}-2026-11.warc.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert pack(loose.store, SITE) == 0
    assert path.read_bytes() == data
    assert names(folder) == [path.name]
    assert len(loose.all("SELECT 1 FROM captures WHERE warc LIKE '%gz'")) == NUMBER


def test_a_row_that_points_at_nothing_stays_for_verify(loose: Paper) -> None:
    with loose.store.transaction() as c:
        c.execute("UPDATE captures SET warc_offset = warc_offset + 1 WHERE id = 5")
    assert pack(loose.store, SITE) == 0
    assert names(loose.store.folder) == [f"{SITE}-2026-11.warc.gz"]


def test_a_full_disk_leaves_everything_as_it_was(
    loose: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    before = contents(loose.store.folder, loose.store.connection)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ArchiveError, match="the disk is full"):
            loose.store.finish_captures(SITE)
    assert names(loose.store.folder) == [f"{SITE}-2026-11.warc.gz"]
    assert contents(loose.store.folder, loose.store.connection) == before


def test_a_reader_finds_a_record_that_was_packed_meanwhile(
    loose: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []

    def late(*given: Any) -> Any:
        if not packed:
            packed.append(pack(loose.store, SITE))
        return read_capture(*given)

    monkeypatch.setattr(stored, "read_capture", late)
    exchange = read_stored(loose.store.connection, loose.store.folder, 3)
    assert packed[0] > 0
    assert exchange.url == loose.one("SELECT url FROM captures WHERE id = 3")["url"]


def test_the_way_to_read_a_record_without_a_library(
    loose: Paper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python in docs/captures.md, on both forms of file."""
    text = (Path(__file__).parents[3] / "docs" / "captures.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    monkeypatch.chdir(loose.store.folder)
    for is_packed in (False, True):
        if is_packed:
            assert pack(loose.store, SITE) > 0
        found: dict[str, Any] = {}
        exec(code, found)
        found["db"].close()
        assert f"WARC-Target-URI: {HOME}0\r\n" in capsys.readouterr().out
        assert found["response"].partition(b"\r\n\r\n")[2] == site_page(0) + b"\r\n\r\n"


# -- killed --------------------------------------------------------------------------------------


def killed_at(step: int, folder: Path) -> bool:
    """Pack in a process that dies at its n-th step; returns whether it got there."""
    child = os.fork()
    if not child:
        try:
            _pack_and_die(step, folder)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def _pack_and_die(step: int, folder: Path) -> None:
    left = [step]

    def tick() -> None:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def patched(*args: Any, **named: Any) -> Any:
            tick()
            done = function(*args, **named)
            tick()
            return done

        return patched

    store = Store(folder)
    for name in ("fsync", "rename", "unlink"):
        setattr(os, name, around(getattr(os, name)))
    store.connection.set_trace_callback(lambda sql: None if "UPDATE" in sql else tick())
    pack(store, SITE)
    store.connection.set_trace_callback(None)
    os._exit(0)


@pytest.mark.parametrize("is_database_lost", [False, True])
def test_killed_at_every_step(
    loose: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_database_lost: bool
) -> None:
    store = loose.store
    held = contents(store.folder, store.connection)
    every = sorted(r.record_id for r in read_all(store.folder) if r.type != "warcinfo")
    store.close()
    whole = {
        path.relative_to(store.folder): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file()
    }
    known = training.train([store.folder / "warc" / SITE / f"{SITE}-2026-11.warc.gz"])
    monkeypatch.setattr(packing, "next_dictionary", lambda *_: known)
    seen: set[str] = set()
    for step in range(200):
        folder = tmp_path / f"killed-{step}"
        for name, data in whole.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        is_killed = killed_at(step, folder)
        seen |= {path.suffix for path in (folder / "warc" / SITE).iterdir()}
        if is_database_lost:
            for path in folder.glob("news.*"):
                path.unlink()
            mend(folder, SITE, {})
        else:
            with Store(folder) as again:
                vouched = dict(
                    again.connection.execute(
                        "SELECT warc, max(warc_offset + warc_length) FROM captures GROUP BY warc"
                    ).fetchall()
                )
                mend(folder, SITE, vouched)
                assert contents(folder, again.connection) == held, step
        assert len(names(folder)) == 1, step
        found = read_all(folder)
        assert [r.error for r in found if r.error] == []
        assert sorted(r.record_id for r in found if r.type != "warcinfo") == every, step
        assert not list(folder.rglob("*.part"))
        # And the writer goes on.
        CaptureWriter(folder, SITE, "x").write(HOME, 200, [], b"", START)
        assert [r.error for r in read_all(folder) if r.error] == []
        if not is_killed:
            break
    else:
        raise AssertionError("packing took more steps than that")
    assert step > 15
    assert {".part", ".gz", ".zst"} <= seen
