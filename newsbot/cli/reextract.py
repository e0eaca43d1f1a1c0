"""reextract: reads captures again with today's rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from archive import query
from archive.article import READ
from archive.store import Store, open_database
from newsbot import SOFTWARE
from newsbot.cli.common import (
    data_option,
    date_options,
    jobs_option,
    json_option,
    known_sites,
    print_table,
    scheduler_option,
    sites_dir_option,
    to_json,
)
from newsbot.cluster import open_pool
from newsbot.names import check_archived
from newsbot.replay.compare import Difference, changed_paragraphs
from newsbot.replay.learning import all_learned, learn_anew
from newsbot.replay.reextract import Choice, Report, count, reextract
from newsbot.replay.reread import Rereading
from newsbot.visit.schedule import next_due

_SHOWN = 76
"""Characters of a value in an example."""
_VERDICTS = {
    "same": "same",
    "better": "better",
    "worse": "worse",
    "mixed": "mixed",
    "other": "different",
    "found": "found",
    "refused": "refused",
    "unread": "not read",
}


@click.command("reextract")
@data_option
@sites_dir_option
@click.option(
    "--site", "site_ids", multiple=True, help="Only this site; may be given several times."
)
@click.option(
    "--article", "articles", type=int, multiple=True, help="Only this article, by its id."
)
@date_options
@click.option(
    "--all", "everything", is_flag=True, help="Also what today's rules have read already."
)
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--skip-worse", is_flag=True, help="Leave what would get worse as it is.")
@jobs_option
@scheduler_option
@json_option
def reextract_command(
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_ids: tuple[str, ...],
    articles: tuple[int, ...],
    after: str | None,
    before: str | None,
    everything: bool,
    dry_run: bool,
    skip_worse: bool,
    jobs: int | None,
    scheduler: str | None,
    as_json: bool,
) -> int:
    """Read captured pages again with today's rules.

    Pages that today's rules have read already are passed over; those that were refused, or could not
    be read, are read like the others. Layouts are learnt anew before, where pages fit none. What was
    read before is kept beside the new reading, apart from the newspaper's own edits. The page of an
    article that today's rules take for none is left as it is. An interrupted run carries on when it
    is started again.

    \b
    newsbot reextract --dry-run --site aqjolgazet    what would change?
    newsbot reextract --site aqjolgazet --skip-worse
    """
    choice = Choice(site_ids, articles, after, before, everything=everything)
    known = known_sites(data, sites_dirs, example=True)
    with ExitStack() as stack:
        connection = stack.enter_context(closing(open_database(data).conn))
        check_archived(connection, {"site": site_ids})
        for number in articles:
            query.article(connection, str(number))
        store = None if dry_run else stack.enter_context(Store(data, SOFTWARE, next_due))
        connection = store.connection if store else connection
        pool = stack.enter_context(open_pool(jobs, scheduler))
        sites = all_learned(connection, data, known)
        found = () if articles else site_ids or query.names(connection, "site")
        learnt = [name for name in found if name in sites]
        for name in learnt:
            sites[name] = learn_anew(connection, data, sites[name], pool, store=store, wanted=True)
        bar = stack.enter_context(_progress(count(connection, sites, choice), hidden=as_json))
        listed = stack.enter_context(_Listed()) if as_json else None

        def seen(found: Rereading) -> None:
            bar.update()
            if listed:
                listed.add(found)

        report = reextract(
            connection,
            data,
            sites,
            choice,
            store=store,
            skip_worse=skip_worse,
            pool=pool,
            seen=seen,
        )
        if store and choice.is_whole:
            for name in learnt:
                store.knowledge_is_used(name)
        if listed:
            listed.end(report)
    if not as_json:
        _print(report, dry_run)
    return 5 if report.damaged else 0


def _progress(total: int, *, hidden: bool) -> tqdm[Any]:
    return tqdm(
        total=total,
        unit=" pages",
        desc="reextract",
        dynamic_ncols=True,
        disable=hidden or not sys.stderr.isatty(),
    )


class _Listed:
    """One JSON object on stdout that is written as the run goes on: an archive may be large."""

    def __enter__(self) -> _Listed:
        click.echo('{"changes": [', nl=False)
        self._separator = ""
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def add(self, found: Rereading) -> None:
        """Print a page that is not the same."""
        if found.verdict == "same":
            return
        record = {
            "article": found.stored.article,
            "capture": found.stored.page,
            "url": found.stored.url,
            "site": found.stored.site,
            "layout": found.layout,
            "verdict": found.verdict,
            "refused": found.refused,
            "error": found.error,
            "fields": {
                d.field: {"before": d.before, "after": d.after, "verdict": d.verdict}
                for d in found.differences
            },
        }
        click.echo(self._separator + to_json(record), nl=False)
        self._separator = ", "

    def end(self, report: Report) -> None:
        """Print the counts."""
        rest = to_json(report.to_dict())
        click.echo(f"], {rest[1:]}")


def _print(report: Report, dry_run: bool) -> None:
    total = report.verdicts.total() - report.verdicts["refused"]
    if not total:
        click.echo("nothing to read: today's rules have read every page")
        return
    _print_counts(report.sites, "site")
    _print_counts(report.layouts, "layout")
    if report.fields:
        columns = ("changed", "filled", "emptied", "better", "worse")
        rows = [
            (name, *(report.fields[name][column] for column in columns))
            for name in READ
            if name in report.fields
        ]
        click.echo()
        print_table(rows, ("field", *columns))
        click.echo()
        for name in READ:
            for found, difference in report.examples.get(name, ()):
                _print_example(found, difference)
    for reason, number in report.refused.most_common():
        click.echo(f"{number} would be no articles any more ({reason}) and are left as they are")
    for reason, number in report.unread.most_common():
        click.echo(f"{number} cannot be read: {reason}")
    for line in report.damaged:
        click.echo(f"newsbot: {line}", err=True)
    verdicts = report.verdicts
    changing = sum(verdicts[v] for v in ("better", "mixed", "other", "worse"))
    changing -= verdicts["refused"]
    summary = (
        f"{total} pages read: {changing} differ, {verdicts['better']} for the better and "
        f"{verdicts['worse']} for the worse; {verdicts['found']} refused before are articles"
    )
    if dry_run:
        click.echo(f"{summary}; nothing was changed")
    else:
        click.echo(f"{summary}; {report.left} left as they are because they would get worse")


def _print_counts(counts: Mapping[str, Mapping[str, int]], what: str) -> None:
    shown = [v for v in _VERDICTS if any(numbers.get(v) for numbers in counts.values())]
    if not counts:
        return
    rows = [
        (name, *(numbers.get(verdict, 0) for verdict in shown))
        for name, numbers in sorted(counts.items())
    ]
    print_table(rows, (what, *(_VERDICTS[verdict] for verdict in shown)))
    click.echo()


def _print_example(found: Rereading, difference: Difference) -> None:
    verdict = _VERDICTS[difference.verdict]
    stored = found.stored
    click.echo(f"{difference.field}, {verdict}: {stored.site} #{stored.article} {found.layout}")
    if difference.field == "text":
        lost, gained = changed_paragraphs(difference.before or "", difference.after or "")
    else:
        lost, gained = [difference.before], [difference.after]
    for mark, values in (("-", lost), ("+", gained)):
        for value in values[:2]:
            click.echo(f"  {mark} {_short(value)}")
        if len(values) > 2:
            click.echo(f"  {mark} … {len(values) - 2} more")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split()) if value not in (None, "", [], {}) else "(nothing)"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


__all__ = ["reextract_command"]
