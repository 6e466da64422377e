"""What is collected: the fields of a kind of thing (projects, strong points…), whatever the file they come from.

A kind is declared once, by whoever counts it; reading, labels, mappings and lists follow from its declaration. Text
that is missing is empty, a missing number is NaN; a yes/no is « oui », « non » or empty. A field that holds several
ids joins them with ``|``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from copkit import errors, escaping
from copkit.errors import ProjectError

if TYPE_CHECKING:
    from copkit.intake.sheet import Sheet

# « id »: what tells two apart; « name »: a text that a spreadsheet should not turn into a date
Kind = Literal[
    "text",
    "name",
    "id",
    "choice",
    "yes_no",
    "ids",
    "lever",
    "place",
    "territory",
    "siren",
    "number",
    "money",
    "quantity",
    "months",
    "year",
    "date",
    "whole",
]
NUMBERS = ("number", "money", "quantity", "months", "year")  # how each is written: cells.py

YES, NO = "oui", "non"
SEPARATOR = "|"
NO_LEVER, UNKNOWN_LEVER = "", "non_reconnu"  # nothing was written; what was written is not a lever
DTYPES = {kind: "str" for kind in get_args(Kind)} | dict.fromkeys(NUMBERS, "float64") | {"whole": "int64"}
EMPTY = {"str": "", "float64": float("nan"), "int64": 0}


def ids(cell: object) -> list[str]:
    """The ids of a cell, each once.

    >>> ids("haies|velo|haies"), ids("")
    (['haies', 'velo'], [])
    """
    return list(dict.fromkeys(filter(None, cell.split(SEPARATOR)))) if isinstance(cell, str) else []


@dataclass(frozen=True, slots=True)
class Field:
    """A standard field; ``given``: whether a file may give it. What is done of it: ``personal.rule``.

    ``choices``: id → label, or what makes them; ``vocabulary``: the name under which ``parameters/synonyms.csv`` lists
    other labels of its choices, its own name by default; ``dated``: its labels may carry a year, which does not count.
    """

    label: str
    kind: Kind = "text"
    choices: Mapping[str, str] | Callable[[], Mapping[str, str]] = field(default_factory=dict)
    vocabulary: str = ""
    dated: bool = False
    given: bool = True

    @property
    def empty(self) -> object:
        """What the field holds when nothing is known."""
        return EMPTY[DTYPES[self.kind]]

    @property
    def options(self) -> Mapping[str, str]:
        """id → label of its choices."""
        return self.choices() if callable(self.choices) else self.choices


LEVERS = {
    "lever_label": Field("Levier, libellé reçu", given=False),
    "lever": Field("Levier", "lever"),  # of the 43, or terms of the crosswalk, as written; NO_LEVER, UNKNOWN_LEVER
    "levers": Field("Leviers de la COP", "ids", given=False),  # the levers of the 43 that it stands for
    "thematiques": Field("Thématiques", "ids"),  # ids of cadre.yml
}
PLACES = {
    "commune": Field("Commune", "place"),  # com-59350
    "epci": Field("EPCI", "place"),  # epci-200066926
    "departement": Field("Département", "place"),  # dep-59
    "region": Field("Région", "place"),  # reg-32
    "region_label": Field("Région, libellé", given=False),  # also of the collectivités outside the 18 régions
}
PLACED = {name: replace(one, given=False) for name, one in PLACES.items()}  # those of a territory that is given
ORIGIN = {
    "source_file": Field("Fichier", given=False),
    "sheet": Field("Feuille", given=False),
    "row": Field("Ligne", "whole", given=False),  # in the file, the header is row 1
    "invented": Field("Exemple inventé", "yes_no"),
    "duplicate_of": Field("Doublon de", given=False),  # the one that is kept in its place; such a row is never counted
}


@dataclass(frozen=True, eq=False)
class Collected:
    """A kind of thing that territories send.

    ``name``: the folder of its mappings; ``noun``: one and several of it; ``key``: the fields of which a row must have
    one; ``deduplicate``: the fields that make two rows the same thing, where its mapping does not say them; ``unfold``:
    what turns a sheet of several things a row into one of a row each, and leaves any other as it is.
    """

    name: str
    noun: tuple[str, str]
    fields: Mapping[str, Field]
    key: tuple[str, ...]
    deduplicate: tuple[str, ...] = ()
    unfold: Callable[[Sheet], Sheet] | None = None

    @property
    def given(self) -> dict[str, Field]:
        """The fields that a file may give."""
        return {name: one for name, one in self.fields.items() if one.given}

    @property
    def vocabularies(self) -> dict[str, Mapping[str, str]]:
        """id → label of the choices of each vocabulary."""
        return {one.vocabulary or name: one.options for name, one in self.fields.items() if one.kind == "choice"}

    def as_csv(self, table: pd.DataFrame, *, excel: bool = False) -> str:
        """A table that was read as a CSV under the labels of the kit, that reads again; no text of it is a formula."""
        named = {name: one.label for name, one in self.given.items() if name != "thematiques"}
        return escaping.as_csv(table[list(named)].rename(columns=named), excel=excel)

    def complete(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with every standard field, in their order; other columns stay behind them."""
        empty = {dtype: pd.Series(blank, table.index, dtype) for dtype, blank in EMPTY.items()}
        columns = {name: table[name] if name in table else empty[DTYPES[one.kind]] for name, one in self.fields.items()}
        others = {name: table[name] for name in table if name not in self.fields}
        made = pd.DataFrame({**columns, **others}, index=table.index)
        made.attrs = dict(table.attrs)
        return made

    def taken(self, table: pd.DataFrame, read: str) -> pd.DataFrame:
        """A table that was read, with every standard field; anything else is refused. ``read``: the call that reads."""
        singular, plural = self.noun
        if not isinstance(table, pd.DataFrame):
            raise ProjectError(f"Table de {plural} attendue, et non {errors.given(table)}. La lire d'abord : {read}.")
        if not set(self.fields) & set(table):
            raise ProjectError(f"Cette table n'a aucune colonne d'un {singular}. La lire d'abord : {read}.")
        return table if set(self.fields) <= set(table) else self.complete(table)


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """What is counted: without the second submission of a same thing."""
    again = table.duplicate_of != "" if "duplicate_of" in table else None
    return table.copy(deep=False) if again is None or not again.any() else table[~again]
