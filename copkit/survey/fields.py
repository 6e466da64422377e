"""The answers of the collectivités, as they are collected: a row for each action that one of them speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from copkit.files import kept
from copkit.intake.fields import ORIGIN, Collected, Field
from copkit.survey.questionnaire import QUESTION_LABELS, QUESTIONS, actions, rules
from copkit.survey.unfolding import unfolded


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
    **{name: Field(QUESTION_LABELS[name], "choice", choices=_answers, vocabulary="reponse") for name in QUESTIONS},
    "comment": Field("Commentaire"),
    "date": Field("Date de la réponse", "date"),
    **ORIGIN,
}
ANSWERS = Collected("reponses", ("réponse", "réponses"), FIELDS, ("action",), unfold=unfolded)

EXPECTED = "Table de réponses attendue, et non {}. La lire d'abord : ck.survey.read(…)."
