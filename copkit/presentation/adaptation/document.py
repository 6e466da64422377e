"""The document of adaptation: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from copkit import french
from copkit.adaptation.priorities import PRIORITIES
from copkit.adaptation.recensement import Recensement
from copkit.errors import ProjectError
from copkit.presentation.gathered import Gathered


def _nothing(r: Recensement) -> str:
    if not r.collected:
        return "Aucun recensement n'a été donné. Donner son chemin au paramètre « priorites »."
    return f"Aucune priorité ne vient de ce territoire ({r.name})." if r.empty else ""


def _count(r: Recensement) -> str:
    return french.plural(len(r.priorities), *PRIORITIES.noun)


DOCUMENT = Gathered(
    __package__,
    ProjectError,
    nothing=_nothing,
    count=_count,
    kit="recensement inventé du kit",
    received="recensement reçu",
    contents=lambda r: f"Adaptation : {_count(r)} et les 22 leviers du SGPE",
    unreal="Aucune priorité, aucun montant ne décrit un territoire réel",
)
words, origin, caption = DOCUMENT.words, DOCUMENT.origin, DOCUMENT.caption
table, book = DOCUMENT.asked, DOCUMENT.book
FIRST = "priorites"  # of the tables
