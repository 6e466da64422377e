"""What panoramas are made of: the published rows of the régions, shared between départements, summed for France.

Columns: lever, target and its range low, high [ktCO2e/an], share of the région, baseline and quantity [unit of the
lever], quantity_per_kt, shown, editable,
status, source, key (in words), allocation (as keys.csv writes it), grade, reason, additive. Unknown is NaN.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from copkit import paths
from copkit.errors import DataError
from copkit.files import kept
from copkit.models import downscaling, local, reliability
from copkit.reference import parameters, tables, territories

_TEXTS = {"key": "label", "allocation": "key", "grade": "grade", "reason": "reason"}


@kept(maxsize=4)
def _published() -> dict[str, dict[str, pd.DataFrame]]:
    """Version → région → its published rows, in the order of the source."""
    return {
        version: {code: part.reset_index(drop=True) for code, part in table.groupby("territory", sort=False)}
        for version, table in tables.read("panorama.csv").groupby("version")
    }


def rows(region: str, version: str) -> pd.DataFrame:
    """The published rows of a région.

    Raises
    ------
    DataError
        If the version has no row for the région.
    """
    path = paths.clean_data("panorama.csv")
    published = _published().get(version, {})
    if region not in published:
        raise DataError(
            f"{paths.shown(path)} : aucune ligne pour « {region} » dans la version « {version} ».\n"
            "Rétablir le fichier depuis le dépôt de copkit."
        )
    return published[region]


def versions() -> list[str]:
    """The data versions of the panorama that ``data/clean/panorama.csv`` holds."""
    return list(_published())


def columns(code: str, version: str) -> dict[str, np.ndarray]:
    """The columns of a territory, by name."""
    if territories.level(code) == "departement":
        return _departemental(code, version)
    table = _national(version) if code == "fr" else _regional(code, version)
    return {name: table[name].to_numpy() for name in table}


@kept(maxsize=128)
def _regional(code: str, version: str) -> pd.DataFrame:
    return _complete(rows(code, version))


def _complete(found: pd.DataFrame) -> pd.DataFrame:
    """Published rows, with the quantity in 2030 that their coefficients give."""
    known = parameters.levers()
    table = pd.DataFrame(
        {
            "lever": found.lever,
            "target": found.target_ktco2e,
            "baseline": found.baseline,
            "quantity_per_kt": found.quantity_per_ktco2e,
            "shown": found.shown == "oui",
            "editable": found.editable == "oui",
            "status": found.status,
            "source": found.source,
            "low": np.nan,
            "high": np.nan,
            "share": np.nan,
            "key": "",
            "allocation": "",
            "grade": "",
            "reason": "",
        }
    )
    table["quantity"] = table.baseline.fillna(0) + table.target * table.quantity_per_kt
    table["additive"] = [bool(known[lv].quantity and known[lv].quantity.additive) for lv in table.lever]
    return table


@kept(maxsize=128)
def _allocated(region: str, version: str) -> list[downscaling.Allocation]:
    """How each lever of a région is shared out: by its key, or by the local figure in force."""
    found = [downscaling.shares(region, lever) for lever in _regional(region, version).lever]
    if not (given := local.given()):
        return found
    levers = _regional(region, version).lever
    return [given.allocation(region, lever) or one for lever, one in zip(levers, found, strict=True)]


def _departemental(code: str, version: str) -> dict[str, np.ndarray]:
    """The région's columns times the département's share of each key; additive quantities are shared likewise."""
    region = territories.region_of(code)
    table = {name: column.to_numpy() for name, column in _regional(region, version).items()}
    found = _allocated(region, version)
    share = np.array([one.shares[code] if one.shares else np.nan for one in found])
    texts = {name: np.array([getattr(one, at) for one in found], dtype=object) for name, at in _TEXTS.items()}
    status = np.where((texts["grade"] != "") | np.isnan(share), "derive", table["status"])
    # same L/100 km, same kg per head: fewer kt for the same change (share 0: no kt at all, unit_abatement is 0)
    additive = table["additive"]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = table["quantity_per_kt"] / np.where(additive, 1, share)
    shared = {column: table[column] * np.where(additive, share, 1) for column in ("baseline", "quantity")}
    ranges = [
        reliability.bounds(lever, one.key, at) if one.key else (np.nan, np.nan)
        for lever, one, at in zip(table["lever"], found, share, strict=True)
    ]
    low, high = (table["target"] * np.array(bound) for bound in zip(*ranges, strict=True))
    numbers = {"target": table["target"] * share, "low": low, "high": high, "share": share, "quantity_per_kt": slope}
    return {**table, "status": status, **texts, **shared, **numbers}


def _national(version: str) -> pd.DataFrame:
    """The sum of the 18 régions, lever by lever; a quantity that cannot be added is unknown."""
    regions = _complete(pd.concat([rows(region, version) for region in territories.codes("region")], ignore_index=True))
    groups = regions.groupby("lever", sort=False)
    table = groups.agg({"shown": "all", "editable": "any", "additive": "first", "source": "first"}).reset_index()
    for column in ("target", "baseline", "quantity"):
        complete = groups[column].count() == groups.size()
        table[column] = groups[column].sum().where(complete).to_numpy()
    table.loc[~table.additive, ["baseline", "quantity"]] = np.nan
    table["quantity_per_kt"] = (table.quantity - table.baseline.fillna(0)) / table.target
    counts = groups.size().to_numpy()
    return table.assign(
        status="derive",
        low=np.nan,
        high=np.nan,
        share=np.nan,
        key="",
        allocation="",
        grade="",
        reason=[f"Somme de {n} régions." for n in counts],
    )
