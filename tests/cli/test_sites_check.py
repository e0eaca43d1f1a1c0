"""sites check: what no longer fits a profile is named, and a person's word is kept in the archive alone."""

from __future__ import annotations

import json
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsbot.cli import newsbot as command
from newsbot.demo.server import ExampleNewspaper
from newsbot.profiles import SITES_DIR, load_site
from tests.cli.static_paper import path, routes
from tests.conftest import Run, write_profile
from tests.crawl.state import read, write
from tests.crawl.wire import Route, http, wire

LAYOUT = """
[[layouts]]
id = "own"
when = ".maqala"
title = [".taqyryp"]
body = [".matin"]
authors = [".avtor"]
published = [".kuni"]
"""


def profile(data: Path, origin: str, more: str = "", layout: str = LAYOUT) -> None:
    (data / "sites").mkdir(exist_ok=True)
    text = f'name = "Көкжиек үні"\nurl = "{origin}/"\n{more}\n[crawl]\ndelay = 0\nautothrottle = false\n'
    (data / "sites" / "kokjiek.toml").write_text(text + layout, "utf-8")


def check(newsbot: Run, data: Path, *options: str) -> tuple[int, list[str]]:
    done = newsbot("sites", "check", "kokjiek", *options, "--data", data, "--json")
    (told,) = json.loads(done.stdout)
    assert told["site"] == "kokjiek"
    return done.returncode, told["problems"]


