"""use: export."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from archive.export.jsonl import write_jsonl
from archive.query import Selection, articles
from archive.store import open_database
from newsbot.cli.common import data_option


@click.command()
@data_option
@click.option(
    "--format",
    "_format",
    type=click.Choice(["jsonl"]),
    default="jsonl",
    show_default=True,
    help="jsonl: JSON Lines, one article a line.",
)
@click.option("--site", "sites", multiple=True, help="Only this site; may be given several times.")
@click.option("--after", help="Published on or after this date (2023, 2023-05 or 2023-05-17).")
@click.option("--before", help="Published on or before this date.")
@click.option("--language", help="Only this language: kk, kk-Latn, kk-Arab, ru, …")
@click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="Write to this file instead of standard output.",
)
def export(
    data: Path,
    _format: str,
    sites: tuple[str, ...],
    after: str | None,
    before: str | None,
    language: str | None,
    output: TextIO,
) -> None:
    """Write articles for other programs; the same selection gives the same bytes.

    \b
    newsbot export --format jsonl --after 2022 --before 2023 -o set.jsonl
    """
    selection = Selection(sites, after, before, language)
    number = write_jsonl(articles(open_database(data).conn, selection), output)
    click.echo(f"{number} articles", err=True)
