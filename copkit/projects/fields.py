"""The standard fields of a project: what every reading gives, whatever the file it comes from.

Text that is missing is empty, a missing number is NaN; a yes/no is « oui », « non » or empty. A field that holds
several ids joins them with ``|``. The reading fills the fields; the triage and the counting use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

Kind = Literal["text", "choice", "yes_no", "ids", "code", "number", "date", "whole"]

YES, NO = "oui", "non"
SEPARATOR = "|"
NO_LEVER, UNKNOWN_LEVER = "", "non_reconnu"  # nothing was written; what was written is not a lever
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


@dataclass(frozen=True, slots=True)
class Field:
    """A standard field; ``public``: whether the public version may show it."""

    label: str
    kind: Kind = "text"
    public: bool = True
    choices: tuple[str, ...] = ()


def _by_body() -> dict[str, Field]:
    found = {}
    for body, label in BODIES.items():
        found[f"opinion_{body}"] = Field(f"Avis : {label}", "choice", False, tuple(OPINIONS))
        found[f"funding_{body}"] = Field(f"Financement repéré : {label}", public=False)
        found[f"engineering_{body}"] = Field(f"Ingénierie repérée : {label}", public=False)
    return found


FIELDS: dict[str, Field] = {
    "project_id": Field("Dossier"),
    "title": Field("Intitulé"),
    "description": Field("Description", public=False),
    "holder": Field("Porteur"),
    "holder_siren": Field("SIREN du porteur", "code"),
    "holder_type": Field("Type de porteur", "choice"),  # ids of cadre.yml, block collectivites, or « autre »
    "partners": Field("Parties prenantes", public=False),
    "commune": Field("Commune", "code"),  # com-59350
    "epci": Field("EPCI", "code"),  # epci-200066926
    "departement": Field("Département", "code"),  # dep-59
    "region": Field("Région", "code"),  # reg-32
    "region_label": Field("Région, libellé"),  # also of the collectivités that are not one of the 18 régions
    "lever_label": Field("Levier, libellé reçu"),
    "lever": Field("Levier"),  # of the 43, or velo, gestion_des_forets, bouclage_biomasse, autres; NO_/UNKNOWN_LEVER
    "levers": Field("Leviers de la COP", "ids"),  # the levers of the 43 that it stands for
    "thematiques": Field("Thématiques", "ids"),  # ids of cadre.yml
    "contributes": Field("Contribue aux objectifs", "yes_no"),
    "dimension": Field("Dimension nouvelle", "choice", choices=tuple(DIMENSIONS)),
    "maturity": Field("Maturité", "choice", choices=tuple(MATURITIES)),
    "start": Field("Début prévu", "date"),  # AAAA-MM-JJ
    "end": Field("Fin prévue", "date"),
    "other_issue": Field("Répond à un autre enjeu", "yes_no"),
    "contrary": Field("Contraire aux cibles", "yes_no"),
    "contrary_reason": Field("Contraire aux cibles : raison", public=False),
    "theme": Field("Thème prioritaire"),
    "impact": Field("Effet significatif à l’échelle du levier", "yes_no"),
    "replicable": Field("Réplicable", "yes_no"),
    "owner_known": Field("Maître d’ouvrage clair", "yes_no"),
    "next_steps": Field("Prochaines étapes", public=False),
    "next_steps_months": Field("Horizon des prochaines étapes [mois]", "number"),
    "cost": Field("Coût [EUR]", "number"),
    "funding_requested": Field("Financement demandé [EUR]", "number"),
    "amount": Field("Montant engagé [EUR]", "number"),
    "engineering_need": Field("Besoin d’ingénierie", public=False),
    "obstacles": Field("Freins", public=False),
    "schedule": Field("Calendrier", public=False),
    "quantity": Field("Quantité physique", "number"),
    "quantity_unit": Field("Unité de la quantité"),
    "vehicle": Field("Contrat", "choice", choices=("crte", "crst")),
    "crte": Field("Inscrit au CRTE", "yes_no"),
    "crte_date": Field("Date d’inscription au CRTE", "date"),
    "category_given": Field("Catégorie reçue", "choice", choices=CATEGORIES),
    "justification": Field("Justification", public=False),
    **_by_body(),
    "programme": Field("Programme ou démarche"),
    "state": Field("État du dossier"),
    "submitted": Field("Déposé le", "date"),
    "updated": Field("Mis à jour le", "date"),
    "year": Field("Millésime", "number"),
    "source_file": Field("Fichier", public=False),
    "sheet": Field("Feuille", public=False),
    "row": Field("Ligne", "whole", False),  # in the file, the header is row 1
    "invented": Field("Exemple inventé", "yes_no"),
    "duplicate_of": Field("Doublon de"),  # the dossier that is kept in its place; such a row is never counted
}


DTYPES = {kind: "str" for kind in get_args(Kind)} | {"number": "float64", "whole": "int64"}


def empty(kind: Kind) -> object:
    """What a field of this kind holds when nothing is known."""
    return float("nan") if kind == "number" else 0 if kind == "whole" else ""


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every standard field, in their order; other columns stay behind them."""
    rows = len(table)
    columns = {
        name: table[name] if name in table else pd.Series([empty(one.kind)] * rows, table.index, DTYPES[one.kind])
        for name, one in FIELDS.items()
    }
    others = {name: table[name] for name in table if name not in FIELDS}
    made = pd.DataFrame({**columns, **others}, index=table.index)
    made.attrs = dict(table.attrs)
    return made


def counted(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects that are counted: without the second submission of a same dossier."""
    return projects[projects.duplicate_of == ""] if "duplicate_of" in projects else projects
