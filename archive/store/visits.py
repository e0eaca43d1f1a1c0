"""visits: appends the captures of a visit, and has the article derived that they belong to.

Runs inside the writer's transaction (`archive.store`). A visit may lie in the past: imports bring old
captures after new ones, and what comes of it does not depend on the order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archive.captures import Capture
from archive.derive import DAY, History, Reading
from archive.store import aliases, articles, said
from archive.store.changes import Changes
from archive.store.identity import Identity, identify, leads_to_another, leave
from archive.store.rows import insert
from archive.store.schema import OUTCOMES
from archive.times import utc
from archive.visit import Visit

Schedule = Callable[..., datetime | None]
"""`newsbot.visit.schedule.next_due`: outcome and what is known of a URL → when to look again."""
_WELL = ("new", "updated", "unchanged")


def never(outcome: str, **_: Any) -> datetime | None:
    """The schedule of an archive that nobody crawls."""
    return None


@dataclass(frozen=True, slots=True)
class _Proof:
    """What the page of a visit proves; of a 304, what the page proved that it refers to."""

    result: str
    reason: str | None
    layout: str | None = None
    rules: str | None = None
    reading: Reading | None = None
    named: str | None = None
    """The address that the page names as its own, where that is another one."""


def record(changes: Changes, visit: Visit, schedule: Schedule = never) -> str:
    """Write everything one visit brought and return its outcome.

    A visit whose page the archive has already changes nothing. Raises ValueError for an article
    without a capture.
    """
    c = changes.c
    if visit.crawl is None and visit.page and knows_record(c, visit.page.record_id):
        return "unchanged"
    if visit.article and not visit.page:
        raise ValueError("an article needs the capture that proves it")
    if leads_to_another(c, visit):
        visit = replace(
            visit, result="excluded", reason="leads to another article", article=None,
            urls=(visit.url,),
        )  # fmt: skip
    found = identify(changes, visit)
    proof = _proof_of(c, visit) if visit.result == "unchanged" else _read(c, visit, found)
    _append(c, visit, found, proof)
    outcome, error = _derive(changes, visit, found, proof)
    said.note_unread(c, visit)
    assert outcome in OUTCOMES
    _close(c, visit, outcome, error, found, proof, schedule)
    return outcome


def knows_record(c: sqlite3.Connection, record_id: str) -> bool:
    """Whether a WARC record has its row."""
    sql = "SELECT 1 FROM captures WHERE record_id = ?"
    return c.execute(sql, (record_id,)).fetchone() is not None


def knows_exchange(c: sqlite3.Connection, capture: Capture) -> bool:
    """Whether the archive has an exchange already, under its record id or as the same bytes."""
    sql = (
        "SELECT 1 FROM captures "
        "WHERE record_id = ? OR (url = ? AND fetched_at = ? AND payload_digest = ?)"
    )
    values = (capture.record_id, capture.url, capture.fetched_at, capture.payload_digest)
    return c.execute(sql, values).fetchone() is not None


# -- what was seen ------------------------------------------------------------------------------


def _read(c: sqlite3.Connection, visit: Visit, found: Identity) -> _Proof:
    """What a visit read; a state of the article is kept once."""
    if visit.result != "article" or visit.article is None or found.article is None:
        return _Proof(visit.result, visit.reason, None, visit.rules)
    reading = articles.save_reading(
        c,
        found.article,
        articles.values_of(visit.article),
        visit.rules,
        utc(visit.fetched_at),
        is_new=found.is_new,
    )
    return _Proof("article", None, visit.article.layout, visit.rules, reading, found.named)


def _proof_of(c: sqlite3.Connection, visit: Visit) -> _Proof:
    """A 304 proves what the page it refers to proved."""
    referred = visit.page.refers_to_id if visit.page else None
    row = c.execute(
        "SELECT result, reason, layout, rules, reading, named FROM captures WHERE record_id = ?",
        (referred,),
    ).fetchone()
    if row is None or row["result"] is None:
        return _Proof("failed", "HTTP 304, and the page that it refers to is not here")
    reading = articles.reading(c, row["reading"]) if row["reading"] else None
    return _Proof(row["result"], row["reason"], row["layout"], row["rules"], reading, row["named"])


def _append(c: sqlite3.Connection, visit: Visit, found: Identity, proof: _Proof) -> None:
    """Add the rows of the visit's captures."""
    first = None
    page = visit.page
    for capture in visit.captures:
        if visit.crawl is None and capture is not page and knows_record(c, capture.record_id):
            continue
        spelt = found.address if capture is page else visit.url if first is None else None
        values = (
            visit.site, visit.crawl, first, capture.part, capture.url, capture.fetched_at,
            capture.status, capture.content_type, capture.payload_digest, capture.payload_length,
            capture.warc, capture.warc_offset, capture.warc_length, capture.warc_crc,
            capture.record_id, capture.refers_to_id, found.article,
            spelt if spelt != capture.url else None,
            *(_columns_of_result(proof, visit) if capture is page else (None,) * 8),
        )  # fmt: skip
        row = c.execute(_CAPTURE, values)
        first = first or row.lastrowid


