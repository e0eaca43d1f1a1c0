"""schema: the tables of news.db in plain SQL.

docs/schema.md documents every table and column; a test holds the two together. Times are ISO 8601
in UTC (`2026-11-22T08:00:00Z`) except what a newspaper printed, which keeps the newspaper's offset.
A reference has an index where rows of what it refers to are removed, or are looked up from there, and where
they are stored while other references still wait for their rows: SQLite then searches for rows that
wait for this one, by a scan where no index helps.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from archive.article import ARTICLE, JSON_FIELDS, READ
from archive.store.views import VIEWS

OUTCOMES = (
    "new",
    "updated",
    "unchanged",
    "gone",
    "not_article",
    "blocked",
    "excluded",
    "failed",
    "deferred",
)
"""How a URL can end in a crawl: exactly one of these."""

VERSION = 8
"""`PRAGMA user_version` of a database of this schema; raised with each change of it. 0.1.0 wrote 1."""
SUBSET = 0x6E627373
"""`PRAGMA application_id` of a database that an export made of some articles of another: it has no captures."""
ADDED = dict.fromkeys(("withheld", "withheld_articles", "readable_articles"), 5)
"""Table or view → the version that it came with, where that is not 1: before, it would be a user's."""

_COUNTS = ",\n    ".join(f"{name} INTEGER NOT NULL DEFAULT 0" for name in OUTCOMES)


def _column(name: str) -> str:
    kind = next(field.kind for field in ARTICLE if field.name == name)
    if kind == "number":
        return f"{name} INTEGER"
    if name in JSON_FIELDS:
        return f"{name} TEXT NOT NULL DEFAULT '{'{}' if kind == 'object' else '[]'}'"
    return f"{name} TEXT NOT NULL" if name == "text" else f"{name} TEXT"


# Tags have tables of their own beside `articles`; a reading keeps them as they were printed.
_ARTICLE_COLUMNS = ",\n    ".join(
    _column(field.name)
    for field in ARTICLE
    if field.stored and field.name not in ("site", "url", "tags")
)
_READ_COLUMNS = ",\n    ".join(map(_column, READ))

