"""profile_text: profiles as TOML for people to read and change: what was found, with what speaks for it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import unquote

from newsbot.profiles import LEARNED, Layout, Site
from newsbot.replay.survey import MOST, Survey, hosts_of, name_of, patterns_of

PROVISIONAL = "# Begun by `newsbot sites add`, which has not finished: run it again.\n"
"""First line of a profile with which a site is being looked at."""
_ON_LOOPBACK = """
[crawl]  # this machine itself
delay = 0
concurrency = 4
autothrottle = false
"""
_WHOLE = ("sitemap", "wordpress")
"""Kinds of sources that list everything."""


def provisional(url: str, host: str) -> str:
    """A profile for a first look, which no crawl without ids takes up."""
    twin = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    hosts = [twin] if re.search(r"\.[a-z]+$", host) else []
    text = f"{PROVISIONAL}name = {_basic(host)}\nurl = {_basic(url)}\nhosts = {json.dumps(hosts)}\n"
    is_local = Site.model_validate({"id": "x", "name": host, "url": url}).is_loopback
    return f"{text}enabled = false\n{_ON_LOOPBACK if is_local else ''}"


def finished(found: Survey, today: date) -> Iterator[str]:
    """The lines of a profile that says what a survey has found, each with what speaks for it."""
    site, pages = found.site, len(found.articles)
    yield f"# Written by `newsbot sites add` on {today} from {pages} articles."
    name = _plain(name_of(found.articles) or "")
    yield f"name = {_basic(name or site.name)}{'' if name else '  # the host: no page says a name'}"
    yield f"url = {_basic(site.url)}"
    if hosts := [*site.hosts, *hosts_of(found.articles, site)]:
        yield f"hosts = {json.dumps(hosts)}  # www, mobile pages, other scripts and languages"
    yield 'region = "national"  # no page says it: put the newspaper\'s own, and its time zone'
    yield f"timezone = {_basic(site.timezone)}"
    languages, families, charsets = map(found.count, ("language", "family", "charset"))
    language = next((code for code, _ in languages if code != "None"), site.language)
    yield f"language = {_basic(language)}  # {_counted(languages)}"
    family, count = families[0]
    if family != "generic" and count >= MOST * pages and _knows_sources(found, family):
        yield f"family = {_basic(family)}  # {_counted(families)}; its usual sources answer"
    else:
        yield f"# family: {_counted(families)}; told from each page, and sources are searched for"
    yield f"# encoding: {_counted(charsets)}"
    yield "\n# Sources are found anew in each archive, so none is named. These answered:"
    for row in found.sources:
        if row["polled_at"] and not row["error"]:
            yield f"#   {row['kind']:<9} {_plain(unquote(row['url']))}  {row['found']} listed"
    for pattern, count in patterns_of(found.addresses).items():
        yield f"# Articles have addresses like '{pattern}': {count} of {pages}"
    if site.is_loopback:
        yield _ON_LOOPBACK.rstrip()
    for one in found.layouts:
        # It is served still: the day until which it was captured ends nothing.
        keys = {key: value for key, value in one["layout"].items() if key != "valid_until"}
        yield from ("", *as_toml({**one, "layout": keys}, "learnt"))


def _knows_sources(found: Survey, family: str) -> bool:
    """Whether a family's usual addresses suffice: one lists all, and no feed or API elsewhere had news."""
    site = found.site.model_copy(update={"family": family})
    usual = {source.url for source in site.candidate_sources()}
    rows = [row for row in found.sources if not row["error"] and row["kind"] != "listing"]
    tops = {row["url"] for row in rows if row["found_by"] != "index" and row["discovered"]}
    return tops <= usual and any(row["url"] in usual and row["kind"] in _WHOLE for row in rows)


def confirmed(text: str, today: date) -> str:
    """A profile's text with a person's word that it holds today.

    Raises ValueError for a text that is laid out in another way than profiles are.
    """
    head, mark, rest = re.split(r"(?m)(^\s*\[|\Z)", text, maxsplit=1)
    head = re.sub(r"(?m)^confirmed\s*=.*\n?", "", head)
    head = re.sub(r"(?m)^(url\s*=.*)\n?", rf"\1\nconfirmed = {today}\n", head, count=1)
    result = head + mark + rest
    if tomllib.loads(result) != {**tomllib.loads(text), "confirmed": today}:
        raise ValueError("no place for the day is found")
    return result


def _counted(pairs: list[tuple[str, int]]) -> str:
    return ", ".join(f"{_plain(name)} {count}" for name, count in pairs)


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


def _basic(text: str) -> str:
    """A TOML string in double quotes."""
    return json.dumps(_plain(text), ensure_ascii=False)


# -- layouts ----------------------------------------------------------------------------------------


def as_toml(one: Mapping[str, Any], state: str) -> Iterator[str]:
    """A layout as a person would write it, each selector with its evidence."""
    keys, support = one["layout"], one["support"]
    days = f", published {' to '.join(one['published'])}" if one["published"] else ""
    yield "[[layouts]]"
    yield f"# {state}; {one['pages']} pages{days}"
    for key in Layout.model_fields:
        if key == "valid_until" and key in keys:
            yield f"valid_until = {keys[key]}  # the last day on which it was captured"
        elif key in keys and isinstance(keys[key], list):
            yield f"{key} = ["
            for css in keys[key]:
                yield f"  {_quoted(css)},  # {_said(key, support[key][css])}"
            yield "]"
        elif key == "refuse" and key in keys:
            yield from (f"refuse.{reason} = {_quoted(css)}" for reason, css in keys[key].items())
        elif key == "id":  # in a profile it is one of people's
            yield f"id = {_quoted(keys[key].removeprefix(LEARNED))}"
        elif key in keys:
            said = f"  # {_said(key, support[key][keys[key]])}" if key in support else ""
            yield f"{key} = {_quoted(keys[key])}{said}"
    yield ""


def _said(key: str, pages: Mapping[str, int]) -> str:
    if key == "remove":
        words = f"on {pages['known']} pages"
    else:
        words = f"{pages['right']} of {pages['known']} pages"
    if pages["wrong"]:
        words += f", {pages['wrong']} {'hold it as text' if key == 'remove' else 'contradict'}"
    return words


def _quoted(css: str) -> str:
    """A TOML string: literal where it can be, as profiles have it."""
    return json.dumps(css, ensure_ascii=False) if "'" in css else f"'{css}'"
