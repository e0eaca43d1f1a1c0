"""restore: makes an archive of a backup."""

from __future__ import annotations

from pathlib import Path

import click

from archive.integrity.restore import restore
from newsbot.cli.backup import progress_bar, report
from newsbot.cli.common import data_option, json_option


@click.command("restore")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@data_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def restore_command(folder: Path, data: Path, as_json: bool, quiet: bool) -> int:
    """Make an archive of the backup in FOLDER, in a new or empty folder.

    Every file is compared with its check sum. What is damaged is named, and copied as it is; the exit
    code is 5 then, and `newsbot verify` says what is lost.

    \b
    newsbot restore /mnt/disk/news --data /srv/news
    """
    with progress_bar(as_json or quiet) as progress:
        summary = restore(folder, data, progress=progress)
    return report(summary, as_json, quiet, data)
