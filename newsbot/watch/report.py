"""report: the history of one site as a page for a browser: articles a day, fields, crawls, sources, alarms.

`report.toml` has the queries and words, `report.css` the style. Texts of the archive are escaped: nothing of it is trusted.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from archive import status
from archive.store import events
from newsbot.extraction import explain
from newsbot.watch.monitors import kinds, one_line, said

YEARS = 40
"""That are drawn at most, the newest."""
_DAYS = 92
"""A history up to so long is drawn by days, a longer one by months; 28 days at least."""
_SAMPLE = 50_000
"""Articles whose fields are counted, roughly."""
_TICKS = 5
PLOTS = ("fields", "crawls", "sources", "alarms")
STYLE = Path(__file__).with_name("report.css")
Words = Mapping[str, str]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("report.toml").read_text("utf-8"))


def as_html(c: sqlite3.Connection, folder: Path, site: str, at: datetime, language: str) -> str:
    """The page about a site; `c` reads the archive in `folder`, `at` is now."""
    found = gathered(c, folder, site, at, _SAMPLE)
    title = one_line(f"{found['site']['name']} ({site})")
    style = STYLE.read_text("utf-8")
    content = "".join(drawn(found, language))
    return explain.page(title, content, style=style, language=language)


def gathered(
    c: sqlite3.Connection, folder: Path, site: str, at: datetime, sample: int
) -> dict[str, Any]:
    """What the page tells, without words: the site as `archive.status` has it, articles by day, and the plots.

    A plot has `times`, `rows` (name → time → number) and `lines` (those of its list); fields are counted at about
    `sample` articles, every `nth`.
    """
    table = _table()
    (row,) = status.sites(c, folder, at, [site])
    known = {
        "site": site, "nth": max(1, row["articles"] // sample), "today": at.date().isoformat(),
    }  # fmt: skip
    (row["undated"],) = c.execute(table["undated"], known).fetchone()
    about = c.execute(table["site"], known)
    names = [column[0] for column in about.description]
    return {
        "at": at.isoformat(timespec="minutes"), "site": row, "nth": known["nth"],
        "about": dict(zip(names, about.fetchone(), strict=True)),
        "days": dict(c.execute(table["days"], known).fetchall()),
        "plots": {name: _plotted(c, table[name], known) for name in PLOTS},
    }  # fmt: skip


def drawn(found: Mapping[str, Any], language: str, years: int = YEARS) -> list[str]:
    """HTML of what was gathered: head, calendar of the newest `years`, plots."""
    word = {name: words[language] for name, words in _table()["words"].items()}
    word |= {f"alarm {name}": escape(kind.title[language]) for name, kind in kinds().items()}
    at = datetime.fromisoformat(found["at"])
    return [
        _head(found["site"], list(found["about"].values()), at, word, language),
        _calendar(found["days"], at.date(), word, years),
        *(_section(name, found, word, language) for name in PLOTS),
    ]


def _text(value: object) -> str:
    """Anything as HTML in one line; numbers in groups of three."""
    if isinstance(value, int | float):
        return f"{value:,}".replace(",", "\u202f")
    return escape(one_line(str(value or "–")))


def _minute(moment: object) -> str:
    return str(moment or "")[:16].replace("T", " ")


def _head(
    row: Mapping[str, Any], about: Sequence[object], at: datetime, word: Words, language: str
) -> str:
    lasting = [said(event, language) for event in row["events"] if event["kind"] in kinds()]
    wrong = filter(None, lasting or [row["trouble"]])
    told = "".join(f'<p class="wrong">{_text(line)}</p>' for line in wrong)
    well = f'<p class="well">{word["well"]}</p>'
    facts = {
        "articles": row["articles"], "gone": row["gone"], "undated": row["undated"],
        "newest": (row["newest"] or "")[:10], "days": row["days"], "habit": row["habit"],
        "last_success": _minute(row["last_success"]), "waiting": row["waiting"],
        "next_due": _minute(row["next_due"]), "disk": round(row["warc_bytes"] / 1e6),
    }  # fmt: skip
    line = " · ".join(map(_text, filter(None, about)))
    shown = (f"<div><dt>{word[name]}</dt><dd>{_text(n)}</dd></div>" for name, n in facts.items())
    return (
        f'<h1>{_text(row["name"])}</h1><p class="note">{line} · {at:%Y-%m-%d %H:%M} UTC</p>'
        f"{told or well}<dl>{''.join(shown)}</dl>"
    )


# -- articles per day -----------------------------------------------------------------------------


def _calendar(days: Mapping[str, int], today: date, word: Words, most: int = YEARS) -> str:
    """A calendar a year, the newest first; its colours by quarters of the days that have articles."""
    if not days:
        return f"<h2>{word['calendar']}</h2><p>{word['nothing']}</p>"
    years = sorted({day[:4] for day in days}, reverse=True)[:most]
    counts = sorted(n for day, n in days.items() if day[:4] in years)
    lows = sorted({counts[len(counts) * quarter // 4] for quarter in range(4)})
    ranges = zip(lows, [*(low - 1 for low in lows[1:]), counts[-1]], strict=True)
    names = ["0", *(f"{low}–{high}" if low < high else f"{low}" for low, high in ranges)]
    levels = [0, *range(5 - len(lows), 5)]
    key = "".join(
        f'<li><svg viewBox="0 0 7 7" aria-hidden="true"><path class="l{level}" d="M0 0h7v7H0z"/></svg>{name}</li>'
        for level, name in zip(levels, names, strict=True)
    )
    drawn, rows = [], []
    for year in map(int, years):
        first = max(date(year, 1, 1), date.fromisoformat(min(days)))
        last = min(date(year, 12, 31), max(today, date.fromisoformat(max(days))))
        every = (first + timedelta(n) for n in range((last - first).days + 1))
        own = {day: days.get(day.isoformat(), 0) for day in every}
        drawn.append(_year(own, lambda n: levels[bisect_right(lows, n)], word))
        by_month = [sum(n for day, n in own.items() if day.month == m) for m in range(1, 13)]
        rows.append((year, *by_month, sum(by_month)))
    earlier = sum(days.values()) - sum(row[-1] for row in rows)
    note = word["calendar_note"] + (f" {_text(earlier)} {word['earlier']}" if earlier else "")
    table = _hidden([word["year"], *map(str, range(1, 13)), word["total"]], rows, word)
    return (
        f'<h2>{word["calendar"]}</h2><p class="note">{note}</p><ul class="key">{key}</ul>'
        f'<div class="years">{"".join(drawn)}</div>{table}'
    )


def _year(days: Mapping[date, int], level: Any, word: Words) -> str:
    year = min(days).year
    shift = date(year, 1, 1).weekday() - 1
    names = word["weekdays"].split()
    cells = [f'<text x="0" y="{15 + 8 * n}">{names[n]}</text>' for n in (0, 2, 4, 6)]
    for day, n in days.items():
        x = 14 + (day.timetuple().tm_yday + shift) // 7 * 8
        place = f"M{x} {9 + 8 * day.weekday()}h7v7h-7z"
        cells.append(f'<path class="l{level(n)}" d="{place}"><title>{day}: {n}</title></path>')
        if day.day == 1:
            cells.append(f'<text x="{x}" y="6">{day.month}</text>')
    most = max(days, key=lambda day: days[day])
    told = (
        f"{_text(sum(days.values()))} {word['articles']}; {word['busiest']}: {days[most]} ({most}); "
        f"{word['empty_days']}: {sum(not n for n in days.values())}"
    )
    return (
        f"<figure><figcaption>{year} <span>{told}</span></figcaption>"
        f'<svg viewBox="0 0 446 66" role="img" aria-label="{year}: {told}">{"".join(cells)}</svg></figure>'
    )


# -- rows of bars over time -----------------------------------------------------------------------


def _plotted(
    c: sqlite3.Connection, own: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """A plot without words."""
    (first,) = c.execute(own["first"], known).fetchone()
    times = _times(str(first or ""), date.fromisoformat(known["today"]))
    known = {**known, "times": json.dumps(times), "width": len(times[0])}
    rows = _by_name(c.execute(own["plot"], known), dict.fromkeys(times, 0))
    lines: list[dict[str, Any]] = []
    if "list" in own:
        cursor = c.execute(own["list"], known)
        names = [column[0] for column in cursor.description]
        lines = [dict(zip(names, values, strict=True)) for values in cursor]
    return {"times": times, "rows": rows, "lines": lines}


def _section(name: str, found: Mapping[str, Any], word: Words, language: str) -> str:
    own, plotted = _table()[name], found["plots"][name]
    note = word.get(f"{name}_note", "")
    if "per" in own and found["nth"] > 1:
        note += " " + word["one_of"].format(nth=found["nth"])
    plot = _plot(plotted["times"], plotted["rows"], own, word)
    lines = list(_lines(plotted["lines"], language))
    table = _rows([word[key] for key in lines[0]], map(dict.values, lines)) if lines else ""
    told = f'<p class="note">{note}</p>{plot}' if plot else f"<p>{word['nothing']}</p>"
    return f"<h2>{word[name]}</h2>{told}{table}"


def _plot(
    times: Sequence[str], rows: Mapping[str, Mapping[str, int]], own: Mapping[str, Any], word: Words
) -> str:
    """A line for each row: its name, two numbers, and bars; then all numbers as a table."""
    per = rows.get(own["per"], {}) if "per" in own else None
    lines, shown = [], {}
    for name, values in rows.items():
        if name == own.get("per"):
            continue
        title = word.get(name) or _text(name)
        numbers: tuple[Any, Any] = sum(values.values()), max(values.values(), default=0)
        shares = {time: n / numbers[1] for time, n in values.items() if numbers[1]}
        shown[title] = {time: _text(n) for time, n in values.items() if n}
        if per:
            shares = {time: values[time] / n for time, n in per.items()}
            numbers = f"{numbers[0] / sum(per.values()):.0%}", f"{shares[max(shares)]:.0%}"
            shown[title] = {time: f"{share:.0%}" for time, share in shares.items()}
        beside = "".join(
            f'<td class="n" data-n="{word[head]}">{_text(number)}</td>'
            for head, number in zip(own["heads"], numbers, strict=False)
        )
        is_bad = not {name, "*"}.isdisjoint(own.get("bad", ()))
        if shares:
            lines.append(
                f'<tr{" class=bad" if is_bad else ""}><th scope="row">{title}</th>{beside}'
                f'<td class="plot">{_bars(times, shares)}</td></tr>'
            )
    titles = "".join(f'<th class="n">{word[head]}</th>' for head in own["heads"])
    seen = sorted({time for values in shown.values() for time in values}, reverse=True)
    numbers_of = ([time, *(values.get(time, "") for values in shown.values())] for time in seen)
    if not lines:
        return ""
    return (
        f'<table class="strips"><thead><tr><th></th>{titles}<th class="plot">{_axis(times)}</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>{_hidden([word['time'], *shown], numbers_of, word)}"
    )


def _times(first: str, today: date) -> list[str]:
    """The days, or the months, from a moment until today, each by its first letters in ISO 8601."""
    try:
        start = min(date.fromisoformat(first[:10]), today - timedelta(27))
    except ValueError:
        start = today - timedelta(27)
    number = (today - start).days + 1
    if number <= _DAYS:
        return [(start + timedelta(n)).isoformat() for n in range(number)]
    begin = max(start.year * 12 + start.month - 1, (today.year - YEARS) * 12)
    return [f"{m // 12}-{m % 12 + 1:02}" for m in range(begin, today.year * 12 + today.month)]


def _by_name(cursor: sqlite3.Cursor, times: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Name of a row → time → number, of rows (time, numbers by the columns' names) or (name, time, n)."""
    names = [column[0] for column in cursor.description]
    found: dict[str, dict[str, int]] = {}
    for row in cursor:
        if names[0] == "time":
            time, numbers = row[0], dict(zip(names[1:], row[1:], strict=True))
        else:
            time, numbers = row[1], {str(row[0]): row[2]}
        for name, n in numbers.items() if time in times else ():
            found.setdefault(name, {} if names[0] == "time" else {**times})[time] = n or 0
    return found


