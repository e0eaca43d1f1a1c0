"""visits: what one look at one URL changes in the tables: article, revision, aliases, captures, frontier.

Runs inside the writer's transaction (`archive.store`). A visit may lie in the past: imports bring old
captures after new ones, and the outcome does not depend on the order.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from archive import history
from archive.article import Article
from archive.captures import Capture
from archive.history import Version
from archive.rows import insert, one, to_json, update
from archive.schema import OUTCOMES
from archive.search import Index
from archive.times import utc

SECOND_LOOK = timedelta(days=1)
"""Time between the first 404 or 410 and the second look that makes an article `gone`."""


@dataclass(slots=True)
class Visit:
    """What one look at one URL brought.

    `outcome` is given where the page held no article to store; for an article it is found out here.
    """

    frontier: int | None
    """Id of the frontier row; None finds or makes the row of the first of `urls`."""
    crawl: int | None
    """Id of the crawl that counts it; None where none does (imports)."""
    site: str
    fetched_at: datetime
    due: datetime | None = None
    """When to look again; None closes the URL."""
    outcome: str | None = None
    status: int | None = None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    article: Article | None = None
    urls: tuple[str, ...] = ()
    """Every address that led here: requested, redirects, canonical."""
    captures: list[Capture] = field(default_factory=list)
    """The last one is the page itself."""
    is_repair: bool = False
    """The captures lie in the archive's own files: nothing but their ids tells them apart."""


def content_digest(title: str | None, text: str) -> str:
    """SHA-256 of what makes a revision: title and text, as `sha256:` and hex."""
    return "sha256:" + hashlib.sha256(f"{title or ''}\n\n{text}".encode()).hexdigest()


def knows_capture(c: sqlite3.Connection, capture: Capture, *, by_id: bool = False) -> bool:
    """Whether the archive has an exchange already, under its record id or as the same bytes."""
    if by_id:
        sql = "SELECT 1 FROM captures WHERE record_id = ?"
        return c.execute(sql, (capture.record_id,)).fetchone() is not None
    return bool(
        c.execute(
            "SELECT 1 FROM captures WHERE record_id = ?1 "
            "UNION ALL SELECT 1 FROM captures WHERE url = ?2 AND fetched_at = ?3 "
            "AND payload_digest = ?4 LIMIT 1",
            (capture.record_id, capture.url, capture.fetched_at, capture.payload_digest),
        ).fetchone()
    )


def record(c: sqlite3.Connection, index: Index, visit: Visit) -> str:
    """Write everything one visit brought and return its outcome.

    An imported visit whose page the archive already has changes nothing.
    """
    fresh = visit.captures
    if visit.crawl is None and fresh:
        by_id = visit.is_repair
        if knows_capture(c, fresh[-1], by_id=by_id):
            return "unchanged"
        *before, page_itself = fresh
        fresh = [capture for capture in before if not knows_capture(c, capture, by_id=by_id)]
        fresh.append(page_itself)
    if visit.frontier is None:
        visit.frontier = _frontier_row(c, visit)
    page = [_insert_capture(c, visit, capture) for capture in fresh]
    known = known_article(c, visit.urls)
    if visit.article and visit.article.is_article:
        outcome, known = _store_article(c, index, visit, known, page)
    else:
        outcome = _outcome_without_article(c, visit, known)
    if known and page:
        c.executemany(
            "UPDATE captures SET article = ? WHERE id = ?", [(known, capture) for capture in page]
        )
    assert outcome in OUTCOMES
    _close(c, visit, outcome, known)
    return outcome


def _frontier_row(c: sqlite3.Connection, visit: Visit) -> int:
    added = c.execute(
        "INSERT OR IGNORE INTO frontier (site, url, discovered_at) VALUES (?, ?, ?)",
        (visit.site, visit.urls[0], utc(visit.fetched_at)),
    )
    if added.rowcount:
        return int(added.lastrowid or 0)
    row = c.execute("SELECT id FROM frontier WHERE url = ?", (visit.urls[0],)).fetchone()
    return int(row["id"])


