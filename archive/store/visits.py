"""visits: appends the captures of a visit, and has the article derived that they belong to.

Runs inside the writer's transaction (`archive.store`). A visit may lie in the past: imports bring old
captures after new ones, and what comes of it does not depend on the order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archive.captures import Capture
from archive.derive import DAY, History, Reading, letters
from archive.store import aliases, articles
from archive.store.aliases import known_article, known_articles
from archive.store.changes import Changes
from archive.store.rows import insert
from archive.store.schema import OUTCOMES
from archive.times import utc
from archive.visit import Visit

Schedule = Callable[..., datetime | None]
"""`newsbot.visit.schedule.next_due`: outcome and what is known of a URL → when to look again."""


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


@dataclass(frozen=True, slots=True)
class _Identity:
    """Which article a visit belongs to."""

    article: int | None
    address: str | None = None
    """Of a page that is the article: its believed address."""
    is_new: bool = False


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
    if _leads_to_another(c, visit):
        visit = replace(
            visit, result="excluded", reason="leads to another article", article=None,
            urls=(visit.url,),
        )  # fmt: skip
    found = _identify(changes, visit)
    proof = _proof_of(c, visit) if visit.result == "unchanged" else _read(c, visit, found)
    _append(c, visit, found.article, proof, found.address)
    outcome, error = _derive(changes, visit, found, proof)
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


# -- which article ------------------------------------------------------------------------------


def _believed(c: sqlite3.Connection, visit: Visit, known: Sequence[int]) -> str:
    """The address that a page gives as its own, unless another article stands there."""
    article = visit.article
    assert article is not None
    own = visit.urls[-1] if visit.urls else visit.url
    named = article.canonical_url
    if not named or named == own:
        return own
    there = known_article(c, (named,))
    if there is None or there in known or _tells_the_same(c, there, article.title, article.text):
        return named
    return own


def _tells_the_same(c: sqlite3.Connection, article: int, title: str | None, text: str) -> bool:
    """Whether an article was ever read with this title, or with half of these paragraphs."""
    paragraphs = set(text.split("\n\n")) if text else set()
    for row in c.execute("SELECT title, text FROM readings WHERE article = ?", (article,)):
        if title and letters(row["title"]) == letters(title):
            return True
        if paragraphs and 2 * len(paragraphs & set(row["text"].split("\n\n"))) > len(paragraphs):
            return True
    return False


def _leads_to_another(c: sqlite3.Connection, visit: Visit) -> bool:
    """Whether a redirect leads from a known article to a page that never was it.

    So some engines guess at what was meant where a page is gone. It is no edit, and proves nothing.
    """
    if visit.article is None or not visit.urls or visit.urls[-1] == visit.url:
        return False
    asked = known_article(c, (visit.url,))
    if asked is None or asked in known_articles(c, (visit.urls[-1],)):
        return False
    return not _tells_the_same(c, asked, visit.article.title, visit.article.text)


def _identify(changes: Changes, visit: Visit) -> _Identity:
    """The article of a visit. One that proves two articles to be one joins them."""
    c = changes.c
    own = visit.urls or (visit.url,)
    known = known_articles(c, own)
    if visit.result != "article" or visit.article is None:
        return _Identity(known[0] if known else None)
    address = _believed(c, visit, known)
    if address not in own:
        known = known_articles(c, (*own, address))
    if not known:  # a newspaper that moves to another host keeps its articles, too
        known = [
            other
            for other in known_articles(c, visit.elsewhere)
            if _tells_the_same(c, other, visit.article.title, visit.article.text)
        ]
    if not known:
        return _Identity(changes.new_id(address), address, is_new=True)
    article = min(known)
    if len(known) > 1:
        articles.join(changes, article, [other for other in known if other != article])
    return _Identity(article, address)


# -- what was seen ------------------------------------------------------------------------------


def _read(c: sqlite3.Connection, visit: Visit, found: _Identity) -> _Proof:
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
    return _Proof("article", None, visit.article.layout, visit.rules, reading)


def _proof_of(c: sqlite3.Connection, visit: Visit) -> _Proof:
    """A 304 proves what the page it refers to proved."""
    referred = visit.page.refers_to_id if visit.page else None
    row = c.execute(
        "SELECT result, reason, layout, rules, reading FROM captures WHERE record_id = ?",
        (referred,),
    ).fetchone()
    if row is None or row["result"] is None:
        return _Proof("failed", "HTTP 304, and the page that it refers to is not here")
    reading = articles.reading(c, row["reading"]) if row["reading"] else None
    return _Proof(row["result"], row["reason"], row["layout"], row["rules"], reading)


def _append(
    c: sqlite3.Connection, visit: Visit, article: int | None, proof: _Proof, address: str | None
) -> None:
    """Add the rows of the visit's captures."""
    first = None
    page = visit.page
    for capture in visit.captures:
        if visit.crawl is None and capture is not page and knows_record(c, capture.record_id):
            continue
        values = (
            visit.site, visit.crawl, first, capture.part, capture.url, capture.fetched_at,
            capture.status, capture.content_type, capture.payload_digest, capture.payload_length,
            capture.warc, capture.warc_offset, capture.warc_length, capture.warc_crc,
            capture.record_id, capture.refers_to_id, article,
            *(_columns_of_result(proof, visit, address, capture.url) if capture is page else (None,) * 8),
        )  # fmt: skip
        row = c.execute(_CAPTURE, values)
        first = first or row.lastrowid


