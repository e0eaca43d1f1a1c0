"""Files of decisions: read whatever stands in them, and appended to by several at once."""

from __future__ import annotations

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.decisions import (
    FORMS,
    NOTE,
    REVOKE,
    WITHHOLD,
    WITHHOLDING,
    append,
    decide,
    read_decisions,
    withheld,
)
from archive.errors import ArchiveUsageError

SAID = {
    "url": "https://a.kz/1",
    "decision": WITHHOLD,
    "reason": "сот",
    "at": "2026-11-28T10:00:00Z",
}
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=30) | st.sampled_from([*SAID.values(), REVOKE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WITHHOLDING.fields), inner, max_size=5)
    ),
)


def lines_of(folder: Path, form: str = "withheld") -> list[str]:
    return (folder / "decisions" / f"{form}.jsonl").read_text("utf-8").splitlines()


@given(st.lists(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)))
def test_any_line_is_a_decision_or_is_told(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in FORMS:
            append(folder / "decisions" / f"{form.stem}.jsonl", folder, b"\n".join([*lines, b""]))
            for found in read_decisions(folder, form):
                assert isinstance(found, str) or [*found] == [*form.fields]
        known, problems = withheld(folder)
        assert all(line["decision"] in (WITHHOLD, REVOKE) for line in known.values())
        assert all(".jsonl:" in problem for problem in problems)


@given(st.permutations([(hour, what) for hour in range(3) for what in (WITHHOLD, REVOKE)]))
def test_the_latest_holds_in_whatever_order_they_stand(order: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for hour, what in order:
            at = f"2026-11-28T1{hour}:00:00Z"
            decide(Path(name), WITHHOLDING, {**SAID, "decision": what, "at": at})
        known, problems = withheld(Path(name))
    assert not problems
    assert known[SAID["url"]]["at"] == "2026-11-28T12:00:00Z"
    assert known[SAID["url"]]["decision"] == WITHHOLD, "of one moment"


def test_many_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "decisions" / "notes.jsonl"
    path.parent.mkdir()
    path.write_text('{"url": "x", "note": "a person wrote this, without an end of line"}', "utf-8")
    with ThreadPoolExecutor(8) as pool:
        for n in range(80):
            pool.submit(decide, tmp_path, NOTE, {"url": "x", "note": f"{n} " + "ұзақ " * 2000})
    found = list(read_decisions(tmp_path, NOTE))
    assert len([note for note in found if isinstance(note, dict)]) == 81
    assert len([line for line in lines_of(tmp_path, "notes") if line]) == 81


@pytest.mark.parametrize("kind", ["link", "folder", "file above"])
def test_what_cannot_be_appended_to_is_said(tmp_path: Path, kind: str) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    (folder / "decisions").mkdir(parents=True)
    outside.write_text("")
    path = folder / "decisions" / "withheld.jsonl"
    if kind == "link":
        path.symlink_to(outside)
    elif kind == "folder":
        path.mkdir()
    else:
        path.parent.rmdir()
        os.link(outside, path.parent)
    with pytest.raises(ArchiveUsageError, match="cannot be written"):
        decide(folder, WITHHOLDING, SAID)
    assert outside.read_text() == ""
