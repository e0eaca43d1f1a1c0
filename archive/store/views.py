"""views: the views of news.db, and what of its tables a reader sees: nothing of withheld articles.

`open_database` gives each reader temporary views of the tables that tell of articles, under their own names.
SQLite looks there first: whoever writes a query need not think of what is withheld.
"""

from __future__ import annotations

import sqlite3

from archive.article import READ

VIEWS = f"""
-- The addresses that people withhold, with the articles that they lead to. CROSS: the few first, then the many.
CREATE VIEW withheld_articles AS
SELECT x.article AS id, w.url, w.since, w.reason, w.by
  FROM withheld w CROSS JOIN aliases x ON x.url = w.url;

-- The one place that says what may be read; all other views look here.
CREATE VIEW readable_articles AS
SELECT * FROM articles WHERE id NOT IN (SELECT id FROM withheld_articles);

CREATE VIEW article_list AS
SELECT a.id, a.site, s.name AS newspaper, s.region, a.published, a.title, a.url, a.language,
       a.section, a.views, a.comments, a.first_seen, a.last_seen, a.gone_since, a.revision, a.story,
       (SELECT group_concat(t.name, ', ') FROM article_tags x JOIN tags t ON t.id = x.tag
         WHERE x.article = a.id) AS tags
  FROM readable_articles a JOIN sites s ON s.id = a.site;

-- Every state that the newspaper printed, with its fields.
CREATE VIEW article_revisions AS
SELECT r.article AS id, a.site, a.url, r.number AS revision, r.seen_at, r.changed, r.kept,
       {", ".join(f"g.{name}" for name in READ)}, g.digest, g.rules, r.capture
  FROM revisions r JOIN readable_articles a ON a.id = r.article JOIN readings g ON g.id = r.reading;

CREATE VIEW article_evidence AS
SELECT a.id, a.url, r.number AS revision, r.changed, r.seen_at, c.fetched_at, c.status,
       c.payload_digest, c.warc, c.warc_offset, c.warc_length, c.record_id
  FROM readable_articles a JOIN revisions r ON r.article = a.id JOIN captures c ON c.id = r.capture;

-- Every change that the newspaper itself published, with what stood there before.
CREATE VIEW article_edits AS
SELECT a.id, a.site, a.url, r.number AS revision, r.seen_at, r.changed, n.title, n.text,
       o.title AS title_before, o.text AS text_before
  FROM revisions r JOIN readable_articles a ON a.id = r.article
  JOIN revisions b ON b.article = r.article AND b.number = r.number - 1
  JOIN readings n ON n.id = r.reading JOIN readings o ON o.id = b.reading;

CREATE VIEW story_articles AS
SELECT s.id AS story, s.articles, s.sites, a.id = s.first_article AS is_first, a.story_share,
       a.id, a.site, a.published, a.title, a.url
  FROM stories s JOIN readable_articles a ON a.story = s.id;
"""  # noqa: S608 -- constants

_SHOWN = {
    "articles": "SELECT * FROM main.readable_articles",
    "tags": "SELECT * FROM main.tags AS t WHERE EXISTS (SELECT 1 FROM main.article_tags x "
    "WHERE x.tag = t.id AND x.article NOT IN (SELECT id FROM main.withheld_articles))",
} | {
    table: f"SELECT * FROM main.{table} WHERE {key} NOT IN (SELECT h.{key} "  # noqa: S608 -- own names
    f"FROM main.withheld_articles w CROSS JOIN main.{table} h ON h.article = w.id)"
    for key, tables in {
        "id": "captures readings frontier",
        "article": "revisions aliases engagement article_tags editions",
    }.items()
    for table in tables.split()
}
"""Table → what of it is seen. By the key that each index has, so that no count needs to read the rows."""


def hide(c: sqlite3.Connection, *, everything: bool = False) -> None:
    """Hide withheld articles from a connection that reads, for as long as it is open.

    With `everything` nothing is hidden: for what looks after the archive, and prints no texts.
    """
    for name, sql in () if everything else _SHOWN.items():
        c.execute(f"CREATE TEMP VIEW {name} AS {sql}")
