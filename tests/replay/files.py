"""Builds WARC files as other programs write them, about one invented newspaper, and reads archives."""

from __future__ import annotations

import gzip
import io
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.captures import read_records, with_fields
from archive.captures.dictionaries import compress
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.export.rows import rows
from archive.query import EVERYTHING, ids
from archive.store import DATABASE, Store, open_database
from archive.store.opening import make
from newsbot.profiles import Site, load_site
from newsbot.replay.warc import import_warc
from newsbot.visit.schedule import next_due

HOME = "https://gazet.example"
START = datetime(2024, 3, 1, 8, tzinfo=UTC)
HTML = ("Content-Type", "text/html; charset=utf-8")
Headers = Sequence[tuple[str, str]]
PROFILE = """
name = "Газет"
url = "https://gazet.example/"
hosts = ["www.gazet.example", "gazet.example:8080"]
exclude = ["^/tag/"]
article = ["^/news/"]

[[layouts]]
id = "today"
title = ["h1"]
body = [".text"]
views = [".views"]
pages = [".pages a::attr(href)"]

[[layouts]]
id = "once"
valid_until = 2015-12-31
title = ["h1"]
body = [".text"]
"""


def paragraphs(topic: str, number: int = 4) -> list[str]:
    """Text that nobody takes for a menu."""
    return [
        f"{n}-бөлім, {topic}: ауыл мектебінің оқушылары көктемде жүз түп алма ағашын отырғызды, "
        "су жүйесін жөндеді және кітапхана қорын ауыл тұрғындарымен бірге толықтырды."
        for n in range(1, number + 1)
    ]


def page(
    title: str, topic: str | None = None, *, more: Sequence[str] = (), views: int | None = None
) -> bytes:
    """An article; `more` are the addresses of its further pages."""
    text = "".join(f"<p>{p}</p>" for p in paragraphs(topic or title))
    links = "".join(f'<a href="{url}">{n}</a>' for n, url in enumerate(more, 2))
    seen = "" if views is None else f'<span class="views">{views}</span>'
    return (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article"></head><body><h1>{title}</h1>'
        f"{seen}"
        f'<div class="text">{text}</div><div class="pages">{links}</div></body></html>'
    ).encode()


LISTING = (
    "<!DOCTYPE html><html><head><title>Жаңалықтар</title></head><body><h1>Жаңалықтар</h1>"
    + "".join(f'<div><a href="/news/{n}">Хабар {n}</a></div>' for n in range(30))
    + "</body></html>"
).encode()


FED = PROFILE.replace(
    "\nexclude",
    '\nsources = [{ kind = "feed", url = "/feed" }, { kind = "feed", url = "/rss" }, '
    '{ kind = "sitemap", url = "/sitemap.xml" }]\nexclude',
)
"""The same, of a newspaper with sources."""


