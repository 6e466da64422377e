"""Why a project is sorted as it is, in sentences: each is written once for all the projects that share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import product

import pandas as pd

from copkit import french
from copkit.intake import cells, levers
from copkit.projects import fields
from copkit.projects.fields import CATEGORIES, NO
from copkit.projects.sorting import facts
from copkit.projects.sorting.facts import UNKNOWN
from copkit.projects.sorting.schema import Rules, years

Columns = Mapping[str, list[str]]


def different(columns: Mapping[str, list]) -> tuple[list[int], list[dict]]:
    """The place of each row among the rows that differ, and those rows.

    >>> different({"a": ["x", "y", "x"]})
    ([0, 1, 0], [{'a': 'x'}, {'a': 'y'}])
    """
    places, groups, rows = {}, [], []
    for row in zip(*columns.values(), strict=True):
        key = tuple(None if one != one else one for one in row)  # what is missing is alike
        if key not in places:
            places[key] = len(rows)
            rows.append(dict(zip(columns, row, strict=True)))
        groups.append(places[key])
    return groups, rows


def said(columns: Mapping[str, list], say: Callable[[dict], str]) -> list[str]:
    """What ``say`` answers for each row, typeset, asked once per different row."""
    groups, rows = different(columns)
    texts = [french.typeset(say(row)) for row in rows]
    return [texts[group] for group in groups]


# ------------------------------------------------------------------ why


def why(table: pd.DataFrame, raw: Columns, judged: Columns, found: Rules, year: int) -> list[str]:
    """The reason of each project: that of its rule, about this project."""
    by_id, quoted = {rule.id: rule for rule in found.rules}, cache(levers.quoted)
    days = [day if start != UNKNOWN else "" for day, start in zip(table.start.tolist(), raw["start"], strict=True)]
    cited = {**raw, "rule": judged["rule"], "lever_id": _cited(table, found), "start_day": days}
    return said(cited, lambda one: by_id[one["rule"]].reason.format(**_words(one, found, year, quoted)))


def _cited(table: pd.DataFrame, found: Rules) -> list[str]:
    return facts.each(table.lever, lambda cell: facts.specific(cell, found))


def _words(one: Mapping[str, str], found: Rules, year: int, quoted: Callable) -> dict[str, object]:
    """What each placeholder stands for, for one project."""
    known, phrases, (noun, article) = facts.facts(one, found), found.phrases, quoted(one["lever_id"])
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


def missing(table: pd.DataFrame, raw: Columns, judged: Columns, found: Rules) -> list[str]:
    """What could change the category of each project if it were known."""
    memory = {}
    cited = {
        **raw,
        "category": judged["category"],
        "lever_id": [
            lever if contributes == NO and kind == "reconnu" else ""  # only then is the lever cited
            for lever, contributes, kind in zip(_cited(table, found), raw["contributes"], raw["lever"], strict=True)
        ],
    }

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


def contradictions(table: pd.DataFrame, raw: Columns) -> list[str]:
    """What is said contrary to the targets, with the reason that was given."""
    pairs = {"contrary": raw["contrary"], "why": table.contrary_reason.tolist()}

    def say(one: dict[str, object]) -> str:
        if one["contrary"] != fields.YES:
            return ""
        why = one["why"].strip() if isinstance(one["why"], str) else ""
        return f"Contraire aux cibles des leviers{f' : {why}' if why else ', sans raison donnée.'}"

    return said(pairs, say)


def differences(table: pd.DataFrame, category: list[str], labels: Mapping[str, str]) -> list[str]:
    """Where the category that a project came with is not that of its rule."""
    pairs = {"given": facts.known_only(table.category_given, CATEGORIES), "rule": category}

    def say(one: dict[str, str]) -> str:
        if one["given"] in (UNKNOWN, one["rule"]):
            return ""
        return f"Le dossier reçu dit « {labels[one['given']]} », la règle « {labels[one['rule']]} »."

    return said(pairs, say)
