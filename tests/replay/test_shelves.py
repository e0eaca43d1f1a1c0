"""Back-files: what workers keep of them, where they may lie, and that the archive equals one process's."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from archive.captures import read_records, reading
from archive.captures.dictionaries import of_file
from archive.errors import ArchiveUsageError
from archive.store import Store
from archive.times import now
from newsbot.replay import places, shelves
from newsbot.replay.places import named, resolved
from newsbot.replay.plan import Piece
from newsbot.replay.shelves import Taken, take
from tests.conftest import ROOT, Run, environment
from tests.dask import DaskCluster
from tests.replay.files import Archive, Warc, many, page
from tests.replay.shelf import shelf

HOSTS = frozenset({"gazet.example", "www.gazet.example"})
TABLES = "articles revisions aliases engagement tags article_tags captures".split()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "data")


def mixed(folder: Path, number: int) -> list[Path]:
    """Files of different packings in which most records are not ours, and what is ours hangs together."""
    folder.mkdir()
    found = []
    for n in range(number):
        warc = Warc().info().later(hours=n)
        for other in range(6):
            warc.add(f"https://other-{other}.example/{n}", page(f"Бөтен {other}"))
        # An edit, a page at an address that moves, a view more, a page that is in a later file only.
        warc.add("/news/edited", page(f"Өзгерген {n // 4}", views=n))
        warc.redirect(f"/short/{n}", f"/news/{n}").add(f"/news/{n}", page(f"Хабар {n}"))
        warc.add(f"https://last.example/{n}", page("Соңғы"))
        found.append(warc.save(folder / f"{n:02}{('.warc', '.warc.gz', '.warc.zst')[n % 3]}"))
    return found


def run(line: list[str]) -> subprocess.CompletedProcess[str]:
    """In a process of its own: libraries of storages have threads, which a fork would lose."""
    return subprocess.run(
        line, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False
    )


def told(archive: Archive) -> dict[str, list[Any]]:
    state = archive.state()
    return {table: state[table] for table in TABLES}


def expected(tmp_path: Path, files: list[Path]) -> dict[str, list[Any]]:
    whole = Archive(tmp_path / "whole")
    whole.load(*files)
    return told(whole)


# -- what a worker does -------------------------------------------------------------------------


def parts(piece: Piece) -> list[Taken]:
    found = [take(piece, HOSTS)]
    while found[-1].next is not None:
        found.append(take(piece, HOSTS, found[-1].next))
    return found


def ids(data: bytes, tmp_path: Path) -> list[str]:
    path = tmp_path / "kept.warc.gz"
    path.write_bytes(data)
    return [record.record_id for record in read_records(path) if record.type != "warcinfo"]


def one_member(path: Path) -> Path:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    return path


def blocks(path: Path) -> Path:
    """Members that begin anywhere, as of bgzip."""
    data = gzip.decompress(path.read_bytes())
    path.write_bytes(
        b"".join(gzip.compress(data[at : at + 3000]) for at in range(0, len(data), 3000))
    )
    return path


PACKINGS = {"one member": one_member, "blocks": blocks}


@pytest.mark.parametrize("packing", [".warc", ".warc.gz", ".warc.zst", *PACKINGS])
@pytest.mark.parametrize("most", [1, 5000, 1 << 30])
def test_parts_of_any_size_hold_every_record_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: str, most: int
) -> None:
    monkeypatch.setattr(shelves, "_KEPT", most)
    warc = many(20)
    for n in range(5):
        warc.add(f"https://other.example/{n}", page("Бөтен"))
    path = warc.save(tmp_path / f"w{packing if packing[0] == '.' else '.warc.gz'}")
    found = parts(Piece(str(PACKINGS.get(packing, Path)(path))))
    kept = [name for taken in found for name in ids(taken.data, tmp_path)]
    assert kept == warc.ids[:-5]
    assert sum(taken.counts["unknown_host"] for taken in found) == 5
    assert (len(found) > 20) == (most == 1)
    assert not any(taken.is_cut or taken.damaged for taken in found)


def test_a_part_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "_SECONDS", -1.0)
    warc = many(4)
    found = parts(Piece(str(warc.save(tmp_path / "w.warc.gz"))))
    assert len(found) > 4
    assert [n for taken in found for n in ids(taken.data, tmp_path)] == warc.ids


def test_ranges_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warc = many(9)
    path = warc.save(tmp_path / "w.warc.gz")
    records = [r for r in read_records(path) if r.type == "response"]
    chosen = tuple((r.offset, r.length) for r in records[2:8:2])
    for most in (1, 1 << 30):
        monkeypatch.setattr(shelves, "_KEPT", most)
        found = parts(Piece(str(path), chosen))
        assert [n for taken in found for n in ids(taken.data, tmp_path)] == warc.ids[2:8:2]
        assert [offset for taken in found for _, offset in taken.places][1:] == [
            o for o, _ in chosen
        ]
    assert parts(Piece(str(path), ((records[-1].offset, 10),)))[-1].is_cut
    for nowhere in ((1 << 40, 10), (0, 1 << 25)):
        with pytest.raises(ValueError, match="ends before byte"):
            parts(Piece(str(path), (nowhere,)))


def test_ranges_of_a_file_with_a_dictionary(archive: Archive, tmp_path: Path) -> None:
    """As our own files are, where they are packed by site."""
    archive.load(many(150).save(tmp_path / "w.warc.gz"))
    (path,) = (archive.folder / "warc").rglob("*.warc.zst")
    with path.open("rb") as file:
        assert of_file(file)[0]
    records = [r for r in read_records(path) if r.type == "response"][5:9]
    found = parts(Piece(str(path), tuple((r.offset, r.length) for r in records)))
    kept = [n for taken in found for n in ids(taken.data, tmp_path)]
    assert kept == [r.record_id for r in records]


def test_what_takes_long_before_a_sound_record_is_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "_SECONDS", -1.0)
    monkeypatch.setattr(reading, "MAX_BLOCK", 2000)
    path = Warc().add("/video.mp4", bytes(9000)).add("/news/1").save(tmp_path / "w.warc.gz")
    assert [n for taken in parts(Piece(str(path))) for n in ids(taken.data, tmp_path)]


def test_damage_is_told_where_it_lies(tmp_path: Path) -> None:
    path = many(9).save(tmp_path / "w.warc.gz")
    places = [record.offset for record in read_records(path)]
    data = bytearray(path.read_bytes())
    data[places[4] + 300] ^= 0x55
    path.write_bytes(data[:-50])
    (taken,) = parts(Piece(str(path)))
    assert [offset for offset, _ in taken.damaged] == [places[4], places[-1]]
    assert taken.is_cut


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04 and more"])
def test_what_is_no_warc_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.warc.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="WACZ" if content[:1] == b"P" else "no WARC file"):
        take(Piece(str(path)), HOSTS)


# -- what is named ------------------------------------------------------------------------------


def test_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = [tmp_path / "b.warc", tmp_path / "in/a.warc.gz", tmp_path / "in/c.WACZ"]
    for path in (*files, tmp_path / "in/readme.txt"):
        path.touch()
    everything = [str(path) for path in files]
    (tmp_path / "list").write_text("# ours\n\nb.warc\n in/a.warc.gz \nhttps://h/x.warc.gz?key=1\n")
    assert named(str(tmp_path)) == named(str(tmp_path / "**/*.[wW]*")) == everything
    assert named(everything[0]) == everything[:1]
    assert named("https://h/x.warc.gz?a=b") == ["https://h/x.warc.gz?a=b"]
    assert named(f"@{tmp_path}/list") == [*everything[:2], "https://h/x.warc.gz?key=1"]
    (tmp_path / "empty").mkdir()
    for name in ("no", "no*", "@no", "empty", "what://x", f"@{files[0]}"):
        with pytest.raises(ArchiveUsageError):
            named(name if name[:1] in "@w" else str(tmp_path / name))


@pytest.mark.parametrize(
    ("line", "place", "expected"),
    [
        (
            "crawl-data/N/a.gz",
            "https://h/crawl-data/N/warc.paths.gz",
            "https://h/crawl-data/N/a.gz",
        ),
        ("crawl-data/N/a.gz", "s3://b/crawl-data/N/warc.paths", "s3://b/crawl-data/N/a.gz"),
        ("a.gz", "https://h/lists/l.txt?key=/x/", "https://h/lists/a.gz"),
        ("sub/a.gz", "lists/l.txt", "lists/sub/a.gz"),
        ("a.gz", "l.txt", "a.gz"),
        ("a.gz", "/l.txt", "/a.gz"),
        ("/x/a.gz", "/y/l.txt", "/x/a.gz"),
    ],
)
def test_lines_of_lists(line: str, place: str, expected: str) -> None:
    assert resolved(line, place) == expected


# -- the whole way ------------------------------------------------------------------------------


def command(archive: Archive, *names: object, jobs: int = 0) -> list[str]:
    words = ["-m", "newsbot", "import", "warc", *map(str, names), "--jobs", str(jobs), "--json"]
    places = ["--data", str(archive.folder), "--sites-dir", str(archive.sites_dir)]
    return [sys.executable, *words, *places]


def test_files_behind_http(
    newsbot: Run, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ranges and without, behind a redirect, refused at first, missing, cut short."""
    monkeypatch.setattr(places, "PAUSES", (0.0,))
    files = mixed(tmp_path / "shelf", 12)
    files[9].write_bytes(files[9].read_bytes()[:-40])
    with shelf(tmp_path / "shelf") as (address, asked):
        ways = ("", "whole/", "moved/", "busy/")
        lines = [f"{ways[n % 4]}{path.name}?key=a" for n, path in enumerate(files)]
        (tmp_path / "names").write_text("\n".join(f"{address}/{n}" for n in [*lines, "no.warc.gz"]))
        done = newsbot(*command(archive, f"@{tmp_path}/names")[3:])
        found = json.loads(done.stdout)
        assert done.returncode == 3, done.stderr
        assert found["failed"] == [
            {"file": f"{address}/{lines[9]}", "error": "cut short"},
            {"file": f"{address}/no.warc.gz", "error": "not found"},
        ]
        assert told(archive) == expected(tmp_path, files)
        assert found["unknown_host"] == 12 * 7
        asked.clear()
        again = json.loads(newsbot(*command(archive, f"@{tmp_path}/names")[3:]).stdout)
    assert again["failed"] == found["failed"]
    assert {path.rpartition("/")[2] for path in asked} <= {"09.warc?key=a", "no.warc.gz", "names"}
    assert not (archive.folder / "imports").exists()
    archive.check()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(name, value)
        system = fsspec.filesystem("s3")
        system.mkdir("shelf")
        yield system
    server.stop()


