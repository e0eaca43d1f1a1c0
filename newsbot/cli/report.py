"""report: the history of one newspaper as a page for a browser."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from archive.store import open_database
from archive.times import now
from newsbot.cli.alarms import language_option
from newsbot.cli.common import OutputFile, data_option, write
from newsbot.names import check_archived
from newsbot.watch.report import as_html


@click.command("report")
@click.argument("site")
@click.option(
    "--html",
    required=True,
    type=OutputFile(),
    metavar="FILE",
    help="The page to write; - prints it.",
)
@language_option("--language")
@data_option
def report_command(site: str, html: Path, language: str, data: Path) -> None:
    """Draw the history of a newspaper: one page for a browser, which can be sent and printed.

    Articles of each day, which fields are filled, how crawls ended, what sources gave, and alarms. The page holds
    no script and loads nothing.

    \b
    newsbot report aqjolgazet --html aqjolgazet.html
    newsbot report aqjolgazet --html - --language kk > aqjolgazet.html
    """
    with closing(open_database(data).conn) as c:
        check_archived(c, {"site": [site]})
        write(html, as_html(c, data, site, now(), language))
