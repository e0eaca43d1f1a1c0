"""sites learn: prints the layouts that are kept of a site, and those that its captures show now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from archive.store import open_database
from newsbot.cli.common import (
    WrongUsage,
    data_option,
    jobs_option,
    json_option,
    known_sites,
    print_json,
    sites_dir_option,
)
from newsbot.extraction.layouts import fallbacks
from newsbot.extraction.learn import ENOUGH_PAGES
from newsbot.pool import open_pool
from newsbot.profiles import LEARNED, Layout
from newsbot.replay.learning import choose, kept, look

_LAYOUTS = "SELECT layout FROM articles WHERE site = ?"


@click.command("learn")
@click.argument("site_id", metavar="SITE")
@data_option
@sites_dir_option
@jobs_option
@json_option
def learn_command(
    site_id: str, data: Path, sites_dirs: tuple[Path, ...], jobs: int | None, as_json: bool
) -> None:
    """Print the layouts that a site's captured pages show.

    What is known of the pages from their data and the generic reading shows where the site's templates
    print it. The layouts are TOML as in a profile; comments say how many pages speak for each
    selector, and whether the archive keeps it already. Nothing is stored: crawls, imports and
    reextract do that by themselves.

    \b
    newsbot sites learn aqjolgazet
    newsbot reextract --dry-run --site aqjolgazet    what would change?
    """
    sites = known_sites(data, sites_dirs, [site_id], example=True)
    with closing(open_database(data).conn) as connection, open_pool(jobs) as pool:
        if not choose(connection, site_id, 1):
            raise WrongUsage(
                f"no captured pages of {site_id!r} in {data}: run `newsbot crawl {site_id}` first"
            )
        before = kept(connection, data, site_id)[1]["layouts"]
        found = pool.submit(look, data, sites[site_id]).result()
        unfit = sum(layout in fallbacks() for (layout,) in connection.execute(_LAYOUTS, (site_id,)))
    if as_json:
        print_json({"site": site_id, "kept": before, "learnt": found})
        return
    known, new = ({one["layout"]["id"] for one in layouts} for layouts in (before, found))
    for one in (*found, *(one for one in before if one["layout"]["id"] not in new)):
        name = one["layout"]["id"]
        state = "not kept yet" if name not in known else "kept" if name in new else "kept till now"
        click.echo("\n".join(_as_toml(one, state)))
    if not found:
        why = (
            f"articles that fit no layout: {unfit}, and {ENOUGH_PAGES} are needed to see a template"
        )
        if unfit >= ENOUGH_PAGES:
            why = (
                f"of {unfit} articles that fit no layout, no {ENOUGH_PAGES} show their text in one place "
                "that has a name (an element's class or id); they are read without one"
            )
        click.echo(f"nothing learnt: {why}", err=True)


def _as_toml(one: Mapping[str, Any], state: str) -> Iterator[str]:
    """A layout as a person would write it, each selector with its evidence."""
    keys, support = one["layout"], one["support"]
    days = f", published {' to '.join(one['published'])}" if one["published"] else ""
    yield "[[layouts]]"
    yield f"# {state}; {one['pages']} pages{days}"
    for key in Layout.model_fields:
        if key == "valid_until" and key in keys:
            yield f"valid_until = {keys[key]}  # the last day on which it was captured"
        elif key in keys and isinstance(keys[key], list):
            yield f"{key} = ["
            for css in keys[key]:
                yield f"  {_quoted(css)},  # {_said(key, support[key][css])}"
            yield "]"
        elif key == "refuse" and key in keys:
            yield from (f"refuse.{reason} = {_quoted(css)}" for reason, css in keys[key].items())
        elif key == "id":  # in a profile it is one of people's
            yield f"id = {_quoted(keys[key].removeprefix(LEARNED))}"
        elif key in keys:
            said = f"  # {_said(key, support[key][keys[key]])}" if key in support else ""
            yield f"{key} = {_quoted(keys[key])}{said}"
    yield ""


def _said(key: str, pages: Mapping[str, int]) -> str:
    if key == "remove":
        words = f"on {pages['known']} pages"
    else:
        words = f"{pages['right']} of {pages['known']} pages"
    if pages["wrong"]:
        words += f", {pages['wrong']} {'hold it as text' if key == 'remove' else 'contradict'}"
    return words


def _quoted(css: str) -> str:
    """A TOML string: literal where it can be, as profiles have it."""
    return json.dumps(css, ensure_ascii=False) if "'" in css else f"'{css}'"
