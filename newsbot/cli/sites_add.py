"""sites add: looks at a newspaper, and writes a profile of it into the archive's `sites/`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.captures.files import check_inside
from archive.store import DATABASE, Store, open_database
from newsbot import SOFTWARE, urls
from newsbot.cli.common import (
    SITE_FAILED,
    WrongUsage,
    crawling_options,
    html_option,
    jobs_option,
    print_json,
    write,
)
from newsbot.cli.sites_check import sample, show
from newsbot.profiles import OWN_SITES, ProfileError, Site, archive_sites, load_site
from newsbot.replay.profile_text import PROVISIONAL, finished, provisional
from newsbot.replay.survey import PAGES, Survey, misfits, survey
from newsbot.visit.schedule import next_due

if TYPE_CHECKING:
    from newsbot.crawl.run import CrawlReport


@click.command("add")
@click.argument("url")
@click.option("--id", "site_id", metavar="SITE", help="The site's id. Default: made of the host.")
@html_option
@jobs_option
@crawling_options
def add_command(
    url: str, site_id: str | None, html: Path | None, data: Path, sites_dirs: tuple[Path, ...],
    as_json: bool, quiet: bool, verbose: bool, **how: Any,
) -> int:  # fmt: skip
    """Look at the newspaper at URL, and write a profile of it into sites/ of the archive's folder.

    Asks robots.txt, the front page and the sources that they lead to, reads twenty articles of all
    ages, and shows what was taken of each, and from where. Interrupted, the same command carries on. The
    profile says what speaks for each of its lines; change it as you like.

    \b
    newsbot sites add https://example.kz --html report.html --contact me@example.org
    """
    site, path = _begin(url, site_id, data, sites_dirs)
    left = PAGES - _count(data, site.id, "articles")
    try:
        reports = (
            sample([site], data, left, quiet=quiet or as_json, verbose=verbose, **how)
            if left > 0
            else []
        )
    finally:
        if is_nothing := not _count(data, site.id, "captures"):
            path.unlink(missing_ok=True)
    with closing(open_database(data).conn) as c:
        found = survey(c, data, site)
    if failed := _failed(found, reports):
        click.echo(f"newsbot: {site.url}: {failed[1]}", err=True)
        if is_nothing:
            with Store(data, SOFTWARE, next_due) as store:
                store.forget_site(site.id)
        return failed[0]
    with closing(open_database(data).conn) as c:
        text = "\n".join(finished(found, date.today())) + "\n"
        write(path, text, data)
        found = survey(c, data, load_site(path))
        problems = misfits(c, found)
    told = show(found, problems, html=html, quiet=quiet or as_json, profile=text)
    if as_json:
        print_json({**told, "profile": str(path)})
    elif not quiet:
        click.echo(
            f"{path} is written: read it, then run `newsbot crawl {site.id} --full`", err=True
        )
    return 0


def _begin(
    url: str, site_id: str | None, data: Path, sites_dirs: Sequence[Path]
) -> tuple[Site, Path]:
    """The profile to look with, and its file: a new one, or that of a look that has not ended."""
    url = url if "://" in url else f"https://{url}"
    address = urls.canonical(url)
    if not address:
        raise WrongUsage(f"{url!r} is no web address such as https://example.kz")
    host, own = urls.netloc(address), data / OWN_SITES
    check_inside(own, data)
    known = archive_sites(data, *sites_dirs, example=True)
    for site in known.values():
        if host in site.netlocs:
            path = own / f"{site.id}.toml"
            if path.exists() and path.read_text("utf-8").startswith(PROVISIONAL):
                return site, path
            raise WrongUsage(f"{host} is {site.id} already: `newsbot sites check {site.id}`")
    label = re.sub(r"\.[a-z]+$", "", host.removeprefix("www."))
    name = site_id or re.sub(r"[^a-z0-9]+", "-", label).strip("-")[:64]
    if name in {**known, **known.broken}:
        raise WrongUsage(f"there is a site {name!r} at another address: choose an --id")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise WrongUsage(f"--id: expected small letters, digits, - and _, got {name!r}")
    path = own / f"{name}.toml"
    write(path, provisional(address, host), data)
    try:
        return load_site(path), path
    except ProfileError:
        path.unlink()
        raise


def _count(data: Path, site: str, table: str) -> int:
    if not (data / DATABASE).exists():
        return 0
    with closing(open_database(data, everything=True).conn) as c:
        sql = f"SELECT count(*) FROM {table} WHERE site = ?"  # noqa: S608 -- ours
        return int(c.execute(sql, (site,)).fetchone()[0])


def _failed(found: Survey, reports: Sequence[CrawlReport]) -> tuple[int, str] | None:
    """Exit code and reason where no profile can be written."""
    for report in reports:
        if report.reason == "shutdown" and not report.exit_code:
            return 0, "interrupted; the same command carries on from here"
        if report.exit_code and not (report.reason == "finished" and found.articles):
            errors = {row["url"]: row["error"] for row in found.sources}
            return report.exit_code, errors.get(found.site.url) or report.error or report.reason
    if not found.articles:
        visits = sum(sum(report.outcomes.values()) for report in reports)
        return SITE_FAILED, f"no newspaper is to be seen: none of {visits} pages is an article"
    return None
