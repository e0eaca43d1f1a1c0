"""Search: every form, script and spelling; ranking, snippets, filters, facets, suggestions."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveUsageError
from archive.search import check, search
from archive.search.filters import condition
from archive.search.syntax import parse
from archive.search.vocabulary import TITLE_MARK
from archive.store import DATABASE, Store, digests
from archive.store.index import Index, rebuild
from bench.search import hostile_query, random_text
from newsbot.cli import newsbot
from tests.archive.building import HOME, Paper, article, open_paper


def urls(paper: Paper, text: str, **options: object) -> list[str]:
    rows = search(paper.store.connection, text, **options).rows  # type: ignore[arg-type]
    return sorted(row["url"].removeprefix(HOME) for row in rows)


def store(paper: Paper, *texts: str, **fields: object) -> None:
    for number, text in enumerate(texts, 1):
        url = f"{HOME}{number}"
        known: dict[str, object] = {"title": f"Бірдеңе {number}", "text": text, **fields}
        paper.visit(url, article(url, **known))


# -- forms, scripts, spellings --------------------------------------------------------------------


@pytest.mark.parametrize("query", "мектеп мектептер мектебіміздегі МЕКТЕПКЕ mektep мектебы".split())
def test_a_word_is_found_in_every_form(paper: Paper, query: str) -> None:
    store(paper, "Жаңа мектебіміз ашылды.", "Мектептердің саны өсті.", "Той болды.")
    assert urls(paper, query) == ["1", "2"] or query == "мектебы"


def test_a_derived_word_is_found_by_its_origin_alone(paper: Paper) -> None:
    store(paper, "Сыйлық берілді.", "Олар сыйлық берді.", "Берілген ант.")
    assert urls(paper, "бер") == ["1", "2", "3"]
    assert urls(paper, "беру") == ["1", "2", "3"]
    assert urls(paper, "берілетін") == ["1", "3"]


@pytest.mark.parametrize(
    "query",
    "қазақстан казакстан казакстанда qazaqstan Qazaqstannyń kazakstan قازاقستان".split(),
)
def test_scripts_and_keyboards_meet(paper: Paper, query: str) -> None:
    store(paper, "Қазақстанның жолы.", "Су келді.")
    url = f"{HOME}9"
    latin = article(url, title=None, text="Qazaqstannyń jańalyqtary.", language="kk-Latn")
    paper.visit(url, latin)
    assert urls(paper, query) == ["1", "9"]


def test_a_verb_that_is_also_a_form_of_a_noun(paper: Paper) -> None:
    store(paper, "Бұл істе жеңіс бар.", "Ол көп істеді.", "Бұлай істеген жоқ.", "Тасқа отырды.")
    assert urls(paper, "істе") == ["1", "2", "3"], "as printed, and the verb"
    assert urls(paper, "іс") == ["1"]
    assert urls(paper, "таста") == ["4"], "no article has the verb"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Мусрепов", ["1", "5"]),
        ("Мүсірепов", ["1", "5"]),
        ("Бауржан", ["2", "5"]),
        ("Бауыржанға", ["2", "5"]),
        ("Чокан", ["3"]),
        ("Тлендиева", ["4"]),
        ("Сулейменов", ["9"]),
        ("Dossayev", ["9"]),
        ("Гүлнәр", ["9"]),
        ("Шоқан", ["3"]),
        # neighbours
        ("Попов", ["6"]),
        ("Бобов", ["7"]),
        ("магазин", ["8"]),
        ("әншілік", []),
    ],
)
def test_names_as_russian_spells_them(paper: Paper, query: str, found: list[str]) -> None:
    store(
        paper, "Ғабит Мүсіреповтің кітабы.", "Бауыржан келді.", "Шоқанның жолы.", "Тілендиев күйі."
    )
    texts = {"5": "Книга о том, как Бауржан и Мусрепов были в городе.", "6": "Попов келді."}
    texts |= {"7": "Бобов келді.", "8": "Магазин мен аңшылық."}
    texts |= {"9": "Вчера в городе Досаев с Гульнарой звонили Сулейменову о том, как были у моря."}
    for number, text in texts.items():
        language = "ru" if number in "59" else "kk"
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title=None, text=text, language=language))
    assert urls(paper, query) == found


@pytest.mark.parametrize("query", ["ИИМ", "IIM", "ІІМ", "ИІМ"])
def test_abbreviations_with_letters_that_look_alike(paper: Paper, query: str) -> None:
    store(paper, "ІІМ хабарлады.", "ІІМ-нің өкілі.", "Им бар.", "ІІД хабарлады.")
    assert urls(paper, query) == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("АШМ", ["1", "2"]), ("АШМ-ның", ["1", "2"]), ("БАҚ", ["4", "5"]), ("АКШ", ["7", "8"]),
        ("хабар ИИМ", ["9"]), ("аш", ["3"]), ("бақ", ["4", "5", "6"]),
        ("ЖШС", ["11", "12"]), ("NATO", ["13", "14"]), ("НАТО", ["13", "14"]), ("IT", ["15"]), ("ИТ", ["16"]),
        ("ҚР", ["17"]),
    ],
)  # fmt: skip
def test_abbreviations_are_no_forms_of_words(paper: Paper, query: str, found: list[str]) -> None:
    store(
        paper, "АШМ-ның хаты.", "АШМға барды.", "Ол ашпын деді.", "БАҚ-та айтылды.", "БАҚтың өкілі.",
        "Бағы жанды.", "АҚШтағы ел.", "АҚШ-қа ұшты.", "ІІМ хабары.", "Ақша берді.", "ЖШСлардың бірі.",
        "ЖШС-лары көп.", "NATO елі.", "НАТОға кірді.", "ITге кірді.", "Ит пен иттер үрді.", "ҚР заңы.", "Қрлар.",
    )  # fmt: skip
    assert urls(paper, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [("МИД", ["1", "2", "9"]), ("МИДом", ["9"]), ("title:МИД", ["9"]), ("ВУЗ", ["9"])],
)
def test_russian_abbreviations_have_russian_cases(
    paper: Paper, query: str, found: list[str]
) -> None:
    store(paper, "МИД хаты.", "МИДке барды.", "Ол мидай далада.")
    text = "В городе о том, как было с ВУЗами, сообщили МИДу."
    paper.visit(f"{HOME}9", article(f"{HOME}9", title="Встреча в МИДе", text=text, language="ru"))
    assert urls(paper, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Кунаев", ["2"]), ("Кунаевым", ["2"]), ("Сериков", []), ("Темиртауе", ["4"]),
        ("кафе", ["5"]), ("кафе́", ["5"]), ("замо́к", ["5"]),
        ("Qazaqstan", ["6", "7"]), ("Qazaqstan'nyń", ["6", "7"]), ("қазақстан", ["6", "7"]), ("قازاقستان", ["6", "7"]),
    ],
)  # fmt: skip
def test_marks_and_ends_that_are_no_part_of_a_word(
    paper: Paper, query: str, found: list[str]
) -> None:
    store(
        paper, "Құны төмен.", "Қонаевтың жолы.", "Серік келді.", "Теміртауға барды.", "Кафе́ мен за́мок.",
        "Qazaqstan'nyń joly.", "قَازَاقـــستَان جولى",
    )  # fmt: skip
    assert urls(paper, query) == found


@pytest.mark.parametrize(("query", "found"), [("ай", ["1"]), ("ой", ["2"]), ("той", ["3"])])
def test_a_kazakh_word_is_no_form_of_a_russian_particle(
    paper: Paper, query: str, found: list[str]
) -> None:
    store(paper, "Ай туды.", "Ойымда жүр.", "Той болды.")
    text = "Ай, как хорошо, ой! Он вспомнил о том, что то лето было тёплым, а зима не была."
    paper.visit(f"{HOME}4", article(f"{HOME}4", title="А", text=text, language="ru"))
    text = "Он вспомнил о том, что то лето было тёплым, а зима не была."
    paper.visit(f"{HOME}5", article(f"{HOME}5", title="О", text=text, language="ru"))
    assert [url for url in urls(paper, query) if url != "4"] == found


@pytest.mark.parametrize("query", ["ٴ", "ء", "ٴ су", "ـ су"])
def test_a_sign_alone(paper: Paper, query: str) -> None:
    store(paper, "Су ٴ ء ـ келді.")
    assert urls(paper, query) == ["1"]


def test_typed_without_kazakh_letters(paper: Paper) -> None:
    store(paper, "Бұл өңірдің өзені.", "Онда адам бар.")
    assert urls(paper, "онир") == ["1"]
    assert urls(paper, "адам") == ["2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("мұғалімдер", ["1", "2"]), ("мугалим", ["1", "2"]), ("мұгалімнің", ["1", "2"]),  # both ways
        ("ҚР", ["1"]), ("қр дсм", ["1"]), ("КР ДСМ", ["1"]),
        ("Зербұхан", ["2", "3"]), ("зербухан", ["2", "3"]),  # a name that no list has
        ("дәл", ["4"]), ("дал", ["5"]),  # words of their own
    ],
)  # fmt: skip
def test_any_mixture_of_keyboards(paper: Paper, query: str, found: list[str]) -> None:
    store(
        paper, "ҚР ДСМ мұғалімдерге хат жазды.", "Мугалимнин аты Зербухан.", "Зербұханның үйі.",
        "Дәл осы жерде.", "Дал болдық.",
    )  # fmt: skip
    assert urls(paper, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("АҚШ-тың", ["1", "2"]), ("ақш-та", ["1", "2"]), ("COVIDтің", ["3", "4"]), ("covid", ["3", "4"]),
        ("2023-ші", ["5"]), ("ЖШС-нің", ["6"]), ("«Отан»-нан", ["6"]), ("ара-тұра", ["8"]),
    ],
)  # fmt: skip
def test_a_suffix_that_stands_apart_is_no_word(paper: Paper, query: str, found: list[str]) -> None:
    store(
        paper, "АҚШ-тың елшісі.", "Ол АҚШ-та тұрады.", "COVID-тен сақтан.", "COVIDпен ауырды.", "2023-те болды.",
        "«Отан» ЖШС-сі.", "Тың игерілді.", "Ара-тұра келеді.",
    )  # fmt: skip
    assert urls(paper, query) == found


@pytest.mark.parametrize(
    "query",
    "Tokayev Tokaev Toqaev Тоқаев Токаев توقايەۆ Қасым-Жомарт Kassym-Jomart Kasym-Zhomart".split(),
)
def test_names_in_every_spelling(paper: Paper, query: str) -> None:
    store(paper, "Қасым-Жомарт Тоқаевтың жолдауы.", "Су келді.", "Қасым келді. Жомарт кетті.")
    assert set(urls(paper, query)) - {"3"} == {"1"}


def test_a_common_word_is_not_taken_for_another(paper: Paper) -> None:
    """«тан» has its own meaning; it does not bring «таң»."""
    store(paper, "Таң атты.", "Ол отын жақты.", "От жанды.")
    assert urls(paper, "от") == ["3"]


def test_look_alike_letters(paper: Paper) -> None:
    store(paper, "Әншінің үнiн естідік.")  # Latin i, as a newspaper printed it
    assert urls(paper, "үні") == ["1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        *[(word, ["1"]) for word in "школа школами ШКОЛЕ".split()],
        ("учеников", ["1"]),
        ("ребёнок", ["1"]),
        ("ребенок", ["1"]),
        ("мектептер", ["1", "2"]),
        ("сел", ["3"]),  # the flood, and no village
        *[
            (word, ["1"])
            for word in "аким акимом Сапарбаев Сапарбаева Иванову Иванов Узбекистан Узбекистане".split()
        ],
        ("село", ["1"]),
        ("банкілер", ["1", "2"]),
        ("банком", ["1"]),
    ],
)
def test_russian_words_are_found_in_every_form(
    paper: Paper, query: str, expected: list[str]
) -> None:
    russian = (
        "В селе открыта школа для ребёнка, ученики рады. Банк дал денег. Рядом мектеп. О режиме сказал аким Сапарбаев, с Ивановым, \
в Узбекистане."
    )
    for number, (text, language) in enumerate(
        ((russian, "ru"), ("Мектептер мен банкілер.", "kk"), ("Сел жүрді.", "kk")), 1
    ):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title=f"Бірдеңе {number}", text=text, language=language))
    assert urls(paper, query) == expected


def test_a_mixed_article_has_stems_of_both_languages(paper: Paper) -> None:
    kazakh = "Ауылымыздың мектебінде жаңа кітапхана ашылды."
    russian = "На открытии новой библиотеки в школе были ученики и их родители."
    store(paper, f"{kazakh}\n\n{russian}", f"{russian}\n\n{kazakh}")
    paper.visit(f"{HOME}3", article(f"{HOME}3", text=f"{russian}\n\n{kazakh}", language="ru"))
    for query in ("мектептер кітапханалар", "библиотека школа", "мектеп библиотек"):
        assert urls(paper, query) == ["1", "2", "3"], query
    assert check(paper.store.connection) == []


# -- the language, end to end --------------------------------------------------------------------


def test_words_phrases_beginnings_exclusions(paper: Paper) -> None:
    store(paper, "Ауылға таза су келді.", "Су таза емес.", "Суретші мектепке келді.")
    assert urls(paper, "су") == ["1", "2"]
    assert urls(paper, "СУ ТАЗА") == ["1", "2"]
    assert urls(paper, '"таза су"') == ["1"]
    assert urls(paper, "сур*") == ["3"]
    assert urls(paper, "келу -ауыл") == ["3"]
    assert urls(paper, "ауылдар OR мектептер") == ["1", "3"]
    assert urls(paper, "(ауыл OR мектеп) су") == ["1"]
    assert urls(paper, "бірдеңе -су -мектеп") == []
    assert urls(paper, "футбол") == []


def test_filters(paper: Paper) -> None:
    store(paper, "Су.", "Су.")
    more = article(
        f"{HOME}3",
        text="Су.",
        published="2019-02-03",
        language="kk-Latn",
        authors=["Ерлан Асан"],
        section="Қоғам",
    )
    paper.visit(f"{HOME}3", more)
    for _ in range(2):
        paper.later(days=1).visit(f"{HOME}2", result="missing")
    everything = ["1", "2", "3"]
    for query, expected in {
        "су site:aqbulaq": everything,
        "су site:other": [],
        "су site:other site:aqbulaq": everything,
        "су region:jambyl": everything,
        "су region:abai": [],
        "су author:ерлан": ["3"],
        "су section:қоғам": ["3"],
        "су lang:kk": everything,
        "су lang:kk-Latn": ["3"],
        "су after:2026": ["1", "2"],
        "су before:2019": ["3"],
        "су after:2019-02 before:2019-02-03": ["3"],
        "су gone:yes": ["2"],
        "су gone:no": ["1", "3"],
        "gone:no before:2020": ["3"],
    }.items():
        assert urls(paper, query) == expected, query


@pytest.fixture(scope="module")
def various(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """Articles of several dates, languages, authors, sections and flags."""
    paper = open_paper(tmp_path_factory.mktemp("various"))
    dates = [
        None,
        "2019-12-01",
        "2019-12-31",
        "2020-01-01T05:00:00+05:00",
        "2020-02-29",
        "2020-03-01",
        "2021-05-17",
    ]
    for number, published in enumerate(dates * 2):
        url = f"{HOME}{number}"
        fields: dict[str, object] = {
            "published": published,
            "language": ["kk", "kk-Latn", "ru", "en", None][number % 5],
            "section": ["Қоғам", "Жаңа-Қоғам", None][number % 3],
            "authors": [["Ерлан Асан"], ["Асан Ерлан", "Ян Ли"], []][number % 3],
            "flags": ["date_inferred"] if number % 4 == 0 else [],
            "tags": ["су"] if number % 2 else [],
        }
        paper.later(days=9).visit(url, article(url, text="Су.", **fields))
    for _ in range(2):
        paper.later(days=1).visit(f"{HOME}3", result="missing")
    return paper.store.connection


FILTERED = [
    *(f"{name}:{day}" for name in ("after", "before")
      for day in "2019 2020 2019-12 2020-02 2019-12-31 2020-01-01 2020-02-28 2020-02-29 2021-05-17 2022".split()),
    "after:2019-12 before:2020-02", "seen-after:2026-12", "seen-before:2026-12-15", "seen-after:2027-01-10",
    "site:aqbulaq", "site:other", "region:jambyl", "region:abai", "lang:kk", "lang:kk-latn", "lang:kk-Latn", "lang:ru",
    "script:Cyrl", "script:latn", "section:Қоғам", "author:Ерлан", 'author:"Ерлан Асан"', "author:Ли", "flag:date_inferred",
    "tag:су", "gone:yes", "gone:no", "gone:no lang:kk after:2020", "-site:aqbulaq", "-site:other", "-lang:kk", "-tag:су",
    "-author:Ли -section:Қоғам", "-after:2020", "-before:2020 lang:kk", "-gone:yes", "-region:jambyl", "-story:1",
]  # fmt: skip


@pytest.mark.parametrize("filters", FILTERED)
@pytest.mark.parametrize("words", ["", "су "])
def test_the_index_answers_filters_as_the_rows_do(
    various: sqlite3.Connection, filters: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clauses = ["1"]
    args: list[object] = []
    for name, values in parse(f"су {filters}").filters.items():
        clause, more = condition(name, values)
        clauses.append(clause)
        args += more
    rows = various.execute(f"SELECT a.id FROM articles a WHERE {' AND '.join(clauses)}", args)
    expected = sorted(row[0] for row in rows)
    if filters == "lang:kk-latn":  # as in the names of sites, capitals are no matter
        expected = sorted(
            row[0] for row in various.execute("SELECT id FROM articles WHERE language = 'kk-Latn'")
        )
    found = sorted(row["id"] for row in search(various, words + filters, limit=100).rows)
    assert found == expected
    monkeypatch.setattr("archive.search.COUNTED", 1)
    undated = {row[0] for row in various.execute("SELECT id FROM articles WHERE published IS NULL")}
    by_date = search(various, words + filters, limit=100, order="newest").rows
    if len(expected) > 1:
        assert sorted(row["id"] for row in by_date) == [n for n in expected if n not in undated]


def test_facts_follow_every_change(paper: Paper) -> None:
    first = {
        "section": "Қоғам",
        "authors": ["Ерлан Асан"],
        "tags": ["су"],
        "published": "2026-11-20",
    }
    paper.visit(read=article(text="Су.", **first))
    second = {
        "section": "Спорт",
        "authors": ["Асан Ян"],
        "tags": ["жол"],
        "published": "2025-01-02",
    }
    asked = (
        ["section:қоғам", "author:ерлан", "tag:су", "after:2026"],
        ["section:спорт", "author:ян", "tag:жол", "before:2025"],
    )
    assert [urls(paper, f"су {one}") for one in (*asked[0], *asked[1])] == [["1"]] * 4 + [[]] * 4
    with paper.store.batch():  # indexed together, when the batch ends
        for change in ({"tags": ["жол"]}, {"section": "Спорт"}, second):
            paper.visit(read=article(text="Су.", **{**first, **change}))
    assert [urls(paper, f"су {one}") for one in (*asked[0], *asked[1])] == [[]] * 4 + [["1"]] * 4
    assert check(paper.store.connection) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [("title:су", ["1"]), ("title:сулар жол", ["1"]), ('title:"таза су"', []), ("title:сула*", ["1"]), ("-title:су жол", ["2"])],
)  # fmt: skip
def test_words_of_the_title(paper: Paper, query: str, expected: list[str]) -> None:
    paper.visit(f"{HOME}1", article(f"{HOME}1", title="Сулар", text="Жол келді."))
    paper.visit(f"{HOME}2", article(f"{HOME}2", title="Жол", text="Таза су келді."))
    assert urls(paper, query) == expected


# -- long questions -------------------------------------------------------------------------------


QUESTION = "Алматы облысында су тасқынынан зардап шеккен тұрғындар қайда көшірілді?"


def test_a_long_question_is_answered_with_most_of_its_words(paper: Paper) -> None:
    store(
        paper,
        "Алматы облысында су тасқыны болды, тұрғындар көшірілді.",
        "Алматы облысында той болды.",
        "Су тасқынынан тұрғындар зардап шекті.",
        *["Бөтен сөз."] * 5,
    )
    hits = search(paper.store.connection, QUESTION)
    found = {row["url"][-1]: row for row in hits.rows}
    assert {row["url"][-1] for row in hits.rows[:2]} == {"1", "3"}
    assert found["1"]["missing"] == ["зардап", "шеккен"]
    lacking = ", ".join(hits.rows[0]["missing"])
    assert any("no article has all words" in note and lacking in note for note in hits.notes)
    assert "[тасқыны]" in found["1"]["snippet"]
    whole = search(paper.store.connection, "су тасқыны тұрғындар")
    assert (whole.total, whole.notes, whole.rows[0]["missing"]) == (2, [], [])
    for order in ("newest", "oldest"):
        assert len(search(paper.store.connection, QUESTION, order=order, facets=True).rows) >= 2
    assert (
        search(paper.store.connection, "алматы тасқыны тұрғыдар").suggestion
        == "алматы тасқыны тұрғындар"
    )
    assert search(paper.store.connection, "футбол балық").total == 0, "two words are both meant"


def test_a_year_in_a_question_is_that_of_publication_too(paper: Paper) -> None:
    for number, year in enumerate((2019, 2021, 2023), 1):
        url = f"{HOME}{number}"
        text = "Жаңа әкім облысқа тағайындалды."
        paper.visit(url, article(url, text=text, published=f"{year}-08-31"))
    (first, *others) = search(paper.store.connection, "2021 жылы облысқа қандай әкім келді?").rows
    assert first["url"] == f"{HOME}2" and "2021" not in first["missing"]
    assert all("2021" in row["missing"] for row in others)
    assert urls(paper, "әкім 2021") == [], "words alone are looked for as they are"


def test_words_that_every_article_has_are_not_demanded(paper: Paper) -> None:
    store(paper, "Су және тасқын.", "Су, тасқын.")
    assert urls(paper, "су және тасқын") == urls(paper, "су туралы тасқын") == ["1", "2"]
    assert urls(paper, "және") == ["1"]


@pytest.mark.parametrize("query", ["", "-су", "су after:x"])
def test_usage_errors(paper: Paper, query: str) -> None:
    with pytest.raises(ArchiveUsageError):
        search(paper.store.connection, query)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    paper = open_paper(tmp_path_factory.mktemp("library"))
    store(paper, "Ауылға таза су келді.", "Су таза емес, бірақ жол жақсы.")
    return paper.store.connection


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.text("аусөқ \"*-():'OR AND NOT site:\0\ud800'", max_size=30)))
def test_no_query_is_an_sql_error(library: sqlite3.Connection, text: str) -> None:
    for order in ("best", "newest"):
        try:
            search(library, text, order=order, facets=True)
        except ArchiveUsageError as error:
            assert "\n" not in str(error)


def test_random_and_hostile_queries_over_random_letters(tmp_path: Path) -> None:
    """`bench.search hostile` asks ten thousand and a thousand."""
    paper, chosen = open_paper(tmp_path), random.Random(6)
    for number in range(20):
        url = f"{HOME}{number}"
        text = random_text(chosen, 400).encode("utf-8", "ignore").decode().replace("\0", "")
        paper.visit(url, article(url, text=f"{text} су мектеп"))
    for n in range(300):
        query = hostile_query(chosen) if n % 5 == 0 else random_text(chosen, 40)
        started = time.thread_time()
        with suppress(ArchiveUsageError):
            search(
                paper.store.connection, query, order=("best", "newest")[n % 2], facets=n % 3 == 0
            )
        assert time.thread_time() - started < 1, query


# -- ranking, pages, dates ------------------------------------------------------------------------


def test_a_page_of_results(paper: Paper) -> None:
    store(paper, *(["Таза су."] * 5), "Бөтен.")
    seen = [
        row["id"]
        for n in range(5)
        for row in search(paper.store.connection, "су", limit=1, offset=n).rows
    ]
    assert len(set(seen)) == 5
    hits = search(paper.store.connection, "су", limit=2, offset=4)
    assert (hits.total, hits.more, len(hits.rows)) == (5, False, 1)
    assert search(paper.store.connection, "су", limit=2, offset=99).rows == []


def test_pages_go_on_beyond_the_ranked(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.search.ranking._RANKED", 3)
    store(paper, *(["Таза су."] * 9))
    pages = [search(paper.store.connection, "су", limit=2, offset=n).rows for n in range(0, 10, 2)]
    seen = [row["id"] for page in pages for row in page]
    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == 9


def test_a_word_in_the_title_counts_more(paper: Paper) -> None:
    paper.visit(f"{HOME}1", article(f"{HOME}1", title="Сулар", text="Ауылға жол келді."))
    paper.visit(f"{HOME}2", article(f"{HOME}2", title="Жол", text="Ауылға су келді деген жақсы."))
    rows = search(paper.store.connection, "су").rows
    assert [row["url"] for row in rows] == [f"{HOME}1", f"{HOME}2"]
    assert rows[0]["score"] > rows[1]["score"]


def test_a_word_as_typed_comes_before_its_other_forms(paper: Paper) -> None:
    store(paper, "Ол «қала» деді, бақ керек.", "Қаланың шеті бақшалы.", "ҚАЛА, бақтағы.")
    for query, first in {"қала": "13", "қаланың": "2", "бақ": "1"}.items():
        row = search(paper.store.connection, query).rows[0]
        assert row["url"][-1] in first, query


def test_the_newer_of_two_alike_comes_first(paper: Paper) -> None:
    for number, year in enumerate((2012, 2025, 2018), 1):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, text="Таза су.", published=f"{year}-05-01"))
    order = [row["url"][-1] for row in search(paper.store.connection, "су").rows]
    assert order == ["2", "3", "1"]


def test_date_order(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, day in enumerate((3, 1, None, 2), 1):
        url = f"{HOME}{number}"
        published = f"2026-11-0{day}" if day else None
        paper.visit(url, article(url, text="Таза су.", published=published))

    def order(way: str) -> str:
        rows = search(paper.store.connection, "су", order=way).rows
        return "".join(row["url"][-1] for row in rows)

    assert (order("newest"), order("oldest")) == ("1423", "2413")
    monkeypatch.setattr("archive.search.COUNTED", 2)  # the other way to sort, for many matches
    assert (order("newest"), order("oldest")) == ("142", "241")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("су", "642135"),
        ("су gone:no after:2021", "421"),
        ("gone:no", "42135"),
        ("су -жол before:2023", "2135"),
        ("site:aqbulaq before:2023-01", "2135"),
    ],
)
def test_many_matches_by_date(
    paper: Paper, monkeypatch: pytest.MonkeyPatch, query: str, expected: str
) -> None:
    monkeypatch.setattr("archive.search.COUNTED", 1)
    for number, year in enumerate((2021, 2022, 2020, 2024, 2019, 2025), 1):
        url = f"{HOME}{number}"
        text = "Таза су, жол." if number == 6 else "Таза су."
        paper.visit(url, article(url, text=text, published=f"{year}-05-01"))
    for _ in range(2):
        paper.later(days=1).visit(f"{HOME}6", result="missing")
    connection = paper.store.connection
    for way, wanted in (("newest", expected), ("oldest", expected[::-1])):
        pages = [
            row["url"][-1]
            for offset in range(0, 8, 2)
            for row in search(connection, query, order=way, limit=2, offset=offset).rows
        ]
        assert "".join(pages) == wanted


# -- snippets, facets, suggestions -----------------------------------------------------------------


def test_snippets_mark_the_forms_that_matched(paper: Paper) -> None:
    text = "Бос сөз. " * 50 + "Ауылымыздың мектебінде таза су бар. " + "Бос сөз. " * 50
    store(paper, text)
    (row,) = search(paper.store.connection, "мектеп суы", marks=("<b>", "</b>")).rows
    assert "<b>мектебінде</b> таза <b>су</b>" in row["snippet"]
    assert row["snippet"].startswith("… ") and row["snippet"].endswith(" …")
    assert len(row["snippet"]) < 400


def test_a_phrase_is_marked_as_one(paper: Paper) -> None:
    store(paper, "Су бар. Таза су келді. Таза ауа.")
    (row,) = search(paper.store.connection, '"таза су"').rows
    assert row["snippet"] == "Су бар. [Таза] [су] келді. Таза ауа."


def test_facets(paper: Paper) -> None:
    store(paper, "Су.", "Су.", "Жол.")
    paper.visit(f"{HOME}9", article(f"{HOME}9", text="Суы.", published="2019-02-03", language=None))
    assert search(paper.store.connection, "су", facets=True).facets == {
        "site": {"aqbulaq": 3},
        "region": {"jambyl": 3},
        "year": {"2026": 2, "2019": 1},
        "month": {"2026-11": 2, "2019-02": 1},
        "language": {"kk": 2},
    }


# -- the index -------------------------------------------------------------------------------------


def test_the_index_follows_every_change(paper: Paper) -> None:
    paper.visit(read=article(title="Бірінші", text="Қоян."))
    paper.visit(read=article(title="Екінші", text="Қоян."))
    assert (urls(paper, "бірінші"), urls(paper, "екінші")) == ([], ["1"])
    paper.visit(read=article(title="Екінші", text="Түлкілер."))
    assert (urls(paper, "қоян"), urls(paper, "түлкі")) == ([], ["1"])
    paper.visit(read=article(title="Үшінші", text="Түлкі."))
    assert (urls(paper, "екінші"), urls(paper, "түлкі")) == ([], ["1"])
    paper.visit(read=article(title="Екінші", text=""))  # refused: the page lost its text
    assert urls(paper, "түлкі") == ["1"]
    for _ in range(2):
        paper.later(days=1).visit(result="missing")
    (row,) = search(paper.store.connection, "түлкі").rows
    assert row["gone_since"], "what is gone is still found, and said to be gone"
    assert check(paper.store.connection) == []


def test_a_rollback_takes_the_words_back(paper: Paper) -> None:
    class Crash(Exception):
        pass

    def crash() -> None:
        with paper.store.transaction():
            paper.store.changes.index.add(7, "Көбелек", "Гүлдер.", "kk")
            raise Crash

    with pytest.raises(Crash):
        crash()
    assert paper.all("SELECT word FROM vocabulary") == []
    store(paper, "Көбелек пен гүлдер.")
    assert urls(paper, "гүл") == ["1"]
    assert check(paper.store.connection) == []


def test_a_form_in_the_archive_is_no_evidence_for_a_stem(paper: Paper) -> None:
    """Зербұлақ is unknown: its bare form settles where suffixes begin, its genitive does not."""
    store(paper, "Зербұлақ ауылы.", "Зербұлақта той болды.", "Зербұлақтың суы.")
    for query in ("зербұлақ", "зербұлақтан", "зербұлақтың"):
        assert urls(paper, query) == ["1", "2", "3"], query


def test_every_stem_of_a_text_is_written_once(paper: Paper) -> None:
    index = paper.store.changes.index
    written = index.vocabulary.stems_of("Су", "Таза су, суы; «мектеп» тiл mektep", "kk").split()
    assert sorted(written) == sorted([f"{TITLE_MARK}су", "таза", "су", "тіл", "мектеп"])
    assert index.vocabulary.stems_of("Вода", "Вода чистая", "ru") == f"{TITLE_MARK}ѳвод ѳвод ѳчист"
    assert index.vocabulary.stems_of("Su", "Clean water", "en") == ""


def test_what_was_met_long_ago_is_met_again(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.search.vocabulary.CACHED", 2)
    index = paper.store.changes.index
    texts = ["Таза су", "Мектептер ашылды бүгін", "Жолдар бойында"]
    first = [index.vocabulary.stems_of(None, text, "kk") for text in texts]
    assert [index.vocabulary.stems_of(None, text, "kk") for text in texts] == first


def test_articles_indexed_together_are_all_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.index._TOGETHER", 3)
    with Store(tmp_path) as opened, opened.transaction() as c:
        index = Index(c)
        with index.together():
            for number in range(1, 8):
                index.add(number, "Көбелек", f"Гүлдер{number}.", "kk")
            index.remove(7, "Көбелек", "Гүлдер7.", "kk")
            index.add(7, None, "Қояндар.", "kk")
        for word, expected in {"көбелек": [1, 2, 3, 4, 5, 6], "гүлдер7": [], "қоян": [7]}.items():
            sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid"
            assert [row[0] for row in c.execute(sql, (word,))] == expected


def test_rebuilding_and_checking(paper: Paper) -> None:
    store(paper, "Ауылға су келді.", "Мектептер ашылды.")
    c = paper.store.connection
    c.execute("UPDATE articles SET text = 'Жол бойында екі мектеп бар.' WHERE id = 1")
    c.execute("DELETE FROM articles_fts_docsize WHERE id = 2")
    assert len(check(c)) == 2
    with paper.store.transaction():
        assert rebuild(c) == 2
    assert check(c) == []
    assert urls(paper, "мектеп") == ["1", "2"]
    assert urls(paper, "келді") == []
    c.execute("UPDATE readings SET text = (SELECT text FROM articles WHERE id = article)")
    digests.write(c, [1, 2])


SQL = re.findall(
    r"```sql\n(.+?)```", (Path(__file__).parents[3] / "docs" / "search.md").read_text("utf-8"), re.S
)


@pytest.mark.parametrize("sql", SQL, ids=range(len(SQL)))
def test_the_documented_sql_finds_every_form(paper: Paper, sql: str) -> None:
    """In the base form and inflected, in texts and titles, typed into the shell where there is one."""
    bodies = ("Бұл – мектеп.", "Мектептің суы.", "Жол.", "Жол.", "Жол мектебіміздегілерге.", "Жол.")
    names = ("Бір", "Екі", "Мектеп", "Мектебіміз", "Бес", "Алты")
    for number, (title, text) in enumerate(zip(names, bodies, strict=True), 1):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title=title, text=text))
    file = paper.store.folder / DATABASE
    if shell := shutil.which("sqlite3"):
        ran = subprocess.run([shell, file, sql], capture_output=True, text=True, check=True)
        found = ran.stdout
    else:
        with closing(sqlite3.connect(file)) as plain:
            found = "\n".join("|".join(map(str, row)) for row in plain.execute(sql))
    if "articles_fts" in sql:
        assert {name for name in names if name in found} == {*names} - {"Алты"}
    else:
        assert found.strip() == "мектеп"


@pytest.mark.parametrize("match", ["stems:мектеп", "мектеп", "stems:(жол AND мектеп)"])
def test_plain_sql_finds_every_form(paper: Paper, match: str) -> None:
    store(paper, "Жол, мектеп.", "Жолымыз мектептерге.", "Жол.", title="Бірдеңе")
    with closing(sqlite3.connect(paper.store.folder / DATABASE)) as plain:
        sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid"
        assert plain.execute(sql, (match,)).fetchall() == [(1,), (2,)]
        assert len(plain.execute(sql, (f"stems:{TITLE_MARK}бірдеңе",)).fetchall()) == 3


def test_a_text_cannot_pass_for_what_is_marked(paper: Paper) -> None:
    """ѳ, ѫ and ѯ mark Russian stems, words of titles, and facts; old texts print the first of them."""
    store(paper, "Ѳома сапарда. ѯsaqjol ѯy2001 ѫмектеп", "Ѳома Ѳоманың мектебінде.")
    assert check(paper.store.connection) == []
    assert urls(paper, "ѳома") == ["1", "2"]
    assert urls(paper, "ѯsaqjol") == ["1"] and urls(paper, "ѯsaqbulaq") == [], "nor can a query"
    for query in ("site:aqjol", "сапар site:aqjol", "сапар after:2001 before:2001"):
        assert urls(paper, query) == []
    c = paper.store.connection
    paper.visit(f"{HOME}1", article(f"{HOME}1", text="Ѳома кетті."))
    assert check(c) == [] and urls(paper, "сапар") == []
    assert not c.execute("SELECT * FROM vocabulary WHERE word > 'ѳ' AND word < 'ѵ'").fetchall()


def test_what_is_printed_as_a_stem_is_marked(paper: Paper) -> None:
    store(paper, "Тауда сүйектен жасалған зат бар.")
    (row,) = search(paper.store.connection, "сүйектену").rows
    assert "[сүйектен]" in row["snippet"]


# -- the commands ----------------------------------------------------------------------------------


def run(paper: Paper, *args: str) -> str:
    result = CliRunner().invoke(newsbot, [*args, "--data", str(paper.store.folder)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    store(paper, "Ауылымыздағы мектептерге таза су келді.")
    assert "[мектептерге]" in run(paper, "search", "мектеп", "--facets")
    assert '"total": 1' in run(paper, "search", "мектеп", "--json")
    assert "did you mean: мектептерге" in run(paper, "search", "мектаптерге")
    shown = run(paper, "stems", "мектептерге")
    assert "мектеп" in shown and "plural + dative" in shown and "under: мектеп" in shown
    assert '"stems": ["мектеп"]' in run(paper, "stems", "mektepke", "--json")
    paper.store.close()
    assert "1 articles indexed anew" in run(paper, "stems", "--rebuild")
