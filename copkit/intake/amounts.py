"""Amounts of money in whole cents, summed exactly at any size; what is unknown is told apart from zero."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

_EXACT = 2**53  # cents that a float holds without rounding


def cents(amounts: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Amounts in whole cents, 0 where unknown, and where they are known.

    int64 where no sum of them can leave what a float holds exactly, Python integers otherwise.
    """
    values = pd.to_numeric(amounts, errors="coerce").to_numpy(dtype="float64")
    known = np.isfinite(values)
    values = np.where(known, values, 0)
    if 100 * np.abs(values).sum() < _EXACT:
        return np.rint(values * 100).astype("int64"), known
    return np.array([round(Fraction(value) * 100) for value in values], dtype=object), known


def total(amounts: pd.Series) -> float:
    """The exact sum of amounts, NaN when none is known. [EUR]

    >>> total(pd.Series([0.1] * 10)), total(pd.Series([9e16, 9e16])), total(pd.Series([float("nan")]))
    (1.0, 1.8e+17, nan)
    """
    whole, known = cents(amounts)
    return sum(whole.tolist()) / 100 if known.any() else float("nan")
