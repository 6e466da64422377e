"""What a chart draws, read from its drawing: bars, marks and tiles in pixels, brought back to figures by the axes.

``falsified`` changes each bar, tile and mark in its turn: what checks a drawing has to see each of them.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import vl_convert

GEOMETRY = ("x", "x2", "y", "y2", "fill", "color", "longitude", "latitude")
SHAPES = ("bar", "rect", "tick", "geoshape")


@dataclass
class Item:
    """A mark: its kind, its box [px], its fill, its words."""

    kind: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    fill: str = ""
    text: str = ""
    align: str = "left"
    shift: float = 0.0  # along x, of words

    def holds(self, other: Item) -> bool:
        return (
            self.x - 0.5 <= other.x <= self.x + self.width + 0.5
            and self.y - 0.5 <= other.y <= self.y + self.height + 0.5
        )


@dataclass
class Drawn:
    """The marks of a chart, and its axes: the figures along x, the names along y."""

    items: list[Item] = field(default_factory=list)
    across: list[tuple[float, float]] = field(default_factory=list)
    down: list[tuple[float, str]] = field(default_factory=list)

    def of(self, kind: str) -> list[Item]:
        return [item for item in self.items if item.kind == kind]

    def value(self, pixel: float) -> float:
        """The figure at a pixel; the axis has to be even from its first tick to its last."""
        (x0, v0), *_, (x1, v1) = self.across
        for x, v in self.across:
            assert abs(v0 + (x - x0) / (x1 - x0) * (v1 - v0) - v) < 1e-6 * abs(v1 - v0), "the axis is not even"
        return v0 + (pixel - x0) / (x1 - x0) * (v1 - v0)

    def name(self, item: Item) -> str:
        """The name on the axis in front of a mark."""
        middle = item.y + item.height / 2
        return min(self.down, key=lambda one: abs(one[0] - middle))[1]

    def bars(self) -> dict[str, list[tuple[float, float, str]]]:
        """Start, end and fill of the bars in front of each name, from left to right."""
        found: dict[str, list[tuple[float, float, str]]] = {name: [] for _, name in sorted(self.down)}
        for item in sorted(self.of("rect"), key=lambda item: item.x):
            found[self.name(item)].append((self.value(item.x), self.value(item.x + item.width), item.fill))
        return found

    def lengths(self) -> dict[str, float]:
        """The figure at the end of the one bar of each name, which starts at zero."""
        found = {}
        for name, ((start, end, _),) in self.bars().items():
            assert min(abs(start), abs(end)) < 1e-6, f"the bar of {name} does not start at zero"
            found[name] = end if abs(start) <= abs(end) else start
        return found

    def ticks(self) -> dict[str, float]:
        """The figure of the mark in front of each name."""
        return {self.name(item): self.value(item.x + item.width / 2) for item in self.of("tick")}

    def crossed(self, width: Callable[[str], float]) -> list[str]:
        """The words beside bars that a mark crosses; ``width``: of a text. [px]"""
        marks = {self.name(item): item.x + item.width / 2 for item in self.of("tick")}
        found = []
        for item in self.of("text"):
            wide, start = width(item.text), item.x + item.shift
            left, right = (start - wide, start) if item.align == "right" else (start, start + wide)
            if left - 1 < marks.get(self.name(item), -1) < right + 1:
                found.append(f"{self.name(item)}: a mark crosses « {item.text} »")
        return found

    def words(self, tile: Item) -> list[str]:
        """What is written in a tile, from top to bottom."""
        inside = [item for item in self.of("text") if tile.holds(item)]
        return [item.text for item in sorted(inside, key=lambda item: (item.y, item.x))]


def read(spec: dict) -> Drawn:
    """The drawing of a specification."""
    found = Drawn()
    graph = vl_convert.vegalite_to_scenegraph(spec, vl_version="6.4")["scenegraph"]
    _walk(graph, 0.0, 0.0, found)
    return found


def _walk(mark: dict, x: float, y: float, found: Drawn) -> None:
    role = mark.get("role") or ""
    for item in mark.get("items", []):
        left, top = x + (item.get("x") or 0), y + (item.get("y") or 0)
        if role == "axis":
            _axis(item, left, top, found, item.get("orient"))
        elif mark["marktype"] == "group":
            if "legend" not in role and "title" not in role:
                for inner in item.get("items", []):
                    _walk(inner, left, top, found)
        elif role == "mark" or not role:
            kind = "tick" if item.get("ariaRoleDescription") == "tick" else mark["marktype"]
            box = (left, top, item.get("width") or 0.0, item.get("height") or 0.0)
            if mark["marktype"] == "shape":
                box = _box(item["shape"])
            words = str(item.get("text") or ""), item.get("align") or "left", item.get("dx") or 0.0
            found.items.append(Item(kind, *box, item.get("fill") or "", *words))


def _box(path: str) -> tuple[float, float, float, float]:
    """The box of an outline. [px]"""
    points = [[*map(float, one.split(","))] for one in re.findall(r"[-\d.e]+,[-\d.e]+", path)]
    (left, right), (top, bottom) = ((min(side), max(side)) for side in zip(*points, strict=True))
    return left, top, right - left, bottom - top


def _axis(axis: dict, left: float, top: float, found: Drawn, orient: str) -> None:
    for group in axis.get("items", []):
        for item in group.get("items", []) if group.get("role") == "axis-label" else []:
            text = item["text"]
            if orient == "bottom":
                found.across.append((left - 0.5 + item["x"], number(text)))
            elif orient == "left":
                found.down.append((top - 0.5 + item["y"], text))


def number(text: str) -> float:
    """A figure of an axis, written in French."""
    return float(text.replace("\u202f", "").replace("−", "-").replace(",", "."))


def falsified(spec: dict, most: int, channels: tuple[str, ...]) -> Iterator[tuple[str, dict]]:
    """The specification with one figure of one bar, tile, mark or shape changed, each in its turn, and which.

    ``most``: of a layer with more of them, that many, from the first to the last; ``channels``: what is changed.
    """
    for rank, layer in enumerate(spec["layer"]):
        kind = layer["mark"]["type"]
        found = rows(spec, layer)
        if kind not in SHAPES or not found:
            continue
        step = max(1, (len(found) - 1) // max(most - 1, 1))
        picked = sorted({*range(0, len(found), step), len(found) - 1})
        for place in picked:
            for channel, told in layer["encoding"].items():
                if channel not in channels or "field" not in told:
                    continue
                other = copy.deepcopy(spec)
                if _change(rows(other, other["layer"][rank])[place], told["field"], found):
                    yield f"layer {rank} ({kind}), row {place}, {channel}: {told['field']}", other


def rows(spec: dict, layer: dict) -> list[dict]:
    """The rows that a layer draws."""
    data = layer["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def _change(row: dict, path: str, others: list) -> bool:
    """Change a figure of a row by a tenth, or a word for another row's; False where there is nothing to change."""
    *parents, last = path.split(".")
    for parent in parents:
        row = row[parent]
    old = row.get(last)
    if isinstance(old, bool):
        row[last] = not old
    elif isinstance(old, int | float):
        row[last] = old * 1.1 if old else 7.0
    else:
        values = [_value(one, path) for one in others]
        words = [one for one in values if isinstance(one, str) and one != old]
        if not isinstance(old, str) or not words:
            return False
        row[last] = words[0]
    return True


def _value(row, path: str):
    for part in path.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return row


def specification(chart) -> dict:
    """A chart as plain data."""
    return json.loads(json.dumps(chart.to_dict()))
