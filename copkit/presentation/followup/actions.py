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
from copkit.presentation.text import Note, Text, lower
from copkit.roadmap.actions import FIELDS
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
            "written": [str(counts[one]) for one in kept],
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


@ACTIONS.table("devenir", sheet="Devenir", rank=5)
def _counts(f: Followup) -> Table:
    counts, whole = f.counts, len(f.expected)
    kept = [one for one in FOLLOWED if counts[one]]
    return Table.of(
        caption(f, f"Ce que sont devenues les actions de {f.year - 1}"),
        {
            "Action": [french.capital(OUTCOMES[one]) for one in kept],
            "Nombre": ([counts[one] for one in kept], 0),
            "Part (%)": ([100 * counts[one] / whole for one in kept], 1),
        },
    )


@ACTIONS.sentence()
def done_and_new(f: Followup) -> Text:
    """Les actions faites dans l'année, et les nouvelles."""
    parts = [(DONE, "Faites dans l'année"), (NEW, f"Nouvelles en {f.year}")]
    found = {label: f.actions[f.actions.outcome == one] for one, label in parts}
    lines = [Text("**{}** : {}.", label, " ; ".join(named(part))) for label, part in found.items() if len(part)]
    return Text.bullets(lines) if lines else Text("Aucune action n'est dite faite, aucune n'est nouvelle.")


@ACTIONS.table("actions", sheet="À reprendre", rank=10)
def _asking(f: Followup) -> Table | Note:
    """The actions that ask for something; those of which nothing is said are named below, not listed."""
    order = {one: n for n, one in enumerate(ASKING)}
    found = f.actions[f.actions.outcome.isin(ASKING)].sort_values(
        "outcome", key=lambda one: one.map(order), kind="stable"
    )
    if found.empty:
        return Note("Aucune action n'est à reprendre : toutes sont faites ou en cours.")
    made = Table.of(
        caption(f, "Actions à reprendre"),
        {
            "Action": named(found),
            "Territoire": places(found),
            "Ce qu'elle est devenue": found.outcome.map(OUTCOMES),
            "Attendu dans l'année": found.expected.replace("", "—"),
            "Pourquoi, et que faire": found.why.replace("", "—"),
        },
    )
    unsaid = [n for n, one in enumerate(found.outcome) if one == UNSAID]
    return made.without(unsaid, [found.title.iloc[n] for n in unsaid], "Sans nouvelle, la fiche ne dit rien : {}.")


@ACTIONS.table("fiches", rank=38, rows=15)
def _sheets(f: Followup) -> Table | Note:
    """The sheets that changed, one row an action."""
    if f.changes.empty:
        return Note("Aucune fiche n'a changé d'une année à l'autre.")
    found = f.changes.drop_duplicates("action_id")
    said = [
        " ; ".join(
            f"{lower(one.label)} : {_value(one.field, one.before)} → {_value(one.field, one.after)}"
            for one in f.changes[f.changes.action_id == number].itertuples()
        )
        for number in found.action_id
    ]
    return Table.of(caption(f, "Ce qui a changé dans les fiches"), {"Action": named(found), "Changements": said})


@ACTIONS.table("changements", sheet="Fiches changées", rank=40, page=False)
def _changes(f: Followup) -> Table | Note:
    found = f.changes
    return Table.or_note(
        "Aucune fiche n'a changé d'une année à l'autre.",
        caption(f, "Ce qui a changé dans les fiches"),
        {
            "Action": named(found),
            "Champ": found.label,
            "Avant": [_value(*one) for one in zip(found.field, found.before, strict=True)],
            "Après": [_value(*one) for one in zip(found.field, found.after, strict=True)],
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


def _value(name: str, value: str) -> str:
    """A cell of a sheet, as a reader writes it."""
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
