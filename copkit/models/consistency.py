"""The national rationale against the sum of the régions: one row per lever, its gap, and how to read it.

``parameters/coherence.csv`` says which target of the rationale answers which lever, and whether both count the
same quantity; every figure is computed from the panorama and from the typed targets of the levers.
"""

from __future__ import annotations

import math
from numbers import Real

import pandas as pd

from copkit import french, paths
from copkit.errors import LeverError, ParameterError, Problems, given
from copkit.files import kept
from copkit.models import factors
from copkit.models.panorama import LATEST, panorama
from copkit.reference import parameters, reading, tables, territories, units

COLUMNS = ["lever", "indicator", "quantity", "total", "note"]
CONSISTENT, OTHER_YEAR = "cohérent", "année de base différente"
OTHER_QUANTITY, REPORTED = "quantité différente", "à signaler"
STATUSES = (CONSISTENT, OTHER_YEAR, OTHER_QUANTITY, REPORTED)
BASE_YEAR = 2019


def consistency(
    tolerance: float = 2.0, *, per_base_year: float = 1.0, other_quantity: float = 10.0, version: str = LATEST
) -> pd.DataFrame:
    """Le rationnel national face à la somme des régions de métropole, levier par levier.

    Parameters
    ----------
    tolerance : écart admis entre les deux pourcentages ; hypothèse du kit. [points]
    per_base_year : écart qu'explique une année entre les deux années de base ; hypothèse. [points/an]
    other_quantity : écart qu'explique une quantité différente ; hypothèse. [points]
    version : version des données du panorama.

    Returns
    -------
    DataFrame par levier : label, unit, regions (nombre de régions traduites), start_2019 et quantity_2030 [unité du
        levier ; moyenne des régions si la quantité ne s'additionne pas], computed [%], regional_min et regional_max
        [%], rationale (texte), rationale_percent [%], rationale_base_year, difference [points], tolerance, status
        (« cohérent », « année de base différente », « quantité différente » ou « à signaler »), reading (phrase).
        ``computed`` : évolution 2019-2030 de la métropole, Σ objectif × coefficient ÷ Σ point de départ ; part du
        parc total quand le rationnel est une part et que le parc est connu. Inconnu : NaN.

    Raises
    ------
    ParameterError
        Si ``parameters/coherence.csv`` est endommagé.

    References
    ----------
    Rationnel : ``sgpe_point_de_sortie`` ; panorama et coefficients : ``sgpe_simulateur_2024``.

    Examples
    --------
    >>> table = consistency().set_index("lever")
    >>> round(float(table.computed["chaudieres_gaz_residentiel"]), 1), table.status["chaudieres_gaz_residentiel"]
    (-21.3, 'cohérent')
    """
    margins = (tolerance, per_base_year, other_quantity)
    if wrong := [one for one in margins if isinstance(one, bool) or not isinstance(one, Real)]:
        raise LeverError(f"Écart admis : nombre attendu, et non {given(wrong[0])}. Écrire par exemple 2.0 [points].")
    return _consistency(margins, version).copy(deep=False)


@kept(maxsize=8)
def _consistency(margins: tuple[float, float, float], version: str) -> pd.DataFrame:
    published = tables.read("panorama.csv")
    published = published[(published.version == version) & (published.translated == "oui")]
    published = published[~published.territory.map(territories.is_overseas)]
    targets = published.pivot(index="territory", columns="lever", values="target_ktco2e")
    targets = targets[list(dict.fromkeys(published.lever))]  # in the order of the source
    rows = [_row(line, target, published, targets, margins) for line, target in lines()]
    return pd.DataFrame(rows)


def lines() -> list[tuple[dict[str, str], parameters.RationaleTarget]]:
    """The rows of the file, each with the typed target that it names.

    Raises
    ------
    ParameterError
        If the file is damaged.
    """
    path, problems, out = paths.parameters("coherence.csv"), Problems(), []
    known = parameters.levers()
    targets = {t.indicator: t for lever in known.values() for row in lever.rationale for t in row.targets}
    targets.pop(None, None)
    observed = sorted(tables.read("observed.parquet").indicator.unique())
    choices = {"lever": known, "indicator": targets, "quantity": ("meme", "autre"), "total": ("", *observed)}
    for n, line in enumerate(reading.read_table(path, COLUMNS), start=2):
        reading.check_choices(path, n, line, choices, problems)
        out.append((line, targets.get(line["indicator"])))
    problems.raise_if_any(ParameterError)
    return out


