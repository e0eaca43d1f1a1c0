"""alarms: the events that a person has not been told of, as one message, sent through Apprise.

`alarms.json` in the archive's folder has what each address was told and was not over then: nothing is told
twice while it lasts. It may be lost; then what lasts is told once more. Mutes are decisions (`archive.decisions`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from archive.captures.files import open_file, whole_file
from archive.decisions import MUTE, Decision, read_decisions
from archive.store import events
from newsbot.profiles import Site
from newsbot.watch.evidence import evidence
from newsbot.watch.monitors import kinds, one_line, said, words

TOLD = "alarms.json"
URLS = "alarms.conf"
"""Of an archive: Apprise's addresses, one a line; `#` begins a comment."""
LARGEST = 16_000_000
"""Bytes of one of these files that is read."""
PATIENCE = 60.0
"""Seconds that one message may take: Apprise waits for a server as long as it says anything."""
WELL = 9
"""Behind every severity."""
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
    muted: dict[str, Decision]
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


def decided(folder: Path) -> tuple[dict[str, Decision], list[str]]:
    """Site → the newest decision to mute it, which may be over; and lines that are none."""
    newest: dict[str, Decision] = {}
    problems = []
    for mute in read_decisions(folder, MUTE):
        if isinstance(mute, str):
            problems.append(mute)
        elif (mute["at"] or "") >= (newest.get(mute["site"], mute)["at"] or ""):
            newest[mute["site"]] = mute
    return newest, problems


def mutes(folder: Path, at: datetime) -> tuple[dict[str, Decision], list[str]]:
    """The mutes that hold on a day (UTC), as `decided` has them."""
    newest, problems = decided(folder)
    today = at.date().isoformat()
    return {site: mute for site, mute in newest.items() if mute["until"] >= today}, problems


def judged(rows: list[dict[str, Any]], folder: Path, at: datetime) -> list[dict[str, Any]]:
    """Rows of `archive.status.sites`, the worst first, with `health` in three words, `kind`, that of the worst event,
    `severity` (1 to 3, `WELL` where nothing is wrong) and `muted_until`.
    """
    muted, _ = mutes(folder, at)
    for row in rows:
        known = [kinds()[e["kind"]] for e in row["events"] if e["kind"] in kinds()]
        worst = min(known, key=lambda kind: kind.severity, default=None)
        crawl, mute = row["last_crawl"], muted.get(row["site"])
        health = worst.title["en"] if worst else "in trouble" if row["trouble"] else "ok"
        if crawl and crawl["running"]:
            done = sum(crawl["outcomes"].values())
            health = f"running {done}/{done + row['due_now']}"
        elif health == "ok" and not (crawl and crawl["ended_at"]):
            health = "crawl did not end" if crawl else "never crawled"
        severity = worst.severity if worst else 1 if row["trouble"] else WELL
        row["health"], row["severity"] = health, WELL if mute else severity
        row["kind"] = worst and worst.name
        row["muted_until"] = mute and mute["until"]
    return sorted(rows, key=lambda row: (row["severity"], row["site"]))


def alarms(
    c: sqlite3.Connection, folder: Path, at: datetime, urls: Sequence[str] = ("",)
) -> Alarms:
    """What lasts in the archive, and what of it one of the addresses is to be told now."""
    muted, _ = mutes(folder, at)
    sites = [site for (site,) in c.execute("SELECT id FROM sites ORDER BY id").fetchall()]
    found = [{"site": site, **event} for site in sites for event in events.lasting(c, site)]
    lasting = [event for event in found if event["kind"] in kinds()]
    lasting.sort(key=lambda e: (kinds()[e["kind"]].severity, e["kind"], e["site"]))
    known = {_key(event) for event in lasting}
    everything = _told(folder)
    told = [everything.get(_digest(url), {}) for url in urls]
    over = {key: e for own in told for key, e in own.items() if key not in known}
    return Alarms(
        [e for e in lasting if not all(_key(e) in t for t in told) and e["site"] not in muted],
        [e for e in over.values() if e["site"] not in muted],
        lasting,
        muted,
    )


