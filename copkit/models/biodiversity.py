"""The panorama of biodiversity and resources: per lever and measure, the last value, the target and its level, the way.

``parameters/biodiversite.csv`` says what is measured of each lever that serves biodiversity or resources, by which
observed series, and against which target: a quantity of the climate panorama, a row of the national rationale
(``parameters/leviers``), or one of its own. A target has always a type: none, to be defined, set elsewhere are types.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french, paths
from copkit.errors import ParameterError, Problems
from copkit.files import kept
from copkit.models import indicators, published
from copkit.reference import parameters, reading, tables, territories

CLIMATE, BIODIVERSITY = "climat", "biodiversite"  # the two panoramas
SERVED = {CLIMATE: {"climat"}, BIODIVERSITY: {"biodiversite", "ressources"}}  # the enjeux that each is about
BOTH = "les deux"
FILE = "biodiversite.csv"
COLUMNS = [
    *("lever", "measure", "indicator", "level", "rationale", "value", "year", "compared"),
    *("source", "text", "note", "exists", "holder"),
]
REGIONAL, NATIONAL, SUPRA, NONE, TO_BE_DEFINED, ELSEWHERE = LEVELS = (
    *("regional", "national", "supra_regional", "pas_de_cible", "definition_a_venir", "fixee_ailleurs"),
)
TYPED = {"none": NONE, "to_be_defined": TO_BE_DEFINED, "not_applicable": ELSEWHERE}  # of a row of the rationale
LEVEL, CHANGE = "niveau", "evolution"  # how a value stands beside its target
COMPARED = ("", LEVEL, CHANGE)
ADDED = ("nb", "milliers", "hab", "TWh", "MW", "kt", "kg", "ha", "kha", "Mm3", "t.km", "tCO2e")  # régions sum up
REACHED, AHEAD, APART = "atteinte", "reste à faire", "cible d'une autre mesure"
MISSING, TO_BUILD = "année de départ non observée", "donnée à construire"
UNSURE = "part d'un volume inconnu"
_STATES = {NONE: "pas de cible", TO_BE_DEFINED: "définition à venir", ELSEWHERE: "fixée ailleurs"}


class Target(NamedTuple):
    """A target: its level, its value [unit of the series, or %], its year, the year it counts from, what it says."""

    level: str
    value: float
    year: float
    base_year: float
    text: str
    source: str


NO_TARGET = Target(NONE, math.nan, math.nan, math.nan, "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of a lever in a territory. [``unit``; ``change`` and the distance of a change: %, points]"""

    lever: str
    label: str
    enjeux: tuple[str, ...]
    theme: str
    measure: str
    indicator: str
    unit: str
    value: float
    year: float
    place: str  # whose value it is: the territory, or its région
    borrowed: bool  # it is that of the région of a département
    source: str
    change: float  # since the year that the target counts from
    target: Target
    compared: str
    distance: float  # what is left, with the sign of the change to come; NaN where nothing can be compared
    state: str
    note: str
    exists: str
    holder: str
    points: tuple[tuple[int, float], ...]
    sign: float  # +1 when the lever makes the series grow; NaN without a series
    silent: bool  # it says nothing of the territory: moved by the weather, alike in all régions, part of the unknown

    @property
    def since(self) -> tuple[tuple[int, float], tuple[int, float]] | None:
        """The first value from the base year of the plans on, and the last one, when there are two."""
        kept = [point for point in self.points if point[0] >= BASE]
        return (kept[0], kept[-1]) if len(kept) > 1 else None

    @property
    def moved(self) -> float:
        """What it moved the way of the lever since then; negative: the other way. [``unit``]"""
        return (self.since[1][1] - self.since[0][1]) * self.sign if self.since and not self.silent else math.nan


BASE = 2019  # year that the panoramas count from


def panoramas(lever: str) -> str:
    """Le panorama où un des 43 leviers a sa place : « climat », « biodiversite » ou « les deux ».

    Selon les enjeux que la matrice des 43 leviers lui donne : climat ; biodiversité ou ressources.

    >>> panoramas("covoiturage"), panoramas("sobriete_eau"), panoramas("haies")
    ('climat', 'biodiversite', 'les deux')
    """
    served = set(parameters.levers()[lever].enjeux)
    found = [name for name, enjeux in SERVED.items() if served & enjeux]
    return BOTH if len(found) == 2 else found[0]


def measures(code: str, version: str) -> list[Measure]:
    """The measures of a territory, in the order of the panorama. Read, never changed."""
    return _measures(territories.resolve(code), version)


def of(p: xr.Dataset) -> list[Measure]:
    """The measures that a panorama of biodiversity was made of."""
    return measures(p.attrs["territory"], p.attrs["version"])


