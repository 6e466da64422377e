"""Files as territories send them, half of them damaged, and a reading of them that owes the kit nothing.

``Case(seed, kind)`` is one sending of a kind (projects, answers, actions…: ``cases/envois.yml``): what its files hold
(the truth: rows, amounts, levers, départements) and how it was damaged. ``plain`` reads a file with csv, pandas and
openpyxl alone. A seed always makes the same files; a damage draws from a generator of its own, so that the file can be
made again with that damage alone.
"""

from __future__ import annotations

import csv
import importlib
import io
import pickle
import random
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import xlsxwriter
import yaml

HOME = Path(__file__).parents[1]
NBSP, THIN = "\u00a0", "\u202f"
MONEY = ("cost", "funding_requested", "amount", "budget", "value")
DATES = ("start", "due")
ERRORS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A")


# ------------------------------------------------------------------ the truth


@dataclass(frozen=True)
class Expect:
    """What a cell may give: ``values``; ``told``: the cell is among the problems, always or where nothing is read.

    Amounts are Decimal, levers sets of ids, the rest text; None stands for nothing.
    """

    values: tuple
    told: str = "never"  # never, when_empty, always, maybe


def sure(value: object) -> Expect:
    return Expect((value,))


def either(*values: object) -> Expect:
    """One of these, or nothing and a problem."""
    return Expect((*values, None), "when_empty")


REFUSED = Expect((None,), "always")
BLANK = Expect((None,))


@dataclass(frozen=True)
class Formula:
    """A formula of a workbook and the value that was kept with it, or none."""

    text: str
    value: object = None


@dataclass(frozen=True)
class Error:
    """A cell in error."""

    text: str


@dataclass
class Cell:
    written: object
    expect: Expect | None = None


@dataclass
class Column:
    header: str
    field: str = ""  # of the kit; « » when it is not read


@dataclass
class Row:
    """``kind``: project, second (an older version), aside (no project), named (aside, or told), told, again, blank."""

    kind: str
    cells: list[Cell]
    token: str = ""  # what its title alone holds
    mangle: Callable[[str], str] | None = None  # of its record in a CSV
    id: str = ""


@dataclass
class Sheet:
    name: str
    columns: list[Column]
    rows: list[Row]
    before: list[list[str]] = field(default_factory=list)  # rows above the header
    left: int = 0  # blank columns before the table
    projects: bool = True
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    merged: list[tuple[int, int, int]] = field(default_factory=list)  # first row, last row, column
    filtered: bool = False

    @property
    def header_row(self) -> int:
        return len(self.before) + 1

    def at(self, *fields: str) -> list[int]:
        return [i for i, one in enumerate(self.columns) if one.field in fields]

    def some(self, kind: str = "project") -> list[Row]:
        """Rows of a kind; of those that are projects, none that has an older version."""
        older = {row.id for row in self.rows if row.kind == "second"} if kind == "project" else set()
        return [row for row in self.rows if row.kind == kind and row.id not in older]


@dataclass
class File:
    name: str
    sheets: list[Sheet]
    mark: str = ";"
    encoding: str = "utf-8"
    end: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL
    last_end: bool = True
    maker: str = "openpyxl"
    first_line: str = ""
    after: list[Callable[[bytes], bytes]] = field(default_factory=list)
    torn: bool = False  # a quote may have swallowed rows: nothing can be said of their numbers
    refusable: bool = False  # to refuse the whole file is an answer

    @property
    def book(self) -> bool:
        return self.name.endswith(".xlsx")

    @property
    def main(self) -> Sheet:
        """Its first sheet of rows: a list may come before."""
        return next(sheet for sheet in self.sheets if sheet.projects)

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        if not self.book:
            path.write_bytes(self._csv())
        elif self.maker == "openpyxl":
            _by_openpyxl(self, path)
        else:
            _by_xlsxwriter(self, path)
        return path

    def _csv(self) -> bytes:
        (sheet,) = self.sheets
        records = [self._record([""] * sheet.left + line) for line in sheet.before]
        records.append(self._record([one.header for one in sheet.columns]))
        for row in sheet.rows:
            record = self._record([text_of(cell.written) for cell in row.cells])
            records.append(row.mangle(record) if row.mangle else record)
        text = self.first_line + self.end.join(records) + (self.end if self.last_end else "")
        content = text.encode(self.encoding, errors="replace")
        for change in self.after:
            content = change(content)
        return content

    def _record(self, cells: list[str]) -> str:
        if not any(cells):
            return self.mark.join(cells) if len(cells) > 1 else ""
        out = io.StringIO()
        csv.writer(out, delimiter=self.mark, quoting=self.quoting).writerow(cells)
        return out.getvalue().removesuffix("\r\n")


def text_of(written: object) -> str:
    """A cell as a person types it in a CSV."""
    if isinstance(written, Formula):
        return text_of(written.value)
    if isinstance(written, Error):
        return written.text
    if isinstance(written, date):
        return f"{written:%d/%m/%Y}"
    return "" if written is None else str(written).replace(".", ",") if isinstance(written, float) else str(written)


def _by_openpyxl(file: File, path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in file.sheets:
        page = book.create_sheet(sheet.name)
        lines = [[*line] for line in sheet.before] + [[one.header for one in sheet.columns]]
        for row, line in enumerate(lines, 1):
            for column, text in enumerate(line, 1 + sheet.left):
                if text:
                    page.cell(row, column, text)
        for number, row in enumerate(sheet.rows, sheet.header_row + 1):
            for column, cell in enumerate(row.cells, 1 + sheet.left):
                value = cell.written
                if value is not None and value != "":
                    made = page.cell(number, column)
                    made.value = value.text if isinstance(value, (Formula, Error)) else value
                    if isinstance(value, str):
                        made.data_type = "s"
        page.sheet_state = "hidden" if sheet.hidden else "visible"
        for first, last, column in sheet.merged:
            page.merge_cells(
                start_row=first, end_row=last, start_column=column + 1 + sheet.left, end_column=column + 1 + sheet.left
            )
        for number in sheet.hidden_rows:
            page.row_dimensions[number].hidden = True
        if sheet.filtered:
            page.auto_filter.ref = f"A{sheet.header_row}:{chr(65 + len(sheet.columns) - 1)}{page.max_row}"
    if all(sheet.hidden for sheet in file.sheets):
        book.create_sheet("Lisez-moi")
    book.save(path)


def _by_xlsxwriter(file: File, path: Path) -> None:
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "default_date_format": "dd/mm/yyyy"})
    for sheet in file.sheets:
        page = book.add_worksheet(sheet.name)
        lines = [[*line] for line in sheet.before] + [[one.header for one in sheet.columns]]
        for row, line in enumerate(lines):
            for column, text in enumerate(line, sheet.left):
                if text:
                    page.write_string(row, column, text)
        for number, row in enumerate(sheet.rows, sheet.header_row):
            for column, cell in enumerate(row.cells, sheet.left):
                value = cell.written
                if isinstance(value, Formula):
                    page.write_formula(number, column, value.text, None, value.value)
                elif isinstance(value, Error):
                    page.write_formula(number, column, "=NA()", None, value.text)
                elif isinstance(value, bool):
                    page.write_boolean(number, column, value)
                elif isinstance(value, date):
                    page.write_datetime(number, column, datetime(value.year, value.month, value.day))
                elif isinstance(value, str) and value:
                    page.write_string(number, column, value)
                elif value is not None and value != "":
                    page.write_number(number, column, value)
        if sheet.hidden:
            page.hide()
        for first, last, column in sheet.merged:
            kept = sheet.rows[first - sheet.header_row - 1].cells[column].written
            at = column + sheet.left
            page.merge_range(first - 1, at, last - 1, at, "")
            page.write(first - 1, at, text_of(kept) if isinstance(kept, Formula | Error) else kept)
        for number in sheet.hidden_rows:
            page.set_row(number - 1, options={"hidden": True})
        if sheet.filtered:
            page.autofilter(sheet.header_row - 1, 0, sheet.header_row + len(sheet.rows) - 1, len(sheet.columns) - 1)
    if file.sheets[0].hidden:
        book.add_worksheet("Lisez-moi").activate()
    book.close()


# ------------------------------------------------------------------ words


@cache
def levers() -> dict[str, str]:
    """Label → id of the levers of the COP, from their files."""
    found = {}
    for path in sorted((HOME / "parameters" / "leviers").glob("*.yml")):
        one = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if "cop" in (one.get("nomenclatures") or {}):
            found[one["label"]] = one["id"]
    return found


@cache
def demarches(year: int) -> dict[str, tuple[str, frozenset]]:
    """Label → (number, levers of the COP) of the démarches of the Fonds vert, from its mapping."""
    text = (HOME / "parameters" / "mappings" / "projets" / f"fonds_vert_{year}.yml").read_text(encoding="utf-8")
    found = {}
    for row in yaml.load(text, yaml.CSafeLoader)["levers"]["rows"]:
        own = row.get("levers") or ([] if row["lever"] == "autres" else [row["lever"]])
        found[row["label"]] = (row.get("number", ""), frozenset(own))
    return found


