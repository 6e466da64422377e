"""Control totals: what the territories make together beside what is said of France, and of the simulator's start.

A disagreement is printed, never smoothed: it stops nothing, and the reader sees it before a new version is written.
"""

from __future__ import annotations

import pandas as pd

from copkit.models import indicators
from copkit.reference import tables, territories
from copkit.refresh.settings import Control, settings

AGREES, APART, SHORT = "accord", "désaccord", "incomplet"
EXACT = 1e-9  # of a total: what sums of decimal numbers lose
COLUMNS = ["label", "year", "places", "expected", "sum", "total", "gap", "unit", "verdict", "note"]


def controls(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Les totaux nationaux de contrôle : la somme des territoires face au total qu'une source donne pour le pays.

    Parameters
    ----------
    table : séries observées ; à défaut celles du kit (data/clean/observed.parquet).

    Returns
    -------
    DataFrame, une ligne par contrôle de parameters/refresh.yml et par année connue des deux côtés : label, year, places
        (territoires qui ont une valeur), expected (attendus), sum et total [``unit``], gap (l'écart, part du total),
        unit, verdict (« accord », « désaccord », « incomplet »), note. Un désaccord est montré, jamais lissé.

    Raises
    ------
    ParameterError
        Si ``parameters/refresh.yml`` est endommagé.
    """
    observed, asked = tables.read("observed.parquet") if table is None else table, settings().controls
    named = {name for one in asked for name in (one.parts, one.total)}
    latest = _latest(observed[observed.indicator.isin(named)])
    known = {name: latest[latest.indicator == name] for name in named}
    rows = [row for one in asked for row in _rows(one, known)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(one: Control, known: dict[str, pd.DataFrame]) -> list[tuple]:
    parts = known[one.parts]
    parts = parts[parts.territory.isin(territories.codes(one.level))]
    parts = parts.assign(value=parts.value * one.factor)
    if one.baseline:
        return _starts(one, parts)
    totals = known[one.total or one.parts]
    totals = totals[totals.territory == "fr"]
    unit, given = one.unit, dict(one.totals)
    for row in () if one.totals else totals.itertuples():
        unit, given[int(row.year)] = row.unit, row.value
    expected, rows = parts.territory.nunique(), []
    for year, values in parts.groupby("year").value:
        if (total := given.get(int(year))) is None:
            continue
        here, made = len(values), values.sum()
        gap = abs(made / total - 1) if total else float("nan")
        verdict = SHORT if here < expected else AGREES if gap <= one.tolerance + EXACT else APART
        rows.append((one.label, int(year), here, expected, made, total, gap, unit, verdict, one.note))
    return rows


def _starts(one: Control, parts: pd.DataFrame) -> list[tuple]:
    """The starting points of the simulator, territory by territory."""
    panorama = tables.read("panorama.csv")
    panorama = panorama[(panorama.lever == one.baseline) & (panorama.version == panorama.version.max())]
    starts = panorama.dropna(subset="baseline").set_index("territory").baseline
    both = parts[parts.year == one.year].set_index("territory").value.to_frame("value").join(starts, how="inner")
    if both.empty:
        return []
    gap = (both.value / both.baseline - 1).abs().max()
    verdict = SHORT if len(both) < len(starts) else AGREES if gap <= one.tolerance + EXACT else APART
    sums = both.value.sum(), both.baseline.sum()
    return [(one.label, one.year, len(both), len(starts), *sums, gap, one.unit, verdict, one.note)]


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    """One value for each indicator, territory and year, of the most recent source."""
    ranks = rows.source.map({source: indicators.source_year(source) for source in rows.source.unique()})
    ranked = rows.assign(rank=ranks).sort_values("rank", kind="stable")
    return ranked.drop_duplicates(["indicator", "territory", "year"], keep="last")
