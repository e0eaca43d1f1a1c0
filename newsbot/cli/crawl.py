"""crawl: fetches what is new at newspapers, and says how each crawl went."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from archive.errors import ArchiveLocked
from archive.store import OUTCOMES
from archive.times import now
from newsbot.cli.alarms import alarm_options, tell
from newsbot.cli.common import (
    FROM_DATE,
    SITE_FAILED,
    Group,
    choice_options,
    contact_option,
    data_option,
    jobs_option,
    json_option,
    pick_sites,
    print_json,
    print_table,
    sites_dir_option,
    verbosity_options,
)
from newsbot.watch.alarms import mutes

if TYPE_CHECKING:
    from newsbot.crawl.run import CrawlReport


@click.command()
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@data_option
@sites_dir_option
@choice_options
@click.option("--full", is_flag=True, help="Back-fill: read every source to its very end.")
@click.option(
    "--since",
    type=FROM_DATE,
    help="Skip what sources date before this date (2024-05, 17.05.2024, '2 weeks ago').",
)
@click.option("--oldest-first", is_flag=True, help="Oldest first instead of newest first.")
@click.option("--revisit", is_flag=True, help="Look at all known articles and sources again.")
@click.option("--limit", type=click.IntRange(min=1), help="Visit at most this many URLs a site.")
@jobs_option
@click.option("--dry-run", is_flag=True, help="Ask the sources, then list what would be visited.")
@contact_option
@alarm_options
@json_option
@verbosity_options
def crawl(
    site_ids: tuple[str, ...],
    data: Path,
    sites_dirs: tuple[Path, ...],
    group: Group,
    contact: str | None,
    jobs: int | None,
    alarm_urls: tuple[str, ...],
    alarm_language: str,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **choices: Any,
) -> int:
    """Fetch what is new at the sites named, of a group, or your own.

    Without a name or group it takes sites whose profile is your own, or that a person has confirmed. Run
    it from cron as often as you like: it asks only for what is due, never overlaps itself, and carries on
    where a crash left it. Exit code 3 means that a site failed.

    \b
    newsbot crawl aqjolgazet --contact archive@example.org
    newsbot crawl --region jambyl         all newspapers of a region, confirmed or not
    newsbot crawl aqjolgazet --full       all its history; once is enough
    newsbot crawl aqjolgazet --dry-run    what would be visited?
    """
    from newsbot.crawl.run import dry_run, run_crawls
    from newsbot.crawl.session import Options

    options = Options(**choices)
    try:
        reports = (dry_run if options.dry_run else run_crawls)(
            pick_sites(site_ids, data, sites_dirs, group),
            data,
            options=options,
            contact=contact,
            jobs=jobs,
            progress=not (quiet or verbose or as_json) and sys.stderr.isatty(),
            verbose=verbose,
        )
    except ArchiveLocked as error:
        if as_json:
            raise
        click.echo(f"newsbot: {error}")  # no trouble, which cron would mail: a back-fill takes days
        return error.exit_code
    muted = mutes(data, now())[0]
    if as_json:
        print_json([report.to_dict() for report in reports])
    elif options.dry_run:
        for report in reports:
            for url in report.planned:
                click.echo(unquote(url))
            if not quiet:
                click.echo(f"{report.site}: {len(report.planned)} would be visited", err=True)
    elif not quiet:
        print_reports(reports, muted)
    heard = [r for r in reports if r.site not in muted or r.exit_code != SITE_FAILED]
    print_failures(heard)
    code = max((report.exit_code for report in heard), default=0)
    if options.dry_run or tell(data, sites_dirs, alarm_urls, alarm_language) is not False:
        return code
    return max(code, SITE_FAILED)


def print_reports(reports: Sequence[CrawlReport], muted: Collection[str] = ()) -> None:
    """A table of outcomes, and what needs attention at sites that are not muted."""
    shown = [name for name in OUTCOMES if any(report.outcomes[name] for report in reports)] or [
        "new"
    ]
    print_table(
        [
            (report.site, report.reason, report.discovered, *(report.outcomes[n] for n in shown))
            for report in reports
        ],
        ("site", "ended", "discovered", *(name.replace("_", " ") for name in shown)),
    )
    for report in reports:
        if report.reason == "shutdown" and not report.exit_code:
            click.echo(f"{report.site}: interrupted; the next run carries on from here", err=True)
        if report.site in muted:
            continue
        if report.reread:
            said = ", ".join(f"{number} {name}" for name, number in report.reread.items())
            click.echo(f"{report.site}: pages read again from the archive: {said}", err=True)
        failed = (report.exit_code and report.error) or ""  # which names one of them already
        if report.unread and not failed.startswith(tuple(report.unread)):
            said = ", ".join(f"{url} ({reason})" for url, reason in report.unread.items())
            number = f"{len(report.unread)} source" + "s" * (len(report.unread) > 1)
            click.echo(f"{report.site}: {number} could not be read: {said}", err=True)
        for source, limit in report.left_out.items():
            click.echo(f"{report.site}: {source}: {limit}", err=True)
        if report.traps:
            said = ", ".join(f"{number} {name}" for name, number in report.traps.items())
            click.echo(
                f"{report.site}: links not followed because they look like traps: {said}", err=True
            )


def print_failures(reports: Sequence[CrawlReport]) -> None:
    """One line on stderr for each site that failed."""
    for report in reports:
        if report.exit_code:
            click.echo(f"newsbot: {report.site} failed: {report.error or 'see the log'}", err=True)
