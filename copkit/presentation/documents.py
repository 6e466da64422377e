"""The documents, as a notebook asks for them: what is given decides which one makes the section, table, chart…"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import xarray as xr

from copkit.errors import CopkitError
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.presentation.document import CHART, SENTENCE, Shown
from copkit.presentation.table import Table
from copkit.presentation.text import Note

if TYPE_CHECKING:
    from copkit.presentation.document import Part
    from copkit.projects.selection import Vivier

DOCUMENTS = ("copkit.presentation.territory.document", "copkit.presentation.projects.document")


def section(about: xr.Dataset | Vivier, name: str) -> Shown:
    """Une section d'un document : son titre, ses phrases, ses graphiques et ses tables.

    Parameters
    ----------
    about : le panorama d'un territoire, ou un vivier de projets.
    name : « ambition », « place », « quantites »… pour un territoire ; « bilan », « leviers », « couverture »… pour un
        vivier.

    Raises
    ------
    LeverError, ProjectError
        Si la section n'existe pas : le message donne toutes les sections.
    """
    return _of(about).DOCUMENT.show(name, about)


def table(
    about: xr.Dataset | Compensation | Comparison | Conversion | Vivier, what: str = "", *, whole: bool = False
) -> Table | Note | None:
    """Une table en français à propos d'un panorama, de ce qui s'en déduit, ou d'un vivier de projets.

    Parameters
    ----------
    about : le panorama d'un territoire, un scénario ou ce qui s'en déduit ; ou un vivier de projets.
    what : une table du document : « panorama » (à défaut), « synthese », « secteurs », « quantites »… pour un panorama,
        et « manque », « ecarts » pour un scénario ; « bilan » (à défaut), « parts », « leviers », « dossiers »… pour un
        vivier.
    whole : toutes les lignes ; par défaut une longue liste est coupée, et sa légende dit combien elle en a.

    Returns
    -------
    Une table ; une phrase où il n'y a rien à montrer ; rien quand la phrase est déjà dite à côté.

    Raises
    ------
    LeverError, ProjectError
        Si la table demandée n'existe pas : le message donne toutes les tables. Si elle ne se lit que sur la référence
        et que ``about`` est un scénario.
    """
    document = _of(about)
    return document.table(about, what or document.FIRST, whole=whole)


def write_workbook(about: xr.Dataset | Vivier, path: str | Path) -> None:
    """Écrit le classeur d'un territoire ou d'un vivier : une feuille par table, en nombres, et ses sources.

    Parameters
    ----------
    about : le panorama du territoire, ou un scénario : ce qui ne se lit que sur sa référence y est, et le dit. Ou un
        vivier : public, le classeur l'est aussi.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    from copkit.presentation import workbook  # openpyxl is heavy: only those who write a workbook load it

    workbook.write(_of(about).book(about), path)


def _of(about) -> ModuleType:
    """The document of what is given; its charts have the look of the kit."""
    from copkit.presentation import theme

    theme.enable()
    if isinstance(about, xr.Dataset | Compensation | Comparison | Conversion):
        return import_module(DOCUMENTS[0])
    projects = import_module(DOCUMENTS[1])
    if isinstance(about, projects.Vivier):
        return projects
    raise CopkitError(
        "Un panorama (ck.panorama), un scénario (ck.simulate) ou un vivier (ck.projects.vivier) est attendu, "
        f"et non « {about!r:.40} »."
    )


class Space:
    """The charts, or the sentences, of all documents by their names, as functions."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind, self._name = kind, name

    def __repr__(self) -> str:
        return f"<{self._name} : {', '.join(dir(self))}>"

    def __dir__(self) -> list[str]:
        return sorted({name for one in map(import_module, DOCUMENTS) for name in one.DOCUMENT.parts(self._kind)})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        for one in map(import_module, DOCUMENTS):
            if part := one.DOCUMENT.parts(self._kind).get(name):
                return self._function(part)
        raise AttributeError(f"{self._name} n'a pas « {name} ». Il y a : {', '.join(dir(self))}.", name=name, obj=self)

    def _function(self, part: Part) -> Callable[..., Any]:
        @functools.wraps(part.make)
        def made(about, *args, **kwargs):
            document = _of(about).DOCUMENT
            found = document.parts(self._kind).get(part.name)
            if found is None:
                given = isinstance(about, xr.Dataset)
                wanted = "d'un vivier (ck.projects.vivier)" if given else "d'un panorama (ck.panorama)"
                raise document.error(f"{self._name}.{part.name} se fait à propos {wanted}.")
            return found.make(about, *args, **kwargs) if args or kwargs else document.make(found, about)

        made.__name__ = part.name
        return made


charts = Space(CHART, "ck.charts")
report = Space(SENTENCE, "ck.report")
