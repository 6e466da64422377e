"""The actions of a roadmap: those that are retained by theme, those that are listed apart and why, what overlaps."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import gazetteer, levers
from copkit.intake.fields import Field
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.roadmap.actions import FIELDS
from copkit.roadmap.assessment import RETAINED, STANDINGS
from copkit.roadmap.plan import Roadmap

SPARE = ("Ce qui manque à la fiche", "Comment", "Thème", "Coût (€)", "Part du reste à faire (%)")


def listed(assessed: pd.DataFrame) -> Table:
    """Every action with where it stands and why."""
    order = {one: n for n, one in enumerate(STANDINGS)}
    table = assessed.sort_values("standing", key=lambda column: column.map(order), kind="stable")
    places = [gazetteer.name(one) if one else "" for one in table.territory]
    decided = {"Décision": [_decided(one) for one in table.itertuples()]} if (table.decision != "").any() else {}
    return Table.of(
        f"Actions évaluées{_invented(assessed)}",
        {
            "Action": table.action_id,
            "Intitulé": table.title,
            "Levier": table.lever.map(levers.said),
            "Territoire": places,
            "Retenue ?": table.standing.map(STANDINGS),
            **decided,
            "Pourquoi": table.why,
            "Fiche remplie (%)": (100 * table.completeness, 0),
            "Ce qui manque à la fiche": table.blank,
        },
    )


def _decided(one) -> str:
    """What a person decided, beside the answer of the rules."""
    return f"{STANDINGS[one.decision]} ({one.decision_author}, {one.decision_date})" if one.decision else "—"


def effects(assessed: pd.DataFrame) -> Table:
    """What the quantities of the actions make, beside the target of their lever and what is left of it."""
    table = assessed[assessed.quantity.notna() & (assessed.standing_kept == RETAINED)]
    return Table.of(
        f"Ce que changent les actions retenues, à l'ordre 1{_invented(assessed)}",
        {
            "Action": table.action_id,
            "Intitulé": table.title,
            "Quantité": [
                f"{french.quantity(one)} {unit}" for one, unit in zip(table.quantity, table.quantity_unit, strict=True)
            ],
            "ktCO2e/an": (table.kt, formats.SIGNIFICANT),
            "Part de l'objectif du levier (%)": (100 * table.target_share, formats.SIGNIFICANT),
            "Part du reste à faire (%)": (100 * table.left_share, formats.SIGNIFICANT),
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
            "Au plus compté deux fois (ktCO2e/an)": (found.kt, formats.SIGNIFICANT),
        },
    )


def _invented(assessed: pd.DataFrame) -> str:
    return " (exemple inventé)" if (assessed.invented == "oui").any() else ""


ACTIONS = Section("actions", 60)


def _by_theme(r: Roadmap) -> pd.DataFrame:
    """The retained actions in the order of their themes."""
    order = {one: n for n, one in enumerate(r.by_theme.theme_id)}
    return r.retained.sort_values("theme_id", key=lambda one: one.map(order).fillna(len(order)), kind="stable")


@ACTIONS.sentence()
def decided(r: Roadmap) -> Text | None:
    """Ce que des personnes ont décidé, à côté de la réponse de la règle."""
    found = r.actions[r.actions.decision != ""]
    lines = [Text("{} : {}", one.title, _why(one)) for one in found.itertuples()]
    return Text.joined([Text("**Décisions** :"), Text.bullets(lines)]) if lines else None


def _why(one) -> str:
    """Why an action stands where it does: the rule's reason, behind what somebody decided."""
    if not one.decision:
        return one.why
    said = (
        f"{STANDINGS[one.decision]} par décision ({one.decision_author}, {one.decision_date}) : {one.decision_reason}"
    )
    return f"{french.capital(said.rstrip('. '))}. Selon la règle, {STANDINGS[one.standing]}. {one.why}"


@ACTIONS.table("actions", sheet="Actions", rank=40)
def _retained(r: Roadmap) -> Table | Note:
    found = _by_theme(r)
    return Table.or_note(
        "Aucune action ne remplit les trois critères.",
        caption(r, "Actions retenues, dans l'ordre de leurs thèmes"),
        {
            "Action": found.title,
            "Levier": found.lever.map(levers.said),
            "Territoire": _places(found),
            "Porteur": found.holder.replace("", "—"),
            "ktCO2e/an": (found.kt, formats.dashed(formats.SIGNIFICANT)),
            "Coût (M€)": (found.cost / 1e6, formats.dashed(formats.SIGNIFICANT)),
        },
    )


@ACTIONS.table("fiches", sheet="Fiches", rank=45, page=False)
def _sheets(r: Roadmap) -> Table | Note:
    found = _by_theme(r)
    names = ["action_id", "title", "theme", "holder", "partners", "dimension", "maturity", "cost", "schedule"]
    names += ["funding", "funding_granted", "engineering", "engineering_granted", "other_needs", "obstacles"]
    names += ["vehicle", "dossiers"]
    columns = {FIELDS[one].label: _cells(found[one], FIELDS[one]) for one in names}
    return Table.or_note(
        "Aucune action ne remplit les trois critères.", caption(r, "Fiches des actions retenues"), columns
    )


def _cells(column: pd.Series, field: Field):
    """The cells of a field of a sheet."""
    if column.dtype.kind == "f":
        return column, formats.dashed(0)
    return [str(field.options.get(cell, cell)) or "—" for cell in column]


def _places(found: pd.DataFrame) -> list[str]:
    return [gazetteer.name(one) if one else "—" for one in found.territory]


APART = Section("a_part", 70)


@APART.table("a_part", sheet="À part", rank=50)
def _apart(r: Roadmap) -> Table | Note:
    found = r.apart
    return Table.or_note(
        "Toutes les actions remplissent les trois critères.",
        caption(r, "Actions listées à part, et pourquoi"),
        {
            "Action": found.title,
            "Levier": [levers.said(one) if one else "—" for one in found.lever],
            "Territoire": _places(found),
            "Où elle est": found.standing_kept.map(STANDINGS),
            "Pourquoi": [_why(one) for one in found.itertuples()],
        },
    )


FOLLOWED = Section("suivi", 110)


@FOLLOWED.sentence()
def followed(r: Roadmap) -> Text:
    """Combien d'actions disent ce qui est attendu dans un an, et avec quel indicateur ; celles qui ne le disent pas."""
    whole, lines = len(r.retained), []
    for name, what in (("expected", "disent ce qui est attendu dans un an"), ("indicators", "donnent un indicateur")):
        none = r.retained.title[r.retained[name] == ""].to_list()
        rest = Text(" Ne le disent pas : {}.", " ; ".join(map(lower, none))) if none else ""
        lines.append(Text("{} actions retenues sur {} {}.{}", whole - len(none), whole, what, rest))
    return Text.joined([Text.bullets(lines), Text("Le détail, action par action, est dans le classeur et les fiches.")])


@FOLLOWED.table("suivi", sheet="Suivi", rank=90, page=False)
def _followed(r: Roadmap) -> Table:
    found = r.retained
    return Table.of(
        caption(r, "Ce qui est attendu dans un an de chaque action retenue"),
        {
            "Action": found.title,
            "Attendu dans un an": found.expected.replace("", "—"),
            "Prochain pas": found.next_steps.replace("", "—"),
            "Échéance (mois)": (found.next_steps_months, 0),
            "Indicateur": found.indicators.replace("", "—"),
        },
    )
