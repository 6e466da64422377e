"""What a scenario lacks: totals with and without forest, by sector and thématique, against the chosen plan.

A surplus never hides a deficit: both are summed lever by lever (sector by sector for a plan known by sector only),
and both are said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from copkit import french
from copkit.models.levers import FOREST
from copkit.models.limits import same
from copkit.models.panorama import SECTORS
from copkit.presentation import labels
from copkit.simulator.ground import Ground
from copkit.simulator.settled import Settled
from copkit.simulator.state import State


def totals(settled: dict[str, Settled]) -> dict:
    """Référence, proposé, fait, manque et surplus, avec et sans forêt [ktCO2e/an] ; leviers sans valeur."""
    without = [one for lever, one in settled.items() if lever != FOREST]
    return {"with_forest": _sums(settled.values()), "without_forest": _sums(without)}


def _sums(levers: Iterable[Settled]) -> dict:
    """The sums of the known values; None when there is none."""
    levers = list(levers)
    deficit, surplus = _sum(one.deficit for one in levers), _sum(one.surplus for one in levers)
    return {
        "reference": _sum(one.target for one in levers),
        "proposed": _sum(one.kt for one in levers),
        "done": _sum(one.done for one in levers),
        "remaining": _sum(one.remaining for one in levers),
        "deficit": deficit,
        "surplus": surplus,
        "net": None if deficit is None or surplus is None else deficit - surplus,
        "missing": sum(math.isnan(one.kt) for one in levers),
    }


def _sum(values: Iterable[float]) -> float | None:
    found = [value for value in values if not math.isnan(value)]
    return math.fsum(found) if found else None


def gauge(here: Ground, settled: dict[str, Settled], state: State) -> dict:
    """La jauge : une phrase, un état, et le détail par secteur et par thématique, selon la convention choisie.

    ``status`` : « met » (rien ne manque), « compensated » (des leviers manquent, d'autres les dépassent d'autant) ou
    « missing ».
    """
    kept = {lever: one for lever, one in settled.items() if state.forest or lever != FOREST}
    plan = here.plans.get(state.reference)
    if plan is not None:  # known by sector, and without forest
        kept = {lever: one for lever, one in settled.items() if lever != FOREST}
    by_sector = _groups(here, kept, "sector", plan)
    whole = _of_plan(by_sector) if plan is not None else _sums(kept.values())
    convention = "avec forêt" if state.forest and plan is None else "hors forêt"
    status, sentence = _verdict(whole, kept, by_sector if plan is not None else None, convention)
    against = here.plan_labels.get(state.reference, "la proposition du SGPE")
    announce = f"Total proposé : {french.number(whole['proposed'], 0)} ktCO2e/an {convention}. {sentence}"
    return {
        "status": status,
        "sentence": french.typeset(sentence),
        "announce": french.typeset(announce),
        "convention": convention,
        "against": french.typeset(against),
        "total": whole,
        "by_sector": by_sector,
        "by_thematique": _groups(here, kept, "chantier", None),
    }


def _groups(here: Ground, kept: dict[str, Settled], by: str, plan: dict[str, float] | None) -> list[dict]:
    """One row per sector or thématique, in the order of the framework."""
    inside: dict[str, list[Settled]] = {}
    for lever, one in kept.items():
        inside.setdefault(getattr(here.tiles[lever], by), []).append(one)
    names = labels.sectors() if by == "sector" else labels.thematiques()
    order = SECTORS if by == "sector" else tuple(names)
    found = sorted(inside, key=lambda name: order.index(name) if name in order else len(order))
    rows = []
    for name in found:
        row = {"id": name, by: name, "label": french.typeset(names[name]), **_sums(inside[name])}
        row["sgpe"] = row["reference"]
        if plan is not None:
            row |= _against(row["proposed"], plan.get(name))
        rows.append(row | ({"plans": {k: v.get(name) for k, v in here.plans.items()}} if by == "sector" else {}))
    return rows


def _against(proposed: float | None, target: float | None) -> dict:
    """A sector against a plan known by sector."""
    if proposed is None or target is None:
        return dict.fromkeys(("reference", "deficit", "surplus", "net"), None) | {"reference": target}
    return {
        "reference": target,
        "deficit": max(target - proposed, 0.0),
        "surplus": max(proposed - target, 0.0),
        "net": target - proposed,
    }


def _of_plan(rows: list[dict]) -> dict:
    """The whole against a plan: the sectors that it knows."""
    compared = [row for row in rows if row["net"] is not None]
    names = ("reference", "proposed", "done", "remaining", "deficit", "surplus")
    out = {name: _sum(row[name] for row in compared if row[name] is not None) for name in names}
    net = None if out["deficit"] is None else out["deficit"] - out["surplus"]
    return out | {"net": net, "missing": len(rows) - len(compared)}


def _verdict(whole: dict, kept: dict[str, Settled], sectors: list[dict] | None, convention: str) -> tuple[str, str]:
    """The status and its sentence."""
    if whole["net"] is None:
        return "missing", "Aucun objectif n'est connu dans ce territoire : rien ne se compare."
    noun = "levier" if sectors is None else "secteur"
    pairs = [(one.deficit, one.surplus) for one in kept.values() if one.changed]
    if sectors is not None:
        pairs = [(row["deficit"], row["surplus"]) for row in sectors if row["net"] is not None]
    below = sum(deficit > 0 for deficit, _ in pairs)
    above = sum(surplus > 0 for _, surplus in pairs)
    unknown = f" {french.plural(whole['missing'], noun)} sans valeur." if whole["missing"] else ""
    if not below and not above:
        return "met", f"Rien ne manque : chaque {noun} est à sa référence.{unknown}"
    lack = f"{french.number(whole['deficit'])} ktCO2e/an en moins sur {french.plural(below, noun)}"
    more = f"{french.number(whole['surplus'])} en plus sur {french.plural(above, noun)}"
    if not below:
        return "met", f"Rien ne manque : {more.replace(' en plus', ' ktCO2e/an en plus')}, {convention}.{unknown}"
    if whole["net"] > 0 and not same(whole["deficit"], whole["surplus"]):
        sides = f"{lack} ; {more}" if above else lack
        return "missing", f"Il manque {french.number(whole['net'])} ktCO2e/an {convention} ({sides}).{unknown}"
    return "compensated", f"Compensé {convention} : {lack} ; {more}.{unknown}"
