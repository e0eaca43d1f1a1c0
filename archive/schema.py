"""schema: the tables of news.db, as sqlite-utils migrations written in plain SQL.

docs/schema.md documents every table and column; a test holds the two together. Times are ISO 8601
in UTC (`2026-11-22T08:00:00Z`) except what a newspaper printed, which keeps the newspaper's offset.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from archive.errors import ArchiveUsageError
from archive.search import rebuild

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

migrations = Migrations("newsbot")

_FIRST = """
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
    new INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    not_article INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    excluded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    deferred INTEGER NOT NULL DEFAULT 0
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
    found INTEGER NOT NULL DEFAULT 0,
    discovered INTEGER NOT NULL DEFAULT 0,
    UNIQUE (site, url)
);
CREATE INDEX sources_parent ON sources(parent);

CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL UNIQUE,
    title TEXT,
    text TEXT NOT NULL,
    authors TEXT NOT NULL DEFAULT '[]',
    published TEXT,
    published_raw TEXT,
    modified TEXT,
    section TEXT,
    language TEXT,
    image TEXT,
    views INTEGER,
    comments INTEGER,
    captions TEXT NOT NULL DEFAULT '[]',
    editions TEXT NOT NULL DEFAULT '[]',
    layout TEXT,
    charset TEXT,
    sources TEXT NOT NULL DEFAULT '{}',
    flags TEXT NOT NULL DEFAULT '[]',
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    gone_since TEXT,
    revision INTEGER NOT NULL DEFAULT 1,
    capture INTEGER REFERENCES captures(id)
);
CREATE INDEX articles_site_published ON articles(site, published);
CREATE INDEX articles_published ON articles(published);
CREATE INDEX articles_capture ON articles(capture);

CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    crawl INTEGER REFERENCES crawls(id),
    article INTEGER REFERENCES articles(id),
    url TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT,
    payload_digest TEXT NOT NULL,
    payload_length INTEGER NOT NULL,
    warc TEXT NOT NULL,
    warc_offset INTEGER NOT NULL,
    warc_length INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    UNIQUE (warc, warc_offset)
);
CREATE INDEX captures_article ON captures(article, fetched_at);
CREATE INDEX captures_url ON captures(url, fetched_at);

CREATE TABLE frontier (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL UNIQUE,
    source INTEGER REFERENCES sources(id),
    article INTEGER REFERENCES articles(id),
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
CREATE INDEX frontier_changed_by ON frontier(changed_by);

CREATE TABLE aliases (
    url TEXT PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles(id),
    first_seen TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX aliases_article ON aliases(article);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles(id),
    number INTEGER NOT NULL,
    title TEXT,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    capture INTEGER REFERENCES captures(id),
    UNIQUE (article, number)
);
CREATE INDEX revisions_capture ON revisions(capture);

CREATE TABLE engagement (
    article INTEGER NOT NULL REFERENCES articles(id),
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
    article INTEGER NOT NULL REFERENCES articles(id),
    tag INTEGER NOT NULL REFERENCES tags(id),
    PRIMARY KEY (article, tag)
) WITHOUT ROWID;
CREATE INDEX article_tags_tag ON article_tags(tag);

-- remove_diacritics 0: folding them would make й into и and ё into е.
CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, text, content='articles', content_rowid='id',
    tokenize='unicode61 remove_diacritics 0'
);
CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles BEGIN
    INSERT INTO articles_fts(rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.id, old.title, old.text);
END;
CREATE TRIGGER articles_fts_update AFTER UPDATE OF title, text ON articles BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO articles_fts(rowid, title, text) VALUES (new.id, new.title, new.text);
END;

CREATE VIEW article_list AS
SELECT a.id, a.site, s.name AS newspaper, s.region, a.published, a.title, a.url, a.language,
       a.section, a.views, a.comments, a.first_seen, a.last_seen, a.gone_since, a.revision,
       (SELECT group_concat(t.name, ', ') FROM article_tags x JOIN tags t ON t.id = x.tag
         WHERE x.article = a.id) AS tags
  FROM articles a JOIN sites s ON s.id = a.site;

CREATE VIEW article_evidence AS
SELECT a.id, a.url, r.number AS revision, r.seen_at, c.fetched_at, c.status, c.payload_digest,
       c.warc, c.warc_offset, c.warc_length, c.record_id
  FROM articles a JOIN revisions r ON r.article = a.id JOIN captures c ON c.id = r.capture;
"""


@migrations()
def first_schema(db: Database) -> None:
    """Tables of the first release."""
    _run(db, _FIRST)


_STEMS = """
DROP TRIGGER articles_fts_insert;
DROP TRIGGER articles_fts_delete;
DROP TRIGGER articles_fts_update;
DROP TABLE articles_fts;

-- Under which stems each word of the archive was indexed. key is the word as it may be typed in any
-- script and without Kazakh letters.
CREATE TABLE vocabulary (
    word TEXT PRIMARY KEY,
    stems TEXT NOT NULL,
    key TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX vocabulary_key ON vocabulary(key);

-- The stems are in the index only: stored, they would be as large as the text.
CREATE VIEW articles_fts_source AS SELECT id, title, text, NULL AS stems FROM articles;
-- remove_diacritics 0: folding them would make й into и and ё into е.
CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, text, stems, content='articles_fts_source', content_rowid='id',
    tokenize='unicode61 remove_diacritics 0'
);
"""


@migrations()
def stems_in_the_index(db: Database) -> None:
    """Full-text index with stems, kept by `archive.search.Index` instead of triggers."""
    _run(db, _STEMS)
    rebuild(db.conn)


_EVIDENCE = """
-- Why a revision exists: first, edit (the newspaper changed it), reextraction (the same capture read
-- with better rules).
ALTER TABLE revisions ADD COLUMN kind TEXT NOT NULL DEFAULT 'edit';
UPDATE revisions SET kind = 'first' WHERE number = 1;

