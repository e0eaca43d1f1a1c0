"""selecting: the options that choose articles: the same names for search, export and stats."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TextIO, TypeVar

import click

from archive import query
from archive.errors import ArchiveUsageError
from archive.search.filters import FILTERS
from newsbot import urls
from newsbot.cli.common import FROM_DATE, TO_DATE, Text, WrongUsage, tell_no_notes
from newsbot.names import by_own_names, check_archived

F = TypeVar("F", bound=Callable[..., Any])


def filter_options(command: F) -> F:
    """An option for each filter of `archive.search.filters`, handed on together as `filters`."""

    @wraps(command)
    def filtered(*args: Any, **options: Any) -> Any:
        typed = {name: options.pop(name.replace("-", "_")) for name in FILTERS}
        filters = {
            name: [values] if isinstance(values, str) else list(values)
            for name, values in typed.items()
            if values
        }
        return command(*args, filters=filters, **options)

    kinds: dict[str, click.ParamType[Any]] = {
        "from": FROM_DATE,
        "to": TO_DATE,
    }
    for name, one in reversed([*FILTERS.items()]):
        choice = click.Choice(one.choices, case_sensitive=False) if one.choices else Text()
        filtered = click.option(
            f"--{name}",
            type=kinds.get(one.kind, choice),
            multiple=one.kind not in kinds,
            help=one.help,
        )(filtered)
    return filtered  # type: ignore[return-value]


def selection_options(command: F, *, with_query: bool = True) -> F:
    """`QUERY`, the filters, and what else chooses articles, handed on as `chosen`; `archive.query.Selection`."""

    @wraps(command)
    def selected(
        *args: Any, query_words: tuple[str, ...] = (), filters: dict[str, list[str]], listed: TextIO | None,
        sample: int | None, seed: int, where: str | None, as_of: str | None, revisions: bool,
        one_per_story: bool, **options: Any,
    ) -> Any:  # fmt: skip
        try:
            chosen = query.selection(
                " ".join(query_words), where=where, listed=_listed(listed), sample=sample, seed=seed,
                as_of=as_of, revisions=revisions, one_per_story=one_per_story, **filters,
            )  # fmt: skip
            by_own_names(chosen.query)
        except ArchiveUsageError as error:
            raise WrongUsage(str(error)) from None
        return command(*args, chosen=chosen, **options)

    for option in (
        click.option("--one-per-story", is_flag=True, help="Of the articles of one story the one published first."),
        click.option("--revisions", is_flag=True, help="Every state that the newspaper printed."),
        click.option("--as-of", metavar="DATE", type=Text(), help="What was captured up to then, as it is read today."),
        click.option("--seed", type=click.IntRange(0), default=0, help="Another number, another sample."),
        click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many of them, by chance."),
        click.option("--list", "listed", type=click.File(encoding="utf-8"), metavar="FILE", help="Only the articles whose ids or addresses it holds, one a line."),
        click.option("--where", type=Text(), metavar="SQL", help="Only those of which this holds: 'views > 100'."),
        filter_options,
    ):  # fmt: skip
        selected = option(selected)
    if with_query:
        words = click.argument("query_words", metavar="[QUERY]...", nargs=-1, type=Text())
        selected = words(selected)
    return selected  # type: ignore[return-value]


def _listed(file: TextIO | None) -> tuple[str, ...] | None:
    if file is None:
        return None
    try:
        lines = (line.strip() for line in file)
        return tuple(urls.canonical(line) or line for line in lines if line)
    except UnicodeDecodeError:
        raise WrongUsage(f"{file.name}: is no text in UTF-8") from None


def check_selection(
    connection: sqlite3.Connection, chosen: query.Selection, texts: Sequence[str] = ()
) -> None:
    """Refuse names that the archive knows nothing of; name lines that are no notes, where these are asked for.

    Says where `--one-per-story` can leave nothing out.
    """
    if "note" in chosen.query.filters or "notes" in texts:
        tell_no_notes(connection)
    check_archived(connection, chosen.query.filters, chosen)
    if chosen.one_per_story and connection.execute("SELECT 1 FROM stories").fetchone() is None:
        click.echo(
            "no reprint is known in this archive, so none is left out: `newsbot stories` looks for them",
            err=True,
        )
