"""Alarms: told once, by e-mail to a real server, in three languages; muted; over."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from archive.decisions import MUTE, decide
from archive.integrity.database import check_database
from archive.store.carry_over import carry_events
from archive.times import now, utc
from newsbot.cli import newsbot as command
from newsbot.cli.alarms import tell
from newsbot.profile_values import Monitor
from newsbot.profiles import Site
from newsbot.watch.alarms import TOLD, alarms, decided, message
from newsbot.watch.monitors import LANGUAGES, kinds, look, said, words
from tests.archive.building import HOME, Paper, article, open_paper
from tests.conftest import Run, environment
from tests.crawl.wire import counted, http, page, prepare, wire

EVENTS = "SELECT sql FROM sqlite_schema WHERE name IN ('sites', 'events')"


class Inbox:
    """Keeps what an SMTP server is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def smtp() -> Iterator[tuple[Inbox, str]]:
    """A server on loopback, and Apprise's address of it."""
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield (
        inbox,
        f"mailto://127.0.0.1:{port}?from=newsbot@example.org&to=asel@example.org&mode=insecure",
    )
    controller.stop()


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    """A newspaper behind a log-in, with a source that has emptied, and another that is well."""
    paper = open_paper(tmp_path)
    paper.now = now().replace(microsecond=0) - timedelta(days=4)
    visit(paper)
    well = Paper(paper.store, "tobyl", now=paper.now)
    well.store.finish_crawl(well.crawl, well.now, "finished", 3)
    finish(paper)
    visit(paper.later(days=2), result="blocked", reason="login")
    finish(paper)
    yield paper
    paper.store.close()


def visit(paper: Paper, **how: Any) -> None:
    for number in range(6):
        url = f"{HOME}{number}"
        paper.visit(
            url,
            None if how else article(url, title=f"Тақырып {number}", text=f"Мәтін {number}."),
            **how,
        )


def finish(paper: Paper) -> None:
    paper.store.finish_crawl(paper.crawl, paper.later(minutes=5).now, "finished", 9)
    paper.later(minutes=5).begin()


