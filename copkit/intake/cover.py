"""The cover of a workbook: a sheet that says once what holds for all its rows, a label and a value on each line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from copkit.intake.fields import Collected
from copkit.intake.headers import head, is_personal
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet

TAKEN = "page de garde"


def of(others: list[Sheet], mapping: Mapping) -> Sheet | None:
    """The cover among the sheets that are not read as rows."""
    if mapping.cover is None:
        return None
    return next((sheet for sheet in others if head(sheet.name) == head(mapping.cover)), None)


def laid(sheet: Sheet, mapping: Mapping) -> Sheet | None:
    """What a cover says, as a table of one row for each of its lines, under the label of the line; or nothing.

    What reaches a person comes too, for the conversion to drop it and say so.
    """
    known = {head(header) for where in mapping.fields.values() for header in where.headers}
    wrong = {row: text for faults in sheet.faults.values() for row, text in faults}
    lines = []
    for number, (label, *rest) in zip(sheet.rows.tolist(), zip(*sheet.grid, strict=True), strict=True):
        value = next((cell for cell in rest if cell.strip()), "")
        if (value or number in wrong) and (head(label) in known or is_personal(label, mapping)):
            lines.append((number, label, value))
    if not lines:
        return None
    rows, labels, _ = zip(*lines, strict=True)
    headers = list(dict.fromkeys(labels))
    grid = [[value if label == header else "" for _, label, value in lines] for header in headers]
    made = Sheet(sheet.file, sheet.name, headers, grid, np.array(rows, dtype=np.int64), len(rows))
    for row, label, _ in lines:
        if row in wrong:
            made.faults.setdefault(headers.index(label), []).append((row, wrong[row]))
    return made


def fill(table: pd.DataFrame, books: np.ndarray, said: dict[int, dict[str, object]], kind: Collected) -> pd.DataFrame:
    """The rows, with what the cover of their workbook says where they say nothing themselves.

    ``books``: the workbook of each row; ``said``: what the cover of each says.
    """
    for name in dict.fromkeys(name for one in said.values() for name in one):
        values = pd.Series({book: one[name] for book, one in said.items() if name in one}).reindex(books)
        values = values.set_axis(table.index)
        lacking = (table[name].isna() if kind.fields[name].empty != "" else table[name] == "") & values.notna()
        table[name] = table[name].mask(lacking, values)
    return table
