"""Which newspapers a command takes: those named, those of a group, or the confirmed and the user's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from archive.errors import ArchiveUsageError
from newsbot.cli import newsbot
from newsbot.cli.common import Group, of_group, pick_sites
from newsbot.profiles import SITES_DIR, Site, load_sites
from tests.cli.conftest import run

OWN = 'url = "http://127.0.0.1:9/"\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An archive's folder with five profiles of its own: one is off, one gone, one broken."""
    folder = tmp_path / "data"
    (folder / "sites").mkdir(parents=True)
    for name, more in {
        "aqbulaq": 'region = "Жамбыл облысы"\ntags = ["District", "бала"]',
        "tobyl": 'region = "qostanai"\nlanguage = "kk-Latn"',
        "off": "enabled = false",
        "gone": "gone = 2025-03-31",
        "broken": "gone = 'yesterday'",
    }.items():
        (folder / "sites" / f"{name}.toml").write_text(f'name = "{name}"\n{OWN}{more}\n', "utf-8")
    return folder


def picked(data: Path, *ids: str, gone: bool = False, **group: object) -> set[str]:
    """What `pick_sites` gives within a command."""
    with click.Context(click.Command("crawl")):
        found = pick_sites(ids, data, [], Group(**group), gone=gone)  # type: ignore[arg-type]
        return {site.id for site in found}


def shipped(which: Callable[[Site], bool]) -> set[str]:
    return {site.id for site in load_sites().values() if which(site)}


def test_without_names_the_confirmed_and_own_ones(data: Path, tmp_path: Path) -> None:
    confirmed = shipped(lambda site: site.confirmed is not None)
    assert picked(data) == confirmed | {"aqbulaq", "tobyl"}
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "esil.toml").write_text('name = "Есіл"\n' + OWN, "utf-8")
    with click.Context(click.Command("crawl")):
        assert "esil" in {site.id for site in pick_sites((), tmp_path / "none", [folder], Group())}


def test_a_bundled_profile_is_taken_once_a_person_has_confirmed_it(data: Path) -> None:
    text = (SITES_DIR / "egemen.toml").read_text("utf-8")
    (data / "sites" / "egemen.toml").write_text(f"confirmed = 2026-11-20\n{text}", "utf-8")
    assert "egemen" in picked(data)


def test_nothing_to_take_is_said_in_one_line(tmp_path: Path) -> None:
    if shipped(lambda site: site.confirmed is not None):
        pytest.skip("some bundled profiles are confirmed")
    for command in ("crawl", "sites check", "schedule", "import cdx --server http://127.0.0.1:9/"):
        done = run(*command.split(), "--data", tmp_path / "data", "--contact", "a@b.kz")
        assert done.exit_code == 2
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        for choice in ("--region", "--unconfirmed", "newsbot sites add"):
            assert choice in line
    assert not (tmp_path / "data").exists()


def test_unconfirmed_takes_all_that_are_on(data: Path) -> None:
    all_of_them = shipped(lambda site: site.enabled and not site.gone) | {"aqbulaq", "tobyl"}
    assert picked(data, unconfirmed=True) == all_of_them
    assert picked(data, region=("jambyl",), unconfirmed=True) == picked(data, region=("jambyl",))


@pytest.mark.parametrize(
    ("group", "of_it"),
    [
        ({"region": ("jambyl",)}, lambda site: site.region == "jambyl"),
        ({"region": ("jambyl", "abai")}, lambda site: site.region in ("jambyl", "abai")),
        ({"language": ("kk",)}, lambda site: site.language.partition("-")[0] == "kk"),
        ({"language": ("RU",)}, lambda site: site.language == "ru"),
        ({"tag": ("district",)}, lambda site: "district" in site.tags),
        (
            {"region": ("jambyl",), "language": ("kk",), "tag": ("oblast",)},
            lambda site: site.id == "aqjolgazet",
        ),
    ],
)
def test_a_group_confirmed_or_not(
    tmp_path: Path, group: dict[str, tuple[str, ...]], of_it: Callable[[Site], bool]
) -> None:
    assert picked(tmp_path, **group) == shipped(lambda s: of_it(s) and s.enabled and not s.gone)


