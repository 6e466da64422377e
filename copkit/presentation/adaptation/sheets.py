"""The sheets of the priorities, one after the other: the columns of the record, to be printed."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.adaptation.priorities import LEVER, RECORD
from copkit.adaptation.recensement import Recensement
from copkit.models import nomenclatures
from copkit.presentation.adaptation.document import caption
from copkit.presentation.adaptation.priorities import day, place
from copkit.presentation.document import Section, Shown
from copkit.presentation.table import Table
from copkit.presentation.text import Text

SHEETS = Section("fiches", 120)
UNSAID = "à renseigner"
PLACES = ("title", "region", "departement")  # said otherwise: the heading of the sheet, and its first line


def sheet(r: Recensement, number: int, row) -> Table:
    """One sheet: what each column of the record says, and what is still to be said."""
    rows = [("Territoire", place(row))]
    rows += [(RECORD[name].label, _said(name, getattr(row, name))) for name in r.shown if name not in PLACES]
    fields, said = zip(*rows, strict=True)
    return Table.of(caption(r, f"Fiche {number}"), {"Champ": list(fields), "Ce qui est dit": list(said)})


def _said(name: str, value: object) -> str:
    if name == LEVER:
        return nomenclatures.adaptation_labels().get(value, UNSAID)
    if name == "budget":
        return UNSAID if pd.isna(value) else f"{french.number(value, 0)}\u00a0€"
    return (day(value) if name == "due" else str(value)) or UNSAID


@SHEETS.sentence()
def sheets(r: Recensement) -> Shown:
    """Les fiches des priorités, celles de toute la région à la fin, une table chacune."""
    parts = []
    for number, row in enumerate(pd.concat([r.priorities, r.regional]).itertuples(), 1):
        parts += [Text("### {}", row.title), sheet(r, number, row)]
    return Shown(tuple(parts))
