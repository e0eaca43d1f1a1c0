"""title: the headline that is printed, weighed against what the page calls itself.

A heading that the page's data repeat is the headline. One that they contradict is only as good as
its place: themes print the newspaper's name, a section or the word for navigation as headings too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from lxml.etree import _Element as Element

from newsbot.extraction import fields, structured
from newsbot.extraction.blocks import HEADINGS, inline_text, is_hidden
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import ENOUGH, Candidate, Reader
from newsbot.extraction.fields import letters
from newsbot.vocabulary import pattern

_KICKER = pattern("titles", "kickers", within=r"(?:^|[\s_-]){}(?=$|[\s_-])")
_MARK = re.compile(r"[\s:.|–—-]")
_IN_SENTENCES = re.compile(r"\s*(?:[–—-]+|:)\s*")
"""Marks that part sentences too: «Ауыл : жаңа мектеп», «Ана тілі – қазына»."""
_NAMES = 300
"""Characters of a class that are looked at; what is longer is no name."""
_MOST = 5
"""Matches of one selector that are looked at."""
_PIECES = 20
"""Pieces of a heading that are told apart."""
_PARTS = 6
"""Parts of a `<title>` that are told apart."""
_SHORTEST = 8
"""Letters of the shortest text that is known for the headline by its being said twice."""
_HEADLINE = 4
"""Words of the shortest text from which a section at its end is cut."""
_SECTION = 20
"""Letters of the longest name of a section that a heading may repeat."""
_LEVELS = 12
"""Elements around a heading that are looked at."""
_NAME = 4
"""Words of the longest title that may be a site's name, where the page's own heading is empty."""

# What each witness is worth. Data that agree with each other outweigh a heading that has nothing in
# common with them, unless a rule for the very theme names it.
_HEADS = {"json-ld": 0.5, "meta": 0.5, "title": 0.4}
_TOLD = 0.5
"""What a source calls it."""
_CUT = 0.2
"""What a headline loses that ends in dots."""
_NAMED = 0.95
"""A heading that a rule of the page's own family names, whatever the data say."""
_PART = {"h1": 0.85, "h2": 0.83}
_OTHER_PART = 0.8
"""A heading that is one part of `<title>`, the others being names; longer ones weigh more."""
_HEADINGS = {"h1": 0.6, "h2": 0.3}
_OTHER_NAMED = 0.6
_UNMARKED = 0.55
"""A text in no heading that repeats what the page calls itself."""
_AROUND = frozenset(["nav", "aside", "footer", "form", "dialog", "button", "li"])
_PRINTING = (
    "div",
    "span",
    "b",
    "strong",
    "font",
    "p",
    "td",
    "big",
    "center",
    "h4",
    "h5",
    "h6",
    "a",
)
"""Elements that print headlines where a theme knows no headings."""


def title_key(value: str | None) -> str:
    """What the spellings of one headline have in common."""
    return letters(value or "")


def find_title(context: Context) -> list[Reader]:
    """Who may know the title: the printed headings, then the page's data."""
    heads = _heads(context)
    return [partial(_printed, context, heads), partial(_said, heads), partial(_told, context)]


# -- what the page calls itself --------------------------------------------------------------------


@dataclass
class _Heads:
    """What the page's data call the article."""

    candidates: list[Candidate] = field(default_factory=list)
    papers: set[str] = field(default_factory=set)
    """Letters of what is taken for the name of the newspaper."""
    runs: dict[str, str] = field(default_factory=dict)
    """Runs of neighbouring parts of `<title>` by their letters, longest first."""
    heading_is_empty: bool = False
    """Whether the element that the layout names for the headline holds none."""

    def whole(self) -> dict[str, str]:
        """Headlines that stand alone, by their letters."""
        return {letters(c.value): c.value for c in self.candidates if c.value}


def _heads(context: Context) -> _Heads:
    page = context.page
    names = context.site_names | fields.spelt_names([page.meta("article:section")])
    heads = _Heads()
    for value, source, where in (
        (next(iter(structured.names(context.ld.get("headline"))), None), "json-ld", "headline"),
        (page.meta("og:title", "twitter:title"), "meta", "og:title"),
        (page.title, "title", ""),
    ):
        found = _without_sections(context, fields.without_site_name(value, names)) if value else ""
        if source != "json-ld":
            found = _without_newspaper(found)
            if fields.is_newspaper(found):
                heads.papers.add(letters(found))
                continue
        if not letters(found) or len(found) > fields.LONGEST_TITLE or fields.is_navigation(found):
            continue
        if source == "title":
            heads.runs = _runs(found)
        weight = _HEADS[source] - (_CUT if fields.is_cut(found) else 0.0)
        said = None if fields.is_placeholder(found) else found
        heads.candidates.append(Candidate(said, source, weight, where))
    return heads


