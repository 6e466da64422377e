"""Projects on the outlines of the départements, or of the régions for France."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import pairwise

import altair as alt

from copkit import french, paths
from copkit.presentation import marimekko, theme
from copkit.presentation.projects.caption import nothing, words
from copkit.presentation.projects.tiles import NONE, shade
from copkit.presentation.territory.analyses import Note
from copkit.projects.counting import balance
from copkit.projects.vivier import Vivier
from copkit.reference import territories

WIDTH, HEIGHT, LINE = 640, 540, 16  # largest map, height of a line of text [px]
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


def departements(v: Vivier) -> alt.LayerChart | Note:
    """Nombre de dossiers par département (par région pour la France), sur leurs contours."""
    if v.empty:
        return nothing(v)
    whole = "fr" if v.territory == "fr" else territories.region_of(v.territory)
    kind = "region" if whole == "fr" else "departement"
    codes = territories.territories(kind, within=None if whole == "fr" else whole).code.to_list()
    codes.sort(key=lambda code: code == v.territory)  # drawn last: its outline covers those of its neighbours
    if len(codes) < 2:
        return Note("Un seul département : la carte par EPCI suffit.")
    found = balance.balance(v.peers, kind, crossed=False).set_index(kind)
    counts = {code: int(found.projects.get(code, 0)) for code in codes}
    shapes = [_shape(code, counts[code], max(counts.values()), code == v.territory) for code in codes]
    box = _box([point for shape in shapes for ring in shape["rings"] for point in ring])
    scale = min(WIDTH / (box[2] - box[0]), HEIGHT / (box[3] - box[1]))
    for shape in shapes:
        others = [ring for other in shapes if other is not shape for ring in other["rings"]]
        shape["text"] = _label(shape, counts[shape["code"]], scale, others)
    ranked = sorted(counts, key=lambda code: -counts[code])
    noun = "région" if kind == "region" else "département"
    said = ", ".join(f"{territories.name(code)} {french.number(counts[code], 0)}" for code in ranked)
    made = words(
        v,
        _title(counts, ranked, v.territory if v.level == "departement" else ""),
        f"nombre de dossiers situés dans chaque {noun} ; plus sombre : plus de dossiers",
        f"Carte des dossiers par {noun} : {said}.",
        f"{NONE} : aucun dossier ; contours : Victor Cazanave, svg-maps (CC BY 4.0), et Natural Earth",
    )
    return _map(shapes, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale, **made)


def _title(counts: dict[str, int], ranked: list[str], here: str) -> str:
    """The place of a département among the others, or the two ends of the list."""
    if here:
        place = 1 + sum(count > counts[here] for count in counts.values())
        said = f"{french.rank(place, feminine=False)} département sur {len(counts)}"
        return f"{territories.name(here)} : {french.plural(counts[here], 'dossier')}, {said}"
    most, least = ranked[0], ranked[-1]
    return (
        f"{territories.name(most)} : {french.plural(counts[most], 'dossier')} ; "
        f"{territories.name(least)} : {french.number(counts[least], 0)}"
    )


def _shape(code: str, count: int, most: int, here: bool) -> dict:
    fill, ink = shade(count / most if most else 0.0)
    return {
        "code": code,
        "name": territories.name(code),
        "rings": _rings(str(paths.clean_data("contours.json")), code),
        "fill": fill,
        "ink": ink,
        "edge": 3.0 if here else 1.0,
    }


@lru_cache(maxsize=256)
def _rings(file: str, code: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The outline of a territory as rings of points [px of contours.json]; its path has only M, l and z."""
    outlines, alone = _outlines(file), territories.territories("departement", within=code).code.to_list()
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


@lru_cache(maxsize=2)
def _outlines(file: str) -> dict:
    with open(file, encoding="utf-8") as text:
        return json.load(text)


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


def _map(shapes: list[dict], width: float, height: float, **said) -> alt.LayerChart:
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
    layers = [ground]
    texts = [text for shape in shapes for text in shape["text"]]
    for weight in ("normal", "bold"):
        layers.append(
            alt.Chart({"values": [text for text in texts if text["weight"] == weight]})
            .mark_text(fontWeight=weight)
            .encode(
                longitude="x:Q",
                latitude="y:Q",
                text=alt.Text("text:N"),
                color=alt.Color("ink:N", scale=None),
            )
        )
    return theme.Drawing(
        layer=layers, width=round(width), height=round(height), projection=alt.Projection(type="identity"), **said
    )
