"""One look for every chart, one renderer that shows it everywhere without a network.

The renderer gives a notebook two things: the Vega-Lite specification, that the report turns into SVG, and a figure:
the title in HTML, the drawing as an SVG image, which JupyterLab shows even in a notebook that it does not trust yet.
In a batch (``COPKIT_CHARTS=spec``) the figure is added afterwards, by the export: V8 never runs before a fork.
Where altair waits for its first use, as in a terminal, which shows no chart, nothing here wakes it.
"""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType

import lazy_loader

from copkit.presentation.drawing import MIME, describe, figure

alt = lazy_loader.load("altair")
FONT = "Liberation Sans, Marianne, Arial, DejaVu Sans, sans-serif"
TEXT, RULE = "#161616", "#c9c9c9"
THEMATIQUES = {
    "se_deplacer": "#2f4077",
    "se_loger": "#ce614a",
    "se_nourrir": "#695240",
    "produire": "#a558a0",
    "consommer": "#006a6f",
    "preserver": "#009081",
}
HIGHLIGHT, MUTED, WHITE = "#2f4077", "#929292", "#ffffff"
STEPS = ((0.05, 0.08), (0.15, 0.2), (0.35, 0.36), (0.65, 0.54), (1.0, 0.9))  # share of the largest → strength
FRENCH_NUMBERS = {
    "decimal": ",",
    "thousands": "\u202f",
    "grouping": [3],
    "currency": ["", "\u202f€"],
    "percent": "\u202f%",
}


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
                "labelLimit": 0,  # none: to look for it measures each label again
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


def tint(colour: str, strength: float) -> str:
    """The colour mixed with white, so that dark words read on it."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - c) * strength):02x}" for c in channels)


def shade(share: float) -> tuple[str, str]:
    """The fill of a share of the largest number, white for none, and the ink that reads on it (4.5:1 or more)."""
    if share <= 0:
        return WHITE, TEXT
    strength = next(strength for limit, strength in STEPS if share <= limit or limit == STEPS[-1][0])
    return tint(HIGHLIGHT, strength), WHITE if strength > 0.7 else TEXT


@cache
def drawing() -> type[alt.LayerChart]:
    """The charts of the kit, which altair is loaded for."""
    from altair.utils.schemapi import debug_mode

    enable()

    class Drawing(alt.LayerChart):
        """The tests check its specification against Vega-Lite, so that showing it need not.

        Its layers have neither parameters nor sizes of their own, which altair would look for in four copies of them.
        """

        def __init__(self, data=alt.Undefined, layer=(), **properties) -> None:
            alt.TopLevelLayerSpec.__init__(self, data=data, layer=list(layer), **properties)

        def _repr_mimebundle_(self, *_, **__) -> dict:
            bare = self.copy(deep=False)
            bare.usermeta = alt.Undefined  # plain already: altair would ask of each of its words whether it is a chart
            with debug_mode(False):  # nor the data that altair puts apart
                spec = bare.to_dict(validate=False, context={"pre_transform": False})
            apart = {} if self.usermeta is alt.Undefined else {"usermeta": self.usermeta}
            return alt.renderers.get()(spec | apart)

    return Drawing


def _render(spec: dict, **_) -> dict:
    bundle = {MIME: spec, "text/plain": describe(spec)}
    if os.environ.get("COPKIT_CHARTS") != "spec":
        bundle["text/html"] = figure(spec)
    return bundle


def enable() -> None:
    """Charts have the look of the kit, from the first use of the presentation on; a later choice is respected."""
    global _enabled
    if not _enabled:
        _enabled = True
        alt.theme.register("copkit", enable=True)(theme)
        alt.renderers.register("copkit", _render)
        alt.renderers.enable("copkit")


def disable() -> None:
    """As if the presentation had not been used yet."""
    global _enabled
    _enabled = False
    alt.theme.enable("default")
    alt.renderers.enable("default")


_enabled = False
if type(alt) is ModuleType:  # it is loaded
    enable()
