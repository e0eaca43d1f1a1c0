"""status: says how each site is, worst first, and what its sources have yielded."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from archive.captures.files import whole_file
from archive.status import database_bytes, sites, sources
from archive.store import open_database
from archive.times import now
from newsbot.cli.common import (
    SITE_FAILED,
    STDOUT,
    OutputFile,
    WrongUsage,
    data_option,
    json_option,
    print_json,
    print_table,
)
from newsbot.names import check_archived
from newsbot.watch.alarms import WELL, judged
from newsbot.watch.monitors import kinds, one_line, said


@click.command()
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@data_option
@click.option("--sources", "by_source", is_flag=True, help="What each source of URLs has yielded.")
@click.option(
    "--prometheus",
    metavar="FILE",
    type=OutputFile(),
    help="Write it as metrics for the textfile collector of node_exporter (FILE.prom; - prints them).",
)
@json_option
def status(
    site_ids: tuple[str, ...], data: Path, by_source: bool, prometheus: Path | None, as_json: bool
) -> int:
    """How each site is, those in trouble first; exit code 3 means that something is wrong.

    A line a site: what is wrong, days since the newest article (and those that nine of ten silences
    last at most), when it could last be read, URLs never visited, when a page is due next, and what
    the captures take on the disk.
    """
    if by_source and prometheus:
        raise WrongUsage("--prometheus is about sites, not about their --sources")
    with closing(open_database(data).conn) as connection:
        check_archived(connection, {"site": site_ids})
        if by_source:
            rows = [r for r in sources(connection) if not site_ids or r["site"] in site_ids]
        else:
            rows = sites(connection, data, now(), site_ids)
    if not by_source:
        rows = judged(rows, data, now())
    if prometheus:
        _write_metrics(rows, data, prometheus)
    elif as_json:
        print_json(rows)
    elif not rows:
        click.echo("The archive is empty; `newsbot crawl` fills it.")
    elif by_source:
        _print_sources(rows)
    else:
        _print_sites(rows, data)
    return SITE_FAILED if any(row.get("severity", WELL) < WELL for row in rows) else 0


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
    )  # fmt: skip


def _wrong(row: dict[str, Any]) -> str:
    """What was wrong with a source's last answer, and what a limit kept us from reading of it."""
    lies = row["distrust"] and f"dates not believed: {row['distrust']}"
    return "; ".join(filter(None, (row["error"] or lies, row["left_out"])))


def _minute(instant: str | None) -> str:
    return (instant or "")[:16].replace("T", " ")


def _print_sites(rows: list[dict[str, Any]], data: Path) -> None:
    table = [("site", "health", "days", "ok", "wait", "due", "disk")]
    for row in rows:
        days = "" if row["days"] is None else f"{row['days']}/{row['habit'] or '–'}"
        health = f"({row['health']})" if row["muted_until"] else row["health"]
        ages = _age(row["last_success"]), _age(row["next_due"], ahead=True)
        megabytes = row["warc_bytes"] / 1e6
        size = f"{megabytes:.0f}M" if megabytes < 1000 else f"{megabytes / 1000:.0f}G"
        table.append((row["site"], health, days, ages[0], str(row["waiting"]), ages[1], size))
    width = max(13, *(len(row[0]) for row in table))
    for site, health, days, success, waiting, due, size in table:
        line = (
            f"{site:{width}} {health:21.21} {days:>6} {success:>3} {waiting:>4} {due:>3} {size:>4}"
        )
        click.echo(one_line(line))
    for row in rows:
        wrong = [said(event) for event in row["events"] if event["kind"] in kinds()]
        muted = f"muted until {row['muted_until']}" if row["muted_until"] else None
        for line in filter(None, [*(wrong or [row["trouble"]]), muted]):
            click.echo(one_line(f"{row['site']}: {line}"))
    free = shutil.disk_usage(data).free
    click.echo(f"news.db {_size(database_bytes(data))}, {_size(free)} free on this disk")


def _age(instant: str | None, *, ahead: bool = False) -> str:
    """How long ago, or how far ahead, in the largest unit: `5m`, `3h`, `12d`; `now` for what is due."""
    if not instant:
        return "–"
    minutes = int((now() - datetime.fromisoformat(instant)).total_seconds() / 60)
    if ahead and minutes >= 0:
        return "now"
    minutes = abs(minutes)
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 60 * 48 else f"{min(minutes // 1440, 99)}d"


def _size(number: int) -> str:
    """Bytes as a person reads them."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


# -- metrics --------------------------------------------------------------------------------------

_METRICS = {
    "articles": ("articles", "Articles in the archive."),
    "waiting_urls": ("waiting", "URLs that were never visited."),
    "captures_bytes": ("warc_bytes", "Size of the captures on the disk."),
    "newest_article_timestamp_seconds": ("newest", "When the newest article was published."),
    "last_success_timestamp_seconds": ("last_success", "When a page or source could last be read."),
    "next_due_timestamp_seconds": ("next_due", "When a page is to be visited next."),
    "severity": ("severity", "How bad it is: 1 nothing comes in, 2, 3; 9 nothing is wrong."),
}
"""Name of a metric → key of a row, and its help."""
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
"""Of labels, in the text format."""


def _write_metrics(rows: list[dict[str, Any]], data: Path, file: Path) -> None:
    """Gauges in Prometheus' text format; the file (`-`: stdout) is there whole or as it was."""
    lasting = {(row["site"], event["kind"]) for row in rows for event in row["events"]}
    found: dict[str, tuple[str, dict[Any, Any]]] = {
        f"site_{name}": (help_text, {(row["site"],): row[key] for row in rows})
        for name, (key, help_text) in _METRICS.items()
    }
    found["site_event"] = ("An event of a kind lasts.", dict.fromkeys(sorted(lasting), 1))
    found["database_bytes"] = ("Size of news.db.", {(): database_bytes(data)})
    lines = []
    for name, (help_text, samples) in found.items():
        lines += [f"# HELP newsbot_{name} {help_text}", f"# TYPE newsbot_{name} gauge"]
        for labels, value in samples.items():
            pairs = zip(("site", "kind"), labels, strict=False)
            shown = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in pairs)
            if value is not None:
                lines.append(f"newsbot_{name}{shown and f'{{{shown}}}'} {_number(value)}")
    if file == STDOUT:
        click.echo("\n".join(lines))
        return
    try:
        with whole_file(file) as out:
            out.write(("\n".join(lines) + "\n").encode())
    except OSError as error:
        error.filename = str(file)
        raise


def _number(value: int | str) -> float:
    """A number, or the seconds since 1970 of a moment; a bare date is its first in UTC."""
    if isinstance(value, int):
        return value
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
