"""A workbook that comes back: every cell that was filled in, with its place, and everything that is wrong in it.

Read with openpyxl and never written. What cannot be understood is listed with its cell; the rest is read.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from copkit import files, french, received
from copkit.intake import personal
from copkit.intake.workbook.form import (
    FIRST,
    KEPT,
    REFERENCE,
    SENT,
    SUMMARY,
    Column,
    Form,
    as_text,
    header_key,
    mark,
    read_key,
)

HEADER_WITHIN, WITHIN = 20, 400  # rows and columns where the header is looked for
MOST = 1_000_000  # cells of a workbook that comes back
FEWEST = 4  # headers that make a sheet the one of the rows
LISTED = 20  # rows that a message names


class Problem(NamedTuple):
    """Something to look at in a workbook."""

    file: str
    sheet: str
    row: int
    cell: str
    message: str

    def __str__(self) -> str:
        sheet, cell = f"feuille « {self.sheet} »" * bool(self.sheet), f"cellule {self.cell}" * bool(self.cell)
        return french.typeset(f"{', '.join(filter(None, (self.file, sheet, cell)))} : {self.message}")


class Edit(NamedTuple):
    """An input cell; ``changed``: whether it differs from what was sent; ``kept``: whether its value is understood."""

    file: str
    sheet: str
    row: int
    cell: str
    key: str
    name: str
    value: str
    changed: bool
    kept: bool


@dataclass(slots=True)
class Returned:
    """What one workbook says."""

    file: str
    sheet: str = ""
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # rows that were sent and are not there any more

    def wrong(self, message: str, row: int = 0, column: int = 0) -> None:
        """Keep a problem; without a column, it is about the sheet."""
        cell = f"{xl_col_to_name(column - 1)}{row}" if column else ""
        self.problems.append(Problem(self.file, self.sheet, row, cell, personal.mask(message)))


class Known:
    """What is known of the rows: their values now, by key and column, and the row of each mark or identity."""

    def __init__(self, form: Form, table: pd.DataFrame):
        texts = form.complete(table)
        self.values: dict[str, dict[str, str]] = {}
        for key, values in zip(texts[form.key.name], texts[form.marked[1:]].to_dict("records"), strict=True):
            if key:
                self.values.setdefault(key, values)
        self.by_mark = _alone([mark(key) for key in self.values], self.values)
        self.by_identity = _alone([form.identify(values) for values in self.values.values()], self.values)


def _alone(names: list[str], keys: Iterable[str]) -> dict[str, str]:
    """What stands for a key → this key, where it stands for only one."""
    counts = Counter(names)
    return {name: key for name, key in zip(names, keys, strict=True) if counts[name] == 1}


def read(form: Form, known: Known, path: str | Path, file: str = "") -> Returned:
    """One workbook; ``file``: how messages name it. A workbook that cannot be read is a problem, not an error."""
    from openpyxl import load_workbook

    path = Path(path)
    made = Returned(personal.mask(file or path.name))
    if wrong := os.path.exists(path) and (files.not_read(path) or received.workbook(path, MOST)):
        made.wrong(wrong)
        return made
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it would lose on writing: nothing is written
            book = load_workbook(path)  # which cells are merged
            stream = load_workbook(path, read_only=True)  # what they hold, without making those that hold nothing
    except Exception as wrong:  # a damaged or foreign file fails in many ways; the other workbooks are still to be read
        absent = isinstance(wrong, FileNotFoundError)
        told = "classeur illisible. L'ouvrir dans un tableur et l'enregistrer au format .xlsx."
        made.wrong("fichier absent. Vérifier son nom et son dossier." if absent else told)
        return made
    sheet, header = _sheet(form, book)
    made.sheet = personal.mask(sheet.title) if sheet else form.sheet
    if sheet is None:
        made.wrong(f"aucune feuille n'a les colonnes des {form.noun.many}. Repartir du classeur envoyé.")
        return made
    if sheet.title != form.sheet:
        told = f"feuille « {form.sheet} » absente, cette feuille en a les colonnes et est lue à sa place. La renommer."
        made.wrong(told, header, 1)
    for other in book.worksheets:
        if other.title not in (sheet.title, SUMMARY, FIRST, REFERENCE, SENT) and (
            other.max_row > 1 or other["A1"].value
        ):
            told = f"feuille ajoutée : elle n'est pas lue. Tout écrire dans la feuille « {sheet.title} »."
            made.problems.append(Problem(made.file, personal.mask(other.title), 0, "", told))
    rows = stream[sheet.title]
    rows.reset_dimensions()  # those that a file claims may be false
    _Reader(made, sheet, header, form, known).read(rows.iter_rows(min_row=header + 1))
    stream.close()
    _gone(made, book, form, known)
    return made


def _sheet(form: Form, book) -> tuple[object, int]:
    """The sheet of the rows and the row of its header; the one that has the name first."""
    for sheet in sorted(book.worksheets, key=lambda sheet: sheet.title != form.sheet):
        counts = {}
        for n, row in enumerate(sheet.iter_rows(max_row=HEADER_WITHIN, max_col=WITHIN, values_only=True), start=1):
            counts[n] = len({header_key(cell) for cell in row if cell is not None} & set(form.by_header))
        best = max(counts, key=counts.get, default=0)
        if best and counts[best] >= min(FEWEST, len(form.columns)):
            return sheet, best
    return None, 0


class _Said(NamedTuple):
    """A cell that is filled in: its place, what it holds, its value and what is wrong with it."""

    cell: str
    typed: str
    value: str
    wrong: str


class _Reader:
    """The sheet of the rows, one by one."""

    def __init__(self, made: Returned, sheet, header: int, form: Form, known: Known):
        self.made, self.sheet, self.header, self.form, self.known = made, sheet, header, form, known
        self.covered: set[tuple[int, int]] = set()  # cells under a merged one: their values are not theirs
        self.seen: dict[str, str] = {}  # key → the cell where it was met first
        self._merged()
        self.headed = {cell.column for cell in sheet[header] if cell.value is not None}
        self.headed |= {place for n, place in self.covered if n == header}
        self.columns = self._columns()
        self.place = self.columns.get(form.key.name) or self.columns.get(KEPT.name) or 1  # where a row is told

    def read(self, rows: Iterable[tuple]) -> None:
        """Every row under the header."""
        for n, cells in enumerate(rows, start=self.header + 1):
            held = {place: cell for place, cell in enumerate(cells, start=1) if as_text(cell.value).strip()}
            for place in [place for place in held if (n, place) in self.covered]:
                del held[place]
            for place in sorted(held.keys() - self.headed):
                told = f"texte hors des colonnes « {held[place].value} » : il n'est pas lu. L'écrire dans une colonne."
                self.made.wrong(told, n, place)
            if held.keys() & set(self.columns.values()):
                self._row(n, {name: held.get(place) for name, place in self.columns.items()})

    # -------------------------------------------------------------- the sheet

    def _merged(self) -> None:
        for area in sorted(self.sheet.merged_cells.ranges, key=lambda one: (one.min_row, one.min_col)):
            if area.max_row < self.header:
                continue
            first, last = area.coord.split(":")
            told = f"cellules fusionnées de {first} à {last} : seule {first} est lue, les autres gardent ce qui a été"
            remedy = "Défaire la fusion et remplir chaque cellule."
            self.made.wrong(f"{told} envoyé. {remedy}", area.min_row, area.min_col)
            self.covered |= set(area.cells) - {(area.min_row, area.min_col)}

    def _columns(self) -> dict[str, int]:
        """Name → place; columns that are absent, twice or added are told."""
        found: dict[str, int] = {}
        for place in range(1, self.sheet.max_column + 1):
            text = self.sheet.cell(self.header, place).value
            column = self.form.by_header.get(header_key(text)) if text is not None else None
            if column is None:
                if text is not None and (self.header, place) not in self.covered:
                    self.made.wrong(f"colonne ajoutée « {text} » : elle n'est pas lue.", self.header, place)
            elif column.name in found:
                first = f"{xl_col_to_name(found[column.name] - 1)}{self.header}"
                told = f"colonne « {column.label} » déjà en {first}, seule lue. En garder une."
                self.made.wrong(told, self.header, place)
            else:
                found[column.name] = place
        if not any(n == self.header for n, _ in self.covered):
            place = 0
            for column in self.form.by_name.values():
                place = found.get(column.name, place)
                if column.name not in found and (column.filled or column in (self.form.key, KEPT)):
                    place += 1
                    self.made.wrong(self._absent(column), self.header, place)
        return found

    def _absent(self, column: Column) -> str:
        noun = self.form.noun
        told = "ce qui y a été envoyé est gardé"
        if column is self.form.key:
            told = f"les {noun.many} sont retrouvé{noun.e}s par leur empreinte"
        if column is KEPT:
            told = f"les réponses sont comparées aux {noun.many} connu{noun.e}s aujourd'hui"
        return f"colonne « {column.label} » absente (elle était là à l'envoi) : {told}. La rétablir."

    # -------------------------------------------------------------- a row

    def _row(self, n: int, row: Mapping) -> None:
        form, noun = self.form, self.form.noun
        filled = [one for one in form.inputs if one.name in row and (n, self.columns[one.name]) not in self.covered]
        said = {one.name: self._said(one, n, row[one.name]) for one in filled}
        kept, written = (cell and cell.value for cell in (row.get(KEPT.name), row.get(form.key.name)))
        marks, written = form.marks(kept), read_key(written)
        marked = self.known.by_mark.get(marks[form.key.name], "") if marks else ""
        added = form.new_rows > 0 and not written and not marked
        key = self._added(n, said) if added else self._sent(n, written, marks, marked)
        if key and key in self.seen:
            told = "les deux lignes sont lues, leurs différences sont des désaccords. N'en garder qu'une."
            self.made.wrong(f"{noun.one} « {key} » déjà en {self.seen[key]} : {told}", n, self.place)
        elif key:
            self.seen[key] = f"{xl_col_to_name(self.place - 1)}{n}"
        if key and marks is None and KEPT.name in row and not added:
            told = f"les réponses sont comparées aux {noun.many} connu{noun.e}s aujourd'hui."
            self.made.wrong(f"empreinte effacée ou abîmée : {told}", n, self.columns[KEPT.name])
        self._edit(n, key, said, marks if key else None, added)

    def _sent(self, n: int, written: str, marks: Mapping | None, marked: str) -> str:
        """The key of a row that was sent; nothing, and a problem, when the row cannot be trusted."""
        noun, key = self.form.noun, self.form.key.name
        if written in self.known.values and (marks is None or marks[key] == mark(written)):
            return written
        if not written and marked:
            if key in self.columns and (n, self.columns[key]) not in self.covered:
                told = f"numéro {noun.of} effacé : l'empreinte est celle de « {marked} », lu ici."
                self.made.wrong(told, n, self.place)
            return marked
        owner = f" L'empreinte de la ligne est celle {noun.of_the} « {marked} »." if marked else ""
        write = f"Écrire le numéro d'un{noun.e} {noun.one} envoyé{noun.e}."
        if not written:
            told = f"ligne sans numéro {noun.of} : laissée de côté. {write}"
        elif written in self.known.values:
            told = f"le numéro « {written} » n'est pas celui de la ligne : laissée de côté.{owner} Rétablir la ligne."
        else:
            told = f"{noun.one} inconnu{noun.e} « {written} » : ligne laissée de côté.{owner} {write}"
        self.made.wrong(told, n, self.place)
        return ""

    def _added(self, n: int, said: Mapping[str, _Said]) -> str:
        """The key of a row that somebody added, which is that of a known one when it says the same."""
        values = {name: one.value for name, one in said.items()}
        lacking = [column for column in self.form.inputs if column.needed and not values.get(column.name)]
        key = self.form.identify(values)
        if key and not lacking:
            return self.known.by_identity.get(key, key)
        lacking = lacking or [self.form.by_name[name] for name in self.form.identity]
        told = french.join(f"« {column.label} »" for column in lacking)
        place = self.columns.get(lacking[0].name, self.place)
        self.made.wrong(f"ligne ajoutée, laissée de côté : il manque {told}. Compléter la ligne.", n, place)
        return ""

    def _said(self, column: Column, n: int, cell) -> _Said:
        place = f"{xl_col_to_name(self.columns[column.name] - 1)}{n}"
        if cell is None:
            return _Said(place, "", "", "")
        if cell.data_type in ("f", "e"):
            text = getattr(cell.value, "text", cell.value)  # that of a formula over several cells
            what = f"formule « {text} »" if cell.data_type == "f" else f"erreur de calcul « {text} »"
            return _Said(place, personal.mask(text), "", f"{what} : elle n'est pas lue. Écrire la valeur.")
        return _Said(place, personal.mask(as_text(cell.value)), *column.value(cell.value))

    def _edit(self, n: int, key: str, said: Mapping[str, _Said], marks: Mapping | None, added: bool) -> None:
        """Keep what a row says; a blank cell of a row that somebody added says nothing."""
        for name, one in said.items():
            before, value, wrong = self.known.values.get(key, {}).get(name, ""), one.value, one.wrong
            changed = mark(value) != marks[name] if marks else value != before
            changed = changed and (bool(value) or not added)
            if changed and not value and not wrong and self.form.by_name[name].needed:
                wrong = "cellule vidée : ce qui y a été envoyé est gardé. Écrire une valeur."
            if wrong and (key or added):
                self.made.wrong(wrong, n, self.columns[name])
            understood = bool(value) or not wrong
            text = value if understood else one.typed
            if key or text:
                where = (self.made.file, self.made.sheet, n, one.cell, key, name)
                self.made.edits.append(Edit(*where, text, changed or not understood, understood and bool(key)))


def _gone(made: Returned, book, form: Form, known: Known) -> None:
    """The rows that were sent and that are not there any more."""
    sent = list(known.values)
    if SENT in book.sheetnames:
        rows = book[SENT].iter_rows(min_row=2, max_col=1, values_only=True)
        sent = [read_key(cell) for (cell,) in rows]
    here = {edit.key for edit in made.edits}
    made.missing = [key for key in sent if key in known.values and key not in here]
    if made.missing:
        noun, count = form.noun, len(made.missing)
        listed = ", ".join(made.missing[:LISTED]) + (", …" if count > LISTED else "")
        one = f"1 {noun.one} envoyé{noun.e} n'a plus de ligne"
        many = f"{french.number(count, 0)} {noun.many} envoyé{noun.e}s n'ont plus de ligne"
        made.wrong(f"{one if count == 1 else many} ({listed}) : ce qui était connu est gardé.")
