"""stems: shows under which stems words are indexed, and indexes the archive anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import click

from archive.kazakh.morphology import LOOSE
from archive.kazakh.words import in_cyrillic, words
from archive.search import explain
from archive.store import DATABASE, Store, open_database
from archive.store.index import rebuild
from newsbot.cli.common import WrongUsage, data_option, json_option, print_json


@click.command()
@click.argument("word", nargs=-1)
@data_option
@click.option("--rebuild", "again", is_flag=True, help="Make the whole index anew, first.")
@json_option
def stems(word: tuple[str, ...], data: Path, again: bool, as_json: bool) -> None:
    """Show under which stems words are indexed, and why.

    The first stem is the likeliest. In plain SQL: articles_fts MATCH 'stems:мектеп'.
    With --rebuild the stems of all words are decided again, with the whole archive as evidence.

    \b
    newsbot stems мектептерімізде халқы jańalyqtary
    """
    if again:
        open_database(data).close()  # says so where there is no archive, instead of making one
        with Store(data) as store, store.transaction() as c:
            click.echo(f"{rebuild(c)} articles indexed anew", err=True)
    elif not word:
        raise click.UsageError("give at least one word")
    elif not any(map(words, word)):
        raise WrongUsage(f"no word in {' '.join(word)!r}: there are letters or figures in one")
    connection = open_database(data).conn if (data / DATABASE).is_file() else None
    explained = [_explained(connection, one) for text in word for one in words(text)]
    if as_json:
        print_json(explained)
        return
    for row in explained:
        spelt = f" = {row['cyrillic']}" if row["cyrillic"] != row["word"] else ""
        click.echo(f"{row['word']}{spelt}")
        for reading in row["readings"]:
            slots = " + ".join(reading["suffixes"]) or "as it is"
            kind = "verb" if reading["kind"] == "verb" else "noun or other"
            click.echo(f"    {reading['stem']}  {reading['share']:.0%}  {kind}: {slots}")
        if row["indexed"]:
            click.echo(f"    the archive has it under: {', '.join(row['indexed'])}")


def _explained(connection: sqlite3.Connection | None, word: str) -> dict[str, Any]:
    readings = explain(connection, word)
    indexed = None
    if connection:
        row = connection.execute("SELECT stems FROM vocabulary WHERE word = ?", (word,)).fetchone()
        indexed = row[0].split() if row else None
    return {
        "word": word,
        "cyrillic": in_cyrillic(word),
        "stems": [a.stem for a in readings],
        "indexed": indexed,
        "readings": [
            {
                "stem": a.stem,
                "share": round(a.share, 4),
                "kind": a.reading.kind,
                "suffixes": [slot for slot in a.reading.slots if slot != LOOSE],
            }
            for a in readings
        ],
    }
