"""The first sheet of the workbook: who answered, the families, the levers that are most relevant."""

from __future__ import annotations

from copkit import french
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.survey.document import DOCUMENT, caption
from copkit.presentation.survey.families import kept
from copkit.presentation.table import Table
from copkit.survey.questionnaire import FAMILIES, rules
from copkit.survey.selection import Consultation

FEW = 10  # levers that are drawn


def summary(q: Consultation) -> Summary:
    """What the workbook opens on."""
    count = french.plural(q.respondents, "collectivité")
    title = f"{count} {'ont' if q.respondents > 1 else 'a'} répondu" if q.respondents else "Aucune réponse"
    parts = () if q.empty else (_coverage(q), _families(q), _levers(q))
    return DOCUMENT.opening(q, title, (q.counts["summary"],), parts)


def _coverage(q: Consultation) -> Bars:
    found = q.coverage[q.coverage.answered > 0]
    columns = {
        "Type": found.label,
        "Ont répondu": (found.answered, 0),
        "Liste officielle": (found.official, 0),
        "Part (%)": (100 * found.share, 0),
    }
    return Bars(table=Table.of(caption(q, "Qui a répondu"), columns), columns=("Part (%)",), unit="% de la liste")


def _families(q: Consultation) -> Bars:
    names = [f"{one} — {rules().families.definitions[one].label}" for one in FAMILIES]
    columns = {"Famille": names, "Leviers": ([len(kept(q, one)) for one in FAMILIES], 0)}
    return Bars(table=Table.of(caption(q, "Leviers de chaque famille"), columns), columns=("Leviers",), unit="leviers")


def _levers(q: Consultation) -> Bars:
    found = q.spoken[~q.spoken.small].sort_values("pertinence", ascending=False, kind="stable").head(FEW)
    columns = {
        "Levier": found.label,
        "Pertinents (%)": (100 * found.pertinence, 0),
        "Collectivité (sur\u00a03)": (found.collectivite, 1),
    }
    table = Table.of(caption(q, f"Les {len(found)} leviers jugés les plus pertinents"), columns)
    return Bars(table=table, columns=("Pertinents (%)",), unit="% des réponses")
