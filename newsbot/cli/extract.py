"""extract: prints the article that one HTML file holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from archive.times import now
from newsbot.cli.common import check_profiles, data_option, print_json, sites_dir_option
from newsbot.extraction import extract
from newsbot.profiles import archive_sites


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
@data_option
@sites_dir_option
def extract_command(
    file: Any,
    url: str,
    charset: str | None,
    fetched_at: datetime | None,
    site_id: str | None,
    data: Path,
    sites_dirs: tuple[Path, ...],
) -> None:
    """Print the article that an HTML FILE holds, as JSON; `-` reads standard input.

    A page that holds no article gives "is_article": false and the reason.

    \b
    curl -s https://example.kz/a | newsbot extract - --url https://example.kz/a
    """
    site = None
    if site_id:
        sites = archive_sites(data, *sites_dirs)
        check_profiles([site_id], sites)
        site = sites[site_id]
    article = extract(file.read(), url, charset=charset, fetched_at=fetched_at or now(), site=site)
    print_json(article.to_dict())
