"""Sections and tags that a page prints without naming the element so."""

from __future__ import annotations

import pytest

from newsbot.extraction import extract

TEXT = (
    "<p>Ауыл тұрғындары биыл ескі көпірдің орнына жаңасын салуды сұрап, аудан әкімдігіне хат "
    "жолдаған еді.</p><p>Құрылыс басқармасының айтуынша, жұмысқа керек қаржы келесі тоқсанда бөлінеді.</p>"
)
MENU = "".join(f'<li><a href="/category/{n}/">Бөлім {n}</a></li>' for n in "abcde")


def read(inside: str, before: str = "") -> tuple[str | None, list[str]]:
    page = (
        f"<html><head><title>Ақсу ауылында жаңа көпір</title></head><body><nav><ul>{MENU}</ul></nav>{before}"
        f"<article><h1>Ақсу ауылында жаңа көпір</h1>{inside}</article></body></html>"
    )
    found = extract(page.encode(), "https://gazet.example.kz/2024/05/14/kopir/")
    return found.section, found.tags


@pytest.mark.parametrize(
    "printed",
    [
        '<p>In <a href="/category/kogam.html">Қоғам</a>.</p>',
        '<div class="meta"><span>3 жыл бұрын</span> · <a href="/categories/%D2%9B/">Қоғам</a></div>',
        '<p>14.05.2024 | <a href="/rubrika/qogam">Қоғам</a></p>',
        '<div><a href="https://gazet.example.kz/санат/қоғам/?x=1">Қоғам</a></div>',
    ],
)
def test_a_link_to_its_list_is_the_section(printed: str) -> None:
    assert read(printed + TEXT) == ("Қоғам", [])
    assert read(TEXT + printed) == ("Қоғам", [])


@pytest.mark.parametrize(
    "printed",
    [
        '<p>tags: <a href="/tag/taraz.html">Тараз</a> <a href="/tag/su.html">Су</a></p>',
        '<div><a href="/tags/taraz/">#Тараз</a>, <a href="/tags/su/">#Су</a></div>',
        '<p><a href="/blog/topic/taraz">Тараз</a> <a href="/blog/topic/su">Су</a></p>',
    ],
)
def test_links_to_their_lists_are_tags(printed: str) -> None:
    assert read(TEXT + printed) == (None, ["Тараз", "Су"])


def test_a_menu_names_no_section_and_a_link_in_the_text_neither() -> None:
    menu = f"<ul>{MENU}</ul>"
    assert read(TEXT + menu)[0] is None
    assert read(TEXT.replace("биыл", '<a href="/category/qogam/">Қоғам</a>'))[0] is None


def test_a_tag_is_no_section() -> None:
    """Engines that follow microformats call both `p-category`."""
    tags = (
        '<ul class="tags"><li><a class="p-category" rel="tag" href="/t/taraz/">Тараз</a></li></ul>'
    )
    page = f'<div class="h-entry"><h1 class="p-name">Ақсу ауылында жаңа көпір</h1><div class="e-content">{TEXT}</div>{tags}</div>'
    assert read(page) == (None, ["Тараз"])


@pytest.mark.parametrize(
    ("sections", "printed"),
    [
        # Lists of sections have addresses of another kind than those of tags …
        ("/aidar/zhanalyq/{}", "/tag/{}"),
        ("/category/{}/", "/tags/{}/"),
        ("/?cat={}", "/?tag={}"),
        ("/aidar/{}", "/{}"),
        # … or the same: then the section is the first of all.
        ("/tag/{}/", "/tag/{}/"),
        ("/{}", "/{}"),
    ],
)
def test_links_to_sections_that_are_marked_as_tags(sections: str, printed: str) -> None:
    def link(form: str, name: str) -> str:
        return f"<a href='{form.format(name)}' rel='tag'>{name}</a>"

    line = f"<p class='post-category'>{link(sections, 'Қоғам')}</p>"
    tags = f"<p>{link(printed, 'көпір')}, {link(printed, 'құрылыс')}</p>"
    assert read(line + TEXT + tags) == ("Қоғам", ["көпір", "құрылыс"])
    assert read(line + TEXT) == ("Қоғам", [])
    assert read(TEXT + tags)[1] == ["көпір", "құрылыс"]
