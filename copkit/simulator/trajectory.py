"""The chart of a lever over time: what was observed, the way to its reference and to its proposal. 2019-2030.

A line joins the last known point (or the starting point of 2019) to 2030; nothing observed is prolonged.
"""

from __future__ import annotations

import math

from copkit import french
from copkit.files import kept
from copkit.models import dynamics, indicators
from copkit.models.scenario import Standing
from copkit.reference import parameters
from copkit.simulator.ground import Ground, known

KT = "ktCO₂e/an"


def rows(here: Ground, settled: dict[str, Standing], lever: str) -> dict | None:
    """Les lignes des jeux « points » et « paces » pour un levier ; None quand aucun levier n'est choisi."""
    if lever not in settled:
        return None
    limit, one = here.limits[lever], settled[lever]
    first, last = parameters.levers()[lever].valid.years
    seen = observed(here.p.attrs["territory"], lever)
    base = {"lever": lever, "label": here.tiles[lever].label}
    if seen and not seen["converted"]:
        return base | {"unit": seen["unit"], "points": seen["rows"], "paces": [], "sentence": seen["sentence"]}
    quantities = limit.translated and not math.isnan(one.quantity)
    unit, ends = (here.tiles[lever].unit, (limit.quantity, one.quantity)) if quantities else (KT, (one.target, one.kt))
    start = (first, limit.start if quantities else 0.0)
    points = seen["rows"] if seen and quantities else []
    origin = (points[-1]["year"], points[-1]["value"]) if points else start
    paces = [*_line("référence", start, (last, ends[0]))]
    paces += _line("proposé", origin, (last, ends[1]))
    sentence = seen["sentence"] if seen else "Aucune série observée pour ce levier dans ce territoire."
    return base | {"unit": unit, "points": points, "paces": paces, "sentence": sentence}


def _line(series: str, *ends: tuple[int, float]) -> list[dict]:
    if any(math.isnan(value) for _, value in ends):
        return []
    return [{"year": year, "value": value, "series": series} for year, value in ends]


def observed(code: str, lever: str) -> dict | None:
    """The observed series of a lever: unit, points, pace and the pace needed, a sentence; None without a series."""
    return _observed(code).get(lever)


@kept(maxsize=128)
def _observed(code: str) -> dict[str, dict]:
    found = {}
    for row in dynamics.dynamics(code).itertuples():
        if not row.indicator:
            continue
        kept = next(one for one in indicators.by_lever()[row.lever] if one.indicator == row.indicator)
        quantity = parameters.levers()[row.lever].quantity
        converted = bool(math.isfinite(kept.convertible) and quantity and row.unit == quantity.unit)
        factor = dynamics.shown_factor(kept, row.unit)
        points, _ = indicators.series(code, row.indicator, zero=kept.zero)
        found[row.lever] = {
            "unit": french.typeset(dynamics.UNIT_LABELS.get(row.unit, dynamics.units.label(row.unit))),
            "converted": converted,
            "rows": [{"year": p.year, "value": factor * p.value, "series": "observé"} for p in points],
            "points": [[p.year, factor * p.value] for p in points],
            "pace": known(row.pace),
            "needed": known(row.needed),
            "sentence": french.typeset(f"{row.sentence} {row.note}".strip()),
        }
    return found
