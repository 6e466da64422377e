"""A document: sections, each declared by the module of its folder that makes it, and asked for by their names.

A section is a constant of its module; each of its sentences, charts and tables is declared above the function that
makes it, in the order in which they are shown. The names of ``ck.table``, ``ck.charts`` and ``ck.report``, the sheets
of the workbook, what a batch makes ready and what the tests read all come from there.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from typing import Any

from copkit import escaping, french
from copkit.errors import CopkitError, unknown
from copkit.presentation import theme
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text

SENTENCE, CHART, TABLE = "sentence", "chart", "table"
ABSENT = "application/vnd.copkit.absent+json"  # what a document leaves out


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """A sentence, a chart or a table. ``name``: how it is asked for; ``make``: makes it of what the document is about.

    ``about``: what it is about when that is something else, and the section does not show it then.
    ``when``: whether there is one. ``sheet`` and ``rank``: its sheet in the workbook and where; none: not there.
    ``page``: whether the section shows it; ``rows``: most rows then. ``private``: it cites what was written in a file.
    ``always``: even where there is nothing. ``reference``: it is read on a reference, and refuses a scenario.
    """

    section: Section
    kind: str
    name: str
    make: Callable
    about: type | None = None
    when: Callable[[Any], bool] = lambda _: True
    sheet: str = ""
    rank: int = 0
    page: bool | Callable[[Any], bool] = True
    rows: int = 0
    private: bool = False
    always: bool = False
    reference: bool = False

    def shown(self, about) -> bool:
        """Whether its section shows it."""
        return self.page(about) if callable(self.page) else self.page


@dataclass(eq=False)
class Section:
    """``rank``: where it stands in the document; ``title``: above its parts, when the notebook's chapter is not it.

    Its parts declare themselves, in the order in which it shows them.
    """

    name: str
    rank: int
    title: str = ""
    parts: list[Part] = field(default_factory=list)

    def sentence(self, **more) -> Callable:
        """Declare a sentence, under the name of its function."""
        return self._declared(SENTENCE, **more)

    def chart(self, **more) -> Callable:
        """Declare a chart, under the name of its function unless another is given."""
        return self._declared(CHART, **more)

    def table(self, name: str, **more) -> Callable:
        """Declare a table, under a name in French."""
        return self._declared(TABLE, name=name, **more)

    def _declared(self, kind: str, name: str = "", **more) -> Callable:
        def declare(make: Callable) -> Callable:
            self.parts.append(Part(section=self, kind=kind, name=name or make.__name__, make=make, **more))
            return make

        return declare

    def held(self, about) -> list[Part]:
        """The parts that there are for what the document is about."""
        return [part for part in self.parts if part.about is None and part.when(about)]


@dataclass(frozen=True)
class Shown:
    """Sentences, charts and tables that a notebook shows one below the other."""

    parts: tuple

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)


@dataclass(frozen=True)
class Absent:
    """A section that has nothing to show here: a notebook says why, a document leaves it out and lists it."""

    title: str
    parts: tuple[Note, ...]

    def _repr_mimebundle_(self, *_, **__) -> dict:
        said = "\n\n".join(note._repr_markdown_() for note in self.parts)
        return {ABSENT: {"title": self.title}, "text/markdown": said, "text/plain": escaping.unmarked(said)}


def _read(made) -> list:
    """What a document shows of a part: a table without what says nothing, then the sentence that lists it."""
    if not isinstance(made, Table):
        return [made]
    return [made.read(), *([Text("{}", made.said)] if made.said else [])]


def first_rows(found: object, most: int) -> object:
    """What a page shows of a part: of a long table its first rows, and how many it has."""
    if not isinstance(found, Table) or len(found.data) <= most:
        return found
    count = french.number(len(found.data), 0)
    said = f"{found.caption} : {most} premières lignes sur {count}, toutes dans le classeur"
    return Table(found.data.head(most), said, found.formats)


def in_place(part: Part, why: str) -> Note | None:
    """What stands in the place of a section that has nothing to show, once: at its first chart, or its first part."""
    parts = part.section.parts
    return Note(why) if part is next((one for one in parts if one.kind == CHART), parts[0]) else None


@dataclass(frozen=True)
class Document:
    """The sections of a folder. ``error``: what an unknown name raises; ``rule``: makes a part, or says why not."""

    folder: str
    error: type[CopkitError]
    rule: Callable[[Part, Any], Any] = lambda part, about: part.make(about)

    def page(self, part: Part, about):
        """A part as a page shows it."""
        return self.rule(part, about)

    @cached_property
    def sections(self) -> dict[str, Section]:
        """Every section by its name, in the order of the document."""
        files = pkgutil.iter_modules(import_module(self.folder).__path__)
        modules = [import_module(f"{self.folder}.{file.name}") for file in files]
        found = [one for module in modules for one in vars(module).values() if isinstance(one, Section)]
        return {section.name: section for section in sorted(found, key=lambda section: section.rank)}

    def parts(self, kind: str) -> dict[str, Part]:
        """The sentences, the charts or the tables by their names."""
        return {part.name: part for one in self.sections.values() for part in one.parts if part.kind == kind}

    def make(self, part: Part, about, *args, **kwargs):
        """A part, or what stands in its place; what is given beside ``about`` is for the function of the part."""
        alone = args or kwargs
        make = partial(part.make, about, *args, **kwargs) if alone else partial(self.page, part, about)
        if part.kind != CHART:
            return make()
        from altair.utils.schemapi import debug_mode

        theme.enable()
        with debug_mode(False):  # the tests check each specification: altair need not, each time it makes a part
            return make()

    def some(self, about, names: Iterable[tuple[str, str]]) -> list:
        """Parts by their kinds and names."""
        return [self.make(self.parts(kind)[name], about) for kind, name in names]

    def table(self, name: str) -> Part:
        """A table by its name."""
        known = {one: part for one, part in self.parts(TABLE).items() if part.about is None}
        return known[self._known("Table", name, known)]

    def show(self, name: str, about) -> Shown | Absent:
        """A section: its title, then what it has to show."""
        section = self.sections[self._known("Section", name, self.sections)]
        made = [self.make(part, about) for part in section.held(about) if part.shown(about)]
        if made and all(one is None or isinstance(one, Note) for one in made):
            return Absent(section.title, tuple(one for one in made if one is not None))
        title = [Text("### {}", section.title)] if section.title and made else []
        return Shown((*title, *(shown for one in made if one is not None for shown in _read(one))))

    def _known(self, what: str, name: str, known: dict) -> str:
        if name not in known:
            raise self.error(unknown(f"{what} inconnue : « {name} »", name, known, f"{what}s"))
        return name

    def held(self, about) -> list[Part]:
        """The parts that there are for what the document is about, in its order."""
        return [part for section in self.sections.values() for part in section.held(about)]

    def summary(self, about):
        """What its workbook opens on, made by the module of its folder that has this name."""
        return import_module(f"{self.folder}.summary").summary(about)

    def sheets(self, about) -> list[Part]:
        """The tables of the workbook, in its order."""
        parts = (part for section in self.sections.values() for part in section.parts if part.sheet)
        held = (part for part in parts if part.about is None and part.when(about))
        return sorted(held, key=lambda part: part.rank)
