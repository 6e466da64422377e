"""What the visitor asks for, beyond entering values: a compensation, a probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from copkit import french
from copkit.errors import SimulationError
from copkit.models import compensation, uncertainty
from copkit.models.levers import FOREST
from copkit.models.limits import limits
from copkit.reference import units
from copkit.simulator.ground import known
from copkit.simulator.state import State, from_scenario, scenario_of

POLICIES = compensation.POLICIES
MOST_DRAWS = 20_000
ASKED = ("kt_before", "kt_more", "kt_after", "quantity_before", "quantity_after", "target", "share", "cost", "margin")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def compensate(
    page: Mapping, state: State, using: Iterable[str], policy: str = "effort_egal", costs: Mapping | None = None
) -> dict:
    """Une compensation par les leviers choisis : ce qu'elle demande, et la saisie à accepter ou non.

    Raises
    ------
    SimulationError
        Aucun levier choisi, levier fermé ou inconnu, coût absent : tous les problèmes d'un coup.

    References
    ----------
    ``ck.compensate``.
    """
    scenario, costs = scenario_of(state), dict(costs) if costs else None
    found = compensation.compensate(scenario, list(using), policy, costs, net=True)
    other = {
        name: value for name, value in state.model_dump().items() if name not in ("territory", "version", "levers")
    }
    rows = [
        {name: known(getattr(row, name)) for name in ASKED}
        | {"lever": row.lever, "binding": bool(row.binding), "unit": units.label(row.unit) if row.unit else ""}
        | {name: french.typeset(getattr(row, name)) for name in ("label", "limit")}
        for row in found.asks.itertuples()
    ]
    return {
        "sentence": french.typeset(found.sentence),
        "feasible": found.feasible,
        "doubtful": [french.typeset(one) for one in found.doubtful],
        "asks": rows,
        "state": from_scenario(found.scenario, **other).model_dump(),
    }


def probability(page: Mapping, state: State, draws: int = 10_000) -> dict:
    """La probabilité d'atteindre la référence sous les incertitudes du kit, selon la convention choisie.

    Raises
    ------
    CopkitError
        Si le nombre de tirages est hors de 1 à 20 000, ou si aucun objectif n'est connu.

    References
    ----------
    ``ck.uncertainty`` ; hypothèses : parameters/uncertainty.yml.
    """
    if not isinstance(draws, int) or isinstance(draws, bool) or not 1 <= draws <= MOST_DRAWS:
        most = french.number(MOST_DRAWS, 0)
        raise SimulationError(f"Nombre de tirages « {str(draws)[:20]} » refusé. Écrire un entier de 1 à {most}.")
    s = scenario_of(state)
    forest = state.forest and FOREST in limits(s)
    u = uncertainty.uncertainty(s, draws=draws, years=[2030], quantiles=QUANTILES, forest=forest)
    odds, target = float(u.probability.item()), float(u.target.item())
    found = {f"{q:g}": float(u.avoided.sel(year=2030, quantile=q).item()) for q in QUANTILES}
    convention = "avec forêt" if forest else "hors forêt"
    low, high = (french.number(found[q], 0) for q in ("0.05", "0.95"))
    sentence = (
        f"Probabilité d'atteindre {french.number(target, 0)} ktCO2e/an {convention} : {chances(odds, draws)}. "
        f"Neuf fois sur dix, entre {low} et {high}, sous les hypothèses du kit."
    )
    return {"probability": odds, "quantiles": found, "sentence": french.typeset(sentence)}


def chances(odds: float, draws: int) -> str:
    """A probability in words, no more precise than the draws allow.

    >>> chances(0.0, 1000), chances(0.256, 1000)
    ('moins de 1\u202f%', '26\u202f%')
    """
    if odds < 0.01:
        return f"moins de 1{french.NARROW}%"
    return f"plus de 99{french.NARROW}%" if odds > 0.99 else french.percent(100 * odds, 0)
