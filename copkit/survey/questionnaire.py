"""The questionnaire of the collectivités: its actions (``parameters/actions.csv``) and its rules (``survey.yml``)."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field

from copkit import paths
from copkit.errors import ParameterError, Problems, unknown, unknowns
from copkit.files import kept
from copkit.models import nomenclatures
from copkit.reference import parameters, reading

ACTIONS, RULES = "actions.csv", "survey.yml"
COLUMNS = ["action", "label", "levers", "theme", "acteurs", "mesure_te", "status", "source"]
NOT_APPLICABLE = "sans_objet"
QUESTIONS = ("pertinence", "collectivite", "parties_prenantes")
QUESTION_LABELS = {  # at the head of a column
    "pertinence": "Pertinente pour mon territoire",
    "collectivite": "Action de la collectivité à la hauteur",
    "parties_prenantes": "Action de l'ensemble des parties prenantes à la hauteur",
}
FAMILIES = ("A", "B", "C")
OWN = "copkit"  # the source of what the kit words itself
_FIELDS = re.compile(r"{(\w+)}")


class Choice(parameters.Strict):
    """An answer of the scale, and what it is worth."""

    id: str
    label: str
    value: int


class Scale(parameters.Strict):
    """The answers, from the lowest, and the one that is none of them."""

    status: parameters.Status
    choices: Annotated[list[Choice], Field(min_length=2)]
    not_applicable: str

    @cached_property
    def options(self) -> dict[str, str]:
        """id → label of every answer."""
        return {one.id: one.label for one in self.choices} | {NOT_APPLICABLE: self.not_applicable}

    @cached_property
    def values(self) -> dict[str, int]:
        """id → what it is worth; « sans objet » is worth nothing."""
        return {one.id: one.value for one in self.choices}

    @property
    def top(self) -> int:
        """The highest value."""
        return max(self.values.values())


class Type(parameters.Strict):
    """A type of collectivité. ``official``: the list that says how many there are."""

    id: str
    label: str
    official: Literal["territories", "epci", "communes", "groupements", "aucune"]


class Thresholds(parameters.Strict):
    """From what an action, a lever, a territory is this or that. ``grid``: the file of INSEE's grid of density."""

    status: parameters.Status
    pertinent: int
    share: Annotated[float, Field(gt=0, lt=1)]
    invested: Annotated[float, Field(gt=0)]
    small: Annotated[int, Field(ge=1)]
    urban: Annotated[int, Field(gt=0)]
    grid: str
    note: str


class Ranking(parameters.Strict):
    """How actions are ranked. ``least``: answers below which one is not."""

    ties: str
    least: Annotated[int, Field(ge=1)]


class Intervals(parameters.Strict):
    """The level of the intervals; how many draws of the bootstrap, from which seed."""

    level: Annotated[float, Field(gt=0, lt=1)]
    draws: Annotated[int, Field(ge=100)]
    seed: int
    note: str


class Family(parameters.Strict):
    """What a family is, and what it calls for."""

    label: str
    calls_for: str


class Rule(parameters.Strict):
    """A rule of the families, and what it says."""

    family: Literal[FAMILIES]
    when: Literal["pertinence_faible", "investi", "toujours"]
    reason: str
    status: parameters.Status


class Example(parameters.Strict):
    """What the source cites, and the levers that the kit sees there."""

    family: Literal[FAMILIES]
    label: str
    levers: Annotated[list[str], Field(min_length=1)]


class Families(parameters.Strict):
    """The families of levers, their rules, and what the source cites for each."""

    source: str
    definitions: dict[Literal[FAMILIES], Family]
    rules: Annotated[list[Rule], Field(min_length=1)]
    examples: list[Example]
    note: str

    @cached_property
    def cited(self) -> dict[str, Example]:
        """lever → what the source cites of it."""
        return {lever: one for one in self.examples for lever in one.levers}


class Rules(parameters.Strict):
    """``parameters/survey.yml``."""

    version: str
    sources: list[str]
    questions: dict[Literal[QUESTIONS], str]
    scale: Scale
    types: list[Type]
    thresholds: Thresholds
    ranking: Ranking
    intervals: Intervals
    families: Families


@kept(maxsize=1)
def rules() -> Rules:
    """The rules of the questionnaire.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once, each with its line.
    """
    return reading.read_checked(paths.parameters(RULES), Rules, _faults)


def _faults(found: Rules, _: dict):
    """Questions and families that are all there, levers and sources that exist, values that grow."""
    if missing := [one for one in QUESTIONS if one not in found.questions]:
        yield ("questions",), f"question absente : {', '.join(missing)}."
    if missing := [one for one in FAMILIES if one not in found.families.definitions]:
        yield ("families", "definitions"), f"famille absente : {', '.join(missing)}."
    worth = [one.value for one in found.scale.choices]
    if worth != sorted(set(worth)):
        yield ("scale", "choices"), "valeurs de l'échelle : les écrire de la plus basse à la plus haute, sans égalité."
    if found.families.rules[-1].when != "toujours" or [one.when for one in found.families.rules].count("toujours") > 1:
        yield ("families", "rules"), "familles : la dernière règle, et elle seule, est « toujours »."
    for i, rule in enumerate(found.families.rules):
        for name in set(_FIELDS.findall(rule.reason)) - {"share", "mean", "limit"}:
            yield ("families", "rules", i), f"« {{{name}}} » inconnu. Une raison cite share, mean, limit."
    for said in parameters.unknown_sources([*found.sources, found.families.source]):
        yield ("sources",), said
    levers = list(nomenclatures.levers("cop").lever)
    cited = [lever for one in found.families.examples for lever in one.levers]
    for i, one in enumerate(found.families.examples):
        for said in unknowns("levier inconnu « {} »", one.levers, levers, "Leviers"):
            yield ("families", "examples", i), said
    for lever, count in Counter(cited).items():
        if count > 1:
            yield ("families", "examples"), f"levier « {lever} » cité {count} fois. Ne le citer qu'une."


@kept(maxsize=1)
def actions() -> pd.DataFrame:
    """Les actions du questionnaire : action, label, levers, theme, acteurs, mesure_te, status, source.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once, each with its line.
    """
    path, problems = paths.parameters(ACTIONS), Problems()
    rows = reading.read_table(path, COLUMNS)
    levers, types = set(nomenclatures.levers("cop").lever), {one.id for one in rules().types}
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        where = f"ligne {line} : "
        if row["action"] in seen or not re.fullmatch(r"[a-z][a-z0-9_]*", row["action"]):
            problems.add(paths.shown(path), f"{where}action « {row['action']} » : nom déjà pris, ou mal formé.")
        seen.add(row["action"])
        if not row["label"]:
            problems.add(paths.shown(path), f"{where}intitulé absent. L'écrire.")
        for column, known, what in (("levers", levers, "levier inconnu"), ("acteurs", types, "type inconnu")):
            for one in row[column].split("|"):
                if one not in known:
                    problems.add(paths.shown(path), where + unknown(f"{what} « {one} »", one, sorted(known), "Admis"))
        if row["status"] not in ("publie", "hypothese"):
            problems.add(paths.shown(path), f"{where}statut « {row['status']} ». Écrire publie ou hypothese.")
        if row["source"] != OWN and row["source"] not in parameters.sources():
            said = unknown(f"source inconnue « {row['source']} »", row["source"], list(parameters.sources()))
            problems.add(paths.shown(path), where + said)
    problems.raise_if_any(ParameterError)
    return pd.DataFrame(rows, columns=COLUMNS)
