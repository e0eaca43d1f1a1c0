"""archive: keeps, searches and exports what newsbot gathered. Never imports newsbot or Scrapy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from archive.python import Archive


def open(folder: str | Path) -> Archive:
    """Open the archive in a folder for reading; use it as a context manager.

    Raises `ArchiveUsageError` where there is none, or one of another schema.

    >>> with archive.open("data") as papers:  # doctest: +SKIP
    ...     for one in papers.articles("су тасқыны", region="jambyl", after="2023"):
    ...         print(one.published_date, one.newspaper, one.title)
    """
    from archive.python import Archive

    return Archive(folder)
