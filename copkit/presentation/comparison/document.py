"""The document of a comparison: its tables by their names, its workbook. Each section is a module of this folder."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import xarray as xr

from copkit import __version__, french
from copkit.errors import LeverError
from copkit.models import worth
from copkit.models.side_by_side import KT, Column, SideBySide
from copkit.presentation.document import Document
from copkit.presentation.formats import Rounded
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.reference import territories

DOCUMENT = Document(__package__, LeverError)
FIRST = "secteurs"  # of the tables
NOT_THERE = "—"  # what a territory does not have at all


def shown(found: SideBySide) -> SideBySide:
    """The comparison as documents show it: a saved scenario is named as its file, and that may name a person."""
    if not any("scenario" in french.plain(name) for name in found.names):
        return found
    from copkit.intake import personal  # not light

    def named(column: Column) -> Column:
        plan, source = replace(column.plan, label=personal.mask(column.plan.label)), column.source
        if isinstance(source, xr.Dataset) and "label" in source.attrs:
            source = source.assign_attrs(label=plan.label)
        return replace(column, name=personal.mask(column.name), plan=plan, source=source)

    return replace(found, columns=tuple(map(named, found.columns)))


def table(found: SideBySide, what: str, **_) -> Table | Note | None:
    """A table by its name."""
    return DOCUMENT.make(DOCUMENT.table(what), found)


def written(column: Column, value: float) -> str:
    """A sum of levers, with no more digits than the total is worth."""
    return worth.write(value, worth.of(column.territory, column.version) if column.allocated else 0)


def column_of(column: Column) -> Rounded:
    """How a column of efforts is written."""
    return Rounded(partial(written, column), 1)


def efforts(found: SideBySide) -> Rounded:
    """How efforts are written in a table that has a row for each column compared."""
    each = {column.name: column for column in found.columns}
    return Rounded(lambda name, value: written(each[name], value), 1, tuple(each))


def what(found: SideBySide) -> str:
    """« Hauts-de-France, Bretagne », « Hauts-de-France : SGPE et SRADDET »: what is compared, in a few words."""
    if found.unit == KT:
        return f"{territories.name(found.territory)} : {french.join(found.names)}"
    return french.join(found.names)


def rows(found: SideBySide, by: str) -> list[str]:
    """The rows of a table: where the columns differ most comes first, then what cannot be compared."""
    gaps, whole = found.gaps(by), found.values(by)
    order = gaps.fillna(-1.0).sort_values(ascending=False, kind="stable").index
    return [row for row in order if whole.loc[row].fillna(0).abs().max() > 0 or whole.loc[row].isna().any()]


# ------------------------------------------------------------------ workbook


def book(found: SideBySide):
    """The workbook of a comparison, not written yet."""
    from copkit.presentation import workbook

    return workbook.book(
        _cover(found), ((part.sheet, part.make(found)) for part in DOCUMENT.sheets(found)), DOCUMENT.summary(found)
    )


def _cover(found: SideBySide) -> list[tuple[str, str]]:
    return [
        ("Comparaison", what(found)),
        ("Contenu", "Émissions évitées en 2030 par rapport à 2019, côte à côte"),
        ("Statut", "Propositions et plans mis côte à côte, base de discussion, non prescriptive"),
        ("Unité", f"{found.unit}, sauf mention ; positif = émissions évitées"),
        ("Convention", "Hors levier forêt, que le SGPE ne régionalise pas ; les totaux avec forêt sont à part"),
        ("Signes", f"n.d. : inconnu, jamais zéro ; {NOT_THERE} : ce territoire n'a pas ce levier ou ce secteur"),
        ("Version de copkit", __version__),
    ]
