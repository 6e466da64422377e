"""The form of ``parameters/triage.yml``: categories, thresholds, rules, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from copkit import french
from copkit.projects.fields import BODIES, CATEGORIES, DIMENSIONS, MATURITIES
from copkit.reference import parameters

Dimension = Literal[tuple(DIMENSIONS)]
Maturity = Literal[tuple(MATURITIES)]
Words = Annotated[list[str], Field(min_length=1)]


class Category(parameters.Strict):
    """A category; {annee} and {annee_suivante} stand for the years."""

    id: Literal[CATEGORIES]
    label: str
    definition: str
    source: str


class Thresholds(parameters.Strict):
    """From which maturity a project is ready, or ready when its start is near, or done."""

    ready: Maturity
    ready_dated: Maturity
    start_within_years: int
    done: Maturity
    note: str


class Presumption(parameters.Strict):
    """Whether a recognised lever presumes a contribution; ``unspecific``: labels that name no lever."""

    from_lever: bool
    unspecific: list[str]
    note: str


class Rule(parameters.Strict):
    """A category, when it applies (every fact is one of the values), and what it says."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    category: Literal[CATEGORIES]
    when: dict[str, Words] = Field(default_factory=dict)
    reason: str
    status: parameters.Status
    note: str = ""

    def applies(self, known: Mapping[str, str]) -> bool:
        """True when every condition holds."""
        return all(known[name] in values for name, values in self.when.items())


class Phrases(parameters.Strict):
    """How a reason says each fact."""

    contribution: dict[str, str]
    dimension: dict[str, str]
    maturity: dict[str, str]
    other_issue: dict[str, str]
    late_start: str
    past_start: str


class Missing(parameters.Strict):
    """How each thing that is missing is named."""

    presumee: str
    contributes: str
    dimension: str
    maturity: str
    start: str
    other_issue: str
    contradiction: str


class Criteria(parameters.Strict):
    """The three criteria of inclusion."""

    source: str
    new_dimensions: Annotated[list[Dimension], Field(min_length=1)]
    new_maturities: list[Maturity]
    horizon_months: float
    owner_from_holder: bool
    none: Words
    note: str


class Body(parameters.Strict):
    """A body that gives its opinion, and who it is."""

    id: Literal[tuple(BODIES)]
    members: str


class Rules(parameters.Strict):
    """The whole file."""

    version: str
    year: int
    sources: Words
    categories: Annotated[list[Category], Field(min_length=1)]
    thresholds: Thresholds
    presumption: Presumption
    rules: Annotated[list[Rule], Field(min_length=1)]
    phrases: Phrases
    missing: Missing
    criteria: Criteria
    bodies: Annotated[list[Body], Field(min_length=1)]

    def first(self, known: Mapping[str, str]) -> Rule:
        """The rule that decides: the first that applies, and the last one always does."""
        return next(rule for rule in self.rules if rule.applies(known))

    def labels(self, year: int) -> dict[str, str]:
        """Category → its label for a COP, in the order of the file."""
        return {one.id: french.typeset(one.label.format(**years(year))) for one in self.categories}

    def definitions(self, year: int) -> dict[str, str]:
        """Category → what it means for a COP."""
        return {
            one.id: french.typeset(" ".join(one.definition.format(**years(year)).split())) for one in self.categories
        }


def years(year: int) -> dict[str, int]:
    """What the placeholders of the years stand for."""
    return {"annee": year, "annee_suivante": year + 1}
