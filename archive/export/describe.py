"""describe: what a data-set folder says of itself: manifest, datasheet and card, Croissant, citations. Pure.

The words stand in datasheet.md and dataset.toml beside this file. Nothing tells when or where the set was made.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from archive.export.card import bibtex, card, citation, croissant, yaml
from archive.export.columns import COLUMNS
from archive.export.dataset import COUNTED, SUFFIXES, UNKNOWN, WORDS, Dataset, many

DOCUMENTS = ("README.md", "croissant.json", "CITATION.cff", "citation.bib")


def manifest(known: Dataset, all_files: list[dict[str, Any]]) -> bytes:
    """`manifest.json`: how the set was made, what is in it, and the digest of each file."""
    return _json(
        {
            "newsbot_data_set": 1,
            "title": known.title,
            "query": known.query,
            "options": known.options,
            "as_of": known.as_of,
            "newsbot": known.software,
            "rules": known.rules,
            "withheld": known.withheld,
            "rows": known.rows,
            "counts": {kind: known.counts[kind] for kind in COUNTED},
            "newspapers": known.sites,
            "columns": [{"name": c.name, "type": c.type, "meaning": c.meaning} for c in COLUMNS],
            "files": sorted(all_files, key=lambda file: file["path"]),
        }
    )


def documents(known: Dataset) -> dict[str, bytes]:
    """Each of `DOCUMENTS` → its content."""
    readme = f"---\n{yaml(card(known))}---\n\n{_datasheet(known)}"
    told = (
        readme.encode(),
        _json(croissant(known)),
        yaml(citation(known)).encode(),
        bibtex(known).encode(),
    )
    return dict(zip(DOCUMENTS, told, strict=True))


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


# -- the datasheet ----------------------------------------------------------------------------------


def _datasheet(known: Dataset) -> str:
    template = files("archive.export").joinpath("datasheet.md").read_text("utf-8")
    named = {site["id"]: _named(site) for site in known.sites}
    counts, withheld = known.counts, known.withheld["addresses"]
    rights = dict.fromkeys(named.values(), "the newspaper's; no licence known")
    seen, published = (_span(counts[kind]) for kind in ("seen", "published"))
    paths = (f"`{path}` ({many(number, 'file')})" for path, number in _globs(known).items())
    return template.format(
        title=known.title,
        summary=f"{known.rows:,} articles of {many(len(named), 'newspaper')}.",
        query=known.selected,
        as_of=known.as_of,
        software=known.software,
        rules=", ".join(known.rules),
        files="; ".join(paths),
        plots="".join(f"\n![{PurePath(name).stem.replace('-', ' ')}]({name})\n" for name in known.plots),
        articles=f"{known.rows:,}",
        by_split=_table("split", {name: counts["split"][name] for name in known.splits}),
        by_site=_table("newspaper", {named[site]: number for site, number in counts["site"].items()}),
        by_year=_table("year", counts["year"]),
        by_language=_table("language", counts["language"]),
        by_flag=_table("flag", counts["flag"]) if counts["flag"] else "",
        columns=_columns(known),
        seen=seen,
        published=published,
        licences=_table("newspaper", rights, "rights"),
        **_either(
            known,
            size=known.query.get("sample", [""])[0],
            how=known.options["split"],
            texts=", ".join(known.options["with"]),
            authors=", ".join(known.authors),
            contact=known.contact,
            addresses=f"{many(withheld, 'address', 'addresses')} {'is' if withheld == 1 else 'are'}",
        ),
    )  # fmt: skip


def _either(known: Dataset, **values: str | None) -> dict[str, str]:
    """Sentences that hang on whether a thing is so."""
    captures = any(file["path"].startswith("captures/") for file in known.files)
    holds = {
        "instance": "revisions" in known.query, "sample": "sample" in known.query,
        "stories": "one-per-story" in known.query, "split": known.options["split"],
        "flags": known.counts["flag"], "derived": known.options["with"], "captures": captures,
        "where": captures, "makers": known.authors, "contact": known.contact,
        "contact_line": known.contact, "withheld": known.withheld["addresses"],
    }  # fmt: skip
    said: dict[str, list[str]] = WORDS["either"]
    return {name: said[name][not so].format(**values) for name, so in holds.items()}


def _span(days: Mapping[str, int]) -> str:
    known = [day for day in days if day != UNKNOWN] or [UNKNOWN]
    return f"{min(known)} to {max(known)}"


def _named(site: Mapping[str, Any]) -> str:
    return f"[{site['name']}]({site['url']}) (`{site['id']}`)".replace("|", "\\|")


def _columns(known: Dataset) -> str:
    filled = known.counts["filled"]
    lines = ["| column | type | rows | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {c.type} | {filled.get(c.name, 0):,} | {c.meaning} |" for c in COLUMNS
    ]
    return "\n".join(lines)


def _table(head: str, rows: Mapping[str, Any], value: str = "rows") -> str:
    lines = [f"| {head} | {value} |", "|---|---|"]
    lines += [f"| {n} | {v if isinstance(v, str) else format(v, ',')} |" for n, v in rows.items()]
    return "\n".join(lines) + "\n"


def _globs(known: Dataset) -> Counter[str]:
    """Pattern of each kind of file → how many there are."""
    return Counter(
        f"data/*{SUFFIXES[file['format']]}" if "rows" in file else file["path"]
        for file in known.files
    )
