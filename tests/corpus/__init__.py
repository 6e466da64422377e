"""Damage as it was met or may be: each generator makes a damaged file from a sound one, the same for the same draw.

One file for each family. ``readers.py`` says who reads what and gives the sound files.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Damage:
    """``make``: from what a sound file holds to what the damaged one holds."""

    name: str
    family: str
    suffixes: tuple[str, ...]  # of the sound files that it damages
    make: Callable[[bytes, random.Random], bytes]
    suffix: str = ""  # of the damaged file, where it is another one
    heavy: bool = False  # what it costs to make or to refuse forbids to try it on every reader


DAMAGES: list[Damage] = []


def damage(*suffixes: str, suffix: str = "", heavy: bool = False) -> Callable:
    """Decorator: a damage of files of these suffixes."""

    def keep(make: Callable) -> Callable:
        family = make.__module__.rpartition(".")[2]
        DAMAGES.append(Damage(make.__name__, family, suffixes, make, suffix, heavy))
        return make

    return keep


def each(damages: dict[str, Callable], *suffixes: str) -> None:
    """Several damages that fit in a line each."""
    for name, make in damages.items():
        make.__name__, make.__module__ = name, make.__module__
        damage(*suffixes)(make)
