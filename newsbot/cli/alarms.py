"""alarms: what is wrong with newspapers and for how long, told once; mutes of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import click

from archive.decisions import MUTE, decide, moment_after
from archive.store import open_database
from archive.times import now, utc
from newsbot.cli.common import (
    ENDS_WITH,
    SITE_FAILED,
    TO_DATE,
    F,
    WrongUsage,
    data_option,
    json_option,
    print_json,
    sites_dir_option,
)  # fmt: skip
from newsbot.names import check_archived
from newsbot.profiles import archive_sites
from newsbot.watch import alarms as watched
from newsbot.watch.monitors import LANGUAGES, one_line, said


def language_option(name: str) -> Callable[[F], F]:
    """The language of alarms and of reports, as an option of this name."""
    return click.option(
        name,
        type=click.Choice(LANGUAGES),
        default="en",
        envvar="NEWSBOT_LANGUAGE",
        show_default=True,
        show_envvar=True,
        help="The language of alarms and reports.",
    )


def alarm_options(command: F) -> F:
    """`--alarms URL` and `--alarm-language`: where alarms go, and in which language."""
    command = language_option("--alarm-language")(command)
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
    data: Path,
    sites_dirs: Sequence[Path],
    alarm_urls: Sequence[str],
    language: str,
    *,
    always: bool = False,
) -> bool | None:
    """Send each address what it was not told; None where nothing is to be sent, False where it failed.

    With `always`, an address that was told everything hears that nothing is new: so one sees whether it hears.
    """
    failed, messages = [], []
    try:
        urls = watched.addresses(data, alarm_urls)
        with closing(open_database(data).conn) as c:
            found = [watched.alarms(c, data, now(), [url]) for url in urls]
            if not (any(found) or always):
                return None
            sites = archive_sites(data, *sites_dirs, example=True)
            for number, told in enumerate(found):
                if told or always:
                    words = watched.message(c, data, sites, told, language)
                    messages.append((number, told, words))
        for number, told, words in messages:
            if problem := watched.send(urls[number], *words):
                failed.append(problem.format(number + 1))
            else:
                watched.are_told(data, told, urls[number])
    except watched.AlarmsUnavailable as error:
        failed.append(str(error))
    for line in failed:
        click.echo(f"newsbot: {line}; the next run tries again", err=True)
    return not failed


@click.group(invoke_without_command=True)
@data_option
@sites_dir_option
@alarm_options
@click.option("--dry-run", is_flag=True, help="Print the message that would be sent now.")
@click.option(
    "--send", is_flag=True, help="Send it now; where nothing is new, a message that says so."
)
@json_option
@click.pass_context
def alarms(
    ctx: click.Context,
    data: Path,
    sites_dirs: tuple[Path, ...],
    alarm_urls: tuple[str, ...],
    alarm_language: str,
    dry_run: bool,
    send: bool,
    as_json: bool,
) -> None:
    """What is wrong with the newspapers, most urgent first; nothing is told twice.

    After each crawl, what is new and what is over is sent as one message. Exit code 3 means that
    something is wrong at a site that is not muted.

    \b
    newsbot alarms --dry-run
    newsbot alarms --send --alarms 'mailto://user:password@example.org?to=me@example.org'
    newsbot alarms mute aqjolgazet --until 2026-12-31 --reason 'new site in January'
    """
    ctx.obj = data
    if dry_run + send + as_json + bool(ctx.invoked_subcommand) > 1:
        raise WrongUsage("--dry-run, --send, --json or a command: one of them")
    if ctx.invoked_subcommand:
        return
    urls, is_wrong = list[str](), False
    try:
        urls = watched.addresses(data, alarm_urls)
    except watched.AlarmsUnavailable as error:
        click.echo(f"newsbot: {error}", err=True)
        is_wrong = True
        ctx.meta[ENDS_WITH] = SITE_FAILED
        if send:
            return
    with closing(open_database(data).conn) as c:
        found = watched.alarms(c, data, now(), urls or [""])
        if dry_run and found:
            sites = archive_sites(data, *sites_dirs, example=True)
            click.echo("\n\n".join(watched.message(c, data, sites, found, alarm_language)))
    for line in watched.mutes(data, now())[1]:
        click.echo(f"newsbot: {line}", err=True)
    if send:
        if not urls:
            raise WrongUsage(
                "nowhere to send alarms: name it with --alarms, NEWSBOT_ALARMS or alarms.conf"
            )
        is_wrong = not tell(data, sites_dirs, alarm_urls, alarm_language, always=True)
    elif as_json:
        print_json(found.records())
    elif not dry_run:
        for event in found.records():
            muted = f" [muted until {event['mute']['until']}]" if event["mute"] else ""
            click.echo(one_line(f"{event['site']}: {said(event, alarm_language)}{muted}"))
    if not (send or as_json or (found if dry_run else found.lasting)):
        click.echo("nothing is to be told" if dry_run else "nothing is wrong", err=True)
    is_wrong |= any(event["site"] not in found.muted for event in found.lasting)
    ctx.meta[ENDS_WITH] = SITE_FAILED if is_wrong else 0


@alarms.command()
@click.argument("site")
@data_option
@click.option("--until", type=TO_DATE, required=True, help="The last day without alarms (UTC).")
@click.option("--reason", help="Why, for those who read it later.")
def mute(site: str, data: Path, until: str, reason: str | None) -> None:
    """Send no alarms of a site until a day; `--until yesterday` ends that.

    It is appended to decisions/mutes.jsonl in the archive's folder, while a crawl runs too.
    """
    with closing(open_database(data).conn) as c:
        check_archived(c, {"site": [site]})
    at = moment_after(watched.decided(data)[0].get(site))
    decide(data, MUTE, {"site": site, "until": until, "reason": reason, "at": at})
    is_over = until < utc(now())[:10]
    click.echo(f"{site}: {'alarms are told again' if is_over else f'no alarms until {until}'}")
