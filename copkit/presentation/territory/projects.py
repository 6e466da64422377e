"""What the diagnostic of a territory shows of its projects: the public version, and nothing else."""

from __future__ import annotations

import xarray as xr

from copkit.presentation.document import CHART, SENTENCE, TABLE, Absent, Section, Shown
from copkit.presentation.territory import received
from copkit.presentation.text import Note

SHOWN = (
    (SENTENCE, "balance"),
    (CHART, "categories"),
    (TABLE, "bilan"),
    (CHART, "levers"),
    (TABLE, "leviers"),
    (CHART, "coverage"),
    (TABLE, "epci_sans_projet"),
    (CHART, "targets"),
    (TABLE, "objectifs"),
)
EMPTY = ((SENTENCE, "heading"), (CHART, "categories"))
PROJECTS = Section("projets", 80)


@PROJECTS.sentence()
def projects(p: xr.Dataset, file: str = "") -> Shown | Absent:
    """Les projets du territoire, en version publique ; sans fichier, comment en donner un.

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible.
    """
    if not file:
        how = (
            "Aucun fichier de projets n'est chargé. Pour montrer ici le bilan d'un vivier, donner le chemin d'un "
            "export au paramètre « projets » ; le carnet « projets » en donne le détail."
        )
        return Absent("Les projets du territoire", (Note(how),))
    from copkit.presentation.projects.document import DOCUMENT

    v = received.projects(p, file)
    return Shown(tuple(DOCUMENT.some(v, EMPTY if v.empty else SHOWN)))
