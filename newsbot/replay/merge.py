"""merge: joins another archive of ours into this one: an import of its WARC files.

What an archive knows follows from its captures, so those are what is copied, beside the profiles and
the decisions that we lack; the other's news.db is never opened. Its files are input: links are not
followed, and nothing outside of its folder is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.captures.files import open_file, site_files, whole_file
from archive.decisions import DECISIONS, FORMS, LARGEST, append
from archive.errors import ArchiveUsageError
from archive.store import DATABASE, OUTCOMES, Store
from newsbot.profiles import OWN_SITES, ProfileError, Site, load_site
from newsbot.replay.records import KnownSites, RecordReader
from newsbot.replay.wacz import check_file
from newsbot.replay.warc import import_warc

MAX_FILE = 1_000_000
"""Bytes of the largest profile."""
_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)
"""Of a site, or of a file of decisions."""


@dataclass(slots=True)
class MergeReport:
    """What a merge brought, or with a rehearsal would bring."""

    records: int = 0
    """Captures that are new here, but for layouts that were learnt."""
    bytes: int = 0
    """Of their records in the other archive; 0 where it was not a rehearsal."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Visits by their outcome; none in a rehearsal."""
    profiles: list[str] = field(default_factory=list)
    """Sites whose profile came."""
    decisions: list[str] = field(default_factory=list)
    """Files of decisions that came."""
    problems: list[str] = field(default_factory=list)
    """What was left out and why, one sentence each."""
    lacking: int = 0
    """How many of them tell of what is sound, but lacks a profile or differs from what is here."""

    @property
    def exit_code(self) -> int:
        """0 where all came, 5 where something of the other archive is damaged, 3 for the rest."""
        return 5 if len(self.problems) > self.lacking else 3 if self.problems else 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was new."""
        return not (self.records or self.profiles or self.decisions)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "records": self.records,
            "bytes": self.bytes,
            "outcomes": {name: self.outcomes[name] for name in OUTCOMES},
            "profiles": self.profiles,
            "decisions": self.decisions,
            "problems": self.problems,
        }


def merge(
    store: Store,
    other: Path,
    sites: Mapping[str, Site],
    *,
    jobs: int | None = None,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> MergeReport:
    """Join the archive in the folder `other` into `store`.

    `sites` are the profiles that hold here; the other's are added for sites that are not among them.
    A site without a profile is left out, and so is every record that cannot be read: see `problems`.
    With `dry_run` records are counted and nothing is written. `jobs` is the number of processes that
    read pages, `progress` is called with bytes of the other's WARC files. Killed at any instant, a
    second call carries on; after that, another one changes nothing. Raises `ArchiveUsageError` where
    `other` is no archive or `store` itself, `ArchiveError` where the disk is full.
    """
    check_other(store.folder, other)
    report = MergeReport()
    known = dict(sites)
    for site in _profiles(store.folder, other, sites, report, dry_run=dry_run):
        known[site.id] = site
    _copy_decisions(store.folder, other, report, dry_run=dry_run)
    if not dry_run:
        store.follow_decisions()

    def damaged(path: Path | str, offset: int, reason: str) -> None:
        report.problems.append(f"{path}: record at byte {offset}: {reason}")

    for name, files in warc_files(other, report.problems).items():
        if name not in known:
            report.problems.append(
                f"{name}: no profile of this site, here or in {other / OWN_SITES}"
            )
            report.lacking += 1
            continue
        only = {name: known[name]}
        readable = [path for path in files if _is_readable(path, other, report.problems)]
        if dry_run:
            counts: Counter[str] = Counter()
            reader = RecordReader(store.folder, store.connection, KnownSites(only), counts, damaged)
            for path in readable:
                for captured in reader.captured(path, progress=progress):
                    report.records += 1
                    report.bytes += captured.record.length
            continue
        before = _captures(store)
        counts = import_warc(store, readable, only, jobs=jobs, progress=progress, damaged=damaged)
        report.records += _captures(store) - before
        report.outcomes.update({outcome: counts[outcome] for outcome in OUTCOMES})
    return report


def check_other(folder: Path, other: Path) -> None:
    """Raise `ArchiveUsageError` where there is nothing to merge into the archive in `folder`."""
    if not (other / "warc").is_dir() and not (other / DATABASE).is_file():
        raise ArchiveUsageError(f"{other}: no archive here: name the folder that holds {DATABASE}")
    if other.resolve() == folder.resolve():
        raise ArchiveUsageError(f"{other} is this archive itself: name another folder")


def warc_files(other: Path, problems: list[str]) -> dict[str, list[Path]]:
    """The WARC files of another archive by site, in the order in which they were begun."""
    found: dict[str, list[Path]] = {}
    for folder in _entries(other / "warc", problems):
        if not folder.is_dir():
            continue
        own = [path for path in site_files(folder, folder.name) if _is_own(path, problems)]
        files = [path for path in own if path.is_file() and path.stat().st_size]
        if files:
            found[folder.name] = files
    return found


def _entries(folder: Path, problems: list[str]) -> Iterator[Path]:
    """What lies in a folder of the other archive, but for links and odd names, sorted."""
    if not folder.is_dir() or not _is_own(folder, problems):
        return
    for path in sorted(folder.iterdir()):
        if _NAME.fullmatch(path.name) and _is_own(path, problems):
            yield path


def _is_own(path: Path, problems: list[str]) -> bool:
    """Whether a path of the other archive does not lead out of it."""
    if path.is_symlink():
        problems.append(f"{path}: a link, which is not followed")
        return False
    return True


def _is_readable(path: Path, other: Path, problems: list[str]) -> bool:
    """Whether a file holds a record that can be read: one that a crash left may hold none."""
    try:
        check_file(path, other)
    except ArchiveUsageError as error:
        problems.append(str(error))
        return False
    return True


def _captures(store: Store) -> int:
    """How many there are, but for what was learnt: a merge learns anew of both."""
    sql = "SELECT count(*) FROM captures WHERE part <> 'layouts'"
    (number,) = store.connection.execute(sql).fetchone()
    return int(number)


# -- profiles and decisions ---------------------------------------------------------------------


def _profiles(
    folder: Path, other: Path, sites: Mapping[str, Site], report: MergeReport, *, dry_run: bool
) -> Iterator[Site]:
    """Profiles of sites that have none here; copied into the archive's own folder of profiles."""
    for path in _entries(other / OWN_SITES, report.problems):
        known = path.stem in sites or (folder / OWN_SITES / path.name).exists()
        if path.suffix != ".toml" or known:
            continue
        try:
            site = load_site(path, other)
        except ProfileError as error:
            report.problems.append(str(error))
            continue
        data = _read_small(path, other, report)
        if data is None:
            continue
        if not dry_run:
            _write(folder / OWN_SITES / path.name, data, folder)
        report.profiles.append(site.id)
        yield site


