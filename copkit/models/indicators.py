"""Which observed series follows which lever, and the series themselves, with the traps of their sources handled.

``parameters/indicators.csv`` maps indicators to levers; the first line of a lever that has data is its main one.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from copkit import french, paths
from copkit.errors import ParameterError, Problems
from copkit.files import kept
from copkit.reference import parameters, reading, tables, territories

COLUMNS = [
    *("indicator", "lever", "label", "unit", "direction", "convertible", "zero", "convention", "note"),
    *("share", "stock", "stock_factor", "doubtful", "climate", "base"),
]
FEWEST, SAME = 5, 0.001  # régions, and how far apart their ratios may be, for their change to be the same
DIRECTIONS = {"hausse": 1.0, "baisse": -1.0}
CLIMATES = ("", UNCORRECTED := "non_corrige")  # a mild winter makes the series fall without any effort
ZEROS = ("valeur", "absent_outre_mer")  # a 0 overseas is a missing value in several sources


def indicators() -> pd.DataFrame:
    """Les séries qui suivent chaque levier : indicateur, libellé, unité, sens attendu, conversion, précaution.

    Returns
    -------
    DataFrame : indicator, lever, label, unit, direction (« hausse » ou « baisse »), convertible (facteur vers l'unité
        du levier, NaN quand la série n'est qu'un repère), zero, convention (séries d'émissions), note ;
        share série de la part que cette quantité prend dans son parc [%], stock série de ce parc et stock_factor
        facteur du parc vers l'unité du levier (l'adoption se lit alors aussi sur une courbe en S) ; doubtful année dont
        la valeur peut être incomplète ; base série du volume dont celle-ci est une part : sans elle, la part n'est pas
        sûre.

    Raises
    ------
    ParameterError
        Si ``parameters/indicators.csv`` est endommagé : tous les problèmes d'un coup.

    References
    ----------
    Séries : data/clean/observed.parquet, source sur chaque ligne.
    """
    return _indicators().copy(deep=False)


@kept(maxsize=4)
def _indicators() -> pd.DataFrame:
    path = paths.parameters("indicators.csv")
    rows, problems, name = reading.read_table(path, COLUMNS), Problems(), paths.shown(path)
    stored = tables.read("observed.parquet").groupby("indicator").unit.unique()
    known = {
        "indicator": list(stored.index),
        "lever": list(parameters.levers()),
        "direction": list(DIRECTIONS),
        "zero": list(ZEROS),
        "convention": ["", *tables.CONVENTIONS],
        "climate": list(CLIMATES),
        "share": ["", *stored.index],
        "stock": ["", *stored.index],
        "base": ["", *stored.index],
    }
    seen: dict[tuple, int] = {}
    for n, row in enumerate(rows, start=2):
        reading.check_choices(path, n, row, known, problems)
        if not row["label"]:
            problems.add(name, f"ligne {n}, colonne label : cellule vide. Écrire ce que la série compte.")
        if row["indicator"] in stored.index and (units := list(stored[row["indicator"]])) != [row["unit"]]:
            said = french.join(f"« {unit} »" for unit in units)
            message = f"ligne {n}, colonne unit : « {row['unit']} », alors que la série est en {said}. Les accorder."
            problems.add(name, message)
        if message := _factor_fault(row):
            problems.add(name, f"ligne {n}, colonne convertible : {message}")
        for column, message in _adoption_faults(row, stored):
            problems.add(name, f"ligne {n}, colonne {column} : {message}")
        key = (row["indicator"], row["lever"])
        if key in seen:
            problems.add(name, f"lignes {seen[key]} et {n} : « {' » et « '.join(key)} » en double. En garder une.")
        seen.setdefault(key, n)
    problems.raise_if_any(ParameterError)
    table = pd.DataFrame(rows, columns=COLUMNS)
    numbers = ("convertible", "stock_factor", "doubtful")
    return table.assign(**{name: pd.to_numeric(table[name].replace("", None)).astype(float) for name in numbers})


@kept(maxsize=4)
def units() -> dict[str, str]:
    """The unit of each observed series."""
    table = tables.read("observed.parquet")
    return dict(tables.rows(table, "indicator", "unit"))


@kept(maxsize=4)
def by_lever() -> dict[str, list]:
    """The lines of ``parameters/indicators.csv`` of each lever, in the order of the file."""
    out = defaultdict(list)
    for row in _indicators().itertuples(index=False):
        out[row.lever].append(row)
    return dict(out)


def _adoption_faults(row: dict[str, str], stored: pd.Series) -> Iterator[tuple[str, str]]:
    """What is wrong with the share of a stock that follows an adoption, or with the year that is in doubt."""
    given = [name for name in ("share", "stock", "stock_factor") if row[name]]
    if len(given) in (1, 2):
        missing = french.join(name for name in ("share", "stock", "stock_factor") if name not in given)
        yield given[0], f"elle ne va pas sans {missing}. Remplir les trois cellules, ou aucune."
    if given and not row["convertible"]:
        yield given[0], "la série n'est pas dans l'unité du levier. Remplir convertible, ou vider share et stock."
    if row["share"] in stored.index and list(stored[row["share"]]) != ["%"]:
        yield "share", f"« {row['share']} » n'est pas une part en %. Nommer une série en %."
    if row["base"] and row["unit"] != "%":
        yield "base", f"la série est en « {row['unit']} » et n'est la part de rien. Vider la cellule."
    if row["stock_factor"] and not _positive(row["stock_factor"]):
        yield (
            "stock_factor",
            f"facteur positif attendu, trouvé « {row['stock_factor']} ». Écrire un nombre avec un point.",
        )
    if row["doubtful"] and not re.fullmatch(r"(19|20)\d\d", row["doubtful"]):
        yield "doubtful", f"année attendue, trouvé « {row['doubtful']} ». Écrire par exemple 2023, ou vider la cellule."


def _positive(text: str) -> bool:
    try:
        return float(text) > 0 and math.isfinite(float(text))
    except ValueError:
        return False


def _factor_fault(row: dict[str, str]) -> str:
    """What is wrong with the factor towards the lever's unit, or nothing."""
    text, lever = row["convertible"], parameters.levers().get(row["lever"])
    if not text:
        return ""
    if not _positive(text):
        return f"facteur positif attendu, trouvé « {text} ». Écrire un nombre avec un point, ou vider la cellule."
    if lever and lever.quantity is None:
        return f"le levier « {lever.id} » n'a pas de quantité. Vider la cellule."
    return ""


