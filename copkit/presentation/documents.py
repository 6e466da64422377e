"""The documents, as a notebook asks for them: what is given decides which one makes the section, table, chart…"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.errors import CopkitError, given
from copkit.models import biodiversity, local
from copkit.models.budgets import Reduction
from copkit.models.comparison import Comparison
from copkit.models.compensation import Compensation
from copkit.models.conversion import Conversion
from copkit.models.enjeux import Served
from copkit.models.factors import Identity
from copkit.models.panorama import panorama
from copkit.presentation.document import CHART, SENTENCE, Shown
from copkit.presentation.table import Table
from copkit.presentation.text import Note

if TYPE_CHECKING:
    from copkit.adaptation.recensement import Recensement
    from copkit.models.side_by_side import SideBySide
    from copkit.presentation.document import Part
    from copkit.projects.selection import Vivier
    from copkit.roadmap.followup import Followup
    from copkit.roadmap.plan import Roadmap
    from copkit.survey.selection import Consultation

    About = xr.Dataset | str | Vivier | Consultation | Recensement | Roadmap | Followup | SideBySide

COMPUTED = (
    Comparison,
    Compensation,
    Conversion,
    Identity,
    Reduction,
    Served,
)  # from a panorama, with a table of their own
DOCUMENTS = {  # what each is about, as a message says it; of which class, when it is one of ours
    "copkit.presentation.territory.document": ("un panorama (ck.panorama) ou un scénario (ck.simulate)", ""),
    "copkit.presentation.biodiversity.document": ('un panorama de la biodiversité (plan="biodiversite")', ""),
    "copkit.presentation.projects.document": ("un vivier (ck.projects.vivier)", "Vivier"),
    "copkit.presentation.survey.document": ("une consultation (ck.survey.consultation)", "Consultation"),
    "copkit.presentation.comparison.document": ("une comparaison (ck.side_by_side)", "SideBySide"),
    "copkit.presentation.adaptation.document": ("un recensement (ck.adaptation.recensement)", "Recensement"),
    "copkit.presentation.roadmap.document": ("une feuille de route (ck.roadmap.plan)", "Roadmap"),
    "copkit.presentation.followup.document": ("un suivi (ck.roadmap.followup)", "Followup"),
}
TERRITORY, BIODIVERSITY = list(DOCUMENTS)[:2]


def section(about: About, name: str) -> Shown:
    """Une section d'un document : son titre, ses phrases, ses graphiques et ses tables.

    Parameters
    ----------
    about : le panorama d'un territoire, ou son code ; un vivier de projets, une consultation, un recensement des
        priorités d'adaptation, une feuille de route, un suivi, une comparaison (``ck.side_by_side``).
    name : « ambition », « place », « quantites »… pour un territoire ; « bilan », « leviers », « couverture »… pour un
        vivier ; « participation », « leviers », « familles »… pour une consultation ; « leviers », « priorites »,
        « fiches »… pour un recensement ; « points », « actions », « moyens »… pour une feuille de route ; « actions »,
        « leviers », « reports »… pour un suivi ; « ensemble », « secteurs », « leviers »… pour une comparaison.

    Raises
    ------
    LeverError, ProjectError
        Si la section n'existe pas : le message donne toutes les sections.
    """
    document, about = _of(about)
    with local.in_force(local.of(about)):
        return document.DOCUMENT.show(name, about)


def table(
    about: xr.Dataset | str | Displayed | pd.DataFrame, what: str = "", *, whole: bool = False
) -> Table | Note | None:
    """Une table en français à propos d'un panorama, de ce qui s'en déduit, ou d'un vivier de projets.

    Parameters
    ----------
    about : le panorama d'un territoire, son code, un scénario ou ce qui s'en déduit (comparaison, compensation,
        conversion, facteurs, réduction) ; un vivier de projets, des projets triés, un bilan ; une consultation ; une
        lecture, un atelier relu.
    what : une table du document : « panorama » (à défaut), « synthese », « secteurs », « quantites »… pour un panorama,
        et « manque », « ecarts » pour un scénario ; « bilan » (à défaut), « parts », « leviers », « dossiers »… pour un
        vivier ; « leviers » (à défaut), « participation », « actions », « familles »… pour une consultation ;
        « priorites » (à défaut), « leviers », « effets »… pour un recensement ; « actions » (à défaut), « points »,
        « themes », « couverture »… pour une feuille de route ; « actions » (à défaut), « indicateurs », « dossiers »,
        « reports »… pour un suivi ; « secteurs » (à défaut), « leviers », « ensemble » pour une comparaison.
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
    if isinstance(about, pd.DataFrame) and {"by", "triage"} & set(about.attrs):
        from copkit.presentation.projects import counts

        return counts.table(about) if "by" in about.attrs else counts.sorted_table(about)
    if isinstance(about, Displayed) and not isinstance(about, COMPUTED):
        from copkit.presentation import intake

        if isinstance(about, intake.Reading | intake.Merged):
            return intake.table(about)
    document, about = _of(about, *COMPUTED)
    with local.in_force(local.of(about)):
        return document.table(about, what or document.FIRST, whole=whole)


