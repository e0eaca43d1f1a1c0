"""items: what travels down the pipeline: one visit to one frontier URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from archive.article import Article
from archive.captures import Capture


@dataclass(slots=True)
class VisitItem:
    """One look at one URL of the frontier, successful or not.

    The spider fills it; the pipelines join, judge and store it.
    """

    frontier: int | None
    """Id of the frontier row that was due; None where an import finds it by the address."""
    url: str
    """The address that was asked for."""
    fetched_at: datetime
    known: bool = False
    """Whether the archive already has an article under this URL."""
    status: int | None = None
    urls: list[str] = field(default_factory=list)
    """Canonical spelling of every address that led to the page."""
    parts: list[Article] = field(default_factory=list)
    """The article as extracted, one entry a page where it is divided."""
    captures: list[Capture] = field(default_factory=list)
    etag: str | None = None
    last_modified: str | None = None
    outcome: str | None = None
    """Set where no article is to be stored; see `archive.schema.OUTCOMES`."""
    error: str | None = None
    retry_after: float | None = None
    """Seconds the server asked us to stay away."""
    failures: int = 0
    """Failed visits in a row before this one."""
    dated: str | None = None
    """When the known article was published, or else first seen."""
