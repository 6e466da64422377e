"""The document of a vivier: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from copkit import __version__, french
from copkit.errors import ProjectError
from copkit.presentation import charts
from copkit.presentation.document import Gathered
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.projects.selection import INVENTED, Vivier

NONE, HERE = "○", "→"  # no project; the territory of the document among others
NUMBERS = Note("La version publique ne donne que ces nombres : les listes citent ce qui est écrit dans le fichier.")


def words(v: Vivier, title: str, unit: str, description: str, *more: str) -> dict:
    """The title, the lines under it and the description of a chart: unit, year, file, and whether it is invented."""
    said = f"{description} {INVENTED.capitalize()}." if v.invented else description
    return charts.words(title, [unit, *more, origin(v)], said)


def counted(found: pd.DataFrame) -> pd.DataFrame:
    """The bars of a balance: label, projects, and what is written beside them."""
    written = [
        f"{french.number(n, 0)} ({french.percent(share, 1)})"
        for n, share in zip(found.projects, found.share, strict=True)
    ]
    return pd.DataFrame({"label": found.label.to_numpy(), "projects": found.projects.to_numpy(), "written": written})


def origin(v: Vivier) -> str:
    """The year, the file, and whether it is invented."""
    where = "vivier inventé du kit" if v.example else ", ".join(v.files) or "dossiers reçus"
    return " · ".join([f"COP {v.year}", f"source : {where}", *([INVENTED] if v.invented else [])])


def caption(v: Vivier, text: str) -> str:
    """The caption of a table: what, where, and « exemple inventé »."""
    return f"{text} — {v.name}, COP {v.year}{f' ({INVENTED})' if v.invented else ''}"


def rules(found: Iterable[str]) -> list[str]:
    """The rules of a count, but for what the document says once, at its head."""
    once = ("Exemple inventé", "distinct", "second dépôt", "seconds dépôts")
    return [rule for rule in found if not any(words in rule for words in once)]


def _nothing(v: Vivier) -> str:
    return f"Aucun dossier du fichier n'est situé dans ce territoire ({v.name})." if v.empty else ""


DOCUMENT = Gathered(__package__, ProjectError, nothing=_nothing, instead=NUMBERS)
FIRST = "bilan"  # of the tables


def table(v: Vivier, what: str, *, whole: bool = False) -> Table | Note | None:
    """A table by its name; ``whole``: with all its rows."""
    return DOCUMENT.asked(what, v, whole=whole)


# ------------------------------------------------------------------ workbook


def book(v: Vivier):
    """The workbook of a vivier, not written yet; public, the workbook is too."""
    return DOCUMENT.book(v, _cover(v))


def _cover(v: Vivier) -> list[tuple[str, str]]:
    invented = ("Exemple inventé", "Aucun chiffre ne décrit un territoire, un projet ou une collectivité réels")
    return [
        *([invented] if v.invented else []),
        ("Territoire", f"{v.name} ({v.territory})"),
        ("Contenu", f"Bilan d'un vivier de projets : {french.plural(len(v.counted), 'dossier')}"),
        ("Origine", origin(v)),
        ("Version", "publique : sans commentaire, avis ni nom de personne" if v.public else "de travail, non publique"),
        ("Lecture", v.counts["summary"]),
        ("Signes", "n.d. : inconnu ; ? : objectif non affiché par le SGPE ; — : sans objet"),
        ("Version de copkit", __version__),
    ]
