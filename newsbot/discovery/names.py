"""names: what sites call the things around their articles, as vocabulary/discovery.toml says."""

from __future__ import annotations

from functools import lru_cache

from newsbot import vocabulary


@lru_cache(maxsize=65536)
def _matches(kind: str, word: str) -> bool:
    return bool(vocabulary.pattern("discovery", kind).fullmatch(word))


def is_named(kind: str, word: str) -> bool:
    """Whether a whole word is one of the names of a kind; `kind` is a key of discovery.toml."""
    return len(word) <= 100 and _matches(kind, word)
