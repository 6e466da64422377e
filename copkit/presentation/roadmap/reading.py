"""What was read, and what a person has to check: that cites the sheets, and is not public."""

from __future__ import annotations

from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.roadmap.plan import Roadmap

READING = Section("lecture", 130)


@READING.sentence(always=True)
def received(r: Roadmap) -> Text:
    """Ce qui a été lu, et combien vient d'ailleurs."""
    elsewhere = f" {r.counts['elsewhere']} hors de ce territoire, non comptées ici." if r.counts["elsewhere"] else ""
    return Text("{}{}", r.counts["summary"], elsewhere)


@READING.table("a_verifier_actions", sheet="À vérifier", rank=150, private=True, always=True, rows=30)
def _problems(r: Roadmap) -> Table | Note:
    found = r.reading.problems
    if found.empty:
        return Note("Aucun point à vérifier dans les fiches.")
    return Table.of(
        caption(r, "À vérifier et à corriger"),
        {
            "Fichier": found.file,
            "Ligne": (found.row, formats.PLAIN),
            "Colonne": found.column,
            "Valeur": [str(one) or "—" for one in found.value],
            "Problème et remède": found.message,
        },
    )
