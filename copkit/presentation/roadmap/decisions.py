"""The decisions of a journal as a table: all of them, those in force and those that were revoked."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.journal import KINDS
from copkit.presentation.table import Table


def history(journal: pd.DataFrame, of: str = "") -> Table:
    """Every decision in its order: who, what, when, why, and whether it stands."""
    return Table.of(
        f"Journal des décisions{of}",
        {
            "N°": (journal.number, 0),
            "Objet": [f"{KINDS[kind]} {about}" for kind, about in zip(journal.kind, journal.about, strict=True)],
            "Décision": [one or "retour à la réponse de la règle" for one in journal.decision],
            "Qui": journal.author,
            "Date": journal.date,
            "Raison": journal.reason,
            "État": [state(one) for one in journal.itertuples()],
        },
    )


def state(one) -> str:
    """« en vigueur », « révoquée par n° 4 »; what it revokes, if it does."""
    said = [f"révoquée par n° {one.revoked_by}"] if one.revoked_by else ["en vigueur"] if one.decision else []
    said += [f"révoque n° {one.revokes}"] if one.revokes else []
    return french.join(said)
