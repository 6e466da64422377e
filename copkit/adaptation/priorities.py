"""The priorities of the round on adaptation: the sixteen columns of the record of the SGPE, one priority a row.

What is collected is declared here (fields, and the workbook that is filled in); reading, writing and merging are
those of the intake.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit.intake import places, reading
from copkit.intake.fields import ORIGIN, PLACED, PLACES, Collected, Field
from copkit.intake.workbook.blank import Blank
from copkit.intake.workbook.form import BODIES, SEND, Column, Noun
from copkit.intake.workbook.merge import Merged
from copkit.models import nomenclatures
from copkit.reference import territories

LEVER = "adaptation_lever"  # one of the 22: « lever » is one of the 43
RECORD: dict[str, Field] = {  # the sixteen columns, in their order
    "title": Field("Intitulé de la priorité identifiée", "name"),
    "region": PLACES["region"],
    "departement": PLACES["departement"],
    "effect": Field("Effet du changement climatique", "name"),
    "sensitivity": Field("Sensibilité", "name"),
    LEVER: Field("Levier", "choice", choices=nomenclatures.adaptation_labels),
    "priority": Field("Niveau de priorité", "name"),
    "description": Field("Description de la priorité"),
    "due": Field("Date de fin prévue pour l'action", "date"),
    "success": Field("Critères de réussite, dont indicateurs de performance"),
    "stakeholders": Field("Parties prenantes à mobiliser"),
    "engineering": Field("Porteur d'aide en ingénierie", "name"),
    "funding": Field("Porteur d'aide au financement", "name"),
    "regional_obstacles": Field("Freins à lever : remontées régionales"),
    "national_obstacles": Field("Freins à lever : remontées nationales"),
    "budget": Field("Budget total anticipé", "money"),
}
FIELDS: dict[str, Field] = {
    **RECORD,
    "commune": PLACED["commune"],
    "epci": PLACED["epci"],
    "region_label": PLACES["region_label"],
    **ORIGIN,
}
IDENTITY = ("region", "departement", LEVER, "title")
PRIORITIES = Collected("adaptation", ("priorité", "priorités"), FIELDS, ("title",), IDENTITY)
WIDTHS = {  # of the columns to fill in
    "title": 40, "region": 22, "departement": 20, "effect": 28, "sensitivity": 24, LEVER: 44, "priority": 14,
    "description": 50, "due": 14, "success": 36, "stakeholders": 34, "engineering": 26, "funding": 26,
    "regional_obstacles": 34, "national_obstacles": 34, "budget": 16,
}  # fmt: skip


def read(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit des priorités d'adaptation dans des fichiers de toute forme, et les réunit en une table.

    Parameters
    ----------
    files : chemins des fichiers : export du recensement du SGPE, classeurs du modèle remplis, ou toute table.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/adaptation`` ou un fichier YAML.

    Returns
    -------
    DataFrame : une priorité par ligne, les seize colonnes du recensement ; budget [EUR], due (AAAA-MM-JJ).
        ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.

    References
    ----------
    Les seize colonnes : ``cop_adaptation_sgpe`` ; les 22 leviers : ``leviers_adaptation_sgpe``.
    """
    return reading.read(PRIORITIES, files, mapping=mapping)


def _places(code: str) -> dict[str, dict[str, str]]:
    regions = territories.codes("region") if code == "fr" else [territories.region_of(code)]
    inside = territories.territories("departement", within=code)
    return {
        "region": {one: territories.name(one) for one in regions},
        "departement": dict(zip(inside.code, inside.name, strict=True)),
    }


WORKBOOK = Blank(
    kind=PRIORITIES,
    noun=Noun("priorité", "priorités", "de priorité", "de la priorité", "e"),
    sheet="Priorités",
    key=Column("priority_id", Field("Priorité (ne pas remplir)"), 16),
    widths=WIDTHS,
    title="Priorités d'adaptation",
    do=(
        "Dans la feuille « Priorités », écrire une ligne par priorité d'adaptation.",
        "Choisir la région, le département et le levier dans leurs listes ; une priorité de toute la région laisse le "
        "département vide.",
        "Écrire toujours de la même façon l'effet du changement climatique, la sensibilité et le niveau de priorité : "
        "le document les compte tels qu'ils sont écrits.",
        "Écrire le budget en euros, « 150 k€ » ou « 1,5 M€ » ; vide s'il n'est pas connu.",
        SEND,
    ),
    know=(
        "Les colonnes sont celles du recensement du SGPE (COP, volet adaptation) ; son export se lit aussi.",
        "Ce qui n'est pas dit n'est pas un non : la fiche dit ce qui reste à renseigner.",
        "Les freins remontés restent hors de la version publique.",
        BODIES,
        "Si deux copies disent la même priorité autrement, les deux réponses sont montrées et rien n'est choisi.",
    ),
    needed=("title",),
    choices=_places,
    returns="ck.adaptation.read_returns(…)",
)


write_template = WORKBOOK.write_template
read_returns = WORKBOOK.read_returns


def of_returns(merged: Merged) -> pd.DataFrame:
    """Les priorités que disent ensemble des classeurs revenus, comme ``read`` ; vides où ils diffèrent."""
    table = WORKBOOK.of_returns(merged)
    found = [places.locate({"departement_code": d, "region_code": r}).region for d, r in
             zip(table.departement, table.region, strict=True)]  # fmt: skip
    return table.assign(region=pd.Series(found, table.index, dtype="str"))