@kept(maxsize=256)
def _measures(code: str, version: str) -> list[Measure]:
    goals, levers = _quantities(code, version), parameters.levers()
    found = [(row, _measure(code, row, levers[row.lever], goals)) for row in rows()]
    said = {(row.lever, row.rationale) for row, _ in found if row.level != REGIONAL}
    return [
        one
        for row, one in found
        if one.points or one.target.level == REGIONAL or row.level != REGIONAL or (row.lever, row.rationale) not in said
    ]


def _quantities(code: str, version: str) -> dict[str, float]:
    """The quantity in 2030 of each lever of the climate panorama of a région. [unit of the lever]"""
    columns = published.columns("fr" if code == "fr" else territories.region_of(code), version)
    return dict(zip(columns["lever"].tolist(), columns["quantity"].tolist(), strict=True))


def _measure(code: str, row: Row, lever: parameters.Lever, goals: dict[str, float]) -> Measure:
    line = next((one for one in indicators.by_lever().get(row.lever, []) if one.indicator == row.indicator), None)
    place, points, notes = _points(code, line)
    regional = row.level == REGIONAL and math.isfinite(goals.get(row.lever, math.nan))
    unit, factor = (line.unit, 1.0) if line else ("", 1.0)
    if regional:  # in the unit of the lever, as its quantity
        unit, factor = lever.quantity.unit, line.convertible if line else 1.0
    target = _target(row, lever, goals, regional)
    if regional and code == "fr":
        target = target._replace(level=NATIONAL)
    series = tuple((point.year, factor * point.value) for point in points)
    year, value = series[-1] if series else (math.nan, math.nan)
    compared = row.compared if math.isfinite(target.value) else ""
    base = dict(series).get(target.base_year, math.nan) if compared == CHANGE else math.nan
    change = 100 * (value / base - 1) if base else math.nan
    sign = indicators.DIRECTIONS[line.direction] if line else math.nan
    distance = target.value - (change if compared == CHANGE else value) if compared else math.nan
    unsure = bool(series) and _baseless(place, line)
    notes = [*notes, *([_BASELESS] if unsure else [])]
    return Measure(
        lever=row.lever,
        label=lever.label,
        enjeux=tuple(lever.enjeux),
        theme=lever.theme,
        measure=row.measure,
        indicator=row.indicator,
        unit=unit,
        value=value,
        year=year,
        place=place,
        borrowed=place != code,
        source=points[-1].source if points else "",
        change=change,
        target=target,
        compared=compared,
        distance=distance,
        state=UNSURE if unsure and compared else _state(series, target, compared, distance, sign),
        note=" ".join([*notes, *([row.note] if row.note else [])]),
        exists="" if series else row.exists or _ELSEWHERE,
        holder="" if series else row.holder or indicators.publisher(row.indicator),
        points=series,
        sign=sign,
        silent=unsure or _silent(code, line, series),
    )


_BASELESS = "La source ne donne pas ici le volume dont cette valeur est une part : elle se lit, et ne se juge pas."


def _baseless(place: str, line) -> bool:
    """Whether a series is a share of what the source does not give here."""
    around = (place, territories.region_of(place))
    return bool(line.base) and not any(indicators.series(one, line.base)[0] for one in around)


def _silent(code: str, line, series: tuple) -> bool:
    """Whether a series says nothing of the territory."""
    if line is None or not series:
        return True
    since = [year for year, _ in series if year >= BASE]
    alike = code != "fr" and len(since) > 1 and indicators.alike(line.indicator, since[0], since[-1])
    return bool(alike) or line.climate == indicators.UNCORRECTED


_ELSEWHERE = "série connue dans d'autres territoires"


def _points(code: str, line) -> tuple[str, list[indicators.Point], list[str]]:
    """The series of a territory; that of its région where a département has none, their sum where the country has."""
    region = territories.region_of(code)
    alone = code != region and len(territories.departements_of(region)) == 1  # it is its région
    for place in dict.fromkeys((region, code) if alone else (code, region)) if line is not None else ():
        found, notes = indicators.series(place, line.indicator, zero=line.zero)
        if found:
            return code if alone else place, found, notes
    if code == "fr" and line is not None and line.unit in ADDED:
        known = [
            one for one in territories.codes("region") if indicators.series(one, line.indicator, zero=line.zero)[0]
        ]
        return code, *(indicators.national_sum(line.indicator, known, zero=line.zero) if known else ([], []))
    return code, [], []


