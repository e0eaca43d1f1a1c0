"""Backups: taken beside a writer, completed after a kill, and made an archive again."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bagit
import pytest

from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.integrity import backup as module
from archive.integrity.backup import CopyReport, backup
from archive.integrity.bag import LOCK
from archive.integrity.restore import restore
from archive.integrity.verify import verify
from archive.search import search
from archive.store import DATABASE, open_database
from tests.archive.building import HOME, SITE, Paper, article, open_paper
from tests.conftest import ROOT, Run, environment

SOFTWARE = "newsbot/1"
WORDS = "мектеп оқушы ауыл су жол әкім қала аудан жаңа үй егін мал шаруа тарих спорт".split()
FILE = f"warc/{SITE['id']}/{SITE['id']}-2026-11.warc.gz"


def fill(paper: Paper, first: int, number: int) -> None:
    """Store articles with their captures, as a crawl does."""
    chance = random.Random(first)
    for n in range(first, first + number):
        url = f"{HOME}{n}"
        text = "\n\n".join(" ".join(chance.choices(WORDS, k=60)) for _ in range(5))
        page = f"<!doctype html><nav>{'<a>мәзір</a>' * 99}</nav><main>{text}</main>".encode()
        read = article(url, title=f"Тақырып {n}", text=text)
        paper.visit(url, read, captures=[paper.capture(url, page)])
        paper.later(seconds=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of 40 articles, with a profile and a decision."""
    folder = tmp_path / "archive"
    add(folder, 0, 40)
    for name in ("sites/ours.toml", "decisions/2026.jsonl", "logs/crawl.log"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    return folder


def add(folder: Path, first: int, number: int, *, packed: bool = False) -> None:
    paper = open_paper(folder)
    with paper.store:
        fill(paper, first, number)
        if packed:
            paper.store.finish_captures(paper.site)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return tmp_path / "bag"


def take(folder: Path, bag: Path) -> CopyReport:
    return backup(folder, bag, software=SOFTWARE)


def check_bag(bag: Path) -> None:
    """What the Library of Congress's program says of it."""
    bagit.Bag(str(bag)).validate(processes=1)


def check_sound(folder: Path) -> int:
    """Nothing is found wrong with an archive; returns how many captures it has."""
    assert [f for f in verify(folder, full=True) if f.severity != "note"] == []
    with closing(open_database(folder).conn) as c:
        return int(c.execute("SELECT count(*) FROM captures").fetchone()[0])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# -- a drill ------------------------------------------------------------------------------------


def test_what_was_backed_up_is_an_archive_again(newsbot: Run, folder: Path, tmp_path: Path) -> None:
    bag, again = tmp_path / "bag", tmp_path / "again"
    done = newsbot("backup", bag, "--data", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["damage"] == []
    check_bag(bag)
    manifest = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"]
    subprocess.run(manifest, cwd=bag, check=True)
    shutil.rmtree(folder)

    done = newsbot("restore", bag, "--data", again)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{again}: 4 files")
    assert check_sound(again) == 40
    assert sorted(name for name in files(again) if name != FILE) == [
        "decisions/2026.jsonl", DATABASE, "sites/ours.toml",
    ]  # fmt: skip
    done = newsbot("search", "мектептерде", "--data", again)
    assert done.returncode == 0
    assert "Тақырып" in done.stdout
    add(again, 40, 3)  # it is an archive like any other
    assert check_sound(again) == 43


def test_the_payload_is_an_archive_as_it_stands(folder: Path, bag: Path, tmp_path: Path) -> None:
    take(folder, bag)
    subprocess.run(["cp", "-r", f"{bag}/data/.", tmp_path / "again"], check=True)
    assert check_sound(tmp_path / "again") == 40
    with closing(open_database(tmp_path / "again").conn) as c:
        assert search(c, "мектеп").total > 0
    with closing(sqlite3.connect(bag / "data" / DATABASE)) as c:
        assert c.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not list(bag.rglob("*-wal"))


# -- beside a writer ----------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from tests.archive.building import open_paper
from tests.archive.integrity.test_backup import fill

paper = open_paper(Path(sys.argv[1]))
for number in range(0, 1_000_000, 90):
    fill(paper, number, 90)
    paper.store.finish_captures(paper.site)
    print(number, flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to an archive at full speed, and packs it every second or so."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "archive")],
        stdout=subprocess.PIPE, cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stdout
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_ten_backups_during_a_crawl(
    writer: subprocess.Popen[bytes], bag: Path, tmp_path: Path
) -> None:
    for number in range(10):
        assert take(tmp_path / "archive", bag).damage == []
        assert restore(bag, tmp_path / f"again-{number}").damage == []
    assert writer.poll() is None, "it ended by itself"
    writer.kill()
    check_bag(bag)
    numbers = [check_sound(tmp_path / f"again-{number}") for number in range(10)]
    assert numbers == sorted(set(numbers)), "each has more than the one before"


def test_files_that_are_packed_meanwhile(
    folder: Path, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, calls = module._copy_database, []

    def copy_then_pack(*args: Any) -> None:
        copy(*args)
        if not calls:
            add(folder, 40, 100, packed=True)
            assert not (folder / FILE).exists()
        calls.append(args)

    monkeypatch.setattr(module, "_copy_database", copy_then_pack)
    assert take(folder, bag).damage == []
    assert len(calls) == 2
    check_bag(bag)
    assert check_sound(bag / "data") == 140


# -- the second time ----------------------------------------------------------------------------


def test_only_what_is_new_is_copied(folder: Path, bag: Path) -> None:
    first = take(folder, bag)
    assert first.copied == first.bytes
    kept = (bag / "data" / FILE).stat()
    again = take(folder, bag)
    assert again.copied == (bag / "data" / DATABASE).stat().st_size
    assert (bag / "data" / FILE).stat() == kept

    add(folder, 40, 10)
    (folder / "sites/ours.toml").write_text("another")
    grown = take(folder, bag)
    file = (bag / "data" / FILE).stat()
    assert file.st_ino == kept.st_ino
    database = (bag / "data" / DATABASE).stat().st_size
    assert grown.copied == database + file.st_size - kept.st_size + len("another")
    check_bag(bag)
    assert check_sound(bag / "data") == 50


def test_what_was_packed_or_removed_leaves_the_bag(folder: Path, bag: Path) -> None:
    take(folder, bag)
    add(folder, 40, 100, packed=True)
    shutil.rmtree(folder / "sites")
    assert take(folder, bag).removed == 2
    assert not (bag / "data/sites").exists()
    assert [path.suffix for path in (bag / "data" / FILE).parent.glob("*.warc.*")] == [".zst"]
    assert list((bag / "data" / FILE).parent.glob("*.dict.zst"))
    check_bag(bag)
    assert check_sound(bag / "data") == 140


def test_captures_without_rows_stay_in_the_bag(folder: Path, bag: Path) -> None:
    add(folder, 40, 100, packed=True)  # of November; what follows is of January
    paper = open_paper(folder)
    with paper.store:
        fill(paper.later(days=60), 200, 5)
    take(folder, bag)
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute("DELETE FROM captures WHERE warc LIKE '%-01.warc.gz'")
        c.commit()
    lost = FILE.replace("2026-11", "2027-01")
    (folder / lost).unlink()
    assert take(folder, bag).removed == 0
    assert (bag / "data" / lost).stat().st_size
    check_bag(bag)


def test_bytes_after_the_last_record_are_left_out(folder: Path, bag: Path) -> None:
    size = (folder / FILE).stat().st_size
    with (folder / FILE).open("ab") as file:
        file.write(b"half a record")
    take(folder, bag)
    assert (bag / "data" / FILE).stat().st_size == size


# -- interrupted --------------------------------------------------------------------------------


def _until(step: int, folder: Path, bag: Path) -> None:
    """Back up, and die before the n-th time that something is made to last or is removed."""
    left = [step]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **more)

        return call

    os.fsync = counted(os.fsync)  # type: ignore[assignment]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    Path.rename = counted(Path.rename)  # type: ignore[method-assign]
    take(folder, bag)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_kill_at_any_step(folder: Path, bag: Path, tmp_path: Path, is_first: bool) -> None:
    if not is_first:
        take(folder, bag)
        add(folder, 40, 100, packed=True)
        (folder / "sites/ours.toml").write_text("another")
    else:
        bag.mkdir()
    before = shutil.copytree(bag, tmp_path / "before")
    processes = multiprocessing.get_context("fork")
    for step in range(1000):
        shutil.rmtree(bag)
        shutil.copytree(before, bag)
        process = processes.Process(target=_until, args=(step, folder, bag))
        process.start()
        process.join()
        if not is_first:
            assert check_sound(bag / "data") in (40, 140)  # a whole archive at every instant
        if process.exitcode == 0:
            break
        try:
            check_bag(bag)
        except bagit.BagError:
            with pytest.raises(ArchiveError, match=r"interrupted|no backup"):
                restore(bag, tmp_path / "never")
        assert take(folder, bag).damage == []
        check_bag(bag)
        assert not [path.name for path in bag.rglob("*") if ".part" in path.name]
    assert step > 20
    assert check_sound(bag / "data") == (40 if is_first else 140)


def test_what_an_interrupted_run_copied_is_not_copied_again(
    folder: Path, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module._Attempt, "_finish", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            take(folder, bag)
            time.sleep(1)
    with (bag / "data" / FILE).open("ab") as file:  # power was cut
        file.write(bytes(1000))
    copied = take(folder, bag).copied
    assert copied == (bag / "data" / DATABASE).stat().st_size
    check_bag(bag)


# -- the disk is full ---------------------------------------------------------------------------


def test_too_little_space_is_said_first(
    newsbot: Run, folder: Path, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=64 << 20))
    with pytest.raises(ArchiveError, match=r"68 MB are needed and 67 MB are free") as caught:
        take(folder, bag)
    assert caught.value.exit_code == 5
    assert not list(bag.rglob("*.db*"))


def test_a_disk_that_fills_up_meanwhile(
    folder: Path, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(folder, bag)
    add(folder, 40, 10)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("sync_folder", "_copy_database"):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, lambda *_: full(0))
            with pytest.raises(ArchiveError, match=f"^{bag}: the disk is full") as caught:
                take(folder, bag)
            assert caught.value.exit_code == 5
        assert check_sound(bag / "data") == 40
    take(folder, bag)
    check_bag(bag)


# -- damage -------------------------------------------------------------------------------------


def _flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def test_what_was_backed_up_outlives_damage_to_the_archive(
    newsbot: Run, folder: Path, bag: Path
) -> None:
    take(folder, bag)
    add(folder, 40, 5)
    _flip(folder / FILE, 5000)
    done = newsbot("backup", bag, "--data", folder)
    assert done.returncode == 5
    assert f"{FILE}: it is not what was backed up before" in done.stderr
    assert check_sound(bag / "data") == 45
    check_bag(bag)
    (folder / FILE).write_bytes(b"")
    assert "it is not what was backed up before" in take(folder, bag).damage[0]
    assert check_sound(bag / "data") == 45
    (folder / FILE).unlink()
    assert "the file is missing" in take(folder, bag).damage[0]
    assert check_sound(bag / "data") == 45
    check_bag(bag)


def test_damage_to_the_bag_is_no_reason_to_keep_it(folder: Path, bag: Path) -> None:
    take(folder, bag)
    add(folder, 40, 5)
    _flip(bag / "data" / FILE, 5000)
    assert take(folder, bag).damage == []
    check_bag(bag)
    assert check_sound(bag / "data") == 45


def test_a_damaged_database_replaces_no_good_one(folder: Path, bag: Path) -> None:
    take(folder, bag)
    with (folder / DATABASE).open("r+b") as file:
        file.seek(4096 * 20)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(ArchiveError, match=r"news\.db is damaged"):
        take(folder, bag)
    check_bag(bag)
    assert check_sound(bag / "data") == 40


def test_damage_is_named_when_a_bag_is_restored(
    newsbot: Run, folder: Path, bag: Path, tmp_path: Path
) -> None:
    take(folder, bag)
    _flip(bag / "data" / FILE, 5000)
    (bag / "data/sites/ours.toml").unlink()
    _flip(bag / "bag-info.txt", 3)
    done = newsbot("restore", bag, "--data", tmp_path / "again", "--quiet")
    assert done.returncode == 5
    assert done.stdout == ""
    assert sorted(done.stderr.splitlines()) == [
        f"newsbot: {bag}/bag-info.txt: it is not as it was written",
        f"newsbot: {bag}/data/sites/ours.toml: the file is missing",
        f"newsbot: {bag}/data/{FILE}: it is not as it was written",
    ]
    with closing(open_database(tmp_path / "again").conn) as c:
        assert c.execute("SELECT count(*) FROM captures").fetchone() == (40,)


# -- refusals -----------------------------------------------------------------------------------


def test_places_that_are_no_place_for_a_backup(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    for place in (folder, folder / "backup", tmp_path, other):
        with pytest.raises(ArchiveUsageError) as caught:
            take(folder, place)
        assert caught.value.exit_code == 2
    assert files(other) == {"letter.txt": b"dear"}
    with pytest.raises(ArchiveUsageError, match="no archive here"):
        take(tmp_path / "nothing", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_backup_of_another_archive_is_not_overwritten(
    folder: Path, bag: Path, tmp_path: Path
) -> None:
    take(folder, bag)
    before = files(bag)
    add(tmp_path / "demo", 0, 3)
    with pytest.raises(ArchiveUsageError, match="another archive"):
        take(tmp_path / "demo", bag)
    assert files(bag) == before


def test_one_backup_at_a_time(folder: Path, bag: Path) -> None:
    with module.bagit.locked(_made(bag)), pytest.raises(ArchiveLocked):
        take(folder, bag)
    take(folder, bag)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_restoring_where_something_is_or_from_no_bag(
    folder: Path, bag: Path, tmp_path: Path
) -> None:
    take(folder, bag)
    for source, target in (
        (bag, folder), (bag, bag / "data/new"), (folder, tmp_path / "new"),
    ):  # fmt: skip
        with pytest.raises(ArchiveUsageError) as caught:
            restore(source, target)
        assert caught.value.exit_code == 2
    (bag / LOCK).write_text("process 1")
    with pytest.raises(ArchiveError, match="interrupted"):
        restore(bag, tmp_path / "new")


def test_paths_of_a_bag_do_not_lead_out_of_it(folder: Path, bag: Path, tmp_path: Path) -> None:
    take(folder, bag)
    with (bag / "manifest-sha256.txt").open("a") as manifest:
        for name in ("data/../../secret", f"{tmp_path}/secret", "../secret"):
            manifest.write(f"{'0' * 64}  {name}\n")
    (tmp_path / "secret").write_text("x")
    restore(bag, tmp_path / "again")
    assert len(files(tmp_path / "again")) == 4
    assert (tmp_path / "secret").read_text() == "x"


@pytest.mark.parametrize(
    "name", [b"100%.toml", b"a\nb.toml", b"a\rb.toml", b"\xff.toml", b"a/\xe2\x82"]
)
def test_names_that_manifests_cannot_hold(folder: Path, bag: Path, name: bytes) -> None:
    path = folder / "sites" / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(ArchiveUsageError, match=r"rename the file"):
        take(folder, bag)
