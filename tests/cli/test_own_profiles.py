"""A user's own profiles, in the archive's folder and elsewhere: every command that needs them has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsbot.cli import newsbot as command
from newsbot.demo.server import ExampleNewspaper
from newsbot.profiles import ProfileError, archive_sites
from tests.conftest import ROOT, Run, environment, write_profile
from tests.crawl.state import read


def profile(folder: Path, site: str = "tobyl", name: str = "Тобыл") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{site}.toml").write_text(f'name = "{name}"\nurl = "http://127.0.0.1:9/"\n', "utf-8")


def test_precedence(tmp_path: Path) -> None:
    data, shared = tmp_path / "data", tmp_path / "shared"
    shipped = archive_sites(data)
    profile(data / "sites")
    profile(data / "sites", "egemen", "Біздікі")
    assert len(archive_sites(data)) == len(shipped) + 1
    assert archive_sites(data)["egemen"].name == "Біздікі"
    profile(shared, "egemen", "Ортақ")
    assert archive_sites(data, shared)["egemen"].name == "Ортақ"
    assert archive_sites(data, shared)["tobyl"].name == "Тобыл"
    assert "aqbulaq" not in archive_sites(data)
    assert archive_sites(data, example=True)["aqbulaq"].name == "Ақбұлақ тынысы"
    profile(data / "sites", "aqbulaq", "Басқа")
    assert archive_sites(data, example=True)["aqbulaq"].name == "Басқа"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "sites").write_text("")
    with pytest.raises(ProfileError, match="expected a folder of site profiles"):
        archive_sites(tmp_path)


def test_sites_shows_those_of_the_archive(tmp_path: Path) -> None:
    profile(tmp_path / "sites")
    done = CliRunner().invoke(
        command, ["sites", "show", "tobyl", "--json", "--data", str(tmp_path)]
    )
    assert json.loads(done.stdout)["name"] == "Тобыл"
    done = CliRunner().invoke(
        command, ["sites", "list", "--json"], env={"NEWSBOT_DATA": str(tmp_path)}
    )
    assert "tobyl" in {site["id"] for site in json.loads(done.stdout)}


def test_every_command_has_them(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_profile(data / "sites", paper.origin)
    assert newsbot("crawl", "aqbulaq", "--limit", 3, "--data", data).returncode == 0
    assert read(data, "SELECT count(*) FROM articles") == [(3,)]
    url = read(data, "SELECT url FROM articles LIMIT 1")[0][0]
    page = tmp_path / "page.html"
    page.write_bytes(newsbot("show", url, "--raw", "--data", data).stdout.encode())
    done = newsbot("extract", page, "--url", url, "--site", "aqbulaq", "--data", data)
    assert json.loads(done.stdout)["site"] == "aqbulaq"
    done = newsbot("reextract", "--all", "--dry-run", "--json", "--data", data)
    assert json.loads(done.stdout)["verdicts"] == {"same": 3}
    other = tmp_path / "other"
    other.mkdir()
    (data / "sites").rename(other / "sites")
    warc = next(data.rglob("*.warc.*"))
    done = newsbot("import", "warc", warc, "--site", "aqbulaq", "--data", other, "--json")
    assert json.loads(done.stdout)["outcomes"]["new"] == 3


def test_scrapy_has_them(paper: ExampleNewspaper, tmp_path: Path) -> None:
    write_profile(tmp_path / "sites", paper.origin)
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list", "-s", f"NEWSBOT_DATA={tmp_path}"],
        env=environment(), cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "aqbulaq" in done.stdout.split()