class Point(NamedTuple):
    """An observed value. [unit of its series]"""

    year: int
    value: float
    source: str


@kept(maxsize=4)
def _observed() -> dict[tuple[str, str], list[Point]]:
    """The points of each territory and indicator, in year order."""
    table, out = tables.read("observed.parquet").sort_values("year", kind="stable"), defaultdict(list)
    columns = ("territory", "indicator", "year", "value", "source")
    for territory, indicator, year, value, source in zip(*(table[c].to_list() for c in columns), strict=True):
        out[territory, indicator].append(Point(int(year), value, source))
    return dict(out)


def years(territory: str) -> dict[str, set[int]]:
    """The years that each observed series of a territory knows."""
    return _years().get(territory, {})


def extent(territory: str) -> tuple[int, int, int]:
    """How many series a territory has, how many over several years, and their last year; 0 when there is none."""
    found = years(territory).values()
    return len(found), sum(len(one) > 1 for one in found), max((max(one) for one in found), default=0)


@kept(maxsize=4)
def _years() -> dict[str, dict[str, set[int]]]:
    out = defaultdict(dict)
    for (territory, indicator), points in _observed().items():
        out[territory][indicator] = {point.year for point in points}
    return dict(out)


@kept(maxsize=4)
def _publishers() -> dict[str, str]:
    """Who publishes each observed series, in a word or two."""
    table = tables.read("observed.parquet")
    keys = dict(tables.rows(table, "indicator", "source"))
    return {indicator: parameters.sources()[key].in_short for indicator, key in keys.items()}


