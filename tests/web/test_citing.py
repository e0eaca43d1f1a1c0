"""Citations: what programs read, whatever newspapers print."""

from __future__ import annotations

from typing import Any

import pytest

from newsbot.web import citing

RECORD: dict[str, Any] = {
    "id": 17, "site": "aqbulaq", "newspaper": "Ақбұлақ тынысы", "newspaper_url": "https://aqbulaq.example/",
    "title": "Ауылға 100% таза су & {жарық}\nкелді", "authors": ["Серік Әлі", "Ғ. Ән"], "published": "2026-11-20T09:30:00+05:00",
    "published_date": "2026-11-20", "modified": None, "section": "Қоғам", "tags": ["су"], "language": "kk", "image": None,
    "views": 5, "comments": None, "revision": 1, "url": "https://aqbulaq.example/a_b%20c", "last_seen": "2026-11-23T08:00:00Z",
    "capture": {"fetched_at": "2026-11-22T08:00:00Z"},
}  # fmt: skip


def test_bibtex_escapes_what_means_something_to_latex() -> None:
    found = citing.bibtex(RECORD)
    assert (
        "title = {{Ауылға 100\\% таза су \\& \\textbraceleft{}жарық\\textbraceright{} келді}}"
        in found
    )
    assert "author = {{Серік Әлі} and {Ғ. Ән}}" in found and "urldate = {2026-11-22}" in found
    assert "url = {https://aqbulaq.example/a_b%20c}" in found, "addresses are verbatim"
    assert found.count("{") == found.count("}") and found.startswith("@online{aqbulaq-17,\n")


def test_a_title_of_code_ends_no_entry() -> None:
    found = citing.bibtex(
        {**RECORD, "title": "}}\n@string{x=1}\\input{/etc/passwd}\u202e~^", "authors": []}
    )
    assert found.count("{") == found.count("}") and found.count("\n") == found.count(",\n") + 1
    assert "\\input" not in found and "\u202e" not in found and "author" not in found


def test_ris_has_a_line_for_each_value() -> None:
    lines = citing.ris({**RECORD, "title": "a\r\nER  - \r\nTY  - X"}).split("\r\n")
    assert lines[0] == "TY  - NEWS" and lines[-2:] == ["ER  - ", ""]
    assert [line[:2] for line in lines].count("ER") == 1 and "TI  - a ER - TY - X" in lines
    assert {
        "AU  - Серік Әлі",
        "AU  - Ғ. Ән",
        "DA  - 2026/11/20/",
        "Y2  - 2026/11/22/",
        "KW  - су",
    } <= {*lines}


@pytest.mark.parametrize(
    ("language", "end"),
    [
        ("kk", "– Мәтін : электрондық // Ақбұлақ тынысы : [сайт]. – 2026. – 20 қараша. – URL: https://aqbulaq.example/a_b%20c (қаралған күні: 22.11.2026)."),
        ("kk-Arab", "– Мәтін : электрондық // Ақбұлақ тынысы : [сайт]. – 2026. – 20 қараша. – URL: https://aqbulaq.example/a_b%20c (қаралған күні: 22.11.2026)."),
        ("ru", "– Текст : электронный // Ақбұлақ тынысы : [сайт]. – 2026. – 20 ноября. – URL: https://aqbulaq.example/a_b%20c (дата обращения: 22.11.2026)."),
        ("en", "– Text : electronic // Ақбұлақ тынысы : [website]. – 2026. – 20 November. – URL: https://aqbulaq.example/a_b%20c (accessed: 22.11.2026)."),
    ],
)  # fmt: skip
def test_gost_speaks_the_article_s_language(language: str, end: str) -> None:
    assert (
        citing.gost({**RECORD, "language": language, "title": "Су"})
        == f"Су / Серік Әлі, Ғ. Ән. {end}"
    )


def test_what_is_not_known_is_not_said() -> None:
    bare = RECORD | {
        "authors": [],
        "published": None,
        "published_date": None,
        "title": "Су?",
        "capture": None,
    }
    assert citing.gost(bare) == (
        "Су? – Мәтін : электрондық // Ақбұлақ тынысы : [сайт]. – URL: https://aqbulaq.example/a_b%20c (қаралған күні: 23.11.2026)."
    )
    assert "year" not in citing.bibtex(bare) and "PY" not in citing.ris(bare)
    found = citing.news_article(bare, "http://room")
    assert "datePublished" not in found and "author" not in found
    assert found["archivedAt"] == "http://room/article/17/page"
    assert citing.gost({**bare, "published_date": "0000-00-00"})
