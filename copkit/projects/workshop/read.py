"""A workbook that comes back: every cell that was filled in, with its place, and everything that is wrong in it.

Read with openpyxl and never written. What cannot be understood is listed with its cell; the rest is read.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from copkit import french
from copkit.projects.workshop import columns
from copkit.projects.workshop.columns import BY_HEADER, BY_NAME, COLUMNS, FINGERPRINT, ID, INPUTS, SENT, SHEET

HEADER_WITHIN = 20  # rows where the header is looked for
FEWEST = 4  # headers that make a sheet the one of the dossiers
LISTED = 20  # dossiers that a message names


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to look at in a workbook."""

    file: str
    sheet: str
    row: int
    cell: str
    message: str

    def __str__(self) -> str:
        place = [
            self.file,
            f"feuille « {self.sheet} »" if self.sheet else "",
            f"cellule {self.cell}" if self.cell else "",
        ]
        return french.typeset(f"{', '.join(part for part in place if part)} : {self.message}")


@dataclass(frozen=True, slots=True)
class Edit:
    """An input cell; ``changed``: whether it differs from what was sent; ``kept``: whether its value is understood."""

    file: str
    sheet: str
    row: int
    cell: str
    project_id: str
    name: str
    value: str
    changed: bool
    kept: bool = True


