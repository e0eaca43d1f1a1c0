"""`newsbot stats` as it is typed: tables, CSV, JSON, plots, and what cannot be asked."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.archive.building import HOME, article, open_paper
from tests.cli.conftest import run


def test_a_table_csv_and_json_say_the_same(archive: Path) -> None:
    asked = (
        "stats",
        "--by",
        "year",
        "--measure",
        "articles",
        "--measure",
        "words",
        "--data",
        archive,
    )
    told = json.loads(run(*asked, "--json").stdout)
    assert [row["year"] for row in told["rows"]] == ["2025", "2026"]
    assert told["total"]["articles"] == 2
    rows = [*csv.DictReader(run(*asked, "--csv").stdout.splitlines())]
    assert rows == [{name: str(value) for name, value in row.items()} for row in told["rows"]]
    table = run(*asked).stdout.splitlines()
    assert table[0].split() == ["year", "articles", "words"]
    assert table[-1].split() == ["all", "2", str(told["total"]["words"])]


def test_two_names_make_a_table_across(archive: Path) -> None:
    lines = run("stats", "--by", "language", "--by", "month", "--data", archive).stdout.splitlines()
    assert lines[0] == "articles, by month and language"
    assert lines[1].split() == ["month", "kk", "kk-Latn"]
    assert (lines[3].split(), lines[-1].split()) == (["2025-03", "0", "1"], ["2026-11", "1", "0"])


def test_the_selection_is_that_of_export(archive: Path) -> None:
    for options in (("тасқын",), ("--language", "kk-Latn"), ("--after", "2026"), ("--sample", "1")):
        exported = run("export", *options, "--data", archive).stdout.splitlines()
        told = json.loads(run("stats", *options, "--json", "--data", archive).stdout)
        assert told["total"]["articles"] == len(exported) == 1


def test_words_over_time_with_a_plot(archive: Path, tmp_path: Path) -> None:
    plot = tmp_path / "new" / "t.svg"
    done = run("stats", "words", "су тасқыны", "--by", "year", "--plot", plot, "--csv", "--data", archive)  # fmt: skip
    assert done.stdout.splitlines()[2].startswith("су тасқыны,2026,1,1.0,2000,")
    drawn = plot.read_text("utf-8")
    assert "«су тасқыны»: occurrences per million words by year" in drawn
    assert "Source: archive «data»; 2 articles (newsbot/" in drawn


def test_the_most_frequent(archive: Path) -> None:
    done = run("stats", "words", "--after", "2026", "--limit", "3", "--json", "--data", archive)
    rows = json.loads(done.stdout)["rows"]
    assert len(rows) == 3
    assert {"stem", "occurrences", "per_million", "articles", "share", "keyness"} == {*rows[0]}


def test_no_article_is_told(archive: Path) -> None:
    done = run("stats", "жоқсөз", "--by", "month", "--data", archive)
    assert (done.exit_code, done.stderr) == (0, "no article is selected\n")


def test_words_that_no_article_holds_are_told(archive: Path) -> None:
    done = run("stats", "words", "жоқсөз", "--by", "month", "--data", archive)
    assert done.exit_code == 0
    assert done.stderr == "no selected article holds any of these words\n"


def test_a_section_of_the_past_is_known_as_of_then(tmp_path: Path) -> None:
    """Names are those of the states that are meant, as in an export."""
    paper = open_paper(tmp_path / "data")
    url = f"{HOME}1"
    paper.visit(url, article(url, section="Бұрынғы"))
    then = paper.now.isoformat()
    paper.later(days=2)
    paper.visit(url, article(url, section="Қазіргі", text="Басқа мәтін."))
    paper.store.close()
    asked = ("--section", "Бұрынғы", "--json", "--data", tmp_path / "data")
    assert run("stats", *asked).exit_code == 2
    told = run("stats", *asked, "--as-of", then)
    assert json.loads(told.stdout)["total"]["articles"] == 1, told.stderr


def test_what_is_withheld_is_not_counted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    paper = open_paper(data)
    for number, text in enumerate(("Құпиятас табылды.", "Су келді.", "Су кетті.")):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title=None, text=text, section=text))
    paper.store.close()
    assert run("withhold", f"{HOME}0", "--reason", "сот", "--data", data).exit_code == 0
    for options in (
        ("--by", "section"),
        ("--by", "section", "--measure", "all"),
        ("--revisions",),
        ("--as-of", "2027"),
    ):
        told = run("stats", *options, "--json", "--data", data).stdout
        assert json.loads(told)["total"]["articles"] == 2
        assert "Құпиятас" not in repr(json.loads(told))
    for options in ((), ("--as-of", "2027"), ("--before", "2027", "--measure", "keyness")):
        (row,) = json.loads(run("stats", "words", "құпиятас", "--json", "--data", data).stdout)[
            "rows"
        ]
        assert (row["articles"], row["occurrences"]) == (0, 0)
        told = run("stats", "words", *options, "--json", "--data", data).stdout
        stems = [row["stem"] for row in json.loads(told)["rows"]]
        assert "су" in stems
        assert "құпиятас" not in stems


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--by", "mont"), "did you mean 'month'"),
        (("--by", "month", "--by", "day"), "one or two of"),
        (("--measure", "article"), "did you mean 'articles'"),
        (("--after", "2024", "--before", "2023"), "after 2024-01-01 is later than before 2023-12-31"),
        (("--site", "aqbulak"), "did you mean 'aqbulaq'"),
        (("--plot", "a.gif", "--by", "year"), "ends in .png or .svg"),
        (("--plot", "a.png"), "--by"),
        (("--after", "2030", "--plot", "a.png", "--by", "year"), "nothing to draw"),
        (("words", "--by", "month"), "need a word"),
        (("words", "су", "--measure", "keyness"), "give no word"),
        (("words", "site:aqbulaq"), "words alone"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words, args = (args[:1], args[1:]) if args[0] == "words" else ((), args)
    done = run("stats", *words, "--data", archive, *args)
    assert said in str(done.exception or "") + done.output
    assert done.exit_code != 0
    assert not [*tmp_path.glob("a.*")]
