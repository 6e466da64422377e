"""The three criteria of inclusion in the roadmap: each verdict with its reason.

Three answers: « oui », « non », or nothing when it cannot be said. What is not known is never a no.
"""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.projects.fields import DIMENSIONS, MATURITIES, NO, YES, Field
from copkit.projects.sorting import facts
from copkit.projects.sorting.reasons import said
from copkit.projects.sorting.schema import Criteria

UNSAID = ""
CRITERIA = {
    "criterion_coherence": "Cohérence",
    "criterion_potential": "Potentiel",
    "criterion_progress": "Avancement",
}
VERDICTS = {**CRITERIA, "included": "Les trois critères"}
COLUMNS: dict[str, Field] = {
    name: field
    for key, label in VERDICTS.items()
    for name, field in ((key, Field(label, "yes_no")), (f"{key}_reason", Field(f"{label} : raison")))
}
# Sub-criterion → what is said when it holds, when it fails, when it is not known.
SAYS: dict[str, dict[str, str]] = {
    "theme": {
        YES: "rattaché à un thème prioritaire",
        NO: "sans thème prioritaire",
        UNSAID: "le thème prioritaire",
    },
    "not_contrary": {
        YES: "non contraire aux cibles des leviers",
        NO: "contraire aux cibles des leviers",
        UNSAID: "la compatibilité avec les cibles des leviers",
    },
    "new": {
        YES: "dimension nouvelle",
        NO: "sans dimension nouvelle",
        UNSAID: "la dimension nouvelle",
    },
    "impact": {
        YES: "effet significatif à l'échelle du levier",
        NO: "sans effet significatif à l'échelle du levier",
        UNSAID: "l'effet à l'échelle du levier",
    },
    "replicable": {
        YES: "réplicable ailleurs sur le territoire",
        NO: "non réplicable ailleurs sur le territoire",
        UNSAID: "la possibilité de le répliquer",
    },
    "owner": {
        YES: "maître d'ouvrage clair",
        NO: "pas de maître d'ouvrage clair",
        UNSAID: "le maître d'ouvrage",
    },
    "partner": {
        YES: "autre acteur mobilisé",
        NO: "aucun autre acteur mobilisé",
        UNSAID: "un autre acteur mobilisé",
    },
    "steps": {
        YES: "prochaines étapes d'ici {months} mois",
        NO: "pas de prochaine étape d'ici {months} mois",
        UNSAID: "les prochaines étapes et leur échéance",
    },
}
COHERENCE, POTENTIAL, PROGRESS = (
    ("theme", "not_contrary", "new"),
    ("impact", "replicable"),
    ("owner", "partner", "steps"),
)


def judge(projects: pd.DataFrame, rules: Criteria) -> dict[str, pd.Series]:
    """The columns of the criteria: three verdicts and the inclusion, each with its reason."""
    held = subcriteria(projects, rules)
    months = {"months": french.number(rules.horizon_months, 0)}
    made: dict[str, list[str]] = {}
    for key, names, verdict in (
        ("criterion_coherence", COHERENCE, all_of),
        ("criterion_potential", POTENTIAL, any_of),
        ("criterion_progress", PROGRESS, all_of),
    ):
        own = {name: held[name] for name in names}
        made[key] = said(own, lambda one, verdict=verdict: verdict(list(one.values())))
        why = lambda one, verdict=verdict: _why(one, verdict(list(one.values())), months)  # noqa: E731
        made[f"{key}_reason"] = said(own, why)
    verdicts = {key: made[key] for key in CRITERIA}
    made["included"] = said(verdicts, lambda one: all_of(list(one.values())))
    made["included_reason"] = said(verdicts, _inclusion)
    return {name: pd.Series(column, projects.index, dtype="str") for name, column in made.items()}


