"""Every option and argument of every command with values that are wrong: one line and a documented code.

Commands and options are taken from click: a new one is tried here without a word.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from archive.integrity.backup import backup
from newsbot import cli
from newsbot.demo.articles import load_articles
from newsbot.demo.server import ExampleNewspaper
from tests.archive.building import HOME, article, open_paper
from tests.conftest import write_profile
from tests.docs.regenerate import commands
from tests.forked import Run
from tests.replay.files import Warc, page

Places = Mapping[str, Any]
"""What stands where: name → path, and the address of the newspaper as `server`."""
COMMANDS = {
    name.removeprefix("newsbot "): context.command
    for name, context in commands().items()
    if not isinstance(context.command, click.Group)
}


def _options(command: click.Command) -> list[str]:
    return [max(parameter.opts, key=len) for parameter in command.params]


NEEDS: dict[str, dict[str, str]] = {
    "alarms mute": {"site": "aqbulaq", "--until": "2026-12-01"},
    "crawl": {"site_ids": "aqbulaq"},
    "extract": {"file": "{page}", "--url": "https://example.kz/a"},
    "note": {"article": "1", "text": "оқылды"},
    "search": {"query": "су"},
    "serve": {"--port": "{port}"},  # which is in use: it would go on for ever
    "show": {"article": "1"},
    "stems": {"word": "су"},
    "report": {"site": "aqbulaq", "--html": "{new}"},
    "sites show": {"site_id": "aqbulaq"},
    "sites learn": {"site_id": "aqbulaq"},
    "sites add": {"url": "{server}", "--sites-dir": "{other}"},
    "sites check": {"site_ids": "aqbulaq"},
    "sites test": {"site_id": "aqbulaq", "--url": "{server}/"},
    "sites record": {"site_id": "aqbulaq", "url": f"{{server}}{load_articles()[0].path}"},
    "import warc": {"names": "{w}"},
    "import wacz": {"names": "{w}"},
    "import cdx": {"--server": "{server}/", "--site": "aqbulaq"},
    "merge": {"other": "{other}"},
    "backup": {"folder": "{new}"},
    "restore": {"folder": "{bag}"},
}
"""What a command is given where it is not the wrong value that is tried: parameter → value."""
ASKING = ("import cdx", "sites add", "sites check", "sites test", "sites record")
TEXTS = (
    "",
    " ",
    "-1",
    "0",
    "%00",
    "\x1b[31m",
    "x" * 5000,
    "\udcff",
    "a\nb",
    "'\"",
    "../..",
    "nosuch",
)
NUMBERS = ("", " ", "-1", "abc", "1e999", "nan", "0x10", "9" * 5000, "\x1b[31m")
NUMBER = (type(click.INT), type(click.FLOAT))
NONE_IS_RIGHT = {
    "--site",
    "--region",
    "--language",
    "--tag",
    "--server",
    "--replay",
    "--url",
    "--since",
    "site_id",
    "site_ids",
}
"""Texts that must name something that is known: none of `TEXTS` does."""
PLACES = (
    "", " ", "{file}", "{file}/below", "{missing}", "{data}", "x" * 5000, "/dev/null/x", "\x1b[31m", "\udcff",
)  # fmt: skip


SHARED = {
    option: [name for name, command in COMMANDS.items() if option in _options(command)]
    for option in {option for command in COMMANDS.values() for option in _options(command)}
}
"""Option or argument → the commands that have it."""


def values(name: str, parameter: click.Parameter) -> list[str]:
    """Wrong values for a parameter; of an option that three commands share, or more, each has its turn at some.

    So has each of those that need a process of their own.
    """
    kind, option = parameter.type, max(parameter.opts, key=len)
    fit = NUMBERS if isinstance(kind, NUMBER) else TEXTS
    fit = PLACES if isinstance(kind, (click.Path, click.File)) else fit
    if option in ("--data", "--sites-dir", "--jobs"):
        number, turn = 4 if name in ASKING else 2, 2 * list(COMMANDS).index(name)
    elif len(SHARED[option]) > 2:
        number, turn = 4, 4 * SHARED[option].index(name) + 1
    elif name in ASKING:
        number, turn = 4, 2 * list(COMMANDS).index(name)
    else:
        return list(fit)
    return [fit[0], *(fit[(turn + step) % len(fit)] for step in range(number))]


TRIED = [
    pytest.param(name, parameter, id=f"{name} {parameter.opts[-1]}")
    for name, command in COMMANDS.items()
    for parameter in command.params
    if not getattr(parameter, "is_flag", False)
]


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Places]:
    """What is here: an archive, another, a backup, a page, a WARC file, a file that is none of these."""
    folder = tmp_path_factory.mktemp("wrong")
    for name in ("data", "other"):
        paper = open_paper(folder / name)
        paper.visit(read=article(f"{HOME}1"))
        paper.store.close()
    (folder / "page").write_bytes(page("Бақ"))
    (folder / "file").write_text("no folder", "utf-8")
    Warc().add("/news/1", page("Бақ")).save(folder / "w.warc.gz")
    backup(folder / "data", folder / "bag", software="tests")
    with ExampleNewspaper(articles=load_articles()[:1]) as paper:
        write_profile(folder / "sites", paper.origin)
        found = {path.stem.removesuffix(".warc"): path for path in folder.iterdir()}
        yield {**found, "server": paper.origin, "port": paper.origin.rpartition(":")[2]}


def words(
    name: str,
    wrong: click.Parameter,
    value: str,
    places: Places,
    *,
    joined: bool = False,
) -> list[str]:
    """The command line with one value that is wrong."""
    options, arguments = ["--data", str(places["data"])], []
    for parameter in COMMANDS[name].params:
        key = max(parameter.opts, key=len)
        given = {"--sites-dir": "{sites}", "--jobs": "0", **NEEDS.get(name, {})}.get(key)
        if parameter is wrong:
            given = value.format(**places) if value.startswith("{") else value
        elif given is not None:
            given = given.format(**places)
        if given is not None and isinstance(parameter, click.Argument):
            arguments.append(given)
        elif given is not None:
            options += [f"{key}={given}"] if joined else [key, given]
    return [*name.split(), *options, "--", *arguments]


def run(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], forked: Run
) -> tuple[int, str, str]:
    """Code, output and messages of a command: in a child of this process, or what uses threads and the
    network in one of its own."""
    if line[0] in ("crawl", "demo") or " ".join(line[:2]) in ASKING:
        done = forked(line, timeout=60, cwd=Path.cwd())
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    monkeypatch.setattr(sys, "argv", ["newsbot", *line])
    capfd.readouterr()
    child = os.fork()
    if not child:
        code = 99
        try:
            code = cli.main()
            sys.stdout.flush()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, *capfd.readouterr()


@pytest.mark.parametrize(("name", "parameter"), TRIED)
def test_a_wrong_value(
    name: str, parameter: click.Parameter, places: Places, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], run_forked: Run,
) -> None:  # fmt: skip
    here = tmp_path / "here"
    shutil.copytree(places["data"].parent, here)
    at = {key: here / path.name for key, path in places.items() if isinstance(path, Path)}
    at |= {"server": places["server"], "port": places["port"]}
    at |= {"missing": here / "missing", "new": here / "new"}
    monkeypatch.chdir(here)
    option = max(parameter.opts, key=len)
    for value in values(name, parameter):
        if name == "demo" and value in ("{missing}", "{data}", "\x1b[31m", "\udcff"):
            continue  # these are folders in which it crawls
        code, out, err = run(words(name, parameter, value, at), monkeypatch, capfd, run_forked)
        told = f"{name} {option} {value[:40]!r}: code {code}\n{out[:200]}\n{err[:500]}"
        assert "a bug" not in err, told
        assert "Traceback" not in err, told
        assert code in ((0, 2, 3, 5) if value.strip() else (2,)), told
        if code in (2, 5):
            assert not out or name == "demo", told
            assert len(err.splitlines()) == 1, told
            line = err.splitlines()[0]
            assert line.startswith("newsbot: "), told
            assert "Missing" not in line, told
        if isinstance(parameter.type, (*NUMBER, click.Choice)) or option in NONE_IS_RIGHT:
            assert code == 2, told
        if isinstance(parameter.type, (click.Path, click.File)) and code == 5:
            assert "disk" in err or "free" in err, told


def test_an_empty_value_that_is_joined_to_its_option(
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    run_forked: Run,
) -> None:
    (parameter,) = (p for p in COMMANDS["export"].params if "--language" in p.opts)
    line = words("export", parameter, "", places, joined=True)
    assert "--language=" in line
    assert run(line, monkeypatch, capfd, run_forked)[::2] == (
        2, "newsbot: a value is empty: is a variable not set? (see `newsbot --help`)\n",
    )  # fmt: skip
