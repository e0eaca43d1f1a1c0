"""extract: prints the article that one HTML file holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from archive.times import now
from newsbot.cli.common import (
    OutputFile,
    address,
    data_option,
    known_sites,
    print_json,
    sites_dir_option,
    write,
)
from newsbot.extraction import explain, read_page


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is no ISO 8601 moment such as 2026-11-22T08:00+05:00"
        ) from None


@click.command("extract")
@click.argument("file", type=click.File("rb"))
@click.option("--url", required=True, callback=address, help="The address the page came from.")
@click.option("--charset", help="The charset that the HTTP header declared.")
@click.option(
    "--fetched-at", callback=_moment, help="When it was fetched (ISO 8601); default: now."
)
@click.option("--site", "site_id", help="Read it with this site's profile.")
@click.option("--explain", "told", is_flag=True, help="Print how it was read instead.")
@click.option(
    "--explain-html",
    type=OutputFile(),
    metavar="FILE",
    help="Write how it was read to a page for a browser, too.",
)
@data_option
@sites_dir_option
def extract_command(
    file: Any,
    url: str,
    charset: str | None,
    fetched_at: datetime | None,
    site_id: str | None,
    told: bool,
    explain_html: Path | None,
    data: Path,
    sites_dirs: tuple[Path, ...],
) -> None:
    """Print the article that an HTML FILE holds, as JSON; `-` reads standard input.

    A page that holds no article gives "is_article": false and the reason. --explain tells for each
    field what was said, by whom, where and with which weight, and what became of each line.

    \b
    curl -s https://example.kz/a | newsbot extract - --url https://example.kz/a
    """
    site = None
    if site_id:
        site = known_sites(data, sites_dirs, [site_id])[site_id]
    moment = fetched_at or now()
    read = read_page(file.read(), url, charset=charset, fetched_at=moment, site=site)
    if explain_html:
        write(explain_html, explain.as_html(read))
    if told:
        click.echo(explain.as_text(read))
    else:
        print_json(read.article.to_dict())
        if not read.article.is_article:
            click.echo(f"no article: {explain.refusal(read)}; --explain tells more", err=True)
