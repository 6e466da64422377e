"""Two columns that mean the same, as a revision of a form leaves them: merged, counted, their conflicts listed.

The first header of the mapping is the most recent one: its cells win.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from copkit.intake import cells, labels, report
from copkit.intake.fields import Collected, Field
from copkit.intake.sheet import Sheet

_MARK = "\x1f"
TEXT = Field("")


class Revisions:
    """The merged columns of one table."""

    def __init__(self, sheet: Sheet, ledger: report.Ledger, kind: Collected) -> None:
        self.sheet, self.ledger, self.kind = sheet, ledger, kind
        self.counts: dict[tuple[str, int], list[int]] = {}  # (field, column) → cells filled, cells kept

    def merge(self, name: str, positions: list[int], texts: list[pd.Series], rows: np.ndarray) -> pd.Series:
        """One text from the columns of a field: the first filled one; what differs is listed."""
        out, taken = texts[0], pd.Series(positions[0], index=texts[0].index)
        for position, text in zip(positions[1:], texts[1:], strict=True):
            both = (out != "") & (text != "") & (out != text)
            if both.any():
                pairs = out[both].str.cat(text[both], sep=_MARK)
                (same,) = cells.by_text(
                    pairs, lambda pair: (alike(self.kind.fields.get(name, TEXT), *pair.split(_MARK)),)
                )
                differ = ~same.astype(bool)
                self._conflict(name, out[both][differ], text[both][differ], taken, position, rows)
            fill = (out == "") & (text != "")
            out, taken = out.where(~fill, text), taken.where(~fill, position)
        for position, text in zip(positions, texts, strict=True):
            count = self.counts.setdefault((name, position), [0, 0])
            count[0] += int((text != "").sum())
            count[1] += int(((taken == position) & (out != "")).sum())
        return out

    def _conflict(self, name: str, kept: pd.Series, other: pd.Series, taken: pd.Series, position: int, rows) -> None:
        at = kept.index
        self.ledger.add(
            "conflicts",
            self.sheet,
            row=rows[at],
            field=name,
            kept_header=[self.sheet.headers[i] for i in taken[at]],
            kept=kept.map(self.ledger.hide),
            other_header=self.sheet.headers[position],
            other=other.map(self.ledger.hide),
        )

    def tell(self) -> None:
        """Report the merged columns; a SIREN beside a SIRET is no revision."""
        for (name, position), (filled, kept) in self.counts.items():
            if self.kind.fields.get(name, TEXT).kind != "siren":
                header = self.sheet.headers[position]
                self.ledger.add("merged", self.sheet, field=name, header=header, cells=filled, kept=kept)


def alike(field: Field, one: str, other: str) -> bool:
    """True when two texts of a field mean the same.

    >>> alike(Field("Coût", "money"), "1 000 €", "1000"), alike(Field("Levier", "lever"), "Vélos", "vélo")
    (True, True)
    >>> alike(Field("Intitulé"), "École", "Mairie")
    False
    """
    if field.kind == "lever":
        return labels.lever(one) == labels.lever(other) or labels.key(one) == labels.key(other)
    how = cells.READ.get(field.kind)
    if how and not how(one)[1]:
        return how(one) == how(other)
    return labels.key(one) == labels.key(other)
