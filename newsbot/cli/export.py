"""export: writes articles or captures for other programs."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePath
from typing import BinaryIO

import click
from tqdm import tqdm

from archive.export.formats import FORMATS, format_of, packed
from archive.export.rows import ASKED, TEXTS, rows
from archive.export.splits import divided, splits
from archive.export.subset import write_subset
from archive.export.wacz import write_wacz
from archive.export.warc import Summary, write_warc
from archive.query import Selection, ids
from newsbot import SOFTWARE
from newsbot.cli.common import STDOUT, OutputFile, data_option, opened, output
from newsbot.cli.export_folder import Asked, done_with_folder, folder_options, tell_unreadable
from newsbot.cli.selecting import check_selection, selection_options
from newsbot.names import check_names

_CAPTURES: dict[str, Callable[..., Summary]] = {"warc": write_warc, "wacz": write_wacz}
"""Formats that hold the captures themselves."""
_SUBSET = "sqlite"
"""The format that is an archive."""
_ENDS = {"warc": (".warc", ".warc.gz"), "wacz": (".wacz",)}
"""How their files are named."""


def _text_columns(_: click.Context, __: click.Parameter, typed: tuple[str, ...]) -> tuple[str, ...]:
    """A callback: names of text columns, several in one word with commas; others are wrong usage."""
    names = [name for one in typed for name in one.replace(",", " ").split()]
    check_names("text column", names, ASKED, f"there are {', '.join(ASKED)}")
    return tuple(dict.fromkeys(names))


@click.command()
@data_option
@click.option(
    "--format",
    "formats",
    type=click.Choice([*FORMATS, _SUBSET, *_CAPTURES]),
    multiple=True,
    help="jsonl: JSON Lines, one article a line. csv: a table for spreadsheets. parquet: columns with types, for "
    "pandas, Polars, DuckDB. sqlite: a folder that is an archive of these articles, without their captures. warc: the captures, as .warc.gz. "
    "wacz: captures, index and pages in one file that replays in a browser. Default: what the name of the "
    "file says, else jsonl. Of a data-set folder several may be given.",
)
@selection_options
@click.option(
    "--with",
    "texts",
    multiple=True,
    callback=_text_columns,
    metavar="COLUMN",
    help=f"Fill columns with other forms of the text: {', '.join(TEXTS)}; or with people's notes on articles: notes. Several with commas.",
)
@folder_options
@click.option(
    "--current",
    is_flag=True,
    help="Of captures, only those that the present wordings come from (warc, wacz).",
)
@click.option(
    "-o",
    "--output",
    "file",
    type=OutputFile(folders=True),
    default="-",
    help="Write to this file instead of standard output: set.jsonl, set.jsonl.gz, set.jsonl.zst, set.csv, set.parquet, …",
)
def export(
    data: Path,
    formats: tuple[str, ...],
    chosen: Selection,
    texts: tuple[str, ...],
    asked: Asked,
    current: bool,
    file: Path,
) -> None:
    """Write articles for other programs; the same selection gives the same bytes.

    \b
    newsbot export --after 2022 --before 2023 -o set.jsonl.gz
    newsbot export су тасқыны --region jambyl --one-per-story -o flood.csv
    newsbot export --language kk --with text_latin,sentences -o latin.jsonl
    newsbot export --site aqjolgazet -o aqjolgazet.wacz
    newsbot export --region jambyl --one-per-story --split time:2022,2023 --folder jambyl
    newsbot export --check jambyl
    """
    if done_with_folder(data, asked, chosen, formats, texts, alone=not current and file == STDOUT):
        return
    if len(formats) > 1:
        raise click.UsageError("several formats are for a data-set folder: name it with --folder")
    kind = formats[0] if formats else _kind_of(file.name)
    if current and kind not in _CAPTURES:
        raise click.UsageError("--current chooses among captures: it needs --format warc or wacz")
    if (texts or asked.split) and kind not in FORMATS:
        raise click.UsageError("--with and --split fill columns that this format does not have")
    if kind == _SUBSET and file == STDOUT:
        raise click.UsageError("this format is a folder: name it with -o")
    if (kind not in FORMATS or FORMATS[kind].binary) and file == STDOUT and sys.stdout.isatty():
        raise click.UsageError("this format is not for a terminal: name a file with -o")
    connection = opened(data)
    connection.execute("BEGIN")  # what a crawl writes meanwhile is not seen by halves
    check_selection(connection, chosen, texts)
    if kind in _CAPTURES:
        _export_captures(_CAPTURES[kind], connection, data, chosen, output(file), current)
        return
    numbers = ids(connection, chosen)
    if kind == _SUBSET:
        click.echo(f"{write_subset(connection, numbers, file, chosen)} articles", err=True)
        return
    places = splits(connection, asked.split, chosen.seed) if asked.split else {}
    with (
        output(file) as out,
        tqdm(
            divided(rows(connection, numbers, chosen, texts), places), total=len(numbers), unit=" articles",
            disable=not sys.stderr.isatty(), dynamic_ncols=True,
        ) as records,
        packed(out, file.name) as to,
    ):  # fmt: skip
        number = FORMATS[kind].write(records, to)
    states = f"{number} states of " if chosen.revisions else ""
    click.echo(f"{states}{len(numbers)} articles", err=True)


def _kind_of(name: str) -> str:
    """The format that a file's name asks for."""
    for kind, ends in _ENDS.items():
        if name.lower().endswith(ends):
            return kind
    found = format_of(name)
    if found is None and PurePath(name).suffix:
        raise click.UsageError(
            f"{name} does not say a format: end it in .jsonl, .csv, .parquet, .warc.gz or .wacz, or give --format"
        )
    return found or "jsonl"


def _export_captures(
    write: Callable[..., Summary],
    connection: sqlite3.Connection,
    data: Path,
    selection: Selection,
    output: AbstractContextManager[BinaryIO],
    current: bool,
) -> None:
    with (
        output as out,
        tqdm(unit=" articles", disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar,
    ):
        summary = write(
            connection,
            data,
            selection,
            out,
            current=current,
            software=SOFTWARE,
            progress=bar.update,
        )
    click.echo(f"{summary.articles} articles, {summary.captures} captures", err=True)
    tell_unreadable(summary.unreadable)