@dataclass
class Warc:
    """One WARC file in the making; `at` is the date of the next record."""

    at: datetime = START
    packed: io.BytesIO = field(default_factory=io.BytesIO)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._writer = WARCWriter(self.packed, gzip=True)

    def info(self, software: str = "Heritrix/3.4") -> Warc:
        self._writer.write_record(
            self._writer.create_warcinfo_record("x.warc.gz", {"software": software})
        )
        return self

    def add(
        self,
        url: str,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: Headers = (HTML,),
        kind: str = "response",
        **fields: str,
    ) -> Warc:
        """One exchange, a second after the one before; `fields` of the record: `Concurrent_To`."""
        record = self._writer.create_warc_record(
            url if "://" in url else HOME + url,
            kind,
            payload=io.BytesIO(body),
            http_headers=StatusAndHeaders(f"{status} X", list(headers), protocol="HTTP/1.1"),
            warc_headers_dict={
                "WARC-Date": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                **{f"WARC-{name.replace('_', '-')}": value for name, value in fields.items()},
            },
        )
        self._writer.write_record(record)
        self.ids.append(record.rec_headers.get_header("WARC-Record-ID"))
        self.at += timedelta(seconds=1)
        return self

    def later(self, **distance: float) -> Warc:
        self.at += timedelta(**distance)
        return self

    def redirect(self, url: str, target: str, status: int = 301) -> Warc:
        return self.add(url, status=status, headers=[("Location", target)])

    def other(self, kind: str, url: str = "/news/1", content: str = "text/plain") -> Warc:
        """A record that is no exchange."""
        self._writer.write_record(
            self._writer.create_warc_record(
                HOME + url,
                kind,
                payload=io.BytesIO(b"GET / HTTP/1.1\r\n\r\n"),
                warc_content_type=content,
            )
        )
        return self

    def said(
        self, url: str, entry: str, *, kind: str = "feed", source: str = "/feed", **more: str
    ) -> Warc:
        """The entry of a source, as newsbot keeps it; `more` of its fields."""
        via = source if "://" in source else HOME + source
        block = with_fields([("via", via), ("kind", kind), *more.items()], entry.encode())
        record = self._writer.create_warc_record(
            url if "://" in url else HOME + url,
            "metadata",
            payload=io.BytesIO(block),
            warc_content_type="application/x-newsbot-said",
            warc_headers_dict={"WARC-Date": self.at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
        self._writer.write_record(record)
        self.at += timedelta(seconds=1)
        return self

    def save(self, path: Path) -> Path:
        """Write it in the packing that the name says."""
        data = self.packed.getvalue()
        if path.suffix == ".warc":
            data = gzip.decompress(data)
        elif path.suffix == ".zst":
            data = b"".join(compress(raw.data) for raw in raw_records(Stream(io.BytesIO(data))))
        path.write_bytes(data)
        return path


def exported(folder: Path) -> list[dict[str, Any]]:
    """The rows of every export of an archive, but for ids and where captures lie: a rebuild or a merge may change those."""
    with closing(open_database(folder).conn) as c:
        found = list(rows(c, ids(c, EVERYTHING), EVERYTHING))
    for row in found:
        del row["id"], row["story"], row["capture"]["warc"], row["capture"]["offset"]
    return found


class Archive:
    """An archive, and what an import makes of it."""

    def __init__(self, folder: Path, profile: str = PROFILE) -> None:
        self.folder = folder
        sites = folder.parent / "sites"
        sites.mkdir(exist_ok=True)
        (sites / "gazet.toml").write_text(profile, "utf-8")
        self.sites_dir = sites
        self.sites: dict[str, Site] = {"gazet": load_site(sites / "gazet.toml")}
        self.broken: list[tuple[int, str]] = []

    def load(self, *files: Path, jobs: int = 0, **how: Any) -> dict[str, int]:
        """Import files; the counts that are not zero, but for `records`."""
        with Store(self.folder, schedule=next_due) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            counts: Counter[str] = import_warc(
                store,
                files,
                self.sites,
                jobs=jobs,
                damaged=lambda _, offset, why: self.broken.append((offset, why)),
                **how,
            )
        return {name: n for name, n in counts.items() if n and name != "records"}

    def put(self, warc: Warc, **how: Any) -> dict[str, int]:
        """Import a file just made."""
        path = self.folder.parent / f"made-{len(list(self.folder.parent.glob('made-*')))}.warc.gz"
        return self.load(warc.save(path), **how)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / DATABASE)) as connection:
            return connection.execute(sql, values).fetchall()

    def dump(self) -> str:
        """The whole database as SQL."""
        with closing(sqlite3.connect(self.folder / DATABASE)) as connection:
            return "\n".join(connection.iterdump())

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that tells of what was imported, but for when that was."""
        tables = "sites articles revisions aliases engagement tags article_tags frontier".split()
        found = {table: self.rows(f"SELECT * FROM {table}") for table in tables}
        found["captures"] = self.rows(
            "SELECT id, url, article, fetched_at, status, payload_digest, record_id FROM captures"
        )
        found["imports"] = self.rows(
            "SELECT source, records, new, updated, unchanged, not_article, failed, ended_at IS NULL, "
            "cursor FROM imports"
        )
        return found

    def files(self) -> dict[str, bytes]:
        """The archive's WARC files."""
        paths = (self.folder / "warc").glob("*/*.warc.*")
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}

    def recorded(self) -> list[str]:
        """Record ids in the archive's WARC files, warcinfo left out."""
        return [
            record.record_id
            for path in sorted((self.folder / "warc").glob("*/*.warc.*"))
            for record in read_records(path)
            if record.type != "warcinfo"
        ]

    def check(self) -> None:
        """What must hold after whatever happened."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []
        known = [row[0] for row in self.rows("SELECT record_id FROM captures")]
        assert sorted(self.recorded()) == sorted(known)
        for warc, offset, record_id in self.rows(
            "SELECT warc, warc_offset, record_id FROM captures"
        ):
            if warc.endswith(".gz"):
                with (self.folder / warc).open("rb") as file:
                    file.seek(offset)
                    record = next(iter(ArchiveIterator(file, check_digests="raise")))
                    assert record.rec_headers["WARC-Record-ID"] == record_id
                    record.raw_stream.read()


def lose_database(folder: Path) -> None:
    """Leave an archive its captures alone, and an empty database: without one it would not open."""
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    make(folder / DATABASE)


def articles(archive: Archive) -> list[tuple[str, str]]:
    """Address and title of every article."""
    return archive.rows("SELECT url, title FROM articles ORDER BY url")


def many(number: int, at: datetime = START) -> Warc:
    """A file of ordinary articles, with a redirect and a divided one among them."""
    warc = Warc(at).info()
    for n in range(number):
        warc.add(f"/news/{n}", page(f"Хабар {n}"))
        if n % 7 == 3:
            warc.redirect(f"/short/{n}", f"/news/after-{n}")
            warc.add("/robots.txt", b"User-agent: *", headers=[("Content-Type", "text/plain")])
            warc.add(f"/news/divided-{n}", page(f"Бөлінген {n}", more=[f"/news/divided-{n}/2"]))
            warc.add(f"/news/after-{n}", page(f"Көшкен {n}"))
        if n % 7 == 5:
            warc.add(f"/news/divided-{n - 2}/2", page(f"Бөлінген {n - 2}", f"жалғасы {n}"))
    return warc


def lines(items: Iterable[str]) -> str:
    return "\n\n".join(items)
