"""Projects on the outlines of the départements, or of the régions for France."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import pairwise

import altair as alt

from copkit import french, paths
from copkit.presentation import marimekko, theme
from copkit.presentation.analyses import Note
from copkit.presentation.projects_caption import nothing, words
from copkit.presentation.projects_tiles import NONE, shade
from copkit.presentation.projects_view import Vivier
from copkit.projects import balance
from copkit.reference import territories

WIDTH, HEIGHT = 640, 540  # largest map [px]
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


def departements(v: Vivier) -> alt.LayerChart | Note:
    """Nombre de dossiers par département (par région pour la France), sur leurs contours."""
    if v.empty:
        return nothing(v)
    whole = "fr" if v.territory == "fr" else territories.region_of(v.territory)
    kind = "region" if whole == "fr" else "departement"
    codes = territories.territories(kind, within=None if whole == "fr" else whole).code.to_list()
    if len(codes) < 2:
        return Note("Un seul département : la carte par EPCI suffit.")
    found = balance.balance(v.peers, kind, crossed=False).set_index(kind)
    counts = {code: int(found.projects.get(code, 0)) for code in codes}
    shapes = [_shape(code, counts[code], max(counts.values()), code == v.territory) for code in codes]
    box = _box([point for shape in shapes for ring in shape["rings"] for point in ring])
    scale = min(WIDTH / (box[2] - box[0]), HEIGHT / (box[3] - box[1]))
    for shape in shapes:
        shape["text"] = _label(shape, counts[shape["code"]], scale)
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
    outlines = _outlines(file)
    found = outlines["departements"].get(code) or outlines["regions"].get(code) or {"path": ""}
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


def _label(shape: dict, count: int, scale: float) -> list[dict]:
    """The name and the number of a shape, when they fit in it."""
    if not shape["rings"]:
        return []
    ring = max(shape["rings"], key=lambda one: (_box(one)[2] - _box(one)[0]) * (_box(one)[3] - _box(one)[1]))
    left, top, right, bottom = _box(ring)
    wide, high, (x, y) = (right - left) * scale, (bottom - top) * scale, _centre(ring)
    number = french.number(count, 0) if count else NONE
    lines = [(shape["name"], "normal"), (number, "bold")]
    if high < 44 or marimekko.text_width(shape["name"]) * 13 / 12 > 0.8 * wide:
        lines = [(number, "bold")]
    if high < 16 or wide < 24:
        return []
    step = 16 / scale
    start = y - step * (len(lines) - 1) / 2
    return [
        {"x": x, "y": start + step * i, "text": text, "weight": weight, "ink": shape["ink"]}
        for i, (text, weight) in enumerate(lines)
    ]


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
