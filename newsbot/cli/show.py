"""show: prints one article, its revisions, or the page it came from."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from archive import query, stories
from archive.captures import read_capture
from archive.errors import ArchiveUsageError
from archive.store import open_database
from newsbot import urls
from newsbot.cli.common import data_option, json_option, print_json
from newsbot.cli.terminal import styled


@click.command()
@click.argument("article", metavar="ID|URL")
@data_option
@click.option(
    "--revisions",
    "all_revisions",
    is_flag=True,
    help="Every state that the newspaper printed, and what changed.",
)
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
        for before, version in zip([None, *versions], versions, strict=False):
            _print_revision(version, before)
    elif as_json:
        print_json(record)
    else:
        _print_article(record)
        _print_related(connection, record)


def _print_revision(version: dict[str, Any], before: dict[str, Any] | None) -> None:
    """A state that the newspaper printed, and in which fields it differs from the one before."""
    changed = f": changed {', '.join(version['changed'])}" if version["changed"] else ""
    click.echo(f"— revision {version['number']}, seen {version['seen_at']}{changed}")
    for name in version["changed"]:
        if before and name not in ("title", "text"):
            click.echo(f"  {name}: {_shown(before[name])} → {_shown(version[name])}")
    if version["kept"]:
        click.echo(f"  no longer printed, kept from before: {', '.join(version['kept'])}")
    click.echo(f"{version['title'] or '(no title)'}\n\n{version['text']}\n")


def _shown(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "–"


def _print_article(record: dict[str, Any]) -> None:
    click.echo(styled(record["title"] or "(no title)", "bold"))
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


def _print_related(connection: sqlite3.Connection, record: dict[str, Any]) -> None:
    """Name the story of the article, and its editions in other scripts and languages."""
    others = len(stories.members(connection, record["story"])) - 1 if record["story"] else 0
    if others > 0:
        click.echo(
            f"{others} more tell the same story: `newsbot stories {record['id']}` lists them",
            err=True,
        )
    for edition in stories.editions_of(connection, record["id"]):
        click.echo(f"edition {edition['language']}: #{edition['id']} {edition['title']}", err=True)
