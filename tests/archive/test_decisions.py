"""Files of decisions: read whatever stands in them, and appended to by several at once."""

from __future__ import annotations

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.decisions import (
    FORMS,
    LARGEST,
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
from archive.times import now, utc

SAID = {
    "url": "https://a.kz/1",
    "decision": WITHHOLD,
    "reason": "сот",
    "at": "2024-11-28T10:00:00Z",
}
VALUES = st.recursive(
    st.none()
    | st.integers()
    | st.text(st.characters(exclude_categories=()), max_size=30)
    | st.sampled_from([*SAID.values(), REVOKE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WITHHOLDING.fields), inner, max_size=5)
    ),
)


def lines_of(folder: Path, form: str = "withheld") -> list[str]:
    return (folder / "decisions" / f"{form}.jsonl").read_text("utf-8").splitlines()


@settings(deadline=None)
@given(st.lists(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)))
def test_any_line_is_a_decision_or_is_told(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in FORMS:
            append(folder / "decisions" / f"{form.stem}.jsonl", folder, b"\n".join([*lines, b""]))
            for found in read_decisions(folder, form):
                assert isinstance(found, str) or [*found] == [*form.fields]
                json.dumps(found, ensure_ascii=False).encode()
        known, problems = withheld(folder)
        assert all(line["decision"] in (WITHHOLD, REVOKE) for line in known.values())
        assert all(".jsonl:" in problem for problem in problems)


@settings(deadline=None)
@given(st.permutations([(hour, what) for hour in range(3) for what in (WITHHOLD, REVOKE)]))
def test_the_latest_holds_in_whatever_order_they_stand(order: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for hour, what in order:
            at = f"2024-11-28T1{hour}:00:00Z"
            decide(Path(name), WITHHOLDING, {**SAID, "decision": what, "at": at})
        known, problems = withheld(Path(name))
    assert not problems
    assert known[SAID["url"]]["at"] == "2024-11-28T12:00:00Z"
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


SOON = utc(now() + timedelta(hours=23))
REFUSED = {
    "half a letter, escaped": {"reason": "\ud800"},
    "in an address": {"url": "https://a.kz/\udfff"},
    "in a name": {"by": "Ә\udc98"},
    "the end of time": {"at": "9999-12-31T23:59:59Z"},
    "beyond it": {"at": "9999-12-31T23:59:59-23:00"},
    "the day after tomorrow": {"at": utc(now() + timedelta(days=1, hours=5))},
    "the same of another zone": {
        "at": (now() + timedelta(days=1, hours=5)).replace(tzinfo=None).isoformat() + "-00:00"
    },
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("escaped", [True, False])
def test_what_nothing_can_store_or_outdo_is_neither_read_nor_written(
    tmp_path: Path, kind: str, escaped: bool
) -> None:
    decide(tmp_path, WITHHOLDING, {**SAID, "at": SOON})
    said = {**SAID, "decision": REVOKE, **REFUSED[kind]}
    with pytest.raises(ArchiveUsageError, match="no decision: "):
        decide(tmp_path, WITHHOLDING, said)
    line = json.dumps(said, ensure_ascii=escaped).encode("utf-8", "surrogatepass") + b"\n"
    append(tmp_path / "decisions" / "withheld.jsonl", tmp_path, line)
    known, (problem,) = withheld(tmp_path)
    assert known[SAID["url"]] == {**SAID, "at": SOON, "by": None}
    assert "withheld.jsonl:2: no decision: " in problem
    assert problem.encode()


def test_a_file_that_is_too_large_is_told_and_left(tmp_path: Path) -> None:
    decide(tmp_path, WITHHOLDING, SAID)
    path = tmp_path / "decisions" / "withheld-2.jsonl"
    path.write_text(json.dumps({**SAID, "decision": REVOKE}) + "\n")
    os.truncate(path, LARGEST + 1)
    known, problems = withheld(tmp_path)
    assert known[SAID["url"]]["decision"] == WITHHOLD
    assert problems == [f"{path}: larger than 64 MB: not read"]
    with pytest.raises(ArchiveUsageError, match="File too large"):
        append(path, tmp_path, b"{}\n")
    os.truncate(path, LARGEST)  # as large as may be, and no decision any more
    assert "withheld-2.jsonl:2: no decision" in withheld(tmp_path)[1][0]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (["A", None], "A"),
        (["A", None, None], "A"),
        (["A", "B", None], "B"),
        ([None, "B"], "B"),
        (["A", REVOKE, None], None),
    ],
)
def test_who_asked_first_is_kept(tmp_path: Path, asked: list[str | None], kept: str | None) -> None:
    for hour, by in enumerate(asked):
        what = REVOKE if by == REVOKE else WITHHOLD
        said = {"decision": what, "by": by, "at": f"2024-11-28T1{hour}:00:00Z"}
        decide(tmp_path, WITHHOLDING, {**SAID, **said})
    assert withheld(tmp_path)[0][SAID["url"]]["by"] == kept
