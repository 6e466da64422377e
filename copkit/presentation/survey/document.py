"""The document of a questionnaire: what all its parts say of it, its tables by their names, and its workbook.

Each section is a module of this folder. In the public version, nothing that cites an answer is shown.
"""

from __future__ import annotations

from copkit import french
from copkit.errors import ProjectError
from copkit.presentation.gathered import Gathered
from copkit.presentation.text import Note
from copkit.survey.selection import Consultation

LONG = 12  # rows that a screen shows without being asked
NUMBERS = Note("La version publique ne donne que ces nombres : les listes citent ce qui est écrit dans les réponses.")


def _count(q: Consultation) -> str:
    return french.plural(q.respondents, "collectivité")


DOCUMENT = Gathered(
    __package__,
    ProjectError,
    nothing=lambda q: f"Aucune réponse ne vient de ce territoire ({q.name})." if q.empty else "",
    instead=NUMBERS,
    fold=LONG + 1,
    count=_count,
    kit="réponses inventées du kit",
    received="réponses reçues",
    contents=lambda q: f"Réponses au questionnaire des collectivités : {_count(q)}",
    unreal="Aucun chiffre ne dit ce que pense ou fait une collectivité réelle",
    without="sans commentaire ni nom",
    signs="n.d. : inconnu ; — : sans objet ; † : trop peu de collectivités ; [a ; b] : intervalle à 95 %",
)
words, origin, caption = DOCUMENT.words, DOCUMENT.origin, DOCUMENT.caption
table, book = DOCUMENT.asked, DOCUMENT.book
FIRST = "leviers"  # of the tables
