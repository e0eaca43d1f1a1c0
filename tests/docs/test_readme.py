"""What README prints runs as it is printed."""

from __future__ import annotations

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_its_programs_for_warc_files_are_those_of_the_documents() -> None:
    captures = (ROOT / "docs" / "captures.md").read_text("utf-8")
    assert "FastWARC 2 opens the files" in README
    assert "FastWARC](https://resiliparse.chatnoir.eu) 2 reads both forms" in captures
    assert "any WARC tool" not in README
