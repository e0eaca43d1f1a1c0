"""`newsbot merge` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

from archive.store import Store
from tests.archive.building import HOME, article, open_paper
from tests.conftest import Run


def test_the_command(newsbot: Run, tmp_path: Path) -> None:
    paper = open_paper(tmp_path / "other")
    for number in range(3):
        url = f"{HOME}{number}"
        paper.visit(url, article(url), captures=[paper.capture(url)])
    paper.store.close()
    where = ("--data", tmp_path / "data")
    done = newsbot("merge", tmp_path / "other", "--dry-run", *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing was changed" in done.stdout
    assert not (tmp_path / "data").exists()
    done = newsbot("merge", tmp_path / "other", *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert ["articles", "3", "0"] in [line.split() for line in done.stdout.splitlines()]
    done = newsbot("merge", tmp_path / "other", "--json", *where)
    told = json.loads(done.stdout)
    assert told == {"tables": {}, "bytes": 0, "unreadable": []}
    assert newsbot("merge", tmp_path / "other", *where).stdout == "nothing new\n"


def test_what_it_refuses(newsbot: Run, tmp_path: Path) -> None:
    Store(tmp_path / "data").close()
    for other, said in ((tmp_path / "nothing", "no archive here"), (tmp_path / "data", "itself")):
        done = newsbot("merge", other, "--data", tmp_path / "data")
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    with Store(tmp_path / "other"):
        done = newsbot("merge", tmp_path / "data", "--data", tmp_path / "other")
        assert done.returncode == 4
    done = newsbot("merge", tmp_path / "nothing", "--data", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert done.returncode == 2
