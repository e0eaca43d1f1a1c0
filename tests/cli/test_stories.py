"""`newsbot stories`: what it finds, lists and prints, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.errors import ArchiveUsageError
from archive.kazakh.transliterate import to_latin
from newsbot.cli import newsbot as command
from tests.archive.test_stories import OTHER_TEXT, TEXT, Papers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Articles 1 and 2 are a story, 1 and 3 editions; 4 is alone; 5, 6 and 7 are a wider story."""
    papers = Papers(tmp_path / "data")
    papers.add("a/kz/1", title="Ауылға су келді", published="2026-11-20T10:00:00+05:00")
    papers.add("b/1", TEXT + "\n\nБасқа сөз.", title="Су", published="2026-11-21")
    papers.add("a/latyn/1", to_latin(TEXT), title="Aýylǵa sý keldi", language="kk-Latn")
    papers.add("b/2", "Мұнда ешкім көшірмеген, мүлде басқа сөздерден тұратын жаңалық жазылған еді.")
    for site in "cab":
        papers.add(f"{site}/5", OTHER_TEXT, title="Көпір", published=None)
    papers.first.store.close()
    return tmp_path / "data"


def run(data: Path, *options: str) -> str:
    result = CliRunner().invoke(command, ["stories", *options, "--data", str(data)])
    if isinstance(result.exception, ArchiveUsageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_says_what_was_found(data: Path) -> None:
    said = run(data)
    assert said == "2 stories of 5 articles; 2 articles have another edition\n"
    assert json.loads(run(data, "--json")) == {
        "stories": 2, "articles": 5, "editions": 2, "changed": 0,
    }  # fmt: skip


def test_where_there_are_none(tmp_path: Path) -> None:
    papers = Papers(tmp_path / "data")
    papers.add("a/1", title="Ауылға су келді")
    papers.first.store.close()
    for options, told in (
        ((), "1 articles were compared, of one newspaper; most stories join several\n"),
        (("--list",), "no stories are known; `newsbot stories` finds them\n"),
    ):
        done = CliRunner().invoke(command, ["stories", *options, "--data", str(tmp_path / "data")])
        assert done.stderr == told


def test_the_list_has_the_widest_story_first(data: Path) -> None:
    assert json.loads(run(data, "--list", "--json")) == []
    run(data)
    wide, narrow = json.loads(run(data, "--list", "--json"))
    assert (wide["sites"], wide["articles"], wide["title"]) == (3, 3, "Көпір")
    assert (narrow["sites"], narrow["first_article"], narrow["site"]) == (2, 1, "a")
    lines = run(data, "--list").splitlines()
    assert lines[0].split() == ["newspapers", "articles", "first", "published", "site", "title"]
    assert "no date" in lines[2]
    assert lines[3].endswith("Ауылға су келді")


def test_an_article_with_its_story_and_editions(data: Path) -> None:
    run(data)
    lines = run(data, "2").splitlines()
    assert lines[2].split()[:4] == ["1", "2026-11-20T10:00", "a", "first"]
    assert lines[3].split()[:4] == ["2", "2026-11-21", "b", "99%"]
    assert len(lines) == 4
    story, editions = run(data, "1").split("\n\n")
    assert story.splitlines() == lines
    assert editions.splitlines()[2].split()[:3] == ["3", "kk-Latn", "shared_id"]
    assert "in common" not in run(data, "3")
    said = json.loads(run(data, "1", "--json"))
    assert said["story"] == 1
    assert [m["id"] for m in said["articles"]] == [1, 2]
    assert [e["id"] for e in said["editions"]] == [3]


def test_what_cannot_be_printed(data: Path, tmp_path: Path) -> None:
    run(data)
    with pytest.raises(ArchiveUsageError, match="article 4 belongs to no story"):
        run(data, "4")
    with pytest.raises(ArchiveUsageError, match="no article '99'"):
        run(data, "99")
    both = CliRunner().invoke(command, ["stories", "1", "--list", "--data", str(data)])
    assert both.exit_code == 2
    CliRunner().invoke(command, ["stories", "--data", str(tmp_path / "none")])
    assert not (tmp_path / "none").exists()


def test_show_says_who_else_tells_it(data: Path) -> None:
    run(data)
    said = CliRunner().invoke(command, ["show", "1", "--data", str(data)]).stderr
    assert "1 more tell the same story: `newsbot stories 1` lists them" in said
    assert "edition kk-Latn: #3 Aýylǵa sý keldi" in said
    assert "story" not in CliRunner().invoke(command, ["show", "4", "--data", str(data)]).stderr
