"""decisions: what people have noted and decided, in files that they and their programs append to.

Each line of `DATA/decisions/notes*.jsonl` is a note on an article, of `withheld*.jsonl` a decision to withhold
one or to show it again, of `mutes*.jsonl` a mute of a site's alarms: a JSON object. As they name addresses and
sites, they outlive a rebuild of news.db; nothing is ever rewritten.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from archive.captures.files import open_file, own_file, sync_folder
from archive.errors import ArchiveUsageError
from archive.times import now, utc

DECISIONS = "decisions"
"""The folder of what people have decided, inside the archive's."""
WITHHOLD, REVOKE = "withheld", "revoked"
LARGEST = 64_000_000
"""Bytes of a file that is read."""
_LONGEST = {"url": 2000, "by": 200, "note": 20_000}
"""Characters of what a note says."""
_AHEAD = timedelta(days=1)
"""By how much another machine's clock may be ahead: what is dated later would outdo all that is decided."""
Decision = dict[str, Any]
"""Names of fields → texts, or None."""


def _check_note(known: Decision) -> None:
    for name, most in _LONGEST.items():
        said = known[name] or ""
        if len(said) > most or "\0" in said:
            raise ValueError(f"expected at most {most:,} characters as {name}, none of them NUL")
    if known["revision"] is not None and not re.fullmatch("[1-9][0-9]{0,8}", known["revision"]):
        raise ValueError("expected the number of a revision, in quotation marks")


def _check_withheld(known: Decision) -> None:
    if known["decision"] not in (WITHHOLD, REVOKE):
        raise ValueError(f"expected {WITHHOLD} or {REVOKE} as decision")
    known["at"] = _moment(known["at"])


def _check_mute(known: Decision) -> None:
    known["until"] = date.fromisoformat(known["until"]).isoformat()
    if known["at"] is not None:
        known["at"] = _moment(known["at"])


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.astimezone()
    if moment > now() + _AHEAD:
        raise ValueError(f"{text} is more than a day ahead of the clock here")
    return utc(moment)


class Form(NamedTuple):
    """What a decision of one kind says: texts, of which the first ones may not be missing."""

    name: str
    stem: str
    """How the names of its files begin."""
    needed: tuple[str, ...]
    fields: tuple[str, ...]
    check: Callable[[Decision], object] = lambda _: None
    """Raises ValueError for values that are none."""

    @property
    def files(self) -> str:
        """Pattern of the names of its files."""
        return f"{self.stem}*.jsonl"


_WHAT = ("url", "decision", "reason", "at")
NOTE = Form("note", "notes", ("url", "note"), ("url", "note", "revision", "at", "by"), _check_note)
WITHHOLDING = Form("decision", "withheld", _WHAT, (*_WHAT, "by"), _check_withheld)
_UNTIL = ("site", "until")
MUTE = Form("mute", "mutes", _UNTIL, (*_UNTIL, "reason", "at", "by"), _check_mute)
FORMS = (NOTE, WITHHOLDING, MUTE)


def read_decisions(folder: Path, form: Form) -> Iterator[Decision | str]:
    """The decisions of one kind in the archive in `folder`, each with all fields, as the files have them.

    A line that is none is told: FILE:NUMBER and why. So is a file that is none, a link, or too large.
    """
    for path in sorted((folder / DECISIONS).glob(form.files)):
        try:
            with open_file(path, folder) as file:
                found = file.read(LARGEST + 1)
        except OSError as error:
            yield f"{path}: cannot be read: {error.strerror}"
            continue
        if len(found) > LARGEST:
            yield f"{path}: larger than {LARGEST // 1_000_000} MB: not read"
            continue
        for number, line in enumerate(found.splitlines(), 1):
            if line.strip():
                try:
                    yield _checked(json.loads(line), form)
                except (ValueError, RecursionError, OverflowError) as error:
                    yield f"{path}:{number}: no {form.name}: {error}"


def _checked(value: Any, form: Form) -> Decision:
    """One decision. Raises ValueError where it lacks what is needed."""
    known = {name: value.get(name) for name in form.fields} if isinstance(value, dict) else {}
    if not all(known.get(name) for name in form.needed):
        raise ValueError(f"expected an object with {' and '.join(form.needed)}")
    if not all(text is None or isinstance(text, str) for text in known.values()):
        raise ValueError(f"expected texts as {', '.join(form.fields)}")
    for text in known.values():
        (text or "").encode()  # half a pair of surrogates is no letter, and nothing can store it
    form.check(known)
    return known


def withheld(folder: Path) -> tuple[dict[str, Decision], list[str]]:
    """Address → the latest decision on withholding what is there; and what could not be read.

    Of two of one moment, that to withhold holds. Where it is confirmed, who asked first is kept.
    """
    lines = list(read_decisions(folder, WITHHOLDING))
    found = [line for line in lines if isinstance(line, dict)]
    found.sort(key=lambda line: (line["at"], line["decision"] == WITHHOLD))
    latest: dict[str, Decision] = {}
    for line in found:
        before = latest.get(line["url"], line)
        if before["decision"] == line["decision"]:
            line["by"] = line["by"] or before["by"]
        latest[line["url"]] = line
    return latest, [line for line in lines if isinstance(line, str)]


def moment_after(known: Decision | None) -> str:
    """When a decision is made: later than the one it replaces, whatever the clock of that machine said."""
    moment = now()
    if known and known["at"]:
        with suppress(OverflowError):
            moment = max(moment, datetime.fromisoformat(known["at"]) + timedelta(seconds=1))
    return utc(moment)


def decide(folder: Path, form: Form, decision: Mapping[str, str | None]) -> None:
    """Append a decision to the first file of its kind.

    Raises `ArchiveUsageError` as `append` does, and where it would not be read as one.
    """
    try:
        said = _checked(dict(decision), form)
    except ValueError as error:
        raise ArchiveUsageError(f"no {form.name}: {error}") from None
    line = json.dumps({k: v for k, v in said.items() if v is not None}, ensure_ascii=False)
    append(folder / DECISIONS / f"{form.stem}.jsonl", folder, line.encode() + b"\n")


def append(path: Path, folder: Path, lines: bytes) -> None:
    """Add whole lines to a file of decisions in the archive in `folder`; then they are on disk.

    By one write at the end: people and other programs append to these files, too. Raises
    `ArchiveUsageError` where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_file(path, "a+b", folder, buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size + len(lines) >= LARGEST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            gap = b"\n" if size and os.pread(file.fileno(), 1, size - 1) != b"\n" else b""
            if file.write(gap + lines) != len(gap + lines):  # the disk is full
                os.ftruncate(file.fileno(), size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise ArchiveUsageError(f"{path}: cannot be written: {error.strerror}") from None
