"""What follows from a state: levers, totals, gauge, charts, links. Plain floats on a ground made once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from copkit import french
from copkit.models.limits import same
from copkit.simulator import gauge, links, official_links, tiles, trajectory
from copkit.simulator.ground import Chain, Ground, ground
from copkit.simulator.settled import Settled, settle
from copkit.simulator.state import Entry, State, version_of


def view(page: Mapping, state: State, before: Mapping | None = None, notes: Iterable[str] = ()) -> dict:
    """Tout ce que la page montre pour une saisie.

    Parameters
    ----------
    page : ``page(code)`` du même territoire ; son territoire l'emporte sur celui de la saisie.
    state : la saisie (``state.read``).
    before : la vue précédente ; une valeur refusée laisse la dernière valeur acceptée.
    notes : remarques à montrer (``links.from_query``).

    Returns
    -------
    dict, en JSON : levers, totals, gauge, announce, charts, unjustified, overlaps, kept, link, official_link,
        warnings, et ``state``, la saisie sans ses valeurs refusées. [ktCO2e/an et unités des leviers] ; inconnu : None.
    """
    code = page["territory"]["code"]
    state = state if state.territory == code else state.having(territory=code, levers={}, focus="")
    here = ground(code, version_of(state))
    settled = settle(here.limits, state.levers, _accepted(before, code))
    accepted = state.having(levers={lever: one.entry for lever, one in settled.items() if one.entry})
    link, left = links.to_query(accepted)
    measured = gauge.gauge(here, settled, state)
    unjustified = [lever for lever, one in settled.items() if one.changed and not _justified(one)]
    return {
        "state": accepted.model_dump(),
        "levers": {lever: _lever(one) for lever, one in settled.items()},
        "totals": gauge.totals(settled),
        "gauge": measured,
        "announce": measured["announce"],
        "charts": {
            "panorama": tiles.rows(here, settled, state),
            "trajectory": trajectory.rows(here, settled, state.focus),
        },
        "unjustified": unjustified,
        "overlaps": overlaps(here, settled),
        "kept": [_kept(here, one.name, one.levers, state) for one in state.kept],
        "link": link,
        "official_link": official_links.official_link(accepted),
        "warnings": [*notes, *_unknown(here, state), *links.differs(state), *left],
    }


def _accepted(before: Mapping | None, code: str) -> dict[str, Entry]:
    """The entries that the previous view of the same territory accepted."""
    last = (before or {}).get("state") or {}
    if last.get("territory") != code:
        return {}
    return {lever: Entry.model_construct(**entry) for lever, entry in last["levers"].items()}


def _lever(one: Settled) -> dict:
    return {
        "kt": known(one.kt),
        "quantity": known(one.quantity),
        "done_kt": one.done,
        "remaining_kt": known(one.remaining),
        "reference": known(one.target),
        "deficit": known(one.deficit),
        "surplus": known(one.surplus),
        "changed": one.changed,
        "justified": _justified(one),
        "error": one.error,
        "done_error": one.done_error,
    }


def known(value: float) -> float | None:
    """A number as JSON takes it: None when unknown or infinite."""
    return value if math.isfinite(value) else None


def _justified(one: Settled) -> bool:
    return bool(one.entry and one.entry.why.strip() and one.entry.source.strip())


def _unknown(here: Ground, state: State) -> list[str]:
    """The levers of the state that the territory does not have."""
    return [
        french.typeset(f"Levier « {lever[:40]} » : absent de ce territoire, laissé de côté.")
        for lever in state.levers
        if lever not in here.limits
    ]


def _kept(here: Ground, name: str, levers: dict[str, Entry], state: State) -> dict:
    """A scenario kept beside, for the table that compares them."""
    settled = settle(here.limits, levers)
    measured = gauge.gauge(here, settled, state)
    return {
        "name": name,
        "levers": {lever: {"kt": known(one.kt), "quantity": known(one.quantity)} for lever, one in settled.items()},
        "totals": gauge.totals(settled),
        "sentence": measured["sentence"],
        "status": measured["status"],
    }


def overlaps(here: Ground, settled: dict[str, Settled]) -> list[dict]:
    """Ce qui est compté plus d'une fois dans la somme des leviers, groupe par groupe. [ktCO2e/an]

    Les chiffres sont ceux de ``ck.interactions`` ; un groupe inconnu ou sans recouvrement n'y est pas.
    """
    found = []
    for chain in here.chains:
        alone, together = _joint(chain, {lever: one.kt for lever, one in settled.items()})
        if math.isnan(together) or alone - together <= 1e-12 * alone or same(alone, together):
            continue
        said = (
            f"{chain.label} : {french.number(alone, 0)} ktCO2e/an en additionnant les leviers, "
            f"{french.number(together, 0)} quand chacun agit sur ce que les précédents laissent : environ "
            f"{french.number(alone - together, 0)} comptés plus d'une fois (hypothèse du kit)."
        )
        row = {"group": chain.group, "label": chain.label, "levers": [v for step in chain.steps for v in step]}
        row |= {"first_order": alone, "joint": together, "overlap": alone - together}
        found.append(row | {"sentence": french.typeset(said)})
    return found


def _joint(chain: Chain, kt: dict[str, float]) -> tuple[float, float]:
    """The plain sum of a chain and what it avoids when each step acts on what the previous ones leave."""
    left, alone = chain.base, 0.0
    for step in chain.steps:
        asked = sum(kt[lever] for lever in step)
        alone += asked
        left -= left * min(asked / chain.base, 1.0) if chain.base else 0.0
    return alone, chain.base - left
