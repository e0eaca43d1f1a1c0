"""common: what commands share: options, dates and names as people type them, tables, JSON."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sqlite3
import sys
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar, cast

import click
from click.core import ParameterSource
from tabulate import tabulate

from archive import notes
from archive.captures.files import check_inside, open_in_place, whole_file
from archive.store import open_database
from archive.store.opening import FULL
from archive.typed_dates import typed_date
from newsbot import urls
from newsbot.cli.terminal import STEERING
from newsbot.names import check_names, region_ids
from newsbot.profiles import Site, Sites, archive_sites

F = TypeVar("F", bound=Callable[..., Any])
ENDS_WITH = "newsbot.ends_with"
"""Key of the context under which a command that goes on notes the exit code that it ends with."""
SITE_FAILED = 3


class WrongUsage(click.ClickException):
    """What was typed is well formed and cannot be done; the message says what to type instead."""

    exit_code = 2


class Text(click.ParamType[str]):
    """What people type as one line. Bytes that are no UTF-8 and controls are wrong usage."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it was typed."""
        if odd := re.search("[\ud800-\udfff\n]", str(value)) or STEERING.search(str(value)):
            self.fail(f"{value!r} holds {odd[0]!r}, which is no part of a text", param, ctx)
        return str(value)


class TypedDate(click.ParamType[str]):
    """A date as people type it, as an ISO 8601 date or a prefix of one."""

    name = "date"

    def __init__(self, *, end: bool) -> None:
        """`end`: of a span such as a month the last day is meant, not the first."""
        self.end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The date; anything else is wrong usage."""
        try:
            return typed_date(str(value), today=date.today(), end=self.end)
        except ValueError as error:
            self.fail(str(error), param, ctx)


FROM_DATE = TypedDate(end=False)
"""For options that mean «on or after»."""
TO_DATE = TypedDate(end=True)
"""For options that mean «on or before»."""


def address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A callback of options: what is no web address is wrong usage."""
    if value is not None and urls.canonical(value) is None:
        raise click.BadParameter(f"{value!r} is no http:// or https:// address")
    return value


STDOUT = Path("-")
FOLDER = "newsbot.data"
"""In the context of a command: the archive's folder."""


