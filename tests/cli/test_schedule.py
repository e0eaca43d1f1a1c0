"""What `newsbot schedule` prints runs as it is printed: in sh as cron starts it, in cron, in systemd."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsbot.demo.server import ExampleNewspaper
from tests.conftest import ROOT, environment, write_profile

README = (ROOT / "README.md").read_text("utf-8")
MAIN = "if __name__ == '__main__':\n    from newsbot.__main__ import main\n    sys.exit(main())"
ODD = "қала 100% \"d'e $HOME `x` #; & (1)"
"""A name of a folder, with all that a shell, a crontab or a unit takes for something else."""


def install(folder: Path) -> Path:
    """A `newsbot` that is started by its path alone, as pip makes one."""
    program = folder / ".venv" / "bin" / "newsbot"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{sys.executable}\nimport sys; sys.path.insert(0, {str(ROOT)!r})\n{MAIN}\n", "utf-8"
    )
    program.chmod(0o755)
    return program


def printed(program: Path, *args: object, code: int = 0, **told: str) -> str:
    done = subprocess.run(
        [program, "schedule", *map(str, args)],
        env=environment() | told, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout + (done.stderr if code else "")


def as_cron(line: str) -> str:
    """What cron hands to sh: after the times, up to the first % without a backslash (crontab(5))."""
    command = line.split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", command), "the rest would be its standard input"
    return command.replace("\\%", "%")


def run_as_cron(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    bare = {"HOME": str(home), "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in bare.items()),
         "/bin/sh", "-c", command],
        cwd=home, check=False, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture
def place(paper: ExampleNewspaper, tmp_path: Path) -> Path:
    """A folder of an odd name, with newsbot and an archive that has the example newspaper's profile."""
    folder = tmp_path / ODD
    install(folder)
    (folder / "press").mkdir()
    write_profile(folder / "press" / "sites", paper.origin)
    return folder


def test_the_line_of_readme_is_what_is_printed_and_runs(
    paper: ExampleNewspaper, tmp_path: Path
) -> None:
    """By sh, with HOME and the plainest PATH, in the home folder; the paper is the example's."""
    program = install(tmp_path / "newsbot")
    write_profile(tmp_path / "sites", paper.origin)
    (tmp_path / "press").mkdir()
    (tmp_path / "sites").rename(tmp_path / "press" / "sites")
    profile = tmp_path / "press" / "sites" / "aqbulaq.toml"
    profile.rename(profile.with_stem("aqjolgazet"))  # the line names it
    shown = re.search(r"```\nnewsbot schedule ([^\n]*)\n```\n.*?```\n(.*?)```", README, re.DOTALL)
    assert shown
    lines = printed(program, *shown[1].replace("/srv", str(tmp_path)).split())
    assert lines.replace(str(tmp_path), "/srv") == shown[2]
    for expected in ("48", "nothing"):
        done = run_as_cron(as_cron(lines.splitlines()[-1]), tmp_path)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "newsbot:" not in done.stderr, "nothing to be mailed"
        log = (tmp_path / "press" / "logs" / "cron.log").read_text()
        assert "aqjolgazet  finished" in log
        assert expected == "nothing" or expected in log


def crontab(place: Path, *args: str) -> str:
    program = place / ".venv" / "bin" / "newsbot"
    return printed(program, "aqbulaq", "--data", place / "press", *args)


