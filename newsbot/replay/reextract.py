"""reextraction: reads captures again with today's rules, tells what would change, and stores it.

The earlier wording stays as a revision; the new one is of kind `reextraction`, apart from the
newspaper's own edits. `compare` judges, `reread` reads captures.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import archive
from archive.errors import ArchiveUsageError
from archive.store import Store
from archive.times import now, utc
from newsbot.pool import map_in_order, open_pool
from newsbot.profiles import Site
from newsbot.replay.compare import FIELDS
from newsbot.replay.reread import Look, Result, Task, reread

KIND = "reextraction"
"""Of revisions, and of the row in `imports` by which an interrupted run carries on."""
BATCH = 200
"""Articles to a transaction; what an interrupted run has to read again at most."""
EXAMPLES = 3
"""Of each field, from different sites and layouts where there are such."""
_OLDER = 6
"""Visits of one article that may be read, the newest ones."""
_AHEAD = 100
"""Articles that are looked up at once."""
_LISTS = ("authors", "captions", "editions", "sources", "flags")


@dataclass(slots=True)
class Report:
    """What reading articles again came to. Verdicts: `same`, `better`, `worse`, `mixed`, `other`, `unread`."""

    articles: Counter[str] = field(default_factory=Counter)
    """Verdict → articles."""
    sites: dict[str, Counter[str]] = field(default_factory=dict)
    """Site → verdict → articles; `refused` counts those of the worse that are left as they are."""
    layouts: dict[str, Counter[str]] = field(default_factory=dict)
    """Layout of today's rules → the same."""
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    """Field → `changed`, `filled`, `emptied`, `better`, `worse` → articles."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why today's rules take pages for no articles → articles."""
    unread: Counter[str] = field(default_factory=Counter)
    """Why pages could not be read → articles."""
    damaged: list[str] = field(default_factory=list)
    """Captures that cannot be read, the first ones."""
    examples: dict[str, list[tuple[Result, int]]] = field(default_factory=dict)
    """Field → results with the place of that difference in them."""
    stored: int = 0
    """Articles whose fields were replaced."""
    revisions: int = 0
    """Those that got a new revision."""
    left: int = 0
    """Articles left as they are because they would get worse."""

    def add(self, result: Result) -> None:
        """Count one article."""
        refused = result.refused is not None
        for counter in (
            self.articles,
            self.sites.setdefault(result.site, Counter()),
            *([self.layouts.setdefault(result.layout, Counter())] if result.layout else []),
        ):
            counter[result.verdict] += 1
            counter["refused"] += refused
        if result.refused:
            self.refused[result.refused] += 1
        if result.reason:
            self.unread["damaged" if result.is_damaged else result.reason] += 1
            if result.is_damaged and len(self.damaged) < 10 * EXAMPLES:
                self.damaged.append(result.reason)
        for place, difference in enumerate(result.differences or ()):
            counts = self.fields.setdefault(difference.field, Counter())
            counts["changed"] += 1
            counts[difference.verdict] += 1
            counts["filled"] += difference.filled
            counts["emptied"] += difference.emptied
            shown = self.examples.setdefault(difference.field, [])
            kinds = {
                (r.site, r.layout, r.differences[p].verdict) for r, p in shown if r.differences
            }
            if (
                len(shown) < EXAMPLES
                and (result.site, result.layout, difference.verdict) not in kinds
            ):
                shown.append((result, place))

    def to_dict(self) -> dict[str, Any]:
        """For `--json`; the articles themselves are printed one by one."""
        return {
            "articles": dict(self.articles),
            "sites": {name: dict(counts) for name, counts in sorted(self.sites.items())},
            "layouts": {name: dict(counts) for name, counts in sorted(self.layouts.items())},
            "fields": {name: dict(self.fields[name]) for name in FIELDS if name in self.fields},
            "refused": dict(self.refused),
            "unread": dict(self.unread),
            "damaged": self.damaged,
            "stored": self.stored,
            "revisions": self.revisions,
            "left": self.left,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """Which articles to read again. Dates are prefixes of `published`, as in `archive.query.Selection`."""

    sites: tuple[str, ...] = ()
    articles: tuple[int, ...] = ()
    after: str | None = None
    before: str | None = None


def reextract(
    connection: sqlite3.Connection,
    folder: Path,
    sites: Mapping[str, Site],
    choice: Choice = Choice(),
    *,
    store: Store | None = None,
    skip_worse: bool = False,
    jobs: int | None = 0,
    seen: Callable[[Result], object] = lambda _: None,
) -> Report:
    """Read the chosen articles again and, with a `store`, keep what today's rules read.

    `connection` reads the archive in `folder`; with a `store` it must be the store's own. `sites`
    are the profiles. Articles whose page today's rules refuse are left as they are, and with
    `skip_worse` all that would get worse. `jobs` processes read; 0 reads in this one. `seen` is
    called with each result, in the order of the articles' ids. What is stored is stored in batches;
    an interrupted run carries on where it was when it is started again with the same rules and
    choice. Raises `ArchiveUsageError` where the archive has no such site or article.
    """
    _check(connection, choice)
    report = Report()
    place = _Place(store, _digest(sites, choice, skip_worse)) if store else None
    tasks = _tasks(connection, choice, place.start() if place else 0)
    done: list[Result] = []
    with open_pool(jobs) as pool:
        for result in _results(pool, connection, folder, sites, tasks):
            report.add(result)
            seen(result)
            if place:
                done.append(result)
                if len(done) == BATCH:
                    _keep(place, done, report, skip_worse)
                    done.clear()
    if place:
        _keep(place, done, report, skip_worse)
        place.finish()
    return report


def _results(
    pool: Executor,
    connection: sqlite3.Connection,
    folder: Path,
    sites: Mapping[str, Site],
    tasks: Iterable[Task],
) -> Iterator[Result]:
    """What reading each article again comes to, in the tasks' order."""
    calls = ((task, (folder, sites.get(task.site), task)) for task in tasks)
    for task, future in map_in_order(pool, reread, calls):
        assert future is not None
        error = future.exception()
        if error:
            reason = f"{type(error).__name__}: {error}"
            yield Result(task.article, task.url, task.site, "unread", reason=reason)
            continue
        result = future.result()
        if result.is_damaged:  # or a crawl has packed the file meanwhile
            for again in _look_up(connection, Choice(articles=(task.article,)), 0):
                result = reread(folder, sites.get(again.site), again)
        yield result


def count(connection: sqlite3.Connection, choice: Choice) -> int:
    """How many articles a choice means."""
    where, args = _where(choice)
    sql = f"SELECT count(*) FROM articles a WHERE {where}"  # noqa: S608
    return int(connection.execute(sql, args).fetchone()[0])


def _check(c: sqlite3.Connection, choice: Choice) -> None:
    for table, keys in (("sites", choice.sites), ("articles", choice.articles)):
        for key in keys:
            if not c.execute(f"SELECT 1 FROM {table} WHERE id = ?", (key,)).fetchone():  # noqa: S608
                raise ArchiveUsageError(f"this archive has no {table[:-1]} {key!r}")


# -- what is to be read -------------------------------------------------------------------------


def _where(choice: Choice) -> tuple[str, list[Any]]:
    clauses, args = ["1"], list[Any]()
    for column, keys in (("a.site", choice.sites), ("a.id", choice.articles)):
        if keys:
            clauses.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608
            args.append(json.dumps(keys))
    if choice.after:
        clauses.append("a.published >= ?")
        args.append(choice.after)
    if choice.before:
        clauses.append("substr(a.published, 1, ?) <= ?")
        args += [len(choice.before), choice.before]
    return " AND ".join(clauses), args


_ARTICLES = """
SELECT a.*, (SELECT json_group_array(t.name) FROM article_tags x JOIN tags t ON t.id = x.tag
              WHERE x.article = a.id) AS tags
  FROM articles a WHERE a.id > ? AND {} ORDER BY a.id LIMIT ?
"""
_OWN = "id crawl url status warc offset record_id fetched_at".split()
_LOOKS = """
SELECT c.id, c.crawl, c.url, c.status, c.warc, c.warc_offset, c.record_id,
       coalesce(o.fetched_at, c.fetched_at) AS fetched_at, c.fetched_at AS looked_at,
       coalesce(o.warc, c.warc), coalesce(o.warc_offset, c.warc_offset), c.payload_digest
  FROM captures c LEFT JOIN captures o ON o.id = c.refers_to
 WHERE c.article = ? ORDER BY c.id
"""


def _tasks(c: sqlite3.Connection, choice: Choice, start: int) -> Iterator[Task]:
    """One task an article, by id. Looked up in portions, so that no read transaction stays open."""
    while tasks := _look_up(c, choice, start):
        yield from tasks
        start = tasks[-1].article


def _look_up(c: sqlite3.Connection, choice: Choice, start: int) -> list[Task]:
    where, args = _where(choice)
    cursor = c.execute(_ARTICLES.format(where), (start, *args, _AHEAD))
    names = [column[0] for column in cursor.description]
    return [_task(c, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _task(c: sqlite3.Connection, row: dict[str, Any]) -> Task:
    for name in (*_LISTS, "tags"):
        row[name] = json.loads(row[name])
    looks: list[Look] = []
    pages: dict[int, tuple[str, str]] = {}
    for values in c.execute(_LOOKS, (row["id"],)):
        *own, looked_at, warc, offset, digest = values
        look = Look(**dict(zip(_OWN, own, strict=True)), body=(warc, offset))
        if look.status == 200 and looked_at <= row["last_seen"]:
            pages[len(looks)] = looked_at, digest
        looks.append(look)
    current = next((n for n, look in enumerate(looks) if look.id == row["capture"]), None)
    # Of one second the first: the others are further pages of a divided article.
    newest = sorted(pages, key=lambda n: (pages[n][0], -n), reverse=True)
    order = list(dict.fromkeys([*newest[:1], *([] if current is None else [current]), *newest]))
    readable = len({*newest[:1], *([] if current is None else [current])})
    return Task(
        article=row["id"],
        url=row["url"],
        site=row["site"],
        before={name: row[name] for name in FIELDS},
        looks=looks,
        pages=_distinct(order, pages, readable)[:_OLDER],
        readable=readable,
    )


def _distinct(order: list[int], pages: Mapping[int, tuple[str, str]], first: int) -> list[int]:
    """Pages to try, those left out that are byte for byte one that is tried before them."""
    seen: set[str] = set()
    kept = []
    for place, number in enumerate(order):
        digest = pages[number][1] if number in pages else ""
        if place < first or digest not in seen:
            kept.append(number)
        seen.add(digest)
    return kept


# -- what is kept -------------------------------------------------------------------------------


def _keep(place: _Place, results: Iterable[Result], report: Report, skip_worse: bool) -> None:
    """Store a batch of results, and how far the run has come, in one transaction."""
    last = 0
    moment = now()
    with place.store.batch(), place.store.index.together():
        for result in results:
            last = result.article
            if result.verdict == "worse" and (skip_worse or result.refused):
                report.left += 1
            elif result.read:
                report.stored += 1
                report.revisions += place.store.reextracted(
                    result.article, result.read, moment, result.capture
                )
        if last:
            place.move(last)


class _Place:
    """How far a run has come: a row of `imports` that is there while there is something left to do."""

    def __init__(self, store: Store, source: str) -> None:
        self.store = store
        self._source = source

    def start(self) -> int:
        """The last article that an interrupted run of the same rules and choice has stored."""
        row = self.store.connection.execute(
            "SELECT cursor FROM imports WHERE kind = ? AND source = ?", (KIND, self._source)
        ).fetchone()
        return int(row["cursor"]) if row else 0

    def move(self, article: int) -> None:
        self.store.connection.execute(
            "INSERT INTO imports (kind, source, started_at, cursor) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, source) DO UPDATE SET cursor = excluded.cursor",
            (KIND, self._source, utc(now()), article),
        )

    def finish(self) -> None:
        with self.store.transaction() as c:
            c.execute("DELETE FROM imports WHERE kind = ?", (KIND,))


def _digest(sites: Mapping[str, Site], choice: Choice, skip_worse: bool) -> str:
    """Which rules read which articles: SHA-256 of the code and data that extraction uses."""
    summed = hashlib.sha256(repr((choice, skip_worse)).encode())
    for root in (Path(__file__).parents[1], Path(archive.__file__).parent):
        for path in sorted([*root.rglob("*.py"), *root.rglob("*.toml")]):
            summed.update(path.read_bytes())
    for _, site in sorted(sites.items()):
        summed.update(site.model_dump_json().encode())
    return f"sha256:{summed.hexdigest()}"
