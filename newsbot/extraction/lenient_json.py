"""lenient_json: JSON as newspapers print it into their pages: broken, and still meant.

A sound block is read as it is. A broken one is written anew, token by token: comments and CDATA marks
go, quotation marks inside a string are escaped, what was cut off is closed. One pass, so that the time
is linear in the block's length. https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_MOST_LEVELS = 100
"""Levels of nesting; no newspaper's data come near, and hostile ones exhaust the parser."""
_SPACE = r"[\s\ufeff]*+"
_TOKEN = re.compile(
    r"(?P<ignored>[\s\ufeff;]+|//[^\n]*|/\*.*?(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>)"
    r"|(?P<open>[{\[])|(?P<close>[}\]])|(?P<mark>[,:])|(?P<quote>[\"'])"
    r"|(?P<bare>[^\s,:{}\[\]\"';]+)",
    re.DOTALL,
)
_STRING_PART = re.compile(r"[^\"'\\]+|\\u[0-9a-fA-F]{4}|\\.?|[\"']", re.DOTALL)
# What follows the end of a string: of a value in an object, of one in an array.
_AFTER_VALUE = re.compile(
    rf"{_SPACE}(?:\Z|[}}\]]|,{_SPACE}[}}\]]|,?{_SPACE}[\"'][^\"'\n]{{1,200}}[\"']{_SPACE}:)"
)
_AFTER_ITEM = re.compile(rf"{_SPACE}(?:\Z|\]|,{_SPACE}[\"'{{\[\]\d])")
_PLAIN = re.compile(r"true|false|null|-?(?:0|[1-9]\d{0,18})(?:\.\d{1,30})?")
_CLOSING = {"{": "}", "[": "]"}


def loads(text: str) -> list[Any]:
    """The JSON documents in a text, mended where they are broken; none where nothing is meant."""
    if not text or text.isspace():
        return []
    try:
        return [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        pass
    if '"' not in text and "&quot;" in text:
        text = text.replace("&quot;", '"')
    found = []
    for document in _Mender(text).documents():
        try:
            found.append(json.loads(document, strict=False))
        except (ValueError, RecursionError):
            continue
    return found


class _Mender:
    """Writes broken JSON anew."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.open: list[str] = []
        """Brackets that are open, innermost last."""
        self.expected = "value"
        """What comes next: `key`, `colon`, `value` or `comma`."""

    def documents(self) -> Iterator[str]:
        """Each object or array of the outermost level, as sound JSON."""
        place = 0
        while token := _TOKEN.match(self.text, place):
            place = token.end()
            kind, value = token.lastgroup, token[0]
            if kind == "open":
                self.begin(value)
                if len(self.open) > _MOST_LEVELS:
                    return
            elif not self.open or kind == "ignored":
                continue
            elif kind == "close":
                self.end(value)
                if not self.open:
                    yield self.taken()
            elif kind == "mark":
                self.mark(value)
            elif kind == "quote":
                string, place = self.string(value, place)
                self.write(string)
            else:
                self.write(value if _PLAIN.fullmatch(value) else json.dumps(value))
        if self.open:
            self.end(_CLOSING[self.open[0]])
            yield self.taken()

    def taken(self) -> str:
        """The document that is complete."""
        document = "".join(self.out)
        self.out.clear()
        return document

    def next(self) -> str:
        """What comes after a comma or an opening bracket."""
        return "key" if self.open[-1] == "{" else "value"

    def write(self, value: str) -> None:
        """A key or a value, with the mark before it that was forgotten."""
        if self.expected == "comma":
            self.out.append(",")
            self.expected = self.next()
        elif self.expected == "colon":
            self.out.append(":")
            self.expected = "value"
        if self.expected == "key" and value[:1] != '"':
            value = '"":' + value if value in _CLOSING else json.dumps(value)
        self.out.append(value)
        self.expected = "colon" if self.expected == "key" else "comma"

    def begin(self, bracket: str) -> None:
        """A bracket that opens."""
        if self.open:
            self.write(bracket)
        else:
            self.out.append(bracket)
        self.open.append(bracket)
        self.expected = self.next()

    def end(self, bracket: str) -> None:
        """A bracket that closes, and those inside it that were forgotten."""
        if bracket not in map(_CLOSING.get, self.open):
            return
        closed = ""
        while closed != bracket:
            if self.expected == "colon":
                self.out.append(":null")
            elif self.out[-1] == ":":
                self.out.append("null")
            elif self.out[-1] == ",":
                self.out.pop()
            closed = _CLOSING[self.open.pop()]
            self.out.append(closed)
            self.expected = "comma"

    def mark(self, mark: str) -> None:
        """A comma or a colon, where one belongs."""
        if mark == ":":
            if self.expected == "colon":
                self.out.append(mark)
                self.expected = "value"
            return
        if self.out[-1] == ":":
            self.out.append("null")
            self.expected = "comma"
        if self.expected == "comma":
            self.out.append(mark)
            self.expected = self.next()

    def string(self, quote: str, place: int) -> tuple[str, int]:
        """A string from behind its first quotation mark on, sound, and where it ends."""
        parts = ['"']
        in_object = self.open[-1] == "{"
        is_key = in_object and self.expected in ("key", "comma")
        follows = _AFTER_VALUE if in_object else _AFTER_ITEM
        while part := _STRING_PART.match(self.text, place):
            place, value = part.end(), part[0]
            if value == quote and (is_key or follows.match(self.text, place)):
                break
            if value == '"':
                value = '\\"'
            elif value[0] == "\\" and len(value) < 3 and value[1:] not in ('"', *"\\/bfnrt"):
                value = "" if value[1:] in ("", "\n") else json.dumps(value[1:])[1:-1]
            parts.append(value)
        parts.append('"')
        return "".join(parts), place
