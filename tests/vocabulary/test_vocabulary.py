"""Vocabulary: one entry a line, each sound and read by somebody; no words of a language in code."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsbot import vocabulary

NEWSBOT = vocabulary.FOLDER.parent
SUBJECTS = sorted(path.stem for path in vocabulary.FOLDER.glob("*.toml"))
READERS = [NEWSBOT / "extraction", NEWSBOT / "discovery"]
PLAIN = {"dates", "structured", "titles", "editions", "regions"}
"""Subjects whose entries are words, not regular expressions."""
_STRING = r"(?:'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"|\d+)"
_LINE = re.compile(
    rf"""(?x) \s*\#.* | \s* | \[\[?[\w.-]+\]\]? (?:\s*\#.*)? | \] (?:\s*\#.*)?
    | (?:[\w-]+|"[^"\n]*") \ =\ (?:\[ (?:\s*\#.*)? | {_STRING} (?:\s*\#.*)?) | \ \ {_STRING}, (?:\s*\#.*)? """
)
_WORD = re.compile(r"[\u0400-\u04ff]{3,}|[\u0620-\u06ff]{3,}")


def lists(value: Any, key: str = "") -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from lists(part, f"{key}.{name}".strip("."))
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        yield key, value
    elif isinstance(value, list):
        for part in value:
            yield from lists(part, key)


def test_a_subject_and_its_lists() -> None:
    assert vocabulary.entries("titles", "placeholders")[0] == "untitled"
    assert vocabulary.entries("refusals", "paywall.names")[0] == "lock(?:ed)?"
    assert vocabulary.either("authors", "patronymics") == "(?:ұлы|қызы)"
    label = vocabulary.pattern("sections", "tag_labels", "tag_label_alone", within=r"^{}\s*:")
    assert label.match("ТЕГТЕР : су")
    assert label.match("Tag:")
    assert not label.match("Тегтер су")
    with pytest.raises(KeyError):
        vocabulary.entries("titles", "nothing")
    with pytest.raises(FileNotFoundError):
        vocabulary.subject("nothing")


@pytest.mark.parametrize("name", SUBJECTS)
def test_one_entry_a_line(name: str) -> None:
    for line in (vocabulary.FOLDER / f"{name}.toml").read_text("utf-8").splitlines():
        assert _LINE.fullmatch(line), f"{name}.toml: {line}"


@pytest.mark.parametrize("name", SUBJECTS)
def test_entries_are_sound(name: str) -> None:
    for key, entries in lists(vocabulary.subject(name)):
        assert entries, key
        assert not any(not entry.strip() for entry in entries if entry), key
        if not key.startswith(("abbreviations", "months")):
            twice = [entry for entry, number in Counter(entries).items() if number > 1]
            assert twice == [], f"{name}.{key}"
        if name not in PLAIN and not key.endswith(("selectors", "comment_forms")):
            for entry in entries:
                re.compile(entry, re.IGNORECASE)


@pytest.mark.parametrize(
    ("table", "length"), [("months", 12), ("abbreviations", 12), ("weekdays", 7)]
)
def test_a_calendar_has_a_line_for_each(table: str, length: int) -> None:
    """Further spellings share the line: what stands after the last would be no month at all."""
    for language, entries in vocabulary.subject("dates")[table].items():
        assert len(entries) == length, language


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_list_is_read(name: str) -> None:
    alone = [NEWSBOT / "urls.py", NEWSBOT / "profile_values.py"]
    paths = [*alone, *(path for folder in READERS for path in folder.glob("*.py"))]
    code = "\n".join(path.read_text("utf-8") for path in paths)
    for key in {key for key, _ in lists(vocabulary.subject(name))}:
        last = key.rpartition(".")[2]
        table = key.partition(".")[0]
        # Lists of a table that is read whole (`fields.views`) need not be named one by one.
        assert re.search(rf"[\"'.]{re.escape(last)}[\"']|[\"'.\[]{re.escape(table)}[\"']", code), (
            key
        )


@pytest.mark.parametrize(
    "path", [p for folder in READERS for p in folder.glob("*.py")], ids=lambda path: path.stem
)
def test_no_words_in_code(path: Path) -> None:
    """Shapes may stand in code; words that a page is searched for belong into the vocabulary."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            text = re.sub(r"\[[^\]]*\]", "", node.value)
            assert not _WORD.search(text), f"{path.name}:{node.lineno}: {text[:80]}"
