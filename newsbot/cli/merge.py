"""merge: join another archive into this one."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
from archive.merge import Summary, merge
from tqdm import tqdm

from archive.store import DATABASE, Store, open_database
from newsbot.cli.common import data_option, json_option, print_json, print_table
from newsbot.crawl.session import SOFTWARE


@click.command("merge")
@click.argument("other", type=click.Path(file_okay=False, path_type=Path))
@data_option
@click.option("--dry-run", is_flag=True, help="Tell what would come, and change nothing.")
@json_option
def merge_command(other: Path, data: Path, dry_run: bool, as_json: bool) -> int:
    """Join the archive in the folder OTHER into this one.

    Nothing is doubled: what both have is there once, with the history that both have seen. OTHER is
    only read. Merging again changes nothing, and carries on where a crash ended it.

    \b
    newsbot merge /mnt/laptop/data --dry-run
    newsbot merge /mnt/laptop/data
    """
    open_database(other).close()  # says so where there is no archive, before one is made here
    with ExitStack() as stack:
        folder = data
        if dry_run and not (data / DATABASE).is_file():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(Store(folder, SOFTWARE))
        bar = stack.enter_context(
            tqdm(unit="", bar_format="{desc}", disable=as_json or not sys.stderr.isatty())
        )
        summary = merge(store, other, dry_run=dry_run, progress=bar.set_description_str)
    if as_json:
        print_json(summary.to_dict())
    else:
        _print(summary, dry_run)
    return 5 if summary.unreadable else 0


def _print(summary: Summary, dry_run: bool) -> None:
    for line in summary.unreadable:
        click.echo(f"newsbot: left out: {line}", err=True)
    if summary.is_empty:
        click.echo("nothing new")
        return
    rows = [(name, summary.new[name], summary.changed[name]) for name in summary.tables]
    print_table(rows, ("table", "new", "changed"))
    size = f"{summary.bytes / 1e6:.1f} MB of captures"
    click.echo(f"\n{size} would be copied; nothing was changed" if dry_run else f"\n{size} copied")
