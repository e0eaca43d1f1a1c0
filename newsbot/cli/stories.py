"""stories: finds reprints across newspapers, and editions of one article."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archive import query, stories
from archive.errors import ArchiveUsageError
from archive.store import Store, open_database
from archive.store.stories import link
from archive.stories.texts import Text, tokens_of
from newsbot import urls
from newsbot.cli.common import (
    data_option,
    json_option,
    print_json,
    print_table,
    scheduler_option,
)
from newsbot.cluster import ClusterError, open_pool
from newsbot.pool import TaskFailed, map_in_order


@click.command("stories")
@click.argument("article", metavar="[ID|URL]", required=False)
@data_option
@click.option("--list", "as_list", is_flag=True, help="Print the stories known, widest first.")
@scheduler_option
@json_option
def stories_command(
    article: str | None, data: Path, as_list: bool, scheduler: str | None, as_json: bool
) -> None:
    """Find which articles tell the same story: agency copy, reprints, editions.

    Without an argument all articles are compared, and what was found is kept in the archive; run it
    from cron after the crawl. With an article, its story and its other editions are printed.

    \b
    newsbot stories
    newsbot stories --list
    newsbot stories 1234
    """
    if article is not None and as_list:
        raise click.UsageError("either one article or --list")
    if article is not None:
        _print_one(open_database(data).conn, article, as_json)
    elif as_list:
        _print_list(open_database(data).conn, as_json)
    else:
        _link(data, scheduler, as_json)


_COMPARED = "SELECT count(*), count(DISTINCT site) FROM articles"


def _link(data: Path, scheduler: str | None, as_json: bool) -> None:
    open_database(data).close()  # says so where there is no archive, instead of making one
    with Store(data) as store, open_pool(0, scheduler) as pool:
        linked = link(store, lambda texts: _tokens(pool, texts))
        compared, papers = store.connection.execute(_COMPARED).fetchone()
    if as_json:
        print_json(asdict(linked))
        return
    click.echo(
        f"{linked.stories} stories of {linked.articles} articles; "
        f"{linked.editions} articles have another edition"
    )
    if not linked.stories:
        of = (
            f"of {papers} newspapers"
            if papers > 1
            else "of one newspaper; most stories join several"
        )
        click.echo(f"{compared} articles were compared, {of}", err=True)
    else:
        click.echo("`newsbot stories --list` lists them", err=True)


def _tokens(pool: Executor, texts: Iterable[Text]) -> Iterator[tuple[Text, array[int]]]:
    """Texts with their tokens, which others make."""
    tasks = ((text, (text.text,)) for text in texts)
    for text, future in map_in_order(pool, tokens_of, tasks, lambda text: len(text.text)):
        assert future is not None
        try:
            yield text, future.result()
        except TaskFailed as error:
            raise ClusterError(f"{text.name}: its text cannot be read: {error}") from None


def _print_list(connection: sqlite3.Connection, as_json: bool) -> None:
    found = stories.listed(connection)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no stories are known; `newsbot stories` finds them", err=True)
        return
    columns = ("sites", "articles", "first_article", "published", "site", "title")
    print_table(
        [
            [_day(row[name]) if name == "published" else row[name] for name in columns]
            for row in found
        ],
        ("newspapers", "articles", "first", "published", "site", "title"),
    )


def _print_one(connection: sqlite3.Connection, article: str, as_json: bool) -> None:
    record = query.article(connection, urls.canonical(article) or article)
    members = stories.members(connection, record["story"]) if record["story"] else []
    editions = stories.editions_of(connection, record["id"])
    if not members and not editions:
        raise ArchiveUsageError(
            f"article {record['id']} belongs to no story and has no other edition; "
            "`newsbot stories` finds new ones"
        )
    if as_json:
        print_json({"story": record["story"], "articles": members, "editions": editions})
        return
    if members:
        print_table(
            [(m["id"], _day(m["published"]), m["site"], _share(m), m["title"]) for m in members],
            ("id", "published", "site", "in common", "title"),
        )
    if members and editions:
        click.echo()
    if editions:
        print_table(
            [(e["id"], e["language"], e["found_by"], e["title"]) for e in editions],
            ("id", "edition", "found by", "title"),
        )


def _day(published: str | None) -> str:
    return (published or "no date")[:16]


def _share(member: dict[str, Any]) -> str:
    return "first" if member["first"] else f"{member['share'] or 0:.0%}"
