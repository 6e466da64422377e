"""Who answered, over the official lists, and who did not."""

from __future__ import annotations

import lazy_loader
import pandas as pd

from copkit import french
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import words
from copkit.presentation.table import Table
from copkit.presentation.text import Note
from copkit.survey.selection import Consultation

alt = lazy_loader.load("altair")
PARTICIPATION = Section("participation", 20)


@PARTICIPATION.chart()
def participation(q: Consultation) -> alt.LayerChart | Note:
    """Part des collectivités de la liste officielle qui ont répondu, par type. [%]"""
    found = q.coverage[(q.coverage.answered > 0) & (q.coverage.official > 0)]
    if found.empty:
        return Note("Aucune des collectivités qui ont répondu n'a de liste officielle.")
    drawn = pd.DataFrame(
        {
            "label": found.label.to_numpy(),
            "share": (100 * found.share).to_numpy(),
            "written": [
                f"{french.number(n, 0)} sur {french.number(whole, 0)} ({french.percent(share, 0 if share >= 1 else 1)})"
                for n, whole, share in zip(found.answered, found.official, 100 * found.share, strict=True)
            ],
        }
    )
    epci = q.coverage.set_index("type").loc["epci"]
    share = french.percent(100 * epci.share, 0)
    few = {0: ("Aucun", "n'a"), 1: ("Un", "a")}
    count, verb = few.get(epci.answered, (french.number(epci.answered, 0), "ont"))
    title = f"{count} EPCI sur {french.number(epci.official, 0)} {verb} répondu ({share})"
    made = words(q, title, "% de la liste officielle", f"Participation : {charts.said(drawn)}.")
    axis = alt.Axis(values=[0, 25, 50, 75, 100])
    return charts.bars(drawn, "share", "part des collectivités (%)", made, domain=[0, 135], axis=axis, step=30)


@PARTICIPATION.table("participation", sheet="Participation", rank=10)
def _coverage(q: Consultation) -> Table:
    return tables.VIEWS["coverage"](q.coverage, tables.where(q))
