"""import_cdx: fetches newspapers' histories from a web archive (`newsbot import cdx`)."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from archive.errors import ArchiveUsageError
from archive.store import OUTCOMES
from newsbot.cli.common import (
    FROM_DATE,
    TO_DATE,
    Group,
    WrongUsage,
    address,
    choice_options,
    contact_option,
    data_option,
    jobs_option,
    json_option,
    pick_sites,
    print_json,
    print_table,
    scheduler_option,
    sites_dir_option,
    verbosity_options,
)
from newsbot.crawl.log import begin
from newsbot.replay.servers import KINDS, RECORDS

_DELAY = 2.0
"""Seconds between requests to a public server."""
_LEAST_DELAY = 1.0


def _digits(_: click.Context, __: click.Parameter, value: str | None) -> str:
    return (value or "").replace("-", "")


@click.command()
@data_option
@sites_dir_option
@click.option(
    "--server",
    required=True,
    callback=address,
    help="The web archive: its address, or that of its index (…/cdx, …-index).",
)
@click.option(
    "--site", "site_ids", multiple=True, help="Only this site; may be given several times."
)
@choice_options
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
    callback=address,
    help="Where captures are, if not at the usual address beside the index; for Common Crawl "
    f"the folder of its files (default: {RECORDS}).",
)
@click.option(
    "--delay",
    type=click.FloatRange(0, 60),
    help=f"Seconds between requests; at a public server {_DELAY:g}, and {_LEAST_DELAY:g} at least.",
)
@jobs_option
@scheduler_option
@click.option("--dry-run", is_flag=True, help="Ask the index, then list what would be fetched.")
@contact_option
@json_option
@verbosity_options
def cdx(
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_ids: tuple[str, ...],
    group: Group,
    contact: str | None,
    delay: float | None,
    jobs: int | None,
    scheduler: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> int:
    """Fetch the history of newspapers from a web archive (Wayback, pywb or Common Crawl).

    Downloads what the site has there into a WARC file and imports that, each capture with its own date.
    Interrupted, it imports what it has, and the next run carries on from there; run again, it asks
    only for what is new. Exit code 3 means that something could not be fetched this time.

    \b
    newsbot import cdx --server https://web.archive.org/ --site aqjolgazet --contact you@example.org
    newsbot import cdx --server http://localhost:8080/coll/ --site aqjolgazet --dry-run
    """
    from newsbot.replay.cdx import import_sites
    from newsbot.replay.download import CdxOptions, CdxReport

    options = CdxOptions(**asked)
    pace = _pace(options.server, contact, delay)
    sites = pick_sites(site_ids, data, sites_dirs, group, gone=True)
    if verbose or not options.dry_run:
        begin(data, "import", verbose=verbose)
    progress = not (quiet or verbose or as_json) and sys.stderr.isatty()
    with tqdm(unit=" captures", disable=not progress, dynamic_ncols=True) as bar:

        def fetched(report: CdxReport) -> None:
            bar.set_description(report.site, refresh=False)
            bar.update()

        reports = import_sites(
            data,
            sites,
            options,
            delay=pace,
            contact=contact,
            jobs=jobs,
            scheduler=scheduler,
            fetched=fetched,
        )
    if as_json:
        print_json([report.to_dict() for report in reports])
    else:
        _print(reports, is_plan=options.dry_run, quiet=quiet)
    for report in reports:
        _warn(report, quiet)
    return max(report.exit_code for report in reports)


def _pace(server: str, contact: str | None, delay: float | None) -> float:
    """Seconds between requests. Raises `ArchiveUsageError` where nobody says who is asking."""
    from newsbot.replay.client import is_loopback

    if delay is not None and math.isnan(delay):
        raise WrongUsage("--delay is no number of seconds")
    if is_loopback(server):
        return delay or 0.0
    if not contact:
        raise ArchiveUsageError(
            f"{server} is a public server: say who is asking with --contact or NEWSBOT_CONTACT "
            "(an e-mail address or a web page)"
        )
    return _DELAY if delay is None else max(delay, _LEAST_DELAY)


def _print(reports: Sequence[Any], *, is_plan: bool, quiet: bool) -> None:
    """What was done, or would be."""
    for report in reports:
        for line in report.planned:
            click.echo(line)
        if is_plan and not quiet:
            click.echo(f"{report.site}: {len(report.planned)} would be fetched", err=True)
    if quiet or is_plan:
        return
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


def _warn(report: Any, quiet: bool) -> None:
    """What needs attention."""
    told = [report.error] if report.error else []
    if report.missed:
        told.append(
            f"{report.missed} captures could not be fetched this time; the next run asks again"
        )
    if report.refused and not quiet:
        told.append(
            f"{report.refused} captures are listed but not given out; they are not asked for again"
        )
    if report.exit_code == 130:
        told.append("interrupted; the next run carries on from here")
    for text in told:
        click.echo(f"newsbot: {report.site}: {text}", err=True)
