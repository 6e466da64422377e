"""What became of the actions: how many, those that ask for something, those that are done, the new ones."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.intake import gazetteer, levers
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.followup.about import counted
from copkit.presentation.followup.document import caption, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.roadmap.actions import FIELDS
from copkit.roadmap.assessment import STANDINGS
from copkit.roadmap.followup import (
    DONE,
    DROPPED,
    FOLLOWED,
    GONE,
    LATE,
    NEW,
    OPEN,
    OUTCOMES,
    UNSAID,
    UNSTARTED,
    Followup,
)

alt = lazy_loader.load("altair")
ASKING = (LATE, GONE, OPEN, UNSAID, UNSTARTED, DROPPED)
ACTIONS = Section("actions", 20)


@ACTIONS.chart(name="outcomes")
def outcomes(f: Followup) -> alt.LayerChart | Note:
    """Ce que sont devenues les actions de l'année d'avant. [nombre]"""
    counts, whole = f.counts, len(f.expected)
    if not whole:
        return Note(f"Aucune action de {f.year - 1} n'était à suivre.")
    kept = [one for one in FOLLOWED if counts[one]]
    drawn = pd.DataFrame(
        {
            "label": [french.capital(OUTCOMES[one]) for one in kept],
            "count": [counts[one] for one in kept],
            "written": [f"{counts[one]} ({french.percent(100 * counts[one] / whole, 0)})" for one in kept],
            "done": [one == DONE for one in kept],
        }
    )
    title = f"Sur {french.plural(whole, 'action')} de {f.year - 1}, "
    title += french.join([counted(DONE, counts[DONE]), counted(LATE, counts[LATE])])
    made = words(f, title, "actions", f"Actions de {f.year - 1} : {charts.said(drawn)}.")
    domain = [0, 1.25 * max(drawn["count"])]
    return charts.bars(
        drawn, "count", "actions", made, domain=domain, axis=charts.whole(), colour=charts.of_two("done")
    )


@ACTIONS.table("actions", sheet="À reprendre", rank=10, rows=25)
def _asking(f: Followup) -> Table | Note:
    order = {one: n for n, one in enumerate(ASKING)}
    found = f.actions[f.actions.outcome.isin(ASKING)].sort_values(
        "outcome", key=lambda one: one.map(order), kind="stable"
    )
    if found.empty:
        return Note("Aucune action n'est à reprendre : toutes sont faites ou en cours.")
    return Table.of(
        caption(f, "Actions à reprendre : en retard, disparues, à rapprocher, sans nouvelle, abandonnées"),
        {
            "Action": named(found),
            "Territoire": places(found),
            "Ce qu'elle est devenue": found.outcome.map(OUTCOMES),
            "Attendu dans l'année": found.expected.replace("", "—"),
            "Pourquoi, et que faire": found.why.replace("", "—"),
        },
    )


@ACTIONS.table("faites", sheet="Faites", rank=20, rows=15)
def _done(f: Followup) -> Table | Note:
    found = f.actions[f.actions.outcome == DONE]
    if found.empty:
        return Note(f"Aucune action de {f.year - 1} n'est dite faite.")
    return Table.of(
        caption(f, "Actions faites dans l'année"),
        {
            "Action": named(found),
            "Levier": _levers(found),
            "Territoire": places(found),
            "Attendu dans l'année": found.expected.replace("", "—"),
        },
    )


@ACTIONS.table("nouvelles", sheet="Nouvelles", rank=30, rows=15)
def _new(f: Followup) -> Table | Note:
    found = f.actions[f.actions.outcome == NEW]
    if found.empty:
        return Note(f"Aucune action nouvelle en {f.year}.")
    kept = found.standing_after.map(STANDINGS)
    columns = {"Action": named(found), "Levier": _levers(found), "Territoire": places(found), "Retenue ?": kept}
    return Table.of(caption(f, "Actions nouvelles"), columns)


@ACTIONS.table("changements", sheet="Fiches changées", rank=40, rows=15)
def _changes(f: Followup) -> Table | Note:
    found = f.changes
    if found.empty:
        return Note("Aucune fiche n'a changé d'une année à l'autre.")
    return Table.of(
        caption(f, "Ce qui a changé dans les fiches"),
        {
            "Action": named(found),
            "Champ": found.label,
            "Avant": [_value(one) for one in found[["field", "before"]].itertuples(index=False)],
            "Après": [_value(one) for one in found[["field", "after"]].itertuples(index=False)],
        },
    )


@ACTIONS.table("toutes", sheet="Actions", rank=50, page=False)
def _all(f: Followup) -> Table:
    found = f.actions
    return Table.of(
        caption(f, "Toutes les actions des deux années"),
        {
            "Numéro avant": found.before.replace("", "—"),
            "Numéro après": found.after.replace("", "—"),
            "Action": found.title,
            "Levier": _levers(found),
            "Territoire": places(found),
            "Ce qu'elle est devenue": found.outcome.map(OUTCOMES),
            "Attendu dans l'année": found.expected.replace("", "—"),
            "Pourquoi, et que faire": found.why.replace("", "—"),
            "Rapprochée par": found.how.replace("", "—"),
        },
    )


def named(found: pd.DataFrame) -> list[str]:
    """« A7. Flottes publiques »: the number and the title."""
    return [f"{number}. {title}" for number, title in zip(found.action_id, found.title, strict=True)]


def places(found: pd.DataFrame) -> list[str]:
    """The names of the territories."""
    return [gazetteer.name(one) if one else "—" for one in found.territory]


def _levers(found: pd.DataFrame) -> list[str]:
    return [levers.said(one) if one else "—" for one in found.lever]


def _value(one: tuple[str, str]) -> str:
    """A cell of a sheet, as a reader writes it."""
    name, value = one
    if not value:
        return "—"
    if name == "territory":
        return gazetteer.name(value)
    if name == "lever":
        return levers.said(value)
    return FIELDS[name].options.get(value, value) if FIELDS[name].kind == "choice" else _spaced(value)


def _spaced(value: str) -> str:
    """A number with its thousands apart; any other text as it is."""
    return french.number(float(value), 0) if value.isdecimal() and len(value) > 4 else value
