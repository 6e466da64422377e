"""What a plan may ask of each lever of a territory: both units, bounds, and refusals that say what to write."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import xarray as xr

from copkit import french
from copkit.models import levers
from copkit.reference import parameters, units

KT, QUANTITY = "ktco2e", "quantity"
SAME = 1e-9  # relative: two values that differ by less are the same one, seen through a conversion
SENTENCES = {  # what a limit says, here and in the page
    "closed": "levier fermé ({closed}) : sa référence est gardée. Le retirer.",
    "closed_done": "levier fermé ({closed}). Écrire {range}, ou le retirer.",
    "empty": "ce territoire n'a aucune part de ce levier (clé de répartition nulle). Le retirer.",
    "untranslated": "pas de traduction en quantité dans ce territoire. Écrire des ktCO2e/an.",
    "negative": "{said} : les émissions augmenteraient. Écrire {range}.",
    "less": "{said} : c'est moins que ce qui est déjà fait ({both}). Écrire {range}.",
    "beyond": "{said} : c'est au-delà de la borne ({why}). Écrire {range}.",
    KT: "{value} ktCO2e/an",
    QUANTITY: "{value} {unit} ({kt} ktCO2e/an)",
    "both": "{first}, soit {second}",
    "between": "de {low} à {high} {unit}",
    "at_least": "{low} {unit} ou plus",
}
KT_LABEL = "ktCO2e/an"


def same(a: float, b: float) -> bool:
    """True when two values differ by rounding errors only.

    >>> same(0.1 + 0.2, 0.3), same(1, 1.001)
    (True, False)
    """
    return math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)


def not_a_number(value: object) -> str | None:
    """The refusal of what is not a finite number, or None.

    >>> not_a_number("12"), not_a_number(12.5)
    ('nombre attendu, trouvé « 12 ». Écrire un nombre, sans guillemets et sans unité.', None)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return f"nombre attendu, trouvé « {value} ». Écrire un nombre, sans guillemets et sans unité."
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    shown = str(value) if len(str(value)) < 25 else f"{str(value)[:20]}…"
    return None if finite else f"nombre fini attendu, trouvé « {shown} ». Corriger la valeur."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one lever of one territory accepts; ``kt`` in ktCO2e/an, ``quantity`` in the lever's own unit."""

    lever: str
    label: str
    unit: str
    target: float
    quantity: float
    start: float  # quantity in 2019, 0 when unknown: the quantity is then counted since 2019
    slope: float  # quantity per kt
    kt_max: float
    quantity_min: float
    quantity_max: float
    why: str  # what the bound says
    closed: str  # the reason, empty for an open lever
    physics: levers.PhysicalLever  # how the lever turns a quantity into kt and back

    @property
    def translated(self) -> bool:
        """True when kt and quantity give each other."""
        return math.isfinite(self.slope) and self.slope != 0

    @property
    def empty(self) -> bool:
        """True when the territory holds no part of the lever: its allocation key is zero."""
        return math.isinf(self.slope)

    def quantity_of(self, kt: float) -> float:
        """The quantity in 2030 that avoids ``kt``; exact at the reference and at the bound."""
        if kt == self.target:
            return self.quantity
        if not self.translated:
            return math.nan
        if kt == self.kt_max:
            return self.quantity_min if self.slope < 0 else self.quantity_max
        return self.physics.required_quantity(kt, baseline=self.start)

    def kt_of(self, quantity: float) -> float:
        """What ``quantity`` in 2030 avoids; exact at the reference."""
        if quantity == self.quantity:
            return self.target
        return self.physics.avoided_emissions(quantity, baseline=self.start) if self.translated else math.nan

    def refusal(self, value: float | None, unit: str, done: float) -> str:
        """Why the lever cannot be set to ``value``, and what to write instead; nothing when it can."""
        if value is None or (wrong := not_a_number(value)):
            return "" if value is None else wrong
        kt = self.kt_of(value) if unit == QUANTITY else value
        if self.closed:
            return "" if same(kt, self.target) else self._says("closed")
        if self.empty and not same(kt, self.target):
            return self._says("empty")
        if math.isnan(kt):
            return self._says("untranslated")
        if kt < 0:
            wrong = "negative"
        elif kt < done and not same(kt, done):
            wrong = "less"
        elif kt > self.kt_max or value > (self.quantity_max if unit == QUANTITY else math.inf):
            wrong = "beyond"
        else:
            return ""
        said = {"value": french.exact(value), "unit": units.label(self.unit), "kt": french.quantity(kt)}
        said = SENTENCES[unit].format(**said)
        return self._says(wrong, said=said, both=self.both(done), range=self.range(done))

    def refusal_of_done(self, done: float) -> str:
        """Why ``done`` [ktCO2e/an] cannot be already reached, and what to write instead; nothing when it can."""
        if done == 0 or (wrong := not_a_number(done)):
            return "" if done == 0 else wrong
        if not self.closed:
            return self.refusal(done, KT, 0.0)
        most = self.target if self.target > 0 else 0.0
        return "" if 0 <= done <= most else self._says("closed_done", range=_interval(0.0, most, KT_LABEL))

    def _says(self, name: str, **parts: str) -> str:
        return SENTENCES[name].format(closed=self.closed, why=self.why, **parts)

    def both(self, kt: float) -> str:
        """A value in both units."""
        first, quantity = f"{french.number(kt)} {KT_LABEL}", self.quantity_of(kt)
        second = f"{french.quantity(quantity)} {units.label(self.unit)}"
        return first if math.isnan(quantity) else SENTENCES["both"].format(first=first, second=second)

    def range(self, done: float = 0.0) -> str:
        """The values that the lever accepts, in both units, rounded inwards so that each one is accepted."""
        first = _interval(done, self.kt_max, KT_LABEL)
        if not self.translated:
            return first
        ends = self.quantity_of(done) if done else self.start, self.quantity_of(self.kt_max)
        low, high = ends if self.slope > 0 else reversed(ends)
        return SENTENCES["both"].format(first=first, second=_interval(low, high, units.label(self.unit)))


