"""What a scenario lacks: totals with and without forest, by sector and thématique, against the chosen plan."""

from __future__ import annotations

import math

from copkit import french
from copkit.models import gaps
from copkit.models.levers import FOREST
from copkit.models.limits import same
from copkit.models.panorama import SECTORS
from copkit.models.scenario import Standing
from copkit.presentation import labels
from copkit.simulator.ground import Ground, known
from copkit.simulator.state import State

SENTENCES = {
    "announce": "Total proposé : {proposed} ktCO2e/an {convention}. {sentence}",
    "with_forest": "avec forêt",
    "without_forest": "hors forêt",
    "done": "Déjà fait : {refusal}",
    "twice": "Ces objectifs comptent {twice} ktCO2e/an plus d'une fois de plus que la référence : en effet conjoint, "
    "il manque {lack} ktCO2e/an.",
}


def totals(settled: dict[str, Standing]) -> dict:
    """Référence, proposé, fait, manque et surplus, avec et sans forêt [ktCO2e/an] ; leviers sans valeur."""
    without = [one for lever, one in settled.items() if lever != FOREST]
    return {"with_forest": plain(gaps.sums(settled.values())), "without_forest": plain(gaps.sums(without))}


def plain(figures: dict[str, float]) -> dict:
    """The same as JSON takes them."""
    return {name: known(value) for name, value in figures.items()}


def gauge(here: Ground, settled: dict[str, Standing], state: State) -> dict:
    """La jauge : une phrase, un état, et le détail par secteur, selon la convention et le plan choisis.

    ``status`` : « met » (rien ne manque), « compensated » (des leviers manquent, d'autres les dépassent d'autant) ou
    « missing ».
    """
    plan = here.plans.get(state.reference)  # known by sector, and without forest
    forest = state.forest and plan is None
    kept = {lever: one for lever, one in settled.items() if forest or lever != FOREST}
    inside: dict[str, list[Standing]] = {}
    for lever, one in kept.items():
        inside.setdefault(here.tiles[lever].sector, []).append(one)
    sgpe = {name: gaps.sums(inside[name]) for name in dict.fromkeys([*SECTORS, *inside]) if name in inside}
    rows, whole = (sgpe, gaps.sums(kept.values())) if plan is None else _against(sgpe, plan)
    convention = SENTENCES["with_forest" if forest else "without_forest"]
    if plan is not None:
        convention = against(here.plan_labels[state.reference])
    twice = overlap(here, settled)
    status, sentence = gaps.verdict(whole, convention, "levier" if plan is None else "secteur")
    proposed = french.number(whole["proposed"], 0)
    announce = SENTENCES["announce"].format(proposed=proposed, convention=convention, sentence=sentence)
    names = labels.sectors()
    return {
        "status": status,
        "sentence": french.typeset(sentence),
        "announce": french.typeset(announce),
        **_joint(whole, twice if plan is None else 0.0),
        "total": plain(whole),
        "by_sector": [
            {"id": name, "label": french.typeset(names[name]), **plain({"sgpe": sgpe[name]["reference"], **one})}
            for name, one in rows.items()
        ],
    }


def overlap(here: Ground, settled: dict[str, Standing]) -> float:
    """What the proposals count more than once, beyond what the references do; unknown groups apart. [ktCO2e/an]"""
    asked = {lever: one.kt for lever, one in settled.items()}
    at_reference = {lever: one.target for lever, one in settled.items()}
    found = 0.0
    for chain in here.chains:
        more = chain.read(asked).overlap - chain.read(at_reference).overlap
        if not math.isnan(more):
            found += more
    return max(found, 0.0)


def _joint(whole: dict[str, float], twice: float) -> dict:
    """``twice`` and what is missing once it is taken away [ktCO2e/an]; a sentence when a surplus only hid it."""
    lack = whole["net"] + twice
    hidden = twice > 0 and lack > 0 and not math.isnan(lack) and not same(whole["deficit"], whole["surplus"] - twice)
    spoilt = hidden and (whole["net"] <= 0 or same(whole["deficit"], whole["surplus"])) and lack >= 0.05
    said = SENTENCES["twice"].format(twice=french.number(twice), lack=french.number(lack)) if spoilt else ""
    return {"twice": twice, "lack": known(lack), "overlap": french.typeset(said)}


def against(plan: str) -> str:
    """The convention of a plan known by sector.

    >>> against("le SRADDET")
    'hors forêt, face au SRADDET'
    """
    return f"{SENTENCES['without_forest']}, face à {plan}".replace("à le ", "au ")


def _against(sectors: dict[str, dict[str, float]], plan: dict[str, float]) -> tuple[dict, dict]:
    """The sectors against a plan known by sector, and the whole of those that it knows."""
    found = {
        name: Standing(kt=one["proposed"], quantity=math.nan, done=one["done"], target=plan.get(name, math.nan))
        for name, one in sectors.items()
    }
    rows = {name: gaps.sums([one]) for name, one in found.items()}
    whole = gaps.sums(one for one in found.values() if not math.isnan(one.deficit))
    return rows, whole | {"missing": sum(one["missing"] for one in rows.values())}
