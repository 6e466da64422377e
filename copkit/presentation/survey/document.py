"""The document of a questionnaire: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites an answer is shown.
"""

from __future__ import annotations

from copkit import __version__, french
from copkit.errors import ProjectError
from copkit.presentation import charts
from copkit.presentation.document import Gathered
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.survey.selection import INVENTED, Consultation

LONG = 12  # rows that a screen shows without being asked
NUMBERS = Note("La version publique ne donne que ces nombres : les listes citent ce qui est écrit dans les réponses.")


def words(q: Consultation, title: str, unit: str, description: str, *more: str) -> dict:
    """The title, the lines under it and the description of a chart: unit, file, and whether it is invented."""
    said = f"{description} {INVENTED.capitalize()}." if q.invented else description
    return charts.words(title, [unit, *more, origin(q)], said)


def origin(q: Consultation) -> str:
    """How many answered, the file, and whether it is invented."""
    where = "réponses inventées du kit" if q.example else ", ".join(q.files) or "réponses reçues"
    count = french.plural(q.respondents, "collectivité")
    return " · ".join([count, f"source : {where}", *([INVENTED] if q.invented else [])])


def caption(q: Consultation, text: str) -> str:
    """The caption of a table: what, where, and « exemple inventé »."""
    return f"{text} — {q.name}{f' ({INVENTED})' if q.invented else ''}"


def _nothing(q: Consultation) -> str:
    return f"Aucune réponse ne vient de ce territoire ({q.name})." if q.empty else ""


DOCUMENT = Gathered(__package__, ProjectError, nothing=_nothing, instead=NUMBERS, fold=LONG + 1)
FIRST = "leviers"  # of the tables


def table(q: Consultation, what: str, *, whole: bool = False) -> Table | Note | None:
    """A table by its name; ``whole``: with all its rows."""
    return DOCUMENT.asked(what, q, whole=whole)


# ------------------------------------------------------------------ workbook


def book(q: Consultation):
    """The workbook of a questionnaire, not written yet; public, the workbook is too."""
    return DOCUMENT.book(q, _cover(q))


def _cover(q: Consultation) -> list[tuple[str, str]]:
    invented = ("Exemple inventé", "Aucun chiffre ne dit ce que pense ou fait une collectivité réelle")
    return [
        *([invented] if q.invented else []),
        ("Territoire", f"{q.name} ({q.territory})"),
        ("Contenu", f"Réponses au questionnaire des collectivités : {french.plural(q.respondents, 'collectivité')}"),
        ("Origine", origin(q)),
        ("Version", "publique : sans commentaire ni nom" if q.public else "de travail, non publique"),
        ("Lecture", q.counts["summary"]),
        ("Signes", "n.d. : inconnu ; — : sans objet ; † : trop peu de collectivités ; [a ; b] : intervalle à 95 %"),
        ("Version de copkit", __version__),
    ]