def run(paper: Paper, *args: object) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of `newsbot ARGS…`."""
    words = [*map(str, args), "--data", str(paper.store.folder)]
    done = CliRunner().invoke(command, words, standalone_mode=False)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.return_value or 0, done.stdout, done.stderr


def test_they_are_listed_and_printed(paper: Paper) -> None:
    code, shown, _ = run(paper, "alarms")
    assert code == 3
    assert shown.startswith("aqbulaq: 6 known articles ask for a log-in since ")
    code, shown, _ = run(paper, "alarms", "--dry-run")
    head, text = shown.split("\n\n", 1)
    assert head == "newsbot: aqbulaq needs a look: log-in or challenge"
    assert f"\n  {HOME}" in text
    code, shown, _ = run(paper, "alarms", "--json")
    (record,) = json.loads(shown)
    found = [record[name] for name in ("site", "kind", "told", "mute")]
    assert found == ["aqbulaq", "blocked", False, None]


def test_a_mail_comes_once_and_a_note_when_it_is_over(
    paper: Paper, smtp: tuple[Inbox, str]
) -> None:
    inbox, url = smtp
    run(paper, "alarms", "--send", "--alarms", url)
    assert tell(paper.store.folder, (), [url], "en") is None
    (mail,) = inbox.messages
    assert mail["Subject"] == "newsbot: aqbulaq needs a look: log-in or challenge"
    assert mail["To"] == "asel@example.org"
    body = mail.get_body(("plain",))
    assert body is not None and "LOG-IN OR CHALLENGE" in body.get_content()
    visit(paper.later(days=1))
    finish(paper)
    code, _, _ = run(paper, "alarms", "--send", "--alarms", url)
    assert code == 0
    assert inbox.messages[1]["Subject"] == "newsbot: over: log-in or challenge"
    assert tell(paper.store.folder, (), [url], "en") is None
    assert run(paper, "alarms", "--send", "--alarms", url) == (0, "", "")
    assert inbox.messages[2]["Subject"] == "newsbot: nothing new", "one sees whether it arrives"
    assert len(inbox.messages) == 3


def test_an_address_in_the_archive(paper: Paper, smtp: tuple[Inbox, str]) -> None:
    (paper.store.folder / "alarms.conf").write_text(f"# mine\n\n{smtp[1]}\n")
    run(paper, "alarms", "--send", "--alarm-language", "kk")
    (mail,) = smtp[0].messages
    assert "aqbulaq газетіне қарау керек: кіру не тексеру" in mail["Subject"]


def test_addresses_that_cannot_be_read(paper: Paper, tmp_path: Path) -> None:
    folder = paper.store.folder
    (folder / "alarms.conf").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("mailto://x")
    for how in ("--send",), (), ("--dry-run",), ("--json",):
        code, shown, error = run(paper, "alarms", *how)
        assert code == 3
        assert error.count("alarms.conf: cannot be read") == error.count("\n") == 1
        assert ("aqbulaq" in shown) != (how == ("--send",)), "what is wrong is listed all the same"
    run(paper, "alarms", "mute", "aqbulaq", "--until", "2099-01-01")
    assert run(paper, "alarms")[0] == 3


def test_what_could_not_be_sent_is_told_next_time(paper: Paper, smtp: tuple[Inbox, str]) -> None:
    code, _, error = run(
        paper,
        "alarms",
        "--send",
        "--alarms",
        "mailto://u:secret@127.0.0.1:1?from=a@b.kz&to=c@d.kz&mode=insecure",
    )
    assert code == 3
    assert (
        "alarms could not be sent to address 1 (mailto);" in error
        and "the next run tries again" in error
    )
    assert "secret" not in error
    code, _, error = run(paper, "alarms", "--send", "--alarms", "nonsense")
    assert "none that Apprise knows" in error
    assert not (paper.store.folder / TOLD).exists()
    run(paper, "alarms", "--send", "--alarms", smtp[1])
    assert len(smtp[0].messages) == 1


def test_each_address_is_told_once_though_another_fails(
    paper: Paper, smtp: tuple[Inbox, str], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "mailto://u:secret@127.0.0.1:1?from=a@b.kz&to=c@d.kz&mode=insecure"
    urls = [bad, smtp[1], "secret"]
    for known in (0, 1):
        assert tell(paper.store.folder, (), urls, "en") is False
        error = capsys.readouterr().err
        assert error.count("address 1 (mailto)") == error.count("address 3 is none") == 1, known
        assert len(smtp[0].messages) == 1
    kept = (paper.store.folder / TOLD).read_text("utf-8")
    assert "secret" not in kept and "127.0.0.1" not in kept
    (record,) = json.loads(run(paper, "alarms", "--json", "--alarms", smtp[1])[1])
    assert record["told"]
    (record,) = json.loads(run(paper, "alarms", "--json", "--alarms", bad)[1])
    assert not record["told"]


def test_a_server_that_only_talks_is_left(paper: Paper) -> None:
    """By a process that ends, too."""
    hasty = "from newsbot.watch import alarms; alarms.PATIENCE = 0.5; from newsbot.__main__ import main; main()"
    over = threading.Event()

    def talk() -> None:
        with suppress(OSError), server.accept()[0] as client:
            while not over.wait(0.1):
                client.sendall(b"220-still\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=talk, daemon=True).start()
        url = f"mailto://127.0.0.1:{server.getsockname()[1]}?from=a@b.kz&to=c@d.kz&mode=insecure"
        done = subprocess.run(
            [sys.executable, "-c", hasty, "alarms", "--send", "--alarms", url,
             "--data", paper.store.folder],
            env=environment(), check=False, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        over.set()
    assert done.returncode == 3
    assert "could not be sent to address 1 (mailto);" in done.stderr
    assert not (paper.store.folder / TOLD).exists()


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:1/secret/path",
        "xml://u:secret@127.0.0.1:1/?+X-Token=secret",
        "json://127.0.0.1:1/?-key=secret",
        "form://secret:secret@127.0.0.1:1/secret",
    ],
)
def test_nothing_of_an_address_is_printed(
    paper: Paper, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, shown, error = run(paper, "alarms", "--send", "--alarms", url)
    scheme = url.partition(":")[0]
    assert (code, shown) == (3, "")
    assert error == (
        f"newsbot: alarms could not be sent to address 1 ({scheme}); the next run tries again\n"
    )
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "kept",
    [
        '[{"site": "x", "kind": "down"}]',
        '{"a": [{"site": "x", "kind": "down", "began_at": 5}]}',
        '{"a": [{"site": "x", "kind": ["down"], "began_at": "2026-11-28T00:00:00Z"}]}',
        '{"a": [{"site": "x", "kind": "down", "began_at": "2026-11-28T00:00:00Z", "urls": 5}]}',
        '{"a": 5}',
        "[" * 99_999,
        '{"a": "\\ud800"}',
        "",
        "huge",
    ],
)
def test_what_was_told_may_be_lost(paper: Paper, smtp: tuple[Inbox, str], kept: str) -> None:
    path = paper.store.folder / TOLD
    path.write_text(kept)
    if kept == "huge":
        os.truncate(path, 10**13)
    assert run(paper, "alarms")[0] == 3
    run(paper, "alarms", "--send", "--alarms", smtp[1])
    assert len(smtp[0].messages) == 1
    assert [len(told) for told in json.loads(path.read_text("utf-8")).values()] == [1]


def test_addresses_without_end(paper: Paper) -> None:
    path = paper.store.folder / "alarms.conf"
    path.touch()
    os.truncate(path, 10**13)
    code, _, error = run(paper, "alarms", "--send")
    assert (code, "alarms.conf: cannot be read: larger than" in error) == (3, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--dry-run", "--send"),
        ("--dry-run", "--json"),
        ("--send", "--json"),
        ("--send", "mute", "aqbulaq", "--until", "tomorrow"),
    ],
)
def test_one_thing_at_a_time(paper: Paper, options: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command, ["alarms", "--data", str(paper.store.folder), *options])
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_mute_goes_where_the_group_says(
    paper: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSBOT_DATA", str(tmp_path / "other"))
    how = ["mute", "aqbulaq", "--until", "2099-01-01"]
    folder = paper.store.folder
    done = CliRunner().invoke(command, ["alarms", "--data", str(folder), *how])
    assert done.exit_code == 0, done.output
    assert (folder / "decisions" / "mutes.jsonl").exists()
    nowhere = ["alarms", "--data", str(tmp_path / "other"), *how, "--data", str(folder)]
    assert CliRunner().invoke(command, nowhere).exit_code == 0
    monkeypatch.setenv("NEWSBOT_DATA", str(folder))
    assert CliRunner().invoke(command, ["alarms", *how]).exit_code == 0


def test_the_last_mute_holds_whatever_the_clock_said(paper: Paper) -> None:
    folder = paper.store.folder
    ahead = now() + timedelta(hours=20)
    decide(folder, MUTE, {"site": "aqbulaq", "until": "20991231", "at": ahead.isoformat()})
    assert run(paper, "alarms")[0] == 0
    assert json.loads(run(paper, "status", "--json")[1])[0]["muted_until"] == "2099-12-31"
    run(paper, "alarms", "mute", "aqbulaq", "--until", "yesterday")
    assert run(paper, "alarms")[0] == 3
    assert decided(folder)[0]["aqbulaq"]["at"] == utc(ahead + timedelta(seconds=1))


STRANGE = [
    "[1]",
    '{"last": 5}',
    '{"urls": [{"a": 1}]}',
    '{"urls": 5}',
    '{"layout": [1]}',
    '{"kind": 5}',
    '{"site": "x"}',
    '{"began_at": "x"}',
    '{"reason": 1e999}',
    '{"source": "\\ud800"}',
    '{"articles": {"a": 1}}',
    "[" * 9999,
    "{",
    "",
    json.dumps({"a": "x" * 99_999}),
]


@pytest.mark.parametrize("evidence", STRANGE)
def test_evidence_of_an_archive_of_others(paper: Paper, evidence: str) -> None:
    c = paper.store.connection
    with paper.store.transaction():
        for site, kind in (("tobyl", "down"), ("tobyl", "layout_changed"), ("aqbulaq", "blocked")):
            row = (site, kind, "2026-11-20T00:00:00Z", evidence)
            c.execute(
                "INSERT INTO events (site, kind, began_at, evidence) VALUES (?, ?, ?, ?)", row
            )
    assert run(paper, "status", "tobyl")[0] == 0
    assert run(paper, "alarms")[1].count("\n") == 1
    visit(paper.later(days=1))
    finish(paper)
    look(paper.store, [Site(id=name, name=name, url=HOME) for name in ("aqbulaq", "tobyl")], now())
    found = {f.where for f in check_database(c) if "evidence" in f.what}
    ids = [
        number for (number,) in c.execute("SELECT id FROM events WHERE evidence = ?", (evidence,))
    ]
    assert found == {f"events {number}" for number in ids} and len(ids) >= 2
    with closing(connect(":memory:", isolation_level=None)) as new:
        new.executescript("".join(f"{sql};" for (sql,) in c.execute(EVENTS)))
        carry_events(c, new)
        assert new.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_a_moment_that_is_none_is_no_event(paper: Paper) -> None:
    c = paper.store.connection
    with paper.store.transaction():
        for began_at in ("x", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "20261128T080000Z"):
            for kind in ("down", "missing"):
                sql = "INSERT INTO events (site, kind, began_at) VALUES ('tobyl', ?, ?)"
                c.execute(sql, (kind, began_at))
    paper.store.settle("tobyl", now())
    look(paper.store, [Site(id="tobyl", name="x", url=HOME)], now())
    assert run(paper, "status", "tobyl")[0] == 0
    assert len([f for f in check_database(c) if "evidence" in f.what]) == 8


def test_whatever_stands_in_an_archive_is_one_line_each(paper: Paper) -> None:
    odd = "a\nb\u2028c\x1b[31md\u202ee\r"
    c = paper.store.connection
    with paper.store.transaction():
        c.execute(
            "INSERT INTO sites (id, name, url, timezone) VALUES (?, ?, 'x', 'UTC')", (odd, odd)
        )
        event = {"source": odd, "reason": odd, "urls": [odd], "url": odd}
        for kind in ("failing_source", "down"):
            sql = "INSERT INTO events (site, kind, began_at, evidence) VALUES (?, ?, ?, ?)"
            c.execute(sql, (odd, kind, "2026-11-20T00:00:00Z", json.dumps(event)))
    assert run(paper, "alarms")[1].count("\n") == 3
    assert run(paper, "status")[1].count("\n") == 1 + 3 + 3 + 1
    head, text = message(c, paper.store.folder, {}, alarms(c, paper.store.folder, now()), "en")
    for line in (head, *text.split("\n")):
        assert line.isprintable()


def test_without_apprise(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    _, _, error = run(paper, "alarms", "--send", "--alarms", "mailto://x")
    assert error.splitlines() == [
        "newsbot: alarms are sent by Apprise, which is missing: pip install 'newsbot[alarms]'; the next run tries again"
    ]


def test_a_muted_site_is_silent_until_a_day(paper: Paper, smtp: tuple[Inbox, str]) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    code, shown, _ = run(paper, "alarms", "mute", "aqbulaq", "--until", day, "--reason", "we know")
    assert (code, shown) == (0, f"aqbulaq: no alarms until {day}\n")
    code, shown, _ = run(paper, "alarms")
    assert code == 0
    assert shown.endswith(f" [muted until {day}]\n")
    (record,) = json.loads(run(paper, "alarms", "--json")[1])
    known = record["mute"]
    assert (known["until"], known["reason"], record["told"]) == (str(day), "we know", False)
    assert run(paper, "status")[0] == 0
    assert tell(paper.store.folder, (), [smtp[1]], "en") is None
    assert smtp[0].messages == []
    assert run(paper, "alarms", "--send", "--alarms", smtp[1]) == (0, "", "")
    assert smtp[0].messages[0]["Subject"] == "newsbot: nothing new"
    c = paper.store.connection
    later = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    assert not alarms(c, paper.store.folder, later)
    assert alarms(c, paper.store.folder, later + timedelta(days=1)).new
    code, shown, _ = run(paper, "alarms", "mute", "aqbulaq", "--until", "yesterday")
    assert (code, shown) == (0, "aqbulaq: alarms are told again\n")
    assert run(paper, "alarms")[0] == 3
    lines = (paper.store.folder / "decisions" / "mutes.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["site"] for line in lines] == ["aqbulaq", "aqbulaq"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"site": "aqbulaq"}',
        '{"site": "aqbulaq", "until": "soon"}',
        '{"site": "aqbulaq", "until": "2099-12-31", "at": "today"}',
        '{"site": "aqbulaq", "until": "2099-12-31", "at": ""}',
    ],
)
def test_a_line_that_mutes_nothing_is_told(paper: Paper, line: str) -> None:
    folder = paper.store.folder / "decisions"
    folder.mkdir()
    (folder / "mutes-mine.jsonl").write_text(f"{line}\n")
    code, _, error = run(paper, "alarms")
    assert code == 3
    assert "mutes-mine.jsonl:1: no mute" in error


def test_status_has_the_worst_first_and_fits(paper: Paper) -> None:
    code, shown, _ = run(paper, "status")
    assert code == 3
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["site", "aqbulaq", "tobyl"]
    assert "log-in or challenge" in lines[1]
    assert all(len(line) <= 60 for line in lines[:3])
    assert run(paper, "status", "tobyl")[0] == 0
    rows = json.loads(run(paper, "status", "--json")[1])
    assert [(row["site"], row["severity"]) for row in rows] == [("aqbulaq", 1), ("tobyl", 9)]
    assert (
        rows[0]["events"][0]["kind"] == "blocked"
        and rows[0]["last_success"]
        and rows[0]["next_due"]
    )


def test_a_running_crawl_is_shown_with_its_progress(paper: Paper) -> None:
    paper.now = now()
    paper.begin()
    paper.visit(f"{HOME}7", article(f"{HOME}7"))
    assert re.search(r"aqbulaq +running 1/\d+ ", run(paper, "status")[1])


def test_metrics(paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("collector") / "newsbot.prom"
    code, shown, _ = run(paper, "status", "--prometheus", file)
    assert (code, shown) == (3, "")
    lines = file.read_text().splitlines()
    for line in lines:
        assert re.fullmatch(
            r'# (HELP|TYPE) newsbot_\w+ .+|newsbot_\w+(\{\w+="[\w-]+"(,\w+="\w+")?\})? [\d.e+]+',
            line,
        ), line
    assert 'newsbot_site_event{site="aqbulaq",kind="blocked"} 1' in lines
    assert 'newsbot_site_severity{site="tobyl"} 9' in lines
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert named == {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert {re.split(r"[{ ]", line)[0] for line in lines if line[0] != "#"} <= named
    assert list(file.parent.glob("*.part")) == []
    assert run(paper, "status", "--prometheus", "-")[1].splitlines()[:-2] == lines[:-2]


def test_metrics_do_not_go_just_anywhere(
    paper: Paper, tmp_path_factory: pytest.TempPathFactory, newsbot: Run
) -> None:
    folder, outside = paper.store.folder, tmp_path_factory.mktemp("collector")
    (outside / "link").symlink_to(folder / "news.db")
    for place in (folder / "news.db", folder / "x", outside / "link", outside / "no" / "x"):
        done = newsbot("status", "--data", folder, "--prometheus", place)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert f"{place}: " in done.stderr or f"{place} lies in" in done.stderr
    assert (folder / "news.db").read_bytes()[:6] == b"SQLite"


def test_labels_of_metrics_are_escaped_as_the_format_says(paper: Paper) -> None:
    odd = 'қ"\\\n'
    with paper.store.transaction() as c:
        c.execute("INSERT INTO sites (id, name, url, timezone) VALUES (?, 'x', 'x', 'UTC')", (odd,))
    shown = run(paper, "status", "--prometheus", "-")[1]
    assert 'newsbot_site_articles{site="қ\\"\\\\\\n"} 0\n' in shown


# -- the table of monitors ------------------------------------------------------------------------


def test_every_kind_speaks_three_languages_in_three_words() -> None:
    for kind in kinds().values():
        assert set(kind.title) == set(kind.says) == set(LANGUAGES), kind.name
        assert len(kind.title["en"].split()) <= 3 and len(kind.title["en"]) <= 20, kind.name
        names = [set(re.findall(r"{(\w+)}", sentence)) for sentence in kind.says.values()]
        assert names[0] - {"came_to"} <= names[1] | {"reason"}, kind.name
        assert set(kind.unless) <= set(kinds()), kind.name
        assert said({"kind": kind.name, "site": "x", "began_at": "2026-11-28T08:00:00Z"})
    assert len({frozenset(words(language)) for language in LANGUAGES}) == 1


def test_a_reason_that_is_a_sentence_ends_once() -> None:
    for language in LANGUAGES:
        event = {
            "kind": "down",
            "began_at": "2026-11-28T08:00:00Z",
            "reason": "Connection refused.",
        }
        told = said(event, language)
        assert "Connection refused. " in told
        assert told == said({**event, "reason": "Connection refused"}, language)


def test_a_profile_may_set_every_monitor() -> None:
    assert set(Monitor.__args__) == {kind.name for kind in kinds().values() if kind.sql}


# -- with a crawl ---------------------------------------------------------------------------------


def test_a_crawl_sends_what_it_found(tmp_path: Path, smtp: tuple[Inbox, str], newsbot: Run) -> None:
    item = "<item><link>{}/1</link></item>"
    asked = []

    @counted
    def feed(number: int) -> bytes:
        asked.append(number)
        items = item.format(server.origin) if number < 2 else ""
        return http(
            f"<rss version='2.0'><channel>{items}</channel></rss>".encode(),
            "Content-Type: application/rss+xml",
        )

    with wire({"/1": http(page()), "/feed": feed}) as server:
        prepare(server.origin, tmp_path, ["/1"])
        folders = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
        for code in (0, 3, 0):
            done = newsbot("crawl", "x", *folders, "--alarms", smtp[1])
            assert done.returncode == code, done.stderr
    (mail,) = smtp[0].messages
    assert mail["Subject"] == "newsbot: x needs a look: source is empty"
    assert len(asked) == 3


def test_a_crawl_of_a_muted_site_is_silent(tmp_path: Path, newsbot: Run) -> None:
    with wire({"/feed": b"HTTP/1.0 500 no\r\n\r\n", "/1": b"HTTP/1.0 500 no\r\n\r\n"}) as server:
        prepare(server.origin, tmp_path, ["/1"])
    folders = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
    done = newsbot("crawl", "x", *folders)
    assert done.returncode == 3
    assert "newsbot: x failed: " in done.stderr
    newsbot("alarms", "mute", "x", "--until", "2099-01-01", "--data", tmp_path / "data")
    done = newsbot("crawl", "x", "--revisit", *folders)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("x ")
    newsbot("alarms", "mute", "x", "--until", "yesterday", "--data", tmp_path / "data")
    assert newsbot("crawl", "x", "--revisit", *folders).returncode == 3


def test_a_dry_run_sends_nothing(tmp_path: Path, smtp: tuple[Inbox, str], newsbot: Run) -> None:
    with wire({"/1": http(page())}) as server:
        prepare(server.origin, tmp_path, ["/1"])
        folders = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
        newsbot("crawl", "x", *folders, "--dry-run", "--alarms", smtp[1])
    assert smtp[0].messages == []
