"""Layouts that an archive learns by itself: of what captures, when, and that they stay with them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.captures import Capture
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.store import Store
from newsbot.pool import InProcess
from newsbot.profiles import Layout
from newsbot.replay import learning, warc
from newsbot.replay.learning import choose, kept, learn_anew
from newsbot.replay.merge import merge
from newsbot.replay.reextract import Choice, reextract
from newsbot.visit.schedule import next_due
from tests.conftest import Run
from tests.extraction.test_learn import Template, named, positions, story
from tests.replay.files import HOME, HTML, Archive, Warc, lose_database

PROFILE = f'name = "Газет"\nurl = "{HOME}/"\n'
OLD, NEW = datetime(2021, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Served:
    """A page of the newspaper, and the day on which it was served."""

    path: str
    body: bytes
    at: datetime


def served(template: Template, numbers: range, since: datetime, first: date) -> list[Served]:
    """Articles that declare themselves, as most do; sections, tags and bylines are printed alone."""
    found = []
    for number in numbers:
        article = story(number, first)
        data = {
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": article.published,
        }
        head = f'<head><script type="application/ld+json">{json.dumps(data)}</script>'
        html = template(article, random.Random(number)).replace("<head>", head)
        moment = since + timedelta(days=number)
        found.append(Served(f"/news/{first.year}-{number}", html.encode(), moment))
    return found


THEN = served(positions, range(26), OLD, date(2020, 1, 1))
NOW = served(named, range(26), NEW, date(2024, 1, 1))


class Paper(Archive):
    """An archive of a newspaper of which nothing but name and address is known."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, PROFILE)

    def see(self, pages: Sequence[Served]) -> None:
        warc = Warc().info("newsbot/1.0")
        for page in pages:
            warc.at = page.at
            warc.add(page.path, page.body, headers=[HTML])
        self.put(warc)

    def learnt(self) -> list[dict[str, Any]]:
        with Store(self.folder) as store:
            return kept(store.connection, self.folder, "gazet")[1]["layouts"]

    def reextract(self) -> None:
        with Store(self.folder, schedule=next_due) as store:
            c = store.connection
            site = learn_anew(
                c, self.folder, self.sites["gazet"], InProcess(), store=store, wanted=True
            )
            reextract(c, self.folder, {"gazet": site}, Choice(), store=store)

    def says(self) -> tuple[list[Any], ...]:
        """What the archive knows, but for ids, places, and how it came to know it."""
        return tuple(
            sorted(self.rows(sql), key=repr)
            for sql in (
                "SELECT url, title, text, authors, published, section, layout, flags, sources, "
                "(SELECT group_concat(name) FROM (SELECT name FROM article_tags x JOIN tags t "
                "ON t.id = x.tag WHERE x.article = a.id ORDER BY name)) FROM articles a",
                "SELECT url, fetched_at, result, reason, layout, rules FROM captures WHERE status = 200",
                "SELECT a.url, r.number, r.seen_at, r.changed, r.kept, g.digest, g.rules FROM revisions r "
                "JOIN articles a ON a.id = r.article JOIN readings g ON g.id = r.reading",
            )
        )

    def layouts(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT layout FROM articles")}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """An archive that saw all at once."""
    paper = Paper(tmp_path_factory.mktemp("truth") / "data")
    paper.see([*THEN, *NOW])
    paper.reextract()
    return paper


def test_both_themes_are_learnt_as_an_import_ends(truth: Paper) -> None:
    new, old = truth.learnt()
    assert new["layout"]["body"] == [".story-words"]
    assert "valid_until" not in new["layout"]
    assert old["layout"]["valid_until"] == "2021-03-26"
    names = {f"gazet/{found['layout']['id']}" for found in (new, old)}
    assert truth.layouts() == names
    for number, page in enumerate(NOW):
        ((title, authors, section),) = truth.rows(
            "SELECT title, authors, section FROM articles WHERE url = ?", HOME + page.path
        )
        article = story(number, date(2024, 1, 1))
        assert (title, authors, section) == (
            article.title,
            f'["{article.authors[0]}"]',
            article.section,
        )


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_the_order_of_arrival_does_not_matter(
    truth: Paper, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    pages = data.draw(st.permutations([*THEN, *NOW]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(pages) - 1), max_size=3)))
    paper = Paper(tmp_path_factory.mktemp("order") / "data")
    for start, end in zip([0, *cuts], [*cuts, len(pages)], strict=True):
        paper.see(pages[start:end])
    paper.reextract()
    assert paper.learnt() == truth.learnt()
    assert paper.says() == truth.says()


def test_what_is_learnt_again_when_pages_fit_no_more(truth: Paper, tmp_path: Path) -> None:
    paper = Paper(tmp_path / "data")
    paper.see(THEN)
    (first,) = paper.learnt()
    assert "valid_until" not in first["layout"]
    paper.see(NOW[:4])
    assert paper.learnt() == [first]
    paper.see(NOW[4:])
    _, old = paper.learnt()
    assert old["layout"] == {**first["layout"], "valid_until": "2021-03-26"}
    assert paper.layouts() == truth.layouts()
    records = paper.rows("SELECT count(*) FROM captures WHERE part = 'layouts'")
    paper.see(NOW)  # nothing is new: nothing is learnt
    assert paper.rows("SELECT count(*) FROM captures WHERE part = 'layouts'") == records


def test_a_lost_database_comes_back_with_them(truth: Paper, tmp_path: Path) -> None:
    paper = Paper(tmp_path / "data")
    paper.see(THEN)
    paper.see(NOW)
    learnt, want = paper.learnt(), paper.says()
    lose_database(paper.folder)
    paper.load(*sorted((paper.folder / "warc").glob("*/*.warc.*")), in_place=True)
    assert paper.learnt() == learnt
    assert paper.says() == want


def test_they_come_back_though_the_address_is_another(tmp_path: Path) -> None:
    """The profile has been given another address since; the first record of the file is damaged."""
    paper = Paper(tmp_path / "data")
    paper.see(THEN)
    learnt, want = paper.learnt(), paper.layouts()
    lose_database(paper.folder)
    files = sorted((paper.folder / "warc").glob("*/*.warc.*"))
    with files[0].open("r+b") as file:
        (first, *_) = raw_records(Stream(file))
        file.seek(first.length - 9)
        file.write(bytes(4))
    moved = {"url": "https://moved.example/", "hosts": [HOME.partition("//")[2]]}
    paper.sites["gazet"] = paper.sites["gazet"].model_copy(update=moved)
    paper.load(*files, in_place=True)
    assert paper.learnt() == learnt
    assert paper.layouts() == want


def test_a_merge_keeps_both_sides(truth: Paper, tmp_path: Path) -> None:
    for first, second in ((THEN, NOW), (NOW, THEN)):
        folder = tmp_path / first[0].path.rpartition("/")[2]
        ours, theirs = Paper(folder / "ours" / "data"), Paper(folder / "theirs" / "data")
        ours.see(first)
        theirs.see(second)
        records = [*_records(ours), *_records(theirs)]
        with Store(ours.folder, schedule=next_due) as store:
            rehearsed = merge(store, theirs.folder, ours.sites, jobs=0, dry_run=True)
            real = merge(store, theirs.folder, ours.sites, jobs=0)
        assert rehearsed.records == real.records == len(second)
        assert set(records) < set(_records(ours))
        ours.reextract()
        assert ours.learnt() == truth.learnt()
        assert ours.says() == truth.says()


def _records(paper: Paper) -> Iterator[str]:
    return (row[0] for row in paper.rows("SELECT record_id FROM captures WHERE part = 'layouts'"))


class Killed(BaseException):
    """The process is gone."""


def test_killed_between_learning_and_storing(
    truth: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(store: Store, site: str, capture: Capture, **how: Any) -> None:
        raise Killed

    paper = Paper(tmp_path / "data")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Store, "add_knowledge", kill)
        paper.see([*THEN, *NOW])
    assert paper.learnt() == []
    paper.see([*THEN[:1]])  # the next run learns
    assert paper.layouts() == truth.layouts()
    paper.reextract()
    assert paper.says() == truth.says()


def test_killed_between_storing_and_reading_again(
    truth: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    paper = Paper(tmp_path / "data")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(learning, "reextract", kill)
        paper.see([*THEN, *NOW])
    assert paper.learnt() == truth.learnt()
    assert paper.layouts() != truth.layouts()
    paper.see([*THEN[:1]])  # the next run, whatever it finds
    assert paper.says() == truth.says()
    assert paper.rows("SELECT 1 FROM captures WHERE reason = 'unread'") == []


@pytest.mark.parametrize("how", ["", "--site gazet --skip-worse"])
def test_reextraction_ends_as_the_next_import_would(
    truth: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newsbot: Run, how: str
) -> None:
    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    paper = Paper(tmp_path / "data")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(learning, "reextract", kill)
        paper.see([*THEN, *NOW])
    where = ("--data", paper.folder, "--sites-dir", paper.sites_dir, "--jobs", 0)
    waiting = "SELECT 1 FROM captures WHERE reason = 'unread'"
    for part in ("--dry-run", "--article 1"):  # a part, or nothing
        assert newsbot("reextract", *part.split(), *where).returncode == 0
        assert paper.rows(waiting) == [(1,)], part
    done = newsbot("reextract", *how.split(), *where)
    assert done.returncode == 0, done.stderr
    assert paper.says() == truth.says()
    assert paper.rows(waiting) == []


def test_a_merge_killed_before_it_learns(
    truth: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layouts of the other archive do not stay in the place of ours."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    ours, theirs = Paper(tmp_path / "ours" / "data"), Paper(tmp_path / "theirs" / "data")
    ours.see([*THEN, *NOW])
    theirs.see(THEN)
    with (
        monkeypatch.context() as patched,
        Store(ours.folder, schedule=next_due) as store,
        pytest.raises(Killed),
    ):
        patched.setattr(warc, "refresh", kill)
        merge(store, theirs.folder, ours.sites, jobs=0)
    assert ours.learnt() == theirs.learnt() != truth.learnt()
    ours.see([*THEN[:1]])
    assert ours.learnt() == truth.learnt()
    assert ours.says() == truth.says()


def test_what_cannot_be_read_is_passed_over(truth: Paper, tmp_path: Path) -> None:
    paper = Paper(tmp_path / "data")
    paper.see(THEN)
    learnt = paper.learnt()
    with Store(paper.folder) as store:
        writer = store.captures("gazet")
        for payload in (b"{}", b"[]", b"no", b'{"known": 1, "layouts": [{"layout": {"id": "A"}}]}'):
            store.add_knowledge("gazet", writer.write_metadata(f"{HOME}/", "layouts", payload, NEW))
    assert paper.learnt() == learnt


def test_few_pages_and_pages_of_a_family_teach_nothing(tmp_path: Path) -> None:
    paper = Paper(tmp_path / "data")
    paper.see(THEN[:20])
    assert list(_records(paper)) == []
    own = Layout(id="own", when=".story-words", title=[".story-name"], body=[".story-words"])
    paper.sites["gazet"] = paper.sites["gazet"].model_copy(update={"layouts": [own]})
    paper.see(NOW)
    assert list(_records(paper)) == []
    assert "gazet/own" in paper.layouts()


def test_every_month_has_its_share(truth: Paper) -> None:
    with Store(truth.folder) as store:
        c = store.connection
        assert len(choose(c, "gazet", 200)) == 52
        few = choose(c, "gazet", 12)
        assert len(few) == len(set(few)) == 12
        months = "SELECT count(DISTINCT substr(fetched_at, 1, 7)) FROM captures WHERE part = 'page'"
        (number,) = c.execute(f"{months} AND id IN ({', '.join(map(str, few))})").fetchone()
        assert number == c.execute(months).fetchone()[0]
