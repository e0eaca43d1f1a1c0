"""query: which articles are meant, and their rows read back out of the archive, whole and in a stable order.

The one place that turns rows into the record that `newsbot show` and `newsbot export` print, and the one that
says what a selection means for `search`, `export` and `stats`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from archive.article import FIELDS, JSON_FIELDS, READ, sourced
from archive.errors import ArchiveUsageError
from archive.histories import Past, past
from archive.search.expand import Terms, expression
from archive.search.filters import check_condition, condition
from archive.search.russian import russian_stem
from archive.search.syntax import Query, parse, without_filters
from archive.search.vocabulary import Vocabulary, is_stem, word_stems
from archive.stories import precedence
from archive.times import utc
from archive.typed_dates import typed_date

_READ = ", ".join(f"g.{name}" for name in READ)
_SELECT = """
SELECT a.*, s.name AS newspaper, s.region, s.url AS newspaper_url,
       c.warc, c.warc_offset, c.record_id, c.payload_digest, c.url AS capture_url, c.fetched_at
  FROM ({rows}) a LEFT JOIN captures c ON c.id = a.capture LEFT JOIN sites s ON s.id = a.site
"""
_COUNT = "(SELECT count(*) FROM revisions n WHERE n.article = {article}) AS revisions"
_PRESENT = f"""
SELECT articles.*, (SELECT json_group_array(name) FROM (SELECT t.name FROM article_tags x
             JOIN tags t ON t.id = x.tag WHERE x.article = articles.id ORDER BY t.name)) AS tags,
       r.seen_at AS revised_at, g.digest AS read_as, {_COUNT.format(article="articles.id")}
  FROM articles LEFT JOIN revisions r ON r.article = articles.id AND r.number = articles.revision
  LEFT JOIN readings g ON g.id = r.reading
"""  # noqa: S608 -- constants
_STATES = f"""
SELECT x.id, x.site, x.url, {_READ}, r.number AS revision, r.seen_at AS revised_at, r.capture, g.digest AS read_as,
       x.first_seen, x.last_seen, x.gone_since, x.story, x.story_share, x.views, x.comments,
       {_COUNT.format(article="x.id")}
  FROM articles x JOIN revisions r ON r.article = x.id JOIN readings g ON g.id = r.reading
"""  # noqa: S608 -- constants
_ONE = _SELECT.format(rows=_PRESENT)
EXTRA_FIELDS = (
    "id newspaper region newspaper_url published_at published_date first_seen last_seen gone_since revision "
    "revisions revised_at digest story capture"
).split()
"""What an archived article has beside the fields of `archive.article.FIELDS`."""
_BLOCK = 500
"""Articles that are read together."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles are meant, and which state of them. `selection` makes one of what people type."""

    query: Query = field(default_factory=lambda: Query(None))
    """Words and filters, as `archive.search` understands them; dates are ISO 8601."""
    text: str = ""
    """The words of the query as they were typed."""
    where: str | None = None
    """A condition in SQL on the columns of the view `article_list` and of `articles`."""
    listed: tuple[str, ...] | None = None
    """Ids and addresses; only these articles are meant."""
    sample: int | None = None
    """So many of them, chosen by the digests of their addresses and of `seed`: the same in every copy."""
    seed: int = 0
    as_of: str | None = None
    """A moment (ISO 8601, UTC): what was captured up to then, as it is read today."""
    revisions: bool = False
    """Every state that the newspaper printed, and not the newest alone."""
    one_per_story: bool = False
    """Of the articles that are left of one story, the one that was published first."""


EVERYTHING = Selection()


