"""Transliteration: three scripts and the spellings of people in a hurry come to one form."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.kazakh.letters import CYRILLIC
from archive.kazakh.transliterate import key, script_of, to_arabic, to_cyrillic, to_latin
from archive.kazakh.words import in_cyrillic, spans, spellings, words

SAME = [
    # Cyrillic, then 2018, 2021, ad-hoc spellings, Arabic
    "қазақстан qazaqstan qazaqstan qazaqstan قازاقستان",
    "жаңалықтары jańalyqtary jaŋalyqtary janalyqtary جاڭالىقتارى",
    "білім bilim bılım bilim ٴبىلىم",
    "мемлекеттік memlekettik memlekettık memlekettik مەملەكەتتىك",
    "республикасының respýblıkasynyń respublikasynyñ respublikasynyn رەسپۋبليكاسىنىڭ",
    "облысы oblysy oblysy oblysy وبلىسى",
    "төрағасы tóraǵasy törağasy toraghasy توراعاسى",
    "желтоқсан jeltoqsan jeltoqsan zheltoqsan جەلتوقسان",
]


@pytest.mark.parametrize("row", SAME)
def test_every_script_comes_to_the_same_cyrillic(row: str) -> None:
    cyrillic, *others = row.split()
    assert {other: in_cyrillic(other) for other in others} == dict.fromkeys(others, cyrillic)


@pytest.mark.parametrize(
    ("meant", "written"),
    [
        ("жол", "jol zhol جول"),
        ("осы", "osy osı وسى"),
        ("бол", "bol بول"),
        ("шын", "shyn şın šyn شىن"),
        ("қазір", "qazir kazir qazır قازىر"),
        ("өткен", "ótken ötken otken وتكەن"),
        ("оңды", "ońdy oñdy ongdy وڭدى"),
        ("қорытынды", "qorytyndy korytyndy qorıtındı قورىتىندى"),
        ("уақытша", "ýaqytsha uaqytsha uakytsha ۋاقىتشا"),
        ("электрондық", "elektrondyq ەلەكتروندىق"),
        ("бюджет", "biudjet byudzhet بيۋدجەت"),
        ("медициналық", "medıtsınalyq meditsinalyq مەديسينالىق"),
        ("тоқаев", "toqaev toqayev tokayev توقاەۆ توقايەۆ"),
        ("назарбаев", "nazarbaev nazarbayev نازارباەۆ نازاربايەۆ"),
        ("айтсақ", "aıtsaq aytsaq ايتساق"),
    ],
)
def test_common_words_are_read_as_what_they_say(meant: str, written: str) -> None:
    assert {word: spellings(word)[0] for word in written.split()} == dict.fromkeys(
        written.split(), meant
    )


@pytest.mark.parametrize(
    ("typed", "meant"), [("kun", "күн құн"), ("tur", "тұр түр"), ("aldyn", "алдын алдың")]
)
def test_a_word_that_may_be_two_is_read_as_both(typed: str, meant: str) -> None:
    assert set(spellings(typed)) >= set(meant.split())


def test_letters_that_tell_the_alphabet() -> None:
    assert to_cyrillic("tilı")[0] == "тилі" and to_cyrillic("tili")[0] == "тілі"
    assert to_cyrillic("şıñ")[0] == "шың" and to_cyrillic("şyñ")[0] == "шың"
    assert to_cyrillic("tūr") == ["тұр"] and to_cyrillic("túr") == ["түр"]


@pytest.mark.parametrize("row", SAME)
def test_every_script_has_the_same_key(row: str) -> None:
    assert len({key(word) for word in row.split()}) == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("казакстан", "қазақстан"), ("онир", "өңір"), ("жаналык", "жаңалық"), ("улттык", "ұлттық")],
)
def test_typed_without_kazakh_letters(typed: str, meant: str) -> None:
    assert key(typed) == key(meant)
    assert key("қала") != key("бала")


@pytest.mark.parametrize(
    "row",
    [
        "назарбаев nazarbayev nazarbaev نازاربايەۆ", "сергеев sergeyev sergeev", "ермек yermek ermek",
        "джамбул dzhambul jambul", "юрий yuri yury yuriy", "астафьев astafyev", "жакиянов zhakiyanov",
    ],
)  # fmt: skip
def test_names_as_english_writes_them_have_the_same_key(row: str) -> None:
    assert len({key(word) for word in row.split()}) == 1


def test_into_latin_and_arabic() -> None:
    assert to_latin("Шығыс Қазақстан, Өскемен") == "Shyǵys Qazaqstan, Óskemen"
    assert to_latin("ғылым, ұлы, шың", year=2021) == "ğylym, ūly, şyñ"
    assert to_arabic("қазақ тілі") == "قازاق ٴتىلى"


@given(st.text(CYRILLIC, min_size=1, max_size=12))
def test_latin_and_arabic_can_be_read_back(word: str) -> None:
    assert key(to_latin(word)) is not None
    assert to_cyrillic(to_latin(word))
    assert to_cyrillic(to_arabic(word))


@given(st.text(max_size=60))
def test_nothing_raises(text: str) -> None:
    key(text)
    script_of(text)
    to_latin(text)
    to_arabic(text)
    for word in words(text):
        assert in_cyrillic(word)


def test_words_are_one_spelling() -> None:
    assert words("Ауыл\u00adда «ӨҢІР» и\u0306од 12-ші үнiн snake_case") == [
        "ауылда", "өңір", "йод", "12", "ші", "үнін", "snake", "case",
    ]  # fmt: skip


@given(st.text(st.sampled_from("аӘбҚi \u00ad\u0301-_.İ1"), max_size=30))
def test_spans_are_the_words_and_where_they_stand(text: str) -> None:
    found = spans(text)
    assert all(text[start:end] for start, end, _ in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    if "i" not in text and "İ" not in text and "\u0301" not in text:
        assert [word for *_, word in found if word] == words(text)
