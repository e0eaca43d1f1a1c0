"""sites test and sites record: one page as its profile reads it, politely, and kept as a fixture."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.cli.static_paper import paragraphs, path, routes, title
from tests.cli.test_sites_check import profile
from tests.conftest import Run
from tests.crawl.wire import http, wire
from tests.extraction.test_pages import check_page


def test_one_page(newsbot: Run, tmp_path: Path) -> None:
    rules = http(b"User-agent: *\nDisallow: /jabyq/\n")
    with wire(routes(3), robots=rules) as server:
        profile(tmp_path, server.origin, 'article = ["^/maqala/2026/"]')
        asked = ("sites", "test", "kokjiek", "--data", tmp_path, "--url")
        done = newsbot(*asked, server.origin + path(0))
        assert done.returncode == 0, done.stderr
        assert title(0) in done.stdout
        assert "kokjiek/own: title layout" in done.stdout
        assert server.paths == ["/robots.txt", path(0)]
        told = newsbot(*asked, server.origin + path(1), "--json")
        article = json.loads(told.stdout)
        assert (article["title"], article["site"]) == (title(1), "kokjiek")
        assert article["text"].split("\n\n") == paragraphs(1)
        explained = newsbot(*asked, server.origin + path(2), "--explain")
        assert "+" in explained.stdout
        assert "text      " in explained.stdout
        about = newsbot(*asked, f"{server.origin}/redaksia.html")
        assert about.returncode == 0
        assert "no article: " in about.stdout
        assert "the profile's patterns keep crawls from this address" in about.stderr
        for url, told_of in (
            ("/jabyq/1.html", "excluded: Forbidden by robots.txt"),
            ("/joq.html", "gone: HTTP 404"),
        ):
            failed = newsbot(*asked, server.origin + url)
            assert (failed.returncode, failed.stdout) == (3, "")
            assert failed.stderr.endswith(f"{url}: {told_of}\n")
        elsewhere = newsbot(*asked, "http://127.0.0.1:1/")
        assert elsewhere.returncode == 2
        assert "is at no host of kokjiek" in elsewhere.stderr
    assert not (tmp_path / "news.db").exists(), "nothing is kept"


def test_a_fixture_fails_until_a_person_confirms_it(newsbot: Run, tmp_path: Path) -> None:
    with wire(routes(3)) as server:
        profile(tmp_path, server.origin)
        record = ("sites", "record", "kokjiek", server.origin + path(1), "--data", tmp_path)
        done = newsbot(*record)
        assert done.returncode == 0, done.stderr
        (fixture,) = (tmp_path / "fixtures").glob("*.json")
        assert fixture.name == f"kokjiek{path(1).replace('/', '-').replace('.', '-')}.json"
        assert f"{fixture}: compare it" in done.stdout
        written = json.loads(fixture.read_text("utf-8"))
        assert written["confirmed"] is False
        assert written["text"].split("\n\n") == paragraphs(1)
        assert check_page(fixture, tmp_path) == ["nobody has confirmed it"]
        assert newsbot(*record).returncode == 0, "what nobody confirmed is recorded anew"
        fixture.write_text(json.dumps({**written, "confirmed": True, "authors": ["Басқа Біреу"]}))
        assert check_page(fixture, tmp_path) == ["authors"]
        fixture.write_text(json.dumps({**written, "confirmed": True}))
        assert check_page(fixture, tmp_path) == []
        again = newsbot(*record)
        assert again.returncode == 2
        assert "is confirmed: remove it" in again.stderr
        other = tmp_path / "other"
        about = newsbot(
            "sites", "record", "kokjiek", f"{server.origin}/redaksia.html", "--into", other,
            "--data", tmp_path, "--json",
        )  # fmt: skip
        told = json.loads(about.stdout)
        assert (told["is_article"], "title" in told) == (False, False)
        assert Path(told["fixture"]).with_suffix(".html").exists()


def test_what_stands_in_the_place_of_a_fixture(newsbot: Run, tmp_path: Path) -> None:
    profile(tmp_path, "http://127.0.0.1:9")
    record = ("sites", "record", "kokjiek", "http://127.0.0.1:9/bet", "--data", tmp_path)
    (tmp_path / "fixtures").mkdir()
    fixture = tmp_path / "fixtures" / "kokjiek-bet.json"
    for content in (b"[]", b"{", b"\xff", b"[" * 100_000):
        fixture.write_bytes(content)
        done = newsbot(*record)
        assert (done.returncode, done.stderr) == (
            2,
            f"newsbot: {fixture} is no fixture: remove it to record the page\n",
        )
        assert fixture.read_bytes() == content
    fixture.unlink()
    os.mkfifo(fixture)
    done = newsbot(*record, timeout=20)
    assert (done.returncode, done.stderr) == (2, f"newsbot: {fixture}: no ordinary file\n")
    for url in ("http://[::1", "", "http://[::1]:x/"):
        done = newsbot("sites", "record", "kokjiek", url, "--data", tmp_path)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert "a bug" not in done.stderr
