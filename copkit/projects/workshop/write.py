"""The workbook that services work in: sorted dossiers, what is to be filled in, lists, rules; and its way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.intake import personal
from copkit.intake.workbook.form import Tally
from copkit.intake.workbook.write import write
from copkit.projects import fields
from copkit.projects.counting import balance
from copkit.projects.sorting import rules as ruled
from copkit.projects.sorting import sort
from copkit.projects.workshop import columns
from copkit.reference import territories

MOST = 12  # things that a count of the first sheet names


def write_workshop(
    triaged: pd.DataFrame, path: str | Path, public: bool = False, *, rules: str | Path | None = None
) -> None:
    """Écrit le classeur d'un atelier de tri : les dossiers, les colonnes à remplir, les listes et les règles.

    Parameters
    ----------
    triaged : les projets triés par ``triage``. Un dossier déposé deux fois n'a qu'une ligne.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    public : version de consultation, sans les avis, commentaires et noms, et sans colonne à remplir.
    rules : le fichier de règles qui a servi au tri, si ce n'est pas parameters/triage.yml.

    Raises
    ------
    ProjectError
        Si les projets n'ont pas été triés, ou s'il y a plus de dossiers que de lignes dans une feuille.
    """
    triaged = fields.taken(triaged)
    if "category" not in triaged or "triage" not in triaged.attrs:
        raise ProjectError("Ces projets ne sont pas triés : appeler triage(projets) avant d'écrire le classeur.")
    counted, found, said = fields.counted(triaged), ruled.rules(rules), triaged.attrs["triage"]
    if public:
        counted = personal.published(counted, fields.PROJECTS.name, columns.FIELDS | sort.COLUMNS)
    counted = fields.named(counted)
    labels = found.labels(said["year"])
    split = " ; ".join(f"{labels[one]} : {french.number(count, 0)}" for one, count in said["counts"].items())
    about = [("Dossiers", f"{french.plural(len(counted), 'dossier')} ({split})")]
    if twice := len(triaged) - len(counted):
        told = french.plural(twice, "second dépôt", "seconds dépôts")
        about += [("Doublons", f"{told} d'un même dossier non repris")]
    about += [
        ("Catégories", "Leurs définitions et les règles du tri sont dans la feuille « Référence »."),
        ("Règles du tri", f"version {said['version']}, empreinte {said['rules']}"),
    ]
    invented = bool((counted.invented == fields.YES).any())
    files = tuple(one for one in counted.source_file.unique() if one)
    banner = columns.INVENTED if invented else ""
    tallies = _tallies(counted, balance.answers(triaged))
    form = columns.form(found, said["year"], about=tuple(about), files=files, banner=banner, tallies=tallies)
    if not invented:
        form = replace(form, columns=tuple(one for one in form.columns if one.name != "invented"))
    write(form, counted, path, public=public)


def _tallies(counted: pd.DataFrame, answers: pd.DataFrame) -> tuple[Tally, ...]:
    """What the first sheet counts: the categories, those where something is missing, where the dossiers are."""
    answers = answers[answers.category != balance.TOTAL]
    lacking = answers[answers.missing > 0]
    places = counted.departement[counted.departement != ""].map(territories.name).value_counts().head(MOST)
    by_category = tuple(zip(answers.label, map(int, answers.projects), strict=True))
    found = [Tally("Dossiers par catégorie retenue", "Catégorie", by_category)]
    if len(lacking):
        counts = tuple(zip(lacking.label, map(int, lacking.missing), strict=True))
        found.append(Tally("Dossiers où il manque de quoi décider", "Catégorie", counts))
    if len(places):
        counts = tuple((str(name), int(count)) for name, count in places.items())
        found.append(Tally("Dossiers par département", "Département", counts))
    return tuple(found)
