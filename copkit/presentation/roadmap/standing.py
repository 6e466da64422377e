"""Where the territory stands: paces, projects, what collectivités say, strong points."""

from __future__ import annotations

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.territory import strengths
from copkit.presentation.text import Note, Text, lower
from copkit.projects.fields import CATEGORIES
from copkit.roadmap.plan import Roadmap

STANDING = Section("etat", 40)
CITED = 4  # levers of a sentence


@STANDING.sentence(always=True)
def state(r: Roadmap) -> Text:
    """Les dynamiques, le vivier et le point de vue des collectivités, en quelques lignes."""
    lines = [_paces(r)]
    if r.vivier is not None and not r.vivier.empty:
        counts = r.vivier.counted.category_kept.value_counts()
        said = " ; ".join(
            f"{french.number(int(counts.get(one, 0)), 0)} {lower(r.vivier.labels[one])}" for one in CATEGORIES
        )
        none, kt = r.vivier.uncovered
        without = (
            f" {french.plural(none, 'levier chiffré', 'leviers chiffrés')} sans dossier ({french.rough(kt)} ktCO2e/an)."
            if none
            else ""
        )
        lines.append(Text("**Vivier** : {} ; {}.{}", french.plural(len(r.vivier.counted), "dossier"), said, without))
    if r.consultation is not None and not r.consultation.empty:
        from copkit.presentation.survey.about import answered

        lines.append(Text("**Questionnaire** : {} ont répondu.", answered(r.consultation)))
    if len(r.strengths):
        lines.append(Text("**Points forts** : {} à montrer.", len(r.strengths)))
    return Text.bullets(lines)


def _paces(r: Roadmap) -> Text:
    found = r.paces
    said = []
    for name, what in (("at_pace", "au rythme ou en avance"), ("late", "en retard")):
        if levers := found[name]:
            more = f"… et {len(levers) - CITED} autres" if len(levers) > CITED + 1 else ""
            first = levers if not more else levers[:CITED]
            said.append(f"{french.plural(len(levers), 'levier')} {what} ({', '.join(map(lower, first))}{more})")
    said.append(f"{french.plural(len(found['unknown']), 'levier')} dont rien ne dit le rythme")
    return Text("**Dynamiques** : {}.", " ; ".join(said))


@STANDING.table("points_forts", sheet="Points forts", rank=110, rows=12)
def _strengths(r: Roadmap) -> Table | Note | None:
    if r.strengths.empty:
        return None
    made = strengths.listed(r.strengths, r.territory)
    return Table(made.data, caption(r, "Points forts du territoire"), made.formats)
