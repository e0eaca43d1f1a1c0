"""Site profiles: those we ship are sound and honest, and each mistake is told in one line."""

from __future__ import annotations

import re
import time
import warnings
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsbot import urls
from newsbot.cli import newsbot
from newsbot.profile_values import REGIONS
from newsbot.profiles import (
    FAMILIES_DIR,
    SITES_DIR,
    Family,
    Layout,
    ProfileError,
    Site,
    families,
    in_order,
    load_site,
    load_sites,
)

SITES = load_sites()
ZONES = {
    "aqtobe": "Asia/Aqtobe",
    "atyrau": "Asia/Atyrau",
    "mangystau": "Asia/Aqtau",
    "qostanai": "Asia/Qostanay",
    "qyzylorda": "Asia/Qyzylorda",
    "west-kazakhstan": "Asia/Oral",
}
MINIMAL = 'name = "Ақбұлақ"\nurl = "https://aqbulaq.example/"\n'


# -- what we ship -------------------------------------------------------------------------------


def test_every_file_is_a_site() -> None:
    assert set(SITES) == {path.stem for path in SITES_DIR.glob("*.toml")}
    assert len(SITES) >= 30
    assert {site.region for site in SITES.values()} <= set(REGIONS)


def test_most_regions_have_a_newspaper() -> None:
    """docs/sites.md names the regions for which no live host is known."""
    missing = set(REGIONS) - {site.region for site in SITES.values()}
    assert missing == {"ulytau", "almaty-oblast"}


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_shipped_profile(site: Site) -> None:
    assert site.family in families()
    assert site.timezone == ZONES.get(site.region, "Asia/Almaty")
    assert site.crawl.delay >= 2
    assert site.crawl.concurrency == 1
    assert site.crawl.autothrottle
    assert "confirmed" not in site.note, "the key `confirmed` says it"
    assert site.confirmed is None or date(2026, 1, 1) <= site.confirmed
    for pattern in (*site.article, *site.exclude):
        assert not re.search("[а-яәғқңөұүһі]", pattern), "canonical addresses are percent-encoded"
    for source in site.candidate_sources():
        assert urls.netloc(source.url) in site.netlocs
    assert len({layout.id for layout in site.layouts}) == len(site.layouts)
    for layout in site.layouts:
        assert layout.when, "a site's layout must leave other pages to its family"


def test_names_are_those_of_a_language() -> None:
    for site in SITES.values():
        for language, name in site.names.items():
            assert name == name.strip()
            cyrillic = bool(re.search("[\u0400-\u04ff]", name))
            assert cyrillic == (language != "en"), f"{site.id}: {language}"
        own = site.names.get(site.language)
        if own and re.search("[\u0400-\u04ff]", site.name) and site.id != "azattyq":
            assert own == site.name


@pytest.mark.parametrize(
    ("written", "day"),
    [("2025", "2025"), ("'2025-03'", "2025-03"), ("2025-03-31", "2025-03-31"), ("'2025'", "2025")],
)
def test_gone_since_a_day_month_or_year(tmp_path: Path, written: str, day: str) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(f"{MINIMAL}gone = {written}\n", "utf-8")
    assert load_site(path).gone == day


def test_a_host_belongs_to_one_site() -> None:
    hosts = Counter(netloc for site in SITES.values() for netloc in site.netlocs)
    assert [host for host, number in hosts.items() if number > 1] == []
    assert "" not in hosts


def test_profiles_are_written_plainly() -> None:
    for path in SITES_DIR.glob("*.toml"):
        text = path.read_text("utf-8")
        assert text.endswith("\n")
        assert "\n\n\n" not in text
        assert not re.search(r"[ \t]\n", text), path


