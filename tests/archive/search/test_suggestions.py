"""Suggestions: what was probably meant by words that no article has, and nothing that the archive lacks."""

from __future__ import annotations

from contextlib import closing

import pytest

from archive.search import search
from archive.search.suggestions import nearest
from tests.archive.building import HOME, Paper, article, open_paper


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    paper = open_paper(tmp_path_factory.mktemp("suggestions"))
    texts = {
        "Су тасқыны мен жол. Мектептер ашылды. Жер сілкінісі болды, COVID-19 өршіді.": "kk",
        "Алматы халқы. Алты адам, алты үй. Дәрігер жетіспейді. Таразда да. Өскемен қаласы.": "kk",
        "Алты бала.": "kk",
        "В школе пожар, учитель и директор рады. Произошло землетрясение.": "ru",
    }
    for number, (text, language) in enumerate(texts.items(), 1):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title="Хабар", text=text, language=language))
    return paper


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # A slip of the pen: a letter lost, doubled, swapped, another; in any script.
        ("мктептер", "мектептер"), ("мекетптер", "мектептер"), ("mektptr", "мектептер"),
        ("тасұқны жол", "тасқыны жол"), ("пажар", "пожар"), ("дирестор", "директор"),
        # What sounds alike before what is commoner.
        ("алмты", "алматы"), ("тарасда", "таразда"), ("дәрегер", "дәрігер"), ("жетспейді", "жетіспейді"),
        # Forms that the archive does not have, by their stems.
        ("землетресениями", "землетрясение"), ("землитрясениях", "землетрясение"), ("дирестором", "директор"),
        # Another keyboard, with Kazakh letters instead of digits; any part of the query.
        ("vtrntg", "мектеп"), ("gj;fh", "пожар"), ("пожар irjkf", "пожар школа"), ('"d irjkt"', '"в школе"'), ("lфhsuth", None),
        ("l2h3uth", "дәрігер"), ("VTRNTG", "мектеп"),
        # The blank forgotten.
        ("жерсілкінісі", "жер сілкінісі"), ("covid19", "covid 19"), ("сутасқыны жол", None),
        # Another name of a place is no slip; nor is there one for what nothing is near to, or for two or three letters.
        ("Усть-Каменогорск футбол", None), ("ффффффф", None), ("тжм", None), ("шу", None), ("2031", None),
    ],
)  # fmt: skip
def test_what_was_probably_meant(paper: Paper, typed: str, meant: str | None) -> None:
    hits = search(paper.store.connection, typed)
    assert hits.suggestion == meant
    assert meant is None or search(paper.store.connection, meant).total > hits.total == 0


def test_what_is_gone_from_the_archive_is_not_suggested(paper: Paper) -> None:
    with closing(open_paper(paper.store.folder / "other").store) as store:
        other = Paper(store)
        other.visit(read=article(text="Көбелектер ұшты."))
        assert nearest(store.connection, "көбелктер") == "көбелектер"
        other.visit(read=article(text="Құстар ұшты."))
        assert nearest(store.connection, "көбелктер") is None
