"""wacz: an export as one file that replays in a browser (WACZ 1.1.1, specs.webrecorder.net).

A ZIP with the captures as WARC, an index of them, a list of the pages with their titles and texts, and
a manifest with digests. Written as a stream: nothing of it is held in memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive.captures import SAID
from archive.export.cdxj import FILENAME, Lines, gzipped, write_blocks
from archive.export.warc import (
    Chosen,
    Stored,
    Summary,
    captures,
    choose,
    describe,
    header,
    warcinfo,
)
from archive.query import Selection

VERSION = "1.1.1"
MAX_WARC = 1_000_000_000
"""Bytes after which the captures go on in another WARC file."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Hashed:
    """One member of the ZIP while it is written: its size and digest."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._out.write(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._digest.hexdigest()}"


class _Package:
    """The ZIP, and the list of what lies in it."""

    def __init__(self, out: BinaryIO) -> None:
        self.zip = zipfile.ZipFile(out, "w", allowZip64=True)
        self.resources: list[dict[str, Any]] = []

    @contextmanager
    def member(self, path: str, *, packed: bool = False) -> Iterator[_Hashed]:
        """Write one file; `packed` deflates it, which nothing that is compressed already needs."""
        info = zipfile.ZipInfo(path, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.create_system = 3
        info.external_attr = 0o644 << 16
        with self.zip.open(info, "w", force_zip64=True) as out:
            hashed = _Hashed(cast("BinaryIO", out))
            yield hashed
        name = path.rpartition("/")[2].lower()
        self.resources.append(
            {"name": name, "path": path, "hash": hashed.digest, "bytes": hashed.size}
        )


def write_wacz(
    c: sqlite3.Connection,
    folder: Path,
    selection: Selection,
    out: BinaryIO,
    *,
    current: bool = False,
    software: str = "newsbot",
    progress: Callable[[int], object] = lambda _: None,
) -> Summary:
    """Write the selected articles with all their captures; see `archive.export.warc.write_warc`.

    Every version of an article is a page of its own, or with `current` only the present one.
    """
    if not out.seekable():  # a ZIP that was never rewound has other bytes, and fewer readers
        with tempfile.TemporaryFile() as whole:
            summary = write_wacz(
                c, folder, selection, cast("BinaryIO", whole),
                current=current, software=software, progress=progress,
            )  # fmt: skip
            whole.seek(0)
            shutil.copyfileobj(whole, out)
        return summary
    chosen = choose(c, selection)
    summary = Summary()
    package = _Package(out)
    with Lines() as lines, package.zip:
        stream = captures(c, folder, chosen, summary, current=current, progress=progress)
        about = (chosen.newest, software, describe(selection, current=current))
        seen = _write_captures(package, stream, lines, about)
        with package.member(f"indexes/{FILENAME}") as file:
            secondary = write_blocks(lines, cast("BinaryIO", file))
        with package.member("indexes/index.idx", packed=True) as file:
            file.write(secondary)
        with package.member("pages/pages.jsonl", packed=True) as file:
            for page in _pages(c, chosen, seen, current=current):
                file.write((json.dumps(page, ensure_ascii=False) + "\n").encode())
        manifest = _json(
            {
                "profile": "data-package",
                "wacz_version": VERSION,
                "software": software,
                "title": _title(c, chosen),
                "description": f"{summary.articles} articles, {summary.captures} "
                f"{describe(selection, current=current)}",
                "created": chosen.newest,
                "modified": chosen.newest,
                "resources": list(package.resources),
            }
        )
        with package.member("datapackage.json", packed=True) as file:
            file.write(manifest)
            digest = file.digest
        with package.member("datapackage-digest.json", packed=True) as file:
            file.write(_json({"path": "datapackage.json", "hash": digest}))
    return summary


def _write_captures(
    package: _Package, stream: Iterator[Stored], lines: Lines, about: tuple[str, str, str]
) -> set[int]:
    """WARC files, each up to `MAX_WARC` bytes; returns the ids of what they hold."""
    seen: set[int] = set()
    upcoming = next(stream, None)
    number = 0
    while upcoming or not number:
        number += 1
        name = f"captures-{number:05}.warc.gz"
        with package.member(f"archive/{name}") as file:
            file.write(gzipped(warcinfo(*about, filename=name)))
            while upcoming and file.size < MAX_WARC:
                packed = gzipped(upcoming.record)
                if upcoming.row["part"] != SAID:  # which is nothing to be shown
                    lines.add(
                        upcoming.row["url"],
                        upcoming.row["fetched_at"],
                        _index_fields(upcoming, name, file.size, len(packed)),
                    )
                file.write(packed)
                seen.add(upcoming.row["id"])
                upcoming = next(stream, None)
    return seen


def _index_fields(stored: Stored, name: str, offset: int, length: int) -> dict[str, str]:
    row = stored.row
    head = stored.record.partition(b"\r\n\r\n")[0]
    is_revisit = header(head, b"WARC-Type") == "revisit"
    mime = (row["content_type"] or "").partition(";")[0].strip() or "unk"
    return {
        "url": row["url"],
        "mime": "warc/revisit" if is_revisit else mime,
        "status": str(row["status"]),
        "digest": header(head, b"WARC-Payload-Digest") or row["payload_digest"],
        "length": str(length),
        "offset": str(offset),
        "filename": name,
        "recordDigest": f"sha256:{hashlib.sha256(stored.record).hexdigest()}",
    }


_VERSIONS = """
SELECT a.id, r.number, c.id AS capture, c.url, c.fetched_at, g.title, g.text
  FROM articles a JOIN revisions r ON r.article = a.id JOIN captures c ON c.id = r.capture
  JOIN readings g ON g.id = r.reading
 WHERE a.id = ? AND (r.number = a.revision OR NOT ?)
 ORDER BY r.number
"""


def _pages(
    c: sqlite3.Connection, chosen: Chosen, seen: set[int], *, current: bool
) -> Iterator[dict[str, Any]]:
    yield {"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}
    for article in chosen.ids:
        for number, version, capture, url, moment, title, text in c.execute(
            _VERSIONS, (article, current)
        ):
            if capture in seen:
                yield {
                    "id": f"{number}.{version}",
                    "url": url,
                    "ts": moment,
                    "title": title or url,
                    "text": text,
                }


def _title(c: sqlite3.Connection, chosen: Chosen) -> str:
    names = [
        row[0]
        for row in c.execute(
            "SELECT name FROM sites WHERE id IN (SELECT site FROM articles "
            "WHERE id IN (SELECT value FROM json_each(?))) ORDER BY name",
            (json.dumps(chosen.ids),),
        )
    ]
    return ", ".join(names) if 0 < len(names) <= 3 else f"{len(names)} newspapers"


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
