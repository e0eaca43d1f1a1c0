"""cli: the `newsbot` command. One file a command, named as the command; this one puts them together.

Exit codes: 0 all well · 1 a bug · 2 wrong usage or configuration · 3 a site failed ·
4 another run holds the lock · 5 the archive is damaged or the disk is full.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import traceback
from pathlib import Path

import click

from archive.errors import ArchiveError
from archive.store import DATABASE, damaged, is_damage
from newsbot import __version__
from newsbot.cli import (
    backup,
    crawl,
    demo,
    export,
    extract,
    import_,
    merge,
    reextract,
    restore,
    search,
    show,
    sites,
    status,
    stems,
    stories,
    verify,
)
from newsbot.profiles import ProfileError

_SECTIONS = (
    ("Gather", ("crawl", "sites", "extract", "import", "reextract")),
    ("Read", ("search", "show", "stories", "stems")),
    ("Use", ("export",)),
    ("Keep", ("status", "verify", "backup", "restore", "merge")),
    ("Demo", ("demo",)),
)


class _Sections(click.Group):
    """A group whose help lists its commands by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section a group."""
        for title, names in _SECTIONS:
            with formatter.section(title):
                formatter.write_dl(
                    [(name, self.commands[name].get_short_help_str(80)) for name in names]
                )


@click.group(cls=_Sections, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsbot")
def newsbot() -> None:
    """Crawl Kazakh regional newspapers and keep every article, searchable, in one folder.

    The folder is ./data unless --data or NEWSBOT_DATA names another; it holds news.db (SQLite),
    warc/ (the pages as served) and logs/. Start with `newsbot demo`.
    """


for command in (
    crawl.crawl,
    sites.sites,
    extract.extract_command,
    import_.import_,
    reextract.reextract_command,
    search.search_command,
    show.show,
    stories.stories_command,
    stems.stems,
    export.export,
    status.status,
    verify.verify_command,
    backup.backup_command,
    restore.restore_command,
    merge.merge_command,
    demo.demo,
):
    newsbot.add_command(command)


def main() -> None:
    """Run the command; every error a user can cause ends in one line and its exit code."""
    verbose = any(arg in ("-v", "--verbose") for arg in sys.argv[1:])
    try:
        code = newsbot(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("newsbot: interrupted", err=True)
        code = 130
    except ProfileError as error:
        click.echo(f"newsbot: {error}", err=True)
        code = 2
    except ArchiveError as error:
        click.echo(f"newsbot: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if verbose:
            traceback.print_exc()
        if isinstance(error, sqlite3.Error) and is_damage(error):  # met in the middle of reading
            explained = damaged(error, Path(DATABASE))
            click.echo(f"newsbot: {explained}", err=True)
            code = explained.exit_code
        else:
            hint = "" if verbose else " Run again with -v for the details, and please report it."
            click.echo(f"newsbot: a bug: {type(error).__name__}: {error}.{hint}", err=True)
            code = 1
    sys.exit(code if isinstance(code, int) else 0)
