"""schedule: prints what has cron or systemd crawl by itself."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from newsbot.cli.alarms import language_option
from newsbot.cli.common import (
    Group,
    choice_options,
    contact_option,
    data_option,
    pick_sites,
    sites_dir_option,
)  # fmt: skip
from newsbot.watch.alarms import URLS

_MINUTE, _HOUR = 17, 4
"""Not on the hour, when all the world's jobs begin; once a day, at night."""
_PERIODS = "5m 10m 15m 20m 30m 1h 2h 3h 4h 6h 8h 12h 1d".split()
"""Those that a crontab can tell."""
_UNITS = """\
# {folder}/newsbot.service
[Unit]
Description=newsbot: what is new at newspapers
Wants=network-online.target
After=network-online.target{on_failure}

[Service]
Type=oneshot{user}
# Another run holds the lock: no failure.
SuccessExitStatus=4
ExecStart={command}

# {folder}/newsbot.timer
[Unit]
Description=newsbot every {every}

[Timer]
OnCalendar=*-*-* {hours}:{minutes}
Persistent=true

[Install]
WantedBy=timers.target
"""
_MAIL = """
# {folder}/newsbot-mail.service
[Unit]
Description=newsbot: mail what a crawl said that needs attention

[Service]
Type=oneshot
ExecStart=/bin/sh -c "{ctl} status --full --lines=50 newsbot.service | mail -s newsbot {mail}"
"""


_PLACES = "a crontab", "a unit of systemd"
"""Where what is printed is to stand: without and with `--systemd`."""


def _one_word(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """What stands in a crontab or unit as it is: no spaces, quotes, or signs of the shell."""
    if value is not None and not re.fullmatch(r"[\w.+@-]+", value, re.ASCII):
        place = _PLACES[ctx.params["systemd"]]
        raise click.BadParameter(f"{value!r} is none that can stand in {place}", param=param)
    return value


@click.command()
@click.argument("site_ids", metavar="[SITE]...", nargs=-1)
@choice_options
@data_option
@sites_dir_option
@click.option(
    "--systemd", is_flag=True, is_eager=True, help="Units of systemd instead of lines of a crontab."
)
@click.option("--every", default="1h", show_default=True,
              type=click.Choice(_PERIODS), help="How often.")  # fmt: skip
@click.option("--user", metavar="NAME", callback=_one_word,
              help="As whom to run: for /etc/cron.d, or for units of the system.")  # fmt: skip
@click.option("--mail", metavar="ADDRESS", callback=_one_word, help="Who hears of trouble.")
@contact_option
@language_option("--alarm-language")
def schedule(
    site_ids: tuple[str, ...],
    group: Group,
    data: Path,
    sites_dirs: tuple[Path, ...],
    systemd: bool,
    every: str,
    user: str | None,
    mail: str | None,
    contact: str | None,
    alarm_language: str,
) -> None:
    """Print the crontab line, or the systemd units, that crawl sites: those named, a group, or your own.

    One is enough, however often it runs: a crawl asks only for what is due. Tables of outcomes go to
    logs/cron.log in the archive's folder, or to the journal; what needs attention is mailed.

    \b
    newsbot schedule --contact archive@example.org --mail me@example.org    into `crontab -e`
    newsbot schedule --systemd --every 2h --user press --data /srv/press
    """
    sites = pick_sites(site_ids, data, sites_dirs, group)
    program = Path(sys.argv[0]).absolute()
    start = [str(program)] if program.name == "newsbot" else [sys.executable, "-m", "newsbot"]
    command = [*start, "crawl", *site_ids, *group.words, "--data", str(data.absolute())]
    command += [word for path in sites_dirs for word in ("--sites-dir", str(path.absolute()))]
    command += ["--contact", contact] if contact else []
    command += ["--alarm-language", alarm_language] if alarm_language != "en" else []
    if re.search(r"[\\\0-\x1f]", "".join(command)):
        raise click.UsageError(
            f"no name with a backslash or line break can stand in {_PLACES[systemd]}"
        )
    public = [site.id for site in sites if not site.is_loopback]
    if public and not contact:
        click.echo(
            f"newsbot: without a --contact no crawl asks public sites: {public[0]}", err=True
        )
    if not data.is_dir():
        click.echo(
            f"newsbot: {data.absolute()} is no folder yet: the first crawl makes it", err=True
        )
    if os.environ.get("NEWSBOT_ALARMS") and not (data / URLS).exists():
        click.echo(
            "newsbot: NEWSBOT_ALARMS is not known there, and may hold a password: for alarms write its "
            f"addresses, one a line, into {data.absolute() / URLS}",
            err=True,
        )
    number, unit = int(every[:-1]), every[-1]
    minutes = ",".join(map(str, range(_MINUTE % number, 60, number))) if unit == "m" else _MINUTE
    hours = {"m": "*", "h": f"*/{number}" if number > 1 else "*", "d": _HOUR}[unit]
    if systemd:
        times = {"every": every, "hours": str(hours).replace("*/", "0/"), "minutes": minutes}
        click.echo(_units(command, user, mail, **times), nl=False)
        return
    logs = shlex.quote(str(data.absolute() / "logs"))
    line = f"mkdir -p {logs} && {shlex.join(command)} >>{logs}/cron.log".replace("%", "\\%")
    if mail:
        click.echo(f"MAILTO={mail}")
    click.echo(f"{minutes} {hours} * * *  {user + '  ' if user else ''}{line}")


def _units(command: list[str], user: str | None, mail: str | None, **times: object) -> str:
    """The units, each under the name of its file. The mail is one of its own: systemd sends none."""
    folder = "/etc/systemd/system" if user else "~/.config/systemd/user"
    quoted = (word.replace("%", "%%").replace("$", "$$").replace('"', '\\"') for word in command)
    words = ["/usr/bin/env", *(f'"{word}"' for word in quoted)]  # systemd runs no path with quotes
    units = _UNITS.format(
        folder=folder, command=" ".join(words), **times, user=f"\nUser={user}" if user else "",
        on_failure="\nOnFailure=newsbot-mail.service" if mail else "",
    )  # fmt: skip
    ctl = "systemctl" if user else "systemctl --user"
    return units + (_MAIL.format(folder=folder, ctl=ctl, mail=mail) if mail else "")
