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
        return pd.DataFrame(self.texts())

    def texts(self) -> dict[str, list[str]]:
        """The cells as a reader sees them, column by column."""
        return {c: [self._text(v, self.formats.get(c)) for v in self.data[c].to_list()] for c in self.data}

    def _text(self, value, how) -> str:
        if isinstance(value, str):
            return french.typeset(value)
        if how is None:
            return french.UNKNOWN if value is None or pd.isna(value) else str(value)
        return how(value) if callable(how) else french.number(value, how)

    def _repr_mimebundle_(self, *_, **__) -> dict[str, str]:
        """What Jupyter shows, and the same in a terminal: the cells are written once for both."""
        texts = self.texts()
        return {"text/html": self._html(texts), "text/plain": self._plain(texts)}

    def _repr_html_(self) -> str:
        return self._html(self.texts())

    def _html(self, texts: dict[str, list[str]]) -> str:
        caption = escape(french.typeset(self.caption))
        align = [' class="number"' if column in self.formats else "" for column in texts]
        head = "".join(
            f'<th scope="col"{side}>{escape(french.typeset(c))}</th>' for c, side in zip(texts, align, strict=True)
        )
        rows = []
        for first, *others in zip(*texts.values(), strict=True):
            cells = [f'<th scope="row"{align[0]}>{_breakable(first)}</th>']
            cells += [f"<td{side}>{_breakable(v)}</td>" for v, side in zip(others, align[1:], strict=True)]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        frame = f'<div class="table" tabindex="0" role="region" aria-label="{caption}">'
        return f"{frame}<table><caption>{caption}</caption>{body}</table></div>"

    def __repr__(self) -> str:
        return self._plain(self.texts())

    def _plain(self, texts: dict[str, list[str]]) -> str:
        columns = [[name, *cells] for name, cells in texts.items()]
        aligned = [[cell.rjust(max(map(len, column))) for cell in column] for column in columns]
        return "\n".join([self.caption, *map(" ".join, zip(*aligned, strict=True))])


def _breakable(text: str) -> str:
    """Escaped, with places to break inside very long words (paths, keys), and nowhere else."""
    if len(text) <= LONGEST_WORD:
        return escape(text)
    words = (
        re.sub(r"(?<=[/_,])(?=.)", "\u200b", word) if len(word) > LONGEST_WORD else word for word in text.split(" ")
    )
    return escape(" ".join(words)).replace("\u200b", "<wbr>")