def _row(
    line: dict[str, str],
    target: parameters.RationaleTarget,
    published: pd.DataFrame,
    targets: pd.DataFrame,
    margins: tuple[float, float, float],
) -> dict:
    lever = parameters.levers()[line["lever"]]
    rows = published[published.lever == lever.id].set_index("territory")
    change = rows.target_ktco2e * rows.quantity_per_ktco2e
    start, end = rows.baseline, rows.baseline.fillna(0) + change
    if line["total"]:
        total = _total(line["total"], list(rows.index), lever.quantity.unit)
        computed, regional = 100 * end.sum() / total.sum(), 100 * end / total
    elif target.kind == "level":  # a share of a total that the kit does not know
        computed, regional = math.nan, pd.Series(dtype=float)
    else:
        computed, regional = 100 * change.sum() / start.sum(min_count=len(start)), 100 * change / start
    expected = _percent(target) if line["quantity"] == "meme" or target.kind == "change" else math.nan
    years = abs(target.base_year - BASE_YEAR) if target.base_year else 0
    difference = computed - expected
    added = (lambda column: column.sum()) if lever.quantity.additive else (lambda column: column.mean())
    facts = {
        "lever": lever.id,
        "label": lever.label,
        "unit": lever.quantity.unit,
        "regions": len(rows),
        "start_2019": added(start) if start.notna().all() else math.nan,
        "quantity_2030": added(end),
        "computed": computed,
        "regional_min": regional.min(),
        "regional_max": regional.max(),
        "rationale": target.text,
        "rationale_percent": expected,
        "rationale_base_year": target.base_year or math.nan,
        "difference": difference,
        "tolerance": margins[0],
        "status": _status(difference, years, line["quantity"] == "autre", margins),
    }
    notes = [line["note"], _same_targets(lever.id, targets), _spread(change, lever), _precise(rows, lever.id)]
    return {**facts, "reading": " ".join([_sentence(facts, target, bool(line["total"])), *filter(None, notes)])}


def _total(indicator: str, codes: list[str], unit: str) -> pd.Series:
    """The last known total of each région, in the unit of the lever."""
    observed = tables.read("observed.parquet")
    rows = observed[(observed.indicator == indicator) & observed.territory.isin(codes)].sort_values("year")
    return rows.groupby("territory").value.last() / (1000 if unit.startswith("millier") else 1)


def _percent(target: parameters.RationaleTarget) -> float:
    """A target as a percentage: a factor of 0.5 is a change of -50 %."""
    return 100 * (target.value - 1) if target.kind == "factor" else target.value


def _status(difference: float, years: int, other: bool, margins: tuple[float, float, float]) -> str:
    """A gap is explained by another quantity or another base year up to a margin; beyond, it is reported."""
    tolerance, per_base_year, other_quantity = margins
    if math.isnan(difference):
        return OTHER_QUANTITY
    if other:
        return OTHER_QUANTITY if abs(difference) <= other_quantity else REPORTED
    if years:
        explained = max(tolerance, per_base_year * years)
        return OTHER_YEAR if abs(difference) <= explained else REPORTED
    return CONSISTENT if abs(difference) <= tolerance else REPORTED


def _sentence(facts: dict, target: parameters.RationaleTarget, is_share: bool) -> str:
    unit = units.label(facts["unit"])
    unit += "" if parameters.levers()[facts["lever"]].quantity.additive else " (moyenne des régions)"
    end = f"{french.quantity(facts['quantity_2030'])} {unit} en 2030"
    level = f"{french.quantity(facts['start_2019'])} en {BASE_YEAR}, {end}"
    if math.isnan(facts["start_2019"]):
        return f"{french.capital(end)}, comptés depuis {BASE_YEAR} ; rationnel : {target.text}."
    if math.isnan(facts["difference"]):
        fleet = ""
        if target.kind == "level" and target.unit == "%":
            implied = french.quantity(100 * facts["quantity_2030"] / target.value)
            fleet = f", ce qui correspondrait à un total de {implied}"
        return f"{level} ; rationnel : {target.text}{fleet}."
    what = "soit" if is_share else "évolution de"
    gap = f"écart de {french.signed(facts['difference'])} points"
    percent = french.percent(facts["computed"]) if is_share else f"{french.signed(facts['computed'])} %"
    return f"{level}, {what} {percent} ; rationnel : {target.text} ; {gap}."


def _same_targets(lever: str, targets: pd.DataFrame) -> str:
    """Another lever, earlier in the source, that has the same targets in every région."""
    order = list(targets)
    twins = [other for other in order[: order.index(lever)] if targets[other].equals(targets[lever])]
    labels = [f"« {parameters.levers()[twin].label} »" for twin in twins]
    return f"Objectif égal à celui de {french.join(labels)} dans chaque région." if twins else ""


def _spread(change: pd.Series, lever: parameters.Lever) -> str:
    """For what does not add up and counts from 2019: the régions that stand apart from the others."""
    if lever.quantity.additive or lever.quantity.min == "baseline" or lever.quantity.max == "baseline":
        return ""
    usual = change.median()
    apart = change[(change / usual - 1).abs() > factors.ALIKE]
    if len(apart) > len(change) / 2:
        return ""
    listed = [f"{french.quantity(value)} en {territories.name(code)}" for code, value in apart.items()]
    end = f" ; {french.join(listed)}, sans raison publiée" if listed else ""
    count = f"{len(change) - len(apart)} régions sur {len(change)}"
    return f"{french.quantity(usual)} {units.label(lever.quantity.unit)} dans {count}{end}."


def _precise(rows: pd.DataFrame, lever: str) -> str:
    """What the derived coefficient gives, where there is one."""
    if lever != factors.EFFICIENCY:
        return ""
    found = {
        code: factors.derived(panorama(code, version=rows.version.iloc[0]), lever).coefficient for code in rows.index
    }
    known = pd.Series({code: value for code, value in found.items() if value is not None}, dtype=float)
    kept = rows.loc[known.index]
    change = 100 * (kept.target_ktco2e * known).sum() / kept.baseline.sum()
    return f"Avec le coefficient dérivé, connu dans {len(known)} régions : {french.signed(change)} %."
