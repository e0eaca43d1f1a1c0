"""backup: brings a BagIt bag up to date with an archive while a crawl writes to it.

The database is copied first, then of each WARC file what that copy names. At every instant the bag's
`data/` is a whole archive: files are appended to, the database is replaced once all that it names is
there, and only then is removed what it names no longer.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from archive.captures.files import open_file, sha256_of, sync_folder, whole_file
from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity import bag as bagit
from archive.integrity.bag import PAYLOAD, size_of
from archive.store import DATABASE, damaged, explained_errors, open_database
from archive.store.opening import remove_database
from archive.times import now, utc

_STATE = "newsbot-backup.json"
"""What each file of the payload was when it was copied, so that it need not be read again."""
_TRIES = 20
_CHUNK = 1 << 20
Progress = Callable[[int, int], object]
"""Told of bytes read, and of how many there are in all."""


class KeptFile(NamedTuple):
    """One file of the payload: its bytes, its digest, when its source was last changed."""

    size: int = 0
    sha256: str = ""
    mtime_ns: int = 0


_NOTHING = KeptFile()


@dataclass(slots=True)
class CopyReport:
    """What was done. `bytes` is the size of all files, `copied` the bytes that were written."""

    files: int = 0
    bytes: int = 0
    copied: int = 0
    removed: int = 0
    damage: list[str] = field(default_factory=list)
    """What is wrong, a line each; the rest was copied nevertheless."""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


class _Packed(Exception):
    """A file that the copy of the database names was packed meanwhile."""


def backup(
    folder: Path, bag: Path, *, software: str, progress: Progress = lambda *_: None
) -> CopyReport:
    """Bring the bag up to date with the archive in `folder`, or make it.

    Nobody is kept from reading or writing meanwhile. Raises `ArchiveUsageError` where `bag` is no
    place for it, `ArchiveLocked` where another backup runs, `ArchiveError` where the disk is full or
    news.db is damaged; the bag's own news.db stays as it was then.
    """
    with (
        explained_errors(folder),
        bagit.explained_errors(bag),
        closing(open_database(folder, everything=True).conn) as live,
    ):
        bagit.check_place(bag, folder)
        bag.mkdir(parents=True, exist_ok=True)
        with bagit.locked(bag) as lock:
            known = _read_state(bag)
            for _ in range(_TRIES):
                run = _Attempt(folder, bag, known, progress)
                try:
                    run.copy(live, lock, software)
                except _Packed:
                    known |= run.entries
                else:
                    return run.summary
    raise ArchiveError(f"{folder}: files were packed faster than they could be copied: try later")


@dataclass(slots=True)
class _Attempt:
    """One attempt: a copy of the database, and all that it names."""

    folder: Path
    bag: Path
    known: Mapping[str, KeptFile]
    """What the bag holds already."""
    progress: Progress
    entries: dict[str, KeptFile] = field(default_factory=dict)
    summary: CopyReport = field(default_factory=CopyReport)
    total: int = 0

    def copy(self, live: sqlite3.Connection, lock: TextIO, software: str) -> None:
        part = self.bag / f"{DATABASE}.part"
        self._check_space(live)
        try:
            _copy_database(live, part, self.folder / DATABASE)
            with closing(sqlite3.connect(part)) as c:
                warcs = _named(c)
                _check_same(c, self._target(DATABASE))
            lock.truncate(0)
            lock.write(f"process {os.getpid()} since {utc(now())}\n")
            lock.flush()
            # Those that may be packed come first, while the copy of the database is fresh.
            for warc in sorted(warcs, key=lambda name: (not name.endswith(".gz"), name)):
                self._keep_warc(live, warc, warcs[warc])
            for name in _others(self.folder):
                self._keep_other(name)
            self._keep_unnamed()
            self._finish(part, software)
            lock.truncate(0)
        finally:
            remove_database(part)

    def _target(self, name: str) -> Path:
        return self.bag / PAYLOAD / name

    def _tick(self, number: int) -> None:
        self.progress(number, self.total)

    def _enter(self, name: str, entry: KeptFile, copied: int) -> None:
        self.entries[name] = entry
        self.summary.files += 1
        self.summary.bytes += entry.size
        self.summary.copied += copied

    def _check_space(self, live: sqlite3.Connection) -> None:
        others = {name: size_of(self.folder / name) for name in _others(self.folder)}
        sizes = _named(live) | others
        lacking = sum(max(0, size - size_of(self._target(name))) for name, size in sizes.items())
        (database,) = live.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        bagit.check_space(self.bag, lacking + database)
        self.total = sum(sizes.values()) + database

    def _keep_warc(self, live: sqlite3.Connection, warc: str, length: int) -> None:
        """Keep a WARC file up to the last record that the copy of the database names."""
        source, target = self.folder / warc, self._target(warc)
        known, before = self.known.get(warc, _NOTHING), size_of(target)
        entry: KeptFile | None = None
        try:
            status = source.lstat()
            if known.mtime_ns == status.st_mtime_ns and known.size == before == length:
                entry, problem = known, None
                self._tick(length)
            else:
                digest, problem = append_missing(
                    source, target, length, known, self._tick, within=self.folder
                )
                entry = KeptFile(size_of(target), digest, 0 if problem else status.st_mtime_ns)
        except FileNotFoundError:
            sql = "SELECT 1 FROM captures WHERE warc = ? LIMIT 1"
            if not live.execute(sql, (warc,)).fetchone():
                raise _Packed from None
            problem = "the file is missing"
        except OSError as error:
            if error.filename != str(source):  # what is written
                raise
            problem = str(error.strerror)
        if problem:
            self.summary.damage.append(f"{source}: {problem}")
        if entry is None:
            self._keep_as_it_is(warc)
        else:
            self._enter(warc, entry, max(0, entry.size - before))

    def _keep_other(self, name: str) -> None:
        """Keep a small file whole."""
        source, target = self.folder / name, self._target(name)
        try:
            with open_file(source, self.folder) as file:
                data = file.read()
        except FileNotFoundError:  # removed meanwhile
            return
        except OSError as error:
            self.summary.damage.append(f"{source}: {error.strerror}")
            return
        is_new = not target.is_file() or target.read_bytes() != data
        if is_new:
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target) as file:
                file.write(data)
        self._tick(len(data))
        entry = KeptFile(len(data), hashlib.sha256(data).hexdigest())
        self._enter(name, entry, len(data) if is_new else 0)

    def _keep_unnamed(self) -> None:
        """No capture leaves the bag unless its packed form is there."""
        for name in self.known:
            is_packed = name.endswith(".gz") and f"{name.removesuffix('gz')}zst" in self.entries
            if name.startswith("warc/") and name not in self.entries and not is_packed:
                self._keep_as_it_is(name)

    def _keep_as_it_is(self, name: str) -> None:
        """Keep what the bag has of a file that the archive has no longer."""
        known, size = self.known.get(name, _NOTHING), size_of(self._target(name))
        if size:
            as_before = known.size == size
            digest = known.sha256 if as_before else sha256_of(self._target(name))
            self._enter(name, KeptFile(size, digest), 0)

    def _finish(self, part: Path, software: str) -> None:
        """Put the database in its place, write the manifests, remove what they do not name."""
        database = self._target(DATABASE)
        entry = KeptFile(size_of(part), sha256_of(part, self._tick))
        database.parent.mkdir(exist_ok=True)
        remove_database(database, but=database)
        part.rename(database)
        sync_folder(database.parent)
        self._enter(DATABASE, entry, entry.size)
        bagit.finish(
            self.bag,
            {name: entry.sha256 for name, entry in self.entries.items()},
            self.summary.bytes,
            software,
            {_STATE: json.dumps(self.entries, ensure_ascii=False) + "\n"},
        )
        for path in sorted(database.parent.rglob("*"), reverse=True):
            if path.is_dir():
                with suppress(OSError):  # not empty
                    path.rmdir()
            elif path.relative_to(database.parent).as_posix() not in self.entries:
                path.unlink()
                self.summary.removed += 1


# -- files --------------------------------------------------------------------------------------


def append_missing(
    source: Path,
    target: Path,
    length: int,
    known: KeptFile = _NOTHING,
    progress: Callable[[int], object] = lambda _: None,
    *,
    within: Path,
) -> tuple[str, str | None]:
    """Make a file the first `length` bytes of another, `within` a folder, by writing what it lacks.

    What an earlier backup has recorded as `known` is evidence and stays, whatever became of the
    source. Returns the file's SHA-256, and what is wrong with the source.
    """
    problem = None
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        open_file(source, within) as there,
        target.open("r+b" if target.exists() else "w+b") as here,
    ):
        same = _common(there, here, length)
        digest = _hash(here, same)
        if same < known.size:
            recorded = _hash(here, known.size)
            if recorded.hexdigest() == known.sha256:
                digest, same = recorded, known.size
                problem = "it is not what was backed up before, and the backup keeps that"
        progress(same)
        there.seek(same)
        here.seek(same)
        here.truncate()
        while same < length and (data := _read(there, min(_CHUNK, length - same))):
            here.write(data)
            digest.update(data)
            progress(len(data))
            same += len(data)
        here.flush()
        os.fsync(here.fileno())
    sync_folder(target.parent)
    return digest.hexdigest(), "it ends before its last record" if same < length else problem


def _common(there: BinaryIO, here: BinaryIO, length: int) -> int:
    """How many bytes at the beginning of two files are the same, `length` at most."""
    same = 0
    while data := _read(there, min(_CHUNK, length - same)):
        kept = _read(here, len(data))
        if data != kept:
            pairs = enumerate(zip(data, kept, strict=False))
            return same + next((n for n, (one, other) in pairs if one != other), len(kept))
        same += len(data)
    return same


def _hash(file: BinaryIO, size: int) -> hashlib._Hash:
    """SHA-256 of the first bytes of a file, to be continued."""
    file.seek(0)
    digest = hashlib.sha256()
    while data := _read(file, min(_CHUNK, size)):
        digest.update(data)
        size -= len(data)
    return digest


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:  # which does not say of which file
        raise OSError(error.errno, error.strerror, file.name) from None


def _others(folder: Path) -> Iterator[str]:
    """Files that the database does not name: dictionaries, profiles, decisions, fixtures."""
    for pattern in ("warc/*/*.dict.zst", "sites/**/*", "decisions/**/*", "fixtures/**/*"):
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            # sha256sum and bagit.py disagree on them; the tag files are UTF-8.
            if re.search("[%\r\n\ud800-\udfff]", name):
                raise ArchiveUsageError(
                    f"{path}: a name with %, a line break or bytes that are no UTF-8: rename the file"
                )
            if not path.is_dir():
                yield name


def _read_state(bag: Path) -> dict[str, KeptFile]:
    try:
        known = json.loads((bag / _STATE).read_text("utf-8"))
        return {name: KeptFile(*values) for name, values in known.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


# -- the database -------------------------------------------------------------------------------


def _named(c: sqlite3.Connection) -> dict[str, int]:
    """WARC file → where the last record ends that the database names in it."""
    rows = c.execute(
        "SELECT warc, max(warc_offset + warc_length) FROM captures "
        "WHERE warc GLOB 'warc/*' AND warc NOT GLOB '*..*' GROUP BY warc"
    )
    return dict(rows.fetchall())


def _copy_database(live: sqlite3.Connection, part: Path, database: Path) -> None:
    """Copy the database as it is at this instant, into a file that needs no other one beside it."""
    remove_database(part)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            live.backup(copy)  # in one step: every commit of a crawl would begin further ones anew
            copy.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory: there may be none
            copy.execute("PRAGMA journal_mode = DELETE")
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise
    if said != "ok":
        raise damaged(sqlite3.DatabaseError(" ".join(said.split())), database)
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _check_same(c: sqlite3.Connection, kept: Path) -> None:
    """Raises `ArchiveUsageError` where the bag is of an archive that has no capture in common."""
    if not kept.exists():
        return
    try:
        with closing(sqlite3.connect(f"{kept.absolute().as_uri()}?immutable=1", uri=True)) as old:
            rows = old.execute("SELECT record_id FROM captures ORDER BY id LIMIT 100").fetchall()
    except sqlite3.DatabaseError:
        return  # the bag's copy is damaged
    sql = "SELECT 1 FROM captures WHERE record_id = ?"
    if rows and not any(c.execute(sql, row).fetchone() for row in rows):
        raise ArchiveUsageError(
            f"{kept.parents[1]}: it holds the backup of another archive: name another folder"
        )
