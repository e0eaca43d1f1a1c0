"""Rules version: it changes with the rules that apply to a site, and with nothing else."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from newsbot import vocabulary
from newsbot.extraction import RULES, rules, rules_version
from newsbot.profiles import Crawl, Layout, Site, Source, families
from tests.extraction import expected


def site(**changes: object) -> Site:
    known = {"id": "a", "name": "А", "url": "https://a.example/", "family": "wordpress"}
    return Site.model_validate({**known, **changes})


def test_raised_where_expected_output_changed() -> None:
    known, pages = expected.recorded(), expected.current()
    changed = expected.changed(known["pages"], pages)
    assert not changed or known["rules"] != RULES, expected.RAISE + ", ".join(changed)
    assert (known["rules"], known["pages"]) == (RULES, pages), (
        "run `python -m tests.extraction.expected`"
    )


def test_form() -> None:
    for one in (None, site(), site(family="generic")):
        assert re.fullmatch(rf"{RULES}-[0-9a-f]{{12}}", rules_version(one))
    assert rules_version(site()) == rules_version(site())


def test_what_is_read_counts() -> None:
    versions = {
        rules_version(one)
        for one in (
            None,
            site(),
            site(name="Б"),
            site(hosts=["b.example"]),
            site(timezone="Asia/Aqtau"),
            site(family="generic"),
            site(family="ghost"),
            site(exclude=["^/x"]),
            site(layouts=[Layout(id="x", title=["h1"])]),
            site(layouts=[Layout(id="x", title=["h1"], valid_until=date(2020, 1, 1))]),
        )
    }
    assert len(versions) == 10


def test_how_politely_it_is_crawled_does_not() -> None:
    other = site(
        crawl=Crawl(delay=9),
        sources=[Source(kind="feed", url="/feed/")],
        note="Moved.",
        enabled=False,
        confirmed=date(2026, 11, 20),
        region="aqtobe",
        names={"ru": "Б"},
        tags=["district"],
        gone=2025,
    )
    assert rules_version(other) == rules_version(site())


def forget() -> None:
    rules._VERSIONS.clear()
    for cached in (rules._version, rules._families, rules._vocabulary):
        cached.cache_clear()


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """For tests that change the rule data."""
    forget()
    yield monkeypatch
    monkeypatch.undo()
    forget()


def test_families_count_where_they_apply(data: pytest.MonkeyPatch) -> None:
    readers = (None, site(), site(family="ghost"))
    before = [rules_version(one) for one in readers]
    ghost = families()["ghost"].model_copy(update={"signs": [".x"]})
    data.setattr(rules, "families", lambda: {**families(), "ghost": ghost})
    forget()
    after = [rules_version(one) for one in readers]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False]


@pytest.mark.parametrize(("subject", "counts"), [("titles", True), ("traps", False)])
def test_vocabulary_counts_where_pages_are_read_with_it(
    data: pytest.MonkeyPatch, subject: str, counts: bool
) -> None:
    before, real = rules_version(site()), vocabulary.subject
    data.setattr(
        vocabulary, "subject", lambda name: {**real(name), **({"x": 1} if name == subject else {})}
    )
    forget()
    assert (rules_version(site()) != before) is counts


def test_digests_are_written_only_with_a_new_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(expected, "FILE", tmp_path / "expected.json")
    monkeypatch.setattr(expected, "current", lambda: {"a": "1", "new": "2"})
    (tmp_path / "expected.json").write_text(f'{{"rules": {RULES}, "pages": {{"a": "0"}}}}')
    assert expected.main() == 1
    assert capsys.readouterr().err == f"{expected.RAISE}a\n"
    monkeypatch.setattr(expected, "RULES", RULES + 1)
    assert expected.main() == 0
    assert expected.recorded() == {"rules": RULES + 1, "pages": {"a": "1", "new": "2"}}
    monkeypatch.setattr(expected, "current", lambda: {"a": "1", "new": "2", "newer": "3"})
    assert expected.main() == 0


def test_subjects_that_reading_does_not_look_at_are_there() -> None:
    names = {path.stem for path in vocabulary.FOLDER.glob("*.toml")}
    assert names > rules._NOT_READ


def test_equal_in_another_process() -> None:
    code = "from newsbot.extraction import rules_version; print(rules_version(None))"
    said = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True
    )
    assert said.stdout.strip() == rules_version(None)
