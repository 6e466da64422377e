"""Compensation: what other levers have to do when some do less than their reference.

Each policy is a linear programme on the extra kt of each lever, between 0 and its physical bound, whose sum is
the gap. The levers are sorted by id first, so that the answer does not depend on the order they are given in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.errors import Problems, SimulationError, option, typed, unknown
from copkit.models import interactions
from copkit.models.gaps import shortfall
from copkit.models.limits import KT, SAME, Limit, limits, not_a_number
from copkit.models.scenario import NOTHING, build, parts
from copkit.reference import units

POLICIES = {
    "effort_egal": "le même effort en ktCO2e/an pour chacun",
    "prorata": "la même part de l'objectif de référence pour chacun",
    "moindre_cout": "le moindre coût total",
}
DOUBTFUL = 200  # beyond this share of its reference, what is asked of a lever is said to be looked at again [%]
SENTENCES = {  # what a compensation says, here and in the page
    "nothing": "Rien à compenser : le scénario atteint sa référence.",
    "covered": "Compensé : {gap} ktCO2e/an repris par {shared}",
    "short": "Non compensé de {missing} ktCO2e/an sur {gap} : {shared}",
    "shared": "{told} ; règle : {policy}.",
    "no_room": "aucun levier choisi n'a de marge.",
    "ask": "{label} {more} ktCO2e/an",
    "ask_quantity": " (soit {quantity} {unit} en 2030)",
    "bound": "{label} : {both}, borne atteinte ({why}).",
    "bound_empty": "{label} : ce territoire n'a aucune part de ce levier.",
    "idle": "{label} : référence nulle, le prorata ne lui demande rien.",
    "doubtful": "{label} : {share} de sa référence, à vérifier.",
    "twice": "{twice} ktCO2e/an de plus sont demandés, parce que des leviers agissent sur la même quantité.",
    "why": "Compense un manque de {gap} ktCO2e/an ; règle : {policy}.",
    "without": "Manque compté sans {count} sans valeur (n.d.).",
    "policy_effort_egal": POLICIES["effort_egal"],
    "policy_prorata": POLICIES["prorata"],
    "policy_moindre_cout": POLICIES["moindre_cout"],
}


@dataclass(frozen=True, eq=False, repr=False)
class Compensation(Displayed):
    """Une compensation : le nouveau scénario et ce qu'elle demande à chaque levier.

    ``gap`` à compenser, ``closed`` ce qui l'est, ``missing`` ce qui manque encore [ktCO2e/an] ; ``feasible`` ;
    ``asks`` un levier par ligne ; ``binding`` les bornes atteintes, en phrases ; ``sentence`` le tout en une phrase ;
    ``twice`` ce qui est demandé en plus parce que des leviers agissent sur la même quantité [ktCO2e/an] ;
    ``doubtful`` ce qui est à vérifier, en phrases.
    """

    scenario: xr.Dataset
    gap: float
    closed: float
    missing: float
    feasible: bool
    asks: pd.DataFrame
    binding: list[str]
    sentence: str
    twice: float
    doubtful: list[str]


def compensate(
    s: xr.Dataset,
    using: Iterable[str],
    policy: str = "effort_egal",
    costs: Mapping[str, float] | None = None,
    gap: float | None = None,
    net: bool = False,
) -> Compensation:
    """Répartit un manque entre des leviers choisis, dans leurs bornes physiques.

    Un levier en déficit peut être choisi : il revient alors vers sa référence, et peut la dépasser.

    Parameters
    ----------
    s : scénario (``ck.simulate``).
    using : leviers qui compensent, dans un ordre quelconque.
    policy : « effort_egal » (le même nombre de kt), « prorata » (la même part de l'objectif de référence) ou
        « moindre_cout » (le moindre coût total ; à coût égal, au prorata). Une borne atteinte reporte sur les autres.
    costs : levier → coût de la tonne évitée, négatif quand le levier rapporte ; aucun par défaut. [€/tCO2e]
    gap : ce qu'il faut compenser ; par défaut le manque net hors forêt. [ktCO2e/an]
    net : compter l'effet conjoint des leviers qui agissent sur la même quantité (``ck.interactions``) : ce qui serait
        compté deux fois est demandé en plus. Par défaut, la somme à l'ordre 1.

    Returns
    -------
    Compensation : le nouveau scénario, ce qu'il demande à chaque levier dans son unité et face à sa référence,
        et, quand c'est infaisable, de combien et quelles bornes arrêtent. Les coûts sont en k€/an.

    Raises
    ------
    SimulationError
        Tous les problèmes d'un coup : levier inconnu, fermé, en double ou sans valeur, aucun levier, règle inconnue,
        coût absent, manque négatif.

    References
    ----------
    Règle de compensation : « point de sortie des COP » du SGPE (``sgpe_point_de_sortie``).

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.scenario import simulate
    >>> s = simulate(panorama("reg-32"), {"elevage_durable": 221.7935})
    >>> compensate(s, ["haies", "prairies"]).asks.kt_more.round(3).to_list()
    [50.0, 50.0]
    """
    p, entries, texts = parts(s)
    known = limits(p)
    chosen = _chosen(s, known, using, policy, costs, gap)
    before = s.proposed.to_series()[chosen]
    if gap is None:
        gap = max(0.0, float(shortfall(s).net.iloc[1]))  # without forest
    unknown = int(s.proposed.isnull().sum())
    upper = np.array([known[lever].kt_max for lever in chosen]) - before.to_numpy()
    target = s.target.to_series()[chosen].to_numpy()
    cost = np.array([float((costs or {}).get(lever, math.nan)) for lever in chosen])
    room = np.maximum(upper, 0)
    twice = _overlaps(p, s.proposed.to_series(), chosen) if net else None
    found = _beside(float(gap), room, target, policy, cost, twice) if net else _spread(gap, room, target, policy, cost)
    more = pd.Series(found, index=chosen)
    after = {
        lever: known[lever].kt_max if x >= room else kt + x
        for lever, kt, x, room in zip(chosen, before, more, upper, strict=True)
        if x > 0
    }
    said = SENTENCES["why"].format(gap=french.number(gap), policy=POLICIES[policy])
    texts |= {lever: {"texte": said, "source": ""} for lever in after if lever not in texts}  # the source is awaited
    entries |= {lever: entries.get(lever, NOTHING)._replace(value=kt, unit=KT) for lever, kt in after.items()}
    scenario = build(p, entries, texts)
    asks = _asks(s, scenario, known, more, cost)
    counted = twice(more.to_numpy()) if net else 0.0
    closed = float(more.sum()) - counted
    missing = gap - closed if gap - closed > SAME * gap else 0.0
    binding = [_bound(known[row.lever]) for row in asks[asks.binding].itertuples()]
    if policy == "prorata":
        idle = asks[(asks.target <= 0) & ~asks.binding]
        binding += [SENTENCES["idle"].format(label=label) for label in idle.label]
    doubtful = [
        SENTENCES["doubtful"].format(label=row.label, share=french.percent(row.share, 0))
        for row in asks[(asks.kt_more > 0) & (asks.share > DOUBTFUL)].itertuples()
    ]
    doubtful += [_bound(known[row.lever]) for row in asks[asks.binding & (asks.kt_more > 0)].itertuples()]
    sentence = _sentence(gap, missing, asks, binding, policy)
    if counted > SAME * gap and gap > 0:
        sentence += " " + SENTENCES["twice"].format(twice=french.number(counted))
    if unknown:
        sentence += " " + SENTENCES["without"].format(count=french.plural(unknown, "levier"))
    return Compensation(scenario, float(gap), closed, missing, missing == 0, asks, binding, sentence, counted, doubtful)


def _overlaps(p: xr.Dataset, proposed: pd.Series, chosen: list[str]) -> Callable[[np.ndarray], float]:
    """What more of the chosen levers adds to what is counted more than once. [ktCO2e/an]"""
    chains = [one for one in interactions.chains(p) if not math.isnan(one.base)]

    def overlap(kt: Mapping[str, float]) -> float:
        found = (one.read(kt).overlap for one in chains)
        return sum(value for value in found if not math.isnan(value))

    kt = proposed.to_dict()
    before = overlap(kt)
    return lambda more: overlap(kt | {lever: kt[lever] + x for lever, x in zip(chosen, more, strict=True)}) - before


def _beside(gap: float, upper: np.ndarray, target: np.ndarray, policy: str, cost: np.ndarray, twice) -> np.ndarray:
    """The extra kt whose joint effect is the gap: what is counted twice is asked for again, until nothing moves."""
    asked = gap
    for _ in range(200):
        more = _spread(asked, upper, target, policy, cost)
        wanted = gap + max(twice(more), 0.0)
        if math.isclose(wanted, asked, rel_tol=1e-12) or more.sum() >= upper.sum():
            break
        asked = wanted
    return more


def _chosen(s, known: dict[str, Limit], using, policy: str, costs, gap) -> list[str]:
    """The levers that compensate, sorted by id; every refusal at once."""
    problems, where = Problems(), f"Compensation de {s.attrs['territory']} ({s.attrs['name']})"
    if not isinstance(using, Iterable):
        problems.add(where, f'using : liste de leviers attendue, trouvé « {using} ». Écrire ["haies", "prairies"].')
        problems.raise_if_any(SimulationError)
    words = [using] if isinstance(using, str) else [str(word) for word in using]
    proposed = s.proposed.to_series()
    if policy not in POLICIES:
        problems.add(where, unknown(f"règle inconnue : « {policy} »", policy, POLICIES, "Règles"))
    if not words:
        example = typed('using=["haies", "prairies"]', "--using haies,prairies")
        problems.add(where, f"aucun levier choisi. Écrire {example}, par exemple.")
    for lever in dict.fromkeys(words):
        limit = known.get(lever)
        if limit is None:
            problems.add(where, unknown(f"levier inconnu : « {lever} »", lever, known))
        elif limit.closed:
            problems.add(where, f"{lever} : levier fermé ({limit.closed}). Le retirer de {option('using')}.")
        elif math.isnan(proposed[lever]):
            problems.add(
                where, f"{lever} : objectif inconnu dans ce territoire (n.d.). Le retirer de {option('using')}."
            )
        if words.count(lever) > 1:
            problems.add(where, f"{lever} : écrit {words.count(lever)} fois. Le garder une fois.")
    _costs(known, words, policy, costs, problems, where)
    if gap is not None and ((wrong := not_a_number(gap)) or gap < 0):
        problems.add(where, f"gap : {wrong or f'{gap} est négatif. Écrire le manque en positif.'}")
    problems.raise_if_any(SimulationError)
    return sorted(words)


def _costs(known: dict, words: list, policy: str, costs, problems: Problems, where: str) -> None:
    """Costs belong to the analyst: none is assumed, and each chosen lever needs its own."""
    if costs is not None and not isinstance(costs, Mapping):
        problems.add(where, 'costs : {levier: €/tCO2e} attendu. Écrire par exemple costs={"haies": …}.')
        return
    named = typed("costs", "--cost")
    for lever, cost in (costs or {}).items():
        if lever not in known:
            problems.add(where, unknown(f"{named} : levier inconnu : « {lever} »", lever, known))
        elif wrong := not_a_number(cost):
            problems.add(where, f"{named}, {lever} : {wrong}")
    absent = [f"« {lever} »" for lever in dict.fromkeys(words) if lever in known and lever not in (costs or {})]
    if policy == "moindre_cout" and absent:
        problems.add(
            where,
            f"coût absent pour {french.join(absent)} : le kit n'en suppose aucun. "
            f"Donner {typed('costs={levier: €/tCO2e}', '--cost LEVIER=EUROS')}, avec vos sources.",
        )


def _spread(gap: float, upper: np.ndarray, target: np.ndarray, policy: str, cost: np.ndarray) -> np.ndarray:
    """The extra kt of each lever."""
    if policy == "effort_egal":
        return _evenly(gap, upper, np.ones_like(upper))
    if policy == "prorata":
        return _evenly(gap, upper, target)
    return _cheaply(gap, upper, target, cost)


def _evenly(gap: float, upper: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The least t such that x <= t * weight, x <= upper and the x add up to the gap: the minimax, unique."""
    upper = np.where(weight > 0, upper, 0.0)
    if gap <= 0 or upper.sum() <= gap:
        return np.minimum(upper, max(gap, 0.0))
    n, scaled = len(upper), weight / weight.max()
    level = _solve(
        np.r_[np.zeros(n), 1.0],  # min t
        at_most=np.c_[np.eye(n), -scaled],  # x - t * weight <= 0
        equal=np.r_[np.ones(n), 0.0],  # sum of x = 1 (the gap)
        upper=np.r_[np.minimum(upper, gap) / gap, np.inf],
    )[-1]
    level *= gap
    for _ in range(n):  # the solver is exact to 1e-10 or so: Newton on a piecewise line gives the last digits
        bound = upper <= level * scaled
        if bound.all():
            break
        level = (gap - upper[bound].sum()) / scaled[~bound].sum()
    return np.minimum(upper, level * scaled)


def _cheaply(gap: float, upper: np.ndarray, target: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """The least total cost; levers of the same cost share by their targets, so that their order does not matter.

    With one constraint on the sum the optimum depends on the order of the costs only: their ranks keep two close
    costs apart from the tolerance of the solver.
    """
    if gap <= 0 or upper.sum() <= gap:
        return np.minimum(upper, max(gap, 0.0))
    rank = np.unique(cost, return_inverse=True)[1].astype(float)
    found = _solve(rank, equal=np.ones(len(upper)), upper=np.minimum(upper, gap) / gap)
    last = rank[found > 0].max()
    out, tied = np.where(rank < last, upper, 0.0), rank == last
    left = max(0.0, gap - out.sum())
    out[tied] = _evenly(left, upper[tied], target[tied])
    unweighted = tied & (target <= 0)  # a target of zero gives no share: such levers come last, evenly
    out[unweighted] = _evenly(max(0.0, gap - out.sum()), upper[unweighted], np.ones(unweighted.sum()))
    return out


def _solve(cost: np.ndarray, *, equal: np.ndarray, upper: np.ndarray, at_most: np.ndarray | None = None) -> np.ndarray:
    """min cost.x, sum of the ``equal`` x = 1, ``at_most`` x <= 0, 0 <= x <= upper (HiGHS)."""
    from scipy.optimize import linprog  # heavy, and only needed here

    found = linprog(
        cost,
        A_ub=at_most,
        b_ub=None if at_most is None else np.zeros(len(at_most)),
        A_eq=equal[None, :],
        b_eq=[1.0],
        bounds=np.c_[np.zeros(len(cost)), upper],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:  # the callers leave no infeasible case
        raise SimulationError(
            f"Le solveur n'a pas trouvé de répartition ({found.message}). Revoir les leviers choisis."
        )
    return found.x


def _asks(s: xr.Dataset, new: xr.Dataset, known: dict[str, Limit], more: pd.Series, cost: np.ndarray) -> pd.DataFrame:
    """What is asked of each lever, before and after, in both units and beside its reference."""
    chosen = more.index.to_list()
    old, new = s.sel(lever=chosen), new.sel(lever=chosen)
    kt_max = np.array([known[lever].kt_max for lever in chosen])
    return pd.DataFrame(
        {
            "lever": chosen,
            "label": [known[lever].label for lever in chosen],
            "unit": [known[lever].unit for lever in chosen],
            "kt_before": old.proposed.values,
            "kt_more": more.to_numpy(),
            "kt_after": new.proposed.values,
            "quantity_before": old.proposed_quantity.values,
            "quantity_after": new.proposed_quantity.values,
            "target": old.target.values,
            "share": 100 * new.proposed.values / np.where(old.target.values > 0, old.target.values, np.nan),
            "kt_max": kt_max,
            "margin": np.maximum(kt_max - new.proposed.values, 0),
            "limit": [known[lever].why for lever in chosen],
            "binding": new.proposed.values >= kt_max,
            "cost": more.to_numpy() * cost,
        }
    )


def _bound(limit: Limit) -> str:
    """A bound that is reached, in a sentence."""
    if limit.empty:
        return SENTENCES["bound_empty"].format(label=limit.label)
    return SENTENCES["bound"].format(label=limit.label, both=limit.both(limit.kt_max), why=limit.why)


def _sentence(gap: float, missing: float, asks: pd.DataFrame, binding: list[str], policy: str) -> str:
    if gap <= 0:
        return SENTENCES["nothing"]
    told = []
    for row in asks[asks.kt_more > 0].itertuples():
        text = SENTENCES["ask"].format(label=row.label, more=french.signed(row.kt_more))
        if not math.isnan(row.quantity_after):
            said = {"quantity": french.quantity(row.quantity_after), "unit": units.label(row.unit)}
            text += SENTENCES["ask_quantity"].format(**said)
        told.append(text)
    shared = (
        SENTENCES["shared"].format(told=french.join(told), policy=POLICIES[policy]) if told else SENTENCES["no_room"]
    )
    parts = {"gap": french.number(gap), "missing": french.number(missing), "shared": shared}
    if missing == 0:
        return SENTENCES["covered"].format(**parts)
    return " ".join([SENTENCES["short"].format(**parts), *binding])
