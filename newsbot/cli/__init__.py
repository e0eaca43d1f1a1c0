"""cli: the `newsbot` command. One file a command, named as the command; this one puts them together.

Exit codes: 0 all well · 1 a bug · 2 wrong usage or configuration · 3 a site failed ·
4 another run holds the lock · 5 the archive is damaged or the disk is full · 130 interrupted ·
143 terminated. An interrupted or terminated crawl is all well (`newsbot.__main__`).
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import select
import sqlite3
import sys
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from archive.errors import ArchiveError
from archive.store import DATABASE, damaged, open_database
from archive.store.opening import FULL, UNFIT, explained, is_failure
from newsbot import __version__, urls
from newsbot.cli import (
    alarms,
    backup,
    crawl,
    demo,
    export,
    extract,
    import_,
    merge,
    note,
    reextract,
    report,
    restore,
    schedule,
    search,
    serve,
    show,
    sites,
    stats,
    status,
    stems,
    stories,
    terminal,
    verify,
    withhold,
)
from newsbot.cli.common import ENDS_WITH, FOLDER, Text
from newsbot.profiles import ProfileError

COMMANDS: dict[str, tuple[click.Command, ...]] = {
    "Gather": (
        crawl.crawl,
        sites.sites,
        extract.extract_command,
        import_.import_,
        reextract.reextract_command,
        schedule.schedule,
    ),
    "Read": (search.search_command, show.show, stories.stories_command, stems.stems, serve.serve),
    "Use": (export.export, stats.stats_command),
    "Keep": (
        status.status,
        alarms.alarms,
        report.report_command,
        verify.verify_command,
        backup.backup_command,
        restore.restore_command,
        merge.merge_command,
        withhold.withhold,
        note.note,
    ),
    "Demo": (demo.demo,),
}
"""All commands, by what they are for, as the help lists them."""


_PATIENCE = 5.0
"""Seconds in which an archive is looked at before its command is said to have a bug."""


class _BrokenPipe(Exception):
    """A BrokenPipeError, which click would turn into code 1 without a word."""


class _Sections(click.Group):
    """A group whose help lists its commands by what they are for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an empty value: `--data "$UNSET"` would mean the folder that one happens to be in."""
        if any(not arg.strip() or re.fullmatch("--[a-z-]+=\\s*", arg) for arg in args):
            raise click.UsageError("a value is empty: is a variable not set?", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and let `main` know of a broken pipe."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise _BrokenPipe from error
        except (click.ClickException, click.Abort, ProfileError, ArchiveError, OSError):
            raise
        except Exception as error:
            if FOLDER in ctx.meta:
                _check_archive(ctx.meta[FOLDER], error)
            raise
        ends_with = ctx.meta.get(ENDS_WITH, 0)
        return max(result, ends_with) if isinstance(result, int) else ends_with

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section a group."""
        for title, commands in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(command.name or "", command.get_short_help_str(80)) for command in commands]
                )


@click.group(cls=_Sections, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsbot")
def newsbot() -> None:
    """Crawl Kazakh regional newspapers and keep every article, searchable, in one folder.

    The folder is ./data unless --data or NEWSBOT_DATA names another; it holds news.db (SQLite),
    warc/ (the pages as served), sites/ (your own profiles) and logs/. Start with `newsbot demo`.
    """


def _prepare(command: click.Command) -> None:
    """What holds for all texts that are typed, of a command or of those of a group."""
    for parameter in command.params:
        if parameter.type is click.STRING:
            parameter.type = Text()
    for child in getattr(command, "commands", {}).values():
        _prepare(child)


for commands in COMMANDS.values():
    for command in commands:
        _prepare(command)
        newsbot.add_command(command)


def main() -> int:
    """Run the command and return its exit code; what a user can cause ends in one line.

    Raises KeyboardInterrupt where the command was interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal's encoding may lack Kazakh letters
            # click would open an ASCII stream once more, past our own.
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(errors="replace", encoding="utf-8" if is_ascii else None)
    terminal.guard()
    try:
        code = newsbot(standalone_mode=False)
    except NoArgsIsHelpError as error:
        _warn(error.format_message())
        return 2
    except click.ClickException as error:
        _say(_one_line(error))
        return 2
    except click.Abort as error:
        raise (error.__cause__ or KeyboardInterrupt) from None
    except (ProfileError, ArchiveError) as error:
        _say(str(error))
        return error.exit_code
    except SystemExit:  # click's end of a help text that nobody reads
        if _reader_has_closed():
            return 0
        raise
    except _BrokenPipe as error:
        return 0 if _reader_has_closed() else _unexpected(error.__cause__ or error)
    except Exception as error:
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _check_archive(folder: Path, error: Exception) -> None:
    """Raise `ArchiveError` where the archive is damaged: no bug, then, but what it ended in."""
    from archive.integrity.database import first_damage

    if isinstance(error, sqlite3.Error) and is_failure(error):
        raise explained(error, folder / DATABASE) from error
    if not (folder / DATABASE).exists():
        return
    with closing(open_database(folder, everything=True).conn) as c:
        found = first_damage(c, _PATIENCE)
    if found:
        raise damaged(ValueError(f"{found.where}: {found.what}"), folder / DATABASE) from error


def _say(message: str) -> None:
    _warn(f"newsbot: {urls.masked(' '.join(message.split()))}")


def _warn(text: str) -> None:
    try:
        click.echo(text, err=True)
    except BrokenPipeError:
        _discard(2)


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx:
        return f"{message} (see `{error.ctx.command_path} --help`)"
    return message


def _reader_has_closed() -> bool:
    """Whether nobody reads our output any more (`| head`); if so, later writing is in vain, too.

    A broken pipe may also be one to a process that reads pages, and that would be a bug.
    """
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)
    closed = [descriptor for descriptor, _ in poll.poll(0)]
    for descriptor in closed:
        _discard(descriptor)
    return bool(closed)


def _discard(descriptor: int) -> None:
    """Let what is still to be written go nowhere: Python flushes at exit, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _unexpected(error: BaseException) -> int:
    """Say that the disk is full, what is damaged, or that this is a bug; returns the exit code."""
    verbose = any(arg in ("-v", "--verbose") for arg in sys.argv[1:])
    if verbose:
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.errno in FULL:
        _say("the disk is full: free some space and run it again")
        _discard(1)
        return ArchiveError.exit_code
    if isinstance(error, OSError) and error.filename and error.errno in (*UNFIT, errno.ENOENT):
        _say(f"{os.fsdecode(error.filename)}: {error.strerror}")
        return click.UsageError.exit_code
    hint = "" if verbose else " Run again with -v for the details, and please report it."
    _say(f"a bug: {type(error).__name__}: {error}.{hint}")
    return 1
