"""sites learn: prints the layouts that are kept of a site, and those that its captures show now."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

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
from newsbot.replay.learning import choose, kept, look
from newsbot.replay.profile_text import as_toml

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
        click.echo("\n".join(as_toml(one, state)))
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
