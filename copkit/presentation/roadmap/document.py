"""The document of a roadmap: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from copkit import french
from copkit.errors import ProjectError
from copkit.presentation.gathered import Gathered
from copkit.roadmap.plan import Roadmap

NOUN = ("action retenue", "actions retenues")


def _count(r: Roadmap) -> str:
    return french.plural(len(r.retained), *NOUN)


DOCUMENT = Gathered(
    __package__,
    ProjectError,
    nothing=lambda r: f"Aucune action ne vient de ce territoire ({r.name})." if r.empty else "",
    count=_count,
    kit="actions inventées du kit",
    received="fiches reçues",
    contents=lambda r: f"Feuille de route : {_count(r)} sur {len(r.actions)}",
    unreal="Aucune action, aucun montant ne décrit un territoire réel",
)
words, origin, caption = DOCUMENT.words, DOCUMENT.origin, DOCUMENT.caption
table, book = DOCUMENT.asked, DOCUMENT.book
FIRST = "actions"  # of the tables
