"""Levers that act on the same quantity: their first-order sum, their joint effect, what is counted twice.

A group is a chain of steps (``parameters/interactions.yml``); each step acts on what the previous ones leave of
the emissions E of the group, so that the joint effect is E x (1 - product of (1 - kt / E)). Levers of one step
act on distinct objects and add up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError, unknown
from copkit.models import levers
from copkit.models.groups import Account, Group, groups
from copkit.models.limits import same
from copkit.models.panorama import of_panorama, panorama
from copkit.models.proposals import asked, beside_reference, composed, reference
from copkit.reference import territories

COLUMNS = ["group", "label", "levers", "base", "base_method", "first_order", "joint", "overlap", "share", "status"]
CHAIN = ["group", "step", "lever", "label", "acts_on", "first_order", "in_chain"]
SENTENCES = {  # the reading of a group, here and in the page
    "overlap": "{group} : {first} ktCO2e/an en additionnant les leviers, {joint} quand chacun agit sur ce que les "
    "précédents laissent : environ {overlap} ktCO2e/an ({share}) comptés plus d'une fois (hypothèse du kit).",
    "overlap_beyond": "« {levers} » dépasse ces émissions ; son effet y est borné",
}
OVERSEAS = "Outre-mer : les leviers n'ont pas de traduction physique ; aucun recouvrement n'est calculé."
ALONE = "Aucun des leviers présents n'agit sur la même quantité qu'un autre."


class Effect(NamedTuple):
    """A lever in its chain: alone (``first_order``) and after the previous steps (``in_chain``). [ktCO2e/an]"""

    step: int
    lever: str
    label: str
    acts_on: str
    first_order: float
    in_chain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A group in a territory: its steps, {lever: label} in order, and the emissions that they act on. [ktCO2e/an]"""

    group: Group
    steps: tuple[tuple[str, dict[str, str]], ...]  # what a step acts on, its levers
    base: float
    base_method: str
    reason: str  # why the base is unknown

    def read(self, kt: Mapping[str, float]) -> Reading:
        """What levers of ``kt`` avoid together."""
        left, effects, reason = self.base, [], self.reason
        for n, (acts_on, names) in enumerate(self.steps, start=1):
            asked = sum(kt[lever] for lever in names)
            if asked > self.base and not reason:
                reason = SENTENCES["overlap_beyond"].format(levers=" et ".join(names.values()))
            taken = left * min(asked / self.base, 1.0) if self.base else 0.0  # nan stays nan
            for lever, label in names.items():
                part = taken * kt[lever] / asked if asked else taken
                effects.append(Effect(n, lever, label, acts_on, kt[lever], float(part)))
            left -= taken
        if unknown := [e.label for e in effects if math.isnan(e.first_order)]:
            reason = f"objectif inconnu pour {french.join(unknown)}"
        return Reading(chain=self, effects=tuple(effects), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a chain avoids; ``reason`` says why ``joint`` is unknown or what bounds it. [ktCO2e/an]"""

    chain: Chain
    effects: tuple[Effect, ...]
    reason: str

    @property
    def first_order(self) -> float:
        """The plain sum."""
        return float(sum(e.first_order for e in self.effects))

    @property
    def joint(self) -> float:
        """What the chain avoids."""
        return float(sum(e.in_chain for e in self.effects))

    @property
    def overlap(self) -> float:
        """What the plain sum counts more than once, without the rounding of a sum of floats."""
        return 0.0 if same(self.first_order, self.joint) else self.first_order - self.joint

    @property
    def share(self) -> float:
        """The overlap beside the plain sum. [%]"""
        return 100 * self.overlap / self.first_order if self.first_order else self.overlap

    @property
    def sentence(self) -> str:
        """The reading in French."""
        start = f"{self.chain.group.label} : {french.number(self.first_order, 0)} ktCO2e/an en additionnant les leviers"
        if math.isnan(self.joint):
            return f"{start} ; effet conjoint {french.UNKNOWN} ({self.reason})."
        if len(self.chain.steps) < 2 and not self.overlap:
            return f"{start} ; un seul maillon de la chaîne est présent ici, rien n'est compté deux fois."
        end = f" {french.capital(self.reason)}." if self.reason else ""
        parts = {"first": self.first_order, "joint": self.joint, "overlap": self.overlap}
        written = {name: french.number(value, 0) for name, value in parts.items()}
        share = french.percent(self.share)
        return SENTENCES["overlap"].format(group=self.chain.group.label, share=share, **written) + end


@of_panorama
@beside_reference
def interactions(p: xr.Dataset, order: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """Les leviers qui agissent sur la même quantité : somme à l'ordre 1, effet conjoint, recouvrement.

    Parameters
    ----------
    p : panorama ou scénario, dimension ``lever`` ; d'un scénario, les objectifs proposés, et ceux de sa référence dans
        ``reference_first_order``, ``reference_overlap``…
    order : groupe → ses leviers dans un autre ordre ; par défaut celui de parameters/interactions.yml.

    Returns
    -------
    DataFrame, une ligne par groupe (vide outre-mer) :
        group, label, levers (dans l'ordre de la chaîne) ; base, émissions de départ [ktCO2e/an], et base_method ;
        first_order (somme), joint (effet conjoint), overlap (compté plus d'une fois) [ktCO2e/an] ; share [%] de la
        somme ; status ; sentence. Inconnu : NaN, la phrase dit pourquoi.

    Raises
    ------
    LeverError
        Si ``order`` nomme un groupe inconnu ou n'a pas tous ses leviers une fois.
    ParameterError
        Si parameters/interactions.yml est endommagé.

    References
    ----------
    « Toutes choses égales par ailleurs » : ``sgpe_point_de_sortie`` ; chaînes : hypothèse du kit.

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> interactions(panorama("reg-32")).set_index("group")[["first_order", "joint"]].round(0).loc["voitures"].to_list()
    [2432.0, 2149.0]
    """
    rows = []
    for r in readings(p, order):
        names = " → ".join(e.label for e in r.effects)
        numbers = (r.chain.base, r.chain.base_method, r.first_order, r.joint, r.overlap, r.share)
        rows.append([r.chain.group.id, r.chain.group.label, names, *numbers, r.chain.group.status, r.sentence])
    return pd.DataFrame(rows, columns=[*COLUMNS, "sentence"])


def chain(p: xr.Dataset, order: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """Le détail des chaînes : chaque levier seul (``first_order``) et à sa place (``in_chain``) [ktCO2e/an].

    Raises
    ------
    LeverError
        Si ``order`` nomme un groupe inconnu ou n'a pas tous ses leviers une fois.
    """
    rows = [[r.chain.group.id, *effect] for r in readings(p, order) for effect in r.effects]
    return pd.DataFrame(rows, columns=CHAIN)


def warning(p: xr.Dataset) -> str:
    """L'avertissement d'un rapport : ce qui est compté plus d'une fois dans la somme des leviers, en une phrase."""
    if territories.is_overseas(p.attrs["territory"]):
        return OVERSEAS
    if not (found := readings(p)):
        return ALONE
    known = [one for one in found if not math.isnan(one.overlap)]
    rest = [one for one in found if math.isnan(one.overlap)]
    last = f" Non déterminé : {_named(rest)}." if rest else ""
    if not known:
        return f"Plusieurs leviers agissent sur la même quantité ; leur recouvrement n'est pas déterminé.{last}"
    whose, beside = "", ""
    if composed(p):
        whose = " du scénario"
        beside = f" ({_counted(readings(reference(p)))} dans la référence)"
    return (
        f"Plusieurs leviers agissent sur la même quantité ({_named(known)}) : la somme des leviers{whose} compte "
        f"environ {_counted(known)} ktCO2e/an plus d'une fois{beside}.{last}"
    )


def _named(found: list[Reading]) -> str:
    return french.join(one.chain.group.label.lower() for one in found)


def _counted(found: list[Reading]) -> str:
    """What is counted more than once, where it is known."""
    return french.rough(sum(one.overlap for one in found if not math.isnan(one.overlap)))


@of_panorama
def readings(p: xr.Dataset, order: Mapping[str, Sequence[str]] | None = None) -> list[Reading]:
    """What each group avoids; of a scenario, with the targets that it proposes."""
    kt = dict(zip(p.lever.values.tolist(), asked(p).target.values.tolist(), strict=True))
    return [one.read(kt) for one in chains(p, order)]


def chains(p: xr.Dataset, order: Mapping[str, Sequence[str]] | None = None) -> list[Chain]:
    """The groups that a territory has levers of, ready to be read with any targets."""
    known = {group.id: group for group in groups()}
    for name in order or {}:
        if name not in known:
            raise LeverError(unknown(f"Groupe inconnu : « {name} »", name, known, "Groupes"))
    names, out = dict(zip(p.lever.values.tolist(), p.label.values.tolist(), strict=True)), []
    columns = _Columns.of(p)
    for group in known.values():
        steps = [(one.acts_on, {lever: names[lever] for lever in one.levers if lever in names}) for one in group.chain]
        steps = [step for step in steps if step[1]]
        if order and group.id in order:
            steps = _reordered(steps, list(order[group.id]), group)
        if steps:
            base, method, reason = _base(p, group, columns)
            out.append(Chain(group=group, steps=tuple(steps), base=base, base_method=method, reason=reason))
    return out


def _reordered(steps: list[tuple[str, dict]], order: list[str], group: Group) -> list[tuple[str, dict]]:
    """The steps in the order in which their first lever comes."""
    names = [lever for _, names in steps for lever in names]
    if sorted(order) != sorted(names):
        raise LeverError(
            f"Ordre du groupe « {group.id} » : {', '.join(map(str, order)) or 'vide'}.\n"
            f"Écrire chacun de ses leviers une fois : {', '.join(names)}."
        )
    return sorted(steps, key=lambda step: min(order.index(lever) for lever in step[1]))


class _Columns(NamedTuple):
    """What the accounts of the groups read of a panorama, looked up once: its levers and their figures."""

    levers: list[str]
    baseline: np.ndarray
    unit_abatement: np.ndarray
    fleet: float  # thousands of cars, NaN when it is unknown

    @classmethod
    def of(cls, p: xr.Dataset) -> _Columns:
        """Those of a panorama."""
        fleet = levers.car_fleet(p)
        numbers = (p[name].values for name in ("baseline", "unit_abatement"))
        return cls(p.lever.values.tolist(), *numbers, np.nan if fleet is None else fleet)


def _base(p: xr.Dataset, group: Group, columns: _Columns) -> tuple[float, str, str]:
    """The emissions that the group acts on [ktCO2e/an], how they are counted, why they are unknown."""
    code = p.attrs["territory"]
    if code == "fr":  # a sum, as the national panorama itself: what cannot be added there can here
        regions = [c for c in territories.territories("region").code if not territories.is_overseas(c)]
        every = [panorama(region, version=p.attrs["version"]) for region in regions]
        found = [_base(one, group, _Columns.of(one)) for one in every]
        missing = [territories.name(c) for c, (value, *_) in zip(regions, found, strict=True) if np.isnan(value)]
        reason = f"émissions de départ inconnues pour {french.join(missing)}" if missing else ""
        return float(sum(value for value, *_ in found)), "somme des régions de métropole", reason
    counted = {account.label: _account(columns, account) for account in group.base.accounts}
    counted = {label: value for label, value in counted.items() if not np.isnan(value)}
    if not counted:
        return np.nan, "", f"{group.base.label} : ni parc, ni point de départ, ni coefficient connus ici"
    method = max(counted, key=counted.get)
    return counted[method], method, ""


def _account(columns: _Columns, account: Account) -> float:
    """One account, over the levers of it that the territory has; NaN when a figure is missing. [ktCO2e/an]"""
    here = [lever in account.levers for lever in columns.levers]
    counted = columns.fleet if account.method == "parc" else columns.baseline[here]
    return float(np.abs(counted * columns.unit_abatement[here]).sum()) if any(here) else np.nan
