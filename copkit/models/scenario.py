"""A scenario: the targets that a territory proposes beside its reference, in kt or in quantities.

A scenario is the panorama with ``proposed`` [ktCO2e/an, the whole target for 2030, what is done included], ``done``
[ktCO2e/an already reached since 2019] and ``proposed_quantity`` [the lever's own unit]. Nothing is rounded nor clamped:
an impossible value is refused, with the values that the lever accepts. The rules are here, on plain floats
(``settle``); a dataset carries what they give, and the page of the simulator mirrors them (``scenario.js``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from copkit.errors import Problems, SimulationError, typed, unknown
from copkit.models.limits import KT, KT_LABEL, QUANTITY, Limit, limits, same
from copkit.models.panorama import of_panorama
from copkit.models.proposals import reference

TEXTS = ("texte", "source")
UNITS = (KT, QUANTITY)


class Entry(NamedTuple):
    """What is entered for a lever: ``value``, its whole target of 2030 [``unit``]; ``done`` [ktCO2e/an]."""

    value: float | None = None
    unit: str = KT
    done: float = 0.0


NOTHING = Entry()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lever stands: both units, what is done, its reference; what was accepted and why the rest was not.

    [ktCO2e/an; the lever's own unit]
    """

    kt: float
    quantity: float
    done: float
    target: float
    entry: Entry = NOTHING
    error: str = ""
    done_error: str = ""

    @property
    def changed(self) -> bool:
        """True when the proposal is not the reference."""
        return not (math.isnan(self.kt) and math.isnan(self.target)) and not same(self.kt, self.target)

    @property
    def deficit(self) -> float:
        """What is missing beside the reference, never negative; unknown stays unknown."""
        return max(self.target - self.kt, 0.0)  # the difference first: unknown stays unknown

    @property
    def surplus(self) -> float:
        """What exceeds the reference, never negative."""
        return max(self.kt - self.target, 0.0)

    @property
    def remaining(self) -> float:
        """What is left to do of the proposal."""
        return max(self.kt - self.done, 0.0)


def settle(
    limits: Mapping[str, Limit], entries: Mapping[str, Entry], before: Mapping[str, Entry] | None = None
) -> dict[str, Standing]:
    """Lever → ``Standing``; a refused value leaves that of ``before``, what was accepted last, or the reference.

    An entry has ``value``, ``unit`` and ``done``; a lever without a value keeps its reference, or what is done.
    """
    last = before or {}
    return {
        lever: _settled(limit, entries.get(lever, NOTHING), last.get(lever, NOTHING)) for lever, limit in limits.items()
    }


def _settled(limit: Limit, typed: Entry, last: Entry) -> Standing:
    done, done_error = typed.done, limit.refusal_of_done(typed.done)
    if done_error:
        done = 0.0 if limit.refusal_of_done(last.done) else last.done
    kept, error = typed, limit.refusal(typed.value, typed.unit, done)
    if error:
        kept = NOTHING if limit.refusal(last.value, last.unit, done) else last
    if kept.value is None:
        kt = max(limit.target, done)  # the target first: an unknown one stays unknown
        return Standing(kt, limit.quantity_of(kt), done, limit.target, Entry(done=done), error, done_error)
    if kept.unit == QUANTITY:
        kt, quantity = limit.kt_of(kept.value), kept.value
    else:
        kt, quantity = kept.value, limit.quantity_of(kept.value)
    return Standing(kt, quantity, done, limit.target, Entry(kept.value, kept.unit, done), error, done_error)


@of_panorama
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
        wrong = unknown(f"Unité inconnue : « {unit} »", unit, UNITS)
        raise SimulationError(f"{wrong} Écrire « {KT} » ou « {QUANTITY} ».")
    asked, reached = _mapping(targets, "targets"), _mapping(done, "done")
    asked = {lever: math.nan if value is None else value for lever, value in asked.items()}  # nothing is no number
    entries = {lever: Entry(asked.get(lever), unit, reached.get(lever, 0.0)) for lever in {**asked, **reached}}
    return build(p, entries, _mapping(justifications, "justifications"))


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
    p, _, texts = parts(s)
    new = build(p, {}, {**texts, **_mapping(justifications, "justifications")})
    return s.assign_coords(justification=new.justification, justification_source=new.justification_source)


