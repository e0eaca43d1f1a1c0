"""repairing: mends what `verify` found: makes news.db anew from what is sound in it and from warc/.

Nothing is thrown away: a news.db that is replaced stays beside the new one, and a damaged WARC file
is left as it is.
"""

from __future__ import annotations

import fcntl
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from pathlib import Path

from archive import salvage
from archive.captures import read_records
from archive.captures.dictionaries import keep_copy
from archive.captures.files import month_of, number_of
from archive.captures.training import dictionary_of
from archive.errors import ArchiveLocked, ArchiveUsageError
from archive.schema import SCHEMA_VERSION
from archive.seals import DICTIONARIES, log_path, range_sum, seal_path, seal_records
from archive.store import DATABASE, LOCK, Store
from archive.store.index import rebuild
from archive.store.stories import link
from archive.times import now, utc
from archive.verify.finding import Finding
from archive.verify.records import CHANGED, files

Importer = Callable[[Store, str, list[Path]], object]
"""Store, site, WARC files of its folder → rows for the records that have none, the files untouched."""
Say = Callable[[str], object]

_OF_THE_DATABASE = ("pages", "sqlite", "schema", "rows")


def needs_new_database(findings: Iterable[Finding]) -> bool:
    """Whether news.db itself is damaged, and not only what is made from it or lies beside it."""
    return any(
        (finding.check == "schema" and finding.severity != "note")
        or (finding.check in _OF_THE_DATABASE and finding.severity == "damage")
        for finding in findings
    )


def repair(
    folder: Path,
    findings: Collection[Finding],
    importer: Importer,
    sites: Collection[str],
    *,
    software: str,
    say: Say = lambda _: None,
) -> None:
    """Mend what the full check found in an archive; check it again afterwards.

    `importer` reads pages of the WARC files, of the `sites` only; `say` is told in a sentence what
    was done. Raises `ArchiveLocked` where a crawl runs, `ArchiveUsageError` where news.db is newer.
    """
    folder = folder.absolute()
    stamp = utc(now()).replace("-", "").replace(":", "")
    damaged = None
    if needs_new_database(findings):
        damaged = _set_aside(folder, stamp, say)
    lost: dict[int, set[str]] = {}
    with Store(folder, software) as store:
        if damaged is None:
            _back_up(store, stamp, say)
        c = store.connection
        old = salvage.open_damaged(damaged) if damaged and damaged.exists() else None
        if old is not None:
            lost = _salvage(store, old, findings, sites, say)
        elif damaged:
            say(
                f"{DATABASE} is made anew from warc/ alone: crawls and URLs without captures are lost"
            )
        for site in sorted({Path(warc).parts[1] for warc in files(folder)}):
            store.mend_captures(site)
            _import(store, site, importer, sites, say)
        if lost:
            _bring_back(store, old, lost, say)
        with store.transaction():
            added = salvage.complete(c, utc(now()))
            if added:
                say(f"{added} articles are in the frontier again")
            if damaged or any(finding.check in ("index", "rows") for finding in findings):
                say(f"the full-text index was made anew for {rebuild(c)} articles")
        if damaged and (old is None or _had_stories(old)):
            link(store)
        _mend_dictionaries(c, folder, say)
        with store.transaction():
            _seal_anew(c, folder, findings, say)
        if old is not None:
            old.close()


# -- news.db ------------------------------------------------------------------------------------


def _set_aside(folder: Path, stamp: str, say: Say) -> Path:
    """Move a damaged news.db, and what belongs to it, out of the way."""
    path = folder / DATABASE
    kept = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ArchiveLocked(f"{folder}: a crawl is writing to this archive") from None
        log_path(path).with_name(f"{path.name}-shm").unlink(missing_ok=True)
        for source, target in (
            (path, kept), (log_path(path), log_path(kept)), (seal_path(path), seal_path(kept)),
        ):  # fmt: skip
            if source.exists():
                source.rename(target)
    if kept.exists():
        say(f"the damaged {DATABASE} is kept as {kept.name}")
    else:
        seal_path(kept).unlink(missing_ok=True)
    return kept