def _target(row: Row, lever: parameters.Lever, goals: dict[str, float], regional: bool) -> Target:
    """The target of a measure. A change is in %, since the year that the source counts from."""
    national = _national(lever, row.rationale) if row.rationale else NO_TARGET
    if regional:
        known = lever.unit_abatement
        return Target(REGIONAL, goals[row.lever], lever.valid.years[1], math.nan, national.text, known.source)
    if row.level in ("", REGIONAL):  # no quantity of the climate panorama here: the nation's own words
        return national if row.compared and not row.level else national._replace(value=math.nan)
    base = national.base_year if row.compared == CHANGE else math.nan
    return Target(row.level, row.value, row.year, base, row.text or national.text, row.source)


def _national(lever: parameters.Lever, n: int) -> Target:
    """The n-th target of the national rationale of a lever."""
    source, one = [(row.source, target) for row in lever.rationale for target in row.targets][n - 1]
    value = math.nan if one.value is None else one.value
    value = 100 * (value - 1) if one.kind == "factor" else value
    year, base = (math.nan if given is None else float(given) for given in (one.year, one.base_year))
    return Target(TYPED.get(one.kind, NATIONAL), value, year, base, one.text, source)


def _state(series: tuple, target: Target, compared: str, distance: float, sign: float) -> str:
    """Where a measure stands, in French; never empty."""
    if not series:
        return TO_BUILD
    if target.level in _STATES:
        return _STATES[target.level]
    if not compared:
        return APART
    if math.isnan(distance):
        return MISSING
    return REACHED if distance * sign <= 0 else AHEAD


def panorama(code: str, version: str) -> xr.Dataset:
    """The panorama of biodiversity and resources of a resolved code: dimensions lever, measure and year."""
    found = measures(code, version)
    by_lever = defaultdict(list)
    for one in found:
        by_lever[one.lever].append(one)
    levers, most = list(by_lever), max(map(len, by_lever.values()))
    years = sorted({year for one in found for year, _ in one.points}) or [parameters.levers()[levers[0]].valid.years[0]]
    shape = (len(levers), most)
    numbers = {name: np.full(shape, np.nan) for name in ("value", "value_year", "change", "target", "target_year")}
    numbers |= {"distance": np.full(shape, np.nan)}
    texts = {name: np.full(shape, "", dtype=object) for name in _TEXTS}
    observed = np.full((*shape, len(years)), np.nan)
    at = {year: n for n, year in enumerate(years)}
    for i, lever in enumerate(levers):
        for j, one in enumerate(by_lever[lever]):
            figures = (one.value, one.year, one.change, one.target.value, one.target.year, one.distance)
            for name, figure in zip(numbers, figures, strict=True):
                numbers[name][i, j] = figure
            for name, read in _TEXTS.items():
                texts[name][i, j] = read(one)
            for year, value in one.points:
                observed[i, j, at[year]] = value
    first, dims = [by_lever[lever][0] for lever in levers], ("lever", "measure")
    return xr.Dataset(
        {name: (dims, values) for name, values in numbers.items()} | {"observed": ((*dims, "year"), observed)},
        coords={
            "lever": levers,
            "measure": np.arange(1, most + 1),
            "year": years,
            "label": ("lever", np.array([one.label for one in first], dtype=object)),
            "theme": ("lever", np.array([one.theme for one in first], dtype=object)),
            "enjeux": ("lever", np.array([", ".join(one.enjeux) for one in first], dtype=object)),
            "panorama": ("lever", np.array([panoramas(lever) for lever in levers], dtype=object)),
            **{name: (dims, values) for name, values in texts.items()},
        },
        attrs={
            "territory": code,
            "name": territories.name(code),
            "level": territories.level(code),
            "version": version,
            "reference": "sgpe",
            "plan": BIODIVERSITY,
        },
    )


_TEXTS = {
    "measure_label": lambda one: one.measure,
    "indicator": lambda one: one.indicator,
    "unit": lambda one: one.unit,
    "place": lambda one: one.place if one.points else "",
    "source": lambda one: one.source,
    "target_level": lambda one: one.target.level,
    "target_text": lambda one: one.target.text,
    "target_source": lambda one: one.target.source,
    "compared": lambda one: one.compared,
    "state": lambda one: one.state,
    "note": lambda one: one.note,
    "exists": lambda one: one.exists,
    "holder": lambda one: one.holder,
}


def table(p: xr.Dataset) -> pd.DataFrame:
    """The panorama of biodiversity as rows: one per lever and measure, every one typed."""
    return pd.DataFrame(
        {
            "lever": one.lever,
            "label": one.label,
            "theme": one.theme,
            "enjeux": ", ".join(one.enjeux),
            "measure": one.measure,
            "indicator": one.indicator,
            "unit": one.unit,
            "value": one.value,
            "year": one.year,
            "place": one.place if one.points else "",
            "source": one.source,
            "target_level": one.target.level,
            "target": one.target.value,
            "target_year": one.target.year,
            "target_text": one.target.text,
            "target_source": one.target.source,
            "compared": one.compared,
            "change": one.change,
            "distance": one.distance,
            "state": one.state,
            "note": one.note,
            "exists": one.exists,
            "holder": one.holder,
        }
        for one in of(p)
    ).astype({"year": "Int64", "target_year": "Int64"})


