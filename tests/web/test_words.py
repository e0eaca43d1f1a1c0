"""The words of the room: each has its Kazakh and Russian, and nothing is left over in the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

import newsbot.web
from newsbot.profile_values import REGIONS
from newsbot.web.languages import LANGUAGES, language
from tests.conftest import ROOT

WEB = Path(newsbot.web.__file__).parent
OTHERS = [code for code in LANGUAGES if code != "en"]


@cache
def catalogue(code: str) -> Catalog:
    with (WEB / "locale" / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def of_templates() -> Iterator[str]:
    for path in sorted((WEB / "templates").glob("**/*.html")):
        for _, said, _, _ in extract_from_file(
            "jinja2.ext:babel_extract", path, options={"silent": "false"}
        ):
            yield from (said if isinstance(said, tuple) else (said,))


def of_code() -> Iterator[str]:
    """What is given to `gettext` and `Refused`: words that stand there, or constants of the file."""
    for path in sorted(WEB.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            given = [_words_given(call) for call in calls]
            yield from (one.value for one in given if isinstance(one, ast.Constant))
            if any(isinstance(one, ast.Name) for one in given):
                names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
                yield from (constants[name] for name in sorted(names & {*constants}))


def _words_given(call: ast.Call) -> ast.expr | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = {"gettext": 0, "Refused": 1}.get(name)
    return call.args[place] if place is not None and len(call.args) > place else None


def of_messages() -> Iterator[str]:
    """What search has to say, and the regions, whose names are put together from their ids."""
    yield from (name.replace("-", " ").title() for name in REGIONS)
    for folder, files in (("archive", "**.py"), ("newsbot", "names.py"), ("newsbot/web", "**.py")):
        found = extract_from_dir(ROOT / folder, [(files, "python")], keywords={"Message": None})
        yield from (str(message) for _, _, message, *_ in found)


@cache
def said() -> frozenset[str]:
    return frozenset(filter(None, (*of_templates(), *of_code(), *of_messages())))


def ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


@pytest.mark.parametrize("code", OTHERS)
def test_no_language_lacks_words_and_none_are_left_over(code: str) -> None:
    known = {one for message in catalogue(code) if message.id for one in ids(message)}
    literals = {
        node.value
        for path in WEB.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(said() - known) == [], "without translation"
    assert sorted(known - said() - literals) == [], "left over"
    text = (WEB / "locale" / f"{code}.po").read_text("utf-8")
    entries = re.findall(r'^msgid ("[^"].*)$', text, re.MULTILINE)
    assert len(entries) == len({*entries}), "twice: the last would win"


@pytest.mark.parametrize("code", OTHERS)
def test_each_entry_is_whole(code: str) -> None:
    forms = catalogue(code).num_plurals
    for message in catalogue(code):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert len(strings) == (forms if isinstance(message.id, tuple) else 1), message.id
        holes = set(re.findall(r"%\(\w+\)s|\{\w*\}", " ".join(ids(message))))
        for text in strings:
            assert set(re.findall(r"%\(\w+\)s|\{\w*\}", text)) == holes, message.id


def test_numbers_choose_their_forms() -> None:
    words = {code: language(code).words for code in LANGUAGES}
    one = "%(n)s article", "%(n)s articles"
    assert [words["ru"].ngettext(*one, n).split()[-1] for n in (1, 3, 5, 11, 21)] == [
        "статья", "статьи", "статей", "статей", "статья",
    ]  # fmt: skip
    assert {words["kk"].ngettext(*one, n) for n in (1, 2, 5)} == {"%(n)s мақала"}
