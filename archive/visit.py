"""visit: one look at one address, as the crawler or an import hands it to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from archive.article import Article
from archive.captures import Capture

RESULTS = (
    "article",
    "unchanged",
    "missing",
    "refused",
    "blocked",
    "failed",
    "excluded",
    "deferred",
)
"""What one look can come to: an article · the server said that nothing changed (HTTP 304) · 404, 410,
a page that says so, or the front page instead · a page that holds no article for our rules · a page
that is not shown to us · no answer, or none that can be used · an address that is not the site's to
visit · put off by the server (429, 503)."""


@dataclass(slots=True)
class Visit:
    """The exchanges that one look at one address took, and what they came to.

    The store finds out what that means for the archive: the visit's outcome.
    """

    site: str
    url: str
    """Canonical spelling of the address that was asked for."""
    fetched_at: datetime
    """Moment of the page's exchange, aware."""
    result: str
    """One of `RESULTS`."""
    reason: str | None = None
    """Why it is no article: `listing`, `HTTP 404`, `front_page`, an error in a few words."""
    urls: tuple[str, ...] = ()
    """Canonical spelling of every address that led to the page, that of the page last."""
    elsewhere: tuple[str, ...] = ()
    """The same page at the site's other hosts, where an article may have been read before it moved."""
    captures: list[Capture] = field(default_factory=list)
    """In the order of fetching, each with its part."""
    article: Article | None = None
    """The whole article, its pages joined; only with the result `article`."""
    said: tuple[str, ...] | None = ()
    """Record ids of what sources said of the page when it was read; None where it is no web page."""
    rules: str | None = None
    """Version of the rules that read the page."""
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    frontier: int | None = None
    """Id of the frontier row that was due; None finds or makes the row of `url`."""
    crawl: int | None = None
    """Id of the crawl that counts it; None where none does (imports)."""
    retry_after: float | None = None
    """Seconds that the server asked us to stay away."""

    @property
    def page(self) -> Capture | None:
        """The capture of the page itself."""
        pages = [capture for capture in self.captures if capture.part == "page"]
        return pages[-1] if pages else None
