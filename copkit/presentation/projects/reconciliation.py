"""Dossiers that two sources may both have, and amounts to check, as tables."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.projects.reconciliation import VERDICTS, rules

PAIRS = {"certain": ("paire certaine", "paires certaines"), "probable": ("paire probable", "paires probables")}
SPARE = ("Montant (€)", "Montant de l'autre (€)", "Porteur")


def same(found: pd.DataFrame) -> Table | Note:
    """The pairs, with their verdict and what founds it."""
    counts = found.verdict.value_counts()
    said = french.join(french.plural(int(counts[one]), *PAIRS[one]) for one in VERDICTS if one in counts)
    return Table.or_note(
        "Aucun dossier ne se retrouve d'un fichier à l'autre (règles : parameters/rapprochement.yml).",
        f"Dossiers présents dans deux fichiers : {said}, rien n'est réuni",
        {
            "Verdict": found.verdict,
            "Pourquoi": found.reason,
            "Dossier": _named(found, "a"),
            "Montant (€)": (found.amount_a, 0),
            "L'autre": _named(found, "b"),
            "Montant de l'autre (€)": (found.amount_b, 0),
        },
    )


def _named(found: pd.DataFrame, side: str) -> list[str]:
    names = ("title", "project_id", "source_file", "row")
    rows = zip(*(found[f"{name}_{side}"] for name in names), strict=True)
    return [f"{title} ({', '.join(filter(None, (id_, file)))}, ligne {row})" for title, id_, file, row in rows]


def large(found: pd.DataFrame) -> Table | Note:
    """The amounts above the bound, which are kept."""
    return Table.or_note(
        f"Aucun montant de plus de {french.number(rules().amounts.above, 0)} €.",
        "Montants à vérifier, gardés tels quels",
        {
            "Montant (€)": (found.amount, 0),
            "Champ": found.field,
            "Dossier": found.project_id,
            "Intitulé": found.title,
            "Porteur": found.holder,
            "Fichier, ligne": [f"{file}, {row}" for file, row in zip(found.source_file, found.row, strict=True)],
            "Que faire": found.reason,
        },
    )
