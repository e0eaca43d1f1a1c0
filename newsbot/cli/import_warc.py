"""import_warc: stores what WARC files hold of known newspapers (`newsbot import warc`)."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

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


@click.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@data_option
@sites_dir_option
@click.option("--site", "site_id", metavar="ID", help="Read the records of this site only.")
@jobs_option
@scheduler_option
@json_option
@verbosity_options
def warc(
    files: tuple[Path, ...],
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
    Interrupted, it carries on where it was; run again, it changes nothing. Exit code 3 means that a
    record is damaged. `import warc` and `import wacz` are the same command.

    \b
    newsbot import warc CC-NEWS-20240105*.warc.gz
    newsbot import warc --site aqjolgazet old/*.warc.zst
    newsbot import wacz recorded.wacz
    """
    from archive.store import Store
    from newsbot import SOFTWARE
    from newsbot.replay.warc import import_warc
    from newsbot.visit.schedule import next_due

    sites = known_sites(data, sites_dirs, [site_id] if site_id else ())
    broken: list[dict[str, Any]] = []

    def damaged(path: Path, offset: int, reason: str) -> None:
        broken.append({"file": str(path), "offset": offset, "error": reason})
        tqdm.write(f"newsbot: {path}: record at byte {offset}: {reason}", file=sys.stderr)

    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    progress = not (quiet or verbose or as_json) and sys.stderr.isatty()
    with (
        Store(data, SOFTWARE, next_due) as store,
        tqdm(
            total=sum(path.stat().st_size for path in files),
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
        )
    if as_json:
        print_json(_summary(counts, broken))
    elif not quiet:
        _print(counts)
    return 3 if broken else 0


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
