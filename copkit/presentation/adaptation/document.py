"""The document of adaptation: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites a file is shown.
"""

from __future__ import annotations

from copkit import __version__, french
from copkit.adaptation.priorities import PRIORITIES
from copkit.adaptation.recensement import INVENTED, Recensement
from copkit.errors import ProjectError
from copkit.presentation import charts
from copkit.presentation.document import Gathered
from copkit.presentation.table import Table
from copkit.presentation.text import Note


def words(r: Recensement, title: str, unit: str, description: str, *, file: bool = True) -> dict:
    """The title, the lines under it and the description of a chart: unit, whether it is invented; ``file``: of the
    priorities, where they come from."""
    said = f"{description} {INVENTED.capitalize()}." if r.invented else description
    if file:
        return charts.words(title, [unit, origin(r)], said)
    return charts.words(title, [f"{unit} · {INVENTED}" if r.invented else unit], said)


def origin(r: Recensement) -> str:
    """How many priorities, the file, and whether it is invented."""
    where = "recensement inventé du kit" if r.example else ", ".join(r.files) or "recensement reçu"
    said = [french.plural(len(r.priorities), *PRIORITIES.noun), f"source : {where}"]
    return " · ".join([*said, *([INVENTED] if r.invented else [])])


def caption(r: Recensement, text: str, *, invented: bool = True) -> str:
    """The caption of a table: what, where, and « exemple inventé » when it shows what was collected."""
    return f"{text} — {r.name}{f' ({INVENTED})' if invented and r.invented else ''}"


def _nothing(r: Recensement) -> str:
    if not r.collected:
        return "Aucun recensement n'a été donné. Donner son chemin au paramètre « priorites »."
    return f"Aucune priorité ne vient de ce territoire ({r.name})." if r.empty else ""


DOCUMENT = Gathered(__package__, ProjectError, nothing=_nothing)
FIRST = "priorites"  # of the tables


def table(r: Recensement, what: str, *, whole: bool = False) -> Table | Note | None:
    """A table by its name; ``whole``: with all its rows."""
    return DOCUMENT.asked(what, r, whole=whole)


# ------------------------------------------------------------------ workbook


def book(r: Recensement):
    """The workbook of the adaptation of a territory, not written yet; public, the workbook is too."""
    return DOCUMENT.book(r, _cover(r))


def _cover(r: Recensement) -> list[tuple[str, str]]:
    invented = ("Exemple inventé", "Aucune priorité, aucun montant ne décrit un territoire réel")
    return [
        *([invented] if r.invented else []),
        ("Territoire", f"{r.name} ({r.territory})"),
        ("Contenu", f"Adaptation : {french.plural(len(r.priorities), *PRIORITIES.noun)} et les 22 leviers du SGPE"),
        ("Origine", origin(r)),
        ("Version", "publique" if r.public else "de travail, non publique"),
        ("Lecture", r.counts["summary"]),
        ("Signes", "n.d. : inconnu ; — : sans objet"),
        ("Version de copkit", __version__),
    ]
