"""merge: joins another archive into this one."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from archive.store import DATABASE, Store, check_place
from newsbot.cli.common import (
    data_option,
    jobs_option,
    json_option,
    known_sites,
    print_json,
    print_table,
    sites_dir_option,
)

if TYPE_CHECKING:
    from newsbot.replay.merge import MergeReport


@click.command("merge")
@click.argument("other", type=click.Path(file_okay=False, path_type=Path))
@data_option
@sites_dir_option
@click.option("--dry-run", is_flag=True, help="Tell what would come, and change nothing.")
@jobs_option
@json_option
def merge_command(
    other: Path,
    data: Path,
    sites_dirs: tuple[Path, ...],
    dry_run: bool,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Join the archive in the folder OTHER into this one.

    Its captures are imported as `newsbot import warc` would, with profiles and decisions that are
    lacking here. Nothing is doubled, and OTHER is only read. Merging again changes nothing, and
    carries on where a crash ended it. What was left out is named: exit code 5 means that it is damaged
    or no part of an archive, 3 that its profile is missing.

    \b
    newsbot merge /mnt/laptop/data --dry-run
    newsbot merge /mnt/laptop/data
    """
    from newsbot import SOFTWARE
    from newsbot.replay.merge import check_other, merge, warc_files
    from newsbot.visit.schedule import next_due

    check_other(data, other)  # before an archive is made here
    sites = known_sites(data, sites_dirs, example=True)
    size = sum(path.lstat().st_size for files in warc_files(other, []).values() for path in files)
    with ExitStack() as stack:
        folder = data
        if dry_run and not check_place(data / DATABASE):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(Store(folder, SOFTWARE, next_due))
        bar = stack.enter_context(
            tqdm(
                total=size, unit="B", unit_scale=True, desc="merge", dynamic_ncols=True,
                disable=as_json or not sys.stderr.isatty(),
            )
        )  # fmt: skip
        report = merge(store, other, sites, jobs=jobs, dry_run=dry_run, progress=bar.update)
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report, dry_run)
    return report.exit_code


def _print(report: MergeReport, dry_run: bool) -> None:
    for problem in report.problems:
        click.echo(f"newsbot: left out: {' '.join(problem.split())}", err=True)
    if report.is_empty:
        click.echo("nothing new")
        return
    rows = [
        ("captures", report.records),
        *((name.replace("_", " "), number) for name, number in report.outcomes.items() if number),
        ("profiles", len(report.profiles)),
        ("files of decisions", len(report.decisions)),
    ]
    print_table([row for row in rows if row[1]], ("", "new"))
    if dry_run:
        click.echo(f"\n{report.bytes / 1e6:.1f} MB would be copied; nothing was changed")
