"""entries: what a `metadata` record claims that a source said: of which source, and where the entry leads. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from archive.article import SOURCES
from archive.captures import OWN_WORD, SAID, Record, fields_of, spellings
from archive.captures.grammar import clean_address, knowledge_in
from newsbot import urls
from newsbot.discovery import MAX_ENTRY
from newsbot.discovery.documents import linked
from newsbot.discovery.traps import without_session

_MAX_FIELDS = 1 << 13
"""Bytes of what is said before an entry."""


def source_of(record: Record, *, own: bool) -> tuple[str, str] | None:
    """Address and kind of the source whose entry a record holds; None where it holds something else.

    `own`: in a file of the archive itself. Of what was imported it is the index that lists a sitemap,
    if any: that is what another archive knows.
    """
    exchange = record.exchange
    if exchange is None or knowledge_in(exchange.header("Content-Type")) != SAID:
        return None
    fields, entry = fields_of(exchange.body)
    if len(exchange.body) - len(entry) > _MAX_FIELDS or len(entry) > MAX_ENTRY:
        return None
    via, kind = fields.get("via", ""), fields.get("kind", "")
    is_own = own and exchange.header("Content-Type") == OWN_WORD
    source = via if is_own else fields.get("index", via)
    is_source = kind in SOURCES and all(map(urls.canonical, (via, source)))
    return (clean_address(source), kind) if is_source else None


def leads_there(record: Record) -> bool:
    """Whether an entry's own link leads to the address that it is filed under, in any spelling."""
    if record.exchange is None or record.url is None:
        return False
    fields, entry = fields_of(record.exchange.body)
    via, own = urlsplit(fields.get("via", "")), urlsplit(record.url)
    # A link without a host is the site's, wherever the source was asked for.
    bases = {via.geturl(), via._replace(scheme=own.scheme, netloc=own.netloc).geturl()}
    found = {linked(fields.get("kind", ""), entry, base) for base in bases}
    spelt = {urls.canonical(url) for link in found for url in (link, without_session(link))}
    return not spelt.isdisjoint(spellings(record.url))