def selection(text: str = "", **options: Any) -> Selection:
    """A selection out of a query as it is typed, `name=value` for each filter, and the fields of `Selection`.

    A filter's value may be a string or several; a hyphen in its name is an underscore here. Raises
    `ArchiveUsageError`, in plain words, for what is no query, filter, date or value.

    >>> selection("су тасқыны", region="jambyl", before="2023-02").query.filters
    {'region': ['jambyl'], 'before': ['2023-02-28']}
    """
    more = {
        name: options.pop(name)
        for name in ("where", "listed", "sample", "seed", "as_of", "revisions", "one_per_story")
        if name in options
    }
    named = {
        name.replace("_", "-"): [str(values)] if isinstance(values, (str, int)) else list(values)
        for name, values in options.items()
        if values not in (None, "", (), [])
    }
    query = parse(text, named) if text.strip() or named else Query(None)
    if more.get("as_of"):
        more["as_of"] = _moment(more["as_of"])
    return Selection(query, text=without_filters(text), **more)


def told(chosen: Selection) -> dict[str, list[str]]:
    """A selection as names with values, in one order, every date as it was understood: for people and manifests."""
    listed = None if chosen.listed is None else [f"{len(chosen.listed)} articles"]
    others = {
        "query": chosen.text,
        **{name: sorted(values) for name, values in sorted(chosen.query.filters.items())},
        "where": chosen.where,
        "list": listed,
        "sample": chosen.sample,
        "seed": None if chosen.sample is None else str(chosen.seed),
        "as-of": chosen.as_of,
        "revisions": "all" if chosen.revisions else None,
        "one-per-story": "yes" if chosen.one_per_story else None,
    }
    return {
        name: value if isinstance(value, list) else [str(value)]
        for name, value in others.items()
        if value not in (None, "")
    }


def _moment(typed: str) -> str:
    """The end of a day, or the moment that was typed, in UTC."""
    try:
        found = datetime.fromisoformat(typed)
        if len(typed) > len("2023-05-17"):
            return utc(found if found.tzinfo else found.replace(tzinfo=UTC))
    except ValueError:
        pass
    try:
        return f"{typed_date(typed, today=date.today(), end=True)}T23:59:59Z"
    except ValueError as error:
        raise ArchiveUsageError(f"as of {typed}: {error}") from None


def rows_of(c: sqlite3.Connection, chosen: Selection, *, every: bool = False) -> str:
    """SQL of the rows of all articles in the states that are meant; with `every` each state of each article."""
    if chosen.as_of:
        then = past(c, chosen.as_of)
        return then.states if every else then.rows
    return _STATES if every else _PRESENT


def ids(c: sqlite3.Connection, chosen: Selection = EVERYTHING) -> list[int]:
    """Ids of the selected articles, ordered by site, date and address: the same in every copy of an archive.

    What is asked is asked of the state that is meant: with `as_of` of the texts, dates and sections of that time.
    Raises `ArchiveUsageError` where `where` is no condition.
    """
    if chosen.as_of:
        past(c, chosen.as_of, anew=True)  # what was captured since it was last asked may be older
    clauses, args = ["1"], []
    for name, values in chosen.query.filters.items():
        clause, found = condition(name, values, past=bool(chosen.as_of))
        clauses.append(clause)
        args += found
    if chosen.query.tree:
        match = expression(c, chosen.query.tree, Terms())
        clause = "a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)"
        args.append(match)
        if chosen.as_of:
            then = _indexed(c, chosen.as_of)
            clause = (
                f"({clause} AND a.id NOT IN ({then.changed}) OR a.id IN "  # noqa: S608 -- own names
                f"(SELECT rowid FROM temp.{then.words} WHERE {then.words} MATCH ?))"
            )
            args.append(match)
        clauses.append(clause)
    for listed in (_where(c, chosen), _listed(c, chosen)):
        if listed is not None:
            clauses.append("a.id IN (SELECT value FROM json_each(?))")
            args.append(json.dumps(listed))
    source = f"({rows_of(c, chosen)})" if chosen.as_of else "articles"
    found_ids = [
        row[0]
        for row in c.execute(
            f"SELECT a.id FROM {source} a WHERE {' AND '.join(clauses)} "  # noqa: S608
            "ORDER BY a.site, a.published IS NULL, a.published, a.url",
            args,
        )
    ]
    if chosen.one_per_story:
        found_ids = _one_per_story(c, found_ids, chosen)
    return found_ids if chosen.sample is None else _sample(c, found_ids, chosen.sample, chosen.seed)


