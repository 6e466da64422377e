"""Small sheets of a same header put one under the other, to be converted at once: what a thousand workbooks need.

Nothing is looked at across two sheets: those whose reading depends on their other rows (dates whose order the whole
column tells, amounts that others sum, columns that mean the same) are not stacked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from copkit.intake import totals
from copkit.intake.fields import NUMBERS, PLACES, Collected
from copkit.intake.headers import match
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet

SMALL = 2_000  # rows of a sheet that is worth stacking
APART = (*NUMBERS, "lever", "place", "territory", "id", "ids")  # kinds that look around them
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")  # a date that reads alone


def key(sheet: Sheet, mapping: Mapping, kind: Collected) -> tuple | None:
    """What sheets have in common that may be stacked; nothing for one that may not."""
    if isinstance(sheet.grid, pd.DataFrame) or len(sheet.rows) > SMALL or sheet.champs or mapping.levers:
        return None
    for (name, _), positions in match(mapping, sheet).columns.items():
        of = kind.fields[name].kind if name in kind.fields else "id"
        if len(positions) > 1 or of in APART or name in (*PLACES, *totals.GROUPS):
            return None
        if of == "date" and not all(_ISO.fullmatch(cell) for cell in sheet.grid[positions[0]] if cell):
            return None
    return (id(mapping), *sheet.headers)


@dataclass
class Stack(Sheet):
    """Sheets of a same header as one: ``rows`` go on from one to the next, ``origin`` tells where each comes from."""

    parts: list[Sheet] = field(default_factory=list)
    starts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # what is added to the rows of each

    def part_of(self, rows: Sequence[int]) -> np.ndarray:
        """The position of the sheet of each row."""
        return np.searchsorted(self.starts, np.asarray(rows, dtype=np.int64), side="right") - 1

    def origin(self, rows: Sequence[int] | None = None) -> tuple[object, object, object]:
        """The file, the sheet and the row in it of rows of this table."""
        if rows is None:
            raise ValueError("rows of several sheets")
        at = self.part_of(rows)
        files, names = (np.array([getattr(one, of) for one in self.parts], dtype=object) for of in ("file", "name"))
        return files[at], names[at], np.asarray(rows, dtype=np.int64) - self.starts[at]

    def told(self, columns: Iterable[int]) -> Iterator[str]:
        """What is to be known of each sheet."""
        for one in self.parts:
            yield from one.told(columns)


def stacked(sheets: list[Sheet]) -> Sheet:
    """The sheets one under the other; one alone stays itself."""
    if len(sheets) == 1:
        return sheets[0]
    starts = np.concatenate([[0], np.cumsum([max(_spoken_of(one)) + 1 for one in sheets])[:-1]]).astype(np.int64)
    width = range(len(sheets[0].headers))
    grid = pd.DataFrame({n: pd.Series([text for one in sheets for text in one.grid[n]], dtype="str") for n in width})
    rows = np.concatenate([one.rows + start for one, start in zip(sheets, starts, strict=True)])
    made = Stack("", "", sheets[0].headers, grid, rows, sum(one.filled for one in sheets), parts=sheets, starts=starts)
    for of in ("dates", "numbers"):
        known = {column for one in sheets for column in getattr(one, of)}
        marks = {c: [getattr(one, of).get(c, np.zeros(len(one.rows), bool)) for one in sheets] for c in known}
        setattr(made, of, {column: np.concatenate(every) for column, every in marks.items()})
    for one, start in zip(sheets, starts.tolist(), strict=True):
        made.strays += [replace(stray, row=stray.row + start) for stray in one.strays]
        made.beyond += [(row + start, *rest) for row, *rest in one.beyond]
        made.merged += [(row + start, area) for row, area in one.merged]
        for column, faults in one.faults.items():
            made.faults.setdefault(column, []).extend((row + start, text) for row, text in faults)
        one.grid = [()] * len(one.headers)
    return made


def _spoken_of(sheet: Sheet) -> Iterator[int]:
    """The last row of a sheet, and those that it speaks of."""
    yield from (0, *sheet.rows[-1:].tolist())
    yield from (stray.row for stray in sheet.strays)
    yield from (row for row, *_ in sheet.beyond)
    yield from (row for row, _ in sheet.merged)
    yield from (row for faults in sheet.faults.values() for row, _ in faults)
