"""What was read, and what a person has to check: that cites the files, and is not public."""

from __future__ import annotations

from copkit.adaptation.recensement import Recensement
from copkit.presentation.adaptation.document import DOCUMENT
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text

READING = Section("lecture", 130)


@READING.sentence(always=True)
def received(r: Recensement) -> Text:
    """Ce qui a été lu, et combien vient d'ailleurs."""
    if not r.collected:
        return Text("Aucun recensement n'a été donné : rien n'a été lu.")
    elsewhere = f" {r.counts['elsewhere']} hors de ce territoire, non comptées ici." if r.counts["elsewhere"] else ""
    return Text("{}{}", r.counts["summary"], elsewhere)


@READING.table("a_verifier_priorites", sheet="À vérifier", rank=150, private=True, always=True, rows=30)
def _problems(r: Recensement) -> Table | Note | None:
    if not r.collected or r.reading is None:
        return None
    return DOCUMENT.to_check(r, r.reading.problems, "Aucun point à vérifier dans le recensement.")
