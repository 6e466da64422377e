"""With how many figures an effort is written: to the place of half its range and two at most, wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

import xarray as xr

from copkit import french
from copkit.files import kept
from copkit.models import panorama, published, reliability, uncertainty
from copkit.reference import territories

MOST = 2  # figures, where keys share efforts out; published values have all theirs
WHOLE = 9  # enough for any published value, to the kt


def figures(value: float, low: float = math.nan, high: float = math.nan) -> int:
    """How many figures an effort that keys share out is worth: one where half its range reaches its first figure.

    >>> figures(490, 390, 620), figures(230, 190, 290), figures(96, 38, 190), figures(4800)
    (1, 2, 1, 2)
    """
    return 1 if value > 0 and (high - low) / 2 >= 10 ** math.floor(math.log10(value)) else MOST


def total(p: xr.Dataset) -> int:
    """The figures that the total of a territory is worth, and no sum of its levers more; 0: all, where published.

    A local figure has no range, nor has a total that stands on one.

    >>> total(panorama.shared("dep-59")), total(panorama.shared("dep-2A")), total(panorama.shared("reg-32"))
    (2, 1, 0)
    """
    if not panorama.allocated(p):
        return 0
    return MOST if panorama.local_share(p) else of(p.attrs["territory"], p.attrs["version"])


@kept(maxsize=2048)
def _total(code: str, communes: tuple[str, ...], version: str) -> int:
    """The same, computed once; ``communes``: those of a perimeter, which may change."""
    columns = published.columns(code, version)
    return _figures(panorama.outside_forest(columns), columns, small=territories.is_fine(code))


def _figures(kt: float, columns: dict, *, small: bool) -> int:
    """The figures that an effort is worth, without making its panorama; ``small``: inside départements."""
    if not (columns["grade"] != "").any():
        return 0
    span = reliability.span_of(columns)
    return figures(kt, *(uncertainty.inside(span, kt) if small else span))


def step(p: xr.Dataset) -> float:
    """The place of the last of them: what the total and both ends of its range are rounded to. [ktCO2e/an]"""
    return french.step(panorama.total(p, forest=False), total(p), 0)


def levers(p: xr.Dataset) -> dict[str, int]:
    """Lever → how many figures its effort is worth; 0: all, where it is published.

    Nothing measures the share inside a département: below it, what stands on a key noted C has one.
    """
    if not panorama.allocated(p):
        return dict.fromkeys(p.lever.values.tolist(), 0)
    columns = (p[name].values.tolist() for name in ("lever", "target", "low", "high", "grade"))
    rough = "C" if panorama.small(p) else None
    return {
        lever: 1 if grade == rough else figures(target, low, high)
        for lever, target, low, high, grade in zip(*columns, strict=True)
    }


def quantities(p: xr.Dataset) -> dict[str, int]:
    """Lever → how many figures its quantity is worth: two where keys share it out, three where it is published.

    What is counted per inhabitant or per car is that of the région, whatever the key.
    """
    rough = shared_out(p)
    return {lever: MOST if lever in rough else MOST + 1 for lever in p.lever.values.tolist()}


def shared_out(p: xr.Dataset) -> set[str]:
    """The levers whose quantity keys share out."""
    levers, additive = (p[name].values.tolist() for name in ("lever", "additive"))
    return {lever for lever, sums in zip(levers, additive, strict=True) if sums and panorama.allocated(p)}


def write(value: float, figures: int, decimals: int = 0) -> str:
    """An effort with so many figures, to the kt unless told otherwise. [ktCO2e/an]

    >>> write(489.7, 1), write(489.7, 0), write(3.96, 2, 1)
    ('500', '490', '4,0')
    """
    return french.rough(value, figures or WHOLE, decimals)


def rounded(value: float, figures: int, decimals: int = 0) -> float:
    """The number that is written. [ktCO2e/an]

    >>> rounded(489.7, 1), rounded(489.7, 0), rounded(3.96, 1, 1), rounded(3.91, 2, 1)
    (500.0, 490.0, 4.0, 3.9)
    """
    place = french.step(value, figures or WHOLE, decimals)
    return round(round(value / place) * place, decimals) if place else value


def of(code: str, version: str = panorama.LATEST) -> int:
    """The figures that the total of a code is worth, in its panorama without local figures."""
    return _total(code, territories.communes_of(code), version)


def efforts(version: str = panorama.LATEST, *, smaller: Iterable[str] = ()) -> dict[str, float]:
    """The total of every région and département, and of ``smaller`` territories, without the forest. [ktCO2e/an]

    Rounded to what it is worth, but for what is too small to be written.

    >>> efforts(smaller=["epci-200000172"])["epci-200000172"]
    60.0
    """
    return _efforts(version) | {
        code: _worth(panorama.outside_forest(columns), columns, small=True)
        for code, columns in ((code, published.columns(code, version)) for code in smaller)
    }


@kept(maxsize=8)
def _efforts(version: str) -> dict[str, float]:
    """Of régions and départements, asked for at the end of each batch: to be read, never changed."""
    known = panorama.efforts(version)
    return {code: _worth(kt, published.columns(code, version)) for code, kt in known.items()}


def _worth(kt: float, columns: dict, *, small: bool = False) -> float:
    """An effort rounded as ``of`` has it, but for what is too small to be written; ``small``: inside départements."""
    worth = _figures(kt, columns, small=small)
    return kt if worth and kt < 0.5 else rounded(kt, worth)


def written(value: float, figures: int, decimals: int = 0) -> Decimal:
    """The number that is written, with its zeros.

    >>> written(3.96, 2, 1), written(3.96, 1, 1), written(489.7, 1)
    (Decimal('4.0'), Decimal('4'), Decimal('500'))
    """
    place = french.step(value, figures or WHOLE, decimals)
    shown = max(0, -round(math.log10(place))) if place else 0
    return Decimal(f"{rounded(value, figures, decimals):.{shown}f}")
