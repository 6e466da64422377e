"""What the figures of a territory rest on: the sources of its panorama, its keys, its series and its plans."""

from __future__ import annotations

import xarray as xr

from copkit import french
from copkit.files import kept
from copkit.models import communal, downscaling, dynamics, nomenclatures, panorama, plans
from copkit.reference import parameters, tables


def sources(p: xr.Dataset, *, enjeux: bool = True) -> dict[str, str]:
    """The keys of ``sources.yml`` that the document rests on, in order of importance; what for when it is not said.

    ``enjeux``: also what says which enjeux a lever serves, which a workbook lists.
    """
    used = list(dict.fromkeys(p.source.values))
    if (p.grade.values != "").any():
        used.append("sgpe_simulateur_a_propos")
        mixes = {key for key in p.allocation.values.tolist() if key}
        chosen = {figure for key in mixes for figure in downscaling.parsed(key)}
        used += [source for key, source in allocated() if key in chosen]
    if panorama.small(p):
        used += communal.sources()
    observed = dynamics.dynamics(p.attrs["territory"]).source.dropna()
    used += [source for cell in observed for source in cell.split(", ") if source]
    used += ["insee_cog_2026", "sgpe_point_de_sortie"]
    more, levers = plans.sources(p.attrs["territory"]), parameters.levers()
    if enjeux and any(levers[lever].nomenclatures.cop for lever in p.lever.values):
        more[nomenclatures.MATRIX] = ["enjeux des 43 leviers", *more.get(nomenclatures.MATRIX, [])]
    return dict.fromkeys(used, "") | {key: french.join(uses) for key, uses in more.items()}


@kept(maxsize=4)
def allocated() -> list[tuple[str, str]]:
    """The sources of each allocation key, in the order of the file."""
    table = tables.read("allocation.csv")
    return list(dict.fromkeys(tables.rows(table, "key", "source")))
