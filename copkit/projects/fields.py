"""The standard fields of a project: what every reading gives, whatever the file it comes from.

The reading fills the fields; the triage and the counting use them.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd

from copkit.intake.fields import (
    LEVERS,
    NO,
    NO_LEVER,
    ORIGIN,
    PLACES,
    SEPARATOR,
    UNKNOWN_LEVER,
    YES,
    Collected,
    Field,
    counted,
    ids,
)
from copkit.reference import framework

# those of all kinds, which the counting of projects uses too
__all__ = ["NO", "NO_LEVER", "SEPARATOR", "UNKNOWN_LEVER", "YES", "Field", "counted", "ids"]

DIMENSIONS = {
    "poursuit": "poursuit une action engagée",
    "accelere": "accélère une action engagée",
    "massifie": "massifie une action engagée",
    "innove": "innove",
    "aucune": "aucune de ces dimensions",
}
MATURITIES = {  # from the least to the most advanced
    "idee": "idée",
    "a_initier": "à initier",
    "en_conception": "initié, en conception",
    "pret": "prêt à démarrer",
    "engage": "engagé",
    "realise": "réalisé",
}
CATEGORIES = ("remonter", "travailler", "crte", "non_remonte")
BODIES = {
    "prefecture_ddt": "Préfecture et DDT(M)",
    "dreal_draaf": "DREAL, DRAAF, DREETS",
    "agences": "Agences et opérateurs de l’État",
}
OPINIONS = {"favorable": "favorable", "reserve": "réservé", "defavorable": "défavorable"}


def _holders() -> dict[str, str]:
    """The types of collectivité of cadre.yml, and the others."""
    return framework.labels("collectivites") | {"autre": "Autre"}


def _by_body() -> dict[str, Field]:
    found = {}
    for body, label in BODIES.items():
        found[f"opinion_{body}"] = Field(f"Avis : {label}", "choice", OPINIONS, "opinion")
        found[f"funding_{body}"] = Field(f"Financement repéré : {label}")
        found[f"engineering_{body}"] = Field(f"Ingénierie repérée : {label}")
    return found


FIELDS: dict[str, Field] = {
    "project_id": Field("Dossier", "id"),
    "title": Field("Intitulé", "name"),
    "description": Field("Description"),
    "holder": Field("Porteur", "name"),
    "holder_siren": Field("SIREN du porteur", "siren"),
    "holder_type": Field("Type de porteur", "choice", choices=_holders),
    "partners": Field("Parties prenantes"),
    **PLACES,
    **LEVERS,
    "contributes": Field("Contribue aux objectifs", "yes_no"),
    "dimension": Field("Dimension nouvelle", "choice", choices=DIMENSIONS),
    "maturity": Field("Maturité", "choice", choices=MATURITIES),
    "start": Field("Début prévu", "date"),  # AAAA-MM-JJ
    "end": Field("Fin prévue", "date"),
    "other_issue": Field("Répond à un autre enjeu", "yes_no"),
    "contrary": Field("Contraire aux cibles", "yes_no"),
    "contrary_reason": Field("Contraire aux cibles : raison"),
    "theme": Field("Thème prioritaire"),
    "impact": Field("Effet significatif à l’échelle du levier", "yes_no"),
    "replicable": Field("Réplicable", "yes_no"),
    "owner_known": Field("Maître d’ouvrage clair", "yes_no"),
    "next_steps": Field("Prochaines étapes"),
    "next_steps_months": Field("Horizon des prochaines étapes [mois]", "months"),
    "cost": Field("Coût [EUR]", "money"),
    "funding_requested": Field("Financement demandé [EUR]", "money"),
    "amount": Field("Montant engagé [EUR]", "money"),
    "engineering_need": Field("Besoin d’ingénierie"),
    "obstacles": Field("Freins"),
    "schedule": Field("Calendrier"),
    "quantity": Field("Quantité physique", "quantity"),
    "quantity_unit": Field("Unité de la quantité", "name"),
    "vehicle": Field("Contrat", "choice", choices={"crte": "crte", "crst": "crst"}),
    "crte": Field("Inscrit au CRTE", "yes_no"),
    "crte_date": Field("Date d’inscription au CRTE", "date"),
    "category_given": Field("Catégorie reçue", "choice", choices={one: one for one in CATEGORIES}, dated=True),
    "justification": Field("Justification"),
    **_by_body(),
    "programme": Field("Programme ou démarche"),
    "state": Field("État du dossier"),
    "submitted": Field("Déposé le", "date"),
    "updated": Field("Mis à jour le", "date"),
    "year": Field("Millésime", "year"),
    **ORIGIN,
}

PROJECTS = Collected("projets", ("projet", "projets"), FIELDS, ("project_id", "title"), ("project_id",))
complete = PROJECTS.complete


def named(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects, where ``project_id`` names one dossier only: beside a number that several have, what tells them.

    >>> one = {"project_id": ["1", "1", "2"], "title": ["Haies", "Vélo", "Biogaz"], "holder": ["Arras", "Laon", ""]}
    >>> named(complete(pd.DataFrame(one))).project_id.tolist()
    ['1 (Haies)', '1 (Vélo)', '2']
    """
    first = (projects.duplicate_of == "") if "duplicate_of" in projects else pd.Series(True, projects.index)
    at = first & (projects.project_id != "")
    at &= projects.project_id.where(at, "").duplicated(keep=False)
    if not at.any():
        return projects
    said = projects.loc[at, ["project_id", "title", "holder", "commune", "epci", "departement"]]
    said = said.apply(lambda texts: texts.str.split().str.join(" "))
    rows, names = list(said.itertuples(index=False, name=None)), [""] * len(said)
    for upto in range(2, len(said.columns) + 1):
        count = Counter(row[:upto] for row in rows)
        for n, row in enumerate(rows):
            if not names[n] and count[row[:upto]] == 1:
                names[n] = _name(row[:upto])
    seen: Counter[tuple] = Counter()
    for n, row in enumerate(rows):
        seen[row] += 1
        names[n] = names[n] or f"{_name(row)} n° {seen[row]}"
    made = projects.project_id.copy()
    made[at] = names
    return projects.assign(project_id=made)


def _name(row: tuple[str, ...]) -> str:
    number, *others = row
    return f"{number} ({', '.join(filter(None, others))})"


def taken(projects: pd.DataFrame) -> pd.DataFrame:
    """Projects as they were read; anything else is refused."""
    return PROJECTS.taken(projects, 'ck.projects.read("dossiers.xlsx")')
