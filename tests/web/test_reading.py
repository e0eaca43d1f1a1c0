"""The pages about one article: its text, what is known of it, its revisions, the page as served, and Memento."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.article import READ
from archive.decisions import WITHHOLD, WITHHOLDING, decide
from archive.store.withheld import act
from tests.archive.building import HOME, Paper, article, open_paper
from tests.web.hostile import FOREIGN, PAGE
from tests.web.rooms import serving

ONE, TWO, AWAY = f"{HOME}1", f"{HOME}2?a=b,c", f"{HOME}away"
SOURCES = {"title": "json-ld", "text": "layout"}


def look(paper: Paper, url: str, body: bytes, **fields: object) -> None:
    read = article(url, **fields)
    paper.visit(url, read, captures=[paper.capture(url, body)])


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("room") / "data"
    paper = open_paper(folder)
    known = {
        "authors": ["Серік Әлі"],
        "tags": ["су"],
        "sources": SOURCES,
        "title": "<script>alert(1)</script>Су",
    }
    look(paper, ONE, PAGE.encode(), text="Көпірге бес теңге бөлінді.\n\nСоңы.", views=3, **known)
    paper.later(days=1)
    known["sources"] = {**SOURCES, "canonical_url": "link"}
    look(
        paper,
        ONE,
        "<p>екінші".encode(),
        text="Көпірге он теңге бөлінді.\n\nСоңы.",
        views=9,
        **known,
    )
    paper.later(days=1)
    look(paper, TWO, "<p>Басқа".encode(), title="Басқа")
    look(paper, AWAY, "<p>Жасырын".encode(), title="Жасырын")
    paper.store.close()
    decide(
        folder,
        WITHHOLDING,
        {"url": AWAY, "decision": WITHHOLD, "reason": "a court", "at": "2026-11-24T00:00:00Z"},
    )
    act(folder)
    with serving(folder) as url:
        yield url


def get(room: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(
        timeout=60,
        url=room + path,
        headers={"accept-language": "en", **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


def test_an_article_says_where_each_field_comes_from_and_since_when(room: str) -> None:
    page = get(room, "/article/1").text
    assert "он теңге" in page and "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "<code>json-ld</code>" in page and "November 23, 2026" in page
    assert '<polyline points="0.0,80.0 560.0,0.0"/>' in page
    found = get(room, "/article/1.json").json()
    assert (
        found["since"]["text"] == "2026-11-23T08:00:00Z"
        and found["since"]["title"] == "2026-11-22T08:00:00Z"
    )
    assert [row["views"] for row in found["counters"]] == [3, 9]
    structured = re.search(r'ld\+json">(.*?)</script>', page)
    assert structured and json.loads(structured[1])["headline"] == "<script>alert(1)</script>Су"
    saved = get(room, "/article/1.bib")
    assert saved.headers["content-disposition"] == 'attachment; filename="aqbulaq-1.bib"'


def test_revisions_are_compared_word_by_word(room: str) -> None:
    page = get(room, "/article/1/revisions").text
    assert "<del>бес </del>" in page and "<ins>он </ins>" in page and "Address: <code>link" in page
    found = get(room, "/article/1/revisions.json?from=2&to=2").json()
    assert found["changes"] == {} and len(found["revisions"]) == 2
    assert get(room, "/article/1/revisions?from=1&to=7").status_code == 404


def test_the_page_as_served_stands_beside_its_proof(room: str) -> None:
    page = get(room, "/article/1/page?revision=1").text
    src = "/memento/20261122080000/https://aqbulaq.example/1"
    assert f'<iframe class="served" sandbox src="{src}"' in page
    (capture,) = get(room, "/article/1/page.json?revision=1").json()["captures"]
    assert capture["memento"] == src and capture["payload_digest"] in page
    saved = get(room, "/article/1.warc?revision=1")
    assert saved.headers["content-type"] == "application/warc"
    records = [
        (record.rec_type, record.content_stream().read())
        for record in ArchiveIterator(io.BytesIO(saved.content))
    ]
    assert records[1:] == [("response", PAGE.encode())] and gzip.decompress(saved.content)
    assert "екінші".encode() in gzip.decompress(get(room, "/article/1.warc").content)


def test_a_capture_goes_out_harmless_behind_walls(room: str) -> None:
    found = get(room, "/memento/20261122080000/https://aqbulaq.example/1")
    policy = found.headers["content-security-policy"]
    assert policy.startswith(
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    )
    assert (
        "мәтін" in found.text
        and "<script" not in found.text
        and FOREIGN + "/a.png" not in found.text
    )
    assert f'href="/memento/20261122080000/{FOREIGN}/away"' in found.text


def test_memento_leads_to_captures_of_their_time(room: str) -> None:
    first, second = (f"{room}/memento/202611{day}080000/{ONE}" for day in (22, 23))
    gate = get(room, f"/timegate/{ONE}", accept_datetime="Sun, 22 Nov 2026 11:00:00 GMT")
    assert (gate.status_code, gate.headers["location"], gate.headers["vary"].split(",")[0]) == (
        302,
        first,
        "accept-datetime",
    )
    assert (
        f'<{ONE}>; rel="original"' in gate.headers["link"]
        and 'rel="timemap"' in gate.headers["link"]
    )
    assert get(room, f"/timegate/{ONE}").headers["location"] == second
    assert get(room, f"/timegate/{ONE}", accept_datetime="yesterday").status_code == 400
    shown = httpx.get(first, timeout=60)
    assert shown.headers["memento-datetime"] == "Sun, 22 Nov 2026 08:00:00 GMT"
    links = shown.headers["link"]
    assert f'<{first}>; rel="first memento"; datetime="Sun, 22 Nov 2026 08:00:00 GMT"' in links
    assert (
        f'<{second}>; rel="last next memento"' in links
        and f'<{room}/timegate/{ONE}>; rel="timegate"' in links
    )
    near = get(room, f"/memento/20200101000000/{ONE}")
    assert near.status_code == 302 and room + near.headers["location"] == first


def test_a_timemap_lists_the_captures_of_an_address(room: str) -> None:
    found = get(room, f"/timemap/link/{ONE}")
    assert found.headers["content-type"].startswith("application/link-format")
    lines = found.text.rstrip("\n").split(",\n")
    assert lines[0] == f'<{ONE}>; rel="original"' and len(lines) == 5
    assert (
        'rel="self"; type="application/link-format"; from="Sun, 22 Nov 2026 08:00:00 GMT"; until="Mon, 23'
        in lines[2]
    )
    assert 'rel="first memento"' in lines[3] and 'rel="last memento"' in lines[4]
    for spelt in ("http://www.aqbulaq.example/1", "aqbulaq.example/1", "https:/aqbulaq.example/1"):
        assert get(room, f"/timemap/link/{spelt}").status_code == 200
    assert TWO in get(room, f"/timemap/link/{TWO}").text
    assert get(room, f"/timemap/link/{HOME}none").status_code == 404
    assert get(room, f"/memento/20269999000000/{ONE}").status_code == 404


def test_what_is_withheld_is_refused_everywhere(room: str) -> None:
    paths = [
        "/article/3",
        "/article/3.json",
        "/article/3/revisions",
        "/article/3/page",
        "/article/3.warc",
        "/article/3.bib",
    ]
    paths += [
        f"/{kind}/{AWAY}" for kind in ("at", "timemap/link", "timegate", "memento/20261124080000")
    ]
    for path in paths:
        found = get(room, path)
        assert (
            found.status_code == 451 and "a court" in found.text and "Жасырын" not in found.text
        ), path
    assert get(room, "/article/4").status_code == 404


def test_what_only_our_rules_read_otherwise_stands_apart(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    look(paper, ONE, b"<p>", text="Бірінші абзац. Жарнама")
    before = paper.one("SELECT digest FROM readings")["digest"]
    c = paper.store.connection  # as other rules left it: a reading that no revision is of
    names = ", ".join(name for name in READ if name != "text")
    c.execute(
        f"INSERT INTO readings (article, digest, rules, text, {names}) SELECT article, 'x', '0-9', 'Жарнама', {names} FROM readings"
    )
    paper.store.close()
    with serving(tmp_path) as room:
        found = get(room, "/article/1/revisions.json?from=x&to=1").json()
        assert [one["rules"] for one in found["other_readings"]] == ["0-9"] and before != "x"
        assert found["changes"]["text"]["before"] == "Жарнама" and len(found["revisions"]) == 1
        assert "rules 0-9" in get(room, "/article/1/revisions?from=x&to=1").text


def test_editions_stand_side_by_side(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    look(paper, ONE, b"<p>1", language="kk")
    look(paper, TWO, b"<p>2", language="kk-Arab", text="توتە جازۋ", title="Басқа")
    c = paper.store.connection
    c.execute("INSERT INTO editions VALUES (1, 2, 'page'), (2, 1, 'page')")
    paper.store.close()
    with serving(tmp_path) as room:
        assert "Kazakh (Arabic)" in get(room, "/article/1").text
        page = get(room, "/article/1?beside=2").text
        assert (
            "Екінші абзац." in page and '<div lang="kk-Arab">\n<p dir="auto">توتە جازۋ</p>' in page
        )
        assert get(room, "/article/1?beside=1").status_code == 404
