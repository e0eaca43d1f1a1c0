"""card: what programs read of a data set: the card of the Hugging Face Hub, Croissant 1.0, citations. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from archive.export.columns import COLUMNS, Column
from archive.export.dataset import LISTS, OBJECTS, SUFFIXES, WORDS, Dataset, many

_LINE = 100
"""Letters of a line of YAML."""


def card(known: Dataset) -> dict[str, Any]:
    """The card of the Hugging Face Hub (huggingface.co/docs/hub/datasets-cards)."""
    languages = known.languages or ["kk"]
    sizes = (name for most, name in WORDS["sizes"].items() if known.rows < int(most))
    # The Hub reads all of a folder with one reader: only the preferred format is told to it.
    kind, files = known.preferred
    paths = [{"split": split, "path": f"data/{split}-*{SUFFIXES[kind]}"} for split in known.splits]
    size = sum(file["bytes"] for file in files)
    info: dict[str, Any] = {"splits": [], "download_size": size, "dataset_size": size}
    for split in known.splits:
        its = [file for file in files if file["split"] == split]
        sums = {"num_bytes": "bytes", "num_examples": "rows"}
        summed = {name: sum(file[of] for file in its) for name, of in sums.items()}
        info["splits"].append({"name": split, **summed})
    if kind != "csv":  # it has no lists and objects: they are JSON in it
        info["features"] = [_feature(column.name, column.type) for column in COLUMNS]
    return {
        "pretty_name": known.title,
        "language": sorted({name.partition("-")[0] for name in languages}),
        "language_bcp47": languages,
        "size_categories": [next(sizes, "n>1T")],
        **WORDS["card"],
        "configs": [{"config_name": "default", "data_files": paths}],
        "dataset_info": info,
    }


def _feature(name: str, kind: str) -> dict[str, Any]:
    """A column as `datasets.Features` writes it in YAML."""
    if kind == "strings":
        return {"name": name, "list": "string"}
    if kind in OBJECTS:
        within = [_feature(inner, its) for inner, its in OBJECTS[kind].items()]
        return {"name": name, "list" if kind in LISTS else "struct": within}
    return {"name": name, "dtype": WORDS["hugging_face"][kind]}


# -- Croissant --------------------------------------------------------------------------------------


def croissant(known: Dataset) -> dict[str, Any]:
    """Croissant 1.0 (docs.mlcommons.org/croissant): every file with its digest, every column."""
    kind, files = known.preferred
    distribution = [
        _object("FileObject", file["path"])
        | {
            "contentUrl": file["path"],
            "contentSize": f"{file['bytes']} B",
            "encodingFormat": _encoding(file["path"]),
            "sha256": file["sha256"],
        }
        for file in known.files
    ]
    rows = _object("FileSet", "rows") | {
        "description": f"The files of rows: {many(len(files), 'file')}.",
        "encodingFormat": _encoding(SUFFIXES[kind]),
        "includes": f"data/*{SUFFIXES[kind]}",
    }
    articles = _object("RecordSet", "articles") | {
        "description": "One row an article.",
        "field": [_field(column) for column in COLUMNS],
    }
    return {
        "@context": WORDS["context"],
        **WORDS["croissant_set"],
        "name": known.title,
        "description": known.in_a_sentence,
        "creator": [{"@type": "sc:Organization", "name": name} for name in known.creators],
        "datePublished": known.as_of[:10],
        "version": known.as_of[:10].replace("-", "."),
        "citeAs": bibtex(known),
        "inLanguage": known.languages,
        "distribution": [*distribution, rows],
        "recordSet": [articles],
    }


def _object(kind: str, *path: str) -> dict[str, Any]:
    return {"@type": f"cr:{kind}", "@id": "/".join(path), "name": path[-1]}


def _field(column: Column) -> dict[str, Any]:
    found = _object("Field", "articles", column.name) | {"description": column.meaning}
    source = {"fileSet": {"@id": "rows"}, "extract": {"column": column.name}}
    if column.type in ("strings", *LISTS):
        found["repeated"] = True
    if column.type not in OBJECTS:
        kind = "string" if column.type == "strings" else column.type
        return found | {"dataType": WORDS["croissant"][kind], "source": source}
    found["subField"] = [
        _object("Field", "articles", column.name, name)
        | {
            "dataType": WORDS["croissant"][kind],
            "source": {**source, "transform": {"jsonPath": name}},
        }
        for name, kind in OBJECTS[column.type].items()
    ]
    return found


def _encoding(path: str) -> str:
    found = (kind for end, kind in WORDS["encodings"].items() if path.endswith(end))
    return next(found, "application/octet-stream")


# -- citations --------------------------------------------------------------------------------------


def citation(known: Dataset) -> dict[str, Any]:
    """Citation File Format 1.2.0."""
    newspapers = [{"name": site["name"], "website": site["url"]} for site in known.sites]
    found: dict[str, Any] = {
        **WORDS["citation"],
        "title": known.title,
        "abstract": f"{known.in_a_sentence} Made with {known.software}.",
        "authors": [{"name": name} for name in known.authors] or newspapers,
        "date-released": known.as_of[:10],
        "version": known.as_of[:10],
    }
    if known.contact and "@" in known.contact:
        found["contact"] = [{"name": "Contact of the data set", "email": known.contact}]
    return found


def bibtex(known: Dataset) -> str:
    """An entry for BibTeX."""
    fields = {
        "title": _plain(known.title),
        "author": " and ".join(f"{{{_plain(name)}}}" for name in known.creators),
        "year": known.as_of[:4],
        "note": _plain(f"{known.in_a_sentence} Made with {known.software}."),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    # Of two sets each has a key of its own: what was asked is in it.
    asked = json.dumps([known.query, known.options, known.as_of])
    key = f"newsbot-{known.as_of[:10]}-{sha256(asked.encode()).hexdigest()[:8]}"
    return f"@misc{{{key},\n{lines}}}\n"


def _plain(text: str) -> str:
    """Text without what BibTeX and TeX take for commands."""
    return "".join(
        f"\\{char}" if char in "&%$#_" else char for char in text if char not in "{}\\~^"
    )


# -- writing ----------------------------------------------------------------------------------------


def yaml(value: Mapping[str, Any]) -> str:
    """An object as YAML: a key a line, its value as JSON, which is YAML too; long ones in several lines."""
    return "".join(f"{key}: {_json(inner, '')}\n" for key, inner in value.items())


def _json(value: Any, indent: str) -> str:
    line = _quoted(value)
    if len(indent) + len(line) <= _LINE or not isinstance(value, (dict, list)):
        return line
    indent += "  "
    if isinstance(value, list):
        parts, ends = [_json(inner, indent) for inner in value], "[]"
    else:
        parts, ends = [f"{_quoted(n)}: {_json(v, indent)}" for n, v in value.items()], "{}"
    return f"{ends[0]}\n{indent}" + f",\n{indent}".join(parts) + f"\n{indent}{ends[1]}"


def _quoted(value: Any) -> str:
    """JSON in which nothing stands that YAML may not hold, or takes for the end of a line."""
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )
