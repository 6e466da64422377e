"""The first sheet of the workbook: the priorities by effect and by level, the levers that nothing serves."""

from __future__ import annotations

from copkit import french
from copkit.adaptation.priorities import PRIORITIES
from copkit.adaptation.recensement import Recensement
from copkit.presentation.adaptation.document import DOCUMENT, caption
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table


def summary(r: Recensement) -> Summary:
    """What the workbook opens on."""
    title = f"{french.plural(len(r.priorities), *PRIORITIES.noun)} d'adaptation"
    none = "Rien n'est encore recensé."
    if r.given:
        none = f"{french.plural(len(r.unserved), 'levier')} sur {len(r.levers)} que rien ne sert."
    parts = () if r.empty else (_bars(r, "effect", "Effet"), _bars(r, "priority", "Niveau de priorité"))
    return DOCUMENT.opening(r, title, (r.counts["summary"], none), parts)


def _bars(r: Recensement, name: str, label: str) -> Bars:
    found = r.by(name)
    columns = {label: found[name].replace("", "non dit"), "Priorités": (found.priorities, 0)}
    columns["Budget connu (M€)"] = (found.budget / 1e6, 1)
    table = Table.of(caption(r, f"Priorités par {label.lower()}"), columns)
    return Bars(table=table, columns=("Priorités",), unit="priorités")
