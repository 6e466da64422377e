"""The priority themes as tables: the candidates of each working group, those that are kept, what crosses what."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import levers
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.reference import territories
from copkit.roadmap.plan import Roadmap
from copkit.roadmap.themes import COMPONENTS, KINDS, LEVELS, rules

SPARE = ("Ce que l'on en sait", "Part des poids connue (%)", "Famille", "Rang (projets)", "Rang (pertinence)")


def candidates(found: pd.DataFrame) -> Table:
    """The candidates with their score, part by part, and the figures behind."""
    known = rules().components
    parts = {known[name].label: (found[name], 2) for name in COMPONENTS}
    return Table.of(
        f"Thèmes prioritaires possibles — {territories.name(found.attrs['territory'])} (score de 0 à 1 : une base de "
        "discussion, dont les poids sont des hypothèses du kit)",
        {
            "Groupe de travail": found.group_label,
            "Thème": found.title,
            "Sorte": found.kind.map(KINDS),
            "Score": (found.score, 2),
            "Part des poids connue (%)": (100 * found.known, 0),
            **parts,
            "Ce que l'on en sait": found.evidence,
        },
    )


def kept(found: pd.DataFrame) -> Table:
    """The themes that were kept."""
    return Table.of(
        f"Thèmes prioritaires retenus — {territories.name(found.attrs['territory'])}",
        {
            "Groupe de travail": found.group.map(found.attrs["groups"]),
            "Thème": found.title,
            "Leviers": found.levers.map(levers.said),
            "Sorte": found.kind.map(KINDS),
            "Niveau": found.level.map(LEVELS),
            "Pourquoi": found.why,
            "Ce que l'on en sait": found.evidence,
        },
    )


def without_action(found: pd.DataFrame) -> Table | Note:
    """The themes that no action serves."""
    return Table.or_note(
        "Chaque thème retenu a une action au moins.",
        "Thèmes prioritaires sans action",
        {
            "Groupe de travail": found.group.map(found.attrs["groups"]),
            "Thème": found.title,
            "Leviers": found.levers.map(levers.said),
        },
    )


def crossing(found: pd.DataFrame) -> Table:
    """The levers in the questionnaire, among the projects and in the plan; the reversals first."""
    table = found.sort_values("reversal", key=lambda column: column == "", kind="stable")
    costs = {}
    if table.cost.notna().any():
        costs = {
            "Coûts connus (M€)": (table.cost / 1e6, formats.dashed(formats.SIGNIFICANT)),
            "Projets sans coût": (table.cost_missing, 0),
        }
    return Table.of(
        f"Leviers : questionnaire, projets, objectifs et dynamiques — {territories.name(found.attrs['territory'])}",
        {
            "Levier": table.label,
            "Renversement": [one or "—" for one in table.reversal],
            "Pertinents (%)": (100 * table.relevance, 0),
            "Rang (pertinence)": (table.rank_relevance, 0),
            "Projets": (table.projects, 0),
            "Rang (projets)": (table.rank_projects, 0),
            **costs,
            "Objectif (ktCO2e/an)": (table.target, french.rough),
            "Dynamique": table.pace,
            "Famille": table.family,
        },
    )


THEMES = Section("themes", 50)


@THEMES.sentence(always=True)
def checked(r: Roadmap) -> Text | Note:
    """Combien de thèmes ont été retenus, et ce que leur définition demande encore."""
    if r.themes.empty:
        return Note(
            "Aucun thème prioritaire n'a été donné : les actions sont évaluées sur le thème que dit leur fiche."
        )
    some = len(r.themes) - len(r.without_action)
    said = Text(
        "**{}**, dont {} avec une action retenue.", french.plural(len(r.themes), "thème retenu", "thèmes retenus"), some
    )
    return Text.joined([said, Text.bullets(r.themes.attrs["problems"])])


@THEMES.table("themes", always=True)
def _actions(r: Roadmap) -> Table | None:
    found, of = r.by_theme, r.retained.groupby("theme_id").title.agg(" ; ".join)
    if found.empty:
        return None
    made = Table.of(
        caption(r, "Thèmes prioritaires et leurs actions retenues"),
        {
            "Thème prioritaire": found.title,
            "Groupe de travail": found.group_label,
            "Actions retenues": found.theme_id.map(of).fillna("aucune"),
            "ktCO2e/an": (found.kt, formats.dashed(formats.SIGNIFICANT)),
            "Coût (M€)": (found.cost / 1e6, formats.dashed(formats.SIGNIFICANT)),
        },
    )
    none = found.index[found.actions == 0]
    return made.without(none, found.title[none], "Sans action retenue : {}.")


@THEMES.table("themes_retenus", sheet="Thèmes", rank=35, always=True, page=False)
def _themes(r: Roadmap) -> Table | None:
    found = r.by_theme
    if found.empty:
        return None
    return Table.of(
        caption(r, "Thèmes prioritaires retenus"),
        {
            "Thème prioritaire": found.title,
            "Groupe de travail": found.group_label,
            "Sorte": found.kind.map(KINDS),
            "Leviers": found.levers.map(levers.said),
            "Pourquoi": found.why,
            "Actions": (found.actions, 0),
            "ktCO2e/an": (found.kt, formats.dashed(formats.SIGNIFICANT)),
            "Coût (€)": (found.cost, formats.dashed(0)),
        },
    )