# ------------------------------------------------------------------ the file


@dataclass(frozen=True, slots=True)
class Row:
    """A line of ``parameters/biodiversite.csv``."""

    lever: str
    measure: str
    indicator: str
    level: str
    rationale: int  # which target of the rationale of the lever, from 1; 0: none
    value: float
    year: float
    compared: str
    source: str
    text: str
    note: str
    exists: str
    holder: str


def in_panorama() -> list[str]:
    """The levers of the 43 that serve biodiversity or resources.

    First those that the climate panorama leaves out, then those that serve biodiversity too, then resources alone; in
    each, in the order of the 43.
    """
    cop = [lever for lever in parameters.levers().values() if lever.nomenclatures.cop]
    kept = [lever for lever in cop if panoramas(lever.id) != CLIMATE]
    kept.sort(key=lambda lever: (rank(lever.enjeux), lever.nomenclatures.cop))
    return [lever.id for lever in kept]


def rank(enjeux: Iterable[str]) -> int:
    """0: no climate; 1: biodiversity beside climate; 2: resources beside climate."""
    if "climat" not in enjeux:
        return 0
    return 1 if "biodiversite" in enjeux else 2


@kept(maxsize=4)
def rows() -> list[Row]:
    """The file, checked, in the order of the panorama.

    Raises
    ------
    ParameterError
        If it is damaged: all problems at once.
    """
    path = paths.parameters(FILE)
    read, problems, wanted = reading.read_table(path, COLUMNS), Problems(), in_panorama()
    stored = [*tables.read("observed.parquet").indicator.unique()]
    choices = {
        "lever": wanted,
        "indicator": ["", *stored],
        "level": ["", *LEVELS],
        "compared": list(COMPARED),
        "source": ["", *parameters.sources()],
    }
    out = []
    for n, row in enumerate(read, start=2):
        reading.check_choices(path, n, row, choices, problems)
        for column, message in _faults(row):
            problems.add(paths.shown(path), f"ligne {n}, colonne {column} : {message}")
        out.append(row)
    for lever in wanted:
        if not any(row["lever"] == lever for row in read):
            problems.add(paths.shown(path), f"le levier « {lever} » n'a aucune ligne. Lui en écrire une.")
    problems.raise_if_any(ParameterError)
    found = [
        Row(
            **row
            | {name: float(row[name] or "nan") for name in ("value", "year")}
            | {"rationale": int(row["rationale"] or 0)}
        )
        for row in out
    ]
    return sorted(found, key=lambda row: wanted.index(row.lever))


def _faults(row: dict[str, str]) -> list[tuple[str, str]]:
    """What is wrong in a line, beyond names that are unknown."""
    out = []
    if not row["measure"]:
        out.append(("measure", "cellule vide. Écrire ce qui est mesuré."))
    for name in ("value", "year", "rationale"):
        if row[name] and not re.fullmatch(r"-?\d+(\.\d+)?", row[name]):
            out.append((name, f"nombre attendu, trouvé « {row[name]} ». Écrire un nombre avec un point, ou vider."))
    known = parameters.levers().get(row["lever"])
    targets = [target for one in known.rationale for target in one.targets] if known else []
    if known and row["rationale"].isdigit() and not 1 <= int(row["rationale"]) <= len(targets):
        said = french.plural(len(targets), "cible", "cibles")
        out.append(("rationale", f"« {row['rationale']} », alors que le levier a {said}. Écrire son rang, de 1 à n."))
    if not row["level"] and not row["rationale"]:
        out.append(("level", "ni niveau ni ligne du rationnel : une cible a toujours un type. Remplir l'une des deux."))
    if row["level"] in (NATIONAL, SUPRA) and not (row["source"] and row["text"]):
        out.append(("source", "une cible écrite ici a besoin de « source » et de « text »."))
    if row["level"] == REGIONAL and known and known.quantity is None:
        out.append(("level", f"le levier « {known.id} » n'a pas de quantité, donc pas d'objectif régional."))
    if not row["indicator"] and not (row["exists"] and row["holder"]):
        out.append(("exists", "sans série, écrire ce qui existe (exists) et qui le détient (holder)."))
    lines = [one.indicator for one in indicators.by_lever().get(row["lever"], [])]
    if row["indicator"] and known and row["indicator"] not in lines:
        out.append(
            ("indicator", f"« {row['indicator']} » ne suit pas ce levier. L'ajouter à parameters/indicators.csv.")
        )
    return out
