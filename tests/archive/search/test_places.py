"""Places: other names of a place lead to its present one, in every form, and say so."""

from __future__ import annotations

import pytest

from archive.search import search
from archive.search.places import places, widen
from archive.search.syntax import parse
from tests.archive.building import HOME, Paper, article


def notes(query: str) -> list[str]:
    found: list[str] = []
    tree = parse(query).tree
    assert tree
    widen(tree, found)
    return [note.partition(",")[0] for note in found]


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("Алма-Ата|алмаата|алма ата|Алма-Атадағы су|Alma-Ata|в Алма-Ате", "Алма-Ата → Алматы"),
        ("Чимкент|ЧИМКЕНТТЕ|в Чимкенте пожар|Чимкенттегі ауа", "Чимкент → Шымкент"),
        ("Караганде|Карагандадан", "Караганда → Қарағанды"),
        ("тобола|Тоболда", "Тобол → Тобыл"),
        ("Чиили|Чиилиден", "Чиили → Шиелі"),
        ("Нұрсұлтан|Нұр-Сұлтанда|нур султан|Nur-Sultan", "Нұр-Сұлтан → Астана"),
        ("в Гурьевской области|Гурьевская область", "Гурьевская область → Атырау облысы"),
        ("Казахстан|Казахстанда|Kazakhstan|казахстана", "Казахстан → Қазақстан"),
    ],
)
def test_a_name_in_any_form_leads_to_the_present_one(query: str, note: str) -> None:
    assert {one: notes(one) for one in query.split("|")} == {
        one: [note] for one in query.split("|")
    }


@pytest.mark.parametrize(
    "query",
    [
        "Алматы",
        "Шымкентте",
        "қарағанда",  # not Караганда
        "ісік",  # nor Иссык
        "Қазақстан",
        '"Алма-Ата"',  # exactly these words
        "Нұрсұлтан Назарбаев",  # a person
        "Ақмола облысы",  # a region that is called so today
        "жол бойындағы алма",
        "су -чимкент",
        *"школа школы школьники".split(),  # nothing of ШҚО
        *"чина чины".split(),  # nor of China
        *"Almaty Almatyda Karagandy".split(),
        *"тобольска тобольску Тобольск".split(),  # a town in Russia, not Тобол
        *"Чили Чилиде chili".split(),  # the country, not Чиили
    ],
)
def test_other_words_stay_as_they_are(query: str) -> None:
    assert notes(query) == []


def test_what_else_is_called_so_is_told() -> None:
    assert [place.also for place in places(["петропавловскте"])] == ["places in Russia"]
    assert {place.present for place in places(["жамбул"])} == {"Тараз", "Жамбыл"}


def test_both_names_are_found(paper: Paper) -> None:
    for number, text in enumerate(
        ["Алма-Атада жиын өтті.", "Алматының көшелері.", "Ата алма берді.", "Астанада."], 1
    ):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", title="Хабар", text=text))
    hits = search(paper.store.connection, "Алма-Ата")
    assert {row["url"].removeprefix(HOME) for row in hits.rows} >= {"1", "2"}
    assert "4" not in {row["url"].removeprefix(HOME) for row in hits.rows}
    assert hits.notes and hits.notes[0].startswith("Алма-Ата → Алматы")
