"""The published rules of the official simulator, to the digit: rounded and clamped as it does.

One decimal for quantities, whole ktCO2e/an; what is done counts only where a starting point is known; a
quantity stays between zero and the starting point when the lever reduces it, at or above it otherwise.
"""

from __future__ import annotations

import math

import xarray as xr

from copkit.errors import LeverError, TerritoryError
from copkit.models.limits import Limit
from copkit.reference import territories


def js_round(value: float) -> int:
    """Round half up, towards +infinity, as the official simulator does.

    >>> js_round(2.5), js_round(-2.5), js_round(-2.51), js_round(0.49999999999999994)
    (3, -2, -3, 0)
    """
    low = math.floor(value)
    return low + 1 if value - low >= 0.5 else low


def check(p: xr.Dataset) -> None:
    """Refuse the territories for which the official simulator converts nothing."""
    code = p.attrs["territory"]
    if p.attrs["level"] != "region":
        raise TerritoryError(
            f"Règles publiées : le simulateur officiel ne connaît que les régions, et « {code} » n'en est pas une.\n"
            "Écrire un code de région, ou retirer as_published."
        )
    if territories.is_overseas(code):
        raise LeverError(
            f"Règles publiées : le simulateur officiel ferme tous les leviers de {p.attrs['name']} (outre-mer).\n"
            "Retirer as_published."
        )


def converted(limit: Limit, kt: float | None, quantity: float | None, done: float) -> tuple[float, float]:
    """(kt beyond ``done``, quantity) as displayed: what is done counts only where a starting point is known."""
    start, slope = limit.start, limit.slope
    counted = done if start else 0.0
    if quantity is None:
        entered = max(0.0, float(kt))
        if not limit.translated:
            return float(js_round(entered)), math.nan
        return float(js_round(entered)), js_round(max(0.0, start + (entered + counted) * slope) * 10) / 10
    entered = min(max(float(quantity), 0.0), start) if slope < 0 else max(float(quantity), start)
    return float(js_round((entered - start) / slope - counted)), js_round(entered * 10) / 10
