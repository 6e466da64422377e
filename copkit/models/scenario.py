"""What a scenario is made of: built from what was entered, with every refusal in one message, and taken apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from copkit.errors import Problems, SimulationError, suggestion
from copkit.models.limits import KT, Limit, limits, not_a_number

TEXTS = ("texte", "source")
ADDED = ("proposed", "done", "proposed_quantity", "justification", "justification_source")


def build(p: xr.Dataset, entries: dict, done: dict, justifications: dict) -> xr.Dataset:
    """The scenario of ``entries`` {lever: (value, unit)}; every problem in one SimulationError."""
    if not isinstance(p, xr.Dataset) or "target" not in p or "kind" in p.attrs:
        raise SimulationError('Panorama attendu. Écrire ck.simulate(ck.panorama("reg-32"), {…}).')
    known, problems = limits(p), Problems()
    where = f"Scénario de {p.attrs['territory']} ({p.attrs['name']})"
    for given in (entries, done, justifications):
        for lever in given:
            if lever not in known:
                hint = suggestion(str(lever), list(known)) or " Les leviers : ck.panorama(…).lever."
                problems.add(where, f"levier inconnu : « {lever} ».{hint}")
    reached = _done(known, done, problems, where)
    kt = {lever: max(limit.target, reached[lever]) for lever, limit in known.items()}  # NaN first: stays unknown
    quantity = {lever: limit.quantity_of(kt[lever]) for lever, limit in known.items()}
    for lever, (value, unit) in entries.items():
        if lever not in known:
            continue
        wrong = not_a_number(value) or known[lever].refusal(value := float(value), unit, reached[lever])
        if wrong:
            problems.add(where, f"{lever} : {wrong}")
        elif unit == KT:
            kt[lever], quantity[lever] = value, known[lever].quantity_of(value)
        else:
            kt[lever], quantity[lever] = known[lever].kt_of(value), value
    texts = _texts(justifications, problems, where)
    problems.raise_if_any(SimulationError)
    return _dataset(p, kt, quantity, reached, texts)


def _done(known: dict[str, Limit], done: dict, problems: Problems, where: str) -> dict[str, float]:
    """What is done, lever by lever, 0 when nothing is entered."""
    out = dict.fromkeys(known, 0.0)
    for lever, value in done.items():
        if lever not in known:
            continue
        wrong = not_a_number(value)
        if not wrong and not known[lever].closed:
            wrong = known[lever].refusal(float(value), KT, 0.0)
        elif not wrong and (value < 0 or value > known[lever].target):
            wrong = f"levier fermé ({known[lever].closed}). Écrire de 0 à sa référence, ou le retirer."
        if wrong:
            problems.add(where, f"{lever}, déjà fait : {wrong}")
        else:
            out[lever] = float(value)
    return out


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


def _dataset(p: xr.Dataset, kt: dict, quantity: dict, done: dict, texts: dict) -> xr.Dataset:
    order = p.lever.values.tolist()
    written = {name: [texts.get(lever, {}).get(name, "") for lever in order] for name in TEXTS}
    out = p.assign(
        proposed=("lever", np.array([kt[lever] for lever in order], float), {"units": "ktCO2e/an"}),
        done=("lever", np.array([done[lever] for lever in order], float), {"units": "ktCO2e/an"}),
        proposed_quantity=("lever", np.array([quantity[lever] for lever in order], float)),
    ).assign_coords(
        justification=("lever", np.array(written["texte"], dtype=object)),
        justification_source=("lever", np.array(written["source"], dtype=object)),
    )
    return out.assign_attrs(kind="scenario")


def parts(s: xr.Dataset) -> tuple[xr.Dataset, dict, dict, dict]:
    """The panorama of a scenario and what was entered on it: targets (kt, quantity), done, justifications."""
    check(s)
    p = s.drop_vars(ADDED).assign_attrs()
    del p.attrs["kind"]
    order, entered = s.lever.values.tolist(), {}
    done = {lever: value for lever, value in zip(order, s.done.values.tolist(), strict=True) if value}
    default = build(p, {}, done, {})
    for lever, kt, quantity, kt0, quantity0 in zip(
        order,
        s.proposed.values.tolist(),
        s.proposed_quantity.values.tolist(),
        default.proposed.values.tolist(),
        default.proposed_quantity.values.tolist(),
        strict=True,
    ):
        if not (identical(kt, kt0) and identical(quantity, quantity0)):
            entered[lever] = (kt, quantity)
    pairs = zip(order, s.justification.values, s.justification_source.values, strict=True)
    texts = {lever: {"texte": text, "source": source} for lever, text, source in pairs if text or source}
    return p, entered, done, texts


def identical(a: float, b: float) -> bool:
    """True when two values are the same to the last bit, both unknown included."""
    return a == b or (math.isnan(a) and math.isnan(b))


def check(s: xr.Dataset) -> None:
    """Refuse what is not a scenario."""
    if not isinstance(s, xr.Dataset) or s.attrs.get("kind") != "scenario":
        raise SimulationError("Scénario attendu. Écrire d'abord s = ck.simulate(p, {…}).")
