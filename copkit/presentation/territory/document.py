"""The document of a territory: its tables by their names, and its workbook. Each section is a module of this folder."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from copkit import __version__, french
from copkit.errors import LeverError
from copkit.models import gaps
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.presentation import labels
from copkit.presentation.document import TABLE, Document
from copkit.presentation.table import Table
from copkit.presentation.text import Note

DOCUMENT = Document(__package__, LeverError)


def table(p: xr.Dataset | Compensation | Comparison | Conversion, what: str = "panorama") -> Table | Note:
    """Une table en français à propos d'un panorama, ou d'une compensation, d'une comparaison, d'une conversion.

    Parameters
    ----------
    p : le panorama d'un territoire, ou un scénario.
    what : « synthese », « panorama », « secteurs », « quantites »… : une table du document. Pour un scénario, aussi
        « manque » et « ecarts ».

    Raises
    ------
    LeverError
        Si la table demandée n'existe pas : le message donne toutes les tables.
    """
    if not isinstance(p, xr.Dataset):
        parts = (part for _, part in DOCUMENT.parts(TABLE).values() if part.about)
        return next(part for part in parts if isinstance(p, part.about)).make(p)
    return DOCUMENT.make(*DOCUMENT.table(what), p)


def write_workbook(p: xr.Dataset, path: str | Path) -> None:
    """Écrit le classeur d'un territoire : une feuille par table, en nombres, et ses sources.

    Parameters
    ----------
    p : le panorama du territoire.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    from copkit.presentation import workbook

    workbook.write(book(p), path)


def book(p: xr.Dataset):
    """The workbook of a territory or of a scenario, not written yet."""
    from copkit.presentation import workbook  # openpyxl is heavy: only those who write a workbook load it

    return workbook.book(_cover(p), ((part.sheet, part.make(p)) for _, part in DOCUMENT.sheets(p)))


def _cover(p: xr.Dataset) -> list[tuple[str, str]]:
    lines = [
        ("Territoire", f"{p.attrs['name']} ({p.attrs['territory']})"),
        ("Contenu", "Panorama des leviers : émissions évitées en 2030 par rapport à 2019"),
        ("Statut", f"{labels.REFERENCES[p.attrs['reference']]}, base de discussion, non prescriptive"),
        ("Unité", "ktCO2e/an, sauf mention ; positif = émissions évitées"),
        ("Convention", "Parts calculées hors forêt ; chaque total existe avec et sans le levier forêt"),
        ("Signes", "n.d. : inconnu ; ? : objectif non affiché par le SGPE ; — : sans objet"),
        ("Version des données", p.attrs["version"]),
        ("Version de copkit", __version__),
    ]
    if "proposed" in p:
        names = [str(p.label.sel(lever=lever).values) for lever in gaps.unjustified(p)]
        lines.append(("Objectifs sans justification ou sans source", french.join(names) if names else "aucun"))
    return lines
