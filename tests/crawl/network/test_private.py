"""Private names of Scrapy and Twisted are used in `newsbot/crawl/network/` and nowhere else."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.crawl.network import test_upstream

NETWORK = ROOT / "newsbot" / "crawl" / "network"
MODULES = [path for path in sorted(NETWORK.glob("*.py")) if path.name != "__init__.py"]
OTHERS = [
    path
    for package in ("newsbot", "archive")
    for path in sorted((ROOT / package).rglob("*.py"))
    if NETWORK not in path.parents
]
UNDOCUMENTED = {"downloader", "scraper"}
"""Attributes of the engine that Scrapy's documentation does not promise."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_abc_impl"


def is_foreign(module: str | None) -> bool:
    return (module or "").partition(".")[0] in ("scrapy", "twisted")


def imported(tree: ast.AST) -> Iterator[str]:
    """Private names, and names of private modules, that are imported from Scrapy and Twisted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_foreign(node.module):
            parts = (node.module or "").split(".")
            yield from filter(is_private, [*parts, *(alias.name for alias in node.names)])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if is_foreign(alias.name):
                    yield from filter(is_private, alias.name.split("."))


def overridden(path: Path) -> Iterator[str]:
    """Private names of Scrapy's and Twisted's classes that classes of a module define anew."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    for cls in vars(module).values():
        if inspect.isclass(cls) and cls.__module__ == name:
            theirs = {
                attribute
                for base in cls.__mro__
                if is_foreign(base.__module__)
                for attribute in vars(base)
            }
            yield from (n for n in vars(cls) if is_private(n) and n in theirs)


def used(path: Path, tree: ast.AST) -> Iterator[str]:
    """Private attributes of other objects, and what is not documented of the engine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (is_private(node.attr) and name not in ("self", "cls")) or (
                name == "engine" and node.attr in UNDOCUMENTED
            ):
                yield node.attr


def private(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    foreign = any(
        is_foreign(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    if not foreign:
        return set()
    return {*imported(tree), *overridden(path), *used(path, tree)}


def test_no_other_module_uses_a_private_name() -> None:
    assert not [
        (path.relative_to(ROOT).as_posix(), names) for path in OTHERS if (names := private(path))
    ]


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_private_names_stand_with_their_reason(path: Path) -> None:
    stated = set(re.findall(r"`(\w+)`", docstring(path)))
    assert private(path) <= stated


def test_each_reason_has_its_test_and_each_test_its_reason() -> None:
    stated = {name for path in MODULES for name in re.findall(r"`(test_\w+)`", docstring(path))}
    assert stated == {name for name in vars(test_upstream) if name.startswith("test_")}
