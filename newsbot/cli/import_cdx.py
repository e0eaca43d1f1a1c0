"""import_cdx: `newsbot import cdx`, which fetches newspapers' histories from a web archive."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from archive.store import OUTCOMES
from tqdm import tqdm

from archive.errors import ArchiveUsageError
from archive.store import DATABASE, Store, open_database
from newsbot.cli.common import (
    FROM_DATE,
    TO_DATE,
    data_option,
    json_option,
    pick_sites,
    print_json,
    print_table,
    sites_dir_option,
    verbosity_options,
)
from newsbot.crawl.settings import NEWSBOT_JOBS
from newsbot.profiles import Site
from newsbot.replay.servers import KINDS, RECORDS
from newsbot.visit import urls

_DELAY = 2.0
"""Seconds between requests to a public server."""
_LEAST_DELAY = 1.0


def _digits(_: click.Context, __: click.Parameter, value: str | None) -> str:
    return (value or "").replace("-", "")


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and urls.canonical(value) is None:
        raise click.BadParameter(f"{value!r} is no http:// or https:// address")
    return value


@click.command()
@data_option
@sites_dir_option
@click.option(
    "--server",
    required=True,
    callback=_address,
    help="The web archive: its address, or that of its index (…/cdx, …-index).",
)
@click.option(
    "--site", "site_ids", multiple=True, help="Only this site; may be given several times."
)
@click.option(
    "--from", "since", type=FROM_DATE, callback=_digits, help="Captured on or after this date."
)
@click.option(
    "--to", "until", type=TO_DATE, callback=_digits, help="Captured on or before this date."
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Ask for at most this many captures a site."
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What sort of server it is, where its answers do not tell.",
)
@click.option(
    "--replay",
    callback=_address,
    help="Where captures are had, if not at the usual address beside the index; for Common Crawl "
    f"the folder of its files (default: {RECORDS}).",
)
@click.option(
    "--delay",
    type=click.FloatRange(0, 60),
    help=f"Seconds between requests; at a public server {_DELAY:g}, and {_LEAST_DELAY:g} at least.",
)
@click.option(
    "--jobs",
    type=click.IntRange(0, 64),
    default=NEWSBOT_JOBS,
    metavar="NUMBER",
    help="Processes that read pages; 0 reads them in this one. Default: 1, or 0 on a single processor.",
)
@click.option("--dry-run", is_flag=True, help="Ask the index, then list what would be fetched.")
@click.option(
    "--contact",
    envvar="NEWSBOT_CONTACT",
    show_envvar=True,
    help="Your e-mail address or web page, told to the server; a public one needs it.",
)
@json_option
@verbosity_options
def cdx(
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_ids: tuple[str, ...],
    contact: str | None,
    delay: float | None,
    jobs: int,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **wishes: Any,
) -> int:
    """Fetch the history of newspapers from a web archive (Wayback, pywb or Common Crawl).

    Stores each capture with its own date, as a crawl of that day would have. Interrupted, it carries
    on where it was; run again, it asks only for what is new. Exit code 3 means that something could
    not be had this time.

    \b
    newsbot import cdx --server https://web.archive.org/ --site aqjolgazet --contact you@example.org
    newsbot import cdx --server http://localhost:8080/coll/ --site aqjolgazet --dry-run
    """
    from newsbot.replay.cdx import Wish

    wish = Wish(**wishes)
    sites = pick_sites(site_ids, data, sites_dirs)
    progress = not (quiet or verbose or as_json) and sys.stderr.isatty()
    if wish.dry_run:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            _copy(data, folder)
            reports = _import(sites, folder, wish, contact, delay, jobs, verbose, progress)
    else:
        reports = _import(sites, data, wish, contact, delay, jobs, verbose, progress)
    if as_json:
        print_json([report.to_dict() for report in reports])
    elif wish.dry_run:
        for report in reports:
            for replay in report.planned:
                click.echo(f"{replay.timestamp} {replay.url}")
            if not quiet:
                click.echo(f"{report.site}: {len(report.planned)} would be fetched", err=True)
    elif not quiet:
        _print(reports)
    for report in reports:
        if report.error:
            click.echo(f"newsbot: {report.site}: {report.error}", err=True)
        elif report.missed:
            click.echo(
                f"newsbot: {report.site}: {report.missed} captures could not be had this time; the "
                "next run asks again",
                err=True,
            )
    return max((report.exit_code for report in reports), default=0)


def _import(
    sites: Sequence[Site],
    folder: Path,
    wish: Any,
    contact: str | None,
    delay: float | None,
    jobs: int,
    verbose: bool,
    progress: bool,
) -> list[Any]:
    from newsbot.crawl.session import SOFTWARE
    from newsbot.replay.cdx import import_sites
    from newsbot.replay.transport import hosts_of

    loopback = hosts_of([wish.server]).is_loopback
    if not loopback and not contact:
        raise ArchiveUsageError(
            f"{wish.server} is a public server: say who is asking with --contact or NEWSBOT_CONTACT "
            "(an e-mail address or a web page)"
        )
    usual, least = (0.0, 0.0) if loopback else (_DELAY, _LEAST_DELAY)
    delay = usual if delay is None else max(delay, least)
    with (
        Store(folder, SOFTWARE) as store,
        tqdm(unit=" captures", disable=not progress, dynamic_ncols=True) as bar,
    ):

        def visited(report: Any) -> None:
            bar.set_description(report.site, refresh=False)
            bar.update()

        return import_sites(
            store,
            sites,
            wish,
            delay=delay,
            contact=contact,
            jobs=jobs,
            verbose=verbose,
            visited=visited,
        )


def _copy(data: Path, scratch: Path) -> None:
    """The database of an archive, for a run that is thrown away."""
    if (data / DATABASE).exists():
        with (
            closing(open_database(data).conn) as source,
            closing(sqlite3.connect(scratch / DATABASE)) as copy,
        ):
            source.backup(copy)


def _print(reports: Sequence[Any]) -> None:
    """A table of outcomes, and what needs attention."""
    shown = [name for name in OUTCOMES if any(report.outcomes[name] for report in reports)]
    print_table(
        [
            (
                report.site, report.reason, report.listed, report.fetched, report.waiting,
                *(report.outcomes[name] for name in shown),
            )
            for report in reports
        ],
        ("site", "ended", "listed", "fetched", "waiting", *(n.replace("_", " ") for n in shown)),
    )  # fmt: skip
    for report in reports:
        if report.waiting and report.reason == "shutdown":
            click.echo(f"{report.site}: interrupted; the next run carries on from here", err=True)
