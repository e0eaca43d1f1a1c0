"""What is withheld: its own pages say so with 451 and why, and no other page, feed, table or SQL has a word of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archive.store import open_database
from archive.store.stories import link
from newsbot.web.room import ROUTES
from tests.archive.building import HOME, article, open_paper
from tests.archive.test_duplicates import Press
from tests.cli.conftest import run
from tests.web.rooms import serving

WORD = "құпиятас"
"""Stands in every field of the withheld article, and is asked for."""
MARK = "жасырынды"
"""Stands there, too, and nobody asks for it: who has it has read the article."""
SIGN = "kupiyatas"
"""The same in its addresses."""
AT, OLD = f"{HOME}2-{SIGN}", f"{HOME}old-{SIGN}"
REASON = "сот шешімі 2-114"
OWN = [
    "/article/2", "/article/2.json", "/article/2.bib", "/article/2.ris", "/article/2/revisions",
    "/article/2/revisions.json", "/article/2/revisions?from=1&to=2", "/article/2/page", "/article/2/page?revision=1",
    "/article/2/frame", "/article/2.warc", "/article/2.warc?revision=1", f"/at/{AT}", f"/at/{OLD}",
    f"/timemap/link/{AT}", f"/timegate/{AT}", f"/memento/20261125000000/{AT}", f"/memento/20261125000000/{OLD}",
]  # fmt: skip
"""What is about the withheld article alone; of a page that this room does not have, 404 is no leak."""
OTHERS = [
    "/", "/search", "/search?q=мектеп", f"/search?q={WORD}", f"/search.json?q={WORD}", "/search.json?site=aqbulaq",
    "/search.atom?site=aqbulaq", f"/tag/{WORD}", f"/author/{WORD}", f"/section/{WORD}", "/article/1", "/article/1.json",
    "/article/1/revisions", "/article/3", "/article/3.json", "/story/1", "/story/1.json", "/newspapers", "/newspapers.json",
    "/newspaper/aqbulaq", "/newspaper/aqbulaq.json", "/newspaper/aqbulaq.atom", "/health", "/health.json", "/about",
    "/about.json", "/notes", "/notes.json", "/sitemap.xml", "/sitemap-1.xml", "/robots.txt", "/opensearch.xml",
    "/static/room.css", "/language/kk", "/news", "/news.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles of one story, two of them editions; the second has an edit and an old address, and is withheld."""
    folder = tmp_path_factory.mktemp("withheld") / "data"
    paper = open_paper(folder)
    text = "\n\n".join(Press(20).article(4))
    secret = {name: f"{WORD} {MARK} {name}" for name in ("title", "section", "published_raw")}
    secret |= {name: [f"{WORD} {MARK}"] for name in ("tags", "captions", "authors")}
    paper.visit(f"{HOME}1", article(f"{HOME}1", text=text))
    for changed in (f"{WORD} {MARK} бұрын.\n\n{text}", f"{text}\n\n{WORD} {MARK} кейін."):
        read = article(
            AT, **secret, text=changed, views=7, image=f"{AT}.jpg", published="2026-11-19"
        )
        paper.later(days=1).visit(AT, read, urls=(OLD, AT))
    paper.visit(f"{HOME}3", article(f"{HOME}3", text=text))
    link(paper.store)
    with paper.store.transaction() as c:
        c.execute("INSERT INTO editions VALUES (1, 2, 'test'), (2, 1, 'test')")
    paper.store.close()
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[str]:
    with serving(folder) as url:
        before = httpx.get(f"{url}/search.json", params={"q": WORD}).json()
        assert [row["id"] for row in before["results"]] == [2]
        done = run("withhold", 2, "--reason", REASON, "--by", "Сот", "--data", folder)
        assert done.exit_code == 0, done.output
        yield url


def tables(folder: Path) -> list[str]:
    c = open_database(folder).conn
    sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
    return [name for (name,) in c.execute(sql)]


def leaks(answer: httpx.Response) -> bool:
    """Whether an answer has what is withheld, as it is or as JSON writes it."""
    marks = (MARK, json.dumps(MARK)[1:-1], SIGN)
    return any(mark in answer.text.lower() for mark in marks)


