"""What other archives say that sources said: believed as far as this one can know, and behind its own."""

from __future__ import annotations

import json
import random
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archive.captures import OWN_WORD, read_records
from archive.decisions import REVOKE, WITHHOLD, WITHHOLDING, decide
from archive.export.wacz import write_wacz
from archive.export.warc import write_warc
from archive.query import Selection
from archive.store import Candidate, Store, open_database
from archive.store.said import MOST_ENTRIES
from newsbot.replay.merge import merge
from newsbot.replay.warc import import_warc
from newsbot.visit.schedule import next_due
from tests.conftest import Run
from tests.replay.files import FED, HOME, START, Archive, Warc, lose_database, page

PAGE = page("Бақ өсіп жатыр")
OURS, THEIRS, FORGED = "Айгүл Серікқызы", "Асқар Әлиев", "Бөтен Біреу"
TOLD = "SELECT authors, published FROM articles"


def entry(author: str = THEIRS, link: str = "/news/1", day: int = 5) -> str:
    name = f"<author>{author}</author>" if author else ""
    date = f"<pubDate>2024-02-{day:02}T09:00:00+06:00</pubDate>" if day else ""
    return f"<item><link>{link}</link>{name}{date}</item>"


class Own(Archive):
    """An archive with a crawl of its own."""

    def __init__(self, folder: Path, profile: str = FED) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, profile)

    def hear(
        self,
        said: str,
        source: str = "/feed",
        *,
        kind: str = "feed",
        hours: int = 0,
        url: str = "/news/1",
        index: str | None = None,
    ) -> None:
        """Let a crawl be told something by a source."""
        with Store(self.folder, schedule=next_due) as store:
            site = self.sites["gazet"]
            store.save_site(site.row)
            at = START + timedelta(hours=hours)
            crawl = store.start_crawl("gazet", at)
            if index:
                above = store.source("gazet", HOME + index, "sitemap")["id"]
                store.save_poll(
                    above, crawl, [], polled_at=at, status=200, children=[HOME + source]
                )
            row = store.source("gazet", HOME + source, kind, "auto")
            item = Candidate(HOME + url, None, None, 0, said.encode(), None)
            store.save_poll(row["id"], crawl, [item], polled_at=at, status=200, body_hash="x")
            store.finish_crawl(crawl, at, "finished", 1)
        self.settle()

    def settle(self) -> None:
        """What the end of a crawl reads again."""
        from newsbot.replay.reextract import read_unread

        with Store(self.folder, schedule=next_due) as store:
            read_unread(store, self.sites)

    def told(self) -> tuple[list[str], str | None]:
        ((authors, published),) = self.rows(TOLD)
        return json.loads(authors), published and published[:10]

    def join(self, other: Archive) -> None:
        with Store(self.folder, schedule=next_due) as store:
            assert merge(store, other.folder, self.sites, jobs=0).problems == []

    def rebuild(self) -> None:
        lose_database(self.folder)
        files = sorted((self.folder / "warc").glob("*/*.warc.*"))
        self.load(*files, in_place=True)


@pytest.fixture
def own(tmp_path: Path) -> Own:
    return Own(tmp_path / "own" / "data")


def believed(own: Own, *said: Warc) -> bool:
    """Whether what a foreign file says shows in an article; the same whether the page comes before."""
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE))
    for warc in said:
        own.put(warc)
    own.check()
    found = own.told()
    assert found in (([], None), ([THEIRS], "2024-02-05")), found
    return found != ([], None)


def warc(hours: int = -1) -> Warc:
    return Warc().later(hours=hours).info("newsbot/1")


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        ("/feed", True),
        ("http://www.gazet.example/feed", True),
        # Neighbours: a source that nobody found, one of another host, the page itself.
        ("/feed/evil", False),
        ("https://other.example/feed", False),
        ("/news/1", False),
    ],
)
def test_an_entry_counts_where_its_source_is_known(own: Own, source: str, counts: bool) -> None:
    assert believed(own, warc().said("/news/1", entry(), source=source)) == counts
    assert len(own.rows("SELECT 1 FROM captures WHERE part = 'said'")) == 1, "kept all the same"
    own.rebuild()
    assert (own.told() != ([], None)) == counts, "a rebuild keeps whose it was"