# Addresses of the kinds that stored copies show, and what is made of them.
@pytest.mark.parametrize(
    ("site", "address", "wanted"),
    [
        ("egemen", "https://egemen.kz/article/298485-toqsannynh-torinde", True),
        ("egemen", "https://lat.egemen.kz/article/377472-bauyrmaldyq-belgisi", True),
        ("egemen", "https://egemen.kz/amp/article/15870-el-gazetine-iltipat-erekshe", False),
        ("egemen", "https://egemen.kz/author/377-merey-kaynaruly?page=27", False),
        ("kazinform", "https://kaz.inform.kz/kz/taqyryp_a2430794", True),
        ("kazinform", "https://kaz.inform.kz/news/zhana-auildik-okrug-kuriladi-22b194", True),
        ("kazinform", "https://kaz.inform.kz/lenta/?page=2", False),
        ("tengrinews", "https://kaz.tengrinews.kz/kazakhstan_news/su-kolem-351234/", True),
        ("tengrinews", "https://kaz.tengrinews.kz/crime/page/2/", False),
        ("nur", "https://kaz.nur.kz/society/2012345-zhana-mektep/", True),
        ("nur", "https://kaz.nur.kz/latest/?page=2", False),
        ("zakon", "https://kaz.zakon.kz/qogam-tynysy/6012345-zhana-zan.html", True),
        ("aikyn", "https://aikyn.kz/230245/ult-uyasy-ulytaudyn-ekinshi-tynysy/", True),
        ("aikyn", "https://aikyn.kz/261911/turkistan-osylay-tug-an/amp", False),
        ("aikyn", "https://aikyn.kz/2018/03/05/12345.html", True),
        ("abai-kz", "https://abai.kz/index.php/post/153", True),
        ("abai-kz", "https://abai.kz/tt/post/153", True),
        ("abai-kz", "https://abai.kz/part/154?page=2", False),
        ("sputnik", "https://sputnik.kz/20171024/qazaqstan-latyn-3659137.html", True),
        ("azattyq", "https://www.azattyq.org/a/saylau-31234567.html", True),
        ("azattyq", "https://www.azattyq.org/a/saylau-nauqany/31234567.html", True),
        ("azattyq", "https://www.azattyq.org/z/330", False),
        ("24kz", "https://24.kz/kz/zha-aly-tar/aleumet/item/612345-zhol", True),
        ("osken-onir", "https://osken-onir.kz/zhanalyk/10031-asyra-zhuy-yzmet.html", True),
        ("osken-onir", "https://osken-onir.kz/zhanalyk/", False),
        ("qyzylqoga", "https://qyzylqoga.kz/zhanalyqtar/qogam/zhetisu-oblystary.html", True),
        ("azh", "https://azh.kz/kz/news/view/12345", True),
        ("azh", "https://azh.kz/en/news/in-atyrau?page=53", False),
        ("semeytany", "https://semeytany.kz/7882/tugan-kun.html", True),
        ("ekaraganda", "http://ekaraganda.kz/?id=116962&mod=news_read", True),
        ("ekaraganda", "http://ekaraganda.kz/?mod=news", False),
        ("aqshamnews", "https://aqshamnews.kz/latyn/article/biyl-astana-kuninde.html", True),
        ("aqtobegazeti", "https://aqtobegazeti.kz/?p=169374", True),
        ("aqtobegazeti", "https://aqtobegazeti.kz/?cat=145", False),
        ("soltustikkaz", "https://soltustikkaz.kz/2024/05/06/%d0%b0%d2%9b", True),
        ("aq-qara", "https://aq-qara.kz/kz/itemlist/category/60-novosti?start=4140", False),
        ("atyrautv", "https://atyrаutv.kz/zhanalyqtar/1", True),  # the а is Cyrillic
        ("kostanaytany", "http://old.kostanaytany.kz/archives/1234", True),
        ("kostanaytany", "https://example.kz/archives/1234", False),
    ],
)
def test_addresses(site: str, address: str, wanted: bool) -> None:
    from newsbot.discovery import is_candidate

    assert is_candidate(SITES[site], urls.canonical(address) or "") is wanted


