"""The report of a site: what it shows of histories short and long, and that nothing in them harms it."""

from __future__ import annotations

import random
import re
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from archive.store import Store, open_database
from newsbot.watch import report
from newsbot.watch.monitors import LANGUAGES, kinds
from tests.archive.building import HOME, article, open_paper
from tests.watch.press import DAY, FIRST, Paper, Press

AT = datetime(2026, 11, 28, 6, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x1b[31m\u202e\ud800\x00\r\n"


def page_of(folder: Path, site: str, at: datetime = AT, language: str = "en") -> html.HtmlElement:
    """The report as a browser has it, which must load and run nothing."""
    with closing(open_database(folder).conn) as c:
        written = report.as_html(c, folder, site, at, language)
    assert written.encode().decode() == written
    page = html.document_fromstring(written)
    assert not page.xpath("//script | //img | //link | //iframe | //*[@href] | //*[@src]")
    assert not [a for e in page.iter() for a in e.attrib if a.startswith("on")]
    (style,) = page.xpath("//style/text()")
    assert "url(" not in style and "@import" not in style
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")
    return page


def row_of(page: html.HtmlElement, name: str) -> list[str]:
    """The numbers beside the bars of a row."""
    rows = page.xpath(f"//table[@class='strips']//tr[th[normalize-space()='{name}']]")
    return [cell.text_content() for cell in rows[0].xpath("td[@class='n']")] if rows else []


def insert(store: Store, table: str, **values: object) -> None:
    names = ", ".join(values)
    with store.transaction() as c:
        c.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})",
            (*values.values(),),
        )


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Press:
    """A newspaper of 110 days that names no authors any more for the last ten."""

    def fault(paper: Paper, look: object) -> None:
        look.fields.pop("authors", None)  # type: ignore[attr-defined]

    def before(press: Press, day: date) -> None:
        if day >= FIRST + 20 * DAY:
            press.papers[0].fault = fault

    paper = Paper(1, random.Random(1))
    press = Press(tmp_path_factory.mktemp("press"), [paper]).open().run(30, before)
    press.store.close()
    return press


def test_it_shows_what_the_archive_holds(press: Press) -> None:
    page = page_of(press.folder, "gazet1", press.now)
    with closing(open_database(press.folder).conn) as c:
        days = dict(c.execute("SELECT substr(published, 1, 10), count(*) FROM articles GROUP BY 1"))
        new, failed = c.execute("SELECT sum(new), sum(failed) FROM crawls").fetchone()
        listed = dict(
            c.execute(
                "SELECT url, (SELECT count(*) FROM frontier WHERE source = s.id) FROM sources s"
            )
        )
    cells = page.xpath("//figure//path/title/text()")
    drawn = {day: int(n) for day, n in (cell.split(": ") for cell in cells)}
    assert {day: n for day, n in drawn.items() if n} == days
    first = min(map(date.fromisoformat, drawn))
    assert len(drawn) == (press.now.date() - first).days + 1, "every day since the first"
    assert row_of(page, "new")[0] == str(new)
    assert row_of(page, "failed") == [] and failed == 0
    assert any(listed.values())
    for url, found in listed.items():
        assert row_of(page, url)[:1] == ([str(found)] if found else []), url
    names = [th.text_content() for th in page.xpath("//tr[@class='bad']/th")]
    lost = [
        kind.title["en"]
        for kind in kinds().values()
        if kind.name in ("field_lost", "layout_changed")
    ]
    assert {*names} & {*lost}, names
    assert page.xpath("//p[@class='wrong']")


