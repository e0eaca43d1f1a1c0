"""verify: say whether an archive is as it was written, and mend what can be mended."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from archive.integrity.finding import SEVERITIES, Finding, exit_code
from archive.integrity.records import files
from archive.integrity.verify import verify
from newsbot.cli.common import data_option, json_option, print_json, sites_dir_option

if TYPE_CHECKING:
    from newsbot.profiles import Site
    from newsbot.replay.reread import Result

_COLOURS = {"damage": "red", "inconsistency": "yellow", "note": "bright_black"}
_SHOWN = 5
"""Articles that are named where a finding is about many."""
_IN_WORDS = {"damage": "damaged", "inconsistency": "inconsistent", "note": "to note"}


@click.command("verify")
@data_option
@sites_dir_option
@click.option("--full", is_flag=True, help="Read every byte, and every article from its capture.")
@click.option(
    "--repair", is_flag=True, help="Mend what can be mended, after a full check; keeps a copy."
)
@click.option(
    "--jobs",
    type=click.IntRange(0, 256),
    metavar="NUMBER",
    help="Processes that read pages; 0 reads them in this one. Default: 2, or 0 on a single "
    "processor.",
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print damage and inconsistencies only.")
def verify_command(
    data: Path,
    sites_dirs: tuple[Path, ...],
    full: bool,
    repair: bool,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check that the archive is as it was written, and name what is not.

    The quick check reads every row of news.db and both ends of every WARC file; --full reads
    everything and compares each article with its capture. Crawls and readers are not disturbed. Exit code 5 means
    that something is damaged or does not fit together.

    \b
    newsbot verify            often; from cron, with -q
    newsbot verify --full     now and then, and after copying the archive
    newsbot verify --repair   no crawl may run meanwhile
    """
    from newsbot.profiles import archive_sites
    from newsbot.replay.warc import default_jobs

    sites = archive_sites(data, *sites_dirs, example=True)
    jobs = default_jobs() if jobs is None else jobs
    shows_progress = not as_json and not quiet and sys.stderr.isatty()
    done: list[str] = []
    texts = (lambda c: compare_texts(c, data, sites, jobs)) if full else None
    findings = _check(data, full or repair, None if repair else texts, shows_progress)
    if repair:
        if any(f.severity != "note" or "--repair" in f.remedy for f in findings):
            done = _repair(data, findings, sites, jobs, quiet or as_json)
        findings = _check(data, True, texts, shows_progress)
    if as_json:
        print_json(
            {
                "ok": exit_code(findings) == 0,
                "full": full or repair,
                "repaired": done,
                "findings": [finding.to_dict() for finding in findings],
            }
        )
    else:
        _print(findings, quiet)
    return exit_code(findings)


def _check(
    folder: Path,
    full: bool,
    texts: Callable[[sqlite3.Connection], Iterable[Finding]] | None,
    shows_progress: bool,
) -> list[Finding]:
    with ExitStack() as stack:
        total = sum((folder / name).stat().st_size for name in files(folder)) if full else 0
        bar = stack.enter_context(
            tqdm(
                total=total or None, unit="B", unit_scale=True, dynamic_ncols=True,
                disable=not shows_progress,
            )
        )  # fmt: skip
        return list(
            verify(
                folder, full=full, texts=texts, progress=bar.update,
                step=lambda name: bar.set_description(f"verify {name}"),
            )
        )  # fmt: skip


def _repair(
    folder: Path, findings: Sequence[Finding], sites: dict[str, Site], jobs: int, quiet: bool
) -> list[str]:
    from archive.verify.repairing import repair
    from newsbot.crawl.session import SOFTWARE
    from newsbot.replay.warc import import_warc

    done: list[str] = []

    def say(what: str) -> None:
        done.append(what)
        if not quiet:
            click.echo(what, err=True)

    repair(
        folder,
        findings,
        lambda store, site, paths: import_warc(
            store, paths, {site: sites[site]}, in_place=True, jobs=jobs
        ),
        sites,
        software=SOFTWARE,
        say=say,
    )
    return done


def _print(findings: Sequence[Finding], quiet: bool) -> None:
    counts = Counter(finding.severity for finding in findings)
    for finding in sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        if quiet and finding.severity == "note":
            continue
        name = click.style(finding.severity, fg=_COLOURS[finding.severity])
        click.echo(f"{name}: {finding.where}: {finding.what}; {finding.remedy}")
    if quiet:
        return
    said = [f"{counts[name]} {_IN_WORDS[name]}" for name in SEVERITIES if counts[name]]
    verdict = "The archive needs attention" if exit_code(findings) else "All is well"
    click.echo(f"{verdict}: {', '.join(said)}." if said else f"{verdict}.")


def compare_texts(
    c: sqlite3.Connection, folder: Path, sites: dict[str, Site], jobs: int
) -> Iterator[Finding]:
    """Whether title and text of every article are what today's rules read in its capture.

    Where they are not, the rules have changed since: news.db holds what newsbot wrote, and the
    captures are whole, or another check says so. So what is found are notes.
    """
    from newsbot.replay.reextract import reextract

    found: dict[str, list[int]] = {}

    def seen(result: Result) -> None:
        why = _explain(result)
        if why:
            found.setdefault(why, []).append(result.article)

    reextract(c, folder, sites, jobs=jobs, seen=seen)
    for why, articles in sorted(found.items()):
        shown = ", ".join(map(str, articles[:_SHOWN])) + (" …" if len(articles) > _SHOWN else "")
        yield Finding(
            "note", "texts", f"{len(articles)} articles ({shown})", why, _REMEDIES.get(why, _LOOK),
            "articles", tuple(articles),
        )  # fmt: skip


_NO_PROFILE = "their site has no profile, so they cannot be compared with their captures"
_NO_CAPTURE = "no page was captured that they could be compared with"
_UNREADABLE = "their capture cannot be read"
_REMEDIES = {
    _NO_PROFILE: "name the folder of the profiles with --sites-dir",
    _NO_CAPTURE: "the next visit captures one",
    _UNREADABLE: "see the damage to their records",
}
_LOOK = "`newsbot reextract --dry-run` shows how"


def _explain(result: Result) -> str | None:
    """What there is to say of an article that was read again; None where it is the same."""
    if result.reason == "no profile":
        return _NO_PROFILE
    if result.reason == "no capture":
        return _NO_CAPTURE
    if result.reason:
        return _UNREADABLE
    if result.refused:
        return f"today's rules take their pages for no articles ({result.refused})"
    changed = {difference.field for difference in result.differences or ()} & {"title", "text"}
    return f"today's rules read another {' and '.join(sorted(changed))}" if changed else None
