"""The panorama of a territory: per lever, ktCO2e/an avoided in 2030 against 2019, baseline, origin.

Régions are as published; départements come from their région by allocation keys, and so do EPCI, communes and
perimeters by the keys that exist at that scale; France is the sum of the 18 régions.
Unknown is NaN. Every total exists with and without the forest lever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from copkit import DATA_VERSION, errors
from copkit.errors import LeverError, unknown
from copkit.files import kept
from copkit.models import biodiversity, communal, published
from copkit.models import local as local_figures
from copkit.models.conventions import SGPE_CONVENTION
from copkit.models.levers import FOREST
from copkit.models.proposals import asked, beside_reference, of_reference
from copkit.models.published import versions
from copkit.reference import parameters, tables, territories
from copkit.reference.territories import Perimeter

REFERENCES = {"sgpe": "proposition du SGPE"}
LATEST = DATA_VERSION
GROUPS = ["sector", "chantier"]
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
OVERSEAS = "batiment"  # a sector of the overseas alone: elsewhere its levers are « residentiel » and « tertiaire »
ROUGH = 33  # from this part of it on keys graded C, a figure is an order of magnitude [%]
P = ParamSpec("P")
R = TypeVar("R")
_NUMBERS = ("target", "low", "high", "share", "baseline", "quantity_per_kt", "quantity")


def panorama(
    code: str | xr.Dataset | Perimeter,
    reference: str = "sgpe",
    version: str = LATEST,
    *,
    plan: str = biodiversity.CLIMATE,
    local: local_figures.Local | None = None,
) -> xr.Dataset:
    """Le panorama des leviers d'un territoire.

    Parameters
    ----------
    code : « fr », une région (« reg-32 »), un département (« dep-59 »), un EPCI (« epci-200066926 »), une commune
        (« com-59350 »), ou un périmètre lu par ``perimeter`` ; ou un panorama de ce territoire.
    reference : plan de référence ; « sgpe » (proposition indicative du SGPE).
    version : version des données ; par défaut la dernière.
    plan : « climat » (à défaut) ou « biodiversite », le panorama de la biodiversité et des ressources.
    local : chiffres locaux (``ck.local.read``) qui prennent la place de la clé de leurs leviers, le total de la région
        restant le sien. Ce qui se déduit du panorama les suit.

    Returns
    -------
    xr.Dataset, dimension ``lever`` :
        ``target`` émissions évitées en 2030 par rapport à 2019 [ktCO2e/an] ;
        ``low`` et ``high`` fourchette de l'objectif d'un département, à 80 % [ktCO2e/an] (docs/cles.md) ;
        ``baseline`` point de départ 2019 [unité du levier] ; ``quantity`` quantité en 2030 [unité du levier] ;
        ``unit_abatement`` [ktCO2e/an par unité du levier], ``quantity_per_kt`` son inverse, tel que publié.
        Coordonnées : label, sector, chantier, unit, additive, status, source, shown, editable ; share, part de la
        région ; key, allocation, grade, reason : la clé qui la donne.
        Inconnu : NaN.
    Biodiversité et ressources, dimensions ``lever``, ``measure`` (jusqu'à trois mesures par levier) et ``year`` :
        ``value`` dernière valeur observée et ``value_year`` ; ``target`` cible et ``target_year`` ; ``distance`` ce qui
        reste, avec le signe du chemin à faire [``unit`` ; points d'évolution quand ``compared`` vaut « evolution »] ;
        ``change`` évolution depuis l'année de départ de la cible [%] ; ``observed`` la série [``unit``].
        Coordonnées : label, theme, enjeux, panorama (« biodiversite », « les deux »), measure_label, indicator, unit,
        place (le territoire de la valeur), source, target_level (« regional », « national », « supra_regional »,
        « pas_de_cible », « definition_a_venir », « fixee_ailleurs »), target_text, target_source, state, note, et
        exists, holder (ce qui existe d'une donnée à construire, et qui le détient).

    Raises
    ------
    TerritoryError
        Si le code est inconnu ou ambigu.
    LeverError
        Si le plan, le plan de référence ou la version est inconnu, ou ``local`` autre chose que des chiffres locaux.

    References
    ----------
    ``sgpe_simulateur_2024`` dans parameters/sources.yml ; clés : parameters/keys.csv et, à l'intérieur d'un
    département, parameters/keys_communes.csv. Biodiversité et ressources : parameters/biodiversite.csv ; cibles
    nationales : ``sgpe_point_de_sortie``.

    Examples
    --------
    >>> p = panorama("reg-32")
    >>> round(float(p.target.sum()), 1), round(float(p.target.drop_sel(lever="puits_forestiers").sum()), 1)
    (22764.4, 21631.8)
    >>> water = panorama("reg-32", plan="biodiversite").sel(lever="sobriete_eau", measure=1)
    >>> int(water.value_year), float(water.target), str(water.target_level.values)
    (2022, -10.0, 'national')
    """
    if plan not in biodiversity.SERVED:
        raise LeverError(unknown(f"Plan inconnu : « {plan} »", plan, biodiversity.SERVED, "Plans"))
    if reference not in REFERENCES:
        raise LeverError(_no_panorama(code, reference))
    if version not in versions():
        raise LeverError(unknown(f"Version inconnue : « {version} »", version, versions(), "Versions"))
    if plan == biodiversity.BIODIVERSITY:
        return biodiversity.panorama(territories.resolve(code), version)
    full = territories.resolve(code, fine=True)
    given = local_figures.taken(local) or local_figures.of(code)
    if given is None:
        return _known(full, territories.communes_of(full), reference, version).copy(deep=True)
    with local_figures.in_force(given):
        return _known(full, territories.communes_of(full), reference, version).copy(deep=True)


def local_effect(p: xr.Dataset) -> pd.DataFrame:
    """What local figures change in a département, or in those of a région, lever by lever; nothing without any.

    Columns: territory, name, lever, label, then « before_ » and « after_ »: target [ktCO2e/an], share of the région
    [%], key, grade.
    """
    given, inside, parts = local_figures.of(p), territories.departements_of, []
    code = p.attrs["territory"]
    region = "" if given is None or code == "fr" or territories.is_fine(code) else territories.region_of(code)
    codes = [] if not region else [code] if code in inside(region) else inside(region)
    for one in codes:
        with local_figures.in_force(None):
            before = _known(one, (), p.attrs["reference"], p.attrs["version"])
        with local_figures.in_force(given):
            after = _known(one, (), p.attrs["reference"], p.attrs["version"])
        changed = after.allocation.values == local_figures.KEY
        part = {"territory": one, "name": territories.name(one), "lever": after.lever.values[changed]}
        part["label"] = after.label.values[changed]
        for when, found in (("before", before), ("after", after)):
            part |= {f"{when}_target": found.target.values[changed], f"{when}_share": 100 * found.share.values[changed]}
            part |= {f"{when}_{name}": found[name].values[changed] for name in ("key", "grade")}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def given(p: xr.Dataset | str | Perimeter) -> xr.Dataset:
    """A panorama, or that of a code or of a perimeter; anything else is refused."""
    if isinstance(p, str | Perimeter):
        return panorama(p)
    if isinstance(p, xr.Dataset) and "target" in p.variables and "territory" in p.attrs:
        if p.attrs.get("plan") == biodiversity.BIODIVERSITY:
            code = p.attrs["territory"]
            climate = errors.typed(f'ck.panorama("{code}")', f"copkit panorama {code}")
            raise LeverError(
                "Panorama de la biodiversité et des ressources : ses mesures ont chacune leur unité, elles ne font ni "
                f"total ni scénario.\nDonner celui du climat : {climate}."
            )
        return p
    raise LeverError(f'Panorama attendu, et non {errors.given(p)}. Écrire ck.panorama("reg-32"), ou « reg-32 ».')


def of_panorama(make: Callable[Concatenate[xr.Dataset, P], R]) -> Callable[Concatenate[xr.Dataset | str, P], R]:
    """Decorator: the first argument is a panorama or a scenario, or the code of a territory."""
    name = next(iter(signature(make).parameters))

    @wraps(make)
    def made(*args, **kwargs) -> R:
        if args:
            args = (given(args[0]), *args[1:])
        elif name in kwargs:
            kwargs[name] = given(kwargs[name])
        return make(*args, **kwargs)  # type: ignore

    return local_figures.followed(made)


def shared(code: str) -> xr.Dataset:
    """The panorama of a territory in its last version, not copied: to be read, never changed nor handed out."""
    full = territories.resolve(code, fine=True)
    return _known(full, territories.communes_of(full), "sgpe", LATEST)


@kept(maxsize=512)
def _known(code: str, communes: tuple[str, ...], reference: str, version: str) -> xr.Dataset:
    """The panorama of a resolved code, computed once: to be copied before it is handed out.

    ``communes``: those of the code, which is that of a perimeter when they may change.
    """
    return _dataset(published.columns(code, version), code, reference, version)


def _no_panorama(code: str, reference: str) -> str:
    """Why a plan has no panorama: it is unknown, or known by sector only."""
    known, table = list(REFERENCES), tables.read("plans.csv")
    if (table.plan[table.measure != "mention"] == reference).any():
        return (
            f"Le plan « {reference} » n'est connu que par secteur : il n'a pas de panorama par levier.\n"
            f'Le comparer : ck.compare("{code}", "sgpe", "{reference}"). Panoramas : {", ".join(known)}.'
        )
    return unknown(f"Plan de référence inconnu : « {reference} »", reference, known, "Plans")


def _dataset(columns: dict[str, np.ndarray], code: str, reference: str, version: str) -> xr.Dataset:
    levers = parameters.levers()
    known = [levers[lever] for lever in columns["lever"]]
    numbers = {name: _variable(columns[name].astype(float)) for name in _NUMBERS}
    with np.errstate(divide="ignore"):
        numbers["unit_abatement"] = _variable(1 / columns["quantity_per_kt"])
    texts = {name: column for name, column in columns.items() if name not in (*_NUMBERS, "lever")}
    texts |= {
        "label": [lever.label for lever in known],
        "sector": [lever.sector for lever in known],
        "chantier": [lever.thematique for lever in known],
        "unit": [lever.quantity.unit if lever.quantity else "" for lever in known],
    }
    out = xr.Dataset(
        numbers,
        coords={"lever": list(columns["lever"]), **{name: _variable(_plain(text)) for name, text in texts.items()}},
        attrs={
            "territory": code,
            "name": territories.name(code),
            "level": territories.level(code),
            "version": version,
            "reference": reference,
            **({"local": given} if (given := local_figures.given()) else {}),
        },
    )
    for name in ("target", "low", "high"):
        out[name].attrs |= {"units": "ktCO2e/an", "convention": SGPE_CONVENTION}
    return out


def _variable(column: np.ndarray) -> xr.Variable:
    """A column as it is: xarray would look whether its texts are dates."""
    return xr.Variable("lever", column, fastpath=True)


def _plain(column: np.ndarray | list[str]) -> np.ndarray:
    return np.array(column, dtype=bool if isinstance(column[0], np.bool_) else object)


@of_panorama
@beside_reference
def totals(p: xr.Dataset) -> pd.DataFrame:
    """Total avec et sans le levier forêt [ktCO2e/an], et nombre de leviers sans valeur.

    D'un scénario, ce qu'il propose, et ``reference_total`` à côté.

    >>> totals(panorama("reg-11")).total.round(1).to_list()
    [17361.4, 17361.4]
    """
    kept = _kept(p, forest=True), _kept(p, forest=False)
    index = pd.Index(["avec forêt", "sans forêt"], name="convention")
    return pd.DataFrame(
        {"total": [float(np.nansum(kt)) for kt in kept], "missing": [int(np.isnan(kt).sum()) for kt in kept]}, index
    )


def total(p: xr.Dataset, forest: bool) -> float:
    """The total with or without the forest lever; of a scenario, what it proposes. [ktCO2e/an]"""
    kt = _kept(asked(p), forest)
    return float(np.where(np.isnan(kt), 0.0, kt).sum())  # twice as fast as numpy.nansum, asked for forty times a page


def efforts(version: str = LATEST) -> dict[str, float]:
    """The total of every région and département without the forest lever. [ktCO2e/an]

    >>> round(efforts()["reg-32"], 1)
    21631.8
    """
    return {code: _effort(code, version) for code in territories.territories().code}


@kept(maxsize=512)
def _effort(code: str, version: str) -> float:
    """The effort of one territory, without making its panorama. [ktCO2e/an]"""
    lever, target = published.targets(code, version)
    return outside_forest({"lever": lever, "target": target})


def outside_forest(columns: Mapping[str, np.ndarray]) -> float:
    """The effort that columns make, without the forest lever. [ktCO2e/an]"""
    return float(np.nansum(columns["target"][columns["lever"] != FOREST]))


def _kept(p: xr.Dataset, forest: bool) -> np.ndarray:
    """The targets that a total adds up. [ktCO2e/an]"""
    target = p.variables["target"].values
    return target if forest else target[p.variables["lever"].values != FOREST]


@of_panorama
@beside_reference
def shares(p: xr.Dataset, by: str = "sector") -> pd.DataFrame:
    """Effort par secteur ou par chantier, hors forêt : [ktCO2e/an] et part [%] ; du plus grand au plus petit.

    D'un scénario, ce qu'il propose ; ``reference_target`` et ``reference_share`` à côté.

    >>> shares(panorama("reg-32")).share.round(2).to_dict()["industrie"]
    34.99
    """
    if str(by) not in GROUPS:
        raise LeverError(unknown(f"Regroupement inconnu : {errors.given(by)}", by, GROUPS, "Regroupements"))
    groups: dict[str, list[float]] = {}
    columns = (p.variables[name].values.tolist() for name in ("lever", by, "target"))
    for lever, group, kt in zip(*columns, strict=True):
        if lever != FOREST:
            groups.setdefault(group, []).append(0.0 if np.isnan(kt) else kt)
    found = sorted(((math.fsum(kts), group) for group, kts in groups.items()), key=lambda one: -one[0])
    target, whole = [kt for kt, _ in found], math.fsum(kt for kt, _ in found)
    share = [100 * kt / whole if whole else np.nan for kt in target]
    return pd.DataFrame({"target": target, "share": share}, pd.Index([group for _, group in found], name=by))


@kept(maxsize=1)
def national_shares() -> dict[str, float]:
    """The share of each sector in the effort of the country, without the forest lever. [%]

    >>> round(national_shares()["industrie"], 2)
    22.66
    """
    return shares(shared("fr")).share.to_dict()


def of_the_nation(p: xr.Dataset) -> pd.DataFrame:
    """The totals, and their share of those of the country. [ktCO2e/an and %]

    >>> of_the_nation(panorama("fr")).share.to_list()
    [100.0, 100.0]
    """
    found = totals(p)
    return found.assign(share=100 * found.total / _of_the_country())


def national_part(p: xr.Dataset) -> float:
    """The share of a total in that of the country, without the forest. [%]

    >>> national_part(shared("fr"))
    100.0
    """
    return 100 * total(p, forest=False) / total(shared("fr"), forest=False)


@kept(maxsize=1)
def _of_the_country() -> pd.Series:
    return totals(shared("fr")).total


class Row(NamedTuple):
    """A lever in the order of the table: its rank, its share of the effort without forest, its reference.

    [ktCO2e/an and %]
    """

    shown: bool
    target_ktco2e: float
    lever: str
    label: str
    sector: str
    chantier: str
    status: str
    grade: str
    unit: str
    rank: int
    share: float
    reference: float


def ordered(p: xr.Dataset) -> list[Row]:
    """The levers from the largest target to the smallest, then the hidden ones; in plain Python, much faster."""
    names, whole, own = ("shown", "target", *Row._fields[2:-3]), total(p, forest=False), asked(p)
    columns = [own.variables[name].values.tolist() for name in names] + [p.variables["target"].values.tolist()]
    rows = sorted(zip(*columns, strict=True), key=lambda row: (not row[0], -row[1] if row[1] == row[1] else math.inf))
    shares = (100 * row[1] / whole if whole else math.nan for row in rows)
    return [Row(*row[:-1], n, share, row[-1]) for n, (row, share) in enumerate(zip(rows, shares, strict=True), start=1)]


def largest(p: xr.Dataset, n: int) -> tuple[list[Row], float]:
    """The levers with the largest targets, the forest apart, and their share of the effort without forest. [%]"""
    rows = [row for row in ordered(p) if row.shown and row.lever != FOREST and not math.isnan(row.target_ktco2e)][:n]
    return rows, 100 * sum(row.target_ktco2e for row in rows) / total(p, forest=False)


def heaviest(p: xr.Dataset, sector: str) -> tuple[Row, float]:
    """The lever with the largest target of a sector, the forest apart, and its part of the effort of that sector. [%]

    >>> row, part = heaviest(shared("dep-48"), "industrie")
    >>> row.lever, round(part)
    ('produits_bois', 79)
    """
    rows = [row for row in ordered(p) if row.sector == sector and row.lever != FOREST]
    rows = [row for row in rows if not math.isnan(row.target_ktco2e)]
    row = max(rows, key=lambda row: row.target_ktco2e)
    return row, 100 * row.target_ktco2e / math.fsum(row.target_ktco2e for row in rows)


def change(p: xr.Dataset) -> xr.DataArray:
    """Évolution de la quantité de chaque levier entre 2019 et 2030 ; NaN sans point de départ connu. [%]

    >>> round(float(change(panorama("reg-32")).sel(lever="chaudieres_fioul_residentiel")), 1)
    -75.6
    """
    return asked(p).quantity.copy(data=changes(p)).rename("change")


def changes(p: xr.Dataset) -> np.ndarray:
    """The same, lever by lever, without their names. [%]"""
    p = asked(p)
    baseline, quantity = (p.variables[name].values for name in ("baseline", "quantity"))
    return 100 * (quantity / np.where(baseline == 0, np.nan, baseline) - 1)


@beside_reference
def reductions(p: xr.Dataset) -> pd.DataFrame:
    """The levers whose quantity falls by 2030, from the one that falls most: label and change. [%]"""
    found = pd.DataFrame({"label": p.variables["label"].values, "change": changes(p)})
    return found[found.change < 0].sort_values("change")


def small(p: xr.Dataset) -> bool:
    """True below the départements: an EPCI, a commune, a perimeter."""
    return territories.is_fine(p.attrs["territory"])


def broad(p: xr.Dataset) -> bool:
    """The contrary: what is said of these only."""
    return not small(p)


def allocated(p: xr.Dataset) -> bool:
    """True when the kit shares out the figures of a région by keys.

    >>> allocated(shared("dep-59")), allocated(shared("reg-32")), allocated(shared("dep-974"))
    (True, False, False)
    """
    return bool((p.variables["grade"].values != "").any())


def rough_share(p: xr.Dataset, **of: str) -> float:
    """The part of an effort, without forest, that stands on stand-in keys (C), 0 where none is used. [%]

    ``of``: of a sector or of a chantier only, as ``sector="industrie"``.

    >>> round(rough_share(shared("dep-59")), 1), rough_share(shared("reg-32"))
    (2.7, 0.0)
    """
    return _noted_share(p, "grade", "C", **of)


def local_share(p: xr.Dataset) -> float:
    """The part of an effort, without forest, that follows local figures, 0 where none was given. [%]

    >>> local_share(shared("dep-59"))
    0.0
    """
    return _noted_share(p, "allocation", local_figures.KEY)


def _noted_share(p: xr.Dataset, column: str, noted: str, **of: str) -> float:
    p = asked(p)
    if not (here := p.variables[column].values == noted).any():
        return 0.0
    kept = (p.variables["lever"].values != FOREST) & np.all([p.variables[by].values == v for by, v in of.items()], 0)
    target = p.variables["target"].values
    whole = float(np.nansum(target[kept]))
    return 100 * float(np.nansum(target[kept & here])) / whole if whole else 0.0


def grade_shares(p: xr.Dataset) -> pd.Series:
    """Part de l'effort hors forêt répartie par une clé A, B, C ou locale (L) ; vide quand il n'y a pas de clé. [%]"""
    of_reference(p, "La part de chaque clé")
    kept = (p.variables["lever"].values != FOREST) & (p.variables["grade"].values != "")
    target, grade = (p.variables[name].values[kept] for name in ("target", "grade"))
    if not (whole := np.nansum(target)):
        return pd.Series(dtype=float, name="target")
    notes = ("A", "B", "C", *([local_figures.GRADE] if local_figures.GRADE in grade else []))
    found = {one: 100 * float(np.nansum(target[grade == one])) / whole for one in notes}
    return pd.Series(found, name="target").rename_axis("grade")


@of_panorama
def place(p: xr.Dataset) -> pd.DataFrame:
    """Le territoire parmi ses pairs : les régions de France, ou les départements de sa région ; hors forêt.

    Returns
    -------
    DataFrame par territoire : name, target [ktCO2e/an], share [%] du total des pairs, per_head [tCO2e/an/hab], rank.

    Raises
    ------
    LeverError
        Si c'est un scénario : le rang se lit entre références ; ou un territoire plus petit qu'un département.
    """
    of_reference(p, "Le rang d'un territoire")
    if small(p):
        raise LeverError(
            "Le rang se lit entre régions, ou entre les départements d'une région. "
            f'Pour la part de {p.attrs["name"]} dans ses départements : ck.table(p, "place").'
        )
    region = territories.region_of(p.attrs["territory"])
    alone = p.attrs["level"] != "departement" or len(territories.departements_of(region)) == 1
    return peers("" if alone else region).copy()


def by_departement(p: xr.Dataset) -> pd.DataFrame:
    """What a territory below the départements has in each of its own, by code, without the forest lever.

    Columns: name, region (its name), communes and of_communes (here, in all), population [hab], target and of_target
    (here, and the whole département) [ktCO2e/an], share [% of the effort of the département].
    """
    rows, version, known = [], p.attrs["version"], territories.communes()
    for code, communes in territories.by_departement(p.attrs["territory"]).items():
        inside, whole = published.of_communes({code: communes}, version), _effort(code, version)
        target = outside_forest(inside)
        people = math.fsum(known[one].population for one in communes)
        names = territories.name(code), territories.name(territories.region_of(code))
        counts = len(communes), len(territories.all_communes_of(code))
        rows.append((code, *names, *counts, people, target, whole, 100 * target / whole))
    columns = ["name", "region", "communes", "of_communes", "population", "target", "of_target", "share"]
    return pd.DataFrame(rows, columns=["code", *columns]).set_index("code")


def replaced_share(p: xr.Dataset) -> float:
    """The part of an effort, without forest, that follows something else than its key inside a département. [%]

    >>> replaced_share(shared("dep-59")), 0 < replaced_share(shared("epci-200066926")) < 100
    (0.0, True)
    """
    if broad(p):
        return 0.0
    kept = p.variables["lever"].values != FOREST
    target = p.variables["target"].values[kept]
    stands = [communal.LATER in key for key in p.variables["key"].values[kept]]
    whole = float(np.nansum(target))
    return 100 * float(np.nansum(target[stands])) / whole if whole else 0.0


@kept(maxsize=32)
def peers(region: str) -> pd.DataFrame:
    """The régions, or the départements of one, from the largest effort: to be copied before it is handed out."""
    found = territories.territories("departement", within=region) if region else territories.territories("region")
    table = found.set_index("code")[["name", "population", "population_year"]]
    table["target"] = [_effort(peer, LATEST) for peer in table.index]
    table["share"] = 100 * table.target / table.target.sum()
    table["per_head"] = 1000 * table.target / table.population
    table["rank"] = table.target.rank(ascending=False, method="min").astype(int)
    return table.sort_values("target", ascending=False, kind="stable")


_FLAT = {
    **{name: name for name in ("lever", "label", "sector", "chantier")},
    **{"target_ktco2e": "target", "baseline": "baseline", "quantity_2030": "quantity"},
    **{"unit": "unit", "status": "status", "key": "key", "key_grade": "grade", "source": "source"},
}  # column of the flat table -> variable


def table(p: xr.Dataset) -> pd.DataFrame:
    """The panorama as a flat table, one row per lever: the columns of ``copkit panorama``.

    target_ktco2e and totals in ktCO2e/an; baseline and quantity_2030 in ``unit``.
    """
    columns = {name: p.variables[name].values for name in _FLAT.values()}
    return pd.DataFrame({"territory": p.attrs["territory"], **{name: columns[of] for name, of in _FLAT.items()}})


@beside_reference
def quantities(p: xr.Dataset) -> pd.DataFrame:
    """The flat table, and what each quantity is worth.

    change: from 2019 to 2030 [%]; translated: it has a coefficient here; coarse: with one significant digit;
    since_2019: counted from then on, without a starting point.
    """
    lever, slope, baseline = (p.variables[name].values for name in ("lever", "quantity_per_kt", "baseline"))
    translated = ~np.isnan(slope)
    rough = coarse(p) if p.attrs["level"] != "france" else set()
    return table(p).assign(
        translated=translated,
        change=changes(p),
        coarse=[one in rough for one in lever],
        since_2019=translated & np.isnan(baseline),
    )


def coarse(p: xr.Dataset) -> set[str]:
    """The levers whose coefficient, in the région, was published with one significant digit (L/100 km)."""
    rows = published.rows(territories.region_of(p.attrs["territory"]), p.attrs["version"])
    slopes = tables.rows(rows, "lever", "quantity_per_ktco2e")
    return {lever for lever, value in slopes if value and float(f"{value:.0e}") == value}
