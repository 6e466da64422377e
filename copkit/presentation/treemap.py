"""The treemap of the levers by sector: squarified tiles, in the rows that the Marimekko uses.

Sectors share the surface by their totals; in a sector, what its name leaves is shared by its levers. Squarified:
Bruls, Huizing and van Wijk, « Squarified Treemaps », 2000.
"""

from __future__ import annotations

from collections.abc import Iterable

from copkit.presentation import marimekko, theme
from copkit.presentation.marimekko import GAP, HEIGHT, LINE, WIDTH

HEAD = LINE + 3  # height of the name of a sector [px]


def squarify(sizes: list[float], x: float, y: float, width: float, height: float) -> list[tuple]:
    """(x, y, width, height) of each size, the largest first, as near to squares as rows allow.

    >>> squarify([2.0, 1.0, 1.0], 0, 0, 4, 2)
    [(0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    if not sizes:
        return []
    scale, side = width * height / sum(sizes), min(width, height)

    def worst(n: int) -> float:
        row = [size * scale for size in sizes[:n]]
        return max(max(side**2 * area / sum(row) ** 2, sum(row) ** 2 / (side**2 * area)) for area in row)

    taken = 1
    while taken < len(sizes) and worst(taken + 1) <= worst(taken):
        taken += 1
    row = sizes[:taken]
    thick = sum(row) * scale / side
    out, at = [], 0.0
    for size in row:
        long = size * scale / thick
        out.append((x + at, y, long, thick) if width < height else (x, y + at, thick, long))
        at += long
    rest = (x, y + thick, width, height - thick) if width < height else (x + thick, y, width - thick, height)
    return out + squarify(sizes[taken:], *rest)


def layout(tiles: Iterable, whole: float = HEIGHT) -> dict:
    """Rectangles and words, in pixels, as ``marimekko.layout`` gives them; a tile's rectangle carries its lever."""
    groups = marimekko._groups(tiles, "sector_label")
    rects, texts = [], []
    places = squarify([total for _, total, _ in groups], 0.0, 0.0, WIDTH, whole)
    for (sector, _, inside), (x, y, width, height) in zip(groups, places, strict=True):
        inside = sorted(inside, key=lambda tile: -tile.target_ktco2e)
        right, bottom = (
            x + width - (GAP if x + width < WIDTH - 1 else 0),
            y + height - (GAP if y + height < whole - 1 else 0),
        )
        named = marimekko.text_width(sector, "bold") < right - x and bottom - y > 2 * HEAD
        top = y + HEAD if named else y
        if named:
            texts.append({"x": x, "y": y, "text": sector, "weight": "bold"})
        boxes = squarify([tile.target_ktco2e for tile in inside], x, top, right - x, bottom - top)
        for tile, (left, up, wide, high) in zip(inside, boxes, strict=True):
            fill = theme.tint(theme.THEMATIQUES[tile.chantier], 0.32)
            rects.append({"x": left, "x2": left + wide, "y": up, "y2": up + high, "fill": fill, "lever": tile.lever})
            texts += marimekko._words(tile, "", left, up, wide, high)
    return {"rects": rects, "texts": texts, "narrow": []}
