"""The common framework of the COP régionales: objectives, steps, enjeux, thématiques, sectors, collectivités.

``parameters/cadre.yml`` names them once; every label that a reader sees comes from there.
"""

from __future__ import annotations

from pydantic import Field, create_model

from copkit import paths
from copkit.files import kept
from copkit.reference import parameters, reading


class Item(parameters.Strict):
    """One name of the framework; ``short``: how charts and columns write it; ``donnees``: what feeds it."""

    id: str
    label: str
    short: str | None = None
    donnees: str | None = None


class Block(parameters.Strict):
    """A list of names with its source."""

    source: str
    items: list[Item] = Field(min_length=1)


class Chantiers(parameters.Strict):
    """The chantiers that the sources count and do not name."""

    source: str
    count: int
    note: str


BLOCKS = (
    "objectifs",
    "etapes",
    "suites",
    "parties_du_diagnostic",
    "enjeux",
    "thematiques",
    "secteurs",
    "collectivites",
    "points_de_sortie",
)
_Framework = create_model(
    "_Framework", __base__=parameters.Strict, chantiers=(Chantiers, ...), **{name: (Block, ...) for name in BLOCKS}
)


@kept(maxsize=4)
def _read():
    return reading.read_checked(paths.parameters("cadre.yml"), _Framework, _faults)


def _faults(found, _: dict) -> list[tuple]:
    said = [(name, parameters.unknown_sources([getattr(found, name).source])) for name in ("chantiers", *BLOCKS)]
    return [((name, "source"), f"{name}.source : {one}") for name, wrong in said for one in wrong]


def items(block: str) -> list[Item]:
    """The names of a block of ``parameters/cadre.yml``, in its order.

    Raises
    ------
    ParameterError
        If the file is damaged: all problems at once.
    """
    return getattr(_read(), block).items


def labels(block: str) -> dict[str, str]:
    """id → what charts and columns write.

    >>> labels("thematiques")["preserver"], labels("secteurs")["energie"]
    ('Mieux préserver', 'Énergie')
    """
    return {item.id: item.short or item.label for item in items(block)}
