"""Complete rows, and the files that hold them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import query
from archive.errors import ArchiveUsageError
from archive.export.columns import COLUMNS
from archive.export.csv import as_printed, harmless, write_csv
from archive.export.formats import format_of, packed
from archive.export.jsonl import write_jsonl
from archive.export.rows import ASKED, TEXTS, rows
from archive.query import Selection, selection
from archive.store import open_database
from archive.store.stories import link
from archive.store.withheld import act
from tests.archive.building import HOME, Paper, article, open_paper

NAMES = [column.name for column in COLUMNS]
TEXT = "\n\n".join(
    f"{n}-ауылда су тасқыны болды, тұрғындар мектепке көшірілді, көлік жіберілді." for n in range(9)
)


def reprinted(folder: Path, order: tuple[int, ...] = (1, 2, 3)) -> Paper:
    """A story of three newspapers, the second of which was first, with a Russian edition; and an article by itself."""
    paper = open_paper(folder)
    papers = {n: Paper(paper.store, f"paper{n}") for n in order}
    for n in order:
        url = f"https://paper{n}.example/{n}"
        day = {1: "2026-11-03", 2: "2026-11-01", 3: "2026-11-02"}[n]
        papers[n].visit(url, article(url, text=TEXT, published=day, site=f"paper{n}"))
    russian = "https://paper2.example/ru/2"
    editions = [{"language": "kk", "url": "https://paper2.example/2"}]
    papers[2].visit(
        russian, article(russian, text="Вода.", language="ru", editions=editions, site="paper2")
    )
    paper.visit(f"{HOME}9", article(f"{HOME}9", title=None, text="", published=None))
    link(paper.store)
    return paper


def found(paper: Paper, texts: tuple[str, ...] = (), **options: Any) -> dict[str, dict[str, Any]]:
    c = open_database(paper.store.folder).conn
    chosen = selection(**options)
    by_url = {row["url"]: row for row in rows(c, query.ids(c, chosen), chosen, texts)}
    c.close()
    return by_url


def test_every_row_has_every_column_with_its_type(tmp_path: Path) -> None:
    paper = reprinted(tmp_path / "data")
    kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "strings": list,
             "instant": str, "date": str, "editions": list, "sources": dict, "capture": dict, "notes": list}  # fmt: skip
    for texts in ((), ASKED):
        for row in found(paper, texts).values():
            assert list(row) == NAMES
            for column in COLUMNS:
                value = row[column.name]
                assert value is None or type(value) is kinds[column.type], column
            assert all((row[name] is None) for name in ASKED) or texts
    paper.store.close()


def test_stories(tmp_path: Path) -> None:
    paper = reprinted(tmp_path / "data")
    one, two, three = (f"https://paper{n}.example/{n}" for n in (1, 2, 3))
    told = {
        url: (row["first_in_story"], row["reprint_of"], row["printed_by"])
        for url, row in found(paper).items()
    }
    assert told[two] == (True, None, [three, one])
    assert told[one] == (False, two, [two, three])
    assert told[f"{HOME}9"] == (True, None, [])
    kept = found(paper, one_per_story=True)
    assert two in kept and one not in kept and three not in kept and len(kept) == 3
    assert kept[two]["printed_by"] == [three, one]
    assert [*found(paper, site=("paper1", "paper3"), one_per_story=True)] == [three]
    early = found(paper, as_of="2026-11-22T08:00:00Z")
    assert early[two]["printed_by"] == [three, one]
    russian = "https://paper2.example/ru/2"
    assert found(paper)[two]["other_editions"] == [russian]
    assert found(paper)[russian]["other_editions"] == [two]
    paper.store.close()


@pytest.mark.parametrize("hidden", [1, 2])
def test_the_withheld_are_nowhere(tmp_path: Path, hidden: int) -> None:
    paper = reprinted(tmp_path / "data")
    gone = [f"https://paper{hidden}.example/{hidden}", "https://paper2.example/ru/2"]
    (paper.store.folder / "decisions").mkdir()
    lines = [
        {"decision": "withheld", "url": url, "at": "2026-11-27T08:00:00Z", "by": None, "reason": "сұрады"}
        for url in gone
    ]  # fmt: skip
    (paper.store.folder / "decisions" / "withheld.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), "utf-8"
    )
    act(paper.store.folder)
    for options in ({}, {"as_of": "2027"}, {"revisions": True}, {"as_of": "2027", "revisions": True},
                    {"where": "1) OR (1"}, {"where": "1) UNION SELECT article FROM aliases WHERE (1"}):  # fmt: skip
        told = json.dumps(list(found(paper, tuple(TEXTS), **options).values()))
        assert not any(url in told for url in gone), options
        assert f"paper{3 - hidden}.example" in told
    for where in (
        "id IN (SELECT id FROM main.articles WHERE text LIKE '%су%')",
        "id IN (SELECT id FROM 'main' . articles)",
        'EXISTS (SELECT 1 FROM "MAIN"/**/.readings)',
        "(SELECT count(*) FROM [withheld]) > 0",
        "(SELECT count(*) FROM withheld_articles) > 0 -- '",
        "1 /* ' */ AND EXISTS (SELECT 1 FROM main.articles) /* ' */",
    ):
        with pytest.raises(ArchiveUsageError, match="nothing that a condition may name"):
            found(paper, where=where)
    paper.store.close()


@pytest.mark.parametrize(
    "where",
    ["", "1;2", "1; DELETE FROM articles", "nothing", "1)", ":x", "?", "load_extension('x')"],
)
def test_what_is_no_condition(tmp_path: Path, where: str) -> None:
    paper = open_paper(tmp_path / "data")
    paper.visit(read=article())
    with pytest.raises(ArchiveUsageError, match="is no condition in SQL"):
        found(paper, where=where)
    paper.store.close()


def test_the_same_bytes_on_another_day_in_another_folder(tmp_path: Path) -> None:
    paper = reprinted(tmp_path / "data")
    first = written(paper)
    paper.store.connection.execute("VACUUM")
    paper.store.close()
    (tmp_path / "data").rename(tmp_path / "moved")
    moved = open_paper(tmp_path / "moved")
    assert written(moved) == first
    other = reprinted(tmp_path / "other", (3, 2, 1))  # as a rebuild or a merge would bring them
    assert [but_for_ids(row) for row in found(other, tuple(TEXTS)).values()] == [
        but_for_ids(row) for row in found(moved, tuple(TEXTS)).values()
    ]
    for one in (moved, other):
        one.store.close()


def but_for_ids(row: dict[str, Any]) -> dict[str, Any]:
    own = ("id", "story", "capture", "first_seen", "last_seen", "revised_at")
    return {name: value for name, value in row.items() if name not in own}


def written(paper: Paper) -> list[bytes]:
    files = []
    c = open_database(paper.store.folder).conn
    for name in ("set.jsonl", "set.jsonl.gz", "set.jsonl.zst", "set.csv", "set.csv.gz"):
        out = io.BytesIO()
        write = write_csv if ".csv" in name else write_jsonl
        with packed(out, name) as to:
            assert write(rows(c, query.ids(c), Selection(), tuple(TEXTS)), to) == 5
        files.append(out.getvalue())
    c.close()
    plain, gz, zst, table, table_gz = files
    assert gzip.decompress(gz) == plain and gzip.decompress(table_gz) == table
    assert gz[3:8] == bytes(5), "no name and no time"
    assert len(zst) < len(plain) / 2
    return files


# -- CSV ------------------------------------------------------------------------------------------


def test_csv_is_read_as_it_was_written(tmp_path: Path) -> None:
    paper = reprinted(tmp_path / "data")
    told = list(found(paper).values())
    paper.store.close()
    told[0]["title"], told[1]["text"] = '=cmd|"/c calc"!A1', 'Бір\r\n\n«екі», "үш"'
    out = io.BytesIO()
    write_csv(told, out)
    assert out.getvalue().startswith(b"\xef\xbb\xbfid,is_article,")
    table = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert len(table) == len(told) and list(table[0]) == NAMES
    assert table[0]["title"] == "'" + told[0]["title"] and table[1]["text"] == told[1]["text"]
    for line, row in zip(table, told, strict=True):
        for column in COLUMNS:
            cell, value = line[column.name], row[column.name]
            if value is None:
                assert cell == ""
            elif isinstance(value, str):
                assert as_printed(cell) == value
            else:
                assert json.loads(cell) == value


@given(st.text("'=+-@\t\r\n＝аб\""))
def test_formulas_are_put_to_sleep_and_woken(text: str) -> None:
    safe = harmless(text)
    assert as_printed(safe) == text
    assert safe[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("set.jsonl", "jsonl"), ("SET.CSV", "csv"), ("set.jsonl.gz", "jsonl"), ("a.csv.zst", "csv"), ("-", None)],
)  # fmt: skip
def test_a_name_says_the_format(name: str, kind: str | None) -> None:
    assert format_of(name) == kind


def test_a_text_column_that_is_none(paper: Paper) -> None:
    with pytest.raises(
        ArchiveUsageError, match="'text_greek' is no text column: there are text_norm"
    ):
        list(rows(paper.store.connection, [1], texts=("text_greek",)))
