"""The document of a follow-up: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, who decided and why is not shown.
"""

from __future__ import annotations

from copkit import __version__, french
from copkit.errors import ProjectError
from copkit.presentation import charts
from copkit.presentation.document import Gathered
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.roadmap.followup import Followup
from copkit.roadmap.plan import INVENTED


def words(f: Followup, title: str, unit: str, description: str, *more: str) -> dict:
    """The title, the lines under it and the description of a chart: unit, years, file, and whether it is invented."""
    said = f"{description} {INVENTED.capitalize()}." if f.invented else description
    return charts.words(title, [unit, *more, origin(f)], said)


def origin(f: Followup) -> str:
    """The years, the files, and whether it is invented."""
    where = "fiches inventées du kit" if f.example else ", ".join(f.files) or "fiches reçues"
    return " · ".join([f"{f.year} face à {f.year - 1}", f"source : {where}", *([INVENTED] if f.invented else [])])


def caption(f: Followup, text: str) -> str:
    """The caption of a table: what, where, when, and « exemple inventé »."""
    return f"{text} — {f.name}, {f.year}{f' ({INVENTED})' if f.invented else ''}"


def _nothing(f: Followup) -> str:
    return f"Aucune action ne vient de ce territoire ({f.name})." if f.actions.empty else ""


DOCUMENT = Gathered(__package__, ProjectError, nothing=_nothing)
FIRST = "actions"  # of the tables


def table(f: Followup, what: str, *, whole: bool = False) -> Table | Note | None:
    """A table by its name; ``whole``: with all its rows."""
    return DOCUMENT.asked(what, f, whole=whole)


# ------------------------------------------------------------------ workbook


def book(f: Followup):
    """The workbook of a follow-up, not written yet; public, the workbook is too."""
    return DOCUMENT.book(f, _cover(f))


def _cover(f: Followup) -> list[tuple[str, str]]:
    invented = ("Exemple inventé", "Aucune action, aucun dossier, aucune décision n'est réel")
    return [
        *([invented] if f.invented else []),
        ("Territoire", f"{f.name} ({f.territory})"),
        (
            "Contenu",
            f"Suivi {f.year} : ce que sont devenues {french.plural(len(f.expected), 'action')} de {f.year - 1}",
        ),
        ("Origine", origin(f)),
        ("Version", "publique : sans qui décide ni pourquoi" if f.public else "de travail, non publique"),
        ("Panorama", " puis ".join(dict.fromkeys(f.versions))),
        ("Signes", "n.d. : inconnu ; — : sans objet"),
        ("Version de copkit", __version__),
    ]