@pytest.mark.parametrize(
    ("link", "counts"),
    [
        ("/news/1", True),
        ("https://gazet.example/news/1", True),
        ("http://www.gazet.example/news/1?utm_source=rss#top", True),
        ("HTTPS://GAZET.example:443/a/../news/1", True),
        # Neighbours: another page, another host, the feed itself.
        ("/news/2", False),
        ("https://other.example/news/1", False),
        ("#top", False),
        ("", False),
        ("http://[", False),
        ("javascript:/news/1", False),
    ],
)
def test_an_entry_leads_to_the_address_that_it_is_filed_under(
    own: Own, link: str, counts: bool
) -> None:
    assert believed(own, warc().said("/news/1", entry(link=link))) == counts


@pytest.mark.parametrize(
    ("kind", "said", "counts"),
    [
        ("feed", "<item><link>{}</link><author>{}</author><pubDate>{}</pubDate></item>", True),
        ("feed", "<item><guid>{}</guid><author>{}</author><pubDate>{}</pubDate></item>", True),
        (
            "feed",
            '<entry xmlns="http://www.w3.org/2005/Atom" xml:base="https://gazet.example/news/">'
            '<link href="1"/><author><name>{1}</name></author><published>{2}</published></entry>',
            True,
        ),
        (
            "feed",
            '<entry><link rel="related" href="{0}"/><link href="/news/2"/><author>{1}</author>'
            "<published>{2}</published></entry>",
            False,
        ),
        ("feed", '{{"url": "{}", "authors": [{{"name": "{}"}}], "date_published": "{}"}}', True),
        ("feed", '{{"url": "/news/2", "id": "{}", "author": "{}", "date_published": "{}"}}', False),
        (
            "sitemap",
            '<url xmlns:n="x"><loc>{0}</loc><n:news><n:title>т</n:title><n:author>{1}</n:author>'
            "<n:publication_date>{2}</n:publication_date></n:news></url>",
            True,
        ),
        ("sitemap", "<url><loc>/news/2</loc><loc>{}</loc><news>{}{}</news></url>", False),
        ("feed", "<item><item><link>{}</link></item><author>{}</author>{}</item>", False),
        ("feed", "{{{}{}{}", False),
        ("feed", "[{}{}{}]", False),
    ],
)
def test_links_of_all_kinds_of_entries(own: Own, kind: str, said: str, counts: bool) -> None:
    """Of several links the one that a crawl would have taken; an entry without one says nothing."""
    source = {"feed": "/feed", "sitemap": "/sitemap.xml"}[kind]
    text = said.format(f"{HOME}/news/1", THEIRS, "2024-02-05T09:00:00+06:00")
    assert believed(own, warc().said("/news/1", text, kind=kind, source=source)) == counts


@pytest.mark.parametrize("first", ["ours", "theirs"])
@pytest.mark.parametrize(
    ("source", "kind", "hours"),
    [
        ("/feed", "feed", -2),  # of the same source, older and newer
        ("/feed", "feed", 2),
        # Neighbours: of another source that is known, of a kind that is surer, of its other spelling.
        ("/rss", "feed", 0),
        ("/feed", "wordpress", 0),
        ("http://gazet.example/feed", "feed", 1),
    ],
)
def test_nothing_displaces_what_our_own_crawl_was_told(
    own: Own, first: str, source: str, kind: str, hours: int
) -> None:
    forged = warc(hours).said("/news/1", entry(FORGED, day=20), source=source, kind=kind)
    if first == "theirs":
        own.put(forged)
    own.hear(entry(OURS, day=1))
    own.put(Warc().later(minutes=30).info("newsbot/1").add("/news/1", PAGE))
    if first == "ours":
        own.put(forged)
    assert own.told() == ([OURS], "2024-02-01")
    own.rebuild()
    assert own.told() == ([OURS], "2024-02-01")
    own.check()


