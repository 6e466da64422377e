"""Files of projects read into one table, with what only projects have: probable duplicates, places outside the list."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from copkit.errors import ProjectError
from copkit.intake import amounts, directory, duplicates, reading, report
from copkit.projects.fields import BODIES, PROJECTS, counted

OUTSIDE = ("region_label", "projects", "amount")


@dataclass(frozen=True, eq=False, repr=False)
class Reading(report.Reading):
    """Ce qui s'est passé à la lecture de projets : les listes communes, les doublons probables, l'hors-liste."""

    probable_duplicates: pd.DataFrame
    outside: pd.DataFrame

    lists: ClassVar[dict[str, str]] = report.LISTS | {
        "probable_duplicates": "doublons_probables.csv",
        "outside": "hors_des_18_regions.csv",
    }

    @property
    def probable_groups(self) -> int:
        """Groups of projects of the same holder with the same title, under other ids."""
        return int(self.probable_duplicates.group.nunique())

    def counts(self) -> Iterator[tuple[int, str, str]]:
        """The groups of probable duplicates."""
        yield self.probable_groups, "groupe de doublons probables, comptés", "groupes de doublons probables, comptés"


def read(
    *files: str | Path,
    mapping: str | Path | None = None,
    year: int | None = None,
    personal: bool = False,
    bodies: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Lit des fichiers de projets et les réunit en une table de champs communs.

    Formats : exports de démarches-simplifiées (CSV, XLSX, ODS) et réponses GraphQL enregistrées (JSON), Fonds vert 2023
    et 2024, subventions SCDL, et toute table par une correspondance d'en-têtes. Une cellule fausse, ou
    qui se lit de deux façons, devient vide et sa ligne reste ; une ligne qui ne peut pas être un projet, un total par
    exemple, est écartée dans une liste ; rien n'est perdu.

    Parameters
    ----------
    files : chemins des fichiers, réunis dans l'ordre donné.
    mapping : nom d'une correspondance de ``parameters/mappings/projets``, ou chemin d'un fichier YAML ; par défaut
        elle est reconnue aux en-têtes de chaque fichier.
    year : millésime des projets dont le fichier ne le dit pas.
    personal : garder les colonnes personnelles (noms, courriels, téléphones) et ne rien masquer dans les textes.
        Ne jamais diffuser une table lue ainsi.
    bodies : fichier de deux colonnes, courriel (ou « @domaine ») et organisme (« Préfecture et DDT(M) »…) : les avis
        de la feuille « Avis » sont attribués à l'organisme de leur expert. Lu et oublié : aucun courriel n'en reste.
    progress : fonction appelée avec le nombre de lignes faites et le nombre total.

    Returns
    -------
    DataFrame : les champs de ``copkit.projects.fields.FIELDS``, montants en [EUR]. ``attrs["reading"]`` (``Reading``)
    porte les listes : feuilles, problèmes, lignes écartées, libellés inconnus, doublons, avis ; ``.summary`` les résume
    et ``.save(dossier)`` les écrit.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus ; si des lignes du fichier des
        organismes sont fausses, toutes à la fois.
    ParameterError
        Si la correspondance est endommagée.

    References
    ----------
    Leviers et thématiques : ``feuille_de_route_hauts_de_france_2025`` ; territoires : ``insee_cog_2026``.

    Examples
    --------
    >>> from copkit import paths
    >>> projects = read(paths.home() / "data" / "examples" / "vivier_hauts_de_france.csv")  # inventé
    >>> told = projects.attrs["reading"]
    >>> told.rows == len(projects) + len(told.set_aside), sorted(set(projects.departement))
    (True, ['dep-02', 'dep-59', 'dep-60', 'dep-62', 'dep-80'])
    """
    if not files:
        raise ProjectError("Aucun fichier à lire. Donner au moins un chemin, par exemple « dossiers.xlsx ».")
    whose = directory.read(bodies, BODIES) if bodies is not None else None
    options = {"year": year, "personal": personal, "progress": progress, "directory": whose}
    projects = reading.read(PROJECTS, files, mapping=mapping, **options)
    common = projects.attrs["reading"]
    if whose and common.opinions.empty:
        common.notes.append("Aucun avis à attribuer : les fichiers lus n'ont pas de feuille « Avis » remplie.")
    projects.attrs["reading"] = Reading(
        **{one.name: getattr(common, one.name) for one in dataclasses.fields(common)},
        probable_duplicates=duplicates.probable(projects),
        outside=_outside(counted(projects)),
    )
    return projects


def _outside(projects: pd.DataFrame) -> pd.DataFrame:
    """The projects of collectivités that are not in one of the 18 régions, by territory. [EUR]"""
    outside = (projects.region == "") & (projects.region_label != "")
    if not outside.any():
        return pd.DataFrame(columns=list(OUTSIDE))
    listed = (
        projects[outside]
        .groupby("region_label", sort=True)
        .agg(projects=("row", "size"), amount=("amount", amounts.total))
    )
    return listed.reset_index()
