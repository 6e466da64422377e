"""What panoramas are made of: the published rows of the régions, shared between départements and communes, or summed.

Columns: lever, target and its range low, high [ktCO2e/an], share of the région, baseline and quantity [unit of the
lever], quantity_per_kt, shown, editable, status, source, key (in words), allocation (as keys.csv writes it), grade,
reason, additive. Unknown is NaN.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from copkit import paths
from copkit.errors import DataError
from copkit.files import kept
from copkit.models import communal, downscaling, local, reliability
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
    if territories.is_fine(code):
        return of_communes(territories.by_departement(code), version)
    if territories.level(code) == "departement":
        return _departemental(code, version)
    return _arrays(code, version)


@kept(maxsize=128)
def _arrays(code: str, version: str) -> dict[str, np.ndarray]:
    """The columns of a région, or of the country: to be read, never changed."""
    if code != "fr":
        rows(code, version)  # or what is wrong with the file
        return _regional(version)[code]
    table = _national(version)
    return {name: table[name].to_numpy() for name in table}


def targets(code: str, version: str) -> tuple[np.ndarray, np.ndarray]:
    """The levers of a territory and their targets, without the rest, which takes three times as long. [ktCO2e/an]"""
    if territories.is_fine(code) or territories.level(code) != "departement":
        found = columns(code, version)
        return found["lever"], found["target"]
    table, share = _arrays(region := territories.region_of(code), version), _parts(code, region, version)
    return table["lever"], table["target"] * share


@kept(maxsize=4)
def _regional(version: str) -> dict[str, dict[str, np.ndarray]]:
    """Région → its columns, made for all of them at once: a table costs as much for thirty rows as for six hundred."""
    parts = _published()[version]
    table, ends = _complete(pd.concat(parts.values(), ignore_index=True)), np.cumsum([*map(len, parts.values())])
    columns = {name: np.split(table[name].to_numpy(), ends) for name in table}
    return {code: {name: cells[rank] for name, cells in columns.items()} for rank, code in enumerate(parts)}


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
    levers = _arrays(region, version)["lever"]
    found = [downscaling.shares(region, lever) for lever in levers]
    if not (given := local.given()):
        return found
    return [given.allocation(region, lever) or one for lever, one in zip(levers, found, strict=True)]


def _parts(code: str, region: str, version: str) -> np.ndarray:
    """What a département has of each lever of its région, from 0 to 1."""
    return np.array([one.shares[code] if one.shares else np.nan for one in _allocated(region, version)])


def _departemental(code: str, version: str) -> dict[str, np.ndarray]:
    """The région's columns times the département's share of each key; additive quantities are shared likewise."""
    region = territories.region_of(code)
    found, share = _allocated(region, version), _parts(code, region, version)
    texts = {name: np.array([getattr(one, at) for one in found], dtype=object) for name, at in _TEXTS.items()}
    table = _shared(region, version, share, texts)
    ranges = [
        reliability.bounds(lever, one.key, at) if one.key else (np.nan, np.nan)
        for lever, one, at in zip(table["lever"], found, share, strict=True)
    ]
    whole = _arrays(region, version)["target"]
    low, high = (whole * np.array(bound) for bound in zip(*ranges, strict=True))
    return {**table, "low": low, "high": high}


def _shared(region: str, version: str, share: np.ndarray, texts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A part of a région, lever by lever; ``texts``: what says where the part comes from. Without range."""
    table = _arrays(region, version)
    status = np.where((texts["grade"] != "") | np.isnan(share), "derive", table["status"])
    # same L/100 km, same kg per head: fewer kt for the same change (share 0: no kt at all, unit_abatement is 0)
    additive = table["additive"]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = table["quantity_per_kt"] / np.where(additive, 1, share)
    shared = {column: table[column] * np.where(additive, share, 1) for column in ("baseline", "quantity")}
    numbers = {"target": table["target"] * share, "share": share, "quantity_per_kt": slope}
    return {**table, "status": status, **texts, **shared, **numbers}


def of_communes(by_departement: dict[str, list[str]], version: str) -> dict[str, np.ndarray]:
    """What a list of communes has of each of its régions, added up; they are given by département."""
    inside: dict[str, dict[str, list[str]]] = {}
    for departement, codes in by_departement.items():
        inside.setdefault(territories.region_of(departement), {})[departement] = codes
    parts = [_part(region, tuple((d, tuple(c)) for d, c in of.items()), version) for region, of in inside.items()]
    if len(parts) == 1:
        return parts[0]
    whole = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    said = whole.groupby("lever", sort=False)[["key", "allocation", "reason", "grade"]].agg(list)
    texts = {name: [" ; ".join(dict.fromkeys(filter(None, one))) for one in said[name]] for name in ("key", "reason")}
    texts["allocation"] = [next(filter(None, one), "") for one in said.allocation]
    table = _summed(whole).assign(
        **texts, grade=said.grade.map(max).to_numpy(), status="derive", low=np.nan, high=np.nan
    )
    regional = pd.concat([rows(region, version) for region in inside]).groupby("lever", sort=False).target_ktco2e.sum()
    table["share"] = table.target / regional[table.lever].to_numpy()
    return {name: table[name].to_numpy() for name in table}


@kept(maxsize=16)
def _part(region: str, inside: tuple[tuple[str, tuple[str, ...]], ...], version: str) -> dict[str, np.ndarray]:
    """What communes of a région have of it; ``inside``: by département."""
    found = []
    for lever, one in zip(_arrays(region, version)["lever"], _allocated(region, version), strict=True):
        pieces = [communal.place(departement, codes, lever) for departement, codes in inside]
        told, share = (one.label, one.grade, one.reason), np.nan
        if one.shares and all(pieces):
            share = math.fsum(one.shares[d] * piece.share for (d, _), piece in zip(inside, pieces, strict=True))
            told = communal.told(told, pieces)
        found.append((share, one.key, *told))
    share, *texts = (np.array(column, dtype=object) for column in zip(*found, strict=True))
    names = ("allocation", "key", "grade", "reason")
    return _shared(region, version, share.astype(float), dict(zip(names, texts, strict=True)))


def _national(version: str) -> pd.DataFrame:
    """The sum of the 18 régions, lever by lever; a quantity that cannot be added is unknown."""
    regions = _complete(pd.concat([rows(region, version) for region in territories.codes("region")], ignore_index=True))
    reason = [f"Somme de {n} régions." for n in regions.groupby("lever", sort=False).size()]
    unknown = {"low": np.nan, "high": np.nan, "share": np.nan}
    return _summed(regions).assign(status="derive", key="", allocation="", grade="", reason=reason, **unknown)


def _summed(parts: pd.DataFrame) -> pd.DataFrame:
    """The parts of a territory, added up lever by lever; a quantity that cannot be added is unknown."""
    groups = parts.groupby("lever", sort=False)
    table = groups.agg({"shown": "all", "editable": "any", "additive": "first", "source": "first"}).reset_index()
    for column in ("target", "baseline", "quantity"):
        complete = groups[column].count() == groups.size()
        table[column] = groups[column].sum().where(complete).to_numpy()
    table.loc[~table.additive, ["baseline", "quantity"]] = np.nan
    table["quantity_per_kt"] = (table.quantity - table.baseline.fillna(0)) / table.target
    return table
