"""belongings: what of a data-set folder is ours, what of that is finished, and who may write to it now."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from archive.captures.files import PART, check_inside, sha256_of, sync_folder, whole_file
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.export.describe import DOCUMENTS
from archive.export.pictures import PLOTS

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished.json"
"""What belongs to the folder and what of it is whole, as long as the manifest does not say it."""
_DESCRIBING = [*PLOTS.values(), *DOCUMENTS, MANIFEST]
_WRITTEN = re.compile(r"(?:data|captures|sqlite)/[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names that files may have, whatever is said in a file that somebody else has written."""
Say = Callable[[str], object]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder where there is none, and hold it; the lock dies with the process, and leaves no file."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ArchiveLocked(f"{folder}: another run writes to this folder") from None
    finally:
        os.close(descriptor)


def files_in(folder: Path) -> set[str]:
    """Paths of all files, but for what begins with a dot at the top, as `.git` does."""
    return {
        path.relative_to(folder).as_posix()
        for top in folder.iterdir()
        if not top.name.startswith(".")
        for path in ([top] if top.is_symlink() or not top.is_dir() else top.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a data-set folder; None where there is none. Raises `ArchiveError` for one that is damaged."""
    found = _read(folder / MANIFEST, newsbot_data_set=int, files=list)
    noted = {"path": str, "bytes": int, "sha256": str}
    for file in found["files"] if found else ():
        rows = {"rows": int, "format": str} if isinstance(file, dict) and "rows" in file else {}
        kinds = noted | rows
        if not isinstance(file, dict) or any(
            not isinstance(file.get(k), t) for k, t in kinds.items()
        ):
            raise ArchiveError(f"{folder / MANIFEST} is damaged: a file without {', '.join(kinds)}")
    return found


def unfinished(folder: Path) -> dict[str, Any] | None:
    """What an interrupted export noted; None where there is none."""
    return _read(folder / UNFINISHED, ours=list, done=dict, asked=str, state=str)


def _read(path: Path, **kinds: type) -> dict[str, Any] | None:
    if path.is_symlink() or not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise ArchiveError(f"{path} is damaged: no JSON") from None
    if not isinstance(found, dict) or any(
        not isinstance(found.get(k), t) for k, t in kinds.items()
    ):
        return None
    return found


class Work:
    """What of a folder is ours, and what of it is finished."""

    def __init__(self, folder: Path, asked: str, state: str) -> None:
        self._folder, self._asked, self._state = folder, asked, state
        self.ours: list[str] = []
        self.done: dict[str, dict[str, Any]] = {}
        self.kept = 0

    def begin(self, planned: list[str], say: Say) -> None:
        """Take over what an interrupted run has finished; of anything else that is ours the folder is cleared."""
        before, finished = unfinished(self._folder), read_manifest(self._folder)
        named = before["ours"] if before else []
        if finished:
            named = [*named, *(file["path"] for file in finished["files"])]
        ours = {name for name in named if _WRITTEN.fullmatch(str(name))}
        ours |= {*_DESCRIBING} if before or finished else set()
        strange = sorted(
            name for name in files_in(self._folder) if name.removesuffix(PART) not in ours
        )
        if strange:
            more = f", and {len(strange) - 1} more" if len(strange) > 1 else ""
            raise ArchiveUsageError(
                f"{self._folder} holds {strange[0]}{more}, which newsbot did not write there: name another folder, "
                "or move it away"
            )
        if finished and not before:
            self._check_untouched([file for file in finished["files"] if file["path"] in ours])
            say(f"{self._folder} held a finished data set: it is made anew")
        self.ours = planned
        if before:
            self._take_over(before, say)
        self._save(sorted({*ours, *planned}))
        for name in sorted(ours | {name + PART for name in (*ours, *planned)}):
            if name not in self.done:
                check_inside((self._folder / name).parent, self._folder)
                (self._folder / name).unlink(missing_ok=True)
        for folder in {Path(name).parent for name in ours} - {Path()}:
            with suppress(OSError):  # it is not there, or holds something
                (self._folder / folder).rmdir()

    def _check_untouched(self, files: list[dict[str, Any]]) -> None:
        for file in files:
            path = self._folder / file["path"]
            check_inside(path.parent, self._folder)
            if path.is_file() and sha256_of(path) != file["sha256"]:
                raise ArchiveUsageError(f"{path} was changed since newsbot wrote it: move it away")

    def _take_over(self, before: dict[str, Any], say: Say) -> None:
        """Keep the finished files of an interrupted run, where they are what they would be now."""
        why = "another selection" if before["asked"] != self._asked else "the archive has changed"
        if (before["asked"], before["state"]) != (self._asked, self._state):
            say(f"{self._folder} held an interrupted export ({why}): it is begun anew")
            return
        for name, entry in before["done"].items():
            path = self._folder / name
            if name in self.ours and path.is_file() and sha256_of(path) == entry["file"]["sha256"]:
                self.done[name] = entry
        self.kept = len(self.done)
        say(
            f"{self._folder} held an interrupted export: {self.kept} of its finished files are kept"
        )

    def add(self, name: str, entry: dict[str, Any]) -> None:
        """Note a file that is whole: as `file` what the manifest will say of it, and what else is known."""
        self.done[name] = entry
        self._save(self.ours)

    def _save(self, ours: list[str]) -> None:
        noted = {"asked": self._asked, "state": self._state, "ours": ours, "done": self.done}
        with whole_file(self._folder / UNFINISHED, self._folder) as file:
            file.write(json.dumps(noted, ensure_ascii=False).encode())

    def end(self) -> None:
        """All is there: the manifest says so."""
        (self._folder / UNFINISHED).unlink()
        sync_folder(self._folder)
