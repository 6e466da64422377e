"""The tables of ``copkit balance`` and ``copkit triage``, as a terminal or a notebook shows them."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.presentation.table import Table
from copkit.projects import fields
from copkit.projects.counting import balance
from copkit.projects.triage.sort import category_labels
from copkit.reference import territories

HEADS = {
    "departement": "Département",
    "region": "Région",
    "category": "Catégorie",
    "lever": "Levier",
    "theme": "Thème",
    "thematique": "Thématique",
    "epci": "EPCI",
    "commune": "Commune",
    "crte": "Périmètre",
    "programme": "Programme",
    "holder_type": "Type de porteur",
}
SHORT = {
    "remonter": "À remonter",
    "travailler": "À travailler",
    "crte": "CRTE",
    "non_remonte": "Non remontés",
    balance.UNSORTED: "Sans catégorie",
}
MONEY = {"cost": "Coût (€)", "funding_requested": "Financement demandé (€)", "amount": "Montant engagé (€)"}


def table(found: pd.DataFrame) -> Table:
    """Un bilan de ``ck.balance`` en français.

    Parameters
    ----------
    found : le bilan, ou ses pourcentages (``shares``).

    Returns
    -------
    Table : nombres de dossiers ou [%], montants [EUR] quand le fichier en donne.
    """
    what, invented = found.attrs["by"], " (exemple inventé)" if found.attrs["invented"] else ""
    n = french.number(found.attrs["n"], 0)
    caption = f"Bilan par {HEADS[what].lower() if what != 'epci' else 'EPCI'}, n = {n}{invented}"
    whole = all(found[c].dtype.kind in "iu" for c in found if c in (*fields.CATEGORIES, balance.TOTAL))
    decimals = 0 if whole else 1
    if balance.TOTAL in found and "category" in found:
        names = {c: "Total" if c == balance.TOTAL else _column(c) for c in found.columns[2:]}
        data = {"Catégorie": found.label, **{name: found[c] for c, name in names.items()}}
        return Table(pd.DataFrame(data), caption, dict.fromkeys(names.values(), decimals))
    data, formats = {HEADS[what]: found.label}, {}
    for name, label, places in _columns(found, decimals):
        data[label], formats[label] = found[name], places
    return Table(pd.DataFrame(data), caption, formats)


def _columns(found: pd.DataFrame, decimals: int):
    """The columns of a listed balance: those that say something."""
    yield "projects", "Dossiers", 0 if found.projects.dtype.kind in "iu" else 1
    yield "share", "Part (%)", 1
    for one in (c for c in found if c in (*fields.CATEGORIES, balance.UNSORTED)):
        yield one, SHORT[one], decimals
    for name, label in MONEY.items():
        if found[name].iloc[-1] > 0:  # the total: NaN when no project says it
            yield name, label, 0
    if "rank_label" in found:
        yield "rank_label", "Rang", None


def _column(code: str) -> str:
    """« 59 » for a département, the name of a région; a place outside the référentiel as it was written."""
    level, _, short = code.partition("-")
    return short if level == "dep" else territories.name(code) if level == "reg" else code


def sorted_table(found: pd.DataFrame) -> Table:
    """Les dossiers triés, par catégorie : ceux de la règle, ceux d'un analyste, ceux où il manque de quoi décider."""
    counted, said = fields.counted(found), found.attrs["triage"]
    rows = [
        {
            "Catégorie": label,
            "Dossiers": int((counted.category_kept == one).sum()),
            "Part (%)": 100 * float((counted.category_kept == one).mean()) if len(counted) else float("nan"),
            "Règle": int((counted.category == one).sum()),
            "Analyste": int((counted.decision == one).sum()),
            "À compléter": int(((counted.category_kept == one) & (counted.missing != "")).sum()),
        }
        for one, label in category_labels(said["year"]).items()
    ]
    data = pd.DataFrame(rows)
    total = {c: data[c].sum() for c in data if c != "Catégorie"} | {"Catégorie": "Ensemble"}
    invented = " (exemple inventé)" if (counted.invented == fields.YES).any() else ""
    caption = f"Tri des projets, COP {said['year']}, règles {said['rules'][:8]}{invented}"
    formats = {c: 1 if c == "Part (%)" else 0 for c in data if c != "Catégorie"}
    return Table(pd.concat([data, pd.DataFrame([total])], ignore_index=True), caption, formats)
