"""The levers read by enjeu: what each serves, those that serve adaptation, those that act on the same quantity."""

from __future__ import annotations

import xarray as xr

from copkit import french
from copkit.models import biodiversity
from copkit.models.enjeux import Served
from copkit.models.enjeux import enjeux as served
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.text import Text, lower
from copkit.reference import framework

YES, NO = "oui", "—"
ENJEUX = Section("enjeux", 35)
PANORAMAS = {
    biodiversity.CLIMATE: "climat",
    biodiversity.BIODIVERSITY: "biodiversité et ressources",
    biodiversity.BOTH: "les deux",
}


@ENJEUX.sentence()
def adaptation(p: xr.Dataset) -> Text:
    """Les leviers qui servent l'adaptation, et ce que les sources disent des tensions entre leviers."""
    found = served(enjeu="adaptation").table.label
    return Text.joined(
        [
            Text("{} des 43 leviers servent l'adaptation : {}.", len(found), " ; ".join(map(lower, found))),
            Text(
                "Les sources ne déclarent pas de tension entre leviers. Le kit ne compte que des recouvrements, quand "
                "plusieurs agissent sur la même quantité : ils sont dans le diagnostic."
            ),
        ]
    )


@ENJEUX.table("enjeux_comptes", sheet="Enjeux", rank=50)
def counts(p: xr.Dataset) -> Table:
    """How many levers serve each enjeu, among the 43 and in this panorama."""
    every, here = served().counts, served(p).counts
    return Table.of(
        "Leviers par enjeu",
        {
            "Enjeu": every.label,
            "Parmi les 43 leviers": (every.served, formats.PLAIN),
            "Dans ce panorama": (here.served, formats.PLAIN),
        },
    )


@ENJEUX.table("enjeux", sheet="Leviers et enjeux", rank=60)
def matrix(p: xr.Dataset) -> Table:
    """The 43 levers, the enjeux that each serves, and the panorama where it has its place."""
    return table(served(), fold=True)


def table(found: Served, *, fold: bool = False) -> Table:
    """Levers and the enjeux that they serve."""
    names = framework.labels("enjeux")
    columns = {"Levier": found.table.label, "Thème": found.table.theme}
    columns |= {label: [YES if one else NO for one in found.table[name]] for name, label in names.items()}
    columns["Panorama"] = [PANORAMAS[biodiversity.panoramas(lever)] for lever in found.table.lever]
    return Table.of("Leviers et enjeux servis", columns, fold=fold)


def overlaps(found: Served) -> list[str]:
    """What the chosen levers do to the same quantity, one sentence each."""
    return [
        f"{row.label} : {french.join(map(lower, row.levers))} agissent sur la même quantité (hypothèse du kit). "
        f"{row.reason}"
        for row in found.tensions.itertuples()
    ]
