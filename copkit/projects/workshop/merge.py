"""Workbooks that came back from the services: the decisions that are whole, the opinions, what they disagree on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit.intake.workbook.merge import Merged, gather
from copkit.projects import fields
from copkit.projects.sorting import decisions as decided
from copkit.projects.sorting import opinions as given
from copkit.projects.sorting import rules as ruled
from copkit.projects.workshop import columns


@dataclass(frozen=True, eq=False, repr=False)
class Workshop(Merged):
    """Ce que disent des classeurs d'atelier revenus des services ; ``triage(projets, decisions=…)`` l'accepte.

    decisions : dossier, catégorie, auteur, date, raison, fichier. opinions : avis, financements et ingénierie repérés.
    conflicts : une ligne par réponse en désaccord, avec sa cellule. changes : ce que chaque fichier a changé.
    problems : fichier, feuille, ligne, cellule, message. missing : dossiers qui n'ont plus de ligne, par fichier.
    """

    @property
    def decisions(self) -> pd.DataFrame:
        """Les décisions entières, avec les fichiers qui en disent quelque chose de nouveau."""
        said = self.answers[self.answers.field.isin(decided.COLUMNS)].drop_duplicates("project_id")
        files = dict(zip(said.project_id, said.file, strict=True))
        table = decided.standing(self.table)
        return table.assign(file=pd.Series([files.get(id_, "") for id_ in table.project_id], dtype="str"))

    @property
    def opinions(self) -> pd.DataFrame:
        """Les avis, financements et ingénieries qui diffèrent de ce qui est connu."""
        return self.answers[self.answers.field.isin(given.FIELDS)].reset_index(drop=True)


def read_workshop(projects: pd.DataFrame, *paths: str | Path, rules: str | Path | None = None) -> Workshop:
    """Relit des classeurs d'atelier et les réunit, sans les modifier et sans choisir à la place des services.

    Parameters
    ----------
    projects : les projets, triés ou non, qui ont servi à écrire les classeurs.
    paths : les classeurs .xlsx revenus.
    rules : le fichier de règles du tri, si ce n'est pas parameters/triage.yml.

    Returns
    -------
    Workshop
        Les décisions et les avis, les désaccords, les changements et les problèmes. Une réponse changée l'emporte sur
        une réponse laissée telle qu'envoyée. Deux réponses différentes à la même question sont un désaccord : la
        catégorie de la règle reste. Deux décisions pour la même catégorie n'en font qu'une : leurs auteurs et leurs
        raisons sont cités ensemble, et la date est la plus récente.

    Raises
    ------
    ParameterError
        Si le fichier de règles est endommagé. Un classeur illisible est un problème de la liste, pas une erreur.
    """
    found, projects = ruled.rules(rules), fields.taken(projects)
    form = columns.form(found, projects.attrs.get("triage", {}).get("year", found.year))
    return Workshop(**vars(gather(form, fields.named(fields.counted(projects)), *paths)))
