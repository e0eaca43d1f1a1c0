"""languages: the words of the room in Kazakh, Russian and English, and how dates and numbers are written there.

English words are the keys (gettext's msgid); `locale/*.po` has the others, which Poedit, Weblate and the like open.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path

from babel import Locale, dates, numbers
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from archive.times import now

LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
"""Language → its own name; the first is that of a browser that asks for none of them."""
_FOLDER = Path(__file__).with_name("locale")


@dataclass(frozen=True)
class Language:
    """One language of the room."""

    code: str
    words: gettext.NullTranslations

    @cached_property
    def locale(self) -> Locale:
        """Babel's."""
        return Locale.parse(self.code)

    @lru_cache(maxsize=10_000)  # noqa: B019 -- of three languages, which stay
    def day(self, value: str | None) -> str:
        """A date, a month or a year in ISO 8601, written out."""
        if not value:
            return ""
        try:
            if len(value) <= len("2026"):
                return value
            if len(value) <= len("2026-11"):
                month = date.fromisoformat(f"{value}-01")
                return dates.format_skeleton("yMMMM", month, locale=self.locale)
            return dates.format_date(date.fromisoformat(value[:10]), "long", locale=self.locale)
        except ValueError:  # 0000-00-00, or what an import has brought
            return value

    def moment(self, value: str | None) -> str:
        """A date with its time, where it has one, on the newspaper's clock; an instant in UTC, and says so."""
        if not value or len(value) <= len("2026-11-28"):
            return self.day(value)
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return value
        clock = f"{found:%H:%M}" + (" UTC" if found.tzinfo == UTC else "")
        return f"{self.day(value)}, {clock}"

    def ago(self, value: str | None) -> str:
        """How long ago an instant was, or how far ahead, in its largest unit."""
        try:
            apart = datetime.fromisoformat(value or "") - now()
        except (ValueError, TypeError):  # none, or what an import has brought
            return value or "–"
        return dates.format_timedelta(apart, add_direction=True, locale=self.locale)

    def after(self, seconds: float) -> str:
        """How long something took, roughly: 3 hours."""
        return dates.format_timedelta(timedelta(seconds=seconds), locale=self.locale)

    def tongue(self, code: str) -> str:
        """The name of an article's language: Kazakh (Latin)."""
        name, _, script = code.partition("-")
        found = str(self.locale.languages.get(name, name))
        return f"{found} ({self.locale.scripts.get(script, script)})" if script else found

    def region(self, name: str) -> str:
        """The name of a region by its id."""
        return self.words.gettext(name.replace("-", " ").title())

    def number(self, value: float) -> str:
        """A number in groups of three."""
        return _number(self.code, value)


@lru_cache(maxsize=10_000)
def _number(code: str, value: float) -> str:
    return str(numbers.format_decimal(value, locale=code))


@cache
def language(code: str) -> Language:
    """One of `LANGUAGES`, with its words."""
    path = _FOLDER / f"{code}.po"
    if not path.exists():
        return Language(code, gettext.NullTranslations())
    file = io.BytesIO()
    with path.open("rb") as po:
        write_mo(file, read_po(po, locale=code))
    file.seek(0)
    return Language(code, gettext.GNUTranslations(file))


def chosen(cookies: Mapping[str, str], accepted: str) -> Language:
    """What the reader has chosen, or else the browser (Accept-Language, RFC 9110)."""
    if cookies.get("language") in LANGUAGES:
        return language(cookies["language"])
    wanted = re.findall(
        r"([\w-]+)(?:\s*;\s*q=([01](?:[.]\d*)?))?\s*(?:,|$)", accepted[:500], re.ASCII
    )
    wanted.sort(key=lambda one: -float(one[1] or 1))
    names = [name for name, quality in wanted if quality != "0"]
    found = negotiate_locale(names, list(LANGUAGES), sep="-")
    return language(found or next(iter(LANGUAGES)))
