"""What a page says of a territory: sentences of ``parameters/messages.yml``, each allowed by a rule that can be read.

A rule names a place of the page, its conditions (a figure, a threshold, its unit) and a template. It says nothing when
a condition does not hold, nor when a figure that it names is unknown.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import xarray as xr
from pydantic import Field, model_validator

from copkit import french, paths
from copkit.errors import unknown
from copkit.files import kept
from copkit.models import facts, proposals
from copkit.models.facts import Facts
from copkit.reference import parameters, reading, territories

FILE = "messages.yml"
FULL = "la page est pleine"
Place = Literal["effort", "message", "contexte", "levier", "bouge", "stagne", "surete", "question"]
COLUMNS = ["place", "rule", "about", "condition", "value", "said", "title", "text", "detail", "reason"]


class Condition(parameters.Strict):
    """A figure and what it has to be: one of some words, at least or below a threshold of its own unit, or unknown."""

    figure: str
    among: list[str] | None = None
    at_least: float | None = None
    below: float | None = None
    unknown: bool = False
    unit: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Condition:
        bounded = self.at_least is not None or self.below is not None
        if bounded + (self.among is not None) + self.unknown != 1:
            raise ValueError("écrire « at_least » et « below » (ou l'un des deux), ou « among », ou « unknown: true »")
        if bounded and self.unit is None:
            raise ValueError("un seuil a besoin de « unit »")
        return self

    def holds(self, known: Facts) -> bool:
        """True when the figure is what it has to be; an unknown one never is, unless that is what is asked."""
        if self.unknown:
            return self.figure not in known
        if self.figure not in known:
            return False
        value = known[self.figure].value
        if self.among is not None:
            return value in self.among
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)

    @property
    def written(self) -> str:
        """« part_c ≥ 50 % »."""
        if self.unknown:
            return f"{self.figure} inconnu"
        if self.among is not None:
            return f"{self.figure} : {' ou '.join(self.among)}"
        unit = {"%": f"{french.NARROW}%"}.get(self.unit, f" {self.unit}")
        ends = ((self.at_least, "≥"), (self.below, "<"))
        return " et ".join(f"{self.figure} {sign} {french.exact(end)}{unit}" for end, sign in ends if end is not None)


class Rule(parameters.Strict):
    """A sentence, and when it is said. ``about``: what it is tried on, one by one, or all series in one sentence;
    « reponses »: the answers of collectivités, where there are some.

    ``unless``: not when one of these rules already spoke; ``group``: at most one of a group in its place; ``most``: how
    often it speaks, of different levers or series. ``fills``: the places whose room is its own where nothing is
    said there, once its place is full.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    place: Place
    about: Literal["territoire", "levier", "serie", "series", "series_region", "reponses"] = "territoire"
    priority: int
    when: list[Condition] = Field(default_factory=list)
    unless: list[str] = Field(default_factory=list)
    group: str = ""
    most: Annotated[int, Field(ge=1)] = 1
    fills: list[Place] = Field(default_factory=list)
    title: str = ""
    text: str = ""
    detail: str = ""
    status: parameters.Status
    note: str

    @property
    def templates(self) -> dict[str, str]:
        """What it says, part by part."""
        return {"title": self.title, "text": self.text, "detail": self.detail}

    @property
    def named(self) -> list[str]:
        """The figures that its templates name."""
        return [name for template in self.templates.values() for name in _fields(template)]

    def says(self, known: Facts) -> dict[str, str] | None:
        """Its parts, written with the figures that are known; nothing when it has no right to speak of them."""
        if not all(one.holds(known) for one in self.when) or not all(name in known for name in self.named):
            return None
        cited = {name: known[name].written for name in self.named}
        return {part: template.format(**cited) for part, template in self.templates.items()}


