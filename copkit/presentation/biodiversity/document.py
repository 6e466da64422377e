"""The document of the panorama of biodiversity and resources: its tables by their names, its workbook, its head."""

from __future__ import annotations

import xarray as xr

from copkit import __version__
from copkit.errors import LeverError
from copkit.presentation.document import Document
from copkit.presentation.table import Table
from copkit.presentation.text import Note

DOCUMENT = Document(__package__, LeverError)
FIRST = "panorama"  # of the tables


def table(p: xr.Dataset, what: str, **_) -> Table | Note:
    """A table by its name."""
    return DOCUMENT.make(DOCUMENT.table(what), p)


def book(p: xr.Dataset):
    """The workbook of a territory, not written yet."""
    from copkit.presentation import workbook

    sheets = ((part.sheet, part.make(p)) for part in DOCUMENT.sheets(p))
    return workbook.book(_cover(p), sheets, DOCUMENT.summary(p))


def _cover(p: xr.Dataset) -> list[tuple[str, str]]:
    return [
        ("Territoire", f"{p.attrs['name']} ({p.attrs['territory']})"),
        ("Contenu", "Panorama de la biodiversité et des ressources : dernière valeur, cible, distance"),
        ("Statut", "Cibles nationales et objectifs régionaux indicatifs, base de discussion, non prescriptive"),
        ("Unité", "Celle de chaque mesure ; une distance en % se lit en points"),
        (
            "Signes",
            "Pas de cible, définition à venir, donnée à construire : écrits ainsi, jamais zéro ; — : sans objet",
        ),
        ("Version des données", p.attrs["version"]),
        ("Version de copkit", __version__),
    ]
