"""The workbook of a territory: the tables of the document as real numbers, with their sources.

Written with openpyxl, whole or not at all. Number formats are those that a French Excel shows with a
decimal comma and spaces.
"""

from __future__ import annotations

import math
from copy import copy
from pathlib import Path

import pandas as pd
import xarray as xr
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from copkit import __version__, files, french
from copkit.models import gaps
from copkit.presentation import labels
from copkit.presentation.table import Table
from copkit.presentation.territory.tables import table

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
PLAIN, BOLD, WHITE = Font(FONT, 10), Font(FONT, 10, bold=True), Font(FONT, 10, bold=True, color="FFFFFF")
HEADER = PatternFill("solid", fgColor="2F4077")
RULE = Border(bottom=Side(style="thin", color="C9C9C9"))
NUMBER, TEXT = Alignment(vertical="top"), Alignment(wrap_text=True, vertical="top")
MISSING, MIDDLE = Alignment(horizontal="right", vertical="top"), Alignment(wrap_text=True, vertical="center")
WIDEST = 60  # characters


def write_workbook(p: xr.Dataset, path: str | Path) -> None:
    """Écrit le classeur d'un territoire : une feuille par table, en nombres, et ses sources.

    Parameters
    ----------
    p : le panorama du territoire.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    made = book(p)
    with files.draft(path) as draft:
        made.save(draft)


def book(p: xr.Dataset) -> Workbook:
    """The workbook of a territory or of a scenario, not written yet."""
    made, looks = Workbook(), {}
    _cover(made.active, p)
    sheets = {**({"Scénario": "ecarts", "Manque": "manque"} if "proposed" in p else {}), **SHEETS}
    for title, what in sheets.items():
        if isinstance(found := table(p, what), Table):  # a note stands where there is nothing to show
            _sheet(made.create_sheet(title), found, looks)
    return made


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
        sheet.cell(row, 1, name).font = BOLD
        cell = sheet.cell(row, 2, french.typeset(text))
        cell.font, cell.alignment = PLAIN, TEXT
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90


def _sheet(sheet, table: Table, looks: dict) -> None:
    sheet.cell(1, 1, french.typeset(table.caption)).font = Font(FONT, 13, bold=True)
    texts, widths = table.texts(), []
    for column, name in enumerate(table.data, start=1):
        cell = sheet.cell(3, column, french.typeset(name))
        cell.font, cell.fill, cell.alignment = WHITE, HEADER, MIDDLE
        longest = max([len(name) / 2, *map(len, texts[name])])
        widths.append(min(max(longest + 2, 10), WIDEST))
        sheet.column_dimensions[get_column_letter(column)].width = widths[-1]
        for row, (value, text) in enumerate(zip(table.data[name].to_list(), texts[name], strict=True), start=4):
            _cell(sheet.cell(row, column), value, text, table.formats.get(name), looks)
    for row, cells in enumerate(zip(*([name, *column] for name, column in texts.items()), strict=True), start=3):
        sheet.row_dimensions[row].height = _height(cells, widths)
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(table.data.columns))}{3 + len(table.data)}"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "3:3"


def _height(cells: tuple[str, ...], widths: list[float]) -> float:
    """As high as its longest cell: LibreOffice does not fit rows by itself when it opens the file."""
    lines = max(math.ceil(1.15 * len(cell) / width) for cell, width in zip(cells, widths, strict=True))
    return 13.5 * max(lines, 1) + 3


def _cell(cell, value, text: str, how, looks: dict) -> None:
    """A value as what it is; ``looks``: the styles already met in the book, slow for openpyxl to find again."""
    if isinstance(value, str):
        cell.value, look = text, "text"
    elif value is None or pd.isna(value):
        cell.value, look = french.UNKNOWN, "missing"
    else:
        cell.value = float(value) if isinstance(value, float) else int(value)
        look = _number_format(value, how)
    if cell.data_type == "f":  # a text that a person typed: never a formula
        cell.data_type = "s"
    if look not in looks:
        cell.border, cell.font, cell.alignment = RULE, PLAIN, {"text": TEXT, "missing": MISSING}.get(look, NUMBER)
        cell.number_format = look if cell.alignment == NUMBER else "General"
        looks[look] = cell._style
    cell._style = copy(looks[look])


def _number_format(value: float, how) -> str:
    if callable(how):  # three significant digits, as on the screen
        size = abs(value)
        how = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return "#,##0" + ("." + "0" * how if how else "")