def _copy_decisions(folder: Path, other: Path, report: MergeReport, *, dry_run: bool) -> None:
    """Copy files of decisions that are not here; to one of the same name, the lines that it lacks.

    Only of kinds that are known: what else is decided here stays as it is.
    """
    for path in _entries(other / DECISIONS, report.problems):
        if path.is_dir():
            continue
        data = _read_small(path, other, report, LARGEST)
        if data is None:
            continue
        own = folder / DECISIONS / path.name
        if own.exists():
            try:
                with open_file(own, folder) as file:
                    there = set(file.read().splitlines())
            except OSError as error:
                report.problems.append(f"{own}: {error.strerror}")
                continue
            news = [line for line in data.splitlines() if line not in there]
            if news and not any(path.match(form.files) for form in FORMS):
                report.problems.append(f"{path}: differs from {own}, which stays as it is")
                report.lacking += 1
            elif news:
                report.decisions.append(path.name)
                if not dry_run:
                    append(own, folder, b"\n".join([*news, b""]))
            continue
        if not dry_run:
            _write(own, data, folder)
        report.decisions.append(path.name)


def _read_small(path: Path, other: Path, report: MergeReport, most: int = MAX_FILE) -> bytes | None:
    """The bytes of a small file of the other archive; None where it is none, which is named."""
    try:
        with open_file(path, other) as file:
            data = file.read(most + 1)
    except OSError as error:
        report.problems.append(f"{path}: {error.strerror}")
        return None
    if len(data) > most:
        report.problems.append(f"{path}: larger than {most // 1000} kB")
        return None
    return data


def _write(path: Path, data: bytes, folder: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, folder) as file:
        file.write(data)
