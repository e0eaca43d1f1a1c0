"""status: says what the archive holds and how each site's last crawl went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.status import sites, sources
from archive.store import open_database
from newsbot.cli.common import check_archived, data_option, json_option, print_json, print_table


@click.command()
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@data_option
@click.option("--sources", "by_source", is_flag=True, help="What each source of URLs has yielded.")
@json_option
def status(site_ids: tuple[str, ...], data: Path, by_source: bool, as_json: bool) -> None:
    """What the archive holds and how each site's last crawl went."""
    connection = open_database(data).conn
    check_archived(connection, site=site_ids)
    rows = sources(connection) if by_source else sites(connection)
    rows = [row for row in rows if not site_ids or row["site"] in site_ids]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("The archive is empty; `newsbot crawl` fills it.")
        return
    (_print_sources if by_source else _print_sites)(rows)


def _print_sources(rows: list[dict[str, Any]]) -> None:
    print_table(
        [
            (
                row["site"],
                row["kind"],
                row["found"],
                row["discovered"],
                _minute(row["polled_at"]) or "never",
                _minute(row["due"]),
                row["error"] or (row["distrust"] and f"dates not believed: {row['distrust']}"),
                row["url"],
            )
            for row in rows
        ],
        ("site", "kind", "listed", "new ever", "asked (UTC)", "rests until", "wrong", "source"),
    )


def _minute(instant: str | None) -> str:
    return (instant or "")[:16].replace("T", " ")


def _print_sites(rows: list[dict[str, Any]]) -> None:
    table = []
    for row in rows:
        crawl = row["last_crawl"] or {}
        outcomes = crawl.get("outcomes", {})
        counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in outcomes.items() if n)
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
                counts or "nothing due",
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