def _columns_of_result(
    proof: _Proof, visit: Visit, address: str | None, url: str
) -> tuple[Any, ...]:
    """The columns of a page's capture that say what came of it."""
    counted = visit.article if visit.result == "article" else None
    return (
        proof.result,
        proof.reason,
        proof.layout,
        proof.rules,
        proof.reading.id if proof.reading else None,
        address if address != url else None,
        counted.views if counted else None,
        counted.comments if counted else None,
    )


_CAPTURE = f"""
INSERT INTO captures (site, crawl, visit, part, url, fetched_at, status, content_type, payload_digest,
    payload_length, warc, warc_offset, warc_length, warc_crc, record_id, refers_to, article, result,
    reason, layout, rules, reading, address, views, comments)
VALUES (?, ?, coalesce(?, (SELECT coalesce(max(id), 0) + 1 FROM captures)), {"?, " * 12}
    (SELECT id FROM captures WHERE record_id = ?), {", ".join("?" * 9)})
"""  # noqa: S608 -- marks alone


def _derive(
    changes: Changes, visit: Visit, identity: _Identity, proof: _Proof
) -> tuple[str, str | None]:
    """The visit's outcome and what is to be said of it, after the article was derived."""
    article = identity.article
    if article is None:
        return _outcome_of_unknown(visit, proof), visit.reason or proof.reason
    known = [proof.reading] if proof.reading else []
    new = {"site": visit.site, "url": identity.address} if identity.is_new else None
    own: list[str] = []
    if proof.result == "article" or visit.reason == "alias":
        own = [*dict.fromkeys((visit.url, *visit.urls, *filter(None, (identity.address,))))]
        aliases.adopt(changes.c, visit.site, article, own, is_new=identity.is_new)
    found, before = articles.derive(changes, article, known, new=new)
    aliases.add(changes.c, article, own, utc(visit.fetched_at))
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


def _frontier_row(c: sqlite3.Connection, visit: Visit, identity: _Identity) -> tuple[int, str, int]:
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
    added = {"site": visit.site, "url": visit.url, "discovered_at": utc(visit.fetched_at)}
    return insert(c, "frontier", added), visit.url, 0


def _close(
    c: sqlite3.Connection,
    visit: Visit,
    outcome: str,
    error: str | None,
    identity: _Identity,
    proof: _Proof,
    schedule: Schedule,
) -> None:
    """What the frontier and the crawl's counts learn; a visit of the past teaches them little."""
    article = identity.article
    frontier, url, failures = _frontier_row(c, visit, identity)
    moment = utc(visit.fetched_at)
    if visit.crawl is not None:
        c.execute(f"UPDATE crawls SET {outcome} = {outcome} + 1 WHERE id = ?", (visit.crawl,))  # noqa: S608 -- one of OUTCOMES
    due = schedule(
        outcome,
        fetched_at=visit.fetched_at,
        dated=_dated(c, visit, identity),
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
        others = {visit.url, *visit.urls, *filter(None, (identity.address,))}
        if outcome in ("updated", "unchanged"):
            others |= aliases.other_spellings(c, article, {*others, *visit.elsewhere})
        # Other addresses of the article that wait in the frontier need no visit of their own.
        c.executemany(
            "UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias', article = ?1 "
            "WHERE url = ?2 AND id <> ?3 AND coalesce(visited_at, '') <= ?4",
            [(article, other, frontier, moment) for other in sorted(others - {url})],
        )


def _dated(c: sqlite3.Connection, visit: Visit, identity: _Identity) -> str | None:
    """When the article was published, or else first seen."""
    if identity.article is None:
        return None
    if identity.is_new and visit.article:
        return visit.article.published or utc(visit.fetched_at)
    sql = "SELECT coalesce(published, first_seen) FROM articles WHERE id = ?"
    return str(c.execute(sql, (identity.article,)).fetchone()[0])


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
    found = _identify(changes, visit)
    if found.is_new and old["article"] is not None:
        found = _Identity(old["article"], found.address)
    # Or the reading would be taken for that of another capture, and stay as the old rules read it.
    c.execute("UPDATE captures SET reading = NULL WHERE id = ?", (capture,))
    proof = _read(c, visit, found)
    # With it the 304s that refer to it: they prove what it proves.
    c.execute(
        "UPDATE captures SET (result, reason, layout, rules, reading, address, views, comments) = "
        "(?, ?, ?, ?, ?, ?, ?, ?), article = coalesce(?, article) WHERE id = ?",
        (*_columns_of_result(proof, visit, found.address, old["url"]), found.article, capture),
    )
    c.execute(
        "UPDATE captures SET (result, reason, layout, rules, reading) = (?, ?, ?, ?, ?), "
        "article = coalesce(?, article) WHERE refers_to = ? AND status = 304",
        (*_columns_of_result(proof, visit, None, "")[:5], found.article, capture),
    )
    if found.article is not None:
        c.execute("UPDATE captures SET article = ? WHERE visit = ?", (found.article, old["visit"]))
    outcome, _ = _derive(changes, visit, found, proof)
    if outcome in _WELL:
        _let_rest(c, visit, outcome, found, schedule)
    return outcome


_WELL = ("new", "updated", "unchanged")


def _let_rest(
    c: sqlite3.Connection, visit: Visit, outcome: str, identity: _Identity, schedule: Schedule
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
            dated=_dated(c, visit, identity),
            failures=0,
            retry_after=None,
            known=True,
        )
    c.execute(
        "UPDATE frontier SET article = ?, outcome = ?, error = NULL, failures = 0, due = ? "
        "WHERE id = ?",
        (identity.article, outcome, utc(due or visit.fetched_at), row["id"]),
    )
