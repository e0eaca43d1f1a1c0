"""Mending: after any crash the files are whole, and nothing that was whole before is lost."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.captures import (
    cut_torn_tail,
    dictionaries,
    mend,
    read_capture,
    read_records,
)
from archive.captures.dictionaries import Dictionary
from archive.store import Store
from tests.archive.building import HOME, START, Paper, article, check_whole, open_paper
from tests.archive.captures.making import (
    PAGE,
    SITE,
    members,
    record,
    response,
    site_page,
    warcio_records,
    write,
)


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """Whatever part of the last record reached the disk, the file is whole after mending."""
    written = write(tmp_path, 2)
    path = tmp_path / written[0].warc
    raw, last = path.read_bytes(), written[1].warc_offset
    for size in range(last, len(raw)):
        path.write_bytes(raw[:size])
        assert cut_torn_tail(path, 0) == size - last
        assert path.read_bytes() == raw[:last]
    path.write_bytes(raw)
    assert cut_torn_tail(path, 0) == 0
    assert path.read_bytes() == raw


def test_cut_within_the_first_record(tmp_path: Path) -> None:
    written = write(tmp_path, 1)
    path = tmp_path / written[0].warc
    raw = path.read_bytes()
    for size in range(written[0].warc_offset):
        path.write_bytes(raw[:size])
        assert cut_torn_tail(path, 0) == size
        assert path.read_bytes() == b""
    again = write(tmp_path, 1)
    assert [r[0] for r in warcio_records(path)] == ["warcinfo", "response"]
    assert read_capture(tmp_path, again[0].warc, again[0].warc_offset).url == f"{HOME}0"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4), st.floats(0, 1), st.one_of(st.binary(max_size=40), st.just(b"\0" * 5_000))
)
def test_torn_and_dirty_tails(
    tmp_path_factory: pytest.TempPathFactory, number: int, part: float, dirt: bytes
) -> None:
    """A power cut may leave part of a record and blocks of anything; whole records stay."""
    folder = tmp_path_factory.mktemp("warc")
    written = write(folder, number)
    path = folder / written[0].warc
    raw = path.read_bytes()
    size = int(part * len(raw))
    path.write_bytes(raw[:size] + dirt)
    cut_torn_tail(path, 0)
    ends = [0, *(c.warc_offset for c in written), len(raw)]
    kept = max(end for end in ends if end <= size)
    left = path.read_bytes()
    assert left[:kept] == raw[:kept]
    # The file may be appended to, and every record in it read.
    more = write(folder, 1)[0]
    assert read_capture(folder, more.warc, more.warc_offset).body == PAGE + b"0"
    assert warcio_records(path)[-1][1] == f"{HOME}0"


def test_what_the_database_vouches_for_is_not_read_again(tmp_path: Path) -> None:
    written = write(tmp_path)
    path = tmp_path / written[0].warc
    raw = path.read_bytes()
    path.write_bytes(
        b"\0" * 10 + raw[10:]
    )  # damage is for `newsbot verify` to find, not to cut off
    assert cut_torn_tail(path, written[-1].warc_offset) == 0
    assert path.stat().st_size == len(raw)


def test_a_crawl_mends_what_a_crash_left(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    kept = paper.capture(f"{HOME}1", PAGE)
    paper.visit(read=article(), captures=[kept])
    paper.capture(f"{HOME}2", PAGE)  # whole on disk, but the crash came before its row
    torn = paper.capture(f"{HOME}3", PAGE)
    paper.store.close()
    path = tmp_path / kept.warc
    path.write_bytes(path.read_bytes()[:-7])
    with Store(tmp_path) as store:
        store.start_crawl(paper.site, START)
        assert path.stat().st_size == torn.warc_offset
        again = Paper(store)
        again.visit(f"{HOME}3", article(f"{HOME}3"), captures=[again.capture(f"{HOME}3", PAGE)])
        check_whole(store)
        rows = store.connection.execute("SELECT url, warc, warc_offset FROM captures").fetchall()
    assert [read_capture(tmp_path, r[1], r[2]).url for r in rows] == [f"{HOME}1", f"{HOME}3"]
    assert [r[1] for r in warcio_records(path)] == [None, f"{HOME}1", f"{HOME}2", f"{HOME}3"]


def test_whoever_writes_mends_first(tmp_path: Path) -> None:
    """A record that is appended behind half of another one would make damage of it."""
    paper = open_paper(tmp_path)
    paper.visit(read=article(), captures=[paper.capture(f"{HOME}1", PAGE)])
    torn = paper.capture(f"{HOME}2", PAGE)
    paper.store.close()
    path = tmp_path / torn.warc
    path.write_bytes(path.read_bytes()[:-7])
    with Store(tmp_path) as store:  # no crawl begins
        writer = store.captures(paper.site)
        store.add_knowledge(paper.site, writer.write_metadata(HOME, "layouts", b"{}", START))
        check_whole(store)
    assert [r[1] for r in warcio_records(path)] == [None, f"{HOME}1", HOME]


# -- packed files --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known() -> Dictionary:
    found = dictionaries.train([record(response(site_page(n))) for n in range(70)])
    assert found is not None
    return found


RECORDS = [record(response(site_page(n)), WARC_Record_ID=f"<urn:{n}>") for n in range(4)]


def packed_file(folder: Path, known: Dictionary) -> tuple[Path, list[int]]:
    """A `.warc.zst`, and where in it each record ends."""
    path = folder / "warc" / SITE / f"{SITE}-2026-11.warc.zst"
    path.parent.mkdir(parents=True, exist_ok=True)
    dictionaries.keep_copy(path.parent, SITE, known)
    frames = [known.compress(one) for one in RECORDS]
    path.write_bytes(known.frame + b"".join(frames))
    return path, list(accumulate(map(len, frames), initial=len(known.frame)))[1:]


def test_a_packed_file_cut_at_every_byte(tmp_path: Path, known: Dictionary) -> None:
    path, ends = packed_file(tmp_path, known)
    raw = path.read_bytes()
    for size in range(ends[-2], len(raw), 7):
        for good in (0, ends[0], ends[-2]):
            path.write_bytes(raw[:size])
            assert cut_torn_tail(path, good) == size - ends[-2]
            assert path.read_bytes() == raw[: ends[-2]]
    path.write_bytes(raw)
    assert cut_torn_tail(path, 0) == 0
    assert path.read_bytes() == raw


def test_a_dictionary_without_records_is_cut_off(tmp_path: Path, known: Dictionary) -> None:
    """The head of a file and its first record are written at once; half of them is nothing."""
    path, _ = packed_file(tmp_path, known)
    raw = path.read_bytes()
    for is_copied in (True, False):
        for size in (
            0,
            1,
            4,
            9,
            500,
            len(known.frame) - 1,
            len(known.frame),
            len(known.frame) + 20,
        ):
            path.write_bytes(raw[:size])
            assert cut_torn_tail(path, 0) == size, (size, is_copied)
            assert path.stat().st_size == 0
        for copy in path.parent.glob("*.dict.zst"):
            copy.unlink()
    mend(tmp_path, SITE, {})
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("is_packed", [False, True])
def test_damage_is_not_taken_for_a_torn_tail(
    tmp_path: Path, known: Dictionary, is_packed: bool
) -> None:
    """Even where no row vouches for anything, because news.db is lost."""
    if is_packed:
        path, _ = packed_file(tmp_path, known)
    else:
        path = tmp_path / f"{SITE}-2026-11.warc.gz"
        path.write_bytes(members(RECORDS))
    raw = path.read_bytes()
    whole = list(read_records(path))
    for victim in whole[:-1]:
        for place in (victim.offset, victim.offset + 20, victim.offset + victim.length - 1):
            changed = bytearray(raw)
            changed[place] ^= 0xFF
            path.write_bytes(changed)
            assert cut_torn_tail(path, 0) == 0, place
            path.write_bytes(changed + raw[whole[0].offset :][:50])
            assert cut_torn_tail(path, 0) == 50
            assert path.read_bytes() == changed


def test_a_damaged_dictionary_is_no_torn_tail(tmp_path: Path, known: Dictionary) -> None:
    path, ends = packed_file(tmp_path, known)
    raw = path.read_bytes()
    for is_copied in (True, False):
        for place in (0, 3, 4, 8, 100):
            changed = bytearray(raw)
            changed[place] ^= 0xFF
            path.write_bytes(changed)
            assert cut_torn_tail(path, 0) == 0, (place, is_copied)
            assert cut_torn_tail(path, ends[1]) == 0
            assert path.read_bytes() == changed
        for copy in path.parent.glob("*.dict.zst"):
            copy.unlink()


# -- two copies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vouched", "left"),
    [("gz", ["gz"]), ("zst", ["zst"]), ("", ["zst"]), ("gz zst", ["gz", "zst"])],
)
def test_one_of_two_copies_goes(
    tmp_path: Path, known: Dictionary, vouched: str, left: list[str]
) -> None:
    path, _ = packed_file(tmp_path, known)
    path.with_suffix(".gz").write_bytes(members(RECORDS))
    rows = {f"warc/{SITE}/{SITE}-2026-11.warc.{kind}": 1 for kind in vouched.split()}
    mend(tmp_path, SITE, rows)
    assert sorted(p.suffix[1:] for p in path.parent.glob("*.warc.*")) == left


@pytest.mark.parametrize("vouched", ["gz", "zst", ""])
def test_no_record_goes_that_is_in_one_of_them_only(
    tmp_path: Path, known: Dictionary, vouched: str
) -> None:
    path, ends = packed_file(tmp_path, known)
    path.write_bytes(path.read_bytes()[: ends[2]])
    path.with_suffix(".gz").write_bytes(members(RECORDS[1:]))
    rows = {f"warc/{SITE}/{SITE}-2026-11.warc.{kind}": 1 for kind in vouched.split()}
    mend(tmp_path, SITE, rows)
    assert len(list(path.parent.glob("*.warc.*"))) == 2


def test_half_written_files_go(tmp_path: Path) -> None:
    folder = tmp_path / "warc" / SITE
    folder.mkdir(parents=True)
    for name in (f"{SITE}-2026-11.warc.zst.part", f"{SITE}-1.dict.zst.part"):
        (folder / name).write_bytes(b"half")
    (folder / "notes.txt").write_bytes(b"somebody's")
    mend(tmp_path, SITE, {})
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    mend(tmp_path, "unheard-of", {})
