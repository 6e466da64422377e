"""What happened at the reading, and what a person has to check and correct: that cites the file, and is not public."""

from __future__ import annotations

from collections.abc import Callable

from copkit import french
from copkit.intake import report
from copkit.presentation.document import Part, section, sentence, table
from copkit.presentation.projects.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.projects.vivier import Vivier

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
    ("masked", "Cellules dont un courriel ou un téléphone a été masqué"),
)


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


def _read(v: Vivier) -> Table:
    placeless = f"Dossiers sans lieu, {'comptés' if v.placeless else 'hors du compte'}"
    rows = {label: v.counts[name] for name, label in ACCOUNT}
    rows |= {"Dossiers d'un autre territoire, hors du compte": v.elsewhere, placeless: v.nowhere}
    rows |= {f"Dossiers comptés ici : {v.name}": len(v.counted)}
    columns = {"Ce qui a été lu": list(rows), "Nombre": (list(rows.values()), 0)}
    return Table.of(caption(v, "Ce qui a été lu"), columns)


def _list(name: str, rank: int, sheet: str, nothing: str, columns: Callable[[Vivier], dict], title: str = "") -> Part:
    """A list of the reading: its columns, or a sentence when it has no row."""

    def made(v: Vivier) -> Table | Note:
        found = Table.of(caption(v, title or sheet), columns(v))
        return Note(nothing) if found.data.empty else found

    return table(name, made, sheet=sheet, rank=rank, rows=30, private=True, always=True)


def _cells(v: Vivier) -> dict:
    found = v.cells_to_check
    return {
        "Fichier": found.file,
        "Colonne": found.column,
        "Problème et remède": found.message,
        "Cellules": (found.n, 0),
        "Première ligne": found.row.map(str),
        "Sa valeur": [one or "—" for one in found.value],
    }


def _set_aside(v: Vivier) -> dict:
    found = v.reading.set_aside
    return {
        "Fichier": found.file,
        "Feuille": [one or "—" for one in found.sheet],
        "Ligne": found.row.map(str),
        "Raison": found.reason,
        "Contenu reçu": found.content,
    }


def _unknown(v: Vivier) -> dict:
    found = v.reading.unknown_labels
    return {
        "Sorte": found.kind.map(lambda name: report.sort(name, v.reading.kind)),
        "Libellé": found.label,
        "Lignes": (found["count"], 0),
        "Libellés proches": [one or "—" for one in found.suggestions],
    }


def _duplicates(v: Vivier) -> dict:
    found = v.reading.duplicates
    return {
        "Dossier": found.project_id,
        "Ligne non comptée": found.row.map(str),
        "Ligne gardée": found.kept_row.map(str),
        "Champs qui diffèrent": [one or "aucun" for one in found.differences],
    }


def _probable(v: Vivier) -> dict:
    found = v.reading.probable_duplicates
    return {
        "Groupe": found.group.map(str),
        "Dossier": found.project_id,
        "Intitulé": found.title,
        "Porteur": [one or french.UNKNOWN for one in found.holder],
        "Ligne": found.row.map(str),
    }


TWICE = "Seconds dépôts d'un même dossier, non comptés"
ALIKE = "Doublons probables, comptés : même porteur, même intitulé"
SECTIONS = (
    section(
        "lecture",
        20,
        "",
        sentence(reading, always=True),
        table("lecture", _read, sheet="Lecture", rank=160, always=True),
    ),
    section(
        "a_verifier",
        30,
        "À vérifier et à corriger",
        _list("problemes", 170, "Cellules à vérifier", "Aucune cellule à vérifier.", _cells),
        _list("ecartees", 180, "Lignes écartées", "Aucune ligne écartée.", _set_aside),
        _list("libelles", 190, "Libellés non reconnus", "Tous les libellés sont reconnus.", _unknown),
        _list("doublons", 200, "Doublons", "Aucun dossier n'est donné deux fois.", _duplicates, TWICE),
        _list("doublons_probables", 210, "Doublons probables", "Aucun doublon probable.", _probable, ALIKE),
    ),
)
