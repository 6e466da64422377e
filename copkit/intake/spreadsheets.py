"""Files that territories send, as raw tables: CSV of any separator and encoding, XLSX, XLS and ODS, JSON of GraphQL.

Everything is text, so that a code such as « 01 » stays itself. No file format is known elsewhere in the kit.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from copkit.errors import ProjectError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS = (".csv", ".txt", ".tsv")
SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 20_000  # rows turned into columns at once: bounds the memory of a big file


@dataclass
class Stray:
    """A row that has not the cells of its header."""

    row: int
    cells: list[str]
    reason: str


@dataclass
class Sheet:
    """A raw table: its cells as text, the row of each in the file (the header is row 1)."""

    file: str
    name: str
    headers: list[str]
    cells: pd.DataFrame  # columns 0, 1, 2…
    rows: np.ndarray
    champs: list[str] = field(default_factory=list)  # champDescriptorId of each column, in a GraphQL answer
    strays: list[Stray] = field(default_factory=list)
    dates: dict[int, np.ndarray] = field(default_factory=dict)  # column → where the workbook has a date
    beyond: list[tuple[int, str, str]] = field(default_factory=list)  # (row, column, text) on the right of the header
    merged: list[str] = field(default_factory=list)  # ranges of merged cells below the header, « B5:B8 »
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.strays)


def read(path: Path, header_row: int | None = None) -> dict[str, Sheet]:
    """The tables of a file, by sheet name (« » for a file that has no sheets).

    Raises
    ------
    ProjectError
        If the file is absent, empty, damaged, protected, or of a format that is not read.
    """
    if not path.is_file():
        raise ProjectError(f"{path} : fichier absent. Vérifier le chemin.")
    if path.stat().st_size == 0:
        raise ProjectError(f"{path} : le fichier est vide. L'exporter de nouveau.")
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        return _workbook(path, header_row)
    if suffix in TEXTS:
        return {"": _csv(path, header_row)}
    if suffix == ".json":
        from copkit.intake import graphql

        return {"": graphql.read(path)}
    known = ", ".join((*TEXTS, *WORKBOOKS, ".json"))
    raise ProjectError(f"{path} : format « {suffix or 'sans extension'} » non lu. Formats lus : {known}.")


# ------------------------------------------------------------------ CSV


def decode(content: bytes) -> tuple[str, list[str]]:
    """The text of a file whose encoding nobody says, and what to tell of it.

    >>> decode("é".encode("cp1252"))[0], decode("\ufeffé".encode())[0]
    ('é', 'é')
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace"), []
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        if text.count("Ã") > text.count("é"):  # UTF-8 with a few broken characters
            note = "le fichier est en UTF-8 avec des caractères abîmés, remplacés par « \ufffd »"
            return content.decode("utf-8-sig", errors="replace"), [note]
        return text, []


def separator(text: str) -> str:
    """The separator that cuts the first rows into the same number of cells, and into the most cells.

    >>> separator("a;b;c\\n1,5;2;3"), separator("a,b\\n1,2"), separator("a\\tb")
    (';', ',', '\\t')
    """

    def score(mark: str) -> tuple[float, int]:
        rows = []
        for row in csv.reader(io.StringIO(text[:200_000]), delimiter=mark):
            rows += [len(row)] if row else []
            if len(rows) == 50:
                break
        width = rows[0] if rows else 1
        return (sum(n == width for n in rows) / max(len(rows), 1) * (width > 1) * width, width)

    return max(SEPARATORS, key=score)


def _csv(path: Path, header_row: int | None) -> Sheet:
    text, notes = decode(path.read_bytes())
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(2**31 - 1)
    mark = separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    headers: list[str] | None = None
    made = _Builder()
    number = last_line = 0
    try:
        for number, row in enumerate(reader, start=1):
            start, last_line = last_line, reader.line_num
            if headers is None:
                if number >= (header_row or 1) and any(cell.strip() for cell in row):
                    headers = _headers(row)
                    made.start(len(headers), number)
            else:
                made.add(number, row)
    except csv.Error as error:
        raise ProjectError(
            f"{path} : ligne {number + 1} : CSV illisible ({error}). L'enregistrer de nouveau en CSV UTF-8."
        ) from None
    if headers is None:
        raise ProjectError(f"{path} : aucune ligne d'en-tête. Mettre le nom des colonnes en première ligne.")
    _unclosed(made, text, start, last_line, mark)
    sheet = made.sheet(path.name, "", headers)
    sheet.notes += notes
    return sheet


def _unclosed(made: _Builder, text: str, start: int, end: int, mark: str) -> None:
    """A quote opened in the last row and never closed swallowed the end of the file: set that row aside."""
    raw = text.split("\n")[start:end] if end - start > 1 else []
    if raw and "".join(raw).count('"') % 2:
        made.set_aside_last(
            f"un guillemet ouvert n'est jamais refermé : les {len(raw)} dernières lignes du fichier sont dans une "
            "seule cellule. Fermer le guillemet et relire le fichier"
        )


