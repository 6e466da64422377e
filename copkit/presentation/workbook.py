"""Tables as a workbook: real numbers that a French Excel shows with a comma and spaces, and texts that stay texts.

Its first sheet sums it up, with bars that the spreadsheet draws itself. Every sheet prints one page wide, under the
name of what the workbook is about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from copy import copy
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.chart.text import Text as Words
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.drawing.text import Font as Face
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from copkit import __version__, escaping, files, french
from copkit.presentation import formats
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table

FRONT, COVER = "Synthèse", "Lisez-moi"
FONT = "Arial"
PLAIN, BOLD, WHITE = Font(FONT, 10), Font(FONT, 10, bold=True), Font(FONT, 10, bold=True, color="FFFFFF")
SHADES = ("2F4077", "929292")  # of the bars of a series
HEADER = PatternFill("solid", fgColor="2F4077")
RULE = Border(bottom=Side(style="thin", color="C9C9C9"))
SUM = Border(top=Side(style="thin", color="161616"), bottom=Side(style="thin", color="C9C9C9"))
NUMBER, TEXT = Alignment(vertical="top"), Alignment(wrap_text=True, vertical="top", horizontal="left", indent=1)
MISSING = Alignment(horizontal="right", vertical="top")
MIDDLE = Alignment(wrap_text=True, vertical="center", horizontal="left", indent=1)
OVER = Alignment(horizontal="right", wrap_text=True, vertical="center")  # a column of numbers
WIDEST, ROOM = (60, 44, 34), 3  # of a column, less in a wide table, beside its longest text [characters]
ROW, BARS = 0.58, (0.85, 1.05)  # height of a row of the summary, of one bar or two with their gap [cm]
WIDTHS = (56, 18, 18, 16, 3)  # columns of the summary, before its bars [characters]
A4, PAGE, CHARACTER = 9, (740, 450), 5.25  # landscape, inside its margins; width of a character [points]
LEGIBLE = 1.5  # times as wide as a page: what a table may be, and be read once it is printed
STRANDED = 1.4  # pages: what would be left alone on the second one is brought back on the first


def book(
    cover: Iterable[tuple[str, str]], sheets: Iterable[tuple[str, object]], summary: Summary | None = None
) -> Workbook:
    """A workbook, not written yet: its summary, lines of a cover, then a sheet for each table; a note has none."""
    made, looks = Workbook(), {}
    read, name = made.active, summary.name if summary else ""
    read.title, made.properties.creator = COVER, f"copkit {__version__}"
    if summary:
        made.properties.title = french.typeset(summary.title)
        _front(made.create_sheet(FRONT, 0), summary, looks)
        made.active = 0
    read.column_dimensions["A"].width, read.column_dimensions["B"].width = 24, 90
    for head, text in cover:
        line(made, head, french.typeset(text))
    _paper(read, name, tall=1)
    for title, table in sheets:
        if isinstance(table, Table):
            _sheet(made.create_sheet(title), table, looks, name)
    return made


def write(made: Workbook, path: str | Path) -> None:
    """Write a workbook whole or not at all."""
    with files.draft(path) as draft:
        made.save(draft)


def line(made: Workbook, name: str, text: str) -> None:
    """One more line of the cover."""
    sheet = made[COVER]
    row = sheet.max_row + 1 if sheet.cell(1, 1).value else 1
    head = _text(sheet.cell(row, 1), french.typeset(name))
    head.font, head.alignment = BOLD, TEXT
    cell = _text(sheet.cell(row, 2), text)
    cell.font, cell.alignment = PLAIN, TEXT
    sheet.row_dimensions[row].height = _height((name, text), [24, 90])


def insert(made: Workbook, title: str, table: Table, after: str) -> None:
    """One more sheet, after another."""
    place = made.sheetnames.index(after) + 1
    _sheet(made.create_sheet(title, place), table, {}, made[COVER].oddHeader.left.text.replace("&&", "&"))


def _text(cell, text: str):
    """A text as a text, whatever it holds: no formula, no error, no control character, now or when it is edited."""
    cell.value = escaping.fitted(escaping.terminal(text))
    cell.data_type = "s"
    cell.quotePrefix = escaping.risky(cell.value)
    return cell


def _paper(sheet, name: str, tall: int = 0) -> None:
    """Pages that can be read alone: one wide, ``tall`` high or as many as it takes, with what they are about."""
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, tall
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddHeader.left.text, sheet.oddHeader.right.text = name.replace("&", "&&"), "&A"
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = f"copkit {__version__}", "Page &P sur &N"


# ------------------------------------------------------------------ tables


def _sheet(sheet, table: Table, looks: dict, name: str) -> None:
    _text(sheet.cell(1, 1), french.typeset(table.caption)).font = Font(FONT, 13, bold=True)
    texts = table.texts()
    asked = [max(len(head) / 2 + 2, *(len(text) + ROOM for text in cells), 10) for head, cells in texts.items()]
    for widest in WIDEST:
        widths = [min(one, widest) for one in asked]
        if CHARACTER * sum(widths) <= LEGIBLE * PAGE[0]:
            break
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    last = _rows(sheet, 3, table, texts, widths, looks)
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(table.data.columns))}{last - len(table.totals)}"
    sheet.print_title_rows = "3:3"
    heights = [sheet.row_dimensions[row].height or 15 for row in range(1, last + 1)]
    pages = sum(heights) / PAGE[1] * min(1, PAGE[0] / (CHARACTER * sum(widths)))
    _paper(sheet, name, tall=1 if pages <= STRANDED else 0)


def _rows(sheet, first: int, table: Table, texts: Mapping[str, list[str]], widths: list[float], looks: dict) -> int:
    """The header of a table, its rows, then what they make together; the last row is returned."""
    for column, name in enumerate(texts, start=1):
        cell = _text(sheet.cell(first, column), french.typeset(name))
        how = table.formats.get(name)
        key = "header", how is None, escaping.risky(cell.value)
        if key not in looks:
            cell.font, cell.fill, cell.alignment = WHITE, HEADER, MIDDLE if how is None else OVER
            looks[key] = cell._style
        cell._style = copy(looks[key])
        for row, (value, text) in enumerate(zip(table.data[name].to_list(), texts[name], strict=True), start=first + 1):
            _cell(sheet.cell(row, column), value, text, how, looks)
        for row, total in enumerate(table.totals, start=first + 1 + len(table.data)):
            value = total.get(name, "")
            text = french.typeset(value) if isinstance(value, str) else french.UNKNOWN
            _cell(sheet.cell(row, column), value, text, how, looks, total=True)
    for row, cells in enumerate(zip(*([name, *column] for name, column in texts.items()), strict=True), start=first):
        sheet.row_dimensions[row].height = _height(cells, widths)
    return first + len(table.data) + len(table.totals)


def _height(cells: Iterable[str], widths: list[float]) -> float:
    """As high as its longest cell: LibreOffice does not fit rows by itself when it opens the file."""
    lines = max(
        1 if len(cell) <= width - ROOM else math.ceil(1.15 * len(cell) / width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return 13.5 * max(lines, 1) + 3


def _cell(cell, value, text: str, how, looks: dict, total: bool = False) -> None:
    """A value as what it is; ``looks``: the styles already met in the book, slow for openpyxl to find again."""
    if isinstance(value, str):  # as ``_text`` does, without the style that openpyxl would look for in each cell
        said = escaping.fitted(escaping.terminal(text))
        look = "risky" if escaping.risky(said) else "text"
        cell._value, cell.data_type = said, "s"
    elif value is None or pd.isna(value):
        cell.value, look = text, "missing"
    else:
        way = formats.of(how or 0)
        number = value * way.scale
        cell.value = float(number) if isinstance(number, float) else int(number)
        look = way.code(value)
    key = look, total
    if key not in looks:
        aligned = {"text": TEXT, "risky": TEXT, "missing": MISSING}.get(look, NUMBER)
        cell.border, cell.font, cell.alignment = SUM if total else RULE, BOLD if total else PLAIN, aligned
        cell.number_format = look if aligned == NUMBER else "General"
        cell.quotePrefix = look == "risky"
        looks[key] = cell._style
    cell._style = copy(looks[key])


# ------------------------------------------------------------------ the first sheet


def _front(sheet, summary: Summary, looks: dict) -> None:
    """The message, then each table with its bars beside it, on one page."""
    for column, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    _text(sheet.cell(1, 1), french.typeset(summary.title)).font = Font(FONT, 16, bold=True)
    row = 2
    for text in summary.lines:
        cell = _text(sheet.cell(row, 1), french.typeset(text))
        cell.font, cell.alignment = PLAIN, TEXT
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=12)
        sheet.row_dimensions[row].height = _height((text,), [sum(WIDTHS) + 7 * 13])
        row += 1
    row += 1
    for part in summary.parts:
        _text(sheet.cell(row, 1), french.typeset(part.table.caption)).font = Font(FONT, 12, bold=True)
        texts = part.table.texts()
        last = _rows(sheet, row + 1, part.table, texts, list(WIDTHS[: len(texts)]), looks)
        if part.columns and len(part.table.data):
            height = max(6.0, BARS[len(part.columns) - 1] * len(part.table.data) + 2.6)
            sheet.add_chart(_bars(sheet, part, row + 1, height), f"F{row}")
            last = max(last, row + math.ceil(height / ROW))
        row = last + 2
    _paper(sheet, summary.name, tall=1)


def _bars(sheet, part: Bars, header: int, height: float) -> BarChart:
    """Bars in the order of the table, from its cells: they follow when somebody changes one."""
    data, (first, last) = part.table.data, (header + 1, header + len(part.table.data))
    chart = BarChart()
    chart.type, chart.gapWidth, chart.width, chart.height = "bar", 45, 24.0, height
    chart.title = _title(part.table.caption, 12, True)
    for shade, name in zip(SHADES, part.columns, strict=False):
        column = list(data).index(name) + 1
        series = Series(Reference(sheet, min_col=column, min_row=first, max_row=last), title=french.typeset(name))
        series.graphicalProperties = GraphicalProperties(solidFill=shade)
        series.dLbls = DataLabelList()
        series.dLbls.showVal = True
        series.dLbls.showSerName = series.dLbls.showCatName = series.dLbls.showLegendKey = False
        series.dLbls.txPr = _face(9)
        chart.series.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=last))
    if len(part.columns) == 1:
        chart.legend = None
    else:
        chart.legend.position, chart.legend.txPr = "b", _face(9)
    names, values = chart.x_axis, chart.y_axis
    names.delete = values.delete = False  # openpyxl hides them otherwise
    names.tickLblSkip = 1
    names.scaling.orientation, values.crosses = "maxMin", "max"  # the first bar on top, the scale below
    names.title, values.title = _title(next(iter(data)), 9), _title(part.unit, 9)
    names.txPr, values.txPr = _face(8), _face(9)
    values.number_format, values.numFmt.sourceLinked = "#,##0", False
    values.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E5E5E5"))
    values.scaling.min = 0 if min(data[name].min() for name in part.columns) >= 0 else None
    return chart


def _characters(size: int, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=100 * size, b=bold, latin=Face(typeface=FONT), solidFill="161616")


def _face(size: int) -> RichText:
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=_characters(size)), endParaRPr=_characters(size))
    return RichText(p=[paragraph])


def _title(text: str, size: int, bold: bool = False) -> Title:
    run = RegularTextRun(rPr=_characters(size, bold), t=french.typeset(text))
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=_characters(size, bold)), r=[run])
    return Title(tx=Words(rich=RichText(p=[paragraph])), overlay=False)
