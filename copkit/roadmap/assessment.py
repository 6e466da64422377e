"""What an action is worth: how complete its sheet is, the three criteria, and the ktCO2e/an that its quantity makes."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french, journal
from copkit.errors import Problems, ProjectError, typed, unknown
from copkit.models import dynamics
from copkit.models import panorama as panoramas
from copkit.projects import fields
from copkit.projects.counting import crossing
from copkit.projects.sorting import criteria
from copkit.projects.sorting import rules as ruled
from copkit.reference import tables, territories
from copkit.roadmap.actions import SHEET, taken
from copkit.roadmap.themes import named

RETAINED, APART, CONTRARY, TWICE = "retenue", "a_part", "contraire", "doublon"
STANDINGS = {
    RETAINED: "retenue",
    APART: "listée à part",
    CONTRARY: "contraire aux cibles",
    TWICE: "doublon, non comptée",
}
DECIDED = {RETAINED: STANDINGS[RETAINED], APART: STANDINGS[APART]}  # what a person may decide
DECISION = ("decision", "decision_author", "decision_date", "decision_reason")


def assess(
    actions: pd.DataFrame,
    territory: str | xr.Dataset,
    *,
    themes: pd.DataFrame | None = None,
    rules: str | Path | None = None,
    decisions: pd.DataFrame | str | Path | None = None,
) -> pd.DataFrame:
    """Évalue des actions : fiche plus ou moins complète, trois critères, effet en ktCO2e/an ; aucune n'est perdue.

    Parameters
    ----------
    actions : ce que ``ck.roadmap.read_actions`` a lu.
    territory : code (« reg-32 », « dep-59 ») ou panorama à qui les quantités se rapportent.
    themes : les thèmes retenus (``ck.roadmap.read_retained``) ; une action d'un autre thème n'est pas cohérente. Sans
        eux, tout thème écrit compte.
    rules : un autre fichier de règles que parameters/triage.yml, où sont les seuils des critères.
    decisions : journal de décisions (``ck.journal``), gardées à côté de la réponse de la règle ; à défaut, celles que
        des actions déjà évaluées portent.

    Returns
    -------
    DataFrame : les actions, puis completeness [0 à 1] et blank (les champs vides) ; criterion_coherence,
        criterion_potential, criterion_progress et included (« oui », « non », ou vide quand on ne peut le dire), chacun
        avec sa raison ; standing (retenue, a_part, contraire, doublon) et why ; kt [ktCO2e/an] de la quantité,
        target_share et left_share [0 à 1] (de l'objectif du levier, et de ce qui en reste), effect (comment, ou
        pourquoi pas) ; theme_id (le thème retenu, vide sans lui) ; decision (retenue ou a_part), decision_author,
        decision_date et decision_reason, vides où personne n'a décidé ; standing_kept, la décision s'il y en a une,
        sinon standing. Un doublon n'est compté nulle part. ``attrs["absent"]`` : les actions que le journal décide et
        qui ne sont pas là.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si ce ne sont pas des actions ; si le journal est illisible ou décide autre chose que « retenue » ou « à part ».

    References
    ----------
    Champs et critères : ``sgpe_point_de_sortie`` ; coefficients : ``sgpe_simulateur_2024``.
    """
    given_, p, rules = taken(actions), panoramas.given(territory), ruled.rules(rules).criteria
    table = given_[[name for name in given_ if name not in MADE]]  # actions that were already assessed are so again
    theme_id, other = _themes(table.theme, themes)
    known = table.assign(theme=table.theme.where(~other, rules.none[0]))
    judged = pd.DataFrame(criteria.judge(known, rules), index=table.index)
    said = [f"Le thème « {one} » n'est pas retenu." if no else "" for one, no in zip(table.theme, other, strict=True)]
    judged["criterion_coherence_reason"] = [
        " ".join(filter(None, pair)) for pair in zip(judged.criterion_coherence_reason, said, strict=True)
    ]
    made = pd.concat([table, theme_id, _complete(table), judged], axis=1)
    made["standing"] = np.select(
        [made.duplicate_of != "", made.contrary == fields.YES, made.included == fields.YES],
        [TWICE, CONTRARY, RETAINED],
        APART,
    )
    made["why"] = [_why(row) for row in made[SAYING].to_dict("records")]
    made = made.join(_effects(table, p))
    decided, absent = _decided(given_, decisions)
    made[list(DECISION)] = decided
    final = (made.decision != "") & (made.standing != TWICE)
    made["standing_kept"] = made.standing.mask(final, made.decision)
    made.attrs = given_.attrs | {"territory": p.attrs["territory"], "version": p.attrs["version"], "absent": absent}
    return made


def _themes(written: pd.Series, themes: pd.DataFrame | None) -> tuple[pd.Series, pd.Series]:
    """The id of the theme of each action among those that are kept, and whether it names one that is not."""
    if themes is None:
        return pd.Series("", written.index, "str", name="theme_id"), pd.Series(False, written.index)
    found = named(written, themes)
    return found, (written.str.strip() != "") & (found == "")


def _decided(actions: pd.DataFrame, decisions: pd.DataFrame | str | Path | None) -> tuple[pd.DataFrame, list[str]]:
    """What people decided of each action, and the actions of the journal that are not there."""
    if decisions is None:
        blank = pd.DataFrame("", actions.index, list(DECISION), dtype="str")
        return (actions[list(DECISION)] if set(DECISION) <= set(actions) else blank), []
    entries = decisions if isinstance(decisions, pd.DataFrame) else journal.read(decisions)
    found, problems = journal.in_force(entries, "action").set_index("about"), Problems()
    words = [decided(one) for one in found.decision]
    for number, said, word in zip(found.number, found.decision, words, strict=True):
        if not word:
            listed = " ; ".join(DECIDED.values())
            told = unknown(f"n° {number} : décision inconnue « {said} »", said, DECIDED.values())
            problems.add("Journal", f"{told} Décisions : {listed}. La révoquer par une autre.")
    problems.raise_if_any(ProjectError)
    numbers = found.number
    table = found.assign(decision=words)[["decision", "author", "date", "reason"]].set_axis(list(DECISION), axis=1)
    absent = [f"n° {numbers[one]} : action « {one} »" for one in table.index if one not in set(actions.action_id)]
    found = table.to_dict("index")
    rows = [found.get(one, dict.fromkeys(DECISION, "")) for one in actions.action_id]
    return pd.DataFrame(rows, actions.index, list(DECISION), dtype="str"), absent


def decided(text: str) -> str:
    """What a decision on an action says: « retenue » or « a_part »; nothing when it says neither.

    >>> decided("Listée à part"), decided("retenue"), decided("plus tard")
    ('a_part', 'retenue', '')
    """
    known = {french.plain(word): one for one, label in DECIDED.items() for word in (one, label)}
    return known.get(french.plain(text), known.get(french.plain(text).replace(" ", "_"), ""))


MADE = {  # columns that assessing adds
    *("completeness", "blank", "standing", "why", "kt", "target_share", "left_share", "effect", "standing_kept"),
    *(name for key in criteria.VERDICTS for name in (key, f"{key}_reason")),
    *("theme_id", *DECISION),
}


SAYING = [
    *("standing", "duplicate_of", "contrary_reason", "included_reason"),
    *(name for key in criteria.CRITERIA for name in (key, f"{key}_reason")),
]


def _why(action: dict) -> str:
    """What keeps an action apart, criterion by criterion; what is said against it first."""
    if action["standing"] == TWICE:
        return f"Même action que « {action['duplicate_of']} », lue ailleurs : une seule est comptée."
    if action["standing"] == RETAINED:
        return action["included_reason"]
    said = [
        f"{label} : {action[f'{name}_reason'][:1].lower()}{action[f'{name}_reason'][1:]}"
        for name, label in criteria.CRITERIA.items()
        if action[name] != fields.YES
    ]
    reason = action["contrary_reason"]
    return " ".join(([f"Contraire aux cibles : {reason.rstrip('.')}."] if reason else []) + said)


def _complete(actions: pd.DataFrame) -> pd.DataFrame:
    """How many of the fourteen fields are filled, and those that are not."""
    filled = pd.DataFrame({label: _filled(actions[names[0]]) for label, names in SHEET.items()}, index=actions.index)
    blank = [french.join(filled.columns[~row]) for row in filled.to_numpy()]
    return pd.DataFrame({"completeness": filled.mean(axis=1), "blank": blank}, index=actions.index)


def _filled(column: pd.Series) -> pd.Series:
    return column.notna() if column.dtype.kind == "f" else column != ""


def _effects(actions: pd.DataFrame, p: xr.Dataset) -> pd.DataFrame:
    """The ktCO2e/an of each declared quantity, beside the target of its lever and what is left of it."""
    found = crossing.declared(actions.assign(project_id=actions.index.astype("str")), p).set_index("project_id")
    found = found.reindex(actions.index.astype("str")).set_axis(actions.index)
    carried = found.lever.map(crossing.carriers(p))
    target = carried.map(p.target.to_series()).astype("float64")
    left = target - carried.map(dynamics.dynamics(p).set_index("lever").reached_kt).astype("float64").fillna(0)
    kt = found.kt
    said = found.note.where(kt.notna(), found.reason).fillna("sans quantité")
    return pd.DataFrame(
        {
            "kt": kt,
            "target_share": (kt / target).where(target > 0),
            "left_share": (kt / left).where(left > 0),
            "effect": said.where(said != "", "quantité ÷ coefficient publié du levier, à l'ordre 1"),
        }
    )


def by_lever(assessed: pd.DataFrame, territory: str | xr.Dataset, *, retained: bool = True) -> pd.DataFrame:
    """Ce que des actions couvrent des objectifs, levier par levier ; les leviers sans action y sont.

    Parameters
    ----------
    assessed : ce que ``assess`` a rendu.
    territory : code (« reg-32 », « dep-59 ») ou panorama.
    retained : seulement les actions retenues, par les règles ou par une décision.

    Returns
    -------
    DataFrame : les colonnes de ``ck.projects.crossing`` : target [ktCO2e/an], projects (actions), cost [EUR],
        kt_identified [ktCO2e/an], target_share [%]…

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si ces actions ne sont pas évaluées.
    """
    table = _assessed(assessed)
    kept = table[table.standing_kept == RETAINED] if retained else table
    return crossing.crossing(fields.complete(kept.assign(project_id=kept.action_id)), territory)


def overlaps(assessed: pd.DataFrame) -> pd.DataFrame:
    """Les actions qui comptent peut-être deux fois la même quantité : même levier, territoires l'un dans l'autre.

    Parameters
    ----------
    assessed : ce que ``assess`` a rendu.

    Returns
    -------
    DataFrame : action, other, lever, kt [ktCO2e/an, la plus petite des deux : ce qui serait compté deux fois].

    Raises
    ------
    ProjectError
        Si ces actions ne sont pas évaluées.
    """
    table = _assessed(assessed)
    rows = []
    counted = table[table.kt.notna() & ~table.standing.isin((CONTRARY, TWICE))]
    for lever, same in counted.groupby("lever", sort=False):
        around = {one.Index: _around(one) for one in same.itertuples()}
        for a, b in combinations(same.itertuples(), 2):
            if a.territory in around[b.Index] or b.territory in around[a.Index]:
                rows.append((a.action_id, b.action_id, lever, min(a.kt, b.kt)))
    return pd.DataFrame(rows, columns=["action", "other", "lever", "kt"])


def _around(one) -> set[str]:
    """The territories that hold that of an action, its own too."""
    found = {one.territory, one.commune, one.epci, one.departement, one.region}
    if one.epci:
        found |= set(tables.read("epci.csv").set_index("code").departements.get(one.epci, "").split())
    found |= {territories.region_of(code) for code in found if code.startswith("dep-")}
    return found - {""} | {"fr"}


def _assessed(actions: pd.DataFrame) -> pd.DataFrame:
    table = taken(actions)
    if "standing" not in table:
        asked = typed('ck.roadmap.assess(actions, "reg-32")', "copkit actions actions.xlsx --territory reg-32")
        raise ProjectError(f"Ces actions ne sont pas évaluées. Écrire d'abord {asked}.")
    return table