def test_files_in_s3(archive: Archive, tmp_path: Path, bucket: Any) -> None:
    files = mixed(tmp_path / "shelf", 4)
    for path in files:
        bucket.put(str(path), f"shelf/data/2024/{path.name}")
    bucket.pipe(
        "shelf/data/warc.paths.gz", gzip.compress(b"data/2024/00.warc\ndata/2024/no.warc\n")
    )
    line = command(archive, "@s3://shelf/data/warc.paths.gz", "s3://shelf/data/*/*.warc*")
    done = run(line)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["failed"] == [
        {"file": "s3://shelf/data/2024/no.warc", "error": "not found"}
    ]
    assert told(archive) == expected(tmp_path, files)


def test_a_place_in_a_copy_that_is_gone_counts_for_nothing(
    archive: Archive, tmp_path: Path, newsbot: Run
) -> None:
    """What an interrupted run kept of a file is made anew, and may be packed otherwise."""
    (file,) = files = mixed(tmp_path / "shelf", 1)
    with shelf(file.parent) as (address, _):
        words = command(archive, f"{address}/{file.name}")[3:]
        assert newsbot(*words).returncode == 0
        with closing(sqlite3.connect(archive.folder / "news.db")) as c:
            (source,) = c.execute("SELECT source FROM imports").fetchone()
        shutil.rmtree(archive.folder)
        with Store(archive.folder) as store:
            store.note_import("warc", source, now(), {}, 1 << 20)
        assert newsbot(*words).returncode == 0
    assert told(archive) == expected(tmp_path, files)