def _columns_of_result(proof: _Proof, visit: Visit) -> tuple[Any, ...]:
    """The columns of a page's capture that say what came of it."""
    counted = visit.article if visit.result == "article" else None
    return (
        proof.result,
        proof.reason,
        proof.layout,
        proof.rules,
        proof.reading.id if proof.reading else None,
        proof.named,
        counted.views if counted else None,
        counted.comments if counted else None,
    )


_CAPTURE = f"""
INSERT INTO captures (site, crawl, visit, part, url, fetched_at, status, content_type, payload_digest,
    payload_length, warc, warc_offset, warc_length, warc_crc, record_id, refers_to, article, address, result,
    reason, layout, rules, reading, named, views, comments)
VALUES (?, ?, coalesce(?, (SELECT coalesce(max(id), 0) + 1 FROM captures)), {"?, " * 12}
    (SELECT id FROM captures WHERE record_id = ?), {", ".join("?" * 10)})
"""  # noqa: S608 -- marks alone


def _derive(
    changes: Changes, visit: Visit, identity: Identity, proof: _Proof
) -> tuple[str, str | None]:
    """The visit's outcome and what is to be said of it, after the article was derived."""
    c, article = changes.c, identity.article
    if article is None:
        return _outcome_of_unknown(visit, proof), visit.reason or proof.reason
    known = [proof.reading] if proof.reading else []
    new = {"site": visit.site, "url": identity.stands_at} if identity.is_new else None
    own: list[str] = []
    if proof.result == "article" or visit.reason == "alias":
        own = [*dict.fromkeys((visit.url, *visit.urls, identity.stands_at))]
        asked = {*own, *(capture.url for capture in visit.captures)}
        leave(c, identity, own)
        aliases.adopt(c, visit.site, article, asked, is_new=identity.is_new)
    aliases.add(c, article, own, utc(visit.fetched_at))
    for other in identity.contested:
        articles.derive(changes, other)
    found, before = articles.derive(changes, article, known, new=new)
    if new:
        return "new", None
    moment = utc(visit.fetched_at)
    if proof.result == "article":
        if len(found.revisions) > before:
            return "updated", None
        if found.last_seen < moment:
            return "deferred", "the page came without its text; the earlier revision stays"
        return "unchanged", None
    return _outcome_of_known(visit, proof, found, moment)


def _outcome_of_unknown(visit: Visit, proof: _Proof) -> str:
    if proof.result == "missing":
        return "gone" if visit.status in (404, 410) else "not_article"
    return {"refused": "not_article", "unchanged": "failed"}.get(proof.result, proof.result)


def _outcome_of_known(
    visit: Visit, proof: _Proof, found: History, moment: str
) -> tuple[str, str | None]:
    """A page that is missing is `gone` only at the second look; one that cannot be read waits."""
    reason = proof.reason or visit.reason
    if found.last_seen > moment:  # a visit of the past says nothing of today
        return "unchanged", None
    if proof.result == "missing":
        return ("gone", reason) if found.gone_since else ("deferred", f"missing: {reason}")
    if proof.result == "refused":
        return "deferred", f"cannot be read: {reason}"
    if proof.result == "excluded" and visit.status in range(300, 400) and reason != "alias":
        return "deferred", reason  # it leads to another site: the newspaper may have moved there
    return proof.result, reason


