"""What was observed of a lever since 2019: points, pace, the pace needed, and what is already done."""

from __future__ import annotations

import math

from copkit import french
from copkit.files import kept
from copkit.models import dynamics, indicators
from copkit.reference import parameters
from copkit.simulator.ground import known


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
            "reached": known(
                row.reached_kt
            ),  # what it makes since 2019, where the series has the lever's unit [ktCO2e/an]
            "year": int(row.last_year),
            "source": _title(row.source),
            "pace": known(row.pace),
            "needed": known(row.needed),
            "sentence": french.typeset(f"{row.sentence} {row.note}".strip()),
        }
    return found


def _title(source: str) -> str:
    one = parameters.sources().get(source)
    return french.typeset(f"{one.publisher}, {one.title}") if one else ""
