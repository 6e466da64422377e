"""What the diagnostic of a territory shows of the questionnaire of its collectivités: the public version."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from copkit.files import kept
from copkit.presentation.document import CHART, SENTENCE, TABLE, Absent, Section, Shown
from copkit.presentation.text import Note

if TYPE_CHECKING:
    from copkit.survey.selection import Consultation

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

    q = consulted(p, file)
    made = [DOCUMENT.make(DOCUMENT.parts(kind)[name], q) for kind, name in (EMPTY if q.empty else SHOWN)]
    return Shown(tuple([INVENTED, *made] if q.invented and not q.empty else made))


def consulted(p: xr.Dataset, file: str | Path | Iterable[str | Path]) -> Consultation:
    """The answers of a territory in their public version: read once for the page and for the chapter."""
    from copkit.intake.reading import located
    from copkit.survey.fields import ANSWERS

    files = [file] if isinstance(file, str | Path) else file
    return _consulted(p.attrs["territory"], *(located(one, ANSWERS, folder=True) for one in files))


@kept(maxsize=1)
def _consulted(territory: str, *files: Path) -> Consultation:
    from copkit.survey.selection import consultation

    return consultation(files, territory, public=True)
