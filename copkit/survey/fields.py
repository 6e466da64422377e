"""The answers of the collectivités, as they are collected: a row for each action that one of them speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from copkit.files import kept
from copkit.intake.fields import ORIGIN, Collected, Field
from copkit.survey.questionnaire import QUESTIONS, actions, rules

LABELS = {
    "pertinence": "Pertinente pour mon territoire",
    "collectivite": "Action de la collectivité à la hauteur",
    "parties_prenantes": "Action de l'ensemble des parties prenantes à la hauteur",
}


def _types() -> Mapping[str, str]:
    return {one.id: one.label for one in rules().types}


@kept(maxsize=1)
def _actions() -> Mapping[str, str]:
    return dict(zip(*(actions()[name].to_list() for name in ("action", "label")), strict=True))


def _answers() -> Mapping[str, str]:
    return rules().scale.options


FIELDS: dict[str, Field] = {
    "name": Field("Collectivité", "name"),
    "siren": Field("SIREN", "siren"),
    "type": Field("Type de collectivité", "choice", choices=_types, vocabulary="type_collectivite"),
    "action": Field("Action", "choice", choices=_actions, vocabulary="action"),
    **{name: Field(LABELS[name], "choice", choices=_answers, vocabulary="reponse") for name in QUESTIONS},
    "comment": Field("Commentaire", public=False),
    "date": Field("Date de la réponse", "date"),
    **ORIGIN,
}
ANSWERS = Collected("reponses", ("réponse", "réponses"), FIELDS, ("action",))
