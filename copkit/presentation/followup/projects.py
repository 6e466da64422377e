"""The dossiers of the vivier: from which category to which, which came, which left."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.followup import about
from copkit.presentation.followup.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.projects.sorting import sort
from copkit.reference import territories
from copkit.roadmap.followup import CAME, LEFT, MOVED, MOVES, OPEN, Followup, moves

PROJECTS = Section("projets", 50)
CITED = 10  # dossiers of a sentence
ABSENT = "Sans les projets des deux années, rien ne dit lesquels ont changé de catégorie."
SAID = (MOVED, CAME, LEFT, OPEN)


@PROJECTS.sentence(always=True)
def dossiers(f: Followup) -> Text | Note:
    """Combien de dossiers changent de catégorie, arrivent, partent, entrent dans un CRTE."""
    if f.projects is None:
        return Note(ABSENT)
    entered = int(f.projects.crte.sum())
    said = Text("{} au CRTE depuis un an.", french.plural(entered, "dossier inscrit", "dossiers inscrits"))
    lines = [Text.joined([about.moved(f), said if entered else ""], " ")]
    for move, label in ((CAME, "Arrivés"), (LEFT, "Partis")):
        names = named(f.projects[f.projects.move == move])
        more = f" ; et {french.number(len(names) - CITED, 0)} autres" if len(names) > CITED else ""
        if names:
            lines.append(Text("**{}** : {}{}.", label, " ; ".join(names[:CITED]), more))
    return Text.bullets(lines)


def named(found: pd.DataFrame) -> list[str]:
    """« 123. Haies »: the number and the title."""
    return [f"{number}. {title}" for number, title in zip(found.project_id, found.title, strict=True)]


@PROJECTS.table("categories", sheet="Catégories", rank=80, when=lambda f: f.projects is not None)
def _moves(f: Followup) -> Table:
    found = moves(f.projects)
    labels = {**short(f.year), "": "—"}
    found = found.loc[found.any(axis=1), found.any()]
    columns = {f"En {f.year - 1}": ["Nouveaux" if one == "" else labels[one] for one in found.index]}
    columns |= {("Partis" if one == "" else labels[one]): (found[one].to_list(), 0) for one in found}
    return Table.of(caption(f, f"Dossiers par catégorie, de {f.year - 1} (lignes) à {f.year} (colonnes)"), columns)


def short(year: int) -> dict[str, str]:
    """Category → its label without the year of its COP, which differs from one year to the next."""
    found = sort.category_labels(year)
    return {one: label.split(" dans la COP")[0].split(" pour la COP")[0].split(",")[0] for one, label in found.items()}


@PROJECTS.table("mouvements", rank=83, rows=15, when=lambda f: f.projects is not None)
def _moved(f: Followup) -> Table | Note:
    found = f.projects[f.projects.move.isin([MOVED, OPEN])]
    labels = {**short(f.year), "": "—"}
    return Table.or_note(
        "Aucun dossier n'a changé de catégorie.",
        caption(f, "Dossiers qui changent de catégorie"),
        {
            "Dossier": named(found),
            f"En {f.year - 1}": found.before.map(labels),
            f"En {f.year}": found.after.map(labels),
            "Pourquoi": found.why.replace("", "—"),
        },
    )


@PROJECTS.table("dossiers", sheet="Dossiers", rank=85, page=False, when=lambda f: f.projects is not None)
def _listed(f: Followup) -> Table | Note:
    found = f.projects[f.projects.move.isin(SAID)]
    order = {one: n for n, one in enumerate(SAID)}
    found = found.sort_values("move", key=lambda one: one.map(order), kind="stable")
    labels = {**short(f.year), "": "—"}
    return Table.or_note(
        "Aucun dossier n'a changé de catégorie, n'est arrivé ni parti.",
        caption(f, "Dossiers qui changent de catégorie, arrivent ou partent"),
        {
            "Dossier": named(found),
            "Département": [territories.name(one) if one else "—" for one in found.departement],
            "Ce qui arrive": found.move.map(MOVES),
            f"En {f.year - 1}": found.before.map(labels),
            f"En {f.year}": found.after.map(labels),
            "Pourquoi": found.why.replace("", "—"),
        },
    )
