"""What was read, and what a person has to check: that cites the answers, and is not public."""

from __future__ import annotations

from copkit.presentation.document import Section
from copkit.presentation.survey.document import DOCUMENT, caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.survey import analysis
from copkit.survey.questionnaire import QUESTION_LABELS, QUESTIONS, rules
from copkit.survey.selection import Consultation

ACCOUNT = (
    ("rows", "Lignes lues"),
    ("nobody", "Réponses dont la collectivité n'est pas reconnue, non comptées"),
    ("again", "Réponses remplacées par une autre de la même collectivité, non comptées"),
    ("elsewhere", "Réponses d'un autre territoire, non comptées"),
    ("answers", "Réponses comptées ici"),
    ("twice", "Collectivités qui ont répondu plusieurs fois : la dernière réponse est gardée"),
    ("refused", "Fichiers illisibles"),
    ("problems", "Points à vérifier"),
    ("unknown", "Libellés non reconnus"),
)
READING = Section("lecture", 120)


@READING.sentence(always=True)
def received(q: Consultation) -> Text:
    """Ce qui a été lu."""
    return Text("{}", q.counts["summary"])


@READING.table("lecture", sheet="Lecture", rank=120, always=True)
def _read(q: Consultation) -> Table:
    columns = {"Ce qui a été lu": [label for _, label in ACCOUNT], "Nombre": ([q.counts[n] for n, _ in ACCOUNT], 0)}
    return Table.of(caption(q, "Ce qui a été lu"), columns, fold=True)


@READING.table("reponses", sheet="Réponses", rank=110)
def _answers(q: Consultation) -> Table:
    found = analysis.counts(q.answers)
    labels = rules().scale.options | {"blank": "Sans réponse"}
    columns = {"Réponse": found.answer.map(labels), **{QUESTION_LABELS[one]: (found[one], 0) for one in QUESTIONS}}
    return Table.of(caption(q, "Réponses à chaque question : leur somme est ce qui est compté"), columns, fold=True)


@READING.table("deux_fois", sheet="Deux fois", rank=130, private=True, always=True, rows=30)
def _twice(q: Consultation) -> Table | Note:
    found = q.reading.twice
    columns = {"Collectivité": found["name"], "Réponse gardée": found.kept, "Laissées de côté": found.others}
    return Table.or_note(
        "Aucune collectivité n'a répondu deux fois.",
        caption(q, "Collectivités qui ont répondu plusieurs fois"),
        columns,
    )


@READING.table("illisibles", sheet="Fichiers illisibles", rank=140, private=True, always=True, rows=30)
def _refused(q: Consultation) -> Table | Note:
    found = q.reading.refused
    return Table.or_note(
        "Tous les fichiers ont été lus.",
        caption(q, "Fichiers non lus"),
        {"Fichier": found.file, "Raison": found.reason},
    )


@READING.table("a_verifier_reponses", sheet="À vérifier", rank=150, private=True, always=True, rows=30)
def _problems(q: Consultation) -> Table | Note:
    return DOCUMENT.to_check(q, q.reading.problems, "Aucun point à vérifier.")
