"""describe: what a data-set folder says of itself: manifest, datasheet and card, Croissant, citations. Pure.

The words stand in datasheet.md and dataset.toml beside this file. Nothing tells when or where the set was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from archive.export.card import bibtex, card, citation, croissant, suffix, yaml
from archive.export.columns import COLUMNS
from archive.export.facts import COUNTED, UNKNOWN, Facts, many

DOCUMENTS = ("README.md", "croissant.json", "CITATION.cff", "citation.bib")


def manifest(facts: Facts, all_files: list[dict[str, Any]]) -> bytes:
    """`manifest.json`: how the set was made, what is in it, and the digest of each file."""
    return _json(
        {
            "newsbot_data_set": 1,
            "title": facts.title,
            "query": facts.query,
            "options": facts.options,
            "as_of": facts.as_of,
            "newsbot": facts.software,
            "rules": facts.rules,
            "withheld": facts.withheld,
            "rows": facts.rows,
            "counts": {kind: facts.counts[kind] for kind in COUNTED},
            "newspapers": facts.sites,
            "columns": [{"name": c.name, "type": c.type, "meaning": c.meaning} for c in COLUMNS],
            "files": sorted(all_files, key=lambda file: file["path"]),
        }
    )


def documents(facts: Facts) -> dict[str, bytes]:
    """Each of `DOCUMENTS` → its content."""
    readme = f"---\n{yaml(card(facts))}---\n\n{_datasheet(facts)}"
    told = (
        readme.encode(),
        _json(croissant(facts)),
        yaml(citation(facts)).encode(),
        bibtex(facts).encode(),
    )
    return dict(zip(DOCUMENTS, told, strict=True))


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


# -- the datasheet ----------------------------------------------------------------------------------


def _datasheet(facts: Facts) -> str:
    template = files("archive.export").joinpath("datasheet.md").read_text("utf-8")
    sites = {site["id"]: site for site in facts.sites}
    contact = facts.contact or "whoever gave you this set (no contact was named with `--contact`)"
    names = "; ".join(f"{name} {', '.join(values)}" for name, values in facts.query.items())
    options = facts.options
    withheld = facts.withheld["addresses"]
    return template.format(
        title=facts.title,
        summary=f"{facts.rows:,} articles of {many(len(sites), 'newspaper')}.",
        query=names or "all articles",
        as_of=facts.as_of,
        software=facts.software,
        rules=", ".join(facts.rules),
        files="; ".join(
            f"`{path}` ({many(len(found), 'file')})" for path, found in _globs(facts).items()
        ),
        plots="".join(f"\n![{_plotted(name)}]({name})\n" for name in facts.plots),
        makers=f"{', '.join(facts.authors)}." if facts.authors else "Not named.",
        instance="one state of an article, as the newspaper printed it at a time"
        if facts.query.get("revisions")
        else "one article",
        articles=f"{facts.rows:,}",
        by_split=_table("split", "rows", {name: facts.counts["split"][name] for name in facts.splits}),
        by_site=_table(
            "newspaper", "rows", {_named(sites[i]): n for i, n in facts.counts["site"].items()}
        ),
        by_year=_table("year", "rows", facts.counts["year"]),
        by_language=_table("language", "rows", facts.counts["language"]),
        sample=f"Yes, of {facts.query['sample'][0]} articles, drawn by their addresses and a seed."
        if "sample" in facts.query
        else "No: it is all that the archive holds of the query.",
        columns=_columns(facts),
        stories="Of each story only the first article is in the set."
        if "one-per-story" in facts.query
        else "Reprints are in it, and marked.",
        split=_split(options["split"]),
        flags=_table("flag", "rows", facts.counts["flag"]) if facts.counts["flag"] else "None was noted.",
        trace=_trace(facts),
        seen="{} to {}".format(*_span(facts.counts["seen"])),
        published="{} to {}".format(*_span(facts.counts["published"])),
        derived=f"Asked for beside the text: {', '.join(options['with'])}." if options["with"] else "",
        captures="They are in this folder: `captures/`." if _captures(facts) else "",
        licences=_table(
            "newspaper", "rights", dict.fromkeys(map(_named, facts.sites), "the newspaper's; no licence known")
        ),
        contact=contact,
        contact_line=facts.contact or "Not named.",
        withheld=f"Of this archive {many(withheld, 'address', 'addresses')} "
        f"{'is' if withheld == 1 else 'are'} withheld, and in no file of this set."
        if withheld
        else "Nothing was withheld when this set was made.",
    )  # fmt: skip


def _span(days: Mapping[str, int]) -> tuple[str, str]:
    known = [day for day in days if day != UNKNOWN] or [UNKNOWN]
    return min(known), max(known)


def _split(how: str | None) -> str:
    if how is None:
        return "None was asked for: all rows are in `train`, which is a name and no advice."
    return (
        f"Yes: `{how}`. No story, and no two editions of an article, are in two splits: all of a group are where its first "
        "article is, so that a few articles lie outside of what the rule alone would say of them."
    )


def _trace(facts: Facts) -> str:
    where = "in `captures/`" if _captures(facts) else "of the archive"
    return (
        f"Look for the record `capture.record_id` {where} (FastWARC, warcio or pywb read it; in the archive, `capture.warc` and "
        "`capture.offset` say where it begins). The SHA-1 of its body, in Base32, is `capture.digest`; `newsbot extract` reads the "
        "text out of it again; and `digest` is the SHA-256 of what was read."
    )


def _captures(facts: Facts) -> bool:
    return any(file["path"].startswith("captures/") for file in facts.files)


def _named(site: Mapping[str, Any]) -> str:
    return f"[{site['name']}]({site['url']}) (`{site['id']}`)".replace("|", "\\|")


def _plotted(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0].replace("-", " ")


def _columns(facts: Facts) -> str:
    filled = facts.counts["filled"]
    lines = ["| column | type | rows | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {c.type} | {filled.get(c.name, 0):,} | {c.meaning} |" for c in COLUMNS
    ]
    return "\n".join(lines)


def _table(head: str, value: str, rows: Mapping[str, Any]) -> str:
    lines = [f"| {head} | {value} |", "|---|---|"]
    lines += [
        f"| {name} | {n:,} |" if isinstance(n, int) else f"| {name} | {n} |"
        for name, n in rows.items()
    ]
    return "\n".join(lines) + "\n"


def _globs(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """Pattern of each kind of file → the files of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in facts.files:
        path = f"data/*{suffix(file['format'])}" if "rows" in file else file["path"]
        found.setdefault(path, []).append(file)
    return found
