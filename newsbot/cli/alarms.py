"""alarms: what is wrong with newspapers and for how long, told once; mutes of what is known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from archive.decisions import MUTE, decide
from archive.store import open_database
from archive.times import now, utc
from newsbot.cli.common import (
    ENDS_WITH,
    SITE_FAILED,
    TO_DATE,
    F,
    WrongUsage,
    check_archived,
    data_option,
    json_option,
    print_json,
    sites_dir_option,
)
from newsbot.profiles import archive_sites
from newsbot.watch import alarms as watched
from newsbot.watch.monitors import LANGUAGES, said


def alarm_options(command: F) -> F:
    """`--alarms URL` and `--language`: where alarms go, and in which language."""
    command = click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="en",
        envvar="NEWSBOT_LANGUAGE",
        show_default=True,
        show_envvar=True,
        help="The language of alarms.",
    )(command)
    return click.option(
        "--alarms",
        "alarm_urls",
        multiple=True,
        metavar="URL",
        envvar="NEWSBOT_ALARMS",
        show_envvar=True,
        help="Send alarms there, an address of Apprise's (mailto://…); may be given several times. "
        "Default: those in alarms.conf in the archive's folder.",
    )(command)


def tell(
    data: Path, sites_dirs: Sequence[Path], alarm_urls: Sequence[str], language: str
) -> bool | None:
    """Send what a person has not been told; None where nothing is to be sent, False where it failed."""
    urls = watched.addresses(data, alarm_urls)
    if not urls:
        return None
    with closing(open_database(data).conn) as c:
        told = watched.alarms(c, data, now())
        if not told:
            return None
        sites = archive_sites(data, *sites_dirs, example=True)
        words = watched.message(c, data, sites, told, language)
    try:
        failed = watched.send(urls, *words)
    except watched.AlarmsUnavailable as error:
        click.echo(f"newsbot: {error}; the next run tries again", err=True)
        return False
    watched.are_told(data, told)
    for line in failed:
        click.echo(f"newsbot: {line}", err=True)
    return not failed


@click.group(invoke_without_command=True)
@data_option
@sites_dir_option
@alarm_options
@click.option("--dry-run", is_flag=True, help="Print the message that would be sent now.")
@click.option("--send", is_flag=True, help="Send it now, and do not wait for a crawl.")
@json_option
@click.pass_context
def alarms(
    ctx: click.Context,
    data: Path,
    sites_dirs: tuple[Path, ...],
    alarm_urls: tuple[str, ...],
    language: str,
    dry_run: bool,
    send: bool,
    as_json: bool,
) -> int | None:
    """What is wrong with the newspapers, most urgent first; nothing is told twice.

    After each crawl, what is new and what is over is sent as one message. Exit code 3 means that
    something is wrong at a site that is not muted.

    \b
    newsbot alarms --dry-run
    newsbot alarms --send --alarms 'mailto://user:password@example.org?to=me@example.org'
    newsbot alarms mute aqjolgazet --until 2026-12-31 --reason 'new site in January'
    """
    ctx.obj = data
    if ctx.invoked_subcommand:
        return None
    with closing(open_database(data).conn) as c:
        found = watched.alarms(c, data, now())
        if dry_run and found:
            sites = archive_sites(data, *sites_dirs, example=True)
            click.echo("\n\n".join(watched.message(c, data, sites, found, language)))
    for line in watched.mutes(data, now())[1]:
        click.echo(f"newsbot: {line}", err=True)
    if send:
        if not watched.addresses(data, alarm_urls):
            raise WrongUsage("nowhere to send alarms: name it with --alarms or NEWSBOT_ALARMS")
        if tell(data, sites_dirs, alarm_urls, language) is None:
            click.echo("nothing is to be told", err=True)
    elif as_json:
        new = [event for event in found.new if event in found.lasting]
        print_json([_record(event, found, event not in new) for event in found.lasting])
    elif dry_run:
        if not found:
            click.echo("nothing is to be told", err=True)
    else:
        _print(found, language)
    wrong = any(event["site"] not in found.muted for event in found.lasting)
    ctx.meta[ENDS_WITH] = SITE_FAILED if wrong else 0
    return None


def _record(event: dict[str, Any], found: watched.Alarms, told: bool) -> dict[str, Any]:
    """An alarm for programs."""
    until = found.muted.get(event["site"], {}).get("until")
    return {**event, "told": told and not until, "muted_until": until}


def _print(found: watched.Alarms, language: str) -> None:
    """A line an alarm, and what is muted last."""
    if not found.lasting:
        click.echo("nothing is wrong")
    for event in found.lasting:
        mute = found.muted.get(event["site"])
        reason = f", {mute['reason']}" if mute and mute["reason"] else ""
        muted = f" [muted until {mute['until']}{reason}]" if mute else ""
        click.echo(f"{event['site']}: {said(event, language)}{muted}")


@alarms.command()
@click.argument("site")
@click.option("--until", type=TO_DATE, required=True, help="The last day without alarms (UTC).")
@click.option("--reason", help="Why, for those who read it later.")
@click.pass_context
def mute(ctx: click.Context, site: str, until: str, reason: str | None) -> None:
    """Send no alarms of a site until a day; `--until yesterday` ends that.

    It is appended to decisions/mutes.jsonl in the archive's folder, while a crawl runs too.
    """
    data: Path = ctx.obj
    with closing(open_database(data).conn) as c:
        check_archived(c, site=[site])
    decide(data, MUTE, {"site": site, "until": until, "reason": reason, "at": utc(now())})
    click.echo(f"{site}: no alarms until {until}")
