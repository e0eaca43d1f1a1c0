"""What is imported is declared, what is declared is imported, and each has its reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {"newsbot", "archive", "tests", "bench"}
DATA = {"tzdata"}
"""Distributions without code to import."""
THEIRS = {"pandas"}
"""Whoever asks for a DataFrame has it (docs/python.md)."""


def names(requirements: list[str]) -> set[str]:
    """Names of distributions, in one spelling."""
    return {spelling(re.split(r"[<>=!~;\[ ]", requirement)[0]) for requirement in requirements}


def spelling(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


CORE = names(PROJECT["dependencies"])
EXTRAS = {name: names(wanted) for name, wanted in PROJECT["optional-dependencies"].items()}


def imports(folder: str) -> set[str]:
    """Top-level modules that a folder's files import and that are neither ours nor Python's."""
    found = {
        module.partition(".")[0]
        for path in (ROOT / folder).rglob("*.py")
        for module in _modules(ast.parse(path.read_text("utf-8")))
    }
    return found - OURS - sys.stdlib_module_names - {"compression"}  # since Python 3.14


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def distributions(modules: set[str]) -> dict[str, set[str]]:
    """Module → distributions that bring it."""
    installed = packages_distributions()
    return {name: {spelling(d) for d in installed.get(name, [name])} for name in modules}


@pytest.mark.parametrize("package", ["newsbot", "archive"])
def test_what_the_packages_import_is_declared(package: str) -> None:
    found = distributions(imports(package))
    used = ("alarms", "cluster", "datasets", "serve")  # asked for where they are needed
    known = CORE.union(THEIRS, *(EXTRAS[name] for name in used))
    assert not {module for module, brought_by in found.items() if not brought_by & known}


def test_what_the_tests_import_is_declared() -> None:
    found = distributions(imports("tests"))
    assert not {module for module, by in found.items() if not by & (CORE | EXTRAS["dev"])}


def test_what_is_declared_is_imported() -> None:
    found = distributions(imports("newsbot") | imports("archive"))
    assert CORE - set().union(*found.values()) == DATA


def test_each_dependency_has_its_reason() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text("utf-8")
    table = text.partition("## Dependencies of the core install\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w.-]+) \| (.+) \|$", table, re.M)
    reasons = {spelling(name): reason for name, reason in rows if name != "package"}
    assert set(reasons) - {"---"} == CORE
