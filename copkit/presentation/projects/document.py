"""The document of a vivier: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.presentation.gathered import Gathered
from copkit.presentation.text import Note
from copkit.projects.selection import Vivier

NONE, HERE = "○", "→"  # no project; the territory of the document among others
NUMBERS = Note("La version publique ne donne que ces nombres : les listes citent ce qui est écrit dans le fichier.")


def counted(found: pd.DataFrame) -> pd.DataFrame:
    """The bars of a balance: label, projects, and what is written beside them."""
    written = [
        f"{french.number(n, 0)} ({french.percent(share, 1)})"
        for n, share in zip(found.projects, found.share, strict=True)
    ]
    return pd.DataFrame({"label": found.label.to_numpy(), "projects": found.projects.to_numpy(), "written": written})


def rules(found: Iterable[str]) -> list[str]:
    """The rules of a count, but for what the document says once, at its head."""
    once = ("Exemple inventé", "distinct", "second dépôt", "seconds dépôts")
    return [rule for rule in found if not any(words in rule for words in once)]


def _contents(v: Vivier) -> str:
    return f"Bilan d'un vivier de projets : {french.plural(len(v.counted), 'dossier')}"


DOCUMENT = Gathered(
    __package__,
    ProjectError,
    nothing=lambda v: f"Aucun dossier du fichier n'est situé dans ce territoire ({v.name})." if v.empty else "",
    instead=NUMBERS,
    count=lambda v: f"COP {v.year}",
    kit="vivier inventé du kit",
    received="dossiers reçus",
    dated=lambda v: f", COP {v.year}",
    contents=_contents,
    unreal="Aucun chiffre ne décrit un territoire, un projet ou une collectivité réels",
    without="sans commentaire, avis ni nom de personne",
    signs="n.d. : inconnu ; ? : objectif non affiché par le SGPE ; — : sans objet",
)
words, origin, caption = DOCUMENT.words, DOCUMENT.origin, DOCUMENT.caption
table, book = DOCUMENT.asked, DOCUMENT.book
FIRST = "bilan"  # of the tables
