"""Where the territory stands: paces, projects, what collectivités say, strong points."""

from __future__ import annotations

from copkit import french
from copkit.intake import levers
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.territory import strengths
from copkit.presentation.text import Note, Text, lower
from copkit.projects.fields import CATEGORIES
from copkit.roadmap.plan import Roadmap

STANDING = Section("etat", 40)
CITED = 4  # levers of a sentence
TO_SAY = "à renseigner"  # an empty block, flagged


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


@STANDING.table("synthese", sheet="Par thématique", rank=25, always=True)
def _synthesis(r: Roadmap) -> Table:
    found = r.synthesis
    return Table.of(
        caption(r, "Par thématique : où elle en est, ce qui est fait, défis et opportunités"),
        {
            "Thématique": found.label,
            "Où elle en est": [_position(one) for one in found.itertuples()],
            "Ce qui est fait": [_done(one) for one in found.itertuples()],
            "Défis": [" ; ".join(titles) or TO_SAY for titles in found.blocked],
            "Opportunités": [" ; ".join(titles) or TO_SAY for titles in found.chances],
        },
    )


def _position(one) -> str:
    """How many levers are late, at their pace, or not measured."""
    counts = ((one.late, "en retard"), (one.at_pace, "au rythme"), (one.unknown, "dont rien ne dit le rythme"))
    said = [f"{french.plural(n, 'levier')} {what}" for n, what in counts if n]
    return " ; ".join(said) or "aucun levier chiffré"


def _done(one) -> str:
    """Projects, strong points and retained actions."""
    counts = (
        (one.projects, "dossier", "dossiers"),
        (one.strengths, "point fort", "points forts"),
        (one.actions, "action retenue", "actions retenues"),
    )
    said = [french.plural(int(n), noun, nouns) for n, noun, nouns in counts if n == n and n]
    return " ; ".join(said) or TO_SAY


@STANDING.table("verrous", sheet="Verrous", rank=115, rows=12)
def _obstacles(r: Roadmap) -> Table | None:
    found = r.obstacles
    if found.empty:
        return None
    return Table.of(
        caption(r, "Verrous à lever, tels que les fiches les disent"),
        {
            "Levier": [levers.said(one) if one else "—" for one in found.lever],
            "Action": found.title,
            "Verrou": found.obstacles,
        },
    )


@STANDING.table("points_forts", sheet="Points forts", rank=110, rows=12)
def _strengths(r: Roadmap) -> Table | Note | None:
    if r.strengths.empty:
        return None
    made = strengths.listed(r.strengths, r.territory)
    return Table(made.data, caption(r, "Points forts du territoire"), made.formats)
