"""demo: serves the bundled example newspaper on loopback, crawls it for real, shows what is kept."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import click

from archive import query
from archive.search import search
from archive.store import open_database
from newsbot.cli.common import WrongUsage, data_option
from newsbot.cli.crawl import print_failures, print_reports
from newsbot.profiles import EXAMPLE_DIR, load_site

PORT = 8765
"""The port in the profile: a fixed one, so that a second demo finds its articles again."""
_QUERY = "мектеп"


@click.command()
@data_option
def demo(data: Path) -> int:
    """Crawl a small example newspaper on this machine and show what was kept."""
    from newsbot.crawl.run import run_crawls
    from newsbot.demo.server import ExampleNewspaper

    site = load_site(EXAMPLE_DIR / "aqbulaq.toml")
    with ExitStack() as stack:
        try:
            stack.enter_context(ExampleNewspaper(port=PORT))
        except OSError:
            raise WrongUsage(
                f"port {PORT} of this machine is in use: end the program that uses it (another demo?)"
            ) from None
        click.echo(f"«{site.name}», an invented newspaper, is being served on {site.url}")
        click.echo("Crawling it as any other newspaper: robots.txt, sitemap, feed, articles …\n")
        reports = run_crawls([site], data, progress=sys.stderr.isatty())
    print_reports(reports)
    print_failures(reports)
    code = max((report.exit_code for report in reports), default=0)
    if code:
        return code
    connection = open_database(data).conn
    records = list(query.articles(connection, query.selection(site=site.id)))
    click.echo(f"\nThe newest of {len(records)} articles in {data}/news.db:")
    for record in sorted(records, key=lambda r: r["published"] or "")[-3:]:
        click.echo(f"  {record['id']:>4}  {(record['published'] or '')[:10]}  {record['title']}")
    hits = search(connection, _QUERY, limit=3)
    click.echo(f"\nnewsbot search {_QUERY}  →  {hits.total} found")
    for row in hits.rows:
        click.echo(f"  {row['id']:>4}  {' '.join(row['snippet'].split())}")
    command = "newsbot" if shutil.which("newsbot") else os.path.relpath(sys.argv[0])
    command = "python -m newsbot" if command.endswith("__main__.py") else command
    option = "" if data == Path("data") else f" --data {data}"
    first = hits.rows[0]["id"] if hits.rows else 1
    room = f"{command} serve{option}"
    if not all(map(find_spec, ("datasette", "babel"))):  # the extra `serve`
        in_checkout = Path("Makefile").exists() and Path(sys.prefix) == Path(".venv").absolute()
        room = (
            f"make serve{f' DATA={data}' if option else ''}"
            if in_checkout
            else (f"{sys.executable} -m pip install 'newsbot[serve]' && {room}")
        )
    click.echo(f"\nRead it in a browser:\n  {room}")
    click.echo("\nWhat next:")
    for words, purpose in (
        (f"show {first}{option}", "read one whole"),
        (f"search {_QUERY}{option}", "look for a word; try your own"),
        (f"export --format jsonl{option}", "all of it, for your own programs"),
        (f"status{option}", "what is kept, how the last crawl went"),
        (f"verify --full{option}", "whether every byte is as it was written"),
        ("sites list", "the real newspapers"),
        ("crawl aqjolgazet --contact you@example.org", "gather one of them"),
    ):
        click.echo(f"  {command} {words}\n      {purpose}")
    return 0
