"""make_map: writes newsbot/web/oblasts.toml, the map of Kazakhstan's regions in the reading room.

    python -m bench.make_map world_map.gpkg    needs shapely 2.1 or newer (`pip install shapely`)

Read is Natural Earth's "Admin 1 – States, Provinces" at 1:10 million, version 4.1 (public domain), as Debian's
qgis-common has it in /usr/share/qgis/resources/data/. It knows the fourteen oblasts of before 2022. No
source in the public domain or under CC BY was found that has the borders of the three oblasts which were divided then;
OpenStreetMap's are under the ODbL, which whatever is drawn of them would have to carry on. So each place goes to the
oblast of the nearest of `TOWNS`: the seats of the districts, and the cities, that the decree of 4 May 2022 names,
with towns of those districts, at GeoNames' coordinates (CC BY 4.0), rounded.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

WIDTH, MARGIN = 1000, 4
TOLERANCE = 1.0
"""Corners are left out whose triangle is smaller than a square of this side, in units of the map."""
TARGET = Path(__file__).parents[1] / "newsbot/web/oblasts.toml"
HEAD = """\
# The map of Kazakhstan's regions, by the ids of newsbot/vocabulary/regions.toml: SVG paths. Made by bench/make_map.py of
# Natural Earth 4.1 at 1:10 million (public domain). The borders between Abai and East Kazakhstan, Almaty oblast and
# Jetisu, Qaragandy and Ulytau are approximate: no freely licensed source has them, so they run where the nearest
# district town changes (coordinates: GeoNames, CC BY 4.0). Their areas are within 7 % of the true ones.
"""
OBLASTS = {
    "Almaty": "almaty-oblast", "Almaty City": "almaty-oblast", "Aqmola": "aqmola", "Astana": "aqmola",
    "Aqtöbe": "aqtobe", "Atyrau": "atyrau", "East Kazakhstan": "east-kazakhstan", "Zhambyl": "jambyl",
    "Mangghystau": "mangystau", "North Kazakhstan": "north-kazakhstan", "Pavlodar": "pavlodar",
    "Qaraghandy": "qaragandy", "Qostanay": "qostanai", "Qyzylorda": "qyzylorda", "West Kazakhstan": "west-kazakhstan",
    "Baykonur lease in Qyzylorda": "qyzylorda", "South Kazakhstan": "turkistan",
}  # fmt: skip
CITIES = {"almaty-city": (76.91, 43.25), "astana": (71.45, 51.18), "shymkent": (69.6, 42.31)}
# Region: the one that it was part of, and towns.
TOWNS = {
    "abai": ("east-kazakhstan", "80.25 50.42, 78.54 50.76, 79.48 50.89, 80.93 50.72, 81.57 49.33, 82.39 48.76, 82.81 47.76, 79.26 48.95, 80.43 47.96, 81.63 47.09, 82.02 46.78, 81.58 49.71, 81.05 49.59, 81.36 50.93"),
    "east-kazakhstan": ("east-kazakhstan", "82.61 49.97, 83.52 50.35, 82.31 50.14, 81.91 50.63, 82.67 49.87, 83.36 49.03, 84.25 49.74, 84.51 49.21, 85.61 49.17, 83.66 48.57, 83.75 47.6, 84.87 47.47, 85.6 48.43, 84.21 47.72"),
    "almaty-oblast": ("almaty-oblast", "77.06 43.87, 77.24 43.3, 77.45 43.36, 76.31 43.22, 76.62 43.2, 77.02 43.42, 76.27 44.81, 78.26 43.6, 79.47 43.55, 79.23 43.01, 80.17 42.73"),
    "jetisu": ("almaty-oblast", "78.37 45.02, 78.73 44.87, 79.48 45.39, 80.94 46.17, 78.49 44.91, 77.98 45.25, 77.97 44.36, 78.23 44.9, 80.01 44.17, 79.92 45.41, 78.72 45.9, 78.31 45.45, 78.45 44.34, 80.39 44.22"),
    "qaragandy": ("qaragandy", "73.1 49.8, 72.95 50.05, 72.59 49.71, 72.87 49.64, 74.98 46.85, 73.7 46.03, 73.67 48.77, 75.3 48.17, 72.57 50.56, 73.71 50.06, 75.47 49.41, 71.55 50.26, 72.86 48.26, 72.84 48.86, 73.35 47.22, 68.81 48.88, 74.06 47.99, 72.83 48.03"),
    "ulytau": ("qaragandy", "67.71 47.79, 67.54 47.9, 70.8 48.01, 66.97 48.65, 71.64 48.69"),
}  # fmt: skip


def project(places: np.ndarray) -> np.ndarray:
    """Kilometres east and north of 67° E 48° N from degrees: Albers' equal-area cone, 43° and 53° N."""
    first, second, middle = np.radians((43, 53, 48))
    n = (np.sin(first) + np.sin(second)) / 2
    c = np.cos(first) ** 2 + 2 * n * np.sin(first)
    far = np.sqrt(c - 2 * n * np.sin(np.radians(places[:, 1]))) / n
    angle = n * np.radians(places[:, 0] - 67)
    north = np.sqrt(c - 2 * n * np.sin(middle)) / n - far * np.cos(angle)
    return np.column_stack([far * np.sin(angle), north]) * 6371


