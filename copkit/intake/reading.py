"""Files read into one table of the fields of what they collect, with a report of all that needs somebody."""

from __future__ import annotations

import gc
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.files import path_of, sought
from copkit.intake import (
    columns,
    cover,
    demarches,
    duplicates,
    fields,
    labels,
    levers,
    recognition,
    report,
    spreadsheets,
    stack,
)
from copkit.intake import mapping as mappings
from copkit.intake.conversion import Conversion
from copkit.intake.directory import Directory
from copkit.intake.fields import Collected, counted
from copkit.intake.headers import head
from copkit.intake.report import Reading
from copkit.intake.sheet import Sheet

PART = 20_000  # rows converted at once: what the progress bar counts, and what bounds the memory
Files = str | Path | Iterable[str | Path]
_FORMS = {
    "date": re.compile(r"(\d{4}-\d{2}-\d{2})?"),
    "place": re.compile(r"((com|epci|dep|reg)-[\dAB]{2,9})?"),
    "siren": re.compile(r"(\d{9})?"),
}
LOOKED_FOR = ("lever", "commune", "epci", "departement", "region")  # said when missing


def located(file: str | Path, kind: Collected, hint: str = "", *, folder: bool = False) -> Path:
    """A file, or a folder, where it is written: from the current folder, from where the command started, or the kit.

    Raises
    ------
    ProjectError
        If it is nowhere; ``hint`` ends the message.
    """
    found = sought(file, ProjectError, folder=folder)
    if found is None:
        raise ProjectError(
            f"Fichier de {kind.noun[1]} introuvable : « {file} ».\n"
            f"Vérifier son nom, ou donner son chemin complet.{hint}"
        )
    return found


def located_all(files: Files, kind: Collected, hint: str = "", *, folder: bool = False) -> list[Path]:
    """One file, or several, each as ``located`` finds it."""
    one = isinstance(files, str) or not isinstance(files, Iterable)
    return [located(file, kind, hint, folder=folder) for file in ([files] if one else files)]


def read(
    kind: Collected,
    files: Sequence[str | Path],
    *,
    mapping: str | Path | None = None,
    year: int | None = None,
    personal: bool = False,
    progress: Callable[[int, int], None] | None = None,
    refused: dict[str, str] | None = None,
    opening: Callable[[int, int], None] | None = None,
    directory: Directory | None = None,
) -> pd.DataFrame:
    """What files say of a kind of thing, in one table of its fields; ``attrs["reading"]`` tells what needs somebody.

    A wrong cell becomes empty and its row stays; a row that cannot be one of them is set aside, in a list. ``mapping``:
    the name of a mapping of the kind, or a YAML file; recognised by the headers of each file when it is not given.
    ``year``: of what its file does not date. ``personal``: keep personal columns and mask nothing. ``refused``: gets
    the files that cannot be read, with what is wrong, and the others are read. ``opening``, ``progress``: called with
    how many files are open, then how many rows are converted, and of how many. ``directory``: whose the opinions are.

    Raises
    ------
    ProjectError
        If a file is absent or unreadable, or if its headers are not recognised: all files at once.
    ParameterError
        If the mapping is damaged.
    """
    if not files:
        raise ProjectError("Aucun fichier à lire. Donner au moins un chemin, par exemple « dossiers.xlsx ».")
    with _without_collector():
        opened = _open(kind, [path_of(one, ProjectError) for one in files], mapping, refused, opening)
    gathering = _Gathering(kind, report.Ledger(personal, directory), year, progress)
    for at, (path, book, sheets, chosen) in enumerate(opened):
        gathering.book(at, path, book, sheets, chosen)
    table, sources = gathering.table()
    ledger = gathering.ledger
    ledger.arrange([path.name for path, *_ in opened])
    _account(ledger)
    if not personal:
        table = table[list(kind.fields)]
    table = table.assign(**{name: ledger.shown(table[name]) for name in ("source_file", "sheet")})
    table, twice, same_number = duplicates.mark(table, sources, [one.mapping for one in gathering.taken], kind)
    check(table, kind)
    table.attrs["reading"] = _reading(kind, table, twice, same_number, ledger, opened)
    return table


