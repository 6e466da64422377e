"""What a scenario lacks: totals with and without forest, by sector and thématique, against the chosen plan."""

from __future__ import annotations

import math

from copkit import french
from copkit.models import gaps
from copkit.models.levers import FOREST
from copkit.models.panorama import SECTORS
from copkit.models.scenario import Standing
from copkit.presentation import labels
from copkit.simulator.ground import Ground, known
from copkit.simulator.state import State

SENTENCES = {
    "announce": "Total proposé : {proposed} ktCO2e/an {convention}. {sentence}",
    "with_forest": "avec forêt",
    "without_forest": "hors forêt",
    "sgpe": "la proposition du SGPE",
}


def totals(settled: dict[str, Standing]) -> dict:
    """Référence, proposé, fait, manque et surplus, avec et sans forêt [ktCO2e/an] ; leviers sans valeur."""
    without = [one for lever, one in settled.items() if lever != FOREST]
    return {"with_forest": plain(gaps.sums(settled.values())), "without_forest": plain(gaps.sums(without))}


def plain(figures: dict[str, float]) -> dict:
    """The same as JSON takes them."""
    return {name: known(value) for name, value in figures.items()}


def gauge(here: Ground, settled: dict[str, Standing], state: State) -> dict:
    """La jauge : une phrase, un état, et le détail par secteur et par thématique, selon la convention choisie.

    ``status`` : « met » (rien ne manque), « compensated » (des leviers manquent, d'autres les dépassent d'autant) ou
    « missing ».
    """
    plan = here.plans.get(state.reference)  # known by sector, and without forest
    forest = state.forest and plan is None
    kept = {lever: one for lever, one in settled.items() if forest or lever != FOREST}
    sectors, thematiques = _groups(here, kept, "sector"), _groups(here, kept, "chantier")
    rows, whole = sectors, gaps.sums(kept.values())
    if plan is not None:
        rows, whole = _against(sectors, plan)
    convention = SENTENCES["with_forest" if forest else "without_forest"]
    status, sentence = gaps.verdict(whole, convention, "levier" if plan is None else "secteur")
    proposed = french.number(whole["proposed"], 0)
    announce = SENTENCES["announce"].format(proposed=proposed, convention=convention, sentence=sentence)
    sides = {one: {"plans": {name: its.get(one) for name, its in here.plans.items()}} for one in sectors}
    return {
        "status": status,
        "sentence": french.typeset(sentence),
        "announce": french.typeset(announce),
        "convention": convention,
        "against": french.typeset(here.plan_labels.get(state.reference, SENTENCES["sgpe"])),
        "total": plain(whole),
        "by_sector": [
            one | sides[name] | plain({"sgpe": sectors[name]["reference"]})
            for name, one in zip(sectors, _rows(labels.sectors(), rows), strict=True)
        ],
        "by_thematique": _rows(labels.thematiques(), thematiques),
    }


def _groups(here: Ground, kept: dict[str, Standing], by: str) -> dict[str, dict[str, float]]:
    """The sums of each sector or thématique, in the order of the framework."""
    inside: dict[str, list[Standing]] = {}
    for lever, one in kept.items():
        inside.setdefault(getattr(here.tiles[lever], by), []).append(one)
    order = dict.fromkeys([*(SECTORS if by == "sector" else labels.thematiques()), *inside])
    return {name: gaps.sums(inside[name]) for name in order if name in inside}


def _rows(names: dict[str, str], groups: dict[str, dict[str, float]]) -> list[dict]:
    return [{"id": name, "label": french.typeset(names[name]), **plain(one)} for name, one in groups.items()]


def _against(sectors: dict[str, dict[str, float]], plan: dict[str, float]) -> tuple[dict, dict]:
    """The sectors against a plan known by sector, and the whole of those that it knows."""
    found = {
        name: Standing(kt=one["proposed"], quantity=math.nan, done=one["done"], target=plan.get(name, math.nan))
        for name, one in sectors.items()
    }
    rows = {name: gaps.sums([one]) for name, one in found.items()}
    whole = gaps.sums(one for one in found.values() if not math.isnan(one.deficit))
    return rows, whole | {"missing": sum(one["missing"] for one in rows.values())}
