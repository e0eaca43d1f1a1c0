"""pages: compares every page of news.db with its seal, and says whose the ones are that differ.

Works on the files, before and beside SQLite: a changed letter is a sound page to SQLite.
"""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from archive.seals import BLOCK, PER_BLOCK, Block, log_path, read_blocks, seal_path
from archive.store import LOCK
from archive.verify.btree import Owner, Pages, Tree
from archive.verify.finding import Finding
from archive.wal import Log, read_log

_TRIES = 6
_PAUSE = 0.1
"""Seconds between two looks at a page that does not fit: a crawl may be writing it."""
_ONE_BY_ONE = 10
"""Pages of one table that are reported each for itself."""
_REPAIR = "restore news.db from a copy, or run `newsbot verify --repair`"


def is_being_written(folder: Path) -> bool:
    """Whether another process holds the writer's lock at this moment."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class RawDatabase:
    """news.db as bytes. Open it before a connection and close it after.

    Closing any descriptor of the file drops this process's locks on it (POSIX), and with them those
    of SQLite.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be read."""
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        self.log = Log()
        self.blocks: list[Block | None] | None = None
        self.page_size = 0
        self.reload()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def reload(self) -> None:
        """Look again at what a writer may have changed: the log and the seals."""
        self.log = read_log(log_path(self.path))
        for _ in range(_TRIES):
            if not self.log.damage or not is_being_written(self.path.parent):
                break
            time.sleep(_PAUSE)
            self.log = read_log(log_path(self.path))
        try:
            self.blocks = list(read_blocks(seal_path(self.path)))
        except FileNotFoundError:
            self.blocks = None
        sealed = next((block.page_size for block in self.blocks or () if block), 0)
        written = int.from_bytes(os.pread(self._file, 2, 16), "big")
        self.page_size = sealed or {1: 65536}.get(written, written) or 4096

    @property
    def size(self) -> int:
        """Bytes of news.db itself."""
        return os.fstat(self._file).st_size

    @property
    def stated_pages(self) -> int:
        """Pages that the database says it has."""
        return self.log.size or int.from_bytes(os.pread(self._file, 4, 28), "big")

    def page(self, number: int) -> bytes:
        """A page as SQLite would see it; b"" where there is none."""
        if number in self.log.pages:
            with log_path(self.path).open("rb") as log:
                log.seek(self.log.pages[number])
                return log.read(self.page_size)
        return self._main(number, 1) if number > 0 else b""

    def _main(self, number: int, count: int) -> bytes:
        return os.pread(self._file, count * self.page_size, (number - 1) * self.page_size)

    def differing(self) -> Iterator[int]:
        """Pages that are not as they were sealed, missing ones included."""
        for number, block in enumerate(self.blocks or ()):
            if block is None:
                continue
            first = number * PER_BLOCK + 1
            data = memoryview(self._main(first, PER_BLOCK))
            for slot, sealed in enumerate(block.sums):
                if not sealed or first + slot in self.log.pages:
                    continue
                page = data[slot * self.page_size : (slot + 1) * self.page_size]
                if len(page) < self.page_size or (zlib.crc32(page) or 1) != sealed:
                    yield first + slot

    def unsealed(self) -> int:
        """How many pages have no seal, those in the log and those of damaged blocks not counted."""
        pages = self.size // self.page_size
        blocks = self.blocks or ()
        sealed = sum(PER_BLOCK - block.sums.count(0) for block in blocks if block)
        damaged = sum(PER_BLOCK for block in blocks if block is None)
        return max(0, pages - sealed - damaged - len(self.log.pages))


def check_pages(raw: RawDatabase, trees: Iterable[Tree]) -> Iterator[Finding]:
    """Compare news.db, its log and its seals."""
    if raw.log.damage:
        yield Finding(
            "damage", "pages", "news.db-wal", raw.log.damage,
            "keep a copy; `newsbot verify --repair` reads again what was captured since",
        )  # fmt: skip
    yield from _check_seals(raw)
    yield from _check_size(raw)
    wrong = set(raw.differing())
    for _ in range(_TRIES):
        if not wrong or not is_being_written(raw.path.parent):
            break
        time.sleep(_PAUSE)
        raw.reload()
        wrong &= set(raw.differing())
    if wrong:
        yield from _name(wrong, raw, trees)


def _check_seals(raw: RawDatabase) -> Iterator[Finding]:
    name = seal_path(raw.path).name
    if raw.blocks is None:
        yield Finding(
            "note", "pages", name, "there are no seals: a changed letter inside news.db is not found",
            "the next crawl makes them",
        )  # fmt: skip
        return
    for number, block in enumerate(raw.blocks):
        if block is None:
            first = number * PER_BLOCK + 1
            yield Finding(
                "inconsistency", "pages", f"{name} at byte {number * BLOCK}",
                f"the seals of pages {first}–{first + PER_BLOCK - 1} of news.db are damaged "
                "themselves",
                "the next crawl or `newsbot verify --repair` makes them anew",
            )  # fmt: skip
    unsealed = raw.unsealed()
    if unsealed:
        yield Finding(
            "note", "pages", name, f"{unsealed} pages of news.db have no seal",
            "the next crawl makes them",
        )  # fmt: skip


def _check_size(raw: RawDatabase) -> Iterator[Finding]:
    stated = raw.stated_pages * raw.page_size
    if raw.log.frames or stated == raw.size:
        return
    less = raw.size < stated
    yield Finding(
        "damage" if less else "inconsistency", "pages", "news.db",
        f"it has {raw.size} bytes, and should have {stated}",
        _REPAIR if less else "what is beyond its end belongs to nothing; `newsbot verify --repair`",
    )  # fmt: skip


def _name(wrong: set[int], raw: RawDatabase, trees: Iterable[Tree]) -> Iterator[Finding]:
    owners = Pages(raw.page, raw.page_size).owners(wrong, trees)
    by_name: dict[str, list[int]] = {}
    for page in sorted(wrong):
        by_name.setdefault(owners[page].name if page in owners else "?", []).append(page)
    for pages in by_name.values():
        if len(pages) <= _ONE_BY_ONE:
            for page in pages:
                yield _finding(raw, [page], owners.get(page))
        else:
            known = [owners[page] for page in pages if page in owners]
            rows, articles = (
                tuple(sorted({number for owner in known for number in getattr(owner, name)}))
                for name in ("rows", "articles")
            )
            owner = Owner(known[0].name, known[0].table, rows, articles) if known else None
            yield _finding(raw, pages, owner)


def _finding(raw: RawDatabase, pages: list[int], owner: Owner | None) -> Finding:
    what = (
        f"page {pages[0]}"
        if len(pages) == 1
        else f"{len(pages)} pages from {pages[0]} to {pages[-1]}"
    )
    whose = f" ({owner})" if owner else ""
    return Finding(
        "damage",
        "pages",
        f"news.db {what}{whose}",
        "not as newsbot wrote it: damaged, or changed by another program",
        _REPAIR,
        table=owner.table if owner else None,
        rows=owner.rows if owner else (),
        articles=owner.articles if owner else (),
        file="news.db",
        offset=(pages[0] - 1) * raw.page_size,
    )
