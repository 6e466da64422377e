"""A balance as a table: what ``copkit balance`` and ``copkit triage`` print, and the lists of a document."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from copkit import french
from copkit.intake.selection import INVENTED
from copkit.presentation.table import Table
from copkit.projects import fields
from copkit.projects.counting import balance
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
TOTALS = {
    "cost": "Coût total (€)",
    "cost_missing": "Coûts absents",
    "amount": "Montant engagé (€)",
    "amount_missing": "Montants absents",
}


def table(found: pd.DataFrame) -> Table:
    """Un bilan de ``ck.projects.balance`` en français.

    Parameters
    ----------
    found : le bilan, ou ses pourcentages (``shares``).

    Returns
    -------
    Table : nombres de dossiers ou [%], montants [EUR] quand le fichier en donne.
    """
    what = found.attrs["by"]
    caption = f"Bilan par {HEADS[what].lower() if what != 'epci' else 'EPCI'}, n = {french.number(found.attrs['n'], 0)}"
    caption += f" ({INVENTED})" if found.attrs["invented"] else ""
    whole = all(found[c].dtype.kind in "iu" for c in found if c in (*fields.CATEGORIES, balance.TOTAL))
    if balance.TOTAL in found and "category" in found:
        names = {c: "Total" if c == balance.TOTAL else _column(c) for c in found.columns[2:]}
        columns = {name: (found[c], 0 if whole else 1) for c, name in names.items()}
        return Table.of(caption, {"Catégorie": found.label, **columns})
    made = listed(found, HEADS[what], caption, SHORT, MONEY, 0 if whole else 1)
    return Table(made.data.assign(Rang=found.rank_label), caption, made.formats) if "rank_label" in found else made


def listed(
    found: pd.DataFrame,
    head: str,
    caption: str,
    categories: Mapping[str, str],
    money: Mapping[str, str] = TOTALS,
    decimals: int = 0,
) -> Table:
    """A balance with one row for each key: dossiers, share, categories, and the amounts that are known."""
    whole = found.projects.dtype.kind in "iu"
    columns = {head: found.label, "Dossiers": (found.projects, 0 if whole else 1), "Part (%)": (found.share, 1)}
    columns |= {categories[one]: (found[one], decimals) for one in found if one in categories}
    return Table.of(caption, columns | {label: (amounts, 0) for label, amounts in known(found, money).items()})


def known(found: pd.DataFrame, money: Mapping[str, str] = TOTALS) -> dict[str, pd.Series]:
    """The amounts of a balance, each when a project gives one, and how many do not."""
    some = found.projects > 0
    given = {name for name in MONEY if name in found and found[name][some].notna().any()}
    return {label: found[name] for name, label in money.items() if name.removesuffix("_missing") in given}


def _column(code: str) -> str:
    """« 59 » for a département, the name of a région; a place outside the référentiel as it was written."""
    level, _, short = code.partition("-")
    return short if level == "dep" else territories.name(code) if level == "reg" else code


def sorted_table(found: pd.DataFrame) -> Table:
    """Les dossiers triés, par catégorie : ceux de la règle, ceux d'un analyste, ceux où il manque de quoi décider."""
    counts, said = balance.answers(found), found.attrs["triage"]
    invented = f" ({INVENTED})" if (fields.counted(found).invented == fields.YES).any() else ""
    return Table.of(
        f"Tri des projets, COP {said['year']}, règles {said['rules'][:8]}{invented}",
        {
            "Catégorie": counts.label,
            "Dossiers": (counts.projects, 0),
            "Part (%)": (counts.share, 1),
            "Règle": (counts.rule, 0),
            "Analyste": (counts.analyst, 0),
            "À compléter": (counts.missing, 0),
        },
    )
