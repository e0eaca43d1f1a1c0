"""terminal: the one place through which all text for people goes, so that nothing printed steers a terminal.

Titles, addresses and names of files come from newspapers and from archives of others, and a terminal obeys
the escape sequences in them: it would rename its window, hide lines or turn the direction of writing.
Bytes (`show --raw`, `export`) do not come this way.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO, cast

_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "bright_black": "90"}
_MARKS = {name: chr(0xFDD1 + number) for number, name in enumerate(_STYLES)}
"""Characters that stand for a style until the text is printed; no text may hold them (Unicode 23.7)."""
PLAIN = "\ufdd0"
BOLD = _MARKS["bold"]
_SEQUENCES = {PLAIN: "\x1b[0m"} | {_MARKS[name]: f"\x1b[{n}m" for name, n in _STYLES.items()}
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\ufdd0-\ufdef]"
)
"""Controls but for tab and line feed, and what turns the direction of writing; our marks."""
_PIECES = re.compile(f"([{PLAIN}-{chr(ord(PLAIN) + len(_STYLES))}])")


def in_colour() -> bool:
    """Whether a person sees colours and bold letters: at a terminal, without NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def styled(text: str, style: str) -> str:
    """A text in bold or in a colour, where it is printed on a terminal."""
    return f"{_MARKS[style]}{clean(text)}{PLAIN}"


def clean(text: str) -> str:
    r"""A text with what might steer a terminal written out: `\x1b`, `\u202e`."""
    return STEERING.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


class Terminal:
    """A stream that writes clean text; in all else the one that it stands for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._styles = self._is_terminal and not os.environ.get("NO_COLOR")

    def write(self, text: str) -> int:
        """Write a text; our own marks of style become styles on a terminal, and nothing elsewhere."""
        start = ""
        if text.startswith("\r") and self._is_terminal:  # a bar of progress goes over itself
            start, text = "\r", text[1:].removesuffix("\r")
        pieces = []
        for piece in _PIECES.split(text):
            if piece in _SEQUENCES:
                pieces.append(_SEQUENCES[piece] if self._styles else "")
            else:
                pieces.append(clean(piece))
        return self._stream.write(start + "".join(pieces))

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def guard() -> None:
    """Let all text of this process go through `Terminal`, whatever library writes it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Terminal):
            setattr(sys, name, cast("TextIO", Terminal(stream)))
