"""Plots: the same values, the same bytes; text that stays text; nothing left out in silence."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archive import plots
from archive.errors import ArchiveUsageError

KAZAKH = "Ә Ғ Қ Ң Ө Ұ Ү Һ І ә ғ қ ң ө ұ ү һ і"
WORDS = {"title": f"«Су тасқыны», {KAZAKH}", "x": "month", "y": "articles", "source": "Source: a & b <i>"}  # fmt: skip
MONTHS = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)]


def texts(path: Path) -> list[str]:
    """What is printed in an SVG."""
    return [unescape(found) for found in re.findall(r"<text[^>]*>([^<]*)", path.read_text("utf-8"))]


def test_lines_are_labelled_and_their_text_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    plots.lines({"жамбыл": dict.fromkeys(MONTHS, 3), "$x_1$": {"2022-05": None}}, path, **WORDS)
    assert {*WORDS.values(), "жамбыл", "$x_1$", "2022-01", "2023-07", "0"} <= {*texts(path)}


@pytest.mark.parametrize("kind", plots.KINDS)
def test_the_same_values_give_the_same_bytes(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib as mpl

    paths = [tmp_path / f"{n}.{kind}" for n in range(2)]
    for path in paths:
        plots.lines({"a": dict.fromkeys(MONTHS, 1), "b": {"2023-05": 2.5}}, path, **WORDS)
        monkeypatch.setitem(mpl.rcParams, "font.size", 20)  # a user's own
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"atplotlib" not in first.replace(b'id="matplotlib.axis', b"")
    assert mpl.rcParams["font.size"] == 20


def test_bars_and_shades_print_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    plots.bars({"abai": 1234, "jambyl": 5.25, "none": None}, path, **WORDS)
    assert {"1,234", "5.25", "abai"} <= {*texts(path)}
    assert "none" not in texts(path)
    plots.bars({f"{n:02}": 1 for n in range(40)}, path, **WORDS)
    assert "others (11)" in texts(path)
    plots.heat({"abai": {"Қоғам": 12, "Спорт": None}, "ulytau": {"Спорт": 7}}, path, z="n", **WORDS)
    assert {"Қоғам", "12", "7", "ulytau", "n"} <= {*texts(path)}


def test_names_that_look_alike_when_cut_stay_two_and_the_svg_is_xml(tmp_path: Path) -> None:
    path, long = tmp_path / "a.svg", "Аудандық мәдениет үйінің жаңалықтары"
    named = {f"{long} 1": {"2023": 1}, f"{long} 2": {"2023": 2}, "a\x1b\ud800<&": {"2023": 3}}
    plots.lines(named, path, **WORDS)
    assert len([text for text in texts(path) if text.startswith(long[:20])]) == 2
    assert "a <&" in texts(path)
    ElementTree.parse(path)


@pytest.mark.parametrize("times", [["2023"], ["2023-05"], ["2023-05-17"]])
def test_one_point_and_all_zeros(tmp_path: Path, times: list[str]) -> None:
    path = tmp_path / "a.svg"
    plots.lines({"a": dict.fromkeys(times, 0)}, path, **WORDS)
    assert times[0] in texts(path)


@pytest.mark.parametrize("days", [1, 2, 10, 56, 57, 400, 5000])
@pytest.mark.parametrize("size", [4, 7, 10])
def test_a_few_times_are_named_whatever_the_span(days: int, size: int) -> None:
    first = date(2021, 11, 28)
    ends = [(first + timedelta(n)).isoformat()[:size] for n in (0, days)]
    low, high = map(plots.place, ends)
    assert [plots.time_at(place, size) for place in (low, high)] == ends
    ticks = plots._ticks(low, high, size)
    assert 1 <= len(ticks) <= plots._MOST_TICKS + 1
    assert all(low <= tick <= high for tick in ticks)


def test_what_cannot_be_drawn_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArchiveUsageError, match=r"ends in \.png or \.svg"):
        plots.lines({"a": {"2023": 1}}, tmp_path / "a.jpg", **WORDS)
    for empty in ({}, {"a": {}}):
        with pytest.raises(ArchiveUsageError, match="nothing to draw"):
            plots.lines(empty, tmp_path / "a.png", **WORDS)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ArchiveUsageError, match=r"pip install 'newsbot\[datasets\]'"):
        plots.lines({"a": {"2023": 1}}, tmp_path / "a.png", **WORDS)
    assert not [*tmp_path.iterdir()]
