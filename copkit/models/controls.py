"""National control totals: what the régions add up to, beside the total that a source gives for the country.

``parameters/controles.csv`` lists them. A total that does not agree is printed as it is, never smoothed.
"""

from __future__ import annotations

import math

import pandas as pd

from copkit import french, paths
from copkit.errors import ParameterError, Problems, unknown
from copkit.files import kept
from copkit.models import indicators, published
from copkit.models.panorama import LATEST
from copkit.reference import parameters, reading, tables, territories

FILE = "controles.csv"
COLUMNS = ["id", "label", "indicator", "factor", "national", "national_factor", "year", "value", "source", "tolerance"]
COLUMNS.append("note")
STARTS = "panorama:"  # the starting points of a lever, région by région
LEAST, DIGITS = 1e-7, 4  # a gap below it is that of a computer [%]; digits of a total
AGREES, APART = "concorde", "ne concorde pas"


def controls() -> pd.DataFrame:
    """Les totaux nationaux de contrôle : la somme des régions face au total qu'une source donne pour le pays.

    Returns
    -------
    DataFrame, une ligne par contrôle et par année connue des deux côtés : control, label, year, regions (combien
        s'additionnent), summed et national [unité du libellé], difference [%], tolerance [%], state (« concorde »,
        « ne concorde pas »), source du total, note, sentence.

    Raises
    ------
    ParameterError
        Si ``parameters/controles.csv`` est endommagé : tous les problèmes d'un coup.

    Examples
    --------
    >>> found = controls().set_index(["control", "year"])
    >>> found.loc[("bornes", 2024), ["regions", "difference", "state"]].to_list()
    [18, 0.0, 'concorde']
    """
    found = [row for one in rows() for row in _compared(one)]
    columns = ["control", "label", "year", "regions", "summed", "national", "difference", "tolerance", "state"]
    return pd.DataFrame(found, columns=[*columns, "source", "note", "sentence"])


def _compared(one: dict) -> list[list]:
    factor, tolerance = float(one["factor"]), float(one["tolerance"])
    apart, among = 0.0, ()
    if one["national"].startswith(STARTS):
        starts, year = _starts(one["national"].removeprefix(STARTS)), int(one["year"])
        totals, among = {year: (math.fsum(starts.values()), one["source"])}, tuple(starts)
        gaps = [
            100 * (_summed(one["indicator"], factor, (code,))[year][0] / start - 1) for code, start in starts.items()
        ]
        apart = max(gaps, key=abs)  # région by région: gaps that make up for one another are gaps
    elif one["national"]:
        points = indicators.series("fr", one["national"])[0]
        totals = {point.year: (float(one["national_factor"]) * point.value, point.source) for point in points}
    else:
        totals = {int(one["year"]): (float(one["value"]), one["source"])}
    summed, rows = _summed(one["indicator"], factor, among), []
    for year in sorted(set(totals) & set(summed)):
        (total, source), (found, count) = totals[year], summed[year]
        gap = apart or 100 * (found / total - 1)
        gap = 0.0 if abs(gap) < LEAST else gap
        state = AGREES if abs(gap) <= tolerance else APART
        figures = [year, count, found, total, gap, tolerance, state]
        said = _sentence(one["label"], year, count, found, total, gap, state)
        rows.append([one["id"], one["label"], *figures, source, one["note"], said])
    return rows


def _sentence(label: str, year: int, count: int, found: float, total: float, gap: float, state: str) -> str:
    written = "égal" if gap == 0 else f"{french.signed(gap, 2)} %"
    return (
        f"{french.capital(label)}, {year} : {digits(found)} dans {french.plural(count, 'région')}, {digits(total)} au "
        f"total national ({written}) : {state}."
    )


def digits(value: float) -> str:
    """A total with the digits that tell it from another.

    >>> digits(1.10565), digits(149669.0)
    ('1,106', '149\u202f669')
    """
    return french.number(value, max(0, DIGITS - 1 - math.floor(math.log10(abs(value)))) if value else 0)


def _summed(indicator: str, factor: float, among: tuple[str, ...] = ()) -> dict[int, tuple[float, int]]:
    """Year → the sum of the régions that know it, and how many; a zero overseas that stands for no value left out."""
    zero = next((row.zero for rows in indicators.by_lever().values() for row in rows if row.indicator == indicator), "")
    found: dict[int, list[float]] = {}
    for region in among or territories.codes("region"):
        for point in indicators.series(region, indicator, zero=zero or "valeur")[0]:
            found.setdefault(point.year, []).append(factor * point.value)
    return {year: (math.fsum(values), len(values)) for year, values in found.items()}


def _starts(lever: str) -> dict[str, float]:
    """The published starting point of a lever in each région that has one. [unit of the lever]"""
    found = {}
    for region in territories.codes("region"):
        table = published.rows(region, LATEST)
        value = table.baseline[table.lever == lever].dropna()
        found |= {region: float(value.iloc[0])} if len(value) else {}
    return found


@kept(maxsize=4)
def rows() -> list[dict[str, str]]:
    """The file, checked."""
    path = paths.parameters(FILE)
    found, problems, name = reading.read_table(path, COLUMNS), Problems(), paths.shown(path)
    stored = [*tables.read("observed.parquet").indicator.unique()]
    for n, row in enumerate(found, start=2):
        choices = {"indicator": stored, "source": ["", *parameters.sources()]}
        reading.check_choices(path, n, row, choices, problems)
        if not row["national"] and not (row["year"] and row["value"] and row["source"]):
            said = "ni série nationale, ni total écrit. Remplir national, ou year, value et source."
            problems.add(name, f"ligne {n} : {said}")
        series = row["national"] if not row["national"].startswith(STARTS) else ""
        if series and series not in stored:
            problems.add(name, unknown(f"ligne {n}, colonne national : « {series} » inconnue", series, stored))
        for column in ("factor", "national_factor", "year", "value", "tolerance"):
            if (row[column] and not _number(row[column])) or not row["tolerance"]:
                problems.add(name, f"ligne {n}, colonne {column} : nombre attendu, trouvé « {row[column]} ».")
    problems.raise_if_any(ParameterError)
    return found


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
