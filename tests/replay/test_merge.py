"""Two archives become one: nothing doubled, nothing lost, whichever was joined into which."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.captures import read_records
from archive.errors import ArchiveError
from archive.store import DATABASE, Store
from newsbot.replay.merge import MergeReport, merge
from newsbot.visit.schedule import next_due
from tests.archive.building import check_whole
from tests.conftest import Run
from tests.replay.files import HOME, HTML, START, Archive, Warc, articles, exported, page
from tests.replay.test_rebuild import QUERIES

PLACES = ("c.warc,", "c.warc_offset,", "c.warc_length,", "c.warc_crc,")


def told(archive: Archive) -> dict[str, list[tuple[Any, ...]]]:
    """What an archive says, but for ids and places in files, and for what a crawl would do next."""
    found = {}
    for name, query in QUERIES.items():
        for place in PLACES:
            query = query.replace(place, "")
        if name == "frontier":
            query = "SELECT url, outcome, status, error FROM frontier WHERE article IS NULL"
        found[name] = sorted(archive.rows(query), key=repr)
    return found


class Half(Archive):
    """An archive that saw a part of what was to be seen, and that can be joined with others."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)

    def join(self, *others: Archive, **how: Any) -> MergeReport:
        report = MergeReport()
        with Store(self.folder, schedule=next_due) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            for other in others:
                report = merge(store, other.folder, self.sites, jobs=0, **how)
                check_whole(store)
        return report

    def copy(self, to: Path) -> Half:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.folder, to)
        return Half(to)


THERE = ("AB", "A", "B", "A", "B", "A", "B", "B", "A")
"""Who of the two was at the newspaper on which day."""


def history(there: Sequence[str] = THERE) -> list[tuple[str, Warc]]:
    """Days at a newspaper, and who of `A` and `B` was there (`AB`: both, by the same records)."""
    seen: list[tuple[str, Warc]] = []

    def day(number: int) -> Warc:
        warc = Warc(START + timedelta(days=number)).info("newsbot/1.0")
        seen.append((there[number], warc))
        return warc

    day(0).add("/news/1", page("Бақ", views=3)).add("/news/2", page("Екі"))
    day(1).add("/news/1", page("Бақ", "түзетілді", views=9))
    first = day(2).add("/news/1", page("Бақ", "тағы түзетілді", views=12))
    first.redirect("/short", "/news/3")
    first.add("/news/3", page("Үш"), Concurrent_To=first.ids[-1])
    day(3).add("/news/2", b"<h1>404</h1>", status=404)
    day(4).add("/news/2", b"<h1>404</h1>", status=410).add("/news/5", b"", status=404)
    long = day(5).add("/news/4", page("Ұзақ", "бір", more=["/news/4/2"]))
    long.add("/news/4/2", page("Ұзақ", "екі"), Concurrent_To=long.ids[-1])
    half = day(6).add("/news/6", page("Жарты", "бір", more=["/news/6/2"]))
    half.add("/news/6/2", b"", status=500, Concurrent_To=half.ids[-1])
    day(7).add("/news/7", b"<h1>Login</h1>").add("http://www.gazet.example/news/1", page("Бақ"))
    day(8).add("/news/1", page("Бақ", "қайта түзетілді"))
    return seen


def live(folder: Path, there: Sequence[str] = THERE) -> dict[str, Half]:
    """The archives of `A`, of `B`, and of somebody who saw what either did."""
    found = {name: Half(folder / name / "data") for name in ("A", "B", "AB")}
    for who, warc in history(there):
        for name, archive in found.items():
            if name == "AB" or name in who:
                archive.put(warc)
    return found


@pytest.fixture
def halves(tmp_path: Path) -> dict[str, Half]:
    return live(tmp_path)


def test_two_halves_are_the_whole_in_either_order(halves: dict[str, Half], tmp_path: Path) -> None:
    wanted = told(halves["AB"])
    assert len(wanted["revisions"]) == 8
    assert [row[1] for row in wanted["frontier"]] == ["gone", "failed", "blocked"]
    for ours, theirs in (("A", "B"), ("B", "A")):
        one = halves[ours].copy(tmp_path / f"{ours}+{theirs}" / "data")
        report = one.join(halves[theirs])
        assert report.problems == []
        assert report.records > 0
        assert told(one) == wanted, ours
        assert exported(one.folder) == exported(halves["AB"].folder)
        one.check()
        before = one.dump(), one.files()
        assert one.join(halves[theirs], halves["AB"]).is_empty
        assert (one.dump(), one.files()) == before