@dataclass(slots=True)
class Returned:
    """What one workbook says."""

    file: str
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # dossiers that were sent and have no row any more
    sheet: str = SHEET

    def wrong(self, message: str, row: int = 0, column: int = 0) -> None:
        """Keep a problem; without a column, it is about the sheet."""
        cell = f"{get_column_letter(column)}{row}" if column else ""
        self.problems.append(Problem(self.file, self.sheet, row, cell, message))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the dossiers: their values now, by dossier and column, and the dossier of each mark."""

    values: Mapping[str, Mapping[str, str]]
    by_mark: Mapping[str, str]
    labels: Mapping[str, str]


def read_one(path: Path, file: str, known: Known) -> Returned:
    """One workbook; ``file``: how messages name it."""
    made = Returned(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it would lose on writing: nothing is written
            book = load_workbook(path)
    except FileNotFoundError:
        made.sheet = ""
        made.wrong("fichier absent. Vérifier son nom et son dossier.")
        return made
    except Exception:  # a damaged or foreign file fails in many ways; the other workbooks are still to be read
        made.sheet = ""
        made.wrong("classeur illisible. L'ouvrir dans un tableur et l'enregistrer au format .xlsx.")
        return made
    sheet, header = _sheet(book)
    if sheet is None:
        made.wrong("aucune feuille n'a les colonnes des dossiers. Repartir du classeur envoyé.")
        return made
    made.sheet = sheet.title
    if sheet.title != SHEET:
        made.wrong(
            f"feuille « {SHEET} » absente, cette feuille en a les colonnes et est lue à sa place. La renommer.",
            header,
            1,
        )
    _Reader(made, sheet, header, known).read()
    _gone(made, book, known)
    return made


def _sheet(book) -> tuple[object, int]:
    """The sheet of the dossiers and the row of its header; the one that has the name first."""
    named = [sheet for sheet in book.worksheets if sheet.title == SHEET]
    for sheet in [*named, *(sheet for sheet in book.worksheets if sheet.title != SHEET)]:
        counts = {}
        for n, row in enumerate(sheet.iter_rows(max_row=HEADER_WITHIN, values_only=True), start=1):
            counts[n] = len({columns.key(cell) for cell in row if cell is not None} & set(BY_HEADER))
        best = max(counts, key=counts.get, default=0)
        if best and counts[best] >= FEWEST:
            return sheet, best
    return None, 0


class _Reader:
    """The sheet of the dossiers, row by row."""

    def __init__(self, made: Returned, sheet, header: int, known: Known):
        self.made, self.sheet, self.header, self.known = made, sheet, header, known
        self.covered: set[tuple[int, int]] = set()  # cells under a merged one: their values are not theirs
        self.seen: dict[str, str] = {}  # dossier → the cell where it was met first
        self._merged()
        self.columns = self._columns()

    def read(self) -> None:
        """Every row under the header."""
        for cells_ in self.sheet.iter_rows(min_row=self.header + 1):
            row = {name: cells_[place - 1] for name, place in self.columns.items() if place <= len(cells_)}
            if any(cell.value is not None for cell in row.values()):
                self._row(cells_[0].row, row)

    # -------------------------------------------------------------- the sheet

    def _merged(self) -> None:
        for area in sorted(self.sheet.merged_cells.ranges, key=lambda one: (one.min_row, one.min_col)):
            if area.max_row < self.header:
                continue
            first, last = area.coord.split(":")
            self.made.wrong(
                f"cellules fusionnées de {first} à {last} : seule {first} est lue, les autres gardent ce qui a été "
                "envoyé. Défaire la fusion et remplir chaque cellule.",
                area.min_row,
                area.min_col,
            )
            cells_ = {
                (r, c) for r in range(area.min_row, area.max_row + 1) for c in range(area.min_col, area.max_col + 1)
            }
            self.covered |= cells_ - {(area.min_row, area.min_col)}

    def _columns(self) -> dict[str, int]:
        """Name → place; columns that are absent, twice or added are told."""
        found: dict[str, int] = {}
        for place in range(1, self.sheet.max_column + 1):
            text = self.sheet.cell(self.header, place).value
            column = BY_HEADER.get(columns.key(text)) if text is not None else None
            if column is None:
                if text is not None and (self.header, place) not in self.covered:
                    self.made.wrong(f"colonne ajoutée « {text} » : elle n'est pas lue.", self.header, place)
            elif column.name in found:
                first = f"{get_column_letter(found[column.name])}{self.header}"
                self.made.wrong(
                    f"colonne « {column.label} » déjà en {first}, seule lue. En garder une.", self.header, place
                )
            else:
                found[column.name] = place
        covered = any(row == self.header for row, _ in self.covered)
        for place, column in enumerate(COLUMNS, start=1):
            needed = column.reads or column.name in (ID, FINGERPRINT)
            if needed and column.name not in found and not covered:
                self.made.wrong(self._absent(column.name), self.header, place)
        return found

    @staticmethod
    def _absent(name: str) -> str:
        what = f"colonne « {BY_NAME[name].label} » absente (elle était là à l'envoi)"
        if name == ID:
            return f"{what} : les dossiers sont retrouvés par leur empreinte. La rétablir."
        if name == FINGERPRINT:
            return f"{what} : les réponses sont comparées aux dossiers connus aujourd'hui. La rétablir."
        return f"{what} : ce qui y a été envoyé est gardé. La rétablir."

    # -------------------------------------------------------------- a row

    def _row(self, n: int, row: Mapping) -> None:
        marks = columns.marks(row[FINGERPRINT].value) if FINGERPRINT in row else None
        id_, wrong = self._dossier(n, row, marks)
        if wrong:
            self.made.wrong(wrong, n, self.columns.get(ID) or self.columns[FINGERPRINT])
        if id_ not in self.known.values:  # set aside, and what it says is listed as not kept
            for edit in self._edits(n, row, "", None):
                if edit.value:
                    self.made.edits.append(edit)
            return
        cell = f"{get_column_letter(self.columns.get(ID) or self.columns[FINGERPRINT])}{n}"
        if id_ in self.seen:
            self.made.wrong(
                f"dossier « {id_} » déjà en {self.seen[id_]} : les deux lignes sont lues, leurs différences sont des "
                "désaccords. N'en garder qu'une.",
                n,
                self.columns.get(ID) or self.columns[FINGERPRINT],
            )
        self.seen.setdefault(id_, cell)
        if marks is None and FINGERPRINT in row:
            message = "empreinte effacée ou abîmée : les réponses sont comparées aux dossiers connus aujourd'hui."
            self.made.wrong(message, n, self.columns[FINGERPRINT])
        self.made.edits.extend(self._edits(n, row, id_, marks))

    def _dossier(self, n: int, row: Mapping, marks: Mapping | None) -> tuple[str, str]:
        """The dossier of a row, and what is wrong; an empty dossier when the row cannot be trusted."""
        written = columns.read_id(row[ID].value) if ID in row else ""
        if written in self.known.values and (marks is None or marks[ID] == columns.mark(written)):
            return written, ""
        marked = self.known.by_mark.get(marks[ID], "") if marks else ""
        if not written and marked:
            erased = ID in row and (n, self.columns[ID]) not in self.covered
            return (
                marked,
                f"numéro de dossier effacé : l'empreinte est celle de « {marked} », lu ici." if erased else "",
            )
        if not written:
            return "", "ligne sans numéro de dossier : laissée de côté. Écrire le numéro d'un dossier envoyé."
        owner = f" L'empreinte de la ligne est celle du dossier « {marked} »." if marked else ""
        if written in self.known.values:
            return (
                "",
                f"le numéro « {written} » n'est pas celui de la ligne : laissée de côté.{owner} Rétablir la ligne.",
            )
        return (
            "",
            f"dossier inconnu « {written} » : ligne laissée de côté.{owner} Écrire le numéro d'un dossier envoyé.",
        )

    def _edits(self, n: int, row: Mapping, id_: str, marks: Mapping | None) -> Iterator[Edit]:
        for column in INPUTS:
            if column.name not in row or (n, self.columns[column.name]) in self.covered:
                continue
            cell, place = row[column.name], self.columns[column.name]
            if cell.data_type in ("f", "e"):
                what = "formule" if cell.data_type == "f" else "erreur de calcul"
                value, wrong = "", f"{what} « {cell.value} » : elle n'est pas lue. Écrire la valeur."
            else:
                value, wrong = columns.read_value(column, cell.value, self.known.labels)
            if wrong and id_:
                self.made.wrong(wrong, n, place)
            understood = bool(value) or not wrong
            before = self.known.values.get(id_, {}).get(column.name, "")
            changed = columns.mark(value) != marks[column.name] if marks else value != before
            where = (self.made.file, self.made.sheet, n, cell.coordinate, id_, column.name)
            text = value if understood else str(cell.value)
            yield Edit(*where, text, changed or not understood, understood and bool(id_))


def _gone(made: Returned, book, known: Known) -> None:
    """The dossiers that were sent and that no row carries any more."""
    sent = list(known.values)
    if SENT in book.sheetnames:
        rows = book[SENT].iter_rows(min_row=2, max_col=1, values_only=True)
        sent = [columns.read_id(cell) for (cell,) in rows]
    here = {edit.project_id for edit in made.edits}
    made.missing = [id_ for id_ in sent if id_ in known.values and id_ not in here]
    if made.missing:
        listed = ", ".join(made.missing[:LISTED]) + (", …" if len(made.missing) > LISTED else "")
        one = "1 dossier envoyé n'a plus de ligne"
        many = f"{french.number(len(made.missing), 0)} dossiers envoyés n'ont plus de ligne"
        kept = "ce qui était connu est gardé."
        made.wrong(f"{one if len(made.missing) == 1 else many} ({listed}) : {kept}")
