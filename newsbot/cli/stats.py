"""stats: how much the archive holds, and how often words occur, by time, place and kind."""

from __future__ import annotations

import csv
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from archive import plots, stats
from archive.export.csv import harmless
from archive.frequencies import KEYNESS, count_words, frequent
from archive.query import Selection, told
from newsbot import SOFTWARE
from newsbot.cli.common import (
    OutputFile,
    Text,
    WrongUsage,
    data_option,
    json_option,
    opened,
    print_json,
    print_table,
)
from newsbot.cli.selecting import check_selection, selection_options
from newsbot.names import check_names

F = TypeVar("F", bound=Callable[..., Any])
_ALL = "all"
_MOST_COLUMNS = 12
"""Names that a table has across; of more each has a line of its own."""
_NO_NAME = {**dict.fromkeys(stats.TIMES, "no date"), **dict.fromkeys(stats.BY, "none")}


class _WithWords(click.Group):
    """A command with a query of its own, and `words` beside it."""

    allow_interspersed_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave to a subcommand what is its own."""
        if args and args[0] in self.commands:
            ctx.args = args
            return args
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand, or else this one."""
        if not ctx.args:
            return click.Command.invoke(self, ctx)
        command = self.commands[ctx.args[0]]
        with command.make_context(ctx.args[0], ctx.args[1:], parent=ctx) as own:
            return command.invoke(own)


class _Names(Text):
    """One of some names; another one is wrong usage, and the nearest is named."""

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        self.name = kind
        self.known = tuple(known)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name."""
        text = super().convert(value, param, ctx)
        check_names(self.name, [text], self.known, f"there are {', '.join(self.known)}")
        return text


def _shown(measures: Iterable[str], default: str) -> Callable[[F], F]:
    """How counts are told apart, and what is printed or drawn of them."""

    def with_options(command: F) -> F:
        for option in (
            click.option("--plot", type=OutputFile(), metavar="FILE", help="Draw the first measure as FILE.png or FILE.svg, too."),
            json_option,
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
            click.option("--measure", "measures", type=_Names("measure", measures), multiple=True, metavar="NAME", help=f"What is counted; may be given several times. Default: {default}."),
            click.option("--by", type=_Names("--by", stats.BY), multiple=True, metavar="NAME", help=f"Tell apart by one or two of {', '.join(stats.BY)}."),
        ):  # fmt: skip
            command = option(command)
        return command

    return with_options


@click.group("stats", cls=_WithWords, invoke_without_command=True)
@data_option
@selection_options
@_shown((*stats.COUNTED, "fields", _ALL), ", ".join(stats.USUAL))
def stats_command(
    data: Path,
    chosen: Selection,
    by: tuple[str, ...],
    measures: tuple[str, ...],
    as_csv: bool,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Count articles: how many, of how many newspapers, edited, gone, reprinted, with which fields.

    The selection is that of `newsbot export`, and so are the numbers. --measure fields is the share of articles
    that have each field; --measure all reads every text, to count the words.

    \b
    newsbot stats --by month --by region
    newsbot stats су тасқыны --after 2022 --by year --plot flood.png
    newsbot stats words "су тасқыны" --by month --by region
    """
    connection = _opened(data, chosen, plot)
    wider = {"fields": stats.FIELDS, _ALL: stats.COUNTED}
    names = [one for name in measures for one in wider.get(name, (name,))]
    table = stats.count(connection, chosen, by, [*dict.fromkeys(names or stats.USUAL)])
    _print(table.by, table.measures, table.rows(), chosen, as_csv, as_json, table.total())
    if plot:
        _draw(table, table.measures[0], plot, chosen, data)


