"""What both themes of the example newspaper share: the site as a value, dates, escaping, addresses.

Nothing here reads a clock or a file except the style sheets at import.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from importlib.resources import files
from urllib.parse import quote

from newsbot.demo.articles import Article

NAME = "Ақбұлақ тынысы"
TOWN = "Ақсай-Тау"
MONTHS = (
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
)
WEEKDAYS = ("Дүйсенбі", "Сейсенбі", "Сәрсенбі", "Бейсенбі", "Жұма", "Сенбі", "Жексенбі")
# The one outside address, under a name that RFC 2606 keeps from ever existing.
TELEGRAM = "https://telegram.example/aqbulaq"


@dataclass(frozen=True, slots=True)
class Site:
    """All that a page may show: `articles` newest first, `today` as the header prints it."""

    origin: str
    articles: tuple[Article, ...]
    today: date

    def article(self, number: int) -> Article:
        """The article with this id; KeyError if there is none."""
        for article in self.articles:
            if article.id == number:
                return article
        raise KeyError(number)

    def latest(self, count: int) -> tuple[Article, ...]:
        """The newest articles."""
        return self.articles[:count]

    def popular(self, count: int) -> list[Article]:
        """The most viewed articles."""
        return sorted(self.articles, key=lambda a: -a.views)[:count]

    def related(self, article: Article, count: int = 3) -> list[Article]:
        """Other articles of the same section, nearest in time first."""
        others = [a for a in self.articles if a.section == article.section and a != article]
        return sorted(others, key=lambda a: abs(a.published - article.published))[:count]


def style(theme: str) -> str:
    """The style element of a theme."""
    sheet = files("newsbot.demo").joinpath(f"{theme}.css").read_text(encoding="utf-8")
    return f"<style>\n{sheet}</style>"


def printed_day(day: date) -> str:
    """As in «22 желтоқсан 2022»."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def printed(moment: datetime) -> str:
    """As in «22 желтоқсан 2022, 14:05»."""
    return f"{printed_day(moment)}, {moment:%H:%M}"


def tag_path(tag: str) -> str:
    """The path of the page that lists a tag's articles."""
    return f"/tag/{quote(tag.replace(' ', '-'))}/"


def link(article: Article, css: str = "") -> str:
    """An anchor that carries the title."""
    css = f' class="{css}"' if css else ""
    return f'<a{css} href="{article.path}">{escape(article.title)}</a>'


def excerpt(article: Article, length: int = 170) -> str:
    """The beginning of the text, cut between words."""
    text = article.paragraphs[0]
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + "…"


def cells(row: str, name: str) -> str:
    """A table row, of `th` or `td` cells."""
    return "<tr>" + "".join(f"<{name}>{cell}</{name}>" for cell in row.split(" | ")) + "</tr>"


def lines(parts: Iterable[str]) -> str:
    """Parts one under another, empty ones left out."""
    return "\n".join(filter(None, parts))
