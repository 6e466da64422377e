"""A scenario: the targets that a territory proposes beside its reference, in kt or in quantities.

A scenario is the panorama with ``proposed`` [ktCO2e/an, the whole target for 2030, what is done included],
``done`` [ktCO2e/an already reached since 2019] and ``proposed_quantity`` [the lever's own unit]. Nothing is
rounded nor clamped: an impossible value is refused, with the values that the lever accepts.
"""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from copkit.errors import SimulationError, suggestion
from copkit.models.gaps import deviations, gap_sentence, remaining, shortfall, unjustified
from copkit.models.limits import KT, QUANTITY
from copkit.models.scenario import build, parts
from copkit.models.scenario_file import from_json, to_json

__all__ = [
    "deviations",
    "from_json",
    "gap_sentence",
    "justify",
    "remaining",
    "shortfall",
    "simulate",
    "to_json",
    "unjustified",
]
UNITS = (KT, QUANTITY)


def simulate(
    p: xr.Dataset,
    targets: Mapping[str, float],
    *,
    done: Mapping[str, float] | None = None,
    unit: str = KT,
    justifications: Mapping[str, Mapping[str, str] | str] | None = None,
) -> xr.Dataset:
    """Un scénario : les objectifs proposés par le territoire, à côté de ceux du panorama.

    Parameters
    ----------
    p : panorama d'un territoire (``ck.panorama``).
    targets : levier → objectif entier pour 2030, y compris ce qui est déjà fait. [selon ``unit``]
    done : levier → ce qui est déjà fait depuis 2019 ; 0 quand rien n'est saisi. [ktCO2e/an]
    unit : « ktco2e » (émissions évitées) ou « quantity » (quantité en 2030, dans l'unité de chaque levier).
    justifications : levier → {"texte": …, "source": …}, ou le texte seul, qui attend alors sa source.

    Returns
    -------
    xr.Dataset, dimension ``lever`` : le panorama, et
        ``proposed``, ``done`` [ktCO2e/an], ``proposed_quantity`` [unité du levier] ;
        coordonnées ``justification`` et ``justification_source``, vides par défaut.
        Un levier sans objectif garde sa référence, ou ce qui est fait quand c'est plus.

    Raises
    ------
    SimulationError
        Tous les problèmes d'un coup : levier inconnu ou fermé, valeur négative, au-delà d'une borne physique,
        en dessous de ce qui est fait, quantité sans traduction, nombre infini ou inconnu.

    References
    ----------
    Panorama : ``sgpe_simulateur_2024`` ; bornes : ``levers.bounds``.

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> s = simulate(panorama("reg-32"), {"vehicules_electriques": 460}, unit="quantity")
    >>> round(float(s.proposed.sel(lever="vehicules_electriques")), 1)
    969.2
    """
    if unit not in UNITS:
        raise SimulationError(f"Unité inconnue : « {unit} ».{suggestion(str(unit), list(UNITS))} Écrire {_or(UNITS)}.")
    entries = {lever: (value, unit) for lever, value in _mapping(targets, "targets").items()}
    return build(p, entries, _mapping(done, "done"), _mapping(justifications, "justifications"))


def _or(words) -> str:
    return " ou ".join(f"« {word} »" for word in words)


def _mapping(given: object, name: str) -> dict:
    if given is not None and not isinstance(given, Mapping):
        raise SimulationError(f'{name} : {{levier: valeur}} attendu. Écrire par exemple {name}={{"haies": …}}.')
    return dict(given or {})


def justify(s: xr.Dataset, justifications: Mapping[str, Mapping[str, str] | str]) -> xr.Dataset:
    """Le même scénario avec d'autres justifications ; celles des autres leviers restent.

    Raises
    ------
    SimulationError
        Si un levier est inconnu ou une justification illisible.
    """
    p, _, done, texts = parts(s)
    new = build(p, {}, done, {**texts, **_mapping(justifications, "justifications")})
    return s.assign_coords(justification=new.justification, justification_source=new.justification_source)