def _without_newspaper(title: str) -> str:
    """A title without an end that says by its words that it is a newspaper's name."""
    parts = fields.title_parts(title[: fields.LONGEST_TITLE])
    if len(parts) > 2 and fields.is_newspaper(parts[-1]):
        return "".join(parts[:-2]).strip()
    return title


def _without_sections(context: Context, title: str) -> str:
    """A title without the sections at its ends: «… :: Жаңалықтар», «… ⟶ Қоғам».

    A section is named by a link elsewhere on the page, or is a word for a list. Dashes and
    colons part sentences too: behind one only such a word is a section. What is left must be a
    headline: «Жастар | Спорт» is one as a whole.
    """
    parts = fields.title_parts(title) if len(title) <= fields.LONGEST_TITLE else []
    while len(parts) > 2 and _is_listed(context, parts[-1], parts[-2]):
        parts = parts[:-2]
    while len(parts) > 2 and _is_listed(context, parts[0], parts[1]):
        parts = parts[2:]
    left = "".join(parts).strip()
    return left if len(left.split()) >= _HEADLINE else title


def _is_listed(context: Context, part: str, mark: str) -> bool:
    spelt = letters(part)
    if not 0 < len(spelt) < _SECTION:
        return False
    links = [] if _IN_SENTENCES.fullmatch(mark) else context.menu.get(spelt, [])
    return fields.is_navigation(part) or any(not _is_own(context, link) for link in links)


def _is_own(context: Context, link: Element) -> bool:
    """Whether a link leads to the page itself, or is a headline."""
    above = (e.tag for e in islice(link.iterancestors(), 2))
    own = context.page.absolute(link.get("href") or "") == context.page.url
    return own or any(tag in HEADINGS for tag in above)


