"""What the diagnostic of a territory shows of the questionnaire of its collectivités: the public version."""

from __future__ import annotations

import xarray as xr

from copkit.presentation.document import CHART, SENTENCE, TABLE, Absent, Section, Shown
from copkit.presentation.territory import received
from copkit.presentation.text import Note

SHOWN = (
    (SENTENCE, "message"),
    (CHART, "participation"),
    (TABLE, "participation"),
    (CHART, "maturity"),
    (TABLE, "maturite"),
    (SENTENCE, "implemented"),
    (TABLE, "actions_plus"),
    (TABLE, "actions_moins"),
    (SENTENCE, "families"),
    (SENTENCE, "silence"),
)
EMPTY = ((CHART, "participation"),)
SURVEY = Section("questionnaire", 95)


@SURVEY.sentence()
def survey(p: xr.Dataset, file: str = "") -> Shown | Absent:
    """Ce que les réponses au questionnaire disent des leviers, version publique ; sans fichier, comment en donner un.

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible.
    """
    if not file:
        how = (
            "Aucune réponse au questionnaire n'est chargée. Pour montrer ici le point de vue des collectivités, donner "
            "le chemin des réponses au paramètre « reponses » ; le carnet « questionnaire » en donne le détail."
        )
        return Absent("Le point de vue des collectivités", (Note(how),))
    from copkit.presentation.survey.about import INVENTED
    from copkit.presentation.survey.document import DOCUMENT

    q = received.answers(p, file)
    made = DOCUMENT.some(q, EMPTY if q.empty else SHOWN)
    return Shown(tuple([INVENTED, *made] if q.invented and not q.empty else made))
