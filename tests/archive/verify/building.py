"""A small archive of one paper whose pages say what is in them, sealed, and the means to read it again."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import read_records, writing
from archive.captures.writing import Capture
from archive.seals import PageSeals, seal_records
from archive.store import DATABASE, Store
from archive.verify import Finding, verify
from archive.verify.repairing import repair
from archive.visits import Visit
from tests.archive.building import HOME, SITE, Paper, article

ARTICLES = 90
SITES = (str(SITE["id"]),)
_WORDS = (
    "мектеп оқушы ауыл су жол әкім қала аудан жаңа үй егін мал шаруа тарих мәдениет спорт".split()
)


def page(read: Article) -> bytes:
    """A page that says in JSON what is to be read in it, and has a template like any other."""
    said = json.dumps(read.to_dict(), ensure_ascii=False)
    template = "<nav>" + "".join(f"<a href='/{word}/'>{word}</a>" for word in _WORDS) + "</nav>"
    return f"<!doctype html>{template * 3}<main>{said}</main>{template}".encode()


def read_page(body: bytes) -> Article | None:
    """What `page` wrote."""
    start, end = body.find(b"<main>"), body.find(b"</main>")
    return Article(**json.loads(body[start + 6 : end])) if start >= 0 else None


def build(folder: Path) -> None:
    """Four days of a paper: new articles, edits, one edit taken back, two that vanish."""
    chance = random.Random(5)
    with Store(folder) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        paper = Paper(store)
        for day in range(4):
            for number in range(ARTICLES):
                if day == 0 or (number + day) % 9 == 0:
                    _visit(paper, number, day, chance)
                    paper.later(seconds=2)
            store.finish_crawl(paper.crawl, paper.now, "finished", ARTICLES)
            paper.later(days=1)
            paper.begin()
        store.finish_crawl(paper.crawl, paper.now, "finished", 0)
    seal(folder)


def _visit(paper: Paper, number: int, day: int, chance: random.Random) -> None:
    url = f"{HOME}{number}"
    if number in (7, 8) and day > 1:
        paper.visit(url, outcome="gone", status=404, captures=[paper.capture(url, b"404", 404)])
        return
    length = chance.randint(1, 12) if day != 2 else 3
    text = "\n\n".join(" ".join(chance.choices(_WORDS, k=40)) for _ in range(length))
    read = article(url, title=f"Тақырып {number}", text=text, tags=[_WORDS[number % 5]], views=day)
    paper.visit(url, read, captures=[paper.capture(url, page(read))])


def seal(folder: Path) -> None:
    """Seal everything, as the store does when it is closed."""
    path = folder / DATABASE
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    seals = PageSeals(connection, path)
    for site in SITES:
        seal_records(connection, folder, site)
    seals.finish()
    connection.close()
    seals.close()


def found(folder: Path, *, full: bool = True) -> list[Finding]:
    """What `verify` has to say, notes left out."""
    return [finding for finding in verify(folder, full=full) if finding.severity != "note"]


def flip(path: Path, offset: int, mask: int = 0x10) -> None:
    """Change one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def importer(store: Store, site: str, paths: list[Path]) -> None:
    """Give records that have no row their rows, and read the articles in them."""
    store.save_site({**SITE, "id": site})
    for path in paths:
        for record in read_records(path):
            if record.error or record.exchange is None:
                continue
            exchange = record.exchange
            read = read_page(exchange.body) if exchange.status == 200 else None
            at = datetime.fromisoformat(record.date)
            store.record(
                Visit(
                    frontier=None,
                    crawl=None,
                    site=site,
                    fetched_at=at,
                    due=at + timedelta(days=1),
                    outcome=None if read else "gone",
                    status=exchange.status,
                    article=read,
                    urls=(exchange.url,),
                    captures=[
                        Capture(
                            exchange.url, record.date, exchange.status,
                            exchange.header("Content-Type"), record.payload_digest or "",
                            len(exchange.body), path.relative_to(store.folder).as_posix(),
                            record.offset, record.length, record.record_id,
                        )
                    ],
                )
            )  # fmt: skip


def mend(folder: Path) -> list[str]:
    """Check, repair, and seal; returns what was said about it."""
    said: list[str] = []
    repair(folder, found(folder), importer, SITES, software="newsbot", say=said.append)
    seal(folder)
    return said


def contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What an archivist would miss, without ids."""
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        return {
            name: c.execute(sql).fetchall()
            for name, sql in {
                "articles": "SELECT url, title, text, authors, published, views, first_seen, "
                "last_seen, gone_since, revision, language FROM articles ORDER BY url",
                "revisions": "SELECT a.url, number, r.title, r.text, r.digest, seen_at, r.kind, "
                "c.record_id FROM revisions r JOIN articles a ON a.id = r.article "
                "LEFT JOIN captures c ON c.id = r.capture ORDER BY 1, 2",
                "captures": "SELECT c.url, fetched_at, status, payload_digest, warc, warc_offset, "
                "warc_length, record_id, a.url FROM captures c LEFT JOIN articles a "
                "ON a.id = c.article ORDER BY warc, warc_offset",
                "aliases": "SELECT l.url, a.url, l.first_seen FROM aliases l "
                "JOIN articles a ON a.id = l.article ORDER BY 1",
                "tags": "SELECT a.url, t.name FROM article_tags x JOIN articles a ON a.id = x.article "
                "JOIN tags t ON t.id = x.tag ORDER BY 1, 2",
                "engagement": "SELECT a.url, seen_at, e.views FROM engagement e "
                "JOIN articles a ON a.id = e.article ORDER BY 1, 2",
            }.items()
        }


def copy(source: Path, target: Path) -> Path:
    """An archive to be damaged."""
    shutil.copytree(source, target)
    return target


def pack_early(patch: Any) -> None:
    """Let a site's second file be a packed one, small as it is, and its first one stay loose."""
    patch.setattr(writing, "MAX_LOOSE", 60_000)
    patch.setattr("archive.store.pack", lambda *_: 0)