# -- the frontier and the crawl -----------------------------------------------------------------


def _frontier_row(c: sqlite3.Connection, visit: Visit, identity: Identity) -> tuple[int, str, int]:
    """Id, address and failures of the frontier row of a visit; it is made where there is none."""
    columns = "SELECT id, url, failures FROM frontier WHERE"
    if visit.frontier is not None:
        row = c.execute(f"{columns} id = ?", (visit.frontier,)).fetchone()
    else:
        row = c.execute(f"{columns} url = ?", (visit.url,)).fetchone()
    is_known = identity.article is not None and not identity.is_new
    if row is None and is_known and visit.result != "excluded":
        # The article is being looked at under another address; let that one be the only one.
        row = c.execute(
            f"{columns} article = ? AND due IS NOT NULL ORDER BY id LIMIT 1", (identity.article,)
        ).fetchone()
    if row:
        return row["id"], row["url"], row["failures"]
    asked = visit.captures[0].url if visit.captures else visit.url
    added = {
        "site": visit.site, "url": visit.url, "discovered_at": utc(visit.fetched_at),
        "listed": asked if asked != visit.url else None,
    }  # fmt: skip
    return insert(c, "frontier", added), visit.url, 0


def _close(
    c: sqlite3.Connection,
    visit: Visit,
    outcome: str,
    error: str | None,
    identity: Identity,
    proof: _Proof,
    schedule: Schedule,
) -> None:
    """What the frontier and the crawl's counts learn; a visit of the past teaches them little."""
    article = identity.article
    frontier, url, failures = _frontier_row(c, visit, identity)
    if article and visit.result == "article":
        # Where an address only leads to the article's own, that one is visited from now on.
        sql = "SELECT id, url, failures FROM frontier WHERE url = ? AND article = ?"
        own = c.execute(sql, (identity.address, article)).fetchone()
        frontier, url, failures = own or (frontier, url, failures)
    moment = utc(visit.fetched_at)
    if visit.crawl is not None:
        c.execute(f"UPDATE crawls SET {outcome} = {outcome} + 1 WHERE id = ?", (visit.crawl,))  # noqa: S608 -- one of OUTCOMES
    due = schedule(
        outcome,
        fetched_at=visit.fetched_at,
        dated=_dated(c, identity, frontier),
        failures=failures,
        retry_after=visit.retry_after,
        known=article is not None and not (visit.result == "excluded" and visit.captures),
    )
    if outcome == "deferred" and proof.result == "missing":
        due = visit.fetched_at + DAY
    # What did not prove the article tells nothing of it by its validators either.
    is_proof = visit.result == "article" and outcome != "deferred"
    c.execute(
        "UPDATE frontier SET visited_at = ?, outcome = ?, status = ?, error = ?, due = ?, "
        "etag = CASE WHEN ? THEN ? ELSE etag END, "
        "last_modified = CASE WHEN ? THEN ? ELSE last_modified END, "
        "attempts = attempts + 1, failures = CASE WHEN ? THEN failures + 1 ELSE 0 END, "
        "article = coalesce(?, article) WHERE id = ? AND coalesce(visited_at, '') <= ?",
        (
            moment, outcome, visit.status, error, utc(due) if due else None,
            is_proof, visit.etag, is_proof, visit.last_modified,
            outcome in ("failed", "blocked", "deferred"), article, frontier, moment,
        ),
    )  # fmt: skip
    if article and visit.result != "excluded":
        others = {visit.url, *visit.urls}
        if outcome in ("updated", "unchanged"):
            others |= aliases.other_spellings(c, article, {*others, *visit.elsewhere})
        # Other addresses of the article that wait in the frontier need no visit of their own.
        c.executemany(
            "UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias', article = ?1 "
            "WHERE url = ?2 AND id <> ?3 AND coalesce(visited_at, '') <= ?4",
            [(article, other, frontier, moment) for other in sorted(others - {url})],
        )
        # Nor do those that were seen to be it; one that it only names is seen once, to be sure.
        c.execute(
            "UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias' "
            "WHERE article = ? AND id <> ? AND due IS NOT NULL AND visited_at <= ?",
            (article, frontier, moment),
        )


