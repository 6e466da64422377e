"""The Vega-Lite specifications of the page's charts, without data: the page patches rows into named datasets."""

from __future__ import annotations

from copkit.presentation import marimekko, theme

TOP = -70  # above the tiles: the names of the columns [px]
STYLES = {"référence": (theme.MUTED, [6, 4]), "proposé": (theme.HIGHLIGHT, [])}


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


def trajectory() -> dict:
    """Un levier dans le temps : jeux « points » et « paces » (``trajectory.rows``)."""
    x = {
        "field": "year",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "nice": False},
        "axis": {"format": "d", "tickMinStep": 1, "grid": False},
    }
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 5}}
    names = list(STYLES)
    colour = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": names, "range": [STYLES[name][0] for name in names]},
        "legend": None,
    }
    dash = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": names, "range": [STYLES[name][1] or [1, 0] for name in names]},
        "legend": None,
    }
    said = [
        {"field": "series", "type": "nominal", "title": "Série"},
        {"field": "year", "type": "quantitative", "title": "Année", "format": "d"},
        {"field": "value", "type": "quantitative", "title": "Valeur", "format": ",.4~r"},
    ]
    lines = {"x": x, "y": y, "color": colour, "strokeDash": dash}
    ends = {"x": x, "y": y, "color": colour, "text": {"field": "series", "type": "nominal"}}
    layers = [
        {"data": {"name": "paces"}, "mark": {"type": "line", "strokeWidth": 2.5}, "encoding": lines},
        {
            "data": {"name": "paces"},
            "transform": [{"filter": "datum.year == 2030"}],
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12, "fontWeight": "bold"},
            "encoding": ends,
        },
        {
            "data": {"name": "points"},
            "mark": {"type": "point", "filled": True, "size": 70, "color": theme.TEXT, "opacity": 1},
            "encoding": {"x": x, "y": y, "tooltip": said},
        },
    ]
    return _spec(
        layer=layers,
        width=520,
        height=240,
        padding={"right": 70, "left": 5, "top": 5, "bottom": 5},
        description="Trajectoire du levier : points observés, chemin de la référence et du scénario jusqu’en 2030.",
    )