def old_oblasts(file: Path) -> dict[str, shapely.Geometry]:
    """The oblasts of before 2022, projected."""
    parts = defaultdict(list)
    query = "SELECT name, geom FROM states_provinces WHERE adm0_a3 IN ('KAZ', 'KAB')"
    for name, blob in sqlite3.connect(file).execute(query):
        # A GeoPackage puts a header before the geometry, as long as the kind of its bounds says.
        header = 8 + {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[blob[3] >> 1 & 7]
        parts[OBLASTS[name]].append(shapely.transform(shapely.from_wkb(blob[header:]), project))
    return {name: shapely.union_all(some) for name, some in parts.items()}


def divided(old: dict[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """The oblasts of today: every piece of a divided one goes to the region of the nearest town."""
    towns = defaultdict(list)
    for region, (parent, text) in TOWNS.items():
        places = project(np.array([pair.split() for pair in text.split(",")], float))
        towns[parent] += [(shapely.Point(place), region) for place in places]
    lines = [shape.boundary for shape in old.values()]
    for parent, some in towns.items():
        points = shapely.MultiPoint([at for at, _ in some])
        cells = shapely.voronoi_polygons(points, extend_to=old[parent], only_edges=True)
        lines.append(cells.intersection(old[parent].buffer(5)))  # across the border, to cut it
    pieces = defaultdict(list)
    for piece in shapely.polygonize([shapely.union_all(lines)]).geoms:
        inside = piece.representative_point()
        for home in (name for name, shape in old.items() if shape.contains(inside)):
            near = ((inside.distance(at), region) for at, region in towns.get(home, ()))
            pieces[min(near, default=(0.0, home))[1]].append(piece)
    return {name: shapely.union_all(some) for name, some in sorted(pieces.items())}


def path(shape: shapely.Geometry) -> str:
    """An SVG path of whole numbers, relative after each ring's first point; specks are left out."""
    drawn = ""
    for ring in shapely.get_parts(shape.boundary):
        points = np.rint(shapely.get_coordinates(ring)).astype(int).tolist()
        steps = [f"{c - a} {d - b}" for (a, b), (c, d) in pairwise(points) if (a, b) != (c, d)]
        if len(steps) > 3:
            x, y = points[0]
            drawn += f"M{x} {y}l{' '.join(steps[:-1])}z".replace(" -", "-")
    return drawn


def main() -> None:
    oblasts = divided(old_oblasts(Path(sys.argv[1])))
    west, south, east, north = shapely.total_bounds(list(oblasts.values()))
    scale = (WIDTH - 2 * MARGIN) / (east - west)

    def fit(places: np.ndarray) -> np.ndarray:
        return (places * (1, -1) - (west, -north)) * scale + MARGIN

    # Both sides of a border at once, so that they stay one line.
    shapes = [shapely.transform(shape, fit) for shape in oblasts.values()]
    drawn = dict(zip(oblasts, shapely.coverage_simplify(shapes, TOLERANCE), strict=True))
    points = {name: fit(project(np.array([place])))[0] for name, place in CITIES.items()}
    for name, shape in drawn.items():
        largest = max(shapely.get_parts(shape), key=shapely.area)
        points[name] = shapely.maximum_inscribed_circle(largest, 1).coords[0]
    text = [HEAD, f"size = [{WIDTH}, {round((north - south) * scale) + 2 * MARGIN}]", "", "[paths]"]
    text += [f'{name} = "{path(shape)}"' for name, shape in drawn.items()]
    text += ["", "# Where a region's name or number stands; of a city, where it lies.", "[points]"]
    text += [f"{name} = [{x:.0f}, {y:.0f}]" for name, (x, y) in sorted(points.items())]
    TARGET.write_text("\n".join(text) + "\n", "utf-8")


if __name__ == "__main__":
    main()
