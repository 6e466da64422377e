"""What the diagnostic of a territory shows of its projects, in one call: the public version, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from copkit.presentation.projects import charts, sentences
from copkit.presentation.projects.tables import table
from copkit.projects.vivier import vivier


@dataclass(frozen=True)
class Section:
    """Sentences, charts and tables that a notebook shows one below the other."""

    parts: tuple

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)


def section(territory: str, file: str | Path) -> Section:
    """Le bilan, les leviers, la couverture et les objectifs d'un vivier, sans rien qui ne soit public.

    Parameters
    ----------
    territory : code d'un territoire.
    file : fichier de projets.

    Raises
    ------
    ProjectError
        Si le fichier est absent ou illisible.
    """
    v = vivier(file, territory, public=True)
    made = (
        sentences.balance(v),
        charts.categories(v),
        table(v, "bilan"),
        charts.levers(v),
        table(v, "leviers"),
        charts.coverage(v),
        table(v, "epci_sans_projet"),
        charts.targets(v),
        table(v, "objectifs"),
    )
    parts = made if not v.empty else (sentences.heading(v), charts.categories(v))
    return Section(tuple(part for part in parts if part is not None))
