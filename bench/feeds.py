"""Readers of feeds and sitemaps beside each other: documents read right, seconds, peak memory.

Usage: python bench/feeds.py [--peers NAME,NAME] [--repeats N]
feedparser reads feeds alone, ultimate-sitemap-parser (usp) sitemaps and feeds that stand for them. A
document is read right when its addresses come out, absolute, in order, each once, and no others. Every
reader runs in a process of its own; the sitemap of 400,000 addresses is read apart, for time and memory.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

import peers

from newsbot import urls
from newsbot.discovery.documents import read_source
from newsbot.profiles import Site

HOST = "https://a.kz/"
SITE = Site.model_validate({"id": "a", "name": "А", "url": HOST})
ATOM, RSS = (
    "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>",
    "<rss version='2.0'><channel>{}</channel></rss>",
)
URLSET = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</urlset>"
INDEX = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</sitemapindex>"
JSON = '{{"version": "https://jsonfeed.org/version/1.1", "title": "А", "items": [{}]}}'


def item(link: str, more: str = "") -> str:
    return f"<item><title>Хабар</title><link>{link}</link>{more}</item>"


def entry(links: str, identity: str = "tag:a.kz,2026:1") -> str:
    return f"<entry><title>Хабар</title><id>{identity}</id>{links}</entry>"


def loc(address: str, more: str = "", name: str = "url") -> str:
    return f"<{name}><loc>{address}</loc>{more}</{name}>"


CYRILLIC = "https://a.kz/жаңа-мектеп"
CP1251 = "https://a.kz/новая-школа"
PLAIN = RSS.format(item("https://a.kz/1") + item("https://a.kz/2"))
Case = tuple[str, str | bytes, str | None, str]
"""Name, document, charset of its header, and the right addresses, parted by spaces."""
FEEDS: list[Case] = [
    ("plain", PLAIN, None, "/1 /2"),
    ("ampersand", RSS.format(item("https://a.kz/?a=1&amp;p=2")), None, "/?a=1&p=2"),
    ("bare ampersand", RSS.format(item("https://a.kz/?a=1&p=2")), None, "/?a=1&p=2"),
    ("entities of HTML", RSS.format(item("/1", "<author>А&nbsp;Б&mdash;</author>")), None, "/1"),
    ("xml:base", ATOM.format("<entry xml:base='/n/'><link href='1'/></entry>"), None, "/n/1"),
    ("nested xml:base", ATOM.replace("<feed", "<feed xml:base='/x/y/'").format("<entry xml:base='../n/'><link href='1'/></entry>"), None, "/x/n/1"),
    ("JSON before HTML", ATOM.format(entry("<link type='application/json' href='/1.json'/><link type='text/html' href='/1'/>")), None, "/1"),
    ("self before alternate", ATOM.format(entry("<link rel='self' href='/1.atom'/><link href='/1'/>")), None, "/1"),
    ("relation by IANA", ATOM.format(entry("<link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/>")), None, "/1"),
    ("relation in capitals", ATOM.format(entry("<link rel='Alternate' href='/1'/>")), None, "/1"),
    ("identity alone", ATOM.format(entry("", "https://a.kz/1")), None, "/1"),
    ("link as text", ATOM.format(entry("<link>https://a.kz/1</link>")), None, "/1"),
    ("link of another's", ATOM.format(entry("<source><link href='/x'/></source><link href='/1'/>")), None, "/1"),
    ("enclosure alone", ATOM.format(entry("<link rel='enclosure' href='/a.mp3'/>") + entry("<link href='/1'/>")), None, "/1"),
    ("atom in RSS", RSS.replace("<rss", "<rss xmlns:a='http://www.w3.org/2005/Atom'").format(item("/1", "<a:link rel='self' href='/feed'/>")), None, "/1"),
    ("guid alone", RSS.format("<item><guid>https://a.kz/1</guid></item>"), None, "/1"),
    ("guid that is none", RSS.format("<item><guid isPermaLink='false'>https://a.kz/x</guid></item>" + item("/1")), None, "/1"),
    ("items beside the channel", "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel/>" + item("/1") + "</rdf:RDF>", None, "/1"),
    ("namespace undefined", RSS.format(item("/1", "<dc:date>2026-11-22</dc:date><media:content url='/x.jpg'/>")), None, "/1"),
    ("CDATA", RSS.format(item("<![CDATA[ https://a.kz/?a=1&p=2 ]]>")), None, "/?a=1&p=2"),
    ("surrogate", RSS.format(item("https://a.kz/&#xD800;") + item("/1")), None, "/1"),
    ("control characters", RSS.format(item("/1", "<description>\x0b\x00</description>") + item("/2")), None, "/1 /2"),
    ("unclosed HTML", RSS.format(item("/1", "<description>А<br>Б<p>В</description>") + item("/2")), None, "/1 /2"),
    ("breaks off", PLAIN[: PLAIN.index("/2<")], None, "/1"),
    ("wrong label", f"<?xml version='1.0' encoding='utf-8'?>{RSS.format(item(CP1251))}".encode("cp1251"), "utf-8", CP1251),
    ("wrong header", RSS.format(item(CYRILLIC)).encode(), "windows-1251", CYRILLIC),
    ("UTF-16", RSS.format(item(CYRILLIC)).encode("utf-16"), None, CYRILLIC),
    ("byte order mark, blank lines", b"\xef\xbb\xbf\n\n<?xml version='1.0'?>" + PLAIN.encode(), None, "/1 /2"),
    ("gzip", gzip.compress(PLAIN.encode()), None, "/1 /2"),
    ("two prologues", "<?xml version='1.0'?>\n<?xml version='1.0'?>" + PLAIN, None, "/1 /2"),
    ("laughs", "<!DOCTYPE rss [<!ENTITY a 'x'><!ENTITY f SYSTEM 'file:///etc/hostname'>]>" + RSS.format(item("/1", "<author>&f;</author>")), None, "/1"),
    ("a page", "<!doctype html><title>Т</title><a href='/1'>Хабар</a>", None, ""),
    ("JSON feed", JSON.format('{"id": "1", "url": "/1"}, {"id": "https://a.kz/2"}'), None, "/1 /2"),
    ("JSON feed, bad item", JSON.format('{"url": 7}, 5, {"url": {}}, {"url": "/1"}'), None, "/1"),
    ("JSON feed, line break", JSON.format('{"url": "/1", "title": "А\nБ"}'), None, "/1"),
]  # fmt: skip
SITEMAPS: list[Case] = [
    ("plain", URLSET.format(loc("https://a.kz/1") + loc("https://a.kz/2")), None, "/1 /2"),
    ("no namespace", "<urlset>" + loc("https://a.kz/1") + "</urlset>", None, "/1"),
    ("prefix", "<s:urlset xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'><s:url><s:loc>https://a.kz/1</s:loc></s:url></s:urlset>", None, "/1"),
    ("pictures", URLSET.format(loc("https://a.kz/1", "<i:image xmlns:i='http://www.google.com/schemas/sitemap-image/1.1'><i:loc>https://a.kz/1.jpg</i:loc></i:image>")), None, "/1"),
    ("undefined prefix", URLSET.format(loc("https://a.kz/1", "<image:image><image:loc>https://a.kz/1.jpg</image:loc></image:image>")), None, "/1"),
    ("CDATA", URLSET.format(loc("<![CDATA[https://a.kz/?a=1&p=2]]>")), None, "/?a=1&p=2"),
    ("bare ampersand", URLSET.format(loc("https://a.kz/?a=1&p=2") + loc("https://a.kz/2")), None, "/?a=1&p=2 /2"),
    ("surrogate", URLSET.format(loc("https://a.kz/&#xD800;") + loc("https://a.kz/1")), None, "/1"),
    ("relative", URLSET.format(loc("/1")), None, "/1"),
    ("breaks off", URLSET.format(loc("https://a.kz/1") + "<url><loc>https://a.k")[:-9], None, "/1"),
    ("wrong label", f"<?xml version='1.0' encoding='utf-8'?>{URLSET.format(loc(CP1251))}".encode("cp1251"), "utf-8", CP1251),
    ("UTF-16", URLSET.format(loc(CYRILLIC)).encode("utf-16"), None, CYRILLIC),
    ("byte order mark, blank lines", b"\xef\xbb\xbf\n\n<?xml version='1.0'?>" + URLSET.format(loc("https://a.kz/1")).encode(), None, "/1"),
    ("gzip", gzip.compress(URLSET.format(loc("https://a.kz/1")).encode()), None, "/1"),
    ("RSS", RSS.format(item("https://a.kz/1", "<pubDate>Tue, 05 Mar 2024 10:00:00 +0500</pubDate>")), None, "/1"),
    ("Atom", ATOM.format(entry("<link href='https://a.kz/1'/><updated>2024-03-05T10:00:00Z</updated>")), None, "/1"),
    ("text", "https://a.kz/1\nhttps://a.kz/2\n", None, "/1 /2"),
    ("text, byte order mark", "\ufeffhttps://a.kz/1\r\nhttps://a.kz/2\r\n", None, "/1 /2"),
    ("a page", "<!doctype html><a href='https://a.kz/1'>https://a.kz/1</a>", None, ""),
    ("nested index", INDEX.format(loc("https://a.kz/i2", name="sitemap") + loc("https://a.kz/m1", name="sitemap")), None, "/1 /2"),
    ("index of itself", INDEX.format(loc("https://a.kz/x", name="sitemap") + loc("https://a.kz/m1", name="sitemap")), None, "/2"),
    ("index with a feed", INDEX.format(loc("https://a.kz/rss", name="sitemap")), None, "/1"),
]  # fmt: skip
OTHERS = {
    "/i2": INDEX.format(loc("https://a.kz/m2", name="sitemap")),
    "/m1": URLSET.format(loc("https://a.kz/2")),
    "/m2": URLSET.format(loc("https://a.kz/1")),
    "/rss": RSS.format(item("https://a.kz/1", "<pubDate>Tue, 05 Mar 2024 10:00:00 +0500</pubDate>")),
}  # fmt: skip
LARGE = URLSET.format("".join(loc(f"https://a.kz/news/{n}", "<lastmod>2026-11-22</lastmod>") for n in range(400_000)))  # fmt: skip
Reader = Callable[[bytes, str | None, dict[str, bytes]], list[str]]


def ours(kind: str) -> Reader:
    def read(body: bytes, charset: str | None, others: dict[str, bytes]) -> list[str]:
        waiting, seen, found = [("/x", body)], {"/x"}, []
        while waiting:
            path, document = waiting.pop(0)
            one = read_source(kind, document, charset, urljoin(HOST, path), SITE)
            found += [urljoin(urljoin(HOST, path), entry.url.strip()) for entry in one.entries]
            paths = [child.url.removeprefix(HOST[:-1]) for child in one.sitemaps]
            waiting[:0] = [(path, others[path]) for path in paths if path not in seen]
            seen.update(paths)
        return found

    return read


def feedparser_reader() -> Reader:
    import feedparser

    def read(body: bytes, charset: str | None, _: dict[str, bytes]) -> list[str]:
        kind = "application/feed+json" if body.startswith(b"{") else "application/xml"
        kind += f"; charset={charset}" if charset else ""
        headers = {"content-location": HOST + "x", "content-type": kind}
        found = feedparser.parse(body, response_headers=headers)
        return [link for one in found.entries if (link := one.get("link"))]

    return read


def usp_reader() -> Reader:
    from usp.fetch_parse import SitemapFetcher
    from usp.web_client.abstract_client import (
        AbstractWebClient,
        AbstractWebClientSuccessResponse,
        LocalWebClientSuccessResponse,
    )

    class Client(AbstractWebClient):  # type: ignore[misc]
        def __init__(self, answers: dict[str, bytes], charset: str | None) -> None:
            self.answers = answers
            self.kind = f"text/xml; charset={charset}" if charset else "text/xml"

        def set_max_response_data_length(self, length: int) -> None:
            pass

        def get(self, url: str) -> AbstractWebClientSuccessResponse:
            body, kind = self.answers[url.removeprefix(HOST[:-1])], self.kind

            class Answer(LocalWebClientSuccessResponse):  # type: ignore[misc]
                def raw_data(self) -> bytes:
                    return body

                def header(self, name: str) -> str | None:
                    packed = "application/gzip" if body.startswith(b"\x1f\x8b") else kind
                    return packed if name.lower() == "content-type" else None

                def status_code(self) -> int:
                    return 200

            return Answer(url, "")

    def read(body: bytes, charset: str | None, others: dict[str, bytes]) -> list[str]:
        client = Client({"/x": body, **others}, charset)
        tree = SitemapFetcher(HOST + "x", recursion_level=0, web_client=client).sitemap()
        return [page.url for page in tree.all_pages()]

    return read


READERS: dict[str, tuple[str, list[tuple[str, Callable[[], Reader]]]]] = {
    "newsbot": (
        "newsbot",
        [("feeds", lambda: ours("feed")), ("sitemaps", lambda: ours("sitemap"))],
    ),
    "feedparser": ("feedparser", [("feeds", feedparser_reader)]),
    "usp": ("ultimate-sitemap-parser", [("sitemaps", usp_reader)]),
}
CASES = {"feeds": FEEDS, "sitemaps": SITEMAPS}


def measure(name: str, repeats: int) -> dict[str, Any]:
    """Wrong documents by kind, and what the large sitemap takes."""
    package, kinds = READERS[name]
    others = {path: text.encode() for path, text in OTHERS.items()}
    result: dict[str, Any] = {"version": version(package)}
    for kind, make in kinds:
        read, wrong, seconds = make(), [], []
        for case, document, charset, right in CASES[kind]:
            body = (
                document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
            )
            wanted = [urls.canonical(urljoin(HOST, address)) for address in right.split()]
            try:
                found = [urls.canonical(url) for url in read(body, charset, others)]
            except Exception as error:  # whatever a reader does
                found = [repr(error)]
            if found != wanted:
                wrong.append(case)
        large = RSS.format(item("https://a.kz/1") * 5_000) if kind == "feeds" else LARGE
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(repeats):
            started = time.process_time()
            count = len(read(large.encode(), None, others))
            seconds.append(time.process_time() - started)
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024
        result[kind] = {
            "wrong": wrong, "of": len(CASES[kind]), "large": count,
            "seconds": round(statistics.median(seconds), 2), "mib": peak,
        }  # fmt: skip
    return result


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    peers.options(parser, READERS, 1)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.repeats), ensure_ascii=False))
        return 0
    names = peers.chosen(options.peers, READERS)
    for name in names or ():
        found = peers.measured(__file__, name, ["--repeats", str(options.repeats)])
        for kind in CASES:
            if found and kind in found:
                one = found[kind]
                print(
                    f"| {name} {found['version']} | {kind} | {one['of'] - len(one['wrong'])} of {one['of']} "
                    f"| {one['seconds']} s, {one['mib']} MiB for {one['large']:,} | {', '.join(one['wrong'])} |"
                )
    return 0 if names else 2


if __name__ == "__main__":
    sys.exit(main())
