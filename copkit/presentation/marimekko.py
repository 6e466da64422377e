"""The Marimekko of the levers: where each tile stands and which words fit in it.

Columns are thématiques, from the largest; their width and the surface of the tiles are proportional to the
avoided emissions. In a column, the levers of a sector follow one another under the sector's name.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from copkit import french
from copkit.presentation import theme

WIDTH, HEIGHT = 1000, 540
GAP = 6  # between columns and between sectors of a column [px]
LINE = 15  # height of a line of text [px]
LETTER = 6.6  # mean width of a letter of 12 px [px]


def layout(tiles: pd.DataFrame) -> dict:
    """Rectangles and words, in pixels, from the tiles (label, sector_label, chantier, target_ktco2e, rank, written).

    ``narrow``: the columns too narrow for their own title, to be named elsewhere.
    """
    totals = tiles.groupby("chantier").target_ktco2e.sum().sort_values(ascending=False)
    usable = WIDTH - GAP * (len(totals) - 1)
    rects, texts, heads, narrow = [], [], [], []
    left = 0.0
    for chantier, total in totals.items():
        width = usable * total / totals.sum()
        column = tiles[tiles.chantier == chantier]
        colour = theme.THEMATIQUES[chantier]
        heads.append({"x": left, "x2": left + width, "y": -8, "y2": -2, "fill": colour})
        head = _head(column.chantier_label.iloc[0], total, totals.sum(), left, width)
        texts += head
        if not head:
            weight = f"{french.number(total, 0)}, {french.percent(100 * total / totals.sum(), 0)}"
            narrow.append(f"{column.chantier_label.iloc[0]} ({weight})")
        rects_, texts_ = _column(column, left, width, colour)
        rects += rects_
        texts += texts_
        left += width + GAP
    return {"rects": pd.DataFrame(rects + heads), "texts": pd.DataFrame(texts), "narrow": narrow}


def _head(label: str, total: float, whole: float, left: float, width: float) -> list[dict]:
    """The name of a column and its weight, above it, when they fit."""
    lines = [
        *_wrap(label, width),
        *_wrap(f"{french.number(total, 0)} ({french.percent(100 * total / whole, 0)})", width),
    ]
    if not lines or max(map(len, lines)) * LETTER > max(width, 62) + 4 or width < 40:
        return []
    top = -14 - LINE * len(lines)
    return [{"x": left, "y": top + LINE * i, "text": line, "weight": "bold"} for i, line in enumerate(lines)]


def _column(column: pd.DataFrame, left: float, width: float, colour: str) -> tuple[list[dict], list[dict]]:
    sectors = column.groupby("sector_label").target_ktco2e.sum().sort_values(ascending=False)
    usable, total = HEIGHT - GAP * (len(sectors) - 1), column.target_ktco2e.sum()
    rects, texts, top = [], [], 0.0
    for n, sector in enumerate(sectors.index):
        inside = column[column.sector_label == sector].sort_values("target_ktco2e", ascending=False)
        first = True
        for tile in inside.itertuples():
            height = usable * tile.target_ktco2e / total
            rects.append(
                {
                    "x": left,
                    "x2": left + width,
                    "y": top,
                    "y2": top + height,
                    "fill": _tint(colour, 0.26 + 0.12 * (n % 2)),
                }
            )
            texts += _words(tile, sector if first else "", left, top, width, height)
            top += height
            first = False
        top += GAP
    return rects, texts


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
        [(str(tile.rank), "normal")],
    ]
    for lines in wanted:
        if not lines or len(lines) * LINE + 4 > height or max(len(t) * LETTER for t, _ in lines) > width - 8:
            continue
        words = [{"x": left + 6, "y": top + 4 + LINE * i, "text": t, "weight": w} for i, (t, w) in enumerate(lines)]
        room = width - 24 - max(len(t) * LETTER for t, _ in lines)
        if sector and lines[0][0] != sector.upper() and len(sector) * 9 <= room:
            words.append(
                {"x": left + width - 8 - len(sector) * 9, "y": top + 4, "text": sector.upper(), "weight": "bold"}
            )
        return words
    if height >= 11 and width >= 20:
        return [{"x": left + 6, "y": top + max((height - 12) / 2, 0), "text": str(tile.rank), "weight": "normal"}]
    return []


def _wrap(text: str, width: float) -> list[str]:
    """Words in lines that fit the width; an empty list when one word does not."""
    lines: list[str] = []
    for word in text.split(" "):
        if len(word) * LETTER > width:
            return []
        if lines and len(f"{lines[-1]} {word}") * LETTER <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _tint(colour: str, strength: float) -> str:
    """The colour mixed with white, so that dark words read on it."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - c) * strength):02x}" for c in channels)


def chart(parts: dict[str, pd.DataFrame]) -> alt.LayerChart:
    """The drawing of a layout."""
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, WIDTH], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[HEIGHT, -70], nice=False), axis=None)
    fill = alt.Fill("fill:N", scale=None)
    rects = (
        alt.Chart(parts["rects"])
        .mark_rect(stroke="white", strokeWidth=1.5)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", fill=fill)
    )
    layers = [rects]
    for weight in ("bold", "normal"):
        words = parts["texts"][parts["texts"].weight == weight]
        layers.append(
            alt.Chart(words)
            .mark_text(align="left", baseline="top", fontSize=12, fontWeight=weight, clip=False)
            .encode(x=x, y=y, text="text:N")
        )
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT + 70)
