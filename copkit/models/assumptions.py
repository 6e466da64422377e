"""The ranges of the Monte Carlo (``parameters/uncertainty.yml``): read, checked, drawn.

Each range is a relative deviation from the value of the panorama, chosen by the kit (status ``hypothese``); only
the rounding of the coefficients is computed, from the decimals that the source printed, and what keys miss is measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field, model_validator

from copkit import paths
from copkit.files import kept
from copkit.models import reliability
from copkit.models.panorama import LATEST
from copkit.reference import parameters, reading, tables

FILE = "uncertainty.yml"
PhysicalKind = Literal["stock", "flow", "intensity", "uptake", "direct"]
_NORMAL = NormalDist().inv_cdf(0.975)  # low and high of a lognormal hold 95 % of its values


class Range(parameters.Strict):
    """A relative deviation: ``low`` and ``high`` in percent, and its law."""

    low: float
    high: float
    distribution: Literal["uniform", "triangular", "lognormal"]
    status: parameters.Status
    reason: str

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        least = "au-dessus de -100" if self.distribution == "lognormal" else "au moins -100"
        too_low = self.low <= -100 if self.distribution == "lognormal" else self.low < -100
        if not (self.low <= 0 <= self.high and math.isfinite(self.high)) or too_low:
            raise ValueError(
                f"low {self.low:g} et high {self.high:g} : écrire en % low négatif ou nul ({least}) "
                "et high positif ou nul"
            )
        return self

    @cached_property
    def fixed(self) -> bool:
        """True when nothing varies."""
        return self.low == self.high == 0

    def draw(self, rng: np.random.Generator, out: np.ndarray) -> np.ndarray:
        """Fill ``out`` with relative deviations, one per draw (0.05 is +5 %)."""
        low, high = self.low / 100, self.high / 100
        if self.fixed:
            out[:] = 0.0
        elif self.distribution == "uniform":
            rng.random(out=out)
            out *= high - low
            out += low
        elif self.distribution == "triangular":
            out[:] = rng.triangular(low, 0.0, high, len(out))
        else:
            centre, spread = self._lognormal()
            np.expm1(centre + spread * rng.standard_normal(len(out)), out=out)
        return out

    def variance(self) -> float:
        """The variance of the relative deviation, exact."""
        low, high = self.low / 100, self.high / 100
        if self.distribution == "uniform":
            return (high - low) ** 2 / 12
        if self.distribution == "triangular":
            return (low**2 + high**2 - low * high) / 18
        centre, spread = self._lognormal()
        return math.exp(2 * centre + spread**2) * math.expm1(spread**2)

    def mean(self) -> float:
        """The mean of the relative deviation, exact."""
        low, high = self.low / 100, self.high / 100
        if self.distribution == "lognormal":
            centre, spread = self._lognormal()
            return math.expm1(centre + spread**2 / 2)
        return (low + high) / (2 if self.distribution == "uniform" else 3)

    def _lognormal(self) -> tuple[float, float]:
        low, high = math.log1p(self.low / 100), math.log1p(self.high / 100)
        return (low + high) / 2, (high - low) / (2 * _NORMAL)


class Coefficient(Range):
    """The range of the coefficients of some kinds of levers, by status of the figure."""

    kinds: Annotated[list[PhysicalKind], Field(min_length=1)]
    statuses: Annotated[list[parameters.Status], Field(min_length=1)]


class Attainment(Range):
    """The range of what is done of the remaining effort."""

    kinds: Annotated[list[PhysicalKind], Field(min_length=1)]


def _positive(name: str):
    """A validator: a number is finite, and not below zero."""

    def check(self):
        if not 0 <= (value := getattr(self, name)) < math.inf:
            raise ValueError(f"{name} {value:g} : écrire un nombre positif ou nul")
        return self

    return model_validator(mode="after")(check)


class Keys(parameters.Strict):
    """The measured range of the share of a département, times ``scale``."""

    scale: float
    status: parameters.Status
    reason: str

    _positive = _positive("scale")

    def law(self, half: float, share: float, confidence: float) -> Range:
        """The law of a weight known within exp(±``half``) at a confidence [%], for a share that stays a share.

        Its mean is zero: the expected shares sum to one.
        """
        half *= self.scale / NormalDist().inv_cdf(0.5 + confidence / 200)
        spread = math.log(reliability.moved(share, half) / reliability.moved(share, -half)) / 2
        low, high = (100 * math.expm1(by * _NORMAL * spread - spread**2 / 2) for by in (-1, 1))
        return Range.model_construct(
            low=low, high=high, distribution="lognormal", status=self.status, reason=self.reason
        )


class Rounding(parameters.Strict):
    """The error of a printed coefficient: ``half_units`` halves of its last decimal."""

    half_units: float
    status: parameters.Status
    reason: str

    _positive = _positive("half_units")


class Pathway(parameters.Strict):
    """From nothing in ``start`` to the whole effect in ``end``, in a straight line."""

    start: int
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Pathway:
        if self.start >= self.end:
            raise ValueError(f"start {self.start} n'est pas avant end {self.end} : les remettre dans l'ordre")
        return self

    def reached(self, years: np.ndarray) -> np.ndarray:
        """The part of the effect that is reached each year."""
        return (years - self.start) / (self.end - self.start)


class Assumptions(parameters.Strict):
    """The whole file: each kind and status, each kind has exactly one range."""

    pathway: Pathway
    coefficients: Annotated[list[Coefficient], Field(min_length=1)]
    rounding: Rounding
    attainment: Annotated[list[Attainment], Field(min_length=1)]
    common_attainment: Range
    keys: Keys
    unmeasured_share: Range

    def by_kind(self) -> dict[str | tuple[str, str], Range]:
        """(kind, status) → the range of a coefficient; kind → the range of what is done."""
        coefficients = {(kind, status): r for r in self.coefficients for kind in r.kinds for status in r.statuses}
        return coefficients | {kind: r for r in self.attainment for kind in r.kinds}


def read(file: str | Path | None = None) -> Assumptions:
    """Les hypothèses d'incertitude : celles du kit, ou celles d'un autre fichier de la même forme.

    Raises
    ------
    ParameterError
        Si le fichier est absent ou endommagé : tous les problèmes d'un coup.
    """
    path = paths.parameters(FILE) if file is None else Path(file)
    return _read(path)


@kept(maxsize=8)
def _read(path: Path) -> Assumptions:
    return reading.read_checked(path, Assumptions, _faults)


def _faults(found: Assumptions, _: dict) -> Iterator[tuple]:
    kinds = get_args(PhysicalKind)
    wanted = {
        "coefficients": (
            [f"{k}, {s}" for r in found.coefficients for k in r.kinds for s in r.statuses],
            [f"{k}, {s}" for k in kinds for s in get_args(parameters.Status)],
        ),
        "attainment": ([k for r in found.attainment for k in r.kinds], list(kinds)),
    }
    for block, (written, expected) in wanted.items():
        count = Counter(written)
        for case in expected:
            if count[case] != 1:
                what = "dans plusieurs fourchettes. N'en garder qu'une" if count[case] else "sans fourchette. L'ajouter"
                yield (block,), f"{block} : « {case} » {what}."


def rounding(version: str = LATEST) -> dict[str, dict[str, float]]:
    """Région → lever → half a unit of the last printed decimal, relative to the coefficient.

    The source prints all its coefficients with the same number of decimals: the largest met in the column.

    >>> round(rounding()["reg-32"]["efficacite_vehicules_prives"], 3)
    0.1
    """
    return _rounding(version)


@kept(maxsize=8)
def _rounding(version: str) -> dict[str, dict[str, float]]:
    table = tables.read("panorama.csv")
    table = table[(table.version == version) & table.quantity_per_ktco2e.notna() & (table.quantity_per_ktco2e != 0)]
    decimals = max((len(f"{v!r}".partition(".")[2]) for v in table.quantity_per_ktco2e.tolist()), default=0)
    table = table.assign(half=0.5 * 10.0**-decimals / table.quantity_per_ktco2e.abs())
    return {code: dict(zip(rows.lever, rows.half, strict=True)) for code, rows in table.groupby("territory")}
