"""The other sheets of an export of démarches-simplifiées: establishments, opinions, repeatable blocks.

They are joined to the dossiers by « Dossier ID ». Names of experts and instructors are never kept.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import cells, columns, headers, labels, report
from copkit.intake.fields import NO, YES, Collected, Field
from copkit.intake.mapping import Mapping
from copkit.intake.sheet import Sheet

ESTABLISHMENTS, OPINIONS = "Etablissements", "Avis"
EXPERT = "Expert"  # the address of whoever was asked
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
            out |= _opinions(sheet, missing, ledger, kind)
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
    ids, where = columns.clean(_column(sheet, "Dossier ID"), missing), _column(sheet, "Champ")
    is_demandeur = pd.Series(True, index=ids.index) if where is None else where.map(headers.head) == "dossier"
    out = {}
    for name, header in (("holder_siren", "Établissement SIRET"), ("holder", "Entreprise raison sociale")):
        text = _column(sheet, header)
        if text is not None:
            found = pd.Series(columns.clean(text, missing)[is_demandeur].to_numpy(), index=ids[is_demandeur])
            out[name] = found[~found.index.duplicated(keep="last")]
    return out


def _opinions(sheet: Sheet, missing: set[str], ledger: report.Ledger, kind: Collected) -> dict[str, pd.Series]:
    """The opinions go to the ledger, without who wrote them; with a directory, they are those of the bodies too."""
    for header in sheet.headers:
        if headers.is_personal(header):
            ledger.dropped[f"{sheet.name} : {header}"] = None
    blank = pd.Series("", index=range(len(sheet.rows)), dtype="str")
    found = {name: _column(sheet, header) for name, header in _OPINION_COLUMNS.items()}
    texts = {name: blank if text is None else columns.clean(text, missing) for name, text in found.items()}
    for name in ("project_id", "introduction", "question", "answer"):
        texts[name] = ledger.taken(texts[name], "avis", name)
    experts, directory = _column(sheet, EXPERT), ledger.directory
    if directory and experts is not None:
        texts["body"] = pd.Series([directory.body(one) for one in experts], dtype="str")
    else:
        texts["body"] = blank
    ledger.add("opinions", sheet, **texts, row=sheet.rows)
    return _by_body(sheet, texts, ledger, kind) if directory else {}


def _by_body(sheet: Sheet, texts: dict[str, pd.Series], ledger: report.Ledger, kind: Collected) -> dict[str, pd.Series]:
    """The field of each body → its opinion, by dossier id; what nobody can tell is a problem, and stays blank."""
    said: dict[str, dict[str, dict[int, str]]] = {}
    for n, (dossier, body, answer) in enumerate(zip(texts["project_id"], texts["body"], texts["answer"], strict=True)):
        if not answer and not texts["yes_no"][n]:
            continue  # asked, not answered yet
        field = kind.fields.get(f"opinion_{body}")
        if not field:
            told = "avis non attribué : son courriel n'est pas dans le fichier des organismes. L'y ajouter, et relire."
            ledger.problem(sheet, [sheet.rows[n]], EXPERT, "", told)
            continue
        opinion = _opinion(answer, texts["yes_no"][n], texts["question"][n], field)
        if not opinion:
            told = (
                "ni favorable, ni réservé, ni défavorable à la lettre. Le lire, et le dire dans le classeur d'atelier."
            )
            ledger.problem(sheet, [sheet.rows[n]], _OPINION_COLUMNS["answer"], answer, told)
        said.setdefault(f"opinion_{body}", {}).setdefault(dossier, {})[n] = opinion
    out: dict[str, pd.Series] = {}
    for name, by_dossier in said.items():
        for dossier, opinions in by_dossier.items():
            if len(known := set(filter(None, opinions.values()))) > 1:
                told = f"avis différents d'un même organisme sur le dossier {dossier}. En garder un."
                ledger.problem(sheet, sheet.rows[[*opinions]], _OPINION_COLUMNS["answer"], [*opinions.values()], told)
            elif known:
                out[name] = pd.concat([out.get(name, pd.Series(dtype="str")), pd.Series({dossier: known.pop()})])
    count = sum(map(len, out.values()))
    ledger.notes[f"{sheet.file} : {french.plural(count, 'avis attribué', 'avis attribués')} à leur organisme."] = None
    return out


def _opinion(answer: str, yes_no: str, question: str, field: Field) -> str:
    """The opinion that an answer is to the letter, or that a yes or a no gives to « favorable ? »; else nothing."""
    written = next(iter(labels.choice("opinion", field, answer).ids), "")
    ticked = ""
    if re.search(r"\bfavorable\b", french.plain(question)):
        ticked = {YES: "favorable", NO: "defavorable"}.get(cells.yes_no(yes_no)[0], "")
    found = {written, ticked} - {""}
    unsure = not written and re.search(r"\breserves?\b", french.plain(answer))  # « oui », with a condition beside it
    return found.pop() if len(found) == 1 and not unsure else ""


def _block(
    sheet: Sheet, mapping: Mapping, missing: set[str], ledger: report.Ledger, kind: Collected
) -> dict[str, pd.Series]:
    """A repeatable block: kept without its personal columns; what the mapping asks for goes to the dossiers.

    The name of its sheet is « (identifiant) libellé », in ASCII and cut at 30 characters.
    """
    named = {i for i, h in enumerate(sheet.headers) if headers.is_personal(h, mapping)}
    kept = {}
    for i, header in enumerate(sheet.headers):
        if i in named and not ledger.personal:
            ledger.dropped[f"{sheet.name} : {header}"] = None
            continue
        text = columns.clean(sheet.cells[i], missing)
        text = ledger.taken(text, "blocs", headers.head(header).replace(" ", "_"))
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
        text, ids = columns.clean(sheet.cells[at], missing), columns.clean(ids, missing)
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
