"""The document of what territories sent: its words, its tables and its workbook, in a public version too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from copkit import __version__
from copkit.intake.selection import INVENTED
from copkit.presentation import charts, formats, labels
from copkit.presentation.document import Document, Part, Section, first_rows, in_place
from copkit.presentation.summary import Bars, Summary
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text


@dataclass(frozen=True, kw_only=True)
class Gathered(Document):
    """What each kind says of itself; the rest is the same for all.

    ``nothing``: why nothing of it is shown; ``instead``: what stands, once a section, for what cites it, in public;
    ``most``: rows of a table on the page, unless it says less; ``fold``: from how many rows a table folds, 0: never.
    ``count``: how many, as an origin says it first; ``kit``, ``received``: its example, and files that have no name;
    ``dated``: what follows the territory in a caption. ``contents``, ``unreal``, ``without``, ``read``, ``signs``: on
    the cover of the workbook, what it holds, what nothing of an example is, what a public one lacks, what was read.
    """

    nothing: Callable[[Any], str] = lambda about: ""
    instead: Note | None = None
    most: int = 200
    fold: int = 0
    count: Callable[[Any], str]
    kit: str
    received: str
    dated: Callable[[Any], str] = lambda about: ""
    contents: Callable[[Any], str]
    unreal: str
    without: str = ""
    read: Callable[[Any], tuple[str, str]] = lambda about: ("Lecture", about.counts["summary"])
    signs: str = "n.d. : inconnu ; — : sans objet"

    # ------------------------------------------------------------------ words

    def words(
        self, about, title: str, unit: str, description: str, *more: str, file: bool = True, marks: dict | None = None
    ) -> dict:
        """The title, the lines under it and the description of a chart: unit, origin, and whether it is invented.

        ``file``: whether it shows what the origin is of; ``marks``: as ``charts.words``.
        """
        said = f"{description} {INVENTED.capitalize()}." if about.invented else description
        lines = [*more, self.origin(about)] if file else [*more]
        marked = f"{unit} · {INVENTED}" if about.invented and not file else unit
        return charts.words(title, [marked, *lines], said, marks)

    def origin(self, about) -> str:
        """How many, the file, and whether it is invented."""
        where = self.kit if about.example else ", ".join(about.files) or self.received
        return " · ".join([self.count(about), f"source : {where}", *([INVENTED] if about.invented else [])])

    def caption(self, about, text: str, *, invented: bool = True) -> str:
        """The caption of a table: what, where, and « exemple inventé » when it shows what was collected."""
        mark = f" ({INVENTED})" if invented and about.invented else ""
        return f"{text} — {about.name}{self.dated(about)}{mark}"

    def to_check(self, about, problems: pd.DataFrame, none: str) -> Table | Note:
        """The cells that a person has to check, and where; ``none``: what is said when there is none."""
        if problems.empty:
            return Note(none)
        return Table.of(
            self.caption(about, "À vérifier et à corriger"),
            {
                "Fichier": problems.file,
                "Ligne": (problems.row, formats.PLAIN),
                "Colonne": problems.column,
                "Valeur": [str(one) or "—" for one in problems.value],
                "Problème et remède": problems.message,
            },
        )

    # ------------------------------------------------------------------ tables

    def whole(self, part: Part, about):
        """A part with all its rows; or what stands in its place."""
        if about.public and part.private:
            return self.instead if part is part.section.parts[0] else None
        if not part.always and (why := self.nothing(about)):
            return in_place(part, why)
        return part.make(about)

    def page(self, part: Part, about):
        """A part as a page shows it; a long table is cut, or folds."""
        found = first_rows(self.whole(part, about), part.rows or self.most)
        if self.fold and isinstance(found, Table) and len(found.data) >= self.fold:
            return replace(found, fold=True)
        return found

    def asked(self, about, what: str, *, whole: bool = False) -> Table | Note | None:
        """A table by its name; ``whole``: with all its rows."""
        part = self.table(what)
        return self.whole(part, about) if whole else self.make(part, about)

    def sources(
        self, section: Section, used: Iterable[str], of: str, *, rank: int = 170, invented: bool = True
    ) -> None:
        """Declare its sources, in a list and in a sheet of the workbook; ``of``: « des règles et des listes »."""

        def references(about) -> Text:
            return Text.joined([Text("### Sources"), labels.cited(used), Text("{}", labels.OBTAINED)])

        def table(about) -> Table:
            return labels.sources(self.caption(about, f"Sources {of}", invented=invented), used)

        references.__doc__ = f"Les sources {of} : producteur, jeu de données, année, adresse officielle."
        section.sentence(always=True)(references)
        section.table("sources", sheet="Sources", rank=rank, always=True, page=False)(table)

    # ------------------------------------------------------------------ workbook

    def book(self, about):
        """The workbook, not written yet; public, the workbook is too."""
        from copkit.presentation import workbook

        sheets = ((part.sheet, self.whole(part, about)) for part in self.sheets(about))
        return workbook.book(self._cover(about), sheets, self.summary(about))

    def opening(self, about, title: str, lines: tuple[str, ...], parts: tuple[Bars, ...]) -> Summary:
        """What the workbook opens on: its message, what was read, and what is drawn."""
        version = "Version publique." if about.public else "Version de travail, non publique."
        return Summary(
            name=f"{about.name} ({INVENTED})" if about.invented else about.name,
            title=self.caption(about, title),
            lines=(f"{self.origin(about)}. {version}", *lines),
            parts=parts,
        )

    def _cover(self, about) -> list[tuple[str, str]]:
        public = f"publique : {self.without}" if self.without else "publique"
        return [
            *([("Exemple inventé", self.unreal)] if about.invented else []),
            ("Territoire", f"{about.name} ({about.territory})"),
            ("Contenu", self.contents(about)),
            ("Origine", self.origin(about)),
            ("Version", public if about.public else "de travail, non publique"),
            self.read(about),
            ("Signes", self.signs),
            ("Version de copkit", __version__),
        ]