# -- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MINIMAL + 'colour = "red"', "colour: unknown key"),
        (MINIMAL + "[crawl]\nspeed = 3", "crawl.speed: unknown key"),
        (MINIMAL + '[[layouts]]\nid = "a"\nbodies = []', "layouts.0.bodies: unknown key"),
        ('name = "Ақбұлақ"', "url: missing"),
        ('url = "https://aqbulaq.example/"', "name: missing"),
        (MINIMAL + "[[sources]]\nkind = 'feed'", "sources.0.url: missing"),
        ('name = ""\nurl = "https://aqbulaq.example/"', "name: expected"),
        (MINIMAL + "hosts = 'www.aqbulaq.example'", "hosts: expected a valid list"),
        (MINIMAL + "hosts = [7]", "hosts.0: expected a valid string, got 7"),
        (MINIMAL + "hosts = ['https://aqbulaq.example/']", "hosts.0: expected a host such as"),
        (MINIMAL + "enabled = 'perhaps'", "enabled: expected a valid boolean"),
        (MINIMAL + "confirmed = 'yesterday'", "confirmed: expected a valid date"),
        (MINIMAL + "[crawl]\ndelay = 'two'", "crawl.delay: expected a valid number"),
        (MINIMAL + "[crawl]\ndelay = -1", "crawl.delay: expected greater than or equal to 0"),
        (MINIMAL + "[crawl]\nconcurrency = 99", "crawl.concurrency: expected less than or"),
        (MINIMAL + "[crawl]\ntimeout = 0", "crawl.timeout: expected greater than 0, got 0"),
        ('name = "x"\nurl = "aqbulaq.example"', "url: expected an absolute http:// or https://"),
        ('name = "x"\nurl = "ftp://aqbulaq.example/"', "url: expected an absolute http:// or"),
        (
            'name = "x"\nurl = "http://a:b@a.kz/"',
            "url: expected an absolute http:// or https:// address, without name and password, got 'http://…@a.kz/'",
        ),
        (
            'name = "x"\nurl = "https://a.kz"\nhosts = ["a:b@b.kz"]',
            "hosts.0: expected a host such as",
        ),
        ('name = "x"\nurl = "http://[/"', "url: expected an absolute http:// or https://"),
        (MINIMAL + "region = 'taraz'", "region: expected one of national, abai, almaty-city"),
        (MINIMAL + "names = { tt = 'x' }", "names.tt"),
        (MINIMAL + "names = { kk = '' }", "names.kk: expected"),
        (MINIMAL + "tags = ['']", "tags.0: expected"),
        (MINIMAL + "tags = ['a b']", "tags.0: expected"),
        (MINIMAL + "gone = '2025-13'", "gone: expected a day, month or year such as"),
        (MINIMAL + "gone = true", "gone: expected a day, month or year such as"),
        (MINIMAL + "timezone = 'Asia/Taraz'", "timezone: expected an IANA time zone such as"),
        (MINIMAL + "timezone = '../../etc/passwd'", "timezone: expected an IANA time zone"),
        (MINIMAL + "family = 'wordpres'", "family: expected one of "),
        (MINIMAL + "article = ['(']", "article.0: expected a regular expression (missing )"),
        (MINIMAL + "exclude = ['a', '*']", "exclude.1: expected a regular expression (nothing"),
        (
            MINIMAL + "[[layouts]]\nid='a'\nbody=['p..q']",
            "layouts.0.body.0: expected a CSS selector",
        ),
        (MINIMAL + "[[layouts]]\nid='a'\nwhen='p:no-such()'", "layouts.0.when: expected a CSS"),
        (MINIMAL + "[[layouts]]\nid='a'\nrefuse={x='['}", "layouts.0.refuse.x: expected a CSS"),
        (MINIMAL + "[[layouts]]\nid='a'\nvalid_until=2023", "layouts.0.valid_until: expected a"),
        (MINIMAL + "[crawl]\ndelay = '2'", "crawl.delay: expected a valid number, got '2'"),
        (MINIMAL + "[[layouts]]\nid='Ә'", "layouts.0.id: expected"),
        (
            MINIMAL + "[[sources]]\nkind='rss'\nurl='/'",
            "sources.0.kind: expected 'feed', 'sitemap', 'wordpress' or 'listing'",
        ),
        *(
            (MINIMAL + f"hosts = ['aqbulaq.example', {host}]", "hosts.1: expected a host such as")
            for host in (
                '"a.kz\\n"',
                '"a\\nb.kz"',
                '"a.kz\\tb"',
                '" a.kz"',
                '"a\\u200bb.kz"',
                '"a.kz\\u0000"',
            )
        ),
        ('name = "x"\nurl = "https://a.kz/\\n"', "url: expected an absolute http:// or https://"),
        *(
            (
                MINIMAL + f"[[sources]]\nkind='feed'\nurl='{url}'",
                "sources.0.url: expected a path below",
            )
            for url in (
                "file:///etc/passwd",
                "ftp://a.kz/f",
                "data:text/xml,x",
                "javascript:1",
                "",
                "/a b",
                "FILE:/x",
            )
        ),
        (
            MINIMAL + f"article = ['{'(' * 5000 + 'a' + ')' * 5000}']",
            "article.0: expected a regular expression",
        ),
        (MINIMAL + f"a = {'[' * 9000}{']' * 9000}", "not valid TOML: nested too deep"),
        *(
            (
                MINIMAL + f"[[layouts]]\nid='a'\nbody=['{css}']",
                "layouts.0.body.0: expected a CSS selector of",
            )
            for css in (
                ":not(" * 400 + "a" + ")" * 400,
                "a " * 5000,
                "a>" * 999 + "a",
                ":not(a," * 200 + "a" + ")" * 200,
                "x" * 1000,
                "[" * 500,
                ":is(" * 11 + "a" + ")" * 11,
            )
        ),
        (MINIMAL + "id = 'another'", "id: expected 'paper' (the file's name), got 'another'"),
        (MINIMAL + "name = 'twice'", "not valid TOML: "),
        ("name = ", "not valid TOML: "),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ProfileError) as caught:
        load_site(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {expected}")
    assert "\n" not in message
    assert len(message) < 800


def test_several_mistakes_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_text('name = "x"\ncolour = 1\nregion = "?"\n', "utf-8")
    with pytest.raises(ProfileError) as caught:
        load_site(path)
    message = str(caught.value)
    assert "url: missing" in message
    assert "colour: unknown key" in message
    assert "region: expected" in message
    assert "\n" not in message


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_bytes("name = 'Ақ'".encode("utf-16"))
    with pytest.raises(ProfileError, match="not valid TOML"):
        load_site(path)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "paper.toml").mkdir()
    with pytest.raises(ProfileError, match=r"paper\.toml: cannot be read: Is a directory"):
        load_site(tmp_path / "paper.toml")


