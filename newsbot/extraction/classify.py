"""is_article: whether a page is one article, and if not, what it is.

Reasons: `empty`, `listing`, `static_page`, `search`, `password`, `login`, `challenge`,
`not_found`, `error`, `no_title`, `no_text`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from newsbot.extraction.blocks import Block, inline_text
from newsbot.extraction.page import Page
from newsbot.profiles import Layout

_SHORT = 1200
"""Characters; only pages with less text than this are searched for the wording of error pages."""
MIN_TEXT = 140
"""Characters of body below which a page must prove in another way that it is an article."""

_WORDING = [
    ("challenge", r"checking your browser|just a moment|ddos[- ]?guard|attention required|are you (?:a )?human|"
     r"браузеріңіз тексерілуде|проверка (?:вашего )?браузера|подтвердите, что вы (?:человек|не робот)|enable javascript and cookies|captcha|робот емес"),
    ("not_found", r"(?:^|\D)404(?:\D|$)|page not found|not found|бет табылмады|парақ(?:ша)? табылмады|мақала табылмады|"
     r"страница не найдена|ничего не найдено|материал не найден|такой страницы (?:нет|не существует)|мұндай бет жоқ|ештеңе табылмады|табылмады"),
    ("error", r"error establishing a database connection|fatal error|parse error: syntax|technical (?:works|maintenance)|under (?:construction|maintenance)|"
     r"техникалық жұмыс|технические работы|сайт уақытша|сайт временно|service unavailable|internal server error|bad gateway|deprecated:|warning: "),
    ("login", r"^(?:кіру|тіркелу|авторизация|вход(?: на сайт)?|войти|log ?in|sign in|жүйеге кіру)$"),
]  # fmt: skip
_WORDINGS = [(reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _WORDING]
_ARTICLE_META = re.compile(r"article", re.IGNORECASE)


def refusal(
    page: Page,
    layout: Layout | None,
    *,
    title: str | None,
    text: str,
    blocks: list[Block],
    candidates: int,
    link_share: float,
    declared: bool,
    signed: bool,
) -> str | None:
    """Why the page is no article, or None where it is one.

    `link_share` is the share of the body's characters inside links, `declared` whether the page
    calls itself an article (JSON-LD, Open Graph), `signed` whether it carries a date, an author or
    counters: prose without any of these is «About us» or an advertisement.
    """
    if len(page.root) == 0:
        return "empty"
    if layout:
        for reason, css in layout.refuse.items():
            if page.has(css):
                return reason
        if page.has(layout.article):
            return None
    reason = _wording(page, title, text)
    if reason:
        return reason
    if not title:
        return "no_title"
    path = urlsplit(page.url)
    if path.path in ("", "/") and not path.query:
        return "listing"
    if link_share > 0.5:
        return "listing"
    if not text or (len(text) < MIN_TEXT and not declared):
        return "no_text"
    return None if declared or signed else "static_page"


def _wording(page: Page, title: str | None, text: str) -> str | None:
    if len(text) > _SHORT:
        return None
    heads = [title or "", *page.strings("title"), *page.strings("h1"), *page.strings("h2")[:3]]
    for reason, pattern in _WORDINGS:
        if any(pattern.search(head) for head in heads if len(head) < 120):
            return reason
        if len(text) < 400 and pattern.search(text):
            return reason
    if page.has('input[type="password"]') and len(text) < MIN_TEXT:
        return "login"
    return None


def declares_article(page: Page, ld: dict[str, object]) -> bool:
    """Whether structured data calls the page an article."""
    return bool(ld) or bool(_ARTICLE_META.search(page.meta("og:type") or ""))


_PAYWALL = re.compile(
    r"(?:мақаланы|материалды|толық нұсқасын) (?:толық )?оқу үшін (?:жазыл|тіркел|төле)|тек жазылушыларға|жазылушыларға ғана|"
    r"доступ(?:ен|на|но) только (?:для )?подписчик|чтобы (?:про)?читать (?:полностью|дальше),? (?:оформите|подпишитесь|войдите)|"
    r"subscribe to (?:read|continue)|for subscribers only",
    re.IGNORECASE,
)


def behind_paywall(page: Page, ld: dict[str, Any]) -> bool:
    """Whether the page says that the rest of its text is for subscribers."""
    if str(ld.get("isAccessibleForFree")).lower() == "false":
        return True
    if page.has(".paywall, .subscribe-wall, .gh-post-upgrade-cta, .tdb-locker, .pmpro_content_message"):
        return True
    return any(
        _PAYWALL.search(inline_text(element))
        for name, elements in page.index.classes.items()
        if "lock" in name or "paid" in name or "subscri" in name or "member" in name
        for element in elements[:3]
    )