TABLES = f"""
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    region TEXT,
    language TEXT,
    timezone TEXT NOT NULL,
    family TEXT
) WITHOUT ROWID;

CREATE TABLE crawls (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    started_at TEXT NOT NULL,
    ended_at TEXT,
    reason TEXT,
    version TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    discovered INTEGER NOT NULL DEFAULT 0,
    {_COUNTS}
);
CREATE INDEX crawls_site ON crawls(site, id);

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    parent INTEGER REFERENCES sources(id),
    found_by TEXT NOT NULL DEFAULT 'profile',
    etag TEXT,
    last_modified TEXT,
    body_hash TEXT,
    polled_at TEXT,
    due TEXT,
    cursor TEXT,
    status INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    distrust TEXT,
    left_out TEXT,
    location TEXT,
    found INTEGER NOT NULL DEFAULT 0,
    discovered INTEGER NOT NULL DEFAULT 0,
    UNIQUE (site, url)
);
CREATE INDEX sources_parent ON sources(parent);

-- Evidence: one HTTP exchange a row. What came of it (result, reason, rules, reading) is derived.
CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    crawl INTEGER REFERENCES crawls(id),
    visit INTEGER NOT NULL REFERENCES captures(id) DEFERRABLE INITIALLY DEFERRED,
    part TEXT NOT NULL DEFAULT 'page',
    url TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT,
    payload_digest TEXT NOT NULL,
    payload_length INTEGER NOT NULL,
    warc TEXT NOT NULL,
    warc_offset INTEGER NOT NULL,
    warc_length INTEGER NOT NULL,
    warc_crc INTEGER NOT NULL,
    record_id TEXT NOT NULL UNIQUE,
    refers_to INTEGER REFERENCES captures(id),
    article INTEGER REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    result TEXT,
    reason TEXT,
    layout TEXT,
    rules TEXT,
    reading INTEGER REFERENCES readings(id) DEFERRABLE INITIALLY DEFERRED,
    address TEXT,
    named TEXT,
    views INTEGER,
    comments INTEGER,
    UNIQUE (warc, warc_offset)
);
CREATE INDEX captures_article ON captures(article, fetched_at);
CREATE INDEX captures_url ON captures(url, fetched_at);
-- Where the address was spelt otherwise than it was asked for; of what sources said it is the source.
CREATE INDEX captures_address ON captures(address) WHERE address IS NOT NULL AND part <> 'said';
CREATE INDEX captures_site ON captures(site, fetched_at);
-- An address that two articles name as their own is believed of neither.
CREATE INDEX captures_named ON captures(named) WHERE named IS NOT NULL;
CREATE INDEX captures_visit ON captures(visit);
CREATE INDEX captures_reading ON captures(reading);
-- A WARC revisit record has no payload of its own: it lies in the capture referred to.
CREATE INDEX captures_refers_to ON captures(refers_to) WHERE refers_to IS NOT NULL;
-- What sources said that pages were read without: they are read again with it.
CREATE INDEX captures_unread ON captures(site, url) WHERE part = 'said' AND reason = 'unread';
-- What was read and held no article: read again when rules change.
CREATE INDEX captures_refused ON captures(site, rules)
    WHERE result IN ('refused', 'failed', 'missing', 'blocked');

CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL UNIQUE,
    {_ARTICLE_COLUMNS},
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    gone_since TEXT,
    revision INTEGER NOT NULL DEFAULT 1,
    capture INTEGER REFERENCES captures(id) DEFERRABLE INITIALLY DEFERRED,
    digest TEXT NOT NULL DEFAULT '',
    story INTEGER REFERENCES stories(id),
    story_share REAL,
    stems TEXT AS (NULL)
);
CREATE INDEX articles_site_published ON articles(site, published);
CREATE INDEX articles_published ON articles(published);
-- What a search is counted by: of ten thousand articles the rows would be 40 MB to read.
CREATE INDEX articles_counted ON articles(id, site, published, language);
CREATE INDEX articles_capture ON articles(capture);
CREATE INDEX articles_gone ON articles(site) WHERE gone_since IS NOT NULL;
CREATE INDEX articles_story ON articles(story) WHERE story IS NOT NULL;

-- Each distinct state of an article that was ever read, once, with the rules that read it last.
CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    digest TEXT NOT NULL,
    rules TEXT,
    {_READ_COLUMNS},
    UNIQUE (article, digest)
);

-- The states that the newspaper printed, in their order.
CREATE TABLE revisions (
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    number INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    capture INTEGER NOT NULL REFERENCES captures(id) DEFERRABLE INITIALLY DEFERRED,
    reading INTEGER NOT NULL REFERENCES readings(id) DEFERRABLE INITIALLY DEFERRED,
    changed TEXT NOT NULL DEFAULT '[]',
    kept TEXT NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (article, number)
) WITHOUT ROWID;
CREATE INDEX revisions_capture ON revisions(capture);
CREATE INDEX revisions_reading ON revisions(reading);

CREATE TABLE aliases (
    url TEXT PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    first_seen TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX aliases_article ON aliases(article);

CREATE TABLE engagement (
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    seen_at TEXT NOT NULL,
    views INTEGER,
    comments INTEGER,
    PRIMARY KEY (article, seen_at)
) WITHOUT ROWID;

CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE article_tags (
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    tag INTEGER NOT NULL REFERENCES tags(id),
    PRIMARY KEY (article, tag)
) WITHOUT ROWID;
CREATE INDEX article_tags_tag ON article_tags(tag);

CREATE TABLE frontier (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL UNIQUE,
    listed TEXT,
    source INTEGER REFERENCES sources(id),
    article INTEGER REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    discovered_at TEXT NOT NULL,
    depth INTEGER NOT NULL DEFAULT 0,
    hint TEXT,
    changed TEXT,
    changed_by INTEGER REFERENCES sources(id),
    due TEXT,
    visited_at TEXT,
    outcome TEXT,
    status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    etag TEXT,
    last_modified TEXT,
    error TEXT
);
CREATE INDEX frontier_due ON frontier(site, due, hint DESC) WHERE due IS NOT NULL;
CREATE INDEX frontier_article ON frontier(article);
CREATE INDEX frontier_source ON frontier(source);
CREATE INDEX frontier_visited ON frontier(site, visited_at);
CREATE INDEX frontier_discovered ON frontier(site, discovered_at);

-- What befell a whole site: its pages unreadable, missing, blocked or failing together, or silence.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    kind TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT,
    evidence TEXT NOT NULL DEFAULT '{{}}',
    UNIQUE (site, kind, began_at, evidence)
);

-- What people have decided, by address; the files in decisions/ are the originals.
CREATE TABLE withheld (
    url TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    reason TEXT NOT NULL,
    by TEXT
) WITHOUT ROWID;

CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    cursor TEXT,
    records INTEGER NOT NULL DEFAULT 0,
    {_COUNTS},
    UNIQUE (kind, source)
);

CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    first_article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    articles INTEGER NOT NULL,
    sites INTEGER NOT NULL
);
CREATE INDEX stories_first_article ON stories(first_article);

CREATE TABLE editions (
    article INTEGER NOT NULL REFERENCES articles(id) DEFERRABLE INITIALLY DEFERRED,
    other INTEGER NOT NULL REFERENCES articles(id),
    found_by TEXT NOT NULL,
    PRIMARY KEY (article, other)
) WITHOUT ROWID;
CREATE INDEX editions_other ON editions(other);

-- Under which stems each word of the archive was indexed. key is the word as it may be typed in any
-- script and without Kazakh letters.
CREATE TABLE vocabulary (
    word TEXT PRIMARY KEY,
    stems TEXT NOT NULL,
    key TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX vocabulary_key ON vocabulary(key);

-- The stems are in the index only: stored, they would be as large as the text. `articles` has a column
-- of that name, always NULL, which the index's content must have. That is a view, so that nobody reads
-- what is withheld in the index, or brings it back there. Datasette and sqlite-utils look for the words
-- content="articles", in these quotes, and tell by them that the table can be searched.
-- remove_diacritics 0: folding them would make й into и and ё into е.
CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, text, stems, content="readable_articles", content_rowid="id",
    tokenize='unicode61 remove_diacritics 0' -- content="articles"
);

"""

