"""finding: one thing that `newsbot verify` has to say, how bad it is, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

SEVERITIES = ("damage", "inconsistency", "note")
"""Bytes that are not as they were written · tables that disagree · what one should merely know."""

REMEDIES = {
    "rebuild": "restore news.db from a backup, or let `newsbot verify --repair` make it anew from the "
    "captures",
    "upgrade": "`newsbot verify --repair` brings it up to date, and so does the next crawl",
    "index": "`newsbot verify --repair` makes the full-text index anew",
    "objects": "`newsbot verify --repair` makes it again",
    "frontier": "`newsbot verify --repair` puts it there",
    "stories": "`newsbot stories` or `newsbot verify --repair` finds them anew",
    "dictionary": "`newsbot verify --repair` copies the dictionary from where it is whole",
    "sum": "`newsbot verify --repair` keeps the sum of what is there now",
    "import": "`newsbot verify --repair` imports them",
    "restore": "restore the file from a backup; what was read from it before is kept",
    "wait": "the next crawl of the site cuts it off",
    "reextract": "`newsbot reextract --dry-run` shows how",
    "export": "export it anew from the archive that it comes from",
    "evidence": "the archive that it comes from has them",
    "profile": "name the folder of the profiles with --sites-dir",
}
"""What can be done, in the words of a finding; all up to `import` is the work of a repair."""
_MOST = 100
"""Findings of one kind that are reported one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do about it, each in one line."""

    severity: str
    check: str
    """Which check found it: `sqlite`, `schema`, `rows`, `digests`, `index`, `records`, `texts`."""
    where: str
    what: str
    remedy: str
    """One of `REMEDIES`."""
    table: str | None = None
    """The table that holds what is damaged, where it is known."""
    rows: tuple[int, ...] = ()
    """Ids of its rows, where they are known."""
    file: str | None = None
    """The file, relative to the archive's folder."""
    offset: int | None = None
    """Byte of the file at which the record begins."""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"remedy": REMEDIES[self.remedy]}


def grouped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, or one for all of a kind where they are very many: a lost dictionary takes all."""
    kinds: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in findings:
        kind = (finding.severity, finding.what, finding.remedy, finding.table, finding.file)
        kinds.setdefault(kind, []).append(finding)
    for same in kinds.values():
        if len(same) <= _MOST:
            yield from same
        else:
            rows = tuple(row for finding in same for row in finding.rows)
            where = f"{len(same)} times, the first is {same[0].where}"
            yield replace(same[0], where=where, rows=rows, offset=None)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing but notes was found, 5 otherwise."""
    return 5 if any(finding.severity != "note" for finding in findings) else 0
