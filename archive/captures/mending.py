"""mending: what a crash leaves in the WARC files of a site, put right before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from archive.captures.dictionaries import FRAME_MAGIC, keep_copy
from archive.captures.files import PART, check_inside, open_file, own_file, site_files, sync_folder
from archive.captures.reading import raw_records
from archive.captures.streams import Damage, Stream
from archive.captures.training import dictionary_of


def mend(folder: Path, site: str, known: Mapping[str, int]) -> None:
    """Remove half-written files and records, and the second copy of a file that was being packed.

    `folder` is the archive's folder; `known` says for each `warc` of the site's rows in `captures`
    up to which byte they vouch for it. Nothing is removed that is not elsewhere. Raises OSError where
    the site's folder is a link.
    """
    place = folder / "warc" / site
    check_inside(place, folder)
    for part in place.glob(f"{site}-*{PART}"):
        part.unlink()
    for path in site_files(place, site):
        if path.is_symlink():  # another's
            continue
        name = path.relative_to(folder).as_posix()
        cut_torn_tail(path, min(known.get(name, 0), path.stat().st_size))
        if path.stat().st_size == 0:
            path.unlink()
    for loose in site_files(place, site):
        packed = loose.with_suffix(".zst")
        if loose.suffix == ".gz" and packed.exists():
            _drop_copy(folder, loose, packed, known)


def _drop_copy(folder: Path, loose: Path, packed: Path, known: Mapping[str, int]) -> None:
    """Rows move to the packed file in one transaction: all of them are there, or none."""
    vouched = [path.relative_to(folder).as_posix() in known for path in (loose, packed)]
    for spare, kept, is_needed in ((loose, packed, vouched[0]), (packed, loose, vouched[1])):
        if is_needed:
            continue
        ids, there = _record_ids(spare), _record_ids(kept)
        if ids is not None and there is not None and ids <= there:
            spare.unlink()
            sync_folder(spare.parent)
            return


def _record_ids(path: Path) -> set[str] | None:
    """Ids of all records of a file; None where one is damaged."""
    ids = set()
    with open_file(path) as file:
        for raw in raw_records(Stream(file)):
            if raw.error:
                return None
            ids.add(raw.fields.get("WARC-Record-ID", ""))
    return ids


def cut_torn_tail(path: Path, known_good: int) -> int:
    """Cut a record that a crash left half-written off the end of a WARC file.

    `known_good` is the offset up to which the database vouches for the file. Whole records after
    it stay, and so does everything before them: damage is for `newsbot verify` to find. Returns the
    number of bytes cut.
    """
    size = path.stat().st_size
    if known_good >= size:
        return 0
    with own_file(path, "r+b") as file:
        stream = Stream(file, known_good)
        if stream.is_locked and (known_good or _has_frames(file)):
            return 0
        good, found = known_good, True
        while found:
            try:
                for end in stream.ends():
                    good = end
                found = False
            except Damage:
                found = stream.resume(good + 1)
        file.truncate(good)
    return size - good


def _has_frames(file: BinaryIO) -> bool:
    """Whether there is more in a file than the beginning of its dictionary."""
    file.seek(12)
    return FRAME_MAGIC in file.read()


def mend_dictionary(path: Path) -> str | None:
    """Make the dictionary of a `.warc.zst` and its copy beside the file the same again.

    Each is believed where it can be read whole. Returns which of the two was written, if any.
    """
    dictionary = dictionary_of(path)
    if dictionary is None:
        return None
    frame, written = dictionary.frame, None
    with own_file(path, "r+b") as file:
        head = file.read(len(frame))
        if head != frame and file.read(len(FRAME_MAGIC)) == FRAME_MAGIC:
            file.seek(0)
            file.write(frame)
            written = path.name
    copy = path.parent / f"{path.parent.name}-{dictionary.number}.dict.zst"
    if not copy.exists() or copy.read_bytes() != frame[8:]:
        copy.unlink(missing_ok=True)
        keep_copy(path.parent, path.parent.name, dictionary)
        written = copy.name
    return written
