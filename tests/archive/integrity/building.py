"""An archive whose pages say in JSON what is to be read in them, and the import that reads it there."""

from __future__ import annotations

import json
import random
import sqlite3
import zlib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import Capture, Record, read_records
from archive.store import DATABASE, Store, knows_record
from archive.visit import Visit
from tests.archive.building import HOME, REASONS, SITE, STATUS, Paper, article, tomorrow

ARTICLES = 90
WORDS = "мектеп оқушы ауыл су жол әкім қала аудан жаңа үй егін мал шаруа тарих спорт".split()


def build(folder: Path) -> None:
    """Three days of a paper: new articles, edits, pages that did not change, two that vanish."""
    chance = random.Random(5)
    with Store(folder, schedule=tomorrow) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        paper = Paper(store)
        for day in range(3):
            for number in range(ARTICLES):
                if day == 0 or (number + day) % 9 == 0:
                    _visit(paper, number, day, chance)
                    paper.later(seconds=2)
            store.finish_crawl(paper.crawl, paper.now, "finished", ARTICLES)
            paper.later(days=1)
            paper.begin()
        store.finish_crawl(paper.crawl, paper.now, "finished", 0)


def _visit(paper: Paper, number: int, day: int, chance: random.Random) -> None:
    url = f"{HOME}{number}"
    result = "article"
    if number in (7, 8) and day:
        result = "missing"
    elif number in (16, 17) and day:
        result = "unchanged"
    elif number in (20, 21):
        result = "refused"
    if result == "unchanged":
        paper.visit(url, result=result)
        return
    read = None
    if result == "article":
        text = "\n\n".join(
            " ".join(chance.choices(WORDS, k=40)) for _ in range(chance.randint(1, 9))
        )
        tags = [WORDS[number % 5]]
        read = article(url, title=f"Тақырып {number}", text=text, tags=tags, views=day + number)
    page = {
        "result": result,
        "article": read.to_dict() if read else None,
        "menu": "<a>мәзір</a>" * 99,
    }
    body = json.dumps(page, ensure_ascii=False).encode()
    capture = paper.capture(url, body, STATUS.get(result, 200))
    paper.visit(url, read, result, captures=[capture])


def import_in_place(store: Store, site: str, paths: list[Path]) -> None:
    """What `newsbot.replay.warc.import_warc` does, for such pages."""
    store.save_site({**SITE, "id": site})
    for path in paths:
        for record in read_records(path):
            is_page = record.error is None and record.type in ("response", "revisit")
            if is_page and not knows_record(store.connection, record.record_id):
                store.record(_read(store, site, path, record))
    store.settle(site)


def _read(store: Store, site: str, path: Path, record: Record) -> Visit:
    exchange = record.exchange
    assert exchange is not None
    page = json.loads(exchange.body or '{"result": "unchanged", "article": null}')
    with path.open("rb") as file:
        file.seek(record.offset)
        crc = zlib.crc32(file.read(record.length))
    whole = store.connection.execute(
        "SELECT payload_digest, payload_length FROM captures WHERE record_id = ?",
        (record.headers.get("WARC-Refers-To"),),
    ).fetchone()
    known = tuple(whole) if whole else (record.payload_digest or "", len(exchange.body))
    capture = Capture(
        exchange.url, record.date, exchange.status, exchange.header("Content-Type"), *known,
        path.relative_to(store.folder).as_posix(), record.offset, record.length, crc,
        record.record_id, record.headers.get("WARC-Refers-To"),
    )  # fmt: skip
    result = page["result"]
    return Visit(
        site, exchange.url, datetime.fromisoformat(record.date), result,
        reason=None if result in ("article", "unchanged") else REASONS.get(result, result),
        urls=(exchange.url,), captures=[capture], rules="1-0", status=exchange.status,
        article=Article(**page["article"]) if page["article"] else None,
    )  # fmt: skip


# -- what is in an archive ----------------------------------------------------------------------

EVERYTHING = {
    # The digest covers texts and all other fields of the article, its revisions and its readings.
    "articles": "SELECT url, digest FROM articles",
    "revisions": "SELECT a.url, number, seen_at, record_id, changed, kept FROM revisions r "
    "JOIN articles a ON a.id = r.article JOIN captures c ON c.id = r.capture",
    "captures": "SELECT record_id, a.url, c.url, result, reason, part, rules, status, payload_digest, "
    "warc, warc_offset, warc_length, warc_crc FROM captures c LEFT JOIN articles a ON a.id = c.article",
    "aliases": "SELECT l.url, a.url, l.first_seen FROM aliases l JOIN articles a ON a.id = l.article",
    "engagement": "SELECT url, seen_at, e.views, e.comments FROM engagement e "
    "JOIN articles a ON a.id = e.article",
    "tags": "SELECT url, name FROM article_tags x JOIN articles a ON a.id = x.article "
    "JOIN tags t ON t.id = x.tag",
}
"""What captures tell."""
STATE = {
    "ids": "SELECT id, url FROM articles",
    "sites": "SELECT * FROM sites",
    "crawls": "SELECT * FROM crawls",
    "sources": "SELECT * FROM sources",
    "frontier": "SELECT url, article, outcome, due, attempts, hint, source FROM frontier",
    "crawls of captures": "SELECT record_id, crawl FROM captures",
}
"""What they do not tell."""


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in the archive."""
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        return c.execute(query).fetchall()


def contents(folder: Path, *, state: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an archive made anew must have in common with what it was."""
    queries = EVERYTHING | STATE if state else EVERYTHING
    return {name: sorted(rows(folder, query), key=repr) for name, query in queries.items()}
