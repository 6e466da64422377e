"""A raw table: what one sheet of a file holds, as text, so that a code such as « 01 » stays itself.

No row is lost on the way: a row that holds something is a title above the header, the header, a row, or a stray.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

from copkit import french
from copkit.errors import CopkitWarning

FIGURES = re.compile(  # with a unit or without, or a date
    r"\W*\d[\d\W]*(?:[a-zA-Z]{1,3}\W*){0,2}|\W*\d{1,2}(?:er)? [^\W\d]+ \d{4}\W*"
)
_CHUNK = 20_000  # rows turned into columns at once: bounds the memory of a big file
UNCOMPUTED = "#FORMULE!"  # written by the kit in place of a formula that no spreadsheet computed
# What a spreadsheet writes where a formula fails, in English and in French; « ### » is a column too narrow.
_FAULT = re.compile(
    r"#(?:REF|VALUE|VALEUR|DIV/0|NUM|NOMBRE|NULL|NUL|SPILL|PROPAGATION|EPARS|ÉPARS|CALC|CALCUL|FIELD|CHAMP|BLOCKED"
    r"|CONNECT|UNKNOWN|BUSY|FORMULE) ?!|#(?:NAME|NOM) ?\?|#N/?A|#GETTING_DATA|#{3,}|Err ?: ?\d{3}"
)


@dataclass
class Stray:
    """A row that has not the cells of its header."""

    row: int
    cells: list[str]
    reason: str
    torn: bool = False  # its cells may be under other headers than their own


@dataclass
class Sheet:
    """A raw table: its cells as text, the row of each in the file (1 is the first one)."""

    file: str
    name: str
    headers: list[str]
    grid: pd.DataFrame | list[Sequence[str]]  # columns 0, 1, 2…; those of a small sheet stay lists until one looks
    rows: np.ndarray
    filled: int  # rows of the file that hold something
    headings: int = 0  # of which the header and the titles above it
    hidden: bool = False
    champs: list[str] = field(default_factory=list)  # champDescriptorId of each column, in a GraphQL answer
    strays: list[Stray] = field(default_factory=list)
    dates: dict[int, np.ndarray] = field(default_factory=dict)  # column → where the workbook has a date
    numbers: dict[int, np.ndarray] = field(default_factory=dict)  # column → where it has a number that is not whole
    faults: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # column → (row, error of the spreadsheet)
    beyond: list[tuple[int, str, str]] = field(default_factory=list)  # (row, column, text) on the right of the header
    merged: list[tuple[int, str]] = field(default_factory=list)  # (row, range) of merged cells below the header
    unseen: dict[int, str] = field(default_factory=dict)  # hidden column → its letters
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.strays)

    @property
    def cells(self) -> pd.DataFrame:
        """The cells, as texts."""
        if not isinstance(self.grid, pd.DataFrame):
            self.grid = pd.DataFrame({n: pd.Series(texts, dtype="str") for n, texts in enumerate(self.grid)})
        return self.grid

    def release(self) -> None:
        """Forget the cells, once they are read."""
        self.grid = self.cells.iloc[:0]

    def origin(self, rows: Sequence[int] | None = None) -> tuple[object, object, object]:
        """The file, the sheet and the row in it of rows of this table."""
        return self.file, self.name, rows

    def part_of(self, rows: Sequence[int]) -> np.ndarray:
        """Which of the sheets of a stack each row comes from: there is one."""
        return np.zeros(len(rows), dtype=np.int64)

    def told(self, columns: Iterable[int]) -> Iterator[str]:
        """What is to be known of the whole sheet; ``columns``: those that are read."""
        for note in self.notes:
            yield f"{self.file} : {note}."
        if hidden := [f"« {self.headers[n]} » ({self.unseen[n]})" for n in columns if n in self.unseen]:
            said = french.plural(len(hidden), "colonne masquée, lue", "colonnes masquées, lues")
            said += f" comme les autres : {french.join(hidden)}. Ôter du fichier ce qui ne compte pas."
            yield f"{self.file} : feuille « {self.name} » : {said}"

    def warn(self, columns: Iterable[int]) -> None:
        """Say the same to whoever reads a file of which no report is made."""
        for said in self.told(columns):
            warnings.warn(said, CopkitWarning, stacklevel=4)

    def wrong(self, columns: Iterable[int], missing: set[str]) -> Iterator[tuple]:
        """(rows, column or columns, texts, what is wrong and what to do) of the cells that the file makes unreadable.

        ``columns``: those that are read; ``missing``: the texts that mean « nothing » there.
        """
        if self.beyond:
            rows, letters, texts = (list(said) for said in zip(*self.beyond, strict=True))
            yield rows, letters, texts, "cellule à droite du dernier en-tête, non lue. Donner un en-tête."
        if self.merged:
            rows, ranges = (list(said) for said in zip(*self.merged, strict=True))
            said = "cellules fusionnées : seule la première porte la valeur, les autres sont lues vides. Les séparer."
            yield rows, ranges, [""] * len(rows), said
        for column in columns:
            by_text: dict[str, list[int]] = {}
            for row, text in self.faults.get(column, []):
                by_text.setdefault(text, []).append(row)
            for text, rows in by_text.items():
                if text.casefold() not in missing:
                    shown = "" if text == UNCOMPUTED else text
                    yield rows, self.headers[column], [shown] * len(rows), _remedy(text)


def _remedy(text: str) -> str:
    if text == UNCOMPUTED:
        said = "formule sans valeur : aucun tableur ne l'a calculée"
        return f"{said}, lue vide. Ouvrir le fichier dans un tableur, l'enregistrer, et le relire."
    if text.startswith("##"):
        return "colonne trop étroite à l'export, lue vide. L'élargir, et exporter de nouveau."
    return "erreur du tableur, lue vide. Corriger la formule, ou saisir la valeur."


def position(letters: str) -> int:
    """The column that a spreadsheet names so, from 0.

    >>> position("A"), position("AB")
    (0, 27)
    """
    return xl_cell_to_rowcol(f"{letters}1")[1]


class Builder:
    """The rows of a sheet, added in order, gathered into columns of text chunk after chunk.

    The header is the first row that holds something, from ``header_row`` on; ``left``: columns before the first cell.
    """

    def __init__(self, header_row: int | None = None, left: int = 0) -> None:
        self.header_row, self.left = header_row or 1, left
        self.headers: list[str] | None = None
        self.said: list[str] = []  # the headers as they are compared
        self.first = self.filled = self.headings = 0
        self.frames: list[pd.DataFrame] = []
        self.cells: list[list[str]] = []
        self.numbers: list[int] = []
        self.rows: list[np.ndarray] = []
        self.strays: list[Stray] = []
        self.beyond: list[tuple[int, str, str]] = []
        self.faults: dict[int, list[tuple[int, str]]] = {}

    @property
    def width(self) -> int:
        """The number of headers."""
        return len(self.headers or ())

    def add(self, number: int, row: list[str]) -> None:
        """A row of the file; a blank one is nothing."""
        if not any(row) or not any(cell.strip() for cell in row):
            return
        self.filled += 1
        if self.headers is None:
            self.headings += 1
            if number >= self.header_row:
                self.said = [" ".join(cell.split()).casefold() for cell in row]
                self.headers, self.first = [" ".join(cell.split()) for cell in row], number
            return
        if self._again(row):
            self.strays.append(Stray(number, row, "en-tête répété au milieu du tableau. Le retirer"))
            return
        while len(row) > self.width and not row[-1].strip():
            row.pop()
        if len(row) != self.width:
            said = f"{french.plural(len(row), 'cellule')} au lieu de {self.width}"
            said += ". Vérifier les séparateurs et les guillemets"
            self.strays.append(Stray(number, row, said, torn=len(row) < self.width))
            return
        self.cells.append(row)
        self.numbers.append(number)
        if len(self.cells) == _CHUNK:
            self.flush()

    def _again(self, row: list[str]) -> bool:
        """True when a row only repeats what the header says, in two columns at least."""
        if row[0][:1].isalnum() and row[0][:1].casefold()[:1] != self.said[0][:1]:  # almost every row
            return False
        count = 0
        for header, cell in zip(self.said, row, strict=False):
            if cell.strip():
                if " ".join(cell.split()).casefold() != header:
                    return False
                count += 1
        return count > 1

    def add_wide(self, number: int, row: list[str]) -> None:
        """A row of a grid, as wide as its widest row: what is on the right of the header is told."""
        if self.headers is None:
            while row and not row[-1].strip():
                row.pop()
            self.add(number, row)
            return
        if len(row) == self.width:
            self.add(number, row)
            return
        inside, outside = row[: self.width], row[self.width :]
        inside += [""] * (self.width - len(inside))
        right = enumerate(outside, self.left + self.width)
        more = [(number, xl_col_to_name(column), text.strip()) for column, text in right if text.strip()]
        if more and not any(cell.strip() for cell in inside):
            self.set_aside(number, row, "rien sous les en-têtes, des cellules à leur droite. Leur donner un en-tête")
            return
        self.add(number, inside)
        self.beyond += more

    def set_aside(self, number: int, row: list[str], reason: str, torn: bool = False) -> None:
        """A row that holds something and that cannot be read."""
        self.filled += 1
        self.strays.append(Stray(number, row, reason, torn))

    def flush(self) -> None:
        """Turn the rows at hand into columns."""
        if self.cells:
            columns = self._columns()
            self.frames.append(pd.DataFrame({n: pd.Series(texts, dtype="str") for n, texts in enumerate(columns)}))
            self.rows.append(np.array(self.numbers, dtype=np.int64))
            self.cells, self.numbers = [], []

    def _columns(self) -> list[Sequence[str]]:
        """The columns of the rows at hand; the errors of a spreadsheet are listed and left empty."""
        columns: list[Sequence[str]] = list(zip(*self.cells, strict=True)) or [()] * self.width
        for position, texts in enumerate(columns):
            odd = [n for n, text in enumerate(texts) if text[:1] == "#" or text[:3] == "Err"]
            odd = [n for n in odd if _FAULT.fullmatch(texts[n].strip())]
            if odd:
                found = [(self.numbers[n], texts[n].strip()) for n in odd]
                self.faults.setdefault(position, []).extend(found)
                columns[position] = texts = list(texts)
                for n in odd:
                    texts[n] = ""
        return columns

    def sheet(self, file: str, name: str) -> Sheet:
        """The raw table."""
        grid: pd.DataFrame | list[Sequence[str]]
        if self.frames:
            self.flush()
            grid, rows = pd.concat(self.frames, ignore_index=True), np.concatenate(self.rows)
        else:
            grid, rows = self._columns(), np.array(self.numbers, dtype=np.int64)
        self.frames, self.cells = [], []
        made = Sheet(file, name, self.headers or [], grid, rows, self.filled, self.headings, strays=self.strays)
        made.beyond, made.faults, made.notes = self.beyond, self.faults, list(self._headless(grid))
        if apart := list(self._apart(grid)):
            named = french.join([f"« {made.headers[n]} » ({xl_col_to_name(self.left + n)})" for n in apart])
            said = f"un autre tableau, à droite d'une colonne vide, répète {named} : ces colonnes ne sont pas lues"
            made.notes.append(f"{said}. Le mettre dans une autre feuille")
            made.headers = ["" if n in apart else header for n, header in enumerate(made.headers)]
        return made

    def _apart(self, grid: pd.DataFrame | list[Sequence[str]]) -> Iterator[int]:
        """The columns that repeat a header on the left of a blank column: they are of another table."""
        first: dict[str, int] = {}
        blank = -1
        for position, header in enumerate(self.headers or ()):
            if not header and not any(text.strip() for text in grid[position]):
                blank = position
            elif header and first.setdefault(header.casefold(), position) < blank:
                yield position

    def _headless(self, grid: pd.DataFrame | list[Sequence[str]]) -> Iterator[str]:
        """What to tell of the columns that nobody named."""
        for position, header in enumerate(self.headers or ()):
            count = 0 if header else sum(1 for text in grid[position] if text.strip())
            if count:
                said = french.plural(count, "cellule remplie", "cellules remplies")
                column = xl_col_to_name(self.left + position)
                yield f"colonne {column} sans en-tête, non lue ({said}). Lui donner un en-tête"