_Key = tuple[str, str, str]


def _key(event: Mapping[str, Any]) -> _Key:
    """What makes two events one and the same trouble."""
    return event["site"], event["kind"], events.about(event)


def _digest(url: str) -> str:
    """What stands for an address, which may hold a password, where it is kept."""
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _told(folder: Path) -> dict[str, dict[_Key, Event]]:
    """Address, by its digest → what it was told; nothing where the file is not as it was written."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = json.loads(_read(folder / TOLD, folder))
        return {address: {_key(e): _event(e) for e in told} for address, told in known.items()}
    return {}


def _event(event: Event) -> Event:
    """An event as it was kept. Raises ValueError, TypeError, KeyError or AttributeError where it is none."""
    event["site"].encode()
    evidence = {name: event[name] for name in event.keys() - {"site", "kind", "began_at"}}
    events.checked(event["began_at"], evidence)
    kinds()[event["kind"]]
    return event


def are_told(folder: Path, told: Alarms, url: str = "") -> None:
    """Remember that an address knows of these. Raises OSError where that cannot be written."""
    known = _told(folder)
    own = known.setdefault(_digest(url), {})
    own.update((_key(event), event) for event in told.new)
    for event in told.over:
        own.pop(_key(event), None)
    with whole_file(folder / TOLD) as file:
        kept = {address: list(own.values()) for address, own in known.items()}
        file.write(json.dumps(kept, ensure_ascii=False, indent=1).encode())


def _read(path: Path, folder: Path) -> bytes:
    with open_file(path, folder) as file:
        found = file.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise OSError(errno.EFBIG, f"larger than {LARGEST // 1_000_000} MB", str(path))
    return found


# -- the message ----------------------------------------------------------------------------------


def message(
    c: sqlite3.Connection, folder: Path, sites: Mapping[str, Site], told: Alarms, language: str
) -> tuple[str, str]:
    """Head and text: causes, most urgent first, and under each the newspapers."""
    word = words(language)
    names = sorted({event["site"] for event in told.new})
    if not told:
        return word["well"], word["well"]
    head = word["calm" if not names else "one" if len(names) == 1 else "head"]
    causes = dict.fromkeys(kinds()[e["kind"]].title[language] for e in told.new or told.over)
    head = one_line(head.format(count=len(names), site=names[0] if names else ""))
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
    return f"{head}: {', '.join(list(causes)[:3])}", "\n".join(map(one_line, lines)).strip()


def _lines(
    c: sqlite3.Connection, folder: Path, site: Site | None, event: Event, language: str
) -> Iterator[str]:
    yield f"{event['site']}: {said(event, language)}"
    yield from (f"  {url}" for url in event.get("urls") or ())
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
        lines = _read(folder / URLS, folder).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AlarmsUnavailable(f"{folder / URLS}: cannot be read: {error.strerror}") from None
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def send(url: str, head: str, text: str) -> str | None:
    """Send a message to an address; returns what is wrong where that fails, with a place for its number alone.

    Raises `AlarmsUnavailable` where Apprise is not installed.
    """
    try:
        import apprise
    except ImportError:
        raise AlarmsUnavailable(
            "alarms are sent by Apprise, which is missing: pip install 'newsbot[alarms]'"
        ) from None
    logging.getLogger("apprise").disabled = True  # it writes addresses, and answers of servers
    # In our thread, which may be left: Python waits for those of Apprise's pool as it ends.
    asset = apprise.AppriseAsset(async_mode=False)
    asset._service_timeout = 0  # with one, which older versions lack, it takes its pool
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        return "alarm address {} is none that Apprise knows"
    sent = list[bool]()

    def notify() -> None:
        with suppress(Exception):  # of a server, or of its library: not sent
            sent.append(bool(service.notify(text, head, body_format=apprise.NotifyFormat.TEXT)))

    thread = threading.Thread(target=notify, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if any(sent):
        return None
    scheme = service[0].url(privacy=True).partition("://")[0]
    return f"alarms could not be sent to address {{}} ({scheme})"
