"""names: what sites call the things around their articles, read from names.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return re.compile("|".join(f"(?:{word})" for word in data[kind]), re.IGNORECASE)


@lru_cache(maxsize=65536)
def _matches(kind: str, word: str) -> bool:
    return bool(_pattern(kind).fullmatch(word))


def is_named(kind: str, word: str) -> bool:
    """Whether a whole word is one of the names of a kind; `kind` is a key of names.toml."""
    return len(word) <= 100 and _matches(kind, word)
