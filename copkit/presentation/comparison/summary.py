"""The first sheet of the workbook: where the columns differ most, and what each asks in all."""

from __future__ import annotations

from copkit.models.side_by_side import HEAD, KT, SideBySide
from copkit.presentation.comparison.about import message
from copkit.presentation.comparison.document import efforts, what
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table

EFFORT, PER_HEAD = "Effort hors forêt (ktCO2e/an)", "Par habitant (kgCO2e/an)"


def summary(found: SideBySide) -> Summary:
    """What the workbook opens on."""
    lines = message(found).plain.replace("**", "").splitlines()
    columns = {"Comparé": found.names, EFFORT: (found.totals.to_numpy(), efforts(found))}
    if found.unit == HEAD:
        columns[PER_HEAD] = (found.measured(found.totals).to_numpy(), efforts(found))
    drawn = Bars(
        table=Table.of("L'effort dans son ensemble", columns),
        columns=(EFFORT if found.unit == KT else PER_HEAD,),
        unit=f"{found.unit}, hors forêt",
    )
    told = tuple(line.removeprefix("- ").removeprefix("• ") for line in lines)
    return Summary(name=what(found), title=f"{what(found)} : l'effort côte à côte", lines=told, parts=(drawn,))
