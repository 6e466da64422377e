"""A file of projects whose every text is hostile, and what a page or a notebook must show of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from copkit import escaping, french, paths
from copkit.projects import selection

CASES = yaml.load(
    (Path(__file__).parent / "cases" / "textes_hostiles.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)["textes"]
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


def unruly(markup: str) -> list[str]:
    """What a page that is written could run beside the scripts of the kit, or lacks to forbid it."""
    page = BeautifulSoup(markup, "lxml")
    said = page.find("meta", {"http-equiv": "Content-Security-Policy"})
    rules = dict(one.strip().partition(" ")[::2] for one in str(said["content"] if said else "").split(";"))
    wanted = ("default-src", "base-uri", "form-action")
    found = [f"{name} {rules.get(name)}" for name in wanted if rules.get(name) != "'none'"]
    allowed = rules.get("script-src", "").split()
    found += [one for one in allowed if not re.fullmatch(r"'sha256-[\w+/=]{44}'", one)]
    scripts = (tag for tag in page.find_all("script") if tag.get("type") != "application/json")
    found += [tag.text for tag in scripts if "src" in tag.attrs or escaping.digest(tag.text) not in allowed]
    return [*found, *(name for tag in page.find_all(True) for name in tag.attrs if name.lower().startswith("on"))]