def publisher(indicator: str) -> str:
    """Who publishes a series, in a word or two; for a place where it has no value."""
    return _publishers()[indicator]


@kept(maxsize=4)
def _half_steps() -> dict[tuple[str, int], float]:
    """Half of the last digit with which the sources print an indicator in a year."""
    digits = defaultdict(int)
    for (_, indicator), points in _observed().items():
        for point in points:
            printed = len(repr(point.value).partition(".")[2].rstrip("0"))
            digits[indicator, point.year] = max(digits[indicator, point.year], printed)
    return {key: 0.5 * 10.0**-most for key, most in digits.items()}


def rounding(indicator: str, *years: int) -> float:
    """How much of a change between years the rounding of the source can make up. [unit of the series]"""
    steps = _half_steps()
    return sum(steps[indicator, year] for year in years)


def alike(indicator: str, first: int, last: int) -> int:
    """In how many régions a series moves by the same ratio between two years; 0 where some of them move apart.

    A change that a source has spread over régions says nothing of one of them.
    """
    moved = _moved().get((indicator, first, last), [])
    return len(moved) if len(moved) >= FEWEST and max(moved) - min(moved) <= SAME else 0


@kept(maxsize=4)
def _moved() -> dict[tuple[str, int, int], list[float]]:
    """The ratios of the values of two years, in each région, of each series."""
    out = defaultdict(list)
    for (territory, indicator), points in _observed().items():
        for first, last in itertools.combinations(points, 2) if territory.startswith("reg") else ():
            if first.year < last.year and first.value:
                out[indicator, first.year, last.year].append(last.value / first.value)
    return dict(out)


def source_year(source: str) -> int:
    """The last year that a source covers, by ``parameters/sources.yml``: the most recent source is preferred.

    >>> source_year("baro_resultats_2023") < source_year("ditp_baro_2024")
    True
    """
    described = parameters.sources().get(source)
    return max((int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", described.year if described else "")), default=0)


def series(code: str, indicator: str, *, zero: str = "valeur") -> tuple[list[Point], list[str]]:
    """The observed values of a territory, one per year, and what was chosen among them.

    Two vintages of a year: the most recent source is kept and the other one said. A zero overseas is a missing
    value where ``zero`` says so. A département alone in its région has the région's series.

    Returns
    -------
    (points in year order; French notes)
    """
    groups, notes = _observed(), []
    points = groups.get((code, indicator))
    region = territories.region_of(code)
    if points is None and region != code and len(territories.departements_of(region)) == 1:
        points = groups.get((region, indicator))
        notes += ["Valeurs de la région, d'un seul département."] if points is not None else []
    if points is None:
        return [], []
    if zero == "absent_outre_mer" and territories.is_overseas(code) and any(p.value == 0 for p in points):
        years = french.join(str(p.year) for p in points if p.value == 0)
        notes.append(f"Zéro lu comme valeur absente : {years}.")
        points = [p for p in points if p.value != 0]
    if len({p.year for p in points}) < len(points):
        ranked = sorted(points, key=lambda p: (p.year, source_year(p.source), p.source))
        last = {p.year: p for p in ranked}
        for point in ranked:
            if point is not last[point.year]:
                said = f"{french.quantity(point.value)} ({point.source})"
                notes.append(f"Deux millésimes en {point.year} : source la plus récente retenue, écarté {said}.")
        points = list(last.values())
    return list(points), notes


def national_sum(indicator: str, regions: list[str], *, zero: str = "valeur") -> tuple[list[Point], list[str]]:
    """The sum of the régions' series, for the years that all of them know."""
    found, by_year = [series(region, indicator, zero=zero)[0] for region in regions], defaultdict(list)
    if not all(found):
        return [], []
    for point in (point for points in found for point in points):
        by_year[point.year].append(point)
    summed = [
        Point(year, math.fsum(p.value for p in points), ", ".join(dict.fromkeys(p.source for p in points)))
        for year, points in sorted(by_year.items())
        if len(points) == len(regions)
    ]
    return summed, [f"Somme de {len(regions)} régions."] if summed else []
