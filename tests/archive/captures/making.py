"""WARC files for tests: a site's pages, as newsbot writes them and as other programs do."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from archive.captures import Capture, CaptureWriter, Record, read_records
from tests.archive.building import HOME, START

SITE = "aqbulaq"
PAGE = "<!doctype html><title>Ақбұлақ</title><p>Ауылға таза су келді".encode()
SERVED = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-\xd2", "caf\xe9"),  # bytes of any kind, decoded as Latin-1 as HTTP clients do
]
_WORDS = "ауыл мектеп су жол егін мал көктем кітап қала аудан халық жаңа үлкен биыл кеше".split()


def site_page(number: int) -> bytes:
    """A page of a site: the template that all of them share, and words of its own."""
    chosen = random.Random(number)
    menu = "".join(f'<li class="menu-item-{n}"><a href="/b{n}/">{n}-бөлім</a>' for n in range(40))
    text = " ".join(chosen.choice(_WORDS) + str(chosen.randrange(1000)) for _ in range(120))
    return (
        f"<!doctype html><html lang=kk><title>{number}-жаңалық</title><ul>{menu}</ul>"
        f"<article id=post-{number}><p>{text}</article><footer>Барлық құқықтар қорғалған</footer>"
    ).encode()


def writer(folder: Path) -> CaptureWriter:
    return CaptureWriter(folder, SITE, "newsbot/0.1")


def write(folder: Path, number: int = 3, body: bytes = PAGE) -> list[Capture]:
    to = writer(folder)
    written = [to.write(f"{HOME}{n}", 200, SERVED, body + b"%d" % n, START) for n in range(number)]
    to.close()
    return written


def write_site(folder: Path, number: int, first: int = 0) -> list[Capture]:
    """Pages that have much in common, enough of them for a dictionary."""
    to = writer(folder)
    written = [
        to.write(f"{HOME}{n}", 200, SERVED[:1], site_page(n), START)
        for n in range(first, first + number)
    ]
    to.close()
    return written


def warcio_records(path: Path) -> list[tuple[str, str, bytes]]:
    """Every record of a gzipped file as warcio reads it, digests verified."""
    with path.open("rb") as file:
        iterator = ArchiveIterator(file, check_digests="raise")
        return [
            (r.rec_type, r.rec_headers.get_header("WARC-Target-URI"), r.raw_stream.read())
            for r in iterator
        ]


def read_all(folder: Path) -> list[Record]:
    """Every record of every file of the site."""
    paths = sorted((folder / "warc" / SITE).glob("*.warc.*"))
    return [record for path in paths for record in read_records(path)]


def record(
    block: bytes,
    kind: str = "response",
    url: str | None = f"{HOME}1",
    version: str = "1.1",
    length: int | None = None,
    **fields: str,
) -> bytes:
    """One record, as any program may write it; underscores in names of fields stand for hyphens."""
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:12345678-feed-4321-beef-123456789012>",
        "WARC-Date": "2016-12-03T05:06:07Z",
        **({"WARC-Target-URI": url} if url else {}),
        "Content-Type": "application/http; msgtype=response",
        **{name.replace("_", "-"): value for name, value in fields.items()},
        "Content-Length": str(len(block) if length is None else length),
    }
    head = "\r\n".join([f"WARC/{version}", *(f"{n}: {v}" for n, v in named.items()), "", ""])
    return head.encode() + block + b"\r\n\r\n"


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def members(records: Sequence[bytes]) -> bytes:
    """A gzip member per record."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)
