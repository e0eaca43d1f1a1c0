"""Layouts of the example newspaper's two themes: learnt by a crawl, used by the next, and printed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsbot.cli import newsbot as command
from newsbot.demo.articles import expected, load_articles
from newsbot.demo.render import render_site
from newsbot.demo.server import ExampleNewspaper
from newsbot.profiles import ProfileError, load_site
from tests.archive.building import HOME, article, open_paper
from tests.conftest import Run, write_profile
from tests.crawl.state import read
from tests.replay.files import paragraphs


def run(*args: object) -> Result:
    return CliRunner().invoke(command, ["sites", "learn", *map(str, args), "--jobs", "0"])


@pytest.fixture(scope="module")
def paper() -> Iterator[ExampleNewspaper]:
    """The example newspaper before its newest article."""
    with ExampleNewspaper(articles=load_articles()[1:]) as running:
        yield running


@pytest.fixture(scope="module")
def data(newsbot: Run, paper: ExampleNewspaper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of it, crawled without layouts of its own."""
    folder = tmp_path_factory.mktemp("learn") / "data"
    folder.mkdir()
    profile = write_profile(folder / "sites", paper.origin) / "aqbulaq.toml"
    profile.write_text(profile.read_text("utf-8").split("[[layouts]]")[0], "utf-8")
    done = newsbot("crawl", "aqbulaq", "--data", folder)
    assert done.returncode == 0, done.stderr
    assert "aqbulaq: pages read again from the archive" in done.stderr
    return folder


def layouts(data: Path) -> list[dict[str, Any]]:
    printed = run("aqbulaq", "--data", data)
    assert printed.exit_code == 0, printed.output
    found: list[dict[str, Any]] = tomllib.loads(printed.stdout)["layouts"]
    return found


def check(paper: ExampleNewspaper, data: Path) -> None:
    """That the archive holds the newspaper's articles exactly, each theme read by its layout."""
    modern, classic = (f"aqbulaq/learned-{layout['id']}" for layout in layouts(data))
    known = {
        url: (layout, title, text, json.loads(authors), published, section)
        for url, layout, title, text, authors, published, section in read(
            data, "SELECT url, layout, title, text, authors, published, section FROM articles"
        )
    }
    truths = {truth["url"].removeprefix(paper.origin): truth for truth in expected(paper.origin)}
    shown = [a for a in load_articles() if paper.origin + a.path in known]
    assert len(shown) == len(known)
    for one in shown:
        truth = truths[one.path]
        layout, title, text, *rest = known[truth["url"]]
        assert layout == (classic if one.classic else modern)
        assert title == truth["title"]
        assert [p.replace("\t", " | ") for p in text.split("\n\n")] == truth["paragraphs"]
        assert rest == [truth[name] for name in ("authors", "published", "section")]


def test_both_themes_are_learnt_by_the_crawl_that_brought_them(
    paper: ExampleNewspaper, data: Path
) -> None:
    modern, classic = layouts(data)
    assert modern["body"] == [".post-body"]
    assert "valid_until" not in modern
    assert classic["valid_until"] == datetime.now(UTC).date()
    check(paper, data)


def test_the_next_crawl_uses_them(newsbot: Run, paper: ExampleNewspaper, data: Path) -> None:
    before = read(data, "SELECT max(id) FROM captures")[0][0]
    today = datetime.now(UTC).date()
    paper.pages = dict(render_site(paper.origin, load_articles(), today=today))
    done = newsbot("crawl", "aqbulaq", "--data", data, "--revisit", "--json")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)
    assert (report["outcomes"]["new"], report["reread"]) == (1, {})
    assert read(data, f"SELECT part FROM captures WHERE part = 'layouts' AND id > {before}") == []
    check(paper, data)


def test_printed_with_evidence(data: Path) -> None:
    printed = run("aqbulaq", "--data", data).stdout
    assert "\n# kept; 2" in printed
    assert "'.post-body',  # 2" in printed
    told = json.loads(run("aqbulaq", "--data", data, "--json").stdout)
    assert [one["layout"]["id"] for one in told["kept"]] == [
        one["layout"]["id"] for one in told["learnt"]
    ]
    support = told["kept"][0]["support"]["body"][".post-body"]
    assert support["wrong"] == 0 < support["right"] == support["known"]


def test_as_a_profile_would_have_them(data: Path, tmp_path: Path) -> None:
    """What is printed can be copied; what only the archive may say is refused."""
    printed = run("aqbulaq", "--data", data).stdout
    assert "learned-" not in printed
    path = tmp_path / "gazet.toml"
    head = 'name = "Газет"\nurl = "https://gazet.example/"\n'
    path.write_text(head + printed, "utf-8")
    assert len(load_site(path).layouts) == 2
    for wrong, told in (
        (printed.replace("id = '", "id = 'learned-"), "layouts: expected an id"),
        (printed.replace("[[layouts]]", "[[learned]]"), "learned: unknown key"),
    ):
        path.write_text(head + wrong, "utf-8")
        with pytest.raises(ProfileError, match=told):
            load_site(path)


def test_few_pages(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    write_profile(tmp_path / "sites", paper.origin)
    crawled = newsbot("crawl", "aqbulaq", "--limit", 3, "--data", tmp_path)
    assert crawled.returncode == 0
    none = run("aqbulaq", "--data", tmp_path)
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr == (
        "nothing learnt: articles that fit no layout: 0, and 8 are needed to see a template\n"
    )
    told = json.loads(run("aqbulaq", "--data", tmp_path, "--json").stdout)
    assert told == {"site": "aqbulaq", "kept": [], "learnt": []}


def test_pages_without_classes(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    for number in range(10):
        told = "".join(f"<p>{text}</p>" for text in paragraphs(f"{number}-тақырып"))
        page = f"<html><title>{number}-бақ</title><body><h1>{number}-бақ</h1>{told}".encode()
        url = f"{HOME}{number}"
        capture = paper.capture(url, page, 200)
        paper.visit(url, article(url, layout="generic/any"), captures=[capture])
    paper.store.close()
    none = run("aqbulaq", "--data", tmp_path)
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr.startswith(
        "nothing learnt: of 10 articles that fit no layout, no 8 show their text in one place that has a "
        "name (an element's class or id)"
    )


def test_what_cannot_be_learnt(newsbot: Run, data: Path, tmp_path: Path) -> None:
    unknown = newsbot("sites", "learn", "aqbulak", "--data", data)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert (
        unknown.stderr
        == "newsbot: unknown site 'aqbulak': did you mean 'aqbulaq' (Ақбұлақ тынысы)?\n"
    )
    bare = newsbot("sites", "learn", "egemen", "--data", data)
    assert (bare.returncode, bare.stdout) == (2, "")
    assert bare.stderr.startswith("newsbot: no captured pages of 'egemen'")
    assert bare.stderr.count("\n") == 1
    missing = newsbot("sites", "learn", "egemen", "--data", tmp_path / "none")
    assert (missing.returncode, missing.stdout) == (2, "")
