"""The common framework of the COP régionales: objectives, steps, enjeux, thématiques, sectors, collectivités.

``parameters/cadre.yml`` names them once; every label that a reader sees comes from there.
"""

from __future__ import annotations

from pydantic import Field, create_model

from copkit import paths
from copkit.errors import ParameterError, Problems, unknown
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
    problems, path = Problems(), paths.parameters("cadre.yml")
    found, lines = reading.read_model(path, _Framework)
    for name in ("chantiers", *BLOCKS):
        if (source := getattr(found, name).source) not in parameters.sources():
            line = lines[(name, "source")]
            said = f"ligne {line} : {name}.source : source inconnue « {source} »"
            problems.add(paths.shown(path), unknown(said, source, parameters.sources(), remedy=parameters.ADD_SOURCE))
    problems.raise_if_any(ParameterError)
    return found


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
