"""The lever and the thématiques of each project: from its labels, or from the démarche that funds it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from copkit import french
from copkit.intake import amounts, fields, labels, report
from copkit.intake.mapping import LeverTable
from copkit.models import nomenclatures

MARK = "\x1f"


def read(label: str) -> tuple[str, str, str, labels.Found]:
    """The levers of a cell, those of the 43 that they stand for, what is wrong, and what was found.

    A blank lever stays blank; a label that means nothing gives « non_reconnu ». Several levers in one cell are all
    kept, as they are written.
    """
    if not label:
        return fields.NO_LEVER, "", "", labels.Found()
    found = labels.lever(label)
    stands = dict.fromkeys(lever for id_ in found.ids for lever in labels.levers_of(id_))
    id_ = fields.SEPARATOR.join(found.ids) if found.ids else fields.UNKNOWN_LEVER
    return id_, fields.SEPARATOR.join(stands), labels.unknown(found.close) if found.unknown else "", found


def thematiques(label: str) -> tuple[str, str, labels.Found]:
    """The thématiques of a cell, what is wrong, and what was found."""
    found = labels.thematique_of(label)
    return fields.SEPARATOR.join(found.ids), labels.unknown(found.close) if found.unknown else "", found


def of_levers(cell: str) -> tuple[str]:
    """The thématiques of the levers of the 43 in a cell."""
    return (fields.SEPARATOR.join(labels.thematiques_of(tuple(cell.split(fields.SEPARATOR)))),)


def of_programme(known: LeverTable) -> Callable[[str], tuple[str, str, str, labels.Found]]:
    """How the lever of a démarche is read, from its number and its label with ``MARK`` between them."""
    table = {row.number: row for row in known.rows if row.number}
    table |= {labels.key(row.label): row for row in known.rows}
    shown = {labels.key(row.label): row.label for row in known.rows}

    def one(text: str) -> tuple:
        number, _, name = text.partition(MARK)
        row = table.get(number) or table.get(labels.key(name))
        if row:
            return row.lever, fields.SEPARATOR.join(row.levers or labels.levers_of(row.lever)), "", labels.Found()
        if not number and not name:
            return fields.NO_LEVER, "", "", labels.Found()
        wrong = "démarche sans levier dans la correspondance. L'y ajouter (levers.rows)."
        said = name or number
        return fields.UNKNOWN_LEVER, "", wrong, labels.Found(unknown=(said,), close=labels.close_to(said, shown))

    return one


def said(cell: str) -> str:
    """The levers of a project as a table writes them.

    >>> said("haies|velo"), said(""), said("non_reconnu")
    ('Gestion des haies et Vélo', 'non renseigné', 'non reconnu')
    """
    if cell in (fields.NO_LEVER, fields.UNKNOWN_LEVER):
        return "non reconnu" if cell else "non renseigné"
    known = nomenclatures.lever_labels()
    return french.join(known.get(lever, lever) for lever in fields.ids(cell))


def quoted(cell: str) -> tuple[str, str]:
    """The known levers of a project in a sentence, without and with their article; nothing when there is none.

    >>> quoted("haies")[1], quoted("haies|velo")[1]
    ('le levier « Gestion des haies »', 'les leviers « Gestion des haies » et « Vélo »')
    """
    known = nomenclatures.lever_labels()
    named = [f"« {known[lever]} »" for lever in fields.ids(cell) if lever in known]
    if not named:
        return "", ""
    s = "s" if len(named) > 1 else ""
    noun = f"levier{s} {french.join(named)}"
    return noun, f"le{s} {noun}"


def deduced(projects: pd.DataFrame, mappings: list) -> pd.DataFrame:
    """Each démarche with the lever deduced from it, its status, its projects and its amount [EUR]."""
    rows = []
    tables = [mapping.levers for mapping in mappings if mapping.levers]
    keys = projects.lever_label.map(labels.key) if tables else pd.Series()
    said = set(keys)
    for known in tables:
        for row in known.rows:
            if (key := labels.key(row.label)) in said:
                at = projects[keys == key]
                levers = fields.SEPARATOR.join(row.levers or labels.levers_of(row.lever))
                amount = amounts.total(at.amount) if "amount" in at else float("nan")
                rows.append((row.number, row.label, row.lever, levers, known.status, row.note, len(at), amount))
    made = pd.DataFrame(rows, columns=list(report.DEDUCED))
    return made.drop_duplicates("label", ignore_index=True)
