"""The panorama of a territory: per lever, ktCO2e/an avoided in 2030 against 2019, baseline, origin.

Régions are as published; départements come from their région by allocation keys; France is the sum of
the 18 régions. Unknown is NaN. Every total exists with and without the forest lever.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from copkit import paths
from copkit.errors import DataError, LeverError, suggestion
from copkit.models import downscaling
from copkit.models.levers import FOREST
from copkit.reference import parameters, tables, territories

REFERENCES = {"sgpe": "proposition du SGPE"}
LATEST = "sgpe-2024-10"
SECTORS = (
    "industrie",
    "transport",
    "residentiel",
    "tertiaire",
    "batiment",
    "agriculture_foret_sols",
    "dechets",
    "energie",
)
_NUMBERS = ("target", "baseline", "quantity_per_kt", "quantity")


@lru_cache(maxsize=8)
def _published(file: str, version: str) -> dict[str, pd.DataFrame]:
    """The published rows of each région for a version, in the order of the source."""
    table = tables.read("panorama.csv")
    table = table[table.version == version]
    return {code: rows.reset_index(drop=True) for code, rows in table.groupby("territory", sort=False)}


def _rows(region: str, version: str) -> pd.DataFrame:
    path = paths.clean_data("panorama.csv")
    published = _published(str(path), version)
    if region not in published:
        raise DataError(
            f"{paths.shown(path)} : aucune ligne pour « {region} » dans la version « {version} ».\n"
            "Rétablir le fichier depuis le dépôt de copkit."
        )
    return published[region]


def versions() -> list[str]:
    """The data versions of the panorama that ``data/clean/panorama.csv`` holds."""
    return sorted(tables.read("panorama.csv").version.unique())


def panorama(code: str, reference: str = "sgpe", version: str = LATEST) -> xr.Dataset:
    """Le panorama des leviers d'un territoire.

    Parameters
    ----------
    code : « fr », une région (« reg-32 ») ou un département (« dep-59 »).
    reference : plan de référence ; « sgpe » (proposition indicative du SGPE).
    version : version des données ; par défaut la dernière.

    Returns
    -------
    xr.Dataset, dimension ``lever`` :
        ``target`` émissions évitées en 2030 par rapport à 2019 [ktCO2e/an] ;
        ``baseline`` point de départ 2019 [unité du levier] ; ``quantity`` quantité en 2030 [unité du levier] ;
        ``unit_abatement`` [ktCO2e/an par unité du levier], ``quantity_per_kt`` son inverse, tel que publié.
        Coordonnées : label, sector, chantier, unit, additive, status, source, shown, editable, key, grade, reason.
        Inconnu : NaN.

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.
    LeverError
        Si le plan de référence ou la version est inconnu.

    References
    ----------
    ``sgpe_simulateur_2024`` dans parameters/sources.yml ; clés : parameters/keys.csv.

    Examples
    --------
    >>> p = panorama("reg-32")
    >>> round(float(p.target.sum()), 1), round(float(p.target.drop_sel(lever="puits_forestiers").sum()), 1)
    (22764.4, 21631.8)
    """
    if reference not in REFERENCES:
        raise LeverError(_no_panorama(code, reference))
    if version not in versions():
        hint = suggestion(version, versions())
        raise LeverError(f"Version inconnue : « {version} ».{hint} Versions : {', '.join(versions())}.")
    full = territories.resolve(code)
    level = territories.level(full)
    table = {"france": _national, "region": _regional, "departement": _departemental}[level](full, version)
    return _dataset(table, full, reference, version)


def _no_panorama(code: str, reference: str) -> str:
    """Why a plan has no panorama: it is unknown, or known by sector only."""
    known, table = list(REFERENCES), tables.read("plans.csv")
    if (table.plan[table.measure != "mention"] == reference).any():
        return (
            f"Le plan « {reference} » n'est connu que par secteur : il n'a pas de panorama par levier.\n"
            f'Le comparer : compare("{code}", "sgpe", "{reference}"). Panoramas : {", ".join(known)}.'
        )
    return f"Plan de référence inconnu : « {reference} ».{suggestion(reference, known)} Plans : {', '.join(known)}."


def _regional(code: str, version: str) -> pd.DataFrame:
    """The published rows of a région, with the quantity in 2030 that its coefficient gives."""
    rows = _rows(code, version)
    known = parameters.levers()
    table = pd.DataFrame(
        {
            "lever": rows.lever,
            "target": rows.target_ktco2e,
            "baseline": rows.baseline,
            "quantity_per_kt": rows.quantity_per_ktco2e,
            "shown": rows.shown == "oui",
            "editable": rows.editable == "oui",
            "status": rows.status,
            "source": rows.source,
            "key": "",
            "grade": "",
            "reason": "",
        }
    )
    table["quantity"] = table.baseline.fillna(0) + table.target * table.quantity_per_kt
    table["additive"] = [bool(known[lv].quantity and known[lv].quantity.additive) for lv in table.lever]
    return table


def _departemental(code: str, version: str) -> pd.DataFrame:
    """The région's rows times the département's share of each key; additive quantities are shared likewise."""
    region = territories.region_of(code)
    table = _regional(region, version)
    found = [downscaling.shares(region, lever) for lever in table.lever]
    share = np.array([parts[code] if parts else np.nan for parts, *_ in found])
    _, key, grade, reason = zip(*found, strict=True)
    status = np.where((np.array(grade) != "") | np.isnan(share), "derive", table.status)
    table = table.assign(key=key, grade=grade, reason=reason, status=status, target=table.target * share)
    # same L/100 km, same kg per head: fewer kt for the same change (share 0: no kt at all, unit_abatement is 0)
    additive = table.additive.to_numpy()
    table["quantity_per_kt"] = table.quantity_per_kt / np.where(additive, 1, share)
    for column in ("baseline", "quantity"):
        table[column] = table[column] * np.where(additive, share, 1)
    return table


def _national(code: str, version: str) -> pd.DataFrame:
    """The sum of the 18 régions, lever by lever; a quantity that cannot be added is unknown."""
    rows = pd.concat([_regional(region, version) for region in territories.territories("region").code])
    groups = rows.groupby("lever", sort=False)
    table = groups.agg({"shown": "all", "editable": "any", "additive": "first", "source": "first"}).reset_index()
    for column in ("target", "baseline", "quantity"):
        added = groups[column].sum(min_count=1).where(groups[column].apply(lambda v: v.notna().all()))
        table[column] = added.to_numpy()
    table.loc[~table.additive, ["baseline", "quantity"]] = np.nan
    table["quantity_per_kt"] = (table.quantity - table.baseline.fillna(0)) / table.target
    counts = groups.size().to_numpy()
    return table.assign(status="derive", key="", grade="", reason=[f"Somme de {n} régions." for n in counts])


def _dataset(table: pd.DataFrame, code: str, reference: str, version: str) -> xr.Dataset:
    known = [parameters.levers()[lever] for lever in table.lever]
    table = table.assign(
        label=[lever.label for lever in known],
        sector=[lever.sector for lever in known],
        chantier=[lever.thematique for lever in known],
        unit=[lever.quantity.unit if lever.quantity else "" for lever in known],
    )
    texts = [c for c in table if c not in (*_NUMBERS, "lever")]
    out = xr.Dataset(
        {name: ("lever", table[name].to_numpy(float)) for name in _NUMBERS},
        coords={"lever": table.lever.to_list(), **{c: ("lever", _plain(table[c])) for c in texts}},
        attrs={
            "territory": code,
            "name": territories.name(code),
            "level": territories.level(code),
            "version": version,
            "reference": reference,
        },
    )
    with np.errstate(divide="ignore"):
        out["unit_abatement"] = 1 / out.quantity_per_kt
    out.target.attrs["units"] = "ktCO2e/an"
    return out


def _plain(column: pd.Series) -> np.ndarray:
    return column.to_numpy(bool) if column.dtype == bool else np.array(column.to_list(), dtype=object)


def totals(p: xr.Dataset) -> pd.DataFrame:
    """Total avec et sans le levier forêt [ktCO2e/an], et nombre de leviers sans valeur.

    >>> totals(panorama("reg-11")).total.round(1).to_list()
    [17361.4, 17361.4]
    """
    forest = p.lever == FOREST
    rows = []
    for label, kept in (("avec forêt", p), ("sans forêt", p.sel(lever=~forest))):
        missing = int(kept.target.isnull().sum())
        rows.append({"convention": label, "total": float(kept.target.sum(skipna=True)), "missing": missing})
    return pd.DataFrame(rows).set_index("convention")


def total(p: xr.Dataset, forest: bool) -> float:
    """The total with or without the forest lever. [ktCO2e/an]"""
    return float(totals(p).total["avec forêt" if forest else "sans forêt"])


def shares(p: xr.Dataset, by: str = "sector") -> pd.DataFrame:
    """Effort par secteur ou par chantier, hors forêt : [ktCO2e/an] et part [%] ; du plus grand au plus petit.

    >>> shares(panorama("reg-32")).share.round(2).to_dict()["industrie"]
    34.99
    """
    kept = p.sel(lever=p.lever != FOREST)
    table = kept.target.to_series().groupby(kept[by].to_series(), sort=False).sum()
    table = table.sort_values(ascending=False, kind="stable")
    return pd.DataFrame({"target": table, "share": 100 * table / table.sum()}).rename_axis(by)


def change(p: xr.Dataset) -> xr.DataArray:
    """Évolution de la quantité de chaque levier entre 2019 et 2030 ; NaN sans point de départ connu. [%]

    >>> round(float(change(panorama("reg-32")).sel(lever="chaudieres_fioul_residentiel")), 1)
    -75.6
    """
    return 100 * (p.quantity / p.baseline.where(p.baseline != 0) - 1)


def grade_shares(p: xr.Dataset) -> pd.Series:
    """Part de l'effort hors forêt répartie par une clé A, B ou C ; vide quand aucune clé n'est employée. [%]"""
    kept = p.sel(lever=p.lever != FOREST)
    kept = kept.sel(lever=kept.grade != "")
    by = kept.target.to_series().groupby(kept.grade.to_series()).sum()
    return 100 * by.reindex(["A", "B", "C"]).fillna(0) / by.sum() if by.sum() else by


def place(p: xr.Dataset) -> pd.DataFrame:
    """Le territoire parmi ses pairs : les régions de France, ou les départements de sa région ; hors forêt.

    Returns
    -------
    DataFrame par territoire : name, target [ktCO2e/an], share [%] du total des pairs, per_head [tCO2e/an/hab], rank.
    """
    code = p.attrs["territory"]
    peers = territories.territories("departement", within=territories.region_of(code))
    if p.attrs["level"] != "departement" or len(peers) == 1:
        peers = territories.territories("region")
    table = peers.set_index("code")[["name", "population", "population_year"]].copy()
    table["target"] = [total(panorama(peer), forest=False) for peer in table.index]
    table["share"] = 100 * table.target / table.target.sum()
    table["per_head"] = 1000 * table.target / table.population
    table["rank"] = table.target.rank(ascending=False, method="min").astype(int)
    return table.sort_values("target", ascending=False, kind="stable")


def table(p: xr.Dataset) -> pd.DataFrame:
    """The panorama as a flat table, one row per lever: the columns of ``copkit panorama``.

    target_ktco2e and totals in ktCO2e/an; baseline and quantity_2030 in ``unit``.
    """
    return pd.DataFrame(
        {
            "territory": p.attrs["territory"],
            "lever": p.lever.values,
            "label": p.label.values,
            "sector": p.sector.values,
            "chantier": p.chantier.values,
            "target_ktco2e": p.target.values,
            "baseline": p.baseline.values,
            "quantity_2030": p.quantity.values,
            "unit": p.unit.values,
            "status": p.status.values,
            "key": p.key.values,
            "key_grade": p.grade.values,
            "source": p.source.values,
        }
    )


def coarse(one: xr.Dataset) -> bool:
    """True when the coefficient of a lever of a région was published with one significant digit (L/100 km)."""
    region = territories.region_of(one.attrs["territory"])
    rows = _rows(region, one.attrs["version"])
    value = rows.quantity_per_ktco2e[rows.lever == str(one.lever.values)].iloc[0]
    return bool(value) and not np.isnan(value) and float(f"{value:.0e}") == value
