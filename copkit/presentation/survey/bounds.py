"""What the silent EPCI could change: the measures if all of them answered at the lowest, or at the highest."""

from __future__ import annotations

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.survey.questionnaire import rules
from copkit.survey.selection import Consultation

BOUNDS = Section("bornes", 110)


@BOUNDS.sentence()
def silence(q: Consultation) -> Text:
    """Combien d'EPCI n'ont pas répondu, et ce que cela laisse de sûr."""
    found = q.coverage.set_index("type").loc["epci"]
    absent = int(found.official - found.answered)
    if absent == 0:
        return Text("Tous les EPCI ont répondu.")
    sure, limit = int(q.bounds.sure.sum()), french.percent(100 * rules().thresholds.share, 0)
    verb = "n'a" if absent == 1 else "n'ont"
    return Text(
        "**{absent}** {verb} pas répondu. Même s'ils répondaient tous « non », ou tous « oui », **{sure}** resteraient "
        "du même côté du seuil de pertinence ({limit} des réponses) ; les autres sont à lire avec prudence.",
        absent=french.plural(absent, "EPCI", "EPCI"), verb=verb, limit=limit,
        sure=f"{sure} des {len(q.bounds)} leviers",
    )  # fmt: skip


@BOUNDS.table("bornes", sheet="Bornes", rank=100)
def _bounds(q: Consultation) -> Table:
    return tables.VIEWS["bounds"](q.bounds, tables.where(q))


@BOUNDS.table("sans_reponse", sheet="Sans réponse", rank=105, private=True, rows=30)
def _silent(q: Consultation) -> Table | Note:
    found = q.silent
    return Table.or_note(
        "Tous les EPCI ont répondu.",
        caption(q, "EPCI qui n'ont pas répondu, du plus au moins peuplé (version de travail)"),
        {"EPCI": found["name"], "Département": found.departements, "Habitants": (found.population, 0)},
    )
