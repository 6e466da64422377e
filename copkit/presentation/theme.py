"""One look for every chart, one renderer that shows it everywhere without a network.

The renderer gives a notebook two things: the Vega-Lite specification, that the export turns into SVG, and
a PNG image, the only picture that JupyterLab shows in a notebook that it does not trust yet. In a batch
(``COPKIT_CHARTS=spec``) the PNG is added afterwards, by the export: V8 never runs before a fork.
"""

from __future__ import annotations

import base64
import os

import altair as alt

MIME = "application/vnd.vegalite.v6+json"
FONT = "Marianne, Arial, Liberation Sans, DejaVu Sans, sans-serif"
TEXT, RULE = "#161616", "#c9c9c9"
THEMATIQUES = {
    "se_deplacer": "#2f4077",
    "se_loger": "#ce614a",
    "se_nourrir": "#695240",
    "produire": "#a558a0",
    "consommer": "#006a6f",
    "preserver": "#009081",
}
HIGHLIGHT, MUTED = "#2f4077", "#929292"
FRENCH_NUMBERS = {
    "decimal": ",",
    "thousands": "\u202f",
    "grouping": [3],
    "currency": ["", "\u202f€"],
    "percent": "\u202f%",
}


@alt.theme.register("copkit", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """Sober, left-aligned, 12 px or more, French numbers."""
    return alt.theme.ThemeConfig(
        config={
            "background": "white",
            "font": FONT,
            "locale": {"number": FRENCH_NUMBERS},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "color": TEXT,
                "fontSize": 17,
                "fontWeight": "bold",
                "subtitleColor": "#3a3a3a",
                "subtitleFontSize": 13,
                "subtitlePadding": 6,
                "offset": 14,
            },
            "axis": {
                "labelColor": TEXT,
                "labelFontSize": 13,
                "labelLimit": 420,
                "titleColor": TEXT,
                "titleFontSize": 13,
                "titleFontWeight": "normal",
                "domainColor": RULE,
                "tickColor": RULE,
                "gridColor": "#e5e5e5",
            },
            "legend": {"labelFontSize": 13, "titleFontSize": 13, "labelColor": TEXT, "titleColor": TEXT},
            "text": {"font": FONT, "color": TEXT, "fontSize": 13},
            "view": {"stroke": None},
        }
    )


def png(spec: dict) -> str:
    """A chart as a PNG, sharp on a large screen, in base64."""
    import vl_convert

    return base64.b64encode(vl_convert.vegalite_to_png(spec, vl_version="6.4", scale=1.5)).decode("ascii")


def svg(spec: dict) -> str:
    """A chart as SVG markup."""
    import vl_convert

    return vl_convert.vegalite_to_svg(spec, vl_version="6.4")


def _render(spec: dict, **_) -> dict:
    bundle = {MIME: spec, "text/plain": spec.get("description", "graphique")}
    if os.environ.get("COPKIT_CHARTS") != "spec":
        bundle["image/png"] = png(spec)
    return bundle


alt.renderers.register("copkit", _render)
alt.renderers.enable("copkit")
