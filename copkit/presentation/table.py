"""A table that keeps its numbers as numbers and knows how to write them: screen, terminal, workbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from copkit import french

LONGEST_WORD = 26  # letters: a longer one is a path or a key


@dataclass(frozen=True)
class Table:
    """A table with its caption and the way to write each column (number of decimals, or a function)."""

    data: pd.DataFrame
    caption: str
    formats: dict[str, int | Callable] = field(default_factory=dict)

    def written(self) -> pd.DataFrame:
        """The cells as a reader sees them."""
        return pd.DataFrame({column: [self._cell(column, v) for v in self.data[column]] for column in self.data})

    def _cell(self, column: str, value) -> str:
        how = self.formats.get(column)
        if isinstance(value, str):
            return french.typeset(value)
        if how is None:
            return french.UNKNOWN if value is None or pd.isna(value) else str(value)
        return how(value) if callable(how) else french.number(value, how)

    def _repr_html_(self) -> str:
        written, caption = self.written(), escape(french.typeset(self.caption))
        head = "".join(f'<th scope="col"{self._align(c)}>{escape(french.typeset(c))}</th>' for c in written)
        rows = []
        for row in written.itertuples(index=False):
            cells = [f'<th scope="row"{self._align(written.columns[0])}>{_breakable(row[0])}</th>']
            pairs = zip(written.columns[1:], row[1:], strict=True)
            cells += [f"<td{self._align(c)}>{_breakable(v)}</td>" for c, v in pairs]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        frame = f'<div class="table" tabindex="0" role="region" aria-label="{caption}">'
        return f"{frame}<table><caption>{caption}</caption>{body}</table></div>"

    def _align(self, column: str) -> str:
        return ' class="number"' if column in self.formats else ""

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.written().to_string(index=False)}"


def _breakable(text: str) -> str:
    """Escaped, with places to break inside very long words (paths, keys), and nowhere else."""
    words = (
        re.sub(r"(?<=[/_,])(?=.)", "\u200b", word) if len(word) > LONGEST_WORD else word for word in text.split(" ")
    )
    return escape(" ".join(words)).replace("\u200b", "<wbr>")
