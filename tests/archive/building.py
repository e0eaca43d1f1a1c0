"""Builds archives for tests, visit by visit, the way a crawl does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import NOT_MODIFIED, Capture, previous_capture
from archive.search import check
from archive.store import OUTCOMES, Candidate, Store
from archive.store.digests import digests
from archive.visit import Visit

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
SITE = {
    "id": "aqbulaq",
    "name": "Ақбұлақ тынысы",
    "url": "https://aqbulaq.example/",
    "region": "jambyl",
    "language": "kk",
    "timezone": "Asia/Almaty",
    "family": "generic",
}
HOME = str(SITE["url"])
STATUS = {"missing": 404, "unchanged": 304, "blocked": 403, "failed": 500, "deferred": 503}
REASONS = {"missing": "HTTP 404", "refused": "listing", "failed": "HTTP 500"}


def tomorrow(outcome: str, *, fetched_at: datetime, **_: Any) -> datetime | None:
    """A schedule: what may change is due a day later."""
    settled = ("gone", "not_article", "excluded")
    return None if outcome in settled else fetched_at + timedelta(days=1)


def article(url: str = f"{HOME}1", **fields: Any) -> Article:
    """An article with what every one has; `fields` add to it or replace it."""
    known: dict[str, Any] = {
        "is_article": True,
        "canonical_url": url,
        "title": "Ауылға таза су келді",
        "text": "Бірінші абзац.\n\nЕкінші абзац.",
        "published": "2026-11-20T09:30:00+05:00",
        "published_raw": "20 қараша 2026, 09:30",
        "language": "kk",
        "site": SITE["id"],
    }
    return Article(url=url, **{**known, **fields})


@dataclass
class Paper:
    """One site in an open store, and a clock that only this test moves."""

    store: Store
    site: str = str(SITE["id"])
    now: datetime = START
    crawl: int = 0
    outcomes: list[str] = field(default_factory=list)
    looked: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store.save_site({**SITE, "id": self.site})
        self.begin()

    def begin(self) -> int:
        self.crawl = self.store.start_crawl(self.site, self.now)
        return self.crawl

    def later(self, **distance: float) -> Paper:
        self.now += timedelta(**distance)
        return self

    def find(self, *urls: str) -> int:
        """Let the sitemap list addresses; returns how many were new."""
        source = self.store.source(self.site, f"{HOME}sitemap.xml", "sitemap")
        return self.store.save_poll(
            source["id"],
            self.crawl,
            [Candidate(url) for url in urls],
            polled_at=self.now,
            status=200,
            body_hash="x",
        )

    def row(self, url: str) -> int:
        """The frontier row of an address, found first where it is not known."""
        self.find(url)
        found = self.one("SELECT id FROM frontier WHERE url = ?", url)
        return int(found["id"])

    def capture(self, url: str, body: bytes = b"<p>", status: int = 200) -> Capture:
        writer = self.store.captures(self.site)
        headers = [("Content-Type", "text/html")]
        if status == 304:
            whole = previous_capture(self.store.connection, url, proven=True)
            return writer.write(
                url, status, headers, b"", self.now, refers_to=whole, profile=NOT_MODIFIED
            )
        return writer.write(url, status, headers, body, self.now)

    def visit(
        self,
        url: str = f"{HOME}1",
        read: Article | None = None,
        result: str = "article",
        *,
        frontier: int | None = None,
        **fields: Any,
    ) -> str:
        """One look at an address, which held an article or came to another `result`."""
        if result == "article" and not (read and read.is_article):
            result = "refused"
        if self.looked.get(url) == self.now:
            self.later(seconds=1)  # two looks of one second have no order
        self.looked[url] = self.now
        status = STATUS.get(result, 200)
        known: dict[str, Any] = {
            "frontier": frontier or self.row(url),
            "crawl": self.crawl,
            "reason": None if result in ("article", "unchanged") else REASONS.get(result, result),
            "status": status,
            "article": read if result == "article" else None,
            "urls": (url,),
            "rules": "1-0",
        }
        if "captures" not in fields:
            body = repr((read, result)) if read else result
            fields["captures"] = [self.capture(url, body.encode(), status)]
        visit = Visit(
            site=self.site, url=url, fetched_at=self.now, result=result, **{**known, **fields}
        )
        outcome = self.store.record(visit)
        self.outcomes.append(outcome)
        return outcome

    # -- looking at the result ------------------------------------------------------------------

    def all(self, sql: str, *args: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.store.connection.execute(sql, args)]

    def one(self, sql: str, *args: object) -> dict[str, Any]:
        (row,) = self.all(sql, *args)
        return row

    def counts(self) -> dict[str, int]:
        row = self.one("SELECT * FROM crawls WHERE id = ?", self.crawl)
        return {name: row[name] for name in OUTCOMES if row[name]}


def check_whole(store: Store) -> None:
    """What must hold in every archive after whatever happened to it."""
    c = store.connection
    assert c.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert c.execute("PRAGMA foreign_key_check").fetchall() == []
    assert check(c) == []
    kept = dict(c.execute("SELECT id, digest FROM articles").fetchall())
    assert digests(c, kept) == kept
    broken = """
        SELECT a.id FROM articles a LEFT JOIN revisions r
            ON r.article = a.id AND r.number = a.revision LEFT JOIN readings g ON g.id = r.reading
         WHERE g.id IS NULL OR g.text <> a.text OR g.title IS NOT a.title
            OR a.revision <> (SELECT count(*) FROM revisions WHERE article = a.id)"""
    assert c.execute(broken).fetchall() == []
    assert c.execute("SELECT url FROM articles EXCEPT SELECT url FROM aliases").fetchall() == []


def open_paper(folder: Path) -> Paper:
    store = Store(folder, schedule=tomorrow)
    # No test here cuts the power, and a killed process needs no disk that is in step.
    store.connection.execute("PRAGMA synchronous = OFF")
    return Paper(store)
