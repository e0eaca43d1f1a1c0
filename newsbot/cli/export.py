"""export: writes articles or captures for other programs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click
from tqdm import tqdm

from archive.captures.files import open_in_place
from archive.errors import ArchiveError
from archive.export.jsonl import write_jsonl
from archive.export.wacz import write_wacz
from archive.export.warc import Summary, write_warc
from archive.query import Selection, articles
from archive.store import open_database
from newsbot import SOFTWARE
from newsbot.cli.common import STDOUT, OutputFile, data_option
from newsbot.cli.selecting import check_archived, selection_options

_CAPTURES: dict[str, Callable[..., Summary]] = {"warc": write_warc, "wacz": write_wacz}
"""Formats that hold the captures themselves."""


class _NewFile(click.File):
    """A file to write, whole or not at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The open file; a folder, or a file of the archive, is wrong usage."""
        if isinstance(value, (str, Path)):
            path = OutputFile().convert(value, param, ctx)
            try:
                if path != STDOUT and (file := open_in_place(path)):
                    return file
            except OSError as error:
                self.fail(f"{path}: cannot be written: {error.strerror}", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@data_option
@click.option(
    "--format",
    "_format",
    type=click.Choice(["jsonl", *_CAPTURES]),
    default="jsonl",
    show_default=True,
    help="jsonl: JSON Lines, one article a line. warc: the captures, as .warc.gz. wacz: captures, "
    "index and pages in one file that replays in a browser.",
)
@selection_options
@click.option(
    "--current",
    is_flag=True,
    help="Of captures, only those that the present wordings come from (warc, wacz).",
)
@click.option(
    "-o",
    "--output",
    type=_NewFile("wb", atomic=True),
    default="-",
    help="Write to this file instead of standard output.",
)
def export(
    data: Path,
    _format: str,
    chosen: Selection,
    current: bool,
    output: BinaryIO,
) -> None:
    """Write articles for other programs; the same selection gives the same bytes.

    \b
    newsbot export --format jsonl --after 2022 --before 2023 -o set.jsonl
    newsbot export --format wacz --site aqjolgazet -o aqjolgazet.wacz
    """
    connection = open_database(data).conn
    check_archived(connection, chosen.query.filters)
    if _format in _CAPTURES:
        _export_captures(_CAPTURES[_format], connection, data, chosen, output, current)
        return
    if current:
        raise click.UsageError("--current chooses among captures: it needs --format warc or wacz")
    text = io.TextIOWrapper(output, encoding="utf-8", newline="\n", write_through=True)
    number = write_jsonl(articles(connection, chosen), text)
    text.flush()
    text.detach()
    click.echo(f"{number} articles", err=True)


def _export_captures(
    write: Callable[..., Summary],
    connection: object,
    data: Path,
    selection: Selection,
    output: BinaryIO,
    current: bool,
) -> None:
    if output.isatty():
        raise click.UsageError("this format is not for a terminal: name a file with -o")
    with tqdm(unit=" articles", disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:
        summary = write(
            connection,
            data,
            selection,
            output,
            current=current,
            software=SOFTWARE,
            progress=bar.update,
        )
    click.echo(f"{summary.articles} articles, {summary.captures} captures", err=True)
    if summary.unreadable:
        for line in summary.unreadable:
            click.echo(line, err=True)
        raise ArchiveError(
            f"{len(summary.unreadable)} captures cannot be read and are missing from the export: "
            "`newsbot verify` says what is damaged"
        )
