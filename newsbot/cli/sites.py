"""sites: lists the newspapers, looks at new ones, checks profiles, and learns layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from newsbot.cli.common import (
    Group,
    data_option,
    group_options,
    json_option,
    known_sites,
    of_group,
    print_json,
    print_table,
    sites_dir_option,
)
from newsbot.cli.sites_add import add_command
from newsbot.cli.sites_check import check_command
from newsbot.cli.sites_learn import learn_command
from newsbot.cli.sites_record import record_command
from newsbot.cli.sites_test import test_command
from newsbot.profiles import Site

UNCONFIRMED = "not confirmed against the live site"


@click.group()
def sites() -> None:
    """List the newspapers, look at new ones, check profiles, and learn layouts."""


for command in (add_command, check_command, test_command, record_command, learn_command):
    sites.add_command(command)


@sites.command("list")
@group_options
@data_option
@sites_dir_option
@json_option
def sites_list(group: Group, data: Path, sites_dirs: tuple[Path, ...], as_json: bool) -> None:
    """All newspapers, or those of a group, one line each.

    Without names, commands that ask newspapers take those that are confirmed or your own.

    \b
    newsbot sites list --region Жамбыл --language kk
    """
    sites = known_sites(data, sites_dirs)
    known = of_group([*sites.values()], group)
    if as_json:
        print_json([_site_dict(site) for site in known])
        return
    rows = []
    for site in known:
        confirmed = site.confirmed or ("own" if site.id in sites.own else "not yet")
        state = f"gone {site.gone}" if site.gone else confirmed
        tags = " ".join(site.tags)
        rows.append((site.id, site.name, site.region, site.language, tags, site.url, state))
    print_table(rows, ("id", "newspaper", "region", "language", "tags", "address", "confirmed"))
    unconfirmed = sum(site.confirmed is None and site.id not in sites.own for site in known)
    if unconfirmed:
        are = "profiles are" if unconfirmed > 1 else "profile is"
        click.echo(f"\n{unconfirmed} {are} built from stored copies and {UNCONFIRMED}.", err=True)


@sites.command("show")
@click.argument("site_id", metavar="SITE")
@data_option
@sites_dir_option
@json_option
def sites_show(site_id: str, data: Path, sites_dirs: tuple[Path, ...], as_json: bool) -> None:
    """Everything a profile says, defaults included."""
    site = known_sites(data, sites_dirs, [site_id])[site_id]
    record = _site_dict(site)
    if as_json:
        print_json(record)
        return
    record["sources"] = [f"{source.kind}: {source.url}" for source in site.candidate_sources()]
    record["layouts"] = [layout.id for layout in site.layouts]
    record["confirmed"] = record["confirmed"] or UNCONFIRMED
    for key, value in record.items():
        lines = _lines(value)
        click.echo(f"{key:<12}{lines[0]}")
        for line in lines[1:]:
            click.echo(f"{'':<12}{line}")


def _lines(value: object) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{key} {_lines(part)[0]}" for key, part in value.items()) or "–"]
    if isinstance(value, list):
        return [str(part) for part in value] or ["–"]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return ["–"] if value in (None, "") else str(value).splitlines()


def _site_dict(site: Site) -> dict[str, Any]:
    return site.model_dump(mode="json")
