"""What README prints runs as it is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from newsbot.demo.server import ExampleNewspaper
from tests.conftest import ROOT, write_profile

README = (ROOT / "README.md").read_text("utf-8")


def test_the_cron_line(paper: ExampleNewspaper, tmp_path: Path) -> None:
    """As cron runs it: by sh, with HOME and the plainest PATH, in the home folder."""
    (line,) = re.findall(r"^\d+ \* \* \* \*  (.*)$", README, re.MULTILINE)
    program = tmp_path / "newsbot" / ".venv" / "bin" / "newsbot"
    program.parent.mkdir(parents=True)
    start = "import sys; from newsbot.__main__ import main; sys.exit(main())"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{start}' \"$@\"\n")
    program.chmod(0o755)
    (tmp_path / "press").mkdir()
    write_profile(tmp_path / "press" / "sites", paper.origin)
    (tmp_path / "press" / "sites" / "aqbulaq.toml").rename(
        tmp_path / "press" / "sites" / "aqjolgazet.toml"  # the line names it
    )
    for expected in ("48", "nothing"):
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, check=False, capture_output=True, text=True,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "newsbot:" not in done.stderr, "nothing to be mailed"
        log = (tmp_path / "press.log").read_text()
        assert "aqjolgazet  finished" in log
        assert expected == "nothing" or expected in log


def test_its_programs_for_warc_files_are_those_of_the_documents() -> None:
    captures = (ROOT / "docs" / "captures.md").read_text("utf-8")
    assert "FastWARC 2 opens the files" in README
    assert "FastWARC](https://resiliparse.chatnoir.eu) 2 reads both forms" in captures
    assert "any WARC tool" not in README
