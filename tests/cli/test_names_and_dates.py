"""What people type: dates that are none and names that do not exist are refused, with the nearest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsbot import cli
from tests.cli.conftest import run
from tests.conftest import Run

DATED = {
    "crawl": ("--since",),
    "search": ("--after", "--before"),
    "export": ("--after", "--before"),
    "stats words": ("--after", "--before"),
    "reextract": ("--after", "--before"),
    "import cdx": ("--from", "--to"),
}
OPTIONS = [(command, option) for command, options in DATED.items() for option in options]


@pytest.mark.parametrize(("command", "option"), OPTIONS)
@pytest.mark.parametrize("typed", ["2019-13", "2019-02-30", "201", "soon", "٢٠١٩"])
def test_what_is_no_date(archive: Path, command: str, option: str, typed: str) -> None:
    done = run(*command.split(), "--data", archive, option, typed)
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.stderr
    assert typed in done.stderr


def test_every_date_is_of_the_one_type() -> None:
    named = {"--since", "--after", "--before", "--from", "--to"}
    found = {}
    for name, command in cli.newsbot.commands.items():
        for part in getattr(command, "commands", {"": command}).values():
            full = f"{name} {part.name}" if part is not command else name
            options = [p for p in part.params if named & set(p.opts)]
            assert {p.type.name for p in options} <= {"date"}
            if options:
                found[full] = tuple(sorted(o for p in options for o in p.opts))
    assert found == {name: tuple(sorted(options)) for name, options in DATED.items()}


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [2, 1]),
        (("--after", "2025"), [2, 1]),
        (("--after", "2025-04"), [1]),
        (("--before", "2025"), [2]),
        (("--before", "2026-11-20"), [2, 1]),
        (("--before", "2026-11-19"), [2]),
    ],
)
def test_dates_choose(archive: Path, options: tuple[str, ...], ids: list[int]) -> None:
    done = run("export", "--data", archive, *options)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ids
    found = run("search", "--data", archive, "су", "--order", "oldest", "--json", *options)
    assert [row["id"] for row in json.loads(found.stdout)["results"]] == ids


def test_dates_of_a_search_whose_quotation_mark_is_not_closed(archive: Path) -> None:
    found = run("search", "--data", archive, '"су', "--before", "2025", "--json")
    assert [row["id"] for row in json.loads(found.stdout)["results"]] == [2]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("export --site aqbulak", "unknown site 'aqbulak' in this archive: did you mean 'aqbulaq'?"),
        ("export --site x", "unknown site 'x' in this archive: there are aqbulaq, tobyl"),
        ("export --site aqjolgazet", "unknown site 'aqjolgazet' in this archive"),
        ("export --language kk-Latin", "did you mean 'kk-Latn'?"),
        ("export --language xx", "unknown language 'xx' in this archive: there are kk, kk-Latn"),
        ("search --site aqbulak су", "did you mean 'aqbulaq'?"),
        ("search site:aqbulak су", "did you mean 'aqbulaq'?"),
        ("search region:zhambol су", "unknown region 'zhambol': did you mean 'jambyl'?"),
        ("search region:Қызылорда су", "unknown region 'qyzylorda' in this archive: there are jambyl"),
        ("export --author Асанн", "unknown author 'Асанн' in this archive"),
        ("export --section x", "unknown section 'x' in this archive"),
        ("export --tag x", "unknown tag 'x' in this archive"),
        ("export flag:date_infered", "unknown flag 'date_infered' in this archive"),
        ("export --id 999999", "no article in this archive is of id:999999"),
        ("export --story 7", "no article in this archive is of story:7"),
        ("export --url https://a.example/x", "no article in this archive is of url:https://a.example/x"),
        ("export --script Greek", "'Greek' is not one of"),
        ("export script:Greek", "none of script:Cyrl, script:Latn, script:Arab"),
        ("export --as-of 2023-13", "there is no month 13"),
        ("export --with text_latn", "unknown text column 'text_latn': did you mean 'text_latin'?"),
        ("search lang:kz су", "unknown language 'kz' in this archive"),
        ("status tobil", "did you mean 'tobyl'?"),
        ("reextract --site aqbulak", "did you mean 'aqbulaq'?"),
        ("crawl --region zhambol", "unknown region 'zhambol': did you mean 'jambyl'?"),
        ("crawl --region Жамбол", "unknown region 'Жамбол': did you mean 'jambyl'?"),
        ("crawl --region x", "unknown region 'x': there are national, abai, almaty-city"),
        ("crawl --region ulytau", "no newspaper is of --region ulytau"),
        ("crawl --language kz", "unknown language 'kz': there are kk, ru"),
        ("crawl --tag distrct", "unknown tag 'distrct': did you mean 'district'?"),
        ("sites list --tag x --json", "unknown tag 'x': there are "),
        ("crawl --region jambyl aqjolgazet", "either names of sites or --region"),
        ("crawl aqjolgazet --unconfirmed", "either names of sites or --unconfirmed"),
        ("import cdx --server http://127.0.0.1:9/ --site egemen --tag tv", "either names of sites or --tag"),
        ("crawl aqjolgazeta", "unknown site 'aqjolgazeta': did you mean 'aqjolgazet' (Ақ жол)?"),
        ("crawl Акжол", "unknown site 'Акжол': did you mean 'aqjolgazet' (Ақ жол)?"),
        ("crawl kazakhadebieti", "did you mean 'qazaqadebieti' (Қазақ әдебиеті)?"),
        ("crawl tobyl-x", "unknown site 'tobyl-x': `newsbot sites list` shows those known"),
        ("sites show aqjolgazeta", "did you mean 'aqjolgazet' (Ақ жол)?"),
        ("import cdx --server http://127.0.0.1:9/ --site egemem", "did you mean 'egemen' (Egemen Qazaqstan)?"),
        ("extract - --url http://a.kz/ --site egemem", "did you mean 'egemen' (Egemen Qazaqstan)?"),
    ],
)  # fmt: skip
def test_names_that_do_not_exist(archive: Path, command: str, message: str) -> None:
    done = run(*command.split(), "--data", archive)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("reextract --article 99", "no article '99' in this archive"),
        ("reextract --article -1", "no article '-1' in this archive"),
        ("crawl --region jambyl", "is a public site: say who is crawling it with --contact"),
    ],
)
def test_what_is_found_out_later(newsbot: Run, archive: Path, command: str, message: str) -> None:
    done = newsbot(*command.split(), "--data", archive)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line


@pytest.mark.parametrize(
    "command",
    [
        "export --site tobyl --site aqbulaq",
        "export --language kk",
        "search lang:kk су",
        "search region:jambyl site:tobyl су",
        "status tobyl --sources",
    ],
)
def test_names_that_do(archive: Path, command: str) -> None:
    assert run(*command.split(), "--data", archive).exit_code == 0


def test_status_of_some_sites(archive: Path) -> None:
    done = run("status", "tobyl", "--json", "--data", archive)
    assert [row["site"] for row in json.loads(done.stdout)] == ["tobyl"]