SCHEMA = TABLES + VIEWS


def create(c: sqlite3.Connection) -> None:
    """Make the tables in an empty database; all of them, or none."""
    c.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements(SCHEMA):
            c.execute(statement)
        c.execute(f"PRAGMA user_version = {VERSION}")
        c.execute("COMMIT")
    except BaseException:
        if c.in_transaction:
            c.execute("ROLLBACK")
        raise


def is_subset(c: sqlite3.Connection) -> bool:
    """Whether a database holds articles that an export took from an archive, which has their captures."""
    return bool(c.execute("PRAGMA application_id").fetchone()[0] == SUBSET)


def statements(script: str) -> list[str]:
    """The statements of a script (`executescript` would commit the transaction that it runs in)."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


def objects(c: sqlite3.Connection | None = None) -> dict[str, tuple[str, str]]:
    """Name → type and SQL of everything in a database; without one, of what newsbot makes in it."""
    if c is None:
        return _own_objects()
    rows = c.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_schema").fetchall()
    return {name: (kind, " ".join(sql.split())) for name, kind, sql in rows}


@cache
def _own_objects() -> dict[str, tuple[str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        create(c)
        return objects(c)


@cache
def own_columns() -> dict[str, dict[str, bool]]:
    """Table → its columns as `columns` tells them; without those of the full-text index."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        create(c)
        sql = "SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        return {table: columns(c, table) for (table,) in c.execute(sql).fetchall()}


def restore_objects(c: sqlite3.Connection) -> list[str]:
    """Make indexes and views again that are missing or changed; returns their names."""
    present, restored = objects(c), []
    for name, (kind, sql) in objects().items():
        if kind in ("index", "view") and present.get(name) != (kind, sql):
            if name in present:
                c.execute(f"DROP {present[name][0]} {name}")
            c.execute(sql)
            restored.append(name)
    return restored


def columns(c: sqlite3.Connection, table: str) -> dict[str, bool]:
    """Column → whether each row must bring it; without those that SQLite computes."""
    sql = (
        'SELECT name, "notnull" AND dflt_value IS NULL FROM pragma_table_xinfo(?) WHERE hidden = 0'
    )
    return {name: bool(is_needed) for name, is_needed in c.execute(sql, (table,))}
