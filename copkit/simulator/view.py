"""What follows from a state: levers, totals, gauge, overlaps, links. Plain floats on a ground made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from copkit import french
from copkit.models.scenario import Standing, settle
from copkit.simulator import gauge, links, official_links
from copkit.simulator.ground import Ground, ground
from copkit.simulator.state import Entry, State, accepted, version_of


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
    dict, en JSON : levers, totals, gauge, overlaps, link, official_link,
        warnings, et ``state``, la saisie sans ses valeurs refusées. [ktCO2e/an et unités des leviers] ; inconnu : None.
    """
    code = page["territory"]["code"]
    state = state if state.territory == code else state.having(territory=code, levers={}, focus="")
    here = ground(code, version_of(state))
    settled = settle(here.limits, state.levers, _accepted(before, code))
    kept = accepted(state, settled)
    link, left = links.to_query(kept)
    measured = gauge.gauge(here, settled, state)
    levers = {lever: _lever(one, kept.levers.get(lever)) for lever, one in settled.items()}
    return {
        "state": kept.model_dump(),
        "levers": levers,
        "totals": gauge.totals(settled),
        "gauge": measured,
        "overlaps": overlaps(here, settled),
        "link": link,
        "official_link": official_links.official_link(kept),
        "warnings": [*notes, *_unknown(here, state), *links.differs(state), *left],
    }


def _accepted(before: Mapping | None, code: str) -> dict[str, Entry]:
    """The entries that the previous view of the same territory accepted."""
    last = (before or {}).get("state") or {}
    if last.get("territory") != code:
        return {}
    return {lever: Entry.model_construct(**entry) for lever, entry in last["levers"].items()}


def _lever(one: Standing, entry: Entry | None) -> dict:
    done = gauge.SENTENCES["done"]
    figures = {
        "kt": one.kt,
        "quantity": one.quantity,
        "done_kt": one.done,
        "remaining_kt": one.remaining,
        "deficit": one.deficit,
        "surplus": one.surplus,
    }
    return gauge.plain(figures) | {
        "changed": one.changed,
        "justified": bool(entry and entry.why.strip() and entry.source.strip()),
        "error": french.typeset(french.capital(one.error)),
        "done_error": french.typeset(done.format(refusal=one.done_error) if one.done_error else ""),
    }


def _unknown(here: Ground, state: State) -> list[str]:
    """The levers of the state that the territory does not have."""
    return [
        french.typeset(f"Levier « {lever[:40]} » : absent de ce territoire, laissé de côté.")
        for lever in state.levers
        if lever not in here.limits
    ]


def overlaps(here: Ground, settled: dict[str, Standing]) -> list[dict]:
    """Ce qui est compté plus d'une fois dans la somme des leviers, groupe par groupe. [ktCO2e/an]

    Un groupe inconnu ou sans recouvrement n'y est pas.

    References
    ----------
    ``ck.interactions``.
    """
    found = (one.read({lever: standing.kt for lever, standing in settled.items()}) for one in here.chains)
    return [
        {
            "group": one.chain.group.id,
            "joint": one.joint,
            "overlap": one.overlap,
            "sentence": french.typeset(one.sentence),
        }
        for one in found
        if one.overlap > 0
    ]