def test_fields_are_shares_of_the_articles_of_each_time(press: Press) -> None:
    page = page_of(press.folder, "gazet1", press.now)
    overall, latest = row_of(page, "authors")
    assert 50 < int(overall[:-1]) < 100 and int(latest[:-1]) < 50
    (table,) = page.xpath("//h2[.='Fields filled']/following-sibling::details[1]//table")
    heads = [head.text_content() for head in table.xpath(".//thead//th")]
    for row in table.xpath(".//tbody/tr"):
        time, *cells = (cell.text_content() for cell in row)
        assert re.fullmatch(r"\d{4}-\d\d(-\d\d)?", time)
        assert all(re.fullmatch(r"\d{1,2}%|100%", cell) for cell in cells), (time, cells)
        assert dict(zip(heads[1:], cells, strict=True))["title"] == "100%"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_languages_of_alarms(press: Press, language: str) -> None:
    page = page_of(press.folder, "gazet1", press.now, language)
    assert page.get("lang") == language
    own = page.xpath("//h2 | //dt | //summary | //thead//th | //p[@class='note'] | //figcaption")
    shown = " ".join(e.text_content() for e in own)
    for words in report._table()["words"].values():
        assert {*words} == {*LANGUAGES}
    if language != "en":
        english = {w["en"] for w in report._table()["words"].values() if len(w["en"]) > 6}
        odd = {word for word in english if re.search(rf"\b{re.escape(word)}\b", shown)}
        assert not odd


def test_every_plot_has_words_for_who_cannot_see_it(press: Press) -> None:
    page = page_of(press.folder, "gazet1", press.now)
    for picture in page.xpath("//svg"):
        assert picture.get("aria-hidden") or (
            picture.get("role") == "img" and picture.get("aria-label")
        )
    # What is hidden from screen readers stands in a table beside it.
    plots = page.xpath("//table[@class='strips']")
    assert len(plots) == 4
    assert all(plot.getnext().tag == "details" for plot in plots)
    assert all(
        cell.get("scope")
        for cell in page.xpath("//th[normalize-space()]")
        if "n" not in (cell.get("class") or "") and "plot" not in (cell.get("class") or "")
    )


