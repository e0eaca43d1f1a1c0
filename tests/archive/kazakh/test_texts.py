"""Whole texts in other forms: alphabets, sentences, counts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.kazakh import texts
from archive.kazakh.transliterate import to_arabic, to_latin
from archive.kazakh.words import words

TEXT = "Жамбыл облысында су тасқыны болды. «Қызылкөл» ауылына 12 көлік жіберілді!\n\nТұрғындар көшірілді."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Бір. Екі! Үш? Төрт… Бес", ["Бір.", "Екі!", "Үш?", "Төрт…", "Бес"]),
        ("А. Құнанбаев пен Ы.Алтынсарин. Олар – ұстаздар.", ["А. Құнанбаев пен Ы.Алтынсарин.", "Олар – ұстаздар."]),
        ("2023 ж. 5 мамырда 1,5 млн. Теңге жинады.", ["2023 ж. 5 мамырда 1,5 млн. Теңге жинады."]),
        ("Алма, алмұрт, т.б. Бәрі бар.", ["Алма, алмұрт, т.б.", "Бәрі бар."]),
        ("Алма, алмұрт, т.б. жемістер.", ["Алма, алмұрт, т.б. жемістер."]),
        ("«Келдің бе?» – деді ол. «Иә!» Үнсіздік.", ["«Келдің бе?» – деді ол.", "«Иә!»", "Үнсіздік."]),
        ("Ойланып қалды... сосын кетті... Болды.", ["Ойланып қалды... сосын кетті...", "Болды."]),
        ("1. Бірінші.\n2. Екінші.", ["1. Бірінші.", "2. Екінші."]),
        ("Он сегіз. 18 адам.", ["Он сегіз.", "18 адам."]),
        ("Проф. Ахметов келді", ["Проф. Ахметов келді"]),
        ("Родился в 1950 г. в ауле им. Абая. Жил там.", ["Родился в 1950 г. в ауле им. Абая.", "Жил там."]),
        ("سالەم. قالايسىڭ؟ جاقسى", ["سالەم.", "قالايسىڭ؟", "جاقسى"]),
        ("Сайт egemen.kz. Баға 3.5 есе", ["Сайт egemen.kz.", "Баға 3.5 есе"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(text: str, found: list[str]) -> None:
    assert texts.sentences(text, "kk") == found


@given(st.text("аАбБ .!?…«»\n-1т", max_size=80))
def test_sentences_lose_nothing_but_spaces(text: str) -> None:
    found = texts.sentences(text, "kk")
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(one == one.strip() and one for one in found)


def test_alphabets() -> None:
    latin = texts.latin(TEXT, "kk")
    assert latin is not None and latin.startswith("Jambyl oblysynda su tasqyny boldy. «Qyzylköl»")
    assert texts.latin(latin, "kk-Latn") == latin
    assert texts.cyrillic(TEXT, "kk") == TEXT
    assert texts.cyrillic(to_latin(TEXT), "kk-Latn") == TEXT
    text = TEXT.replace("Қызылкөл", "Ақбұлақ").lower()
    arabic = to_arabic(text)
    assert texts.cyrillic(arabic.replace("?", "؟"), "kk-Arab") == text
    assert texts.latin(arabic, "kk-Arab") == texts.latin(text, "kk")
    assert texts.latin("ЩУЧИНСК қаласы, Юрий Ильин", "kk") == "ŞÇUÇİNSK qalasy, İurii İlin"
    assert texts.cyrillic("QAZAQSTAN", "kk-Latn") == "ҚАЗАҚСТАН"


def test_other_languages() -> None:
    assert texts.cyrillic("Вода пришла", "ru") == "Вода пришла"
    assert texts.cyrillic("Water came", "en") is None
    assert texts.latin("Вода пришла", "ru") is None
    assert texts.stems("Вода пришла", "ru") is None
    assert texts.normalised("Үнiн естідi", "kk") == "Үнін естіді"


def test_stems_are_in_the_order_of_the_words() -> None:
    assert texts.stems("Мектептерімізде 12 бала, мектепке", "kk") == "мектеп 12 бала мектеп"
    assert texts.stems("Mektepterimizde", "kk-Latn") == "мектеп"


def test_shares() -> None:
    assert texts.counts("Су 12, «–»") == (2, 1.0, 0.0, 0.0)
    assert texts.counts("ab су") == (2, 0.5, 0.5, 0.0)
    assert texts.counts("سالەم") == (1, 0.0, 0.0, 1.0)
    assert texts.counts("12 – «» … №") == (1, None, None, None)
    assert texts.counts("水аб") == (1, 0.6667, 0.0, 0.0)


@given(st.text("абӘәҒІzÄğşÑ سالەм水5,._-’–…«»№₸😀\u00a0\u0301 \n"))
def test_shares_are_those_of_the_letters(text: str) -> None:
    letters = [unicodedata.name(c).split()[0] for c in text if c.isalpha()]
    expected = [
        round(letters.count(script) / len(letters), 4) if letters else None
        for script in ("CYRILLIC", "LATIN", "ARABIC")
    ]
    assert [*texts.counts(text)][1:] == expected
    assert texts.counts(text)[0] == len(words(text))
