"""What a figure of a département is worth: ranges and errors, from what its keys missed between régions.

For each lever and key, ``data/clean/audition.csv`` holds the published share of each région and the share foretold
without it. Their ratios are what the key misses; a département's share is taken to be missed alike (« conformal »
range: at the stated confidence, a région drawn like the others falls inside). Shares stay shares: a département that
is nearly its région is nearly certain, and the sum stays the région's. The limit: a measure between régions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from copkit.files import kept
from copkit.models import audition, downscaling
from copkit.models.levers import FOREST
from copkit.reference import tables

_WEIGHED = ("lever", "allocation", "target", "share")


@kept(maxsize=4)
def misses() -> dict[tuple[str, str], dict[str, float]]:
    """(lever, key) → région → logarithm of its published share over the share foretold without it."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in tables.read("audition.csv").itertuples(index=False):
        if row.published > 0 and row.held_out > 0:
            found.setdefault((row.lever, row.key), {})[row.territory] = math.log(row.published / row.held_out)
    return found


@kept(maxsize=128)
def width(lever: str, key: str) -> float:
    """Half the width of the range of a weight, as a logarithm; NaN where the key was not measured."""
    missed = misses().get((lever, key))
    return conformal([abs(one) for one in missed.values()]) if missed else math.nan


def conformal(missed: list[float], confidence: float | None = None) -> float:
    """What holds a new value as often as stated: the k-th of n misses, k = (n + 1) × confidence rounded up.

    >>> conformal([0.1, 0.2, 0.3, 0.4], 60)
    0.3
    """
    part = (confidence or audition.settings().rule.confidence) / 100
    return sorted(missed)[min(math.ceil((len(missed) + 1) * part), len(missed)) - 1]


def moved(share, by):
    """A share whose weight is multiplied by exp(``by``), the others' weights kept: it stays a share."""
    more = share * np.exp(by)
    return more / (more + 1 - share)


def bounds(lever: str, key: str, share: float) -> tuple[float, float]:
    """The range of a share at the confidence of the audition; NaN where the key was not measured.

    >>> low, high = bounds("produits_bois", "surface_foret", 0.5)
    >>> low < 0.5 < high
    True
    """
    half = width(lever, key)
    return float(moved(share, -half)), float(moved(share, half))


def missed(lever: str, key: str) -> float:
    """The part of the effort that a key of a lever puts in the wrong région, held out; NaN: not measured. [%]

    >>> missed("haies", "surface_agricole"), missed("puits_forestiers", "surface_foret")
    (2.8, nan)
    """
    line = downscaling.lines().get(lever)
    found = {line.key: line.held_out, line.fallback: line.fallback_held_out} if line and key else {}
    return float(found.get(key, math.nan))


def error(p: xr.Dataset) -> float:
    """Part moyenne de l'effort que les clés d'un département placent dans la mauvaise région, hors forêt. [%]

    Moyenne des erreurs hors échantillon de ses clés, pondérée par l'effort ; NaN pour une région, dont les valeurs
    sont publiées, et là où rien n'a été mesuré.
    """
    errors, efforts = [], []
    for lever, key, kt, _ in _allocated(p):
        if not math.isnan(one := missed(lever, key)):
            errors.append(one * kt)
            efforts.append(kt)
    return math.fsum(errors) / math.fsum(efforts) if efforts and math.fsum(efforts) else math.nan


def span(p: xr.Dataset, forest: bool = False) -> tuple[float, float]:
    """Fourchette du total d'un département, à la confiance de l'audition. [ktCO2e/an]

    Chaque région entendue donne un total : celui du département si ses clés se trompaient comme elles se trompent pour
    elle, tous leviers ensemble. NaN pour une région.
    """
    return _span(_allocated(p, forest))


def span_of(columns: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """The same, without the forest, from the columns of a département (``published.columns``). [ktCO2e/an]"""
    return _span(_weighing(columns))


def _span(rows: list[tuple[str, str, float, float]]) -> tuple[float, float]:
    whole = math.fsum(kt for *_, kt, _ in rows)
    if not whole:
        return math.nan, math.nan
    known, regions = misses(), audition.regions()
    by = np.array([[known.get((lever, key), {}).get(code, 0.0) for code in regions] for lever, key, *_ in rows])
    kt, share = np.array([row[2:] for row in rows]).T[..., None]
    totals = np.where(by == 0, kt, kt * moved(share, by) / share).sum(axis=0)  # if its keys missed it as each région
    half = conformal(np.abs(np.log(totals / whole)).tolist())
    return whole * math.exp(-half), whole * math.exp(half)


def _allocated(p: xr.Dataset, forest: bool = False) -> list[tuple[str, str, float, float]]:
    """The levers that a key shares out and that weigh something: lever, key, target [ktCO2e/an], share [of 1]."""
    return _weighing({name: p.variables[name].values for name in _WEIGHED}, forest)


def _weighing(columns: Mapping[str, np.ndarray], forest: bool = False) -> list[tuple[str, str, float, float]]:
    return [
        (lever, key, kt, share)
        for lever, key, kt, share in zip(*(columns[name].tolist() for name in _WEIGHED), strict=True)
        if key and kt > 0 and (forest or lever != FOREST)
    ]


def coverage() -> float:
    """How often a région falls in the range that the others give, over every lever and key kept. [%]

    What the ranges claim (``confidence``) is tried so: each région in turn is left out.
    """
    inside = [
        abs(missed[code]) <= conformal([abs(by) for other, by in missed.items() if other != code])
        for missed in misses().values()
        for code in missed
    ]
    return 100 * sum(inside) / len(inside)
