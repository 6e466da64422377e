"""What happened at the reading, and what a person has to check and correct: that cites the file, and is not public."""

from __future__ import annotations

from collections.abc import Callable

from copkit import french
from copkit.intake import report
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.projects.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.projects.selection import Vivier

ACCOUNT = (
    ("rows", "Lignes lues dans le fichier"),
    ("set_aside", "Lignes écartées (elles ne peuvent pas être un dossier)"),
    ("left_out", "Lignes de feuilles qui n'ont pas été lues"),
    ("duplicates", "Seconds dépôts d'un même dossier, non comptés"),
    ("same_number", "Numéros portés par plusieurs dossiers différents, tous comptés"),
    ("probable_groups", "Groupes de doublons probables (même porteur, même intitulé), comptés"),
    ("problems", "Cellules à vérifier"),
    ("unknown", "Libellés non reconnus"),
    ("conflicts", "Valeurs contradictoires de deux colonnes réunies"),
    ("without_lever", "Dossiers sans levier, comptés"),
    ("without_commune", "Dossiers sans commune, comptés"),
    ("without_departement", "Dossiers sans département"),
    ("opinions", "Avis reçus avec les dossiers"),
    ("dropped", "Colonnes de données personnelles retirées à la lecture"),
    ("masked", "Cellules dont un courriel, un téléphone ou un nom a été masqué"),
)
TWICE = "Seconds dépôts d'un même dossier, non comptés"
ALIKE = "Doublons probables, comptés : même porteur, même intitulé"
READING = Section("lecture", 132)


@READING.sentence(always=True)
def reading(v: Vivier) -> Text:
    """Ce qui a été lu, écarté, retiré."""
    said = [v.counts["summary"]]
    if v.level != "france" and (v.elsewhere or v.nowhere):
        kept = "comptés, car tous les autres sont de la région" if v.placeless else "hors du compte"
        here = french.plural(len(v.counted), "dossier distinct", "dossiers distincts")
        nowhere = f" ; {french.plural(v.nowhere, 'dossier')} sans lieu, {kept}" if v.nowhere else ""
        elsewhere = french.plural(v.elsewhere, "dossier")
        said.append(f"Ici : {here} ; {elsewhere} d'un autre territoire, hors du compte{nowhere}.")
    return Text.joined(said, " ")


@READING.table("lecture", sheet="Lecture", rank=160, always=True)
def _read(v: Vivier) -> Table:
    placeless = f"Dossiers sans lieu, {'comptés' if v.placeless else 'hors du compte'}"
    rows = {label: v.counts[name] for name, label in ACCOUNT}
    rows |= {"Dossiers d'un autre territoire, hors du compte": v.elsewhere, placeless: v.nowhere}
    rows |= {f"Dossiers comptés ici : {v.name}": len(v.counted)}
    columns = {"Ce qui a été lu": list(rows), "Nombre": (list(rows.values()), 0)}
    return Table.of(caption(v, "Ce qui a été lu"), columns)


TO_CHECK = Section("a_verifier", 134, "À vérifier et à corriger")


def _listed(name: str, rank: int, sheet: str, nothing: str, title: str = "") -> Callable:
    """Declare a list of the reading by its columns; a sentence stands in its place when it has no row."""

    def declare(columns: Callable[[Vivier], dict]) -> Callable:
        @TO_CHECK.table(name, sheet=sheet, rank=rank, rows=30, private=True, always=True)
        def made(v: Vivier) -> Table | Note:
            found = Table.of(caption(v, title or sheet), columns(v))
            return Note(nothing) if found.data.empty else found

        return made

    return declare


@_listed("problemes", 170, "Cellules à vérifier", "Aucune cellule à vérifier.")
def _cells(v: Vivier) -> dict:
    found = v.cells_to_check
    return {
        "Fichier": found.file,
        "Colonne": found.column,
        "Problème et remède": found.message,
        "Cellules": (found.n, 0),
        "Première ligne": (found.row, formats.PLAIN),
        "Sa valeur": [one or "—" for one in found.value],
    }


@_listed("ecartees", 180, "Lignes écartées", "Aucune ligne écartée.")
def _set_aside(v: Vivier) -> dict:
    found = v.reading.set_aside
    return {
        "Fichier": found.file,
        "Feuille": [one or "—" for one in found.sheet],
        "Ligne": (found.row, formats.PLAIN),
        "Raison": found.reason,
        "Contenu reçu": found.content,
    }


@_listed("libelles", 190, "Libellés non reconnus", "Tous les libellés sont reconnus.")
def _unknown(v: Vivier) -> dict:
    found = v.reading.unknown_labels
    return {
        "Sorte": found.kind.map(lambda name: report.sort(name, v.reading.kind)),
        "Libellé": found.label,
        "Lignes": (found["count"], 0),
        "Libellés proches": [one or "—" for one in found.suggestions],
    }


@_listed("doublons", 200, "Doublons", "Aucun dossier n'est donné deux fois.", TWICE)
def _duplicates(v: Vivier) -> dict:
    found = v.reading.duplicates
    return {
        "Dossier": found.project_id,
        "Ligne non comptée": (found.row, formats.PLAIN),
        "Ligne gardée": (found.kept_row, formats.PLAIN),
        "Champs qui diffèrent": [one or "aucun" for one in found.differences],
    }


@_listed("doublons_probables", 210, "Doublons probables", "Aucun doublon probable.", ALIKE)
def _probable(v: Vivier) -> dict:
    found = v.reading.probable_duplicates
    return {
        "Groupe": (found.group, formats.PLAIN),
        "Dossier": found.project_id,
        "Intitulé": found.title,
        "Porteur": [one or french.UNKNOWN for one in found.holder],
        "Ligne": (found.row, formats.PLAIN),
    }