def _back_up(store: Store, stamp: str, say: Say) -> None:
    path = store.folder / DATABASE
    copy = path.with_name(f"{path.stem}.before-repair-{stamp}{path.suffix}")
    with closing(sqlite3.connect(copy)) as target:
        store.connection.backup(target)
    say(f"a copy of {DATABASE} is kept as {copy.name}")


def _salvage(
    store: Store,
    old: sqlite3.Connection,
    findings: Collection[Finding],
    sites: Collection[str],
    say: Say,
) -> dict[int, set[str]]:
    """Carry over what is sound; returns the articles that are to be read again."""
    if (version := _version(old)) > SCHEMA_VERSION:
        raise ArchiveUsageError(f"{DATABASE} was written by a newer newsbot (schema {version})")
    bad: dict[str, set[int]] = {}
    unreadable: set[int] = set()
    suspects: set[int] = set()
    everyone = False
    for finding in findings:
        # Of a lost piece of these tables nobody knows whose it was.
        if finding.check == "schema":
            everyone |= finding.table in _OF_ARTICLES
        if finding.severity != "damage" or not finding.table:
            continue
        everyone |= finding.table in _OF_ARTICLES and not finding.articles
        suspects.update(finding.articles)
        if finding.check == "records":
            unreadable.update(finding.rows if finding.what != CHANGED else ())
        elif finding.table in _DERIVED:
            bad.setdefault(finding.table, set()).update(finding.rows)
        elif finding.table == "seals":
            bad["seals"] = set()
        elif finding.table in salvage.TABLES and finding.table not in _OF_ARTICLES:
            which = " ".join(map(str, finding.rows))
            say(
                f"kept as they can be read, as nothing can bring them back: {finding.table} {which}"
            )
    c = store.connection
    c.execute("PRAGMA foreign_keys = OFF")
    try:
        with store.transaction():
            copied = salvage.carry_over(old, c, bad)
            if everyone:
                suspects.update(row[0] for row in c.execute("SELECT id FROM articles"))
            lost, left = salvage.set_apart(c, unreadable, suspects, sites)
            gone = salvage.put_back(old, c, left)
    finally:
        c.execute("PRAGMA foreign_keys = ON")
    said = ", ".join(f"{number} {table}" for table, number in copied.items() if number)
    say(f"carried over: {said or 'nothing'}")
    _say_kept(left, gone, say)
    return lost


def _say_kept(articles: Iterable[int], gone: Collection[int], say: Say) -> None:
    for article in articles:
        left = "nothing is left of it" if article in gone else "it is kept as it can be read"
        say(f"article {article} cannot be read again: {left}")


_OF_ARTICLES = ("aliases", "engagement", "article_tags")
"""Tables without ids of their own."""
_DERIVED = ("articles", "revisions", "captures", "tags")
"""Tables whose rows the WARC files can bring back."""


