"""The actions most and least implemented, according to the EPCI."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.survey.questionnaire import rules
from copkit.survey.selection import Consultation

ACTIONS = Section("actions", 70)
FEW = Note("Trop peu de réponses d'EPCI pour classer les actions.")


@ACTIONS.sentence()
def implemented(q: Consultation) -> Text:
    """Les thèmes des actions les plus et les moins mises en œuvre, et la règle du classement."""
    most, least = q.extremes
    rule = f"Selon les EPCI, sur la note de leur propre action. {rules().ranking.ties} "
    rule += f"Une action de moins de {french.plural(rules().ranking.least, 'réponse')} n'est pas classée. Toutes les "
    rule += "actions, leur rang, leur pertinence et les intervalles : classeur, feuille « Toutes les actions »."
    if most.empty:
        return Text("{}", rule)
    lines = [
        Text("**Les plus mises en œuvre** : {}.", _themes(most)),
        Text("**Les moins mises en œuvre** : {}.", _themes(least)),
    ]
    return Text.joined([Text.bullets(lines), Text("{}", rule)])


def _themes(found: pd.DataFrame) -> str:
    counts = found.theme.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    return french.join(f"{theme} ({n})" for theme, n in counts.items())


def _listed(q: Consultation, found: pd.DataFrame, what: str) -> Table | Note:
    if found.empty:
        return FEW
    return Table.of(
        caption(q, f"Les {len(found)} actions les {what} mises en œuvre, selon les EPCI"),
        {
            "Action": found.label,
            "Thème": found.theme,
            "Note (sur\u00a03)": (found.collectivite, tables.score()),
            "Réponses": (found.collectivite_n, 0),
        },
    )


@ACTIONS.table("actions_plus", sheet="Actions les plus", rank=60)
def _most(q: Consultation) -> Table | Note:
    return _listed(q, q.extremes[0], "plus")


@ACTIONS.table("actions_moins", sheet="Actions les moins", rank=65)
def _least(q: Consultation) -> Table | Note:
    return _listed(q, q.extremes[1], "moins")


@ACTIONS.table("actions", sheet="Toutes les actions", rank=70, page=False)
def _actions(q: Consultation) -> Table:
    return tables.VIEWS["actions"](q.actions, tables.where(q))
