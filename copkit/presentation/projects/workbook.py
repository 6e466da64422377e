"""The workbook of a vivier: its tables as numbers, with their sources; the public version has only what is public."""

from __future__ import annotations

from pathlib import Path

from copkit import __version__, files, french
from copkit.presentation.projects.caption import origin
from copkit.presentation.projects.tables import table
from copkit.presentation.table import Table
from copkit.presentation.territory import workbook
from copkit.projects.vivier import Vivier

SHEETS = {
    "Bilan": "bilan",
    "Parts": "parts",
    "Thématiques": "thematiques",
    "Thèmes": "themes",
    "Leviers": "leviers",
    "Tous les leviers": "leviers_tous",
    "EPCI": "epci",
    "EPCI sans projet": "epci_sans_projet",
    "Couverture": "couverture",
    "Porteurs": "porteurs",
    "Objectifs": "objectifs",
    "Quantités": "quantites",
    "Critères": "criteres",
    "Avis": "avis",
    "Dossiers": "dossiers",
    "Lecture": "lecture",
    "Cellules à vérifier": "problemes",
    "Lignes écartées": "ecartees",
    "Libellés non reconnus": "libelles",
    "Doublons": "doublons",
    "Doublons probables": "doublons_probables",
    "Sources": "sources",
}


def write_projects_workbook(v: Vivier, path: str | Path) -> None:
    """Écrit le classeur d'un vivier : une feuille par table, en nombres, et ses sources.

    Parameters
    ----------
    v : le vivier, ``ck.vivier(fichier, territoire)`` ; public, le classeur l'est aussi.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    made, looks = workbook.Workbook(), {}
    _cover(made.active, v)
    for title, what in SHEETS.items():
        if isinstance(found := table(v, what, whole=True), Table):  # a note stands where there is nothing to show
            workbook._sheet(made.create_sheet(title), found, looks)
    with files.draft(path) as draft:
        made.save(draft)


def _cover(sheet, v: Vivier) -> None:
    sheet.title = "Lisez-moi"
    lines = [
        ("Territoire", f"{v.name} ({v.territory})"),
        ("Contenu", f"Bilan d'un vivier de projets : {french.plural(len(v.counted), 'dossier')}"),
        ("Origine", origin(v)),
        ("Version", "publique : sans commentaire, avis ni nom de personne" if v.public else "de travail, non publique"),
        ("Lecture", v.counts["summary"]),
        ("Signes", "n.d. : inconnu ; ? : objectif non affiché par le SGPE ; — : sans objet"),
        ("Version de copkit", __version__),
    ]
    if v.invented:
        lines.insert(
            0, ("Exemple inventé", "Aucun chiffre ne décrit un territoire, un projet ou une collectivité réels")
        )
    for row, (name, text) in enumerate(lines, start=1):
        sheet.cell(row, 1, name).font = workbook.BOLD
        cell = sheet.cell(row, 2, french.typeset(text))
        cell.font, cell.alignment = workbook.PLAIN, workbook.TEXT
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90
