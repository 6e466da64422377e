"""The physics of the levers: typed kinds, their bounds, and which ones a plan may not move.

A kind turns a quantity into avoided emissions and back; parameters only tell the levers apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import xarray as xr

from copkit.errors import LeverError, UnitError
from copkit.models import indicators, nomenclatures
from copkit.reference import parameters, territories, units

FOREST = "puits_forestiers"  # not regionalised: every total exists with and without it
CRE = ("electricite_renouvelable", "biogaz")  # set by the regional energy committees
CAR_FLEET = "parc_voitures_particulieres"  # indicator that bounds the electric cars

Number = TypeVar("Number", float, xr.DataArray)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalLever:
    """Un levier qui a une quantité physique ; ``quantity_per_kt`` est le coefficient publié, signé."""

    id: str
    label: str
    unit: str
    quantity_per_kt: float | xr.DataArray

    def avoided_emissions(self, quantity: Number, *, baseline: Number) -> Number:
        """Émissions évitées en passant du point de départ à ``quantity``.

        Parameters
        ----------
        quantity : nombre ou xr.DataArray. [unité du levier]
        baseline : point de départ 2019, mêmes dimensions ou moins. [unité du levier]

        Returns
        -------
        Positif quand le levier réduit les émissions. [ktCO2e/an]

        Raises
        ------
        UnitError
            Si ``attrs["units"]`` est présent et n'est pas l'unité du levier.

        References
        ----------
        Coefficients : ``sgpe_simulateur_2024`` dans parameters/sources.yml.

        Examples
        --------
        >>> cars = StockLever(id="ve", label="VE", unit="millier_vehicules", quantity_per_kt=0.5)
        >>> cars.avoided_emissions(110.0, baseline=10.0), cars.required_quantity(200.0, baseline=10.0)
        (200.0, 110.0)
        """
        self._check(quantity, self.unit)
        self._check(baseline, self.unit)
        return self._labelled((quantity - self._start(baseline)) / self.quantity_per_kt, units.TARGET_UNIT)

    def required_quantity(self, avoided: Number, *, baseline: Number) -> Number:
        """Quantité qui évite ``avoided`` : l'inverse exact de ``avoided_emissions``.

        Parameters
        ----------
        avoided : nombre ou xr.DataArray. [ktCO2e/an]
        baseline : point de départ 2019. [unité du levier]

        Returns
        -------
        Quantité en 2030. [unité du levier]

        Raises
        ------
        UnitError
            Si ``attrs["units"]`` est présent et n'est pas ktCO2e/an, ou l'unité du levier pour ``baseline``.
        """
        self._check(avoided, units.TARGET_UNIT)
        self._check(baseline, self.unit)
        return self._labelled(self._start(baseline) + avoided * self.quantity_per_kt, self.unit)

    def _start(self, baseline: Number) -> Number:
        """The starting point; unknown stays unknown, unless the kind counts from 2019."""
        return baseline

    def _check(self, value: Number, expected: str) -> None:
        given = value.attrs.get("units", expected) if isinstance(value, xr.DataArray) else expected
        if given != expected:
            raise UnitError(
                f"Levier « {self.id} » : série en « {given} », attendue en « {expected} » ({units.label(expected)}).\n"
                f'Convertir la série, puis écrire attrs["units"] = "{expected}".'
            )

    def _labelled(self, value: Number, unit: str) -> Number:
        return value.assign_attrs(units=unit, lever=self.id) if isinstance(value, xr.DataArray) else value


class _Since2019:
    """What is counted since 2019 starts from zero where no starting point is published."""

    __slots__ = ()

    def _start(self, baseline: Number) -> Number:
        if isinstance(baseline, xr.DataArray):
            return baseline.fillna(0.0)
        return 0.0 if math.isnan(baseline) else baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLever(PhysicalLever):
    """Un parc en service à une date : véhicules, bus, logements chauffés au gaz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLever(_Since2019, PhysicalLever):
    """Une quantité par an : kilomètres évités, tonnes-kilomètres, TWh, azote, déchets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UptakeLever(_Since2019, PhysicalLever):
    """Des surfaces ou des linéaires qui stockent du carbone, comptés depuis 2019 : haies, couverts, prairies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityLever(PhysicalLever):
    """Un contenu unitaire multiplié par un volume constant : L/100 km, contenu en CO2 de la chaleur livrée."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectLever(PhysicalLever):
    """Des ktCO2e sans quantité physique : élevage, industrie, forêt. Toute quantité est refusée."""

    def avoided_emissions(self, quantity: Number, *, baseline: Number) -> Number:
        raise self._refused()

    def required_quantity(self, avoided: Number, *, baseline: Number) -> Number:
        raise self._refused()

    def _refused(self) -> LeverError:
        return LeverError(
            f"Levier « {self.label} » : sans quantité physique, il se compte directement en ktCO2e/an.\n"
            "Donner des ktCO2e/an et non une quantité."
        )


KINDS = {
    "stock": StockLever,
    "flow": FlowLever,
    "uptake": UptakeLever,
    "intensity": IntensityLever,
    "direct": DirectLever,
}


def model(p: xr.Dataset, lever: str) -> PhysicalLever:
    """La physique d'un levier sur un territoire : sa classe, son unité et son coefficient.

    Parameters
    ----------
    p : panorama d'un territoire.
    lever : identifiant, identifiant du simulateur officiel ou libellé.

    Raises
    ------
    LeverError
        Si le levier est inconnu ou absent du panorama.
    """
    one = p.sel(lever=nomenclatures.find(p, lever))
    return physics(str(one.lever.values), str(one.label.values), str(one.unit.values), float(one.quantity_per_kt))


def physics(lever: str, label: str, unit: str, quantity_per_kt: float) -> PhysicalLever:
    """The class of a lever's kind, with its unit and its coefficient in a territory."""
    kind = KINDS[parameters.levers()[lever].kind]
    return kind(id=lever, label=label, unit=unit, quantity_per_kt=quantity_per_kt)


