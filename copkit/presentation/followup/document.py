"""The document of a follow-up: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, who decided and why is not shown.
"""

from __future__ import annotations

from copkit import french
from copkit.errors import ProjectError
from copkit.presentation.gathered import Gathered
from copkit.roadmap.followup import Followup


def _contents(f: Followup) -> str:
    return f"Suivi {f.year} : ce que sont devenues {french.plural(len(f.expected), 'action')} de {f.year - 1}"


DOCUMENT = Gathered(
    __package__,
    ProjectError,
    nothing=lambda f: f"Aucune action ne vient de ce territoire ({f.name})." if f.actions.empty else "",
    count=lambda f: f"{f.year} face à {f.year - 1}",
    kit="fiches inventées du kit",
    received="fiches reçues",
    dated=lambda f: f", {f.year}",
    contents=_contents,
    unreal="Aucune action, aucun dossier, aucune décision n'est réel",
    without="sans qui décide ni pourquoi",
    read=lambda f: ("Panorama", " puis ".join(dict.fromkeys(f.versions))),
)
words, origin, caption = DOCUMENT.words, DOCUMENT.origin, DOCUMENT.caption
table, book = DOCUMENT.asked, DOCUMENT.book
FIRST = "actions"  # of the tables
