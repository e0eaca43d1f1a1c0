"""Structured data: JSON-LD and the data of applications, broken ones too."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.extraction import extract, structured
from newsbot.extraction.page import Page

URL = "https://paper.example/a/1"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@graph",
                    "title",
                    "content",
                    "author",
                    "name",
                    "date",
                    "blocks",
                    "data",
                    "items",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def page(data: Any, kind: str = "application/ld+json", attributes: str = "") -> Page:
    text = data if isinstance(data, str) else json.dumps(data)
    return Page(
        f'<html><body><script {attributes} type="{kind}">{text}</script></body></html>', URL
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"@type":"NewsArticle","headline":"Көпір"}',
        '[{"@type":"WebPage"},{"@type":["Thing","NewsArticle"],"headline":"Көпір"}]',
        '{"@graph":[{"@type":"WebSite"},{"@type":"Article","headline":"Көпір"}]}',
        '{"@type":"NewsArticle","headline":"Көпір",}',
        '<!-- {"@type":"NewsArticle","headline":"Көпір"} -->',
        '{"@type":"http://schema.org/NewsArticle","headline":"Көпір","articleBody":"бір\nекі"};',
    ],
)
def test_article_object(text: str) -> None:
    assert structured.article_object(page(text))["headline"] == "Көпір"


def test_nothing_is_found_where_nothing_is() -> None:
    for text in ("", "{", "null", "[1,2]", '{"@type":"WebSite"}', "[" * 100_000):
        assert structured.article_object(page(text)) == {}


def test_organisations_are_no_people() -> None:
    assert structured.people({"@type": "Organization", "name": "Газет"}) == []
    assert structured.people([{"@type": "Person", "name": "Айгүл"}, "Ерлан"]) == ["Айгүл", "Ерлан"]


def test_interactions_and_breadcrumb() -> None:
    stated = {"interactionType": {"@type": "ReadAction"}, "userInteractionCount": "172"}
    assert structured.interactions({"interactionStatistic": [{}, stated]}, "Read|View") == 172
    steps = [{"name": "Басты бет"}, {"item": {"name": "Спорт"}}]
    listed = page({"@type": "BreadcrumbList", "itemListElement": steps})
    assert structured.breadcrumb(listed) == ["Басты бет", "Спорт"]


def application(article: dict[str, Any]) -> Page:
    other = {"title": "Басқа мақала", "content": "<p>" + "Ұзын мәтін. " * 200 + "</p>"}
    data = {"props": {"pageProps": {"news": [other], "item": article}}}
    return page(data, "application/json", 'id="__NEXT_DATA__"')


@pytest.mark.parametrize(
    "body",
    [
        {"content": "<p>" + "Көпір ашылды. " * 10 + "</p>"},
        {"body": "Көпір ашылды. " * 10},
        {"text": {"blocks": [{"type": "paragraph", "data": {"text": "Көпір ашылды. " * 10}}]}},
        {
            "content": json.dumps(
                {"blocks": [{"type": "paragraph", "data": {"text": "Көпір ашылды. " * 10}}]}
            )
        },
        {"content": {"rendered": "<p>" + "Көпір ашылды. " * 10 + "</p>"}},
    ],
)
def test_application_data(body: dict[str, Any]) -> None:
    item = {"title": "Көпір ашылды", "published_at": "2024-05-01T10:00:00+05:00", **body}
    found = structured.application_article(application(item), "Көпір ашылды")
    assert found["headline"] == "Көпір ашылды"
    assert found["html"].startswith("<p>Көпір ашылды.")
    assert found["datePublished"] == "2024-05-01T10:00:00+05:00"


def test_body_comes_from_the_application_where_the_page_shows_none() -> None:
    item = {"title": "Көпір ашылды", "content": "<p>" + "Көпір ашылды. " * 20 + "</p>", "publishedAt": "2024-05-01T10:00:00+05:00", "author": {"name": "Айгүл Серікқызы"}}  # fmt: skip
    data = json.dumps({"props": {"item": item}})
    body = f'<html><head><title>Көпір ашылды</title></head><body><div id="__next"><h1>Көпір ашылды</h1></div><script id="__NEXT_DATA__" type="application/json">{data}</script></body></html>'
    article = extract(body.encode(), URL)
    assert article.is_article
    assert article.sources["text"] == "next-data"
    assert article.authors == ["Айгүл Серікқызы"]
    assert article.published == "2024-05-01T10:00:00+05:00"


def test_body_comes_from_json_ld_where_the_page_shows_none() -> None:
    body = "Көпір ашылды, көлік жүре бастады. " * 6
    ld = {"@type": "NewsArticle", "headline": "Көпір", "articleBody": f"{body}\nЕкінші: {body}", "datePublished": "2024-05-01T10:00:00+05:00"}  # fmt: skip
    article = extract(f'<script type="application/ld+json">{json.dumps(ld)}</script>'.encode(), URL)
    assert article.paragraphs == [body.strip(), f"Екінші: {body}".strip()]
    assert article.sources["text"] == "json-ld"


def test_structured_data_is_distrusted() -> None:
    prose = "".join(f"<p>Бұл – мақаланың {n}-абзацы, ол біраз ұзақ жазылған.</p>" for n in range(8))
    ld = {"@type": "NewsArticle", "headline": "Көпір ашылды - Газет", "articleBody": "Бұл – мақаланың...", "datePublished": "2018-05-11T13:38:00+00:00", "publisher": {"name": "Газет"}}  # fmt: skip
    body = f'<html><head><script type="application/ld+json">{json.dumps(ld)}</script></head><body><h1>Көпір ашылды</h1><span class="date">Жұма, 11 Мамыр, 2018 13:38</span><div class="txt">{prose}</div></body></html>'
    article = extract(body.encode(), URL)
    assert article.title == "Көпір ашылды"
    assert len(article.paragraphs) == 8
    # 13:38 is printed, so it is local time with a wrong offset.
    assert article.published == "2018-05-11T13:38:00+06:00"


@given(JSON)
def test_no_data_raises(data: Any) -> None:
    for attributes, kind in (
        ("", "application/ld+json"),
        ('id="__NEXT_DATA__"', "application/json"),
    ):
        found = page(data, kind, attributes)
        structured.people(structured.article_object(found).get("author"))
        structured.breadcrumb(found)
        structured.application_article(found, "x")
    structured.labels(data)
    structured.names(data)
    structured.image(data)
    extract(
        f'<script type="application/ld+json">{json.dumps(data)}</script><h1>x</h1>'.encode(), URL
    )


OWN = '{"@type":"NewsArticle","headline":"Көпір","datePublished":"2024-03-05"}'


@pytest.mark.parametrize(
    "text",
    [
        f"//<![CDATA[\n{OWN}\n//]]>",
        f"/*<![CDATA[*/{OWN}/*]]>*/",
        f"// мақала\n{OWN}",
        f'{{"@type":"WebSite","name":"Газет"}}\n{OWN}',
        f'{OWN[:-1]},"articleBody":"Мәт',
        OWN.replace('"Көпір"', r'"Көпір","description":"a\'b"'),
        OWN.replace('"Көпір"', '"Көпір","description":"«Ақ», "бақ", "гүл" өсті"'),
        OWN.replace('"Көпір",', '"Көпір"\n'),
        OWN.replace('"', "'"),
        OWN.replace('"', "&quot;"),
    ],
)
def test_broken_blocks_are_mended(text: str) -> None:
    found = structured.article_object(page(text))
    assert (found["headline"], found["datePublished"]) == ("Көпір", "2024-03-05")


def test_the_object_of_another_article_is_not_used() -> None:
    other = '{"@type":"NewsArticle","headline":"Мүлдем басқа хабар","url":"https://gazet.kz/2020/basqa","datePublished":"2020-01-01"}'
    for blocks, day in (
        (f"[{other},{OWN}]", "2024-03-05"),
        (f'{{"@type":"ItemList","itemListElement":[{other}]}}{OWN}', "2024-03-05"),
        (other, None),
    ):
        shown = Page(
            f"<title>Көпір</title><h1>Көпір</h1><script type=' application/LD+JSON '>{blocks}</script>",
            URL,
        )
        assert structured.article_object(shown).get("datePublished") == day


def test_references_are_followed() -> None:
    text = '{"@graph":[{"@type":"Article","author":{"@id":"#7"}},{"@type":"Person","@id":"#7","name":"Айгүл"}]}'
    assert structured.people(structured.article_object(page(text))["author"]) == ["Айгүл"]
