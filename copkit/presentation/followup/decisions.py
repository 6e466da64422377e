"""The decisions of a journal: those in force beside what the rules answer now; the whole journal, revoked ones too."""

from __future__ import annotations

from datetime import date

import pandas as pd

from copkit import french
from copkit.journal import KINDS
from copkit.presentation.document import Section
from copkit.presentation.followup.document import caption
from copkit.presentation.followup.projects import short
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.projects.sorting.decisions import category_of
from copkit.projects.sorting.sort import category_labels
from copkit.roadmap.assessment import STANDINGS, decided
from copkit.roadmap.followup import Followup

DECISIONS = Section("decisions", 60)
ABSENT = "Sans journal, aucune décision n'est connue."


@DECISIONS.sentence(always=True)
def standing(f: Followup) -> Text | Note:
    """Combien de décisions sont en vigueur, combien diffèrent de la réponse de la règle, combien sont révoquées."""
    if f.decisions is None:
        return Note(ABSENT)
    found, revoked = f.decided, int((f.decisions.revoked_by > 0).sum())
    other = sum(_of(one, f.year)[0] != _of(one, f.year)[1] for one in found.itertuples() if one.rule)
    away = found[~found.there]
    lines = [
        Text(
            "**{} en vigueur**, dont {} autrement que la règle ; {}.",
            french.plural(len(found), "décision"),
            other or "aucune",
            french.plural(revoked, "révoquée") if revoked else "aucune révoquée",
        )
    ]
    if len(away):
        names = [f"{KINDS[one.kind]} {one.about} (n° {one.number})" for one in away.itertuples()]
        lines.append(Text("Sur ce qui n'est pas ici, ou pas dans ces fichiers, gardées : {}.", french.join(names)))
    return Text.joined(lines, " ")


@DECISIONS.table("decisions", sheet="Décisions", rank=90, rows=20, when=lambda f: f.decisions is not None)
def _in_force(f: Followup) -> Table | Note:
    found = f.decided
    pairs = [_of(one, f.year) for one in found.itertuples()]
    return Table.or_note(
        "Aucune décision n'est en vigueur.",
        caption(f, "Décisions en vigueur, à côté de la réponse de la règle"),
        {
            "N°": [f"n° {one}" for one in found.number],
            "Objet": _objects(found),
            "Décision": [said for said, _ in pairs],
            "Réponse de la règle": [rule or "—" for _, rule in pairs],
            "Date": _days(found.date),
            **({} if f.public else {"Qui": found.author, "Raison": found.reason}),
        },
    )


@DECISIONS.table("journal", sheet="Journal", rank=95, page=False, when=lambda f: f.decisions is not None)
def _history(f: Followup) -> Table:
    made = history(f.decisions)
    columns = [name for name in made.data if not f.public or name not in ("Qui", "Raison")]
    return Table(made.data[columns], caption(f, made.caption), made.formats)


def history(journal: pd.DataFrame) -> Table:
    """Every decision in its order: who, what, when, why, and whether it stands."""
    return Table.of(
        "Journal des décisions",
        {
            "N°": [f"n° {one}" for one in journal.number],
            "Objet": _objects(journal),
            "Décision": [one or "retour à la réponse de la règle" for one in journal.decision],
            "État": [state(one) for one in journal.itertuples()],
            "Qui": journal.author,
            "Date": _days(journal.date),
            "Raison": journal.reason,
        },
    )


def state(one) -> str:
    """« en vigueur », « révoquée par n° 4 »; what it revokes, if it does."""
    said = [f"révoquée par n° {one.revoked_by}"] if one.revoked_by else ["en vigueur"] if one.decision else []
    said += [f"révoque n° {one.revokes}"] if one.revokes else []
    return french.join(said)


def _objects(found: pd.DataFrame) -> list[str]:
    return [f"{KINDS[kind]} {about}" for kind, about in zip(found.kind, found.about, strict=True)]


def _days(found: pd.Series) -> list[str]:
    return [french.short_date(date.fromisoformat(one)) for one in found]


def _of(one, year: int) -> tuple[str, str]:
    """What is decided and what the rule answers, in the same words."""
    if one.kind == "dossier":
        labels = short(year)
        said = category_of(one.decision, category_labels(year))
        return labels.get(said, one.decision), labels.get(one.rule, one.rule)
    if one.kind == "action":
        return STANDINGS.get(decided(one.decision), one.decision), STANDINGS.get(one.rule, one.rule)
    return one.decision, one.rule
