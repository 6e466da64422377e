"""Series as small charts, each on its own scale, with its target where both are in the same unit."""

from __future__ import annotations

import math
import textwrap

import lazy_loader
import xarray as xr

from copkit import french
from copkit.models import biodiversity as model
from copkit.models.biodiversity import Measure
from copkit.presentation import charts, theme
from copkit.presentation.biodiversity import words
from copkit.presentation.text import Note

alt = lazy_loader.load("altair")
ACROSS, GAP = 3, 22  # cells in a row; between them [px]
HEAD, DRAWN, CELL = 66, 48, 178  # heights of the words of a cell, of its line, of a cell [px]
LETTERS, LINE = {"bold": 30, "normal": 36}, 15  # of a line of words; its height [px]
EDGE = 6  # beside a line, for its last point [px]
LEAST = 2  # values that make a series


def chart(p: xr.Dataset, found: list[Measure], served: str) -> alt.LayerChart | Note:
    """The series of measures, three in a row."""
    drawn = [one for one in found if len(one.points) >= LEAST]
    if not drawn:
        return Note(f"Aucune série de plusieurs années ne suit ici un levier qui sert {served}.")
    width = (charts.WIDTH - (ACROSS - 1) * GAP) / ACROSS
    lines, ends, aims, texts = [], [], [], []
    for n, one in enumerate(drawn):
        left, top = (n % ACROSS) * (width + GAP), (n // ACROSS) * CELL
        places = _places(one, left, top + HEAD, width - EDGE)
        lines += [place | {"of": n} for place in places]
        ends.append(places[-1])
        if (goal := _goal(one)) is not None:
            aims.append({"x": left, "x2": left + width - EDGE, "y": top + HEAD + _down(one, goal)})
        texts += _texts(one, left, top)
    height = math.ceil(len(drawn) / ACROSS) * CELL
    across = alt.Scale(domain=[0, charts.WIDTH], nice=False)
    down = alt.Scale(domain=[height, 0], nice=False)
    x, y = alt.X("x:Q", scale=across, axis=None), alt.Y("y:Q", scale=down, axis=None)
    line = alt.Chart({"values": tuple(lines)}).mark_line(color=theme.HIGHLIGHT, strokeWidth=2)
    layers = [line.encode(x=x, y=y, detail="of:N")]
    layers.append(
        alt.Chart({"values": tuple(ends)})
        .mark_point(color=theme.HIGHLIGHT, filled=True, size=40, opacity=1)
        .encode(x=x, y=y)
    )
    if aims:
        rule = alt.Chart({"values": tuple(aims)}).mark_rule(color=theme.TEXT, strokeDash=[5, 3])
        layers.append(rule.encode(x=x, x2="x2:Q", y=y))
    layers += charts.pixels(texts, x=x, y=y)
    told = [[french.typeset(french.capital(one.measure)), french.typeset(_moved(one)), None] for one in drawn]
    title = charts.words(
        _finding(drawn, served),
        [
            "chaque série à son échelle, de sa première à sa dernière valeur ; tirets : la cible, dans la même unité",
            _origin(drawn),
        ],
        f"{' ; '.join(f'{one.measure} : {_said(one)}' for one in drawn)}.",
        {"chaque série à son échelle, de": "de", " ; tirets : la cible, dans la même unité": ""},
    )
    return charts.drawing(layers, height, title, phone=told)


def _finding(drawn: list[Measure], served: str) -> str:
    """How many series move the way of their lever, and how many the other way."""
    ways = [one.moved for one in drawn if one.moved]
    ahead, back = sum(way > 0 for way in ways), sum(way < 0 for way in ways)
    if not ahead + back:
        return f"{french.plural(len(drawn), 'série')} pour {served}"
    count = "Une série" if len(drawn) == 1 else f"Sur {len(drawn)} séries"
    verb = "va" if ahead == 1 else "vont"
    said = f"{ahead or 'aucune'} {verb if ahead else 'ne va'} dans le sens du levier depuis {model.BASE}"
    return f"{count} pour {served}, {said}, {back or 'aucune'} à rebours"


def _goal(one: Measure) -> float | None:
    """The target in the unit of the series, when it has one there."""
    if one.compared == model.LEVEL:
        return one.target.value
    if one.compared == model.CHANGE:
        base = dict(one.points).get(int(one.target.base_year))
        return None if base is None else base * (1 + one.target.value / 100)
    return None


def _places(one: Measure, left: float, top: float, width: float) -> list[dict]:
    """Where the values of a series stand. [px]"""
    first, last = one.points[0][0], one.points[-1][0]
    return [
        {"x": round(left + width * (year - first) / (last - first), 1), "y": top + _down(one, value)}
        for year, value in one.points
    ]


def _down(one: Measure, value: float) -> float:
    """How far below the top of its drawing a value stands. [px]"""
    low, high = _range(one)
    return round(DRAWN * (1 - (value - low) / (high - low)), 1)


def _range(one: Measure) -> tuple[float, float]:
    goal = _goal(one)
    values = [value for _, value in one.points] + ([] if goal is None else [goal])
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)


def _texts(one: Measure, left: float, top: float) -> list[dict]:
    """The name of a measure, its last value, its target."""
    above = [*_rows("bold", french.capital(one.measure)), *_rows("normal", words.value(one))]
    below = [*_rows("normal", _first(one))]
    below += _rows("normal", f"cible : {words.target(one)}") if _goal(one) is not None else []
    lines = [(top + n * LINE, row) for n, row in enumerate(above)]
    lines += [(top + HEAD + DRAWN + 8 + n * LINE, row) for n, row in enumerate(below)]
    return [{"x": left, "y": y, "text": text, "weight": weight} for y, (weight, text) in lines]


def _rows(weight: str, text: str) -> list[tuple[str, str]]:
    return [(weight, row) for row in textwrap.wrap(french.typeset(text), LETTERS[weight])]


def _first(one: Measure) -> str:
    """The value that a series starts from."""
    return f"{words.quantity(one, one.points[0][1])} en {one.points[0][0]}"


def _moved(one: Measure) -> str:
    (first, start), (last, end) = one.points[0], one.points[-1]
    return f"de {words.number(one, start)} à {words.quantity(one, end)}, {first}-{last}{words.whose(one)}"


def _said(one: Measure) -> str:
    return f"{_moved(one)} ; " + (f"cible : {words.target(one)}" if one.compared else one.state)


def _origin(drawn: list[Measure]) -> str:
    return f"sources : {french.join(dict.fromkeys(words.source(one.source) for one in drawn))}"
