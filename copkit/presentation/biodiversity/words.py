"""How a measure, its value, its target and what is left are written."""

from __future__ import annotations

import math
from collections.abc import Iterable

from copkit import french
from copkit.models import biodiversity as model
from copkit.models.biodiversity import Measure
from copkit.models.dynamics import UNIT_LABELS
from copkit.presentation.text import lower
from copkit.reference import parameters, units

LEVELS = {
    model.REGIONAL: "régional",
    model.NATIONAL: "national",
    model.SUPRA: "supra-régional",
    model.NONE: "pas de cible",
    model.TO_BE_DEFINED: "définition à venir",
    model.ELSEWHERE: "fixée ailleurs",
}
UNTYPED = {
    model.NONE: "Pas de cible",
    model.TO_BE_DEFINED: "Définition à venir",
    model.ELSEWHERE: "Fixée par le comité régional de l'énergie",
}


def unit(one: Measure) -> str:
    """The unit in which a measure is written."""
    known = UNIT_LABELS.get(one.unit, units.read_in(one.unit)[1])
    return "" if known == "bus et cars" else known


def scaled(one: Measure, value: float) -> float:
    """A value in that unit."""
    return value * units.read_in(one.unit)[0]


def quantity(one: Measure, value: float) -> str:
    """A value and its unit: « 17,8 % », « 1 454 millions de m³ »."""
    between = french.NARROW if unit(one) == "%" else " "
    return f"{number(one, value)}{between}{unit(one)}".strip()


def number(one: Measure, value: float) -> str:
    """A value without its unit."""
    value = scaled(one, value)
    if one.unit in ("nb", "hab", "bus_ou_car"):
        return french.rough(value, 4)
    return french.number(value, 0) if value == round(value) else french.quantity(value)


def value(one: Measure) -> str:
    """The last value and its year."""
    return f"{quantity(one, one.value)} en {int(one.year)}{whose(one)}" if one.points else model.TO_BUILD


def whose(one: Measure) -> str:
    """What stands behind a value that is that of the région of a département."""
    return " (région)" if one.borrowed else ""


def target(one: Measure) -> str:
    """What is aimed at, in words; never empty."""
    if one.target.level in UNTYPED:
        return UNTYPED[one.target.level]
    if math.isnan(one.target.value):
        return one.target.text
    when = "échéance non écrite" if math.isnan(one.target.year) else ""
    year = "" if when else f" en {int(one.target.year)}"
    if one.compared == model.CHANGE:
        moved = f"{french.signed(one.target.value, 0)}{french.NARROW}%"
        said = f"{moved} de {int(one.target.base_year)} à {int(one.target.year)}"
    else:
        said = f"{quantity(one, one.target.value)}{year}"
    return f"{said} ({when})" if when else said


def distance(one: Measure) -> str:
    """What is left, with its sign; or why nothing is compared. Never empty."""
    if one.state == model.REACHED:
        return one.state
    return left(one) if one.state == model.AHEAD else one.state


def left(one: Measure) -> str:
    """The distance to the target, with its sign."""
    if one.compared == model.CHANGE:
        decimals = 0 if abs(one.distance) >= 9.95 else 1
        return f"{french.signed(one.distance, decimals)}{french.NARROW}% de la valeur de {int(one.target.base_year)}"
    sign, text = "+" if one.distance > 0 else "−", _difference(one)
    if not unit(one):  # counted one by one: never a bare number, which a spreadsheet would keep as a text
        return f"{text} de {'plus' if one.distance > 0 else 'moins'}"
    return f"{sign}{text} {'points' if unit(one) == '%' else unit(one)}".strip()


def _difference(one: Measure) -> str:
    """How far the value is from the target, without a decimal that neither of them has."""
    text, *ends = (number(one, value) for value in (abs(one.distance), one.value, one.target.value))
    decimals = max(len(end.partition(",")[2]) for end in ends)
    return text if len(text.partition(",")[2]) <= decimals else french.number(scaled(one, abs(one.distance)), decimals)


def source(key: str) -> str:
    """Who publishes, in a word or two."""
    if not key:
        return "—"
    return parameters.sources()[key.split(", ")[0]].in_short


def names(found: Iterable[Measure]) -> str:
    """The levers of measures, each once, in a sentence."""
    return " ; ".join(dict.fromkeys(lower(one.label) for one in found))
