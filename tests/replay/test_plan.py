"""What an index lists of known hosts, and what is fetched for it."""

from __future__ import annotations

import gzip
import json
import random
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.captures import read_records
from archive.errors import ArchiveUsageError
from archive.export.cdxj import surt
from newsbot.replay.indexes import Hosts, find
from newsbot.replay.plan import (
    BLOCK,
    LATENCY,
    READ,
    STORE,
    Piece,
    Plan,
    Speed,
    joined,
    measure,
    plan_of_files,
    plan_of_places,
)  # fmt: skip
from newsbot.replay.servers import RECORDS
from tests.conftest import Run
from tests.replay.files import Archive, many
from tests.replay.shelf import shelf
from tests.replay.test_shelves import mixed
from tests.replay.test_shelves import told as told_of

HOSTS = Hosts({"gazet.kz": "gazet", "www.zhetisu.kz": "zhetisu", "aqparat.org": "aqparat"})
FILE = "segments/CC-MAIN-2026-40/segments/1.2/warc/CC-MAIN-20260901-{:05}.warc.gz"


def capture(url: str, number: int, **other: object) -> dict[str, object]:
    """A row of an index: the number says where its record lies."""
    return {
        "url": url, "mime": "text/html", "status": "200", "length": str(100 + number),
        "offset": str(1000 * number), "filename": FILE.format(number % 3), **other,
    }  # fmt: skip


def foreign(number: int) -> list[dict[str, object]]:
    """Hosts before, between and behind ours, and some that only look like them."""
    hosts = [
        "gazet.com", "gazet.kz.example.org", "gazeta.kz", "agazet.kz", "news.gazet.kz", "gaz.kz",
        "zz.top", "aa.ae", "aqparat.org.kz",
    ]  # fmt: skip
    return [capture(f"https://{hosts[n % len(hosts)]}/{n}", n) for n in range(number)]


OURS = [
    capture("https://gazet.kz/1", 1),
    capture("http://www.gazet.kz/2?p=3", 2),
    capture("https://www.zhetisu.kz/", 3),
    capture("https://aqparat.org/4", 4, status="301", mime="unk"),
    capture("https://aqparat.org/5", 5, status="404"),
    capture("https://aqparat.org/6", 6, mime="warc/revisit", status="-"),
]
NO_PAGES = [
    capture("https://gazet.kz/a.jpg", 7, mime="image/jpeg"),
    capture("https://gazet.kz/b", 8, status="503"),
]
PLACES = {
    FILE.format(0): [3000, 103, 6000, 106],
    FILE.format(1): [1000, 101, 4000, 104],
    FILE.format(2): [2000, 102, 5000, 105],
}


def lines(rows: list[dict[str, object]]) -> list[bytes]:
    """Sorted as an index is."""
    found = [f"{surt(str(row['url']))} 20260901000000 {json.dumps(row)}\n" for row in rows]
    return sorted(line.encode() for line in found)


def places(found: object) -> dict[str, list[int]]:
    return {
        name: [number for pair in sorted(zip(v[::2], v[1::2], strict=True)) for number in pair]
        for name, v in found.places.items()  # type: ignore[attr-defined]
    }


def below(root: str) -> dict[str, list[int]]:
    return {root + name: numbers for name, numbers in PLACES.items()}


def write_table(path: Path, rows: list[dict[str, object]], rows_in_group: int = 10) -> None:
    """Common Crawl's table, as far as it is read; sorted by key."""
    rows = sorted(rows, key=lambda row: surt(str(row["url"])))
    urls = [str(row["url"]) for row in rows]
    table = pa.table(
        {
            "url_surtkey": [surt(url) for url in urls],
            "url": urls,
            "url_host_name": [url.split("/")[2] for url in urls],
            "fetch_status": pa.array(
                [None if row["status"] == "-" else int(str(row["status"])) for row in rows],
                pa.int16(),
            ),
            "content_mime_type": [row["mime"] for row in rows],
            "warc_filename": [row["filename"] for row in rows],
            "warc_record_offset": pa.array([int(str(row["offset"])) for row in rows], pa.int32()),
            "warc_record_length": pa.array([int(str(row["length"])) for row in rows], pa.int32()),
        }
    )
    pq.write_table(table, path, row_group_size=rows_in_group, compression="gzip")


