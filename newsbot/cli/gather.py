"""gather: crawl, sites, extract."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from archive.times import now
from newsbot.cli.common import (
    data_option,
    json_option,
    pick_sites,
    print_json,
    print_table,
    site_by_id,
    sites_dir_option,
    verbosity_options,
)
from newsbot.extraction import extract
from newsbot.profiles import Site, load_sites


def _day(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day such as 2024-05-17") from None


@click.command()
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@data_option
@sites_dir_option
@click.option("--full", is_flag=True, help="Back-fill: read every source to its very end.")
@click.option(
    "--since",
    metavar="DAY",
    callback=_day,
    help="Skip what sources date before this day (2024-05-17).",
)
@click.option("--oldest-first", is_flag=True, help="Oldest first instead of newest first.")
@click.option("--revisit", is_flag=True, help="Look at all known articles and sources again.")
@click.option("--limit", type=click.IntRange(min=1), help="Visit at most this many URLs a site.")
@click.option(
    "--jobs",
    type=click.IntRange(0, 64),
    metavar="NUMBER",
    help="Processes that read pages, for each site; 0 reads them in this one. Default: 1, or 0 on a "
    "single processor.",
)
@click.option("--dry-run", is_flag=True, help="Ask the sources, then list what would be visited.")
@click.option(
    "--contact",
    envvar="NEWSBOT_CONTACT",
    show_envvar=True,
    help="Your e-mail address or web page, told to the newspapers; public sites need it.",
)
@json_option
@verbosity_options
def crawl(
    site_ids: tuple[str, ...],
    data: Path,
    sites_dirs: tuple[Path, ...],
    contact: str | None,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **choices: Any,
) -> int:
    """Fetch what is new at the sites named, or at all that are enabled.

    Run it from cron as often as you like: it asks only for what is due, never overlaps itself, and
    carries on where a crash left it. Exit code 3 means that a site failed.

    \b
    newsbot crawl aqjolgazet --contact archive@example.org
    newsbot crawl aqjolgazet --full       all its history; once is enough
    newsbot crawl aqjolgazet --dry-run    what would be visited?
    """
    from newsbot.cli.crawling import dry_run, print_failures, print_reports, run_crawls
    from newsbot.crawl.session import Options

    options = Options(**choices)
    reports = (dry_run if options.dry_run else run_crawls)(
        pick_sites(site_ids, sites_dirs),
        data,
        options=options,
        contact=contact,
        jobs=jobs,
        progress=not (quiet or verbose or as_json) and sys.stderr.isatty(),
        verbose=verbose,
    )
    if as_json:
        print_json([report.to_dict() for report in reports])
    elif options.dry_run:
        for report in reports:
            for url in report.planned:
                click.echo(unquote(url))
            if not quiet:
                click.echo(f"{report.site}: {len(report.planned)} would be visited", err=True)
    elif not quiet:
        print_reports(reports)
    print_failures(reports)
    return max((report.exit_code for report in reports), default=0)


@click.group()
def sites() -> None:
    """List the newspapers, and show what a profile says."""


@sites.command("list")
@sites_dir_option
@json_option
def sites_list(sites_dirs: tuple[Path, ...], as_json: bool) -> None:
    """All newspapers, one line each."""
    known = load_sites(*sites_dirs).values()
    if as_json:
        print_json([_site_dict(site) for site in known])
        return
    print_table(
        [
            (site.id, site.name, site.region, site.family, site.url, site.confirmed or "not yet")
            for site in known
        ],
        ("id", "newspaper", "region", "family", "address", "confirmed"),
    )
    unconfirmed = sum(site.confirmed is None for site in known)
    if unconfirmed:
        click.echo(
            f"\n{unconfirmed} profiles were built from stored copies and nobody has confirmed them "
            "against the live site yet.",
            err=True,
        )


@sites.command("show")
@click.argument("site_id", metavar="SITE")
@sites_dir_option
@json_option
def sites_show(site_id: str, sites_dirs: tuple[Path, ...], as_json: bool) -> None:
    """Everything a profile says, defaults included."""
    site = site_by_id(site_id, load_sites(*sites_dirs))
    record = _site_dict(site)
    if as_json:
        print_json(record)
        return
    record["sources"] = [f"{source.kind}: {source.url}" for source in site.candidate_sources()]
    record["layouts"] = [layout.id for layout in site.layouts]
    for key, value in record.items():
        lines = _lines(value)
        click.echo(f"{key:<12}{lines[0]}")
        for line in lines[1:]:
            click.echo(f"{'':<12}{line}")


def _lines(value: object) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{key} {_lines(part)[0]}" for key, part in value.items())]
    if isinstance(value, list):
        return [str(part) for part in value] or ["–"]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return ["–"] if value in (None, "") else str(value).splitlines()


def _site_dict(site: Site) -> dict[str, Any]:
    return site.model_dump(mode="json")


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no ISO 8601 moment such as 2026-11-22T08:00+05:00"
        ) from None
    return moment if moment.tzinfo else moment.astimezone()


@click.command("extract")
@click.argument("file", type=click.File("rb"))
@click.option("--url", required=True, help="The address the page came from.")
@click.option("--charset", help="The charset that the HTTP header declared.")
@click.option(
    "--fetched-at", callback=_moment, help="When it was fetched (ISO 8601); default: now."
)
@click.option("--site", "site_id", help="Read it with this site's profile.")
@sites_dir_option
def extract_command(
    file: Any,
    url: str,
    charset: str | None,
    fetched_at: datetime | None,
    site_id: str | None,
    sites_dirs: tuple[Path, ...],
) -> None:
    """Print the article that an HTML FILE holds, as JSON; `-` reads standard input.

    A page that holds no article gives "is_article": false and the reason.

    \b
    curl -s https://example.kz/a | newsbot extract - --url https://example.kz/a
    """
    site = site_by_id(site_id, load_sites(*sites_dirs)) if site_id else None
    article = extract(file.read(), url, charset=charset, fetched_at=fetched_at or now(), site=site)
    print_json(article.to_dict())
