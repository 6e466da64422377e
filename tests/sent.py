"""A file of each kind that territories send, whose every text is what a test wants: hostile, or naming a person."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from copkit.adaptation.priorities import PRIORITIES
from copkit.intake import personal
from copkit.intake.fields import Collected
from copkit.projects.fields import PROJECTS
from copkit.roadmap.actions import ACTIONS
from copkit.roadmap.carried import CARRIED
from copkit.roadmap.contracts import CONTRACTS
from copkit.roadmap.jobs import JOBS
from copkit.roadmap.themes import KEPT
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
