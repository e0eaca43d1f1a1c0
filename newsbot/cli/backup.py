"""backup: copies the archive, while it is written to, into a folder that proves itself whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from tqdm import tqdm

from archive.integrity.backup import CopyReport, Progress, backup
from newsbot import __version__
from newsbot.cli.common import data_option, json_option, print_json


@click.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@data_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def backup_command(folder: Path, data: Path, as_json: bool, quiet: bool) -> int:
    """Copy the archive into FOLDER, while crawls go on.

    The first time everything is copied, later only what is new. FOLDER becomes a BagIt bag, with a
    check sum for each file; `newsbot restore` makes an archive of it again. Exit code 5 means that
    the disk is full, or that something in the archive is damaged: the rest is copied nevertheless.

    \b
    newsbot backup /mnt/disk/news
    """
    with progress_bar(as_json or quiet) as progress:
        summary = backup(data, folder, software=f"newsbot/{__version__}", progress=progress)
    return report(summary, as_json, quiet, folder)


@contextmanager
def progress_bar(is_hidden: bool) -> Iterator[Progress]:
    """A bar of bytes on a terminal, nothing in a pipe."""
    with tqdm(
        unit="B", unit_scale=True, dynamic_ncols=True, disable=is_hidden or not sys.stderr.isatty()
    ) as bar:

        def advance(number: int, total: int) -> None:
            bar.total = total
            bar.update(number)

        yield advance


def report(summary: CopyReport, as_json: bool, quiet: bool, folder: Path) -> int:
    """Print what was done and return the exit code."""
    for line in summary.damage:
        click.echo(f"newsbot: {line}", err=True)
    if as_json:
        print_json(summary.to_dict())
    elif not quiet:
        removed = f", {summary.removed} removed" if summary.removed else ""
        click.echo(
            f"{folder}: {summary.files} files, {summary.bytes / 1e6:,.1f} MB; "
            f"{summary.copied / 1e6:,.1f} MB copied{removed}"
        )
    return 5 if summary.damage else 0
