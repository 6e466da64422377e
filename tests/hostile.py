"""A file of projects whose every text is hostile, and what a page or a notebook must show of it."""

from __future__ import annotations

import csv
from pathlib import Path

import yaml

from copkit import french, paths
from copkit.projects import selection

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "textes_hostiles.yml").read_text(encoding="utf-8"))["textes"]
TEXTS = [case["texte"] for case in CASES]
CLEANED = ("courriel", "erreur d'un tableur")  # by the reading, as what a terminal obeys
KEPT = [case for case in CASES if "lu" not in case and case["nom"] not in CLEANED]
NAME = "<script>window.X=1<!script> $a^2$ *b*.csv"  # « / » cannot be in the name of a file


def shown(case: dict) -> str:
    """What is read of a text: as it is typed, with the typography of the kit."""
    return french.typeset(case.get("lu", case["texte"]))


def projects(folder: Path) -> Path:
    """An export with a hostile text in each title, label, unit, wrong cell, unread header, and in its own name."""
    with paths.home().joinpath(*selection.EXAMPLE).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    rows, added = rows[: 4 * len(TEXTS)], [f"{text} (en-tête)" for text in TEXTS]
    at = {name: rank for rank, name in enumerate(header)}
    for rank, row in enumerate(rows):
        text = TEXTS[rank % len(TEXTS)]
        row[at["Intitulé du projet"]] = text
        which = rank // len(TEXTS)
        if which == 1:
            row[at["Levier de la planification écologique"]] = text
            row[at["Thématique"]] = text
        elif which == 2:
            row[at["Quantité physique attendue"]], row[at["Unité de la quantité"]] = "12", text
        elif which == 3:
            row[at["Coût total estimé (€)"]] = row[at["Date de démarrage prévue"]] = text
            row[at["Entreprise raison sociale"]] = text
        row += ["x"] * len(added)
    path = folder / NAME
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*header, *added], *rows])
    return path
