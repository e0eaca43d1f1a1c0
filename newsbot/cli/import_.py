"""import_: the group of commands that take in captures made by others, one file each."""

from __future__ import annotations

import click

from newsbot.cli.import_cdx import cdx
from newsbot.cli.import_warc import warc


@click.group("import")
def import_() -> None:
    """Fill the archive from other people's captures."""


import_.add_command(cdx)
import_.add_command(warc)
import_.add_command(warc, "wacz")
