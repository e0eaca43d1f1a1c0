"""sites test: shows one page as its site's profile reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.captures import Exchange
from newsbot import urls
from newsbot.cli.common import (
    ENDS_WITH,
    SITE_FAILED,
    WrongUsage,
    crawling_options,
    known_sites,
    print_json,
    print_table,
)
from newsbot.discovery import is_candidate
from newsbot.extraction import explain
from newsbot.extraction.context import Context
from newsbot.replay.survey import COLUMNS, row


@click.command("test")
@click.argument("site_id", metavar="SITE")
@click.option("--url", required=True, help="The page to fetch.")
@click.option("--explain", "told", is_flag=True, help="Print how it was read instead.")
@crawling_options
def test_command(site_id: str, told: bool, as_json: bool, quiet: bool, **how: Any) -> None:
    """Fetch one page, as politely as a crawl, and show what the profile of SITE reads of it.

    Nothing is kept, and what sources say of the page is not known. Exit code 3 means that it could not be had.

    \b
    newsbot sites test aqjolgazet --url https://aqjolgazet.kz/2104/ --explain
    """
    if got := fetch(site_id, **how):
        if as_json:
            print_json(got[0].article.to_dict())
        elif told:
            click.echo(explain.as_text(got[0]))
        elif not quiet:
            print_table([row(got[0])], COLUMNS)


def fetch(
    site_id: str, url: str, data: Path, sites_dirs: tuple[Path, ...], **how: Any
) -> tuple[Context, Exchange, bytes] | None:
    """A page as its site's profile reads it, as served, and unpacked. Nothing is kept.

    None where it could not be had: that is told, and the command ends with 3. Raises `WrongUsage` for an
    address of another site.
    """
    from newsbot.crawl.run import fetch_page

    site = known_sites(data, sites_dirs, [site_id], example=True)[site_id]
    address = urls.canonical(url) or ""
    if urls.netloc(address) not in site.netlocs:
        raise WrongUsage(f"{url} is at no host of {site.id}: {', '.join(sorted(site.netlocs))}")
    if not is_candidate(site, address):
        click.echo(f"{site.id}: the profile's patterns keep crawls from this address", err=True)
    got = fetch_page(site, data, address, **how)
    if not isinstance(got, str):
        return got
    click.echo(urls.masked(f"newsbot: {url}: {got}"), err=True)
    click.get_current_context().meta[ENDS_WITH] = SITE_FAILED
    return None
