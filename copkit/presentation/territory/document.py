"""The document of a territory: its tables by their names, and its workbook. Each section is a module of this folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from copkit import __version__, french
from copkit.errors import LeverError
from copkit.files import kept
from copkit.models import gaps, proposals
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.presentation import labels
from copkit.presentation.document import TABLE, Document, Part
from copkit.presentation.table import Table
from copkit.presentation.text import Note


class _Held:
    """A panorama, equal to another one that holds the same: what was made of one is of both."""

    def __init__(self, p: xr.Dataset) -> None:
        self.p = p
        attrs = ((name, one if one.__hash__ else repr(one)) for name, one in p.attrs.items())
        cells = ((name, one.dims, *_cells(one.values)) for name, one in p.variables.items())
        self.held = (*attrs, *cells)
        self.hash = hash(self.held)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.held == other.held


def _cells(values: np.ndarray) -> list:
    return values.ravel().tolist() if values.dtype == object else [values.tobytes()]


def _made(part: Part, p: xr.Dataset) -> object:
    """A part; a scenario is refused where only references are read."""
    if part.reference:
        proposals.of_reference(p, f"« {part.name} »")
    return part.make(p)


def _shown(part: Part, p: xr.Dataset) -> object:
    """A part as a page shows it."""
    return _both(part, _Held(p)) if part.sheet and not proposals.composed(p) else _made(part, p)


@kept(maxsize=16)
def _both(part: Part, held: _Held) -> object:
    """A table that a page shows and that the workbook holds as well: made and written once."""
    made = part.make(held.p)
    return made.settled() if isinstance(made, Table) else made


DOCUMENT = Document(__package__, LeverError, _shown)
FIRST = "panorama"  # of the tables


def table(about: xr.Dataset | Compensation | Comparison | Conversion, what: str, **_) -> Table | Note:
    """A table by its name, or that of what was computed from a panorama."""
    if not isinstance(about, xr.Dataset):
        parts = (part for part in DOCUMENT.parts(TABLE).values() if part.about)
        return next(part for part in parts if isinstance(about, part.about)).make(about)
    return _made(DOCUMENT.table(what), about)


def book(p: xr.Dataset):
    """The workbook of a territory or of a scenario, not written yet."""
    from copkit.presentation import workbook

    held = None if proposals.composed(p) else _Held(p)
    sheets = ((part.sheet, _both(part, held) if held else _sheet(part, p)) for part in DOCUMENT.sheets(p))
    return workbook.book(_cover(p), sheets, DOCUMENT.summary(p))


def _sheet(part: Part, p: xr.Dataset) -> Table | Note:
    """A sheet of a scenario."""
    if not part.reference:
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
