"""Dossiers of several sources held against each other: the same one twice, surely or perhaps, and amounts to check.

Nothing is merged. The rules and their thresholds are those of ``parameters/rapprochement.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from copkit import french, paths
from copkit.files import kept
from copkit.intake import gazetteer, labels
from copkit.projects import fields
from copkit.reference import reading
from copkit.reference.parameters import Status, Strict

FILE = "rapprochement.yml"
VERDICTS = ("certain", "probable")
SHOWN = ("project_id", "title", "holder", "amount", "source_file", "row")
COLUMNS = ["verdict", "rule", "reason", *(f"{name}_{side}" for side in ("a", "b") for name in SHOWN)]
AMOUNTS = ["project_id", "title", "holder", "field", "amount", "source_file", "row", "reason"]
MONEY = {
    "cost": ("cost",),
    "amount": ("amount", "funding_requested"),
    "funding_requested": ("amount", "funding_requested"),
}


class Rule(Strict):
    """When two dossiers are the same one, and how surely."""

    id: str
    verdict: Literal["certain", "probable"]
    same: Annotated[tuple[Literal["number", "holder", "commune"], ...], Field(min_length=1)]
    title: Annotated[float, Field(gt=0, le=100)] | None = None
    amount: Annotated[float, Field(ge=0, lt=1)] | None = None
    years: Annotated[int, Field(ge=0)] | None = None
    status: Status
    note: str


class Bound(Strict):
    """Above which an amount is to be checked. [EUR]"""

    above: Annotated[float, Field(gt=0)]
    status: Status
    note: str


class Rules(Strict):
    """``parameters/rapprochement.yml``."""

    number_digits: Annotated[int, Field(ge=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    amounts: Bound

    @model_validator(mode="after")
    def _once(self) -> Rules:
        names = [one.id for one in self.rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"rules : « {name} » est écrit deux fois. En garder une")
        return self


@kept()
def rules() -> Rules:
    """The rules.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    return reading.read_model(paths.parameters(FILE), Rules)[0]


def same_dossiers(projects: pd.DataFrame) -> pd.DataFrame:
    """Les dossiers qui se retrouvent d'un fichier à l'autre (vivier, Fonds vert, subventions) : rien n'est réuni.

    Parameters
    ----------
    projects : projets lus ensemble de plusieurs fichiers par ``ck.projects.read`` ; les doublons d'un même fichier,
        déjà dits par la lecture, n'y sont pas repris.

    Returns
    -------
    DataFrame, une ligne par paire, les certaines d'abord : verdict (« certain » ou « probable »), rule, reason, puis,
        de chaque côté (``_a``, ``_b``) : project_id, title, holder, amount [EUR], source_file, row.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des projets.
    ParameterError
        Si parameters/rapprochement.yml est endommagé.

    References
    ----------
    Règles et seuils : parameters/rapprochement.yml, hypothèses du kit.
    """
    found = rules()
    table = fields.counted(fields.taken(projects)).reset_index(drop=True)
    compared = _Compared(table, found)
    rows, known = [], set()
    for rule in found.rules:
        for a, b, likeness, gap in compared.pairs(rule):
            if (a, b) not in known:
                known.add((a, b))
                rows.append((rule.verdict, rule.id, compared.reason(rule, a, b, likeness, gap), a, b))
    rows.sort(key=lambda row: (VERDICTS.index(row[0]), row[3], row[4]))
    pairs = pd.DataFrame(rows, columns=["verdict", "rule", "reason", "a", "b"])
    sides = [
        table.assign(amount=compared.shown)[list(SHOWN)].iloc[pairs[side].to_numpy(dtype=int)].add_suffix(f"_{side}")
        for side in ("a", "b")
    ]
    return pd.concat([pairs, *(side.reset_index(drop=True) for side in sides)], axis=1)[COLUMNS]


