"""One article as it was printed at different times: its states, what differs, the pages as served."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.archive.building import HOME, article, open_paper
from tests.cli.conftest import run

WORDINGS = (
    ("Су тасқыны", "Су 5 метрге көтерілді.\n\nКөпір шайылды.", ["Асан Үсенов"]),
    ("Су тасқыны", "Су 7 метрге көтерілді.\n\nКөпір шайылды.", ["Асан Үсенов"]),
    ("Су қайтты", "Су 7 метрге көтерілді.\n\nКөпір шайылды.\n\nСу қайтты.", ["Әлия Сәрсен"]),
)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show") / "data"
    paper = open_paper(folder)
    for number, (title, text, authors) in enumerate(WORDINGS, 1):
        read = article(f"{HOME}1", title=title, text=text, authors=authors)
        page = paper.capture(f"{HOME}1", f"<p>{number}</p>".encode(), 200)
        paper.visit(f"{HOME}1", read, captures=[page])
        paper.later(days=1)
    paper.visit(f"{HOME}2", article(f"{HOME}2"))
    paper.store.close()
    return folder


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), "title:\nСу [-тасқыны-]{+қайтты+}\n\ntext:\nСу [-5 -]{+7 +}метрге"),
        (("1..2",), "text:\nСу [-5 -]{+7 +}метрге көтерілді.\n\nКөпір шайылды.\n\n"),
        (("2..",), "authors:\n[-Асан Үсенов-]{+Әлия Сәрсен+}"),
        (("..2",), "Су [-5 -]{+7 +}"),
        (("3..1",), "Су [-7 -]{+5 +}"),
    ],
)  # fmt: skip
def test_words_that_differ(edited: Path, options: tuple[str, ...], shown: str) -> None:
    done = run("show", "1", "--diff", *options, "--data", edited)
    assert done.exit_code == 0, done.stderr
    assert shown in re.sub("[\ufdd0-\ufdef]", "", done.stdout), "but for our marks of style"


def test_as_json(edited: Path) -> None:
    done = run("show", "1", "--diff", "2..3", "--json", "--data", edited)
    found = json.loads(done.stdout)
    assert (found["id"], found["from"], found["to"]) == (1, 2, 3)
    assert list(found["changes"]) == ["title", "text", "authors"]
    assert found["changes"]["title"]["before"] == "Су тасқыны"
    assert found["changes"]["text"]["words"][-1][0] == "insert"


def test_nothing_differs(edited: Path) -> None:
    done = run("show", "2", "--diff", "--data", edited)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing differs" in done.stderr


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_revision_and_its_page(edited: Path, number: int) -> None:
    raw = run("show", "1", "--raw", "--revision", str(number), "--data", edited)
    assert raw.stdout == f"<p>{number}</p>"
    whole = run("show", "1", "--revision", str(number), "--json", "--data", edited)
    assert json.loads(whole.stdout)["text"] == WORDINGS[number - 1][1]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("show 1 --diff 4..", "no revision 4 of this article: there are 1 to 3"),
        ("show 1 --raw --revision 0", "no revision 0"),
        ("show 2 --diff 1..2", "there is 1"),
        ("show 1 --diff one", "'one' names no two revisions: expected one such as 1..3"),
        ("show --diff 1", "'1' names no two revisions"),
        ("show 1 --diff --raw", "exclude one another"),
        ("show 1 --diff 0..1", "no revision 0 of this article: there are 1 to 3"),
        ("show 1 --diff 1..0", "no revision 0"),
        ("show 1 --diff 9..1", "no revision 9"),
        ("show 1 --revision -1", "no revision -1"),
        ("show 1 --raw --json", "--raw is the page itself"),
        ("show 1 --raw --revision 1 --json", "--raw is the page itself"),
    ],
)
def test_what_there_is_not(edited: Path, command: str, message: str) -> None:
    done = run(*command.split(), "--data", edited)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not done.stdout
