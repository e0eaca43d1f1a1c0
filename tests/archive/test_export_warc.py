"""WARC and WACZ: the captures of a selection, whole and in one order, as other tools read them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.captures import IDENTICAL, pack
from archive.captures.reading import read_record
from archive.export import wacz
from archive.export.cdxj import surt
from archive.export.wacz import write_wacz
from archive.export.warc import Summary, write_warc
from archive.query import EVERYTHING, Selection, selection
from archive.store import digests, open_database
from tests.archive.building import HOME, Paper, article, open_paper
from tests.conftest import Run
from tests.replay.replay import browse, pywb, tool

BODY = (
    '<!DOCTYPE html><html lang="kk"><meta charset="utf-8"><title>Су</title>'
    "<h1>Ауылға таза су келді</h1><p>Бірінші абзац.</p>"
).encode()


def exported(
    folder: Path,
    selection: Selection = EVERYTHING,
    write: Callable[..., Summary] = write_warc,
    **how: Any,
) -> bytes:
    out = io.BytesIO()
    database = open_database(folder)
    write(database.conn, folder, selection, out, **how)
    database.conn.close()
    return out.getvalue()


def records(data: bytes) -> list[dict[str, str]]:
    """The heads of all records, read by another program that checks their digests."""
    found = []
    for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
        head = dict(record.rec_headers.headers)
        head["body"] = record.content_stream().read()
        found.append(head)
    return found


def targets(data: bytes) -> list[str]:
    return [
        f"{r['WARC-Type']} {r['WARC-Target-URI'].removeprefix(HOME)} {r['WARC-Date'][:10]}"
        for r in records(data)[1:]
    ]


def fill(paper: Paper) -> None:
    """A redirect to an article, an article in two parts, an edit, a revisit, a page that is none."""
    writer = paper.store.captures(paper.site)
    hop = writer.write(f"{HOME}?p=1", 301, [("Location", f"{HOME}1")], b"", paper.now)
    page = writer.write(
        f"{HOME}1", 200, [("Content-Type", "text/html; charset=utf-8")], BODY, paper.now,
        concurrent_to=hop.record_id,
    )  # fmt: skip
    hop = replace(hop, part="redirect")
    paper.visit(f"{HOME}1", article(f"{HOME}1"), captures=[hop, page])
    first = paper.capture(f"{HOME}2", BODY + b"<p>2")
    second = writer.write(
        f"{HOME}2?page=2", 200, [("Content-Type", "text/html")], b"<p>3", paper.now,
        concurrent_to=first.record_id,
    )  # fmt: skip
    second = replace(second, part="further")
    paper.visit(
        f"{HOME}2",
        article(f"{HOME}2", language="ru", published="2026-11-21"),
        captures=[first, second],
    )
    paper.visit(f"{HOME}about", result="refused", captures=[paper.capture(f"{HOME}about")])
    paper.later(days=1)
    again = writer.write(
        f"{HOME}1", 200, [], BODY, paper.now, refers_to=page, profile=IDENTICAL
    )  # fmt: skip
    paper.visit(f"{HOME}1", result="unchanged", captures=[again])
    paper.later(days=1)
    edit = paper.capture(f"{HOME}1", BODY + "<p>Түзету.".encode())
    paper.visit(f"{HOME}1", article(f"{HOME}1", text="Бірінші абзац.\n\nТүзету."), captures=[edit])


ALL = [
    "response ?p=1 2026-11-22",
    "response 1 2026-11-22",
    "revisit 1 2026-11-23",
    "response 1 2026-11-24",
    "response 2 2026-11-22",
    "response 2?page=2 2026-11-22",
]


def test_all_captures_of_all_articles_as_they_were_written(paper: Paper) -> None:
    fill(paper)
    data = exported(paper.store.folder)
    assert targets(data) == ALL
    first, *rest = records(data)
    assert first["WARC-Type"] == "warcinfo"
    assert first["WARC-Date"] == rest[3]["WARC-Date"], "the newest capture, not the present moment"
    rows = paper.all("SELECT warc, warc_offset FROM captures WHERE article IS NOT NULL")
    stored = {read_record(paper.store.folder, row["warc"], row["warc_offset"]) for row in rows}
    whole = gzip.decompress(data)
    for record in stored:
        assert record in whole
    assert whole.endswith(b"\r\n\r\n")
    # One member a record, or no tool could read a single one.
    members = data.split(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")
    assert len(members) - 1 == len(ALL) + 1


def test_a_selection_has_its_captures_only(paper: Paper) -> None:
    fill(paper)
    assert targets(exported(paper.store.folder, selection(language="ru"))) == ALL[4:]
    assert targets(exported(paper.store.folder, selection(before="2026-11-20"))) == ALL[:4]
    assert targets(exported(paper.store.folder, selection(after="2030"))) == []


def test_present_wordings_only(paper: Paper) -> None:
    fill(paper)
    assert targets(exported(paper.store.folder, current=True)) == ALL[3:]


def test_a_past_state_has_no_later_captures(paper: Paper) -> None:
    fill(paper)
    then = selection(as_of=paper.now.isoformat())
    before = {
        write: exported(paper.store.folder, then, write) for write in (write_warc, write_wacz)
    }
    paper.later(days=2).visit(f"{HOME}1", article(f"{HOME}1", text="Басқа."))
    for write, data in before.items():
        assert exported(paper.store.folder, then, write) == data


def test_what_a_revisit_refers_to_comes_with_it(paper: Paper) -> None:
    fill(paper)
    # As where the whole capture is another article's: the same bytes at two addresses.
    paper.store.connection.execute("UPDATE captures SET article = NULL WHERE refers_to IS NULL")
    data = exported(paper.store.folder)
    assert targets(data) == ["response 1 2026-11-22", "revisit 1 2026-11-23"]
    digests.write(paper.store.connection, [1, 2])


@pytest.mark.parametrize("write", [write_warc, write_wacz])
def test_the_same_selection_gives_the_same_bytes(
    tmp_path: Path, write: Callable[..., Summary]
) -> None:
    paper = open_paper(tmp_path / "data")
    fill(paper)
    frame = " ".join(f"<li>{number**3 % 99_991}" for number in range(600))
    for number in range(10, 110):  # enough for a dictionary
        url = f"{HOME}{number}"
        own = " ".join(str((number * word) ** 2 % 99_991) for word in range(300))
        body = BODY + f"<nav>{frame}</nav><p>{own}".encode()
        paper.visit(url, article(url), captures=[paper.capture(url, body)])
    first = exported(paper.store.folder, write=write)
    assert exported(paper.store.folder, write=write) == first
    paper.store.connection.execute("VACUUM")
    assert pack(paper.store, paper.site) > 0
    paper.store.close()
    assert list((tmp_path / "data").glob("warc/*/*.warc.zst"))
    assert exported(tmp_path / "data", write=write) == first


def test_a_damaged_capture_is_named_and_the_rest_is_exported(tmp_path: Path, newsbot: Run) -> None:
    paper = open_paper(tmp_path / "data")
    fill(paper)
    row = paper.one("SELECT warc, warc_offset + 40 AS at FROM captures WHERE url LIKE '%?p=1'")
    paper.store.close()
    with (tmp_path / "data" / row["warc"]).open("r+b") as file:
        file.seek(row["at"])
        file.write(b"\xff\xff\xff\xff")
    for form, read in (("warc", targets), ("wacz", members)):
        out = tmp_path / f"out.{form}"
        done = newsbot("export", "--data", tmp_path / "data", "--format", form, "-o", out)
        assert done.returncode == 5
        assert "byte" in done.stderr and "newsbot verify" in done.stderr
        assert read(out.read_bytes())
    assert targets((tmp_path / "out.warc").read_bytes()) == ALL[1:]


# -- WACZ ---------------------------------------------------------------------------------------


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


def test_a_package_is_what_its_manifest_says(paper: Paper) -> None:
    fill(paper)
    data = exported(paper.store.folder, write=write_wacz)
    files = members(data)
    manifest = json.loads(files["datapackage.json"])
    assert manifest["profile"] == "data-package" and manifest["wacz_version"] == "1.1.1"
    assert manifest["title"] == "Ақбұлақ тынысы"
    described = {r["path"]: (r["bytes"], r["hash"]) for r in manifest["resources"]}
    present = {
        path: (len(body), f"sha256:{hashlib.sha256(body).hexdigest()}")
        for path, body in files.items()
    }
    digest = present.pop("datapackage.json")[1]
    present.pop("datapackage-digest.json")
    assert described == present
    assert json.loads(files["datapackage-digest.json"]) == {
        "path": "datapackage.json",
        "hash": digest,
    }
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        stored = [i.filename for i in package.infolist() if i.compress_type == zipfile.ZIP_STORED]
    assert stored == ["archive/captures-00001.warc.gz", "indexes/index.cdx.gz"]


def index_lines(files: dict[str, bytes]) -> list[tuple[str, str, dict[str, str]]]:
    lines = gzip.decompress(files["indexes/index.cdx.gz"]).decode().splitlines()
    return [(*line.split(" ", 2)[:2], json.loads(line.split(" ", 2)[2])) for line in lines]


def test_the_index_leads_to_the_captures(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(paper)
    monkeypatch.setattr(wacz, "MAX_WARC", 1000)
    monkeypatch.setattr("archive.export.cdxj.BLOCK", 2)
    files = members(exported(paper.store.folder, write=write_wacz))
    lines = index_lines(files)
    assert [line[:2] for line in lines] == sorted(line[:2] for line in lines)
    assert len(lines) == len(ALL)
    assert len([path for path in files if path.startswith("archive/")]) > 1
    for key, moment, fields in lines:
        warc = files[f"archive/{fields['filename']}"]
        start, length = int(fields["offset"]), int(fields["length"])
        record = gzip.decompress(warc[start : start + length])
        assert f"WARC-Target-URI: {fields['url']}\r\n".encode() in record
        assert hashlib.sha256(record).hexdigest() == fields["recordDigest"][7:]
        assert (surt(fields["url"]), len(moment)) == (key, 14)
        is_revisit = b"WARC-Type: revisit" in record
        assert (fields["mime"] == "warc/revisit") == is_revisit
        assert fields["status"] == ("301" if "?p=1" in fields["url"] else "200")
    packed = files["indexes/index.cdx.gz"]
    meta, *blocks = files["indexes/index.idx"].decode().splitlines()
    assert json.loads(meta.split(" ", 2)[2])["format"] == "cdxj-gzip-1.0"
    assert len(blocks) == 3
    for line in blocks:
        key, moment, text = line.split(" ", 2)
        where = json.loads(text)
        block = packed[where["offset"] : where["offset"] + where["length"]]
        assert where["digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
        assert gzip.decompress(block).decode().startswith(f"{key} {moment} ")


def test_every_version_is_a_page(paper: Paper) -> None:
    fill(paper)
    files = members(exported(paper.store.folder, write=write_wacz))
    head, *pages = map(json.loads, files["pages/pages.jsonl"].decode().splitlines())
    assert head == {"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}
    assert [(p["url"].removeprefix(HOME), p["ts"][:10]) for p in pages] == [
        ("1", "2026-11-22"),
        ("1", "2026-11-24"),
        ("2", "2026-11-22"),
    ]
    assert pages[1]["text"] == "Бірінші абзац.\n\nТүзету."
    present = {(fields["url"], moment) for _, moment, fields in index_lines(files)}
    for page in pages:
        moment = "".join(filter(str.isdigit, page["ts"]))
        assert (page["url"], moment) in present, "a page that cannot be shown"
    newest = members(exported(paper.store.folder, write=write_wacz, current=True))
    assert len(newest["pages/pages.jsonl"].splitlines()) == 3


def test_an_empty_selection_is_a_package_all_the_same(paper: Paper) -> None:
    files = members(exported(paper.store.folder, write=write_wacz))
    assert len(records(files["archive/captures-00001.warc.gz"])) == 1
    assert gzip.decompress(files["indexes/index.cdx.gz"] or gzip.compress(b"")) == b""


def test_validators_accept_it(paper: Paper, tmp_path: Path) -> None:
    wacz_tool = tool("wacz")
    fill(paper)
    file = tmp_path / "set.wacz"
    file.write_bytes(exported(paper.store.folder, write=write_wacz))
    done = subprocess.run(
        [wacz_tool, "validate", "-f", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "succeeded" in done.stdout


# -- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["warc", "wacz"])
def test_the_command_writes_files_and_pipes_alike(tmp_path: Path, form: str) -> None:
    import sys

    from tests.conftest import ROOT, environment

    paper = open_paper(tmp_path / "data")
    fill(paper)
    paper.store.close()
    command = [
        sys.executable,
        "-m",
        "newsbot",
        "export",
        "--data",
        tmp_path / "data",
        "--format",
        form,
    ]
    how = {"cwd": ROOT, "env": environment(), "capture_output": True, "check": True}
    piped = subprocess.run(command, **how)  # type: ignore[call-overload]
    assert piped.stderr.decode() == "2 articles, 6 captures\n"
    out = tmp_path / f"set.{form}"
    subprocess.run([*command, "-o", out], **how)  # type: ignore[call-overload]
    assert out.read_bytes() == piped.stdout
    write = {"warc": write_warc, "wacz": write_wacz}[form]
    from newsbot import SOFTWARE

    assert piped.stdout == exported(tmp_path / "data", write=write, software=SOFTWARE)


def test_current_is_for_captures(tmp_path: Path, newsbot: Run) -> None:
    open_paper(tmp_path / "data").store.close()
    done = newsbot("export", "--data", tmp_path / "data", "--current")
    assert done.returncode == 2
    assert "warc or wacz" in done.stderr


# -- replay -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["warc.gz", "wacz"])
def test_a_browser_shows_the_page(paper: Paper, tmp_path: Path, form: str) -> None:
    fill(paper)
    file = tmp_path / f"set.{form}"
    write = write_wacz if form == "wacz" else write_warc
    file.write_bytes(exported(paper.store.folder, write=write))
    with pywb(tmp_path / "pywb", [file]) as collection:
        for moment, text in (
            ("20261122080000", "Бірінші абзац."),
            ("20261123080000", "Бірінші абзац."),  # the revisit, with the payload it refers to
            ("20261124080000", "Түзету."),
        ):
            shown = browse(f"{collection}{moment}/{HOME}1")
            assert "<h1>Ауылға таза су келді</h1>" in shown
            assert text in shown
        assert "<h1>Ауылға таза су келді</h1>" in browse(f"{collection}2026/{HOME}?p=1")


# -- sort keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.Gazet.kz/", "kz,gazet)/"),
        ("https://gazet.kz", "kz,gazet)/"),
        ("https://gazet.kz:443/A/b/", "kz,gazet)/a/b"),
        ("http://gazet.kz:8080/a", "kz,gazet:8080)/a"),
        ("http://127.0.0.1:8765/Maqala/1.html", "1,0,0,127:8765)/maqala/1.html"),
        ("http://gazet.kz/жаңа лық", "kz,gazet)/%d0%b6%d0%b0%d2%a3%d0%b0%20%d0%bb%d1%8b%d2%9b"),
        ("http://gazet.kz/%D0%B6/?p=7&A=1", "kz,gazet)/%d0%b6?a=1&p=7"),
        ("http://gazet.kz/a?", "kz,gazet)/a"),
        ("http://gazet.kz/a?b=2&a=1&b=1", "kz,gazet)/a?a=1&b=1&b=2"),
        ("http://gazet.kz/a?PHPSESSID=0123456789abcdef0123456789abcdef&x=1", "kz,gazet)/a?x=1"),
        ("http://www2.gazet.kz/A%2Fb/%7euser", "kz,gazet)/a/b/~user"),
        ("http://user:pw@gazet.kz/x#frag", "kz,gazet)/x"),
        ("http://www.kz/", "kz)/"),
        ("http://қазақ.kz/", "kz,xn--80aau21bd)/"),
        ("http://gazet.kz//a//b/../c/./d", "kz,gazet)/a/c/d"),
        ("http://gazet.kz/?q=%E9%20+x", "kz,gazet)/?q=%e9%20+x"),
        ("http://[::1]:8080/a", "::1:8080)/a"),
        ("mailto:a@gazet.kz", "mailto:a@gazet.kz"),
    ],
)
def test_sort_keys_are_those_of_other_tools(url: str, key: str) -> None:
    assert surt(url) == key


@given(st.text())
def test_a_sort_key_is_a_word_of_ascii(tail: str) -> None:
    key = surt(f"http://gazet.kz/{tail}")
    assert key.startswith(("kz,gazet)/", "http://gazet.kz/"))
    if key.startswith("kz"):
        assert key.isascii() and " " not in key
    surt(tail)
