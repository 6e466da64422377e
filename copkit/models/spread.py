"""How what several people propose for a lever is spread, and the scenario that takes the middle of each lever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import quantiles

from copkit.models.limits import KT, same
from copkit.models.scenario import Entry


@dataclass(frozen=True, slots=True)
class Spread:
    """Proposals for one lever, one for each person, from the smallest. [ktCO2e/an]

    Quartiles are read between two values in a straight line, ends included, as spreadsheets do (QUARTILE.INC); the
    median of an even number of values is the middle of the two central ones.
    """

    values: tuple[float, ...]
    low: float  # first quartile
    median: float
    high: float  # third quartile
    below: int  # how many propose less than the reference, the same, more
    at: int
    above: int

    @property
    def disagreement(self) -> float:
        """How far apart the two quartiles are: half of the people stand within. [ktCO2e/an]"""
        return self.high - self.low


def spread(values: Iterable[float], reference: float) -> Spread:
    """The spread of at least one value; ``reference``: the lever's. [ktCO2e/an]

    >>> found = spread([40, 10, 20, 30], reference=20)
    >>> found.low, found.median, found.high, found.disagreement
    (17.5, 25.0, 32.5, 15.0)
    >>> found.below, found.at, found.above
    (1, 1, 2)
    """
    known = sorted(map(float, values))
    low, median, high = quantiles(known if len(known) > 1 else known * 2, n=4, method="inclusive")
    moved = [value for value in known if not same(value, reference)]  # beside an unknown reference, none is compared
    below, above = sum(value < reference for value in moved), sum(value > reference for value in moved)
    return Spread(tuple(known), low, median, high, below, len(known) - len(moved), above)


def by_disagreement(spreads: Mapping[str, Spread]) -> dict[str, Spread]:
    """The same levers, from the one on which people are furthest apart; then from the one that most spoke of."""
    return dict(sorted(spreads.items(), key=lambda one: (-one[1].disagreement, -len(one[1].values), one[0])))


def middle(spreads: Mapping[str, Spread]) -> dict[str, Entry]:
    """What the median scenario enters: the median of each lever; a lever that nobody spoke of keeps its reference."""
    return {lever: Entry(one.median, KT) for lever, one in spreads.items()}
