"""import_warc: stores what WARC files hold of known newspapers (`newsbot import warc`)."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

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
    from newsbot.replay.plan import Piece


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@data_option
@sites_dir_option
@click.option("--site", "site_id", metavar="ID", help="Read the records of this site only.")
@jobs_option
@scheduler_option
@json_option
@verbosity_options
def warc(
    names: tuple[str, ...],
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_id: str | None,
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
    """
    from archive.store import Store
    from newsbot import SOFTWARE
    from newsbot.replay.warc import import_warc
    from newsbot.visit.schedule import next_due

    sites = known_sites(data, sites_dirs, [site_id] if site_id else ())
    files = _files(names, scheduler)
    broken: list[dict[str, Any]] = []
    lost: list[dict[str, str]] = []

    def failed(source: str, reason: str) -> None:
        lost.append({"file": masked(source), "error": reason})
        tqdm.write(
            f"newsbot: {masked(source)}: {reason}; the next run tries it again", file=sys.stderr
        )

    def damaged(path: Path | str, offset: int, reason: str) -> None:
        broken.append({"file": masked(str(path)), "offset": offset, "error": reason})
        tqdm.write(
            f"newsbot: {masked(str(path))}: record at byte {offset}: {reason}", file=sys.stderr
        )

    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    progress = not (quiet or verbose or as_json) and sys.stderr.isatty()
    with (
        Store(data, SOFTWARE, next_due) as store,
        tqdm(
            total=_total(files),
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
            damaged=damaged,
            failed=failed,
        )
    if as_json:
        print_json({**_summary(counts, broken), "failed": lost})
    elif not quiet:
        _print(counts)
    return 3 if broken or lost else 0


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


def _total(files: list[Path | Piece]) -> int | None:
    """Their bytes; None where nobody knows without asking."""
    sizes = [path.stat().st_size for path in files if isinstance(path, Path)]
    return sum(sizes) if len(sizes) == len(files) else None


_PASSED_OVER = {
    "known": "records that the archive has already",
    "unknown_host": "records of unknown hosts (`newsbot sites list` shows those known)",
    "skipped": "pictures, feeds, lists and the like",
    "unresolved": "records that refer to captures which are not here; import those files, then "
    "these again",
    "damaged": "damaged records",
}


def _summary(counts: Counter[str], broken: list[dict[str, Any]]) -> dict[str, Any]:
    """For `--json`."""
    passed_over = {name: counts[name] for name in _PASSED_OVER if name != "damaged"}
    outcomes = {name: counts[name] for name in OUTCOMES}
    return {
        "records": counts["records"], "outcomes": outcomes, **passed_over, "damaged": broken,
    }  # fmt: skip


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
