"""Projects on the outlines of the départements, or of the régions for France."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import lazy_loader
import pandas as pd

from copkit import french, paths
from copkit.files import kept
from copkit.presentation import charts, marimekko, theme
from copkit.presentation.document import Section
from copkit.presentation.projects.document import NONE, words
from copkit.presentation.text import Note
from copkit.projects.selection import Vivier
from copkit.reference import territories

alt = lazy_loader.load("altair")
WIDTH, HEIGHT, LINE = 640, 540, 16  # largest map, height of a line of text [px]
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
MAP = Section("carte", 60, "Sur la carte")


@MAP.chart()
def departements(v: Vivier) -> alt.LayerChart | Note:
    """Nombre de dossiers par département (par région pour la France), sur leurs contours."""
    found = v.located.assign(here=v.located.code == v.territory)
    if len(found) < 2:
        return Note("Un seul département : la carte par EPCI suffit.")
    found = found.sort_values("here", kind="stable")  # drawn last: its outline covers those of its neighbours
    counts, most = dict(zip(found.code, found.projects, strict=True)), max(int(found.projects.max()), 1)
    shapes = [_shape(code, count / most, code == v.territory) for code, count in counts.items()]
    box = _box([point for shape in shapes for ring in shape["rings"] for point in ring])
    scale = min(WIDTH / (box[2] - box[0]), HEIGHT / (box[3] - box[1]))
    for shape in shapes:
        others = [ring for other in shapes if other is not shape for ring in other["rings"]]
        shape["text"] = _label(shape, counts[shape["code"]], scale, others)
    ranked = found.sort_values("projects", ascending=False, kind="stable")
    noun = "région" if v.whole == "fr" else "département"
    said = ", ".join(f"{territories.name(one.code)} {french.number(one.projects, 0)}" for one in ranked.itertuples())
    made = words(
        v,
        _title(ranked, v.territory if v.level == "departement" else ""),
        f"nombre de dossiers situés dans chaque {noun} ; plus sombre : plus de dossiers",
        f"Carte des dossiers par {noun} : {said}.",
        f"{NONE} : aucun dossier ; contours : Victor Cazanave, svg-maps (CC BY 4.0), et Natural Earth",
    )
    return _map(shapes, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale, made)


def _title(ranked: pd.DataFrame, here: str) -> str:
    """The place of a département among the others, or the two ends of the list."""
    if here:
        one = ranked.set_index("code").loc[here]
        said = f"{french.rank(int(one['rank']), feminine=False)} département sur {len(ranked)}"
        return f"{territories.name(here)} : {french.plural(one.projects, 'dossier')}, {said}"
    most, least = ranked.iloc[0], ranked.iloc[-1]
    first = f"{territories.name(most.code)} : {french.plural(most.projects, 'dossier')}"
    return f"{first} ; {territories.name(least.code)} : {french.number(least.projects, 0)}"


def _shape(code: str, share: float, here: bool) -> dict:
    fill, ink = theme.shade(share)
    return {
        "code": code,
        "name": territories.name(code),
        "rings": _rings(code),
        "fill": fill,
        "ink": ink,
        "edge": 3.0 if here else 1.0,
    }


@kept(maxsize=256)
def _rings(code: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The outline of a territory as rings of points [px of contours.json]; its path has only M, l and z."""
    outlines, alone = _outlines(), territories.territories("departement", within=code).code.to_list()
    found = outlines["departements"].get(code) or outlines["regions"].get(code) or {"path": ""}
    if len(alone) == 1:  # overseas, a région is its département
        found = outlines["departements"].get(alone[0], found)
    rings = []
    for part in filter(None, found["path"].split("z")):
        numbers = [float(text) for text in _NUMBER.findall(part)]
        x, y = numbers[0], numbers[1]
        ring = [(x, y)]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((round(x, 2), round(y, 2)))
        rings.append(tuple([*ring, ring[0]]))
    return tuple(rings)


@kept(maxsize=2)
def _outlines() -> dict:
    return json.loads(paths.clean_data("contours.json").read_text(encoding="utf-8"))


def _box(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def _centre(ring: tuple) -> tuple[float, float]:
    """The centre of mass of a ring."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in pairwise(ring):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    return (x / (3 * area), y / (3 * area)) if area else ring[0]


def _label(shape: dict, count: int, scale: float, others: list[tuple]) -> list[dict]:
    """The name and the number of a shape, or its number, where they fit in it; the table has them all."""
    if not shape["rings"]:
        return []
    ring = max(shape["rings"], key=lambda one: (_box(one)[2] - _box(one)[0]) * (_box(one)[3] - _box(one)[1]))
    number = (french.number(count, 0) if count else NONE, "bold")
    for lines in ([(shape["name"], "normal"), number], [number]):
        wide = max(marimekko.text_width(text, weight) for text, weight in lines) * 13 / 12 / scale
        place = _room(ring, wide, LINE * len(lines) / scale, others)
        if place:
            top = place[1] - LINE * (len(lines) - 1) / 2 / scale
            return [
                {"x": place[0], "y": top + LINE * i / scale, "text": text, "weight": weight, "ink": shape["ink"]}
                for i, (text, weight) in enumerate(lines)
            ]
    return []


def _room(ring: tuple, wide: float, high: float, others: list[tuple]) -> tuple[float, float] | None:
    """Where a box of this size fits in a ring and in no other, as near to its centre as a grid allows."""
    left, top, right, bottom = _box(ring)
    x, y = _centre(ring)
    grid = [(left + (right - left) * i / 12, top + (bottom - top) * j / 12) for i in range(1, 12) for j in range(1, 12)]
    for at in sorted([(x, y), *grid], key=lambda one: (one[0] - x) ** 2 + (one[1] - y) ** 2):
        points = [(at[0] + wide * dx / 8, at[1] + high * dy / 2) for dx in range(-4, 5) for dy in (-1, 0, 1)]
        if not all(_holds(ring, *point) for point in points):
            continue
        if not any(_holds(other, *point) for other in others for point in points):
            return at
    return None


def _holds(ring: tuple, x: float, y: float) -> bool:
    """Whether a point is inside a ring."""
    inside = False
    for (x0, y0), (x1, y1) in pairwise(ring):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def _map(shapes: list[dict], width: float, height: float, words: dict) -> alt.LayerChart:
    features = [
        {
            "type": "Feature",
            "properties": {"fill": shape["fill"], "edge": shape["edge"]},
            "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in shape["rings"]]},
        }
        for shape in shapes
        if shape["rings"]
    ]
    ground = (
        alt.Chart({"values": features})
        .mark_geoshape(stroke=theme.TEXT)
        .encode(
            fill=alt.Fill("properties.fill:N", scale=None),
            strokeWidth=alt.StrokeWidth("properties.edge:Q", scale=None),
        )
    )
    names = [text for shape in shapes for text in shape["text"]]
    texts = [
        alt.Chart({"values": [word for word in names if word["weight"] == weight]})
        .mark_text(fontWeight=weight)
        .encode(
            longitude=alt.Longitude("x:Q"),
            latitude=alt.Latitude("y:Q"),
            text=alt.Text("text:N"),
            color=alt.Color("ink:N", scale=None),
        )
        for weight in ("normal", "bold")
    ]
    flat = alt.Projection(type="identity")
    return charts.drawing([ground, *texts], round(height), words, round(width), projection=flat)
