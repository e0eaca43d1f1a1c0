"""vocabulary: the words and phrases that logic looks for, one TOML file a subject, one entry a line.

An entry is a word, or a regular expression to which its reader adds what must stand around it. Shapes
and numbers are the business of the code. Each file is read once.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def subject(name: str) -> dict[str, Any]:
    """Everything in `name`.toml. Raises `FileNotFoundError` where there is no such subject."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


@cache
def entries(name: str, key: str) -> tuple[str, ...]:
    """The entries of one list in their order; `wording.search` names a list in a table.

    Raises `KeyError` where there is no such list.
    """
    found: Any = subject(name)
    for part in key.split("."):
        found = found[part]
    return tuple(found)


@cache
def either(name: str, *keys: str) -> str:
    """The entries of some lists as one group of a regular expression: any of them."""
    return f"(?:{'|'.join(entry for key in keys for entry in entries(name, key))})"


@cache
def pattern(name: str, *keys: str, within: str = "{}") -> re.Pattern[str]:
    """The entries of some lists as one pattern, letter case ignored.

    `within` says what must stand around them, the braces standing for the entries: `^{}:`.
    """
    return re.compile(within.replace("{}", either(name, *keys)), re.IGNORECASE)
