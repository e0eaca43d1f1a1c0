"""log: what happens in crawls and imports, a line an event, in files of the archive's `logs/` of bounded size and age."""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path

from archive.errors import ArchiveError
from archive.store import log_file
from archive.times import now
from newsbot import urls
from newsbot.watch.monitors import one_line

LARGEST = 10_000_000
"""Bytes of a file; what is more goes on in a new one."""
FILES = 10
"""Of one kind and month; the oldest goes."""
KEPT = timedelta(days=366)
_NAME = re.compile(r"(?:crawl|import)-(\d{4}-\d\d)\.log(?:\.\d+)?")


class _Line(logging.Formatter):
    """`2026-11-28T11:15:09+05:00 SITE what happened`; whatever a page or an address holds, it is one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a name and password in an address are left out."""
        moment = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")
        spider = getattr(record, "spider", None)
        site = getattr(record, "site", None) or (spider.name if spider else "newsbot")
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        told = " ".join(one_line(super().format(record)).split())
        return f"{moment} {site} {level}{urls.masked(told)}"


class _File(RotatingFileHandler):
    """A log that says on stderr, once, that it cannot be written: the disk is full."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Interface of `logging`."""
        if not self._told:
            self._told = True
            sys.stderr.write(f"newsbot: {self.baseFilename}: no log: {sys.exc_info()[1]}\n")


def begin(folder: Path, kind: str, *, verbose: bool = False) -> logging.Handler:
    """Have what happens written to `logs/KIND-YYYY-MM.log`, or to stderr; `end` closes it.

    Where the file cannot be written, warnings go to stderr: a crawl is worth more than its log. Raises
    `ArchiveError` where the disk is full, `ArchiveUsageError` where a link leads elsewhere.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    level = logging.INFO
    if not verbose:
        try:
            path = log_file(folder, f"{kind}-{now():%Y-%m}.log")
            _tidy(path.parent)
            handler = _File(
                path, maxBytes=LARGEST, backupCount=FILES - 1, encoding="utf-8",
                errors="backslashreplace",
            )  # fmt: skip
        except ArchiveError:
            raise
        except OSError as error:
            level = logging.WARNING
            sys.stderr.write(f"newsbot: {error.filename}: no log: {error.strerror}\n")
    handler.setFormatter(_Line())
    handler.setLevel(level)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    if not verbose:  # Scrapy says the same of every crawl
        handler.addFilter(lambda r: r.levelno > logging.INFO or not r.name.startswith("scrapy."))
    return handler


def end(handler: logging.Handler) -> None:
    """Close what `begin` has opened."""
    logging.root.removeHandler(handler)
    with suppress(OSError):  # the disk is full
        handler.close()


def _tidy(folder: Path) -> None:
    """Remove logs that are too old; set a large `cron.log` aside, which cron's shell appends to."""
    with suppress(OSError):
        for path in folder.iterdir():
            named = _NAME.fullmatch(path.name)
            if named and named[1] < f"{now() - KEPT:%Y-%m}":
                path.unlink()
            elif path.name == "cron.log" and path.lstat().st_size > LARGEST:
                path.replace(path.with_name("cron.log.1"))
