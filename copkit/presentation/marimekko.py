"""The Marimekko of the levers: where each tile stands and which words fit in it.

Columns are thématiques, from the largest; their width and the surface of the tiles are proportional to the
avoided emissions. In a column, the levers of a sector stand together under the sector's name: side by side
with those of the other sectors where the column is wide, else one above the other.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from copkit import french
from copkit.presentation import theme

WIDTH, HEIGHT = 1000, 540
GAP = 6  # between columns and between sectors of a column [px]
WIDE = 380  # from this width, a column is cut by sector [px]
LINE = 15  # height of a line of text [px]
STEP = 9  # between two diagonal lines of a hatched tile [px]
# Widths of the letters of Arial (and Liberation Sans) at 12 px, with a margin for its look-alikes [px].
_WIDTHS = {"ijl'’|": 2.8, "ft .,:;·!I\u202f\u00a0": 3.5, "r()-": 4.2, "ckszvxy": 6.2, "mM%": 10.4, "wWOGQ@": 9.6}
_LETTERS = {letter: width for letters, width in _WIDTHS.items() for letter in letters}


class Tile(NamedTuple):
    """What the layouts read of a lever; ``target_ktco2e``: its surface. [ktCO2e/an]"""

    lever: str
    label: str
    sector_label: str
    chantier: str
    chantier_label: str
    target_ktco2e: float
    rank: int
    written: str
    rough: bool = False  # known in order of magnitude only: hatched


def layout(
    tiles: Iterable[Tile],
    *,
    levers: bool = False,
    write: Callable[[float], str] | None = None,
    height: float = HEIGHT,
) -> dict:
    """Rectangles and words of tiles, in pixels. ``write``: the total of a column; ``height``: of the tiles.

    ``rects`` and ``texts`` are rows as altair reads them, with the lever of a rectangle when asked for; ``hatch``: the
    rough tiles, each with its diagonal lines; ``narrow``: the columns too narrow for their own title, to be named
    elsewhere.
    """
    columns, write = _groups(tiles, "chantier"), write or _whole
    whole = sum(total for _, total, _ in columns)
    usable = WIDTH - GAP * (len(columns) - 1)
    rects, texts, heads, narrow, hatch = [], [], [], [], []
    left = 0.0
    for chantier, total, column in columns:
        width = usable * total / whole
        colour, label = theme.THEMATIQUES[chantier], column[0].chantier_label
        heads.append({"x": left, "x2": left + width, "y": -8.0, "y2": -2.0, "fill": colour})
        part = 100 * total / whole
        weight = f"{write(total)} ({french.percent(part, 0) if part >= 0.5 else french.share(part)})"
        head = _head(label, weight, left, width)
        texts += head
        if not head:
            narrow.append(f"{label} ({weight.replace(' (', ', ')}")
        for n, (part, start, wide) in enumerate(_parts(column, left, width)):
            rects_, texts_, hatch_ = _column(part, start, wide, colour, n, levers, height)
            rects += rects_
            texts += texts_
            hatch += hatch_
        left += width + GAP
    return {"rects": rects + heads, "texts": texts, "hatch": hatch, "narrow": narrow}


def _whole(total: float) -> str:
    return french.number(total, 0)


def _groups(tiles: Iterable, by: str) -> list[tuple[str, float, list]]:
    """Name, total [ktCO2e/an] and tiles of each group, from the largest total."""
    groups = defaultdict(list)
    for tile in tiles:
        groups[getattr(tile, by)].append(tile)
    found = [(name, math.fsum(t.target_ktco2e for t in inside), inside) for name, inside in sorted(groups.items())]
    return sorted(found, key=lambda group: -group[1])


def _head(label: str, weight: str, left: float, width: float) -> list[dict]:
    """The name of a column and its weight, above it, when they fit."""
    name, weight = _wrap(label, width), _wrap(weight, width)
    lines = [*name, *weight]
    if not (name and weight) or max(text_width(t, "bold") for t in lines) > width + 4:
        return []
    top = -14.0 - LINE * len(lines)
    return [{"x": left, "y": top + LINE * i, "text": line, "weight": "bold"} for i, line in enumerate(lines)]


def _parts(column: list, left: float, width: float) -> list[tuple[list, float, float]]:
    """A wide column is cut in one part per sector, side by side; a narrow one keeps its sectors stacked."""
    sectors = _groups(column, "sector_label")
    if width < WIDE or len(sectors) == 1:
        return [(column, left, width)]
    usable, whole, parts = width - GAP * (len(sectors) - 1), sum(total for _, total, _ in sectors), []
    for _, total, inside in sectors:
        wide = usable * total / whole
        parts.append((inside, left, wide))
        left += wide + GAP
    return parts


def _column(
    column: list, left: float, width: float, colour: str, part: int, levers: bool, whole: float
) -> tuple[list[dict], list[dict], list[dict]]:
    sectors = _groups(column, "sector_label")
    usable, total = whole - GAP * (len(sectors) - 1), float(np.sum([tile.target_ktco2e for tile in column]))
    rects, texts, hatch, top = [], [], [], 0.0
    for n, (sector, _, inside) in enumerate(sectors, start=part):
        fill = theme.tint(colour, 0.26 + 0.12 * (n % 2))
        for i, tile in enumerate(sorted(inside, key=attrgetter("target_ktco2e"), reverse=True)):
            height = usable * tile.target_ktco2e / total
            rects.append({"x": left, "x2": left + width, "y": top, "y2": top + height, "fill": fill})
            if levers:
                rects[-1]["lever"] = tile.lever
            if tile.rough:
                hatch.append({"stroke": colour, "lines": diagonals(rects[-1])})
            texts += _words(tile, "" if i else sector, left, top, width, height)
            top += height
        top += GAP
    return rects, texts, hatch


def diagonals(rect: dict) -> list[dict]:
    """Lines at 45° inside a rectangle, the first from its lower left corner. [px]

    >>> diagonals({"x": 0, "x2": 12, "y": 0, "y2": 5})
    [{'x': 0, 'y': 5, 'x2': 5, 'y2': 0}, {'x': 9, 'y': 5, 'x2': 12, 'y2': 2}]
    """
    x, x2, y, y2 = (rect[side] for side in ("x", "x2", "y", "y2"))
    lines = range(math.ceil((y - y2) / STEP), math.floor((x2 - x) / STEP) + 1)
    ends = ((max(x, c - y2), min(x2, c - y), c) for c in (x + y2 + STEP * n for n in lines))
    return [{"x": a, "y": c - a, "x2": b, "y2": c - b} for a, b, c in ends if b > a]


def _words(tile, sector: str, left: float, top: float, width: float, height: float) -> list[dict]:
    """What a tile says: sector, number, name and value; or number and value; or its number; or nothing."""
    full = _wrap(f"{tile.rank} · {tile.label}", width - 12)
    inline = f"{tile.rank} · {tile.label} : {tile.written}"
    block = [*((line, "normal") for line in full), (tile.written, "bold")] if full else None
    wanted = [
        [(sector.upper(), "bold"), *block] if sector and block else None,
        block,
        [(inline, "normal")],
        [(f"{tile.rank} · {tile.written}", "normal")],
        [(str(tile.rank), "normal"), (tile.written, "bold")],
        [(str(tile.rank), "normal")],
    ]
    for lines in wanted:
        if not lines or len(lines) * LINE + 4 > height:
            continue
        widest = max(text_width(t, w) for t, w in lines)
        if widest > width - 10:
            continue
        words = [{"x": left + 6, "y": top + 4 + LINE * i, "text": t, "weight": w} for i, (t, w) in enumerate(lines)]
        right = text_width(sector.upper(), "bold")
        if sector and lines[0][0] != sector.upper() and widest + right + 30 <= width:
            words.append({"x": left + width - 8 - right, "y": top + 4, "text": sector.upper(), "weight": "bold"})
        return words
    if height >= 11 and width >= 20:
        return [{"x": left + 6, "y": top + max((height - 12) / 2, 0), "text": str(tile.rank), "weight": "normal"}]
    return []


@lru_cache(maxsize=4096)  # the same words at each change of the simulator
def text_width(text: str, weight: str = "normal") -> float:
    """The width of a text of 12 px, a little more than measured. [px]"""
    total = sum(map(_letter, text))
    return 1.08 * total if weight == "bold" else total


@lru_cache(maxsize=512)
def _letter(letter: str) -> float:
    plain = unicodedata.normalize("NFKD", letter)[0]
    return _LETTERS.get(plain, 8.6 if plain.isupper() else 6.9)


def _wrap(text: str, width: float) -> list[str]:
    """Words in lines that fit the width; an empty list when one word does not."""
    lines: list[str] = []
    for word in text.split(" "):
        if text_width(word) > width:
            return []
        if lines and text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