def test_an_archive_of_one_day(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    paper.now = AT - timedelta(hours=1)
    paper.visit(f"{HOME}1", article(f"{HOME}1", published="2026-11-28"))
    paper.store.close()
    page = page_of(tmp_path, "aqbulaq")
    assert page.xpath("//figure//path/title/text()") == ["2026-11-28: 1"]
    assert row_of(page, "title") == ["100%", "100%"]


def test_a_site_that_was_never_crawled(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        insert(store, "sites", id="x", name="X", url="http://x/", timezone="UTC")
    page = page_of(tmp_path, "x")
    assert page.text_content().count("There was none.") == 5
    with Store(tmp_path) as store:  # imported: no crawl, no source
        for n, day in enumerate(("2012-01-31", "2012-02-29", None)):
            insert(store, "articles", site="x", url=f"http://x/{n}", title="т", text="т", published=day,
                   first_seen="2026-11-01T00:00:00Z", last_seen="2026-11-01T00:00:00Z")  # fmt: skip
    page = page_of(tmp_path, "x")
    assert len(page.xpath("//figure")) == 1
    assert row_of(page, "date") == ["67%", "0%"]
    assert page.text_content().count("There was none.") == 3


def test_dates_that_no_newspaper_prints_do_no_harm(tmp_path: Path) -> None:
    odd = [
        "0000-01-01",
        "1899-12-31",
        "1950-05-05",
        "2026-02-31",
        "2199-12-31",
        "9999-12-31",
        "x",
        "",
        EVIL,
        b"\xff",
        7,
    ]
    with Store(tmp_path) as store:
        insert(store, "sites", id="x", name="X", url="http://x/", timezone="UTC")
        for n, day in enumerate(odd):
            insert(store, "articles", site="x", url=f"http://x/{n}", title="т", text="т", published=_text(day),
                   first_seen=_text(day), last_seen="x")  # fmt: skip
    page = page_of(tmp_path, "x")
    years = [figure.text_content()[:4] for figure in page.xpath("//figure/figcaption")]
    assert years == ["2199", "2026", "1950"]
    assert len(page.xpath("//figure[1]//path")) == 365


def _text(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    evil, own = _text(EVIL), "<b>x"
    at = "2026-11-20T00:00:00Z"
    with Store(tmp_path) as store:
        insert(
            store,
            "sites",
            id=own,
            name=evil,
            url=evil,
            region=evil,
            language=evil,
            family=evil,
            timezone="UTC",
        )
        insert(
            store,
            "sources",
            site=own,
            kind=evil,
            url=evil,
            error=evil,
            polled_at=evil,
            found=evil,
            discovered="9",
        )
        insert(
            store,
            "crawls",
            site=own,
            started_at=at,
            ended_at=evil,
            reason=evil,
            version="x",
            requests=evil,
            failed="inf",
        )
        insert(store, "crawls", site=own, started_at=evil, version="x", failed=9e999)
        insert(store, "frontier", site=own, url="http://x/", source=1, discovered_at=at)
        for kind, evidence in (("blocked", {"reason": "<b>"}), (evil, {}), ("silent", None)):
            insert(store, "events", site=own, kind=kind, began_at=at, ended_at=evil,
                   evidence='{"reason": "<b onclick=x>", "articles": 5}' if evidence else "{")  # fmt: skip
    for language in LANGUAGES:
        page = page_of(tmp_path, own, language=language)
        assert "<script>" in page.text_content() and "<b onclick=x>" in page.text_content()
        assert not page.xpath("//b")
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f\u202e]", html.tostring(page, encoding="unicode")
        )


@settings(deadline=None)
@given(
    st.dictionaries(
        st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(1, 10**6), max_size=30
    )
)
def test_calendars_show_each_day_once_and_lose_no_article(days: dict[date, int]) -> None:
    word = {name: words["en"] for name, words in report._table()["words"].items()}
    drawn = report._calendar({day.isoformat(): n for day, n in days.items()}, AT.date(), word)
    cells = re.findall(r"<title>(\S+): (\d+)</title>", drawn)
    assert len({day for day, _ in cells}) == len(cells)
    assert {(str(day), str(n)) for day, n in days.items()} == {(d, n) for d, n in cells if n != "0"}
    places = re.findall(r"<figure>.*?</figure>", drawn)
    for year in places:
        spots = re.findall(r'd="M(\d+) (\d+)h', year)
        assert len({*spots}) == len(spots)
        assert all(int(x) + 7 <= 446 and int(y) + 7 <= 66 for x, y in spots)


@settings(deadline=None)
@given(st.dates(date(1, 1, 1), date(9999, 1, 1)), st.dates(date(1971, 1, 1), date(2100, 1, 1)))
def test_times_end_today_and_are_of_one_kind(first: date, today: date) -> None:
    times = report._times(f"{first}T00:00:00Z", today)
    assert times == sorted(set(times)) and 2 <= len(times) <= 12 * (report.YEARS + 1)
    assert today.isoformat().startswith(times[-1]) and len({*map(len, times)}) == 1


def test_a_large_archive_is_drawn_from_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty years with 20,000 articles: what is drawn does not grow with them."""
    day = date(1996, 12, 1)
    with Store(tmp_path) as store:
        insert(store, "sites", id="x", name="X", url="http://x/", timezone="UTC")
        with store.transaction() as c:
            c.executemany(
                "INSERT INTO articles (site, url, title, text, authors, published, first_seen, last_seen) "
                "VALUES ('x', ?, 'т', 'т', ?, ?, 'x', 'x')",
                ((f"http://x/{n}", '["а"]' if n % 20 < 10 else "[]", f"{day + timedelta(n % 10950)}") for n in range(20_000)),
            )  # fmt: skip
    monkeypatch.setattr(report, "_SAMPLE", 2000)
    began = time.monotonic()
    with closing(open_database(tmp_path).conn) as c:
        written = report.as_html(c, tmp_path, "x", AT, "en")
    assert time.monotonic() - began < 10
    assert len(written) < 1_500_000
    assert "One article of 10 was counted." in written
    assert written.count("<figure>") == 31


def test_it_can_be_read_while_another_writes(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    paper.visit(f"{HOME}1", article(f"{HOME}1", published="2026-11-20"))
    with paper.store.transaction() as c:
        c.execute("UPDATE articles SET published = '2020-01-01'")
        page = page_of(tmp_path, "aqbulaq")
    assert "2026-11-20: 1" in page.xpath("//figure//path/title/text()")
