"""The groups of levers that act on the same quantity (``parameters/interactions.yml``): schema and reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from copkit import paths
from copkit.errors import unknown
from copkit.files import kept
from copkit.reference import parameters, reading

FILE = "interactions.yml"


class Step(parameters.Strict):
    """A link of the chain; its levers act on distinct objects and add up."""

    levers: Annotated[list[str], Field(min_length=1)]
    acts_on: str


class Account(parameters.Strict):
    """One way to count the emissions that a group acts on."""

    method: Literal["parc", "existant"]
    levers: Annotated[list[str], Field(min_length=1)]
    label: str


class Base(parameters.Strict):
    """The emissions of a group: the largest of its accounts."""

    label: str
    status: parameters.Status
    accounts: Annotated[list[Account], Field(min_length=1)]
    note: str


class Group(parameters.Strict):
    """Levers that act on the same quantity, in the order of their chain."""

    id: str
    label: str
    status: parameters.Status
    reason: str
    chain: Annotated[list[Step], Field(min_length=1)]
    order_reason: str
    base: Base

    def levers(self) -> list[str]:
        """The levers in the order of the chain."""
        return [lever for step in self.chain for lever in step.levers]


class Groups(parameters.Strict):
    """The whole file."""

    groups: Annotated[list[Group], Field(min_length=1)]


def groups() -> list[Group]:
    """The groups of ``parameters/interactions.yml``.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    return _groups().groups


@kept(maxsize=4)
def _groups() -> Groups:
    return reading.read_checked(paths.parameters(FILE), Groups, _faults)


def _faults(found: Groups, lines: dict) -> Iterator[str]:
    known, seen = list(parameters.levers()), {}
    for g, group in enumerate(found.groups):
        places = [("chain", s, step) for s, step in enumerate(group.chain)]
        places += [("base", a, account) for a, account in enumerate(group.base.accounts)]
        for part, n, block in places:
            at = ("groups", g, "chain", n) if part == "chain" else ("groups", g, "base", "accounts", n)
            for i, lever in enumerate(block.levers):
                line = lines[(*at, "levers", i)]
                if lever not in known:
                    remedy = "Levier : nom d'un fichier de parameters/leviers."
                    yield unknown(f"ligne {line} : levier inconnu « {lever} »", lever, known, remedy=remedy)
                elif part == "chain" and lever in seen:
                    yield f"ligne {line} : le levier « {lever} » est déjà ligne {seen[lever]}. N'en garder qu'un."
                if part == "chain":
                    seen.setdefault(lever, line)
