"""The import workbook of a plan of Territoires en transitions: its sheets, headers and lists, and how its rows read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field, model_validator

from copkit import french, paths
from copkit.files import kept
from copkit.intake import labels
from copkit.intake.headers import head
from copkit.intake.sheet import Sheet
from copkit.reference import reading
from copkit.reference.parameters import Strict

FILE = "territoires_en_transitions.yml"
LEVER, FUNDING, SCHEDULE = "Levier", "Sources de financement", "Calendrier et dates"  # made when it is read
AXIS, SUB_AXIS, PART = "Axe (x)", "Sous-axe (x.x)", "Titre de la sous-action"
FUNDER, AMOUNT = "Financeur {}", "Montant € HT"
TITLES = ("Titre de la fiche action", "Titre de l'action")
NOTES, OTHER_NOTES, MARK = "Notes", "Notes, autres lignes", " : "


class TemplateColumn(Strict):
    """A column of the template; ``source``: what fills it, nothing for one that is left blank."""

    header: str
    type: str
    group: str = ""
    list: str = ""
    source: str = Field("", alias="from")


class Aside(Strict):
    """How a row that the template brings starts, in one of its columns."""

    column: str
    starts: str


class Template(Strict):
    """The workbook, to the character."""

    source: str
    guide: str
    plan: str
    choices: str
    first_row: int
    longest_title: int
    statuses: dict[str, str]
    aside: tuple[Aside, ...]
    notes: dict[str, str]
    columns: tuple[TemplateColumn, ...]
    lists: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _whole(self) -> Template:
        for column in self.columns:
            if column.list and column.list not in self.lists:
                raise ValueError(f"« {column.header} » : liste inconnue « {column.list} ». Listes : {[*self.lists]}")
        used = {choice for column in self.columns if column.source == "status" for choice in self.lists[column.list]}
        for state, status in self.statuses.items():
            if status not in used:
                raise ValueError(f"statuses.{state} : « {status} » n'est pas dans la liste du statut, espaces compris")
        return self


@kept()
def template() -> Template:
    """The declared template.

    Raises
    ------
    ParameterError
        If the file is absent or damaged: all its problems at once.
    """
    return reading.read_model(paths.parameters(FILE), Template)[0]


def unfolded(sheet: Sheet) -> Sheet:
    """The rows of a plan, what they say in several columns put into one; any other sheet as it is.

    The types, the instructions and the example of the template are no actions. A « Montant » goes with the
    « Financeur » on its left; a sub-axis is a lever only when it names one; each line of the notes has its column.
    """
    places: dict[str, int] = {}
    for place, header in enumerate(sheet.headers):
        places.setdefault(head(header), place)
    if not {head(AXIS), head(FUNDER.format(1))} <= set(places):
        return sheet
    sheet = _without_the_template(sheet, places)
    cells = [sheet.cells[place].tolist() for place in range(len(sheet.headers))]
    rows = [dict(zip(places, row, strict=True)) for row in zip(*(cells[at] for at in places.values()), strict=True)]
    amounts = [
        (
            place,
            place + 1
            if sheet.headers[place + 1 : place + 2] and head(sheet.headers[place + 1]) == head(AMOUNT)
            else None,
        )
        for n in (1, 2, 3)
        if (place := places.get(head(FUNDER.format(n)))) is not None
    ]
    made = {
        LEVER: [_lever(row.get(head(SUB_AXIS), "")) for row in rows],
        FUNDING: [_funding(n, row, amounts, cells) for n, row in enumerate(rows)],
        SCHEDULE: [_dates(row) for row in rows],
    }
    noted = [_noted(row.get(head(NOTES), "")) for row in rows]
    made |= {label: [one.get(label, "") for one in noted] for label in dict.fromkeys(k for one in noted for k in one)}
    title = next((places[head(one)] for one in TITLES if head(one) in places), None)
    if title is not None:
        parts = [row.get(head(PART), "").strip() for row in rows]
        cells[title] = [f"{one}{MARK}{part}" if part else one for one, part in zip(cells[title], parts, strict=True)]
    return replace(sheet, headers=[*sheet.headers, *made], grid=[*cells, *made.values()])


def _without_the_template(sheet: Sheet, places: dict[str, int]) -> Sheet:
    """The sheet without the rows that the template brings: they are told as headings."""
    keep = np.ones(len(sheet.rows), dtype=bool)
    for one in template().aside:
        if (place := places.get(head(one.column))) is not None:
            said, starts = sheet.cells[place].tolist(), french.plain(one.starts)
            keep &= ~np.array([french.plain(text).startswith(starts) for text in said], dtype=bool)
    gone = int((~keep).sum())
    made = replace(sheet, grid=sheet.cells[keep].reset_index(drop=True), rows=sheet.rows[keep])
    made.dates = {column: marks[keep] for column, marks in sheet.dates.items()}
    made.numbers = {column: marks[keep] for column, marks in sheet.numbers.items()}
    made.headings = sheet.headings + gone
    if gone > 1:  # the row of types is always there
        said = french.plural(gone, "ligne du modèle non reprise", "lignes du modèle non reprises")
        made.notes = [*sheet.notes, f"{said} (types, consignes, exemple)"]
    return made


def _lever(axis: str) -> str:
    found = labels.lever(axis) if axis.strip() else labels.Found()
    return axis if found.ids and not found.unknown else ""


def _funding(n: int, row: dict[str, str], funders: list[tuple[int, int | None]], cells: list[list[str]]) -> str:
    """What is said of the funding: the text, then each funder with the amount on its right."""
    said = [row.get(head("Financements"), "").strip()]
    for place, beside in funders:
        name, amount = cells[place][n].strip(), cells[beside][n].strip() if beside is not None else ""
        said.append(f"{name}{MARK}{amount} € HT" if name and amount else name or (amount and f"{amount} € HT"))
    return " ; ".join(filter(None, said))


def _dates(row: dict[str, str]) -> str:
    """The dates, as they are written: nothing is done with them."""
    ends = [(word, row.get(head(f"Date de {word}"), "").strip()) for word in ("début", "fin")]
    return ", ".join(f"{word} {text}" for word, text in ends if text)


def _noted(text: str) -> dict[str, str]:
    """The lines « label : value » of the notes whose label is declared, and the others together."""
    known, out = {head(label): label for label in template().notes.values()}, {}
    for line in filter(None, map(str.strip, text.replace("\xa0", " ").split("\n"))):
        label, mark, value = line.partition(MARK)
        if mark and head(label) in known:
            out[known[head(label)]] = value.strip()
        else:
            out[OTHER_NOTES] = "\n".join(filter(None, (out.get(OTHER_NOTES, ""), line)))
    return out
