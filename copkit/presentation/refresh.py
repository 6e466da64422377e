"""What a new reading of the series would change, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from copkit import french
from copkit.presentation.formats import OBSERVED
from copkit.presentation.table import Table
from copkit.reference import territories
from copkit.refresh import controls as control_totals

if TYPE_CHECKING:  # what looks for new versions fetches pages: the glossary, which is made with each batch, does not
    from copkit.refresh.update import Update

MANY = 4  # files that are named


def summary(update: Update) -> Table:
    """How many values of each series would change."""
    rows = update.difference.by_indicator()
    years = [f"{a}" if a == b else f"{a} à {b}" for a, b in zip(rows.first_year, rows.last_year, strict=True)]
    counts = {"Nouvelles": rows.added, "Modifiées": rows.changed, "Disparues": rows.gone, "Anormales": rows.abnormal}
    return Table.of(
        "Ce qui changerait, par série",
        {
            "Série": rows.indicator.to_list(),
            "Unité": rows.unit.to_list(),
            **{name: (cells.to_list(), 0) for name, cells in counts.items()},
            "Années": years,
        },
    )


def values(update: Update) -> Table:
    """Each value that would change, what looks abnormal first."""
    rows = update.difference.values
    rows = rows.assign(quiet=rows.rule == "").sort_values(["quiet", "indicator", "territory", "year"], kind="stable")
    odd = [f"{rule} : {why}" if rule else "" for rule, why in zip(rows.rule, rows.abnormal, strict=True)]
    return Table.of(
        "Valeur par valeur, les anormales d'abord",
        {
            "Série": rows.indicator.to_list(),
            "Territoire": [territories.name(code) for code in rows.territory],
            "Année": [str(year) for year in rows.year],
            "Avant": (rows.before.to_list(), OBSERVED),
            "Après": (rows.after.to_list(), OBSERVED),
            "Unité": rows.unit.to_list(),
            "Changement": rows.change.to_list(),
            "Anormal": odd,
        },
    )


def rules(update: Update) -> Table:
    """What the named rules did with the files."""
    rows = update.rules.groupby(["rule", "said"], sort=False).agg({"file": list, "count": "sum"}).reset_index()
    names = [", ".join(files if len(files) <= MANY else [*files[:MANY], "…"]) for files in rows.file]
    return Table.of(
        "Ce que les règles ont fait des fichiers",
        {
            "Règle": rows.rule.to_list(),
            "Fichiers": (rows.file.map(len).to_list(), 0),
            "Lignes": (rows["count"].to_list(), 0),
            "Ce qui est fait": rows.said.to_list(),
            "Lesquels": names,
        },
    )


def controls(update: Update) -> Table:
    """Control totals, with what they say of the table that would be written."""
    return totals(control_totals.controls(update.difference.table), ", sur la table qui serait écrite")


def totals(rows: pd.DataFrame, of: str = "", *, notes: bool = False) -> Table:
    """Control totals, agreeing or not; ``notes``: with what is to be known of each."""
    places = [f"{a} sur {b}" for a, b in zip(rows.places, rows.expected, strict=True)]
    return Table.of(
        f"Contrôles nationaux{of}",
        {
            "Contrôle": rows.label.to_list(),
            "Année": [str(year) for year in rows.year],
            "Territoires": places,
            "Somme": (rows["sum"].to_list(), OBSERVED),
            "À côté de": (rows.total.to_list(), OBSERVED),
            "Unité": rows.unit.to_list(),
            "Écart (%)": ((100 * rows.gap).to_list(), 2),
            "Verdict": rows.verdict.to_list(),
            **({"À savoir": rows.note.to_list()} if notes else {}),
        },
    )


def apart(update: Update) -> list[str]:
    """What is to be known of each control that disagrees."""
    rows = control_totals.controls(update.difference.table)
    rows = rows[rows.verdict == control_totals.APART]
    return [
        f"{french.capital(label)} : désaccord en {french.join(map(str, group.year))}. {group.note.iloc[0]}"
        for label, group in rows.groupby("label", sort=False)
    ]


def said(update: Update) -> str:
    """What was read, in a sentence."""
    series = french.plural(len(update.difference.read), "série lue", "séries lues")
    changes = len(update.difference.values)
    if not changes:
        return f"{series} : rien ne change."
    odd = len(update.difference.abnormal)
    end = f", dont {french.plural(odd, 'anormale', 'anormales')}" if odd else ""
    return f"{series} : {french.plural(changes, 'valeur changerait', 'valeurs changeraient')}{end}."
