"""show: prints one article, its revisions and what differs between them, or the page it came from."""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from archive import query, stories
from archive.article import READ
from archive.captures import read_stored
from archive.errors import ArchiveUsageError
from archive.export.rows import rows
from archive.notes import notes
from archive.wording import changes
from newsbot import urls
from newsbot.cli.common import (
    WrongUsage,
    data_option,
    json_option,
    opened,
    print_json,
    tell_no_notes,
)
from newsbot.cli.terminal import in_colour, styled

_SPAN = re.compile(r"(\d{1,9})?\.\.(\d{1,9})?", re.ASCII)
_MARKS = {"delete": ("[-", "-]"), "insert": ("{+", "+}")}
_COLOURS = {"delete": "red", "insert": "green"}


class _Span(click.ParamType[tuple[int | None, int | None]]):
    """`N..M`: two revisions; a number left out is the first, or the newest."""

    name = "n..m"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, int | None]:
        """Both numbers, None for one left out; anything else is wrong usage."""
        if isinstance(value, tuple):
            return value
        found = _SPAN.fullmatch(str(value))
        if found is None:
            self.fail(
                f"{value!r} names no two revisions: expected one such as 1..3 or 2..", param, ctx
            )
        first, last = found.groups()
        return (int(first) if first else None, int(last) if last else None)


@click.command()
@click.argument("article", metavar="ID|URL")
@data_option
@click.option(
    "--revisions",
    "all_revisions",
    is_flag=True,
    help="Every state that the newspaper printed, and what changed.",
)
@click.option("--revision", metavar="N", type=int, help="The state of this number, not the newest.")
@click.option(
    "--diff",
    "span",
    metavar="[N..M]",
    type=_Span(),
    is_flag=False,
    flag_value=(None, None),
    help="Word by word, what changed from one revision to another: from the first to the newest, "
    "unless numbers are given.",
)
@click.option("--raw", is_flag=True, help="The page's bytes as served.")
@json_option
def show(
    article: str,
    data: Path,
    all_revisions: bool,
    revision: int | None,
    span: tuple[int | None, int | None] | None,
    raw: bool,
    as_json: bool,
) -> None:
    """Print one article, its versions, or the page it came from.

    \b
    newsbot show 17 --diff                what the newspaper has changed since
    newsbot show 17 --raw --revision 1    the page as it was served first
    """
    if raw and as_json:
        raise click.UsageError("--raw is the page itself, of which there is no JSON")
    if sum((all_revisions, span is not None, revision is not None or raw)) > 1:
        raise click.UsageError("--revisions, --diff and --revision or --raw exclude one another")
    connection = opened(data)
    record = query.article(connection, urls.canonical(article) or article)
    versions = query.revisions(connection, record["id"])
    if raw:
        place = record["capture"] if revision is None else _numbered(versions, revision)
        if not place or not place["record_id"]:
            raise ArchiveUsageError(f"article {record['id']} has no capture")
        sys.stdout.buffer.write(read_stored(connection, data, place["record_id"]).body)
    elif span is not None:
        _show_changes(
            record,
            _numbered(versions, 1 if span[0] is None else span[0]),
            _numbered(versions, span[1]),
            as_json,
        )
    elif all_revisions or revision is not None:
        chosen = versions if revision is None else [_numbered(versions, revision)]
        if as_json:
            print_json(chosen if all_revisions else chosen[0])
            return
        for version in chosen:
            _print_revision(version, versions)
    else:
        tell_no_notes(connection)
        if as_json:
            print_json(next(rows(connection, [record["id"]], texts=("notes",))))
            return
        _print_article(record)
        for note in notes(connection, record["id"]):
            on = f"on revision {note['revision']}" if note["revision"] else ""
            said = " ".join(filter(None, (note["at"], note["by"], on)))
            click.echo(f"\nnote{said and f' ({said})'}: {note['note']}")
        _print_related(connection, record)


def _numbered(versions: list[dict[str, Any]], number: int | None) -> dict[str, Any]:
    """The revision of a number; the newest without one."""
    if number is None:
        return versions[-1]
    for version in versions:
        if version["number"] == number:
            return version
    known = "is 1" if len(versions) == 1 else f"are 1 to {len(versions)}"
    raise WrongUsage(f"no revision {number} of this article: there {known}")


def _show_changes(
    record: dict[str, Any], before: dict[str, Any], after: dict[str, Any], as_json: bool
) -> None:
    """Two states of an article word by word, with marks in a pipe and colours at a terminal."""
    found = changes({name: before[name] for name in READ}, after)
    if as_json:
        numbers = {"id": record["id"], "from": before["number"], "to": after["number"]}
        print_json({**numbers, "changes": found})
        return
    for state in (before, after):
        click.echo(f"revision {state['number']}, seen {state['seen_at']}", err=True)
    if not found:
        click.echo("nothing differs between them", err=True)
    for name, change in found.items():
        click.echo(styled(f"{name}:", "bold"))
        click.echo("".join(_marked(*piece) for piece in change["words"]) + "\n")


def _marked(op: str, words: str) -> str:
    """Words as they are printed, each line that differs marked by itself, long equal stretches cut."""
    if op == "equal":
        paragraphs = words.split("\n\n")
        return "\n\n…\n\n".join((paragraphs[0], paragraphs[-1])) if len(paragraphs) > 3 else words
    opened, closed = _MARKS[op]
    lines = [
        (styled(line, _COLOURS[op]) if in_colour() else f"{opened}{line}{closed}") if line else ""
        for line in words.split("\n")
    ]
    return "\n".join(lines)


def _print_revision(version: dict[str, Any], versions: list[dict[str, Any]]) -> None:
    """A state that the newspaper printed, and in which fields it differs from the one before."""
    before = next((v for v in versions if v["number"] == version["number"] - 1), None)
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
