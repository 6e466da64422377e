"""Rows of a table that add up others: totals and subtotals, told by what they say and by what they sum.

A row that says it is the total of everything, of a territory or of a group of the table is set aside. One that only
begins as a total (« Total énergies : parc solaire »), or whose amounts are the sum of the rows above it, may be a
project: it is counted, and reported. A row that also says who holds it, where it lies, when… is a project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import amounts, cells, columns, gazetteer
from copkit.intake.fields import NUMBERS, Collected
from copkit.intake.headers import Matched
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet

ALL, PART, MAYBE, NONE = 3, 2, 1, 0  # the total of everything, of a group; what begins as a total; anything else
_AMOUNTS = re.compile(r"[\d\s.,;€]*(?:HT|TTC)?")  # a text that is nothing but amounts, as what two columns say in one
# What the row of a total may say besides its label and its amounts: what it groups by, and in what unit.
GROUPS = ("departement", "region", "lever", "lever_by", "thematiques", "theme", "programme", "quantity_unit")
_LOOKS = re.compile("tota|somme|cumul|ensemble|r[eé]sultat", re.IGNORECASE)
_HEAD = re.compile(r"(?:(?:grand|sous|ss?) )?(total|totaux|sommes?|cumul|ensemble)\b")
_TAIL = re.compile(r"(?: |^)(total|totaux|somme|resultat)$")
_BESIDE = re.compile(
    r"\b(?:general|generale|generaux|globale?|partiel|cumule|resultat|du|de|des|d|la|le|les|l|par|et|en|a|projets?"
    r"|dossiers?|lignes?|actions?|operations?|montants?|couts?|budgets?|subventions?|engagements?|demandes?|euros?|eur"
    r"|k|ke|me|ht|ttc|page|feuille|onglet|tableau|departements?|regions?|epci|communes?|territoires?|programmes?"
    r"|leviers?|thematiques?|themes?|categories?|annees?|exercices?|\d+[ab]?)\b"
)


@dataclass
class Totals:
    """The totals of a table, by position of their row."""

    aside: set[int] = field(default_factory=set)
    doubts: dict[int, str] = field(default_factory=dict)  # rows that are counted and may be totals, and why


def find(kind: Collected, sheet: Sheet, matched: Matched, mapping: Mapping) -> Totals:
    """The totals of a table, its rows looked at in the order of the file."""
    table, out = _Table(kind, sheet, matched, mapping), Totals()
    numbered = [name for name in kind.key if kind.fields[name].kind == "id"]
    named_by = [name for name in kind.key if name not in numbered]
    id_, title = table.text(*numbered[:1]), table.text(*named_by[:1])
    named = (columns.holds(id_, _LOOKS) | columns.holds(title, _LOOKS)).to_numpy()
    bare = set(table.bare(np.flatnonzero(named | ((id_ == "") | (title == "")).to_numpy())).tolist())
    enough = 2 if (id_ != "").any() else 3  # rows above, for a sum that no label announces
    for at in sorted({*np.flatnonzero(named).tolist(), *bare}):
        above = table.above(at) if at in bare else 0
        aside, doubt = _judged(id_.iloc[at], title.iloc[at], at in bare, above, enough, table)
        if aside or (not id_.iloc[at] and not title.iloc[at] and table.says_total(at)):
            out.aside.add(at)
            table.leave_out(at)
        elif doubt:
            out.doubts[at] = _doubt(above, kind.noun[1])
    return out


def _judged(id_: str, title: str, bare: bool, above: int, enough: int, table: _Table) -> tuple[bool, bool]:
    """Whether a row is a total, and whether it may be one; ``above``: how many rows above have its amounts as sum."""
    if id_ and title:
        said, kind = table.kind(id_), table.kind(title)
        sure = said >= PART or (kind >= PART and above > 0)
        return bare and sure, bare and (kind >= PART or (kind == MAYBE and above > 0))
    kind = table.kind(id_ or title)
    sure = kind == ALL or (kind == PART and bare) or (kind == MAYBE and above > 0)
    named = (kind == MAYBE and bare) or (kind == PART and "tota" in (id_ or title).casefold())
    return sure, named or (bool(title) and above >= enough)


def _doubt(above: int, noun: str) -> str:
    why = f"montants égaux à la somme des {above} lignes au-dessus" if above else "intitulé d'un total"
    return (
        f"{why} : comptée parmi les {noun}. Si c'est un total, retirer la ligne ; sinon, dire ce qui la "
        "distingue d'un total, par exemple un numéro ou un porteur."
    )


class _Table:
    """A table as it is looked at for its totals; the sums are made when a row asks for them."""

    def __init__(self, kind: Collected, sheet: Sheet, matched: Matched, mapping: Mapping) -> None:
        self.fields, self.key, self.sheet, self.matched, self.mapping = kind.fields, kind.key, sheet, matched, mapping
        self.missing = {text.casefold() for text in mapping.missing}
        self.first, self.left = 0, 0  # where the current block starts; how many totals were met

    def text(self, name: str = "", role: str = "", rows: np.ndarray | slice = slice(None)) -> pd.Series:
        """A field as it is written; of its columns, the first one that is filled."""
        positions = self.matched.columns.get((name, role), [])
        texts = [columns.clean(self.sheet.cells[position].iloc[rows], self.missing) for position in positions]
        out = texts[0] if texts else pd.Series("", index=self.sheet.cells.index[rows], dtype="str")
        for here in texts[1:]:
            out = out.where(out != "", here)
        return out

    def bare(self, rows: np.ndarray) -> np.ndarray:
        """Of some rows, those that say nothing but a label, what they group by, and numbers."""
        for name, role in self.matched.columns:
            kind = self.fields[name].kind if name in self.fields else "text"
            if len(rows) and name not in (*self.key, *GROUPS) and kind not in NUMBERS:
                text = self.text(name, role, rows)
                nothing = columns.is_whole(text, _AMOUNTS) if kind == "text" else text == ""
                rows = rows[nothing.to_numpy()]
        return rows

    def kind(self, label: str) -> int:
        """What a label says of its row."""
        text = french.plain(label)
        head, tail = _HEAD.match(text), _TAIL.search(text)
        if not head and not tail:
            return NONE
        rest = text[head.end() :] if head else text[: tail.start()]
        rest = " ".join(_BESIDE.sub(" ", rest).split())
        if not rest:
            return PART if head and head[1] == "ensemble" else ALL
        if gazetteer.is_named(rest) or rest in self.groups:
            return PART
        return MAYBE if head and head[1].startswith("tota") else NONE

    @cached_property
    def groups(self) -> set[str]:
        """What the table groups its rows by, as it is compared."""
        named = {
            value for name, role in self.matched.columns if name in GROUPS for value in self.text(name, role).unique()
        }
        return {" ".join(_BESIDE.sub(" ", french.plain(value)).split()) for value in named}

    def says_total(self, at: int) -> bool:
        """Whether a row without title says somewhere that it is a total."""
        said = [cell for cell in self.sheet.cells.iloc[at] if "tota" in cell.casefold()]
        return any(self.kind(cell) >= PART for cell in said)

    @cached_property
    def sums(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For each column of money, the cents of each row, those of all rows before it, and those of the totals met."""
        out = []
        for (name, _), (position, *_) in self.matched.columns.items():
            if name in self.fields and self.fields[name].kind == "money":
                text = columns.clean(self.sheet.cells[position], self.missing)
                values, _ = cells.read(name, "money", text, self.mapping.decimal, self.sheet.numbers.get(position))
                cents, _ = amounts.cents(pd.Series(values))
                out.append((cents, np.concatenate([[0], np.cumsum(cents)]), np.zeros_like(cents[:1])))
        return out

    def above(self, at: int) -> int:
        """How many rows above a row have its amounts as their sum: those of its block, or all; 0 when none have."""
        filled = [columns for columns in self.sums if columns[0][at]]
        for first, left in ((self.first, 0), (0, self.left)):
            rows = at - first - left
            sums = [before[at] - before[first] - (gone[0] if left else 0) for _, before, gone in filled]
            if rows and filled and all(abs(s - own[at]) <= 1 for s, (own, *_) in zip(sums, filled, strict=True)):
                return rows
        return 0

    def leave_out(self, at: int) -> None:
        """A total is in no sum; a new block starts behind it."""
        for cents, _, gone in self.sums:
            gone[0] += cents[at]
        self.first, self.left = at + 1, self.left + 1
