"""The other sheets of an export of démarches-simplifiées: establishments, opinions, repeatable blocks.

They are joined to the dossiers by « Dossier ID ». Names of experts and instructors are never kept.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from copkit.intake import cells, headers, report
from copkit.intake.fields import Collected
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet

ESTABLISHMENTS, OPINIONS = "Etablissements", "Avis"
DEMANDEUR = "Dossier"  # what the column « Champ » says of the demandeur; the fields of the form say their label
_OPINION_COLUMNS = {
    "project_id": "Dossier ID",
    "introduction": "Introduction",
    "question": "Question",
    "answer": "Réponse",
    "yes_no": "Réponse oui/non",
    "created": "Créé le",
    "answered": "Répondu le",
}


def joined(
    others: list[Sheet], mapping: Mapping, ledger: report.Ledger, kind: Collected
) -> tuple[dict[str, pd.Series], dict[str, str]]:
    """field → texts by dossier id, from the sheets that are not dossiers; and what each sheet that is read holds.

    Opinions and blocks go to the ledger.
    """
    missing = {text.casefold() for text in mapping.missing}
    out: dict[str, pd.Series] = {}
    held: dict[str, str] = {}
    for sheet in others:
        if _column(sheet, "Dossier ID") is None:
            continue
        if headers.head(sheet.name) == headers.head(ESTABLISHMENTS):
            held[sheet.name] = "établissements des dossiers"
            out |= _establishments(sheet, missing)
        elif headers.head(sheet.name) == headers.head(OPINIONS):
            held[sheet.name] = "avis sur les dossiers"
            _opinions(sheet, missing, ledger)
        elif sheet.name.startswith("("):
            held[sheet.name] = "bloc répétable des dossiers"
            out |= _block(sheet, mapping, missing, ledger, kind)
        else:
            continue
        for problem in sheet.wrong(range(len(sheet.headers)), missing):
            ledger.problem(sheet, *problem)
    return {name: texts for name, texts in out.items() if name in kind.fields}, held


def _column(sheet: Sheet, header: str) -> pd.Series | None:
    at = _position(sheet, header)
    return None if at is None else sheet.cells[at]


def _position(sheet: Sheet, header: str) -> int | None:
    wanted = headers.head(header)
    return next((i for i, h in enumerate(sheet.headers) if headers.head(h) == wanted), None)


def _establishments(sheet: Sheet, missing: set[str]) -> dict[str, pd.Series]:
    """SIRET and name of the demandeur of each dossier; without a column « Champ », the last row of the dossier."""
    ids, where = cells.clean(_column(sheet, "Dossier ID"), missing), _column(sheet, "Champ")
    is_demandeur = pd.Series(True, index=ids.index) if where is None else where.map(headers.head) == "dossier"
    out = {}
    for name, header in (("holder_siren", "Établissement SIRET"), ("holder", "Entreprise raison sociale")):
        text = _column(sheet, header)
        if text is not None:
            found = pd.Series(cells.clean(text, missing)[is_demandeur].to_numpy(), index=ids[is_demandeur])
            out[name] = found[~found.index.duplicated(keep="last")]
    return out


def _opinions(sheet: Sheet, missing: set[str], ledger: report.Ledger) -> None:
    for header in sheet.headers:
        if headers.is_personal(header):
            ledger.dropped[f"{sheet.name} : {header}"] = None
    blank = pd.Series("", index=range(len(sheet.rows)), dtype="str")
    columns = {name: _column(sheet, header) for name, header in _OPINION_COLUMNS.items()}
    texts = {name: blank if text is None else cells.clean(text, missing) for name, text in columns.items()}
    for name in ("introduction", "question", "answer"):
        if not ledger.personal:
            texts[name], count = cells.masked(texts[name])
            ledger.masked += count
    ledger.add("opinions", sheet, **texts, row=sheet.rows)


def _block(
    sheet: Sheet, mapping: Mapping, missing: set[str], ledger: report.Ledger, kind: Collected
) -> dict[str, pd.Series]:
    """A repeatable block: kept without its personal columns; what the mapping asks for goes to the dossiers.

    The name of its sheet is « (identifiant) libellé », in ASCII and cut at 30 characters.
    """
    personal = {i for i, h in enumerate(sheet.headers) if headers.is_personal(h, mapping)}
    kept = {}
    for i, header in enumerate(sheet.headers):
        if i in personal and not ledger.personal:
            ledger.dropped[f"{sheet.name} : {header}"] = None
            continue
        text = cells.clean(sheet.cells[i], missing)
        if not ledger.personal:
            text, count = cells.masked(text) if headers.head(header) != "dossier id" else (text, 0)
            ledger.masked += count
        kept[header or f"colonne {i + 1}"] = text
    ledger.blocks[f"{sheet.file} : {sheet.name}"] = pd.DataFrame(kept)
    out = {}
    said = headers.head(sheet.name.partition(")")[2])
    for block in mapping.blocks:
        if not said or not headers.head(block.label).startswith(said):
            continue
        ids, at = _column(sheet, "Dossier ID"), _position(sheet, block.header)
        if at is None:
            ledger.problem(
                sheet,
                [1],
                block.header,
                [""],
                f"colonne absente du bloc « {block.label} ». La rétablir, ou la retirer de la correspondance.",
            )
            continue
        text, ids = cells.clean(sheet.cells[at], missing), cells.clean(ids, missing)
        if block.how == "join":
            filled = text != ""
            out[block.field] = text[filled].groupby(ids[filled].to_numpy()).agg("\n".join)
        else:
            number = kind.fields[block.field].kind
            values, messages = cells.read(block.field, number, text, mapping.decimal, sheet.numbers.get(at))
            wrong = messages != ""
            ledger.problem(sheet, sheet.rows[wrong], block.header, text[wrong], messages[wrong])
            known = ~np.isnan(values) & ~ids.isin(ids[wrong]).to_numpy()  # a sum that lacks a term is not known
            sums = pd.Series(values[known], index=ids[known].to_numpy()).groupby(level=0).agg(math.fsum)
            out[block.field] = sums.map(_written).astype("str")
    return out


def _written(value: float) -> str:
    """A sum as it is read back: four decimals are never taken for thousands."""
    return str(int(value)) if value.is_integer() else np.format_float_positional(value, min_digits=4)