def write_workbook(about: About, path: str | Path) -> None:
    """Écrit le classeur d'un territoire ou de ce qu'il a collecté : une feuille par table, et ses sources.

    Parameters
    ----------
    about : le panorama du territoire, son code, ou un scénario : ce qui ne se lit que sur sa référence y est, et le
        dit. Ou un vivier, une consultation, un recensement, une feuille de route, un suivi : public, le classeur l'est
        aussi. Ou une comparaison.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    """
    from copkit.presentation import workbook  # XlsxWriter: only those who write a workbook load it

    document, about = _of(about)
    with local.in_force(local.of(about)):
        workbook.write(document.book(about), path)


def _of(about, *computed: type) -> tuple[ModuleType, Any]:
    """The document of what is given, and what it is about: a code stands for its panorama.

    ``computed``: what may also be given.
    """
    if isinstance(about, str):
        about = panorama(about)
    if isinstance(about, xr.Dataset) and about.attrs.get("plan") == biodiversity.BIODIVERSITY:
        return import_module(BIODIVERSITY), about
    if isinstance(about, computed) or (isinstance(about, xr.Dataset) and "target" in about):
        return import_module(TERRITORY), about
    for folder, (_, name) in DOCUMENTS.items():
        if name and type(about).__name__ == name and isinstance(about, getattr(import_module(folder), name)):
            document = import_module(folder)
            return document, document.shown(about) if hasattr(document, "shown") else about
    *others, last = (said for said, _ in DOCUMENTS.values())
    raise CopkitError(f"{french.capital(', '.join(others))} ou {last} attendu, et non {given(about)}.")


class Space:
    """The charts, or the sentences, of all documents by their names, as functions."""

    def __init__(self, kind: str, name: str) -> None:
        self._kind, self._name = kind, name

    def __repr__(self) -> str:
        return f"<{self._name} : {', '.join(dir(self))}>"

    def __dir__(self) -> list[str]:
        return sorted({name for one in map(import_module, DOCUMENTS) for name in one.DOCUMENT.parts(self._kind)})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        for one in map(import_module, () if name.startswith("_") else DOCUMENTS):
            if part := one.DOCUMENT.parts(self._kind).get(name):
                return self._function(part)
        raise AttributeError(f"{self._name} n'a pas « {name} ». Il y a : {', '.join(dir(self))}.", name=name, obj=self)

    def _function(self, part: Part) -> Callable[..., Any]:
        @functools.wraps(part.make)
        def made(about, *args, **kwargs):
            document, about = _of(about, *COMPUTED)
            one = document.DOCUMENT.parts(self._kind).get(part.name)
            if one is None or not (isinstance(about, one.about) if one.about else not isinstance(about, COMPUTED)):
                what = "ce panorama" if isinstance(about, xr.Dataset) else given(about)
                raise CopkitError(f"{self._name}.{part.name} : {_wanted(part)} attendu, et non {what}.")
            with local.in_force(local.of(about)):
                return document.DOCUMENT.make(one, about, *args, **kwargs)

        made.__name__ = part.name
        return made


def _wanted(part: Part) -> str:
    """What a part is about, as a message says it."""
    if part.about:
        return f"un objet « {part.about.__name__} »"
    folder = next(one for one in DOCUMENTS if part in import_module(one).DOCUMENT.parts(part.kind).values())
    return DOCUMENTS[folder][0]


charts = Space(CHART, "ck.charts")
report = Space(SENTENCE, "ck.report")
