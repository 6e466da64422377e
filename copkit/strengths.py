"""The strong points of a territory: what it already does that deserves to be shown, by lever, as its actors tell it.

What is collected is declared here (fields, and the workbook that is filled in); reading, writing and merging are
those of the intake.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit.intake import columns, reading
from copkit.intake.fields import (
    LEVERS,
    ORIGIN,
    PLACED,
    SEPARATOR,
    YES,
    Collected,
    Field,
    counted,
    ids,
)
from copkit.intake.workbook.blank import Blank
from copkit.intake.workbook.form import BODIES, SEND, Column, Noun
from copkit.models import nomenclatures
from copkit.reference import territories

FIELDS: dict[str, Field] = {
    "territory": Field("Territoire", "territory"),
    **LEVERS,
    "title": Field("Intitulé", "name"),
    "who": Field("Qui le porte", "name"),
    "why": Field("Pourquoi c'est exemplaire"),
    "public": Field("Peut être rendu public", "yes_no"),
    **PLACED,
    **ORIGIN,
}
IDENTITY = ("territory", "lever", "title")
__all__ = ["as_csv", "by_lever", "of_returns", "read", "read_returns", "within", "write_template"]
STRENGTHS = Collected("points_forts", ("point fort", "points forts"), FIELDS, ("title",), IDENTITY)
WORKBOOK = Blank(
    kind=STRENGTHS,
    noun=Noun("point fort", "points forts", "de point fort", "du point fort"),
    sheet="Points forts",
    key=Column("strength", Field("Point fort (ne pas remplir)"), 16),
    widths={"territory": 30, "lever": 34, "title": 40, "who": 28, "why": 60, "public": 14},
    title="Points forts",
    do=(
        "Dans la feuille « Points forts », écrire une ligne par action ou projet qui mérite d'être montré.",
        "Choisir le territoire et le levier dans leurs listes ; un EPCI ou une commune s'écrit aussi par son nom.",
        "Dire qui le porte, et pourquoi c'est exemplaire : ce que d'autres pourraient reprendre, un résultat mesuré.",
        "Écrire « oui » dans « Peut être rendu public » si la ligne peut figurer dans le diagnostic diffusé.",
        SEND,
    ),
    know=(
        "Une ligne sans réponse à « Peut être rendu public » reste hors des documents diffusés.",
        BODIES,
        "Si deux copies disent le même point fort autrement, les deux réponses sont montrées et rien n'est choisi.",
    ),
    returns="ck.strengths.read_returns(…)",
)


def read(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit des points forts dans des fichiers de toute forme, et les réunit en une table.

    Parameters
    ----------
    files : chemins des fichiers : classeurs du modèle remplis, ou toute table.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/points_forts`` ou un fichier YAML.

    Returns
    -------
    DataFrame : les champs de ``copkit.strengths.FIELDS``. ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.
    """
    return reading.read(STRENGTHS, files, mapping=mapping)


write_template = WORKBOOK.write_template
read_returns, of_returns = WORKBOOK.read_returns, WORKBOOK.of_returns


def as_csv(strengths: pd.DataFrame, *, excel: bool = False) -> str:
    """Des points forts en CSV, aux libellés du kit, que ``read`` relit ; aucun texte n'y est une formule de tableur.

    Parameters
    ----------
    strengths : ce que ``read`` a lu.
    excel : point-virgule, virgule décimale et marque d'encodage, pour un double-clic dans un Excel en français.
    """
    return STRENGTHS.as_csv(_taken(strengths), excel=excel)


def within(strengths: pd.DataFrame, territory: str, *, public: bool = True) -> pd.DataFrame:
    """Les points forts d'un territoire, par levier puis par intitulé.

    Parameters
    ----------
    strengths : ce que ``read`` a lu ; deux lignes qui disent le même point fort comptent pour une.
    territory : code de la France, d'une région ou d'un département. Un EPCI à cheval compte partout où il a une
        commune.
    public : seulement ceux qui peuvent être rendus publics.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    """
    code, kept = territories.resolve(territory), counted(_taken(strengths))
    if code != "fr":
        straddling = columns.among(kept.territory, territories.territories("epci", within=code).code)
        kept = kept[(kept[territories.level(code)] == code) | straddling]
    kept = kept[kept.public == YES] if public else kept
    order = {lever: n for n, lever in enumerate(nomenclatures.cop_labels())}
    first = {cell: min((order.get(one, len(order)) for one in ids(cell)), default=len(order)) for cell in kept.lever}
    return kept.sort_values(["lever", "title"], key=lambda c: c.map(first) if c.name == "lever" else c, kind="stable")


def by_lever(strengths: pd.DataFrame) -> pd.DataFrame:
    """Combien de points forts sert chaque levier des 43 : lever, label, strengths. [nombre]

    Un point fort de plusieurs leviers compte un dans chacun ; les leviers sans point fort y sont, à zéro.
    """
    counts = counted(_taken(strengths)).levers.str.split(SEPARATOR, regex=False).explode().value_counts()
    levers = nomenclatures.levers("cop")
    return pd.DataFrame(
        {"lever": levers.lever, "label": levers.label, "strengths": levers.lever.map(counts).fillna(0).astype("int64")}
    )


def _taken(strengths: pd.DataFrame) -> pd.DataFrame:
    """Strong points as they were read; anything else is refused."""
    return STRENGTHS.taken(strengths, 'ck.strengths.read("points_forts.xlsx")')


def __dir__() -> list[str]:
    return __all__