def test_what_our_own_crawl_was_not_told_is_taken(own: Own) -> None:
    own.hear(entry(OURS, day=0))
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE))
    own.put(warc().said("/news/1", entry(FORGED)))
    assert own.told() == ([OURS], "2024-02-05"), "a date, but no other author"


def test_our_own_crawl_hears_for_itself_what_was_imported_before(own: Own) -> None:
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE).said("/news/1", entry(OURS)))
    own.hear(entry(OURS), hours=1)
    kinds = own.rows("SELECT content_type = ? FROM captures WHERE part = 'said'", OWN_WORD)
    assert sorted(kinds) == [(0,), (1,)]


def test_a_source_that_is_found_later_is_believed_from_then_on(own: Own) -> None:
    assert not believed(own, warc().said("/news/1", entry(), source="/found"))
    own.hear(entry("", "/news/2", day=1), source="/found", url="/news/2")
    assert own.told() == ([THEIRS], "2024-02-05")
    assert own.rows("SELECT count(*) FROM captures WHERE reason = 'unread'") == [(0,)]


def test_a_sitemap_is_known_by_the_index_that_lists_it(own: Own, tmp_path: Path) -> None:
    """Those come by the hundred, and go: only the archive that was told knows them."""
    line = (
        '<url xmlns:n="x"><loc>/news/1</loc><n:news><n:publication_date>2024-02-05'
        "</n:publication_date></n:news></url>"
    )
    own.hear(line, "/sitemap-7.xml", kind="sitemap", index="/sitemap.xml")
    own.put(Warc().later(hours=1).info("newsbot/1").add("/news/1", PAGE))
    assert own.told() == ([], "2024-02-05")
    fresh = Own(tmp_path / "fresh" / "data")
    fresh.join(own)
    assert fresh.told() == own.told()
    fresh.rebuild()
    assert fresh.told() == own.told()
    forged = warc().said(
        "/news/1", line, kind="sitemap", source="/sitemap-8.xml", index=f"{HOME}/other.xml"
    )
    assert not believed(Own(tmp_path / "strict" / "data"), forged)


def halves(tmp_path: Path) -> tuple[Own, Own]:
    """Two archives of ours: one was told who wrote it, the other when."""
    one, two = (Own(tmp_path / name / "data") for name in ("one", "two"))
    one.hear(entry(OURS, day=0))
    two.hear(entry("", day=7), source="/rss", hours=1)
    for n, archive in enumerate((one, two)):
        archive.put(Warc().later(hours=2 + n).info("newsbot/1").add("/news/1", PAGE))
    return one, two


def test_two_archives_of_ours_keep_what_both_were_told(tmp_path: Path) -> None:
    one, two = halves(tmp_path)
    assert (one.told(), two.told()) == (([OURS], None), ([], "2024-02-07"))
    three = Own(tmp_path / "three" / "data")
    three.join(one)
    three.join(two)
    assert three.told() == ([OURS], "2024-02-07")
    one.join(two)
    two.join(one)  # which brings its own entries back: they are known
    sql = "SELECT url, authors, published, sources, flags, revision FROM articles"
    assert one.rows(sql) == two.rows(sql) == three.rows(sql)
    for archive in (one, two):
        archive.check()
        before = archive.rows(sql)
        archive.rebuild()
        assert archive.rows(sql) == before
    own = "SELECT address FROM captures WHERE content_type = ?"
    assert (one.rows(own, OWN_WORD), two.rows(own, OWN_WORD)) == (
        [(f"{HOME}/feed",)],
        [(f"{HOME}/rss",)],
    )


