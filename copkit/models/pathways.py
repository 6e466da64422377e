"""Pathways in the long format of the IAMC: what scenario tools (pyam) open, with nothing that the kit does not know.

What is avoided is never written as emissions: the kit knows no inventory of a territory. A pathway has two years, the
starting point (where nothing is avoided yet, by definition) and the target; between them nothing is interpolated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from copkit import __version__, french
from copkit.errors import LeverError, typed
from copkit.models import dynamics, plans, proposals
from copkit.models import panorama as panoramas
from copkit.models.levers import FOREST
from copkit.reference import framework, parameters, tables, units

COLUMNS = ["model", "scenario", "region", "variable", "unit", "year", "value"]
UNIT = "kt CO2-equiv/yr"
AVOIDED, WITHOUT, QUANTITY = "Emissions avoided", "Emissions avoided excl. forest sink", "Quantity"
OBSERVED = "Observé"
_KEY = [*COLUMNS[:4], "year"]


def pathways(*of: str | xr.Dataset, quantities: bool = True) -> pd.DataFrame:
    """Les trajectoires de territoires au format long de l'IAMC, que ``pyam.IamDataFrame`` ouvre.

    Parameters
    ----------
    of : codes (« fr », « reg-32 », « dep-59 »), panoramas ou scénarios. Un code donne la proposition du SGPE, les
        autres plans connus du territoire, et ce qui est observé.
    quantities : écrire aussi les quantités physiques.

    Returns
    -------
    DataFrame : model (« copkit » et sa version), scenario (« SGPE » et la version des données, « SRADDET »,
        « Observé », le nom du scénario ou « Proposition »), region (« FR-REG-32 »), variable, unit, year, value.
        « Emissions avoided|secteur|levier » : émissions évitées par rapport à 2019, positives [kt CO2-equiv/yr], 0 en
        2019 par définition ; les secteurs et le total sont les sommes de leurs parties, le levier forêt compris.
        « Emissions avoided excl. forest sink|secteur » : sans lui, seule convention d'un plan connu par secteur.
        « Quantity|secteur|levier » [unité du levier] : point de départ et 2030 ; observée, première et dernière années.
        Une valeur inconnue n'a pas de ligne, ni la somme qui en dépend ; ce qui est déjà fait non plus : son année
        n'est pas connue. Aucune émission totale n'est écrite.

    Raises
    ------
    LeverError
        Si rien n'est donné, ou si deux trajectoires d'un territoire ont le même nom.
    TerritoryError
        Si un code est inconnu ou ambigu.

    References
    ----------
    ``sgpe_simulateur_2024`` ; autres plans : data/clean/plans.csv ; séries observées : data/clean/observed.parquet.

    Examples
    --------
    >>> found = pathways("reg-32", quantities=False)
    >>> found = found[(found.variable == "Emissions avoided") & (found.year == 2030)]
    >>> found.region.item(), found.scenario.item(), round(found.value.item(), 1)
    ('FR-REG-32', 'SGPE (sgpe-2024-10)', 22764.4)
    """
    if not of:
        asked = typed('ck.pathways("reg-32")', "copkit pathways reg-32")
        raise LeverError(f"Aucun territoire donné. Écrire par exemple {asked}.")
    rows = [row for one in of for row in _rows(one, quantities)]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"year": "int64", "value": "float64"})
    if len(twice := table[table.duplicated(_KEY)]):
        named = french.join(dict.fromkeys(f"« {one.scenario} » de {one.region}" for one in twice.itertuples()))
        remedy = typed("nommer un scénario : s.attrs['label'] = « … »", "renommer le fichier d'un scénario")
        raise LeverError(f"Trajectoire donnée deux fois : {named}. En garder une, ou {remedy}.")
    return table


def _rows(one: str | xr.Dataset, quantities: bool) -> Iterator[tuple]:
    """The rows of a code, of a panorama or of a scenario."""
    p = panoramas.given(one)
    code = p.attrs["territory"]
    region = "-".join(["FR", *code.upper().split("-")]) if code != "fr" else "FR"

    def line(scenario: str, variable: str, unit: str, year: int, value: float) -> tuple:
        return (f"copkit {__version__}", scenario, region, variable, unit, year, value)

    name = _name(p)
    for variable, year, kt in _avoided(proposals.asked(p)):
        yield line(name, variable, UNIT, year, kt)
    if quantities:
        for variable, unit, year, value in _quantities(p):
            yield line(name, variable, unit, year, value)
    if isinstance(one, str):
        for plan in plans.known(code)[1:]:
            for variable, year, kt in _by_sector(plans.named(code, plan, p.attrs["version"]), *_years(code, plan)):
                yield line(plans.label_of(plan), variable, UNIT, year, kt)
        if quantities:
            for variable, unit, year, value in _observed(p):
                yield line(OBSERVED, variable, unit, year, value)


def _name(p: xr.Dataset) -> str:
    """The scenario of a panorama, with the version of its data; of what a territory proposes, its own name."""
    if proposals.composed(p):
        return p.attrs.get("label") or "Proposition"
    return f"{plans.label_of(p.attrs['reference']).removeprefix('la proposition du ')} ({p.attrs['version']})"


def _variable(root: str, sector: str = "", label: str = "") -> str:
    return "|".join(filter(None, (root, framework.labels("secteurs").get(sector, ""), label)))


def _avoided(p: xr.Dataset) -> Iterator[tuple[str, int, float]]:
    """(variable, year, kt) of the levers, the sectors and the whole; then of the sectors without the forest lever."""
    levers, known = parameters.levers(), {}
    columns = (p[name].values.tolist() for name in ("lever", "sector", "label", "target"))
    for lever, sector, label, kt in zip(*columns, strict=True):
        known[lever] = (sector, kt)
        if not np.isnan(kt):
            variable = _variable(AVOIDED, sector, label)
            yield from _two(variable, *levers[lever].valid.years, kt)
    for root, forest in ((AVOIDED, True), (WITHOUT, False)):
        parts = {lever: one for lever, one in known.items() if forest or lever != FOREST}
        table = pd.DataFrame(list(parts.values()), columns=["sector", "kt"])
        sums = table.groupby("sector", sort=False).kt.agg(lambda kts: kts.sum(skipna=False))
        years = levers[next(iter(parts))].valid.years
        yield from _summed(root, sums, *years)


def _by_sector(plan: plans.Plan, first: int, last: int) -> Iterator[tuple[str, int, float]]:
    """(variable, year, kt) of a plan that is known by sector, without the forest."""
    yield from _summed(WITHOUT, plans.cut(plan, "sector", None).kt, first, last)


def _summed(root: str, sums: pd.Series, first: int, last: int) -> Iterator[tuple[str, int, float]]:
    for sector, kt in sums.items():
        if not np.isnan(kt):
            yield from _two(_variable(root, str(sector)), first, last, float(kt))
    if sums.notna().all():
        yield from _two(root, first, last, float(sums.sum()))


def _two(variable: str, first: int, last: int, kt: float) -> Iterator[tuple[str, int, float]]:
    """Nothing is avoided at the starting point: it is what the target is counted from."""
    yield variable, first, 0.0
    yield variable, last, kt


def _years(code: str, plan: str) -> tuple[int, int]:
    """The starting point and the target year of a plan of plans.csv."""
    rows = tables.read("plans.csv")
    rows = rows[(rows.plan == plan) & (rows.territory == code) & rows.measure.isin(["difference", "target"])]
    return int(rows.baseline_year.iloc[0]), int(rows.target_year.iloc[0])


def _quantities(p: xr.Dataset) -> Iterator[tuple[str, str, int, float]]:
    """(variable, unit, year, value) of the physical quantities; those of a scenario are what it proposes."""
    own, levers = proposals.asked(p), parameters.levers()
    columns = (own[name].values.tolist() for name in ("lever", "sector", "label", "unit", "baseline", "quantity"))
    for lever, sector, label, unit, baseline, quantity in zip(*columns, strict=True):
        for year, value in zip(levers[lever].valid.years, (baseline, quantity), strict=True):
            if unit and not np.isnan(value):
                yield _variable(QUANTITY, sector, label), units.label(unit), year, value


def _observed(p: xr.Dataset) -> Iterator[tuple[str, str, int, float]]:
    """(variable, unit, year, value) of what is observed in the unit of a lever."""
    columns = (p[name].values.tolist() for name in ("lever", "sector", "label", "unit"))
    known = {lever: rest for lever, *rest in zip(*columns, strict=True)}
    for one in dynamics.dynamics(p).itertuples():
        sector, label, unit = known[one.lever]
        if unit and one.unit == unit:
            points = {one.first_year: one.first, one.last_year: one.last}
            for year, value in points.items():
                yield _variable(QUANTITY, sector, label), units.label(unit), int(year), float(value)
