"""Stored: captures by their rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.captures import IDENTICAL, NOT_MODIFIED, previous_capture, read_stored
from archive.errors import ArchiveError
from tests.archive.building import HOME, START, Paper, article
from tests.archive.captures.making import PAGE, SERVED, SITE

ONE = f"{HOME}1"


def test_the_newest_whole_page_of_an_address(paper: Paper) -> None:
    connection = paper.store.connection
    writer = paper.store.captures(SITE)
    assert previous_capture(connection, ONE) is None
    first = writer.write(ONE, 200, SERVED, PAGE, START)
    paper.visit(ONE, article(ONE), captures=[first])
    second = writer.write(ONE, 200, SERVED, PAGE + b"2", START + timedelta(1))
    paper.later(days=1).visit(ONE, article(ONE, text="Жаңа"), captures=[second])
    missing = writer.write(ONE, 404, SERVED, b"?", START + timedelta(2))
    paper.later(days=1).visit(ONE, result="missing", captures=[missing])
    again = writer.write(
        ONE, 200, SERVED, PAGE + b"2", START + timedelta(3), refers_to=second, profile=IDENTICAL
    )
    paper.later(days=1).visit(ONE, article(ONE, text="Жаңа"), captures=[again])
    assert previous_capture(connection, ONE) == second
    assert previous_capture(connection, f"{HOME}2") is None
    shell = writer.write(ONE, 200, SERVED, b"<shell>", START + timedelta(4))
    paper.later(days=1).visit(ONE, result="refused", captures=[shell])
    assert previous_capture(connection, ONE) == shell
    assert previous_capture(connection, ONE, proven=True) == second, "whose validators are sent"


def test_a_revisit_is_read_with_its_payload(paper: Paper) -> None:
    connection, folder = paper.store.connection, paper.store.folder
    writer = paper.store.captures(SITE)
    whole = writer.write(ONE, 200, SERVED, PAGE, START)
    paper.visit(ONE, article(ONE), captures=[whole])
    later = writer.write(
        ONE, 304, [], b"", START + timedelta(40), refers_to=whole, profile=NOT_MODIFIED
    )
    paper.later(days=40).visit(ONE, result="unchanged", captures=[later])
    first, second = (row["id"] for row in paper.all("SELECT id FROM captures ORDER BY id"))
    assert read_stored(connection, folder, first).body == PAGE
    exchange = read_stored(connection, folder, second)
    assert (exchange.status, exchange.body) == (304, PAGE)
    with pytest.raises(KeyError):
        read_stored(connection, folder, 99)
    (folder / whole.warc).unlink()
    for capture in (first, second):
        with pytest.raises(ArchiveError):
            read_stored(connection, folder, capture)
