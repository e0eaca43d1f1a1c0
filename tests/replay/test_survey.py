"""survey and profile_text: what pages say of their newspaper, and the profile that is written of it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from newsbot.extraction import read_page
from newsbot.extraction.context import Context
from newsbot.profiles import SITES_DIR, Site, load_site
from newsbot.replay.profile_text import PROVISIONAL, confirmed, finished, provisional
from newsbot.replay.survey import Survey, as_html, hosts_of, name_of, patterns_of
from newsbot.urls import canonical, path_and_query

SITE = Site(id="gazet", name="gazet.kz", url="https://gazet.kz/", hosts=["www.gazet.kz"])
TEXT = (
    "<p>Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, әкімдікке хат жазды.</p>"
    * 3
)


def page(
    head: str = "", title: str = "Көпір салынды", url: str = "https://gazet.kz/2024/1001.html"
) -> Context:
    html = f'<html lang="kk"><head><meta charset="utf-8">{head}</head><body><h1>{title}</h1>{TEXT}</body></html>'
    return read_page(html.encode(), url, site=SITE)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('<meta property="og:site_name" content=" Ауыл \n тынысы ">', "Ауыл тынысы"),
        ("<title>Көпір салынды – Ауыл тынысы</title>", "Ауыл тынысы"),
        ("<title>Көпір салынды</title>", None),
        ("", None),
    ],
)
def test_the_name_is_what_most_pages_say(head: str, name: str | None) -> None:
    other = page('<meta property="og:site_name" content="Басқа">')
    assert name_of([page(head), page(head), other]) == name
    assert name_of([]) is None


def test_hosts_of_the_same_domain_that_several_pages_name() -> None:
    head = (
        '<link rel="alternate" media="only screen" href="https://m.gazet.kz/1">'
        '<link rel="alternate" hreflang="kk-Latn" href="https://qaz.gazet.kz/1">'
        '<link rel="canonical" href="https://www.gazet.kz/1">'
        '<link rel="alternate" hreflang="ru" href="https://gazeta.ru/1">'
        '<link rel="alternate" type="application/rss+xml" href="https://rss.gazet.kz/">'
        '<link rel="alternate" hreflang="en" href="http://[broken/">'
    )
    pages = [page(head), page(head), page('<link rel="canonical" href="https://odd.gazet.kz/">')]
    assert hosts_of(pages, SITE) == {"m.gazet.kz": 2, "qaz.gazet.kz": 2}


@pytest.mark.parametrize(
    ("addresses", "patterns"),
    [
        ([f"/2024/{n:02}/{n}-sөz/" for n in range(1, 8)], {r"^/[0-9]{4}/[0-9]{1,2}/[^/]+/$": 7}),
        ([f"/kz/news/{1000 + n}.html" for n in range(6)], {r"^/kz/news/[^/]+\.html$": 6}),
        (
            [f"/index.php?id={n}&lang=kz" for n in range(30, 36)],
            {r"^/index\.php\?id=[0-9]+\&lang=kz$": 6},
        ),
        ([f"/{'x/' * n}{n}" for n in range(6)], {}),
        (["/1"] * 4, {}),
        ([], {}),
    ],
)
def test_patterns(addresses: list[str], patterns: dict[str, int]) -> None:
    assert patterns_of([f"https://gazet.kz{path}" for path in addresses]) == patterns


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=12))
def test_each_address_is_covered_by_its_pattern(paths: list[str]) -> None:
    spelt = [canonical(f"https://gazet.kz/{path}") for path in paths]
    addresses = [url for url in spelt if url]
    patterns = patterns_of(addresses)
    covered = sum(any(regex.search(p, path_and_query(url)) for p in patterns) for url in addresses)
    assert covered == (len(addresses) if patterns else 0)
    assert sum(patterns.values()) == covered


# -- the profile ------------------------------------------------------------------------------------


def survey(pages: list[Context], sources: list[dict[str, object]] | None = None) -> Survey:
    return Survey(SITE, pages, [], sources or [])


def source(kind: str, url: str, found_by: str = "auto", **more: object) -> dict[str, object]:
    known = {
        "polled_at": "2026-01-01",
        "error": None,
        "found": 9,
        "discovered": 9,
        "distrust": None,
    }
    return {"kind": kind, "url": url, "found_by": found_by, **known, **more}


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_pages_say_the_profile_is_sound(name: str, url: str) -> None:
    shown = page()
    shown.page.metas["og:site_name"] = [name]
    found = survey([shown] * 3, [source("feed", f"https://gazet.kz/{url}")])
    record = tomllib.loads("\n".join(finished(found, date(2026, 11, 28))))
    assert Site.model_validate({"id": "gazet", **record}).language == "kk"
    assert "confirmed" not in record


GENERATOR = '<meta name="generator" content="Ghost 5.2">'


@pytest.mark.parametrize(
    ("sources", "family"),
    [
        (
            [
                source("sitemap", "https://gazet.kz/sitemap.xml"),
                source("feed", "https://gazet.kz/rss/"),
            ],
            "ghost",
        ),
        (
            [
                source("sitemap", "https://gazet.kz/sitemap.xml"),
                source("listing", "https://gazet.kz/a/"),
            ],
            "ghost",
        ),
        ([source("feed", "https://gazet.kz/rss/")], None),
        (
            [
                source("sitemap", "https://gazet.kz/sitemap.xml"),
                source("feed", "https://gazet.kz/f/"),
            ],
            None,
        ),
        ([source("sitemap", "https://gazet.kz/sitemap.xml", error="HTTP 404")], None),
    ],
)
def test_a_family_is_named_where_its_usual_sources_suffice(
    sources: list[dict[str, object]], family: str | None
) -> None:
    lines = finished(survey([page(GENERATOR)] * 3, sources), date(2026, 11, 28))
    assert tomllib.loads("\n".join(lines)).get("family") == family


def test_pages_of_a_family_are_not_astray() -> None:
    assert len(survey([page()] * 3).astray) == 3
    assert survey([page(GENERATOR)] * 3).astray == []


def test_the_profile_of_a_first_look(tmp_path: Path) -> None:
    for host, hosts in (("gazet.kz", ["www.gazet.kz"]), ("www.gazet.kz", ["gazet.kz"])):
        text = provisional(f"https://{host}/", host)
        assert text.startswith(PROVISIONAL)
        (tmp_path / "gazet.toml").write_text(text, "utf-8")
        site = load_site(tmp_path / "gazet.toml")
        assert (site.hosts, site.enabled, site.crawl.delay) == (hosts, False, 2.0)
    (tmp_path / "gazet.toml").write_text(provisional("http://127.0.0.1:8000/", "127.0.0.1:8000"))
    local = load_site(tmp_path / "gazet.toml")
    assert (local.hosts, local.crawl.delay) == ([], 0)


@pytest.mark.parametrize("path", sorted(SITES_DIR.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_can_be_confirmed(path: Path) -> None:
    before = path.read_text("utf-8")
    day = date(2026, 11, 28)
    after = confirmed(before, day)
    assert tomllib.loads(after) == {**tomllib.loads(before), "confirmed": day}
    assert confirmed(after, day) == after
    assert tomllib.loads(confirmed(after, date(2027, 1, 1)))["confirmed"] == date(2027, 1, 1)


def test_the_report_holds_no_mark_up_of_pages() -> None:
    evil = page(
        title="<script>alert(1)</script> &lt;b&gt; көпір салынды", url="https://gazet.kz/%3Cimg%3E"
    )
    told = as_html(survey([evil]), ["<i>source</i>"], 'name = "<u>"')
    for tag in ("<script", "<img", "<i>source", "<u>"):
        assert tag not in told
    assert "&lt;i&gt;source" in told