def known_article(c: sqlite3.Connection, urls: Sequence[str]) -> int | None:
    """Id of the article that addresses lead to, as they are or in another spelling, or None.

    A newspaper that moves to https, or drops its `www`, keeps its articles.
    """
    latest = list(reversed(urls))  # the canonical address, last, says most
    others = [spelling for url in latest for spelling in spellings(url)]
    marks = ", ".join("?" * (len(latest) + len(others)))
    rows = c.execute(
        f"SELECT url, article FROM aliases WHERE url IN ({marks})",  # noqa: S608 -- marks alone
        (*latest, *others),
    )
    known = {row["url"]: int(row["article"]) for row in rows}
    return next((known[url] for url in (*latest, *others) if url in known), None)


def spellings(url: str) -> list[str]:
    """An address with either scheme, with and without `www`; itself is one of them."""
    parts = urlsplit(url)
    bare = parts.netloc.removeprefix("www.")
    return [
        urlunsplit(parts._replace(scheme=scheme, netloc=netloc))
        for scheme in ("http", "https")
        for netloc in (bare, f"www.{bare}")
    ]


def _outcome_without_article(c: sqlite3.Connection, visit: Visit, known: int | None) -> str:
    """`unchanged` touches the article; a missing page is `gone` only at the second look."""
    outcome = visit.outcome or "not_article"
    moment = utc(visit.fetched_at)
    if not known:
        return outcome
    seen = one(c, "SELECT last_seen, gone_since FROM articles WHERE id = ?", (known,))
    if moment < seen["last_seen"]:
        return outcome
    if outcome == "unchanged":
        _seen_in_place(c, known, moment)
    if outcome in ("gone", "not_article"):
        row = c.execute(
            "SELECT error, visited_at FROM frontier WHERE id = ?", (visit.frontier,)
        ).fetchone()
        # Between two misses it may have been seen in place under another address.
        if row["error"] != "missing" or row["visited_at"] < seen["last_seen"]:
            visit.error = "missing"
            visit.due = visit.fetched_at + SECOND_LOOK
            return "deferred"
        c.execute(
            "UPDATE articles SET gone_since = coalesce(gone_since, ?) WHERE id = ?",
            (row["visited_at"], known),
        )
        return "gone"
    return outcome


def _seen_in_place(c: sqlite3.Connection, article: int, moment: str) -> None:
    c.execute(
        "UPDATE articles SET last_seen = ?1, "
        "gone_since = CASE WHEN gone_since > ?1 THEN gone_since END WHERE id = ?2",
        (moment, article),
    )


def _close(c: sqlite3.Connection, visit: Visit, outcome: str, article: int | None) -> None:
    """What the frontier and the crawl's counts learn; a visit of the past teaches them little."""
    moment = utc(visit.fetched_at)
    failed = outcome in ("failed", "blocked", "deferred")
    c.execute(
        "UPDATE frontier SET visited_at = ?, outcome = ?, status = ?, error = ?, due = ?, "
        "etag = coalesce(?, etag), last_modified = coalesce(?, last_modified), "
        "attempts = attempts + 1, failures = CASE WHEN ? THEN failures + 1 ELSE 0 END "
        "WHERE id = ? AND coalesce(visited_at, '') <= ?",
        (
            moment, outcome, visit.status, visit.error, utc(visit.due) if visit.due else None,
            visit.etag, visit.last_modified, failed, visit.frontier, moment,
        ),
    )  # fmt: skip
    if visit.crawl is not None:
        c.execute(f"UPDATE crawls SET {outcome} = {outcome} + 1 WHERE id = ?", (visit.crawl,))  # noqa: S608 -- one of OUTCOMES
    if article:
        c.execute("UPDATE frontier SET article = ? WHERE id = ?", (article, visit.frontier))
        # Other addresses of the article that wait in the frontier need no visit of their own;
        # but an old capture says nothing of where the article is today.
        same = set(visit.urls)
        if outcome in ("new", "updated", "unchanged"):
            same |= _other_spellings(c, article, visit.urls)
        c.executemany(
            "UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias', article = ?1 "
            "WHERE url = ?2 AND id <> ?3 AND coalesce(visited_at, '') <= ?4",
            [(article, url, visit.frontier, moment) for url in sorted(same)],
        )


def _other_spellings(c: sqlite3.Connection, article: int, urls: Iterable[str]) -> set[str]:
    """Other spellings of addresses that the article has had."""
    wanted = {spelling for url in urls for spelling in spellings(url)}
    rows = c.execute("SELECT url FROM aliases WHERE article = ?", (article,))
    return {row["url"] for row in rows} & wanted


