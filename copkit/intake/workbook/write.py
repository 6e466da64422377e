"""A workbook written for those who fill it in: the rows, the drop-down lists, what to do, what to consult.

Written with XlsxWriter, whole or not at all. Whatever was typed by somebody is written as a text, never as a formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd
import xlsxwriter

from copkit import __version__, clock, escaping, files, french
from copkit.errors import ProjectError
from copkit.intake import cells
from copkit.intake.fields import NO, YES
from copkit.intake.workbook.form import FIRST, KEPT, REFERENCE, SENT, SUMMARY, TO_FILL, Column, Form, fingerprint

MOST = 1_048_575  # rows under the header
TALLEST = 180  # points
WIDTHS = (40, 90, 34)  # of the reference sheet
LOOK = {"font_name": "Arial", "font_size": 10, "valign": "top", "text_wrap": True}
HEAD = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#2F4077", "valign": "vcenter", "border": 1}
HEAD_TO_FILL = {**HEAD, "font_color": "#161616", "bg_color": "#FFE29A"}
RULE = {"bottom": 1, "bottom_color": "#C9C9C9"}
BARE = {"font_name": "Arial", "font_size": 10}
TITLE = {**BARE, "bold": True, "font_size": 16}
FILL = {"locked": False, "bg_color": "#FFF8E1"}


def write(form: Form, table: pd.DataFrame, path: str | Path, *, public: bool = False) -> None:
    """The workbook of a table, one row each; ``public``: to consult, without what is not public, nothing to fill in.

    Raises
    ------
    ProjectError
        If there are more rows than a sheet holds, or if the file cannot be written.
    """
    if len(table) + form.new_rows > MOST:
        rows = french.plural(len(table) + form.new_rows, form.noun.one, form.noun.many)
        raise ProjectError(f"{rows} : une feuille en tient {french.number(MOST, 0)}. Écrire par région.")
    options = {"constant_memory": True, "strings_to_urls": False}
    with files.draft(path, error=ProjectError) as draft, xlsxwriter.Workbook(str(draft), options) as book:
        _Writer(book, form.consulted() if public else form).write(table)


def height(texts: Iterable[tuple[str, int]]) -> float:
    """As high as the longest cell needs, up to a limit [points]: LibreOffice does not fit rows by itself.

    >>> height([("Haies", 20)]), height([("mot " * 25, 20)])
    (16.5, 84.0)
    """
    lines = [
        sum(max(1, math.ceil(1.15 * len(line) / width)) for line in text.split("\n")) for text, width in texts if text
    ]
    return min(13.5 * max([1, *lines]) + 3, TALLEST)


class _Writer:
    """The sheets of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook, form: Form):
        self.book, self.form = book, form
        self.looks: dict[tuple, object] = {}

    def write(self, table: pd.DataFrame) -> None:
        """The sheet to read first, the rows, what is consulted, and the keys of the rows that are sent, hidden."""
        form, texts = self.form, self.form.complete(table)
        self.book.set_properties({"title": form.title, "comments": form.banner, "created": clock.today()})
        columns, said = self._columns(texts)
        if form.tallies:
            self._summary(self.book.add_worksheet(SUMMARY), said)
        first, sheet, consulted = (self.book.add_worksheet(name) for name in (FIRST, form.sheet, REFERENCE))
        self._first(first)
        self._rows(sheet, columns, texts)
        self._reference(consulted)
        if form.inputs and form.tracked:
            sent = self.book.add_worksheet(SENT)
            for row, key in enumerate([form.key.label, *texts[form.key.name]]):
                sent.write_string(row, 0, escaping.fitted(key))
            sent.protect()
            sent.very_hidden()

    def _look(self, **given: object):
        """A format, made once."""
        key = tuple(given.items())
        if key not in self.looks:
            self.looks[key] = self.book.add_format({**LOOK, **given})
        return self.looks[key]

    def _columns(self, table: pd.DataFrame) -> tuple[list[Column], list[tuple[str, str]]]:
        """The columns of the rows; and, by their labels, what those that are left out say on every row."""
        kept, said = [], []
        for column in self.form.laid_out:
            told = {column.shown(value) for value in table[column.name].unique()}
            if column.once and len(table) > 1 and len(told) == 1:
                said.append((column.label, told.pop()))
            else:
                kept.append(column)
        return kept, said

    # -------------------------------------------------------------- what it says in a few figures

    def _summary(self, sheet, said: list[tuple[str, str]]) -> None:
        """The counts, each with its bars beside it; then what every row says."""
        form, row = self.form, 0
        for place, width in enumerate((46, 14, 4)):
            sheet.set_column(place, place, width)
        lines = [form.title, *([f"{form.banner}."] if form.banner else []), f"Avant de remplir : feuille « {FIRST} »."]
        for text in lines:
            sheet.write_string(row, 0, french.typeset(text), self.book.add_format(TITLE if not row else BARE))
            row += 1
        for title, head, counts in form.tallies:
            row += 1
            sheet.write_string(row, 0, french.typeset(title), self.book.add_format({**BARE, "bold": True}))
            sheet.write_string(row + 1, 0, french.typeset(head), self._look(**HEAD))
            sheet.write_string(row + 1, 1, form.noun.many.capitalize(), self._look(**HEAD, align="right"))
            first = row + 2
            for n, (label, count) in enumerate(counts, start=first):
                sheet.set_row(n, height([(label, 46)]))
                sheet.write_string(n, 0, escaping.fitted(french.typeset(label)), self._look(**RULE))
                sheet.write_number(n, 1, count, self._look(**RULE, num_format="#,##0"))
            last = first + len(counts) - 1
            if counts:
                self._bars(sheet, title, head, (first, last), row)
            row = max(last + 1, row + math.ceil(_bars_height(len(counts)) / 20))
        row += 1
        if said:
            told = f"Colonnes laissées de côté : chaque {form.noun.one} y dit la même chose"
            sheet.write_string(row, 0, told, self.book.add_format({**BARE, "bold": True}))
            row += 1
        for name, text in said:
            told = f"{name} : {text}" if text else f"{name} : vide"
            sheet.write_string(row, 0, escaping.fitted(french.typeset(told)), self.book.add_format(BARE))
            row += 1
        _consulted(sheet)
        sheet.fit_to_pages(1, 1)
        sheet.set_header(f"&L{_printed(form.title)}&R{_printed(form.banner)}")
        sheet.set_footer("&L&A&RPage &P sur &N")

    def _bars(self, sheet, title: str, head: str, rows: tuple[int, int], top: int) -> None:
        """Horizontal bars, in the order of the counts."""
        chart, (first, last) = self.book.add_chart({"type": "bar"}), rows
        face = {"name": "Arial", "size": 9, "bold": False}
        series = {"categories": [SUMMARY, first, 0, last, 0], "values": [SUMMARY, first, 1, last, 1], "gap": 45}
        chart.add_series(
            {**series, "fill": {"color": HEAD["bg_color"]}, "data_labels": {"value": True, "num_format": "#,##0"}}
        )
        chart.set_title({"name": french.typeset(title), "name_font": {**face, "size": 11, "bold": True}})
        axis = {"reverse": True, "crossing": "max", "name": french.typeset(head), "interval_unit": 1}
        chart.set_y_axis({**axis, "name_font": face, "num_font": face})
        lines = {"visible": True, "line": {"color": "#E5E5E5"}}
        said = {"name": f"nombre de {self.form.noun.many}", "min": 0, "num_format": "#,##0", "major_gridlines": lines}
        chart.set_x_axis({**said, "name_font": face, "num_font": face})
        chart.set_legend({"none": True})
        chart.set_size({"width": 640, "height": _bars_height(last - first + 1)})
        sheet.insert_chart(top, 3, chart, {"description": french.typeset(title)})

    # -------------------------------------------------------------- what to do, what to consult

    def _first(self, sheet) -> None:
        form, bold = self.form, self._look(bold=True)
        lines = [("", form.title), *([("Attention", f"{form.banner}.")] if form.banner else [])]
        asked = {len(lines) + n: one for n, one in enumerate(form.asked)}
        lines += [(column.label + TO_FILL, column.shown(value)) for column, value in form.asked]
        lines += [(f"À faire, {n}", text) for n, text in enumerate(form.do, start=1)]
        lines += [("À savoir", text) for text in form.know]
        lines += [*form.about, ("Version de copkit", __version__), ("Écrit le", french.short_date(clock.today()))]
        lines = [(name, text if n in asked else french.typeset(text)) for n, (name, text) in enumerate(lines)]
        if form.files:
            lines += [("Fichiers lus", escaping.fitted(", ".join(form.files)))]
        sheet.set_column(0, 0, 34 if asked else 20, bold)
        sheet.set_column(1, 1, 100, self._look())
        for row, (name, text) in enumerate(lines):
            sheet.set_row(row, height([(text, 100)]) if row else 22)
            sheet.write_string(row, 0, french.typeset(name), bold)
            if row in asked:
                self._cell(sheet, row, 1, asked[row][0], escaping.fitted(text))
                if rule := _rule(asked[row][0], False):
                    sheet.data_validation(row, 1, row, 1, rule)
                continue
            sheet.write_string(row, 1, text, self._look() if row else self._look(bold=True, font_size=14))
        _consulted(sheet)

    def _reference(self, sheet) -> None:
        """The blocks, one under the other; the lists that cells offer are named."""
        for place, width in enumerate(WIDTHS):
            sheet.set_column(place, place, width)
        row, offered = 0, {column.block for column in self.form.offering}
        for name, block in self.form.blocks().items():
            if name in offered:
                self.book.define_name(name, f"='{REFERENCE}'!$A${row + 2}:$A${row + len(block)}")
            for n, texts in enumerate(block):
                sheet.set_row(row, height(zip(texts, WIDTHS, strict=False)))
                for place, text in enumerate(texts):
                    sheet.write_string(row, place, french.typeset(text), self._look(**(RULE if n else HEAD)))
                row += 1
            row += 1
        _consulted(sheet)

    # -------------------------------------------------------------- the rows

    def _rows(self, sheet, columns: list[Column], table: pd.DataFrame) -> None:
        form, columns = self.form, list(columns)
        texts = [self._texts(column, table[column.name]) for column in columns]
        if form.inputs and form.tracked:
            columns.append(KEPT)
            texts.append([fingerprint(row) for row in table[form.marked].to_numpy()])
        rows = [*zip(*texts, strict=True)] + [("",) * len(columns)] * form.new_rows
        sheet.set_row(0, 45)
        for place, column in enumerate(columns):
            folded, before = {"level": 1, "hidden": True}, place and columns[place - 1].fold
            how = {"hidden": True} if column.hidden else folded if column.fold else {"collapsed": bool(before)}
            sheet.set_column(place, place, column.width, None, how)
            header = french.typeset(column.label + (TO_FILL if column.filled else ""))
            sheet.write_string(0, place, header, self._look(**(HEAD_TO_FILL if column.filled else HEAD)))
            if rows and (rule := _rule(column, form.folds)):
                sheet.data_validation(1, place, len(rows), place, rule)
        for row, told in enumerate(rows, start=1):
            seen = [(text, one.width) for one, text in zip(columns, told, strict=True) if not (one.hidden or one.fold)]
            sheet.set_row(row, height(seen))
            for place, (column, text) in enumerate(zip(columns, told, strict=True)):
                self._cell(sheet, row, place, column, text)
        self._paged(sheet, len(columns), len(rows))

    @staticmethod
    def _texts(column: Column, values: pd.Series) -> list[str]:
        """The cells of a column as they are written."""
        texts = {value: escaping.fitted(column.shown(value)) for value in values.unique()}
        return [texts[value] for value in values]

    def _cell(self, sheet, row: int, place: int, column: Column, text: str) -> None:
        """A date as a date, a number as a number, else a text, even when it looks like a formula and is edited."""
        dated = column.field.kind == "date"
        day = cells.day(text)[0] if dated else ""
        number = "dd/mm/yyyy" if day or (dated and column.filled) else "General"
        number = "@" if column.filled and not dated and not column.numeric else number
        risky = not column.numeric and escaping.risky(text)
        look = self._look(**RULE, **(FILL if column.filled else {}), num_format=number, quote_prefix=risky)
        if day:
            sheet.write_datetime(row, place, datetime.combine(date.fromisoformat(day), time()), look)
        elif text and column.numeric:
            sheet.write_number(row, place, float(text), look)
        elif text:
            sheet.write_string(row, place, text, look)
        else:
            sheet.write_blank(row, place, None, look)

    def _paged(self, sheet, columns: int, rows: int) -> None:
        """Frozen headers, filters, protection, and pages that can be read."""
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(rows, 1), columns - 1)
        allowed = dict.fromkeys(("autofilter", "sort", "format_columns", "format_rows"), True)
        if not self.form.folds:
            sheet.protect("", {**allowed, **({"insert_rows": True} if self.form.new_rows else {})})
        _paper(sheet, 8, self.form.wide)  # A3
        sheet.repeat_rows(0)
        sheet.repeat_columns(0, 1)
        sheet.set_header(f"&C{self.form.banner}" if self.form.banner else "")
        sheet.set_footer("&L&F&RPage &P sur &N")


