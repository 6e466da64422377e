"""Lever by lever, what a state comes to: both units, what is done, and what was refused with its bound.

The rules are those of ``models.scenario.build`` on plain floats; a refused value leaves the last one that held.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from copkit import french
from copkit.models.limits import KT, QUANTITY, Limit, same
from copkit.simulator.state import Entry

NOTHING = Entry()


@dataclass(frozen=True, slots=True)
class Settled:
    """A lever as it stands; ``entry``: what was accepted of it, None when nothing was. [ktCO2e/an; lever's unit]"""

    kt: float
    quantity: float
    done: float
    target: float
    error: str
    done_error: str
    entry: Entry | None

    @property
    def changed(self) -> bool:
        """True when the proposal is not the reference."""
        return not (math.isnan(self.kt) and math.isnan(self.target)) and not same(self.kt, self.target)

    @property
    def deficit(self) -> float:
        """What is missing beside the reference, never negative; unknown stays unknown. [ktCO2e/an]"""
        return self.target - self.kt if not self.target - self.kt < 0 else 0.0

    @property
    def surplus(self) -> float:
        """What exceeds the reference, never negative. [ktCO2e/an]"""
        return self.kt - self.target if not self.kt - self.target < 0 else 0.0

    @property
    def remaining(self) -> float:
        """What is left to do of the proposal. [ktCO2e/an]"""
        return self.kt - self.done if not self.kt - self.done < 0 else 0.0


def settle(limits: Mapping[str, Limit], entries: Mapping[str, Entry], before: Mapping | None = None) -> dict:
    """Lever → ``Settled``; ``before``: the accepted entries of the last view, that a refused value falls back on."""
    last = before or {}
    return {
        lever: _lever(limit, entries.get(lever, NOTHING), last.get(lever, NOTHING)) for lever, limit in limits.items()
    }


def _lever(limit: Limit, typed: Entry, last: Entry) -> Settled:
    done, done_error = typed.done, refused_done(limit, typed.done)
    if done_error:
        done = 0.0 if refused_done(limit, last.done) else last.done
    value, unit, error = typed.value, typed.unit, refused(limit, typed, done)
    if error:
        kept = last if not refused(limit, last, done) else NOTHING
        value, unit = kept.value, kept.unit
    if value is None:
        kt = max(limit.target, done)  # the target first: an unknown one stays unknown
        quantity = limit.quantity_of(kt)
    elif unit == QUANTITY:
        kt, quantity = limit.kt_of(value), value
    else:
        kt, quantity = value, limit.quantity_of(value)
    unit = KT if value is None else unit
    accepted = Entry(value=value, unit=unit, done=done, why=typed.why, source=typed.source)
    return Settled(kt, quantity, done, limit.target, error, done_error, None if accepted.empty else accepted)


def refused(limit: Limit, entry: Entry, done: float) -> str:
    """Why a lever cannot be set to what was entered, in French with its bound; nothing when it can."""
    if entry.value is None:
        return ""
    if limit.closed and entry.unit == QUANTITY:
        return _closed(limit)
    if entry.unit == QUANTITY and not limit.translated:
        return "Pas de traduction en quantité dans ce territoire. Écrire des ktCO₂e/an."
    wrong = limit.refusal(entry.value, entry.unit, done)
    if wrong and limit.closed:
        return _closed(limit)
    return french.typeset(wrong[0].upper() + wrong[1:]) if wrong else ""


def refused_done(limit: Limit, done: float) -> str:
    """Why this cannot be already done, or nothing."""
    if not done:
        return ""
    if limit.closed:
        if 0 <= done <= limit.target:
            return ""
        return f"{_closed(limit)} Déjà fait : de 0 à {french.number(limit.target)}{french.NARROW}ktCO₂e/an."
    wrong = limit.refusal(done, KT, 0.0)
    return french.typeset(f"Déjà fait : {wrong}") if wrong else ""


def _closed(limit: Limit) -> str:
    return french.typeset(f"Levier fermé ({limit.closed}) : sa référence est gardée.")
