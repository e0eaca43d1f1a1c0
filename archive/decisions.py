"""decisions: what people have noted and decided, in files that they and their programs append to.

Each line of `DATA/decisions/notes*.jsonl` is a note on an article, of `mutes*.jsonl` a mute of a site's alarms:
a JSON object. As they name addresses and sites, they outlive a rebuild of news.db; nothing is ever rewritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from archive.captures.files import open_file

DECISIONS = "decisions"
"""The folder of what people have decided, inside the archive's."""


class Form(NamedTuple):
    """What a decision of one kind says: texts, of which the first ones may not be missing."""

    name: str
    needed: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def files(self) -> str:
        """Pattern of the names of its files."""
        return f"{self.name}s*.jsonl"


NOTE = Form("note", ("url", "note"), ("url", "note", "at", "by"))
MUTE = Form("mute", ("site", "until"), ("site", "until", "reason", "at", "by"))
FORMS = (NOTE, MUTE)


def read_decisions(folder: Path, form: Form) -> Iterator[dict[str, str | None] | str]:
    """The decisions of one kind in the archive in `folder`, each with all fields, as the files have them.

    A line that is none is told: FILE:NUMBER and why. So is a file that is none, or a link.
    """
    for path in sorted((folder / DECISIONS).glob(form.files)):
        try:
            with open_file(path, folder) as file:
                lines = file.read().splitlines()
        except OSError as error:
            yield f"{path}: cannot be read: {error.strerror}"
            continue
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield _checked(json.loads(line), form)
                except (ValueError, RecursionError) as error:
                    yield f"{path}:{number}: no {form.name}: {error}"


def _checked(value: Any, form: Form) -> dict[str, str | None]:
    """One decision. Raises ValueError where it lacks what is needed."""
    known = {name: value.get(name) for name in form.fields} if isinstance(value, dict) else {}
    if not all(known.get(name) for name in form.needed):
        raise ValueError(f"expected an object with {' and '.join(form.needed)}")
    if not all(text is None or isinstance(text, str) for text in known.values()):
        raise ValueError(f"expected texts as {', '.join(form.fields)}")
    if form is MUTE:
        date.fromisoformat(str(known["until"]))
    return known


def decide(folder: Path, form: Form, decision: Mapping[str, str | None]) -> None:
    """Append a decision to the first file of its kind. Raises OSError where it cannot be written."""
    path = folder / DECISIONS / f"{form.name}s.jsonl"
    path.parent.mkdir(exist_ok=True)
    if os.path.lexists(path):
        open_file(path, folder).close()  # no link and no pipe
    said = {name: text for name, text in decision.items() if text is not None}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(said, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
