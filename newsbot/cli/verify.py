"""verify: says whether an archive is as it was written, and repairs what can be repaired."""

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

from archive.article import REVISED
from archive.integrity.finding import REMEDIES, SEVERITIES, Finding, exit_code
from archive.integrity.records import files
from archive.integrity.verify import verify
from newsbot import SOFTWARE
from newsbot.cli.common import (
    WrongUsage,
    data_option,
    jobs_option,
    json_option,
    known_sites,
    print_json,
    sites_dir_option,
)
from newsbot.cli.terminal import styled

if TYPE_CHECKING:
    from newsbot.profiles import Site
    from newsbot.replay.reread import Rereading

_COLOURS = {"damage": "red", "inconsistency": "yellow", "note": "bright_black"}
_SHOWN = 5
"""Articles that are named where a finding is about many."""
_IN_WORDS = {"damage": "damaged", "inconsistency": "inconsistent", "note": "to note"}


@click.command("verify")
@data_option
@sites_dir_option
@click.option(
    "--full", is_flag=True, help="Read every byte, and what today's rules have not read yet."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Put right what can be, after a full check; keeps what it replaces.",
)
@jobs_option
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

    The quick check reads all of news.db and both ends of every WARC file; --full reads every record,
    and says which articles today's rules would read otherwise. Crawls and readers are not disturbed.
    Exit code 5 means that something is damaged or does not fit together.

    \b
    newsbot verify            often; from cron, with -q
    newsbot verify --full     now and then, and after copying the archive
    newsbot verify --repair   no crawl may run meanwhile
    """
    sites = known_sites(data, sites_dirs, example=True)
    if repair and sites.broken:
        raise WrongUsage("mend the profiles first: without them articles could not be made anew")
    shows_progress = not as_json and not quiet and sys.stderr.isatty()
    done: list[str] = []
    texts = (lambda c: compare_texts(c, data, sites, jobs)) if full else None
    findings = _check(data, full or repair, None if repair else texts, shows_progress)
    if repair:
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
        total = sum((folder / name).lstat().st_size for name in files(folder)) if full else 0
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
    folder: Path,
    findings: Sequence[Finding],
    sites: dict[str, Site],
    jobs: int | None,
    quiet: bool,
) -> list[str]:
    from archive.integrity.repair import repair
    from newsbot.replay.warc import import_warc
    from newsbot.visit.schedule import next_due

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
        schedule=next_due,
        say=say,
    )
    return done


def _print(findings: Sequence[Finding], quiet: bool) -> None:
    counts = Counter(finding.severity for finding in findings)
    for finding in sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        if quiet and finding.severity == "note":
            continue
        name = styled(finding.severity, _COLOURS[finding.severity])
        click.echo(f"{name}: {finding.where}: {finding.what}; {REMEDIES[finding.remedy]}")
    if quiet:
        return
    said = [f"{counts[name]} {_IN_WORDS[name]}" for name in SEVERITIES if counts[name]]
    verdict = "The archive needs attention" if exit_code(findings) else "All is well"
    click.echo(f"{verdict}: {', '.join(said)}." if said else f"{verdict}.")


def compare_texts(
    c: sqlite3.Connection, folder: Path, sites: dict[str, Site], jobs: int | None
) -> Iterator[Finding]:
    """Which articles today's rules would read otherwise, where other rules have read them.

    The rules have changed since: news.db holds what newsbot wrote, and the captures are whole, or
    another check says so. So what is found are notes.
    """
    from newsbot.pool import open_pool
    from newsbot.replay.learning import all_learned
    from newsbot.replay.reextract import reextract

    found: dict[tuple[str, str], set[int]] = {}

    def seen(page: Rereading) -> None:
        said = _explain(page)
        if said:
            found.setdefault(said, set()).add(page.stored.article or 0)

    with open_pool(jobs) as pool:
        reextract(c, folder, all_learned(c, folder, sites), pool=pool, seen=seen)
    for (what, remedy), numbers in sorted(found.items()):
        articles = sorted(numbers - {0})
        shown = ", ".join(map(str, articles[:_SHOWN])) + (" …" if len(articles) > _SHOWN else "")
        where = f"{len(articles)} articles ({shown})" if articles else "pages refused before"
        yield Finding("note", "texts", where, what, remedy, "articles", tuple(articles))


def _explain(page: Rereading) -> tuple[str, str] | None:
    """What there is to say of a page that was read again, and the remedy; None where it is the same."""
    if page.error:
        if page.is_damaged:
            return None  # the check of records names it
        return "their site has no profile, so today's rules cannot read them", "profile"
    if page.refused:
        return f"today's rules take their pages for no articles ({page.refused})", "reextract"
    if page.verdict == "found":
        return "today's rules read articles in them", "reextract"
    changed = {difference.field for difference in page.differences} & {*REVISED, "modified"}
    what = f"today's rules read other values: {', '.join(sorted(changed))}"
    return (what, "reextract") if changed else None
