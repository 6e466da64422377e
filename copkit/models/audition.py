"""The audition of allocation keys: how much of the effort each would put in the wrong région.

The national effort of a lever is known by région (``panorama.csv``). Figures known by département
(``parameters/audition.yml``), summed by région, give shares that are compared with the published ones: half the sum of
the absolute differences is the part of the effort put in the wrong région. Keys are tried alone or mixed (non-negative
weights that sum to one, least squares), and each région is foretold once without having been looked at (« hors
échantillon »). Its limit: this is a measure between régions, not inside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from copkit import errors, paths
from copkit.errors import LeverError, ParameterError, Problems, unknown, unknowns
from copkit.files import kept
from copkit.reference import parameters, reading, tables, territories

FILE, SITES = "audition.yml", "sites_energie.csv"
USES = ("electricite", "chaleur", "gaz", "tertiaire")  # of a site that is not industry
NOT_PUBLISHED = "aucune valeur publiée"
VERSION = "sgpe-2024-10"  # the panorama that the keys are heard against


class Rule(parameters.Strict):
    """How a key is chosen and graded."""

    most: Annotated[int, Field(ge=1, le=3)]
    least_weight: Annotated[float, Field(gt=0, lt=0.5)]
    margin: Annotated[float, Field(ge=0)]
    regions_missing: Annotated[int, Field(ge=0, le=2)]
    grades: dict[Literal["A", "B"], float]
    confidence: Annotated[int, Field(gt=50, lt=100)]

    def grade(self, held_out: float, official: bool = False) -> str:
        """The grade of a key by its error on régions that were not looked at. [%]"""
        if official or held_out <= self.grades["A"]:
            return "A"
        return "B" if held_out <= self.grades["B"] else "C"


class Figure(parameters.Strict):
    """A figure by département that may serve as a key; ``table``: where it is added up from."""

    label: str
    table: Literal["energy.parquet", "installations.parquet", "buses.parquet"] | None = None
    where: dict[str, list[str]] = Field(default_factory=dict)
    column: Literal["value", "points"] = "value"
    year: int | None = None
    unit: str = ""
    sites: Literal["industrie", "electricite", "chaleur", "gaz", "tertiaire"] | None = None
    zero: Literal["all"] | list[str] = Field(default_factory=list)
    note: str = ""


class Hearing(parameters.Strict):
    """The levers of one official key, and the figures that are tried in its place."""

    levers: Annotated[list[str], Field(min_length=1)]
    before: str
    official: str = ""
    fixed: str = ""
    candidates: Annotated[list[str], Field(min_length=1)]
    reason: str


class Apart(parameters.Strict):
    """A région that has a rule of its own for some levers: not an error of the key."""

    levers: Annotated[list[str], Field(min_length=1)]
    territory: str
    reason: str


class Audition(parameters.Strict):
    """The whole file."""

    rule: Rule
    figures: Annotated[dict[str, Figure], Field(min_length=1)]
    auditions: Annotated[list[Hearing], Field(min_length=1)]
    apart: list[Apart]


class Heard(NamedTuple):
    """A key or a mix, and what it is worth: error and error held out [%], régions where it can be said."""

    weights: dict[str, float]
    error: float
    held_out: float
    regions: int


def settings() -> Audition:
    """What is heard (``parameters/audition.yml``).

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    return _settings()


@kept(maxsize=4)
def _settings() -> Audition:
    return reading.read_checked(paths.parameters(FILE), Audition, _faults)


def _faults(found: Audition, _: dict) -> Iterator[str | tuple]:
    levers, heard = parameters.levers(), set()
    for i, one in enumerate(found.auditions):
        keys = dict.fromkeys([*one.candidates, one.before, *filter(None, (one.official, one.fixed))])
        for said in unknowns("clé inconnue : « {} »", keys, found.figures, "Clés"):
            yield ("auditions", i), said
        for lever in one.levers:
            if lever not in levers:
                yield ("auditions", i), unknown(f"levier inconnu : « {lever} »", lever, levers)
            elif lever in heard:
                yield ("auditions", i), f"levier « {lever} » dans deux auditions. N'en garder qu'une."
            heard.add(lever)
    for name, figure in found.figures.items():
        if figure.table and not (figure.year and figure.unit):
            yield f"figures, {name} : « table » demande « year » et « unit ». Les écrire."


