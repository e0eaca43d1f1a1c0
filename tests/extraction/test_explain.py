"""What is told of a reading: candidates, the choice, and the fate of each line."""

from __future__ import annotations

from newsbot.extraction import explain, read_page

URL = "https://gazet.example.kz/2024/05/14/kopir/"
PAGE = """<!doctype html><html lang="kk"><head><title>Ақсу ауылында жаңа көпір салынады | Газет</title>
<script type="application/ld+json">{"@type": "NewsArticle", "author": {"@type": "Person",
"name": "Айгүл Сейітова"}}</script></head><body><nav><a href="/">Басты бет</a></nav>
<article><h1>Ақсу ауылында жаңа көпір салынады</h1><p>Ауыл тұрғындары биыл ескі көпірдің орнына
жаңасын салуды сұрап, аудан әкімдігіне хат жолдаған еді.</p><p>Құрылыс басқармасының айтуынша, жұмысқа
керек қаржы келесі тоқсанда бөлінеді, жоба дайын тұр.</p><div class="share-\x1b[31m&lt;b&gt; share">Бөлісу: <b>Telegram</b>
</div></article><div class="x"><p>Басқа</p></div></body></html>"""


def test_every_line_has_its_fate() -> None:
    read = read_page(PAGE.encode(), URL)
    fates = {text.split()[0]: fate for fate, text, _ in explain.outline(read)}
    assert fates["Ақсу"] == "title"
    assert fates["Ауыл"] == fates["Құрылыс"] == "text"
    assert fates["Бөлісу:"] in ("dropped", "elsewhere")
    assert fates["Басқа"] == "elsewhere"


def test_the_text_names_who_said_what_and_cannot_steer_a_terminal() -> None:
    told = explain.as_text(read_page(PAGE.encode(), URL))
    assert "authors: Айгүл Сейітова  [json-ld]" in told
    assert "title: Ақсу ауылында жаңа көпір салынады  [" in told
    assert "\x1b" not in told


def test_the_html_file_holds_no_mark_up_of_the_page() -> None:
    told = explain.as_html(read_page(PAGE.replace("Telegram", "&lt;script&gt;").encode(), URL))
    assert "<script" not in told
    assert "&lt;script&gt;" in told
    assert "Айгүл Сейітова" in told