def test_of_many_sources_those_of_the_profile_speak_and_then_the_first(own: Own) -> None:
    """Not those whose addresses stand first in the alphabet."""
    for n in range(10):
        own.hear(entry(FORGED, day=20), source=f"/a{n}", hours=n)
    own.hear(entry(OURS, day=0), hours=20)
    with Store(own.folder) as store:
        store.connection.execute("UPDATE sources SET found_by = 'profile' WHERE url LIKE '%/feed'")
    own.put(Warc().later(hours=30).info("newsbot/1").add("/news/1", PAGE))
    with Store(own.folder) as store:
        from archive.captures import said_at

        heard = said_at(store.connection, [f"{HOME}/news/1"], "2030-01-01T00:00:00Z")
        marks = ", ".join(map(str, heard.values()))
        found = store.connection.execute(
            f"SELECT address FROM captures WHERE id IN ({marks})"
        ).fetchall()
    wanted = {f"{HOME}/feed", *(f"{HOME}/a{n}" for n in range(7))}
    assert {url for (url,) in found} == wanted


def test_a_file_of_entries_of_one_address_costs_little(own: Own) -> None:
    many = warc()
    for n in range(5 * MOST_ENTRIES):
        many.said(("/news/1", "http://www.gazet.example/news/1")[n % 2], entry(f"А Б{n}"))
    counts = own.put(many.add("/news/1", PAGE))
    assert counts["skipped"] == 4 * MOST_ENTRIES
    assert own.rows("SELECT count(*) FROM captures WHERE part = 'said'") == [(MOST_ENTRIES,)]
    own.check()


def exported(own: Own, path: Path, **how: Any) -> Path:
    write = write_wacz if path.suffix == ".wacz" else write_warc
    with closing(open_database(own.folder).conn) as c, path.open("wb") as out:
        summary = write(c, own.folder, Selection(), out, **how)
    assert summary.unreadable == []
    return path


@pytest.mark.parametrize("current", [False, True])
def test_an_import_of_our_own_wacz_gives_the_same_articles(tmp_path: Path, current: bool) -> None:
    one, two = halves(tmp_path)
    one.join(two)
    one.hear(entry(OURS, "/news/9", day=9), url="/news/9")  # of a page that nobody fetched
    path = exported(one, tmp_path / "all.wacz", current=current)
    fresh = Own(tmp_path / "fresh" / "data")
    with Store(fresh.folder, schedule=next_due) as store:
        import_warc(store, [path], fresh.sites, jobs=0)
    sql = "SELECT url, title, text, authors, published, sources, flags FROM articles"
    assert fresh.rows(sql) == one.rows(sql)
    assert fresh.told() == ([OURS], "2024-02-07")
    # Programs that index a WARC file themselves would show an entry in place of its page.
    kinds = [r.type for r in read_records(exported(one, tmp_path / "all.warc.gz", current=current))]
    assert kinds == ["warcinfo", *["response"] * (1 if current else 2)]


@pytest.mark.parametrize("how", ["", "--site gazet --all"])
def test_reextraction_reads_what_was_said_later(
    own: Own, newsbot: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("newsbot.replay.warc.read_unread", lambda *_: None)  # it was killed
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE))
    own.put(warc().said("/news/1", entry()).said("/news/1", entry(FORGED), source="/strange"))
    where = ("--data", own.folder, "--sites-dir", own.sites_dir, "--jobs", 0)
    waiting = "SELECT address FROM captures WHERE reason = 'unread' ORDER BY address"
    for part in ("--dry-run", "--after 2030 --all"):
        assert newsbot("reextract", *part.split(), *where).returncode == 0
        assert len(own.rows(waiting)) == 2, part
        assert own.told() == ([], None)
    done = newsbot("reextract", *how.split(), *where)
    assert done.returncode == 0, done.stderr
    assert own.told() == ([THEIRS], "2024-02-05")
    assert own.rows(waiting) == [(f"{HOME}/strange",)]
    assert "nothing to read" in newsbot("reextract", *where).stdout


