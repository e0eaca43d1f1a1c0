"""status: says what the archive holds and how each site's last crawl went."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from archive.status import database_bytes, sites, sources
from archive.store import open_database
from archive.times import now
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
    rows = sources(connection) if by_source else sites(connection, data, now())
    rows = [row for row in rows if not site_ids or row["site"] in site_ids]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("The archive is empty; `newsbot crawl` fills it.")
        return
    if by_source:
        _print_sources(rows)
    else:
        _print_sites(rows, data)


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
                _wrong(row),
                row["url"],
            )
            for row in rows
        ],
        ("site", "kind", "listed", "new ever", "asked (UTC)", "rests until", "wrong", "source"),
    )


def _wrong(row: dict[str, Any]) -> str:
    """What was wrong with a source's last answer, and what a limit kept us from reading of it."""
    lies = row["distrust"] and f"dates not believed: {row['distrust']}"
    return "; ".join(filter(None, (row["error"] or lies, row["left_out"])))


def _minute(instant: str | None) -> str:
    return (instant or "")[:16].replace("T", " ")


def _print_sites(rows: list[dict[str, Any]], data: Path) -> None:
    table = []
    for row in rows:
        outcomes = (row["last_crawl"] or {}).get("outcomes", {})
        counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in outcomes.items() if n)
        table.append(
            (
                row["site"],
                row["articles"],
                row["revisions"],
                row["gone"],
                row["waiting"],
                (row["newest"] or "")[:10],
                row["days"],
                _minute((row["last_crawl"] or {}).get("started_at")) or "never",
                _state(row),
                counts or "nothing due",
                _size(row["warc_bytes"]),
            )
        )
    headers = (
        "site articles revisions gone waiting newest days,ago last,crawl,(UTC) state outcomes pages"
    )
    print_table(table, [name.replace(",", " ") for name in headers.split()])
    for row in rows:
        if row["trouble"]:
            click.echo(f"{row['site']}: {row['trouble']}")
    free = shutil.disk_usage(data).free
    click.echo(f"news.db {_size(database_bytes(data))}, {_size(free)} free on this disk")


def _state(row: dict[str, Any]) -> str:
    """In one word or two, whether a site needs a look."""
    crawl = row["last_crawl"]
    if crawl and crawl["running"]:
        return "running"
    if row["trouble"]:
        return "in trouble"
    return (crawl["reason"] or "did not end") if crawl else ""


def _size(number: int) -> str:
    """Bytes as a person reads them."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