def _rule(column: Column, open_sheet: bool) -> dict[str, object]:
    """What a cell admits; ``open_sheet``: nothing else keeps a cell that is only read from being typed in."""
    refused = {"error_title": "Réponse non admise", "error_type": "stop"}
    if not column.filled:
        said = "Cette colonne se lit seulement. Répondre dans une colonne « à remplir »."
        return {"validate": "custom", "value": "=FALSE", "error_message": said, **refused} if open_sheet else {}
    if column.field.kind == "date":
        said = "Écrire une date : JJ/MM/AAAA."
        return {"validate": "date", "criteria": ">=", "value": date(1990, 1, 1), "error_message": said, **refused}
    if column.block or column.field.kind == "yes_no":
        source = f"={column.block}" if column.block else [YES, NO]
        said = "Choisir une réponse de la liste, ou vider la cellule."
        if column.suggested:
            return {"validate": "list", "source": source, "show_error": False}
        return {"validate": "list", "source": source, "error_message": said, **refused}
    return {}


def _bars_height(bars: int) -> int:
    """Of a chart [pixels]."""
    return 120 + 26 * bars


def _printed(text: str) -> str:
    """A text at the head of a printed page, where « & » is a command."""
    return french.typeset(text).replace("&", "&&")


def _consulted(sheet) -> None:
    """A sheet that is read and not written in."""
    _paper(sheet, 9, 1)
    sheet.protect()


def _paper(sheet, size: int, wide: int) -> None:
    """Pages that can be read: ``size`` of the paper, at most ``wide`` pages across."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(size)
    sheet.fit_to_pages(wide, 0)