def _version(c: sqlite3.Connection) -> int:
    try:
        return int(c.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError:
        return 0


def _had_stories(old: sqlite3.Connection) -> bool:
    try:
        return bool(old.execute("SELECT 1 FROM stories LIMIT 1").fetchone())
    except sqlite3.DatabaseError:
        return True


# -- captures -----------------------------------------------------------------------------------


def _import(store: Store, site: str, importer: Importer, sites: Collection[str], say: Say) -> None:
    """Give the records of a site rows that have none."""
    paths = [path for path in _site_paths(store.folder, site) if _has_orphans(store, path)]
    if not paths:
        return
    if site not in sites:
        say(f"{site} has no profile: its pages in {len(paths)} files cannot be read; name it with "
            "--sites-dir and repair again")  # fmt: skip
        return
    before = _count(store)
    importer(store, site, paths)
    articles, captures = (new - old for new, old in zip(_count(store), before, strict=True))
    say(f"{site}: {captures} captures have rows again, with {articles} articles")


def _site_paths(folder: Path, site: str) -> list[Path]:
    found = [folder / warc for warc in files(folder) if Path(warc).parts[1] == site]
    return sorted(found, key=lambda path: (month_of(path), number_of(path), path.name))


def _count(store: Store) -> tuple[int, int]:
    c = store.connection
    (articles,) = c.execute("SELECT count(*) FROM articles").fetchone()
    (captures,) = c.execute("SELECT count(*) FROM captures").fetchone()
    return articles, captures


def _has_orphans(store: Store, path: Path) -> bool:
    known = {
        offset
        for (offset,) in store.connection.execute(
            "SELECT warc_offset FROM captures WHERE warc = ?",
            (path.relative_to(store.folder).as_posix(),),
        )
    }
    return any(
        record.error is None and record.type in ("response", "revisit")
        and record.offset not in known
        for record in read_records(path)
    )  # fmt: skip


def _bring_back(
    store: Store, old: sqlite3.Connection | None, lost: dict[int, set[str]], say: Say
) -> None:
    """Give what was read again its old ids; what did not come is taken as the old file has it."""
    c = store.connection
    with store.transaction():
        missing = salvage.renumber(c, lost)
    say(f"{len(lost) - len(missing)} articles were read again from their captures")
    if missing and old is not None:
        c.execute("PRAGMA foreign_keys = OFF")
        try:
            with store.transaction():
                gone = salvage.put_back(old, c, missing)
        finally:
            c.execute("PRAGMA foreign_keys = ON")
        _say_kept(missing, gone, say)


def _mend_dictionaries(c: sqlite3.Connection, folder: Path, say: Say) -> None:
    """Make the dictionary of a file and its copy beside the file the same again."""
    for warc in files(folder):
        path = folder / warc
        dictionary = dictionary_of(path) if warc.endswith(".zst") else None
        if dictionary is None:
            continue
        site, frame = path.parent.name, dictionary.frame
        copy = path.parent / f"{site}-{dictionary.number}{DICTIONARIES}"
        sealed = c.execute(
            "SELECT crc FROM seals WHERE warc = ? AND start = 0 AND length = ?", (warc, len(frame))
        ).fetchone()
        with path.open("r+b") as file:
            if file.read(len(frame)) != frame and sealed and zlib.crc32(frame) == sealed[0]:
                file.seek(0)
                file.write(frame)
                say(f"the dictionary of {path.name} was copied from {copy.name}")
        if copy.exists() and copy.read_bytes() != frame[8:]:
            copy.unlink()
        if not copy.exists():
            keep_copy(path.parent, site, dictionary)
            say(f"{copy.name} was copied from {path.name}")


def _seal_anew(
    c: sqlite3.Connection, folder: Path, findings: Collection[Finding], say: Say
) -> None:
    """Seal what has no seal, and records that read as they should though a byte around them changed."""
    harmless = [f for f in findings if f.what == CHANGED and f.file and f.offset is not None]
    for finding in harmless:
        assert finding.file is not None
        assert finding.offset is not None
        is_dictionary = finding.offset == 0 and finding.file.endswith(".zst")
        if is_dictionary or finding.file.endswith(DICTIONARIES):
            continue
        length = c.execute(
            "SELECT length FROM seals WHERE warc = ? AND start = ?", (finding.file, finding.offset)
        ).fetchone()
        with (folder / finding.file).open("rb") as file:
            found = range_sum(file, finding.offset, length[0]) if length else None
        if found is not None:
            c.execute(
                "UPDATE seals SET crc = ? WHERE warc = ? AND start = ?",
                (found, finding.file, finding.offset),
            )
            say(f"{finding.where} reads as it should, and was sealed as it is now")
    for site in sorted(path.name for path in (folder / "warc").glob("*") if path.is_dir()):
        seal_records(c, folder, site)
