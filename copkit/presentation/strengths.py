"""The strong points of a territory as a document shows them: a list, and how many by lever."""

from __future__ import annotations

import pandas as pd

from copkit import french, strengths
from copkit.intake import gazetteer, levers
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.reference import territories

NONE = "Aucun point fort n'est connu dans ce territoire."


def listed(found: pd.DataFrame, territory: str) -> Table | Note:
    """One row for each strong point."""
    if found.empty:
        return Note(NONE)
    out = pd.DataFrame(
        {
            "Levier": [levers.said(one) for one in found.lever],
            "Territoire": [gazetteer.name(code) if code else "—" for code in found.territory],
            "Point fort": found.title,
            "Qui le porte": found.who.replace("", "—"),
            "Pourquoi c'est exemplaire": found.why.replace("", "—"),
        }
    )
    return Table(out, f"Points forts — {_name(territory)}", {})


def counted(found: pd.DataFrame, territory: str) -> Table | Note:
    """How many strong points serve each lever; the levers without any are named below, not listed."""
    if found.empty:
        return Note(NONE)
    counts = strengths.by_lever(found)
    some = counts[counts.strengths > 0]
    out = pd.DataFrame({"Levier": some.label, "Points forts": some.strengths})
    without = f"{french.plural(len(counts) - len(some), 'levier')} sur {len(counts)} sans point fort"
    return Table(out, f"Points forts par levier — {_name(territory)} ({without})", {"Points forts": 0})


def _name(territory: str) -> str:
    return territories.name(territories.resolve(territory))
