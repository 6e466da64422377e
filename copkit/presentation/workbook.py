"""Tables as a workbook: real numbers that a French Excel shows with a comma and spaces, and texts that stay texts.

Its first sheet sums it up, with bars that the spreadsheet draws itself. Every sheet prints one page wide, under the
name of what the workbook is about.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import xlsxwriter

from copkit import __version__, clock, escaping, files, french
from copkit.presentation import formats
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table

FRONT, COVER = "Synthèse", "Lisez-moi"
SHADES = ("#2F4077", "#929292")  # of the bars of a series
FACE = {"font_name": "Arial", "font_size": 10}
FLOWS = {"text_wrap": True, "align": "left", "indent": 1}
HEADER = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#2F4077", "text_wrap": True, "valign": "vcenter"}
RULE = {"bottom": 1, "bottom_color": "#C9C9C9", "valign": "top"}
SUM = {"top": 1, "top_color": "#161616", "bold": True}
LOOKS = {
    "title": {"font_size": 16, "bold": True},
    "caption": {"font_size": 13, "bold": True},
    "part": {"font_size": 12, "bold": True},
    "head": {**FLOWS, "valign": "top", "bold": True},
    "said": {**FLOWS, "valign": "top"},
    "names": {**HEADER, **FLOWS},
    "over": {**HEADER, "align": "right"},  # a column of numbers
    "text": {**RULE, **FLOWS},
    "missing": {**RULE, "align": "right"},
    "number": RULE,
}
WIDEST, ROOM = (60, 44, 34), 3  # of a column, less in a wide table, beside its longest text [characters]
ROW, BARS = 0.58, (0.85, 1.05)  # height of a row of the summary, of one bar or two with their gap [cm]
WIDTHS = (56, 18, 18, 16, 3)  # columns of the summary, before its bars [characters]
A4, PAGE, CHARACTER = 9, (740, 450), 5.25  # landscape, inside its margins; width of a character [points]
LEGIBLE = 1.5  # times as wide as a page: what a table may be, and be read once it is printed
STRANDED = 1.4  # pages: what would be left alone on the second one is brought back on the first
CENTIMETRE, DIGIT = 96 / 2.54, 7  # [px]
NAMED = 120  # characters of the name at the head of a page: a header of Excel holds 255 in all


@dataclass(frozen=True)
class Book:
    """What a workbook holds: lines of a cover, a sheet for each table, and before them what sums it up."""

    cover: tuple[tuple[str, str], ...]
    sheets: tuple[tuple[str, Table], ...]
    summary: Summary | None = None


def book(
    cover: Iterable[tuple[str, str]], sheets: Iterable[tuple[str, object]], summary: Summary | None = None
) -> Book:
    """A workbook, not written yet: its summary, lines of a cover, then a sheet for each table; a note has none."""
    lines = tuple((head, french.typeset(text)) for head, text in cover)
    return Book(lines, tuple((title, one) for title, one in sheets if isinstance(one, Table)), summary)


def write(made: Book, path: str | Path) -> None:
    """Write a workbook whole or not at all."""
    files.write_whole(path, content(made))


def content(made: Book) -> bytes:
    """The file of a workbook."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as written:
        _Writer(written, made).write()
    return out.getvalue()


