"""A document: sections, each declared by the module of its folder that makes it, and asked for by their names.

A module says ``SECTIONS`` once: the title of each, and its sentences, charts and tables in the order in which they are
shown. The names of ``ck.table``, ``ck.charts`` and ``ck.report``, the sheets of the workbook, what a batch makes
ready and what the tests read all come from there.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from copkit.errors import CopkitError, suggestion
from copkit.presentation.text import Text

SENTENCE, CHART, TABLE = "sentence", "chart", "table"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sentence, a chart or a table. ``name``: how it is asked for; ``make``: makes it of what the document is about.

    ``about``: what it is about when that is something else, and the section does not show it then.
    ``when``: whether there is one. ``sheet`` and ``rank``: its sheet in the workbook and where; none: not there.
    ``page``: the section shows it; ``rows``: most rows then. ``private``: it cites what was written in a file.
    ``always``: even where there is nothing. ``reference``: it is read on a reference, and refuses a scenario.
    """

    kind: str
    name: str
    make: Callable
    about: type | None = None
    when: Callable[[Any], bool] = lambda _: True
    sheet: str = ""
    rank: int = 0
    page: bool = True
    rows: int = 0
    private: bool = False
    always: bool = False
    reference: bool = False


def sentence(make: Callable, **more) -> Part:
    """A sentence, under the name of its function."""
    return Part(kind=SENTENCE, name=make.__name__, make=make, **more)


def chart(make: Callable, name: str = "", **more) -> Part:
    """A chart, under the name of its function unless another is given."""
    return Part(kind=CHART, name=name or make.__name__, make=make, **more)


def table(name: str, make: Callable, **more) -> Part:
    """A table, under a name in French."""
    return Part(kind=TABLE, name=name, make=make, **more)


@dataclass(frozen=True)
class Section:
    """``rank``: where it stands in the document; ``title``: above its parts, when the notebook's chapter is not it."""

    name: str
    rank: int
    title: str
    parts: tuple[Part, ...]


def section(name: str, rank: int, title: str, *parts: Part) -> Section:
    """A section with its parts."""
    return Section(name, rank, title, parts)


@dataclass(frozen=True)
class Shown:
    """Sentences, charts and tables that a notebook shows one below the other."""

    parts: tuple

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)


@dataclass(frozen=True)
class Document:
    """The sections of a folder. ``error``: what an unknown name raises; ``rule``: makes a part, or says why not."""

    folder: str
    error: type[CopkitError]
    rule: Callable[[Section, Part, Any], Any] = lambda _, part, about: part.make(about)

    @cached_property
    def sections(self) -> dict[str, Section]:
        """Every section by its name, in the order of the document."""
        files = pkgutil.iter_modules(import_module(self.folder).__path__)
        modules = [import_module(f"{self.folder}.{file.name}") for file in files]
        found = [section for module in modules for section in getattr(module, "SECTIONS", ())]
        return {section.name: section for section in sorted(found, key=lambda section: section.rank)}

    def parts(self, kind: str) -> dict[str, tuple[Section, Part]]:
        """The sentences, the charts or the tables by their names."""
        both = ((section, part) for section in self.sections.values() for part in section.parts)
        return {part.name: (section, part) for section, part in both if part.kind == kind}

    @cached_property
    def report(self) -> SimpleNamespace:
        """The sentences, as functions."""
        return self._functions(SENTENCE)

    @cached_property
    def charts(self) -> SimpleNamespace:
        """The charts, as functions."""
        return self._functions(CHART)

    def _functions(self, kind: str) -> SimpleNamespace:
        return SimpleNamespace(**{name: self._function(*found) for name, found in self.parts(kind).items()})

    def _function(self, section: Section, part: Part) -> Callable:
        @functools.wraps(part.make)
        def made(about, *args, **kwargs):
            return part.make(about, *args, **kwargs) if args or kwargs else self.make(section, part, about)

        made.__name__ = part.name
        return made

    def make(self, section: Section, part: Part, about):
        """A part, or what stands in its place."""
        if part.kind != CHART:
            return self.rule(section, part, about)
        from altair.utils.schemapi import debug_mode

        with debug_mode(False):  # the tests check each specification: altair need not, each time it makes a part
            return self.rule(section, part, about)

    def table(self, name: str) -> tuple[Section, Part]:
        """A table by its name."""
        known = {one: found for one, found in self.parts(TABLE).items() if found[1].about is None}
        return known[self._known("Table", name, known)]

    def show(self, name: str, about) -> Shown:
        """A section: its title, then what it has to show."""
        section = self.sections[self._known("Section", name, self.sections)]
        made = [self.make(section, part, about) for part in self.held(section, about) if part.page]
        title = [Text("### {title}", title=section.title)] if section.title else []
        return Shown((*title, *(one for one in made if one is not None)))

    def _known(self, what: str, name: str, known: dict) -> str:
        if name not in known:
            hint = suggestion(name, list(known))
            raise self.error(f"{what} inconnue : « {name} ».{hint} {what}s : {', '.join(known)}.")
        return name

    def held(self, section: Section, about) -> list[Part]:
        """The parts of a section that there are for what the document is about."""
        return [part for part in section.parts if part.about is None and part.when(about)]

    def shown(self, about, kind: str) -> list[Part]:
        """The parts of a kind that there are for what the document is about."""
        return [part for one in self.sections.values() for part in self.held(one, about) if part.kind == kind]

    def sheets(self, about) -> list[tuple[Section, Part]]:
        """The tables of the workbook, in its order."""
        found = [(one, part) for one in self.sections.values() for part in self.held(one, about) if part.sheet]
        return sorted(found, key=lambda both: both[1].rank)