def _columns(article: Article) -> dict[str, Any]:
    """The columns of `articles` that extraction fills, but for its address."""
    return {
        "title": article.title,
        "text": article.text,
        "authors": to_json(article.authors),
        "published": article.published,
        "published_raw": article.published_raw,
        "modified": article.modified,
        "section": article.section,
        "language": article.language,
        "image": article.image,
        "views": article.views,
        "comments": article.comments,
        "captions": to_json(article.captions),
        "editions": to_json(article.editions),
        "layout": article.layout,
        "charset": article.charset,
        "sources": to_json(article.sources),
        "flags": to_json(article.flags),
    }


_KNOWN = """
SELECT a.revision, a.title, a.text, a.language, a.published, a.first_seen, a.last_seen, a.gone_since,
       r.digest
  FROM articles a LEFT JOIN revisions r ON r.article = a.id AND r.number = a.revision
 WHERE a.id = ?
"""


def _store_article(
    c: sqlite3.Connection, index: Index, visit: Visit, known: int | None, page: Sequence[int]
) -> tuple[str, int]:
    """`page` are the captures of the visit."""
    article = visit.article
    assert article is not None
    moment = utc(visit.fetched_at)
    url = article.canonical_url or article.url
    capture = page[-1] if page else None
    version = Version(
        moment, article.title, article.text, content_digest(article.title, article.text), capture
    )
    if known is None:
        row = {
            "site": visit.site, "url": url, **_columns(article),
            "first_seen": moment, "last_seen": moment, "capture": capture,
        }  # fmt: skip
        known = insert(c, "articles", row)
        history.append(c, known, version)
        index.add(known, article.title, article.text, article.language)
        outcome, is_latest = "new", True
    else:
        old = one(c, _KNOWN, (known,))
        if old["text"] and not article.text:
            # A page that lost its text is a fault of the server, not an edit.
            visit.error = "the page came without its text; the earlier revision stays"
            return "deferred", known
        if moment < old["last_seen"]:
            version = history.as_read_before(c, known, page, version)
            outcome = _add_past(c, known, old, article, version)
        else:
            if old["digest"] != version.digest and history.is_reread(c, known, page):
                version = replace(version, kind="reextraction")
            outcome = _add_present(c, index, known, old, article, version, url)
        is_latest = moment >= old["last_seen"]
    if is_latest:
        set_tags(c, known, article.tags)
    if article.views is not None or article.comments is not None:
        _add_engagement(c, known, moment, article)
    for address in dict.fromkeys((*visit.urls, url)):
        c.execute(
            "INSERT INTO aliases (url, article, first_seen) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (url) DO UPDATE SET first_seen = ?3 WHERE first_seen > ?3 AND article = ?2",
            (address, known, moment),
        )
    return outcome, known


def _add_present(
    c: sqlite3.Connection,
    index: Index,
    known: int,
    old: dict[str, Any],
    article: Article,
    version: Version,
    url: str,
) -> str:
    """The newest look at a known article: its row becomes what was seen."""
    row = {"url": url, **_columns(article), "last_seen": version.seen_at, "gone_since": None}
    if old["gone_since"] and old["gone_since"] > version.seen_at:
        row.pop("gone_since")
    if article.published is None:
        row.pop("published")
        row.pop("published_raw")
    if c.execute("SELECT 1 FROM articles WHERE url = ? AND id <> ?", (url, known)).fetchone():
        row.pop("url")
    outcome = "unchanged"
    if old["digest"] == version.digest:
        row.pop("title")
        row.pop("text")
    else:
        row["revision"] = history.append(c, known, version)
        row["capture"] = version.capture
        if version.kind == "edit":
            outcome = "updated"
    _change(c, index, known, old, article, row)
    return outcome


def _add_past(
    c: sqlite3.Connection, known: int, old: dict[str, Any], article: Article, version: Version
) -> str:
    """An older look at a known article: its history grows, its row stays."""
    news = history.place(c, known, version, old["last_seen"])
    row: dict[str, Any] = {"first_seen": min(old["first_seen"], version.seen_at)}
    if old["published"] is None and article.published:
        row |= {"published": article.published, "published_raw": article.published_raw}
    current = one(
        c,
        "SELECT number, capture FROM revisions WHERE article = ? ORDER BY number DESC LIMIT 1",
        (known,),
    )
    update(
        c, "articles", known, {**row, "revision": current["number"], "capture": current["capture"]}
    )
    return "updated" if news else "unchanged"


