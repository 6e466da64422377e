"""Every error that copkit raises: one class per thing that the user can mend.

A message says, in French, what is wrong, where, and what to write instead; the problems
of one file come all at once (``Problems``).
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches

from copkit import french

MOST = 200  # problems of a file that a message lists
_LONG = re.compile(r"(«[^»]{139})[^»]{160,}")


class CopkitError(Exception):
    """Base of all errors of copkit; the command line and notebooks show its text as it is, without a traceback.

    What it quotes of a file is cut where nobody would read it to the end.

    >>> len(str(CopkitError(f"Levier inconnu : « {'a' * 100_000} »."))) < 200
    True
    """

    def __str__(self) -> str:
        return _LONG.sub(r"\1… ", super().__str__())

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the message alone."""
        return [str(self)]


class TerritoryError(CopkitError):
    """A territory code is unknown, ambiguous, or of a level that the call does not accept."""


class ParameterError(CopkitError):
    """A file of ``parameters/`` is damaged: unknown key, wrong unit, missing source…"""


class DataError(CopkitError):
    """A file of ``data/`` is damaged: duplicated row, text in a number column, missing column…"""


class LeverError(CopkitError):
    """A lever or a nomenclature is unknown."""


class SimulationError(CopkitError):
    """A scenario or a compensation asks something impossible, or a saved scenario is damaged."""


class UnitError(CopkitError):
    """A unit is unknown, or a product of units does not give ktCO2e/an."""


class ProjectError(CopkitError):
    """A file of projects cannot be read, or a returned workbook does not fit."""


class RunError(CopkitError):
    """A batch cannot start: unknown notebook, undeclared parameter…"""


class ServiceError(CopkitError):
    """A public service on the network does not answer as it should."""


class CopkitWarning(UserWarning):
    """Something that works but that the reader of the result has to know."""


def suggestion(word: object, known: Iterable[str]) -> str:
    """The end of a message: « Vouliez-vous dire … ? » or nothing.

    >>> suggestion("covoiturag", ["covoiturage", "haies"])
    ' Vouliez-vous dire « covoiturage » ?'
    >>> suggestion("xyz", ["covoiturage"])
    ''
    """
    return "".join(f" Vouliez-vous dire « {one} » ?" for one in closest(str(word), {one: one for one in known}))


def closest(word: str, known: Mapping, count: int = 1, least: float = 0.6) -> tuple:
    """What the names closest to one that is not known stand for, each once; ``least``: from 0 to 1, how close.

    >>> closest("gestion haie", {"gestion haies": "Gestion des haies", "velo": "Vélo"})
    ('Gestion des haies',)
    """
    return tuple(dict.fromkeys(known[name] for name in get_close_matches(word, list(known), n=count, cutoff=least)))


def unknown(said: str, given: object, known: Iterable[str], listed: str = "", remedy: str = "") -> str:
    """What is said of a name that is not known, with the closest one, or else ``remedy``; ``listed``: name the known.

    >>> unknown("Niveau inconnu : « regions »", "regions", ["region", "epci"], "Niveaux")
    'Niveau inconnu : « regions ». Vouliez-vous dire « region » ? Niveaux : region, epci.'
    >>> unknown("source inconnue « insee »", "insee", ["sgpe"], remedy="Ajouter une clé.")
    'source inconnue « insee ». Ajouter une clé.'
    >>> unknown("organisme inconnu « DDT »", "DDT", ["DREAL, DRAAF", "Agences"], "Organismes")
    'organisme inconnu « DDT ». Organismes : DREAL, DRAAF ; Agences.'
    """
    known = list(known)
    hint = suggestion(given, known) or f" {remedy}".rstrip()
    between = " ; " if any(", " in one for one in known) else ", "
    return f"{said}.{hint}" + (f" {listed} : {between.join(known)}." if listed else "")


def unknowns(said: str, given: Iterable, known: Iterable[str], listed: str = "", remedy: str = "") -> list[str]:
    """What is said of each name that is not known, as ``unknown``; ``{}``: where the name stands.

    >>> unknowns("source inconnue « {} »", ["insee", "sgpe"], ["sgpe"], remedy="Ajouter une clé.")
    ['source inconnue « insee ». Ajouter une clé.']
    """
    known = list(known)
    return [unknown(said.replace("{}", str(one)), one, known, listed, remedy) for one in given if one not in known]


def repeated(names: Iterable) -> list:
    """The names that are there several times, each once.

    >>> repeated(["a", "b", "a"])
    ['a']
    """
    return [one for one, times in Counter(names).items() if times > 1]


_in_terminal = False


@contextmanager
def command_line() -> Iterator[None]:
    """Have messages say what to type in a terminal, in place of what to write in a program."""
    global _in_terminal
    before, _in_terminal = _in_terminal, True
    try:
        yield
    finally:
        _in_terminal = before


def typed(program: str, terminal: str) -> str:
    """What the reader of a message can type where they are: in a program, or in a terminal.

    >>> typed("costs={levier: €/tCO2e}", "--cost LEVIER=EUROS")
    'costs={levier: €/tCO2e}'
    """
    return terminal if _in_terminal else program


def option(name: str, value: object = None) -> str:
    """An argument of a function that is also an option of the command line, as the reader types it; …: some value.

    >>> option("kt"), option("by", "lever"), option("resume", True), option("kt", ...)
    ('kt', 'by="lever"', 'resume=True', 'kt=…')
    >>> with command_line():
    ...     option("kt"), option("by", "lever"), option("resume", True), option("memory_limit", ...)
    ('--kt', '--by lever', '--resume', '--memory-limit …')
    """
    shown = "…" if value is ... else str(value)
    flag = f"--{name.replace('_', '-')}"
    if value is None:
        return typed(name, flag)
    quoted = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown
    return typed(f"{name}={quoted}", flag if value is True else f"{flag} {shown}")


def given(value: object) -> str:
    """What was given, as a message says it.

    >>> given("haies"), given(None), given([1])
    ('« haies »', 'rien', 'un objet « list »')
    """
    if value is None:
        return "rien"
    if isinstance(value, str | int | float | os.PathLike):
        text = str(value)
        return f"« {text[:40]}{'…' * (len(text) > 40)} »"
    return f"un objet « {type(value).__name__} »"


@dataclass
class Problems:
    """The problems of one or several files, gathered and then said in one message."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, file: str, message: str) -> None:
        """Keep one problem of ``file``; ``message`` starts with the place (line, column)."""
        self.found.setdefault(file, []).append(message)

    def extend(self, other: Problems) -> None:
        """Keep the problems of another gathering."""
        for file, messages in other.found.items():
            self.found.setdefault(file, []).extend(messages)

    def __bool__(self) -> bool:
        return bool(self.found)

    def __str__(self) -> str:
        blocks = []
        for file, messages in self.found.items():
            count, said = french.plural(len(messages), "problème"), [f"  • {m}" for m in messages[:MOST]]
            more = len(messages) - MOST
            said += [f"  • … et {french.plural(more, 'autre', 'autres')}, à voir une fois ceux-ci corrigés."] * (
                more > 0
            )
            blocks.append("\n".join([f"{file} : {count}", *said]))
        return "\n\n".join(blocks)

    def raise_if_any(self, error: type[CopkitError]) -> None:
        """Raise ``error`` with the whole list when there is at least one problem."""
        if self:
            raise error(str(self))