def standings(s: xr.Dataset) -> dict[str, Standing]:
    """Where each lever of a scenario stands, by id.

    Raises
    ------
    SimulationError
        If ``s`` is not a scenario.
    """
    check(s)
    columns = (s[name].values.tolist() for name in ("lever", "proposed", "proposed_quantity", "done", "target"))
    return {lever: Standing(*row) for lever, *row in zip(*columns, strict=True)}


def build(p: xr.Dataset, entries: Mapping[str, Entry], justifications: dict) -> xr.Dataset:
    """The scenario of what is entered for each lever; every problem in one SimulationError."""
    if "kind" in p.attrs:
        raise SimulationError('Panorama attendu. Écrire ck.simulate(ck.panorama("reg-32"), {…}).')
    known, problems = limits(p), Problems()
    where = f"Scénario de {p.attrs['territory']} ({p.attrs['name']})"
    for given in (entries, justifications):
        for lever in given:
            if lever not in known:
                listed = typed("ck.panorama(…).lever", f"copkit panorama {p.attrs['territory']}")
                remedy = f"Les leviers : {listed}."
                problems.add(where, unknown(f"levier inconnu : « {lever} »", lever, known, remedy=remedy))
    settled = settle(known, entries)
    for lever, one in settled.items():
        if one.done_error:
            problems.add(where, f"{lever}, déjà fait : {one.done_error}")
        if one.error:
            problems.add(where, f"{lever} : {one.error}")
    texts = _texts(justifications, problems, where)
    problems.raise_if_any(SimulationError)
    return _dataset(p, settled, texts)


def _texts(justifications: dict, problems: Problems, where: str) -> dict[str, dict[str, str]]:
    """The justifications with their two texts."""
    out = {}
    for lever, given in justifications.items():
        one = {"texte": given} if isinstance(given, str) else given
        if not isinstance(one, Mapping) or not all(isinstance(v, str) and k in TEXTS for k, v in one.items()):
            message = 'justification illisible. Écrire {"texte": "…", "source": "…"}, ou le texte seul.'
            problems.add(where, f"{lever} : {message}")
        else:
            out[lever] = {name: one.get(name, "") for name in TEXTS}
    return out


def _dataset(p: xr.Dataset, settled: dict[str, Standing], texts: dict) -> xr.Dataset:
    order = [settled[lever] for lever in p.lever.values.tolist()]
    written = {name: [texts.get(lever, {}).get(name, "") for lever in p.lever.values] for name in TEXTS}
    out = p.assign(
        proposed=("lever", np.array([one.kt for one in order], float), {"units": KT_LABEL}),
        done=("lever", np.array([one.done for one in order], float), {"units": KT_LABEL}),
        proposed_quantity=("lever", np.array([one.quantity for one in order], float)),
    ).assign_coords(
        justification=("lever", np.array(written["texte"], dtype=object)),
        justification_source=("lever", np.array(written["source"], dtype=object)),
    )
    return out.assign_attrs(kind="scenario")


def parts(s: xr.Dataset) -> tuple[xr.Dataset, dict[str, Entry], dict]:
    """The panorama of a scenario, the entries that give it again to the last bit, its justifications."""
    found, p = standings(s), reference(s)
    known, entries = limits(p), {}
    for lever, one in found.items():
        bare = _settled(known[lever], Entry(done=one.done), NOTHING)
        value, unit = None, KT
        if not (identical(one.kt, bare.kt) and identical(one.quantity, bare.quantity)):
            typed = not identical(one.quantity, known[lever].quantity_of(one.kt))
            value, unit = (one.quantity, QUANTITY) if typed else (one.kt, KT)
        if value is not None or one.done:
            entries[lever] = Entry(value, unit, one.done)
    pairs = zip(found, s.justification.values, s.justification_source.values, strict=True)
    texts = {lever: {"texte": text, "source": source} for lever, text, source in pairs if text or source}
    return p, entries, texts


def identical(a: float, b: float) -> bool:
    """True when two values are the same to the last bit, both unknown included."""
    return a == b or (math.isnan(a) and math.isnan(b))


def check(s: xr.Dataset) -> None:
    """Refuse what is not a scenario."""
    if not isinstance(s, xr.Dataset) or s.attrs.get("kind") != "scenario":
        raise SimulationError("Scénario attendu. Écrire d'abord s = ck.simulate(p, {…}).")
