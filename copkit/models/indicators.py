"""Which observed series follows which lever, and the series themselves, with the traps of their sources handled.

``parameters/indicators.csv`` maps indicators to levers; the first line of a lever that has data is its main one.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

import pandas as pd

from copkit import french, paths
from copkit.errors import ParameterError, Problems, suggestion
from copkit.reference import parameters, reading, tables, territories

COLUMNS = ["indicator", "lever", "label", "unit", "direction", "convertible", "zero", "convention", "note"]
DIRECTIONS = {"hausse": 1.0, "baisse": -1.0}
ZEROS = ("valeur", "absent_outre_mer")  # a 0 overseas is a missing value in several sources


def indicators() -> pd.DataFrame:
    """Les séries qui suivent chaque levier : indicateur, libellé, unité, sens attendu, conversion, précaution.

    Returns
    -------
    DataFrame : indicator, lever, label, unit, direction (« hausse » ou « baisse »), convertible (facteur vers l'unité
        du levier, NaN quand la série n'est qu'un repère), zero, convention (séries d'émissions), note.

    Raises
    ------
    ParameterError
        Si ``parameters/indicators.csv`` est endommagé : tous les problèmes d'un coup.

    References
    ----------
    Séries : data/clean/observed.parquet, source sur chaque ligne.
    """
    return _indicators(str(paths.parameters("indicators.csv"))).copy()


@lru_cache(maxsize=4)
def _indicators(file: str) -> pd.DataFrame:
    path = paths.parameters("indicators.csv")
    rows, problems, name = reading.read_table(path, COLUMNS), Problems(), paths.shown(path)
    stored = tables.read("observed.parquet").groupby("indicator").unit.unique()
    known = {
        "indicator": list(stored.index),
        "lever": list(parameters.levers()),
        "direction": list(DIRECTIONS),
        "zero": list(ZEROS),
        "convention": ["", *tables.CONVENTIONS],
    }
    seen: dict[tuple, int] = {}
    for n, row in enumerate(rows, start=2):
        for column, allowed in known.items():
            if row[column] not in allowed:
                hint = suggestion(row[column], allowed)
                problems.add(name, f"ligne {n}, colonne {column} : valeur « {row[column]} » inconnue.{hint}")
        if not row["label"]:
            problems.add(name, f"ligne {n}, colonne label : cellule vide. Écrire ce que la série compte.")
        if row["indicator"] in stored.index and (units := list(stored[row["indicator"]])) != [row["unit"]]:
            said = french.join(f"« {unit} »" for unit in units)
            message = f"ligne {n}, colonne unit : « {row['unit']} », alors que la série est en {said}. Les accorder."
            problems.add(name, message)
        if message := _factor_fault(row):
            problems.add(name, f"ligne {n}, colonne convertible : {message}")
        key = (row["indicator"], row["lever"])
        if key in seen:
            problems.add(name, f"lignes {seen[key]} et {n} : « {' » et « '.join(key)} » en double. En garder une.")
        seen.setdefault(key, n)
    problems.raise_if_any(ParameterError)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(convertible=pd.to_numeric(table.convertible.replace("", None)).astype(float))


def _factor_fault(row: dict[str, str]) -> str:
    """What is wrong with the factor towards the lever's unit, or nothing."""
    text, lever = row["convertible"], parameters.levers().get(row["lever"])
    if not text:
        return ""
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not (factor > 0 and math.isfinite(factor)):
        return f"facteur positif attendu, trouvé « {text} ». Écrire un nombre avec un point, ou vider la cellule."
    if lever and lever.quantity is None:
        return f"le levier « {lever.id} » n'a pas de quantité. Vider la cellule."
    return ""


@lru_cache(maxsize=4)
def _observed(file: str) -> dict[tuple[str, str], pd.DataFrame]:
    table = tables.read("observed.parquet").sort_values("year", kind="stable")
    return {key: rows for key, rows in table.groupby(["territory", "indicator"], sort=False)}


@lru_cache(maxsize=512)
def _half_step(file: str, indicator: str, year: int) -> float:
    """Half of the last digit with which the sources print an indicator in a year."""
    groups = _observed(file)
    digits = 0
    for (_, name), rows in groups.items():
        if name == indicator:
            for value in rows.value[rows.year == year]:
                digits = max(digits, len(repr(float(value)).partition(".")[2].rstrip("0")))
    return 0.5 * 10.0**-digits


def rounding(indicator: str, *years: int) -> float:
    """How much of a change between years the rounding of the source can make up. [unit of the series]"""
    return sum(_half_step(str(paths.clean_data("observed.parquet")), indicator, year) for year in years)


def source_year(source: str) -> int:
    """The last year that a source covers, by ``parameters/sources.yml``: the most recent source is preferred.

    >>> source_year("baro_resultats_2023") < source_year("ditp_baro_2024")
    True
    """
    described = parameters.sources().get(source)
    return max((int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", described.year if described else "")), default=0)


def series(code: str, indicator: str, *, zero: str = "valeur") -> tuple[pd.DataFrame, list[str]]:
    """The observed values of a territory, one per year, and what was chosen among them.

    Two vintages of a year: the most recent source is kept and the other one said. A zero overseas is a missing
    value where ``zero`` says so. A département alone in its région has the région's series.

    Returns
    -------
    (DataFrame year, value, source in year order; French notes)
    """
    groups, notes = _observed(str(paths.clean_data("observed.parquet"))), []
    rows = groups.get((code, indicator))
    region = territories.region_of(code)
    if rows is None and region != code and len(territories.departements_of(region)) == 1:
        rows = groups.get((region, indicator))
        notes += ["Valeurs de la région, d'un seul département."] if rows is not None else []
    if rows is None:
        return pd.DataFrame({"year": [], "value": [], "source": []}), []
    rows = rows[["year", "value", "source"]]
    if zero == "absent_outre_mer" and territories.is_overseas(code) and (rows.value == 0).any():
        years = french.join(str(int(y)) for y in rows.year[rows.value == 0])
        notes.append(f"Zéro lu comme valeur absente : {years}.")
        rows = rows[rows.value != 0]
    if rows.year.duplicated().any():
        ranked = rows.assign(rank=[source_year(source) for source in rows.source])
        ranked = ranked.sort_values(["year", "rank", "source"], kind="stable")
        kept = ranked.drop_duplicates("year", keep="last")
        for row in ranked.drop(kept.index).itertuples():
            said = f"{french.quantity(row.value)} ({row.source})"
            notes.append(f"Deux millésimes en {int(row.year)} : source la plus récente retenue, écarté {said}.")
        rows = kept.drop(columns="rank")
    return rows.reset_index(drop=True), notes


def national_sum(indicator: str, regions: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """The sum of the régions' series, for the years that all of them know."""
    found = [series(region, indicator)[0] for region in regions]
    if not found or any(one.empty for one in found):
        return pd.DataFrame({"year": [], "value": [], "source": []}), []
    rows = pd.concat(found)
    groups = rows.groupby("year")
    complete = groups.size() == len(regions)
    value = groups.value.sum()[complete]
    source = groups.source.agg(lambda names: ", ".join(dict.fromkeys(names)))[complete]
    table = pd.DataFrame({"year": value.index, "value": value.to_numpy(), "source": source.to_numpy()})
    return table, [f"Somme de {len(regions)} régions."] if len(table) else []
