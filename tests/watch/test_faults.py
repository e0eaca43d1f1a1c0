"""What goes wrong at a newspaper is named rightly, in the earliest crawl that could know, in one message."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.watch.press import DAY, FIRST, Look, Paper, Press, any_paper

pytestmark = [pytest.mark.xdist_group("press"), pytest.mark.timeout(900)]
HEALTHY, DAYS = 8, 13
START = FIRST + 4 * DAY


def breaking(kind: str, **values: object) -> Callable[[Paper, Look], None]:
    """A fault of pages: their result, or fields, once it has begun."""

    def fault(paper: Paper, look: Look) -> None:
        if paper.today < START or look.result != "article":
            return
        paper.seen[kind] += 1
        for name, value in values.items():
            if name in ("result", "reason", "has_capture"):
                setattr(look, name, value)
            elif value is None:
                look.fields.pop(name, None)
            else:
                look.fields[name] = value

    return fault


def damaged(paper: Paper, look: Look) -> None:
    if paper.today >= START:
        paper.seen["encoding"] += 1
        look.fields |= {
            "text": look.fields["text"].replace("ө", "\ufffd"),
            "charset": "windows-1251",
        }


def teaser(paper: Paper, look: Look) -> None:
    if paper.today >= START:
        paper.seen["text_length"] += 1
        look.fields["text"] = "Қысқа мәтін."


def longer(paper: Paper, look: Look) -> None:
    if paper.today >= START:
        paper.seen["text_length"] += 1
        look.fields["text"] = "сөз " * 3000


@dataclass
class Case:
    """A fault and what must be found."""

    kind: str
    fault: Callable[[Paper, Look], None] | None = None
    begin: Callable[[Paper], object] = lambda paper: None
    needs: int = 0
    """Pages that must have shown it before anybody can know."""
    days: int = 0
    """Or days."""
    start: date = START
    rate: float = 5.0
    noise: float = 0.05
    exact: bool = True
    """Or that day at the latest: it hangs on how much is printed."""


def freeze(paper: Paper) -> None:
    paper.sources = {"feed": {"frozen": []}, "sitemap": {"frozen": []}}


def refuse(paper: Paper, look: Look) -> None:
    if paper.today >= START:
        look.result, look.reason, look.has_capture = "deferred", "HTTP 503", False


CASES = {
    "theme that generic rules read": Case("layout_changed", breaking("t", layout="generic/article"), needs=6),
    "theme that nothing reads": Case("unreadable", breaking("u", result="refused", reason="no_text"), needs=5),
    "log-in": Case("blocked", breaking("b", result="blocked", reason="login"), needs=5),
    "challenge": Case("blocked", breaking("c", result="blocked", reason="challenge"), needs=5),
    "server errors": Case("failing", breaking("f", result="failed", reason="HTTP 500"), needs=5),
    "articles deleted": Case("missing", breaking("m", result="missing", reason="HTTP 404"), needs=5),
    "address moved": Case("moved", breaking("a", result="excluded", reason="leads elsewhere"), needs=5),
    "dates removed": Case("field_lost", breaking("d", published=None), needs=7),
    "authors removed": Case("field_lost", breaking("n", authors=None), needs=7),
    "charset changed": Case("encoding", damaged, needs=6),
    "teasers": Case("text_length", teaser, needs=8),
    "menus in the text": Case("text_length", longer, needs=8),
    "addresses doubled": Case("duplicates", begin=lambda paper: setattr(paper, "old_again", True)),
    "feed emptied": Case("empty_source", begin=lambda p: p.sources.update(feed={"empty": True})),
    "feed lies": Case("lying_source", begin=lambda p: p.sources.update(feed={"distrust": "uniform"})),
    "feed fails": Case("failing_source", begin=lambda p: p.sources.update(feed={"error": "HTTP 410"}), days=2),
    "no source answers": Case(
        "down", begin=lambda p: p.sources.update(feed={"error": "timeout"}, sitemap={"error": "timeout"}), days=1
    ),
    "sitemap frozen": Case("stale_source", begin=lambda p: p.sources.update(sitemap={"frozen": []}), days=6, exact=False),
    "both frozen": Case("few_articles", begin=freeze, start=FIRST + DAY, rate=15.0, days=3, exact=False),
    "robots closed": Case(
        "closed", breaking("r", result="excluded", reason="Forbidden by robots.txt", has_capture=False), needs=5
    ),
    "slowed": Case("slow", begin=lambda paper: setattr(paper, "pace", 30.0), start=FIRST + 9 * DAY),
    "new pages hold nothing": Case("unread_pages"),
    "refused at once": Case("refusing", refuse, begin=lambda paper: setattr(paper, "reason", "backing_off"), days=1, noise=0),
}  # fmt: skip


def only_new(paper: Paper, look: Look) -> None:
    """New pages alone are unreadable: those that are known are served as before."""
    if paper.today >= START and f"{paper.today - DAY}" in look.fields.get("published", ""):
        paper.seen["w"] += 1
        look.result, look.reason = "refused", "no_text"


CASES["new pages hold nothing"].fault = only_new
CASES["new pages hold nothing"].needs = 8


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """A newspaper for each fault, and some that are well."""
    broken = [Paper(100 + n, random.Random(n), rate=case.rate, weekend=0.8, noise=case.noise, flaky=0, fault=case.fault)
              for n, case in enumerate(CASES.values())]  # fmt: skip
    press = Press(
        tmp_path_factory.mktemp("press"), [*broken, *(any_paper(n, 7) for n in range(HEALTHY))]
    ).open()
    known: dict[str, dict[date, int]] = {paper.id: {} for paper in broken}

    def before(press: Press, day: date) -> None:
        for paper, case in zip(broken, CASES.values(), strict=True):
            known[paper.id][day - DAY] = paper.seen.total()
            if day == case.start:
                case.begin(paper)

    press.run(DAYS, before)
    press.shown = known  # type: ignore[attr-defined]
    yield press
    press.store.close()


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_once_and_early(press: Press, name: str) -> None:
    paper, case = press.papers[list(CASES).index(name)], CASES[name]
    found = {kind: day for (site, kind), day in press.begun.items() if site == paper.id}
    assert set(found) == {case.kind}
    shown = press.shown[paper.id]  # type: ignore[attr-defined]
    could = next(
        day for day in shown if day >= case.start + case.days * DAY and shown[day] >= case.needs
    )
    named = found[case.kind]
    assert named == could if case.exact else case.start <= named <= could
    told = [
        day for day, message in press.messages for event in message.new if event["site"] == paper.id
    ]
    assert set(told) == {named}
    assert not [
        day
        for day, message in press.messages
        for event in message.over
        if event["site"] == paper.id
    ]


def test_the_others_are_left_in_peace(press: Press) -> None:
    well = {paper.id for paper in press.papers[len(CASES) :]}
    assert {site for site, _ in press.begun} & well == set()


# -- one newspaper ----------------------------------------------------------------------------------


def weekly(**how: object) -> Paper:
    """A paper that appears on Wednesdays."""
    return Paper(1, random.Random(1), rate=0.7, weekday=2, holiday=1, noise=0, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("watch", "days"), [({}, 17), ({"silent": 9}, 10), ({"silent": False}, None)], ids=str
)
def test_a_weekly_paper_that_closes(
    tmp_path: Path, watch: dict[str, float], days: int | None
) -> None:
    """Twice the longest silence and two days; or as the profile says."""
    paper = weekly(watch=watch)
    press = Press(tmp_path, [paper]).open()

    def before(press: Press, day: date) -> None:
        paper.prints = day < FIRST

    press.run(20, before)
    press.store.close()
    wanted = {} if days is None else {(paper.id, "silent"): max(paper.days) + days * DAY}
    assert press.begun == wanted


def test_an_issue_that_falls_on_a_holiday_is_no_silence(tmp_path: Path) -> None:
    """A Wednesday paper has none on 16 December, as the others, and then closes: a week more is allowed."""
    paper = weekly()
    others = [Paper(n, random.Random(n), rate=6, weekend=1, holiday=0.1) for n in range(2, 8)]
    press = Press(tmp_path, [paper, *others]).open()

    def before(press: Press, day: date) -> None:
        paper.prints = day < FIRST

    press.run(27, before)
    press.store.close()
    assert press.begun == {(paper.id, "silent"): max(paper.days) + (17 + 7) * DAY}


def test_it_is_over_and_may_come_again(tmp_path: Path) -> None:
    """One message when it begins and one when it is over, however long it lasts."""
    paper = Paper(1, random.Random(1), rate=4, weekend=1)
    press = Press(tmp_path, [paper], history=30).open()

    def before(press: Press, day: date) -> None:
        ill = START <= day < START + 3 * DAY or day >= START + 6 * DAY
        paper.fault = breaking("b", result="blocked", reason="login") if ill else None

    press.run(12, before)
    press.store.close()
    (first, began), (second, over), (third, again) = press.messages
    assert ([e["kind"] for e in began.new], began.over, first) == (["blocked"], [], START)
    assert ([e["kind"] for e in over.over], over.new) == (["blocked"], [])
    assert START + 3 * DAY <= second < START + 6 * DAY <= third
    assert [e["kind"] for e in again.new] == ["blocked"]


def test_what_lasts_for_two_months_is_usual(tmp_path: Path) -> None:
    """A field that the newspaper no longer prints: told, over after 60 days, and not told again."""
    paper = Paper(1, random.Random(3), rate=3, weekend=1, flaky=0)

    def before(press: Press, day: date) -> None:
        paper.fault = breaking("n", authors=None)

    press = Press(tmp_path, [paper], history=40).open().run(72, before)
    press.store.close()
    (first, began), (last, over) = press.messages
    assert [event["kind"] for event in began.new] == ["field_lost"]
    assert ([event["kind"] for event in over.over], over.new) == (["field_lost"], [])
    assert 60 * DAY <= last - first <= 61 * DAY
