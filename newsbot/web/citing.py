"""citing: an article as a citation (BibTeX, RIS, GOST R 7.0.100-2018) and as schema.org's NewsArticle. Pure.

Names stand as they were printed: which part of one is the surname, nobody here can tell for sure. The day of access is
that of the capture which proves the wording.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Any

from babel import dates

from archive.export.columns import COLUMNS
from newsbot.watch.monitors import one_line
from newsbot.web.languages import LANGUAGES, language

Record = dict[str, Any]
_PROPERTY = re.compile(r"`(\w+)`(?: → (?:(\w+) )?`(\w+)`)?(?: of a (\w+))?")
"""How a column of the export names a property, or the property of a thing that is one."""
_NOT_TOLD = {
    "text",
    "captions",
    "editions",
    "pages",
    "canonical_url",
    "published_at",
    "published_date",
    "capture",
}
_LATEX = str.maketrans(
    {"\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {letter: f"\\{letter}" for letter in "#$%&_"}
)
"""What means something to LaTeX. Braces by name: BibTeX counts those with a backslash, too."""
_URL = str.maketrans({letter: f"%{ord(letter):02X}" for letter in "{}\\ "})
_NAMES = {"kk": "kazakh", "ru": "russian", "en": "english"}
"""Language → babel's name of it, which biblatex reads."""


def _line(text: str | None) -> str:
    """A text in one line, without what turns the direction of writing."""
    return " ".join(one_line(text or "").split())


def _accessed(record: Record) -> str:
    capture = record["capture"]
    return str(capture["fetched_at"] if capture else record["last_seen"])[:10]


def _newspaper(record: Record) -> str:
    return _line(record["newspaper"] or record["site"])


def _language(record: Record) -> str:
    return (record["language"] or "").partition("-")[0]


def bibtex(record: Record) -> str:
    """An entry for BibTeX and biblatex, in UTF-8."""
    day = record["published_date"] or ""
    fields = {
        "title": f"{{{_line(record['title']).translate(_LATEX)}}}",
        "author": " and ".join(f"{{{_line(name).translate(_LATEX)}}}" for name in record["authors"]),
        "organization": _newspaper(record).translate(_LATEX), "year": day[:4], "month": day[5:7].lstrip("0"),
        "date": day, "url": _line(record["url"]).translate(_URL), "urldate": _accessed(record),
        "langid": _NAMES.get(_language(record), ""),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value.strip("{}")]
    return f"@online{{{record['site']}-{record['id']},\n{''.join(lines)}}}\n"


def ris(record: Record) -> str:
    """A record for reference managers: two letters, two blanks, a dash, a blank and the value a line."""
    day = (record["published_date"] or "").replace("-", "/")
    accessed = _accessed(record).replace("-", "/") + "/"
    fields = [
        ("TY", "NEWS"), ("TI", record["title"]), *(("AU", name) for name in record["authors"]),
        ("T2", _newspaper(record)), ("PY", day[:4]), ("DA", day and f"{day}/"), ("UR", record["url"]),
        ("Y2", accessed), ("LA", record["language"]), *(("KW", tag) for tag in record["tags"]),
        ("ID", f"{record['site']}-{record['id']}"),
    ]  # fmt: skip
    lines = [f"{name}  - {line}\r\n" for name, value in fields if (line := _line(value))]
    return "".join([*lines, "ER  - \r\n"])


def gost(record: Record) -> str:
    """A description of an electronic resource by GOST R 7.0.100-2018, in the article's own language."""
    code = _language(record)
    own = language(code if code in LANGUAGES else "ru")
    word = own.words.gettext
    title = _line(record["title"]) or word("(no title)")
    if record["authors"]:
        title += " / " + ", ".join(map(_line, record["authors"]))
    title += "" if title.endswith((".", "!", "?", "…")) else "."
    parts = [
        f"{title} – {word('Text : electronic')} // {_newspaper(record)} : {word('[website]')}."
    ]
    with suppress(TypeError, ValueError):  # no date, or what an import took for one
        day = date.fromisoformat(record["published_date"])
        parts += [f"{day.year}.", f"{dates.format_date(day, 'd MMMM', own.locale)}."]
    accessed = ".".join(reversed(_accessed(record).split("-")))
    parts += [f"URL: {_line(record['url'])} ({word('accessed:')} {accessed})."]
    return " – ".join(parts)


def news_article(record: Record, origin: str) -> Record:
    """A schema.org NewsArticle without its text, by the properties that the columns of the export name; `origin` is the room's address."""
    found: Record = {"@context": "https://schema.org", "@type": "NewsArticle"}
    for column in COLUMNS:
        named, value = _PROPERTY.fullmatch(column.schema_org), record.get(column.name)
        if not named or value in (None, "", []) or column.name in _NOT_TOLD:
            continue
        name, kind, part, action = named.groups()
        if not part:
            found[name] = value
        elif isinstance(value, list):
            found[name] = [{"@type": kind, part: one} for one in value]
        else:
            found[name] = found.get(name, {}) | ({"@type": kind} if kind else {}) | {part: value}
        if action:
            found[name]["interactionType"] = f"https://schema.org/{action}"
    return {**found, "archivedAt": f"{origin}/article/{record['id']}/page"}
