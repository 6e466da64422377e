"""The lever and the thématiques of each project: from its labels, or from the démarche that funds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from copkit import french
from copkit.intake import amounts, cells, fields, labels, report
from copkit.models import nomenclatures

if TYPE_CHECKING:
    from copkit.intake.conversion import Conversion


def convert(at: Conversion, texts: dict) -> dict[str, pd.Series]:
    """``lever``, ``levers``, ``lever_label`` and ``thematiques`` of some rows.

    A blank lever stays blank; a label that means nothing gives « non_reconnu ». Several levers in one cell are all
    kept, as they are written. A file without thématiques has those of its levers.
    """
    out: dict[str, pd.Series] = {}
    if at.mapping.levers and any(name == "lever_by" for name, _ in texts):
        out = _from_table(at, texts)
    elif ("lever", "") in texts:
        out = _from_labels(at, texts["lever", ""])
    if ("thematiques", "") in texts:
        out["thematiques"] = _thematiques(at, texts["thematiques", ""])
    elif out:
        (found,) = cells.by_text(
            out["levers"], lambda t: (fields.SEPARATOR.join(labels.thematiques_of(tuple(t.split(fields.SEPARATOR)))),)
        )
        out["thematiques"] = pd.Series(found, dtype="str")
        at.ledger.notes["Thématiques déduites des leviers, le fichier n'en a pas."] = None
    return out


def _from_labels(at: Conversion, text: pd.Series) -> dict[str, pd.Series]:
    text = at._translated("lever", text)

    def one(label: str) -> tuple:
        if not label:
            return fields.NO_LEVER, "", "", labels.Found()
        found = labels.lever(label)
        stands = tuple(dict.fromkeys(lever for id_ in found.ids for lever in labels.levers_of(id_)))
        id_ = fields.SEPARATOR.join(found.ids) if found.ids else fields.UNKNOWN_LEVER
        message = labels.unknown(found.close) if found.unknown else ""
        return id_, fields.SEPARATOR.join(stands), message, found

    ids, stands, messages, unknown = cells.by_text(text, one)
    at._wrong(messages != "", "lever", text, messages)
    at._count_unknown("lever", text, unknown)
    return {
        "lever": pd.Series(ids, dtype="str"),
        "levers": pd.Series(stands, dtype="str"),
        "lever_label": at._hidden("lever_label", text),
    }


def _thematiques(at: Conversion, text: pd.Series) -> pd.Series:
    text = at._translated("thematiques", text)

    def one(label: str) -> tuple:
        found = labels.thematique_of(label)
        return fields.SEPARATOR.join(found.ids), labels.unknown(found.close) if found.unknown else "", found

    ids, messages, found = cells.by_text(text, one)
    at._wrong(messages != "", "thematiques", text, messages)
    at._count_unknown("thematique", text, found)
    return pd.Series(ids, dtype="str")


def _from_table(at: Conversion, texts: dict) -> dict[str, pd.Series]:
    """The lever of a démarche, by its number or by its label."""
    known, table = at.mapping.levers, {}
    for row in known.rows:
        table |= {row.number: row} if row.number else {}
        table[labels.key(row.label)] = row
    blank = pd.Series("", index=range(len(at.rows)), dtype="str")
    number = texts.get(("lever_by", "number"), blank)
    label = texts.get(("lever_by", "label"), blank)
    both = number.str.cat([label], sep="\x1f")

    def one(text: str) -> tuple:
        n, _, name = text.partition("\x1f")
        row = table.get(n) or table.get(labels.key(name))
        if row:
            stands = row.levers or labels.levers_of(row.lever)
            return row.lever, fields.SEPARATOR.join(stands), ""
        if not n and not name:
            return fields.NO_LEVER, "", ""
        return fields.UNKNOWN_LEVER, "", "démarche sans levier dans la correspondance. L'y ajouter (levers.rows)."

    ids, stands, messages = cells.by_text(both, one)
    at._wrong(messages != "", "programme", label.where(label != "", number), messages)
    lost = label.where(label != "", number)[messages != ""]
    for name, count in lost.value_counts().items():
        shown = {labels.key(row.label): row.label for row in known.rows}
        at.ledger.label("lever", name, int(count), labels.closest(name, shown))
    at.ledger.notes[f"Levier déduit de la démarche ({known.status})."] = None
    return {
        "lever": pd.Series(ids, dtype="str"),
        "levers": pd.Series(stands, dtype="str"),
        "lever_label": label.where(label != "", number),
    }


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
    for mapping in mappings:
        for row in mapping.levers.rows if mapping.levers else ():
            at = projects[projects.lever_label.map(labels.key) == labels.key(row.label)]
            if len(at):
                levers = fields.SEPARATOR.join(row.levers or labels.levers_of(row.lever))
                amount = amounts.total(at.amount) if "amount" in at else float("nan")
                rows.append(
                    (row.number, row.label, row.lever, levers, mapping.levers.status, row.note, len(at), amount)
                )
    made = pd.DataFrame(rows, columns=list(report.DEDUCED))
    return made.drop_duplicates("label", ignore_index=True)
