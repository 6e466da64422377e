"""The document of a territory: its tables by their names, and its workbook. Each section is a module of this folder."""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from copkit import __version__, french
from copkit.errors import LeverError
from copkit.models import gaps, proposals
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.presentation import labels
from copkit.presentation.document import TABLE, Document, Part
from copkit.presentation.table import Table
from copkit.presentation.text import Note


def _made(part: Part, p: xr.Dataset) -> object:
    """A part; a scenario is refused where only references are read."""
    if part.reference:
        proposals.of_reference(p, f"« {part.name} »")
    return part.make(p)


DOCUMENT = Document(__package__, LeverError, _made)
FIRST = "panorama"  # of the tables


def table(about: xr.Dataset | Compensation | Comparison | Conversion, what: str, **_) -> Table | Note:
    """A table by its name, or that of what was computed from a panorama."""
    if not isinstance(about, xr.Dataset):
        parts = (part for part in DOCUMENT.parts(TABLE).values() if part.about)
        return next(part for part in parts if isinstance(about, part.about)).make(about)
    return DOCUMENT.make(DOCUMENT.table(what), about)


def book(p: xr.Dataset):
    """The workbook of a territory or of a scenario, not written yet."""
    from copkit.presentation import workbook

    return workbook.book(_cover(p), ((part.sheet, _sheet(part, p)) for part in DOCUMENT.sheets(p)), DOCUMENT.summary(p))


def _sheet(part: Part, p: xr.Dataset) -> Table | Note:
    if not (part.reference and proposals.composed(p)):
        return part.make(p)
    made = part.make(proposals.reference(p))
    return replace(made, caption=f"{made.caption}, à la référence") if isinstance(made, Table) else made


def _cover(p: xr.Dataset) -> list[tuple[str, str]]:
    content = "Scénario" if proposals.composed(p) else "Panorama des leviers"
    lines = [
        ("Territoire", f"{p.attrs['name']} ({p.attrs['territory']})"),
        ("Contenu", f"{content} : émissions évitées en 2030 par rapport à 2019"),
        ("Statut", f"{labels.standing(p)}, base de discussion, non prescriptive"),
        ("Unité", "ktCO2e/an, sauf mention ; positif = émissions évitées"),
        ("Convention", "Parts calculées hors forêt ; chaque total existe avec et sans le levier forêt"),
        ("Signes", "n.d. : inconnu ; non affiché : objectif que le SGPE ne donne pas ici ; — : sans objet"),
        (
            "Chiffres",
            "la synthèse et les documents les arrondissent à ce qu'ils valent ; les feuilles les gardent entiers",
        ),
        ("Version des données", p.attrs["version"]),
        ("Version de copkit", __version__),
    ]
    if proposals.composed(p):
        names = [str(p.label.sel(lever=lever).values) for lever in gaps.unjustified(p)]
        lines.append(("Objectifs sans justification ou sans source", french.join(names) if names else "aucun"))
    return lines
