"""card: what programs read of a data set: the card of the Hugging Face Hub, Croissant 1.0, citations. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from archive.export.columns import COLUMNS, Column
from archive.export.facts import OBJECTS, UNKNOWN, WORDS, Facts, many


def card(facts: Facts) -> dict[str, Any]:
    """The card of the Hugging Face Hub (huggingface.co/docs/hub/datasets-cards)."""
    languages = [name for name in facts.counts["language"] if name != UNKNOWN]
    # The Hub reads all of a folder with one reader: only the preferred format is told to it.
    name, found = next(iter(facts.formats.items()))
    splits = {split: [f for f in found if f["split"] == split] for split in facts.splits}
    size = sum(file["bytes"] for file in found)
    info: dict[str, Any] = {
        "features": [_feature(c.name, c.type) for c in COLUMNS],
        "splits": [
            {
                "name": split,
                "num_bytes": sum(file["bytes"] for file in some),
                "num_examples": sum(file["rows"] for file in some),
            }
            for split, some in splits.items()
        ],
        "download_size": size,
        "dataset_size": size,
    }
    if name == "csv":  # it has no lists and objects: they are JSON in it
        del info["features"]
    return {
        "pretty_name": facts.title,
        "language": sorted({name.partition("-")[0] for name in languages}) or ["kk"],
        "language_bcp47": languages or ["kk"],
        "size_categories": [
            next((name for most, name in WORDS["sizes"].items() if facts.rows < int(most)), "n>1T")
        ],
        **WORDS["card"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*{suffix(name)}"} for split in splits
                ],
            }
        ],
        "dataset_info": info,
    }


def _feature(name: str, kind: str) -> dict[str, Any]:
    """A column as `datasets.Features` writes it in YAML."""
    if kind == "strings":
        return {"name": name, "list": "string"}
    if kind in OBJECTS:
        within = [_feature(inner, its) for inner, its in OBJECTS[kind].items()]
        return {"name": name, "list" if kind == "editions" else "struct": within}
    return {"name": name, "dtype": WORDS["hugging_face"][kind]}


def suffix(name: str) -> str:
    """How the names of a format's files end in a folder."""
    return {"jsonl": ".jsonl.gz"}.get(name, f".{name}")


# -- Croissant --------------------------------------------------------------------------------------


def croissant(facts: Facts) -> dict[str, Any]:
    """Croissant 1.0 (docs.mlcommons.org/croissant): every file with its digest, every column."""
    name, found = next(iter(facts.formats.items()))
    files_of = [
        {
            "@type": "cr:FileObject",
            "@id": file["path"],
            "name": file["path"],
            "contentUrl": file["path"],
            "contentSize": f"{file['bytes']} B",
            "encodingFormat": _encoding(file["path"]),
            "sha256": file["sha256"],
        }
        for file in facts.files
    ]
    rows = {
        "@type": "cr:FileSet",
        "@id": "rows",
        "name": "rows",
        "description": f"The files of rows: {many(len(found), 'file')}.",
        "encodingFormat": _encoding(suffix(name)),
        "includes": f"data/*{suffix(name)}",
    }
    return {
        "@context": WORDS["context"],
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts.title,
        "description": f"{facts.rows:,} articles. {_query(facts)}",
        "license": "The rights in the texts remain with the newspapers; see README.md.",
        "creator": [{"@type": "sc:Organization", "name": n} for n in _authors(facts)],
        "datePublished": facts.as_of[:10],
        "version": facts.as_of[:10].replace("-", "."),
        "citeAs": bibtex(facts),
        "inLanguage": [name for name in facts.counts["language"] if name != UNKNOWN],
        "distribution": [*files_of, rows],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "articles",
                "name": "articles",
                "description": "One row an article.",
                "field": [_field(column) for column in COLUMNS],
            }
        ],
    }


