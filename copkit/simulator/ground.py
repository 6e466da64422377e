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
from copkit.errors import TerritoryError, UnitError
from copkit.files import kept
from copkit.models import comparison, interactions, panorama, plans, worth
from copkit.models.limits import Limit, limits
from copkit.presentation import labels
from copkit.reference import parameters, territories, units


@dataclass(frozen=True, eq=False)
class Ground:
    """A territory and a version of the data, ready to be played on."""

    p: xr.Dataset
    limits: dict[str, Limit]  # in the order of the tiles, as the page adds them up
    tiles: dict[str, SimpleNamespace]  # lever → what a tile shows that does not move, from the largest
    chains: tuple[interactions.Chain, ...]
    plans: dict[str, dict[str, float]]  # plan known by sector → sector → kt [ktCO2e/an]
    plan_labels: dict[str, str]
    figures: dict[str, int]  # lever → how many figures its effort is worth; 0: all
    worth: int  # the same of the total
    shared_out: frozenset[str]  # levers whose quantity keys share out

    def kt(self, lever: str, value: float | None, decimals: int = 1) -> str:
        """An effort of a lever, to the last place that its reference is worth."""
        return french.to_step(value, french.step(self.limits[lever].target, self.figures[lever]), decimals)

    def sum(self, value: float | None, reference: float | None, finest: int = 0) -> str:
        """A sum of levers, to the last place that its reference is worth; with ``finest`` figures at least."""
        if not self.worth:
            return french.number(value, 0)
        step = french.step(reference, self.worth)
        return french.to_step(value, min(step, french.step(value, finest)) if finest and value else step, 0)

    def quantity(self, lever: str, value: float | None) -> str:
        """A quantity of a lever, with as many figures as it is worth."""
        if lever not in self.shared_out:
            return french.quantity(value)
        return french.to_step(value, french.step(value, 2, 3))


def place(code: str) -> str:
    """The code of a territory that the simulator shows: France, a région, a département or an EPCI.

    Raises
    ------
    TerritoryError
        If it is unknown, ambiguous, or below the EPCI.
    """
    full = territories.resolve(code, fine=True)
    if not territories.is_fine(full) or full.startswith("epci-"):
        return full
    inside = territories.commune(full).epci if full.startswith("com-") else ""
    write = f" Écrire « {inside} » ({territories.name(inside)})." if inside else " Écrire le code d'un EPCI."
    raise TerritoryError(f"Le simulateur s'arrête aux EPCI : « {territories.name(full)} » est plus petit.{write}")


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
        figures=worth.levers(p),
        worth=worth.total(p),
        shared_out=frozenset(worth.shared_out(p)),
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