@pytest.mark.parametrize("packed", [False, True])
def test_lines_of_an_index(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "cdx-00000.gz"
    text = b"".join(lines(foreign(60) + OURS + NO_PAGES))
    path.write_bytes(gzip.compress(text[:5000]) + gzip.compress(text[5000:]) if packed else text)

    found = find([str(path)], HOSTS)

    assert places(found) == below(f"{tmp_path}/")
    assert found.sites == {"gazet": 2, "zhetisu": 1, "aqparat": 3}


def test_what_an_index_server_answers(tmp_path: Path) -> None:
    path = tmp_path / "answer.jsonl"
    rows = [{"timestamp": "20260901000000", "urlkey": "x", **row} for row in OURS + foreign(20)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert places(find([str(path)], HOSTS, "s3://commoncrawl/")) == below("s3://commoncrawl/")


@pytest.mark.parametrize("block", [1, 3, 7, 1000])
def test_of_a_cluster_only_blocks_that_may_hold_a_host_are_read(tmp_path: Path, block: int) -> None:
    written = lines(foreign(200) + OURS + NO_PAGES)
    blocks = [b"".join(written[at : at + block]) for at in range(0, len(written), block)]
    idx, parts = "", [bytearray(), bytearray()]
    for number, text in enumerate(blocks):
        part, packed = number * 2 // len(blocks), gzip.compress(text)
        if block < 10 and all(b'"url": "https://zz.top' in line for line in text.splitlines()):
            packed = b"no gzip: nobody may read this"
        key = text.split(b" {")[0].decode()
        idx += f"{key}\tcdx-0000{part}.gz\t{len(parts[part])}\t{len(packed)}\t{number}\n"
        parts[part] += packed
    for part, data in enumerate(parts):
        (tmp_path / f"cdx-0000{part}.gz").write_bytes(data)
    (tmp_path / "cluster.idx").write_text(idx)

    assert places(find([f"{tmp_path}/cluster.idx"], HOSTS)) == below(f"{tmp_path}/")


@pytest.mark.parametrize("group", [1, 5, 1000])
def test_of_a_table_only_rows_of_known_hosts_are_taken(tmp_path: Path, group: int) -> None:
    path = tmp_path / "part-0.parquet"
    write_table(path, foreign(200) + OURS + NO_PAGES, group)

    found = find([str(path)], HOSTS)

    assert places(found) == below(f"{tmp_path}/")
    assert found.sites == {"gazet": 2, "zhetisu": 1, "aqparat": 3}


def test_of_a_table_groups_of_other_hosts_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "part-0.parquet"
    write_table(path, [capture(f"https://zz.top/{n}", n) for n in range(100)] + OURS, 5)
    groups = pq.ParquetFile(path).metadata
    with path.open("r+b") as file:  # whoever reads them meets damage
        for number in range(2, groups.num_row_groups):
            for column in range(groups.num_columns):
                chunk = groups.row_group(number).column(column)
                file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
                file.write(b"\xff" * chunk.total_compressed_size)

    assert places(find([str(path)], HOSTS)) == below(f"{tmp_path}/")


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x.warc", "file:///x.warc", "https://gazet.kz/x", "a/../../x", "c:\\x"],
)
def test_files_of_an_index_never_lead_elsewhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / "index.cdxj"
    path.write_bytes(b"".join(lines([*OURS, capture("https://gazet.kz/9", 9, filename=name)])))
    with pytest.raises(ArchiveUsageError, match="does not lie below"):
        find([str(path)], HOSTS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.cdxj", b"no index at all\n"),
        ("x.cdxj", gzip.compress(lines(OURS)[0] * 1000)[:-20]),
        ("x.parquet", b"PAR1 and nothing else"),
        ("cluster.idx", b"kz,gazet)/ 2026\n"),
        ("cluster.idx", b"kz,gazet)/ 2026\t../x\t0\t10\t1\n"),
    ],
    ids=["text", "cut", "no table", "no cluster", "elsewhere"],
)
def test_what_is_no_index_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArchiveUsageError, match=name):
        find([f"{tmp_path}/{name}"], HOSTS)