def _field(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"articles/{column.name}",
        "name": column.name,
        "description": column.meaning,
    }
    source = {"fileSet": {"@id": "rows"}, "extract": {"column": column.name}}
    if column.type in ("strings", "editions"):
        found["repeated"] = True
    if column.type in OBJECTS:
        found["subField"] = [
            {
                "@type": "cr:Field",
                "@id": f"articles/{column.name}/{name}",
                "name": name,
                "dataType": WORDS["croissant"][kind],
                "source": {**source, "transform": {"jsonPath": name}},
            }
            for name, kind in OBJECTS[column.type].items()
        ]
        return found
    kind = "string" if column.type == "strings" else column.type
    return found | {"dataType": WORDS["croissant"][kind], "source": source}


def _encoding(path: str) -> str:
    return next((kind for end, kind in WORDS["encodings"].items() if path.endswith(end)), "application/octet-stream")  # fmt: skip


# -- citations --------------------------------------------------------------------------------------


def _authors(facts: Facts) -> list[str]:
    """Who is cited: who made the set, or the newspapers whose texts it holds."""
    return list(facts.authors or [site["name"] for site in facts.sites])


def _query(facts: Facts) -> str:
    words = "; ".join(f"{name}: {', '.join(values)}" for name, values in facts.query.items())
    return f"Query: {words or 'all articles'}. As of {facts.as_of}."


def citation(facts: Facts) -> dict[str, Any]:
    """Citation File Format 1.2.0."""
    newspapers = (
        [] if facts.authors else [{"name": s["name"], "website": s["url"]} for s in facts.sites]
    )
    found: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this data set, please cite it, and the newspapers whose texts it holds.",
        "type": "dataset",
        "title": facts.title,
        "abstract": f"{facts.rows:,} articles. {_query(facts)} Made with {facts.software}.",
        "authors": newspapers or [{"name": name} for name in facts.authors],
        "date-released": facts.as_of[:10],
        "version": facts.as_of[:10],
        "keywords": ["news", "Kazakhstan", "Kazakh", "corpus"],
    }
    if facts.contact and "@" in facts.contact:
        found["contact"] = [{"name": "Contact of the data set", "email": facts.contact}]
    return found


def bibtex(facts: Facts) -> str:
    """An entry for BibTeX."""
    authors = " and ".join(f"{{{_plain(name)}}}" for name in _authors(facts))
    return (
        f"@misc{{newsbot-{facts.as_of[:10]},\n  title = {{{_plain(facts.title)}}},\n  author = {{{authors}}},\n"
        f"  year = {{{facts.as_of[:4]}}},\n  note = {{{_plain(_query(facts))} Made with {facts.software}.}}\n}}\n"
    )


def _plain(text: str) -> str:
    """Text without what BibTeX and TeX take for commands."""
    return "".join(
        f"\\{char}" if char in "&%$#_" else char for char in text if char not in "{}\\~^"
    )


# -- writing ----------------------------------------------------------------------------------------


def yaml(value: Mapping[str, Any], indent: str = "") -> str:
    """Objects, lists and texts as YAML: in blocks, every text in the quotes of JSON, which is YAML too."""
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines.append(f"{indent}{key}:\n{yaml(inner, indent + '  ')}")
        elif isinstance(inner, list):
            lines.append(f"{indent}{key}:\n{_items(inner, indent)}")
        else:
            lines.append(f"{indent}{key}: {_quoted(inner)}\n")
    return "".join(lines)


def _items(values: list[Any], indent: str) -> str:
    lines = []
    for value in values:
        if isinstance(value, dict):
            block = yaml(value, indent + "  ")
            lines.append(f"{indent}- {block[len(indent) + 2 :]}")
        else:
            lines.append(f"{indent}- {_quoted(value)}\n")
    return "".join(lines)


def _quoted(value: Any) -> str:
    """JSON in which nothing stands that YAML may not hold, or takes for the end of a line."""
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )
