"""docs/python.md and docs/articles.ipynb run as they are printed, on the articles of the example newspaper."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from archive.article import Article
from newsbot.demo.articles import expected
from tests.archive.building import Paper, open_paper
from tests.docs.regenerate import DOCS
from tests.docs.test_docs import fences, read

pytestmark = pytest.mark.xdist_group("loading")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `data` holds what `newsbot demo` brings."""
    folder = tmp_path_factory.mktemp("python")
    paper: Paper = open_paper(folder / "data")
    for record in expected("http://127.0.0.1:8765"):
        fields: dict[str, Any] = {name: record[name] for name in record.keys() - {"paragraphs"}}
        text = "\n\n".join(record["paragraphs"])
        paper.visit(str(record["url"]), Article(**fields, text=text, is_article=True))
    paper.store.close()
    return folder


def test_the_example(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (example,) = fences(read("python.md"), "python")
    exec(example, {})  # the example is ours
    assert "мектеп" in capsys.readouterr().out.lower()


def test_the_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(folder)
    notebook = json.loads((DOCS / "articles.ipynb").read_text("utf-8"))
    known: dict[str, Any] = {}
    shown: list[Any] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            shown.append(_run("".join(cell["source"]), known))
    assert known["found"].total > 1
    assert "мектеп" in capsys.readouterr().out.lower()
    assert len(shown[1]) > 1, "there are articles in two languages"
    assert shown[-2] is True, "the Parquet file holds what the table held"


def _run(source: str, known: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line is what a notebook shows."""
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), known)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "cell", "eval"), known)
    exec(compile(ast.Module([last], []), "cell", "exec"), known)
    return None
