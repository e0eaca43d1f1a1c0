"""wording: which words differ between two states of an article. Pure: texts in, pieces out."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal

Op = Literal["equal", "delete", "insert"]
Piece = tuple[Op, str]
"""What became of a run of words, and the words with the spaces behind them."""
_WORD = re.compile(r"\s+|(?:\w+|[^\w\s])\s*")
_PARAGRAPH = re.compile(r"[^\n]+|\n+")
_CAREFUL = 2_000_000
"""Pairs of words up to which all are compared; beyond, the frequent ones are left out: it would take minutes."""


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Field → its value `before` and `after` and its `words`, for each field of both that differs.

    `words` are `[op, words]` in the order of reading, where values are texts or lists of texts, an
    entry a line.
    """
    found = {}
    for name, old in before.items():
        new = after[name]
        if old != new:
            words = [list(piece) for piece in compare(_printed(old), _printed(new))]
            found[name] = {"before": old, "after": new, "words": words}
    return found


def _printed(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def compare(before: str, after: str) -> list[Piece]:
    """The words of both texts, in the order of reading, those in both once.

    The pieces that are not inserted make up `before`, those that are not deleted `after`.
    """
    pieces: list[Piece] = []
    for op, old, new in _opcodes(_PARAGRAPH.findall(before), _PARAGRAPH.findall(after)):
        if op == "replace":
            pieces += _words("".join(old), "".join(new))
        else:
            pieces += _pieces(old, new)
    return [(op, "".join(text for _, text in run)) for op, run in groupby(pieces, lambda p: p[0])]


def _words(before: str, after: str) -> list[Piece]:
    return [
        piece
        for _, old, new in _opcodes(_WORD.findall(before), _WORD.findall(after))
        for piece in _pieces(old, new)
    ]


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, list[str], list[str]]]:
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > _CAREFUL)
    return [(op, old[a:b], new[c:d]) for op, a, b, c, d in matcher.get_opcodes()]


def _pieces(old: list[str], new: list[str]) -> list[Piece]:
    """A stretch of both texts: the same in both, or the earlier words before the later ones."""
    if old == new:
        return [("equal", "".join(old))]
    sides: list[Piece] = [("delete", "".join(old)), ("insert", "".join(new))]
    return [piece for piece in sides if piece[1]]
