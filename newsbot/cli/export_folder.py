"""export_folder: `newsbot export --folder`, `--check` and `--against`: data-set folders made, checked and compared."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from tqdm import tqdm

from archive.captures.files import sha256_of
from archive.errors import ArchiveError, ArchiveUsageError
from archive.export.belongings import MANIFEST
from archive.export.check import check_folder
from archive.export.folder import Wanted, write_folder
from archive.export.shared import Shared, shared_stories
from archive.export.splits import HOW, checked
from archive.query import Selection
from newsbot import SOFTWARE
from newsbot.cli.common import FOLDER, SITE_FAILED, Text, WrongUsage, opened
from newsbot.cli.selecting import check_selection

F = TypeVar("F", bound=Callable[..., Any])


class Asked(NamedTuple):
    """The options of a data-set folder."""

    folder: Path | None
    split: str | None
    made_by: tuple[str, ...]
    contact: str | None
    check: Path | None
    against: Path | None
    as_json: bool


class _NewFolder(click.Path):
    """A folder to be written; in the archive's own, whatever links lead there, it is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; the command has a `data_option`."""
        path: Any = super().convert(value, param, ctx)
        real = Path(os.path.realpath(value))
        if ctx and real.is_relative_to(os.path.realpath(ctx.meta[FOLDER])):
            raise WrongUsage(f"{path} lies in the archive's folder: name another place")
        return path


def _how(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        return checked(value) if value else None
    except ArchiveUsageError as error:
        raise WrongUsage(str(error)) from None


def folder_options(command: F) -> F:
    """The options of a data-set folder, handed on together as `asked`."""

    @wraps(command)
    def asking(*args: Any, **options: Any) -> Any:
        asked = Asked(**{name: options.pop(name) for name in Asked._fields})
        return command(*args, asked=asked, **options)

    place = click.Path(path_type=Path)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what a check finds as JSON."),
        click.option("--against", type=place, metavar="OTHER", help="With --check: which stories are in that set, too: a data-set folder, an archive, or a file with a column `text`."),
        click.option("--check", type=place, metavar="FOLDER", help="Check a data-set folder, and write nothing."),
        click.option("--contact", type=Text(), envvar="NEWSBOT_CONTACT", show_envvar=True, help="Whom to ask about the data set: an e-mail address or web page."),
        click.option("--made-by", type=Text(), multiple=True, metavar="NAME", help="Who made the data set, to be cited; may be given several times."),
        click.option("--split", type=Text(), callback=_how, metavar="HOW", help=f"Training, validation and test, never a story in two: {HOW}."),
        click.option("--folder", type=_NewFolder(file_okay=False, path_type=Path), metavar="FOLDER", help="Write a data-set folder, as the Hugging Face Hub reads it: files of rows, datasheet, manifest, citation."),
    ):  # fmt: skip
        asking = option(asking)
    return asking  # type: ignore[return-value]


def done_with_folder(
    data: Path, asked: Asked, chosen: Selection, formats: Sequence[str], texts: Sequence[str], *, alone: bool
) -> bool:  # fmt: skip
    """Make or check a data-set folder, where that is asked for; `alone` says that nothing else is."""
    if asked.against and not asked.check:
        raise click.UsageError("--against compares with the folder of --check")
    if not alone and (asked.check or asked.folder):
        raise click.UsageError("a data-set folder is neither written to a file nor of --current")
    if asked.check:
        if asked.folder:
            raise click.UsageError("--check writes nothing: leave --folder out")
        _check(asked.check, asked.against, as_json=asked.as_json)
    elif asked.folder:
        default = ("parquet" if find_spec("pyarrow") else "jsonl",)
        named = tuple(dict.fromkeys(formats)) or default
        wanted = Wanted(
            chosen, named, tuple(texts), asked.split, asked.made_by, asked.contact, SOFTWARE
        )
        _make(data, asked.folder, wanted)
    elif asked.made_by:
        raise click.UsageError("--made-by is of a data-set folder: name it with --folder")
    return bool(asked.check or asked.folder)


def _make(data: Path, folder: Path, wanted: Wanted) -> None:
    """Write a data-set folder, and say what came of it."""
    connection = opened(data)
    check_selection(connection, wanted.chosen, wanted.texts)
    with tqdm(unit=" rows", disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:
        made = write_folder(
            connection, data, folder, wanted, progress=bar.update, say=lambda line: click.echo(line, err=True)
        )  # fmt: skip
    click.echo(f"{made.rows} rows in {folder}, {made.files} files", err=True)
    click.echo(f"{MANIFEST} has the SHA-256 {sha256_of(folder / MANIFEST)}", err=True)
    tell_unreadable(made.unreadable)


def tell_unreadable(captures: Sequence[str]) -> None:
    """Say which captures are missing from an export, a sentence each, and fail where there are some."""
    for line in captures:
        click.echo(line, err=True)
    if captures:
        raise ArchiveError(
            f"{len(captures)} captures cannot be read and are missing from the export: "
            "`newsbot verify` says what is damaged"
        )


def _check(folder: Path, against: Path | None, *, as_json: bool) -> None:
    """Check a data-set folder; with `against` look for stories that another set has, too."""
    with tqdm(unit=" rows", disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:
        found = check_folder(folder, bar.update)
    shared = shared_stories(folder, against) if against and not found.problems else []
    if as_json:
        told: dict[str, Any] = asdict(found)
        if against:
            told["shared_stories"] = [asdict(story) for story in shared]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in found.problems or _told(shared):
            click.echo(line)
    if found.problems:
        raise ArchiveError(f"{folder}: {len(found.problems)} of it is not as {MANIFEST} says")
    click.echo(
        f"{folder}: {found.rows} rows in {found.files + 1} files, all as {MANIFEST} says", err=True
    )
    if against:
        click.echo(f"{len(shared)} stories are in {against}, too", err=True)
    if shared:
        raise click.exceptions.Exit(SITE_FAILED)


def _told(shared: list[Shared]) -> list[str]:
    """Both addresses of each story, and of its further articles, in two columns."""
    return [
        f"{ours}\t{theirs}"
        for story in shared
        for ours, theirs in zip_longest(story.ours, story.theirs, fillvalue="")
    ]
