"""Tables as a workbook: real numbers that a French Excel shows with a comma and spaces, and texts that stay texts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import copy
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from copkit import escaping, files, french
from copkit.presentation.table import Rounded, Table

COVER = "Lisez-moi"
FONT = "Arial"
PLAIN, BOLD, WHITE = Font(FONT, 10), Font(FONT, 10, bold=True), Font(FONT, 10, bold=True, color="FFFFFF")
HEADER = PatternFill("solid", fgColor="2F4077")
RULE = Border(bottom=Side(style="thin", color="C9C9C9"))
NUMBER, TEXT = Alignment(vertical="top"), Alignment(wrap_text=True, vertical="top")
MISSING, MIDDLE = Alignment(horizontal="right", vertical="top"), Alignment(wrap_text=True, vertical="center")
WIDEST = 60  # characters


def book(cover: Iterable[tuple[str, str]], sheets: Iterable[tuple[str, object]]) -> Workbook:
    """A workbook, not written yet: lines of a cover, then a sheet for each table; a note has none."""
    made, looks = Workbook(), {}
    made.active.title = COVER
    made.active.column_dimensions["A"].width, made.active.column_dimensions["B"].width = 24, 90
    for name, text in cover:
        line(made, name, french.typeset(text))
    for title, table in sheets:
        if isinstance(table, Table):
            _sheet(made.create_sheet(title), table, looks)
    return made


def write(made: Workbook, path: str | Path) -> None:
    """Write a workbook whole or not at all."""
    with files.draft(path) as draft:
        made.save(draft)


def line(made: Workbook, name: str, text: str) -> None:
    """One more line of the cover."""
    sheet = made[COVER]
    row = sheet.max_row + 1 if sheet.cell(1, 1).value else 1
    _text(sheet.cell(row, 1), french.typeset(name)).font = BOLD
    cell = _text(sheet.cell(row, 2), text)
    cell.font, cell.alignment = PLAIN, TEXT


def insert(made: Workbook, title: str, table: Table, place: int) -> None:
    """One more sheet, at a place."""
    _sheet(made.create_sheet(title, place), table, {})


def _text(cell, text: str):
    """A text as a text, whatever it holds: no formula, no error, no control character, now or when it is edited."""
    cell.value = escaping.fitted(escaping.terminal(text))
    cell.data_type = "s"
    cell.quotePrefix = escaping.risky(cell.value)
    return cell


def _sheet(sheet, table: Table, looks: dict) -> None:
    _text(sheet.cell(1, 1), french.typeset(table.caption)).font = Font(FONT, 13, bold=True)
    texts, widths = table.texts(), []
    for column, name in enumerate(table.data, start=1):
        cell = _text(sheet.cell(3, column), french.typeset(name))
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
        look = "risky" if escaping.risky(_text(cell, text).value) else "text"
    elif value is None or pd.isna(value):
        cell.value, look = french.UNKNOWN, "missing"
    else:
        cell.value = float(value) if isinstance(value, float) else int(value)
        look = _number_format(value, how)
    if look not in looks:
        aligned = {"text": TEXT, "risky": TEXT, "missing": MISSING}.get(look, NUMBER)
        cell.border, cell.font, cell.alignment = RULE, PLAIN, aligned
        cell.number_format = look if aligned == NUMBER else "General"
        looks[look] = cell._style
    cell._style = copy(looks[look])


def _number_format(value: float, how) -> str:
    how = how.decimals if isinstance(how, Rounded) else how
    if callable(how):  # three significant digits, as on the screen
        size = abs(value)
        how = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return "#,##0" + ("." + "0" * how if how else "")
