"""cdx: a newspaper's history out of a web archive: downloaded into WARC files, which are imported.

Nothing is asked for twice, and nothing imported twice, whatever instant the last run ended at.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from archive.captures.files import check_inside
from archive.errors import ArchiveLocked, ArchiveUsageError
from archive.store import DATABASE, Store, check_place, explained_errors, open_database
from newsbot import SOFTWARE
from newsbot.profiles import Site
from newsbot.replay import servers
from newsbot.replay.client import Client, Ended, Refused, TryLater
from newsbot.replay.download import (
    CdxOptions,
    CdxReport,
    Download,
    Known,
    decoded,
    hosts_to_ask,
)
from newsbot.replay.servers import NotAnIndex, Server
from newsbot.replay.warc import import_warc
from newsbot.replay.workfiles import WorkFiles
from newsbot.visit.schedule import next_due

logger = logging.getLogger(__name__)

FOLDER = "imports"
"""Below the archive's folder: the files of downloads that are not at their end."""


def find_server(client: Client, options: CdxOptions, host: str) -> tuple[Server, list[str]]:
    """The server that a user means, and its indexes.

    Raises `ArchiveUsageError` where it is none, `Ended` where it does not answer.
    """
    failures = []
    for sure, index in servers.index_addresses(options.server, options.kind):
        try:
            answer = client.get(servers.probe_url(index, host), is_listing=True)
            body = decoded(answer)
            kind = sure or servers.recognise(index, answer.status, body)
        except Refused:
            raise Ended("backing_off") from None
        except TryLater as error:
            logger.warning("%s: %s", index, error)
            raise Ended("unreachable") from error
        except NotAnIndex as error:
            failures.append(str(error))
            continue
        indexes = servers.collections(body, index) if index.endswith("collinfo.json") else [index]
        return Server(kind, index, options.replay or servers.replay_prefix(kind, index)), indexes
    raise ArchiveUsageError(
        f"{options.server} is no web archive with an index: {'; '.join(failures)}"
    )


def import_sites(
    folder: Path,
    sites: Sequence[Site],
    options: CdxOptions,
    *,
    delay: float,
    contact: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    fetched: Callable[[CdxReport], object] = lambda _: None,
) -> list[CdxReport]:
    """Import sites one after the other; one report each, but for those that were not come to.

    `delay` is in seconds between requests, `jobs` the number of processes that read pages, or
    the workers of a `scheduler` do; `fetched`
    is called after each capture. The archive is locked for the import alone, not for the download.
    Raises `ArchiveError`.
    """
    client = Client(_named(options), delay, contact)
    with _work_folder(None if options.dry_run else folder / FOLDER) as work:
        try:
            server, indexes = find_server(client, options, hosts_to_ask(sites[0])[0])
        except Ended as end:
            report = CdxReport(sites[0].id)
            report.end(end)
            return [report]
        reports = []
        for site in sites:
            files = WorkFiles(work, f"{site.id}-{server.index.partition('://')[2]}")
            with _known(folder) as known:
                download = Download(site, server, options, client, files, known, fetched)
                download.run(indexes)
            report = download.report
            reports.append(report)
            if files.held:
                _import(folder, site, files, jobs, scheduler, report)
            if report.reason == "finished" and not report.waiting:
                files.finish()
            if report.is_over:
                break
        return reports


def _named(options: CdxOptions) -> list[str]:
    """Addresses on the servers that the operator has named."""
    named = [options.server, *([options.replay] if options.replay else [])]
    if urlsplit(options.server).hostname == "index.commoncrawl.org":
        named.append(servers.RECORDS)
    return named


@contextmanager
def _work_folder(folder: Path | None) -> Iterator[Path]:
    """The folder of work files, locked; a passing one for None. Raises `ArchiveLocked`."""
    if folder is None:
        with TemporaryDirectory() as passing:
            yield Path(passing)
        return
    with explained_errors(folder):
        check_inside(folder, folder.parent)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
        with suppress(OSError):  # something is left in it
            folder.rmdir()
    except BlockingIOError:
        raise ArchiveLocked(f"another import is under way in {folder}") from None
    finally:
        os.close(descriptor)


@contextmanager
def _known(folder: Path) -> Iterator[Known]:
    if not check_place(folder / DATABASE):
        yield Known(None)
        return
    with closing(open_database(folder, everything=True).conn) as connection:
        yield Known(connection)


def _import(
    folder: Path,
    site: Site,
    files: WorkFiles,
    jobs: int | None,
    scheduler: str | None,
    report: CdxReport,
) -> None:
    """Import what was downloaded, now or by a run that was killed."""
    with Store(folder, SOFTWARE, next_due) as store:
        report.outcomes = import_warc(
            store, [files.warc], {site.id: site}, jobs=jobs, scheduler=scheduler
        )
        known = Known(store.connection)
        damaged = report.outcomes["damaged"]
        if damaged:  # by the disk: the records were whole when they were written
            report.error = f"{damaged} records are damaged; the next run fetches them anew"
        files.imported(lambda key: damaged > 0 or known.holder(key) is not None)