def test_an_index_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveUsageError, match=r"nowhere.cdxj cannot be read"):
        find([f"{tmp_path}/nowhere.cdxj"], HOSTS)


def test_a_table_without_places_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"url_host_name": ["gazet.kz"]}), path)
    with pytest.raises(ArchiveUsageError, match="no column warc_filename"):
        find([str(path)], HOSTS)


def test_where_files_are_that_an_index_names(tmp_path: Path) -> None:
    name = "crawl-data/CC-MAIN-2026-40/x.warc.gz"
    copy = tmp_path / "cdx-1.gz"
    copy.write_bytes(b"".join(lines([capture("https://gazet.kz/", 1, filename=name)])))
    assert set(find([str(copy)], HOSTS).places) == {RECORDS + name}
    assert set(find([str(copy)], HOSTS, "s3://x/").places) == {f"s3://x/{name}"}
    beside = tmp_path / "index.cdxj"
    beside.write_bytes(b"".join(lines([capture("https://gazet.kz/", 1, filename="a/b.warc")])))
    assert set(find([str(beside)], HOSTS).places) == {f"{tmp_path}/a/b.warc"}


NAMES = st.text("abyz-1", min_size=1, max_size=3)
NETLOCS = st.builds(".".join, st.lists(NAMES, min_size=2, max_size=3))


@given(st.lists(NETLOCS, min_size=1, max_size=5), st.lists(NETLOCS, min_size=3, max_size=20))
def test_no_key_of_a_host_is_overlooked(ours: list[str], others: list[str]) -> None:
    hosts = Hosts(dict.fromkeys(ours, "x"))
    keys = sorted(surt(f"http://{netloc}/{n}") for n, netloc in enumerate([*ours, *others]))
    wanted = {surt(f"http://{netloc.removeprefix('www.')}/")[:-1] for netloc in ours}
    for first, last in pairwise(keys):
        for key in (first, last):
            assert hosts.between(key, key) == (key.partition("/")[0] in wanted)
            if key.partition("/")[0] in wanted:
                assert hosts.between(first, last)


# -- choosing -----------------------------------------------------------------------------------

PLACE = st.tuples(st.integers(0, 10**9), st.integers(1, 10**6))


@given(st.lists(PLACE, min_size=1, max_size=30), st.integers(0, 10**6))
def test_joined_ranges_hold_every_record_once(found: list[tuple[int, int]], gap: int) -> None:
    ranges = joined(found, gap)
    for offset, length in found:
        assert sum(o <= offset and offset + length <= o + n for o, n in ranges) == 1
    for (start, length), (after, more) in pairwise(ranges):
        assert start + length <= after
        assert start + length + gap < after or after + more - start > BLOCK


def refuse(_: str) -> int:
    raise AssertionError("nobody has to ask")


def told(source: str) -> int:
    if source.endswith(("7", "y")):
        raise FileNotFoundError
    return 7_000


def test_few_records_of_a_large_file_are_fetched_alone() -> None:
    numbers = [number for n in range(20) for number in (n * 50_000_000, 30_000)]
    plan = plan_of_places({"x": numbers}, refuse)
    ranges = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    assert (plan.pieces, plan.size, plan.requests) == ([Piece("x", ranges)], 600_000, 22)


def test_records_of_unknown_length_mean_the_whole_file() -> None:
    plan = plan_of_places({"x": [5, 0, 70, 9], "y": [5, 0], "a": [1, 2]}, told)
    assert plan.pieces == [Piece("a", ((1, 2),)), Piece("x"), Piece("y")]
    assert (plan.whole, plan.size, plan.guessed) == (2, 14_002, 1)


@given(st.lists(PLACE, min_size=1, max_size=60), st.integers(0, 5 * 10**9))
def test_no_file_takes_longer_than_it_would_as_a_whole(
    found: list[tuple[int, int]], more: int
) -> None:
    size = max(offset + length for offset, length in found) + more
    plan, whole = plan_of_places({"x": [n for pair in found for n in pair]}, refuse), Plan()
    whole.add(Piece("x"), size)
    # A block more where ranges do not end with blocks.
    assert (
        plan.seconds(1, Speed()) - (plan.records or 0) * READ <= whole.seconds(1, Speed()) + LATENCY
    )


