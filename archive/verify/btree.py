"""btree: which table, and which of its rows, a page of an SQLite file belongs to.

Reads the file format (https://www.sqlite.org/fileformat2.html) itself, because a page is asked about
when SQLite may not be able to read it. Follows damaged pages as far as they lead, and never raises.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_ARTICLE_COLUMN = {"aliases": 1, "engagement": 0, "article_tags": 0, "editions": 0}
"""Tables without row ids, and where in their rows the article stands."""
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8)
_MAX_DEPTH = 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Owner:
    """What a page holds: rows of a table, a piece of an index, or nothing."""

    name: str
    """Of the table or index; empty where the page holds nothing."""
    table: str | None = None
    rows: tuple[int, ...] = ()
    articles: tuple[int, ...] = ()
    """Whose the rows are, where a table has no row ids."""

    def __str__(self) -> str:
        if not self.name:
            return "free page"
        numbers = self.rows or self.articles
        if not numbers:
            return self.name
        more = len(numbers) - _SHOWN
        said = ", ".join(map(str, numbers[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
        return f"{self.name} {'' if self.rows else 'of articles '}{said}"


@dataclass(frozen=True, slots=True)
class Tree:
    """A b-tree: its name, its table, its root page."""

    name: str
    table: str
    root: int


class Pages:
    """A database read page by page: `read(number)` gives a page, or b"" where there is none."""

    def __init__(self, read: Callable[[int], bytes], page_size: int, reserved: int = 0) -> None:
        self.read = read
        self.usable = page_size - reserved

    def owners(self, wanted: Iterable[int], trees: Iterable[Tree]) -> dict[int, Owner]:
        """Whose the wanted pages are; those that cannot be found are left out."""
        missing = set(wanted)
        found: dict[int, Owner] = {}
        if 1 in missing:
            found[1] = Owner("the schema", "sqlite_schema")
            missing.discard(1)
        trees = list(trees)
        # First without reading leaves, which are nearly all of the file.
        for leaves in (False, True):
            for tree in trees:
                if not missing:
                    return found
                for page, owner in self._tree(tree, missing, leaves):
                    found[page] = owner
                    missing.discard(page)
        for page in self._free():
            if page in missing:
                found[page] = Owner("")
        return found

    def _tree(self, tree: Tree, missing: set[int], leaves: bool) -> Iterator[tuple[int, Owner]]:
        depth = self._depth(tree.root)
        level, seen = [tree.root], {tree.root}
        for distance in range(depth + 1):
            below: list[int] = []
            for page in level:
                is_leaf = distance == depth
                if page in missing:
                    rows = self._rows(page) if is_leaf else ()
                    column = _ARTICLE_COLUMN.get(tree.name)
                    articles = () if column is None else self._numbers(page, column)
                    yield page, Owner(tree.name, tree.table, rows, articles)
                if not is_leaf:
                    fresh = [child for child in self._children(page) if child not in seen]
                    seen.update(fresh)
                    below += fresh
                if leaves:
                    yield from self._overflow(page, tree, missing)
            level = below

    def _depth(self, root: int) -> int:
        """How many levels are above the leaves; all leaves of a tree are equally deep."""
        for choice in (0, -1, 1):  # another way down where a page is damaged
            page, depth = root, 0
            while depth < _MAX_DEPTH:
                kind = self._kind(page)
                if kind in (_LEAF_INDEX, _LEAF_TABLE):
                    return depth
                children = self._children(page)
                if not children:
                    break
                page = children[min(choice, len(children) - 1)]
                depth += 1
        return 0

    def _kind(self, page: int) -> int | None:
        data = self.read(page)
        at = 100 if page == 1 else 0
        return data[at] if len(data) > at else None

    def _cells(self, page: int) -> tuple[bytes, int, list[int]]:
        """A page, its kind, and where its cells begin."""
        data = self.read(page)
        at = 100 if page == 1 else 0
        if len(data) < at + 12:
            return data, 0, []
        kind = data[at]
        head = at + (12 if kind in (_INTERIOR_INDEX, _INTERIOR_TABLE) else 8)
        (count,) = struct.unpack_from(">H", data, at + 3)
        count = min(count, (len(data) - head) // 2)
        cells = struct.unpack_from(f">{count}H", data, head)
        return data, kind, [cell for cell in cells if head <= cell < len(data) - 4]

    def _children(self, page: int) -> list[int]:
        data, kind, cells = self._cells(page)
        if kind not in (_INTERIOR_INDEX, _INTERIOR_TABLE):
            return []
        at = 100 if page == 1 else 0
        last = struct.unpack_from(">I", data, at + 8)[0]
        return [*(struct.unpack_from(">I", data, cell)[0] for cell in cells), last]

    def _rows(self, page: int) -> tuple[int, ...]:
        data, kind, cells = self._cells(page)
        if kind != _LEAF_TABLE:
            return ()
        return tuple(sorted(_varint(data, _varint(data, cell)[1])[0] for cell in cells))

    def _numbers(self, page: int, column: int) -> tuple[int, ...]:
        """What stands in a column of whole numbers of an index's cells."""
        data, kind, cells = self._cells(page)
        if kind not in (_LEAF_INDEX, _INTERIOR_INDEX):
            return ()
        skip = 4 if kind == _INTERIOR_INDEX else 0
        found = (_integer(data, _varint(data, cell + skip)[1], column) for cell in cells)
        return tuple(sorted({number for number in found if number is not None}))

    def _overflow(self, page: int, tree: Tree, missing: set[int]) -> Iterator[tuple[int, Owner]]:
        """Pages on which rows go on that are too long for their own."""
        data, kind, cells = self._cells(page)
        if kind not in (_LEAF_TABLE, _LEAF_INDEX, _INTERIOR_INDEX):
            return
        most = self.usable - 35 if kind == _LEAF_TABLE else (self.usable - 12) * 64 // 255 - 23
        least = (self.usable - 12) * 32 // 255 - 23
        for cell in cells:
            start = cell + 4 if kind == _INTERIOR_INDEX else cell
            size, start = _varint(data, start)
            rows: tuple[int, ...] = ()
            if kind == _LEAF_TABLE:
                row, start = _varint(data, start)
                rows = (row,)
            if size <= most:
                continue
            kept = least + (size - least) % (self.usable - 4)
            start += kept if kept <= most else least
            left = -(-size // (self.usable - 4)) + 1
            following = _number(data, start)
            while following and left:
                if following in missing:
                    yield following, Owner(tree.name, tree.table, rows)
                following = _number(self.read(following), 0)
                left -= 1

    def _free(self) -> Iterator[int]:
        trunk, seen = _number(self.read(1), 32), set[int]()
        while trunk and trunk not in seen:
            seen.add(trunk)
            yield trunk
            data = self.read(trunk)
            count = min(_number(data, 4), len(data) // 4 - 2)
            if count > 0:
                yield from struct.unpack_from(f">{count}I", data, 8)
            trunk = _number(data, 0)


def _integer(data: bytes, start: int, column: int) -> int | None:
    """A whole number of the record that begins there; None where it is none."""
    end, at = _varint(data, start)
    place = start + end
    for _ in range(column + 1):
        kind, at = _varint(data, at)
        width = _WIDTHS[kind] if 0 <= kind < 8 else max(kind - 12, 0) // 2
        value, place = data[place : place + width], place + width
    if kind in (8, 9):
        return kind - 8
    if not 1 <= kind <= 6 or len(value) < width:
        return None
    return int.from_bytes(value, "big", signed=True)


def _number(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0]) if len(data) >= at + 4 else 0


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, most significant bits first, and where it ends."""
    value = 0
    for number, byte in enumerate(data[at : at + 9], 1):
        if number == 9:
            value = value << 8 | byte
            break
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    else:
        number = len(data) - at
    return value - (1 << 64) if value >= 1 << 63 else value, at + number
