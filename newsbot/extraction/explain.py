"""explain: how a page was read, for a person: what was said of each field, what became of each line.

As text and as one HTML file without scripts or outside parts. Pure; nothing of a page is trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from archive.article import Article
from newsbot.extraction.blocks import Block, blocks
from newsbot.extraction.context import Context
from newsbot.extraction.fields import letters

FIELDS = (
    "is_article", "title", "authors", "published", "modified", "section", "tags", "image", "views",
    "comments",
)  # fmt: skip
"""In the order in which they are told."""
_LONGEST = 160
"""Characters of a value or a line that are printed."""


def as_text(context: Context) -> str:
    """Each field with its candidates, the chosen value first; then the lines of the page."""
    article = context.article
    lines = [
        f"{article.url}",
        f"layout {article.layout}, text by {article.sources.get('text', '–')}",
    ]
    if article.flags:
        lines.append(f"flags {', '.join(article.flags)}")
    for name in FIELDS:
        lines.append(f"\n{name}: {_value(article, name)}")
        lines += [f"  {row}" for row in _candidates(context, name)]
    lines.append("\npage:")
    lines += [
        f"  {fate:<9} {_short(text)}{f'  ({why})' if why else ''}"
        for fate, text, why in outline(context)
    ]
    # Names of elements and addresses may hold what steers a terminal.
    return "\n".join(map(_printable, "\n".join(lines).split("\n")))


def refusal(context: Context) -> str:
    """Why the page is no article, and what speaks most for that, in one line."""
    reason = context.article.reason or ""
    told = [heard for heard in context.heard.get("is_article", []) if heard.value == reason]
    most = max(told, key=lambda heard: abs(heard.weight), default=None)
    why = most and _printable(_short(most.why or most.where))
    return f"{reason} ({why})" if why else reason


def as_html(context: Context) -> str:
    """The same as one HTML page."""
    return page(context.article.url, _section(context))


def report(title: str, intro: str, contexts: Sequence[Context]) -> str:
    """Many pages as one HTML page: a heading, HTML of the caller's, and each page to be opened."""
    parts = "".join(
        f"<details><summary>{escape(context.article.title or context.article.url)}</summary>"
        f"{_section(context)}</details>"
        for context in contexts
    )
    return page(title, f"<h1>{escape(title)}</h1>{intro}{parts}")


def page(title: str, content: str, *, style: str = "", language: str = "en") -> str:
    """HTML as one page for a browser, by day, by night and on paper, that loads and runs nothing."""
    return Template(Path(__file__).with_name("page.html").read_text("utf-8")).substitute(
        title=escape(title), content=content, style=style, language=language
    )


def _section(context: Context) -> str:
    article = context.article
    rows = []
    for name in FIELDS:
        heard = "".join(f"<li>{escape(row)}</li>" for row in _candidates(context, name))
        rows.append(
            f"<tr><th>{name}</th><td><b>{escape(_value(article, name))}</b><ul>{heard}</ul></td></tr>"
        )
    page = "".join(
        f'<p class="{fate}" title="{escape(why)}"><i>{fate}{f": {escape(why)}" if why else ""}</i>'
        f"{escape(text)}</p>"
        for fate, text, why in outline(context)
    )
    told = f"layout {article.layout}; text by {article.sources.get('text', '–')}; flags "
    told += ", ".join(article.flags) or "–"
    return (
        f"<h1>{escape(article.url)}</h1>\n<p>{escape(told)}</p>\n<table>{''.join(rows)}</table>\n"
        f"<h2>The page</h2>\n{page}"
    )


def outline(context: Context) -> Iterator[tuple[str, str, str]]:
    """Every visible line of the page: what became of it, the line, and why.

    What became of it is one of `title`, `text`, `caption`, `dropped` (it stood inside the body),
    `elsewhere` (it stood outside).
    """
    kept = {id(block.element): block.kind for block in context.blocks}
    texts = {letters(line) for block in context.blocks for line in block.text.split("\n")}
    captions = set(map(letters, context.article.captions))
    dropped = set(map(letters, context.body.dropped))
    body, title = set(context.body.elements), letters(context.article.title or "")
    root = context.page.root.find("body")
    for block in blocks(context.page.root if root is None else root):
        said = letters(block.text)
        if title and said == title:
            yield "title", block.text, ""
        elif said in captions:
            yield "caption", block.text, ""
        elif id(block.element) in kept or all(letters(t) in texts for t in block.text.split("\n")):
            yield "text", block.text, ""
        elif removed := _removed(block, context):
            yield "dropped", block.text, removed
        elif said in dropped or any(
            e in body for e in (block.element, *block.element.iterancestors())
        ):
            yield "dropped", block.text, "its words"
        else:
            yield "elsewhere", block.text, ""


def _removed(block: Block, context: Context) -> str:
    """The name for which the element around a block was left out."""
    for element in (block.element, *block.element.iterancestors()):
        if element in context.body.removed:
            return f"named «{element.get('class') or element.get('id') or str(element.tag)}»"
    return ""


def _candidates(context: Context, name: str) -> Iterator[str]:
    for heard in context.heard.get(name, []):
        rest = ", ".join(part for part in (heard.where, heard.why) if part)
        yield f"{heard.weight:+.2f} {heard.source}: {_short(heard.value)}{f'  ({rest})' if rest else ''}"


def _value(article: Article, name: str) -> str:
    value = getattr(article, name)
    if name == "is_article" and article.reason:
        return f"no ({article.reason})"
    source = article.sources.get(name)
    return f"{_short(value)}{f'  [{source}]' if source else ''}"


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in line)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    text = "–" if value is None or text == "" else " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
