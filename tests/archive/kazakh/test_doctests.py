"""The examples in the docstrings of archive.kazakh, and of the search that uses them, are true."""

import doctest
from importlib import import_module

import pytest

import archive.kazakh


@pytest.mark.parametrize(
    "name",
    "kazakh kazakh.language kazakh.letters kazakh.morphology kazakh.stems kazakh.transliterate "
    "kazakh.words search.places typed_dates".split(),
)
def test_examples(name: str) -> None:
    found = doctest.testmod(import_module(f"archive.{name}"))
    assert found.failed == 0


def test_everything_that_is_offered_says_what_it_does() -> None:
    assert all(getattr(archive.kazakh, name).__doc__ for name in archive.kazakh.__all__)