def _change(
    c: sqlite3.Connection,
    index: Index,
    known: int,
    old: dict[str, Any],
    article: Article,
    row: dict[str, Any],
) -> None:
    """Change an article's row, and the index with it where its words have changed."""
    printed = (article.title, article.text, article.language)
    indexed = (old["title"], old["text"], old["language"])
    if printed != indexed:
        index.remove(known, *indexed)
        index.add(known, *printed)
    update(c, "articles", known, row)


def reextract(
    c: sqlite3.Connection,
    index: Index,
    known: int,
    article: Article,
    at: datetime,
    capture: int | None = None,
) -> bool:
    """Replace an article's fields by what better rules read in the same capture, or in `capture`.

    Returns whether title or text changed; the earlier ones stay as the revision before the new one,
    which is of kind `reextraction`.
    """
    old = one(c, _KNOWN, (known,))
    digest = content_digest(article.title, article.text)
    row = _columns(article)
    for name in ("views", "comments"):  # counters of the newest visit, not of this capture
        row.pop(name)
    changed = bool(old["digest"] != digest)
    if changed:
        if capture is None:
            capture = one(c, "SELECT capture FROM articles WHERE id = ?", (known,))["capture"]
        row["capture"] = capture
        version = Version(
            utc(at), article.title, article.text, digest, capture, kind="reextraction"
        )
        row["revision"] = history.append(c, known, version)
    _change(c, index, known, old, article, row)
    set_tags(c, known, article.tags)
    return changed


def set_tags(c: sqlite3.Connection, article_id: int, tags: list[str]) -> None:
    """Give an article these tags and no others."""
    c.executemany("INSERT OR IGNORE INTO tags (name) VALUES (?)", [(tag,) for tag in tags])
    ids = {
        row[0] for tag in tags for row in c.execute("SELECT id FROM tags WHERE name = ?", (tag,))
    }
    old = {
        row[0] for row in c.execute("SELECT tag FROM article_tags WHERE article = ?", (article_id,))
    }
    c.executemany(
        "DELETE FROM article_tags WHERE article = ? AND tag = ?",
        [(article_id, t) for t in old - ids],
    )
    c.executemany(
        "INSERT INTO article_tags (article, tag) VALUES (?, ?)",
        [(article_id, t) for t in ids - old],
    )


_NEIGHBOUR = "SELECT seen_at, views, comments FROM engagement WHERE article = ? AND seen_at {} ? ORDER BY seen_at {} LIMIT 1"


def _add_engagement(c: sqlite3.Connection, article_id: int, moment: str, article: Article) -> None:
    """Counters at a moment, where they differ from those before; equal ones after go."""
    counters = (article.views, article.comments)
    before = c.execute(_NEIGHBOUR.format("<=", "DESC"), (article_id, moment)).fetchone()
    if before and (before["views"], before["comments"]) == counters:
        return
    c.execute(
        "INSERT OR REPLACE INTO engagement (article, seen_at, views, comments) VALUES (?, ?, ?, ?)",
        (article_id, moment, *counters),
    )
    after = c.execute(_NEIGHBOUR.format(">", "ASC"), (article_id, moment)).fetchone()
    if after and (after["views"], after["comments"]) == counters:
        c.execute(
            "DELETE FROM engagement WHERE article = ? AND seen_at = ?",
            (article_id, after["seen_at"]),
        )


def _insert_capture(c: sqlite3.Connection, visit: Visit, capture: Capture) -> int:
    refers_to = None
    if capture.refers_to_id:
        row = c.execute(
            "SELECT id FROM captures WHERE record_id = ?", (capture.refers_to_id,)
        ).fetchone()
        refers_to = row["id"] if row else None
    return insert(
        c,
        "captures",
        {
            "site": visit.site,
            "crawl": visit.crawl,
            "url": capture.url,
            "fetched_at": capture.fetched_at,
            "status": capture.status,
            "content_type": capture.content_type,
            "payload_digest": capture.payload_digest,
            "payload_length": capture.payload_length,
            "warc": capture.warc,
            "warc_offset": capture.warc_offset,
            "warc_length": capture.warc_length,
            "record_id": capture.record_id,
            "refers_to": refers_to,
        },
    )
