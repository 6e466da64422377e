"""Why a project is sorted as it is, in sentences: each is written once for all the projects that share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import product

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import cells, levers
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, NO
from copkit.projects.sorting import facts
from copkit.projects.sorting.facts import UNKNOWN
from copkit.projects.sorting.schema import Rules, years


def different(table: pd.DataFrame) -> tuple[np.ndarray, list[dict]]:
    """The place of each row among the rows that differ, and those rows.

    >>> different(pd.DataFrame({"a": ["x", "y", "x"]}))
    (array([0, 1, 0]), [{'a': 'x'}, {'a': 'y'}])
    """
    places, groups, rows = {}, [], []
    for row in zip(*(table[name].tolist() for name in table), strict=True):
        key = tuple(None if one != one else one for one in row)  # what is missing is alike
        if key not in places:
            places[key] = len(rows)
            rows.append(dict(zip(table, row, strict=True)))
        groups.append(places[key])
    return np.array(groups, dtype=np.int64), rows


def said(table: pd.DataFrame, say: Callable[[dict], str]) -> pd.Series:
    """What ``say`` answers for each row, typeset, asked once per different row."""
    groups, rows = different(table)
    texts = [french.typeset(say(row)) for row in rows]
    return pd.Series([texts[group] for group in groups], table.index, dtype="str")


# ------------------------------------------------------------------ why


def why(table: pd.DataFrame, raw: pd.DataFrame, judged: pd.DataFrame, found: Rules, year: int) -> pd.Series:
    """The reason of each project: that of its rule, about this project."""
    by_id = {rule.id: rule for rule in found.rules}
    cited = raw.assign(rule=judged.rule, lever_id=_cited(table, found), start_day=table.start.astype("str"))
    cited["start_day"] = cited.start_day.where(raw.start != UNKNOWN, "")
    return said(cited, lambda one: by_id[one["rule"]].reason.format(**_words(one, found, year)))


def _cited(table: pd.DataFrame, found: Rules) -> pd.Series:
    return table.lever.map({cell: facts.specific(cell, found) for cell in table.lever.unique()}).astype("str")


def _words(one: Mapping[str, str], found: Rules, year: int) -> dict[str, object]:
    """What each placeholder stands for, for one project."""
    known, phrases, (noun, article) = facts.facts(one, found), found.phrases, levers.quoted(one["lever_id"])
    start = cells.day(one["start_day"])[0]
    words = {
        **years(year),
        "lever": levers.said(one["lever_id"]),
        "leviers": noun,
        "par_levier": f" par {article}" if article else "",
        "start": french.short_date(date.fromisoformat(start)) if start else french.UNKNOWN,
        "readiness": known["readiness"],
    }
    words["maturity"] = phrases.maturity[known["maturity"]].format(**words, maturity="")
    if known["readiness"] == "insuffisante" and one["start"] in (facts.LATE, facts.PAST):
        dated = phrases.late_start if one["start"] == facts.LATE else phrases.past_start
        words["maturity"] = dated.format(**words)
    for name in ("contribution", "dimension", "other_issue"):
        words[name] = getattr(phrases, name)[known[name]].format(**words)
    return words


# ------------------------------------------------------------------ what is missing


def missing(table: pd.DataFrame, raw: pd.DataFrame, judged: pd.DataFrame, found: Rules) -> pd.Series:
    """What could change the category of each project if it were known."""
    memory = {}
    named = (raw.contributes == NO) & (raw.lever == "reconnu")  # only then is the lever cited
    cited = raw.assign(category=judged.category, lever_id=_cited(table, found).where(named, ""))

    def category(known: Mapping[str, str]) -> str:
        key = tuple(known.values())
        if key not in memory:
            memory[key] = found.first(facts.facts(known, found)).category
        return memory[key]

    def say(one: dict[str, str]) -> str:
        lever, own = one.pop("lever_id"), one.pop("category")
        return " ; ".join(_lacks(one, own, lever, found, category))

    return said(cited, say)


def _lacks(raw: dict[str, str], own: str, lever: str, found: Rules, category) -> Iterator[str]:
    """What could change the category of a project if it were known."""
    words = found.missing
    if facts.facts(raw, found)["contribution"] == "presumee" and category({**raw, "contributes": NO}) != own:
        yield words.presumee
    for name in _decisive(raw, own, category):
        label = fields.FIELDS[name].label
        yield getattr(words, name) if hasattr(words, name) else f"la réponse à « {label} »"
    yes = {**raw, "contributes": fields.YES}
    if lever and category(yes) != own:
        yield words.contradiction.format(lever=levers.said(lever), les_leviers=levers.quoted(lever)[1])


def _decisive(raw: dict[str, str], own: str, category) -> Iterator[str]:
    """The unknown answers that matter: alone, or on the way to the best category once the others are known."""
    open_ = {name: [v for v in _known(name) if v != UNKNOWN] for name in raw if raw[name] == UNKNOWN}
    for name in ("lever", "contrary"):  # a lever only tells of the contribution; what is not said contrary is not
        open_.pop(name, None)
    if raw["start"] == facts.PAST:
        open_["start"] = [facts.NEAR, facts.LATE]
    if raw["maturity"] == UNKNOWN:
        open_.pop("start", None)  # the date is asked for once the maturity is known
    if raw["lever"] == "reconnu":
        open_.pop("contributes", None)  # presumed
    best = [known for known in _filled(raw, open_) if category(known) == CATEGORIES[0]]
    for name, values in open_.items():
        alone = any(category({**raw, name: value}) != own for value in values)
        if alone or any(category({**known, name: value}) != CATEGORIES[0] for known in best for value in values):
            yield name


def _filled(raw: dict[str, str], open_: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    for values in product(*open_.values()):
        yield {**raw, **dict(zip(open_, values, strict=True))}


def _known(name: str) -> tuple[str, ...]:
    return facts.RAW.get(name) or facts.choices(name)


# ------------------------------------------------------------------ beside the rule


def contradictions(table: pd.DataFrame) -> pd.Series:
    """What is said contrary to the targets, with the reason that was given."""
    pairs = pd.DataFrame({"contrary": table.contrary, "why": table.contrary_reason.where(table.contrary == fields.YES)})

    def say(one: dict[str, object]) -> str:
        if one["contrary"] != fields.YES:
            return ""
        why = one["why"].strip() if isinstance(one["why"], str) else ""
        return f"Contraire aux cibles des leviers{f' : {why}' if why else ', sans raison donnée.'}"

    return said(pairs, say)


def differences(table: pd.DataFrame, category: pd.Series, labels: Mapping[str, str]) -> pd.Series:
    """Where the category that a project came with is not that of its rule."""
    pairs = pd.DataFrame({"given": facts.known_only(table.category_given, CATEGORIES), "rule": category})

    def say(one: dict[str, str]) -> str:
        if one["given"] in (UNKNOWN, one["rule"]):
            return ""
        return f"Le dossier reçu dit « {labels[one['given']]} », la règle « {labels[one['rule']]} »."

    return said(pairs, say)