@cache
def choices(name: str) -> dict[str, str]:
    """Label → id of what a field chooses from, from the files of the kit; those of ``public`` are themselves."""
    folder = HOME / "parameters"
    if name == "public":
        return {"oui": "oui", "non": "non"}
    if name == "action":
        return dict(pd.read_csv(folder / "actions.csv", dtype=str)[["label", "action"]].itertuples(index=False))
    if name == "adaptation_lever":
        known = pd.read_csv(folder / "crosswalk.csv", dtype=str)
        return dict(known[known.nomenclature == "adaptation"][["label", "id"]].itertuples(index=False))
    scale = yaml.load((folder / "survey.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)["scale"]
    return {one["label"]: one["id"] for one in scale["choices"]} | {scale["not_applicable"]: "sans_objet"}


@cache
def listed() -> tuple[list[tuple[str, str]], tuple[list[str], list[str]], dict[str, frozenset]]:
    """The EPCI of the official lists (code and name), the codes of communes and of EPCI, the communes of each EPCI."""
    folder = HOME / "data" / "clean"
    epci = list(pd.read_csv(folder / "epci.csv", dtype=str)[["code", "name"]].itertuples(index=False, name=None))
    communes = pd.read_parquet(folder / "communes.parquet")[["code", "epci"]]
    inside = {code: frozenset(found) for code, found in communes.groupby("epci").code}
    return epci, (list(dict.fromkeys(communes.code)), [code for code, _ in epci]), inside


PLACES = {  # code of the département → its name, a commune and its code
    "59": ("Nord", "Lille", "59350"),
    "62": ("Pas-de-Calais", "Arras", "62041"),
    "02": ("Aisne", "Laon", "02408"),
    "21": ("Côte-d'Or", "Dijon", "21231"),
    "22": ("Côtes-d'Armor", "Saint-Brieuc", "22278"),
    "2A": ("Corse-du-Sud", "Ajaccio", "2A004"),
    "01": ("Ain", "Bourg-en-Bresse", "01053"),
    "974": ("La Réunion", "Le Tampon", "97422"),
    "67": ("Bas-Rhin", "Strasbourg", "67482"),
    "69": ("Rhône", "Villefranche-sur-Saône", "69264"),
}
ACTIONS = ("Plantation de haies", "Rénovation de l'école", "Chaufferie bois", "Piste cyclable", "Cœur d’îlot planté")
TRAPS = (
    "Total désherbage à la main",
    "Ensemble scolaire, isolation",
    "TotalEnergies, parc solaire",
    "Sommes-nous prêts",
)
BRITTANY = {"Côtes-d'Armor": "22", "Finistère": "29", "Ille-et-Vilaine": "35", "Morbihan": "56"}
SHARED = ("Gestion des haies", "Covoiturage")  # levers that local figures share out
UNKNOWN_LEVERS = ("Résilience du tissu local", "Grande cause locale", "Attractivité", "Numérique responsable")
NOTHING = ("", "", "", "NULL", "-")


@cache
def bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def token(seed: int, number: int) -> str:
    """Letters that no other project has."""
    rest, out = seed * 64 + number, ""
    while rest:
        rest, at = divmod(rest, 16)
        out += "bcdfghjklmnpqrst"[at]
    return out.upper().ljust(5, "Z")


def reworded(rng: random.Random, text: str) -> str:
    """A label as somebody else would type it."""
    forms = _reworded(text)
    return forms[how] if (how := rng.randrange(9)) < len(forms) else text


@cache
def _reworded(text: str) -> tuple[str, ...]:
    return text.upper(), text.lower(), bare(text), f"  {text} ", text.replace(" ", NBSP, 1), text.replace("'", "’")


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


def money(rng: random.Random, book: bool) -> Cell:
    """An amount in one of the forms that can be read in one way only."""
    whole = rng.choice((rng.randrange(1, 1000), rng.randrange(1000, 10**6), rng.randrange(10**6, 10**8)))
    cents = rng.randrange(1, 100)
    exact, with_cents = Decimal(whole), Decimal(whole * 100 + cents) / 100
    if book and rng.random() < 0.6:
        return rng.choice(
            (
                Cell(whole, sure(exact)),
                Cell(float(with_cents), sure(with_cents)),
                Cell(Formula(f"={whole}+0", whole), sure(exact)),
            )
        )
    forms = [
        (str(whole), exact),
        (f"{whole},{cents:02d}", with_cents),
        (f"{whole}.{cents:02d}", with_cents),
        (f"{whole},{cents // 10}", Decimal(whole * 10 + cents // 10) / 10),
        (f"{whole} €", exact),
        (f"{whole},{cents:02d} EUR", with_cents),
        (f"{whole} € HT", exact),
        (f"{whole % 10**5} k€", Decimal(whole % 10**5) * 1000),
        (f"{whole % 100},{cents // 10} M€", (whole % 100 + Decimal(cents // 10) / 10) * 10**6),
        *((f"{grouped(whole, mark)} €", exact) for mark in (" ", NBSP, THIN)),
        *((f"{grouped(whole, mark)},{cents:02d}", with_cents) for mark in (" ", NBSP, THIN)),
    ]
    if whole >= 10**6:
        forms += [
            (f"{grouped(whole, '.')},{cents:02d}", with_cents),
            (f"{grouped(whole, ',')}.{cents:02d}", with_cents),
            (grouped(whole, "."), exact),
        ]
    text, value = rng.choice(forms)
    return Cell(text, sure(value))


def day(rng: random.Random, book: bool, year: int = 0) -> Cell:
    one = date(year or rng.randrange(2020, 2031), rng.randrange(1, 13), rng.randrange(1, 29))
    if book and rng.random() < 0.6:
        return Cell(one, sure(one.isoformat()))
    months = [
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ]
    written = f"{'1er' if one.day == 1 else one.day} {months[one.month - 1]} {one.year}"
    return Cell(rng.choice((f"{one:%d/%m/%Y}", one.isoformat(), f"{one:%d.%m.%Y}", written)), sure(one.isoformat()))


def lever(rng: random.Random) -> Cell:
    known = list(levers())
    how = rng.random()
    if how < 0.1:
        return Cell(rng.choice(NOTHING), sure(frozenset()))
    if how < 0.2:
        return Cell(rng.choice(UNKNOWN_LEVERS), Expect((frozenset(),), "always"))
    if how < 0.35:
        simple = [label for label in known if not re.search("[,/&]", label)]
        chosen = rng.sample(simple, rng.choice((2, 2, 3)))
        mark = rng.choice((" / ", " ; ", "; ", " | ", ", ", "\n"))
        found, told = frozenset(levers()[label] for label in chosen), "never"
        if rng.random() < 0.2:
            chosen.insert(rng.randrange(len(chosen) + 1), UNKNOWN_LEVERS[0])
            told = "always"
        return Cell(mark.join(chosen), Expect((found,), told))
    chosen = rng.choice(known)
    return Cell(reworded(rng, chosen), sure(frozenset({levers()[chosen]})))


def choice(rng: random.Random, name: str, number: int) -> Cell:
    """One of the choices of a field, nothing, or what none of them is; a row of answers has an action of its own."""
    known, how = list(choices(name).items()), rng.random()
    if name == "action":
        label, id_ = known[number % len(known)]
        return Cell(label, sure(id_))
    if how < 0.2:
        return Cell("", BLANK) if how < 0.1 else Cell("À voir avec le voisin", REFUSED)
    label, id_ = rng.choice(known)
    return Cell(reworded(rng, label), sure(id_))


def place(rng: random.Random) -> dict[str, Cell]:
    """The cells of places of a row, which agree."""
    code = rng.choice(list(PLACES))
    name, commune, insee = PLACES[code]
    if rng.random() < 0.08:
        return {
            "departement": Cell("Nrod-Est", Expect((None,), "always")),
            "departement_code": Cell("", None),
            "territory": Cell("Nrod-Est", REFUSED),
            "commune": Cell("", BLANK),
            "commune_code": Cell("", None),
            "region": Cell("", None),
        }
    label = rng.choice((name, name, reworded(rng, name), code, f"{code} - {name}", f"{name} ({code})"))
    return {
        "departement": Cell(label, sure(f"dep-{code}")),
        "departement_code": Cell(int(code) if code.isdigit() and rng.random() < 0.3 else code, sure(f"dep-{code}")),
        "territory": Cell(label if bare(label) == name and code != "974" else f"dep-{code}", sure(f"dep-{code}")),
        "commune": Cell(reworded(rng, commune), sure(f"com-{insee}")),
        "commune_code": Cell(insee, sure(f"com-{insee}")),
    }


# ------------------------------------------------------------------ forms


@dataclass(frozen=True)
class Form:
    """Columns of a known family of files: header → what fills it; ``always`` are those by which it is recognised."""

    always: dict[str, str]
    sometimes: dict[str, str] = field(default_factory=dict)
    sheet: str = ""
    deduplicated: bool = False
    decimal: str = ""  # the mark of decimals, where the family is known to have one
    weight: int = 2
    book: bool = False  # workbooks only
    above: list[list[str]] | None = None  # the rows above its header; None: blank ones, or none
    rows: int = 0  # of each of its files; nothing: a few


def _forms() -> dict[str, dict[str, Form]]:
    made = yaml.load((HOME / "tests" / "cases" / "envois.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {kind: {name: Form(**one) for name, one in forms.items()} for kind, forms in made.items()}


FORMS = _forms()  # kind → family → its columns
CHOICES = ("adaptation_lever", "action", "pertinence", "collectivite", "parties_prenantes", "public")
PLACED = ("departement", "departement_code", "commune", "commune_code", "territory")
CHECKED = ("title", "lever", "axis", "demarche", *PLACED, *CHOICES, *DATES, *MONEY)


# ------------------------------------------------------------------ a case


class Case:
    """One sending, made from a seed: one file, or two; ``damages``: those it has, of ``DAMAGES``."""

    def __init__(
        self, seed: int, damages: tuple[str, ...] | None = None, rows: int | None = None, kind: str = "dossiers"
    ) -> None:
        self.seed, self.kind = seed, kind
        drawn = self.drawn(seed, kind) if damages is None else damages
        for attempt in range(60):  # until the file is one that can have its first damage
            self._make(random.Random(f"file {seed} {attempt}"), rows)
            self.damages = tuple(name for name in drawn[:1] if self._suffer(name))
            if self.damages or not drawn:
                break
        self.damages += tuple(name for name in drawn[1:] if self._suffer(name))

    def _make(self, rng: random.Random, rows: int | None) -> None:
        forms = FORMS[self.kind]
        self.mapping = rng.choices(list(forms), [one.weight for one in forms.values()])[0]
        self.form = forms[self.mapping]
        self.rows = rows or self.form.rows or rng.randrange(3, 11)
        self.files = [self.file(rng, "a", 0)]

    def row(self, rng: random.Random, columns: list[Column], number: int, book: bool) -> Row:
        one, seed = token(self.seed, number), self.seed
        where = place(rng)
        trap = rng.random() < 0.04
        title = f"{rng.choice(TRAPS if trap else ACTIONS)}, lot {one}"
        said = Expect(
            (title,), "maybe" if trap and self.kind != "dossiers" else "never"
        )  # a table of few columns may doubt
        year = 2024 if self.mapping.endswith("2024") else 2023
        label, (démarche, found) = rng.choice(list(demarches(year).items()))
        id_ = str(10_000_000 + seed * 64 + number)
        texts = {
            "project_id": int(id_) if book and rng.random() < 0.5 else id_,
            "title": title,
            "holder": f"Commune inventée de {one}",
            "phone": rng.choice(("03 20 00 00 00", "accueil@exemple.fr", "")),
            "maturity": rng.choice(("Idée", "Prêt à démarrer", "")),
            "dimension": rng.choice(("innove", "")),
            "number": démarche,
            "siren": "210103768",
            "siret": "21010376800012",
            "year": "2024",
            "text": rng.choice(
                (
                    "",
                    "Deux phrases. Et une autre ; avec un point-virgule",
                    "Une ligne\nune autre",
                    'Un "mot" cité',
                    "5 % en plus",
                )
            ),
            "": rng.choice(("", "1", "à revoir", "TOTAL")),
        } | self.places(number)
        made = []
        for column in columns:
            name = column.field
            if name == "value":
                value = rng.choice((rng.randrange(1, 10**6), rng.randrange(100, 10**7) / 100))
                cell = Cell(value, sure(Decimal(str(value))))
            elif name in MONEY:
                cell = Cell(rng.choice(NOTHING[:4]), BLANK) if rng.random() < 0.1 else money(rng, book)
            elif name in ("lever", "axis"):
                cell = lever(rng)
                if name == "axis" and cell.expect.told == "always":  # an axis may be no lever
                    cell.expect = Expect((*cell.expect.values, frozenset()), "maybe")
            elif name == "demarche":
                cell = Cell(label, sure(found))
            elif name in where:
                cell = where[name]
            elif name in CHOICES:
                cell = choice(rng, name, number)
            elif name in DATES or name in ("submitted", "updated"):
                cell = day(rng, book, 2024 if name == "updated" else 0)
            else:
                cell = Cell(texts.get(name, ""), said if name == "title" else None)
            made.append(Cell(cell.written, cell.expect))
        return Row("project", made, one, id=id_)

    def places(self, number: int) -> dict[str, str]:
        """Who answers, which place a row is of: one for each sending, or one for each row, and never twice."""
        epci, both, _ = listed()
        code, name = epci[(2 * self.seed + (number >= 20)) % len(epci)]
        codes = both[self.seed // 2 % 2]
        return {
            "respondent": name,
            "respondent_siren": code.removeprefix("epci-"),
            "code": codes[(self.seed * 64 + number) % len(codes)],
            "perimeter": f"Périmètre inventé {token(self.seed, 1 + number // 4)}",
            "shared_lever": SHARED[number // len(BRITTANY) % len(SHARED)],
            "shared_territory": [*BRITTANY][number % len(BRITTANY)],
            "unit": "km",
            "blank": "",
        }

    def _suffer(self, name: str) -> bool:
        try:
            return DAMAGES[name](random.Random(f"{name} {self.seed}"), self, self.files[0]) is not False
        except IndexError:  # nothing left to choose from
            return False

    @staticmethod
    def drawn(seed: int, kind: str = "dossiers") -> tuple[str, ...]:
        """The damages of a seed: none for half of them, else one to three, each damage as often first."""
        if seed % 2 == 0:
            return ()
        rng, names = random.Random(f"damages {seed}"), possible(kind)
        first = names[seed // 2 % len(names)]
        others = rng.sample([one for one in names if one not in (first, *ALONE)], rng.choice((0, 0, 0, 1, 2)))
        return (first,) if first in ALONE else (first, *others)

    def file(self, rng: random.Random, letter: str, first: int) -> File:
        """A sound file."""
        book = rng.random() < 0.4 or self.form.book
        optional = [h for h in self.form.sometimes if rng.random() < 0.75]
        if "Code département" in optional and "Département" in optional:
            optional.remove("Code département")
        wanted = [*self.form.always, *optional]
        rng.shuffle(wanted)
        fields_of = self.form.always | self.form.sometimes
        columns = [Column(reworded_header(rng, header), fields_of[header]) for header in wanted]
        rows = [self.row(rng, columns, first + n, book) for n in range(self.rows)]
        sheet = Sheet(rng.choice((self.form.sheet or "Feuil1", self.form.sheet or "Projets 2025")), columns, rows)
        file = File(f"{self.seed:04d}{letter}.{'xlsx' if book else 'csv'}", [sheet])
        file.mark = rng.choice((";", ";", ",", "\t", "|"))
        file.encoding = rng.choice(("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"))
        file.end = rng.choice(("\n", "\r\n", "\r\n", "\r"))
        file.quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
        file.last_end = rng.random() < 0.8
        file.maker = rng.choice(("openpyxl", "xlsxwriter"))
        if file.maker == "openpyxl":
            valued(rows)
        if file.encoding == "cp1252" and not book:
            for row in rows:
                for cell in row.cells:
                    if isinstance(cell.written, str):
                        cell.written = cell.written.replace(THIN, NBSP)
            for column in columns:
                column.header = column.header.replace(THIN, NBSP)
        sheet.before = self.form.above or []
        if book and self.form.above is None:
            sheet.before = [[]] * rng.choice((0, 0, 0, 1, 3))
            sheet.left = rng.choice((0, 0, 0, 1))
            sheet.filtered = rng.random() < 0.2 and not sheet.left
            if rng.random() < 0.2:
                sheet.hidden_rows = (sheet.header_row + 1,)
        if rng.random() < 0.2 and self.form.deduplicated:
            second_version(rng, sheet)
        return file


@cache
def possible(kind: str) -> list[str]:
    """The damages that files of a kind can have."""
    if kind == "dossiers":
        return list(DAMAGES)
    case, found = Case(0, (), kind=kind), set()
    for attempt in range(12):
        case._make(random.Random(f"sound {attempt}"), None)
        sound = pickle.dumps(case)
        found |= {name for name in DAMAGES if name not in found and pickle.loads(sound)._suffer(name)}
    return [name for name in DAMAGES if name in found]


def valued(rows: list[Row]) -> None:
    """Formulas become their values: openpyxl writes a formula without its value."""
    for row in rows:
        for cell in row.cells:
            if isinstance(cell.written, Formula):
                cell.written = cell.written.value


def reworded_header(rng: random.Random, header: str) -> str:
    how = rng.randrange(10)
    return (header.upper(), bare(header), f" {header}  ", header.replace(" ", NBSP, 1))[how] if how < 4 else header


def second_version(rng: random.Random, sheet: Sheet) -> None:
    """An older version of a dossier: same number, same title, same holder, another cost."""
    new = rng.choice(sheet.rows)
    old = Row("second", [Cell(cell.written, None) for cell in new.cells], new.token, id=new.id)
    dated = sheet.at("updated")
    for at in sheet.at(*MONEY):
        old.cells[at] = Cell("77", None)
    if dated:
        for at in dated:
            old.cells[at] = Cell("2021-01-05", None)
        sheet.rows.insert(rng.randrange(len(sheet.rows) + 1), old)
    else:
        sheet.rows.insert(next(i for i, row in enumerate(sheet.rows) if row is new), old)


# ------------------------------------------------------------------ damages

DAMAGES: dict[str, Callable] = {}
ALONE = ("total_by_another_name", "table_beside")  # what another damage would undo


def damage(made: Callable) -> Callable:
    """Name a damage; it gives False where a file cannot have it."""
    DAMAGES[made.__name__] = made
    return made


def of_cells(fields: tuple[str, ...], *texts: object, expect: Expect = REFUSED, books: bool | None = None) -> Callable:
    """A damage that writes one of some texts in a cell of some fields."""

    def make(rng: random.Random, case: Case, file: File):
        sheet = file.main
        found = sheet.at(*fields)
        if not found or not sheet.some() or books not in (None, file.book):
            return False
        text = rng.choice(texts)
        text = text(rng) if callable(text) else text
        if file.encoding == "cp1252" and isinstance(text, str) and not file.book:
            text = text.replace(THIN, NBSP)
        at = rng.choice(found)
        cell = rng.choice(_shown(sheet, at)).cells[at]
        cell.written, cell.expect = text, expect(cell.expect) if callable(expect) else expect
        return None

    return make


def _shown(sheet: Sheet, at: int) -> list[Row]:
    """The projects whose cell no merged one hides."""
    return [row for row in sheet.some() if not (e := row.cells[at].expect) or e.told != "maybe"]


def ambiguous(rng: random.Random) -> str:
    return f"{rng.randrange(1, 1000)}{rng.choice(',')}{rng.randrange(0, 1000):03d}{rng.choice(('', ' €'))}"


DAMAGES |= {
    "ambiguous_grouping": of_cells(MONEY, ambiguous),
    "telephone_in_amounts": of_cells(MONEY, "06 12 34 56 78", "0612345678", "03.20.00.00.00", "+33 6 12 34 56 78"),
    "two_numbers_in_a_cell": of_cells(
        MONEY, "20 000 25 000", "10 à 20", "1,2,3", "2024,2025", "1500 / 2500", "20 000\n25 000", "1 000-2 000"
    ),
    "date_in_amounts": of_cells(MONEY, "12.03.2024", "12/03/2024", "2024-03-12", "3 mars 2024"),
    "date_of_the_workbook_in_amounts": of_cells(MONEY, date(2024, 3, 12), books=True),
    "boolean_in_amounts": of_cells(MONEY, True, False, books=True),
    "unit_in_amounts": of_cells(MONEY, "500 m", "1 500 m²", "12 %", "3 t", "20 ha", "6 mois", "12 ktCO2e"),
    "words_in_amounts": of_cells(MONEY, "à définir", "environ 50 000", "12 000 (1)", "voir annexe", "< 5000"),
    "odd_grouping": of_cells(MONEY, "12 34 567", "1 2345", "1.23.456", "12,3456,789", "1 234 56"),
    "huge_amount": of_cells(MONEY, "90000000000000000", 9e16, "9e16", expect=either(Decimal("9e16"))),
    "negative_amount": of_cells(MONEY, "-5 000", "−5000", -5000, expect=either(Decimal(-5000))),
    "error_in_amounts": of_cells(MONEY, Error("#REF!"), Error("#DIV/0!"), Error("#VALUE!"), Error("#NAME?")),
    "not_available_in_amounts": of_cells(MONEY, Error("#N/A"), books=True),
    "error_in_levers": of_cells(
        ("lever",), Error("#REF!"), Error("#NAME?"), expect=Expect((frozenset(),), "always")
    ),
    "error_in_places": of_cells(  # another column may say it
        ("departement",), Error("#REF!"), Error("#N/A"), books=True,
        expect=lambda old: Expect((None, *(old.values if old else ())), "always"),
    ),
    "two_digit_year": of_cells(DATES, "31/12/99", "01/02/25", "5.6.24"),
    "serial_number_in_dates": of_cells(DATES, "45747", 45747, "45747.5"),
    "impossible_date": of_cells(DATES, "31/02/2025", "2025-13-01", "courant 2026", "T1 2026", "2026"),
    "several_levers": of_cells(
        ("lever",), "Gestion des haies / Covoiturage", "Covoiturage / Gestion des haies",
        expect=sure(frozenset({"haies", "covoiturage"})),
    ),
    "lever_in_capitals": of_cells(("lever",), "GESTION DES HAIES", "gestion des haies", " Gestion  des\u00a0haies ",
                                  expect=sure(frozenset({"haies"}))),
    "spaces_in_numbers": of_cells(
        MONEY, "\u00a012\u00a0345\u00a0", "\u202f12\u202f345 €", " 12345 ", "12\u2009345", "\ufeff12345",
        expect=either(Decimal(12345)),
    ),
    "long_cell": of_cells(("text", "", "holder"), "mot " * 8000, "x" * 40_000, expect=None),
}  # fmt: skip


@damage
def american_date(rng, case, file):
    """A date whose second part can only be the day: the others of its column may then be read in two ways."""
    sheet = file.main
    at = sheet.at(*DATES)[0]
    chosen = rng.choice(sheet.some())
    for row in sheet.rows:
        if row.cells[at].expect:
            row.cells[at].expect = either(*row.cells[at].expect.values)
    chosen.cells[at] = Cell(rng.choice(("12/31/2025", "03/14/2025", "2/28/2026")), REFUSED)


@damage
def formula_without_value(rng, case, file):
    sheet = file.main
    found = sheet.at(*MONEY)
    if not file.book or not found or not sheet.some():
        return False
    file.maker = "openpyxl"
    valued(sheet.rows)
    at = rng.choice(found)
    cell = rng.choice(_shown(sheet, at)).cells[at]
    cell.written, cell.expect = Formula("=1000*2"), REFUSED
    return None


def extra_row(sheet: Sheet, cells: dict[str, object], kind: str = "aside", at: int | None = None) -> Row:
    row = Row(kind, [Cell("") for _ in sheet.columns])
    for name, value in cells.items():
        for i in sheet.at(name)[:1]:
            row.cells[i].written = value
    sheet.rows.insert(len(sheet.rows) if at is None else at, row)
    sheet.hidden_rows = ()
    return row


@damage
def blank_rows(rng, case, file):
    for _ in range(rng.randrange(1, 4)):
        text = rng.choice(("", " ", NBSP)) if not file.book else ""
        row = extra_row(file.main, {}, "blank", rng.randrange(len(file.main.rows) + 1))
        row.cells[0].written = text


@damage
def row_far_below(rng, case, file):
    for _ in range(60):
        extra_row(file.main, {}, "blank", len(file.main.rows) - 1)


@damage
def header_in_the_middle(rng, case, file):
    sheet = file.main
    row = extra_row(sheet, {}, at=rng.randrange(1, len(sheet.rows) + 1))
    for cell, column in zip(row.cells, sheet.columns, strict=True):
        cell.written = column.header


@damage
def files_put_end_to_end(rng, case, file):
    """The second file keeps its header and its mark of the order of bytes."""
    if file.book or file.encoding == "utf-16":
        return False
    file.encoding = "utf-8-sig"
    header_in_the_middle(rng, case, file)
    row = next(row for row in file.main.rows if row.kind == "aside" and row.mangle is None)
    row.mangle = lambda text: "\ufeff" + text
    return None


TOTALS = ("TOTAL", "Total général", "Total Nord", "Sous-total 59", "Ensemble", "S/Total", "Total :", "TOTAL GENERAL",
          "Sous total", "Totaux", "Total HT", "Total 2025")  # fmt: skip


@damage
def total_rows(rng, case, file):
    """Their label is in the title, the number or the holder; their amounts are numbers."""
    sheet = file.main
    where = rng.choice([name for name in ("title", "project_id", "holder") if sheet.at(name)])
    places_ = [len(sheet.rows)] + ([rng.randrange(1, len(sheet.rows))] if rng.random() < 0.4 else [])
    for at in sorted(places_, reverse=True):
        extra_row(sheet, {where: rng.choice(TOTALS)} | {name: "3000" for name in MONEY}, at=at)


@damage
def total_of_a_departement(rng, case, file):
    """A subtotal that carries the département or the lever of its group."""
    sheet = file.main
    if not sheet.at("departement", "departement_code", "lever"):
        return False
    beside = {"departement": "Nord", "departement_code": "59", "lever": "Gestion des haies"}
    said = {"title": rng.choice(("Total Nord", "Sous-total 59", "Sous-total", "Total"))}
    extra_row(sheet, said | beside | {name: "3000" for name in MONEY}, at=rng.randrange(1, len(sheet.rows) + 1))
    return None


@damage
def total_by_another_name(rng, case, file):
    """The sum of the rows above under a title that only its amounts betray: set aside, or told."""
    sheet = file.main
    found = [at for at in sheet.at(*MONEY) if all(row.cells[at].expect for row in sheet.rows)]
    sums = {at: sum(row.cells[at].expect.values[0] or 0 for row in sheet.some()) for at in found}
    if not found or any(row.kind != "project" for row in sheet.rows) or not all(sums.values()):
        return False
    names = ("Récapitulatif", "À reporter", "Montant total demandé", "Total lot 1", "Cumul 2024", "Bilan", "Somme")
    row = extra_row(sheet, {"title": rng.choice(names)}, "named")
    for at, amount in sums.items():
        row.cells[at].written = f"{amount:.2f}".replace(".", ",")
    return None


@damage
def amounts_alone(rng, case, file):
    """The row of sums that a spreadsheet adds under a table, without a word."""
    if not file.main.at(*MONEY):
        return False
    extra_row(file.main, {name: "3000" for name in MONEY})
    return None


@damage
def shifted_row(rng, case, file):
    sheet = file.main
    if not sheet.at("project_id", "lever", *PLACED, *CHOICES):
        return False  # its columns take any text: nothing betrays the row
    row = rng.choice(sheet.some())
    row.kind = "named"
    row.cells = [Cell(""), *(Cell(cell.written) for cell in row.cells[:-1])]
    row.cells[0].written = "x" if rng.random() < 0.3 else ""


def of_record(change: Callable[[random.Random, str, str], str]) -> Callable:
    def make(rng: random.Random, case: Case, file: File):
        if file.book:
            return False
        row = rng.choice(file.main.some())
        row.kind = "named"
        row.mangle = lambda text: change(rng, text, file.mark)
        return None

    return make


def _simple(text: str, mark: str) -> list[str]:
    return next(csv.reader([text.replace("\n", " ")], delimiter=mark))


DAMAGES |= {
    "separator_missing": of_record(lambda rng, text, mark: mark.join(
        f'"{c}"'.replace('""', '"') if mark in c else c.replace('"', "") for c in _simple(text, mark)[:-1])),
    "separator_in_excess": of_record(lambda rng, text, mark: "x" + mark + text),
}  # fmt: skip


@damage
def separator_not_quoted(rng, case, file):
    """A title that holds the separator."""
    if file.book:
        return False
    row = rng.choice([row for row in file.main.some() if text_of(row.cells[-1].written).strip()])  # seen by its end
    row.kind = "named"
    title = row.cells[file.main.at("title")[0]].written
    parted = title.replace(", lot", f"{file.mark} lot")
    row.mangle = lambda text: text.replace(f'"{title}"', parted).replace(title, parted)
    return None


@damage
def empty_separators_at_the_end(rng, case, file):
    if file.book:
        return False
    row = rng.choice(file.main.some())
    row.mangle = lambda text: text + file.mark * rng.randrange(1, 4)
    return None


def _quotable(file: File) -> bool:
    rows = file.main.rows
    return not file.book and not file.torn and all(row.kind == "project" and row.mangle is None for row in rows)


@damage
def stray_quote(rng, case, file):
    """A quote that opens a cell and that nothing closes, or that the next quoted cell closes."""
    if not _quotable(file) or file.quoting == csv.QUOTE_ALL:
        return False
    sheet = file.main
    row = rng.choice(sheet.rows)
    at = rng.choice(sheet.at("title", "holder", *MONEY, "text", "lever", ""))
    row.cells[at].expect = row.cells[sheet.at("title")[0]].expect = None
    row.mangle = lambda text: _with_quote(text, file.mark, at)
    file.torn = True
    return None


@damage
def two_stray_quotes(rng, case, file):
    """A quote that opens a cell, and another, rows below, that closes it: the text between them is one cell."""
    if not _quotable(file) or file.quoting == csv.QUOTE_ALL or len(file.main.rows) < 4:
        return False
    sheet = file.main
    first, last = sorted(rng.sample(range(len(sheet.rows)), 2))
    at = rng.choice(sheet.at("title", "holder", *MONEY))
    for number in {first, last}:
        row = sheet.rows[number]
        row.cells[at].expect = row.cells[sheet.at("title")[0]].expect = None
        closes = number == last and first != last
        row.mangle = lambda text, closes=closes: _with_quote(text, file.mark, at, closes)
    file.torn = True
    return None


def _with_quote(text: str, mark: str, at: int, behind: bool = False) -> str:
    cells = next(csv.reader([text.replace("\n", " ")], delimiter=mark))
    cells = [f'"{c}"' if mark in c else c.replace('"', "") for c in cells]
    cells[at] = cells[at].strip('"').replace(mark, " ")
    cells[at] = f'{cells[at]}"' if behind else f'"{cells[at]}'
    return mark.join(cells)


@damage
def quote_inside_a_cell(rng, case, file):
    """An inch, a name between quotes: nothing opens."""
    if not _quotable(file):
        return False
    sheet = file.main
    row, at = rng.choice(sheet.rows), sheet.at("title")[0]
    row.cells[at].written = f'Tuyau de 3" au {row.cells[at].written}'
    row.cells[at].expect = row.cells[at].expect and sure(row.cells[at].written)
    if file.quoting != csv.QUOTE_ALL:
        row.mangle = lambda text: text.replace('"Tuyau de 3"" au', 'Tuyau de 3" au').replace(f'{row.token}"', row.token)
        row.kind = "named" if file.mark == "," else "project"
    return None


@damage
def truncated_last_row(rng, case, file):
    if file.book or file.torn or file.main.rows[-1].kind not in ("project", "second"):
        return False
    row = file.main.rows[-1]
    if row not in file.main.some() or row.mangle:
        return False
    row.kind, file.last_end = "named", False
    whole = len(file._record([text_of(cell.written) for cell in row.cells[:-2]]))
    row.mangle = lambda text: text[: rng.randrange(2, max(3, whole))]
    return None


@damage
def nul_bytes(rng, case, file):
    if file.book or file.encoding == "utf-16":
        return False
    row = rng.choice(file.main.rows)
    before = row.mangle or (lambda text: text)
    row.mangle = lambda text: before(text).replace(", lot", ",\0 lot", 1)
    return None


@damage
def foreign_byte(rng, case, file):
    """A byte of cp1252 in a file in UTF-8."""
    if file.book or file.encoding == "utf-16":
        return False
    file.encoding = "utf-8"
    row = rng.choice(file.main.some())
    at = file.main.at("title")[0]
    row.cells[at] = Cell(f"@@@{row.cells[at].written}")
    file.after.append(lambda content: content.replace(b"@@@", b"\xc9t\xe9 "))
    return None


@damage
def utf16_without_a_mark(rng, case, file):
    if file.book:
        return False
    file.encoding, file.refusable = "utf-16-le", True
    for row in file.main.rows:
        for cell in row.cells:
            if cell.expect and cell.expect.told == "never":
                cell.expect = Expect((*cell.expect.values, None, frozenset()), "maybe")
    return None


@damage
def mixed_line_ends(rng, case, file):
    if file.book:
        return False
    for row in file.main.rows:
        if row.mangle is None and rng.random() < 0.5:
            row.mangle = lambda text: text + "\r"
    file.end = "\n"
    return None


@damage
def separator_declared(rng, case, file):
    """The first line that makes a spreadsheet choose the separator."""
    if file.book or file.encoding == "utf-16":
        return False
    file.encoding = "utf-8"
    file.main.before = []
    file.first_line, file.refusable = f"sep={file.mark}{file.end}", True
    return None


@damage
def title_above_the_header(rng, case, file):
    sheet = file.main
    sheet.before = [["Projets du Nord, bilan 2025"], *([[]] if rng.random() < 0.5 else []), *sheet.before]
    sheet.hidden_rows = ()
    sheet.merged = [(a + len(sheet.before), b + len(sheet.before), c) for a, b, c in sheet.merged]
    file.refusable = True


@damage
def merged_cells(rng, case, file):
    sheet = file.main
    found = sheet.at("lever", *MONEY)
    if not file.book or not found or any(row.kind != "project" for row in sheet.rows[:3]):
        return False
    at, first = rng.choice(found), sheet.header_row + 1
    sheet.merged.append((first, first + 2, at))
    sheet.filtered = False
    top = sheet.rows[0].cells[at]
    if isinstance(top.written, (Formula, Error)):
        top.written = getattr(top.written, "value", None) or "12"
        top.expect = None
    for row in sheet.rows[1:3]:
        row.cells[at] = Cell("", Expect((*(top.expect.values if top.expect else ()), None, frozenset()), "maybe"))
    return None


@damage
def cell_on_the_right(rng, case, file):
    """A remark on the right of the last header: not read, and told."""
    sheet = file.main
    if not file.book:
        return False
    row = rng.choice(sheet.some())
    row.cells += [Cell(""), Cell("à revoir")]
    row.kind = "told"
    return None


def another(rng: random.Random, case: Case, file: File, name: str) -> Sheet:
    """A second sheet of the same form, with other projects."""
    sheet = file.main
    rows = [case.row(rng, sheet.columns, 37 + 4 * len(file.sheets) + n, True) for n in range(3)]
    if file.maker == "openpyxl":
        valued(rows)
    made = Sheet(name, [Column(one.header, one.field) for one in sheet.columns], rows)
    file.sheets.append(made)
    return made


@damage
def second_sheet_of_projects(rng, case, file):
    if not file.book:
        return False
    another(rng, case, file, rng.choice(("Projets 2026", "Nord", "Feuil2")))
    return None


@damage
def hidden_sheet_of_projects(rng, case, file):
    if not file.book:
        return False
    another(rng, case, file, "Archives").hidden = True
    return None


@damage
def sheet_of_lists(rng, case, file):
    if not file.book:
        return False
    rows = [Row("other", [Cell(label), Cell(code)]) for label, code in (("Gestion des haies", "59"), ("Biogaz", "62"))]
    columns = [Column("Leviers possibles"), Column("Départements")]
    file.sheets.insert(rng.choice((0, 1)), Sheet("Listes", columns, rows, projects=False))
    return None


@damage
def sheet_of_sums(rng, case, file):
    """A summary that has some of the headers of the projects."""
    if not file.book:
        return False
    money_ = [one for one in file.main.columns if one.field in MONEY]
    if not money_:
        return False
    columns = [Column("Département"), *(Column(one.header) for one in money_)]
    rows = [Row("other", [Cell(name), *(Cell(5000) for _ in money_)]) for name in ("Nord", "Aisne", "Total")]
    file.sheets.append(Sheet("Synthèse", columns, rows, projects=False))
    return None


@damage
def contradictory_columns(rng, case, file):
    """The same header twice, with other cells."""
    sheet = file.main
    found = sheet.at(*MONEY)
    if not found:
        return False
    at = rng.choice(found)
    row = rng.choice([row for row in _shown(sheet, at) if row.cells[at].expect not in (None, BLANK)])
    kept = row.cells[at].expect
    row.cells[at].expect = Expect((*kept.values, Decimal(4321), None), "maybe")
    sheet.columns.append(Column(sheet.columns[at].header, ""))
    for one in sheet.rows:
        one.cells += [Cell("") for _ in range(len(sheet.columns) - len(one.cells))]
    row.cells[len(sheet.columns) - 1].written, row.kind = "4321", "told"
    return None


@damage
def number_of_another_dossier(rng, case, file):
    """Two dossiers of a file under one number, and nothing else in common."""
    sheet = file.main
    if not (sheet.at("project_id") and sheet.at("holder")) or len(sheet.some()) < 2 or sheet.some("second"):
        return False
    one = rng.choice(sheet.some())
    where = sheet.at("departement", "departement_code", "commune")
    other = rng.choice([row for row in sheet.some() if not _same_place(one, row, where)])
    for at in sheet.at("project_id"):
        other.cells[at].written = one.cells[at].written
    return None


def _same_place(one: Row, other: Row, where: list[int]) -> bool:
    return one is other or any(one.cells[at].expect == other.cells[at].expect for at in where)


@damage
def same_numbers_in_two_files(rng, case, file):
    """Another file numbers its dossiers from the same one."""
    if not file.main.at("project_id") or len(case.files) > 1 or file.main.some("second"):
        return False
    other = case.file(rng, "b", 20)
    other.sheets[0].rows = other.sheets[0].some()
    other.sheets[0].hidden_rows = ()
    if not other.sheets[0].rows:
        return False
    for mine, its in zip(file.main.some(), other.sheets[0].rows, strict=False):
        for a, b in zip(file.main.at("project_id"), other.sheets[0].at("project_id"), strict=True):
            its.cells[b].written = mine.cells[a].written
    case.files.append(other)
    return None


@damage
def same_dossier_in_two_files(rng, case, file):
    """A file sent again a month later, unchanged, with one more dossier."""
    if len(case.files) > 1 or not case.form.deduplicated or file.torn or not _sound(file):
        return False
    again = File(file.name.replace("a.", "b."), [])
    again.maker, again.mark, again.encoding, again.end = file.maker, file.mark, file.encoding, file.end
    sheet = file.main
    copy = Sheet(sheet.name, [*sheet.columns], [], [*sheet.before], sheet.left)
    for row in sheet.rows:
        copy.rows.append(Row("again", [Cell(one.written, one.expect) for one in row.cells], row.token, id=row.id))
        row.kind = "again"
    copy.rows.append(case.row(rng, sheet.columns, 50, False))
    again.sheets.append(copy)
    case.files.append(again)
    return None


def _sound(file: File) -> bool:
    rows = [row for sheet in file.sheets for row in sheet.rows]
    return len(file.sheets) == 1 and all(row.kind == "project" and row.mangle is None for row in rows)


@damage
def table_beside(rng, case, file):
    """Another table, on the right of a blank column, that has a header of the first: it completes none of its rows."""
    sheet = file.main
    at = rng.choice(sheet.at(*MONEY))
    if any(row.mangle for row in sheet.rows) or file.torn or sheet.some("second"):
        return False
    for row in sheet.rows:
        row.cells += [Cell("") for _ in range(len(sheet.columns) - len(row.cells) + 1)] + [Cell("999")]
    sheet.columns += [Column("", ""), Column(sheet.columns[at].header, "")]
    return None


# ------------------------------------------------------------------ the reading that owes the kit nothing

_PLAIN = re.compile(rf"(-?\d+|\d{{1,3}}(?:[ {NBSP}{THIN}]\d{{3}})+)(?:[,.](\d\d?))?\s?(?:€|EUR)?")


def plain_amount(cell: object) -> Decimal | None:
    """An amount that anybody would read in one way; None for the others."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return None
    if isinstance(cell, int | float):
        return Decimal(repr(cell)).quantize(Decimal("0.01"))
    text = str(cell).strip()
    found = _PLAIN.fullmatch(text)
    if not found or (text[0] == "0" and len(found[1]) > 1):
        return None
    return Decimal(re.sub(r"\s", "", found[1]) + "." + (found[2] or "0"))


def plain(file: File, path: Path) -> dict[str, dict[int, list]]:
    """The cells of each row that is not blank, below the header, by sheet and by number of the row in the file."""
    if file.book:
        book = openpyxl.load_workbook(path, data_only=True)
        out = {}
        for sheet in file.sheets:
            rows = {n: list(cells) for n, cells in enumerate(book[sheet.name].iter_rows(values_only=True), 1)}
            kept = {n: cells[sheet.left :] for n, cells in rows.items() if n > sheet.header_row}
            out[sheet.name] = {n: cells for n, cells in kept.items() if any(_filled(cell) for cell in cells)}
        return out
    (sheet,) = file.sheets
    text = path.read_bytes().decode(file.encoding, errors="replace").replace("\0", "").removeprefix(file.first_line)
    csv.field_size_limit(2**31 - 1)
    rows = list(csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=file.mark))
    kept = {n: cells for n, cells in enumerate(rows, 1) if n > sheet.header_row and any(map(_filled, cells))}
    return {"": kept}


def by_pandas(file: File, path: Path) -> pd.DataFrame:
    """The table of a sound file, read by pandas: all text for a CSV, values for a workbook."""
    sheet = file.main
    if file.book:
        return pd.read_excel(path, sheet_name=sheet.name, header=sheet.header_row - 1, engine="openpyxl", dtype=object)
    return pd.read_csv(path, sep=file.mark, encoding=file.encoding, dtype=str, keep_default_na=False)


def _filled(cell: object) -> bool:
    return cell is not None and str(cell).replace("\0", "").strip() != ""


# ------------------------------------------------------------------ what the kit read, held against both


class Told:
    """The lists of a reading, by file and sheet."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.reading = reading = table.attrs["reading"]
        self.rows, self.aside, self.problems = {}, {}, {}
        for one in table.to_dict("records"):
            one = {"holder": "", "description": "", "levers": "", "lever_label": "", "project_id": ""} | one
            self.rows.setdefault((one["source_file"], one["sheet"]), []).append(one)
        for one in reading.set_aside.itertuples():
            self.aside.setdefault((one.file, one.sheet), {})[one.row] = f"{one.reason}\n{one.content}"
        for one in reading.problems.itertuples():
            found = self.problems.setdefault((one.file, one.sheet), {})
            found.setdefault(one.row, {})[letters(one.column)] = f"{one.message}\n{one.value}"
        for one in reading.conflicts.itertuples():
            found = self.problems.setdefault((one.file, one.sheet), {})
            found.setdefault(one.row, {})[letters(one.other_header)] = "conflict"
        self.twice = {(one.file, one.sheet, one.row) for one in reading.duplicates.itertuples()}
        alike = getattr(reading, "probable_duplicates", pd.DataFrame())  # of projects only
        self.alike = {(one.file, one.row) for one in alike.itertuples()}
        self.shared = set(getattr(reading, "same_number", pd.DataFrame({"project_id": []})).project_id)
        sheets = getattr(reading, "sheets", None)
        self.sheets = [] if sheets is None else sheets.astype(str).agg(" ".join, axis=1).tolist()

    def of_file(self, name: str) -> str:
        """What is said of a file as a whole."""
        return "\n".join(one for one in [*self.sheets, *self.reading.notes] if name in one)


def spaced(text: object) -> str:
    return " ".join(str(text).split())


def letters(header: object) -> str:
    """A header as problems are found by it, whatever its accents and signs became."""
    return re.sub(r"[^a-z]+", "", str(header).casefold())


def value_of(row: dict, name: str) -> object:
    """What the kit gives for a field, as the truth writes it."""
    if name in MONEY:
        return None if pd.isna(row[name]) else Decimal(repr(float(row[name]))).quantize(Decimal("0.01"))
    if name in ("lever", "axis", "demarche"):
        return frozenset(filter(None, row["levers"].split("|")))
    if name == "title":
        return spaced(row["title"])
    return row[name.removesuffix("_code")] or None


def check(file: File, path: Path, told: Told) -> list[str]:
    """Where the kit, the truth and the plain reading part without a word in the report: « sort : where, what »."""
    out: list[str] = []
    read = plain(file, path)
    for sheet in file.sheets:
        key = (file.name, "" if not file.book else sheet.name)
        rows, aside = told.rows.get(key, []), told.aside.get(key, {})
        if not sheet.projects:
            if rows:
                out.append(f"counted: sheet « {sheet.name} », which holds no project: {len(rows)} rows")
            elif sheet.name not in told.of_file(file.name):
                out.append(f"sheet untold: « {sheet.name} »")
        elif not rows and not aside and (sheet is not file.main or file.refusable) and read.get(sheet.name):
            if sheet.name not in told.of_file(file.name):
                out.append(f"sheet untold: « {sheet.name} », {len(sheet.some())} projects")
        elif file.torn:
            out += _torn(file, path, sheet, rows, aside, told.problems.get(key, {}))
        else:
            out += _sheet(file, sheet, key, read[key[1]], told)
    return out


def _sheet(file: File, sheet: Sheet, key: tuple, read: dict[int, list], told: Told) -> list[str]:
    rows = {row["row"]: row for row in told.rows.get(key, [])}
    aside, problems = told.aside.get(key, {}), told.problems.get(key, {})
    out = []
    if len(rows) < len(told.rows.get(key, [])) or set(rows) & set(aside):
        out.append("rows: a number of row is given twice")
    out += [f"row lost: {n}, {read[n]}" for n in sorted(set(read) - set(rows) - set(aside))]
    out += [f"row invented: {n}" for n in sorted((set(rows) | set(aside)) - set(read))]
    for n, row in enumerate(sheet.rows, sheet.header_row + 1):
        if n not in read:
            continue
        if row.kind == "aside":
            if n in rows:
                out.append(f"counted: row {n} is no project, {[text_of(c.written) for c in row.cells]}")
        elif row.kind == "named":
            if n not in aside and n not in problems:
                out.append(f"not told: row {n}, {read[n]}")
        elif n in aside:
            out.append(f"set aside: row {n} is a project, {aside[n]}")
        elif n in rows:
            if row.kind == "told" and n not in problems:
                out.append(f"not told: row {n}")
            if row.kind == "second" and rows[n]["duplicate_of"] == "":
                out.append(f"counted: row {n} is an older version")
            if rows[n]["duplicate_of"] and (*key, n) not in told.twice:
                out.append(f"not told: row {n} is not counted and is in no list of duplicates")
            if rows[n]["duplicate_of"] and row.kind in ("project", "told"):
                out.append(f"not counted: row {n} is a dossier of its own")
            out += _cells(sheet, row, rows[n], n, problems.get(n, {}))
    return out + _sums(sheet, rows, aside, problems, read) + _labels(sheet, rows, read)


def _cells(sheet: Sheet, row: Row, got: dict, number: int, problems: dict[str, str], strict: bool = True) -> list[str]:
    """The cells of a row; ``strict``: what the problems say of them counts too."""
    out = []
    for at, column in enumerate(sheet.columns):
        cell, name = row.cells[at], column.field
        if name not in CHECKED or cell.expect is None:
            continue
        allowed = set(cell.expect.values)
        if name.startswith(("departement", "commune")):  # its other column
            for other in sheet.at(name.removesuffix("_code"), name.removesuffix("_code") + "_code"):
                allowed |= set(row.cells[other].expect.values if row.cells[other].expect else ())
        value, said = value_of(got, name), problems.get(letters(column.header))
        what = f"row {number}, « {spaced(column.header)} », {cell.written!r}"
        if value not in allowed:
            out.append(f"{'amount' if name in MONEY else name}: {what} is read {shown(value)}")
        elif (
            strict
            and not said
            and (cell.expect.told == "always" or (cell.expect.told == "when_empty" and value is None))
        ):
            out.append(f"not told: {what}")
        elif said and cell.expect.told == "never":
            out.append(f"false alarm: {what}: {said}")
    return out


def shown(value: object) -> str:
    return "|".join(sorted(value)) or "empty" if isinstance(value, frozenset) else f"{value}"


def _sums(sheet: Sheet, rows: dict, aside: dict, problems: dict, read: dict[int, list]) -> list[str]:
    """Each column of amounts, to the cent: what is counted is what is read, without what the report names."""
    out = []
    for at, column in enumerate(sheet.columns):
        if column.field not in MONEY:
            continue
        whole = named = counted = Decimal(0)
        for n, cells in read.items():
            amount = plain_amount(cells[at]) if at < len(cells) else None
            got = value_of(rows[n], column.field) if n in rows and not rows[n]["duplicate_of"] else None
            in_report = n in aside or n in problems or (n in rows and rows[n]["duplicate_of"])
            if amount is None:
                continue
            whole += amount
            counted += got or 0
            named += amount - (got or 0) if in_report else 0
        if whole - named != counted:
            out.append(f"sum: « {spaced(column.header)} », {whole} read, {named} named, {counted} counted")
    return out


def _labels(sheet: Sheet, rows: dict, read: dict[int, list]) -> list[str]:
    """The labels received, counted."""
    for at in sheet.at("lever", "demarche")[:1]:
        nothing = {"null", "-", "#n/a"}
        whole = (
            {n for n, row in enumerate(sheet.rows, sheet.header_row + 1) if row.kind != "named"} & set(rows) & set(read)
        )
        texts = {n: spaced(read[n][at]) if at < len(read[n]) and read[n][at] is not None else "" for n in whole}
        want = sorted("" if text.casefold() in nothing or text[:1] == "#" else text for text in texts.values())
        got = sorted(spaced(rows[n]["lever_label"]) if rows[n]["lever_label"][:1] != "#" else "" for n in whole)
        if want != got:
            return [f"labels: {sorted(set(want) ^ set(got))}"]
    return []


def _torn(file: File, path: Path, sheet: Sheet, rows: list[dict], aside: dict, problems: dict) -> list[str]:
    """A file where a quote may have swallowed rows: each project is read well, or its lines are named."""
    out = []
    text = path.read_bytes().decode(file.encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.removesuffix("\n").split("\n")
    named = _lines_named(aside, len(lines))
    tokens = [row.token for row in sheet.rows if row.token]
    held = {
        row["row"]: [one for one in tokens if one in f"{row['title']} {row['holder']} {row['description']}"]
        for row in rows
    }
    by_token = {one: row for row in rows for one in tokens if one in row["title"]}
    told = [*aside.values(), *(" ".join(said.values()) for said in problems.values())]
    told += [row["title"] for row in rows if row["row"] in problems]
    broken = {row["row"] for row in rows if row["row"] in problems and row not in by_token.values()}
    for number, row in enumerate(sheet.rows, sheet.header_row + 1):
        got = by_token.get(row.token)
        line = next((n for n, one in enumerate(lines, 1) if row.token in one), 0)
        if got is not None and got["row"] not in problems:
            out += _cells(sheet, row, got, got["row"], {}, strict=False)
        elif got is None and not (
            {line, number} & (named | set(aside) | broken) or any(row.token in one for one in told)
        ):
            out.append(f"row lost: line {line}, lot {row.token}")
    for number, several in held.items():
        if len(several) > 1 and number not in problems:
            out.append(f"counted: several rows in one, row {number}, {several}")
    return out


def _lines_named(aside: dict[int, str], last: int) -> set[int]:
    """The lines of the file that the reasons of the rows set aside name."""
    out: set[int] = set()
    for said in aside.values():
        if found := re.search(r"les (\d+) dernières lignes", said):
            out |= set(range(last - int(found[1]) + 1, last + 1))
        if found := re.search(r"lignes? (\d+)[^0-9\n]* à (?:la ligne )?(\d+)", said):
            out |= set(range(int(found[1]), int(found[2]) + 1))
    return out


def between_rows(case: Case, told: Told) -> list[str]:
    """A dossier sent twice is counted once, or both are listed; dossiers that share a number are listed."""
    out = []
    names = {file.name for file in case.files}
    rows = [row for key, found in told.rows.items() if key[0] in names for row in found]
    for sent in {row.token for file in case.files for row in file.main.rows if row.kind == "again"}:
        counted = [row for row in rows if sent in row["title"] and not row["duplicate_of"]]
        if len(counted) != 1 and not (counted and all((r["source_file"], r["row"]) in told.alike for r in counted)):
            out.append(f"again: dossier « {sent} » is counted {len(counted)} times")
    if case.form.deduplicated and not case.files[0].torn:
        numbers = [row["project_id"] for row in rows if row["project_id"] and not row["duplicate_of"]]
        shared = {one for one in numbers if numbers.count(one) > 1}
        out += [f"not told: several dossiers have the number {one}" for one in sorted(shared - told.shared)]
    return out


def of_the_whole(told: Told, table: pd.DataFrame, kind: str) -> list[str]:
    """What the report and the balance say of several files together."""
    import copkit as ck

    reading, out = told.reading, []
    if reading.kept != len(table) or reading.rows != len(table) + len(reading.set_aside):
        out.append(f"count: {reading.rows} rows read, {len(table)} kept and {len(reading.set_aside)} set aside")
    if "lever_label" not in table:
        return out
    labels = table.lever_label[table.lever_label != ""]
    listed = reading.unknown_labels
    for label in UNKNOWN_LEVERS:
        rows = int(labels.str.contains(label, regex=False).sum())
        named = listed.label.str.contains(label, regex=False)  # in a longer one, where a quote joined several lines
        count = int(listed["count"][(listed.kind == "lever") & named].sum())
        if rows != count:
            out.append(f"unknown label: « {label} » is in {rows} rows, {count} listed")
    counted = table[table.duplicate_of == ""]
    if len(counted) and kind == "dossiers":
        balance = ck.projects.balance(table, by="departement").set_index("departement")
        for name in set(MONEY) & set(table):
            euros = counted[name].dropna().map(lambda v: Decimal(repr(v)).quantize(Decimal("0.01")))
            for code, amounts in euros.groupby(counted.departement[euros.index]):
                if code and float(balance[name][code]) != float(sum(amounts)):
                    out.append(f"balance: {name} of {code}, {balance[name][code]!r} instead of {sum(amounts)}")
    return out


# ------------------------------------------------------------------ the readers of the kit


def _answers(*paths: Path) -> pd.DataFrame:
    """Answers, with the names that a project's fields have; files that cannot be read are refused together."""
    import copkit as ck
    from copkit.errors import ProjectError

    table = ck.survey.read(*paths)
    if reasons := table.attrs["reading"].refused.reason.to_list():
        raise ProjectError("\n".join(reasons))
    return _named(table, comment="title", name="holder")


def _named(table: pd.DataFrame, **names: str) -> pd.DataFrame:
    made = table.rename(columns=names)
    made.attrs = table.attrs
    return made


def _of(module: str, name: str, **names: str) -> Callable[..., pd.DataFrame]:
    """A reader of the kit, loaded when it is used."""
    return lambda *paths: _named(getattr(importlib.import_module(module), name)(*paths), **names)


READERS: dict[str, Callable[..., pd.DataFrame]] = {
    "dossiers": _of("copkit.projects", "read"),
    "réponses": _answers,
    "actions": _of("copkit.roadmap.actions", "read_actions"),
    "plans": _of("copkit.roadmap.actions", "read_actions"),
    "priorités": _of("copkit.adaptation.priorities", "read"),
    "points forts": _of("copkit.strengths", "read", who="holder", why="description"),
}


def _local(path: Path) -> dict:
    from copkit import local

    return {
        (one.lever, place): Decimal(repr(value)).quantize(Decimal("0.01"))
        for one in local.read(path).figures
        for place, value in one.values
    }


def _perimeters(path: Path) -> dict:
    from copkit.errors import CopkitWarning
    from copkit.intake import perimeters

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CopkitWarning)  # rows that are hidden are said, and read
        return dict(perimeters.read_perimeters(path).communes.groupby("name").commune.agg(frozenset))


def _local_plainly(rows: list[dict]) -> dict:
    """What cells say, by themselves; KeyError or TypeError where they do not."""
    made = {}
    for row in rows:
        at = levers()[row["shared_lever"]], f"dep-{BRITTANY[row['shared_territory']]}"
        made[at] = made.get(at, 0) + row["value"]
    return made


def _perimeters_plainly(rows: list[dict]) -> dict:
    _, (communes, _), inside = listed()
    made = {}
    for row in rows:
        found = inside[row["code"]] if row["code"] in inside else {communes[communes.index(row["code"])]}
        made[row["perimeter"]] = made.get(row["perimeter"], frozenset()) | found
    return made


WHOLE = {"chiffres locaux": (_local, _local_plainly), "périmètres": (_perimeters, _perimeters_plainly)}


def whole(case: Case, folder: Path) -> list[Fault]:
    """A sending of a kind that is read whole or refused whole: what it gives is the same as what its cells say."""
    from copkit.errors import CopkitError

    kit, plainly = WHOLE[case.kind]
    out = []
    for file in case.files:
        path, said = file.write(folder), ""
        try:
            read, rows = plain(file, path), []
            for sheet in [one for one in file.sheets if one.projects]:
                kinds = {n: row.kind for n, row in enumerate(sheet.rows, sheet.header_row + 1)}
                cells = read[sheet.name if file.book else ""]
                rows += [_by_field(sheet, n, cells[n]) for n in cells if kinds[n] not in ("aside", "named")]
            want = plainly(rows)
        except (LookupError, TypeError, ValueError):
            want = None  # some of its cells say nothing
        try:
            got = kit(path)
            if want is None:
                said = f"not told: {got}"
            elif got != want:
                said = f"sum: {sorted(map(str, got.items() ^ want.items()))}"
        except CopkitError as error:
            if not case.damages or path.stem not in str(error):
                said = f"refused: {error}"
        except Exception as error:
            said = f"exception: {type(error).__name__}: {error}"
        if said:
            out.append(Fault(case.seed, case.damages, said[:600]))
        else:
            path.unlink()
    return out


def _by_field(sheet: Sheet, number: int, cells: list) -> dict:
    """The cells of a row by field; an amount as it is plainly read, or as the one thing that it may be."""
    made = {}
    for at, column in enumerate(sheet.columns):
        cell = cells[at] if at < len(cells) else None
        if column.field == "value":
            expect = sheet.rows[number - sheet.header_row - 1].cells[at].expect
            cell = plain_amount(cell) if plain_amount(cell) is not None else expect and expect.values[0]
        made.setdefault(column.field, cell)
    return made


# ------------------------------------------------------------------ many cases


@dataclass
class Fault:
    seed: int
    damages: tuple[str, ...]
    said: str


def faults(cases: list[Case], folder: Path) -> list[Fault]:
    """Read cases together, then alone those that nothing can be said of together; the files at fault stay."""
    from copkit.errors import CopkitError

    paths = {file.name: file.write(folder) for case in cases for file in case.files}
    files = {file.name: file for case in cases for file in case.files}
    of = {file.name: case for case in cases for file in case.files}
    out: list[Fault] = []

    def add(case: Case, said: list[str]) -> None:
        out.extend(Fault(case.seed, case.damages, one) for one in said)

    left = dict(paths)
    while left:
        try:
            table = READERS[cases[0].kind](*left.values())
            break
        except CopkitError as error:
            refused = [name for name in left if name in str(error)]
            for name in refused:
                said = " ".join(str(error).split())
                if not files[name].refusable:
                    add(of[name], [f"refused: {said[max(0, said.index(name)) :][:400]}"])
                left.pop(name)
            if not refused:
                out += [Fault(cases[0].seed, cases[0].damages, f"refused without a file: {error}")]
                break
        except Exception as error:
            if len(cases) == 1:
                add(cases[0], [f"exception: {type(error).__name__}: {error}"[:400]])
                break
            return [fault for case in cases for fault in faults([case], folder)]
    else:
        table = None
    if left and not any(fault.said.startswith(("exception", "refused without")) for fault in out):
        told = Told(table)
        for case in cases:
            for file in case.files:
                if file.name in left:
                    add(case, check(file, paths[file.name], told))
            if all(file.name in left for file in case.files):
                add(case, between_rows(case, told))
        whole = of_the_whole(told, table, cases[0].kind)
        if whole and len(cases) > 1:
            found = [fault for case in cases for fault in faults([case], folder)]
            return found or [Fault(cases[0].seed, (), one) for one in whole]
        add(cases[0], whole)
    for name, path in paths.items():
        if of[name].seed not in {fault.seed for fault in out}:
            path.unlink()
    return out


def of_seeds(seeds: Sequence[int], folder: Path, together: int = 100, kind: str = "dossiers") -> list[Fault]:
    """What differs in the sendings of some seeds; the files at fault stay in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for start in range(0, len(seeds), together):
        cases = [Case(seed, kind=kind) for seed in seeds[start : start + together]]
        out += [one for case in cases for one in whole(case, folder)] if kind in WHOLE else faults(cases, folder)
    return out


if __name__ == "__main__":
    import json
    import sys

    first, last, folder, *kind = sys.argv[1:]
    found = of_seeds(range(int(first), int(last)), Path(folder), kind=(*kind, "dossiers")[0])
    print(json.dumps([[one.seed, one.damages, one.said] for one in found], ensure_ascii=False, indent=1))
