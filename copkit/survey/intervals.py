"""What a figure drawn from answers is worth: intervals over the collectivités, whose own answers look alike."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from copkit.files import kept
from copkit.survey.questionnaire import rules


def wilson(share: float, n: float) -> tuple[float, float]:
    """The interval of a share among ``n`` (Wilson 1927); ``n`` may be an effective number.

    >>> low, high = wilson(0.5, 10)
    >>> round(low, 3), round(high, 3)
    (0.237, 0.763)
    """
    if not n > 0 or share != share:
        return float("nan"), float("nan")
    z = NormalDist().inv_cdf((1 + rules().intervals.level) / 2)
    centre, width = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, float((centre - width) / scale)), min(1.0, float((centre + width) / scale))


def effective(weights: np.ndarray) -> float:
    """How many collectivités of one weight are worth as much as these (Kish): their number when weights are equal.

    >>> effective(np.array([1.0, 1.0, 1.0])), effective(np.array([2.0, 0.0]))
    (3.0, 1.0)
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


@kept(maxsize=8)
def draws(respondents: int) -> np.ndarray:
    """How many times each collectivité is drawn in each draw of the bootstrap. (draw, respondent)"""
    chosen = rules().intervals
    generator = np.random.default_rng(chosen.seed)
    even = np.full(max(respondents, 1), 1 / max(respondents, 1))
    found = generator.multinomial(respondents, even, size=chosen.draws)[:, :respondents]
    found.flags.writeable = False
    return found


def ends(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the interval of each column of draws; NaN where no draw has a value."""
    tail = 100 * (1 - rules().intervals.level) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    blank = np.isnan(drawn)
    if (part := blank.any(axis=0) & ~blank.all(axis=0)).any():  # column by column: ten times as long
        low[part], high[part] = np.nanpercentile(drawn[:, part], [tail, 100 - tail], axis=0)
    return low, high
