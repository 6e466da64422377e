"""Words beside points that never overlap: each at the free place that is nearest to its point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, pi, sin

NEAR, RINGS, TURNS = 9.0, 30, 24  # [px] of the first ring; rings; places on each
STEP, GAP = 4.0, 1.0  # [px] between two rings; between two rectangles


@dataclass(frozen=True)
class Box:
    """A rectangle. [px]"""

    left: float
    top: float
    width: float
    height: float

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """Whether two rectangles overlap, or lie closer than ``gap``."""
        across = self.left < other.left + other.width + gap and other.left < self.left + self.width + gap
        return across and self.top < other.top + other.height + gap and other.top < self.top + self.height + gap

    def inside(self, other: Box) -> bool:
        """Whether it lies in another one."""
        right, bottom = other.left + other.width, other.top + other.height
        return (
            other.left <= self.left
            and other.top <= self.top
            and (self.left + self.width <= right and self.top + self.height <= bottom)
        )


def place(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    *,
    radius: float,
    taken: Iterable[Box] = (),
) -> list[Box]:
    """The rectangle of each point's words: inside the frame, on no other one, on no point, on nothing that is taken.

    The points in the thickest of the crowd are served first. A place is always found while the frame has room.
    """
    dots = [Box(x - radius, y - radius, 2 * radius, 2 * radius) for x, y in points]
    crowd = [sum(abs(x - a) + abs(y - b) < 60 for a, b in points) for x, y in points]
    out: dict[int, Box] = {}
    busy = [*taken, *dots]
    for n in sorted(range(len(points)), key=lambda n: (-crowd[n], n)):
        out[n] = next(
            one
            for one in _around(points[n], sizes[n], radius)
            if one.inside(frame) and not any(one.meets(other, GAP) for other in busy)
        )
        busy.append(out[n])
    return [out[n] for n in range(len(points))]


def _around(point: tuple[float, float], size: tuple[float, float], radius: float) -> Iterable[Box]:
    """Places around a point, from the nearest; on each ring from the right, then alternately above and below."""
    (x, y), (width, height) = point, size
    for ring in range(RINGS * 4):
        away = radius + NEAR + ring * STEP
        for turn in range(TURNS):
            angle = (1 if turn % 2 else -1) * ((turn + 1) // 2) * 2 * pi / TURNS
            middle = x + (away + width / 2 - NEAR / 2) * cos(angle), y + (away + height / 2 - NEAR) * sin(angle)
            yield Box(middle[0] - width / 2, middle[1] - height / 2, width, height)
