"""A page that is made harmless: it keeps what is read, and nothing that runs or asks."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from newsbot.extraction.harmless import harmless
from newsbot.extraction.page import Page
from tests.web.hostile import FOREIGN, PAGE

URL = "https://aqbulaq.example/1"
LINK = "/memento/20261122080000/"


def made(text: str, url: str = URL) -> str:
    return harmless(Page(text, url), lambda address: LINK + address).decode()


def test_what_is_read_stays_and_what_asks_goes() -> None:
    found = made(PAGE)
    root = html.fromstring(found)
    said = " ".join(root.text_content().split())
    for word in ("Ән", "мәтін", "форма", "кету", "ұя", "соңы", "өз"):
        assert word in said
    links = {a.get("id"): a.get("href") for a in root.iter("a")}
    assert links["js"] is None and links["here"] == "#here"
    assert links["near"] == f"{LINK}https://aqbulaq.example/2", "a foreign <base> is not believed"
    named = {
        (e.tag, name) for e in root.iter() for name, value in e.attrib.items() if FOREIGN in value
    }
    assert (
        named == {("a", "href"), ("p", "style"), ("p", "title")}
        and links["away"] == f"{LINK}{FOREIGN}/away"
    )
    assert "rgb(1, 2, 3)" in found and "url(" not in found and "@import" not in found
    assert "data:image/gif" in found and "<script" not in found and "onload" not in found


def test_what_goes_by_the_thousand_costs_no_square_of_its_number() -> None:
    began = time.process_time()
    said = html.fromstring(made("<body>" + "<svg></svg>a<!-- -->b" * 30_000)).text_content()
    assert said.count("ab") == 30_000
    assert time.process_time() - began < 5


@given(
    st.lists(
        st.sampled_from(
            "<p> </p> <style> </style> <svg> </svg> <math> <mtext> <mglyph> <!-- --> <noscript> </noscript> <title> "
            "</title> <table> <form> <a> <template> </template> <select> <plaintext> <textarea> <xmp> <![CDATA[ ]]> "
            "<img\tsrc=//x.example/a> <script>1</script> <link\trel=preconnect\thref=//x.example> text \" > &lt;img&gt;"
            .split(" ")
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_markup_brings_anything_back(pieces: list[str]) -> None:
    found = made("".join(pieces))
    for _ in range(2):  # read again by a parser, it still holds nothing else
        for element in html.document_fromstring(found).iter(etree.Element):
            assert element.tag not in (
                "script",
                "link",
                "iframe",
                "svg",
                "math",
                "noscript",
                "template",
            )
            assert not {"src", "href", "srcset", "onload"} & {*element.attrib}
        found = made(found)
