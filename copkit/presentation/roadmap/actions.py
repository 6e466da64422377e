"""The actions of a roadmap as tables: those that are retained, those that are listed apart and why, what overlaps."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import gazetteer, levers
from copkit.presentation.table import Table
from copkit.roadmap.assessment import RETAINED, STANDINGS

SPARE = ("Ce qui manque à la fiche", "Comment", "Thème", "Coût (€)", "Part du reste à faire (%)")


def listed(assessed: pd.DataFrame) -> Table:
    """Every action with where it stands and why."""
    order = {one: n for n, one in enumerate(STANDINGS)}
    table = assessed.sort_values("standing", key=lambda column: column.map(order), kind="stable")
    places = [gazetteer.name(one) if one else "" for one in table.territory]
    return Table.of(
        f"Actions évaluées{_invented(assessed)}",
        {
            "Action": table.action_id,
            "Intitulé": table.title,
            "Levier": table.lever.map(levers.said),
            "Territoire": places,
            "Retenue ?": table.standing.map(STANDINGS),
            "Pourquoi": table.why,
            "Fiche remplie (%)": (100 * table.completeness, 0),
            "Ce qui manque à la fiche": table.blank,
        },
    )


def effects(assessed: pd.DataFrame) -> Table:
    """What the quantities of the actions make, beside the target of their lever and what is left of it."""
    table = assessed[assessed.quantity.notna() & (assessed.standing == RETAINED)]
    return Table.of(
        f"Ce que changent les actions retenues, à l'ordre 1{_invented(assessed)}",
        {
            "Action": table.action_id,
            "Intitulé": table.title,
            "Quantité": [
                f"{french.quantity(one)} {unit}" for one, unit in zip(table.quantity, table.quantity_unit, strict=True)
            ],
            "ktCO2e/an": (table.kt, french.significant),
            "Part de l'objectif du levier (%)": (100 * table.target_share, french.significant),
            "Part du reste à faire (%)": (100 * table.left_share, french.significant),
            "Comment": table.effect,
        },
    )


def covered(found: pd.DataFrame) -> Table:
    """What the retained actions cover of each target, lever by lever; those of no action too."""
    table = found[found.target.notna() | (found.projects > 0)]
    none = table.projects == 0

    def figures(name: str) -> list[str]:
        return ["—" if no else french.significant(one) for one, no in zip(table[name], none, strict=True)]

    return Table.of(
        "Ce que les actions retenues couvrent des objectifs",
        {
            "Levier": table.label,
            "Objectif (ktCO2e/an)": (table.target, 1),
            "Actions": (table.projects, 0),
            "ktCO2e/an identifiées": (figures("kt_identified"), str),
            "Part de l'objectif (%)": (figures("target_share"), str),
            "Coût (€)": (figures("cost"), str),
            "À savoir": table.note,
        },
    )


def overlapping(assessed: pd.DataFrame, found: pd.DataFrame) -> Table:
    """The pairs of actions that may count one quantity twice."""
    titles = assessed.set_index("action_id").title
    return Table.of(
        "Actions qui se recouvrent : même levier, territoires l'un dans l'autre",
        {
            "Action": found.action.map(titles),
            "Autre action": found.other.map(titles),
            "Levier": found.lever.map(levers.said),
            "Au plus compté deux fois (ktCO2e/an)": (found.kt, french.significant),
        },
    )


def _invented(assessed: pd.DataFrame) -> str:
    return " (exemple inventé)" if (assessed.invented == "oui").any() else ""
