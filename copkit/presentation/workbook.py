"""The workbook of a territory: the tables of the document as real numbers, with their sources.

Written with openpyxl, whole or not at all. Number formats are those that a French Excel shows with a
decimal comma and spaces.
"""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path

import pandas as pd
import xarray as xr
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from copkit import __version__, french
from copkit.models import gaps
from copkit.presentation import labels
from copkit.presentation.table import Table
from copkit.presentation.tables import table

SHEETS = {
    "Synthèse": "synthese",
    "Panorama": "panorama",
    "Secteurs": "secteurs",
    "Quantités": "quantites",
    "Leviers": "leviers",
    "Clés": "cles",
    "Place": "place",
    "Dynamiques": "dynamiques",
    "Interactions": "interactions",
    "Comparaison": "comparaison",
    "Cohérence": "coherence",
    "Diagnostic": "parties",
    "Sources": "sources",
}
FONT = "Arial"
HEADER = PatternFill("solid", fgColor="2F4077")
RULE = Border(bottom=Side(style="thin", color="C9C9C9"))
WIDEST = 60  # characters


def write_workbook(p: xr.Dataset, path: str | Path) -> None:
    """Écrit le classeur d'un territoire : une feuille par table, en nombres, et ses sources.

    Parameters
    ----------
    p : le panorama du territoire.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    path = Path(path)
    book = Workbook()
    _cover(book.active, p)
    sheets = {**({"Scénario": "ecarts", "Manque": "manque"} if "proposed" in p else {}), **SHEETS}
    for title, what in sheets.items():
        if isinstance(found := table(p, what), Table):  # a note stands where there is nothing to show
            _sheet(book.create_sheet(title), found)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".xlsx")
    os.close(handle)
    try:
        book.save(partial)
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _cover(sheet, p: xr.Dataset) -> None:
    sheet.title = "Lisez-moi"
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
    for row, (name, text) in enumerate(lines, start=1):
        sheet.cell(row, 1, name).font = Font(FONT, 10, bold=True)
        cell = sheet.cell(row, 2, french.typeset(text))
        cell.font, cell.alignment = Font(FONT, 10), Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90


def _sheet(sheet, table: Table) -> None:
    sheet.cell(1, 1, french.typeset(table.caption)).font = Font(FONT, 13, bold=True)
    written = table.written()
    for column, name in enumerate(table.data, start=1):
        cell = sheet.cell(3, column, french.typeset(name))
        cell.font, cell.fill = Font(FONT, 10, bold=True, color="FFFFFF"), HEADER
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        longest = max([len(str(name)) / 2, *(len(v) for v in written[name])])
        sheet.column_dimensions[get_column_letter(column)].width = min(max(longest + 2, 10), WIDEST)
        for row, value in enumerate(table.data[name], start=4):
            _cell(sheet.cell(row, column), value, table.formats.get(name))
    _heights(sheet, written)
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(table.data.columns))}{3 + len(table.data)}"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "3:3"


def _heights(sheet, written: pd.DataFrame) -> None:
    """Rows as high as their longest cell: LibreOffice does not fit them by itself when it opens the file."""
    widths = [sheet.column_dimensions[get_column_letter(i + 1)].width for i in range(written.shape[1])]
    rows = [list(written), *written.itertuples(index=False)]
    for number, row in enumerate(rows, start=3):
        lines = max(math.ceil(1.15 * len(str(v)) / w) for v, w in zip(row, widths, strict=True))
        sheet.row_dimensions[number].height = 13.5 * max(lines, 1) + 3


def _cell(cell, value, how) -> None:
    cell.border, cell.font = RULE, Font(FONT, 10)
    if isinstance(value, str):
        cell.value, cell.alignment = french.typeset(value), Alignment(wrap_text=True, vertical="top")
    elif value is None or pd.isna(value):
        cell.value, cell.alignment = french.UNKNOWN, Alignment(horizontal="right", vertical="top")
    else:
        cell.value, cell.alignment = float(value) if isinstance(value, float) else int(value), Alignment(vertical="top")
        cell.number_format = _number_format(value, how)


def _number_format(value: float, how) -> str:
    if callable(how):  # three significant digits, as on the screen
        size = abs(value)
        how = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return "#,##0" + ("." + "0" * how if how else "")