-- A WARC revisit record has no payload of its own: it lies in the capture referred to.
ALTER TABLE captures ADD COLUMN refers_to INTEGER REFERENCES captures(id);
CREATE INDEX captures_refers_to ON captures(refers_to);
CREATE UNIQUE INDEX captures_record ON captures(record_id);
CREATE INDEX captures_crawl ON captures(crawl);

CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    first_article INTEGER NOT NULL REFERENCES articles(id),
    articles INTEGER NOT NULL,
    sites INTEGER NOT NULL
);
CREATE INDEX stories_first_article ON stories(first_article);
ALTER TABLE articles ADD COLUMN story INTEGER REFERENCES stories(id);
ALTER TABLE articles ADD COLUMN story_share REAL;
CREATE INDEX articles_story ON articles(story) WHERE story IS NOT NULL;

CREATE TABLE editions (
    article INTEGER NOT NULL REFERENCES articles(id),
    other INTEGER NOT NULL REFERENCES articles(id),
    found_by TEXT NOT NULL,
    PRIMARY KEY (article, other)
) WITHOUT ROWID;
CREATE INDEX editions_other ON editions(other);

CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    cursor TEXT,
    records INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    not_article INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    excluded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    deferred INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, source)
);

CREATE TABLE replays (
    import INTEGER NOT NULL REFERENCES imports(id),
    url TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    site TEXT NOT NULL REFERENCES sites(id),
    status INTEGER,
    digest TEXT,
    length INTEGER,
    location TEXT,
    outcome TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    PRIMARY KEY (import, url, timestamp)
) WITHOUT ROWID;
CREATE INDEX replays_waiting ON replays(import, timestamp) WHERE outcome IS NULL;
CREATE INDEX replays_site ON replays(site);

DROP VIEW article_list;
CREATE VIEW article_list AS
SELECT a.id, a.site, s.name AS newspaper, s.region, a.published, a.title, a.url, a.language,
       a.section, a.views, a.comments, a.first_seen, a.last_seen, a.gone_since, a.revision, a.story,
       (SELECT group_concat(t.name, ', ') FROM article_tags x JOIN tags t ON t.id = x.tag
         WHERE x.article = a.id) AS tags
  FROM articles a JOIN sites s ON s.id = a.site;

DROP VIEW article_evidence;
CREATE VIEW article_evidence AS
SELECT a.id, a.url, r.number AS revision, r.kind, r.seen_at, c.fetched_at, c.status,
       c.payload_digest, c.warc, c.warc_offset, c.warc_length, c.record_id
  FROM articles a JOIN revisions r ON r.article = a.id JOIN captures c ON c.id = r.capture;

-- Every version that the newspaper itself published, with the one before it.
CREATE VIEW article_edits AS
SELECT a.id, a.site, a.url, r.number AS revision, r.seen_at, r.title, r.text,
       b.title AS title_before, b.text AS text_before
  FROM revisions r JOIN articles a ON a.id = r.article
  JOIN revisions b ON b.article = r.article AND b.number = r.number - 1
 WHERE r.kind = 'edit';

CREATE VIEW story_articles AS
SELECT s.id AS story, s.articles, s.sites, a.id = s.first_article AS is_first, a.story_share,
       a.id, a.site, a.published, a.title, a.url
  FROM stories s JOIN articles a ON a.story = s.id;
"""


@migrations()
def evidence_and_stories(db: Database) -> None:
    """Kinds of revisions, revisit records, stories, editions, imports; stems by better rules."""
    _run(db, _EVIDENCE)
    rebuild(db.conn)


_SEALS = """
-- Check sums of the WARC files, byte range by byte range; the files' own formats leave gaps.
CREATE TABLE seals (
    warc TEXT NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (warc, start)
) WITHOUT ROWID;
"""


@migrations()
def seals_of_records(db: Database) -> None:
    """Check sums that `newsbot verify` compares the WARC files with."""
    _run(db, _SEALS)


SCHEMA_VERSION = 4
"""Number of migrations; kept in `PRAGMA user_version` so that older programs notice newer files."""


def _run(db: Database, script: str) -> None:
    """Execute a script inside the migration's transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


def migrate(db: Database, path: Path) -> None:
    """Bring a database to this version's schema, copying it first where it holds anything.

    Raises `ArchiveUsageError` where the file comes from a newer version.
    """
    version = db.conn.execute("PRAGMA user_version").fetchone()[0]
    check_version(version, path)
    if version == SCHEMA_VERSION:
        return
    if version:
        backup = path.with_name(f"{path.stem}.before-{SCHEMA_VERSION}{path.suffix}")
        with sqlite3.connect(backup) as copy:
            db.conn.backup(copy)
        copy.close()
    migrations.apply(db)
    db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def check_version(version: int, path: Path) -> None:
    """Raise `ArchiveUsageError` where a file was written by a newer newsbot."""
    if version > SCHEMA_VERSION:
        raise ArchiveUsageError(
            f"{path} was written by a newer newsbot (schema {version}, this one knows "
            f"{SCHEMA_VERSION}): upgrade newsbot"
        )
