"""Web archives on loopback that answer as the large public ones do: Wayback and Common Crawl."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.export.cdxj import surt

HTML = ("Content-Type", "text/html; charset=utf-8")
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Kept:
    """One capture of a web archive."""

    url: str
    timestamp: str
    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (HTML,)
    listed_as: str | None = None
    """Mime type in the index, if not the header's."""
    given: bool = True
    """Whether the server has what it lists."""

    @property
    def digest(self) -> str:
        return base64.b32encode(hashlib.sha1(self.body).digest()).decode()

    @property
    def mime(self) -> str:
        declared = dict(self.headers).get("Content-Type", "unk")
        return self.listed_as or declared.partition(";")[0]

    @property
    def moment(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


Trouble = Callable[[int], tuple[int, Headers] | None]
"""Number of the request → what goes wrong with it: status and headers, or nothing."""


@dataclass
class WebArchive:
    """Serves captures in a background thread for as long as the `with` block lasts."""

    kept: Sequence[Kept]
    page: int = 7
    """Captures in one answer of the index."""
    trouble: Trouble = lambda _: None
    broken: frozenset[str] = frozenset()
    """Timestamps of captures that cannot be given out."""
    requests: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.records, self.places = _warc(self.kept)

        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"server_archive": self})
        )
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked(self) -> list[str]:
        """Captures that were asked for, by timestamp and address, or by their place."""
        return [r for r in self.requests if "id_/" in r or r.startswith("/crawl-data/")]

    def listed(self, query: dict[str, str]) -> list[Kept]:
        """What the index answers, in its order."""
        since, until = query.get("from", "0"), query.get("to", "9")
        return sorted(
            (
                kept
                for kept in self.kept
                if urlsplit(kept.url).netloc.removeprefix("www.") == query["url"]
                and kept.timestamp >= since
                and kept.timestamp[: len(until)] <= until
            ),
            key=lambda kept: (surt(kept.url), kept.timestamp),
        )


