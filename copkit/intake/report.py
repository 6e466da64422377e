"""What happened while files were read: every cell, row and label that needs somebody, and what to do.

``Ledger`` gathers it; ``Reading`` is what stays beside what was read, in ``attrs["reading"]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from copkit import escaping, files, french
from copkit.display import Displayed
from copkit.errors import ProjectError
from copkit.intake import personal
from copkit.intake.directory import Directory
from copkit.intake.fields import Collected, Field
from copkit.intake.sheet import Sheet

GATHERED = {  # file after file
    "sheets": ("file", "sheet", "taken", "filled", "headings", "gathered", "set_aside", "left_out"),
    "problems": ("file", "sheet", "row", "column", "value", "message"),
    "set_aside": ("file", "sheet", "row", "reason", "content"),
    "merged": ("file", "sheet", "field", "header", "cells", "kept"),
    "conflicts": ("file", "sheet", "row", "field", "kept_header", "kept", "other_header", "other"),
    "opinions": (
        *("project_id", "body", "introduction", "question", "answer", "yes_no", "created", "answered", "file", "row"),
    ),
}
NAMES = ("file", "sheet", "column", "header", "kept_header", "other_header")  # that somebody chose
UNKNOWN = ("kind", "label", "count", "suggestions")
DUPLICATES = ("project_id", "file", "sheet", "row", "kept_file", "kept_sheet", "kept_row", "differences")
SAME_NUMBER = ("project_id", "title", "holder", "file", "sheet", "row")
DEDUCED = ("number", "label", "lever", "levers", "status", "note", "projects", "amount")
HEADERS = {  # as the saved lists write them
    "file": "Fichier",
    "sheet": "Feuille",
    "taken": "Prise pour",
    "filled": "Lignes remplies",
    "headings": "Titres et en-tête",
    "gathered": "Lignes lues",
    "set_aside": "Lignes écartées",
    "left_out": "Lignes non lues",
    "row": "Ligne",
    "column": "Colonne",
    "value": "Valeur",
    "message": "Problème et remède",
    "reason": "Raison",
    "content": "Contenu reçu",
    "field": "Champ",
    "header": "En-tête",
    "cells": "Cellules remplies",
    "kept": "Valeur gardée",
    "kept_header": "En-tête gardé",
    "other_header": "Autre en-tête",
    "other": "Autre valeur",
    "kind": "Sorte",
    "label": "Libellé",
    "count": "Lignes",
    "suggestions": "Libellés proches",
    "project_id": "Dossier",
    "kept_file": "Fichier gardé",
    "kept_sheet": "Feuille gardée",
    "kept_row": "Ligne gardée",
    "differences": "Champs différents",
    "title": "Intitulé",
    "holder": "Porteur",
    "group": "Groupe",
    "body": "Organisme",
    "introduction": "Introduction",
    "question": "Question",
    "answer": "Réponse",
    "yes_no": "Réponse oui/non",
    "created": "Créé le",
    "answered": "Répondu le",
    "number": "Démarche",
    "lever": "Levier",
    "levers": "Leviers de la COP",
    "status": "Statut",
    "note": "Note",
    "projects": "Projets",
    "amount": "Montant [EUR]",
    "region_label": "Territoire",
}
LISTS = {  # attribute → name of the saved file
    "sheets": "feuilles.csv",
    "problems": "problemes.csv",
    "set_aside": "lignes_ecartees.csv",
    "unknown_labels": "libelles_inconnus.csv",
    "merged": "colonnes_fusionnees.csv",
    "conflicts": "valeurs_contradictoires.csv",
    "duplicates": "doublons.csv",
    "same_number": "memes_numeros.csv",
    "opinions": "avis.csv",
    "deduced_levers": "leviers_deduits.csv",
}


def sort(name: str, kind: Collected) -> str:
    """What a list writes of the sort of a label: the label of its field."""
    return kind.fields[name].label if name in kind.fields else "Thématique" if name == "thematique" else name


@dataclass(frozen=True, eq=False, repr=False)
class Reading(Displayed):
    """Ce qui s'est passé à la lecture : ``attrs["reading"]`` de ce qui a été lu.

    ``rows`` lignes lues = ``kept`` gardées + les lignes de ``set_aside``. Chaque liste est un DataFrame, que
    ``save`` écrit en CSV ; ``summary`` le dit en une phrase.
    """

    kind: Collected
    files: list[str]
    mappings: dict[str, str]
    rows: int
    kept: int
    dropped: list[str]
    ignored: list[str]
    masked: int
    missing: dict[str, int]
    sheets: pd.DataFrame
    merged: pd.DataFrame
    conflicts: pd.DataFrame
    problems: pd.DataFrame
    set_aside: pd.DataFrame
    unknown_labels: pd.DataFrame
    duplicates: pd.DataFrame
    same_number: pd.DataFrame
    opinions: pd.DataFrame
    deduced_levers: pd.DataFrame
    blocks: dict[str, pd.DataFrame]
    notes: list[str]

    lists: ClassVar[dict[str, str]] = LISTS

    def __deepcopy__(self, memo: dict) -> Reading:
        return self

    @property
    def summary(self) -> str:
        """What happened, in French."""
        rows, out = french.plural(self.rows, "ligne lue", "lignes lues"), []
        where = french.plural(len(self.files), "fichier")
        head = f"{rows} dans {where} : {french.plural(self.kept, *self.kind.noun)}"
        if len(self.set_aside):
            said = french.plural(len(self.set_aside), "ligne écartée", "lignes écartées")
            head += f" et {said}, à voir dans la liste"
        for count, one, many in (
            (self.left_out, "ligne de feuille non lue", "lignes de feuilles non lues"),
            (len(self.duplicates), "doublon non compté", "doublons non comptés"),
            (
                self.shared_numbers,
                "numéro de plusieurs dossiers différents, tous comptés",
                "numéros de plusieurs dossiers différents, tous comptés",
            ),
            (len(self.problems), "cellule à vérifier", "cellules à vérifier"),
            (len(self.conflicts), "cellule contredite par une autre", "cellules contredites par une autre"),
            (len(self.unknown_labels), "libellé non reconnu", "libellés non reconnus"),
            *(
                (self.missing.get(name, 0), *(f"{noun} sans {said}" for noun in self.kind.noun))
                for name, said in (("lever", "levier"), ("commune", "commune"))
            ),
            *self.counts(),
            (len(self.dropped), "colonne personnelle retirée", "colonnes personnelles retirées"),
            (self.masked, "cellule masquée (courriel, téléphone, nom)", "cellules masquées (courriel, téléphone, nom)"),
        ):
            out += [french.plural(count, one, many)] if count else []
        if self.ignored:
            named = ", ".join(f"« {name} »" for name in self.ignored[:5]) + ("…" if len(self.ignored) > 5 else "")
            out.append(f"{french.plural(len(self.ignored), 'colonne non lue', 'colonnes non lues')} ({named})")
        text = f"{head}. {french.capital(french.join(out))}." if out else f"{head}."
        return french.typeset(" ".join([text, *self.notes]))

    @property
    def left_out(self) -> int:
        """The rows of the sheets that are something else, or that the mapping does not read."""
        return int(self.sheets.left_out.sum())

    @property
    def shared_numbers(self) -> int:
        """The numbers that several different dossiers have."""
        return int(self.same_number.project_id.nunique())

    def counts(self) -> Iterator[tuple[int, str, str]]:
        """What the summary of this kind of thing counts besides: how many, one, several."""
        yield from ()

    def save(self, folder: str | Path, *, excel: bool = False) -> list[Path]:
        """Écrit les listes en CSV dans un dossier : toutes, ou aucune.

        Parameters
        ----------
        folder : dossier, créé s'il n'existe pas.
        excel : point-virgule, virgule décimale et marque d'encodage, pour un double-clic dans un Excel en français.

        Raises
        ------
        ProjectError
            Si le dossier ne peut pas être écrit.
        """
        written = [Path(folder) / file for file in self.lists.values()]
        with files.drafts(*written, error=ProjectError) as drafts:
            for name, draft in zip(self.lists, drafts, strict=True):
                _write(getattr(self, name), self.kind, draft, excel)
        return written


def _write(table: pd.DataFrame, kind: Collected, path: Path, excel: bool) -> None:
    """A list as people read it: its columns, and the sorts of things, by their labels."""
    sorts = {c: table[c].map(lambda one: sort(one, kind)) for c in ("kind", "field") if c in table}
    text = escaping.as_csv(table.assign(**sorts).rename(columns=HEADERS), excel=excel)
    path.write_text(text, encoding="utf-8", newline="")


@dataclass
class Ledger:
    """The gathering of a reading, file after file."""

    personal: bool = False
    directory: Directory | None = None  # of the bodies: never part of what a reading gives
    lists: dict[str, dict[str, list]] = field(default_factory=dict)
    unknown: dict[tuple[str, str], list] = field(default_factory=dict)
    dropped: dict[str, None] = field(default_factory=dict)
    ignored: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    blocks: dict[str, pd.DataFrame] = field(default_factory=dict)
    rows: int = 0
    masked: int = 0
    deduced_epci: int = 0

    def add(self, name: str, sheet: Sheet, **values: object) -> None:
        """Keep rows of a list, found in a sheet; a value that is the same for all is given alone."""
        values["file"], values["sheet"], row = sheet.origin(values.get("row"))
        if "row" in values:
            values["row"] = row
        length = max((len(v) for v in values.values() if isinstance(v, list | np.ndarray | pd.Series)), default=1)
        if length:
            kept = self.lists.setdefault(name, {column: [] for column in GATHERED[name]})
            for column, into in kept.items():
                value = values[column]
                into.extend([value] * length if isinstance(value, str | int | float) else list(value))

    def sheet(self, sheet: Sheet, taken: str, gathered: int | None = None, set_aside: int = 0) -> None:
        """Account for the rows of a sheet, and for what it was taken for; nothing is gathered when it is left out."""
        headings = 0 if gathered is None else sheet.headings
        read = headings + (gathered or 0) + set_aside
        self.add(
            "sheets",
            sheet,
            taken=f"{taken} (feuille masquée)" if sheet.hidden else taken,
            filled=sheet.filled,
            headings=headings,
            gathered=gathered or 0,
            set_aside=set_aside,
            left_out=sheet.filled - read,
        )

    def count(self, name: str) -> int:
        """How many rows a list has."""
        return len(self.lists[name]["file"]) if name in self.lists else 0

    def problem(self, sheet: Sheet, rows: Sequence[int], column: object, values: object, message: object) -> None:
        """Keep cells that are wrong, what reaches a person masked."""
        if len(rows) == 0:
            return
        shown = [self.hide(str(v)) for v in values] if not isinstance(values, str) else self.hide(values)
        self.add("problems", sheet, row=np.asarray(rows), column=column, value=shown, message=message)

    def label(self, kind: str, label: str, count: int, close: Sequence[str]) -> None:
        """Count a label that nobody knows."""
        found = self.unknown.setdefault((kind, self.hide(label)), [0, tuple(close)])
        found[0] += count

    def hide(self, text: str) -> str:
        """A text as it may be shown."""
        return text if self.personal else personal.mask(text)

    def arrange(self, files: Sequence[str]) -> None:
        """Put what is wrong and what is set aside in the order of the files."""
        place = {file: n for n, file in enumerate(dict.fromkeys(files))}
        for name in ("problems", "set_aside"):
            if kept := self.lists.get(name):
                order = sorted(range(len(kept["file"])), key=lambda n: place.get(kept["file"][n], len(place)))
                self.lists[name] = {column: [values[n] for n in order] for column, values in kept.items()}

    def taken(self, text: pd.Series, kind: str, name: str, field: Field | None = None) -> pd.Series:
        """A field as it is read, and its cells counted: by the register, or whole where persons are asked for."""
        if self.personal:
            return text
        made, count = personal.taken(text, kind, name, field)
        self.masked += count
        return made

    def shown(self, names: pd.Series) -> pd.Series:
        """Names of files, of sheets, of columns, as they may be shown."""
        seen = {one: self.hide(one) for one in names.unique()}
        return names if all(one == other for one, other in seen.items()) else names.map(seen)

    def table(self, name: str) -> pd.DataFrame:
        """A list with all that was kept."""
        if name not in self.lists:
            return pd.DataFrame(columns=list(GATHERED[name]), dtype="str")
        found = self.lists[name]
        seen = {one: self.hide(one) for one in set().union(*(found[name] for name in NAMES if name in found))}
        return pd.DataFrame({name: [seen[o] for o in kept] if name in NAMES else kept for name, kept in found.items()})

    def unknown_labels(self) -> pd.DataFrame:
        """The labels that nobody knows, the most frequent first."""
        rows = sorted(self.unknown.items(), key=lambda item: (-item[1][0], item[0]))
        made = [(kind, label, count, " ; ".join(close)) for (kind, label), (count, close) in rows]
        return pd.DataFrame(made, columns=list(UNKNOWN))