def _axis(times: Sequence[str]) -> str:
    """A few of the times, each above its place."""
    step = -(-len(times) // _TICKS)
    start = len("2026-") if len(times[0]) == len("2026-11-28") else 0
    marks = ""
    for n in range(0, len(times) - step // 2, step):
        x = f"{100 * n / len(times):.1f}%"
        marks += f'<text x="{x}" y="70%" dx="3">{times[n][start:]}</text>'
        marks += f'<line x1="{x}" x2="{x}" y2="100%"/>'
    return f'<svg class="axis" aria-hidden="true">{marks}</svg>'


def _bars(times: Sequence[str], shares: Mapping[str, float]) -> str:
    """Bars between 0 and 1; where nothing is known there is not even their ground."""
    known = [(n, shares[time]) for n, time in enumerate(times) if time in shares]
    ground = "".join(f"M{n} 0h1v20h-1z" for n, _ in known)
    bars = "".join(f"M{n} 20v-{max(1.5, 20 * share):.3g}h1V20z" for n, share in known if share > 0)
    years = "".join(f"M{n} 0v20" for n, time in enumerate(times) if time.endswith("-01"))
    return (
        f'<svg viewBox="0 0 {len(times)} 20" preserveAspectRatio="none" aria-hidden="true"><path class="track" '
        f'd="{ground}"/><path class="bar" d="{bars}"/><path class="grid" d="{years}"/></svg>'
    )


# -- tables ---------------------------------------------------------------------------------------


def _lines(rows: Iterable[Mapping[str, Any]], language: str) -> Iterator[dict[str, str]]:
    """Rows of a list as HTML: moments to the minute, events as sentences."""
    for row in map(dict, rows):
        if "what" in row:
            kind, evidence = row.pop("kind"), events.read(row["began"], row["what"])
            if kind not in kinds() or evidence is None:
                continue
            row["what"] = said({**evidence, "kind": kind, "began_at": row["began"]}, language)
        times = {name: _minute(row[name]) for name in ("began", "ended", "asked") if name in row}
        yield {name: _text(n) if n != 0 else "" for name, n in (row | times).items()}


def _rows(heads: Sequence[str], rows: Iterable[Iterable[object]], *, is_list: bool = True) -> str:
    """A table of HTML; in a list the heads stand beside the cells, too, for small screens."""
    titles = "".join(f'<th scope="col">{head}</th>' for head in heads)
    names = [f' data-n="{head}"' if is_list else "" for head in heads]
    lines = []
    for row in rows:
        cells = zip(names, map(str, row), strict=True)
        told = (
            f"<td{' class=long' if len(cell) > 20 else ''}{name}>{cell}</td>"
            for name, cell in cells
        )
        lines.append(f"<tr>{''.join(told)}</tr>")
    return (
        f'<div class="wide" tabindex="0"><table class="{"list" if is_list else "data"}"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _hidden(heads: Sequence[str], rows: Iterable[Iterable[object]], word: Words) -> str:
    """The numbers of a plot, for who cannot see it, or wants them exactly."""
    return (
        f"<details><summary>{word['table']}</summary>{_rows(heads, rows, is_list=False)}</details>"
    )
