"""Faithful text keeps what is printed and nothing else; look-alikes are folded word by word."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.kazakh.letters import (
    ARABIC,
    CYRILLIC,
    LATIN_2018,
    LATIN_2021,
    RUSSIAN,
    SPECIFIC,
    faithful,
    fold_lookalikes,
    fold_mixed_words,
    mixed_words,
)


def test_alphabets() -> None:
    assert len(CYRILLIC) == len(set(CYRILLIC)) == 42
    assert set(CYRILLIC) - set(RUSSIAN) == set(SPECIFIC)
    assert len(SPECIFIC) == 9
    assert len(LATIN_2018) == 30  # 32 with sh and ch
    assert len(LATIN_2021) == 31
    assert len(set(ARABIC)) == len(ARABIC)


@pytest.mark.parametrize(
    ("served", "printed"),
    [
        ("", ""),
        ("  Жамбыл \u00a0\n\t облысы\u3000", "Жамбыл облысы"),
        ("қаңтар\u00a0– желтоқсан", "қаңтар – желтоқсан"),
        ("пар\u00adтия\u200bсы\ufeff\u2060", "партиясы"),
        ("и\u0306 е\u0308", "й ё"),
        ("и\u00ad\u0306", "й"),  # removal comes before composition
        ("а\x00б\x01в\x7fг\x9fд", "абвгд"),
        ("а\x0bб\x0cв\x85г\u2028д", "а б в г д"),
        ("а\x1cб", "аб"),
        ("\u200eТараз\u200f \u202aқала\u202c \u2066ы\u2069", "Тараз қала ы"),
        ("а\ud800б\udfffв", "абв"),
        ("а\ufffcб\uffff", "аб"),
        ("а \u200b б", "а б"),
        ("ме\u200cктеп к\u200dітап", "мектеп кітап"),
        ("نە\u200cم ب\u200dب", "نە\u200cم ب\u200dب"),
        ("نە\u200c م", "نە م"),
        ("👨\u200d👩\u200d👧 ❤️\u200d🔥", "👨\u200d👩\u200d👧 ❤️\u200d🔥"),
        ("«55%-ы», 1-қаңтар…", "«55%-ы», 1-қаңтар…"),
    ],
)
def test_faithful(served: str, printed: str) -> None:
    assert faithful(served) == printed


DIRTY = st.text(
    st.characters()
    | st.sampled_from(
        " \t\n\u00a0\u00ad\u200b\u200c\u200d\ufeff\u0306\u202e\x85\ud800иәنم👨\ufe0f❤"
    )
)


@given(DIRTY)
def test_faithful_is_idempotent_and_clean(text: str) -> None:
    once = faithful(text)
    assert faithful(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()
    assert "  " not in once
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in once)
    assert not set(once) & set("\u00ad\u200b\u2060\ufeff\u200e\u200f\u202e\u00a0\u2028")


@given(st.text(st.sampled_from(CYRILLIC + LATIN_2021 + "«»–,.!?0123456789"), min_size=1))
def test_faithful_leaves_printed_characters_alone(word: str) -> None:
    assert faithful(word) == word


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("үнiн", "үнін"),  # Latin i
        ("тiлшiсi", "тілшісі"),
        ("әpeкeт", "әрекет"),  # Latin p, e
        ("əкім", "әкім"),  # Latin schwa
        ("Yкімет", "Үкімет"),
        ("ЖEHIC", "ЖЕНІС"),
        ("оblystyq", "oblystyq"),  # Cyrillic о
        ("Маńǵystaý", "Mańǵystaý"),  # Cyrillic М, а
        ("ocа", "oca"),  # twins alone: two Latin, one Cyrillic
        ("iPhoneды", "iPhoneды"),
        ("Taraz", "Taraz"),
        ("Тараз", "Тараз"),
        ("", ""),
    ],
)
def test_fold_lookalikes(typed: str, meant: str) -> None:
    assert fold_lookalikes(typed) == meant


@given(st.text(st.sampled_from(CYRILLIC + LATIN_2018 + "ƏɵYHKABCMT"), max_size=12))
def test_fold_lookalikes_is_idempotent(word: str) -> None:
    once = fold_lookalikes(word)
    assert fold_lookalikes(once) == once
    assert len(once) == len(word)


def test_words_of_a_text() -> None:
    text = "Жаңa мектеп, IT-парк және оblystyq gazet"
    assert mixed_words(text) == ["Жаңa", "оblystyq"]
    assert fold_mixed_words(text) == "Жаңа мектеп, IT-парк және oblystyq gazet"