# -- the user's own profiles --------------------------------------------------------------------


def test_own_profiles_add_and_replace(tmp_path: Path) -> None:
    (tmp_path / "aqbulaq.toml").write_text(MINIMAL, "utf-8")
    (tmp_path / "aqjolgazet.toml").write_text(MINIMAL.replace("aqbulaq.ex", "own.ex"), "utf-8")
    (tmp_path / "notes.txt").write_text("no profile", "utf-8")
    sites = load_sites(tmp_path)
    assert set(sites) == set(SITES) | {"aqbulaq"}
    assert sites["aqjolgazet"].url == "https://own.example/"
    assert sites["egemen"] == SITES["egemen"]


def test_a_broken_profile_costs_its_own_site(tmp_path: Path) -> None:
    (tmp_path / "aqbulaq.toml").write_text(MINIMAL, "utf-8")
    (tmp_path / "aqjolgazet.toml").write_text("name = ", "utf-8")
    (tmp_path / "tobyl.toml").mkdir()
    sites = load_sites(tmp_path)
    assert set(sites) == (set(SITES) | {"aqbulaq"}) - {"aqjolgazet"}
    assert sorted(sites.broken) == ["aqjolgazet", "tobyl"]
    with pytest.raises(ProfileError, match=r"aqjolgazet\.toml: not valid TOML"):
        sites["aqjolgazet"]
    with pytest.raises(KeyError):
        sites["nosuch"]
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "aqjolgazet.toml").write_text(MINIMAL, "utf-8")
    assert "aqjolgazet" not in load_sites(tmp_path, tmp_path / "two").broken


@pytest.mark.parametrize(
    "pattern", [r"^/(a+)+$", r"^/(a|aa)+$", r"(.*a){25}$", r"(?=(a+)+$)b|/(a|a)*$"]
)
@pytest.mark.parametrize("key", ["exclude", "article"])
def test_no_pattern_hangs(pattern: str, key: str) -> None:
    from newsbot.discovery import is_candidate

    site = Site(id="a", name="a", url="http://a.example/", **{key: [pattern]})
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for end in ("!", "/", "ә"):
            is_candidate(site, "http://a.example/" + "a" * 2000 + end)
    assert time.monotonic() - started < 10


def test_an_address_that_a_pattern_cannot_decide_is_not_visited() -> None:
    from newsbot.discovery import is_candidate

    for key in ("exclude", "article"):
        site = Site(id="a", name="a", url="http://a.example/", **{key: [r"^/(a|aa)+$"]})
        with pytest.warns(UserWarning, match="takes too long"):
            assert not is_candidate(site, "http://a.example/" + "a" * 2000 + "!")


def test_the_last_folder_wins(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "aqbulaq.toml").write_text(MINIMAL.replace("Ақбұлақ", name), "utf-8")
    assert load_sites(tmp_path / "one", tmp_path / "two")["aqbulaq"].name == "two"


def test_folder_of_profiles_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="nowhere: expected a folder of site profiles"):
        load_sites(tmp_path / "nowhere")


