"""What the draws of the Monte Carlo are made of: the terms of a territory, their streams, their contraction.

A total is what is planned plus, for each assumption, a weight [ktCO2e/an] times a relative deviation. Deviations
that all territories share are drawn once and contracted over the levers by a matrix product, the draw axis last.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

import numpy as np
import xarray as xr

from copkit.models import assumptions as ranges
from copkit.models import audition, local, reliability
from copkit.models.assumptions import Assumptions, PhysicalKind, Range
from copkit.models.levers import FOREST
from copkit.models.panorama import panorama
from copkit.reference import parameters, territories

BLOCK = 32  # territories at a time: bounds the memory, changes no result
INSIDE, INSIDE_GRADE = "part du territoire dans son département", "C"
ALL = ""  # the lever of an assumption that bears on several of them
ROUNDING = {"low": -100.0, "high": 100.0, "distribution": "uniform"}  # its width is the half-unit of each coefficient


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One assumption of one territory: ``weight`` [ktCO2e/an] x ``width`` x a relative deviation drawn from ``law``.

    Terms of several territories with the same ``stream`` share their draws.
    """

    kind: str
    lever: str
    label: str
    law: Range
    stream: tuple[str, ...]
    weight: float
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A territory as the draws see it. [ktCO2e/an]"""

    code: str
    name: str
    planned: float
    target: float
    missing: int
    terms: tuple[Term, ...]


def model_of(p: xr.Dataset, known: Assumptions, forest: bool) -> Model:
    """What a territory plans and aims at, and each assumption with its weight."""
    code, given = p.attrs["territory"], p.variables
    levers, target = given["lever"].values.tolist(), given["target"].values
    planned = given["proposed"].values if "proposed" in given else target
    done = np.nan_to_num(given["done"].values) if "done" in given else np.zeros(len(levers))
    counted = np.array([forest or lever != FOREST for lever in levers])
    kept = counted & ~np.isnan(planned) & ~np.isnan(target)
    chosen = np.flatnonzero(kept).tolist()
    remaining = np.maximum(planned - done, 0.0)
    terms = _levers(p, known, chosen, planned, remaining) + _keys(p, known, chosen, planned)
    common = float(remaining[kept].sum())
    terms.append(
        Term(
            kind="ensemble", lever=ALL, label="tous les leviers", law=known.common_attainment, stream=(), weight=common
        )
    )
    return Model(
        code=code,
        name=p.attrs["name"],
        planned=float(planned[kept].sum()),
        target=float(target[kept].sum()),
        missing=int((counted & ~kept).sum()),
        terms=tuple(term for term in terms if not term.law.fixed and term.width),
    )


def _levers(p, known: Assumptions, chosen: list[int], planned: np.ndarray, remaining: np.ndarray) -> list[Term]:
    """The coefficient of each lever, its rounding, and what will be done of the remaining effort."""
    levers, labels, statuses = (p.variables[c].values.tolist() for c in ("lever", "label", "status"))
    printed, kinds, terms = _printed(p.attrs["territory"], p.attrs["version"]), parameters.levers(), []
    rounding = Range.model_construct(**ROUNDING, status=known.rounding.status, reason=known.rounding.reason)
    shared, physical = p.attrs["level"] != "region", get_args(PhysicalKind)
    laws = known.by_kind()
    for i in chosen:
        lever, label = levers[i], labels[i]
        kind = kinds[lever].kind if kinds[lever].kind in physical else "direct"
        # the sharing of a région, or the sum of régions, derives a figure without touching its coefficient
        status = "publie" if shared and statuses[i] == "derive" else statuses[i]
        half = known.rounding.half_units * printed.get(lever, 0.0)
        for name, law, weight, width in (
            ("coefficient", laws[kind, status], planned[i], 1.0),
            ("arrondi", rounding, planned[i], half),
            ("realisation", laws[kind], remaining[i], 1.0),
        ):
            terms.append(
                Term(kind=name, lever=lever, label=label, law=law, stream=(lever,), weight=float(weight), width=width)
            )
    return terms


def _keys(p: xr.Dataset, known: Assumptions, chosen: list[int], planned: np.ndarray) -> list[Term]:
    """The allocation keys of a département: what a key misses, it misses for all the levers of its audition."""
    names = ("lever", "allocation", "key", "grade", "share")
    columns = {name: p.variables[name].values.tolist() for name in names}
    groups: dict[tuple[str, ...], list[int]] = {}
    for i in chosen:
        lever, key = columns["lever"][i], columns["allocation"][i]
        if key not in ("", local.KEY) and planned[i]:  # a local figure is given: no range is known of it
            groups.setdefault((key, audition.hearing_of(lever).levers[0]), []).append(i)
    terms, confidence = [], audition.settings().rule.confidence
    for (key, first), rows in groups.items():
        widths = [reliability.width(columns["lever"][i], key) for i in rows]
        measured = not any(map(math.isnan, widths))
        law = known.keys.law(max(widths), columns["share"][rows[0]], confidence) if measured else known.unmeasured_share
        terms.append(
            Term(
                kind="cle",
                lever=ALL,
                label=f"{columns['key'][rows[0]]} (note {columns['grade'][rows[0]]})",
                law=law,
                stream=(key, first, p.attrs["territory"]),
                weight=math.fsum(planned[i] for i in rows),
            )
        )
    if territories.is_fine(p.attrs["territory"]):
        whole = math.fsum(float(planned[i]) for i in chosen)
        terms.append(inside_term(p.attrs["territory"], known.unmeasured_share, whole))
    return terms


def inside_term(code: str, law: Range, weight: float = 1.0) -> Term:
    """The assumption on the share of a territory in its département, beside that of the département in its région."""
    label = f"{INSIDE} (note {INSIDE_GRADE})"
    return Term(kind="cle", lever=ALL, label=label, law=law, stream=(INSIDE, INSIDE_GRADE, code), weight=weight)


def _printed(code: str, version: str) -> dict[str, float]:
    """Lever → relative half-unit of its printed coefficient; for France, the mean weighted by the targets."""
    table = ranges.rounding(version)
    if code != "fr":
        return table.get(territories.region_of(code), {})
    weights: dict[str, list[tuple[float, float]]] = {}
    for region in territories.territories("region").code:
        for lever, kt in panorama(region, version=version).target.to_series().items():
            weights.setdefault(lever, []).append((kt, table.get(region, {}).get(lever, 0.0)))
    return {v: sum(kt * h for kt, h in rows) / (sum(kt for kt, _ in rows) or 1.0) for v, rows in weights.items()}


def blocks(models: list[Model], draws: int, seed: int) -> Iterable[tuple[int, np.ndarray]]:
    """The totals of the last year, (territory, draw), block after block."""
    columns: dict[tuple, int] = {}
    cells = [[], [], []]  # row, column and weight of the terms that territories share
    drawn: list[Term] = []
    for row, model in enumerate(models):
        for term in (term for term in model.terms if term.kind != "cle"):
            column = columns.setdefault(_column(term), len(columns))
            if column == len(drawn):
                drawn.append(term)
            for values, value in zip(cells, (row, column, term.weight * term.width), strict=True):
                values.append(value)
    weights = np.zeros((len(models), len(columns)))
    np.add.at(weights, (cells[0], cells[1]), cells[2])
    shared = _drawn(drawn, draws, seed, np.empty((len(drawn), draws)))
    most = max(sum(term.kind == "cle" for term in model.terms) for model in models)
    own = np.empty((most, draws))  # used again for each territory: fresh memory costs more than drawing
    for start in range(0, len(models), BLOCK):
        block = models[start : start + BLOCK]
        totals = weights[start : start + BLOCK] @ shared
        for row, model in enumerate(block):
            if keys := [term for term in model.terms if term.kind == "cle"]:  # no other territory shares them
                totals[row] += np.array([term.weight for term in keys]) @ _drawn(keys, draws, seed, own)
            totals[row] += model.planned
        yield start, totals


def _drawn(terms: list[Term], draws: int, seed: int, out: np.ndarray) -> np.ndarray:
    """The deviations of each term, in the first rows of ``out``."""
    for row, term in enumerate(terms):
        deviations(term, draws, seed, out[row])
    return out[: len(terms)]


def _column(term: Term) -> tuple:
    """Terms that share their draws."""
    law = term.law
    return (term.kind, *term.stream, law.low, law.high, law.distribution)


def deviations(term: Term, draws: int, seed: int, out: np.ndarray | None = None) -> np.ndarray:
    """The relative deviations of an assumption, one per draw, in ``out`` when it is given.

    They depend on the seed and on the stream of the term: not on the territories computed with it, nor on their order.
    """
    out = np.empty(draws) if out is None else out
    name = ":".join((term.kind, *term.stream)).encode()
    return term.law.draw(np.random.default_rng([seed, zlib.crc32(name)]), out)
