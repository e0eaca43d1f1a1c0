"""withhold: keeps an article from readers, by a person's decision that can be taken back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import click

from archive import query
from archive.decisions import (
    REVOKE,
    WITHHOLD,
    WITHHOLDING,
    Decision,
    decide,
    moment_after,
    withheld,
)
from archive.store import open_database
from archive.store.withheld import act
from newsbot import urls
from newsbot.cli.common import WrongUsage, data_option, json_option, print_json, print_table

_FIELDS = ("article", "at", "by", "reason", "url")


@click.command()
@click.argument("article", metavar="[ID|URL]", required=False)
@data_option
@click.option("--reason", metavar="TEXT", help="Why; it is kept, and `newsbot show` prints it.")
@click.option("--by", metavar="NAME", help="Who asked for it.")
@click.option("--revoke", is_flag=True, help="Let it be read again.")
@click.option("--list", "as_list", is_flag=True, help="Print what is withheld.")
@json_option
def withhold(
    article: str | None,
    data: Path,
    reason: str | None,
    by: str | None,
    revoke: bool,
    as_list: bool,
    as_json: bool,
) -> int:
    """Keep an article from readers; its captures stay.

    It is absent from search, export, stories and the views of news.db at once, while a crawl runs
    too, and stays so through edits, repairs, restores and merges. Each decision is a line of
    decisions/withheld.jsonl, with its reason and time; the latest holds. Exit code 3: a line there
    cannot be read.

    \b
    newsbot withhold 17 --reason 'court order 2-114' --by 'A. Serik'
    newsbot withhold --list
    newsbot withhold 17 --revoke --reason 'lifted on appeal'
    """
    is_decision = article is not None and (reason or "").strip() and not (as_list or as_json)
    if not is_decision and (not as_list or article or revoke or reason or by):
        raise click.UsageError("either an article with a --reason, or --list")
    c = open_database(data, everything=True).conn
    found, problems = withheld(data)
    for url, since, why, who in c.execute("SELECT url, since, reason, by FROM withheld"):
        # Its line is lost, and shows nothing again; only a new one does.
        line = {"url": url, "decision": WITHHOLD, "at": since, "reason": why, "by": who}
        found.setdefault(url, line)
    for problem in problems:
        click.echo(f"newsbot: {problem}", err=True)
    if article is None:
        _print_list(c, found, as_json)
        return 3 if problems else 0
    chosen = _addresses(c, urls.canonical(article) or article, found, revoke)
    decision = REVOKE if revoke else WITHHOLD
    for url in chosen:
        said = {"url": url, "decision": decision, "reason": reason}
        decide(data, WITHHOLDING, {**said, "at": moment_after(found.get(url)), "by": by})
    act(data)
    for url in chosen:
        click.echo(f"{url}: {decision}")
    return 3 if problems else 0


def _print_list(c: sqlite3.Connection, found: dict[str, Decision], as_json: bool) -> None:
    """What is withheld, the oldest decision first; an address may lead to no article here."""
    rows = []
    for line in sorted(found.values(), key=lambda line: (line["at"], line["url"])):
        if line["decision"] == WITHHOLD:
            known = c.execute("SELECT article FROM aliases WHERE url = ?", (line["url"],))
            line["article"] = (known.fetchone() or (None,))[0]
            rows.append({name: line[name] for name in _FIELDS})
    if as_json:
        print_json(rows)
    else:
        print_table([tuple(row.values()) for row in rows], _FIELDS)


def _addresses(
    c: sqlite3.Connection, wanted: str, found: dict[str, Decision], revoke: bool
) -> list[str]:
    """The address to withhold; or all those by which an article is withheld."""
    if not revoke:
        return [query.article(c, wanted)["url"]]
    sql = "SELECT url FROM aliases WHERE article IN (?1, (SELECT article FROM aliases WHERE url = ?1))"
    own = {
        wanted,
        *(url for (url,) in c.execute(sql, (wanted,))),
    }  # the archive may know none there
    chosen = sorted(url for url in own & found.keys() if found[url]["decision"] == WITHHOLD)
    if not chosen:
        raise WrongUsage("it is not withheld: `newsbot withhold --list` prints what is")
    return chosen
