"""The first sheet of the workbook: the exit points, the money, what is identified of each target."""

from __future__ import annotations

from copkit import french
from copkit.presentation import formats
from copkit.presentation.roadmap.document import DOCUMENT, NOUN, caption
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table
from copkit.roadmap.exits import STATES, exits
from copkit.roadmap.plan import Roadmap


def summary(r: Roadmap) -> Summary:
    """What the workbook opens on."""
    title = f"{french.plural(len(r.retained), *NOUN)} sur {len(r.actions)}"
    parts = () if r.empty else (_exits(r), _money(r), _identified(r))
    return DOCUMENT.opening(r, title, (r.counts["summary"],), parts)


def _exits(r: Roadmap) -> Bars:
    found = exits(r)
    columns = {"Point de sortie": [one.label for one in found], "État": [STATES[one.state] for one in found]}
    return Bars(table=Table.of(caption(r, "Points de sortie"), columns))


def _money(r: Roadmap) -> Bars:
    found = r.money
    columns = {"Financement": found.label, "Actions": (found.actions, 0), "Coût (M€)": (found.cost / 1e6, 1)}
    table = Table.of(caption(r, "Coût déclaré des actions retenues"), columns)
    return Bars(table=table, columns=("Coût (M€)",), unit="millions d'euros")


def _identified(r: Roadmap) -> Bars:
    found = r.coverage[r.coverage.kt_identified.notna() & (r.coverage.lever != "total")]
    found = found.sort_values("target_share", ascending=False, kind="stable")
    columns = {
        "Levier": found.label,
        "Objectif (ktCO2e/an)": (found.target, 1),
        "Identifié (ktCO2e/an)": (found.kt_identified, formats.SIGNIFICANT),
        "Part de l'objectif (%)": (found.target_share, formats.SIGNIFICANT),
    }
    table = Table.of(caption(r, "Ce que les quantités des actions identifient"), columns)
    return Bars(table=table, columns=("Part de l'objectif (%)",), unit="% de l'objectif")
