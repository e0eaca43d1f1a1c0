"""restore: an archive out of a bag, every file compared with its digest on the way."""

from __future__ import annotations

from pathlib import Path

from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity import bag as bagit
from archive.integrity.backup import CopyReport, Progress, append_missing
from archive.integrity.bag import LOCK, PAYLOAD, size_of
from archive.store import DATABASE

_DIFFERS = "it is not as it was written"


def restore(bag: Path, folder: Path, *, progress: Progress = lambda *_: None) -> CopyReport:
    """Make an archive of a bag, in a new or empty folder.

    What is damaged in the bag is named, and copied as it is. Raises `ArchiveUsageError` where `bag`
    holds no backup or `folder` something, `ArchiveError` where the disk is full or the bag unfinished.
    """
    with bagit.explained_errors(folder):
        if size_of(bag / LOCK):
            raise ArchiveError(
                f"{bag}: a backup into it is running or was interrupted: run it again; or, where the "
                f"archive is lost, copy what there is: cp -r {bag}/{PAYLOAD}/. {folder}/"
            )
        digests = bagit.payload(bag)
        if DATABASE not in digests:
            raise ArchiveUsageError(f"{bag}: no backup of newsbot here")
        bagit.check_apart(folder, bag)
        if folder.exists() and any(folder.iterdir()):
            raise ArchiveUsageError(f"{folder}: it is not empty: name a new folder with --data")
        total = sum(size_of(bag / PAYLOAD / name) for name in digests)
        bagit.check_space(folder, total)
        summary = CopyReport(
            damage=[f"{bag / name}: {_DIFFERS}" for name in bagit.damaged_tags(bag)]
        )
        for name in sorted(digests, key=lambda name: name == DATABASE):  # no archive before its end
            source, target = bag / PAYLOAD / name, folder / name
            if not source.is_file():
                summary.damage.append(f"{source}: the file is missing")
                continue
            size = size_of(source)
            digest, _ = append_missing(
                source, target, size, progress=lambda n: progress(n, total), within=bag
            )
            if digest != digests[name]:
                summary.damage.append(f"{source}: {_DIFFERS}")
            summary.files += 1
            summary.bytes += size
        summary.copied = summary.bytes
        return summary