def _runs(title: str) -> dict[str, str]:
    parts = fields.title_parts(title)
    count = min((len(parts) + 1) // 2, _PARTS)
    runs = (
        "".join(parts[2 * first : 2 * last + 1]).strip()
        for first in range(count)
        for last in range(first, count)
    )
    known = {letters(run): run for run in runs}
    return dict(sorted(known.items(), key=lambda run: -len(run[0])))


def _said(heads: _Heads) -> list[Candidate]:
    """What the data say, left out where it can only be the site's name."""
    if not heads.heading_is_empty:
        return heads.candidates
    return [
        candidate
        for candidate in heads.candidates
        if candidate.source == "json-ld" or len((candidate.value or "").split()) > _NAME
    ]


def _told(context: Context) -> list[Candidate]:
    """What a source calls the article."""
    return [Candidate(t, one.source, _TOLD, one.address) for t, one in context.told("title")[:1]]


# -- what is printed -------------------------------------------------------------------------------


def _printed(context: Context, heads: _Heads) -> list[Candidate]:
    """Headings that may be the headline, until one is beyond doubt."""
    found: list[Candidate] = []
    whole = heads.whole()
    named_empty = named_full = False
    for css, element in _headings(context):
        text = inline_text(element)
        is_named = css in context.layout.title
        named_full = named_full or (is_named and bool(text))
        named_empty = named_empty or (is_named and not text)
        candidate = _judged(context, heads, whole, css, element, text) if text else None
        if candidate:
            found.append(candidate)
            context.headings.setdefault(title_key(candidate.value), element)
            if candidate.weight >= ENOUGH:
                return found
    heads.heading_is_empty = named_empty and not named_full
    if max((c.weight for c in found), default=0.0) <= _OTHER_NAMED:
        found.extend(_unmarked(context, heads, whole))
    return found


def _headings(context: Context) -> Iterator[tuple[str, Element]]:
    seen: set[Element] = set()
    for css in (*context.layout.title, "h1", "h2", "h3"):
        for element in context.page.select(css)[:_MOST]:
            if element not in seen:
                seen.add(element)
                yield css, element


def _judged(
    context: Context, heads: _Heads, whole: dict[str, str], css: str, element: Element, text: str
) -> Candidate | None:
    """A heading as a candidate; None where it is none of the article."""
    value = _without_sections(context, fields.without_site_name(text, context.site_names))
    spelt = letters(value)
    if not spelt or len(value) > fields.LONGEST_TITLE or fields.is_navigation(value):
        return None
    if fields.is_placeholder(value):
        return Candidate(None, "layout", ENOUGH, css, "a placeholder")
    if spelt in whole:
        if len(element) and _marks(whole[spelt]) > _marks(value):
            value = whole[spelt]  # the elements inside the heading part what marks part elsewhere
        return Candidate(value, "layout", ENOUGH, css, "the data say the same")
    if len(element):
        piece = _piece(element, whole) or _piece(element, heads.runs)
        if piece and (letters(piece) in whole or 2 * len(letters(piece)) > len(spelt)):
            return Candidate(piece, "layout", ENOUGH, css, "the data say a part of it")
        value = _without_kickers(element) or value
        spelt = letters(value)
    if spelt in heads.papers or _is_around(element):
        return None
    is_later = spelt in heads.runs and not any(head.startswith(spelt) for head in whole)
    if is_later and _is_section(context, element, spelt):
        return None
    is_main = css in context.layout.title or css == "h1"
    if any(_is_most(spelt, head) for head in whole):
        return Candidate(value, "layout", ENOUGH, css, "the data say nearly the same")
    related = is_main and any(fields.alike(value, head) for head in whole.values())
    if spelt in heads.runs:
        weight = _PART.get(css, _OTHER_PART) if not is_main else _PART["h1"]
        weight = ENOUGH if related and len(whole) > 1 else weight + min(len(spelt), 70) / 500
        return Candidate(value, "layout", weight, css, "a part of <title>")
    if related:
        return Candidate(value, "layout", ENOUGH, css, "the data tell the same")
    if is_main:
        is_of_family = not context.layout_name.startswith("generic/") and css not in _HEADINGS
        weight = _NAMED if is_of_family else _OTHER_NAMED
    else:
        weight = _HEADINGS.get(css, 0.0)
    return Candidate(value, "layout", weight, css) if weight else None


def _is_section(context: Context, heading: Element, spelt: str) -> bool:
    """Whether a link elsewhere on the page, in its menu, is named as a short heading."""
    links = context.menu.get(spelt, []) if len(spelt) < _SECTION else []
    return any(heading not in (link, *link.iterancestors()) for link in links)


def _is_most(printed: str, head: str) -> bool:
    """Whether one of two headlines is most of the other."""
    shorter, longer = sorted((printed, head), key=len)
    return len(shorter) >= 4 and shorter in longer and 2 * len(shorter) > len(longer)


def _is_around(element: Element) -> bool:
    """Whether an element heads something beside the article, or is not shown."""
    node: Element | None = element
    for _ in range(_LEVELS):
        if node is None:
            break
        if node.tag in _AROUND or is_hidden(node):
            return True
        node = node.getparent()
    return False


def _marks(title: str) -> int:
    """Spaces and marks that part words."""
    return len(_MARK.findall(title))


def _without_kickers(heading: Element) -> str | None:
    """A heading without what its names call something else, where that is the smaller part."""
    kickers = [
        element
        for element in list(heading.iter("*"))[1:_PIECES]
        if _KICKER.search((element.get("class") or "")[:_NAMES])
    ]
    text = inline_text(heading, kickers) if kickers else ""
    return text if 2 * len(text) > len(inline_text(heading)) else None


def _piece(heading: Element, whole: dict[str, str]) -> str | None:
    """The part of a heading that is a headline by itself, where elements part it from the rest."""
    while len(heading) == 1 and not (heading.text or "").strip():
        child = heading[0]
        if (child.tail or "").strip() or not isinstance(child.tag, str):
            break
        heading = child
    pieces = [heading.text or ""]
    for child in list(heading)[:_PIECES]:
        pieces += [inline_text(child) if isinstance(child.tag, str) else "", child.tail or ""]
    pieces = [piece for piece in pieces if letters(piece)]
    for first in range(len(pieces)):
        for end in (len(pieces), first + 1):
            text = " ".join(" ".join(pieces[first:end]).split())
            if len(text) <= fields.LONGEST_TITLE and letters(text) in whole:
                return text
    return None


def _unmarked(context: Context, heads: _Heads, whole: dict[str, str]) -> list[Candidate]:
    """The element that prints a headline of the data, where no heading does."""
    wanted = [spelt for spelt in (*whole, *heads.runs) if len(spelt) >= _SHORTEST]
    place: dict[str, Element] = {}
    for tag in _PRINTING if wanted else ():
        for element in context.page.index.tags.get(tag, []):
            text = element.text
            if not text or len(text) > fields.LONGEST_TITLE or len(element) > 2:
                continue
            spelt = letters(text)
            if not spelt or not any(head.startswith(spelt) for head in wanted):
                continue
            spelt = letters(inline_text(element))
            if spelt in wanted and spelt not in place and not _is_around(element):
                place[spelt] = element
    for spelt in wanted:
        if spelt in place:
            element = place[spelt]
            context.headings.setdefault(spelt, element)
            value = inline_text(element)
            return [
                Candidate(value, "layout", _UNMARKED, str(element.tag), "the data say the same")
            ]
    return []