def large_amounts(projects: pd.DataFrame) -> pd.DataFrame:
    """Les montants au-dessus de la borne de parameters/rapprochement.yml : gardés, à vérifier.

    Parameters
    ----------
    projects : projets lus par ``ck.projects.read``.

    Returns
    -------
    DataFrame, du plus grand au plus petit : project_id, title, holder, field (libellé du champ), amount [EUR],
        source_file, row, reason.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des projets.
    """
    bound, table = rules().amounts, fields.counted(fields.taken(projects))
    said = f"plus de {french.number(bound.above, 0)} € : vérifier la cellule (centimes, unité, programme entier)."
    parts = []
    for name in MONEY:
        part = table[table[name] > bound.above]
        parts.append(
            part.assign(amount=part[name], field=fields.FIELDS[name].label.removesuffix(" [EUR]"), reason=said)
        )
    return pd.concat(parts)[AMOUNTS].sort_values("amount", ascending=False, kind="stable", ignore_index=True)


class _Compared:
    """The dossiers as they are compared: numbers, holders, communes, bare titles, amounts, years."""

    def __init__(self, table: pd.DataFrame, found: Rules) -> None:
        numbers = table.project_id.where(table.project_id.str.count(r"\d") >= found.number_digits, "")
        self.keys = {"number": numbers, "holder": table.holder_siren, "commune": table.commune}
        self.files = table.source_file.to_numpy(dtype=object)
        self.titles = np.array([labels.key(one) for one in table.title], dtype=object)
        self.digits = [frozenset(re.findall(r"\d+", one)) for one in self.titles]
        self.money = {name: table[name].to_numpy(dtype=float) for name in MONEY}
        self.years = table.year.to_numpy(dtype=float)
        self.shown = table.amount.fillna(table.funding_requested).fillna(table.cost)

    def pairs(self, rule: Rule) -> Iterator[tuple[int, int, float, float]]:
        """(first, second, likeness of titles, gap between amounts) of the dossiers that a rule puts together."""
        keys = pd.DataFrame({name: self.keys[name] for name in rule.same})
        keys = keys[(keys != "").all(axis=1)]
        for _, block in keys.groupby(list(rule.same), sort=False):
            at = block.index.to_numpy()
            for one, other in combinations(dict.fromkeys(self.files[at]), 2):
                yield from self._kept(rule, at[self.files[at] == one], at[self.files[at] == other])

    def _kept(self, rule: Rule, one: np.ndarray, other: np.ndarray) -> Iterator[tuple[int, int, float, float]]:
        likeness = self._likeness(one, other, rule.title or 0)
        for n, m in zip(*np.nonzero(likeness >= (rule.title or 0)), strict=True):
            a, b = int(one[n]), int(other[m])
            if rule.title and (not self.titles[a] or not self.titles[b] or self.digits[a] != self.digits[b]):
                continue
            gap = self._gap(a, b)
            if rule.amount is not None and not gap <= rule.amount:  # also when it is unknown
                continue
            if rule.years is not None and abs(self.years[a] - self.years[b]) > rule.years:
                continue
            yield min(a, b), max(a, b), float(likeness[n, m]), gap

    def _likeness(self, one: np.ndarray, other: np.ndarray, least: float) -> np.ndarray:
        """How much the titles are alike, whatever the order of their words. [0 to 100]"""
        from rapidfuzz import fuzz, process

        return process.cdist(self.titles[one], self.titles[other], scorer=fuzz.token_sort_ratio, score_cutoff=least)

    def _gap(self, a: int, b: int) -> float:
        """The least gap between two amounts that mean the same, as a part of the larger one; NaN when there is none."""
        gaps = [
            abs(self.money[name][a] - self.money[other][b]) / max(self.money[name][a], self.money[other][b])
            for name, others in MONEY.items()
            for other in others
            if self.money[name][a] > 0 and self.money[other][b] > 0
        ]
        return min(gaps, default=float("nan"))

    def reason(self, rule: Rule, a: int, b: int, likeness: float, gap: float) -> str:
        """Why two dossiers are put together, with what was compared."""
        said = {
            "number": lambda: f"même numéro de dossier ({self.keys['number'][a]})",
            "holder": lambda: f"même porteur (SIREN {self.keys['holder'][a]})",
            "commune": lambda: f"même commune ({gazetteer.name(self.keys['commune'][a])})",
        }
        parts = [said[name]() for name in rule.same]
        if rule.title is not None:
            alike = f"intitulés proches ({likeness:.0f} sur 100)"
            parts.append("même intitulé" if likeness == 100 else alike)
        if rule.amount is not None:
            close = f"montants à {french.number(100 * gap, 1)} % près"
            parts.append("même montant" if gap == 0 else close)
        return f"{french.capital(', '.join(parts))}."