@stats_command.command("words")
@click.argument("words", nargs=-1, metavar="[WORD]...", type=Text())
@data_option
@partial(selection_options, with_query=False)
@_shown(dict.fromkeys((*stats.OF_WORDS, *KEYNESS)), ", ".join(stats.OF_WORDS))
@click.option("--limit", type=click.IntRange(1, 100_000), default=30, show_default=True, help="So many of the most frequent stems.")  # fmt: skip
def words_command(
    words: tuple[str, ...],
    data: Path,
    chosen: Selection,
    by: tuple[str, ...],
    measures: tuple[str, ...],
    as_csv: bool,
    as_json: bool,
    plot: Path | None,
    limit: int,
) -> None:
    """Count words in every form, script and spelling: the articles that hold them, and how often they occur.

    Words within one pair of the shell's quotation marks have to follow one another. Without a WORD the most frequent
    stems are listed, by the first --measure, beside the rest of the archive (keyness).

    \b
    newsbot stats words "су тасқыны" --by month --by region --plot flood.svg
    newsbot stats words өрт "су тасқыны" --after 2022 --by year --csv
    newsbot stats words --region jambyl --after 2023 --measure keyness
    """
    if not words and (by or plot):
        raise click.UsageError("--by and --plot need a word to count")
    if words and "keyness" in measures:
        raise click.UsageError("keyness is told of the most frequent stems: give no word")
    connection = _opened(data, chosen, plot)
    if not words:
        shown = [*dict.fromkeys((*measures, *KEYNESS))]
        rows = frequent(connection, chosen, limit, shown[0])
        _print(("stem",), shown, rows, chosen, as_csv, as_json)
        return
    table = count_words(connection, chosen, words, by)
    rows = [*table.rows()]
    if rows and not any(row["articles"] for row in rows):
        click.echo("no selected article holds any of these words", err=True)
    shown = [*dict.fromkeys(measures or stats.OF_WORDS)]
    _print(table.by, shown, rows, chosen, as_csv, as_json)
    if plot:
        _draw(table, measures[0] if measures else "per_million", plot, chosen, data)


def _opened(data: Path, chosen: Selection, plot: Path | None) -> sqlite3.Connection:
    """The archive, once all that was typed has been looked at."""
    if plot:
        plots.check(plot)
    connection = opened(data)
    check_selection(connection, chosen)
    return connection


def _print(
    by: Sequence[str], measures: Sequence[str], rows: Iterable[stats.Row], chosen: Selection,
    as_csv: bool, as_json: bool, total: stats.Row | None = None,
) -> None:  # fmt: skip
    """Print rows: their names, what was counted, and at the end of a table or of JSON all together."""
    rows = [*rows]
    if not rows:
        click.echo("no article is selected", err=True)
    if as_json:
        print_json({"selection": told(chosen), "rows": rows, "total": total})
        return
    if as_csv:
        written = csv.writer(sys.stdout, lineterminator="\n")
        written.writerow([*by, *measures])
        for row in rows:
            names = (row[name] and harmless(row[name]) for name in by)
            written.writerow([*names, *(row[name] for name in measures)])
        return
    named = [{**row, **{n: row[n] or _NO_NAME[n] for n in by if not row[n]}} for row in rows]
    shown = [n for n in by if n != "word" or len({row[n] for row in rows}) > 1]
    shown.sort(key=lambda name: name not in stats.TIMES)  # times go down the page
    across = dict.fromkeys(row[shown[-1]] for row in named) if len(shown) == 2 else {}
    if 1 < len(across) <= _MOST_COLUMNS:
        _print_crossed(named, shown, [*across], measures[0])
        return
    lines = [[row[name] for name in (*by, *measures)] for row in named]
    if total is not None and len(lines) > 1:
        lines.append(["all", *[""] * (len(by) - 1), *(total[name] for name in measures)])
    print_table(lines, [*by, *(name.replace("_", " ") for name in measures)])


def _print_crossed(
    rows: Sequence[stats.Row], by: Sequence[str], across: Sequence[str], measure: str
) -> None:
    """One measure of what two names tell apart, one of them down and one across."""
    click.echo(f"{measure.replace('_', ' ')}, by {' and '.join(by)}")
    down: dict[str, dict[str, Any]] = {}
    for row in rows:
        down.setdefault(row[by[0]], {})[row[by[1]]] = row[measure]
    print_table([[n, *map(v.get, across)] for n, v in down.items()], [by[0], *across])


def _draw(table: stats.Table, measure: str, plot: Path, chosen: Selection, data: Path) -> None:
    by = [name for name in table.by if name != "word"]
    words = [*dict.fromkeys(key[0] for key in table.groups)] if "word" in table.by else []
    number = sum(n[1] for key, n in table.groups.items() if not words or key[0] == words[0])
    label = stats.MEASURES[measure].label
    called = ", ".join(f"«{word}»" for word in words)
    title = f"{called}: {label}" if called else label[:1].upper() + label[1:]
    selected = [f"{name} {', '.join(values)}" for name, values in told(chosen).items()]
    source = "; ".join(
        [f"Source: archive «{data.resolve().name}»", *selected, f"{number:,} articles"]
    )
    try:
        plot.parent.mkdir(parents=True, exist_ok=True)
        stats.draw(
            table, measure, plot, title=f"{title} by {' and '.join(by)}" if by else title,
            source=f"{source} ({SOFTWARE})",
        )  # fmt: skip
    except OSError as error:
        raise WrongUsage(f"{plot}: cannot be written: {error.strerror}") from None
