"""The answer of the GraphQL API of démarches-simplifiées, saved as JSON: the same raw table as its tabular export.

One file may hold one page, several pages in a list, or the « dossiers » alone; several pages may be several files.
A column keeps the ``champDescriptorId`` of its field, which a mapping may name instead of its label.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from copkit.errors import Problems, ProjectError
from copkit.files import read_bytes
from copkit.intake.sheet import Sheet, Stray
from copkit.received import read_json

STATES = {
    "brouillon": "Brouillon",
    "en_construction": "En construction",
    "en_instruction": "En instruction",
    "accepte": "Accepté",
    "refuse": "Refusé",
    "sans_suite": "Classé sans suite",
}
REDO = "Enregistrer de nouveau la réponse de l'API."
_EXPECTED = (
    "« data.demarche.dossiers.nodes » attendu. Enregistrer la réponse de la requête getDemarche sans la changer."
)
_DEMANDEUR = {  # header of the export → path in « demandeur »
    "Établissement SIRET": ("siret",),
    "Entreprise SIREN": ("entreprise", "siren"),
    "Entreprise raison sociale": ("entreprise", "raisonSociale"),
    "Entreprise forme juridique": ("entreprise", "formeJuridique"),
    "Association RNA": ("association", "rna"),
}
_DATES = {
    "Dernière mise à jour du dossier le": "dateDerniereModification",
    "Déposé le": "dateDepot",
    "Passé en instruction le": "datePassageEnInstruction",
    "Traité le": "dateTraitement",
}
_PLACES = {  # field of a champ → headers that the export adds to its label
    "commune": ({"code": " (Code INSEE)"}, " (Département)"),
    "epci": ({"code": " (Code)"}, " (Département)"),
    "departement": ({"code": " (Code)"}, ""),
    "region": ({"code": " (Code)"}, ""),
}


def read(path: Path) -> Sheet:
    """The dossiers of a saved answer.

    Raises
    ------
    ProjectError
        If the file is not JSON, is an error of the API, or holds no dossiers.
    """
    problems = Problems()
    content = read_json(read_bytes(path, ProjectError), partial(problems.add, str(path)), REDO)
    problems.raise_if_any(ProjectError)
    nodes = [node for page in _pages(content, path) for node in page]
    headers: dict[tuple[str, str], None] = {}
    rows, numbers, strays = [], [], []
    for number, node in enumerate(nodes, start=1):
        wrong = "dossier sans numéro" if not isinstance(node, dict) or "number" not in node else ""
        if not wrong and not all(_shaped(node.get(name)) for name in ("champs", "annotations")):
            wrong = f"dossier d'une autre forme que celle de l'API. {REDO.removesuffix('.')}"
        if wrong:
            strays.append(Stray(number, [json.dumps(node, ensure_ascii=False)[:2000]], wrong))
            continue
        row = _row(node)
        headers.update(dict.fromkeys(row))
        rows.append(row)
        numbers.append(number)
    cells = pd.DataFrame(
        {i: pd.Series([_text(row.get(head)) for row in rows], dtype="str") for i, head in enumerate(headers)}
    )
    decimals = {i: np.array([isinstance(row.get(h), float) for row in rows], bool) for i, h in enumerate(headers)}
    labels, champs = ([pair[n] for pair in headers] for n in (0, 1))
    table = Sheet(path.name, "", labels, cells, np.array(numbers, dtype=np.int64), len(nodes), strays=strays)
    table.champs = champs
    table.numbers = {i: at for i, at in decimals.items() if at.any()}
    table.notes = _unfinished(content)
    return table


def _pages(content: object, path: Path) -> list[list]:
    """The nodes of each page; the file is a page, a list of pages, or a part of a page."""
    pages = []
    for page in content if isinstance(content, list) else [content]:
        if isinstance(page, dict) and (wrong := page.get("errors")):
            listed = wrong[:3] if isinstance(wrong, list) else [wrong]
            said = "; ".join(str(e.get("message", e)) if isinstance(e, dict) else str(e) for e in listed)
            raise ProjectError(f"{path} : l'API a répondu une erreur ({said}). Refaire la requête.")
        dossiers = _dossiers(page)
        if not isinstance(dossiers, dict) or not isinstance(dossiers.get("nodes"), list):
            raise ProjectError(f"{path} : aucun dossier trouvé. {_EXPECTED}")
        pages.append(dossiers["nodes"])
    if not pages:
        raise ProjectError(f"{path} : aucun dossier trouvé. {_EXPECTED}")
    return pages


def _shaped(blocks: object) -> bool:
    """True for a list of fields, each of which may be a list of rows of fields."""
    if not isinstance(blocks, list):
        return blocks is None
    inside = [one.get(name) for one in blocks if isinstance(one, dict) for name in ("champs", "rows")]
    return all(isinstance(one, dict) for one in blocks) and all(_shaped(one) for one in inside)


def _dossiers(page: object) -> object:
    for step in ("data", "demarche", "dossiers"):
        if isinstance(page, dict) and step in page:
            page = page[step]
    return page


def _unfinished(content: object) -> list[str]:
    """Say when the last page of the file is not the last one of the démarche."""
    last = _dossiers(content[-1] if isinstance(content, list) else content)
    info = last.get("pageInfo") if isinstance(last, dict) else None
    if isinstance(info, dict) and info.get("hasNextPage"):
        return ["l'API annonce une page suivante : vérifier qu'elle est dans un des fichiers lus"]
    return []


def _row(node: dict) -> dict[tuple[str, str], str | float]:
    """(header, champDescriptorId) → text or decimal number, as the tabular export has it."""
    row = {("ID", ""): str(node["number"])}
    demandeur = node.get("demandeur") or {}
    for header, steps in _DEMANDEUR.items():
        row[header, ""] = _text(_at(demandeur, steps))
    row["État du dossier", ""] = STATES.get(str(node.get("state") or ""), _text(node.get("state")))
    for header, key in _DATES.items():
        row[header, ""] = _text(node.get(key))
    for champ in [*(node.get("champs") or []), *(node.get("annotations") or [])]:
        for header, value in _champ(champ).items():
            at = (header, _text(champ.get("champDescriptorId") or champ.get("id")))
            row[at] = value if not row.get(at) else row[at]
    return row


def _champ(champ: dict) -> dict[str, str | float]:
    label = " ".join(_text(champ.get("label")).split())
    for kind, (codes, departement) in _PLACES.items():
        place = champ.get(kind)
        if isinstance(place, dict):
            out = {label: _text(champ.get("stringValue")) or _text(place.get("name"))}
            out |= {label + end: _text(place.get(key)) for key, end in codes.items()}
            inside = champ.get("departement") if kind != "departement" else None
            if departement and isinstance(inside, dict):
                out[label + departement] = f"{_text(inside.get('code'))} – {_text(inside.get('name'))}"
            return out
    if isinstance(champ.get("rows"), list):  # repeatable block: one column for each of its fields, lines joined
        out: dict[str, str] = {}
        for line in champ["rows"]:
            for inner in line.get("champs") or []:
                for header, value in _champ(inner).items():
                    name = f"{label} > {header}"
                    out[name] = "\n".join(filter(None, (out.get(name, ""), _text(value))))
        return out
    return {label: _value(champ)}


def _value(champ: dict) -> str | float:
    if champ.get("primaryValue"):
        return " / ".join(filter(None, (_text(champ["primaryValue"]), _text(champ.get("secondaryValue")))))
    if isinstance(champ.get("values"), list):
        return "\n".join(map(_text, champ["values"]))  # a label may hold a comma: never joined with one
    for key in ("date", "datetime", "checked", "decimalNumber", "integerNumber"):
        if champ.get(key) is not None:
            return champ[key] if isinstance(champ[key], float) else _text(champ[key])
    return _text(champ.get("stringValue") if champ.get("stringValue") is not None else champ.get("value"))


def _at(block: object, steps: tuple[str, ...]) -> object:
    for step in steps:
        block = block.get(step) if isinstance(block, dict) else None
    return block


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    return value if isinstance(value, str) else str(value)
