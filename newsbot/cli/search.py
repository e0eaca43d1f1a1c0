"""search: finds articles by their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.search import ORDERS, Hits, search
from archive.search.syntax import parse
from newsbot.cli.common import data_option, json_option, opened, print_json, tell_no_notes
from newsbot.cli.selecting import filter_options
from newsbot.cli.terminal import BOLD, PLAIN, in_colour
from newsbot.names import by_own_names, check_archived


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@data_option
@filter_options
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default="best",
    show_default=True,
    help="The best answers first, or by date.",
)
@click.option("--facets", is_flag=True, help="Count the results by site, region, year, language.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0, 10**9), default=0, help="Skip this many results.")
@json_option
def search_command(
    query: tuple[str, ...],
    data: Path,
    filters: dict[str, list[str]],
    order: str,
    facets: bool,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """Find articles by their words, in every form, script and spelling.

    All words must occur, or most of a question's. "Words in quotes" form a phrase; OR, NOT, -word and
    (brackets) combine, НЕМЕСЕ, ИЛИ and НЕ, too; мект* finds every beginning, title:су a title. Filters: site: region: author: section: lang: after: before:
    gone:yes. Put `--` before a query that begins with a minus.

    \b
    newsbot search су тасқыны
    newsbot search '"қызыл кітап" -футбол after:2022 region:jambyl'
    newsbot search onir OR өңір --order newest --facets
    """
    text = " ".join(query)
    connection = opened(data)
    asked = parse(text, filters)
    by_own_names(asked)
    if "note" in asked.filters:
        tell_no_notes(connection)
    check_archived(connection, asked.filters)
    hits = search(
        connection,
        text,
        asked=asked,
        limit=limit,
        offset=offset,
        order=order,
        facets=facets,
        marks=(BOLD, PLAIN) if in_colour() and not as_json else ("[", "]"),
    )
    for note in hits.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        print_json(_to_dict(hits, facets))
        return
    _print(hits)
    click.echo(_summary(hits, offset), err=True)


def _to_dict(hits: Hits, facets: bool) -> dict[str, Any]:
    """For `--json`."""
    return {
        "total": hits.total,
        "more": hits.more,
        "suggestion": hits.suggestion,
        "notes": hits.notes,
        **({"facets": hits.facets} if facets else {}),
        "results": hits.rows,
    }


def _print(hits: Hits) -> None:
    for row in hits.rows:
        day = (row["published"] or "no date")[:10]
        gone = " · gone" if row["gone_since"] else ""
        click.echo(f"{row['id']:>6}  {day}  {row['site']}{gone}  {row['title'] or '(no title)'}")
        lacking = f" · without: {', '.join(row['missing'])}" if row["missing"] else ""
        click.echo(f"        {' '.join(row['snippet'].split())}{lacking}")
    for name, values in hits.facets.items() if hits.total else ():
        shown = ", ".join(f"{value} {number}" for value, number in list(values.items())[:12])
        click.echo(f"{name}: {shown}")


def _summary(hits: Hits, offset: int) -> str:
    meant = f"; did you mean: {hits.suggestion}" if hits.suggestion else ""
    if not hits.total:
        return f"nothing found{meant}"
    total = f"more than {hits.total}" if hits.more else str(hits.total)
    if not hits.rows:
        return f"{total} found, none of them beyond --offset {offset}"
    last = offset + len(hits.rows)
    return f"{offset + 1}–{last} of {total}; `newsbot show ID` prints one whole{meant}"
