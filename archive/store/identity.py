"""identity: which article a visit belongs to, by the addresses that were asked for and the one that it names.

A page's word for its own address is believed as long as no other article stands there or names it too:
some templates print one address on all pages. It does not matter which of them came first: where the proof
comes later, articles that stood at an address by their word alone leave it. (A redirect from an address
that was read with another text does depend on the order: `leads_to_another`.)
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from archive.captures.stored import spellings
from archive.derive import letters
from archive.store import articles
from archive.store.aliases import known_article, known_articles, naming
from archive.store.changes import Changes
from archive.visit import Visit

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which article a visit belongs to."""

    article: int | None
    address: str
    """Where it was seen, in its one spelling."""
    named: str | None = None
    """The address that the page gives as its own, where that is another one."""
    is_believed: bool = False
    is_new: bool = False
    contested: tuple[int, ...] = ()
    """Other articles, which stand at one of these addresses by their own word alone: wrongly, as is known now."""

    @property
    def stands_at(self) -> str:
        """The article's address by this visit."""
        return self.named if self.named and self.is_believed else self.address


def identify(changes: Changes, visit: Visit) -> Identity:
    """The article of a visit. One that proves two articles to be one joins them."""
    c = changes.c
    own = visit.urls or (visit.url,)
    known = known_articles(c, own)
    if visit.result != "article" or visit.article is None:
        return Identity(known[0] if known else None, own[-1])
    contested = [
        other
        for other in known
        if _is_there_by_name(c, other, own) and not _tells_the_same(c, other, visit)
    ]
    known = [other for other in known if other not in contested]
    named = visit.article.canonical_url
    named = named if named and named not in own else None
    there = known_articles(c, (named,)) if named else []
    naming_it = naming(c, (named,)) if named else set()
    others = {*there, *naming_it, *naming(c, own)} - {*known, *contested}
    same = {other for other in others if _tells_the_same(c, other, visit)}
    known += sorted(same)
    is_believed = not ({*there, *naming_it} & others) - same
    if named and not is_believed:
        contested += [
            other for other in there if other not in known and _is_there_by_name(c, other, (named,))
        ]
    if not known:  # a newspaper that moves to another host keeps its articles, too
        known = [
            other
            for other in known_articles(c, visit.elsewhere)
            if _tells_the_same(c, other, visit, by_title=True)
        ]
    found = Identity(None, own[-1], named, is_believed, contested=tuple(contested))
    article = min(known, default=0) or changes.new_id(found.stands_at)
    if len(known) > 1:
        articles.join(changes, article, [other for other in known if other != article])
    return Identity(article, own[-1], named, is_believed, not known, tuple(contested))


def leave(c: sqlite3.Connection, found: Identity, own: Collection[str]) -> None:
    """Take addresses from contested articles, and what was seen there without proving them.

    What waits there is an address of its own again.
    """
    for other in found.contested:
        for url in {spelt for at in (*own, found.named) if at for spelt in spellings(at)}:
            if not _is_there_by_name(c, other, (url,)):
                continue
            c.execute("DELETE FROM aliases WHERE url = ? AND article = ?", (url, other))
            c.execute(
                "UPDATE captures SET article = NULL WHERE article = ?1 AND visit IN (SELECT visit "
                "FROM captures WHERE article = ?1 AND result <> 'article' "
                "AND coalesce(address, url) = ?2)",
                (other, url),
            )
            c.execute(
                "UPDATE frontier SET article = NULL, due = CASE WHEN visited_at IS NULL "
                "THEN coalesce(due, discovered_at) ELSE due END WHERE url = ? AND article = ?",
                (url, other),
            )


def leads_to_another(c: sqlite3.Connection, visit: Visit) -> bool:
    """Whether a redirect leads from a known article to a page that never was it.

    So some engines guess at what was meant where a page is gone. It is no edit, and proves nothing.
    """
    if visit.article is None or not visit.urls or visit.urls[-1] == visit.url:
        return False
    asked = known_article(c, (visit.url,))
    if asked is None or asked in known_articles(c, (visit.urls[-1],)):
        return False
    return not _tells_the_same(c, asked, visit, by_title=True)


def _is_there_by_name(c: sqlite3.Connection, article: int, urls: Sequence[str]) -> bool:
    """Whether an article stands at an address because it says so, and was never proved there."""
    if article not in naming(c, urls):
        return False
    spelt = json.dumps([spelling for url in urls for spelling in spellings(url)])
    return not c.execute(
        "SELECT 1 FROM captures WHERE article = ? AND result = 'article' "
        "AND coalesce(address, url) IN (SELECT value FROM json_each(?)) LIMIT 1",
        (article, spelt),
    ).fetchone()


def _tells_the_same(
    c: sqlite3.Connection, article: int, visit: Visit, *, by_title: bool = False
) -> bool:
    """Whether an article was ever read with half of these paragraphs, or with this title and half the words.

    `by_title`: with this title, where a redirect or a move says the rest.
    """
    assert visit.article is not None
    title, text = letters(visit.article.title), visit.article.text
    paragraphs, words = set(text.split("\n\n")) - {""}, set(_WORD.findall(text.casefold()))
    for row in c.execute("SELECT title, text FROM readings WHERE article = ?", (article,)):
        common = paragraphs & set(row["text"].split("\n\n"))
        if common and 2 * len(common) > len(paragraphs):
            return True
        if title and letters(row["title"]) == title:
            others = set(_WORD.findall(row["text"].casefold()))
            if by_title or 2 * len(words & others) >= min(len(words), len(others)):
                return True
    return False
