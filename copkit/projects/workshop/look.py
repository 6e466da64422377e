"""How the sheets of a workshop look: fonts, headers, rules, and rows that are high enough."""

from __future__ import annotations

import math
from collections.abc import Iterable

TALLEST = 180  # points
LOOK = {"font_name": "Arial", "font_size": 10, "valign": "top", "text_wrap": True}
HEAD = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#2F4077", "valign": "vcenter", "border": 1}
RULE = {"bottom": 1, "bottom_color": "#C9C9C9"}


def height(texts: Iterable[tuple[str, int]]) -> float:
    """As high as the longest cell needs, up to a limit [points]: LibreOffice does not fit rows by itself.

    >>> height([("Haies", 20)]), height([("mot " * 25, 20)])
    (16.5, 84.0)
    """
    lines = [math.ceil(1.15 * len(text) / width) + text.count("\n") for text, width in texts]
    return min(13.5 * max([1, *lines]) + 3, TALLEST)
