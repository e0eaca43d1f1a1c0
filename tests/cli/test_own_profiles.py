"""A user's own profiles, in the archive's folder and elsewhere: every command that needs them has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.errors import ArchiveUsageError
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


# -- broken ones ----------------------------------------------------------------------------------


@pytest.fixture
def broken(paper: ExampleNewspaper, tmp_path: Path) -> Path:
    """An archive whose folder of profiles holds the example newspaper and two broken files."""
    write_profile(tmp_path / "sites", paper.origin)
    (tmp_path / "sites" / "syrboiy.toml").write_text("name = 1\n")
    (tmp_path / "sites" / "tobyl.toml").write_text("name = ")
    return tmp_path


def test_a_broken_profile_costs_its_own_site(newsbot: Run, broken: Path) -> None:
    done = newsbot("crawl", "aqbulaq", "tobyl", "--limit", 3, "--data", broken)
    assert done.returncode == 3
    assert "tobyl.toml: not valid TOML" in done.stderr
    assert "syrboiy" not in done.stderr, "it was not named"
    assert read(broken, "SELECT count(*) FROM articles") == [(3,)]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("crawl tobyl", 2, ["tobyl"]),
        ("crawl nosuch", 2, []),
        ("sites list", 3, ["syrboiy", "tobyl"]),
        ("sites show aqbulaq", 0, []),
        ("sites show tobyl", 2, ["tobyl"]),
        ("extract - --url http://a.kz/ --site tobyl", 2, ["tobyl"]),
    ],
)
def test_who_hears_of_it(broken: Path, arguments: str, code: int, told: list[str]) -> None:
    done = CliRunner().invoke(
        command, [*arguments.split(), "--data", str(broken)], standalone_mode=False
    )
    if code == 2:
        assert isinstance(done.exception, (ProfileError, ArchiveUsageError))
        assert all(site in f"{done.exception} {done.stderr}" for site in told)
    else:
        assert (done.return_value or 0) == code
        assert [site for site in ("syrboiy", "tobyl") if f"{site}.toml" in done.stderr] == told


def test_scrapy_goes_on_without_it(broken: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list", "-s", f"NEWSBOT_DATA={broken}"],
        env=environment(), cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "aqbulaq" in done.stdout.split()
    assert "tobyl" not in done.stdout.split()
    assert "tobyl.toml: not valid TOML" in done.stderr


def test_nothing_is_made_anew_without_a_profile(newsbot: Run, broken: Path) -> None:
    assert newsbot("crawl", "aqbulaq", "--limit", 1, "--data", broken).returncode == 0
    done = newsbot("verify", "--repair", "--data", broken)
    assert done.returncode == 2
    assert [line[:9] for line in done.stderr.splitlines()] == ["newsbot: "] * 3
    assert "mend the profiles first" in done.stderr
    assert newsbot("verify", "--data", broken).returncode == 3
