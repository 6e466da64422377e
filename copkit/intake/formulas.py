"""The cells of a workbook that have no value: errors such as #REF!, and formulas that no spreadsheet computed.

The library that reads workbooks gives both as empty cells: they are looked for in the file itself, which is parsed only
when it has some.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

from xlsxwriter.utility import xl_cell_to_rowcol

from copkit.intake.sheet import UNCOMPUTED
from copkit.received import UNREADABLE, sheet_parts

READ = (".xlsx", ".xlsm", ".ods")
_BLOCK = 1 << 20  # bytes read at once
Cells = dict[int, dict[int, str]]  # row, from 1 → column, from 0 → the error, or UNCOMPUTED


def without_value(path: Path) -> dict[str, Cells] | None:
    """The cells without a value, by sheet; nothing when the file does not let them be found.

    >>> from copkit import paths
    >>> without_value(paths.home() / "data" / "examples" / "vivier_hauts_de_france.xlsx")
    {}
    """
    if path.suffix.lower() not in READ:
        return None
    try:
        with ZipFile(path) as archive:
            found = _ods(archive) if path.suffix.lower() == ".ods" else _excel(archive)
            return {name: cells for name, cells in found if cells}
    except UNREADABLE:
        return None


def _has(archive: ZipFile, part: str, marks: tuple[bytes, ...]) -> bool:
    """True when a part of the archive has one of these marks, which are shorter than 16 bytes."""
    with archive.open(part) as stream:
        end = b""
        while block := stream.read(_BLOCK):
            block = end + block
            if any(mark in block for mark in marks):
                return True
            end = block[-16:]
    return False


def _name(name: str) -> str:
    """The name of an element or of an attribute, without its namespace."""
    return name.rpartition("}")[2]


# ------------------------------------------------------------------ Excel


def _excel(archive: ZipFile) -> Iterator[tuple[str, Cells]]:
    sheets, book = sheet_parts(archive)
    to_compute = any(one.get("fullCalcOnLoad") in ("1", "true") for one in book.iterfind("{*}calcPr"))
    for name, part in sheets:
        if _has(archive, part, (b'"e"', b"</f>", b":f>")):
            with archive.open(part) as stream:
                yield name, _excel_cells(stream, to_compute)


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


def _ods(archive: ZipFile) -> Iterator[tuple[str, Cells]]:
    if not _has(archive, "content.xml", (b':formula="',)):
        return
    with archive.open("content.xml") as stream:
        name, found, number = "", {}, 0
        for event, element in ElementTree.iterparse(stream, ("start", "end")):
            tag = _name(element.tag)
            if tag == "table" and event == "start":
                name, found, number = _said(element).get("name", ""), {}, 0
            elif tag == "table":
                yield name, found
            elif tag == "table-row" and event == "end":
                cells = _ods_cells(element)
                last = number + int(_said(element).get("number-rows-repeated", 1))
                found |= dict.fromkeys(range(number + 1, last + 1), cells) if cells else {}
                number = last
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
