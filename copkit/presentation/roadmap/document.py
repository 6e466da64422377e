"""The document of a roadmap: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from copkit import __version__, french
from copkit.errors import ProjectError
from copkit.presentation import charts
from copkit.presentation.document import Gathered
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.roadmap.plan import INVENTED, Roadmap

NOUN = ("action retenue", "actions retenues")


def words(r: Roadmap, title: str, unit: str, description: str, *more: str) -> dict:
    """The title, the lines under it and the description of a chart: unit, file, and whether it is invented."""
    said = f"{description} {INVENTED.capitalize()}." if r.invented else description
    return charts.words(title, [unit, *more, origin(r)], said)


def origin(r: Roadmap) -> str:
    """How many actions are retained, the file, and whether it is invented."""
    where = "actions inventées du kit" if r.example else ", ".join(r.files) or "fiches reçues"
    said = [french.plural(len(r.retained), *NOUN), f"source : {where}", *([INVENTED] if r.invented else [])]
    return " · ".join(said)


def caption(r: Roadmap, text: str) -> str:
    """The caption of a table: what, where, and « exemple inventé »."""
    return f"{text} — {r.name}{f' ({INVENTED})' if r.invented else ''}"


def _nothing(r: Roadmap) -> str:
    return f"Aucune action ne vient de ce territoire ({r.name})." if r.empty else ""


DOCUMENT = Gathered(__package__, ProjectError, nothing=_nothing)
FIRST = "actions"  # of the tables


def table(r: Roadmap, what: str, *, whole: bool = False) -> Table | Note | None:
    """A table by its name; ``whole``: with all its rows."""
    return DOCUMENT.asked(what, r, whole=whole)


# ------------------------------------------------------------------ workbook


def book(r: Roadmap):
    """The workbook of a roadmap, not written yet; public, the workbook is too."""
    return DOCUMENT.book(r, _cover(r))


def _cover(r: Roadmap) -> list[tuple[str, str]]:
    invented = ("Exemple inventé", "Aucune action, aucun montant ne décrit un territoire réel")
    return [
        *([invented] if r.invented else []),
        ("Territoire", f"{r.name} ({r.territory})"),
        ("Contenu", f"Feuille de route : {french.plural(len(r.retained), *NOUN)} sur {len(r.actions)}"),
        ("Origine", origin(r)),
        ("Version", "publique" if r.public else "de travail, non publique"),
        ("Lecture", r.counts["summary"]),
        ("Signes", "n.d. : inconnu ; — : sans objet"),
        ("Version de copkit", __version__),
    ]
