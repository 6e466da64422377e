"""The first sheet of the workbook: what became of the actions, the levers on track, what is left to the next COP."""

from __future__ import annotations

from copkit import french
from copkit.presentation.followup.about import counted
from copkit.presentation.followup.document import DOCUMENT, caption
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table
from copkit.roadmap import carried
from copkit.roadmap.followup import DONE, FOLLOWED, LATE, OUTCOMES, TRACKS, UNSAID, Followup


def summary(f: Followup) -> Summary:
    """What the workbook opens on."""
    counts = f.counts
    said = french.join(counted(one, counts[one]) for one in (DONE, LATE, UNSAID) if counts[one])
    title = f"Sur {french.plural(len(f.expected), 'action')} de {f.year - 1} : {said or 'aucune nouvelle'}"
    parts = () if f.actions.empty else (_outcomes(f), _tracks(f), _left(f))
    return DOCUMENT.opening(f, title, f.notes[:1], parts)


def _outcomes(f: Followup) -> Bars:
    labels = [french.capital(OUTCOMES[one]) for one in FOLLOWED]
    columns = {"Action": labels, "Nombre": ([f.counts[one] for one in FOLLOWED], 0)}
    return Bars(
        table=Table.of(caption(f, "Ce que sont devenues les actions"), columns), columns=("Nombre",), unit="actions"
    )


def _tracks(f: Followup) -> Bars:
    counts = f.indicators.track.value_counts()
    columns = {
        "État": [french.capital(label) for label in TRACKS.values()],
        "Leviers": ([int(counts.get(one, 0)) for one in TRACKS], 0),
    }
    return Bars(
        table=Table.of(caption(f, "Leviers par état de leur indicateur"), columns), columns=("Leviers",), unit="leviers"
    )


def _left(f: Followup) -> Bars:
    counts = f.carried.kind.value_counts()
    columns = {
        "Sorte": [french.capital(label) for label in carried.KINDS.values()],
        "Sujets": ([int(counts.get(one, 0)) for one in carried.KINDS], 0),
    }
    return Bars(
        table=Table.of(caption(f, "Ce qui est laissé à la COP suivante"), columns), columns=("Sujets",), unit="sujets"
    )
