"""reextract: reads captures again with today's rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from archive.store import Store, open_database
from newsbot import SOFTWARE
from newsbot.cli.common import (
    check_archived,
    data_option,
    date_options,
    jobs_option,
    json_option,
    print_table,
    sites_dir_option,
)
from newsbot.profiles import archive_sites
from newsbot.replay.compare import FIELDS, changed_paragraphs
from newsbot.replay.reextract import Choice, Report, count, reextract
from newsbot.replay.reread import Result

_SHOWN = 76
"""Characters of a value in an example."""
_VERDICTS = {
    "same": "same",
    "better": "better",
    "worse": "worse",
    "mixed": "mixed",
    "other": "different",
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
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--skip-worse", is_flag=True, help="Leave articles that would get worse as they are.")
@jobs_option
@json_option
def reextract_command(
    data: Path,
    sites_dirs: tuple[Path, ...],
    site_ids: tuple[str, ...],
    articles: tuple[int, ...],
    after: str | None,
    before: str | None,
    dry_run: bool,
    skip_worse: bool,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Read the captures of articles again with today's rules.

    The earlier wording stays as a revision, and the new one is marked as a reextraction: the
    newspaper's own edits are kept apart. A page that today's rules take for no article is left as it
    is. An interrupted run carries on when it is started again.

    \b
    newsbot reextract --dry-run --site aqjolgazet    what would change?
    newsbot reextract --site aqjolgazet --skip-worse
    """
    choice = Choice(site_ids, articles, after, before)
    sites = archive_sites(data, *sites_dirs, example=True)
    with ExitStack() as stack:
        connection = open_database(data).conn
        stack.callback(connection.close)
        check_archived(connection, site=site_ids)
        total = count(connection, choice)
        store = None if dry_run else stack.enter_context(Store(data, SOFTWARE))
        bar = stack.enter_context(
            tqdm(
                total=total,
                unit=" articles",
                desc="reextract",
                dynamic_ncols=True,
                disable=as_json or not sys.stderr.isatty(),
            )
        )
        listed = stack.enter_context(_Listed()) if as_json else None

        def seen(result: Result) -> None:
            bar.update()
            if listed:
                listed.add(result)

        report = reextract(
            store.connection if store else connection,
            data,
            sites,
            choice,
            store=store,
            skip_worse=skip_worse,
            jobs=jobs,
            seen=seen,
        )
        if listed:
            listed.end(report)
    if not as_json:
        _print(report, dry_run)
    return 5 if report.damaged else 0


class _Listed:
    """One JSON object on stdout that is written as the run goes on: an archive may be large."""

    def __enter__(self) -> _Listed:
        click.echo('{"changes": [', nl=False)
        self._separator = ""
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def add(self, result: Result) -> None:
        """Print an article that is not the same."""
        if result.verdict == "same":
            return
        record = {
            "id": result.article,
            "url": result.url,
            "site": result.site,
            "layout": result.layout,
            "verdict": result.verdict,
            "refused": result.refused,
            "reason": result.reason,
            "fields": {
                d.field: {"before": d.before, "after": d.after, "verdict": d.verdict}
                for d in result.differences or ()
            },
        }
        click.echo(self._separator + json.dumps(record, ensure_ascii=False), nl=False)
        self._separator = ", "

    def end(self, report: Report) -> None:
        """Print the counts."""
        rest = json.dumps(report.to_dict(), ensure_ascii=False)
        click.echo(f"], {rest[1:]}")


def _print(report: Report, dry_run: bool) -> None:
    total = report.articles.total() - report.articles["refused"]
    if not total:
        click.echo("no articles to read")
        return
    _print_counts(report.sites, "site")
    _print_counts(report.layouts, "layout")
    if report.fields:
        columns = ("changed", "filled", "emptied", "better", "worse")
        rows = [
            (name, *(report.fields[name][column] for column in columns))
            for name in FIELDS
            if name in report.fields
        ]
        click.echo()
        print_table(rows, ("field", *columns))
        click.echo()
        for name in FIELDS:
            for result, place in report.examples.get(name, ()):
                _print_example(result, place)
    for reason, number in report.refused.most_common():
        click.echo(f"{number} would be no articles any more ({reason}) and are left as they are")
    for reason, number in report.unread.most_common():
        click.echo(f"{number} cannot be read: {reason}")
    for line in report.damaged:
        click.echo(f"newsbot: {line}", err=True)
    changing = sum(report.articles[v] for v in ("better", "mixed", "other", "worse"))
    changing -= report.articles["refused"]
    if dry_run:
        click.echo(
            f"{total} articles read: {changing} would change, {report.articles['better']} for the "
            f"better and {report.articles['worse']} for the worse; nothing was changed"
        )
    else:
        click.echo(
            f"{total} articles read: {report.stored} changed, {report.revisions} of them with a new "
            f"revision; {report.left} left as they are because they would get worse"
        )


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


def _print_example(result: Result, place: int) -> None:
    assert result.differences is not None
    difference = result.differences[place]
    said = {"other": "different"}.get(difference.verdict, difference.verdict)
    click.echo(f"{difference.field}, {said}: {result.site} #{result.article} {result.layout}")
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
