"""regenerate: writes what the documentation copies from the code: `python -m tests.docs.regenerate`.

Help texts in docs/commands.md, the module list in docs/layout.md and the columns in docs/export.md stand between markers
`<!-- begin NAME -->` and `<!-- end -->`; a new command gets a section at the end of its file.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from archive.export.columns import COLUMNS, TYPES
from newsbot.cli import newsbot

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGES = ("newsbot", "archive")
WIDTH = 80
"""Columns of a help text."""
_BLOCK = re.compile(r"(<!-- begin (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def commands() -> dict[str, click.Context]:
    """Every command by its full name, `newsbot sites list` for one."""
    return dict(_commands(newsbot, "newsbot", None))


def _commands(
    command: click.Command, name: str, parent: click.Context | None
) -> Iterator[tuple[str, click.Context]]:
    context = click.Context(
        command,
        info_name=name.rpartition(" ")[2],
        parent=parent,
        terminal_width=WIDTH,
        **command.context_settings,
    )
    yield name, context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from _commands(command.commands[child], f"{name} {child}", context)


def modules() -> dict[str, str]:
    """Every module and package by its path, with the first paragraph of its docstring."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            name = path.relative_to(ROOT).as_posix().removesuffix("__init__.py")
            found[name] = _first_paragraph(said)
    return dict(sorted(found.items()))


def _first_paragraph(docstring: str) -> str:
    paragraph = " ".join(docstring.split("\n\n", maxsplit=1)[0].split())
    # «store: the archive's folder …»: the path beside it names the module already.
    return re.sub(r"^[\w.]+: ", "", paragraph).rstrip(".")


def generated() -> dict[str, dict[str, str]]:
    """File below docs/ → name of the block → what must stand in it."""
    help_texts = {
        name: f"```text\n{context.get_help().rstrip()}\n```\n"
        for name, context in commands().items()
    }
    lines = [f"| `{name}` | {said.replace('|', '/')} |\n" for name, said in modules().items()]
    table = "".join(["| path | what it is |\n|---|---|\n", *lines])
    return {
        "commands.md": help_texts,
        "layout.md": {"modules": table},
        "export.md": export_columns(),
    }


_LOADED = {
    "integer": ("integer", "pa.int64()"),
    "number": ("float", "pa.float64()"),
    "boolean": ("integer", "pa.bool_()"),
    "strings": ("text", "pa.list_(pa.string())"),
    "editions": ("text", 'pa.list_(pa.struct({"language": pa.string(), "url": pa.string()}))'),
    "notes": (
        "text",
        'pa.list_(pa.struct(dict.fromkeys(NOTED, pa.string()) | {"revision": pa.int64()}))',
    ),
    "sources": ("text", "pa.struct(dict.fromkeys(SOURCED, pa.string()))"),
    "capture": ("text", 'pa.struct(dict.fromkeys(CAPTURE, pa.string()) | {"offset": pa.int64()})'),
}
"""Type of a column → what sqlite-utils and pyarrow call it in a file of JSON Lines; else it is a string."""


def export_columns() -> dict[str, str]:
    """The columns of an export, their types, and how other programs are told them."""
    head = "| field | type | meaning | schema.org |\n|---|---|---|---|\n"
    lines = [f"| `{c.name}` | {c.type} | {c.meaning} | {c.schema_org or '–'} |\n" for c in COLUMNS]
    types = [f"| {name} | {meaning} |\n" for name, meaning in TYPES.items()]
    pairs = [f"{c.name} {_LOADED.get(c.type, ('text',))[0]}" for c in COLUMNS]
    create = textwrap.wrap(" ".join(pairs), 100, break_long_words=False, break_on_hyphens=False)
    shell = " \\\n  ".join(["sqlite-utils create-table set.db articles", *create, "--pk url"])
    schema = [f'    "{c.name}": {_LOADED.get(c.type, ("", "pa.string()"))[1]},\n' for c in COLUMNS]
    return {
        "columns": head + "".join(lines),
        "types": "| type | what it is |\n|---|---|\n" + "".join(types),
        "loading": f"```sh\n{shell}\n{_INSERT}```\n\n```python\n{_READ.format(''.join(schema))}```\n",
    }


_INSERT = "".join(
    f"sqlite-utils insert set.db articles {year}.jsonl --nl --pk url\n" for year in (2022, 2023)
)
_READ = """import pyarrow as pa
from pyarrow.json import ParseOptions, read_json

SOURCED = (
    "canonical_url title text authors published modified section tags image views comments".split()
)
CAPTURE = "url fetched_at warc offset record_id digest".split()
NOTED = "url revision at by note".split()
types = {{
{}}}
options = ParseOptions(explicit_schema=pa.schema(types), newlines_in_values=False)
articles = pa.concat_tables(
    read_json(file, parse_options=options) for file in ("2022.jsonl", "2023.jsonl")
)
"""


def blocks(text: str) -> dict[str, str]:
    """Name → content of the blocks that a file holds."""
    return {m["name"]: m[0][len(m[1]) : -len(m[3])] for m in _BLOCK.finditer(text)}


def rewritten(text: str, wanted: dict[str, str]) -> str:
    """A file with its blocks brought up to date; what it lacks is put at its end."""
    text = _BLOCK.sub(lambda m: f"{m[1]}{wanted.get(m['name'], '')}{m[3]}", text)
    for name in [name for name in wanted if name not in blocks(text)]:
        text += f"\n## {name}\n<!-- begin {name} -->\n{wanted[name]}<!-- end -->\n"
    return text


def main() -> None:
    """Rewrite the files that differ and name them."""
    for file, wanted in generated().items():
        path = DOCS / file
        old = path.read_text("utf-8")
        new = rewritten(old, wanted)
        if new != old:
            path.write_text(new, "utf-8")
            print(f"rewrote docs/{file}")


if __name__ == "__main__":
    main()
