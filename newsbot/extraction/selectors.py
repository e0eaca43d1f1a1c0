"""Selectors: CSS on an index of one page by tag, class, id and itemprop.

A page is asked some hundred selectors, most of which match nothing. The index answers those at
once; what it cannot express (`:has`, `:nth-child`) goes to lxml's XPath through parsel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from cssselect import parser as css
from lxml import etree
from lxml.etree import _Element as Element
from parsel.csstranslator import HTMLTranslator

_TRANSLATOR = HTMLTranslator()
_MAX_CANDIDATES = 5_000
"""Elements that one selector is tried on; no article page has more of a kind, hostile pages do."""

_MAX_OUTER = 100
"""Elements below which a tag is looked for."""

Match = Callable[[Element], bool]


class Unsupported(Exception):
    """The selector needs XPath."""


class ElementIndex:
    """Elements of a tree in document order, findable by what CSS names."""

    def __init__(self, root: Element) -> None:
        """Walk the tree once."""
        self.root = root
        elements = list(root.iter("*"))
        self.order: dict[Element, int] = dict(zip(elements, range(len(elements)), strict=True))
        self.tags: dict[str, list[Element]] = defaultdict(list)
        self.classes: dict[str, list[Element]] = defaultdict(list)
        """By whole class attribute."""
        self.ids: dict[str, list[Element]] = defaultdict(list)
        self.props: dict[str, list[Element]] = defaultdict(list)
        self.veiled: list[Element] = []
        """Elements that a browser may not show, by an attribute or a style of their own."""
        tags, classes, ids = self.tags, self.classes, self.ids
        for element in elements:
            tags[element.tag].append(element)  # type: ignore[index]  # iter("*"): always a str
            for name, value in element.items():
                if name == "hidden":
                    self.veiled.append(element)
                elif not value:
                    continue
                elif name == "class":
                    classes[value].append(element)
                elif name == "id":
                    ids[value].append(element)
                elif name == "itemprop":
                    for prop in value.split():
                        self.props[prop].append(element)
                elif name == "style" and ("none" in value or "hidden" in value):
                    self.veiled.append(element)
        self._classes_with: dict[str, list[str]] = defaultdict(list)
        for css_class in classes:
            for name in set(css_class.split()):
                self._classes_with[name].append(css_class)
        self.names = frozenset(
            [
                "*",
                *tags,
                *[f".{name}" for name in self._classes_with],
                *[f"#{name}" for name in ids],
                *[f"@{name}" for name in self.props],
            ]
        )

    def by_class(self, name: str) -> list[Element]:
        """Elements that have a class, in document order."""
        groups = [self.classes[css_class] for css_class in self._classes_with.get(name, ())]
        if len(groups) == 1:
            return groups[0]
        return sorted(chain.from_iterable(groups), key=self.order.__getitem__)

    def select(self, selector: str) -> list[Any]:
        """Elements, or strings for `::attr()` and `::text`, in document order."""
        plan = _plan(selector)
        names = self.names
        if len(plan) == 1:
            needed, look_up = plan[0]
            return look_up(self) if needed <= names else []
        possible = [look_up for needed, look_up in plan if needed <= names]
        if not possible:
            return []
        if len(possible) == 1:
            return possible[0](self)
        elements = {e: None for look_up in possible for e in look_up(self)}
        if any(isinstance(e, str) for e in elements):
            return list(elements)
        return sorted(elements, key=self.order.__getitem__)


LookUp = Callable[[ElementIndex], list[Any]]


def marks_of(selector: str) -> list[str]:
    """For each alternative of a selector list one of `ElementIndex.names` without which it matches nothing.

    The rarest: an id, a class or a property rather than a tag; `*` where a match needs no name.
    """
    return [min(needed, key=str.isalpha, default="*") for needed, _ in _plan(selector)]


@lru_cache(20_000)  # profiles have some thousands, and learning tries others all the time
def _plan(selector: str) -> list[tuple[frozenset[str], LookUp]]:
    """For each alternative of a selector list what a page must hold for it, and how to find it."""
    try:
        return [
            (frozenset(_names(part.parsed_tree)), _lookup(part.parsed_tree, part.pseudo_element))
            for part in css.parse(selector)
        ]
    except Unsupported:
        path = etree.XPath(_TRANSLATOR.css_to_xpath(selector))
        return [(frozenset(), lambda index: path(index.root))]


def _lookup(tree: Any, pseudo: Any) -> LookUp:
    find = _finder(tree)
    if pseudo is None:
        return find
    if not (isinstance(pseudo, css.FunctionalPseudoElement) and pseudo.name == "attr"):
        raise Unsupported
    attribute = str(pseudo.arguments[0].value)

    def look_up(index: ElementIndex) -> list[Any]:
        return [value for e in find(index) if (value := e.get(attribute)) is not None]

    return look_up


def _finder(tree: Any) -> Callable[[ElementIndex], list[Element]]:
    """All matches of a selector, in document order."""
    inner = tree.subselector if isinstance(tree, css.CombinedSelector) else tree
    match, candidates = _matcher(inner), _candidates(inner)
    if inner is tree:
        return lambda index: [e for e in candidates(index)[:_MAX_CANDIDATES] if match(e)]
    above, stands = _finder(tree.selector), _PLACES[tree.combinator]
    # A walk below what is rarer than the tag.
    tag = inner.element if isinstance(inner, css.Element) and tree.combinator == " " else None

    def find(index: ElementIndex) -> list[Element]:
        outer = above(index)
        if tag and len(outer) < _MAX_OUTER:
            below = {e for element in outer for e in element.iter(tag.lower()) if e is not element}
            return sorted(below, key=index.order.__getitem__)
        near = candidates(index)[:_MAX_CANDIDATES] if outer else []
        holders = set(outer)
        return [e for e in near if stands(e, holders) and match(e)]

    return find


_PLACES: dict[str, Callable[[Element, set[Element]], bool]] = {
    " ": lambda e, holders: not holders.isdisjoint(e.iterancestors()),
    ">": lambda e, holders: e.getparent() in holders,
    "+": lambda e, holders: next(e.itersiblings("*", preceding=True), None) in holders,
    "~": lambda e, holders: not holders.isdisjoint(e.itersiblings("*", preceding=True)),
}
"""For each combinator whether an element stands so to one of the others."""


def _names(tree: Any) -> Iterator[str]:
    """What a page must hold for the selector to match at all, as in `ElementIndex.names`."""
    while not isinstance(tree, css.Element):
        if isinstance(tree, css.CombinedSelector):
            yield from _names(tree.subselector)
        elif isinstance(tree, css.Class):
            yield f".{tree.class_name}"
        elif isinstance(tree, css.Hash):
            yield f"#{tree.id}"
        elif _is_itemprop(tree):
            yield from (f"@{name}" for name in _value_of(tree).split())
        tree = tree.selector
    if tree.element is not None:
        yield tree.element.lower()


def _candidates(tree: Any) -> Callable[[ElementIndex], list[Element]]:
    """The smallest list of the index that holds every match of a compound."""
    name: str | None = None
    prop: str | None = None
    with_id = False
    while not isinstance(tree, css.Element):
        if isinstance(tree, css.Hash):
            identifier = tree.id
            return lambda index: index.ids.get(identifier, [])
        if isinstance(tree, css.Class):
            name = tree.class_name
        elif isinstance(tree, css.Attrib) and tree.attrib == "id":
            with_id = True
        elif _is_itemprop(tree) and len(_value_of(tree).split()) == 1:
            prop = _value_of(tree)
        tree = tree.selector
    tag = tree.element
    if with_id:
        return lambda index: [e for elements in index.ids.values() for e in elements]
    if name is not None:
        wanted = name
        return lambda index: index.by_class(wanted)
    if prop is not None:
        named = prop
        return lambda index: index.props.get(named, [])
    if tag is not None:
        kind = tag.lower()
        return lambda index: index.tags.get(kind, [])
    return lambda index: list(index.order)


def _is_itemprop(tree: Any) -> bool:
    return (
        isinstance(tree, css.Attrib) and tree.attrib == "itemprop" and tree.operator in ("=", "~=")
    )


def _value_of(tree: Any) -> str:
    return str(tree.value.value) if tree.value is not None else ""


def _matcher(tree: Any) -> Match:
    """A predicate on one element for a parsed selector."""
    if isinstance(tree, css.Element):
        if tree.element is None:
            return lambda element: True
        tag = tree.element.lower()
        return lambda element: element.tag == tag
    if isinstance(tree, css.Class):
        test: Match = _has_class(tree.class_name)
    elif isinstance(tree, css.Hash):
        identifier = tree.id
        test = lambda element: element.get("id") == identifier  # noqa: E731
    elif isinstance(tree, css.Attrib):
        test = _attribute(tree.attrib.lower(), tree.operator, _value_of(tree))
    elif isinstance(tree, css.Negation):
        refused = _matcher(tree.subselector)
        test = lambda element: not refused(element)  # noqa: E731
    else:
        raise Unsupported
    if isinstance(tree.selector, css.Element) and tree.selector.element is None:
        return test
    inner = _matcher(tree.selector)
    return lambda element: test(element) and inner(element)


def _has_class(name: str) -> Match:
    def test(element: Element) -> bool:
        value = element.get("class")
        return value is not None and name in value and name in value.split()

    return test


def _attribute(name: str, operator: str, wanted: str) -> Match:
    def test(element: Element) -> bool:
        value = element.get(name)
        if value is None:
            return operator == "!="
        match operator:
            case "exists":
                return True
            case "=":
                return value == wanted
            case "!=":
                return value != wanted
            case "~=":
                return wanted in value.split()
            case "|=":
                return value == wanted or value.startswith(f"{wanted}-")
            case "^=":
                return bool(wanted) and value.startswith(wanted)
            case "$=":
                return bool(wanted) and value.endswith(wanted)
            case _:
                return bool(wanted) and wanted in value

    if operator not in ("exists", "=", "!=", "~=", "|=", "^=", "$=", "*="):
        raise Unsupported
    return test
