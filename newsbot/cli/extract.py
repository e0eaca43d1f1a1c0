"""extract: print the article that one HTML file holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from archive.times import now
from newsbot.cli.common import print_json, site_by_id, sites_dir_option
from newsbot.extraction import extract
from newsbot.profiles import load_sites


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
