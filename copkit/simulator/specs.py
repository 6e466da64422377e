"""The Vega-Lite specification of the picture of a panorama, without its data."""

from __future__ import annotations

from copkit.presentation import marimekko, theme

GAUGE, ROW, BAR = 310, 84, 18  # the gauges of the sectors: width, height of each, of its bar [px]
TOP = -70  # above the tiles: the names of the columns [px]


def _spec(**parts) -> dict:
    config = {key: value for key, value in theme.theme()["config"].items() if key != "locale"}
    locale = {"locale": {"number": theme.FRENCH_NUMBERS}}
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": config | locale, **parts}


def panorama(height: float = marimekko.HEIGHT) -> dict:
    """Les tuiles : jeux « rects », « hatch » et « texts » (``tiles.rows``), en pixels."""

    def scale(domain: list) -> dict:
        return {"domain": domain, "nice": False, "zero": False}

    x = {"field": "x", "type": "quantitative", "scale": scale([0, marimekko.WIDTH]), "axis": None}
    y = {"field": "y", "type": "quantitative", "scale": scale([height, TOP]), "axis": None}
    box = {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"}}
    fill = {"field": "fill", "type": "nominal", "scale": None}
    tooltip = {"field": "tooltip", "type": "nominal"}
    white = {"stroke": "white", "strokeWidth": 1.5}
    layers = [
        {
            "data": {"name": "rects"},
            "mark": {"type": "rect", **white},
            "encoding": {**box, "fill": fill, "tooltip": tooltip},
        },
        {
            "data": {"name": "hatch"},
            "mark": {"type": "rule", "color": theme.TEXT, "strokeWidth": 1, "opacity": 0.55, "tooltip": None},
            "encoding": box,
        },
        {
            "data": {"name": "texts"},
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": "top",
                "fontSize": 12,
                "fontWeight": {"expr": "datum.weight"},
                "tooltip": None,
            },
            "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
        },
    ]
    size = {"width": marimekko.WIDTH, "height": height - TOP}
    return _spec(layer=layers, **size, description="Panorama des leviers : surface d’une tuile, émissions évitées.")


def gauges(rows: list[dict], height: float) -> dict:
    """Les jauges des secteurs, l'une sous l'autre, chacune à son échelle (``sheet.gauges``)."""
    height -= TOP
    step = min(ROW, height / max(len(rows), 1))
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [0, GAUGE], "nice": False}, "axis": None}
    y = {"field": "y", "type": "quantitative", "scale": {"domain": [height, 0], "nice": False}, "axis": None}
    rects, texts = [], []
    for n, row in enumerate(rows):
        top = n * step + 40
        shades = ((1.0, "#ffffff"), (row["proposed"], "#aeb6cd"), (row["done"], theme.HIGHLIGHT))
        rects += [{"x": 0, "x2": GAUGE * part, "y": top, "y2": top + BAR, "fill": fill} for part, fill in shades]
        mark = GAUGE * row["mark"]
        rects.append({"x": mark - 3, "x2": mark, "y": top - 3, "y2": top + BAR + 3, "fill": theme.TEXT})
        words = ((row["label"], "bold", 34), (row["words"], "normal", 18))
        texts += [{"x": 0, "y": top - up, "text": text, "weight": weight} for text, weight, up in words]
    box = {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"}}
    fill = {"field": "fill", "type": "nominal", "scale": None}
    word = {"type": "text", "align": "left", "baseline": "top", "fontSize": 12, "fontWeight": {"expr": "datum.weight"}}
    return {
        "width": GAUGE,
        "height": height,
        "layer": [
            {
                "data": {"values": rects},
                "mark": {"type": "rect", "stroke": theme.MUTED, "strokeWidth": 0.8},
                "encoding": {**box, "fill": fill},
            },
            {
                "data": {"values": texts},
                "mark": word,
                "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
            },
        ],
    }