@pytest.mark.parametrize("path", OWN)
def test_its_own_pages_say_why_with_451(room: str, path: str) -> None:
    answer = httpx.get(f"{room}{path}")
    assert answer.status_code in (451, 404)
    assert MARK not in answer.text
    is_there = any(
        re.fullmatch(f"{one}(?:\\.json)?", path.partition("?")[0]) for _, one, _ in ROUTES
    )
    if is_there:
        assert answer.status_code == 451
        assert REASON in answer.text and "Сот" not in answer.text


@pytest.mark.parametrize("path", OTHERS)
def test_no_other_page_has_a_word_of_it(room: str, path: str) -> None:
    answer = httpx.get(f"{room}{path}", follow_redirects=False)
    assert answer.status_code < 500
    assert not leaks(answer), path


def test_every_page_is_asked() -> None:
    asked = [path.partition("?")[0] for path in OWN + OTHERS]
    for pattern, view in ((pattern, view) for method, pattern, view in ROUTES if method == "GET"):
        found = re.compile(f"{pattern}(?:\\.json)?")
        assert any(map(found.fullmatch, asked)), (
            f"{pattern} ({view.__name__}): add an address of it to this file"
        )


def test_no_table_has_a_word_of_it(room: str, folder: Path) -> None:
    for name in tables(folder):
        shape = "array" if not name.startswith("articles_fts") else "objects"
        answer = httpx.get(f"{room}/news/{name}.json?_shape={shape}&_size=max")
        assert answer.status_code in (200, 403), name
        assert not leaks(answer), name
        page = httpx.get(f"{room}/news/{name}?_facet=id")
        assert not leaks(page), name
    assert httpx.get(f"{room}/news/articles/1").status_code == 200
    assert httpx.get(f"{room}/news/articles/2").status_code == 404
    printed = httpx.get(f"{room}/news/articles.csv?_stream=on&_col=id").text
    assert [line.partition(",")[0] for line in printed.split()] == ["id", "1", "3"]
    through = json.dumps({"table": "withheld", "column": "url", "value": AT})
    assert not leaks(httpx.get(f"{room}/news/articles.json", params={"_through": through}))
    found = httpx.get(f"{room}/news/articles_fts.json", params={"_search": WORD})
    assert not leaks(found)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from main.articles",
        'select * from "main" /* . */ . "articles"',
        "select * from [main].[articles]",
        "select * from withheld",
        "select * from withheld_articles",
        "with w as (select * from withheld) select * from w",
        "select * from vocabulary",
        "select block from articles_fts_data",
        "select * from sqlite_dbpage",
        "select data from sqlite_dbpage('main')",
        "select * from fts5vocab",
        "select load_extension('x')",
        "select $x('),text from main.articles --')",
        "select :x('),text from main.articles --')",
        'select @é("),text from main.articles --")',
        "select readfile('news.db')",
        "pragma table_info(articles)",
        "select file from pragma_database_list",
        "attach database 'news.db' as again",
        "explain select * from main.articles",
        "select * from articles where text like '%құпиятас%'",
        "select * from readable_articles union all select * from readable_articles",
        "select snippet(articles_fts, 1, '', '', '', 9) from articles_fts where articles_fts match 'құпия*'",
        "select * from article_revisions",
        "select * from article_evidence",
        "select * from article_edits",
        "select * from captures join aliases on 1",
        "select quote(text), group_concat(title) from readings",
    ],
)
def test_no_sql_reaches_it(room: str, sql: str) -> None:
    for path in ("/news.json", "/news", "/news.csv"):
        bound = {"x(')": "1", 'é(")': "1"}
        answer = httpx.get(f"{room}{path}", params={"sql": sql, **bound})
        assert answer.status_code < 500, answer.text
        assert not leaks(answer), (path, answer.text)
    answer = httpx.get(f"{room}/news/articles.json", params={"_where": f"id in ({sql})"})
    assert answer.status_code < 500
    assert not leaks(answer)


def test_numbers_leave_it_out_once_they_are_counted_anew(folder: Path, room: str) -> None:
    with serving(folder) as fresh:
        assert httpx.get(f"{fresh}/about.json").json()["articles"] == 2
        assert (
            httpx.get(f"{fresh}/newspaper/aqbulaq.json").json()["history"]["site"]["articles"] == 2
        )
