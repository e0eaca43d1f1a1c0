"""common: options, tables and JSON that all commands share."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from tabulate import tabulate

from newsbot.profiles import ProfileError, Site, load_sites

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """`--data DIR`: the archive's folder."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data"),
        envvar="NEWSBOT_DATA",
        show_default=True,
        show_envvar=True,
        help="The archive's folder.",
    )(command)


def json_option(command: F) -> F:
    """`--json`: data for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def sites_dir_option(command: F) -> F:
    """`--sites-dir DIR`: the user's own profiles."""
    return click.option(
        "--sites-dir",
        "sites_dirs",
        type=click.Path(path_type=Path),
        multiple=True,
        envvar="NEWSBOT_SITES_DIR",
        show_envvar=True,
        help="A folder of your own site profiles (*.toml); may be given several times.",
    )(command)


def verbosity_options(command: F) -> F:
    """`--quiet` and `--verbose`."""
    command = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")(command)
    return click.option("-v", "--verbose", is_flag=True, help="Print what happens as it happens.")(
        command
    )


def print_json(value: object) -> None:
    """JSON on stdout, indented for a person at a terminal, one line for a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent))


def print_table(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> None:
    """A plain table on stdout; None prints as nothing."""
    click.echo(tabulate(list(rows), headers=headers, tablefmt="simple", missingval=""))


def pick_sites(ids: Sequence[str], sites_dirs: Sequence[Path]) -> list[Site]:
    """The sites named, or all enabled ones. Raises `ProfileError` for an unknown id."""
    known = load_sites(*sites_dirs)
    if not ids:
        return [site for site in known.values() if site.enabled]
    return [site_by_id(name, known) for name in dict.fromkeys(ids)]


def site_by_id(name: str, known: Mapping[str, Site]) -> Site:
    """One site. Raises `ProfileError` with the nearest known id."""
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`newsbot sites list` shows those known"
    raise ProfileError(f"unknown site {name!r}: {hint}")
