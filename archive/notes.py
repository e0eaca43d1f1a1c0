"""notes: what people have noted on articles, by address, in files that they append to themselves.

Each line of `DATA/decisions/notes*.jsonl` is a note: `{"url": …, "note": …}`, with `at` (ISO 8601) and `by`
where they are known. As the article is named by its address, notes outlive a rebuild of news.db.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archive.captures.files import open_file

DECISIONS = "decisions"
"""The folder of what people have decided, inside the archive's."""
NOTES = "notes*.jsonl"
LARGEST = 64_000_000
"""Bytes of a file that is read."""
FIELDS = ("url", "note", "at", "by")


def read_notes(folder: Path) -> Iterator[dict[str, str | None] | str]:
    """The notes of the archive in `folder`, each with all of `FIELDS`, as the files have them.

    A line that is no note is told: FILE:NUMBER and why. So is a file that is none, or a link.
    """
    for path in sorted((folder / DECISIONS).glob(NOTES)):
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
                    yield _note(json.loads(line))
                except (ValueError, RecursionError) as error:
                    yield f"{path}:{number}: no note: {error}"


def _note(value: Any) -> dict[str, str | None]:
    """One note. Raises ValueError where it lacks the address or the text."""
    known = {name: value.get(name) for name in FIELDS} if isinstance(value, dict) else {}
    if not (known.get("url") and known.get("note")):
        raise ValueError("expected an object with url and note")
    if not all(text is None or isinstance(text, str) for text in known.values()):
        raise ValueError(f"expected texts as {', '.join(FIELDS)}")
    for text in filter(None, known.values()):
        text.encode()  # a surrogate alone is no letter; the error is a ValueError
    return known
