"""sites check: reads articles of all ages at known newspapers, and says what no longer fits their profiles."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.store import open_database
from newsbot.cli.common import (
    SITE_FAILED,
    Group,
    WrongUsage,
    choice_options,
    crawling_options,
    html_option,
    jobs_option,
    pick_sites,
    print_json,
    print_table,
    write,
)
from newsbot.profiles import EXAMPLE_DIR, OWN_SITES, SITES_DIR, Site
from newsbot.replay import survey
from newsbot.replay.profile_text import confirmed

if TYPE_CHECKING:
    from newsbot.crawl.run import CrawlReport


@click.command("check")
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@choice_options
@click.option(
    "--confirm", is_flag=True, help="You have looked: note the day in the archive's sites/."
)
@html_option
@jobs_option
@crawling_options
def check_command(
    site_ids: tuple[str, ...], group: Group, confirm: bool, html: Path | None, data: Path,
    sites_dirs: tuple[Path, ...], as_json: bool, quiet: bool, verbose: bool, **how: Any,
) -> int:  # fmt: skip
    """Read articles of all ages at the sites named, of a group, or your own.

    Asks the sources that are due, visits twenty articles, and says what no longer fits the profile:
    sources that fail, selectors that match nothing, fields that are missing, addresses that no pattern
    covers. Exit code 3 means that something does not fit. Nothing but --confirm changes a profile.

    \b
    newsbot sites check aqjolgazet --html report.html
    newsbot sites check aqjolgazet --confirm
    """
    if (confirm or html) and len(site_ids) != 1:
        raise WrongUsage("--confirm and --html are for one site: name it")
    sites = {site.id: site for site in pick_sites(site_ids, data, sites_dirs, group)}
    reports = sample([*sites.values()], data, quiet=quiet or as_json, verbose=verbose, **how)
    told, code = [], 0
    with closing(open_database(data).conn) as c:
        for report in reports:
            found = survey.survey(c, data, sites[report.site])
            problems = survey.misfits(c, found)
            if report.exit_code:
                problems.insert(0, f"crawl: {report.error}")
            code = max(code, report.exit_code, SITE_FAILED if problems else 0)
            told.append(show(found, problems, html=html, quiet=quiet or as_json))
    if as_json:
        print_json(told)
    if confirm:
        click.echo(f"confirmed in {_confirm(site_ids[0], data, sites_dirs)}", err=True)
    return code


def sample(
    sites: Sequence[Site], data: Path, limit: int = survey.PAGES, *, quiet: bool, verbose: bool,
    **how: Any,
) -> list[CrawlReport]:  # fmt: skip
    """Have articles of all ages visited at each of some sites."""
    from newsbot.crawl.run import run_crawls
    from newsbot.crawl.session import Options

    options = Options(sample=True, limit=limit)
    progress = not (quiet or verbose) and sys.stderr.isatty()
    return run_crawls(sites, data, options=options, progress=progress, verbose=verbose, **how)


def show(
    found: survey.Survey,
    problems: Sequence[str],
    *,
    html: Path | None,
    quiet: bool,
    profile: str = "",
) -> dict[str, Any]:
    """Print what a survey has found, write it to a page for a browser, and give it as JSON."""
    if html:
        write(html, survey.as_html(found, problems, profile))
    if not quiet:
        print_table(map(survey.row, found.pages), survey.COLUMNS)
        fits = f"the profile fits {len(found.articles)} articles"
        click.echo("\n".join(f"{found.site.id}: {told}" for told in problems or [fits]))
    return survey.as_json(found, problems)


def _confirm(site: str, data: Path, sites_dirs: Sequence[Path]) -> Path:
    """Write the day into the archive's own copy of a profile."""
    own = data / OWN_SITES / f"{site}.toml"
    folders = (*reversed(sites_dirs), own.parent, EXAMPLE_DIR, SITES_DIR)
    used = next(path for folder in folders if (path := folder / own.name).exists())
    if used.parent in sites_dirs:
        raise WrongUsage(f"{used} is used, whatever {own} says: write `confirmed` there yourself")
    today = date.today()
    try:
        text = confirmed(used.read_text("utf-8"), today)
    except ValueError:
        raise WrongUsage(f"write `confirmed = {today}` into {used} yourself") from None
    write(own, text, data)
    return own