def _indexed(c: sqlite3.Connection, moment: str) -> Past:
    """The past with an index of the words of articles that read otherwise then."""
    then = past(c, moment)
    if c.execute(
        "SELECT 1 FROM temp.sqlite_schema WHERE name = ?", (then.words.strip('"'),)
    ).fetchone():
        return then

    def decide(new: list[str], is_russian: bool) -> dict[str, str]:
        if is_russian:
            return {word: russian_stem(word) or "" for word in new}
        return {word: " ".join(word_stems(word, lambda stem: is_stem(c, stem))) for word in new}

    c.execute(
        f"CREATE VIRTUAL TABLE temp.{then.words} USING fts5(title, text, stems, content='', "
        "tokenize='unicode61 remove_diacritics 0')"
    )
    vocabulary = Vocabulary(c, decide)
    changed = c.execute(
        f"SELECT id, title, text, language FROM ({then.rows}) WHERE id IN ({then.changed})"  # noqa: S608
    )
    c.executemany(
        f"INSERT INTO temp.{then.words} (rowid, title, text, stems) VALUES (?, ?, ?, ?)",  # noqa: S608
        (
            (number, title, text, vocabulary.stems_of(title, text, language))
            for number, title, text, language in changed.fetchall()
        ),
    )
    return then


def _where(c: sqlite3.Connection, chosen: Selection) -> list[int] | None:
    """Ids that a condition of the user's means. Asked for by itself: it can choose, and show nothing."""
    if chosen.where is None:
        return None
    check_condition(chosen.where)
    try:
        found = c.execute(
            "SELECT id FROM (SELECT a.*, s.name AS newspaper, s.region "  # noqa: S608
            f"FROM ({rows_of(c, chosen)}) a LEFT JOIN sites s ON s.id = a.site) WHERE (\n{chosen.where}\n)"
        ).fetchall()
    except (sqlite3.OperationalError, sqlite3.ProgrammingError, sqlite3.Warning) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise  # of the database or its disk
        raise ArchiveUsageError(f"{chosen.where!r} is no condition in SQL: {error}") from None
    return sorted({row[0] for row in found if isinstance(row[0], int)})


def _listed(c: sqlite3.Connection, chosen: Selection) -> list[int] | None:
    """Ids of a list of ids and addresses. Raises `ArchiveUsageError` for one that is not here."""
    if chosen.listed is None:
        return None
    some = "IN (SELECT value FROM json_each(?1))"
    sql = f"SELECT url, article FROM aliases WHERE url {some} UNION ALL SELECT CAST(id AS TEXT), id FROM articles WHERE id {some}"  # noqa: S608 -- constant
    known = dict(c.execute(sql, (json.dumps(chosen.listed),)))
    return [known[one] if one in known else article(c, one)["id"] for one in chosen.listed]


def _sample(c: sqlite3.Connection, found: list[int], size: int, seed: int) -> list[int]:
    """So many of the ids, in their order."""
    urls = dict(c.execute("SELECT id, url FROM articles"))

    def place(number: int) -> bytes:
        return hashlib.sha256(f"{seed} {urls[number]}".encode()).digest()

    taken = set(sorted(found, key=place)[:size])
    return [number for number in found if number in taken]


def _one_per_story(c: sqlite3.Connection, found: list[int], chosen: Selection) -> list[int]:
    left, dropped = set(found), set()
    for members in stories(c, chosen).values():
        dropped.update([number for number, _ in members if number in left][1:])
    return [number for number in found if number not in dropped]


