"""Exchanges → one visit, whatever comes in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article
from archive.captures import Capture, Exchange
from archive.visit import RESULTS, Visit
from newsbot.extraction import rules_version
from newsbot.profiles import Site
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.reading import Reading

HOME = "https://gazet.example"
SITE = Site(id="gazet", name="Газет", url=f"{HOME}/")
START = datetime(2024, 3, 1, tzinfo=UTC)
_numbers = count(1)

Step = tuple[Exchange, Capture | None, Reading]


def step(path: str, status: int = 200, *, kept: bool = True, at: int = 0, **reading: Any) -> Step:
    """One exchange with what was read in it; `leads_to` is a path or an address."""
    url = path if "://" in path else HOME + path
    moment = (START + timedelta(seconds=at)).isoformat()
    number = next(_numbers)
    capture = Capture(url, moment, status, None, "", 0, "", number, 1, 0, f"<{number}>")
    if str(reading.get("leads_to") or "").startswith("/"):
        reading["leads_to"] = HOME + reading["leads_to"]
    exchange = Exchange(url, moment, status, [("ETag", f'"{path}"')], b"")
    return exchange, capture if kept else None, Reading(**reading)


def page(
    path: str, *, pages: Any = (), reason: str | None = None, at: int = 0, **fields: Any
) -> Step:
    """An article, or a page that is none for a reason."""
    article = Article(
        url=HOME + path,
        is_article=reason is None,
        reason=reason,
        text=f"мәтін {path}",
        pages=[HOME + url for url in pages],
        **fields,
    )
    return step(path, article=article, at=at)


def moved(path: str, target: str, status: int = 301, **fields: Any) -> Step:
    return step(path, status, leads_to=target, **fields)


def built(*steps: Step, url: str | None = None) -> Visit:
    builder = VisitBuilder(SITE, url or steps[0][0].url, frontier=7, crawl=3)
    for exchange, capture, reading in steps:
        builder.add(exchange, capture, reading)
    return builder.build()


def verdict(*steps: Step, url: str | None = None) -> tuple[str, str | None]:
    visit = built(*steps, url=url)
    return visit.result, visit.reason


def test_one_page_is_one_visit() -> None:
    visit = built(page("/a", title="Бақ", at=5))
    assert (visit.site, visit.url, visit.result, visit.reason) == (
        "gazet", f"{HOME}/a", "article", None,
    )  # fmt: skip
    assert (visit.frontier, visit.crawl, visit.status, visit.rules) == (
        7,
        3,
        200,
        rules_version(SITE),
    )
    assert visit.fetched_at == START + timedelta(seconds=5)
    assert (visit.etag, visit.last_modified) == ('"/a"', None)
    assert visit.urls == (f"{HOME}/a",)
    assert visit.article is not None
    assert visit.article.title == "Бақ"
    assert [capture.part for capture in visit.captures] == ["page"]


def test_redirects_lead_to_the_page() -> None:
    builder = VisitBuilder(SITE, f"{HOME}/a?utm_source=x")
    assert builder.needs == [f"{HOME}/a"]
    builder.add(*moved("/a", "/b"))
    assert (builder.needs, builder.leads_to) == ([f"{HOME}/b"], f"{HOME}/b")
    builder.add(*moved("/b", "/c"))
    builder.add(*page("/c", at=3))
    assert builder.needs == []
    visit = builder.build()
    assert visit.urls == tuple(f"{HOME}/{name}" for name in "abc")
    assert visit.fetched_at == START + timedelta(seconds=3)
    assert [capture.part for capture in visit.captures] == ["redirect", "redirect", "page"]
    assert builder.first_record == visit.captures[0].record_id


@pytest.mark.parametrize(
    ("steps", "result", "reason"),
    [
        ([moved("/a", "https://other.example/")], "excluded", "leads to another site"),
        ([moved("/a", "javascript:void(0)")], "excluded", "leads to another site"),
        ([moved("/a", "/b")], "failed", "the page it leads to was not captured"),
        (
            [moved("/a", "/b"), moved("/b", "/a")],
            "failed",
            f"RedirectLoop: redirects lead back to {HOME}/a",
        ),
        (
            [moved(f"/{n}", f"/{n + 1}") for n in range(9)],
            "failed",
            "RedirectLoop: too many redirects",
        ),
        ([moved("/a", "/b"), step("/b", 404)], "missing", "HTTP 404"),
    ],
)
def test_redirects_that_lead_nowhere(steps: list[Step], result: str, reason: str) -> None:
    visit = built(*steps)
    assert (visit.result, visit.reason, visit.article) == (result, reason, None)
    assert [capture.part for capture in visit.captures][-1:] == ["page"]
    assert visit.etag is None


def test_a_page_that_forwards_in_circles_is_a_page() -> None:
    forward = page("/b")
    forward[2].leads_to, forward[2].is_forward = f"{HOME}/a", True
    assert verdict(moved("/a", "/b"), forward) == ("article", None)


@pytest.mark.parametrize(
    ("status", "result", "reason"),
    [
        (404, "missing", "HTTP 404"),
        (410, "missing", "HTTP 410"),
        (401, "blocked", "HTTP 401"),
        (403, "blocked", "HTTP 403"),
        (451, "blocked", "HTTP 451"),
        (429, "deferred", "HTTP 429"),
        (503, "deferred", "HTTP 503"),
        (500, "failed", "HTTP 500"),
        (418, "failed", "HTTP 418"),
        (301, "failed", "HTTP 301"),  # without a Location
        (304, "unchanged", None),
    ],
)
def test_statuses(status: int, result: str, reason: str | None) -> None:
    visit = built(step("/a", status))
    assert (visit.result, visit.reason, visit.status) == (result, reason, status)
    assert (visit.etag is None) is (result != "unchanged")


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("not_found", "missing"), ("challenge", "blocked"), ("login", "blocked"),
        ("password", "blocked"), ("listing", "refused"), ("no_text", "refused"),
    ],
)  # fmt: skip
def test_pages_that_are_no_articles(reason: str, result: str) -> None:
    visit = built(page("/a", reason=reason))
    assert (visit.result, visit.reason, visit.rules) == (result, reason, rules_version(SITE))
    assert (visit.article, visit.etag) == (None, None)


def test_what_cannot_be_read() -> None:
    assert verdict(step("/a")) == ("refused", "not HTML")
    assert verdict(step("/a", error="Undecodable: cut")) == ("failed", "Undecodable: cut")


# -- the front page -----------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/index.php", "http://gazet.example"])
def test_a_redirect_to_the_front_page_means_that_the_page_is_missing(target: str) -> None:
    redirect = moved("/a", target)
    for steps in (
        [redirect],  # other people need not have captured the front page
        [redirect, page(target.removeprefix("http://gazet.example"), reason="listing")],
        [redirect, step(target, 304)],
    ):
        visit = built(*steps)
        assert (visit.result, visit.reason) == ("missing", "front_page")
        assert visit.urls == (f"{HOME}/a",), "the front page is no address of the article"
        assert visit.captures[-1].part == "page"


def test_the_front_page_itself_and_its_troubles_are_not_missing() -> None:
    http = "http://gazet.example/"
    assert verdict(moved(http, "/"), page("/", reason="listing")) == ("refused", "listing")
    assert verdict(moved("/a", "/"), step("/", 503)) == ("deferred", "HTTP 503")
    assert verdict(moved("/a", "/"), page("/", reason="challenge")) == ("blocked", "challenge")
    assert verdict(moved("/a", "/?p=5"), page("/?p=5")) == ("article", None)


def test_a_site_in_a_folder_has_its_front_page_there() -> None:
    site = Site(id="gazet", name="Газет", url=f"{HOME}/kk/")
    builder = VisitBuilder(site, f"{HOME}/kk/a")
    builder.add(*moved("/kk/a", "/kk/"))
    assert builder.build().reason == "front_page"


# -- further pages ------------------------------------------------------------------------------


def test_further_pages_are_needed_in_order_and_joined_in_order() -> None:
    builder = VisitBuilder(SITE, f"{HOME}/a")
    builder.add(*moved("/a", "/b"))
    builder.add(*page("/b", pages=["/b/2", "/a", "/b/3", "/b/2"], flags=["short_text"]))
    assert builder.needs == [f"{HOME}/b/2", f"{HOME}/b/3"], "its own addresses are no further pages"
    builder.add(*page("/b/3"))
    builder.add(*moved("/b/2", "/b/2/"))
    assert builder.needs == [f"{HOME}/b/2/"]
    assert builder.build().result == "failed", "as far as it has come"
    builder.add(*page("/b/2/"))
    visit = builder.build()
    assert visit.article is not None
    assert visit.article.text == "мәтін /b\n\nмәтін /b/2/\n\nмәтін /b/3"
    assert visit.article.flags == []
    assert [c.part for c in visit.captures] == ["redirect", "page", *["further"] * 3]
    assert visit.urls == (f"{HOME}/a", f"{HOME}/b/2/", f"{HOME}/b/3", f"{HOME}/b")
    assert visit.etag == '"/b"'
    assert builder.build() == visit


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        (None, "it was not captured"),
        (step("/2", 500), "HTTP 500"),
        (step("/2", 304), "HTTP 304"),
        (step("/2"), "not HTML"),
        (step("/2", error="Undecodable: cut"), "Undecodable: cut"),
        (page("/2", reason="login"), "login"),
        (page("/2", reason="not_found"), "not_found"),
        (moved("/2", "https://other.example/"), "leads to another site"),
    ],
)
def test_half_an_article_is_not_stored_as_a_whole_one(further: Step | None, reason: str) -> None:
    visit = built(page("/a", pages=["/2"]), *([further] if further else []))
    assert (visit.result, visit.article, visit.status, visit.etag) == ("failed", None, 200, None)
    assert visit.reason == f"a further page of the article is missing: {reason}"


def test_a_further_page_need_not_be_an_article_by_itself() -> None:
    visit = built(page("/a", pages=["/2"]), page("/2", reason="no_title"))
    assert visit.article is not None
    assert visit.article.text == "мәтін /a\n\nмәтін /2"


def test_what_every_page_repeats_is_printed_once() -> None:
    first, second = page("/a", pages=["/2"]), page("/2")
    for _, _, reading in (first, second):
        assert reading.article is not None
        reading.article.text = f"Кіріспе\n\n{reading.article.text}"
        reading.article.captions = ["Сурет"]
    article = built(first, second).article
    assert article is not None
    assert article.text == "Кіріспе\n\nмәтін /a\n\nмәтін /2"
    assert article.captions == ["Сурет"]
    assert first[2].article is not None
    assert first[2].article.text == "Кіріспе\n\nмәтін /a", "what was read stays what it was"


# -- failures -----------------------------------------------------------------------------------


def test_what_is_asked_again_counts_by_its_last_answer() -> None:
    visit = built(step("/a", 500), step("/a", 502), page("/a", at=9))
    assert (visit.result, visit.fetched_at) == ("article", START + timedelta(seconds=9))
    assert [capture.part for capture in visit.captures] == ["redirect", "redirect", "page"]
    waited = built(step("/a", 503, kept=False), page("/a"))
    assert (waited.result, len(waited.captures)) == ("article", 1)
    parts = built(page("/a", pages=["/2"]), step("/2", 500), page("/2"))
    assert parts.result == "article"


def test_no_answer_at_all() -> None:
    builder = VisitBuilder(SITE, f"{HOME}/a")
    with pytest.raises(ValueError, match="without an exchange"):
        builder.build()
    builder.fail("deferred", "robots.txt is unavailable", START)
    visit = builder.build()
    assert (visit.result, visit.reason, visit.fetched_at, visit.status) == (
        "deferred", "robots.txt is unavailable", START, None,
    )  # fmt: skip
    assert (visit.urls, visit.captures, builder.needs) == ((f"{HOME}/a",), [], [])


def test_no_answer_behind_a_redirect_or_for_a_further_page() -> None:
    later = START + timedelta(hours=1)
    builder = VisitBuilder(SITE, f"{HOME}/a")
    builder.add(*moved("/a", "/b"))
    builder.fail("failed", "TimeoutError", later)
    visit = builder.build()
    assert (visit.result, visit.reason, visit.fetched_at) == ("failed", "TimeoutError", START)
    builder = VisitBuilder(SITE, f"{HOME}/a")
    builder.add(*page("/a", pages=["/2"]))
    builder.fail("excluded", "Forbidden by robots.txt", later)
    visit = builder.build()
    assert (visit.result, visit.reason, visit.status) == (
        "failed", "a further page of the article is missing: Forbidden by robots.txt", 200,
    )  # fmt: skip


def test_an_error_of_ours_fails_a_visit_that_was_complete() -> None:
    builder = VisitBuilder(SITE, f"{HOME}/a")
    builder.add(*page("/a"))
    builder.fail("failed", "bug: KeyError", START)
    visit = builder.build()
    assert (visit.result, visit.reason, visit.article) == ("failed", "bug: KeyError", None)
    assert len(visit.captures) == 1


def test_what_belongs_to_no_page_is_kept_and_says_nothing() -> None:
    visit = built(page("/a"), page("/b"), page("/a"))
    assert (visit.result, visit.urls) == ("article", (f"{HOME}/a",))
    assert [capture.part for capture in visit.captures] == ["page", "further", "further"]


# -- anything -----------------------------------------------------------------------------------

_paths = st.sampled_from(["/", "/a", "/b", "/c", "https://other.example/", "http://[", "/ә?x=%E9"])
_readings = st.builds(
    Reading,
    article=st.none()
    | st.builds(
        Article,
        url=_paths,
        is_article=st.booleans(),
        reason=st.sampled_from([None, "listing", "login", "not_found"]),
        text=st.sampled_from(["", "мәтін", "мәтін\n\nжалғасы"]),
        pages=st.lists(_paths.map(HOME.__add__), max_size=3),
    ),
    leads_to=st.none() | _paths.map(lambda path: path if ":" in path else HOME + path),
    is_forward=st.booleans(),
    error=st.sampled_from([None, "broken"]),
)
_steps = st.builds(
    lambda path, status, kept, reading: (*step(path, status, kept=kept)[:2], reading),
    _paths,
    st.sampled_from([200, 301, 304, 404, 403, 500, 503, 999]),
    st.booleans(),
    _readings,
)
_failures = st.sampled_from(["failed", "deferred", "excluded"])


@given(_paths, st.lists(_steps | _failures, min_size=1, max_size=30))
def test_any_exchanges_in_any_order_end_in_one_result(url: str, steps: list[Any]) -> None:
    builder = VisitBuilder(SITE, HOME + url)
    kept = 0
    for item in steps:
        if isinstance(item, str):
            builder.fail(item, "trouble", START)
        else:
            builder.add(*item)
            kept += item[1] is not None
        visit = builder.build()
        assert visit.result in RESULTS
        assert (visit.article is not None) is (visit.result == "article")
        assert (visit.reason is None) is (visit.result in ("article", "unchanged"))
        assert visit.urls
        assert len(visit.captures) == kept
        assert sum(capture.part == "page" for capture in visit.captures) <= 1
    assert builder.build() == builder.build()


def test_the_same_page_at_the_sites_other_hosts() -> None:
    hosts = ["old.example", "m.gazet.example"]
    site = Site(id="gazet", name="Газет", url=f"{HOME}/", hosts=hosts)
    builder = VisitBuilder(site, f"{HOME}/a?b=1")
    builder.add(*page("/a?b=1"))
    visit = builder.build()
    assert visit.elsewhere == ("https://m.gazet.example/a?b=1", "https://old.example/a?b=1")
    assert built(page("/a")).elsewhere == ()
    assert built(page("/a", reason="listing")).elsewhere == ()
