"""stories: stories. Finds reprints across newspapers, and editions of one article."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archive import query, stories
from archive.errors import ArchiveUsageError
from archive.store import Store, open_database
from newsbot import urls
from newsbot.cli.common import data_option, json_option, print_json, print_table


@click.command("stories")
@click.argument("article", metavar="[ID|URL]", required=False)
@data_option
@json_option
def stories_command(article: str | None, data: Path, as_json: bool) -> None:
    """Find which articles tell the same story: agency copy, reprints, editions.

    Without an argument all articles are compared, and what was found is kept in the archive; run it
    from cron after the crawl. With an article, the story it belongs to is printed.

    \b
    newsbot stories
    newsbot stories 1234
    """
    if article is None:
        open_database(data).close()  # says so where there is no archive, instead of making one
        with Store(data) as store:
            linked = stories.link(store)
        if as_json:
            print_json(asdict(linked))
        else:
            click.echo(
                f"{linked.stories} stories of {linked.articles} articles; "
                f"{linked.editions} articles have another edition"
            )
        return
    connection = open_database(data).conn
    record = query.article(connection, urls.canonical(article) or article)
    if record["story"] is None:
        raise ArchiveUsageError(
            f"article {record['id']} belongs to no story; `newsbot stories` finds new ones"
        )
    members = stories.members(connection, record["story"])
    if as_json:
        print_json(members)
        return
    print_table(
        [
            (
                m["id"],
                (m["published"] or "no date")[:16],
                m["site"],
                "first" if m["first"] else f"{m['share'] or 0:.0%}",
                m["title"],
            )
            for m in members
        ],
        ("id", "published", "site", "in common", "title"),
    )