class OutputFile(click.Path):
    """A file to be written, `-` for stdout; in the archive's own folder, whatever links lead there, it is refused."""

    def __init__(self, *, folders: bool = False) -> None:
        """`folders`: whether it may be a folder as well."""
        super().__init__(dir_okay=folders, allow_dash=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; the command has a `data_option`."""
        path: Any = super().convert(value, param, ctx)
        real = Path(os.path.realpath(value))
        if ctx and path != STDOUT and real.is_relative_to(os.path.realpath(ctx.meta[FOLDER])):
            raise WrongUsage(f"{path} lies in the archive's folder: name another place")
        return path


def _note_folder(ctx: click.Context, _: click.Parameter, folder: Path) -> Path:
    if ctx.obj and ctx.get_parameter_source("data") != ParameterSource.COMMANDLINE:
        folder = ctx.obj  # that of the group, which may have been typed
    ctx.meta[FOLDER] = folder
    return folder


def data_option(command: F) -> F:
    """`--data DIR`: the archive's folder."""
    return click.option(
        "--data",
        callback=_note_folder,
        is_eager=True,  # known before the files are looked at that are to be written
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data"),
        envvar="NEWSBOT_DATA",
        show_default=True,
        show_envvar=True,
        help="The archive's folder.",
    )(command)


def opened(data: Path) -> sqlite3.Connection:
    """The archive in a folder, for commands that read articles and what people noted on them."""
    return open_database(data, spelling=urls.canonical).conn


def tell_no_notes(connection: sqlite3.Connection) -> None:
    """Name the lines among the notes that are none."""
    for line in notes.no_notes(connection):
        click.echo(f"newsbot: {line}", err=True)


def json_option(command: F) -> F:
    """`--json`: data for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def jobs_option(command: F) -> F:
    """`--jobs NUMBER`: processes that read pages; None means `newsbot.pool.default_jobs`."""
    return click.option(
        "--jobs",
        type=click.IntRange(0, 256),
        metavar="NUMBER",
        help="Processes that read pages; 0 reads them in this one. Default: one less than there "
        "are processors, at most 2.",
    )(command)


def scheduler_option(command: F) -> F:
    """`--scheduler ADDRESS`: workers of a Dask cluster instead of processes of this machine."""
    return click.option(
        "--scheduler",
        metavar="ADDRESS",
        envvar="NEWSBOT_SCHEDULER",
        show_envvar=True,
        help="Have the work done by the workers of this Dask scheduler (tcp://HOST:PORT).",
    )(command)


def sites_dir_option(command: F) -> F:
    """`--sites-dir DIR`: further folders of the user's own profiles."""
    return click.option(
        "--sites-dir",
        "sites_dirs",
        type=click.Path(path_type=Path),
        multiple=True,
        envvar="NEWSBOT_SITES_DIR",
        show_envvar=True,
        help="A folder of your own site profiles (*.toml), beside sites/ in the archive's folder; may "
        "be given several times.",
    )(command)


def contact_option(command: F) -> F:
    """`--contact TEXT`: who is asking, as the servers are told."""
    return click.option(
        "--contact",
        callback=_reachable,
        envvar="NEWSBOT_CONTACT",
        show_envvar=True,
        help="Your e-mail address or web page, told to the servers that are asked; public ones need it.",
    )(command)


def _reachable(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.isascii() and re.search("[@.]", value)):
        raise click.BadParameter(f"{value!r} is no e-mail address or web page")
    return value


def crawling_options(command: F) -> F:
    """What commands share that ask newspapers: folder, profiles, contact, JSON, how much is said."""
    for option in (verbosity_options, json_option, contact_option, sites_dir_option, data_option):
        command = option(command)
    return command


class Group(NamedTuple):
    """Which sites are meant where none is named: of any of these regions, languages and tags each."""

    region: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    unconfirmed: bool = False
    """Where no other is given: all sites, not the confirmed and the user's own alone."""

    @property
    def words(self) -> list[str]:
        """The options that were typed."""
        typed = [(f"--{kind}", name) for kind in KINDS for name in getattr(self, kind)]
        return [*chain(*typed), *["--unconfirmed"] * self.unconfirmed]


KINDS = Group._fields[:3]


def group_options(command: F) -> F:
    """`--region`, `--language` and `--tag`, handed on as `group`."""

    @wraps(command)
    def grouped(*args: Any, **options: Any) -> Any:
        group = Group(**{name: options.pop(name) for name in Group._fields if name in options})
        return command(*args, group=group, **options)

    for name, example in (("tag", "district"), ("language", "kk, kk-Latn"), ("region", "jambyl")):
        grouped = click.option(
            f"--{name}",
            multiple=True,
            callback=(lambda _, __, typed: region_ids(typed)) if name == "region" else None,
            help=f"All sites of this {name} ({example}, …); may be given several times.",
        )(grouped)
    return grouped  # type: ignore[return-value]


def choice_options(command: F) -> F:
    """Those of `group_options`, and `--unconfirmed`, for commands that ask newspapers."""
    told = "All sites, those that nobody has confirmed, too."
    return group_options(click.option("--unconfirmed", is_flag=True, help=told)(command))


def html_option(command: F) -> F:
    """`--html FILE`: a report for a browser."""
    return click.option(
        "--html",
        type=OutputFile(),
        metavar="FILE",
        help="Write what was read, and from where, to one page for a browser.",
    )(command)


def write(path: Path, content: str | bytes, folder: Path | None = None) -> None:
    """Write a file as `output` does, its folder too where there is none."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    if path == STDOUT:
        click.echo(content, nl=False)
        return
    with output(path, folder, parents=True) as file:
        file.write(content)


@contextmanager
def output(path: Path, folder: Path | None = None, *, parents: bool = False) -> Iterator[BinaryIO]:
    """A file to be written, whole or not at all; `-` is stdout.

    What `open_in_place` knows stays in its place; in a `folder`, that of the archive, no link is followed instead. Raises
    `WrongUsage` where the file cannot be written; a disk that is full is told as such.
    """
    try:
        if path == STDOUT:
            yield cast("BinaryIO", click.open_file("-", "wb"))
        elif folder is None and (device := open_in_place(path)):
            with device:
                yield device
        else:
            if folder is not None:
                check_inside(path.parent, folder)
            if parents:
                path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path, folder) as file:
                yield file
    except OSError as error:
        if error.errno in (errno.EPIPE, *FULL):
            raise
        raise WrongUsage(f"{path}: cannot be written: {error.strerror}") from None


def date_options(command: F) -> F:
    """`--after DATE` and `--before DATE`: when articles were published, bounds included."""
    command = click.option("--before", type=TO_DATE, help="Published on or before this date.")(
        command
    )
    return click.option(
        "--after",
        type=FROM_DATE,
        help="Published on or after this date (2023-05, 17.05.2023, '2 weeks ago').",
    )(command)


def verbosity_options(command: F) -> F:
    """`--quiet` and `--verbose`."""
    command = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")(command)
    return click.option("-v", "--verbose", is_flag=True, help="Print what happens as it happens.")(
        command
    )


def print_json(value: object) -> None:
    """JSON on stdout, indented for a person at a terminal, one line for a pipe."""
    click.echo(to_json(value, indent=2 if sys.stdout.isatty() else None))


def to_json(value: object, indent: int | None = None) -> str:
    """A value as JSON that may be printed on any terminal."""
    # Escapes are the same JSON, and pass through an encoding that has no Kazakh letters.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_table(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> None:
    """A plain table on stdout; None prints as nothing.

    What is wider than the terminal is printed as a paragraph a row instead.
    """
    rows = list(rows)
    table = tabulate(rows, headers=headers, tablefmt="simple", missingval="")
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and max(map(len, table.splitlines()), default=0) > width:
        table = "\n".join(_paragraph(row, headers, width) for row in rows)
    click.echo(table)


def _paragraph(row: Sequence[object], headers: Sequence[str], width: int) -> str:
    """The first value, and under it the others, each behind its name and kept together with it."""
    parts = [
        f"{name} {value}".replace(" ", "\0")
        for name, value in zip(headers[1:], row[1:], strict=True)
        if value not in (None, "")
    ]
    lines = textwrap.fill(
        " · ".join(parts), width, initial_indent="  ", subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return f"{row[0]}\n{lines}".replace("\0", " ")


def known_sites(
    data: Path, sites_dirs: Sequence[Path], ids: Collection[str] = (), *, example: bool = False
) -> Sites:
    """Every profile that holds for the archive. A broken one is told, and has the command end with 3.

    Where `ids` are named, the profiles of others may be broken. Raises `ProfileError` where all that
    are named are.
    """
    known = archive_sites(data, *sites_dirs, example=example)
    check_profiles(ids, known)
    broken = [error for site, error in known.broken.items() if not ids or site in ids]
    if ids and len(broken) == len(set(ids)):
        raise broken[0]
    for error in broken:
        click.echo(f"newsbot: {error}", err=True)
        click.get_current_context().meta[ENDS_WITH] = SITE_FAILED
    return known


def pick_sites(
    ids: Sequence[str], data: Path, sites_dirs: Sequence[Path], group: Group, *, gone: bool = False
) -> list[Site]:
    """The sites named, or of a group, or all confirmed and own ones, of those whose profile can be used.

    Without names those alone that are enabled, and with `gone` those that are no more, too.
    """
    if ids and group.words:
        raise click.UsageError(f"either names of sites or {group.words[0]}")
    known = known_sites(data, sites_dirs, ids)
    if ids:
        named = [known[name] for name in dict.fromkeys(ids) if name in known]
        for site in named:
            if site.gone and not gone:
                click.echo(f"newsbot: {site.id} is gone since {site.gone}", err=True)
        return named
    sites = [site for site in known.values() if site.enabled and (gone or not site.gone)]
    if any(group[:3]):
        return of_group(sites, group)
    chosen = [s for s in sites if group.unconfirmed or s.confirmed or s.id in known.own]
    if not chosen:
        raise WrongUsage(
            "no profile is your own or confirmed: name sites, or a group (--region, --language, --tag), "
            "take --unconfirmed, or look at a newspaper with `newsbot sites add URL`"
        )
    return chosen


def of_group(sites: Collection[Site], group: Group) -> list[Site]:
    """The sites of a group. Raises `WrongUsage` where there are none."""
    found = [*sites]
    for kind in KINDS:
        there = {name.casefold(): name for site in sites for name in _groups(site)[kind]}
        wanted = {there.get(name.casefold(), name) for name in getattr(group, kind)}
        if kind != "region":
            otherwise = f"there are {', '.join(sorted(there.values())) or 'none'}"
            check_names(kind, sorted(wanted), there.values(), otherwise)
        found = [site for site in found if not wanted or wanted & _groups(site)[kind]]
    if not found:
        raise WrongUsage(f"no newspaper is of {' '.join(group.words)}")
    return found


def _groups(site: Site) -> dict[str, set[str]]:
    """The names that choose a site. Of languages `kk` chooses kk-Latn, too (RFC 4647, basic filtering)."""
    parts = site.language.split("-")
    ranges = {"-".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return {"region": {site.region}, "language": ranges, "tag": {*site.tags}}


def check_profiles(ids: Iterable[str], known: Sites) -> None:
    """Refuse a site that has no profile."""
    names = {**known, **known.broken}
    called = {name: repr(name) for name in known.broken}
    for site in known.values():
        spellings = (site.id, site.name, *site.names.values())
        called |= dict.fromkeys(spellings, f"{site.id!r} ({site.name})")
    check_names("site", ids, names, "`newsbot sites list` shows those known", called=called)