# -- what a profile means -----------------------------------------------------------------------


def test_defaults_are_polite(tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(MINIMAL, "utf-8")
    site = load_site(tmp_path / "paper.toml")
    assert (site.id, site.region, site.language, site.family) == (
        "paper",
        "national",
        "kk",
        "generic",
    )
    assert (site.crawl.delay, site.crawl.concurrency, site.crawl.autothrottle) == (2.0, 1, True)
    assert site.enabled


def test_hosts_have_the_spelling_of_canonical_addresses() -> None:
    site = Site(
        id="a", name="a", url="https://Атырау.қаз:443/", hosts=["WWW.Example.KZ", "a.kz:8080"]
    )
    assert site.netlocs == {"xn--80aa1chh9b.xn--80ao21a", "www.example.kz", "a.kz:8080"}
    assert not site.is_loopback


@pytest.mark.parametrize(
    ("url", "hosts", "expected"),
    [
        ("http://127.0.0.1:8765/", [], True),
        ("http://localhost/", ["127.0.0.2", "[::1]:80"], True),
        ("http://127.0.0.1/", ["aqbulaq.example"], False),
        ("http://127.0.0.1.example/", [], False),
    ],
)
def test_loopback(url: str, hosts: list[str], expected: bool) -> None:
    assert Site(id="a", name="a", url=url, hosts=hosts).is_loopback is expected


def test_sources_are_the_sites_own_or_the_familys(tmp_path: Path) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(MINIMAL + "family = 'wordpress'\n", "utf-8")
    defaults = load_site(path).candidate_sources()
    assert ("feed", "https://aqbulaq.example/feed/") in [(s.kind, s.url) for s in defaults]
    path.write_text(MINIMAL + "sources = [{ kind = 'feed', url = '/rss/kz.xml' }]\n", "utf-8")
    assert [(s.kind, s.url) for s in load_site(path).candidate_sources()] == [
        ("feed", "https://aqbulaq.example/rss/kz.xml")
    ]


def test_layouts_of_a_moment() -> None:
    old = Layout(id="old", valid_until=date(2018, 12, 31))
    older = Layout(id="older", valid_until=date(2015, 6, 30))
    new = Layout(id="new")
    site = Site(id="a", name="a", url="http://a.example/", layouts=[new, old, older])
    family = families()["ghost"].model_copy(update={"layouts": [Layout(id="family")]})

    def order(at: datetime | None) -> list[str]:
        return [layout.id for layout in in_order([*site.layouts, *family.layouts], at)]

    assert order(datetime(2015, 6, 30, 12, tzinfo=UTC)) == ["older", "old", "new", "family"]
    assert order(datetime(2015, 7, 1, tzinfo=UTC)) == ["old", "new", "family"]
    assert order(datetime(2019, 1, 1, tzinfo=UTC)) == ["new", "family"]
    assert order(None) == ["new", "family", "older", "old"]


def test_families_end_with_the_fallback() -> None:
    assert list(families())[-1] == "generic"
    assert set(families()) == {path.stem for path in FAMILIES_DIR.glob("*.toml")}


def test_alternatives_may_stand_one_a_line() -> None:
    """Where a key takes one selector, a list means that any may match; the layout's own wins."""
    family = Family.model_validate(
        {
            "id": "x",
            "name": "X",
            "common": {"when": ".c", "title": ["h1"], "refuse": {"listing": [".l", ".m"]}},
            "layouts": [{"id": "a", "when": [".a", ".b > i"], "title": ["h2"]}, {"id": "b"}],
        }
    )
    first, second = family.layouts
    assert (first.when, first.title, first.refuse) == (
        ".a, .b > i",
        ["h2", "h1"],
        {"listing": ".l, .m"},
    )
    assert (second.when, second.title) == (".c", ["h1"])


def test_unconfirmed_profiles_say_so() -> None:
    said = CliRunner().invoke(newsbot, ["sites", "show", "aqjolgazet"])
    assert "confirmed   not confirmed against the live site\n" in said.output
    listed = CliRunner().invoke(newsbot, ["sites", "list"])
    assert "profiles are built from stored copies and not confirmed against the live site." in (
        listed.output
    )


def test_selectors_stand_one_a_line() -> None:
    for path in FAMILIES_DIR.glob("*.toml"):
        for line in path.read_text("utf-8").splitlines():
            assert len(line) <= 160, f"{path.name}: {line}"
