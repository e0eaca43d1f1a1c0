"""alarms: the events that a person has not been told of, as one message, sent through Apprise.

`alarms.json` in the archive's folder has what was told and was not over then: nothing is told twice while it
lasts. It may be lost; then what lasts is told once more. Mutes are decisions (`archive.decisions`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from archive.captures.files import open_file, whole_file
from archive.decisions import MUTE, read_decisions
from archive.store import events
from newsbot.profiles import Site
from newsbot.watch.evidence import evidence
from newsbot.watch.monitors import kinds, said, words

TOLD = "alarms.json"
URLS = "alarms.conf"
"""Of an archive: Apprise's addresses, one a line; `#` begins a comment."""
Event = dict[str, Any]


class AlarmsUnavailable(Exception):
    """Alarms cannot be sent; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is to be told, most urgent first, and what was told and is over."""

    new: list[Event]
    over: list[Event]
    lasting: list[Event]
    """All that lasts, told and muted ones too."""
    muted: dict[str, dict[str, str | None]]
    """Site → the mute that holds today."""

    def records(self) -> list[Event]:
        """What lasts, for programs: with `told` and the `mute` that holds."""
        mutes = [self.muted.get(event["site"]) for event in self.lasting]
        return [
            {**event, "told": not mute and event not in self.new, "mute": mute}
            for event, mute in zip(self.lasting, mutes, strict=True)
        ]

    def __bool__(self) -> bool:
        return bool(self.new or self.over)


def mutes(folder: Path, at: datetime) -> tuple[dict[str, dict[str, str | None]], list[str]]:
    """The mutes that hold on a day (UTC): site → the newest decision; and lines that are none."""
    newest: dict[str, dict[str, str | None]] = {}
    problems = []
    for mute in read_decisions(folder, MUTE):
        if isinstance(mute, str):
            problems.append(mute)
        elif (mute["at"] or "") >= (newest.get(str(mute["site"]), mute)["at"] or ""):
            newest[str(mute["site"])] = mute
    today = at.date().isoformat()
    return {site: mute for site, mute in newest.items() if str(mute["until"]) >= today}, problems


def alarms(c: sqlite3.Connection, folder: Path, at: datetime) -> Alarms:
    """What lasts in the archive, and what of it is to be told now."""
    muted, _ = mutes(folder, at)
    sites = [site for (site,) in c.execute("SELECT id FROM sites ORDER BY id").fetchall()]
    found = [{"site": site, **event} for site in sites for event in events.lasting(c, site)]
    lasting = [event for event in found if event["kind"] in kinds()]
    lasting.sort(key=lambda e: (kinds()[e["kind"]].severity, e["kind"], e["site"]))
    known = {_key(event) for event in lasting}
    told = _told(folder)
    return Alarms(
        [e for e in lasting if _key(e) not in told and e["site"] not in muted],
        [e for key, e in told.items() if key not in known and e["site"] not in muted],
        lasting,
        muted,
    )


def _key(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two events one and the same trouble."""
    return event["site"], event["kind"], event.get("source") or event.get("about") or ""


def _told(folder: Path) -> dict[tuple[str, str, str], Event]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        with open_file(folder / TOLD, folder) as file:
            known = json.load(file)
        return {_key(event): event for event in known if event["kind"] in kinds()}
    return {}


def are_told(folder: Path, told: Alarms) -> None:
    """Remember that a person knows of these. Raises OSError where that cannot be written."""
    known = _told(folder)
    known.update((_key(event), event) for event in told.new)
    for event in told.over:
        known.pop(_key(event), None)
    with whole_file(folder / TOLD) as file:
        file.write(json.dumps(list(known.values()), ensure_ascii=False, indent=1).encode())


# -- the message ----------------------------------------------------------------------------------


def message(
    c: sqlite3.Connection, folder: Path, sites: Mapping[str, Site], told: Alarms, language: str
) -> tuple[str, str]:
    """Head and text: causes, most urgent first, and under each the newspapers."""
    word = words(language)
    names = sorted({event["site"] for event in told.new})
    head = word["calm" if not names else "one" if len(names) == 1 else "head"]
    causes = dict.fromkeys(kinds()[e["kind"]].title[language] for e in told.new or told.over)
    head = head.format(count=len(names), site=names[0] if names else "")
    lines = []
    for title, group in groupby(told.new, lambda event: kinds()[event["kind"]].title[language]):
        lines += ["", title.upper()]
        for event in group:
            lines += _lines(c, folder, sites.get(event["site"]), event, language)
    if told.over:
        lines += ["", word["over"].upper()]
    for event in told.over:
        title = kinds()[event["kind"]].title[language]
        lines.append(f"{event['site']}: {title} ({word['since']} {event['began_at'][:10]})")
    return f"{head}: {', '.join(list(causes)[:3])}", "\n".join(lines).strip()


def _lines(
    c: sqlite3.Connection, folder: Path, site: Site | None, event: Event, language: str
) -> Iterator[str]:
    yield f"{event['site']}: {said(event, language)}"
    yield from (f"  {url}" for url in event.get("urls", ()))
    if kinds()[event["kind"]].pages:
        for name, values in evidence(c, folder, site, event).items():
            yield from (f"  {words(language)[name]}: {value}" for value in values)


# -- sending --------------------------------------------------------------------------------------


def addresses(folder: Path, chosen: Sequence[str]) -> list[str]:
    """Where alarms go: the addresses that were chosen, else those in the archive's `alarms.conf`.

    Raises `AlarmsUnavailable` where that is there and cannot be read, such as a link.
    """
    if chosen:
        return list(chosen)
    try:
        with open_file(folder / URLS, folder) as file:
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AlarmsUnavailable(f"{folder / URLS}: cannot be read: {error.strerror}") from None
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def send(urls: Sequence[str], head: str, text: str) -> list[str]:
    """Send a message to each address; what failed is returned, in one line each, without passwords.

    Raises `AlarmsUnavailable` where Apprise is not installed, or no address took the message.
    """
    try:
        import apprise
    except ImportError:
        raise AlarmsUnavailable(
            "alarms are sent by Apprise, which is missing: pip install 'newsbot[alarms]'"
        ) from None
    failed = []
    for number, url in enumerate(urls, 1):
        service = apprise.Apprise()
        if not service.add(url):
            failed.append(f"alarm address {number} is none that Apprise knows")
            continue
        with apprise.LogCapture(level=apprise.logging.WARNING) as log:
            is_sent = service.notify(text, head, body_format=apprise.NotifyFormat.TEXT)
            reasons = log.getvalue().strip().splitlines()
        if not is_sent:
            where = service[0].url(privacy=True)
            failed.append(f"alarms could not be sent to {where}: {' '.join(reasons[-1:])}")
    if len(failed) == len(urls):
        raise AlarmsUnavailable("; ".join(failed))
    return failed
