"""A file of each kind that territories send, whose every text is what a test wants: hostile, or naming a person."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from copkit import local
from copkit.adaptation.priorities import PRIORITIES
from copkit.intake import personal
from copkit.intake.fields import Collected
from copkit.intake.workbook.form import header_key
from copkit.presentation.minutes import Minutes
from copkit.projects.fields import PROJECTS
from copkit.projects.workshop.write import write_workshop
from copkit.roadmap.actions import ACTIONS
from copkit.roadmap.carried import CARRIED
from copkit.roadmap.contracts import CONTRACTS
from copkit.roadmap.jobs import JOBS
from copkit.roadmap.themes import KEPT
from copkit.simulator.room import Room
from copkit.simulator.room_server import _Choice
from copkit.simulator.state import Entry, Kept, State
from copkit.strengths import STRENGTHS
from copkit.survey.fields import ANSWERS

KINDS = {
    "projets": PROJECTS, "reponses": ANSWERS, "points_forts": STRENGTHS, "actions": ACTIONS, "priorites": PRIORITIES,
    "emplois": JOBS, "themes": KEPT, "sujets": CARRIED, "contrats": CONTRACTS,
}  # fmt: skip
CLOSED = {  # what a field says that is no text, by its kind
    "yes_no": "oui", "territory": "Nord", "lever": "Vélo", "number": "12", "money": "1200", "quantity": "12",
    "months": "6", "year": "2026", "date": "2026-01-31", "siren": "", "ids": "", "whole": "1",
}  # fmt: skip
PLACED = {"region": "Hauts-de-France", "departement": "Nord", "commune": "", "epci": ""}
OWN = {"contrats_de_ville": {"kind": ""}, "enjeux": {"taken": ""}, "themes": {"merged_into": ""}}
UNREAD = ("Contact", "Courriel du porteur", "Nom du référent")  # columns that name or reach a person

Text = Callable[[str, str, int], str]  # of a kind, of one of its fields, in a row


def file(folder: Path, kind: Collected, text: Text, rows: int, name: str, more: Iterable[str] = ()) -> Path:
    """A CSV of a kind: each text is what ``text`` says, in columns that no mapping knows too."""
    fields = {one: field for one, field in kind.given.items() if one != "invented"}
    unread = {header: f"non_lue_{n}" for n, header in enumerate((*UNREAD, *more))}
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*(one.label for one in fields.values()), *unread])
        for row in range(rows):
            made = [_cell(kind, one, text, row) for one in fields]
            writer.writerow([*made, *(text(kind.name, one, row) for one in unread.values())])
    return path


def _cell(kind: Collected, name: str, text: Text, row: int) -> str:
    field = kind.fields[name]
    if name in (own := OWN.get(kind.name, {})):
        return own[name]
    if field.kind == "id":
        return f"{row + 1}"
    if field.kind in personal.TEXTS:
        return text(kind.name, name, row)
    if field.kind == "choice":
        return next(iter(field.options.values()), "")
    return PLACED.get(name, "") if field.kind == "place" else CLOSED[field.kind]


def every(folder: Path, text: Text, rows: int, name: str = "{}.csv", more: Iterable[str] = ()) -> dict[str, Path]:
    """A file of each kind, by the parameter of the notebooks that read it."""
    return {one: file(folder, kind, text, rows, name.format(one), more) for one, kind in KINDS.items()}


DOCUMENTS = {  # notebook → what it is given
    "feuille_de_route": ("actions", "themes", "projets", "reponses", "points_forts", "contrats", "emplois"),
    "adaptation": ("priorites", "actions", "projets"),
    "diagnostic": ("projets", "reponses", "themes", "points_forts"),
    "suivi": ("sujets",),
}


def given(files: dict[str, Path], notebook: str) -> dict[str, str]:
    """The parameters of a notebook; a follow-up has the actions and the projects of two years."""
    found = {one: str(files[one]) for one in DOCUMENTS[notebook]}
    if notebook == "suivi":
        found |= {"avant": str(files["actions"]), "apres": str(files["actions"])}
        found |= {"projets_avant": str(files["projets"]), "projets_apres": str(files["projets"])}
    return found


# ------------------------------------------------------------------ what is no table of a kind

AGENCIES = "Avis : Agences et opérateurs de l’État"
SCENARIO = ("production_industrielle", "vehicules_electriques", "haies")  # levers that a scenario changes


def filled(path: Path, sheet: str, rows: Iterable[dict[str, object]]) -> Path:
    """A workbook of the kit that comes back, some rows of a sheet filled in by their headers."""
    book = openpyxl.load_workbook(path)
    at = {header_key(cell.value): cell.column for cell in book[sheet][1] if cell.value}
    for n, row in enumerate(rows, start=2):
        for label, said in row.items():
            book[sheet].cell(n, at[header_key(label)]).value = (
                ILLEGAL_CHARACTERS_RE.sub("", said) if isinstance(said, str) else said
            )
    book.save(path)
    return path


def figures(path: Path, text: Text) -> Path:
    """Local figures of a région of two départements, by sites."""
    local.write_template(plain := path.with_name("cles.xlsx"), "reg-94", "haies")
    plain.rename(path)  # the kit writes no such name
    said = {one: local.FIELDS[one].label for one in ("site", "source", "what")}
    rows = ({label: text("cles_locales", one, n) for one, label in said.items()} for n in range(2))
    return filled(path, local.SHEET, ({"Valeur": 3.0, "Unité": "km", "Année": 2022} | row for row in rows))


def perimeters(path: Path, text: Text) -> Path:
    """Two perimeters, by EPCI of Corse."""
    rows = [(text("perimetres", "name", n), place) for n, place in enumerate(("epci-242010056", "epci-242000354"))]
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("perimetre", "territoire"), *rows])
    return path


def scenario(text: Text) -> State:
    """A scenario of the simulator, which takes no control character, and another that is kept beside it."""

    def said(name: str, n: int, most: int = 1000) -> str:
        return re.sub(r"[\x00-\x1f]", "", text("scenarios", name, n))[:most]

    levers = {one: Entry(value=1.0, why=said("why", n), source=said("source", n)) for n, one in enumerate(SCENARIO)}
    kept = [Kept(name=said("kept", n, 80), levers=levers) for n in range(2)]
    return State(territory="dep-59", levers=levers, name=said("name", 0, 80), kept=kept)


def decisions(path: Path, projects: pd.DataFrame, text: Text) -> Path:
    """The workbook of a workshop that came back: a decision and an opinion in each of its rows."""
    write_workshop(projects, plain := path.with_name("atelier.xlsx"))
    plain.rename(path)
    said = {f"Décision : {one}": one for one in ("auteur", "raison")} | {AGENCIES: "agences"}
    rows = [{label: text("atelier", one, n) for label, one in said.items()} for n in range(len(projects))]
    known = {"Décision : catégorie": "Non mature", "Décision : date": "2026-01-31"}
    return filled(path, "Dossiers", (row | known for row in rows))


def minutes(path: Path, text: Text) -> Minutes:
    """The minutes of a session whose room said why, twice: the last one counts."""
    with closing(Room.make(path, "reg-32")) as room:
        room.enter("")
        room.close_round()
        room.decide({}, _Choice(levers={}, reason=text("seance", "reason", 0)[:600]).reason)
        return room.minutes()
