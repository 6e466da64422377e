"""What a new reading would change in the observed series, value by value, and what looks abnormal in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from copkit import french
from copkit.refresh.settings import Bounds, Settings

KEY = ["indicator", "territory", "year"]
ADDED, CHANGED, GONE = "nouveau", "modifié", "disparu"
FARTHEST = 2  # years between two values that are compared
SAME_SCALE = 0.01  # how near to a power of ten, as its logarithm
COLUMNS = [*KEY, "unit", "before", "after", "change", "rule", "abnormal"]


@dataclass(frozen=True, eq=False)
class Difference:
    """The values that would change (COLUMNS), and the table of observed series that they make."""

    values: pd.DataFrame
    table: pd.DataFrame
    read: tuple[str, ...]

    @property
    def abnormal(self) -> pd.DataFrame:
        """The values that look abnormal."""
        return self.values[self.values.rule != ""]

    def by_indicator(self) -> pd.DataFrame:
        """How many values of each series are new, changed, gone, abnormal; their years."""
        rows = []
        for (indicator, unit), group in self.values.groupby(["indicator", "unit"], sort=True):
            counts = [int((group.change == kind).sum()) for kind in (ADDED, CHANGED, GONE)]
            rows.append((indicator, unit, *counts, int((group.rule != "").sum()), group.year.min(), group.year.max()))
        columns = ["indicator", "unit", "added", "changed", "gone", "abnormal", "first_year", "last_year"]
        return pd.DataFrame(rows, columns=columns)


def difference(
    stored: pd.DataFrame, read: pd.DataFrame, sources: dict[str, tuple[str, str]], known: Settings
) -> Difference:
    """Compare what was read with what is stored.

    ``stored``: the table of observed series; ``read``: territory, indicator, year, value, unit, status; ``sources``:
    for each indicator that was read, the source delivered with the kit and the one of new values. A value that is the
    same keeps its source.
    """
    old_sources = stored.indicator.map(lambda name: sources.get(name, ()))
    pairs = zip(stored.source.to_list(), old_sources, strict=True)
    mine = pd.Series([source in said for source, said in pairs], stored.index, dtype=bool)
    both = stored[mine].merge(read, on=KEY, how="outer", suffixes=("_old", "_new"), indicator=True)
    known_old, known_new = both["_merge"] != "right_only", both["_merge"] != "left_only"
    same = known_old & known_new & ((both.value_old - both.value_new).abs() <= known.rounding)
    changes = both[~same]
    kinds = (
        pd.Series(CHANGED, changes.index).mask(~known_old[changes.index], ADDED).mask(~known_new[changes.index], GONE)
    )
    unit = changes.unit_new.where(changes.unit_new.notna(), changes.unit_old)
    values = (
        changes[KEY]
        .astype({"year": "int64"})
        .assign(unit=unit, before=changes.value_old, after=changes.value_new, change=kinds)
    )
    values = _judged(values.sort_values(KEY, ignore_index=True), stored[mine], read, known)
    news = values[values.change != GONE].merge(read[[*KEY, "status"]], on=KEY)
    news = news.assign(value=news.after, source=[sources[name][1] for name in news.indicator])
    gone = pd.MultiIndex.from_frame(values[values.change != ADDED][KEY])
    kept = stored[~(mine & pd.MultiIndex.from_frame(stored[KEY]).isin(gone))]
    table = pd.concat([kept, news[kept.columns]], ignore_index=True)
    table = table.astype({"year": "int64", "value": "float64"})
    return Difference(values, table, tuple(sorted(sources)))


def _judged(values: pd.DataFrame, stored: pd.DataFrame, read: pd.DataFrame, known: Settings) -> pd.DataFrame:
    """The values with the rule that finds them abnormal, and why."""
    old, new = (
        {
            name: dict(zip(zip(g.territory, g.year, strict=True), g.value, strict=True))
            for name, g in t.groupby("indicator")
        }
        for t in (stored, read)
    )
    tops: dict[tuple[str, str], float] = {}
    for name, series in new.items():
        for (place, _), value in series.items():
            tops[name, place] = max(tops.get((name, place), 0.0), abs(value))
    scales = {name: scale for name in new if (scale := _scale(old.get(name, {}), new[name]))}
    said = []
    for row in values.itertuples(index=False):
        series, before = new.get(row.indicator, {}), old.get(row.indicator, {})
        one = known.of(row.indicator)
        said.append(
            _judge(row, series, tops.get((row.indicator, row.territory), 0.0), one, known.bounds[one.bounds], scales)
        )
        if row.change == GONE and not any(place == row.territory for place, _ in series):
            last = max(year for place, year in before if place == row.territory)
            said[-1] = ("territoire_disparu", f"le territoire n'est plus dans la série, connue jusqu'en {last:.0f}")
    return values.assign(rule=[rule for rule, _ in said], abnormal=[why for _, why in said])[COLUMNS]


def _judge(row, series: dict, top: float, one, bounds: Bounds, scales: dict[str, int]) -> tuple[str, str]:
    """The rule that finds one value abnormal and why; empty when none does."""
    if row.change == GONE and row.before == 0 and getattr(one, "zero", "valeur") != "valeur":
        return "", ""  # the rule of the zeros overseas took it out
    if row.change == GONE:
        return "annee_disparue", f"la valeur de {row.year} n'est plus dans la série"
    if row.indicator in scales and row.change == CHANGED:
        return (
            "unite_multipliee",
            f"toutes les valeurs connues sont multipliées par {french.exact(10.0 ** scales[row.indicator])}",
        )
    if one.unit == "%" and not 0 <= row.after <= 100:
        return "hors_de_0_a_100", f"{french.exact(row.after)} % n'est pas une part"
    if row.change == CHANGED and (why := _beyond(row.before, row.after, top, bounds.revision, bounds.revision_points)):
        return "revision", f"{why} de la valeur connue"
    earlier = [year for place, year in series if place == row.territory and row.year - FARTHEST <= year < row.year]
    if not earlier:
        return "", ""
    last = max(earlier)
    value = series[row.territory, last]
    if getattr(one, "cumulative", False) and row.after < value:
        return "cumul_en_recul", f"sous la valeur de {last}, {french.quantity(value)}, alors que la série est un cumul"
    why = _beyond(value, row.after, top, bounds.jump, bounds.points)
    return ("saut", f"{why} de {last}") if why else ("", "")


def _beyond(before: float, after: float, top: float, share: float | None, points: float | None) -> str:
    """How far two values are apart, when it is beyond the bound; empty when it is not."""
    gap = abs(after - before)
    if points is not None:
        return f"à {french.number(gap)} points (borne : {french.number(points)})" if gap > points else ""
    if share is None or not top or gap / top <= share:
        return ""
    return f"à {french.share(100 * gap / top)} du plus haut de la série (borne : {french.share(100 * share)})"


def _scale(old: dict, new: dict) -> int:
    """The power of ten by which all the common values of a series were multiplied; 0 for none."""
    ratios = [new[key] / old[key] for key in old.keys() & new.keys() if old[key] and new[key] / old[key] > 0]
    if len(ratios) < 3:
        return 0
    power = round(math.log10(sorted(ratios)[len(ratios) // 2]))
    near = [abs(math.log10(ratio) - power) <= SAME_SCALE for ratio in ratios]
    return power if power and sum(near) >= 0.9 * len(near) else 0