class _Handler(BaseHTTPRequestHandler):
    server_archive: WebArchive
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        archive = self.server_archive
        archive.requests.append(self.path)
        archive.agents.add(self.headers["User-Agent"])
        archive.times.append(datetime.now().timestamp())
        wrong = archive.trouble(len(archive.requests))
        path, _, text = self.path.partition("?")
        query = {key: values[-1] for key, values in parse_qs(text).items()}
        if wrong:
            self.answer(*wrong, b"not now")
        elif path == "/cdx/search/cdx":
            self.wayback_index(query, parse_qs(text).get("filter", []))
        elif path.startswith("/web/"):
            self.wayback_replay(self.path)
        elif path == "/collinfo.json":
            self.collections()
        elif path.endswith("-index"):
            self.common_index(path, query)
        elif path.startswith("/crawl-data/"):
            self.record(path)
        else:
            self.answer(404, [HTML], b"<h1>Nothing here</h1>")

    def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    # -- Wayback --------------------------------------------------------------------------------

    def wayback_index(self, query: dict[str, str], filters: list[str]) -> None:
        names = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
        rows = []
        for kept in self.server_archive.listed(query):
            revisit = kept.listed_as == "warc/revisit"
            row = [
                surt(kept.url), kept.timestamp, kept.url, kept.mime,
                "-" if revisit else str(kept.status), kept.digest, str(len(kept.body)),
            ]  # fmt: skip
            values = dict(zip(names, row, strict=True))
            tests = [f.split(":", 1) for f in filters]
            if all(re.fullmatch(pattern, values[name]) for name, pattern in tests):
                rows.append(row)
        start = int(query.get("resumeKey", "0"))
        end = start + min(self.server_archive.page, int(query["limit"]))
        table: list[list[str]] = [names, *rows[start:end]] if rows[start:end] else []
        if end < len(rows) and "showResumeKey" in query:
            table += [[], [str(end)]]
        packed = gzip.compress(json.dumps(table).encode())
        self.answer(
            200, [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], packed
        )

    def wayback_replay(self, path: str) -> None:
        found = re.fullmatch(r"/web/(\d{14})id_/(.*)", path)
        assert found, path
        timestamp, url = found.groups()
        if timestamp in self.server_archive.broken:
            self.answer(502, [HTML], b"<h1>Bad Gateway</h1>")
            return
        same = [k for k in self.server_archive.kept if surt(k.url) == surt(url) and k.given]
        if not same:
            self.answer(404, [HTML], b"<h1>The Wayback Machine has not archived that URL.</h1>")
            return
        kept = min(same, key=lambda k: abs(int(k.timestamp) - int(timestamp)))
        if kept.timestamp != timestamp:
            self.answer(302, [("Location", f"/web/{kept.timestamp}id_/{kept.url}")])
            return
        headers = [
            (f"x-archive-orig-{name.lower()}", value)
            for name, value in kept.headers
            if name != "Content-Type"  # that one is handed on as it is
        ]
        headers += [
            ("Content-Type", dict(kept.headers).get("Content-Type", "text/html")),
            ("Memento-Datetime", format_datetime(kept.moment, usegmt=True)),
            ("Link", f'<{kept.url}>; rel="original", </web/timemap>; rel="timemap"'),
            ("x-app-server", "wwwb-app1"),
        ]
        location = dict(kept.headers).get("Location")
        if location:
            headers.append(("Location", f"/web/{timestamp}id_/{location}"))
        body = kept.body
        if "Content-Encoding" in dict(kept.headers):
            headers.append(("Content-Encoding", dict(kept.headers)["Content-Encoding"]))
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            # What stands before such a server packs what was not packed.
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        self.answer(kept.status, headers, body)

    # -- Common Crawl ---------------------------------------------------------------------------

    def collections(self) -> None:
        base = self.server_archive.url
        years = sorted({kept.timestamp[:4] for kept in self.server_archive.kept}, reverse=True)
        listed = [
            {"id": f"CC-MAIN-{year}-05", "cdx-api": f"{base}CC-MAIN-{year}-05-index"}
            for year in years
        ]
        self.answer(200, [("Content-Type", "application/json")], json.dumps(listed).encode())

    def common_index(self, path: str, query: dict[str, str]) -> None:
        archive = self.server_archive
        rows = [k for k in archive.listed(query) if k.timestamp[:4] == path[9:13]]
        if not rows:
            error = b'{"message": "No Captures found for: x"}'
            self.answer(404, [("Content-Type", "application/json")], error)
            return
        pages = -(-len(rows) // archive.page)
        if "showNumPages" in query:
            text = json.dumps({"pages": pages, "pageSize": 5, "blocks": pages})
        else:
            start = int(query.get("page", "0")) * archive.page
            lines = []
            for kept in rows[start : start + archive.page]:
                offset, length = archive.places[kept]
                lines.append(
                    json.dumps(
                        {
                            "urlkey": surt(kept.url), "timestamp": kept.timestamp, "url": kept.url,
                            "mime": kept.mime, "status": str(kept.status), "digest": kept.digest,
                            "length": str(length), "offset": str(offset),
                            "filename": "crawl-data/CC-MAIN/a.warc.gz",
                        }
                    )
                )  # fmt: skip
            text = "\n".join(lines)
        self.answer(200, [("Content-Type", "text/x-ndjson")], text.encode())

    def record(self, path: str) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        assert found, "a whole file of gigabytes was asked for"
        data = self.server_archive.records[int(found[1]) : int(found[2]) + 1]
        self.answer(206, [("Content-Type", "application/octet-stream")], data)


def _warc(kept: Sequence[Kept]) -> tuple[bytes, dict[Kept, tuple[int, int]]]:
    """All captures as one WARC file, and where in it each lies."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.0")
    places = {}
    for one in kept:
        start = out.tell()
        record = writer.create_warc_record(
            one.url,
            "response",
            payload=io.BytesIO(one.body),
            http_headers=StatusAndHeaders(f"{one.status} X", list(one.headers), "HTTP/1.1"),
            warc_headers_dict={"WARC-Date": one.moment.strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
        writer.write_record(record)
        places[one] = (start, out.tell() - start)
    return out.getvalue(), places
