"""Which article a page is: the same in whatever order the visits arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from archive.article import Article
from archive.visit import Visit
from tests.archive.building import HOME, START, Paper, article, check_whole, open_paper

X, Y, N = f"{HOME}x", f"{HOME}y", f"{HOME}n"
PLAIN_N = N.replace("https", "http") if N.startswith("https") else N.replace("http", "https")
STATUS = {"missing": 404, "failed": 500}
Seen = tuple[int, str, Article | str]
"""Hour, address, and the article that is read there, or the visit's result."""


def told(at: str, number: int, named: str, text: str | None = None) -> Article:
    text = text or "\n\n".join(f"{number}-хабардың {line}-абзацы." for line in range(4))
    return article(at, title=f"{number}-хабар", text=text, canonical_url=named)


CASES: dict[str, tuple[list[Seen], dict[str, str]]] = {
    "one address in two spellings": (
        [(0, X, told(X, 1, PLAIN_N)), (1, Y, told(Y, 2, N))],
        {X: X, Y: Y},
    ),
    "two pages tell the same, and one is rewritten": (
        [(0, X, told(X, 1, N)), (5, X, told(X, 1, N, "Мүлде басқа сөз.")), (1, Y, told(Y, 1, N))],
        {X: N, Y: N, N: N},
    ),
    "the named page is missing twice": (
        [(0, X, told(X, 1, N)), (1, N, "missing"), (30, N, "missing"), (40, Y, told(Y, 2, N))],
        {X: X, Y: Y},
    ),
    "the named page fails, and is another article": (
        [(0, X, told(X, 1, N)), (1, N, "failed"), (40, N, told(N, 3, N))],
        {X: X, N: N},
    ),
    "the named page is the article": (
        [(0, X, told(X, 1, N)), (1, N, told(N, 1, N)), (2, Y, told(Y, 2, N))],
        {X: N, N: N, Y: Y},
    ),
}


def record(folder: Path, visits: list[Seen]) -> Paper:
    paper = open_paper(folder)
    for hour, url, read in visits:
        paper.now = START + timedelta(hours=hour)
        result = read if isinstance(read, str) else "article"
        status = STATUS.get(result, 200)
        visit = Visit(
            site=paper.site,
            url=url,
            fetched_at=paper.now,
            result=result,
            reason=None if result == "article" else f"HTTP {status}",
            urls=(url,),
            captures=[paper.capture(url, repr(read).encode(), status)],
            article=read if isinstance(read, Article) else None,
            rules="1-0",
            status=status,
        )
        paper.store.record(visit)
    return paper


@pytest.mark.parametrize("case", CASES)
def test_no_order_of_arrival_makes_a_difference(tmp_path: Path, case: str) -> None:
    visits, expected = CASES[case]
    states = set()
    for number, order in enumerate(permutations(visits)):
        paper = record(tmp_path / str(number), list(order))
        owners = paper.all(
            "SELECT x.url, a.url AS owner FROM aliases x JOIN articles a ON a.id = x.article"
        )
        assert {row["url"]: row["owner"] for row in owners} == expected
        articles = paper.all("SELECT url, title, text, revision, gone_since FROM articles")
        captures = paper.all(
            "SELECT c.url, c.fetched_at, c.result, a.url AS owner FROM captures c "
            "LEFT JOIN articles a ON a.id = c.article"
        )
        states.add(repr([sorted(map(repr, rows)) for rows in (articles, captures)]))
        assert not any(row["gone_since"] for row in articles)
        check_whole(paper.store)
        paper.store.close()
    assert len(states) == 1
