"""Jobs and skills: how many jobs there are and will be by sector or trade, what moves them, who is to be trained.

What is collected is declared here (fields, and the workbook that is filled in); reading and writing are those of the
intake. The kit holds no figure of its own: all come from those who fill it in.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit.intake import reading
from copkit.intake.fields import LEVERS, ORIGIN, PLACED, Collected, Field, counted
from copkit.intake.workbook.blank import Blank
from copkit.intake.workbook.form import Column, Noun

COUNTS = ("now", "later", "retirements", "entries", "net", "places", "needs")
FIELDS: dict[str, Field] = {
    "territory": Field("Territoire", "territory"),
    "title": Field("Secteur ou métier", "name"),
    **LEVERS,
    "now": Field("Emplois actuels", "number"),
    "now_year": Field("Année des emplois actuels", "year"),
    "later": Field("Emplois à venir", "number"),
    "later_year": Field("Année des emplois à venir", "year"),
    "retirements": Field("Départs de fin de carrière", "number"),
    "entries": Field("Entrées de jeunes actifs", "number"),
    "net": Field("Créations nettes", "number"),
    "places": Field("Places de formation par an", "number"),
    "needs": Field("Personnes à former par an", "number"),
    "origin": Field("Source du chiffre"),
    **PLACED,
    **ORIGIN,
}
JOBS = Collected("emplois", ("secteur ou métier", "secteurs ou métiers"), FIELDS, ("title",), ("territory", "title"))
WIDTHS = {  # of the columns to fill in
    "territory": 26, "title": 36, "lever": 34, "now": 14, "now_year": 12, "later": 14, "later_year": 12,
    "retirements": 16, "entries": 16, "net": 14, "places": 16, "needs": 16, "origin": 40,
}  # fmt: skip
WORKBOOK = Blank(
    kind=JOBS,
    noun=Noun("secteur ou métier", "secteurs ou métiers", "de secteur ou métier", "du secteur ou métier"),
    sheet="Emplois",
    key=Column("job_id", Field("Secteur (ne pas remplir)"), 16),
    widths=WIDTHS,
    title="Emplois et compétences",
    do=(
        "Dans la feuille « Emplois », écrire une ligne par secteur ou par métier que la planification écologique "
        "concerne.",
        "Écrire des nombres de personnes, et leur année ; des destructions nettes s'écrivent en négatif.",
        "Les places de formation sont celles de toutes les voies, par an ; les personnes à former aussi.",
        "Dire d'où vient le chiffre : sans source, il ne se discute pas.",
        "Enregistrer au format .xlsx : le classeur rempli se lit tel quel.",
    ),
    know=(
        "Le taux de couverture est calculé : places de formation rapportées aux personnes à former.",
        "Un nombre absent n'est pas un nombre nul : les totaux disent combien de lignes leur manquent.",
        "Le kit ne contient aucun chiffre d'emploi : cette partie reste vide tant que personne n'en donne.",
    ),
)


def read_jobs(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit les emplois et les besoins de formation par secteur ou par métier.

    Parameters
    ----------
    files : chemins des fichiers : classeurs du modèle remplis, ou toute table.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/emplois`` ou un fichier YAML.

    Returns
    -------
    DataFrame : un secteur ou métier par ligne ; now, later, retirements, entries, net [emplois], places, needs
        [personnes par an]. ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.

    References
    ----------
    Ce qui est à réunir : ``feuille_de_route_hauts_de_france_2025``, chantier « Emplois et compétences ».
    """
    return reading.read(JOBS, files, mapping=mapping)


def write_jobs_template(path: str | Path, territory: str = "fr") -> None:
    """Écrit le classeur des emplois et compétences à remplir : une ligne par secteur ou par métier.

    Parameters
    ----------
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    territory : code dont les départements et les EPCI sont proposés en liste.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    """
    WORKBOOK.write_template(path, territory)


def employment(jobs: pd.DataFrame) -> pd.DataFrame:
    """L'évolution des emplois et le taux de couverture des besoins de formation, par secteur ou métier, et l'ensemble.

    Parameters
    ----------
    jobs : ce que ``read_jobs`` a lu.

    Returns
    -------
    DataFrame : title, origin, les nombres lus, change (évolution des emplois [%]), coverage (places sur personnes à
        former [%]), missing (secteurs qui ne disent pas les places et les besoins, dans l'ensemble) ; la dernière ligne
        est l'ensemble, ses taux sur les seuls secteurs qui disent les deux nombres.
    """
    table = counted(JOBS.taken(jobs, 'ck.roadmap.read_jobs("emplois.xlsx")'))
    found = table[["title", "now_year", "later_year", "origin", *COUNTS]].reset_index(drop=True)
    found = found.assign(change=_change(found.now, found.later), coverage=_share(found.places, found.needs), missing=0)
    both, trained = (found[found[list(pair)].notna().all(axis=1)] for pair in (("now", "later"), ("places", "needs")))
    whole = {"title": "Ensemble", "origin": "", **{name: found[name].sum(min_count=1) for name in COUNTS}}
    whole["change"] = float("nan") if both.empty else _change(both.now.sum(), both.later.sum())
    whole["coverage"] = float("nan") if trained.empty else _share(trained.places.sum(), trained.needs.sum())
    whole["missing"] = len(found) - len(trained)
    return pd.concat([found, pd.DataFrame([whole])], ignore_index=True) if len(found) else found


def _change(now, later):
    """How much it changes; unknown from nothing. [%]"""
    return _share(later - now, now)


def _share(part, whole):
    """A part of a whole; unknown when the whole is nothing. [%]"""
    if isinstance(whole, pd.Series):
        return (100 * part / whole).where(whole > 0)
    return 100 * part / whole if whole > 0 else float("nan")
