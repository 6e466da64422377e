"""Tables of text with a separator (CSV), whatever the separator and the encoding, which nobody says.

A stray quote makes one cell of all that follows, up to the next quote: the lines are read a second time one by one, and
where they are rows, or where the cell does not end with its quote, none of them is read as a part of a cell.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

import pandas as pd

from copkit import files, french
from copkit.errors import Problems, ProjectError
from copkit.files import read_bytes
from copkit.intake.sheet import FIGURES, Builder, Sheet
from copkit.received import WIDEST

SUFFIXES = (".csv", ".txt", ".tsv")
SEPARATORS = (",", ";", "\t", "|")
_LIKE = 100  # rows that tell what stands in each column


def read(path: Path, header_row: int | None = None) -> Sheet:
    """The table of a file of text.

    Raises
    ------
    ProjectError
        If the file has no header, or cannot be cut into cells.
    """
    text, notes = decode(read_bytes(path, ProjectError))
    text = text.replace("\0", "").replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(2**31 - 1)
    mark = separator(text)
    last = text.count("\n") + (not text.endswith("\n"))
    lines: list[str] = []  # of the row at hand
    source = io.StringIO(text, newline="")
    reader = csv.reader(_kept(source, lines), delimiter=mark)
    made, rows, number, end = Builder(header_row), deque(maxlen=_LIKE), 0, 0
    try:
        for row in reader:
            number, end = number + 1, end + len(lines)
            if len(row) > WIDEST:
                few = f"{french.number(len(row), 0)} cellules sur une ligne, {french.number(WIDEST, 0)} au plus"
                raise ProjectError(f"{path} : ligne {number} : {few}. Vérifier le séparateur et les fins de ligne.")
            if len(lines) == 1 and '"' in lines[0] and made.headers and (line := _crossed(lines[0], mark)):
                said = f"un guillemet ouvert à la ligne {end} du fichier n'est pas refermé dans sa cellule"
                rest = _rest(line, source, mark, made.width, rows)
                end += len(rest)
                said += f", et coupe une cellule qui va jusqu'à la ligne {end}" if rest else ""
                said += ". Corriger ce guillemet et relire le fichier"
                made.set_aside(number, row, said, torn=True)
                number += _cut_short(made, number, rest, mark, said)
            elif len(lines) == 1:
                made.add(number, row)
                rows.append(row)
            else:
                at = _Lines(lines, end, mark, end == last and not _cut(lines, mark)[1])
                if at.torn and not at.open_ended:
                    at.rest = _rest(lines[-1], source, mark, made.width or len(row), rows)
                    end += len(at.rest)
                number += _add(made, number, row, at, rows, notes, path)
            lines.clear()
    except csv.Error as error:
        raise ProjectError(
            f"{path} : ligne {number + 1} : CSV illisible ({error}). L'enregistrer de nouveau en CSV UTF-8."
        ) from None
    if made.headers is None:
        raise ProjectError(f"{path} : aucune ligne d'en-tête. Mettre le nom des colonnes en première ligne.")
    sheet = made.sheet(path.name, "")
    sheet.notes += notes
    return sheet


def whole(path: Path, where: str, problems: Problems) -> pd.DataFrame:
    """A small table of which no row can be left out, all as text; its index: the row of each in the file.

    Raises
    ------
    ProjectError
        If the file cannot be read, or has no header. A row that has not the cells of the header is a problem.
    """
    with files.reading(path, ProjectError):
        sheet = read(path)
    for row in sheet.strays:
        problems.add(where, f"ligne {row.row} : {row.reason}.")
    for row, text in sorted(fault for faults in sheet.faults.values() for fault in faults):
        problems.add(where, f"ligne {row} : erreur du tableur « {text} ». Écrire la valeur.")
    return sheet.cells.set_axis(sheet.headers, axis=1).set_axis(sheet.rows)


def _kept(source: Iterable[str], lines: list[str]) -> Iterator[str]:
    """The lines of a text, kept as they are read."""
    for line in source:
        lines.append(line)
        yield line


def _cut(lines: list[str], mark: str) -> tuple[list[str], bool]:
    """The cells of a row, and whether its last cell ends with its last line."""
    reader = csv.reader([*lines[:-1], lines[-1].rstrip("\n") + "\n", "x"], delimiter=mark)
    return next(reader), reader.line_num <= len(lines)


def _torn(lines: list[str], mark: str) -> int:
    """The number of the line, from 1, where a cell goes on after the quote that closes it; 0 when none does."""
    reader = csv.reader(lines, delimiter=mark, strict=True)
    try:
        next(reader)
    except csv.Error:
        return reader.line_num
    return 0


def _crossed(line: str, mark: str) -> str:
    """The line without the quote that opens a cell, when what closes this cell is the quote that opens another."""
    opened, closed = line.count(f'{mark}"') + line.startswith('"'), line.count(f'"{mark}') + line.endswith('"\n')
    if opened <= closed and f'{mark}"{mark}' not in f"{mark}{line}":  # one alone opens and closes
        return ""
    mark_ = re.escape(mark)
    found = re.search(rf'(?:^|(?<={mark_}))"(?:[^"]|"")*+(?<={mark_})"(?=[^{mark_}"\n])', line)
    return line[: found.start()] + line[found.start() + 1 :] if found and _torn([line], mark) else ""


def _rest(line: str, source: io.StringIO, mark: str, width: int, others: Iterable[list[str]]) -> list[str]:
    """The lines that follow, up to the end of a row whose last cell goes on after its first line; else nothing.

    The row begins in ``line``, on the quote that another cell took for its own: what follows is the inside of its cell.
    """
    start, lines = source.tell(), list[str]()
    try:
        row = next(csv.reader(_kept(chain([line], source), lines), delimiter=mark, strict=True))
    except csv.Error:
        lines.clear()
    if len(lines) > 1 and (len(row) == width or not _Lines(lines, 0, mark, False).rows(width, others)):
        return lines[1:]
    source.seek(start)
    return []


# ------------------------------------------------------------------ one row on several lines


@dataclass
class _Lines:
    """The lines of the file on which one row is written."""

    texts: list[str]
    end: int
    mark: str
    open_ended: bool  # a quote is still open at the end of the file
    rest: list[str] = field(default_factory=list)  # the lines that follow, of the row on whose quote the cell closes

    @property
    def start(self) -> int:
        return self.end - len(self.texts) + 1

    @cached_property
    def torn(self) -> bool:
        """True when the cell does not end where its quote is closed, as a cell on several lines does."""
        return self.open_ended or _torn(self.texts, self.mark) > 1

    @property
    def fault(self) -> str:
        """What the quote does, and what to do."""
        if self.open_ended:
            said = f"un guillemet ouvert n'est jamais refermé : les {len(self.texts)} dernières lignes du fichier sont "
            return said + "dans une seule cellule. Fermer le guillemet et relire le fichier"
        said = f"un guillemet ouvert à la ligne {self.start} du fichier, et refermé à la ligne {self.end}, fait une "
        said += "seule cellule de ces lignes"
        if self.rest:
            said += f" et en coupe une autre, qui va jusqu'à la ligne {self.end + len(self.rest)}"
        return f"{said}. Corriger ce guillemet et relire le fichier"

    def rows(self, width: int, others: Iterable[list[str]]) -> list[list[str]]:
        """The cells of each line, when most of the lines are rows of the table and not a text in a cell; else nothing.

        A line is a row when, read alone, it has as many cells as there are headers. Where the cell may be a text on
        several lines, figures stand besides where all the ``others`` have figures, in most of these columns or in half
        of them and the first; and fewer than half of its cells start with a space, as a text does after a comma, but in
        the columns where cells of the others do.
        """
        if width < 2 or 2 * sum(line.count(self.mark) >= width - 1 for line in self.texts) < len(self.texts):
            return []
        columns = list(zip(*(row for row in others if len(row) == width), strict=True))
        filled = [[cell for cell in column if cell.strip()] for column in columns]
        figures = [n for n, said in enumerate(filled) if said and all(map(FIGURES.fullmatch, said))]
        spaced = {n for n, said in enumerate(filled) if any(cell.startswith(" ") for cell in said)}

        def is_row(cells: list[str]) -> bool:
            if self.torn or self.mark == "\t" or len(cells) != width:  # no text has as many tabulations
                return len(cells) == width
            said = [bool(FIGURES.fullmatch(cells[n].replace('"', ""))) for n in figures if cells[n].strip()]
            starts = [cell.startswith(" ") for n, cell in enumerate(cells) if n and cell.strip() and n not in spaced]
            return 2 * sum(said) + (not said or said[0]) > len(said) and 2 * sum(starts) < max(len(starts), 1)

        alone = []
        for line in self.texts:
            read = self._alone(line.rstrip("\n"))
            alone.append(next(filter(is_row, read), read[-1]))
        count, blank = sum(map(is_row, alone)), sum(not any(map(str.strip, cells)) for cells in alone)
        return alone if count >= 2 and 2 * count >= len(alone) - blank else []

    def _alone(self, line: str) -> list[list[str]]:
        """The cells of a line by itself: as it is, without its last or its first quote, its quotes being letters."""
        places = dict.fromkeys((-1, line.rfind('"'), line.find('"')))
        read = [_cut([line if at < 0 else line[:at] + line[at + 1 :]], self.mark) for at in places]
        return [*(cells for cells, ended in read if ended), line.split(self.mark)]


def _add(made: Builder, number: int, row: list[str], at: _Lines, others, notes: list[str], path: Path) -> int:
    """Add a row written on several lines, or set the lines aside when they are rows; how many rows there are more."""
    rows = at.rows(made.width or len(row), list(others)[1:])
    if not (rows or at.torn):
        made.add(number, row)
        if made.strays and made.strays[-1].row == number:
            made.strays[-1].reason += f", aux lignes {at.start} à {at.end} du fichier"
        return 0
    if made.headers is None:
        raise ProjectError(
            f"{path} : un guillemet de l'en-tête, ouvert à la ligne {at.start}, avale les lignes jusqu'à la ligne "
            f"{at.end}. Corriger ce guillemet et relire le fichier."
        )
    end = at.end + len(at.rest)
    notes.append(f"lignes {at.start} à {end} avalées par un guillemet, écartées : le corriger et relire le fichier")
    for place, cells in enumerate(rows or [row]):
        if any(cell.strip() for cell in cells):
            made.set_aside(number + place, cells, at.fault, torn=not rows)
    more = max(len(rows) - 1, 0)
    return more + _cut_short(made, number + more, at.rest, at.mark, at.fault)


def _cut_short(made: Builder, number: int, rest: list[str], mark: str, reason: str) -> int:
    """Set aside the lines of a row whose beginning is in another; how many they are."""
    for place, line in enumerate(rest, start=1):
        if line.strip():
            made.set_aside(number + place, _cut([line], mark)[0], reason, torn=True)
    return len(rest)


# ------------------------------------------------------------------ encoding and separator


def decode(content: bytes) -> tuple[str, list[str]]:
    """The text of a file whose encoding nobody says, and what to tell of it.

    >>> decode("é".encode("cp1252"))[0], decode("\ufeffé".encode())[0]
    ('é', 'é')
    """
    little, big = (
        content[1:4:2] == b"\0\0",
        content[0:3:2] == b"\0\0",
    )  # UTF-16 without a mark: every other byte is zero
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or little or big:
        return content.decode("utf-16-le" if little else "utf-16-be" if big else "utf-16", errors="replace"), []
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
