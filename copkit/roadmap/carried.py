"""What a COP leaves to the next one: enjeux that it did not take up, themes, actions listed apart, levers of no action.

A free list: a person adds a line or says what took it up; the kit adds what a follow-up finds, and keeps since when.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit import escaping, files
from copkit.errors import ProjectError
from copkit.intake import reading
from copkit.intake.fields import ORIGIN, Collected, Field

ISSUE, THEME, ACTION, LEVER = "enjeu", "theme", "action", "levier"
KINDS = {ISSUE: "enjeu", THEME: "thème", ACTION: "action", LEVER: "levier"}
FIELDS: dict[str, Field] = {
    "kind": Field("Sorte", "choice", choices=KINDS),
    "about": Field("Identifiant", "id"),
    "title": Field("Sujet", "name"),
    "reason": Field("Pourquoi"),
    "since": Field("Depuis", "year"),
    "taken": Field("Repris par", "name"),
    **ORIGIN,
}
WRITTEN = [name for name in FIELDS if name not in ORIGIN or name == "invented"]
CARRIED = Collected("enjeux", ("sujet reporté", "sujets reportés"), FIELDS, ("title",), ("kind", "title"))


def read_carried(*paths: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit ce qu'une COP a laissé à la suivante : enjeux non abordés, thèmes, actions listées à part, leviers.

    Parameters
    ----------
    paths : chemins des fichiers : un sujet par ligne, pourquoi, depuis quand ; à reprendre si « Repris par » est vide.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/enjeux`` ou un fichier YAML.

    Returns
    -------
    DataFrame : kind (enjeu, theme, action, levier), about, title, reason, since [année], taken.
        ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.

    References
    ----------
    Ce qui cadre la COP suivante : ``sgpe_point_de_sortie``.
    """
    return reading.read(CARRIED, paths, mapping=mapping)


def write_carried(carried: pd.DataFrame, path: str | Path, *, excel: bool = False) -> None:
    """Écrit ce qu'une COP laisse à la suivante, en CSV que ``read_carried`` relit l'année d'après.

    Parameters
    ----------
    carried : ``carried`` d'un suivi, ou ce que ``read_carried`` a lu.
    path : fichier .csv à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    excel : point-virgule et marque d'encodage, pour un double-clic dans un Excel en français.
    """
    table = CARRIED.taken(carried, "ck.roadmap.diff(…).carried")[WRITTEN]
    table = table.assign(kind=table.kind.map(lambda one: KINDS.get(one, one)))
    headers = {name: FIELDS[name].label for name in WRITTEN}
    files.write_whole(path, escaping.as_csv(table.rename(columns=headers), excel=excel), error=ProjectError)