def closed(p: xr.Dataset) -> dict[str, str]:
    """Les leviers qu'un plan ne peut pas déplacer, chacun avec sa raison.

    Outre-mer, le simulateur officiel ferme tous les leviers faute de traduction physique ; le kit les laisse
    ouverts, en ktCO2e/an.
    """
    code = p.attrs["territory"]
    if territories.is_overseas(code):
        return {}
    reasons = {}
    for lever, editable, shown in zip(p.lever.values.tolist(), p.editable.values, p.shown.values, strict=True):
        if editable:
            continue
        if lever == FOREST:
            reasons[lever] = "objectif non régionalisé, en l'absence de données comparables sur l'état des forêts"
        elif lever in CRE:
            reasons[lever] = "défini par le comité régional de l'énergie"
        elif not shown:
            reasons[lever] = "objectif non affiché par le SGPE pour ce territoire"
        else:
            reasons[lever] = "fermé par le SGPE pour ce territoire"
    return reasons


def bounds(p: xr.Dataset) -> xr.Dataset:
    """Les bornes physiques de chaque levier.

    Parameters
    ----------
    p : panorama d'un territoire, dimension ``lever``.

    Returns
    -------
    xr.Dataset, dimension ``lever`` :
        ``kt_max`` [ktCO2e/an], infini sans borne connue ; le minimum est 0 ;
        ``quantity_min``, ``quantity_max`` [unité du levier], NaN sans borne connue ;
        coordonnée ``limit`` : ce que dit la borne, en français (vide sans borne).

    References
    ----------
    Parc de voitures : ``sdes_parc_vp_region`` ; autres bornes : parameters/leviers/*.yml.
    """
    columns = zip(*(p[c].values.tolist() for c in ("lever", "quantity_per_kt", "baseline")), strict=True)
    rows = [bound(p, parameters.levers()[lever], slope, baseline) for lever, slope, baseline in columns]
    kt_max, low, high = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    limit = np.array([row[3] for row in rows], dtype=object)
    return xr.Dataset(
        {"kt_max": ("lever", kt_max), "quantity_min": ("lever", low), "quantity_max": ("lever", high)},
        coords={"lever": p.lever.values, "limit": ("lever", limit)},
    )


def bound(p: xr.Dataset, known: parameters.Lever, slope: float, baseline: float) -> tuple[float, float, float, str]:
    """kt_max, quantity_min, quantity_max, and what the bound says."""
    quantity = known.quantity
    if quantity is None or not math.isfinite(slope):
        return np.inf, np.nan, np.nan, ""
    start = 0.0 if math.isnan(baseline) else baseline
    low, high = (start if b == "baseline" else np.nan if b is None else b for b in (quantity.min, quantity.max))
    limit = ""
    if known.id == "vehicules_electriques" and (fleet := car_fleet(p)) is not None:
        high, limit = fleet, "pas plus de voitures électriques que de voitures dans le parc"
    reachable = low if slope < 0 else high
    if math.isnan(reachable):
        return np.inf, low, high, ""
    if slope < 0:
        limit = "pas plus que tout ce qui existe en 2019"
    return (reachable - start) / slope, low, high, limit or "borne du fichier du levier"


def car_fleet(p: xr.Dataset) -> float | None:
    """The car fleet of a territory, in thousands, last year known; below the région, its share of the région's."""
    code = p.attrs["territory"]
    points, _ = indicators.series(territories.region_of(code), CAR_FLEET)
    if code == "fr" or not points:
        return None
    fleet = points[-1].value / 1000
    if p.attrs["level"] == "departement":
        from copkit.models import downscaling

        shares, *_ = downscaling.shares(territories.region_of(code), "vehicules_electriques")
        fleet = fleet * shares[code] if shares else np.nan
    elif territories.is_fine(code):
        from copkit.models import communal

        fleet = fleet * communal.of_region(code, "vehicules_electriques")
    return float(fleet)
