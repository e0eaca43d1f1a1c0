"""Reading articles back: whole records, inclusive bounds, one stable order."""

from __future__ import annotations

import pytest

from archive import query
from archive.article import FIELDS, SOURCED
from archive.errors import ArchiveUsageError
from archive.query import EXTRA_FIELDS
from archive.search import search
from archive.store import open_database
from archive.times import utc
from tests.archive.building import HOME, START, Paper, article

DATES = [
    "2022-12-31T23:59:59+06:00",
    "2023-01-01",
    "2023-05-17T10:00:00+06:00",
    "2023-05-17",
    "2023-12-31T23:59:59+06:00",
    "2024-01-01T00:00:00+06:00",
    None,
]


@pytest.fixture
def dated(paper: Paper) -> Paper:
    for number, published in enumerate(DATES):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, published=published, published_raw=published))
    return paper


def chosen(paper: Paper, **bounds: object) -> list[int]:
    records = query.articles(paper.store.connection, query.selection(**bounds))
    return [int(record["url"].removeprefix(HOME)) for record in records]


# -- selections ---------------------------------------------------------------------------------


def test_order_is_by_date_with_the_undated_last(dated: Paper) -> None:
    assert chosen(dated) == [0, 1, 3, 2, 4, 5, 6]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("2023", None, [1, 3, 2, 4, 5]),
        (None, "2023", [0, 1, 3, 2, 4]),
        ("2023", "2023", [1, 3, 2, 4]),
        ("2023-05", "2023-05", [3, 2]),
        ("2023-05-17", "2023-05-17", [3, 2]),
        ("2023-05-18", "2023-12-30", []),
        ("2023-12-31", "2024-01-01", [4, 5]),
        (None, "2022-12-31", [0]),
        ("2025", "2023", []),
    ],
)
def test_bounds_are_inclusive(
    dated: Paper, after: str | None, before: str | None, expected: list[int]
) -> None:
    assert chosen(dated, after=after, before=before) == expected


def test_an_undated_article_is_in_no_period(dated: Paper) -> None:
    assert 6 in chosen(dated)
    assert 6 not in chosen(dated, after="0001")
    assert 6 not in chosen(dated, before="9999")


def test_sites_and_languages(paper: Paper) -> None:
    for number, language in enumerate(("kk", "ru", "kk-Latn", "kk", None)):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, language=language))
    other = Paper(paper.store, "qarasu")
    other.visit(f"{HOME}9", article(f"{HOME}9", language="kk", site="qarasu"))
    assert chosen(paper, language="kk") == [0, 2, 3, 9]
    assert chosen(paper, language="kk", script="Cyrl") == [0, 3, 9]
    assert chosen(paper, language="kk-Latn") == [2]
    assert chosen(paper, site=("qarasu",)) == [9]
    assert chosen(paper, site=("qarasu", "aqbulaq"), language="ru") == [1]
    assert chosen(paper, site=("none' OR '1", 'aqbulaq"')) == []


# -- records ------------------------------------------------------------------------------------


def test_a_record_says_everything(paper: Paper) -> None:
    read = article(
        authors=["Айгүл Сәбит", "«Ақбұлақ» тілшісі"],
        captions=["Су мұнарасы."],
        tags=["су", "ауыл"],
        editions=[{"language": "kk-Latn", "url": f"{HOME}lt/1"}],
        section="Қоғам",
        image=f"{HOME}1.jpg",
        views=172,
        comments=0,
        modified="2026-11-21T10:00:00+05:00",
        layout="generic/any",
        charset="utf-8",
        sources={"title": "layout"},
        flags=["short_text"],
    )
    paper.visit(read=read)
    (record,) = query.articles(paper.store.connection)
    assert list(record) == ["id", *FIELDS, *EXTRA_FIELDS[1:]]
    for name in FIELDS:
        expected = getattr(read, name)
        if name == "sources":
            expected = {**dict.fromkeys(SOURCED), **expected}
        assert record[name] == (sorted(expected) if name == "tags" else expected), name
    assert (record["first_seen"], record["last_seen"], record["gone_since"]) == (
        utc(START),
        utc(START),
        None,
    )
    assert (record["revision"], record["revisions"], record["story"]) == (1, 1, None)
    assert record["capture"]["warc"] == "warc/aqbulaq/aqbulaq-2026-11.warc.gz"
    assert record["capture"]["digest"].startswith("sha1:")
    assert set(record["capture"]) == {"url", "warc", "offset", "record_id", "digest", "fetched_at"}


def test_a_record_without_tags(paper: Paper) -> None:
    paper.visit(read=article(title=None, text="", language=None, published=None))
    (record,) = query.articles(paper.store.connection)
    assert (record["tags"], record["title"], record["text"]) == ([], None, "")


def test_one_article_by_id_address_or_alias(paper: Paper) -> None:
    short, slug = f"{HOME}?p=1", f"{HOME}su/"
    paper.visit(short, article(short, canonical_url=slug))
    for key in ("1", slug, short):
        assert query.article(paper.store.connection, key)["canonical_url"] == slug
    for key in ("2", "0", "", f"{HOME}none", "1' OR 1", "١", "²", "9" * 30, "-1"):
        with pytest.raises(ArchiveUsageError, match="no article") as caught:
            query.article(paper.store.connection, key)
        assert caught.value.exit_code == 2


def test_revisions_are_told_oldest_first(paper: Paper) -> None:
    for text in ("Бір.", "Екі.", "Үш."):
        paper.visit(read=article(text=text))
        paper.later(days=1)
    found = query.revisions(paper.store.connection, 1)
    assert [(r["number"], r["text"]) for r in found] == [(1, "Бір."), (2, "Екі."), (3, "Үш.")]
    assert len({r["warc_offset"] for r in found}) == 3
    assert query.revisions(paper.store.connection, 99) == []


def test_a_reader_sees_what_the_writer_sees(paper: Paper) -> None:
    paper.visit(read=article(tags=["су"]))
    reader = open_database(paper.store.folder).conn
    try:
        assert list(query.articles(reader)) == list(query.articles(paper.store.connection))
    finally:
        reader.close()


def test_an_instant_outside_of_the_calendar_is_none(paper: Paper) -> None:
    for number, day in enumerate(("0001-01-01T01:00:00+05:00", "9999-12-31T23:00:00-05:00")):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", published=day))
    c = paper.store.connection
    assert [row["published_at"] for row in query.articles(c)] == [None, None]


def test_no_condition_looks_into_the_index(paper: Paper) -> None:
    for table in ("vocabulary", '"vocabulary"', "articles_fts_data", "[articles_fts_idx]"):
        chosen = query.selection(where=f"EXISTS (SELECT 1 FROM {table})")
        with pytest.raises(ArchiveUsageError, match="nothing that a condition may name"):
            query.ids(paper.store.connection, chosen)


@pytest.mark.parametrize("typed", ["Қоғам", "қоғ", "саясат", "ҚОҒАМ ЖӘНЕ", "ғам", "ясат"])
def test_sections_and_authors_mean_the_same_to_search(paper: Paper, typed: str) -> None:
    for number, name in enumerate(("Қоғам және саясат", "Спорт (қоғам)", "Сақоғам")):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", section=name, authors=[name]))
    c = paper.store.connection
    for kind in ("section", "author"):
        found = search(c, "", filters={kind: [typed]}, order="oldest")
        assert sorted(row["id"] for row in found.rows) == sorted(
            query.ids(c, query.selection(**{kind: typed}))
        )
