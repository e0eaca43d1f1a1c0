"""repair: puts right what a full check has found: news.db is made anew from the captures in warc/.

Nothing is thrown away. A news.db that is replaced stays beside the new one, which bears another name
until it is whole; WARC files are evidence and stay as they are, but for a lost dictionary.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from archive.captures.files import check_inside, crc_of
from archive.captures.mending import mend_dictionary
from archive.integrity import rebuild
from archive.integrity.finding import Finding
from archive.store import Store, explained_errors, open_database
from archive.store.carry_over import complete_frontier
from archive.store.index import rebuild as rebuild_index
from archive.store.schema import restore_objects
from archive.store.stories import link
from archive.store.visits import Schedule
from archive.times import now, utc

_WORK = {
    "rebuild",
    "upgrade",
    "index",
    "objects",
    "frontier",
    "stories",
    "dictionary",
    "sum",
    "import",
}
"""Remedies that are the work of a repair."""


def repair(
    folder: Path,
    findings: Collection[Finding],
    importer: rebuild.Importer,
    sites: Collection[str],
    *,
    software: str,
    schedule: Schedule,
    say: rebuild.Say = lambda _: None,
) -> None:
    """Put right what a full check has found; check again afterwards.

    What no repair can do (a damaged record) is left alone, and an archive where there is nothing to do
    is not opened. `importer` reads pages of the `sites` that have a profile; `say` is called with a
    sentence for everything that was done. Raises `ArchiveLocked` where a crawl runs,
    `ArchiveUsageError` where pages cannot be read for want of a profile, `ArchiveError` where the disk
    is full; the old state is untouched then.
    """
    folder = folder.absolute()
    findings = _put_back(folder, findings, say)
    wanted = {finding.remedy for finding in findings} & _WORK
    if not wanted:
        return
    part = rebuild.part_of(folder) if "rebuild" in wanted else None
    with (
        explained_errors(folder),
        Store(folder, software, schedule, *([part] if part else [])) as store,
    ):
        for path in _packed(folder, findings):
            if written := mend_dictionary(path):
                say(f"the dictionary in {written} was copied from where it is whole")
        if part:
            rebuild.rebuild(store, part, importer, sites, say)
        else:
            _mend(store, findings, wanted, importer, sites, say)


def _put_back(folder: Path, findings: Collection[Finding], say: rebuild.Say) -> list[Finding]:
    """Give WARC files their names back that rows know them by; returns what is left to be done.

    A file is believed to be the missing one where each row finds its bytes in it, by their CRC-32.
    """
    lost = [
        f for f in findings if f.remedy == "restore" and f.file and not (folder / f.file).exists()
    ]
    nameless = {f.file for f in findings if f.remedy == "import" and f.file}
    done: set[str] = set()
    for finding in lost if nameless else ():
        with closing(open_database(folder, everything=True).conn) as c:
            sql = "SELECT warc_offset, warc_length, warc_crc FROM captures WHERE warc = ?"
            rows = c.execute(sql, (finding.file,)).fetchall()
        target = folder / str(finding.file)
        try:
            check_inside(target, folder)
        except OSError:
            continue  # what a row names
        for name in sorted(nameless - done):
            if _holds(folder / name, rows):
                target.parent.mkdir(parents=True, exist_ok=True)
                (folder / name).rename(target)
                say(f"{name} is {finding.file}, and has its name again")
                done |= {name, str(finding.file)}
                break
    return [finding for finding in findings if finding.file not in done]


def _holds(path: Path, rows: Collection[tuple[int, int, int]]) -> bool:
    with suppress(OSError, TypeError, ValueError):
        return all(crc_of(path, offset, length) == crc for offset, length, crc in rows)
    return False


def _packed(folder: Path, findings: Collection[Finding]) -> list[Path]:
    """Packed files of the sites of which a dictionary is damaged."""
    places = {(folder / str(f.file)).parent for f in findings if f.remedy == "dictionary"}
    return sorted(path for place in places for path in place.glob("*.warc.zst"))


def _mend(
    store: Store,
    findings: Collection[Finding],
    wanted: Collection[str],
    importer: rebuild.Importer,
    sites: Collection[str],
    say: rebuild.Say,
) -> None:
    """Do what needs no new database."""
    if "objects" in wanted:
        with store.transaction() as c:
            say(f"made again: {', '.join(restore_objects(c))}")
    rowless: dict[str, list[Path]] = {}
    for finding in findings:
        if finding.remedy == "import" and finding.file:
            path = store.folder / finding.file
            rowless.setdefault(path.parent.name, []).append(path)
    for site, paths in rowless.items():
        rebuild.import_site(store, site, paths, importer, sites, say)
    if "sum" in wanted:
        _keep_sums(store, findings, say)
    if "frontier" in wanted:
        with store.transaction() as c:
            say(f"{complete_frontier(c, utc(now()))} articles are in the frontier again")
    if "index" in wanted:
        with store.transaction() as c:
            say(f"the full-text index was made anew for {rebuild_index(c)} articles")
    if "stories" in wanted:
        say(f"{link(store).stories} stories were found anew")


def _keep_sums(store: Store, findings: Collection[Finding], say: rebuild.Say) -> None:
    sql = "SELECT warc, warc_offset, warc_length FROM captures WHERE id = ?"
    sums = {}
    for row in [row for finding in findings if finding.remedy == "sum" for row in finding.rows]:
        warc, offset, length = store.connection.execute(sql, (row,)).fetchone()
        sums[row] = crc_of(store.folder / warc, offset, length)
    store.keep_sums(sums)
    say(f"{len(sums)} records read as they should; the sums of their bytes were kept anew")
