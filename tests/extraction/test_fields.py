"""Fields: titles, names, counters, sections, tags and editions as newspapers print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.extraction import fields


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("Көпір ашылды - Көктерек үні", "Көпір ашылды"),
        ("Көпір ашылды | Көктерек үні", "Көпір ашылды"),
        ("Көктерек үні » Көпір ашылды", "Көпір ашылды"),
        ("Көпір ашылды » Көктерек үні » Көктерек үні", "Көпір ашылды"),
        ("Ақ пен қара - екі түс", "Ақ пен қара - екі түс"),
        ("Қасым-Жомарт келді", "Қасым-Жомарт келді"),
    ],
)
def test_title_without_site_name(title: str, clean: str) -> None:
    assert fields.without_site_name(title, fields.spelt_names(["Көктерек үні", None])) == clean


@pytest.mark.parametrize(
    ("printed", "views"),
    [
        ("172", 172),
        ("1 234", 1234),
        ("1,2 мың", 1200),
        ("12.5K views", 12500),
        ("Қаралымдар саны: 172", 172),
        ("Оқылды 172 рет", 172),
        ("4236 рет көрсетілді", 4236),
        ("Просмотров: 1 234 | Добавил: Ерлан | Рейтинг: 0.0/0", 1234),
        ("22.12.2022 14:05 | Қаралды: 1 172 | Пікірлер: 3", 1172),
        ("Күні: , 48 рет оқылды", 48),
        ("385 رەت كورسەتىلدى", 385),
        ("0 172", None),  # two counters without a word: which is which cannot be known
        ("Оқылды", None),
        ("", None),
    ],
)
def test_views(printed: str, views: int | None) -> None:
    assert fields.view_count(printed) == views


@pytest.mark.parametrize(
    ("printed", "comments"),
    [
        ("0", 0),
        ("3 пікір", 3),
        ("Пікірлер (12)", 12),
        ("Всего комментариев: 0", 0),
        ("No Comments", 0),
        ("Пікір жоқ", 0),
        ("153 0 пікір 30 қаңтар, 2026 сағат 13:48", 0),
        ("12 پىكىر", 12),
        ("Пікір қосу", None),
        ("2026 жылдың үздік 10 оқиғасы", None),
    ],
)
def test_comments(printed: str, comments: int | None) -> None:
    assert fields.comment_count(printed) == comments


def test_section_and_tags_lose_their_labels() -> None:
    assert fields.section("Рубрика: Қоғам") == "Қоғам"
    assert fields.section("Опубликовано в Спорт") == "Спорт"
    assert fields.section(" / ") is None
    assert fields.tags(["#мектеп", "Тегтер:", "мектеп", "спорт,"]) == ["мектеп", "спорт"]
    assert fields.stated_tags("Тегтер: мектеп, спорт") == ["мектеп", "спорт"]
    assert fields.stated_tags("Мектепте спорт залы ашылды") == []


def test_glued_words_are_suspected() -> None:
    assert fields.looks_glued("Бұл туралы айтылдыБұдан өзге мәселе де бар.")
    assert fields.looks_glued("Жиын өтті.Оған халық қатысты.")
    assert not fields.looks_glued("А.Қ.Нұрбеков сөйледі. ҚазАқпарат хабарлады. iPhone келді.")


def test_editions_of_kazakh_sites() -> None:
    assert fields.edition_language("tt") == "kk-Arab"
    assert fields.edition_language("lt") == "kk-Latn"
    assert fields.edition_language("ru") == "ru"
    assert fields.edition_label("Төте жазу") == "kk-Arab"
    assert fields.edition_label("Latyn") == "kk-Latn"
    assert fields.edition_label("Спорт") is None


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    fields.without_site_name(text, fields.spelt_names([text, "x"]))
    fields.view_count(text)
    fields.comment_count(text)
    fields.section(text)
    fields.tags([text])
    fields.stated_tags(text)
    fields.looks_glued(text)
    fields.edition_label(text)