@given(st.lists(st.sampled_from(["A", "B", "AB"]), min_size=9, max_size=9))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_was_there_when(tmp_path_factory: pytest.TempPathFactory, there: list[str]) -> None:
    scratch = tmp_path_factory.mktemp("merge")
    found = live(scratch, there)
    wanted = told(found["AB"])
    for ours, theirs in (("A", "B"), ("B", "A")):
        to = scratch / f"{ours}+{theirs}" / "data"
        one = found[ours].copy(to) if found[ours].folder.exists() else Half(to)
        if found[theirs].folder.exists():
            one.join(found[theirs])
        assert told(one) == wanted, ours


def test_a_rehearsal_changes_nothing_and_counts(halves: dict[str, Half]) -> None:
    one, other = halves["A"], halves["B"]
    before = one.dump(), one.files()
    rehearsed = one.join(other, dry_run=True)
    assert (one.dump(), one.files()) == before
    assert rehearsed.bytes > 0
    real = one.join(other)
    assert (rehearsed.records, rehearsed.problems) == (real.records, real.problems)


def test_records_are_copied_with_their_ids_and_links(halves: dict[str, Half]) -> None:
    one, other = halves["A"], halves["B"]
    linked = {
        record.record_id: record.headers["WARC-Concurrent-To"]
        for path in sorted((other.folder / "warc").glob("*/*.warc.*"))
        for record in read_records(path)
        if "WARC-Concurrent-To" in record.headers
    }
    assert len(linked) == 2
    wanted = {*one.recorded(), *other.recorded()}
    one.join(other)
    assert set(one.recorded()) == wanted
    visits = dict(
        one.rows(
            "SELECT c.record_id, v.record_id FROM captures c JOIN captures v ON v.id = c.visit"
        )
    )
    assert {record: visits[record] for record in linked} == linked


def test_packed_records_and_a_fork(tmp_path: Path) -> None:
    """A folder was copied, and both copies went on crawling; one has packed its files."""
    one = Half(tmp_path / "one" / "data")
    warc = Warc().info("newsbot/1.0")
    for n in range(120):
        warc.add(f"/news/{n}", page(f"Хабар {n}"))
    one.put(warc)
    assert {Path(name).suffix for name in one.files()} == {".zst"}
    fork = one.copy(tmp_path / "fork" / "data")
    one.put(Warc(START + timedelta(days=1)).info("newsbot/1.0").add("/news/1", page("Бақ", "бір")))
    fork.put(Warc(START + timedelta(days=2)).info("newsbot/1.0").add("/news/1", page("Бақ", "екі")))
    assert one.join(fork).records == 1
    fresh = Half(tmp_path / "fresh" / "data")
    assert fresh.join(one).records == 122
    assert told(fresh) == told(one)
    assert one.rows("SELECT revision FROM articles WHERE url LIKE '%/1'") == [(3,)]


def test_the_same_exchange_under_two_ids_is_one(tmp_path: Path) -> None:
    """Both have imported what a third program captured."""
    one, other = (Half(tmp_path / name / "data") for name in ("one", "other"))
    for archive in (one, other):
        archive.put(Warc().info().add("/news/1", page("Бақ")))
    assert one.recorded() != other.recorded()
    assert one.join(other).is_empty


def test_a_damaged_record_is_left_out_and_named(halves: dict[str, Half]) -> None:
    one, other = halves["A"], halves["B"]
    (warc, offset, length), *_ = other.rows(
        "SELECT warc, warc_offset, warc_length FROM captures WHERE url LIKE '%/news/3'"
    )
    path = other.folder / warc
    sound = path.read_bytes()
    middle = offset + length // 2
    path.write_bytes(sound[:middle] + b"\0\0\0\0" + sound[middle + 4 :])
    report = one.join(other)
    assert len(report.problems) == 1
    assert f"{path}: record at byte {offset}: " in report.problems[0]
    assert f"{HOME}/news/3" not in dict(articles(one))
    path.write_bytes(sound)  # mended meanwhile
    assert one.join(other).records == 1
    assert dict(articles(one)).keys() == dict(articles(halves["AB"])).keys()


KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from archive.store import Store
from newsbot.profiles import load_site
from newsbot.replay import warc
from newsbot.replay.merge import merge
from newsbot.visit.schedule import next_due
warc._BATCH = 2
count, when = 0, int(sys.argv[4])
whole = Store.batch
def stop():
    global count
    count += 1
    if count == when:
        os.kill(os.getpid(), signal.SIGKILL)
@contextmanager
def batch(self):
    with whole(self):
        yield
        stop()  # its records are on disk, its rows are not
    stop()
Store.batch = batch
with Store(Path(sys.argv[1]), schedule=next_due) as store:
    merge(store, Path(sys.argv[2]), {"gazet": load_site(Path(sys.argv[3]))}, jobs=0)
print("done")
"""


def test_kill_at_any_instant_loses_and_doubles_nothing(
    halves: dict[str, Half], tmp_path: Path
) -> None:
    wanted = told(halves["AB"])
    for when in range(1, 100, 2):
        victim = halves["A"].copy(tmp_path / f"victim{when}" / "data")
        profile = victim.sites_dir / "gazet.toml"
        done = subprocess.run(
            [sys.executable, "-c", KILLED, victim.folder, halves["B"].folder, profile, str(when)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.stdout == "done\n":
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        victim.join(halves["B"])
        assert told(victim) == wanted, when
        victim.check()
    assert when > 5, "it was never killed"


# -- profiles, decisions, and what is no business of ours ---------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Half, Half]:
    one, other = (Half(tmp_path / name / "data") for name in ("one", "other"))
    one.put(Warc().add("/news/1", page("Бақ")))
    profile = 'name = "Өзге"\nurl = "https://ozge.example/"\n'
    Archive.__init__(other, other.folder, profile.replace("ozge", "gazet"))
    (other.sites_dir / "ozge.toml").write_text(profile, "utf-8")
    from newsbot.profiles import load_site

    other.sites = {"ozge": load_site(other.sites_dir / "ozge.toml")}
    other.put(Warc().add("https://ozge.example/news/1", page("Өзге хабар"), headers=(HTML,)))
    return one, other


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_a_site_without_a_profile_is_left_out_and_named(pair: tuple[Half, Half]) -> None:
    one, other = pair
    report = one.join(other)
    assert report.is_empty
    assert report.problems == [
        f"ozge: no profile of this site, here or in {other.folder / 'sites'}"
    ]


def test_profiles_and_decisions_that_are_lacking_come(pair: tuple[Half, Half]) -> None:
    one, other = pair
    profile = (other.sites_dir / "ozge.toml").read_text("utf-8")
    put(other.folder / "sites" / "ozge.toml", profile)
    put(other.folder / "sites" / "gazet.toml", 'name = "Бөтен"\nurl = "https://x.example/"\n')
    put(other.folder / "decisions" / "withheld.jsonl", "{}\n")
    put(other.folder / "decisions" / "notes.jsonl", "theirs\n")
    put(other.folder / "decisions" / "other.jsonl", "theirs\n")
    for name in ("other.jsonl", "notes.jsonl"):
        put(one.folder / "decisions" / name, "ours\n")
    rehearsed = one.join(other, dry_run=True)
    assert (rehearsed.profiles, rehearsed.decisions) == (
        ["ozge"],
        ["notes.jsonl", "withheld.jsonl"],
    )
    assert not (one.folder / "sites").exists()
    report = one.join(other)
    assert (report.profiles, report.records) == (["ozge"], 1)
    assert report.decisions == ["notes.jsonl", "withheld.jsonl"]
    assert len(report.problems) == 1
    assert "other.jsonl: differs from" in report.problems[0]
    assert (one.folder / "decisions" / "other.jsonl").read_text("utf-8") == "ours\n"
    assert (one.folder / "sites" / "ozge.toml").read_text("utf-8") == profile
    assert not (one.folder / "sites" / "gazet.toml").exists(), "that site has a profile here"
    assert (one.folder / "decisions" / "notes.jsonl").read_text("utf-8") == "ours\ntheirs\n"
    assert len(articles(one)) == 2


def test_notes_are_appended_while_people_write(pair: tuple[Half, Half]) -> None:
    one, other = pair
    put(other.folder / "decisions" / "notes.jsonl", "both\ntheirs\n")
    notes = one.folder / "decisions" / "notes.jsonl"
    put(notes, "both\nours")  # its last line has no end yet
    with notes.open("ab", 0) as colleague:
        one.join(other)
        colleague.write(b"meanwhile\n")
    assert notes.read_text("utf-8") == "both\nours\ntheirs\nmeanwhile\n"
    assert one.join(other).is_empty
    # More than a person writes in years comes whole, and soon.
    put(other.folder / "decisions" / "notes.jsonl", "".join(f"{n:0200}\n" for n in range(10_000)))
    assert one.join(other).decisions == ["notes.jsonl"]
    assert len(notes.read_text("utf-8").splitlines()) == 10_004
    notes.unlink()
    os.mkfifo(notes)
    problem = one.join(other).problems[0]
    assert problem.startswith(f"{notes}: ")


def test_links_and_broken_profiles_are_refused(pair: tuple[Half, Half], tmp_path: Path) -> None:
    one, other = pair
    secret = tmp_path / "secret.toml"
    put(secret, 'name = "Құпия"\nurl = "https://ozge.example/"\n')
    put(other.folder / "sites" / "broken.toml", "name = ")
    put(other.folder / "sites" / "big.toml", "#" * 2_000_000)
    (other.folder / "sites" / "ozge.toml").symlink_to(secret)
    (other.folder / "decisions").symlink_to(tmp_path)
    warc = next((other.folder / "warc" / "ozge").glob("*.warc.gz"))
    shutil.move(warc, tmp_path / warc.name)
    warc.symlink_to(tmp_path / warc.name)
    (other.folder / "warc" / "gazet").symlink_to(one.folder / "warc" / "gazet")
    report = one.join(other)
    assert report.is_empty
    assert sorted(problem.rpartition(": ")[2] for problem in report.problems) == sorted(
        ["a link, which is not followed"] * 4
        + ["Invalid value (at end of document)", "larger than 1000 kB"]
    ), report.problems


def test_a_file_without_a_record_is_left_out_and_named(pair: tuple[Half, Half]) -> None:
    one, other = pair
    name = "ozge-2026-12.warc.gz"
    (other.folder / "warc" / "ozge" / name).write_bytes(b"\x1f\x8b\x08 cut short")
    put(other.folder / "sites" / "ozge.toml", (other.sites_dir / "ozge.toml").read_text("utf-8"))
    report = one.join(other)
    assert report.records == 1
    (problem,) = report.problems
    assert name in problem


def test_the_database_of_the_other_is_not_opened(halves: dict[str, Half]) -> None:
    (halves["B"].folder / DATABASE).write_bytes(b"not a database")
    assert halves["A"].join(halves["B"]).records > 0


def test_what_is_refused(halves: dict[str, Half], tmp_path: Path) -> None:
    one = halves["A"]
    (tmp_path / "link").symlink_to(one.folder)
    with Store(one.folder) as store:
        for other, message in (
            (one.folder, "this archive itself"),
            (tmp_path / "link", "this archive itself"),
            (tmp_path / "nowhere", "no archive here"),
        ):
            with pytest.raises(ArchiveError, match=message) as caught:
                merge(store, other, {})
            assert caught.value.exit_code == 2


def test_the_command(newsbot: Run, halves: dict[str, Half], tmp_path: Path) -> None:
    other = halves["B"]
    where = ("--data", tmp_path / "data", "--sites-dir", other.sites_dir)
    done = newsbot("merge", other.folder, "--dry-run", *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing was changed" in done.stdout
    assert not (tmp_path / "data").exists()
    done = newsbot("merge", other.folder, *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert ["captures", "11"] in [line.split() for line in done.stdout.splitlines()]
    done = newsbot("merge", other.folder, "--json", *where)
    report = json.loads(done.stdout)
    assert (report["records"], report["problems"]) == (0, [])
    assert newsbot("merge", other.folder, *where).stdout == "nothing new\n"
    done = newsbot("merge", other.folder, "--data", tmp_path / "data")
    assert done.returncode == 3
    assert done.stderr.startswith("newsbot: left out: gazet: no profile of this site")
    done = newsbot("merge", tmp_path / "nothing", "--data", tmp_path / "new")
    assert (done.returncode, (tmp_path / "new").exists()) == (2, False)
    assert (tmp_path / "data" / "news.db").is_file()
