"""The three families of levers: which lever is in which, why, and what each calls for."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.survey.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.survey import family
from copkit.survey.questionnaire import FAMILIES, rules
from copkit.survey.selection import Consultation

FAMILY = Section("familles", 90)


def kept(q: Consultation, name: str) -> pd.DataFrame:
    """The levers of a family, that of an analyst first."""
    return q.families[q.families.kept == name]


@FAMILY.sentence()
def families(q: Consultation) -> Text:
    """Les trois familles, leurs leviers, ce que chacune appelle, et d'où elles viennent."""
    lines = []
    for name in FAMILIES:
        one, found = rules().families.definitions[name], kept(q, name)
        labels = " ; ".join(map(lower, found.label)) or "aucun"
        what = Text("**{} — {}** ({}) : {}.", name, one.label, french.plural(len(found), "levier"), labels)
        lines.append(Text.joined([what, Text("**{}**", one.calls_for)], " "))
    origin = q.families.origin.where(q.families.chosen == "", "choix")
    said = [f"{french.plural(int((origin == family.ANSWERS).sum()), 'famille')} par les réponses"]
    if cited := int((origin == family.CITED).sum()):
        said.append(f"{cited} par les exemples de la source, faute d'assez de réponses")
    if chosen := int((q.families.chosen != "").sum()):
        said.append(
            f"{french.plural(chosen, 'choisie', 'choisies')} par un analyste, la réponse de la règle gardée à côté"
        )
    if none := int((q.families.kept == "").sum()):
        said.append(f"{french.plural(none, 'levier')} sans famille")
    return Text.joined([Text.bullets(lines), Text("{}. Seuils : hypothèses du kit.", " ; ".join(said))])


@FAMILY.table("familles", sheet="Familles", rank=90)
def _families(q: Consultation) -> Table:
    found, chosen = q.families, q.families.chosen != ""
    order = {name: n for n, name in enumerate((*FAMILIES, ""))}
    at = found.kept.map(order).argsort(kind="stable")
    why = found.reason.where(~chosen, "Choix de l'analyste." if q.public else found.why + " (" + found.author + ")")
    columns = {
        "Levier": found.label,
        "Famille": found.kept.replace("", "—"),
        "Origine": found.origin.where(~chosen, "choix de l'analyste"),
        "Pourquoi": why,
    }
    if chosen.any():
        columns["Selon la règle"] = found.family.replace("", "—")
    return Table.of(caption(q, "Famille de chaque levier"), {name: cells.iloc[at] for name, cells in columns.items()})
