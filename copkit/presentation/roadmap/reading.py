"""What was read, and what a person has to check: that cites the sheets, and is not public."""

from __future__ import annotations

from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import DOCUMENT
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
    return DOCUMENT.to_check(r, r.reading.problems, "Aucun point à vérifier dans les fiches.")
