"""The Vega-Lite specification of the picture of a panorama, without its data."""

from __future__ import annotations

from copkit.presentation import marimekko, theme

TOP = -70  # above the tiles: the names of the columns [px]


def _spec(**parts) -> dict:
    config = {key: value for key, value in theme.theme()["config"].items() if key != "locale"}
    locale = {"locale": {"number": theme.FRENCH_NUMBERS}}
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": config | locale, **parts}


def panorama() -> dict:
    """Les tuiles : jeux « rects », « hatch » et « texts » (``tiles.rows``), en pixels."""

    def scale(domain: list) -> dict:
        return {"domain": domain, "nice": False, "zero": False}

    x = {"field": "x", "type": "quantitative", "scale": scale([0, marimekko.WIDTH]), "axis": None}
    y = {"field": "y", "type": "quantitative", "scale": scale([marimekko.HEIGHT, TOP]), "axis": None}
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
    size = {"width": marimekko.WIDTH, "height": marimekko.HEIGHT - TOP}
    return _spec(layer=layers, **size, description="Panorama des leviers : surface d’une tuile, émissions évitées.")