def due(data: Path) -> None:
    """Let all be looked at again."""
    write(data, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE article IS NOT NULL")


def test_all_fits(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    report = tmp_path.with_suffix(".html")
    write_profile(tmp_path / "sites", paper.origin)
    done = newsbot("sites", "check", "aqbulaq", "--data", tmp_path, "--html", report)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("aqbulaq: the profile fits 20 articles\n")
    assert report.read_text("utf-8").count("<details>") == 20
    assert load_site(tmp_path / "sites" / "aqbulaq.toml").confirmed is None


def test_a_theme_that_was_switched(newsbot: Run, tmp_path: Path) -> None:
    now: dict[str, Route] = routes(30)
    with wire(now) as server:
        profile(tmp_path, server.origin)
        assert check(newsbot, tmp_path) == (0, [])
        now.update(routes(30, "zhana"))
        due(tmp_path)
        code, problems = check(newsbot, tmp_path)
        assert code == 3
        assert "layout own: body: matches nothing on 20 pages: .matin" in problems
        now.update({p: _other(route) for p, route in now.items() if p.startswith("/maqala/")})
        due(tmp_path)
        code, problems = check(newsbot, tmp_path)
    assert code == 3
    assert "layout own: fits none of 20 pages" in problems
    assert any(told.startswith("authors: on 0 of 20 pages; of ") for told in problems)


def _other(route: Route) -> Route:
    """The same page in another theme, without its byline."""
    assert isinstance(route, bytes)
    _, _, body = route.partition(b"\r\n\r\n")
    text = body.decode().replace('class="maqala"', 'class="beti"')
    for name in ("Айгүл Сейітова", "Нұрлан Әбдіқадыров", "Гүлмира Асқарова"):
        text = text.replace(name, "")
    return http(text.encode())


def test_sources_addresses_and_language(newsbot: Run, tmp_path: Path) -> None:
    now: dict[str, Route] = routes(30)
    sources = 'language = "ru"\nfamily = "ghost"\narticle = ["^/eski/"]\nsources = [{ kind = "listing", url = "/" }, { kind = "feed", url = "/rss" }]'
    with wire(now) as server:
        profile(tmp_path, server.origin, sources.replace("^/eski/", "^/maqala/"))
        code, problems = check(newsbot, tmp_path)
        assert code == 3
        assert f"source {server.origin}/rss: HTTP 404" in problems
        assert "language: the profile says ru, 20 of 20 pages kk" in problems
        assert not any(told.startswith(("addresses", "layout", "pages")) for told in problems)
        profile(tmp_path, server.origin, sources)
        code, problems = check(newsbot, tmp_path)
    assert any(told.startswith("addresses: `article` does not cover 20: ") for told in problems)


def test_known_articles_that_cannot_be_read(newsbot: Run, tmp_path: Path) -> None:
    now: dict[str, Route] = routes(20)
    with wire(now) as server:
        profile(tmp_path, server.origin)
        assert check(newsbot, tmp_path) == (0, [])
        login = '<meta charset="utf-8"><h1>Кіру</h1><form><input type="password" name="p"></form>'
        now.update({path(n): http(login.encode()) for n in range(20)})
        due(tmp_path)
        code, problems = check(newsbot, tmp_path)
    assert code == 3
    assert any(
        told.startswith("pages: 20 of 20 known articles cannot be read: ") for told in problems
    )
    assert any(told.startswith("crawl: ") for told in problems)


def test_a_site_that_does_not_answer(newsbot: Run, tmp_path: Path) -> None:
    profile(tmp_path, "http://127.0.0.1:9")
    code, problems = check(newsbot, tmp_path)
    assert code == 3
    assert "refused" in problems[0]
    assert problems[-1] == "pages: no article is known"


def test_a_persons_word(newsbot: Run, tmp_path: Path) -> None:
    with wire(routes(12)) as server:
        profile(tmp_path, server.origin, "confirmed = 2020-01-01\n# with a remark")
        done = newsbot("sites", "check", "kokjiek", "--confirm", "--data", tmp_path, "--quiet")
    assert done.returncode == 0
    assert done.stderr == f"confirmed in {tmp_path}/sites/kokjiek.toml\n"
    text = (tmp_path / "sites" / "kokjiek.toml").read_text("utf-8")
    assert f'/"\nconfirmed = {date.today()}\n' in text
    assert text.count("confirmed") == 1
    assert "# with a remark" in text
    assert "[[layouts]]" in text


def test_shipped_profiles_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from newsbot.cli import sites_check

    before = (SITES_DIR / "aqjolgazet.toml").read_bytes()
    own = sites_check._confirm("aqjolgazet", tmp_path, ())
    assert own == tmp_path / "sites" / "aqjolgazet.toml"
    assert tomllib.loads(own.read_text("utf-8"))["confirmed"] == date.today()
    assert load_site(own).hosts == ["www.aqjolgazet.kz"]
    assert (SITES_DIR / "aqjolgazet.toml").read_bytes() == before
    shared = tmp_path / "shared"
    shared.mkdir()
    shutil.copy(own, shared)
    with pytest.raises(sites_check.WrongUsage, match="write `confirmed` there yourself"):
        sites_check._confirm("aqjolgazet", tmp_path, (shared,))


@pytest.mark.parametrize(
    "text",
    [
        '"url" = "http://a.example/"',
        '  url = "http://a.example/"',
        'url = "http://a.example/"\n"confirmed" = 2020-01-01',
        'names = {\'kk\' = """\nurl = 1\n"""}\nurl = "http://a.example/"',
    ],
)
def test_a_profile_laid_out_in_another_way(tmp_path: Path, text: str) -> None:
    from newsbot.cli import sites_check

    own = tmp_path / "sites" / "a.toml"
    own.parent.mkdir()
    own.write_text(f'name = "А"\n{text}\n')
    with pytest.raises(
        sites_check.WrongUsage, match=f"write `confirmed = {date.today()}` into {own} yourself"
    ):
        sites_check._confirm("a", tmp_path, ())
    assert own.read_text() == f'name = "А"\n{text}\n'


@pytest.mark.parametrize(
    "options", [["--confirm"], ["--html", "x.html"], ["egemen", "el", "--confirm"]]
)
def test_wrong_usage(tmp_path: Path, options: list[str]) -> None:
    done = CliRunner().invoke(command, ["sites", "check", *options, "--data", str(tmp_path)])
    assert "are for one site" in done.output


def test_nothing_else_is_written(newsbot: Run, tmp_path: Path) -> None:
    with wire(routes(12)) as server:
        profile(tmp_path, server.origin)
        before = (tmp_path / "sites" / "kokjiek.toml").read_bytes()
        assert check(newsbot, tmp_path)[0] == 0
    assert (tmp_path / "sites" / "kokjiek.toml").read_bytes() == before
    assert read(tmp_path, "SELECT count(*) FROM articles") == [(12,)]
