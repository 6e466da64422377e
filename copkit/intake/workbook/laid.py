"""A workbook in the template of another tool: its sheets, where each cell goes, its lists; nothing is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from copkit import clock, escaping, files
from copkit.errors import ProjectError
from copkit.intake.workbook.write import BARE, HEAD, LOOK, height

LAST = 199  # rows that a list is offered on, at least


@dataclass(frozen=True)
class Laid:
    """A sheet, from its first cell on; a blank cell is « » and is not written.

    ``heads``: rows that are headers. ``choices``: column → (sheet, its column there, how many) of its list, offered
    from the row ``first`` on. ``frozen``: rows and columns that stay in sight.
    """

    name: str
    rows: Sequence[Sequence[str | float]]
    widths: Sequence[int] = ()
    heads: Sequence[int] = ()
    choices: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    first: int = 1
    frozen: tuple[int, int] = (0, 0)
    hidden: bool = False


def write(sheets: Sequence[Laid], path: str | Path, title: str) -> None:
    """The workbook, whole or not at all; it opens on the second sheet, what people read first being the first.

    Raises
    ------
    ProjectError
        If the file cannot be written.
    """
    with files.draft(path, error=ProjectError) as draft, xlsxwriter.Workbook(str(draft), {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": clock.today()})
        text, head, bare = (book.add_format(one) for one in (LOOK, {**LOOK, **HEAD}, BARE))
        amount = book.add_format({**LOOK, "num_format": "#,##0"})
        for one in sheets:
            sheet = book.add_worksheet(one.name)
            for place, width in enumerate(one.widths):
                sheet.set_column(place, place, width, bare)
            for n, row in enumerate(one.rows):
                sheet.set_row(
                    n,
                    height(
                        (cell, width) for cell, width in zip(row, one.widths, strict=False) if cell.__class__ is str
                    ),
                )
                for place, cell in enumerate(row):
                    if not isinstance(cell, str):
                        sheet.write_number(n, place, cell, amount)
                    elif cell:
                        sheet.write_string(n, place, escaping.fitted(cell), head if n in one.heads else text)
                    elif n in one.heads:
                        sheet.write_blank(n, place, None, head)
            for place, (source, column, count) in one.choices.items():
                area = f"='{source}'!{xl_range_abs(1, column, count, column)}"
                options = {"validate": "list", "source": area}
                sheet.data_validation(one.first - 1, place, max(LAST, len(one.rows)) - 1, place, options)
            if any(one.frozen):
                sheet.freeze_panes(*one.frozen)
            if one.hidden:
                sheet.hide()
        book.worksheets()[min(1, len(sheets) - 1)].activate()
