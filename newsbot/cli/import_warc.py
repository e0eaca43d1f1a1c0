"""import_warc: stores what WARC files hold of known newspapers (`newsbot import warc`)."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from archive.errors import ArchiveUsageError
from archive.store import OUTCOMES
from newsbot.cli.common import (
    data_option,
    jobs_option,
    json_option,
    known_sites,
    print_json,
    print_table,
    scheduler_option,
    sites_dir_option,
    verbosity_options,
)
from newsbot.urls import masked

if TYPE_CHECKING:
    from newsbot.profiles import Site
    from newsbot.replay.plan import Piece, Plan


@click.command()
@click.argument("names", metavar="[FILE]...", nargs=-1)
@data_option
@sites_dir_option
@click.option("--site", "site_id", metavar="ID", help="Read the records of this site only.")
@click.option(
    "--index",
    "indexes",
    metavar="ADDRESS",
    multiple=True,
    help="Instead of files: import what this index lists of known newspapers (Common Crawl's table in Parquet, "
    "cluster.idx, lines of CDXJ; named as a FILE is); may be given several times.",
)
@click.option(
    "--root",
    metavar="ADDRESS",
    help="The folder below which the files lie that the index names, where it is another one.",
)
@click.option("--plan", "is_plan", is_flag=True, help="Say what that would take, and end.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="With --plan: so many work at it (default: 1).",
)
@click.option(
    "--price",
    type=click.FloatRange(0),
    help="With --plan: euros for a gigabyte fetched.",
)
@jobs_option
@scheduler_option
@json_option
@verbosity_options
def warc(
    names: tuple[str, ...],
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_id: str | None,
    indexes: tuple[str, ...],
    root: str | None,
    is_plan: bool,
    workers: int | None,
    price: float | None,
    jobs: int | None,
    scheduler: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Store what WARC and WACZ files hold of known newspapers (.warc, .warc.gz, .warc.zst, .wacz).

    Each page is stored with the date of its capture, as a crawl of that day would have. Files of
    other programs are welcome, such as those of CC-NEWS: records of other hosts are passed over.
    A FILE is a path, a folder, a pattern, an address (https://, s3://), or @ and the place of a list of
    files. Interrupted, it carries on where it was; run again, it changes nothing. Exit code 3 means that
    a record is damaged, or a file cannot be read: the next run tries it again. `import warc` and `import
    wacz` are the same command.

    \b
    newsbot import warc CC-NEWS-20240105*.warc.gz
    newsbot import warc --site aqjolgazet old/*.warc.zst
    newsbot import wacz recorded.wacz
    newsbot import warc @https://data.commoncrawl.org/crawl-data/CC-NEWS/2024/01/warc.paths.gz
    newsbot import warc --plan --index s3://commoncrawl/cc-index/collections/CC-MAIN-2026-40/indexes/cluster.idx
    """
    from archive.store import Store
    from newsbot import SOFTWARE
    from newsbot.replay.warc import import_warc
    from newsbot.visit.schedule import next_due

    sites = known_sites(data, sites_dirs, [site_id] if site_id else ())
    if bool(names) == bool(indexes):
        raise click.UsageError("either FILE or --index")
    if root and not indexes:
        raise click.UsageError("--root goes with --index")
    if not is_plan and (workers or price is not None):
        raise click.UsageError("--workers and --price go with --plan")
    files = _files(names, scheduler)
    plan = _listed(indexes, root, [sites[site_id]] if site_id else sites.values())
    if is_plan:
        _print_plan(plan or _of_files(files), workers or 1, price or 0.0, as_json)
        return 0
    files += plan.pieces if plan else []
    troubles = _Troubles()
    if len(files) > 1:
        files = [file for file in files if troubles.is_sound(file)]
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    progress = not (quiet or verbose or as_json) and sys.stderr.isatty()
    with (
        Store(data, SOFTWARE, next_due) as store,
        tqdm(
            total=plan.size if plan else _total(files),
            unit="B",
            unit_scale=True,
            desc="import",
            disable=not progress,
            dynamic_ncols=True,
        ) as bar,
    ):
        counts = import_warc(
            store,
            files,
            sites,
            site=site_id,
            jobs=jobs,
            scheduler=scheduler,
            progress=bar.update,
            damaged=troubles.damaged,
            failed=troubles.failed,
        )
    if as_json:
        print_json({**_summary(counts), "damaged": troubles.records, "failed": troubles.files})
    elif not quiet:
        _print(counts)
    return 3 if troubles.records or troubles.files else 0


