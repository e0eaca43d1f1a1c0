"""`newsbot export` to one file: the name says the format, and no half file has it."""

from __future__ import annotations

import errno
import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from archive.export.formats import FORMATS
from tests.cli.conftest import run
from tests.conftest import Run


def export(archive: Path, *words: object) -> tuple[int, str]:
    done = run("export", "--data", archive, *words)
    return done.exit_code, done.stderr


def test_the_name_says_the_format(archive: Path, tmp_path: Path) -> None:
    plain = run("export", "--data", archive).stdout.encode()
    for name in ("set.jsonl", "set.jsonl.gz", "set.csv", "other.txt"):
        assert export(archive, "-o", tmp_path / name) == (0, "2 articles\n")
    assert (tmp_path / "set.jsonl").read_bytes() == plain
    assert (tmp_path / "other.txt").read_bytes() == plain
    assert gzip.decompress((tmp_path / "set.jsonl.gz").read_bytes()) == plain
    table = (tmp_path / "set.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbfid,")
    assert run("export", "--data", archive, "--format", "csv").stdout_bytes == table


def test_text_columns_are_filled(archive: Path) -> None:
    done = run(
        "export", "--data", archive, "--with", "stems,text_latin", "--with", "stems", "--sample", 1
    )
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["stems"] is not None and row["text_latin"] is not None
    assert row["sentences"] is None and row["text_cyrillic"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--current", "--current chooses among captures"),
        ("--with stems --format warc", "columns that this format does not have"),
        ("--with stem", "did you mean 'stems'?"),
        ("--sample 0", "is not in the range"),
        ("--list /nowhere", "No such file"),
    ],
)
def test_wrong_usage(archive: Path, words: str, said: str) -> None:
    code, told = export(archive, *words.split())
    assert code == 2 and said in told


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_what_was_there_stays_where_it_fails(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    def write(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
        out.write(b"half")
        raise problem

    monkeypatch.setitem(FORMATS, "jsonl", replace(FORMATS["jsonl"], write=write))
    file = tmp_path / "set.jsonl"
    file.write_text("ескі", "utf-8")
    for name in ("set.jsonl", "set.jsonl.gz", "new.jsonl"):
        assert export(archive, "-o", tmp_path / name)[0] != 0
    assert file.read_text("utf-8") == "ескі"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["set.jsonl"]


def test_a_full_disk(newsbot: Run, archive: Path) -> None:
    done = newsbot("export", "--data", archive, "-o", "/dev/full")
    assert done.returncode == 5 and "the disk is full" in done.stderr