def subcriteria(projects: pd.DataFrame, rules: Criteria) -> dict[str, list[str]]:
    """The eight sub-criteria of each project: « oui », « non », or nothing when it cannot be said."""
    nothing = {french.plain(word) for word in rules.none}
    turned = {YES: NO, NO: YES, UNSAID: UNSAID}
    return {
        "theme": _named(projects.theme, nothing),
        "not_contrary": [turned[one] for one in _answer(projects.contrary)],
        "new": _new(projects, rules),
        "impact": _answer(projects.impact),
        "replicable": _answer(projects.replicable),
        "owner": _owner(projects, nothing, rules),
        "partner": _named(projects.partners, nothing),
        "steps": _steps(projects, nothing, rules),
    }


def all_of(answers: list[str]) -> str:
    """Every one has to hold: one that fails is enough to say no.

    >>> all_of(["oui", ""]), all_of(["", "non"]), all_of(["oui", "oui"])
    ('', 'non', 'oui')
    """
    return NO if NO in answers else UNSAID if UNSAID in answers else YES


def any_of(answers: list[str]) -> str:
    """One is enough: no is only said when all fail.

    >>> any_of(["oui", ""]), any_of(["", "non"]), any_of(["non", "non"])
    ('oui', '', 'non')
    """
    return YES if YES in answers else UNSAID if UNSAID in answers else NO


def _answer(column: pd.Series) -> list[str]:
    return facts.known_only(column, (YES, NO), UNSAID)


def _named(column: pd.Series, nothing: set[str]) -> list[str]:
    """Yes when something is written, no when what is written means « none »."""

    def read(text: object) -> str:
        if not isinstance(text, str) or not text.strip():
            return UNSAID
        return NO if french.plain(text) in nothing else YES

    return facts.each(column, read)


def _new(projects: pd.DataFrame, rules: Criteria) -> list[str]:
    """Amplifies or innovates, or is still being thought out; a blank dimension is not an absence of it."""

    def read(dimension: str, maturity: str) -> str:
        if dimension in rules.new_dimensions or maturity in rules.new_maturities:
            return YES
        return NO if dimension and maturity else UNSAID

    known = facts.known_only(projects.dimension, DIMENSIONS, UNSAID)
    return list(map(read, known, facts.known_only(projects.maturity, MATURITIES, UNSAID)))


def _owner(projects: pd.DataFrame, nothing: set[str], rules: Criteria) -> list[str]:
    said = _answer(projects.owner_known)
    if not rules.owner_from_holder:
        return said
    named = _named(projects.holder, nothing)
    return [one or (YES if holder == YES else UNSAID) for one, holder in zip(said, named, strict=True)]


def _steps(projects: pd.DataFrame, nothing: set[str], rules: Criteria) -> list[str]:
    """Next steps are written and come within the horizon; a negative horizon says nothing."""

    def read(written: str, months: float) -> str:
        if written == NO or months > rules.horizon_months:
            return NO
        return YES if written == YES and months >= 0 else UNSAID

    return list(map(read, _named(projects.next_steps, nothing), projects.next_steps_months.tolist()))


def _why(one: dict[str, str], verdict: str, months: dict[str, str]) -> str:
    """What decides the verdict, then what is still to be said."""
    words = {state: [SAYS[name][state].format(**months) for name in one if one[name] == state] for state in SAYS["new"]}
    deciding = words[verdict] if verdict else []
    sentences = [f"{french.capital(', '.join(deciding))}."] if deciding else []
    if words[UNSAID] and verdict != YES:
        sentences.append(f"À préciser : {', '.join(words[UNSAID])}.")
    return " ".join(sentences)


def _inclusion(one: dict[str, str]) -> str:
    names = {state: [CRITERIA[key].lower() for key in one if one[key] == state] for state in (YES, NO, UNSAID)}
    if not names[NO] and not names[UNSAID]:
        return "Les trois critères sont remplis."
    failed = "Critère non rempli" if len(names[NO]) == 1 else "Critères non remplis"
    sentences = [f"{failed} : {french.join(names[NO])}."] if names[NO] else []
    sentences += [f"À préciser : {french.join(names[UNSAID])}."] if names[UNSAID] else []
    return " ".join(sentences)
