"""`newsbot sites learn`: layouts of the example newspaper's two themes, and pages read with them."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsbot.cli import newsbot as command
from newsbot.demo.articles import expected
from newsbot.demo.server import ExampleNewspaper
from newsbot.extraction import extract
from newsbot.profiles import archive_sites
from tests.conftest import Run, write_profile


def run(*args: object) -> Result:
    return CliRunner().invoke(command, ["sites", "learn", *map(str, args)])


@pytest.fixture(scope="module")
def data(newsbot: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the example newspaper, crawled without layouts of its own."""
    folder = tmp_path_factory.mktemp("learn") / "data"
    folder.mkdir()
    with ExampleNewspaper() as paper:
        profile = write_profile(folder / "sites", paper.origin) / "aqbulaq.toml"
        profile.write_text(profile.read_text("utf-8").split("[[layouts]]")[0], "utf-8")
        assert newsbot("crawl", "aqbulaq", "--data", folder).returncode == 0
    return folder


def test_both_themes_are_learnt_and_read(data: Path) -> None:
    printed = run("aqbulaq", "--data", data)
    assert printed.exit_code == 0, printed.output
    layouts = tomllib.loads(printed.stdout)["layouts"]
    assert [layout["id"] for layout in layouts] == ["learned", "learned-2"]
    assert "valid_until" not in layouts[0]
    assert layouts[1]["valid_until"] == datetime.now(UTC).date()
    assert "'.post-body',  # 24 of 24 pages" in printed.stdout
    profile = data / "sites" / "aqbulaq.toml"
    before = profile.read_text("utf-8")
    profile.write_text(f"{before}\n{printed.stdout}", "utf-8")
    try:
        check(data)
        # What was pasted is no witness of itself.
        assert run("aqbulaq", "--data", data).stdout == printed.stdout
    finally:
        profile.write_text(before, "utf-8")


def check(data: Path) -> None:
    """That the pasted layouts read the newspaper's articles."""
    site = archive_sites(data)["aqbulaq"]
    with ExampleNewspaper() as paper:
        themes = {
            paper.origin + a.path: "learned-2" if a.classic else "learned" for a in paper.articles
        }
        for truth in expected(paper.origin):
            url = truth["url"]
            page = paper.pages[url.removeprefix(paper.origin)]
            now = datetime.now(UTC)
            read = extract(page.body, url, charset="utf-8", fetched_at=now, site=site)
            assert read.layout == f"aqbulaq/{themes[url]}"
            assert [p.replace("\t", " | ") for p in read.paragraphs] == truth["paragraphs"]
            for name in ("title", "authors", "published", "section", "tags"):
                assert getattr(read, name) == truth[name], (url, name)


def test_json(data: Path) -> None:
    told = json.loads(run("aqbulaq", "--data", data, "--json").stdout)
    assert (told["site"], told["articles"], told["others"]) == ("aqbulaq", 48, 1)
    new, old = told["layouts"]
    assert new["layout"]["body"] == [".post-body"]
    assert new["support"]["body"] == {".post-body": {"right": 24, "wrong": 0, "known": 24}}
    assert date.fromisoformat(old["published"][1]) < date.fromisoformat(new["published"][0])


def test_few_pages(newsbot: Run, data: Path, tmp_path: Path) -> None:
    assert run("aqbulaq", "--data", data, "--pages", 3).exit_code == 2
    with ExampleNewspaper() as paper:
        write_profile(tmp_path / "sites", paper.origin)
        crawled = newsbot("crawl", "aqbulaq", "--limit", 3, "--data", tmp_path)
    assert crawled.returncode == 0
    none = run("aqbulaq", "--data", tmp_path)
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr.startswith("nothing learnt: of 3 pages of articles")
    told = json.loads(run("aqbulaq", "--data", tmp_path, "--json").stdout)
    assert told["layouts"] == []


def test_what_cannot_be_learnt(newsbot: Run, data: Path, tmp_path: Path) -> None:
    unknown = newsbot("sites", "learn", "aqbulak", "--data", data)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "newsbot: unknown site 'aqbulak': did you mean 'aqbulaq'?\n"
    bare = newsbot("sites", "learn", "egemen", "--data", data)
    assert (bare.returncode, bare.stdout) == (2, "")
    assert bare.stderr.startswith("newsbot: no captured pages of 'egemen'")
    assert bare.stderr.count("\n") == 1
    missing = newsbot("sites", "learn", "egemen", "--data", tmp_path / "none")
    assert (missing.returncode, missing.stdout) == (2, "")
