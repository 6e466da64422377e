"""A section of a document in one call: what a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from copkit.presentation.document import Shown

if TYPE_CHECKING:
    from copkit.projects.vivier import Vivier


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
    if isinstance(about, xr.Dataset):
        from copkit.presentation.territory.document import DOCUMENT
    else:
        from copkit.presentation.projects.document import DOCUMENT
    return DOCUMENT.show(name, about)
