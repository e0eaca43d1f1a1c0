"""note: writes down what a person remarks on an article, or on one revision of it."""

from __future__ import annotations

from pathlib import Path

import click

from archive.notes import add
from newsbot import urls
from newsbot.cli.common import Text, data_option, opened


@click.command()
@click.argument("article", metavar="ID|URL")
@click.argument("text", metavar="TEXT...", nargs=-1, required=True, type=Text())
@data_option
@click.option("--revision", metavar="N", type=click.IntRange(1), help="It is on this revision.")
@click.option("--by", metavar="NAME", type=Text(), help="Who writes it.")
def note(
    article: str, text: tuple[str, ...], data: Path, revision: int | None, by: str | None
) -> None:
    """Write a note on an article; `newsbot show` prints it.

    It is a line of decisions/notes.jsonl, with the time: nothing is ever rewritten, and repairs,
    restores and merges keep it. It is read at once, while a crawl runs too. An article that is
    withheld takes none.

    \b
    newsbot note 17 Asked the editor about the date
    newsbot note 17 'the figure was 12 before' --revision 2 --by 'A. Serik'
    newsbot search note:editor
    """
    words = " ".join(text)
    key = urls.canonical(article) or article
    said = add(opened(data), data, key, words, revision=revision, by=by)
    click.echo(f"{said['url']}: noted")
