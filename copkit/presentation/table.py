"""A table that keeps its numbers as numbers and knows how to write them: screen, terminal, workbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from copkit import escaping, french
from copkit.escaping import element
from copkit.presentation.formats import Rounded, unknown
from copkit.presentation.text import Note, lower

if TYPE_CHECKING:  # what writes documents knows tables by their MIME alone: pandas waits for the first one
    import pandas as pd

MIME = "application/vnd.copkit.table+json"  # what a writer of documents needs of a table
LEFT = ' style="text-align:left"'  # said cell by cell: JupyterLab puts the text of every table on the right
LONGEST_WORD = 26  # letters: a longer one is a path or a key


@dataclass(frozen=True)
class Table:
    """A table with its caption and the way to write each column (number of decimals, ``Format`` or ``Rounded``).

    ``totals``: what the rows make together, that a workbook writes under them. ``idle``: its rows that have nothing to
    show, which a document leaves out; ``said``: the sentence that lists them. ``aside``: its columns that a document
    leaves to the workbook. ``fold``: a detail, that a document on a
    screen shows when it is asked for.
    """

    data: pd.DataFrame
    caption: str
    formats: dict[str, int | Callable | Rounded] = field(default_factory=dict)
    totals: tuple[Mapping[str, object], ...] = ()
    idle: tuple[int, ...] = ()
    said: str = ""
    fold: bool = False
    aside: tuple[str, ...] = ()

    @classmethod
    def of(cls, caption: str, columns: Mapping[str, object], *, fold: bool = False) -> Table:
        """A table column by column: its cells, or its cells and the way to write them."""
        import pandas as pd

        pairs = {name: one if isinstance(one, tuple) else (one, None) for name, one in columns.items()}
        data = pd.DataFrame({name: cells for name, (cells, _) in pairs.items()})
        data.index = pd.RangeIndex(len(data))
        return cls(data, caption, {name: how for name, (_, how) in pairs.items() if how is not None}, fold=fold)

    @classmethod
    def or_note(cls, none: str, caption: str, columns: Mapping[str, object]) -> Table | Note:
        """A table column by column; what is said where it has no row."""
        made = cls.of(caption, columns)
        return Note(none) if made.data.empty else made

    def written(self) -> pd.DataFrame:
        """The cells as a reader sees them."""
        import pandas as pd

        return pd.DataFrame(self.texts())

    def texts(self) -> dict[str, list[str]]:
        """The cells as a reader sees them, column by column."""
        return {c: self._column(cells.to_list(), self.formats.get(c)) for c, cells in self.data.items()}

    def without(self, rows: Iterable[int], names: Iterable[str], said: str) -> Table:
        """The same, of which a document lists rows in a sentence: ``said``, with their names."""
        if not (rows := tuple(rows)):
            return self
        return replace(
            self, idle=self.idle + rows, said=f"{self.said} {said.format(' ; '.join(map(lower, names)))}".strip()
        )

    def read(self) -> Table:
        """What a document shows of it: without its idle rows, then without the columns that say nothing."""
        kept = [row for row in range(len(self.data)) if row not in self.idle]
        texts = {c: [cells[row] for row in kept] for c, cells in self.texts().items() if c not in self.aside}
        said = {c: cells for c, cells in texts.items() if not cells or {*cells} - {"", "—", french.UNKNOWN}}
        return _Read(self, kept, said)

    def settled(self) -> Table:
        """The same, its cells written once however often it is shown."""
        return _Settled(**vars(self), cells=self.texts())

    def _column(self, values: list, how) -> list[str]:
        if isinstance(how, Rounded):
            return how.texts(values, self._text)
        return [self._text(value, how) for value in values]

    def _text(self, value, how) -> str:
        if isinstance(value, str):
            return escaping.terminal(french.typeset(value))
        if how is None:
            return french.UNKNOWN if value is None or unknown(value) else str(value)
        return how(value) if callable(how) else french.number(value, how)

    def _repr_mimebundle_(self, *_, **__) -> dict[str, str]:
        """What Jupyter shows, and the same in a terminal: the cells are written once for both."""
        texts = self.texts()
        return {MIME: self._described(texts), "text/html": self._html(texts), "text/plain": self._plain(texts)}

    def _described(self, texts: dict[str, list[str]]) -> dict:
        """What a writer needs of it."""
        names, rows = [french.typeset(name) for name in texts], [[*row] for row in zip(*texts.values(), strict=True)]
        numbers = [name in self.formats for name in texts]
        folded = {"folded": True} if self.fold else {}
        return {"caption": french.typeset(self.caption), "names": names, "numbers": numbers, "rows": rows} | folded

    def _repr_html_(self) -> str:
        return self._html(self.texts())

    def _html(self, texts: dict[str, list[str]]) -> str:
        caption = french.typeset(self.caption)
        align = [' class="number"' if column in self.formats else LEFT for column in texts]
        head = "".join(
            f'<th scope="col"{side}>{element(french.typeset(c))}</th>' for c, side in zip(texts, align, strict=True)
        )
        names, rows = [escaping.html(french.typeset(name)) for name in texts], []
        for first, *others in zip(*texts.values(), strict=True):
            cells = [f'<th scope="row"{align[0]}>{_breakable(first)}</th>']
            cells += [
                f'<td{side} data-label="{name}">{_breakable(v)}</td>'
                for v, side, name in zip(others, align[1:], names[1:], strict=True)
            ]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        frame = f'<div class="table" tabindex="0" role="region" aria-label="{escaping.html(caption)}">'
        return f"{frame}<table><caption>{element(caption)}</caption>{body}</table></div>"

    def __repr__(self) -> str:
        return self._plain(self.texts())

    def _plain(self, texts: dict[str, list[str]]) -> str:
        columns = [[escaping.terminal(name), *cells] for name, cells in texts.items()]
        aligned = [[cell.rjust(max(map(len, column))) for cell in column] for column in columns]
        return "\n".join([escaping.terminal(self.caption), *map(" ".join, zip(*aligned, strict=True))])


@dataclass(frozen=True)
class _Settled(Table):
    """A table whose cells are written."""

    cells: dict[str, list[str]] = field(default_factory=dict)

    def texts(self) -> dict[str, list[str]]:
        """The cells as a reader sees them, column by column."""
        return self.cells


class _Read(_Settled):
    """What a document shows of a table: some of its cells, and their numbers for who asks."""

    def __init__(self, whole: Table, rows: list[int], cells: dict[str, list[str]]) -> None:
        formats = {c: how.of(rows) if isinstance(how, Rounded) else how for c, how in whole.formats.items()}
        vars(self).update(caption=whole.caption, formats=formats, fold=whole.fold, cells=cells, whole=whole, rows=rows)

    @cached_property
    def data(self) -> pd.DataFrame:
        """The numbers of what is shown."""
        return self.whole.data.iloc[self.rows].reset_index(drop=True)[[*self.cells]]


def _breakable(text: str) -> str:
    """Escaped, with places to break inside very long words (paths, keys), and nowhere else."""
    if len(text) <= LONGEST_WORD:
        return element(text)
    words = (
        "<wbr>".join(map(element, re.split(r"(?<=[/_,])(?=.)", word))) if len(word) > LONGEST_WORD else element(word)
        for word in text.split(" ")
    )
    return " ".join(words)