def test_a_plan_counts_what_is_fetched_and_the_time_it_takes() -> None:
    numbers = [0, 30_000, 500_000_000, 20_000, 0, 30_000]
    plan = plan_of_places({"b": numbers, "a": numbers[:2]}, refuse)

    assert [piece.source for piece in plan.pieces] == ["a", "b"]
    assert (plan.records, plan.requests, plan.size, plan.whole) == (3, 7, 80_000, 0)
    speed = Speed(0.1, 1_000_000.0)
    assert plan.seconds(1, speed) == pytest.approx(0.7 + 0.08 + 3 * READ)
    assert plan.seconds(100, speed) == pytest.approx(3 * STORE)  # one process stores
    told = plan.to_dict(2, speed, price=90.0)
    assert told["euros"] == pytest.approx(0.0072)
    assert told["rests_on"]["bytes_a_second"] == 1_000_000


def test_sizes_of_many_files_are_sampled() -> None:
    asked = []

    def size(source: str) -> int:
        asked.append(source)
        return told(source)

    plan = plan_of_files([f"{n}.warc" for n in range(1000)], size)
    assert len(asked) == 200
    assert (plan.size, plan.requests, plan.guessed) == (7_000_000, 3_000, 800)
    assert plan.records is None


def test_how_fast_files_come_is_measured(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(random.Random(1).randbytes(5_000_000))
    speed = measure([Piece(str(tmp_path / "x")), Piece(str(tmp_path / "nowhere"))])
    assert speed != Speed() and speed.rate > 1e6 and speed.latency < 1
    assert measure([]) == Speed()


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "data")


def test_an_index_gives_the_same_as_its_files(
    newsbot: Run, archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "shelf"
    files = mixed(folder, 6)
    rows = []
    for path in files:
        for record in read_records(path):
            if record.type == "response" and record.url:
                place = {"filename": path.name, "offset": record.offset, "length": record.length}
                rows.append(capture(record.url, 0, **{k: str(v) for k, v in place.items()}))
    (folder / "index.cdxj").write_bytes(b"".join(lines(rows)))
    write_table(folder / "part-0.parquet", rows, 5)
    whole = Archive(tmp_path / "whole")
    whole.load(*files)
    options = ["--data", archive.folder, "--sites-dir", archive.sites_dir, "--json"]

    with shelf(folder) as (address, _):
        tables = [f"{address}/part-0.parquet", f"{address}/index.cdxj"]
        plans = [
            json.loads(newsbot("import", "warc", "--plan", "--index", name, *options).stdout)
            for name in tables
        ]
        assert not (archive.folder / "news.db").exists()
        done = newsbot("import", "warc", "--index", tables[0], *options)

    assert plans[0]["sites"] == plans[1]["sites"] and plans[0]["bytes"] == plans[1]["bytes"]
    assert plans[0]["records"] == sum(plans[0]["sites"].values()) > 0
    assert plans[0]["bytes"] <= sum(path.stat().st_size for path in files)
    assert done.returncode == 0, done.stderr
    assert told_of(archive) == told_of(whole)


def test_a_plan_of_files(newsbot: Run, archive: Archive, tmp_path: Path) -> None:
    path = many(3).save(tmp_path / "w.warc.gz")
    options = ["--data", archive.folder, "--sites-dir", archive.sites_dir]
    plan = newsbot("import", "warc", path, "--plan", "--price", 1e9, *options, "--json")
    told = json.loads(plan.stdout)
    assert told["bytes"] == path.stat().st_size == told["euros"]
    assert told["records"] is None
    shown = newsbot("import", "warc", path, "--plan", *options)
    assert "rest on" in shown.stderr and "GB" in shown.stdout
    for wrong in ([], [path, "--index", path]):
        assert newsbot("import", "warc", *wrong, *options).returncode == 2


def test_files_that_do_not_answer_are_named_without_their_passwords() -> None:
    def size(source: str) -> int:
        raise FileNotFoundError(source)

    plan = plan_of_files(["https://aqyn:qupiya@h.example/x.warc.gz"], size)
    assert plan.guessed == 1
    assert plan.lost == {"https://…@h.example/x.warc.gz": "not found"}
    assert plan.to_dict(1, Speed(), 0.0)["lost"] == plan.lost
