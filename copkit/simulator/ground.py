"""What the simulator knows of a territory, once for all: panorama, limits, tiles, plans, chains of levers.

Everything is turned into plain Python here, so that a move in the page costs arithmetic on floats and no xarray.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace

import xarray as xr

from copkit import french
from copkit.errors import UnitError
from copkit.files import kept
from copkit.models import comparison, interactions, panorama, plans
from copkit.models.limits import Limit, limits
from copkit.presentation import labels
from copkit.reference import parameters, units


@dataclass(frozen=True, eq=False)
class Ground:
    """A territory and a version of the data, ready to be played on."""

    p: xr.Dataset
    limits: dict[str, Limit]  # in the order of the tiles, as the page adds them up
    tiles: dict[str, SimpleNamespace]  # lever → what a tile shows that does not move, from the largest
    chains: tuple[interactions.Chain, ...]
    plans: dict[str, dict[str, float]]  # plan known by sector → sector → kt [ktCO2e/an]
    plan_labels: dict[str, str]


def known(value: float | None) -> float | None:
    """A number as JSON takes it: None when unknown or infinite."""
    return value if value is not None and math.isfinite(value) else None


@kept(maxsize=128)
def ground(code: str, version: str) -> Ground:
    """The ground of a territory, made once."""
    p = panorama.panorama(code, version=version)
    sectors = {name: french.typeset(label) for name, label in labels.sectors().items()}
    thematiques = labels.thematiques()
    tiles = {
        row.lever: SimpleNamespace(
            lever=row.lever,
            label=french.typeset(row.label),
            sector=row.sector,
            sector_label=sectors[row.sector],
            chantier=row.chantier,
            chantier_label=thematiques[row.chantier],
            rank=row.rank,
            shown=row.shown,
            unit=units.label(row.unit) if row.unit else "",
            enjeux=parameters.levers()[row.lever].enjeux,
        )
        for row in panorama.ordered(p)
    }
    compared, bounded = _compared(code, version), limits(p)
    return Ground(
        p=p,
        limits={lever: bounded[lever] for lever in tiles},
        tiles=tiles,
        chains=tuple(interactions.chains(p)),
        plans={name: _by_sector(found) for name, found in compared.items()},
        plan_labels={name: found.b for name, found in compared.items()},
    )


def _compared(code: str, version: str) -> dict[str, comparison.Comparison]:
    """The plans that may be set against the SGPE's: those that count emissions in the same way."""
    found = {}
    for name in plans.known(code):
        if name != "sgpe":
            with suppress(UnitError):
                found[name] = comparison.compare(code, "sgpe", name, version=version)
    return found


def _by_sector(found: comparison.Comparison) -> dict[str, float]:
    rows = zip(found.table.sector, found.table.kt_b.to_list(), strict=True)
    return {sector: kt for sector, kt in rows if not math.isnan(kt)}
