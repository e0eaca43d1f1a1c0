"""citing: an article as a citation (BibTeX, RIS, GOST R 7.0.100-2018) and as schema.org's NewsArticle. Pure.

Names stand as they were printed: which part of one is the surname, nobody here can tell for sure. The day of access is
that of the capture which proves the wording.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

from babel import dates

from newsbot.watch.monitors import one_line
from newsbot.web.languages import LANGUAGES, language

Record = dict[str, Any]
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
        "organization": _newspaper(record).translate(_LATEX),
        "year": day[:4],
        "month": day[5:7].lstrip("0"),
        "date": day,
        "url": _line(record["url"]).translate(_URL),
        "urldate": _accessed(record),
        "langid": _NAMES.get(_language(record), ""),
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value.strip("{}")]
    return f"@online{{{record['site']}-{record['id']},\n{''.join(lines)}}}\n"


def ris(record: Record) -> str:
    """A record for reference managers: two letters, two blanks, a dash, a blank and the value a line."""
    day = (record["published_date"] or "").replace("-", "/")
    fields = [
        ("TY", "NEWS"),
        ("TI", record["title"]),
        *(("AU", name) for name in record["authors"]),
        ("T2", _newspaper(record)),
        ("PY", day[:4]),
        ("DA", day and f"{day}/"),
        ("UR", record["url"]),
        ("Y2", _accessed(record).replace("-", "/") + "/"),
        ("LA", record["language"]),
        *(("KW", tag) for tag in record["tags"]),
        ("ID", f"{record['site']}-{record['id']}"),
    ]
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
    parts = [
        f"{_ended(title)} – {word('Text : electronic')} // {_newspaper(record)} : {word('[website]')}."
    ]
    with suppress(TypeError, ValueError):  # no date, or what an import took for one
        day = date.fromisoformat(record["published_date"])
        parts += [f"{day.year}.", f"{dates.format_date(day, 'd MMMM', own.locale)}."]
    accessed = ".".join(reversed(_accessed(record).split("-")))
    parts += [f"URL: {_line(record['url'])} ({word('accessed:')} {accessed})."]
    return " – ".join(parts)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def news_article(record: Record, origin: str) -> Record:
    """The properties of a schema.org NewsArticle, as docs/export.md gives them, without the text; `origin` is the room's address."""
    counted = {"@type": "InteractionCounter", "interactionType": "https://schema.org/ViewAction"}
    publisher = {"@type": "NewsMediaOrganization", "identifier": record["site"]}
    publisher |= {"name": record["newspaper"], "url": record["newspaper_url"]}
    found = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "identifier": record["id"],
        "url": record["url"],
        "headline": record["title"],
        "author": [{"@type": "Person", "name": name} for name in record["authors"]],
        "datePublished": record["published"],
        "dateModified": record["modified"],
        "articleSection": record["section"],
        "keywords": record["tags"],
        "inLanguage": record["language"],
        "image": record["image"],
        "commentCount": record["comments"],
        "version": record["revision"],
        "publisher": publisher,
        "archivedAt": f"{origin}/article/{record['id']}/page",
    }
    if record["views"] is not None:
        found["interactionStatistic"] = {**counted, "userInteractionCount": record["views"]}
    return {name: value for name, value in found.items() if value not in (None, [], "")}
