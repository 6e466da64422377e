"""The 22 adaptation levers of the SGPE and what serves each; the levers of the 43 that serve adaptation."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.adaptation.recensement import Recensement
from copkit.intake.fields import ids
from copkit.models import nomenclatures
from copkit.presentation import charts, formats
from copkit.presentation.adaptation.document import caption, words
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import framework

alt = lazy_loader.load("altair")
LEVERS, COP = Section("leviers", 40), Section("leviers_cop", 50)
NAMES = {"actions": "Actions", "projects": "Projets"}


@LEVERS.sentence(always=True)
def reading(r: Recensement) -> Text:
    """Ce que comptent les colonnes, et ce qui n'a pas été donné."""
    given = [label.lower() for name, label in NAMES.items() if getattr(r, name) is not None]
    absent = [label.lower() for name, label in NAMES.items() if getattr(r, name) is None]
    lines = []
    if given:
        lines.append(
            Text("Pour les {} : ceux qui nomment le levier, puis, à côté, ceux d'un levier des 43 qui en est voisin "
                 "(rapprochement du kit).", french.join(given))
        )  # fmt: skip
    if absent:
        lines.append(Text("Aucun fichier donné pour les {} : rien n'en est compté.", french.join(absent)))
    return Text.joined(lines, " ")


@LEVERS.table("leviers", sheet="Leviers d'adaptation", rank=30, always=True)
def _levers(r: Recensement) -> Table:
    found, known = r.levers, nomenclatures.cop_labels()
    columns: dict[str, object] = {"Levier d'adaptation": found.label}
    if r.collected:
        columns["Priorités"] = (found.priorities, 0)
    for name, label in NAMES.items():
        if getattr(r, name) is not None:
            columns[label] = (found[name], 0)
            columns[f"{label} de leviers voisins"] = (found[f"near_{name}"].where(found.near != ""), formats.dashed(0))
    columns["Leviers voisins, parmi les 43"] = [
        french.capital(" ; ".join(lower(known[one]) for one in ids(cell)) if cell else note)
        for cell, note in zip(found.near, found.note, strict=True)
    ]
    return Table.of(caption(r, "Les 22 leviers d'adaptation du SGPE, et ce qui sert chacun"), columns)


@LEVERS.sentence(always=True)
def unserved(r: Recensement) -> Text:
    """Les leviers d'adaptation que ni priorité, ni action, ni projet ne sert."""
    if not r.given:
        return Text("**Rien n'est encore recensé** : ni priorités, ni actions, ni projets n'ont été donnés.")
    found = r.unserved
    if found.empty:
        return Text("Chaque levier d'adaptation a une priorité, une action ou un projet.")
    head = Text(
        "**{} sur {} que rien ne sert** : {}.",
        french.plural(len(found), "levier"), len(r.levers), " ; ".join(lower(one) for one in found.label),
    )  # fmt: skip
    alone = int((found.near == "").sum())
    said = Text(
        " Pour {} d'entre eux, aucun des 43 leviers n'est voisin : seule une priorité, une action ou un projet qui les "
        "nomme peut les servir.",
        alone,
    )
    return Text.joined([head, said if alone else ""], "")


@COP.sentence(always=True)
def serving(r: Recensement) -> Text:
    """Combien d'actions et de projets servent l'adaptation."""
    said = []
    for name, table in (("action", r.actions), ("projet", r.projects)):
        if table is not None:
            n = r.serving(f"{name}s" if name == "action" else "projects")
            share = f" ({french.percent(100 * n / len(table), 0)})" if len(table) else ""
            said.append(f"{french.plural(n, name)} sur {french.number(len(table), 0)}{share}")
    if not said:
        return Text("Ni actions ni projets n'ont été donnés : ce qui sert l'adaptation n'est pas compté.")
    return Text("**Au service de l'adaptation** : {}, par leur levier.", french.join(said))


@COP.chart(always=True)
def serving_levers(r: Recensement) -> alt.LayerChart | Note | None:
    """Projets de chacun des leviers des 43 qui servent l'adaptation. [nombre]"""
    if r.projects is None:
        return None
    found = r.cop.sort_values("projects", ascending=False, kind="stable")
    if not found.projects.sum():
        return Note("Aucun projet de ce territoire n'est pour un levier qui sert l'adaptation.")
    drawn = pd.DataFrame(
        {
            "label": found.label.to_numpy(),
            "projects": found.projects.to_numpy(),
            "written": [french.number(one, 0) for one in found.projects],
        }
    )
    best = found.iloc[0]
    title = f"« {best.label} » : {french.plural(int(best.projects), 'projet')}, le levier d'adaptation le plus servi"
    where = f"{french.plural(len(r.projects), 'projet')} du vivier"
    made = words(r, title, where, f"Projets par levier qui sert l'adaptation : {charts.said(drawn)}.", file=False)
    return charts.bars(drawn, "projects", "projets", made, axis=charts.whole(), step=26)


@COP.table("leviers_cop", sheet="Leviers des 43", rank=40, always=True)
def _cop(r: Recensement) -> Table:
    found, enjeux = r.cop, framework.labels("enjeux")
    columns: dict[str, object] = {"Levier": found.label}
    for name, label in NAMES.items():
        if getattr(r, name) is not None:
            columns[label] = (found[name], formats.PLAIN)
    columns["Sert aussi"] = [french.join(enjeux[one].lower() for one in cell) for cell in found.enjeux]
    columns["Leviers d'adaptation voisins"] = [
        french.capital(" ; ".join(map(lower, cell))) if cell else "Aucun des 22" for cell in found.near
    ]
    return Table.of(caption(r, "Les leviers des 43 qui servent l'adaptation"), columns)
