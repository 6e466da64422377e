"""The other panorama in the document of a territory: where it stands on biodiversity and resources."""

from __future__ import annotations

import xarray as xr

from copkit.models import biodiversity as model
from copkit.models import panorama
from copkit.models.enjeux import Served
from copkit.presentation.biodiversity import enjeux, measures
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text

BIODIVERSITY = Section("biodiversite", 65)


@BIODIVERSITY.sentence()
def biodiversity(p: xr.Dataset) -> Text | Note:
    """Où en sont les mesures de la biodiversité et des ressources, et ce qui n'a ni cible ni donnée."""
    if panorama.small(p):
        return Note("Les mesures de la biodiversité et des ressources se lisent par région et par département.")
    found = _found(p)
    return Text.joined([measures.standing(found), measures.missing(found, named=False)], " ")


@BIODIVERSITY.table("biodiversite", sheet="Biodiversité et ressources", rank=85, when=panorama.broad)
def _measures(p: xr.Dataset) -> Table:
    """The measures of the levers that serve biodiversity or resources."""
    return measures.panorama_table(p, fold=True)


def _found(p: xr.Dataset) -> list[model.Measure]:
    return model.measures(p.attrs["territory"], p.attrs["version"])


@BIODIVERSITY.table("enjeux_servis", about=Served)
def _served(found: Served) -> Table:
    """The enjeux that a set of levers serves."""
    return enjeux.table(found)