def _headers(row: list[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in row]


class _Builder:
    """Rows gathered into columns of text, chunk after chunk."""

    def __init__(self) -> None:
        self.frames: list[pd.DataFrame] = []
        self.cells: list[list[str]] = []
        self.numbers: list[int] = []
        self.rows: list[np.ndarray] = []
        self.strays: list[Stray] = []
        self.width = 0
        self.first = 0

    def start(self, width: int, number: int) -> None:
        """The header is known: its width, and its row (the file's rows are counted from it)."""
        self.width, self.first = width, number

    def add(self, number: int, row: list[str]) -> None:
        """A row of cells; a blank one is not a row."""
        if len(row) != self.width:
            while len(row) > self.width and not row[-1].strip():
                row.pop()
            if len(row) != self.width:
                if any(cell.strip() for cell in row):
                    said = f"{len(row)} cellules au lieu de {self.width}. Vérifier les séparateurs et les guillemets"
                    self.strays.append(Stray(number, row, said))
                return
        if not any(row) or not any(cell.strip() for cell in row):
            return
        self.cells.append(row)
        self.numbers.append(number)
        if len(self.cells) == _CHUNK:
            self.flush()

    def set_aside_last(self, reason: str) -> None:
        """Take back the last row."""
        if self.strays and (not self.numbers or self.strays[-1].row > self.numbers[-1]):
            self.strays[-1].reason = reason
        elif self.cells:
            self.strays.append(Stray(self.numbers.pop(), self.cells.pop(), reason))

    def flush(self) -> None:
        """Turn the rows at hand into columns."""
        if self.cells:
            columns = list(zip(*self.cells, strict=True))
            self.frames.append(pd.DataFrame({i: pd.Series(c, dtype="str") for i, c in enumerate(columns)}))
            self.rows.append(np.array(self.numbers, dtype=np.int64))
            self.cells, self.numbers = [], []

    def sheet(self, file: str, name: str, headers: list[str]) -> Sheet:
        """The raw table."""
        self.flush()
        if self.frames:
            cells = pd.concat(self.frames, ignore_index=True)
            rows = np.concatenate(self.rows)
        else:
            cells = pd.DataFrame({i: pd.Series([], dtype="str") for i in range(self.width)})
            rows = np.empty(0, dtype=np.int64)
        self.frames = []
        return Sheet(file, name, headers, cells, rows, strays=self.strays)


# ------------------------------------------------------------------ workbooks


def _workbook(path: Path, header_row: int | None) -> dict[str, Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: _worksheet(path, book, name, header_row) for name in book.sheet_names}
    except PasswordError:
        raise ProjectError(f"{path} : le classeur est protégé par un mot de passe. L'enregistrer sans.") from None
    except (CalamineError, OSError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ProjectError(f"{path} : classeur illisible ({said}). L'ouvrir et l'enregistrer de nouveau.") from None
    found = {name: sheet for name, sheet in sheets.items() if sheet is not None}
    if not found:
        raise ProjectError(f"{path} : aucune feuille n'a d'en-tête. Mettre le nom des colonnes en première ligne.")
    return found


def _worksheet(path: Path, book, name: str, header_row: int | None) -> Sheet | None:
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None:
        return None
    headers: list[str] | None = None
    made, dated, beyond = _Builder(), {}, []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if headers is None:
            if number >= (header_row or 1) and any(cell not in ("", None) for cell in row):
                headers = _headers([_text(cell) for cell in row])
                while not headers[-1]:
                    headers.pop()
                made.start(len(headers), number)
            continue
        texts = [cell if cell.__class__ is str else _text(cell) for cell in row]
        for position, cell in enumerate(row):
            if cell.__class__ is not str and isinstance(cell, date):
                dated.setdefault(position, []).append(number)
        made.add(number, texts[: made.width])
        if len(row) > made.width:
            beyond += [(number, _column(n), t.strip()) for n, t in enumerate(texts) if n >= made.width and t.strip()]
    if headers is None:
        return None
    table = made.sheet(path.name, name, headers)
    table.dates = {c: np.isin(table.rows, at) for c, at in dated.items() if c < len(headers)}
    table.beyond = beyond
    table.merged = [_range(*ends) for ends in sheet.merged_cell_ranges or [] if ends[1][0] >= made.first]
    return table


def _range(start: tuple[int, int], end: tuple[int, int]) -> str:
    return f"{_column(start[1])}{start[0] + 1}:{_column(end[1])}{end[0] + 1}"


def _column(position: int) -> str:
    """
    >>> _column(0), _column(26)
    ('A', 'AA')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text(cell: object) -> str:
    """A cell of a workbook as a person would type it; a whole number has no « .0 »."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, (date, time, timedelta)):
        return str(cell)
    return str(cell)
