"""The physics of the levers: typed kinds, their bounds, and which ones a plan may not move.

A kind turns a quantity into avoided emissions and back; parameters only tell the levers apart.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from copkit.reference import parameters, tables, territories

FOREST = "puits_forestiers"  # not regionalised: every total exists with and without it
CRE = ("electricite_renouvelable", "biogaz")  # set by the regional energy committees
CAR_FLEET = "parc_voitures_particulieres"  # indicator that bounds the electric cars


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
    rows = [_bound(p.sel(lever=lever)) for lever in p.lever.values]
    kt_max, low, high = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    limit = np.array([row[3] for row in rows], dtype=object)
    return xr.Dataset(
        {"kt_max": ("lever", kt_max), "quantity_min": ("lever", low), "quantity_max": ("lever", high)},
        coords={"lever": p.lever.values, "limit": ("lever", limit)},
    )


def _bound(one: xr.Dataset) -> tuple[float, float, float, str]:
    """kt_max, quantity_min, quantity_max, and what the bound says."""
    quantity = parameters.levers()[str(one.lever.values)].quantity
    slope, baseline = float(one.quantity_per_kt), float(one.baseline)
    if quantity is None or np.isnan(slope) or np.isinf(slope):
        return np.inf, np.nan, np.nan, ""
    start = 0.0 if np.isnan(baseline) else baseline
    low, high = (start if b == "baseline" else np.nan if b is None else b for b in (quantity.min, quantity.max))
    limit = ""
    if one.lever == "vehicules_electriques" and (fleet := car_fleet(one)) is not None:
        high, limit = fleet, "pas plus de voitures électriques que de voitures dans le parc"
    reachable = low if slope < 0 else high
    if np.isnan(reachable):
        return np.inf, low, high, ""
    if slope < 0:
        limit = "pas plus que tout ce qui existe en 2019"
    return (reachable - start) / slope, low, high, limit or "borne du fichier du levier"


def car_fleet(one: xr.Dataset) -> float | None:
    """The car fleet of a territory, in thousands, last year known; a département has its share of the région's."""
    code = one.attrs["territory"]
    observed = tables.read("observed.parquet")
    rows = observed[(observed.indicator == CAR_FLEET) & (observed.territory == territories.region_of(code))]
    if code == "fr" or rows.empty:
        return None
    fleet = rows.sort_values("year").value.iloc[-1] / 1000
    if one.attrs["level"] == "departement":
        from copkit.models import downscaling

        shares, *_ = downscaling.shares(territories.region_of(code), "vehicules_electriques")
        fleet = fleet * shares[code] if shares else np.nan
    return float(fleet)