def test_wrong_names(newsbot: Run, archive: Archive, tmp_path: Path) -> None:
    for name in ("no.warc.gz", "no*.warc.gz", "@no.paths", "ftq://host/x.warc.gz"):
        done = newsbot(*command(archive, name)[3:])
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as package:
        package.writestr("archive/x.warc", Warc().add("/news/1", page("Бақ")).packed.getvalue())
    with shelf(tmp_path) as (address, _):
        done = newsbot(*command(archive, f"{address}/x.wacz")[3:])
        assert (done.returncode, "WACZ" in done.stderr) == (3, True)
        nobody = newsbot(*command(archive, "http://127.0.0.1:1/x.warc")[3:])
        assert nobody.returncode == 3, nobody.stderr


def test_on_a_cluster_with_deaths(archive: Archive, tmp_path: Path) -> None:
    """Forty files; a worker and the client are killed meanwhile, and the client is run again."""
    files = mixed(tmp_path / "shelf", 40)
    wanted = expected(tmp_path, files)
    with DaskCluster(tmp_path, 2) as cluster:
        line = [*command(archive, tmp_path / "shelf"), "--scheduler", cluster.address]
        with subprocess.Popen(line, env=environment(), cwd=ROOT) as process:
            deadline = time.monotonic() + 60
            pieces = archive.folder / "imports/pieces"
            while not pieces.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            cluster.kill_worker()
            time.sleep(random.random())
            process.kill()
        done = run(line)
    assert json.loads(done.stdout)["failed"] == []
    assert told(archive) == wanted
    assert archive.rows("SELECT count(*) FROM imports WHERE ended_at IS NOT NULL") == [(40,)]
    archive.check()
