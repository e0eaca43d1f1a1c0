"""Titles: what is printed against what the page calls itself."""

from __future__ import annotations

import json

import pytest

from newsbot.extraction import extract, fields

URL = "https://gazet.example.kz/2024/05/14/kopir/"
TITLE = "Ақсу ауылында жаңа көпір салынады"
PROSE = "<p>Ауыл тұрғындары көпір салуды сұрап, аудан әкімдігіне хат жолдаған еді.</p>" * 4
OG = f'<meta property="og:title" content="{TITLE}">'


def title_of(head: str, body: str) -> str | None:
    page = f'<html><head><meta charset="utf-8">{head}</head><body>{body}{PROSE}</body></html>'
    return extract(page.encode(), URL).title


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (OG, f'<h1><span class="kicker">Құрылыс</span><span>{TITLE}</span></h1>'),
        (OG, f"<h1><a href='/x'><i>Құрылыс</i><b>{TITLE}</b></a></h1>"),
        (OG, f"<h1>{TITLE}<small>Жаңа көпір туралы</small></h1>"),
        ("", f'<h1><span class="rubric">Құрылыс</span> {TITLE}</h1>'),
        (f"<title>{TITLE} | Газет</title>", f"<h2>Бөлімдер</h2><div><span>{TITLE}</span></div>"),
        (f"<title>{TITLE} — Сыр өңірі газеті</title>", f"<b>{TITLE}</b><br>"),
        (f"<title>{TITLE} — Сыр өңірі газеті</title>", ""),
        (f"<title>Сыр өңірі | {TITLE}</title>", f"<h1>Сыр өңірі</h1><h2>{TITLE}</h2>"),
        (f"<title>Қоғам » {TITLE} » Газет</title>", f"<h1>{TITLE}</h1>"),
        (OG, f"<nav><h1>Main Navigation</h1></nav><h2>{TITLE}</h2>"),
        (OG, "<h1>Пікірлер (3)</h1>"),
        (f"<title>{TITLE} :: Газет</title>", "<a href='/'>Газет</a><h3>Навигация</h3>"),
    ],
)
def test_the_headline_is_found(head: str, body: str) -> None:
    assert title_of(head, body) == TITLE


def test_a_heading_of_two_parts_is_written_as_the_data_write_it() -> None:
    head = '<meta property="og:title" content="Құрылыс: Ақсуда көпір салынады">'
    body = "<h1><span>Құрылыс</span><span>Ақсуда көпір салынады</span></h1>"
    assert title_of(head, body) == "Құрылыс: Ақсуда көпір салынады"


@pytest.mark.parametrize("name", ["Сыр өңірі газеті", "Егемен Қазақстан"])
def test_a_site_name_is_no_title(name: str) -> None:
    head = f'<title>{name}</title><meta property="og:title" content="{name}">'
    assert title_of(head, "<nav><h2>Main Navigation</h2></nav><h1></h1>") is None


def test_entities_are_decoded_once() -> None:
    ld = {"@type": "NewsArticle", "headline": "&quot;Ақсу&quot; &amp;amp; көпір"}
    block = f'<script type="application/ld+json">{json.dumps(ld)}</script>'
    assert title_of(block, "") == '"Ақсу" &amp; көпір'
    assert title_of("<title>Ақсу &amp;amp; көпір</title>", "") == "Ақсу &amp; көпір"


@pytest.mark.parametrize(
    "title",
    [
        "Апталық шолу — Сыр өңірі газеті",
        "Сыр өңірі газеті — Апталық шолу",
        "Апталық шолу|Сыр өңірі газеті",
        "Апталық шолу → Сыр өңірі газеті",
        "Апталық шолу - Сыр өңірі газеті - қоғамдық-саяси басылым",
        "Сыр өңірі газеті » Апталық шолу » Сыр өңірі газеті",
        "Апталық шолу -Сыр өңірі газеті",
    ],
)
def test_site_names_in_any_place(title: str) -> None:
    assert (
        fields.without_site_name(title, fields.spelt_names(["Сыр өңірі газеті"])) == "Апталық шолу"
    )


def test_a_name_inside_a_headline_stays() -> None:
    for title in ("«Достық» көпірі ашылды", "Достық: жүз жыл", "Алматы–Достық жолы", "Ақ-Достық"):
        assert fields.without_site_name(title, fields.spelt_names(["Достық"])) == title
    assert fields.without_site_name("Газет | Газет", fields.spelt_names(["Газет"])) == ""


MENU = '<div><a href="/">Дала үні</a> <a href="/qogam/">Қоғам</a> <a href="/el/">Ел</a></div>'


@pytest.mark.parametrize("whole", ["Мемлекет / Қоғам", "Жастар | Қоғам", "Ғылым мен / Қоғам", "Білім / Қоғам / Білім"])  # fmt: skip
def test_a_section_may_be_what_a_headline_is_about(whole: str) -> None:
    assert title_of(f"<title>{whole}</title>", f"{MENU}<h1>{whole}</h1>") == whole


@pytest.mark.parametrize("end", [":: Жаңалықтар", "⟶ Қоғам", "» Қоғам", "« Дала үні", "► Қоғам", "|| Қоғам", "– Жаңалықтар", "/ Қоғам | Дала үні"])  # fmt: skip
def test_a_section_at_an_end_is_no_part_of_the_headline(end: str) -> None:
    head = f"<title>{TITLE} {end}</title>"
    assert title_of(head, MENU) == TITLE
    assert title_of(head, f"{MENU}<h1>{TITLE} {end}</h1>") == TITLE


def test_what_a_dash_parts_and_a_link_to_the_page_itself_stay() -> None:
    for title in ("Ел – біздің тірегіміз", "Қоғам : жаңа мектеп ашылды", "Ел « Қоғам » іздейді"):
        assert title_of(f"<title>{title}</title>", MENU) == title
    link = f'<a href="{URL}">Көпірге жол</a>'
    assert title_of("<title>Көпірге жол • Дала үні</title>", MENU + link) == "Көпірге жол"
