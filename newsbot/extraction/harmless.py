"""harmless: a captured page as HTML in which nothing runs, and of which nothing asks anybody for anything. Pure.

What is known to be harmless is kept, all else goes: a browser may read broken markup otherwise than lxml does, and what
nobody has thought of is not in the list. The answer's Content-Security-Policy is another wall, the frame's sandbox a third.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree
from lxml.etree import _Element as Element

from newsbot.extraction.page import Page

_ELEMENTS = frozenset(
    "html head title style body main article section nav aside header footer hgroup address h1 h2 h3 h4 h5 h6 p div "
    "span a img br hr wbr pre blockquote ol ul li dl dt dd figure figcaption table caption colgroup col thead tbody "
    "tfoot tr th td em strong b i u s small sub sup mark del ins q cite code kbd samp var abbr dfn time data ruby rt rp "
    "bdi bdo font center big tt strike nobr details summary label picture".split()
)
_GONE = frozenset(
    "script template iframe frame frameset noframes noembed object applet audio video svg math canvas portal "
    "fencedframe xmp plaintext listing button select datalist textarea dialog map "
    "area base input link meta param".split()
)
"""Elements that go with all that is in them; those that stand in neither list leave their content behind."""
_ATTRIBUTES = frozenset(
    "class id lang dir title alt width height colspan rowspan scope headers align valign border cellpadding "
    "cellspacing bgcolor color face size start value reversed type datetime open".split()
)
_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*")
_OUTSIDE = re.compile(r"(@)import|(?:url|src|image|image-set|element|paint)(\()", re.I)
"""Where a style would ask for something: a rule, or a function."""


def harmless(page: Page, archived: Callable[[str], str]) -> bytes:
    """The page in UTF-8; `archived` says where a link to an address leads instead."""
    # In one pass: taken out one by one, each would carry on the text that follows, which takes the square of their number.
    others = (etree.Comment, etree.ProcessingInstruction, etree.Entity)
    etree.strip_elements(page.root, *_GONE, *others, with_tail=False)
    for element in page.root.iter():
        _clean(element, page, archived)
    return etree.tostring(page.root, encoding="utf-8", method="html", doctype="<!DOCTYPE html>")


def _clean(element: Element, page: Page, archived: Callable[[str], str]) -> None:
    said = dict(element.attrib)
    element.attrib.clear()
    if element.tag not in _ELEMENTS:
        element.tag = "span"
    if element.tag == "style":
        element.text = _style("".join(element.itertext()))
        for child in list(element):
            element.remove(child)
    for name, value in said.items():
        if name in _ATTRIBUTES or name.startswith("aria-"):
            element.set(name, value)
    if said.get("style"):
        element.set("style", _style(said["style"]))
    if element.tag == "img" and _PICTURE.fullmatch(said.get("src", "").strip()):
        element.set("src", said["src"])
    if element.tag == "a" and (href := said.get("href", "").strip()):
        address = page.absolute(href)
        if href.startswith("#"):
            element.set("href", href)
        elif address:
            element.set("href", archived(address))


def _style(css: str) -> str:
    """A style that names nothing outside of itself. Escapes go first, by which `url(` may be written otherwise."""
    return _OUTSIDE.sub(r"\1none\2", css.replace("\\", "").replace("<", ""))
