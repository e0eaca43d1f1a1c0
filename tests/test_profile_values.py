"""Values of profiles: a region is found by whatever spelling a person types."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.kazakh.transliterate import to_arabic, to_latin
from newsbot.profile_values import REGIONS, folded, region
from newsbot.vocabulary import entries

SPELLINGS = [(name, said) for name, more in REGIONS.items() for said in (name, *more)]
RUSSIAN = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
"""Letters that a Russian keyboard has in place of the Kazakh ones."""
LATIN_TWINS = str.maketrans("аеоАЕО", "aeoAEO")
CASES: list[Callable[[str], str]] = [str, str.upper, str.lower, str.title, str.swapcase]
SCRIPTS: list[Callable[[str], str]] = [
    str,
    to_latin,
    lambda said: to_latin(said, year=2021),
    lambda said: to_arabic(said) if set(said) & set("әғқңөұүіжбл") else said,
    lambda said: said.translate(RUSSIAN),
    lambda said: said.translate(LATIN_TWINS) if set(said) & set("ғқңұүлджы") else said,
]


def test_a_region_is_found_in_any_script_and_case() -> None:
    for (name, said), script, case, form in product(SPELLINGS, SCRIPTS, CASES, ("NFC", "NFD")):
        typed = unicodedata.normalize(form, case(script(case(said))))
        assert region(typed) == name, typed


@given(st.sampled_from(SPELLINGS), st.sampled_from(entries("regions", "kinds")), st.booleans())
def test_words_for_region_and_city_may_stand_beside_a_name(
    spelling: tuple[str, str], kind: str, before: bool
) -> None:
    name, said = spelling
    found = region(f"{kind} {said}" if before else f"{said} {kind}")
    assert found == name or {found, name} == {"almaty-city", "almaty-oblast"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Жамбыл", "jambyl"),
        ("Джамбул", "jambyl"),
        ("zhambyl", "jambyl"),
        ("Dzhambul", "jambyl"),
        ("جامبىل وبلىسى", "jambyl"),
        ("Жамбылская область", "jambyl"),
        ("Алматы", "almaty-city"),
        ("г. Алматы", "almaty-city"),
        ("Almaty city", "almaty-city"),
        ("Алматы облысы", "almaty-oblast"),
        ("Almaty oblysy", "almaty-oblast"),
        ("almaty_oblast", "almaty-oblast"),
        ("Алматинская обл.", "almaty-oblast"),
        ("Mańǵystaý", "mangystau"),
        ("Mangistau", "mangystau"),
        ("Семипалатинская область", "abai"),
        ("South Kazakhstan", "turkistan"),
        ("Тараз", None),
        ("облысы", None),
        ("", None),
        ("x" * 5000, None),
    ],
)
def test_what_people_type(typed: str, name: str | None) -> None:
    assert region(typed) == name


def test_a_spelling_is_of_one_region() -> None:
    spelt = Counter(spelling for spelling, _ in {(folded(said), name) for name, said in SPELLINGS})
    assert [spelling for spelling, number in spelt.items() if number > 1] == []
