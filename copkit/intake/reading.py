"""Files read into one table of the fields of what they collect, with a report of all that needs somebody."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from copkit import french, paths
from copkit.errors import ProjectError
from copkit.files import path_of
from copkit.intake import demarches, duplicates, fields, labels, levers, recognition, report, spreadsheets
from copkit.intake import mapping as mappings
from copkit.intake.conversion import Conversion
from copkit.intake.fields import Collected, counted
from copkit.intake.report import Reading
from copkit.intake.sheet import Sheet

PART = 20_000  # rows converted at once: what the progress bar counts, and what bounds the memory
LOOKED_FOR = ("lever", "commune", "epci", "departement", "region")  # said when missing


def located(file: str | Path, kind: Collected, hint: str = "", *, folder: bool = False) -> Path:
    """A file, or a folder, where it is written: from the current folder, from where the command started, or the kit.

    Raises
    ------
    ProjectError
        If it is nowhere; ``hint`` ends the message.
    """
    asked = path_of(file, ProjectError).expanduser()
    folders = [Path(), Path(os.environ.get("PWD", "")), paths.home()]
    places = (one / asked for one in folders)
    found = next((one for one in places if one.is_file() or (folder and one.is_dir())), None)
    if found is None:
        raise ProjectError(
            f"Fichier de {kind.noun[1]} introuvable : « {file} ».\n"
            f"Vérifier son nom, ou donner son chemin complet.{hint}"
        )
    return found


def read(
    kind: Collected,
    files: Sequence[str | Path],
    *,
    mapping: str | Path | None = None,
    year: int | None = None,
    personal: bool = False,
    progress: Callable[[int, int], None] | None = None,
    refused: dict[str, str] | None = None,
) -> pd.DataFrame:
    """What files say of a kind of thing, in one table of its fields; ``attrs["reading"]`` tells what needs somebody.

    A wrong cell becomes empty and its row stays; a row that cannot be one of them is set aside, in a list. ``mapping``:
    the name of a mapping of the kind, or a YAML file; recognised by the headers of each file when it is not given.
    ``year``: of what its file does not date. ``personal``: keep personal columns and mask nothing. ``refused``: gets
    the files that cannot be read, with what is wrong, and the others are read.

    Raises
    ------
    ProjectError
        If a file is absent or unreadable, or if its headers are not recognised: all files at once.
    ParameterError
        If the mapping is damaged.
    """
    if not files:
        raise ProjectError("Aucun fichier à lire. Donner au moins un chemin, par exemple « dossiers.xlsx ».")
    opened = _open(kind, [path_of(one, ProjectError) for one in files], mapping, refused)
    ledger = report.Ledger(personal)
    tables, sources, done = [], [], 0
    used: list[mappings.Mapping] = []  # of each sheet read
    total = sum(len(sheet.rows) for _, _, sheets, _ in opened for sheet in sheets)
    if progress:
        progress(0, total)
    for path, book, sheets, chosen in opened:
        others = [sheet for sheet in book.values() if not any(sheet is one for one in sheets)]
        joined, held = demarches.joined(others, chosen, ledger, kind)
        for sheet in book.values():
            if sheet.name in held:
                ledger.sheet(sheet, held[sheet.name], len(sheet))
                continue
            if any(sheet is one for one in others):
                ledger.sheet(sheet, recognition.left_out(chosen, sheet, sheets[0], kind))
                continue
            if sheet.hidden:
                sheet.notes.append(f"feuille masquée « {sheet.name} » lue")
            ledger.rows += len(sheet)
            conversion, before, gathered = Conversion(kind, sheet, chosen, ledger, joined), ledger.count("set_aside"), 0
            for start in range(0, len(sheet.rows), PART):
                stop = min(start + PART, len(sheet.rows))
                made = conversion.part(start, stop)
                if "year" in kind.fields:
                    default = float(year or chosen.year or "nan")
                    made["year"] = made["year"].fillna(default) if "year" in made else default
                tables.append(kind.complete(made))
                sources.append(np.full(len(made), len(used)))
                gathered += len(made)
                done += stop - start
                if progress:
                    progress(done, total)
            conversion.tell_of_the_sheet()
            used.append(chosen)
            ledger.sheet(sheet, kind.noun[1], gathered, ledger.count("set_aside") - before)
            sheet.release()
        _tell_of_the_others(path.name, [sheet for sheet in others if sheet.name not in held], ledger)
    _account(ledger)
    table = pd.concat(tables, ignore_index=True) if tables else kind.complete(pd.DataFrame(index=range(0)))
    sources = np.concatenate(sources) if sources else np.empty(0, dtype=int)
    del tables
    if not personal:
        table = table[list(kind.fields)]
    table, twice, same_number = duplicates.mark(table, sources, used, kind)
    check(table, kind)
    table.attrs["reading"] = _reading(kind, table, twice, same_number, ledger, opened)
    return table


def _open(
    kind: Collected, files: Sequence[str | Path], mapping: str | Path | None, refused: dict[str, str] | None = None
) -> list[tuple]:
    """(path, sheets, those to read, mapping) of each file; the problems of all files come at once."""
    opened, wrong = [], []
    given = mappings.load(mapping, kind) if mapping is not None else None
    for file in files:
        path = Path(file)
        try:
            book = spreadsheets.read(path, given.header_row if given else None)
            chosen = given or mappings.load(recognition.recognise(book, path.name, kind), kind)
            if chosen.header_row and not given:
                book = spreadsheets.read(path, chosen.header_row)
            opened.append((path, book, recognition.tables(chosen, book, path.name, kind), chosen))
        except ProjectError as error:
            wrong.append(str(error))
            if refused is not None:
                refused[str(path)] = str(error)
    if wrong and (refused is None or not opened):
        raise ProjectError("\n\n".join(wrong))
    return opened


def _tell_of_the_others(file: str, sheets: list[Sheet], ledger: report.Ledger) -> None:
    """Name the sheets that are not read."""
    if sheets:
        named = [f"« {one.name} » ({french.plural(one.filled, 'ligne')})" for one in sheets[:5]]
        said = "feuille non lue" if len(sheets) == 1 else "feuilles non lues"
        more = "…" if len(sheets) > 5 else "."
        ledger.notes[f"{file} : {said} : {', '.join(named)}{more}"] = None


def _account(ledger: report.Ledger) -> None:
    """See that each row of the sheets read is in the table, or in the list of those set aside.

    Raises
    ------
    ProjectError
        If it is not: a fault of the kit, and no table rather than a wrong one.
    """
    sheets = ledger.table("sheets")
    lost = sheets[(sheets.left_out != 0) & (sheets.headings != 0)]
    if len(lost):
        said = [
            f"  • {one.file} {one.sheet} : {one.filled} lignes, dont {one.headings} de titre et d'en-tête, "
            f"{one.gathered} gardées et {one.set_aside} écartées."
            for one in lost.itertuples()
        ]
        head = "Erreur de copkit, et non des fichiers : des lignes ne sont ni gardées ni écartées. Signaler ce message."
        raise ProjectError("\n".join([head, *said]))


def _reading(
    kind: Collected,
    table: pd.DataFrame,
    twice: pd.DataFrame,
    same_number: pd.DataFrame,
    ledger: report.Ledger,
    opened: list,
) -> Reading:
    kept = counted(table)
    if ledger.deduced_epci and "epci" in kind.given:
        said = french.plural(ledger.deduced_epci, *kind.noun)
        ledger.notes[f"EPCI déduit de la commune pour {said}, le fichier ne le dit pas."] = None
    return Reading(
        kind=kind,
        files=[path.name for path, *_ in opened],
        mappings={path.name: chosen.label for path, _, _, chosen in opened},
        rows=ledger.rows,
        kept=len(table),
        dropped=list(ledger.dropped),
        ignored=list(ledger.ignored),
        masked=ledger.masked,
        sheets=ledger.table("sheets"),
        missing={name: int((kept[name] == "").sum()) for name in LOOKED_FOR if name in kind.given},
        merged=ledger.table("merged"),
        conflicts=ledger.table("conflicts"),
        problems=ledger.table("problems"),
        set_aside=ledger.table("set_aside"),
        unknown_labels=ledger.unknown_labels(),
        duplicates=twice,
        same_number=same_number,
        opinions=ledger.table("opinions"),
        deduced_levers=levers.deduced(kept, list({id(chosen): chosen for *_, chosen in opened}.values())),
        blocks=dict(ledger.blocks),
        notes=list(ledger.notes),
    )


def check(table: pd.DataFrame, kind: Collected) -> None:
    """Validate the final table with pandera: every standard field holds what it may hold.

    Raises
    ------
    ProjectError
        If a field holds something else: the field, the row and the value.
    """
    from pandera.errors import SchemaErrors

    try:
        _schema(kind).validate(table, lazy=True)
    except SchemaErrors as error:
        said = []
        for case in error.failure_cases.head(20).itertuples():
            at = table.iloc[int(case.index)] if case.index is not None and not pd.isna(case.index) else None
            where = f"{at.source_file}, ligne {at.row}, " if at is not None else ""
            label = kind.fields[case.column].label if case.column in kind.fields else case.column
            said.append(f"  • {where}« {label} » : valeur « {case.failure_case} » refusée. Corriger la cellule.")
        count = french.plural(len(error.failure_cases), "valeur refusée", "valeurs refusées")
        raise ProjectError("\n".join([f"Table de {kind.noun[1]} : {count}", *said])) from None


def _schema(kind: Collected):
    import pandera.pandas as pa

    def within(choices: list[str]) -> pa.Check:
        return pa.Check.isin(["", *choices])

    levers_ = labels.lever_ids() | {fields.UNKNOWN_LEVER}
    checks = {
        "lever": lambda one: pa.Check(lambda cells: cells.map(lambda cell: set(fields.ids(cell)) <= levers_)),
        "choice": lambda one: within(list(one.options)),
        "yes_no": lambda one: within([fields.YES, fields.NO]),
        "date": lambda one: pa.Check.str_matches(r"^(\d{4}-\d{2}-\d{2})?$"),
        "place": lambda one: pa.Check.str_matches(r"^((com|epci|dep|reg)-[\dAB]{2,9})?$"),
        "siren": lambda one: pa.Check.str_matches(r"^(\d{9})?$"),
        **dict.fromkeys(fields.NUMBERS, lambda one: pa.Check(lambda cells: ~np.isinf(cells), error="finite")),
    }
    columns = {
        name: pa.Column(
            fields.DTYPES[one.kind],
            [checks[one.kind](one)] if one.kind in checks else [],
            nullable=fields.DTYPES[one.kind] == "float64",
        )
        for name, one in kind.fields.items()
    }
    return pa.DataFrameSchema(columns, strict=False)