def _interval(low: float, high: float, unit: str) -> str:
    bounded = math.isfinite(high)
    most = _inward(high, math.floor) if bounded else ""
    return SENTENCES["between" if bounded else "at_least"].format(low=_inward(low, math.ceil), high=most, unit=unit)


def _inward(value: float, rounding) -> str:
    """A bound with four significant digits, never outside of what it bounds.

    >>> _inward(3447.517298, math.floor), _inward(53.476, math.ceil), _inward(0.0, math.ceil)
    ('3\u202f447,5', '53,48', '0')
    """
    if value == 0:
        return "0"
    decimals = max(1, 3 - math.floor(math.log10(abs(value))))
    step = 10**decimals
    near = round(value * step)
    return french.number((near if math.isclose(near, value * step) else rounding(value * step)) / step, decimals)


def limits(p: xr.Dataset) -> dict[str, Limit]:
    """What each lever of a panorama (or of a scenario) accepts, by id."""
    names = ("lever", "label", "unit", "target", "quantity", "baseline", "quantity_per_kt")
    rows = zip(*(p.variables[name].values.tolist() for name in names), strict=True)
    closed, known, found = levers.closed(p), parameters.levers(), {}
    for lever, label, unit, target, quantity, baseline, slope in rows:
        # no share, no target: the starting point is unknown too, and nothing can be translated nor bounded
        slope = math.nan if math.isnan(target) else slope
        kt_max, low, high, why = levers.bound(p, known[lever], slope, baseline)
        found[lever] = Limit(
            lever=lever,
            label=label,
            unit=unit,
            target=target,
            quantity=quantity,
            start=0.0 if math.isnan(baseline) else baseline,
            slope=slope,
            kt_max=0.0 if math.isinf(slope) else kt_max,
            quantity_min=low,
            quantity_max=high,
            why=why,
            closed=closed.get(lever, ""),
            physics=levers.physics(lever, label, unit, slope),
        )
    return found