class Rules(parameters.Strict):
    """The whole file. ``most``: how many sentences each place of the page holds."""

    version: str
    most: dict[Place, Annotated[int, Field(ge=1)]]
    rules: Annotated[list[Rule], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence of the page: its rule, what it is about, its parts, and the figures that it cites, as written."""

    rule: Rule
    about: str
    title: str
    text: str
    detail: str
    cited: dict[str, str]
    known: Facts


def rules(path: str | Path | None = None) -> Rules:
    """The rules of ``parameters/messages.yml``, or of another file of the same form.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    return _read(Path(path or paths.parameters(FILE)))


@kept(maxsize=8)
def _read(path: Path) -> Rules:
    return reading.read_checked(path, Rules, _faults)


def _faults(found: Rules, lines: dict) -> Iterator[tuple]:
    first: dict[str, int] = {}
    for n, rule in enumerate(found.rules):
        at, said = ("rules", n), f"règle « {rule.id} » : "
        if rule.id in first:
            yield at, f"{said}déjà écrite ligne {first[rule.id]}. Donner un autre « id »."
        first.setdefault(rule.id, lines[at])
        for message in _wrong(rule, found):
            yield at, said + message
    for place in Place.__args__:
        if place not in found.most:
            yield ("most",), f"most : « {place} » absent. Écrire combien de phrases elle tient."


def _wrong(rule: Rule, found: Rules) -> Iterator[str]:
    """What a rule names and that does not exist, or thresholds that cannot be read."""
    scope = facts.SCOPES[rule.about]
    for part, template in rule.templates.items():
        try:
            names = _fields(template)
        except ValueError:
            yield f"{part} : accolades mal fermées dans « {template} ». Écrire {{nom_du_chiffre}}."
            continue
        for name in names:
            if name not in scope:
                yield unknown(f"{part} : chiffre inconnu « {name} »", name, scope, "Chiffres")
    if not rule.title and not rule.text:
        yield "ni « title » ni « text ». Écrire ce que la règle dit."
    for one in rule.when:
        if one.figure not in scope:
            yield unknown(f"when : chiffre inconnu « {one.figure} »", one.figure, scope, "Chiffres")
            continue
        unit = scope[one.figure]
        if one.unit is not None and one.unit != unit:
            yield f"when : « {one.figure} » est en « {unit} », et non en « {one.unit} ». Les accorder."
        if (one.among is not None) != (unit == facts.TEXT) and not one.unknown:
            wanted = "« among »" if unit == facts.TEXT else "un seuil (« at_least », « below »)"
            yield f"when : « {one.figure} » est en « {unit} » : écrire {wanted}."
        if None not in (one.at_least, one.below) and one.at_least >= one.below:
            yield f"when : « {one.figure} » : at_least {one.at_least:g} n'est pas sous below {one.below:g}."
    for other in rule.unless:
        if other not in (known := [one.id for one in found.rules]):
            yield unknown(f"unless : règle inconnue « {other} »", other, known, "Règles")


@cache
def _fields(template: str) -> tuple[str, ...]:
    """The names between braces; asked for of each rule, for each thing that it is tried on.

    >>> _fields("{effort} : {part_c} de l'effort")
    ('effort', 'part_c')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def said(p: xr.Dataset, path: str | Path | None = None, answers: Facts | None = None) -> list[Said]:
    """What the page of a territory says, place by place, the first sentence first.

    ``answers``: the figures of what collectivités answered, where there are some.

    Raises
    ------
    LeverError
        If it is a scenario: a page is that of a reference.
    ParameterError
        If the rules are damaged.
    """
    return _chosen(p, rules(path), answers)[0]


def table(p: xr.Dataset, path: str | Path | None = None) -> pd.DataFrame:
    """Every sentence that could be said of a territory, its rule, its threshold, the value met, and what became of it.

    Returns
    -------
    DataFrame : place, rule, about (levier ou série), condition, value, said, title, text, detail, reason (pourquoi elle
        n'est pas dite).
    """
    known = rules(path)
    chosen, left = _chosen(p, known, None)
    rows = [_row(one, True, "") for one in chosen] + [_row(one, False, why) for one, why in left]
    tried = {one.rule.id for one in chosen} | {one.rule.id for one, _ in left}
    whole = facts.territory(p)
    for rule in known.rules:
        if rule.id not in tried:
            why = "aucun levier ni aucune série ne remplit ses conditions"
            if rule.about == "reponses":
                why = "aucune réponse au questionnaire n'est lue ici"
            if rule.about == "territoire":
                lost = [name for name in rule.named if name not in whole]
                failed = [one.written for one in rule.when if not one.holds(whole)]
                why = f"condition : {' ; '.join(failed)}" if failed else f"chiffre inconnu : {', '.join(lost)}"
            held = whole if rule.about == "territoire" else {}
            rows.append((rule.place, rule.id, "", _conditions(rule), _values(rule, held), False, "", "", "", why))
    order = {place: n for n, place in enumerate(Place.__args__)}
    rows.sort(key=lambda row: (order[row[0]], not row[5]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(one: Said, spoken: bool, why: str) -> tuple:
    values = _values(one.rule, one.known)
    return (
        *(one.rule.place, one.rule.id, one.about, _conditions(one.rule), values, spoken),
        *(one.title, one.text, one.detail, why),
    )


def _conditions(rule: Rule) -> str:
    return " ; ".join(one.written for one in rule.when) or "toujours"


def _values(rule: Rule, known: Facts) -> str:
    """What the figures of its conditions are here."""
    return " ; ".join(known[one.figure].written if one.figure in known else french.UNKNOWN for one in rule.when)


def _chosen(p: xr.Dataset, known: Rules, answers: Facts | None) -> tuple[list[Said], list[tuple[Said, str]]]:
    """What is said, and what could be but for another sentence that stands in its place."""
    proposals.of_reference(p, "La page d'un territoire")
    tried = _tried(p, {rule.about for rule in known.rules}, answers)
    spoken, left, heard = [], [], set()
    for place in Place.__args__:
        own = [rule for rule in known.rules if rule.place == place]
        possible = [one for rule in own for one in _cases(rule, tried[rule.about])]
        possible.sort(key=lambda one: (-one.rule.priority, -_weight(one.known)))
        count, groups, times = 0, set(), Counter()
        for one in possible:
            why = _silenced(one.rule, heard, groups, times)
            if why or count == known.most[place]:
                left.append((one, why or FULL))
                continue
            spoken.append(one)
            heard.add(one.rule.id)
            times[one.rule.id] += 1
            groups.add(one.rule.group)
            count += 1
    return _filled(known, spoken, left)


def _filled(known: Rules, spoken: list[Said], left: list[tuple[Said, str]]) -> tuple[list[Said], list]:
    """The same, once the rules that fill other places have taken the room of those where nothing is said."""
    counts, times = Counter(one.rule.place for one in spoken), Counter(one.rule.id for one in spoken)
    kept = []
    for one, why in left:
        rule = one.rule
        free = sum(known.most[place] for place in rule.fills if not counts[place])
        beyond = counts[rule.place] - known.most[rule.place]
        if why == FULL and beyond < free and times[rule.id] < rule.most:
            spoken.append(one)
            counts[rule.place] += 1
            times[rule.id] += 1
        else:
            kept.append((one, why))
    return spoken, kept


def _silenced(rule: Rule, heard: set[str], groups: set[str], times: Counter) -> str:
    """Why a rule that could speak does not, the page not being full."""
    if times[rule.id] >= rule.most:
        return "la même règle parle déjà d'un plus grand"
    if told := [other for other in rule.unless if other in heard]:
        return f"déjà dit par « {told[0]} »"
    if rule.group and rule.group in groups:
        return f"une autre règle du groupe « {rule.group} » parle"
    return ""


def _tried(p: xr.Dataset, abouts: set[str], answers: Facts | None) -> dict[str, list[Facts]]:
    """The figures of all that rules are tried on."""
    whole, code = facts.territory(p), p.attrs["territory"]
    found: dict[str, list[Facts]] = {"territoire": [whole], "reponses": [whole | answers] if answers else []}
    if "levier" in abouts:
        found["levier"] = [whole | one for one in facts.by_lever(p)]
    found["serie"] = found["series"] = [whole | one for one in facts.by_series(code, p)]
    region = territories.region_of(code)
    one = territories.is_fine(code) and len(territories.regions_of(code)) == 1
    inside = one or (p.attrs["level"] == "departement" and not facts.alone(code))
    found["series_region"] = [whole | one for one in facts.by_series(region, p)] if inside else []
    return found


def _cases(rule: Rule, tried: list[Facts]) -> Iterator[Said]:
    """What a rule may say: of each thing that meets its conditions, or of the series of a status together."""
    listed = rule.about.startswith("series")
    if listed:
        met = [known for known in tried if all(one.holds(known) for one in rule.when)]
        groups: dict[float | str, list[Facts]] = {}
        for known in met:
            groups.setdefault(known["statut"].value, []).append(known)
        tried = [known[0] | facts.listed(known) for known in groups.values()]
    for known in tried:
        if (parts := rule.says(known)) is not None:
            subject = known.get("liste" if listed else "levier_titre")
            cited = {name: known[name].written for name in rule.named}
            yield Said(rule=rule, about=subject.written if subject else "", **parts, cited=cited, known=known)


def _weight(known: Facts) -> float:
    return float(known["kt"].value) if "kt" in known else 0.0