def stories(
    c: sqlite3.Connection, chosen: Selection, asked: Collection[int] | None = None
) -> dict[int, list[tuple[int, str]]]:
    """Story → id and address of its articles, the one that was published first before the others.

    Of all stories, or of those that are `asked` for; of articles that may be read, as they were at the moment that
    is meant.
    """
    some = "IS NOT NULL" if asked is None else "IN (SELECT value FROM json_each(?))"
    source = f"({rows_of(c, chosen)})" if chosen.as_of else "articles"
    first = "0" if chosen.as_of else "a.id = s.first_article"
    names = ("published", "first_seen", "site", "url", "id")
    members: dict[int, list[tuple[Any, ...]]] = {}
    for story, is_first, *values in c.execute(
        f"SELECT a.story, {first}, a.published, a.first_seen, a.site, a.url, a.id FROM {source} a "  # noqa: S608
        f"LEFT JOIN stories s ON s.id = a.story WHERE a.story {some}",
        () if asked is None else (json.dumps([*asked]),),
    ):
        row = dict(zip(names, values, strict=True))
        members.setdefault(story, []).append((not is_first, precedence(row), row["id"], row["url"]))
    return {story: [row[2:] for row in sorted(found)] for story, found in members.items()}


def articles(c: sqlite3.Connection, chosen: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """Records of all selected articles, in the order of `ids`; with `revisions` their states, oldest first."""
    yield from records(c, ids(c, chosen), chosen)


def records(
    c: sqlite3.Connection, numbers: Sequence[int], chosen: Selection = EVERYTHING
) -> Iterator[dict[str, Any]]:
    """Records of articles in the order of their ids, in the states that a selection means."""
    rows = rows_of(c, chosen, every=chosen.revisions)
    sql = f"{_SELECT.format(rows=rows)} WHERE a.id IN (SELECT value FROM json_each(?))"  # noqa: S608
    left = iter(numbers)
    while some := list(islice(left, _BLOCK)):
        place = {number: at for at, number in enumerate(some)}
        found = _records(c.execute(sql, (json.dumps(some),)))
        yield from sorted(found, key=lambda record: (place[record["id"]], record["revision"]))


def article(c: sqlite3.Connection, key: str) -> dict[str, Any]:
    """One record by id, address or alias. Raises `ArchiveUsageError` where there is none."""
    if key.isascii() and key.isdigit() and len(key) < 19:  # SQLite's integers end there
        found = c.execute(f"{_ONE} WHERE a.id = ?", (int(key),))
    else:
        found = c.execute(
            f"{_ONE} WHERE a.id = (SELECT article FROM aliases WHERE url = ?)",  # noqa: S608
            (key,),
        )
    record = next(_records(found), None)
    if record:
        return record
    sql = (
        "SELECT id, since, by, reason FROM withheld_articles WHERE ?1 IN (CAST(id AS TEXT), url) "
        "OR id = (SELECT article FROM main.aliases WHERE url = ?1)"
    )
    for number, since, by, reason in c.execute(sql, (key,)):
        who = f" by {by}" if by else ""
        raise ArchiveUsageError(f"article {number} is withheld since {since}{who}: {reason}")
    raise ArchiveUsageError(f"no article {key!r} in this archive: give its id or its address")


NAMED = {
    "site": "SELECT id FROM sites",
    "region": "SELECT region FROM sites",
    "language": "SELECT DISTINCT language FROM ({rows})",
    "section": "SELECT DISTINCT section FROM ({rows})",
    "author": "SELECT DISTINCT value FROM ({rows}) a, json_each(a.authors)",
    "tag": "SELECT DISTINCT value FROM ({rows}) a, json_each(a.tags)",
    "flag": "SELECT DISTINCT value FROM ({rows}) a, json_each(a.flags)",
}
"""Kind of filter whose values are names → SQL of those that rows have."""


def names(c: sqlite3.Connection, kind: str, chosen: Selection = EVERYTHING) -> list[str]:
    """All that the archive holds of a filter's kind, in order; none of kinds that have no names, as `story`."""
    if kind not in NAMED:
        return []
    sql = NAMED[kind].format(rows=rows_of(c, chosen))
    return sorted({row[0] for row in c.execute(sql) if row[0]})


def holds(c: sqlite3.Connection, kind: str, name: str, chosen: Selection = EVERYTHING) -> bool:
    """Whether the archive has something of a filter's value; quick where it has."""
    if kind in ("site", "region"):  # of a site that is known, there may be no article yet
        sql = f"SELECT 1 FROM sites WHERE {'id' if kind == 'site' else 'region'} = ?"  # noqa: S608
        return c.execute(sql, (name,)).fetchone() is not None
    clause, args = condition(kind, [name], past=bool(chosen.as_of))
    source = f"({rows_of(c, chosen)})" if chosen.as_of else "articles"
    sql = f"SELECT 1 FROM {source} a WHERE {clause} LIMIT 1"  # noqa: S608
    return c.execute(sql, args).fetchone() is not None


def revisions(c: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """The states of an article that the newspaper printed, oldest first.

    Each has `number, seen_at, changed, kept`, the fields of `archive.article.READ`, the `digest` and
    `rules` of its reading, and its capture's `warc, warc_offset, record_id`.
    """
    cursor = c.execute(
        f"SELECT r.number, r.seen_at, r.changed, r.kept, {_READ}, g.digest, g.rules, c.warc, "  # noqa: S608
        "c.warc_offset, c.record_id FROM revisions r JOIN readings g ON g.id = r.reading "
        "LEFT JOIN captures c ON c.id = r.capture WHERE r.article = ? ORDER BY r.number",
        (article_id,),
    )
    return _decoded(cursor, ("changed", "kept"))


def readings(c: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """Every state of an article that was ever read, those that other rules read since included.

    Each has `digest, rules`, the fields of `archive.article.READ`, and the numbers of the `revisions`
    that it is the reading of; none where it was superseded.
    """
    cursor = c.execute(
        f"SELECT g.digest, g.rules, {_READ}, (SELECT json_group_array(number) FROM "  # noqa: S608
        "(SELECT number FROM revisions WHERE article = g.article AND reading = g.id ORDER BY number)) "
        "AS revisions FROM readings g WHERE g.article = ? ORDER BY g.id",
        (article_id,),
    )
    return _decoded(cursor, ("revisions",))


def _decoded(cursor: sqlite3.Cursor, more: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [d[0] for d in cursor.description]
    lists = JSON_FIELDS.union(more)
    return [
        {
            name: json.loads(value) if name in lists else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor
    ]


def _records(cursor: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
    names = [d[0] for d in cursor.description]
    for values in cursor:
        yield _record(dict(zip(names, values, strict=True)))


def _record(row: dict[str, Any]) -> dict[str, Any]:
    for name in _LISTS:
        row[name] = [] if row[name] == "[]" else json.loads(row[name])
    row.update(is_article=True, reason=None, digest=row["read_as"], canonical_url=row["url"])
    row["pages"], published = [], row["published"]
    row["published_date"] = published[:10] if published else None
    row["published_at"] = _instant(published) if published else None
    row["sources"] = sourced(row["sources"]).copy()
    row["capture"] = (
        {
            "url": row["capture_url"],
            "fetched_at": row["fetched_at"],
            "warc": row["warc"],
            "offset": row["warc_offset"],
            "record_id": row["record_id"],
            "digest": row["payload_digest"],
        }
        if row["warc"]
        else None
    )
    return {name: row[name] for name in _RECORD}


_LISTS = sorted(JSON_FIELDS - {"pages", "sources"})
_RECORD = (*EXTRA_FIELDS[:1], *FIELDS, *EXTRA_FIELDS[1:])


def _instant(published: str) -> str | None:
    """A date with its time as an instant in UTC; None where only the day is known, or it is before or behind the calendar there."""
    if len(published) <= len("2023-05-17"):
        return None
    moment = datetime.fromisoformat(published)
    with suppress(OverflowError):  # of the first or last day of it
        return utc(moment) if moment.tzinfo else None
    return None
