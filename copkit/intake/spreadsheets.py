"""Files that territories send, as raw tables: CSV, workbooks (XLSX, XLS, ODS), JSON of GraphQL.

No file format is known elsewhere in the kit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from xlsxwriter.utility import xl_col_to_name, xl_range

from copkit import french, received
from copkit.errors import ProjectError
from copkit.files import not_read
from copkit.intake import delimited, graphql, inside
from copkit.intake.sheet import Builder, Sheet

RUNS = 5  # of hidden rows that a note names
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def read(path: Path, header_row: int | None = None) -> dict[str, Sheet]:
    """The tables of a file, by sheet name (« » for a file that has no sheets).

    Raises
    ------
    ProjectError
        If the file is absent, empty, damaged, protected, or of a format that is not read.
    """
    if not os.path.exists(path):
        raise ProjectError(f"{path} : fichier absent. Vérifier le chemin.")
    if wrong := not_read(path):
        raise ProjectError(f"{path} : {wrong}")
    if path.stat().st_size == 0:
        raise ProjectError(f"{path} : le fichier est vide. L'exporter de nouveau.")
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        return _workbook(path, header_row)
    if suffix in delimited.SUFFIXES:
        return {"": delimited.read(path, header_row)}
    if suffix == ".json":
        return {"": graphql.read(path)}
    known = ", ".join((*delimited.SUFFIXES, *WORKBOOKS, ".json"))
    raise ProjectError(f"{path} : format « {suffix or 'sans extension'} » non lu. Formats lus : {known}.")


def _workbook(path: Path, header_row: int | None) -> dict[str, Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    if wrong := received.workbook(path):
        raise ProjectError(f"{path} : {wrong}")
    try:
        book = CalamineWorkbook.from_path(str(path))
        seen = inside.look(path)
        found: dict[str, Sheet] = {}
        for position, about in enumerate(book.sheets_metadata):
            known = (seen or {}).get(about.name, inside.Inside())
            sheet = _worksheet(path, book.get_sheet_by_index(position), header_row, known)
            if sheet is None:
                continue
            if about.name in found:
                raise ProjectError(f"{path} : deux feuilles s'appellent « {about.name} ». En renommer une.")
            sheet.hidden = about.visible != SheetVisibleEnum.Visible
            found[about.name] = sheet
    except PasswordError:
        raise ProjectError(f"{path} : le classeur est protégé par un mot de passe. L'enregistrer sans.") from None
    except (CalamineError, OSError, ValueError) as error:
        if "limit exceeded" in str(error):
            raise ProjectError(f"{path} : {received.TOO_FAR}") from None
        said = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        raise ProjectError(f"{path} : classeur illisible{said}. L'ouvrir et l'enregistrer de nouveau.") from None
    except BaseException as error:  # how the library, which is not written in Python, says that it lost its way
        if type(error).__name__ != "PanicException":
            raise
        raise ProjectError(f"{path} : classeur abîmé. L'ouvrir et l'enregistrer de nouveau.") from None
    if not any(sheet.headers for sheet in found.values()):
        raise ProjectError(f"{path} : aucune feuille n'a d'en-tête. Mettre le nom des colonnes en première ligne.")
    if seen is None:
        said = "cellules en erreur (#REF!…) et formules sans valeur lues vides, lignes et colonnes masquées lues comme "
        said += "les autres, sans pouvoir être signalées. L'enregistrer en .xlsx pour qu'elles le soient"
        next(iter(found.values())).notes.append(said)
    return found


def _worksheet(path: Path, sheet, header_row: int | None, known: inside.Inside) -> Sheet | None:
    if sheet.start is None:
        return None
    left = sheet.start[1]
    made, dated, numbers, bare = Builder(header_row, left), {}, {}, 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        for position, cell in [(n, cell) for n, cell in enumerate(row) if cell.__class__ is not str]:
            row[position] = _text(cell)
            if cell.__class__ is float and not cell.is_integer():
                numbers.setdefault(position, []).append(number)
            elif isinstance(cell, date):
                dated.setdefault(position, []).append(number)
        if number in known.cells:
            if any(cell.strip() for cell in row):
                _lay(row, known.cells[number], left)
            else:
                bare += 1
        made.add_wide(number, row)
    if not made.filled:
        return None
    table = made.sheet(path.name, sheet.name)
    table.dates = {c: np.isin(table.rows, at) for c, at in dated.items() if c < made.width}
    table.numbers = {c: np.isin(table.rows, at) for c, at in numbers.items() if c < made.width}
    merged = [ends for ends in sheet.merged_cell_ranges or [] if ends[1][0] >= made.first]
    table.merged = [(start[0] + 1, xl_range(*start, *end)) for start, end in merged]
    hidden = {n - left for first, last in known.columns for n in range(first, min(last, left + made.width) + 1)}
    table.unseen = {column: xl_col_to_name(column + left) for column in sorted(hidden) if 0 <= column < made.width}
    if known.rows:
        table.notes += _hidden(sheet.name, table.rows, known.rows)
    if bare:
        said = french.plural(bare, "ligne n'a", "lignes n'ont")
        table.notes.append(f"{said} que des formules en erreur ou sans valeur : rien n'y est lu")
    return table


def _hidden(name: str, rows: np.ndarray, spans: inside.Spans) -> Iterator[str]:
    """What to tell of the rows that are read and that a spreadsheet does not show."""
    last = int(rows[-1]) if len(rows) else 0
    found = rows[np.isin(rows, [n for first, end in spans for n in range(first, min(end, last) + 1)])]
    if len(found):
        runs = [run.tolist() for run in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)]
        which = [f"{run[0]}" if len(run) == 1 else f"{run[0]} à {run[-1]}" for run in runs]
        more = f" et {french.plural(len(which) - RUNS, 'autre groupe', 'autres groupes')}" if len(which) > RUNS else ""
        said = french.plural(len(found), "ligne masquée ou filtrée, lue", "lignes masquées ou filtrées, lues")
        shown = "ligne " * (len(found) == 1) + ", ".join(which[:RUNS]) + more
        yield f"feuille « {name} » : {said} comme les autres ({shown}). Ôter du fichier ce qui ne compte pas"


def _lay(row: list[str], faults: dict[int, str], left: int) -> None:
    """Write the errors of a row in their columns."""
    row += [""] * (max(faults) - left + 1 - len(row))
    for column, text in faults.items():
        if column >= left:
            row[column - left] = text


def _text(cell: object) -> str:
    """A cell of a workbook as a person would type it; a whole number has no « .0 »."""
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
