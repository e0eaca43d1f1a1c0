"""keep: status."""

from __future__ import annotations

from pathlib import Path

import click

from archive.status import sites
from archive.store import open_database
from newsbot.cli.common import data_option, json_option, print_json, print_table


@click.command()
@data_option
@json_option
def status(data: Path, as_json: bool) -> None:
    """What the archive holds and how each site's last crawl went."""
    rows = sites(open_database(data).conn)
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("The archive is empty; `newsbot crawl` fills it.")
        return
    table = []
    for row in rows:
        crawl = row["last_crawl"] or {}
        outcomes = crawl.get("outcomes", {})
        said = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in outcomes.items() if n)
        table.append(
            (
                row["site"],
                row["articles"],
                row["revisions"],
                row["gone"],
                row["waiting"],
                (row["newest"] or "")[:10],
                (crawl.get("started_at") or "never").replace("T", " ").rstrip("Z"),
                crawl.get("reason") or ("did not end" if crawl else ""),
                said or "nothing due",
            )
        )
    print_table(
        table,
        (
            "site",
            "articles",
            "revisions",
            "gone",
            "waiting",
            "newest",
            "last crawl (UTC)",
            "ended",
            "outcomes",
        ),
    )
