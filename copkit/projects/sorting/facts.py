"""What the rules look at: a few facts per project, each of a closed list, drawn from the standard fields.

A field that is blank, or that holds anything that it may not hold, is unknown: never a yes, never a no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice, product

import pandas as pd

from copkit.intake import cells
from copkit.models import nomenclatures
from copkit.projects.fields import DIMENSIONS, FIELDS, MATURITIES, NO, SEPARATOR, YES, ids
from copkit.projects.sorting.schema import Rules

UNKNOWN = "inconnu"
ANSWERS = (YES, NO, UNKNOWN)
NEAR, LATE, PAST = "proche", "tardif", "depasse"  # a start: in time, too late, before the year of the COP
FACTS: dict[str, tuple[str, ...]] = {
    "contribution": (YES, "presumee", "a_preciser", UNKNOWN, NO),
    "contrary": ANSWERS,
    "dimension": (*DIMENSIONS, UNKNOWN),
    "maturity": (*MATURITIES, UNKNOWN),
    "readiness": ("realise", "pret", "debut_proche", "insuffisante", UNKNOWN),
    "other_issue": ANSWERS,
}
# What the facts are drawn from, one column each; « lever » and « start » are put in classes.
RAW: dict[str, tuple[str, ...]] = {
    "contributes": ANSWERS,
    "lever": ("reconnu", "autre", UNKNOWN),
    "contrary": ANSWERS,
    "dimension": FACTS["dimension"],
    "maturity": FACTS["maturity"],
    "start": (NEAR, LATE, PAST, UNKNOWN),
    "other_issue": ANSWERS,
}
_STRIDE = 97  # prime: neighbours in the list of all projects differ in little


def choices(name: str) -> tuple[str, ...]:
    """The values that a fact, or a standard field with closed answers, may take; empty for any other name."""
    if name in FACTS:
        return FACTS[name]
    one = FIELDS.get(name)
    if one and name not in RAW and one.kind == "yes_no":
        return ANSWERS
    return (*one.options, UNKNOWN) if one and name not in RAW and one.options else ()


def others(rules: Rules) -> list[str]:
    """The standard fields that the rules look at besides the facts."""
    return list(dict.fromkeys(name for rule in rules.rules for name in rule.when if name not in FACTS))


def columns(projects: pd.DataFrame, rules: Rules, year: int) -> dict[str, list[str]]:
    """What the facts of each project are drawn from: one column per name of ``RAW`` and per other field."""
    first, last = f"{year:04d}-01-01", f"{year + rules.thresholds.start_within_years:04d}-12-31"
    found = {
        name: known_only(projects[name], allowed) for name, allowed in RAW.items() if name not in ("lever", "start")
    }
    found["lever"] = each(projects.lever, lambda cell: _lever_class(cell, rules))
    found["start"] = each(projects.start, lambda start: _start_class(start, first, last))
    found |= {name: known_only(projects[name], choices(name)) for name in others(rules)}
    return {name: found[name] for name in (*RAW, *others(rules))}


def known_only(column: pd.Series, allowed: Iterable[str], otherwise: str = UNKNOWN) -> list[str]:
    """The answers that the field may hold; anything else is unknown."""
    known = {one: one for one in allowed}
    return [known.get(one, otherwise) for one in column.tolist()]


def each(column: pd.Series, read: Callable[[object], str]) -> list[str]:
    """What is read in each cell, once for those that hold the same."""
    return list(map(cache(read), column.tolist()))


def specific(cell: object, rules: Rules) -> str:
    """The levers of a cell that the nomenclatures know and that are one in particular."""
    known = nomenclatures.lever_labels()
    return SEPARATOR.join(one for one in ids(cell) if one in known and one not in rules.presumption.unspecific)


def _lever_class(cell: object, rules: Rules) -> str:
    return "reconnu" if specific(cell, rules) else "autre" if ids(cell) else UNKNOWN


def _start_class(start: object, first: str, last: str) -> str:
    day = cells.day(start)[0] if isinstance(start, str) else ""
    if not day:
        return UNKNOWN
    return PAST if day < first else NEAR if day <= last else LATE


def facts(raw: Mapping[str, str], rules: Rules) -> dict[str, str]:
    """The facts of one project, from one row of ``columns``."""
    return {
        **raw,
        "contribution": _contribution(raw["contributes"], raw["lever"], rules),
        "readiness": _readiness(raw["maturity"], raw["start"], rules),
    }


def _contribution(contributes: str, lever: str, rules: Rules) -> str:
    if contributes != UNKNOWN or lever == UNKNOWN:
        return contributes
    return "presumee" if lever == "reconnu" and rules.presumption.from_lever else "a_preciser"


def _readiness(maturity: str, start: str, rules: Rules) -> str:
    if maturity == UNKNOWN:
        return UNKNOWN
    rank, limits = list(MATURITIES).index, rules.thresholds
    if rank(maturity) >= rank(limits.done):
        return "realise"
    if rank(maturity) >= rank(limits.ready):
        return "pret"
    dated = rank(maturity) >= rank(limits.ready_dated) and start == NEAR
    return "debut_proche" if dated else "insuffisante"


def everything(rules: Rules) -> Iterator[dict[str, str]]:
    """Every project that the rules can tell from another, very different ones first: each rule is soon met."""
    alphabet = RAW | {name: choices(name) for name in others(rules)}
    for start in range(_STRIDE):
        for values in islice(product(*alphabet.values()), start, None, _STRIDE):
            yield dict(zip(alphabet, values, strict=True))
