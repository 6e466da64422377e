"""What the document is: its territory, its status, the version of its data."""

from __future__ import annotations

import xarray as xr

from copkit.presentation import labels
from copkit.presentation.document import Section
from copkit.presentation.text import Text

HEADING = Section("entete", 10)


@HEADING.sentence()
def heading(p: xr.Dataset) -> Text:
    """Le territoire, ce qu'est le document, son statut, la version des données."""
    return Text(
        "# {name}\n\nBiodiversité et ressources{place}, COP régionale.\n\n**Statut : cibles nationales et objectifs "
        "régionaux indicatifs, base de discussion, non prescriptive.** Données : version {version}. {purpose}",
        name=p.attrs["name"],
        place=labels.place(p.attrs["territory"]),
        version=p.attrs["version"],
        purpose=labels.purpose(p.attrs["territory"], objective=0, step=0),
    )