class _Writer:
    """A workbook being written; ``looks``: the formats already met in it."""

    def __init__(self, written: xlsxwriter.Workbook, made: Book) -> None:
        self.written, self.made, self.looks = written, made, {}
        self.name = made.summary.name if made.summary else ""  # at the head of every page

    def write(self) -> None:
        """Every sheet, in its order."""
        title = {"title": french.typeset(self.made.summary.title)} if self.made.summary else {}
        self.written.set_properties({"author": f"copkit {__version__}", "created": clock.today(), **title})
        if self.made.summary:
            self._front(self.written.add_worksheet(FRONT), self.made.summary)
        self._cover(self.written.add_worksheet(COVER))
        for title, table in self.made.sheets:
            self._sheet(self.written.add_worksheet(title), table)

    def _look(self, name: str, *, total: bool = False, quoted: bool = False, code: str = "General"):
        key = name, total, quoted, code
        if key not in self.looks:
            how = {**FACE, **LOOKS[name], **(SUM if total else {}), "num_format": code, "quote_prefix": quoted}
            self.looks[key] = self.written.add_format(how)
        return self.looks[key]

    def _text(self, sheet, row: int, column: int, text: str, name: str, *, total: bool = False) -> None:
        """A text as a text, whatever it holds: no formula, no error, no control character, now or when edited."""
        said = _cell_text(text)
        put = sheet.write_string if said else sheet.write_blank
        put(row, column, said, self._look(name, total=total, quoted=escaping.risky(said)))

    def _paper(self, sheet, tall: int = 0) -> None:
        """Pages that can be read alone: one wide, ``tall`` high or as many as it takes, with what they are about."""
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, tall)
        sheet.set_header(f"&L{escaping.terminal(self.name[:NAMED]).replace('&', '&&')}&R&A")
        sheet.set_footer(f"&Lcopkit {__version__}&RPage &P sur &N")

    def _cover(self, sheet) -> None:
        widths = [24, 90]
        _widen(sheet, widths)
        for row, (head, text) in enumerate(self.made.cover):
            sheet.set_row(row, _height((head, text), widths))
            self._text(sheet, row, 0, french.typeset(head), "head")
            self._text(sheet, row, 1, text, "said")
        self._paper(sheet, tall=1)

    # -------------------------------------------------------------- tables

    def _sheet(self, sheet, table: Table) -> None:
        self._text(sheet, 0, 0, french.typeset(table.caption), "caption")
        texts = table.texts()
        asked = [max(len(head) / 2 + 2, *(len(text) + ROOM for text in cells), 10) for head, cells in texts.items()]
        for widest in WIDEST:
            widths = [min(one, widest) for one in asked]
            if CHARACTER * sum(widths) <= LEGIBLE * PAGE[0]:
                break
        _widen(sheet, widths)
        last, high = self._rows(sheet, 2, table, texts, widths)
        sheet.freeze_panes(3, 1)
        sheet.autofilter(2, 0, last - len(table.totals), len(texts) - 1)
        sheet.repeat_rows(2)
        pages = (high + 30) / PAGE[1] * min(1, PAGE[0] / (CHARACTER * sum(widths)))  # under its caption
        self._paper(sheet, tall=1 if pages <= STRANDED else 0)

    def _rows(
        self, sheet, first: int, table: Table, texts: Mapping[str, list[str]], widths: list[float]
    ) -> tuple[int, float]:
        """The header of a table, its rows, then what they make together; the last row, and their height [points]."""
        high = 0.0
        for row, cells in enumerate(zip(*([name, *column] for name, column in texts.items()), strict=True), first):
            height = _height(cells, widths)
            sheet.set_row(row, height)
            high += height
        for column, name in enumerate(texts):
            how = table.formats.get(name)
            self._text(sheet, first, column, french.typeset(name), "names" if how is None else "over")
            for row, (value, text) in enumerate(zip(table.data[name].to_list(), texts[name], strict=True), first + 1):
                self._cell(sheet, row, column, value, text, how)
            for row, total in enumerate(table.totals, first + 1 + len(table.data)):
                value = total.get(name, "")
                text = french.typeset(value) if isinstance(value, str) else french.UNKNOWN
                self._cell(sheet, row, column, value, text, how, total=True)
        return first + len(table.data) + len(table.totals), high + 15 * len(table.totals)

    def _cell(self, sheet, row: int, column: int, value, text: str, how, *, total: bool = False) -> None:
        """A value as what it is."""
        if isinstance(value, str):
            self._text(sheet, row, column, text, "text", total=total)
        elif value is None or pd.isna(value):
            self._text(sheet, row, column, text, "missing", total=total)
        else:
            way = formats.of(how or 0)
            sheet.write_number(row, column, value * way.scale, self._look("number", total=total, code=way.code(value)))

    # -------------------------------------------------------------- the first sheet

    def _front(self, sheet, summary: Summary) -> None:
        """The message, then each table with its bars beside it, on one page."""
        _widen(sheet, WIDTHS)
        self._text(sheet, 0, 0, french.typeset(summary.title), "title")
        row = 1
        for text in summary.lines:
            sheet.merge_range(row, 0, row, 11, "", self._look("said"))
            self._text(sheet, row, 0, french.typeset(text), "said")
            sheet.set_row(row, _height((text,), [sum(WIDTHS) + 7 * 13]))
            row += 1
        row += 1
        for part in summary.parts:
            self._text(sheet, row, 0, french.typeset(part.table.caption), "part")
            texts = part.table.texts()
            last, _ = self._rows(sheet, row + 1, part.table, texts, list(WIDTHS[: len(texts)]))
            if part.columns and len(part.table.data):
                height = max(6.0, BARS[len(part.columns) - 1] * len(part.table.data) + 2.6)
                sheet.insert_chart(row, 5, self._bars(part, row + 1, height))
                last = max(last, row + math.ceil(height / ROW))
            row = last + 2
        self._paper(sheet, tall=1)

    def _bars(self, part: Bars, header: int, height: float):
        """Bars in the order of the table, from its cells: they follow when somebody changes one."""
        data, (first, last) = part.table.data, (header + 1, header + len(part.table.data))
        chart = self.written.add_chart({"type": "bar"})
        for shade, name in zip(SHADES, part.columns, strict=False):
            column = list(data).index(name)
            chart.add_series(
                {
                    "name": french.typeset(name),
                    "categories": [FRONT, first, 0, last, 0],
                    "values": [FRONT, first, column, last, column],
                    "fill": {"color": shade},
                    "gap": 45,
                    "data_labels": {"value": True, "font": _face(9)},
                }
            )
        lowest = min(data[name].min() for name in part.columns)
        chart.set_title({"name": french.typeset(part.table.caption), "name_font": _face(12, bold=True)})
        chart.set_y_axis(  # the first bar on top, the scale below
            {
                **{"name": french.typeset(next(iter(data))), "name_font": _face(9), "num_font": _face(8)},
                **{"reverse": True, "crossing": "max", "interval_unit": 1},
            }
        )
        chart.set_x_axis(
            {
                **{"name": french.typeset(part.unit), "name_font": _face(9), "num_font": _face(9)},
                **{"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E5E5E5"}}},
                **({"min": 0} if lowest >= 0 else {}),
            }
        )
        chart.set_legend({"position": "bottom", "font": _face(9)} if len(part.columns) > 1 else {"none": True})
        chart.set_size({"width": 24.0 * CENTIMETRE, "height": height * CENTIMETRE})
        return chart


def _face(size: int, *, bold: bool = False) -> dict:
    """The letters of a chart."""
    return {"name": FACE["font_name"], "size": size, "bold": bold, "color": "#161616"}


@lru_cache(maxsize=4096)  # the same labels come back in each workbook
def _cell_text(text: str) -> str:
    return escaping.fitted(escaping.terminal(text))


def _widen(sheet, widths: Iterable[float]) -> None:
    """As wide as its columns are asked to be, borders included. [characters]"""
    for column, width in enumerate(widths):
        sheet.set_column_pixels(column, column, round(DIGIT * width))


def _height(cells: Iterable[str], widths: list[float]) -> float:
    """As high as its longest cell: LibreOffice does not fit rows by itself when it opens the file."""
    lines = max(
        1 if len(cell) <= width - ROOM else math.ceil(1.15 * len(cell) / width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return 13.5 * max(lines, 1) + 3
