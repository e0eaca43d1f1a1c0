"""plots: lines over time, bars and tables of shades, as PNG or SVG that can be printed.

Colours are those of Okabe and Ito (Color Universal Design, 2008), told apart by people who are colour-blind;
each line has its own marker and dashes as well. The same values give the same file: it names no moment of its
making, and no settings of the user's count.
"""

from __future__ import annotations

import importlib.util
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import cycle
from math import isnan, nan
from pathlib import Path
from typing import Any

from archive.captures.files import whole_file
from archive.errors import ArchiveUsageError

KINDS: Mapping[str, Mapping[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
"""How the name of a plot may end, with what the file would else tell of its making."""
MOST_LINES = 8
"""Lines of one plot that can be told apart."""
OTHERS = "others"
MOST_ROWS, MOST_COLUMNS = 30, 24
_MOST_NUMBERS = 12
"""Columns of a table whose numbers are printed, too."""
_LONGEST = 28
"""Letters of a name."""
_MOST_TICKS = 7
_MOST_MARKERS = 24
_STYLE: Mapping[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "axes.axisbelow": True, "axes.linewidth": 0.8, "grid.color": "#dddddd", "grid.linewidth": 0.6,
    "lines.linewidth": 1.4, "lines.markersize": 4.5, "legend.frameon": False, "legend.fontsize": 8.5,
    "legend.handlelength": 3.2, "figure.figsize": (6.3, 4.0), "figure.constrained_layout.use": True,
    "savefig.dpi": 300, "svg.fonttype": "none", "svg.hashsalt": "newsbot", "text.parse_math": False,
}  # fmt: skip
_WAYS = (
    ("#0072B2", "o", "-"), ("#D55E00", "s", (0, (5, 1.5))), ("#009E73", "^", (0, (1, 1))),
    ("#CC79A7", "D", (0, (4, 1.2, 1, 1.2))), ("#E69F00", "v", (0, (8, 2))), ("#56B4E9", "P", (0, (2, 1))),
    ("#000000", "X", (0, (6, 1, 1, 1, 1, 1))), ("#777777", ".", (0, (1, 2))),
)  # fmt: skip
"""Colour, marker and dashes of each line."""
Values = Mapping[str, float | None]
"""Name or time → value; None where there is none."""


def lines(
    series: Mapping[str, Values], path: Path, *, title: str, x: str, y: str, source: str
) -> None:
    """Draw a line for each name over time.

    Times are years, months or days (`2023`, `2023-05`, `2023-05-17`), the same for all; `x` and `y` name the
    axes with their units, and `source` says below what was counted. Of more than `MOST_LINES` names
    some look alike. Raises `ArchiveUsageError` where there is nothing to draw, the file's name
    does not end in one of `KINDS` or matplotlib is missing; `OSError` where the file cannot be written.
    """
    times = sorted({time for values in series.values() for time in values})
    places = [place(time) for time in times]
    with _figure(path, title, x, y, source, empty=not times) as (_, axes):
        for (name, values), (colour, marker, dashes) in zip(
            series.items(), cycle(_WAYS), strict=False
        ):
            heights = [_number(values.get(time)) for time in times]
            axes.plot(
                places, heights, label=_name(name), color=colour, marker=marker, linestyle=dashes,
                markevery=_marked(heights), markerfacecolor="white", clip_on=False,
            )  # fmt: skip
        size = len(times[0])
        ticks = _ticks(places[0], places[-1], size)
        axes.set_xticks(ticks, [time_at(tick, size) for tick in ticks])
        axes.margins(x=0.02)
        if len(places) == 1:
            axes.set_xlim(places[0] - 1, places[0] + 1)
        _numbers(axes.yaxis, [v for values in series.values() for v in values.values()])
        if len(series) > 1:
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)


def _marked(heights: Sequence[float]) -> list[int]:
    """Places that have a marker: some, and all where a line begins or ends."""
    step = max(1, len(heights) // _MOST_MARKERS)
    around = [nan, *heights, nan]
    return [
        place
        for place in range(len(heights))
        if place % step == 0 or isnan(around[place]) or isnan(around[place + 2])
    ]


def bars(values: Values, path: Path, *, title: str, x: str, y: str, source: str) -> None:
    """Draw a bar for each name, the longest first; `x` names what is counted, `y` what the names are.

    Raises as `lines` does.
    """
    drawn = {name: value for name, value in values.items() if value is not None}
    ordered = sorted(drawn.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > MOST_ROWS:
        rest = ordered[MOST_ROWS - 1 :]
        left_over = (f"{OTHERS} ({len(rest)})", sum(value for _, value in rest))
        ordered = [*ordered[: MOST_ROWS - 1], left_over]
    numbers = [value for _, value in ordered]
    with _figure(path, title, x, y, source, empty=not ordered) as (figure, axes):
        figure.set_figheight(1.6 + 0.22 * len(ordered))
        found = axes.barh(
            range(len(ordered)),
            numbers,
            tick_label=[_name(name) for name, _ in ordered],
            color=_WAYS[0][0],
            height=0.7,
        )
        axes.bar_label(found, [_told(value) for value in numbers], padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.12, y=0.02)
        _numbers(axes.xaxis, numbers)


def heat(
    table: Mapping[str, Values], path: Path, *, title: str, x: str, y: str, z: str, source: str
) -> None:
    """Draw a table of shades: a row for each name, a column for each name of its values, which are `z`.

    Raises as `lines` does.
    """
    columns = [*dict.fromkeys(name for values in table.values() for name in values)]
    numbers = [[_number(values.get(column)) for column in columns] for values in table.values()]
    with _figure(path, title, x, y, source, empty=not table) as (figure, axes):
        figure.set_figheight(2.2 + 0.24 * len(table))
        shown = axes.imshow(numbers, cmap="Blues", aspect="auto", vmin=0)
        turn = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(columns)), map(_name, columns), **turn)
        axes.set_yticks(range(len(table)), map(_name, table))
        axes.grid(visible=False)
        bar = figure.colorbar(shown, ax=axes, label=z, pad=0.02)
        there = [value for line in numbers for value in line if not isnan(value)]
        _numbers(bar.ax.yaxis, there)
        for row, line in enumerate(numbers):
            for column, value in enumerate(line) if len(columns) <= _MOST_NUMBERS else ():
                colour = "white" if value > max(there) * 0.6 else "black"
                told = "" if isnan(value) else _told(value)
                axes.text(column, row, told, ha="center", va="center", fontsize=7, color=colour)


def check(path: Path) -> str:
    """How a plot of this name is written. Raises `ArchiveUsageError` where it cannot be."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ArchiveUsageError(f"{path}: a plot's name ends in .{' or .'.join(KINDS)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise ArchiveUsageError("plots need the extra `datasets`: pip install 'newsbot[datasets]'")
    return kind


@contextmanager
def _figure(
    path: Path, title: str, x: str, y: str, source: str, *, empty: bool
) -> Iterator[tuple[Any, Any]]:
    """A figure with its axes, written to `path` at the end."""
    kind = check(path)
    matplotlib = importlib.import_module("matplotlib")
    figures = importlib.import_module("matplotlib.figure")
    if empty:
        raise ArchiveUsageError(f"{path}: there is nothing to draw")
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that the font lacks: a box is drawn
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = figures.Figure()
        axes = figure.add_subplot()
        figure.suptitle(textwrap.fill(_clean(title), 80), x=0.01, ha="left", fontsize=10)
        axes.set(xlabel=_clean(x), ylabel=_clean(y))
        told = textwrap.fill(_clean(source), 112)
        figure.supxlabel(told, x=0.01, ha="left", fontsize=7, color="#444444")
        yield figure, axes
        with whole_file(path) as file:
            figure.savefig(file, format=kind, metadata=KINDS[kind])


def _name(text: str) -> str:
    """A name as it is printed, not longer than there is room for."""
    text = _clean(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _clean(text: str) -> str:
    """A text in one line, without what no XML may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _number(value: float | None) -> float:
    return nan if value is None else value


def _told(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def _numbers(axis: Any, values: Sequence[float | None]) -> None:
    """An axis from 0 with numbers as people write them, and whole ones where all are."""
    ticker = importlib.import_module("matplotlib.ticker")
    there = [value for value in values if value is not None and not isnan(value)]
    whole = all(value == int(value) for value in there)
    axis.set_major_locator(ticker.MaxNLocator(6, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    low, high = (0.0, 1.0) if not any(there) else (0.0, None)
    (axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim)(low, high)


# -- times ------------------------------------------------------------------------------------------


def place(time: str) -> int:
    """A time as a number: years, months or days since the beginning of the calendar."""
    parts = [int(part) for part in time.split("-")]
    if len(parts) == 3:
        return date(parts[0], parts[1], parts[2]).toordinal()
    return parts[0] if len(parts) == 1 else 12 * parts[0] + parts[1] - 1


def time_at(number: int, size: int) -> str:
    """A number as the time that it is the place of; `size` is the length of a time."""
    if size == len("2023"):
        return f"{number:04}"
    return (
        date.fromordinal(number).isoformat()
        if size > len("2023-05")
        else f"{number // 12:04}-{number % 12 + 1:02}"
    )


def _ticks(first: int, last: int, size: int) -> list[int]:
    """Places that are named: at round years, at months that divide the year, at firsts of months."""
    if size > len("2023-05") and last - first > 56:
        spanned = [place(time_at(day, size)[:7]) for day in (first, last)]
        months = _ticks(spanned[0], spanned[1], len("2023-05"))
        days = [place(f"{time_at(month, 7)}-01") for month in months]
        return [day for day in days if first <= day <= last] or [first]
    steps = {
        4: (1, 2, 5, 10, 20, 50, 100),
        7: (1, 2, 3, 6, 12, 24, 60, 120, 240),
        10: (1, 2, 7, 14),
    }
    step = next((s for s in steps[size] if (last - first) // s < _MOST_TICKS), 1 + (last - first))
    return [at for at in range(first, last + 1) if at % step == 0] or [first]