class _Troubles:
    """What cannot be read, told at once and kept for `--json`."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []

    def damaged(self, path: Path | str, offset: int, reason: str) -> None:
        """A record of a file."""
        self.records.append({"file": masked(str(path)), "offset": offset, "error": reason})
        self._say(f"{masked(str(path))}: record at byte {offset}: {reason}")

    def is_sound(self, file: Path | Piece) -> bool:
        """Whether a file can be looked into: of several, one that cannot stops none of the others."""
        from newsbot.replay.wacz import check_file

        try:
            if isinstance(file, Path):
                check_file(file)
        except ArchiveUsageError as error:
            self.failed(str(file), str(error).removeprefix(f"{file}: "))
            return False
        return True

    def failed(self, source: str, reason: str) -> None:
        """A whole file."""
        self.files.append({"file": masked(source), "error": reason})
        self._say(f"{masked(source)}: {reason}; the next run tries it again")

    def _say(self, text: str) -> None:
        tqdm.write(f"newsbot: {text}", file=sys.stderr)


def _files(names: tuple[str, ...], scheduler: str | None) -> list[Path | Piece]:
    """What is named, each once: what workers can read are pieces. Raises `ArchiveUsageError` for nothing."""
    from newsbot.replay.places import named
    from newsbot.replay.plan import Piece
    from newsbot.replay.wacz import is_wacz

    found: dict[Path | Piece, None] = {}
    for name in (name for word in names for name in named(word)):
        path = Path(name).absolute()
        if "://" in name or not path.is_file() or (scheduler and not is_wacz(path)):
            found[Piece(name if "://" in name else str(path))] = None
        else:
            found[path] = None
    return list(found)


def _listed(indexes: tuple[str, ...], root: str | None, sites: Iterable[Site]) -> Plan | None:
    """What indexes list of some sites. Raises `ArchiveUsageError` where they cannot be read."""
    from newsbot.replay.indexes import Hosts, find
    from newsbot.replay.places import named
    from newsbot.replay.plan import plan_of_places

    if not indexes:
        return None
    hosts = Hosts({netloc: site.id for site in sites for netloc in site.netlocs})
    found = find([name for word in indexes for name in named(word)], hosts, root)
    plan = plan_of_places(found.places)
    plan.sites = found.sites
    return plan


def _of_files(files: list[Path | Piece]) -> Plan:
    from newsbot.replay.plan import plan_of_files

    return plan_of_files(str(file) if isinstance(file, Path) else file.source for file in files)


def _print_plan(plan: Plan, workers: int, price: float, as_json: bool) -> None:
    """Newspapers with their records, then what fetching them takes, and what that rests on."""
    from newsbot.replay.plan import measure

    told = plan.to_dict(workers, measure(plan.pieces), price)
    if as_json:
        print_json(told)
        return
    if plan.sites:
        print_table(plan.sites.most_common(), ("site", "records"))
    shown = {
        "files": told["files"], "of them whole": told["whole"], "records": told["records"],
        "requests": told["requests"], "GB": round(plan.size / 1e9, 3), "workers": workers,
        "hours": round(told["hours"], 3), "euros": round(told["euros"], 2) if price else None,
    }  # fmt: skip
    print_table([(name, n) for name, n in shown.items() if n is not None], ("to fetch", ""))
    for source, reason in list(plan.lost.items())[:_NAMED]:
        click.echo(f"newsbot: {source}: {reason}", err=True)
    if plan.records == 0:
        click.echo("the index lists nothing of known newspapers", err=True)
        return
    if plan.guessed:
        click.echo(f"the size of {plan.guessed} files is guessed by that of others", err=True)
    on = told["rests_on"]
    click.echo(
        f"The hours rest on {on['latency'] * 1000:.0f} ms a request and {on['bytes_a_second'] / 1e6:.1f} MB/s, as "
        f"measured here just now or, where no file answered, supposed; on {on['looked_through_a_second'] / 1e6:.0f} MB "
        f"looked through a second by a worker, {on['read'] * 1000:g} ms of it for a page, and {on['store'] * 1000:g} "
        "ms for storing that, in one process.",
        err=True,
    )
    if plan.records is None:
        click.echo("How many pages are yours is not known before: they come on top.", err=True)


def _total(files: list[Path | Piece]) -> int | None:
    """Their bytes; None where nobody knows without asking."""
    sizes = [path.stat().st_size for path in files if isinstance(path, Path)]
    return sum(sizes) if len(sizes) == len(files) else None


_NAMED = 3
"""Files that are named where many did not answer."""
_PASSED_OVER = {
    "known": "records that the archive has already",
    "unknown_host": "records of unknown hosts (`newsbot sites list` shows those known)",
    "skipped": "pictures, feeds, lists and the like",
    "unresolved": "records that refer to captures which are not here; import those files, then "
    "these again",
    "damaged": "damaged records",
}


def _summary(counts: Counter[str]) -> dict[str, Any]:
    """For `--json`."""
    passed_over = {name: counts[name] for name in _PASSED_OVER if name != "damaged"}
    outcomes = {name: counts[name] for name in OUTCOMES}
    return {"records": counts["records"], "outcomes": outcomes, **passed_over}


def _print(counts: Counter[str]) -> None:
    """A table of outcomes, and what was passed over."""
    shown = [name for name in OUTCOMES if counts[name]] or ["new"]
    print_table(
        [(counts["records"], *(counts[name] for name in shown))],
        ("records", *(name.replace("_", " ") for name in shown)),
    )
    for name, words in _PASSED_OVER.items():
        if counts[name]:
            click.echo(f"{counts[name]} {words}", err=True)