def _dated(c: sqlite3.Connection, identity: Identity, frontier: int) -> str | None:
    """When the article was published, or else seen first by us or by the source that dates it."""
    row = c.execute(
        "SELECT a.published, min(a.first_seen, coalesce(f.hint, a.first_seen)) "
        "FROM articles a, frontier f WHERE a.id = ? AND f.id = ?",
        (identity.article, frontier),
    ).fetchone()
    return (row[0] or row[1]) if row else None


# -- the same captures, read by other rules -----------------------------------------------------


def reread(changes: Changes, capture: int, visit: Visit, schedule: Schedule = never) -> str:
    """Replace what came of a visit by what today's rules read in its captures.

    `capture` is the id of the page's row; `visit` is built anew of the same captures. What was read
    before stays among the readings; an article that today's rules refuse stays what it was. Where the
    address was last seen so, it is due by `schedule`, as if the visit had read it. Returns the outcome
    that the visit has now, `unchanged` where it came to the same.
    """
    c = changes.c
    old = c.execute("SELECT * FROM captures WHERE id = ?", (capture,)).fetchone()
    if old["result"] == "article" and visit.result != "article":
        return "unchanged"
    if visit.result != "article" and (visit.result, visit.reason) == (old["result"], old["reason"]):
        c.execute(
            "UPDATE captures SET rules = ?1 WHERE id = ?2 OR (refers_to = ?2 AND status = 304)",
            (visit.rules, capture),
        )
        if old["article"] is not None:
            changes.articles.add(old["article"])
        return "unchanged"
    found = identify(changes, visit)
    if found.is_new and old["article"] is not None:
        found = replace(found, article=old["article"], is_new=False)
    # Or the reading would be taken for that of another capture, and stay as the old rules read it.
    c.execute("UPDATE captures SET reading = NULL WHERE id = ?", (capture,))
    proof = _read(c, visit, found)
    # With it the 304s that refer to it: they prove what it proves.
    c.execute(
        "UPDATE captures SET (result, reason, layout, rules, reading, named, views, comments) = "
        "(?, ?, ?, ?, ?, ?, ?, ?), article = coalesce(?, article) WHERE id = ?",
        (*_columns_of_result(proof, visit), found.article, capture),
    )
    c.execute(
        "UPDATE captures SET (result, reason, layout, rules, reading, named) = (?, ?, ?, ?, ?, ?), "
        "article = coalesce(?, article) WHERE refers_to = ? AND status = 304",
        (*_columns_of_result(proof, visit)[:6], found.article, capture),
    )
    if found.article is not None:
        c.execute("UPDATE captures SET article = ? WHERE visit = ?", (found.article, old["visit"]))
    if old["rules"] == visit.rules:  # then what was read before is no word of other rules
        articles.drop_unused(c, old["reading"])
    outcome, _ = _derive(changes, visit, found, proof)
    if outcome in _WELL:
        _let_rest(c, visit, outcome, found, schedule)
    return outcome


def _let_rest(
    c: sqlite3.Connection, visit: Visit, outcome: str, identity: Identity, schedule: Schedule
) -> None:
    """An address that was refused or put off and whose last visit reads well now needs no other soon."""
    row = c.execute(
        "SELECT f.id, f.outcome, f.visited_at, a.last_seen FROM frontier f, articles a "
        "WHERE f.id = ? AND a.id = ?",
        (_frontier_row(c, visit, identity)[0], identity.article),
    ).fetchone()
    if outcome != "new" and (
        row["outcome"] in _WELL or (row["visited_at"] or "") > row["last_seen"]
    ):
        return
    is_last = row["visited_at"] is not None and row["visited_at"] <= row["last_seen"]
    due = None
    if is_last:
        due = schedule(
            outcome,
            fetched_at=datetime.fromisoformat(row["visited_at"]),
            dated=_dated(c, identity, row["id"]),
            failures=0,
            retry_after=None,
            known=True,
        )
    c.execute(
        "UPDATE frontier SET article = ?, outcome = ?, error = NULL, failures = 0, due = ? "
        "WHERE id = ?",
        (identity.article, outcome, utc(due or visit.fetched_at), row["id"]),
    )
