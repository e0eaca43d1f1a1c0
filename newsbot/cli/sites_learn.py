"""sites learn: prints the layouts that a site's captured pages show, to be pasted into its profile."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from archive.store import open_database
from newsbot.cli.common import (
    WrongUsage,
    data_option,
    json_option,
    known_sites,
    print_json,
    sites_dir_option,
)
from newsbot.extraction.learn import ENOUGH_PAGES, Learned, LearnedLayout, Support, learn
from newsbot.profiles import OWN_SITES
from newsbot.replay.samples import choose, read_samples


@click.command("learn")
@click.argument("site_id", metavar="SITE")
@click.option(
    "--pages",
    type=click.IntRange(ENOUGH_PAGES, 5000),
    default=200,
    show_default=True,
    metavar="NUMBER",
    help="Captured pages that are looked at, spread evenly over the site's history.",
)
@data_option
@sites_dir_option
@json_option
def learn_command(
    site_id: str, pages: int, data: Path, sites_dirs: tuple[Path, ...], as_json: bool
) -> None:
    """Print the layouts that a site's captured pages show.

    What is known of the pages from their data and the generic reading shows where the site's templates
    print it. The layouts are TOML to be pasted into the site's profile; comments say how many pages
    speak for each selector. Nothing is stored.

    \b
    newsbot sites learn aqjolgazet
    newsbot reextract --dry-run --site aqjolgazet    after pasting: what would change?
    """
    site = known_sites(data, sites_dirs, [site_id], example=True)[site_id]
    with closing(open_database(data).conn) as connection:
        chosen = choose(connection, site_id, pages)
        if not chosen:
            raise WrongUsage(
                f"no captured pages of {site_id!r} in {data}: run `newsbot crawl {site_id}` first"
            )
        read = tqdm(
            read_samples(connection, data, site, chosen),
            total=len(chosen), unit=" pages", desc="learn", dynamic_ncols=True,
            disable=as_json or not sys.stderr.isatty(),
        )  # fmt: skip
        samples = [sample for sample in read if sample]
    learned = learn(samples, site.zone)
    if as_json:
        print_json(_as_dict(site_id, learned))
    elif learned is None:
        articles = sum(sample.known.is_article for sample in samples)
        click.echo(
            f"nothing learnt: of {articles} pages of articles no {ENOUGH_PAGES} show their text in "
            "one and the same place",
            err=True,
        )
    else:
        click.echo("\n".join(_as_toml(site_id, data, learned)))


def _as_dict(site: str, learned: Learned | None) -> dict[str, Any]:
    return {
        "site": site,
        "articles": learned.articles if learned else 0,
        "others": learned.others if learned else 0,
        "layouts": [
            {
                "layout": found.layout.model_dump(mode="json", exclude_defaults=True),
                "pages": found.pages,
                "published": found.published,
                "support": {
                    key: {
                        css: {"right": s.right, "wrong": s.wrong, "known": s.known}
                        for css, s in chosen.items()
                    }
                    for key, chosen in found.support.items()
                },
            }
            for found in (learned.layouts if learned else ())
        ],
    }


def _as_toml(site: str, data: Path, learned: Learned) -> Iterator[str]:
    """Layouts as a person would write them, each selector with its evidence."""
    yield f"# Learnt from {learned.articles} pages of articles and {learned.others} others; for"
    yield f"# {data / OWN_SITES / f'{site}.toml'}, at its end."
    for found in learned.layouts:
        yield ""
        yield "[[layouts]]"
        days = f", published {' to '.join(found.published)}" if found.published else ""
        yield f"# {found.pages} pages{days}"
        yield f'id = "{found.layout.id}"'
        yield from _rows(found)


def _rows(found: LearnedLayout) -> Iterator[str]:
    layout = found.layout
    for key in type(layout).model_fields:
        support = found.support.get(key, {})
        if key == "valid_until" and layout.valid_until:
            yield f"valid_until = {layout.valid_until}  # the last day on which it was captured"
        elif key in ("when", "article") and support:
            ((css, pages),) = support.items()
            yield f"{key} = {_quoted(css)}  # {_said(key, pages)}"
        elif support:
            yield f"{key} = ["
            for css, pages in support.items():
                yield f"  {_quoted(css)},  # {_said(key, pages)}"
            yield "]"


def _said(key: str, support: Support) -> str:
    if key == "remove":
        words = f"on {support.known} pages"
    else:
        words = f"{support.right} of {support.known} pages"
    if support.wrong:
        words += f", {support.wrong} {'hold it as text' if key == 'remove' else 'contradict'}"
    return words


def _quoted(css: str) -> str:
    """A TOML string: literal where it can be, as profiles have it."""
    return json.dumps(css, ensure_ascii=False) if "'" in css else f"'{css}'"
