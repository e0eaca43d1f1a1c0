import re
import tomllib
from collections import Counter
from itertools import pairwise

import pytest

from tests.conftest import ROOT

MAP = tomllib.loads((ROOT / "newsbot/web/oblasts.toml").read_text("utf-8"))
REGIONS = tomllib.loads((ROOT / "newsbot/vocabulary/regions.toml").read_text("utf-8"))["spellings"]
CITIES = {"almaty-city", "astana", "shymkent"}
AREAS = {
    "abai": 185.5, "almaty-oblast": 105.3, "aqmola": 146.2, "aqtobe": 300.6, "atyrau": 118.6,
    "east-kazakhstan": 97.8, "jambyl": 144.3, "jetisu": 118.6, "mangystau": 165.6,
    "north-kazakhstan": 98.0, "pavlodar": 124.8, "qaragandy": 239.0, "qostanai": 196.0,
    "qyzylorda": 226.0, "turkistan": 116.3, "ulytau": 188.9, "west-kazakhstan": 151.3,
}  # fmt: skip
"""Thousands of square kilometres, from the state's statistics."""

Point = tuple[int, int]


def rings(path: str) -> list[list[Point]]:
    """Each ring's points, the first again at the end."""
    found = []
    for ring in re.findall(r"M([^z]+)z", path):
        x, y, *steps = map(int, re.findall(r"-?\d+", ring))
        points = [(x, y)]
        for across, down in zip(steps[::2], steps[1::2], strict=True):
            points.append((points[-1][0] + across, points[-1][1] + down))
        found.append([*points, points[0]])
    return found


def area(ring: list[Point]) -> float:
    return abs(sum(a * d - b * c for (a, b), (c, d) in pairwise(ring))) / 2


def inside(point: Point, shape: list[list[Point]]) -> bool:
    x, y = point
    crossed = 0
    for (a, b), (c, d) in (edge for ring in shape for edge in pairwise(ring)):
        crossed += (b > y) != (d > y) and x < (c - a) * (y - b) / (d - b) + a
    return crossed % 2 == 1


SHAPES = {name: rings(path) for name, path in MAP["paths"].items()}


def test_every_region_is_on_the_map_and_nothing_else() -> None:
    regions = REGIONS.keys() - {"national"}
    assert MAP["points"].keys() == regions
    assert MAP["paths"].keys() == regions - CITIES
    assert (ROOT / "newsbot/web/oblasts.toml").stat().st_size < 40_000


def test_shapes_lie_in_the_frame_and_points_in_their_shapes() -> None:
    width, height = MAP["size"]
    for name, shape in SHAPES.items():
        assert all(0 <= x <= width and 0 <= y <= height for ring in shape for x, y in ring), name
        assert inside(tuple(MAP["points"][name]), shape), name
    around = {"almaty-city": "almaty-oblast", "astana": "aqmola", "shymkent": "turkistan"}
    for city, oblast in around.items():
        assert inside(tuple(MAP["points"][city]), SHAPES[oblast]), city


def test_neighbours_share_their_border() -> None:
    """A step is drawn once, on the country's border, or twice, once from either side."""
    edges = Counter(
        frozenset(step) for shape in SHAPES.values() for ring in shape for step in pairwise(ring)
    )
    assert set(edges.values()) == {1, 2}
    assert edges.total() - len(edges) > len(edges) / 4, "most borders of an oblast are inner ones"


@pytest.mark.parametrize("name", AREAS)
def test_areas_are_nearly_true(name: str) -> None:
    """The projection keeps areas, so a border that is far off shows."""
    drawn = {each: sum(map(area, shape)) for each, shape in SHAPES.items()}
    share, true = drawn[name] / sum(drawn.values()), AREAS[name] / sum(AREAS.values())
    assert share == pytest.approx(true, rel=0.08)