def test_odd_names_are_quoted_for_cron_and_sh(place: Path, tmp_path: Path) -> None:
    done = run_as_cron(as_cron(crontab(place, "--contact", "https://a.kz/?100%")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "aqbulaq  finished" in (place / "press" / "logs" / "cron.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("every", "times"),
    [
        ("1h", "17 * * * *"),
        ("2h", "17 */2 * * *"),
        ("1d", "17 4 * * *"),
        ("20m", "17,37,57 * * * *"),
    ],
)
def test_the_times(place: Path, every: str, times: str) -> None:
    line = crontab(place, "--every", every, "--user", "press", "--mail", "a@b.kz")
    assert line.startswith(f"MAILTO=a@b.kz\n{times}  press  mkdir -p ")
    if program := shutil.which("systemd-analyze"):
        timer = crontab(place, "--every", every, "--systemd")
        (calendar,) = re.findall("^OnCalendar=(.*)$", timer, re.MULTILINE)
        done = subprocess.run([program, "calendar", calendar], check=False, capture_output=True)
        assert done.returncode == 0


@pytest.mark.parametrize(
    "args",
    [("--every", "45m"), ("--mail", "a@b.kz\n* * * * * x"), ("--user", "a b"), ("nosuch",),
     ("--data", "a\nb"), ("--data", "a\\b"), ("--contact", "Әсел"), ("--contact", "nobody"),
     ("--contact", "қала@b.kz"), ("--sites-dir", "nowhere")],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(place: Path, args: tuple[str, ...]) -> None:
    program = place / ".venv" / "bin" / "newsbot"
    assert printed(program, *args, code=2).startswith("newsbot: ")


@pytest.mark.parametrize("told_by", ["options", "environment"])
@pytest.mark.parametrize("systemd", [(), ("--systemd",)])
def test_all_that_a_crawl_needs_to_know_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, told_by: str, systemd: tuple[str, ...]
) -> None:
    """With the paths of this machine, wherever the command is run."""
    monkeypatch.chdir(place)
    (place / "press" / "sites").rename(place / "own")
    (place / "more").mkdir()
    args: tuple[str, ...] = (
        "--sites-dir", "own", "--sites-dir", "more", "--data", "press", "--contact", "a@b.kz",
        "--alarm-language", "kk",
    )  # fmt: skip
    told = dict[str, str]()
    if told_by == "environment":
        args = ()
        told = {
            "NEWSBOT_SITES_DIR": "own:more",
            "NEWSBOT_DATA": "press",
            "NEWSBOT_CONTACT": "a@b.kz",
            "NEWSBOT_LANGUAGE": "kk",
        }
    said = printed(place / ".venv" / "bin" / "newsbot", "aqbulaq", *args, *systemd, **told)
    if systemd:
        (start,) = re.findall("^ExecStart=/usr/bin/env (.*)$", said, re.MULTILINE)
        command = shlex.split(start.replace("%%", "%").replace("$$", "$"))
    else:
        command = shlex.split(as_cron(said).partition(" && ")[2].rpartition(">>")[0])
    own, more, data = place / "own", place / "more", place / "press"
    wanted = ["--data", data, "--sites-dir", own, "--sites-dir", more, "--contact", "a@b.kz"]
    assert command[2:] == ["aqbulaq", *map(str, wanted), "--alarm-language", "kk"]


def test_addresses_of_alarms_are_no_part_of_it(place: Path) -> None:
    program, press = place / ".venv" / "bin" / "newsbot", place / "press"
    told = environment() | {"NEWSBOT_ALARMS": "mailto://u:secret@b.kz"}
    for lines in (1, 0):
        done = subprocess.run(
            [program, "schedule", "aqbulaq", "--data", press],
            env=told, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0 and "secret" not in done.stdout + done.stderr
        assert (
            done.stderr.count(f"into {press / 'alarms.conf'}\n") == done.stderr.count("\n") == lines
        )
        (press / "alarms.conf").write_text("mailto://x")


@pytest.mark.parametrize(
    ("args", "warning"),
    [
        (("aqjolgazet",), "without a --contact no crawl asks public sites: aqjolgazet"),
        (("--unconfirmed",), "without a --contact no crawl asks public sites: "),
        (("aqbulaq", "--data", "nowhere"), "nowhere is no folder yet: the first crawl makes it"),
        (("aqbulaq",), ""),
        (("aqjolgazet", "--contact", "a.kz"), ""),
    ],
)
def test_what_may_be_forgotten_is_said_in_a_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], warning: str
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.delenv("NEWSBOT_CONTACT", raising=False)
    program = place / ".venv" / "bin" / "newsbot"
    done = subprocess.run(
        [program, "schedule", "--data", "press", "--sites-dir", "press/sites", *args],
        env=environment(), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert warning in done.stderr
    assert done.stderr.count("\n") == bool(warning)
    assert " crawl " in done.stdout


@pytest.mark.parametrize(
    ("args", "place_named"),
    [
        (("--user", "a b"), "a crontab"),
        (("--user", "a b", "--systemd"), "a unit of systemd"),
        (("--mail", "a b@c.kz", "--systemd"), "a unit of systemd"),
        (("aqjolgazet", "--data", "a\\b", "--systemd"), "a unit of systemd"),
        (("aqjolgazet", "--data", "a\\b"), "a crontab"),
    ],
)
def test_a_refusal_speaks_of_what_was_asked_for(
    place: Path, args: tuple[str, ...], place_named: str
) -> None:
    said = printed(place / ".venv" / "bin" / "newsbot", *args, "--contact", "a@b.kz", code=2)
    assert f"can stand in {place_named}" in said


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
@pytest.mark.parametrize("args", [(), ("--user", "root", "--mail", "a@b.kz")])
def test_systemd_takes_the_units(place: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    units = re.split(r"^# (\S+)\n", crontab(place, "--systemd", *args), flags=re.MULTILINE)[1:]
    folder = tmp_path / "units"
    folder.mkdir()
    files = {Path(name): text for name, text in zip(units[::2], units[1::2], strict=True)}
    assert len(files) == (3 if args else 2)
    for name, text in files.items():
        (folder / name.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", *([] if args else ["--user"]), "--man=no", "verify",
         *sorted(str(path) for path in folder.iterdir())],
        check=False, capture_output=True, text=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.fixture
def cron() -> Iterator[Path]:
    """The folder of crontabs of a cron that runs, this test's own where none does."""
    program = shutil.which("cron")
    if os.geteuid() or not program:
        pytest.skip("a real cron needs root, and Debian's cron installed")
    daemon = subprocess.Popen(
        [program, "-f"], stderr=subprocess.DEVNULL
    )  # ends where one runs already
    yield Path("/etc/cron.d")
    daemon.terminate()
    daemon.wait(10)


def test_cron_runs_it(cron: Path, place: Path) -> None:
    """In the next minute, instead of the minute that the line names."""
    lines = crontab(place, "--user", "root", "--mail", "root@localhost")
    table = cron / f"newsbot-test-{os.getpid()}"
    log = place / "press" / "logs" / "cron.log"
    try:
        table.write_text(lines.replace("17 * * * *", "* * * * *"), "utf-8")
        until = time.monotonic() + 150
        while time.monotonic() < until and not (log.exists() and "finished" in log.read_text()):
            time.sleep(1)
    finally:
        table.unlink()
    assert "aqbulaq  finished" in log.read_text("utf-8")