@pytest.mark.parametrize("how", ["reextract", "reextract --site gazet --all", "the next crawl"])
def test_what_was_said_of_a_withheld_page_waits_until_it_is_revoked(
    own: Own, newsbot: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("newsbot.replay.warc.read_unread", lambda *_: None)  # it was killed
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE).later(days=1).add("/news/2", PAGE))
    own.put(warc().said("/news/1", entry()).said("/news/2", entry(link="/news/2")))
    said = {
        "url": f"{HOME}/news/1",
        "decision": WITHHOLD,
        "reason": "сот",
        "at": "2024-11-28T10:00:00Z",
    }
    decide(own.folder, WITHHOLDING, said)
    waiting = "SELECT url FROM captures WHERE reason = 'unread'"

    def read() -> None:
        if how == "the next crawl":
            own.settle()
        else:
            where = ("--data", own.folder, "--sites-dir", own.sites_dir, "--jobs", 0)
            assert newsbot(*how.split(), *where).returncode == 0

    read()
    assert own.rows(waiting) == [(f"{HOME}/news/1",)]
    decide(own.folder, WITHHOLDING, {**said, "decision": REVOKE, "at": "2024-11-28T11:00:00Z"})
    Store(own.folder).close()
    read()
    assert own.rows(waiting) == []
    assert (
        own.rows("SELECT authors FROM articles")
        == [(json.dumps([THEIRS], ensure_ascii=False),)] * 2
    )


@pytest.mark.parametrize("refers", ["<urn:uuid:0>", "nothing", "<urn:uuid:1> <urn:uuid:2>"])
def test_a_record_that_refers_to_something_else(own: Own, refers: str) -> None:
    """`WARC-Refers-To` and the like are no part of what is believed."""
    made = warc()
    writer = made._writer
    import io

    from archive.captures import with_fields

    block = with_fields([("via", f"{HOME}/feed"), ("kind", "feed")], entry().encode())
    writer.write_record(
        writer.create_warc_record(
            f"{HOME}/news/1", "metadata", payload=io.BytesIO(block),
            warc_content_type=OWN_WORD,
            warc_headers_dict={"WARC-Refers-To": refers, "WARC-Date": "2024-02-01T00:00:00Z"},
        )
    )  # fmt: skip
    assert believed(own, made)


def test_an_entry_cannot_call_itself_ours(own: Own) -> None:
    own.hear(entry(OURS, day=1))
    own.put(Warc().info("newsbot/1").add("/news/1", PAGE))
    own.put(warc().said("/news/1", entry(FORGED, day=20), source="/rss", origin="own"))
    assert own.told() == ([OURS], "2024-02-01")


def test_the_order_in_which_ours_and_theirs_arrive_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Own entries, pages, entries of known sources and of one that is found on the way."""
    scratch = tmp_path_factory.mktemp("made")
    made = [
        Warc().later(hours=2).info("newsbot/1").add("/news/1", PAGE),
        Warc().later(hours=9).info("newsbot/1").add("/news/1", PAGE.replace(b"2-", b"7-")),
        warc(3).said("/news/1", entry("", day=3), source="/found"),
        warc(4).said("/news/1", entry(THEIRS, day=0), source="/rss"),
        warc(5).said("/news/1", entry(FORGED, day=20)),
    ]
    files = [one.save(scratch / f"{n}.warc.gz") for n, one in enumerate(made)]

    def steps(own: Own) -> list[Any]:
        return [
            *(partial(own.load, path) for path in files),
            partial(own.hear, entry(OURS, day=0), hours=6),
            partial(own.hear, entry("", "/news/2"), "/found", url="/news/2", hours=7),
        ]

    def told(own: Own) -> list[Any]:
        return [
            own.rows(
                "SELECT url, title, authors, published, sources, flags, revision FROM articles"
            ),
            own.rows("SELECT number, seen_at, changed, kept FROM revisions ORDER BY number"),
            own.rows("SELECT address, reason FROM captures WHERE part = 'said' ORDER BY 1, 2"),
        ]

    wanted: list[Any] = []
    for seed in range(6):
        own = Own(scratch / f"{seed}" / "data")
        for step in random.Random(seed).sample(steps(own), 7):
            step()
        wanted = wanted or told(own)
        assert told(own) == wanted, seed
        own.rebuild()
        assert told(own) == wanted, f"{seed}, rebuilt"
        own.check()
    assert wanted[0][0][2:4] == (f'["{OURS}"]', "2024-02-20T09:00:00+06:00")
    assert {reason for _, reason in wanted[2]} == {None}
