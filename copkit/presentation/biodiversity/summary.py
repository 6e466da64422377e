"""The first sheet of the workbook: how many measures, where they stand, and those that a target can be read beside."""

from __future__ import annotations

import xarray as xr

from copkit import french
from copkit.models import biodiversity as model
from copkit.presentation import formats
from copkit.presentation.biodiversity import words
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table


def summary(p: xr.Dataset) -> Summary:
    """What the workbook opens on."""
    found = model.of(p)
    compared = [one for one in found if one.state in (model.REACHED, model.AHEAD)]
    reached = sum(one.state == model.REACHED for one in compared)
    said = f"{french.plural(reached, 'mesure')} sur {len(compared)} à la cible"
    return Summary(
        name=p.attrs["name"],
        title=f"{p.attrs['name']}, biodiversité et ressources : {said}",
        lines=("Cibles nationales et objectifs régionaux indicatifs, base de discussion, non prescriptive.",),
        parts=(Bars(table=_states(found)), Bars(table=_compared(compared))),
    )


def _states(found: list[model.Measure]) -> Table:
    states = dict.fromkeys(one.state for one in found)
    return Table.of(
        "Où en sont les mesures",
        {
            "État": [french.capital(state) for state in states],
            "Mesures": ([sum(one.state == state for one in found) for state in states], formats.QUANTITY),
        },
    )


def _compared(found: list[model.Measure]) -> Table:
    return Table.of(
        "Mesures qui se comparent à une cible",
        {
            "Mesure": [french.capital(one.measure) for one in found],
            "Dernière valeur": [words.value(one) for one in found],
            "Cible": [words.target(one) for one in found],
            "Distance": [words.distance(one) for one in found],
        },
    )
