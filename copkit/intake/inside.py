"""What the library that reads workbooks does not tell of them: cells without a value, hidden rows and columns.

Errors such as #REF!, and formulas that no spreadsheet computed, are given as empty cells; what is hidden, as the rest.
Both are looked for in the file itself, which is parsed only when it has some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

from xlsxwriter.utility import xl_cell_to_rowcol

from copkit.intake.sheet import UNCOMPUTED
from copkit.received import UNREADABLE, sheet_parts

READ = (".xlsx", ".xlsm", ".ods")
_BLOCK, _TAIL = 1 << 20, 1 << 12  # bytes read at once, and kept of a mark that is cut in two
_HIDDEN = re.compile(rb"""<(?:\w+:)?(row|col)(?=\s(?:[^>]*\s)?hidden\s*=\s*["'](?:1|true))([^>]*)""")
_SAID = re.compile(rb"""\b(r|min|max|outlineLevel)\s*=\s*["'](\d{1,9})""")
_TRUTHS = (b':formula="', b'visibility="collapse"', b'visibility="filter"')
Cells = dict[int, dict[int, str]]  # row, from 1 → column, from 0 → the error, or UNCOMPUTED
Spans = list[tuple[int, int]]  # first and last


@dataclass
class Inside:
    """Of a sheet: the cells without a value; the hidden rows, from 1, and columns, from 0, that no fold shows."""

    cells: Cells = field(default_factory=dict)
    rows: Spans = field(default_factory=list)
    columns: Spans = field(default_factory=list)


def look(path: Path) -> dict[str, Inside] | None:
    """What is told of the sheets of a workbook, by name; nothing when the file does not let it be found.

    >>> from copkit import paths
    >>> look(paths.home() / "data" / "examples" / "vivier_hauts_de_france.xlsx")
    {}
    """
    if path.suffix.lower() not in READ:
        return None
    try:
        with ZipFile(path) as archive:
            found = _ods(archive) if path.suffix.lower() == ".ods" else _excel(archive)
            return {name: one for name, one in found if one.cells or one.rows or one.columns}
    except UNREADABLE:
        return None


def _blocks(archive: ZipFile, part: str) -> Iterator[bytes]:
    """The text of a part of the archive, block after block, no mark of it cut in two."""
    with archive.open(part) as stream:
        end = b""
        while block := stream.read(_BLOCK):
            block = end + block
            last = block.rfind(b">") + 1
            yield block[:last]
            end = block[last:][-_TAIL:]


def _name(name: str) -> str:
    """The name of an element or of an attribute, without its namespace."""
    return name.rpartition("}")[2]


# ------------------------------------------------------------------ Excel


def _excel(archive: ZipFile) -> Iterator[tuple[str, Inside]]:
    sheets, book = sheet_parts(archive)
    to_compute = any(one.get("fullCalcOnLoad") in ("1", "true") for one in book.iterfind("{*}calcPr"))
    for name, part in sheets:
        made, some = Inside(), False
        for block in _blocks(archive, part):
            some = some or any(mark in block for mark in (b'"e"', b"</f>", b":f>"))
            if b"hidden" in block:
                _see_hidden(block, made)
        if some:
            with archive.open(part) as stream:
                made.cells = _excel_cells(stream, to_compute)
        yield name, made


def _see_hidden(block: bytes, made: Inside) -> None:
    for of, text in _HIDDEN.findall(block):
        said = {name: int(value) for name, value in _SAID.findall(text)}
        if of == b"row" and b"r" in said:
            made.rows.append((said[b"r"], said[b"r"]))
        elif of == b"col" and b"min" in said and not said.get(b"outlineLevel"):
            made.columns.append((said[b"min"] - 1, said.get(b"max", said[b"min"]) - 1))


def _excel_cells(stream: IO[bytes], to_compute: bool) -> Cells:
    """``to_compute``: the file says that its formulas are still to be computed; a zero is then no result."""
    found: Cells = {}
    number = 0
    for _, row in ElementTree.iterparse(stream):
        if _name(row.tag) != "row":
            continue
        number = int(row.get("r") or number + 1)
        for position, cell in enumerate(row):
            kind, inside = cell.get("t"), {_name(one.tag): one.text or "" for one in cell}
            value = inside.get("v", "")
            if kind == "e":
                text = value or "#N/A"
            elif "f" in inside and kind in (None, "n") and (not value or (to_compute and value == "0")):
                text = UNCOMPUTED
            else:
                continue
            column = xl_cell_to_rowcol(cell.get("r"))[1] if cell.get("r") else position
            found.setdefault(number, {})[column] = text
        row.clear()
    return found


# ------------------------------------------------------------------ LibreOffice


def _ods(archive: ZipFile) -> Iterator[tuple[str, Inside]]:
    if not any(mark in block for block in _blocks(archive, "content.xml") for mark in _TRUTHS):
        return
    with archive.open("content.xml") as stream:
        name, made, row, column, folds = "", Inside(), 0, 0, 0
        for event, element in ElementTree.iterparse(stream, ("start", "end")):
            tag, said = _name(element.tag), _said(element)
            if tag == "table-column-group":
                folds += 1 if event == "start" else -1
            elif event == "start" and tag == "table":
                name, made, row, column = said.get("name", ""), Inside(), 0, 0
            elif tag == "table":
                yield name, made
            elif event == "end" and tag == "table-column":
                first, column = column, column + int(said.get("number-columns-repeated", 1))
                if said.get("visibility") in ("collapse", "filter") and not folds:
                    made.columns.append((first, column - 1))
            elif event == "end" and tag == "table-row":
                first, row = row + 1, row + int(said.get("number-rows-repeated", 1))
                if said.get("visibility") in ("collapse", "filter"):
                    made.rows.append((first, row))
                cells = _ods_cells(element)
                made.cells |= dict.fromkeys(range(first, row + 1), cells) if cells else {}
                element.clear()


def _ods_cells(row: ElementTree.Element) -> dict[int, str]:
    found: dict[int, str] = {}
    column = 0
    for cell in row:
        said = _said(cell)
        types = {value for key, value in cell.attrib.items() if _name(key) == "value-type"}
        if "error" in types or ("formula" in said and not types and not len(cell)):
            found[column] = "".join(cell.itertext()) or UNCOMPUTED
        column += int(said.get("number-columns-repeated", 1))
    return found


def _said(element: ElementTree.Element) -> dict[str, str]:
    return {_name(key): value for key, value in element.attrib.items()}