def test_own_profiles_belong_to_groups_too(data: Path) -> None:
    assert "aqbulaq" in picked(data, region=("jambyl",))
    assert picked(data, tag=("БАЛА",)) == {"aqbulaq"}
    assert "tobyl" in picked(data, language=("kk",))
    assert picked(data, language=("kk-latn",)) == {"tobyl"}


def test_languages_are_ranges() -> None:
    """RFC 4647, basic filtering: whole subtags, from the left."""
    sites = [
        Site(id=f"s{number}", name="x", url="http://a.kz/", language=language)
        for number, language in enumerate(["kk", "kk-Latn", "kk-Latn-KZ", "kkj", "ru"])
    ]
    assert [s.id for s in of_group(sites, Group(language=("kk",)))] == ["s0", "s1", "s2"]
    assert [s.id for s in of_group(sites, Group(language=("kk-Latn",)))] == ["s1", "s2"]
    with pytest.raises(ArchiveUsageError, match="unknown language 'kk-La': did you mean"):
        of_group(sites, Group(language=("kk-La",)))


def test_what_is_gone_is_taken_by_name_alone(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "gone" not in picked(data, unconfirmed=True)
    assert picked(data, "gone", "tobyl") == {"gone", "tobyl"}
    assert "newsbot: gone is gone since 2025-03-31\n" in capsys.readouterr().err
    assert "gone" in picked(data, gone=True), "a web archive may have it"
    assert "zonakz" in picked(data, gone=True, language=("ru",))


def test_a_list_takes_the_same_groups(data: Path) -> None:
    listed = {
        spelling: json.loads(run("sites", "list", "--data", data, "--json", "--region", spelling).stdout)
        for spelling in ("Жамбыл", "Джамбул", "zhambyl", "jambyl", "ЖАМБЫЛ ОБЛЫСЫ", "جامبىل")
    }  # fmt: skip
    assert all(sites == listed["jambyl"] for sites in listed.values())
    assert "aqbulaq" in {site["id"] for site in listed["jambyl"]}
    shown = run("sites", "list", "--data", data).stdout
    states = {line.split()[0]: line.split("  ")[-1].strip() for line in shown.splitlines()}
    assert (states["gone"], states["tobyl"]) == ("gone 2025-03-31", "own")
    assert states["aqjolgazet"] == "not yet"
    assert {"off", "zonakz"} <= set(states), "a list without a group has all"


def test_a_broken_profile_does_not_hide_the_others(data: Path) -> None:
    done = run("sites", "list", "--data", data, "--language", "kk-Latn")
    assert "gone: expected a day, month or year such as" in done.stderr
    assert done.stdout.splitlines()[2].startswith("tobyl ")


def test_a_scheduled_group_is_a_group_when_it_runs(tmp_path: Path) -> None:
    group = ["--region", "Джамбул", "--language", "kk", "--unconfirmed"]
    done = run("schedule", "--data", tmp_path, "--contact", "a@b.kz", *group)
    assert done.exit_code == 0
    assert " crawl --region jambyl --language kk --unconfirmed --data " in done.stdout


@pytest.mark.parametrize(
    "command", ["crawl", "schedule", "sites check", "import cdx", "sites list"]
)
def test_commands_share_the_choice(command: str) -> None:
    found: click.Command = newsbot
    for name in command.split():
        found = found.commands[name]  # type: ignore[attr-defined]
    options = {option for parameter in found.params for option in parameter.opts}
    assert {"--region", "--language", "--tag"} <= options
    assert ("--unconfirmed" in options) == (command != "sites list"), "a list has all"


def test_names_are_told_as_they_are_known() -> None:
    shown = run("sites", "show", "kazinform").stdout
    assert "names       kk ҚазАқпарат, ru Казинформ, en Kazinform\n" in shown
