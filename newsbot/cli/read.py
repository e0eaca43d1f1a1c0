"""read: search, show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from archive import query
from archive.captures import read_capture
from archive.errors import ArchiveUsageError
from archive.search import search
from archive.store import open_database
from newsbot import urls
from newsbot.cli.common import data_option, json_option, print_json


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@data_option
@click.option("--site", help="Only this site.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip this many results.")
@json_option
def search_command(
    words: tuple[str, ...], data: Path, site: str | None, limit: int, offset: int, as_json: bool
) -> None:
    """Find articles by their words, best first.

    All words must occur; "words in quotes" form a phrase; мект* finds every beginning; -футбол
    excludes (put `--` before a query that begins with it).

    \b
    newsbot search су тасқыны
    newsbot search '"қызыл кітап" -футбол'
    """
    colour = sys.stdout.isatty()
    marks = ("\x1b[1m", "\x1b[0m") if colour else ("[", "]")
    hits = search(
        open_database(data).conn,
        " ".join(words),
        site=site,
        limit=limit,
        offset=offset,
        marks=("[", "]") if as_json else marks,
    )
    if as_json:
        print_json({"total": hits.total, "results": hits.rows})
        return
    for row in hits.rows:
        day = (row["published"] or "no date")[:10]
        gone = " · gone" if row["gone_since"] else ""
        click.echo(f"{row['id']:>6}  {day}  {row['site']}{gone}  {row['title'] or '(no title)'}")
        click.echo(f"        {' '.join(row['snippet'].split())}")
    if not hits.total:
        click.echo("nothing found", err=True)
    else:
        shown = offset + len(hits.rows)
        click.echo(
            f"{offset + 1}–{shown} of {hits.total}; `newsbot show ID` prints one whole", err=True
        )


@click.command()
@click.argument("article", metavar="ID|URL")
@data_option
@click.option("--revisions", "all_revisions", is_flag=True, help="Every version that was seen.")
@click.option("--raw", is_flag=True, help="The page's bytes as served.")
@json_option
def show(article: str, data: Path, all_revisions: bool, raw: bool, as_json: bool) -> None:
    """Print one article, its versions, or the page it came from."""
    connection = open_database(data).conn
    key = urls.canonical(article) or article
    record = query.article(connection, key)
    if raw:
        place = record["capture"]
        if not place:
            raise ArchiveUsageError(f"article {record['id']} has no capture")
        exchange = read_capture(data, place["warc"], place["offset"])
        sys.stdout.buffer.write(exchange.body)
    elif all_revisions:
        versions = query.revisions(connection, record["id"])
        if as_json:
            print_json(versions)
            return
        for version in versions:
            click.echo(f"— revision {version['number']}, seen {version['seen_at']}")
            click.echo(f"{version['title'] or '(no title)'}\n\n{version['text']}\n")
    elif as_json:
        print_json(record)
    else:
        _print_article(record)


def _print_article(record: dict[str, Any]) -> None:
    click.echo(click.style(record["title"] or "(no title)", bold=True))
    facts = [
        record["published"] or "no date",
        ", ".join(record["authors"]),
        record["section"],
        ", ".join(record["tags"]),
        f"{record['views']} views" if record["views"] is not None else None,
        f"{record['comments']} comments" if record["comments"] is not None else None,
    ]
    click.echo(" · ".join(fact for fact in facts if fact))
    click.echo(unquote(record["url"]))
    if record["gone_since"]:
        click.echo(f"gone from the site since {record['gone_since']}")
    click.echo()
    click.echo(record["text"])
    for caption in record["captions"]:
        click.echo(f"\n[{caption}]")
    versions = f"revision {record['revision']} of {record['revisions']}"
    capture = record["capture"]
    place = f"; page in {capture['warc']} at byte {capture['offset']}" if capture else ""
    click.echo(f"\n{record['site']} #{record['id']}, {versions}{place}", err=True)