@contextmanager
def _without_collector() -> Iterator[None]:
    """Cells are millions of texts without a cycle: to look for some again and again takes a tenth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@dataclass
class _Taken:
    """A sheet of a file, what it is taken for, how many of its rows are kept and set aside (nothing: not read)."""

    book: int
    sheet: Sheet
    mapping: mappings.Mapping
    what: str
    kept: int | None = None
    aside: int = 0


@dataclass
class _Gathering:
    """The sheets of all files on their way to one table: small ones of a same header are converted together."""

    kind: Collected
    ledger: report.Ledger
    year: int | None
    progress: Callable[[int, int], None] | None
    taken: list[_Taken] = field(default_factory=list)
    groups: dict[tuple, list[tuple[int, dict]]] = field(default_factory=dict)  # what they share → (place, joined)
    times: Counter = field(default_factory=Counter)  # how many sheets of a file of this name have this name
    covers: list[tuple[int, Sheet, mappings.Mapping]] = field(default_factory=list)

    def book(self, at: int, path: Path, book: dict[str, Sheet], sheets: list[Sheet], chosen: mappings.Mapping) -> None:
        """A file: what each of its sheets is."""
        others = [sheet for sheet in book.values() if not any(sheet is one for one in sheets)]
        joined, held = demarches.joined(others, chosen, self.ledger, self.kind)
        if (front := cover.of(others, chosen)) is not None:
            held[front.name] = cover.TAKEN
            if (said := cover.laid(front, chosen)) is not None:
                self.covers.append((at, said, chosen))
        consulted = set(map(head, chosen.aside))
        for sheet in book.values():
            place = len(self.taken)
            if sheet.name in held:
                self.taken.append(_Taken(at, sheet, chosen, held[sheet.name], len(sheet)))
            elif any(sheet is one for one in others):
                if head(sheet.name) in consulted:
                    self.taken.append(_Taken(at, sheet, chosen, "à consulter seulement", len(sheet)))
                else:
                    left_out = recognition.left_out(chosen, sheet, sheets[0], self.kind)
                    self.taken.append(_Taken(at, sheet, chosen, left_out))
            else:
                if sheet.hidden:
                    sheet.notes.append(f"feuille masquée « {sheet.name} » lue")
                self.taken.append(_Taken(at, sheet, chosen, self.kind.noun[1], 0))
                same = None if joined else stack.key(sheet, chosen, self.kind)
                self.groups.setdefault(self._free(same, sheet) if same else (place,), []).append((place, joined))
        untold = [one for one in others if one.name not in held and head(one.name) not in consulted]
        _tell_of_the_others(path.name, untold, self.ledger)

    def _free(self, same: tuple, sheet: Sheet) -> tuple:
        """A group where no sheet of this name, in a file of this name, is yet."""
        time = self.times[sheet.file, sheet.name]
        self.times[sheet.file, sheet.name] += 1
        return (time, *same)

    def table(self) -> tuple[pd.DataFrame, np.ndarray]:
        """All rows, in the order of the files, and the place in ``taken`` of the sheet of each."""
        tables, sources, done = [], [], 0
        total = sum(len(self.taken[place].sheet.rows) for group in self.groups.values() for place, _ in group)
        if self.progress:
            self.progress(0, total)
        for group in self.groups.values():
            places = np.array([place for place, _ in group])
            every = [self.taken[place] for place in places]
            sheet = stack.stacked([one.sheet for one in every])
            conversion, before = Conversion(self.kind, sheet, every[0].mapping, self.ledger, group[0][1]), self._aside()
            for start in range(0, len(sheet.rows), PART):
                stop = min(start + PART, len(sheet.rows))
                made = conversion.part(start, stop)
                if "year" in self.kind.fields:
                    default = float(self.year or every[0].mapping.year or "nan")
                    made["year"] = made["year"].fillna(default) if "year" in made else default
                tables.append(self.kind.complete(made))
                of = sheet.part_of(conversion.rows[made.index])
                sources.append(places[of])
                for one, count in zip(every, np.bincount(of, minlength=len(every)).tolist(), strict=True):
                    one.kept += count
                done += stop - start
                if self.progress:
                    self.progress(done, total)
            conversion.tell_of_the_sheet()
            aside = Counter(self._aside(len(before)))
            for one in every:
                one.aside = aside[one.sheet.file, one.sheet.name]
            self.ledger.rows += len(sheet)
            sheet.release()
        said = self._said()
        for one in self.taken:
            self.ledger.sheet(one.sheet, one.what, one.kept, one.aside)
        if not tables:
            return self.kind.complete(pd.DataFrame(index=range(0))), np.empty(0, dtype=int)
        table, of = pd.concat(tables, ignore_index=True), np.concatenate(sources)
        if (np.diff(of) < 0).any():
            order = np.argsort(of, kind="stable")
            table, of = table.iloc[order].reset_index(drop=True), of[order]
        books = np.array([one.book for one in self.taken])[of]
        return cover.fill(table, books, said, self.kind), of

    def _aside(self, after: int = 0) -> list[tuple[str, str]]:
        """The sheet of each row set aside."""
        found = self.ledger.lists.get("set_aside")
        return list(zip(found["file"][after:], found["sheet"][after:], strict=True)) if found else []

    def _said(self) -> dict[int, dict[str, object]]:
        """What the cover of each workbook says."""
        groups: dict[tuple, list[tuple[int, Sheet, mappings.Mapping]]] = {}
        for at, sheet, chosen in self.covers:
            groups.setdefault(stack.key(sheet, chosen, self.kind) or (at,), []).append((at, sheet, chosen))
        said: dict[int, dict[str, object]] = {}
        for group in groups.values():
            sheet = stack.stacked([one for _, one, _ in group])
            conversion = Conversion(self.kind, sheet, group[0][2], self.ledger, {})
            made, of = conversion.everywhere(), sheet.part_of(sheet.rows)
            conversion.tell_of_the_sheet()
            for name in made:
                values = made[name].to_numpy()
                for n in np.flatnonzero((made[name] != self.kind.fields[name].empty) & made[name].notna()):
                    said.setdefault(group[of[n]][0], {}).setdefault(name, values[n])
        return said


def _open(
    kind: Collected,
    files: Sequence[str | Path],
    mapping: str | Path | None,
    refused: dict[str, str] | None = None,
    opening: Callable[[int, int], None] | None = None,
) -> list[tuple]:
    """(path, sheets, those to read, mapping) of each file; the problems of all files come at once."""
    opened, wrong = [], []
    known: dict[tuple, mappings.Mapping] = {}  # what each set of headers is
    given = mappings.load(mapping, kind) if mapping is not None else None
    for done, file in enumerate(files):
        path = Path(file)
        if opening:
            opening(done, len(files))
        try:
            book = _sheets(path, given.header_row if given else None, kind)
            heads = tuple(tuple(sheet.headers) for sheet in book.values())
            if not given and heads not in known:
                known[heads] = mappings.load(recognition.recognise(book, path.name, kind), kind)
            chosen = given or known[heads]
            if chosen.header_row and not given:
                book = _sheets(path, chosen.header_row, kind)
            opened.append((path, book, recognition.tables(chosen, book, path.name, kind), chosen))
        except ProjectError as error:
            wrong.append(str(error))
            if refused is not None:
                refused[str(path)] = str(error)
    if opening:
        opening(len(files), len(files))
    if wrong and (refused is None or not opened):
        raise ProjectError("\n\n".join(wrong))
    return opened


def _sheets(path: Path, header_row: int | None, kind: Collected) -> dict[str, Sheet]:
    """The tables of a file, a row for each thing."""
    book = spreadsheets.read(path, header_row)
    return {name: kind.unfold(sheet) for name, sheet in book.items()} if kind.unfold else book


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
    counts = ledger.lists.get("sheets", {"left_out": [], "headings": []})
    if any(map(all, zip(counts["left_out"], counts["headings"], strict=True))):
        sheets = ledger.table("sheets")
        lost = sheets[(sheets.left_out != 0) & (sheets.headings != 0)]
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
        files=[ledger.hide(path.name) for path, *_ in opened],
        mappings={ledger.hide(path.name): chosen.label for path, _, _, chosen in opened},
        rows=ledger.rows,
        kept=len(table),
        dropped=list(dict.fromkeys(map(ledger.hide, ledger.dropped))),
        ignored=list(dict.fromkeys(map(ledger.hide, ledger.ignored))),
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
        blocks={ledger.hide(name): block for name, block in ledger.blocks.items()},
        notes=[*map(ledger.hide, ledger.notes)],
    )


def check(table: pd.DataFrame, kind: Collected) -> None:
    """See that every standard field of the final table holds what it may hold; pandera tells what does not.

    Raises
    ------
    ProjectError
        If a field holds something else: the field, the row and the value.
    """
    wrong = {}
    for name, one in kind.fields.items():
        dtype, found, right = fields.DTYPES[one.kind], table.get(name), _right(one)
        values = [] if found is None else found.to_list() if len(found) <= columns.SHORT else found.unique()
        unknown = dtype == "float64"  # a number may be
        typed = found is not None and found.dtype == dtype and (unknown or all(one == one for one in values))
        if not typed or (right and not all(map(right, values))):
            wrong[name] = dtype, right, unknown
    if not wrong:  # pandera takes half a second to load and 2 ms a column: it looks at those at fault alone
        return
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    held = {
        name: pa.Column(dtype, pa.Check(right, element_wise=True) if right else None, nullable=unknown)
        for name, (dtype, right, unknown) in wrong.items()
    }
    try:
        pa.DataFrameSchema(held, strict=False).validate(table, lazy=True)
    except SchemaErrors as error:
        said = []
        for case in error.failure_cases.head(20).itertuples():
            at = table.iloc[int(case.index)] if case.index is not None and not pd.isna(case.index) else None
            where = f"{at.source_file}, ligne {at.row}, " if at is not None else ""
            label = kind.fields[case.column].label if case.column in kind.fields else case.column
            said.append(f"  • {where}« {label} » : valeur « {case.failure_case} » refusée. Corriger la cellule.")
        count = french.plural(len(error.failure_cases), "valeur refusée", "valeurs refusées")
        raise ProjectError("\n".join([f"Table de {kind.noun[1]} : {count}", *said])) from None


def _right(one: fields.Field) -> Callable[[object], bool] | None:
    """Whether a value may be in a column of a field; nothing where any may."""
    if one.kind == "lever":
        known = labels.lever_ids() | {fields.UNKNOWN_LEVER}
        return lambda cell: known.issuperset(fields.ids(cell))
    if one.kind in _FORMS:
        return lambda cell: _FORMS[one.kind].fullmatch(cell) is not None
    if one.kind in fields.NUMBERS:
        return lambda number: not math.isinf(number)
    allowed = {"choice": one.options, "yes_no": (fields.YES, fields.NO)}.get(one.kind)
    return None if allowed is None else lambda cell: not cell or cell in allowed