@kept(maxsize=4)
def sites() -> dict[str, str]:
    """Site of the carbon market → what it is, when it is not industry (``parameters/sites_energie.csv``).

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    path = paths.parameters(SITES)
    rows, problems = reading.read_table(path, ["site", "name", "departement", "use", "reason"]), Problems()
    known, seen = set(tables.read("installations.parquet").site.to_list()), {}
    for n, row in enumerate(rows, start=2):
        reading.check_choices(path, n, row, {"use": USES}, problems)
        if row["site"] not in known:
            problems.add(paths.shown(path), f"ligne {n} : site « {row['site']} » absent de installations.parquet.")
        if row["site"] in seen:
            problems.add(paths.shown(path), f"lignes {seen[row['site']]} et {n} : même site. N'en garder qu'une.")
        seen.setdefault(row["site"], n)
    problems.raise_if_any(ParameterError)
    return {row["site"]: row["use"] for row in rows}


def rows(name: str) -> pd.DataFrame:
    """The lines of the table that a figure adds up, with their ``territory``."""
    figure = settings().figures[name]
    table = tables.read(figure.table)
    table = table[table.year == figure.year]
    for column, values in figure.where.items():
        table = table[table[column].isin(values)]
    if figure.sites:
        table = table[table.site.map(sites()).fillna("industrie") == figure.sites]
    return table.rename(columns={"departement": "territory"})


def computed() -> pd.DataFrame:
    """The rows of ``allocation.csv`` that are added up from finer tables, as they should be there."""
    mainland, parts = _mainland(), []
    for name, figure in settings().figures.items():
        if figure.table:
            found = rows(name)
            source = found.source.iloc[0]
            values = found.groupby("territory")[figure.column].sum().reindex(mainland)
            zero = mainland if figure.zero == "all" else figure.zero
            said = values.index.isin(zero) & values.isna()
            method = f"somme de {figure.table}" + (f" ; {figure.note}" if figure.note else "")
            part = pd.DataFrame({"key": name, "territory": values.index, "value": values.mask(said, 0.0).to_numpy()})
            part = part.assign(unit=figure.unit, year=float(figure.year), status="derive", source=source)
            parts.append(part.assign(method=np.where(said, f"{method} ; absent de la source : zéro", method)))
    return pd.concat(parts, ignore_index=True).dropna(subset=["value"])


@kept(maxsize=2)
def _mainland() -> list[str]:
    """The départements of the mainland, in their order."""
    known = territories.territories("departement")
    return [code for code in known.code if not territories.is_overseas(territories.region_of(code))]


@kept(maxsize=4)
def values() -> dict[str, dict[str, float]]:
    """Key → département → its figure (``allocation.csv``)."""
    table = tables.read("allocation.csv")
    found: dict[str, dict[str, float]] = {key: {} for key in table.key.unique()}
    for key, territory, value in tables.rows(table, "key", "territory", "value"):
        found[key][territory] = value
    return found


@kept(maxsize=4)
def _regional() -> dict[str, np.ndarray]:
    """Key → the share of each région in its known total; NaN where a département is unknown."""
    inside = [territories.departements_of(code) for code in regions()]
    return {
        key: np.array([sum(known.get(d, math.nan) for d in ds) for ds in inside]) / total(key)
        for key, known in values().items()
    }


@kept(maxsize=256)
def total(key: str) -> float:
    """The figure of a key, added up over the départements of the mainland where it is known."""
    known = values()[key]
    return float(sum(known[code] for code in _mainland() if code in known))


@kept(maxsize=2)
def regions() -> list[str]:
    """The régions of the mainland, in their order."""
    return [code for code in territories.codes("region") if not territories.is_overseas(code)]


@kept(maxsize=2)
def _targets() -> pd.DataFrame:
    """The published target of each région (rows) for each lever (columns). [ktCO2e/an]"""
    table = tables.read("panorama.csv")
    table = table[(table.version == VERSION) & table.territory.isin(regions())]
    return table.pivot(index="territory", columns="lever", values="target_ktco2e").loc[regions()]


def effort(lever: str) -> float:
    """The published effort of the mainland for a lever. [ktCO2e/an]"""
    return float(_targets()[lever].sum())


def apart(lever: str) -> dict[str, str]:
    """The régions that are set apart for a lever, and why: a rule of their own, or no value published."""
    target = _targets()[lever]
    found = {code: NOT_PUBLISHED for code in target.index if not target[code] > 0}
    return found | {one.territory: one.reason for one in settings().apart if lever in one.levers}


@kept(maxsize=64)
def published_shares(lever: str) -> np.ndarray:
    """The published share of each région of the mainland; NaN for those that are set apart. [of 1]"""
    out = apart(lever)
    target = np.array([math.nan if code in out else kt for code, kt in _targets()[lever].items()])
    return target / np.nansum(target)


def foretold(weights: dict[str, float], where: np.ndarray) -> np.ndarray:
    """The share that a mix gives to each région of ``where``. [of 1]"""
    drawn = np.array(list(weights.values())) @ np.array([_regional()[key][where] for key in weights])
    return drawn / drawn.sum()


def said(lever: str, keys: Iterable[str]) -> np.ndarray:
    """Where an error can be said: the régions heard in which every key is known."""
    return ~np.isnan(published_shares(lever) + sum(_regional()[key] for key in keys))


def misplaced(lever: str, weights: dict[str, float]) -> float:
    """The part of the effort of a lever that a mix puts in the wrong région. [%]

    >>> round(misplaced("bus_cars_decarbones", {"population": 1.0}), 1)
    4.5
    """
    where = said(lever, weights)
    true = published_shares(lever)[where]
    return 50 * float(np.abs(foretold(weights, where) - true / true.sum()).sum())


def fit(keys: tuple[str, ...], levers: Iterable[str], without: int | None = None) -> dict[str, float]:
    """The weights of a mix: least squares, none negative, on the régions of all its levers but ``without``."""
    if len(keys) == 1:
        return {keys[0]: 1.0}
    from scipy.optimize import nnls

    table, left, right = np.array([_regional()[key] for key in keys]), [], []
    for lever in levers:
        where = said(lever, keys)
        if without is not None:
            where[without] = False
        true = published_shares(lever)[where]
        left.append(table[:, where].T)  # shares of the whole: what is left out moves the scale, not the weights
        right.append(true / true.sum())
    weights, _ = nnls(np.concatenate(left), np.concatenate(right))
    if not weights.sum():
        weights[:] = 1.0
    return dict(zip(keys, (weights / weights.sum()).tolist(), strict=True))


def shares_of(lever: str, keys: tuple[str, ...], levers: Iterable[str]) -> pd.DataFrame:
    """By région: the published share of a lever, that of its key, that foretold without the région. [of 1]"""
    levers, where = list(levers), said(lever, keys)
    true, places = published_shares(lever)[where], np.flatnonzero(where)
    if len(keys) == 1:
        blind = foretold({keys[0]: 1.0}, where)
    else:
        blind = np.array([foretold(fit(keys, levers, n), where)[i] for i, n in enumerate(places)])
    by_key = foretold(rounded(fit(keys, levers)), where)
    codes = [regions()[n] for n in places]
    return pd.DataFrame({"published": true / true.sum(), "key": by_key, "held_out": blind}, index=codes)


def rounded(weights: dict[str, float]) -> dict[str, float]:
    """Weights of two decimals that sum to one: the heaviest takes what rounding leaves."""
    found = {key: round(weight, 2) for key, weight in weights.items()}
    heaviest = max(found, key=found.__getitem__)
    found[heaviest] = round(found[heaviest] + 1 - math.fsum(found.values()), 2)
    return found


def heard(lever: str) -> list[Heard]:
    """Every key and mix that is tried for a lever, from the least error held out.

    Raises
    ------
    LeverError
        If no audition names the lever.
    """
    hearing = hearing_of(lever)
    return list(_heard(tuple(hearing.levers), tuple(hearing.candidates)))


def hearing_of(lever: str) -> Hearing:
    """The audition of a lever."""
    known = {name: one for one in settings().auditions for name in one.levers}
    if isinstance(lever, str) and lever in known:
        return known[lever]
    remedy = f"Les leviers entendus : {errors.typed('ck.audition()', 'copkit keys')}."
    raise LeverError(unknown(f"Levier sans audition : {errors.given(lever)}", lever, known, remedy=remedy))


@kept(maxsize=64)
def _heard(levers: tuple[str, ...], candidates: tuple[str, ...]) -> tuple[Heard, ...]:
    rule, efforts, found = settings().rule, [effort(lever) for lever in levers], []
    for keys in (keys for n in range(1, rule.most + 1) for keys in combinations(candidates, n)):
        missing = max(int((~np.isnan(published_shares(lever)) & ~said(lever, keys)).sum()) for lever in levers)
        weights = fit(keys, levers) if missing <= rule.regions_missing else {"": 0.0}
        if min(weights.values()) < rule.least_weight:
            continue
        weights = rounded(weights)
        errors = [misplaced(lever, weights) for lever in levers]
        blind = [shares_of(lever, keys, levers) for lever in levers]
        out = [50 * float(np.abs(one.held_out.to_numpy() - one.published.to_numpy()).sum()) for one in blind]
        mean = (float(np.average(of, weights=efforts)) for of in (errors, out))
        found.append(Heard(weights, *mean, max(len(one) for one in blind)))
    return tuple(sorted(found, key=lambda one: one.held_out))


def chosen(lever: str, everywhere: bool = False) -> Heard:
    """The key that a lever keeps: the official one, otherwise the simplest within the margin of the least error.

    ``everywhere``: among those known in all the départements of the mainland, for the régions where the first choice
    is not.
    """
    hearing, rule = hearing_of(lever), settings().rule
    tried = heard(lever)
    if key := hearing.official or hearing.fixed:
        return next(one for one in tried if list(one.weights) == [key])
    if everywhere:
        tried = [one for one in tried if not any(np.isnan(_regional()[key]).any() for key in one.weights)]
    best = min(one.held_out for one in tried)
    near = [one for one in tried if one.held_out <= best + rule.margin]
    return min(near, key=lambda one: (len(one.weights), one.held_out))


def written(weights: dict[str, float]) -> str:
    """A mix as ``parameters/keys.csv`` holds it, from the heaviest.

    >>> written({"population": 0.4, "logements": 0.6})
    '0.6 logements + 0.4 population'
    """
    if len(weights) == 1:
        return next(iter(weights))
    return " + ".join(f"{weight:g} {key}" for key, weight in sorted(weights.items(), key=lambda one: -one[1]))


def choices() -> pd.DataFrame:
    """The choice of every lever, as ``parameters/keys.csv`` should hold it: key, error, held_out, grade, fallback…"""
    rule, found = settings().rule, []
    for hearing in settings().auditions:
        for lever in hearing.levers:
            best, second = chosen(lever), chosen(lever, everywhere=True)
            row = {"lever": lever, "key": written(best.weights), "error": "", "held_out": "", "grade": "C"}
            if not hearing.fixed:
                grade = rule.grade(best.held_out, bool(hearing.official))
                row |= {"error": f"{best.error:.1f}", "held_out": f"{best.held_out:.1f}", "grade": grade}
            row |= {"fallback": "", "fallback_held_out": "", "fallback_grade": ""}
            if second.weights != best.weights:
                row["fallback"], row["fallback_held_out"] = written(second.weights), f"{second.held_out:.1f}"
                row["fallback_grade"] = rule.grade(second.held_out)
            found.append(row | {"reason": hearing.reason})
    return pd.DataFrame(found).set_index("lever", drop=False)


def shares_by_region() -> pd.DataFrame:
    """What each key kept gives to each région, as ``audition.csv`` holds it.

    Columns: lever, key, territory, published share, share by the key, share foretold without the région. [of 1]
    """
    parts = []
    for hearing in settings().auditions:
        for lever in hearing.levers if not hearing.fixed else []:
            kept = {written(one.weights): one for one in (chosen(lever), chosen(lever, everywhere=True))}
            for key, one in kept.items():
                found = shares_of(lever, tuple(one.weights), hearing.levers).round(6).reset_index(names="territory")
                parts.append(found.rename(columns={"key": "by_key"}).assign(lever=lever, key=key))
    out = pd.concat(parts, ignore_index=True)
    return out[["lever", "key", "territory", "published", "by_key", "held_out"]]


def audition(lever: str | None = None) -> pd.DataFrame:
    """L'audition des clés de répartition : ce que chacune placerait dans la mauvaise région.

    Parameters
    ----------
    lever : un levier, pour toutes les clés et tous les mélanges qui y ont été essayés ; sans levier, la clé d'avant et
        celle qui est retenue, levier par levier.

    Returns
    -------
    DataFrame. De tous les leviers, par levier : label, effort [ktCO2e/an], before, before_error [%], key, error [%],
    held_out [%], regions, grade, apart. D'un levier : key, error [%], held_out [%], regions (nombre de régions où
    l'erreur peut être dite), grade, chosen. ``held_out`` : chaque région annoncée sans avoir été regardée.

    Raises
    ------
    LeverError
        Si le levier n'a pas d'audition.
    ParameterError
        Si ``parameters/audition.yml`` est endommagé : tous les problèmes d'un coup.

    References
    ----------
    Répartition publiée : ``sgpe_simulateur_2024`` ; figures : ``parameters/audition.yml``, ``data/clean/``.

    Examples
    --------
    >>> audition("bus_cars_decarbones")[["key", "error"]].round(1).values.tolist()
    [['bus_cars', 0.1], ['population', 4.5]]
    """
    grade = settings().rule.grade
    if lever is not None:
        hearing, kept = hearing_of(lever), written(chosen(lever).weights)
        official = {hearing.official}
        rows = [
            (key := written(one.weights), one.error, one.held_out, one.regions, grade(one.held_out, key in official))
            for one in heard(lever)
        ]
        table = pd.DataFrame(rows, columns=["key", "error", "held_out", "regions", "grade"])
        return table.assign(chosen=table.key == kept)
    levers, rows = parameters.levers(), []
    for hearing in settings().auditions:
        for one in hearing.levers if not hearing.fixed else []:
            best = chosen(one)
            found = {"lever": one, "label": levers[one].label, "effort": effort(one), "before": hearing.before}
            found |= {"before_error": misplaced(one, {hearing.before: 1.0}), "key": written(best.weights)}
            found |= {"error": misplaced(one, best.weights), "held_out": best.held_out, "regions": best.regions}
            rows.append(found | {"grade": grade(best.held_out, bool(hearing.official)), "apart": len(apart(one))})
    return pd.DataFrame(rows).sort_values("effort", ascending=False).set_index("lever")


def national(errors: dict[str, float]) -> float:
    """The mean of the errors of some levers, weighted by their effort. [%]"""
    efforts = {lever: effort(lever) for lever in errors}
    return math.fsum(errors[lever] * kt for lever, kt in efforts.items()) / math.fsum(efforts.values())
