"""Workbooks that came back, put together: decisions, opinions, who changed what, and what they disagree on.

A cell that was changed wins over one that was left as it was sent; two cells changed into two different values
are a conflict, which is shown and never settled here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.projects import fields
from copkit.projects.triage import opinions
from copkit.projects.triage import rules as ruled
from copkit.projects.workshop import columns
from copkit.projects.workshop.columns import BY_NAME
from copkit.projects.workshop.read import Edit, Known, Problem, read_one

DECISIONS = ["project_id", "category", "author", "date", "reason", "file"]
OPINIONS = ["project_id", "field", "label", "value", "file", "cell"]
CONFLICTS = ["project_id", "field", "label", "value", "shown", "file", "sheet", "cell"]
CHANGES = ["file", "sheet", "cell", "project_id", "field", "label", "before", "after", "kept"]
PROBLEMS = ["file", "sheet", "row", "cell", "message"]
PARTS = {"author": "decision_author", "date": "decision_date", "reason": "decision_reason"}
Place = tuple[str, str]  # a dossier and a column
LACKS = {"author": "l'auteur", "date": "la date", "reason": "la raison"}


@dataclass(frozen=True, eq=False)
class Workshop:
    """Ce que disent des classeurs d'atelier revenus des services ; ``triage(projets, decisions=…)`` l'accepte.

    decisions : dossier, catégorie, auteur, date, raison, fichier. opinions : avis, financements et ingénierie repérés.
    conflicts : une ligne par réponse en désaccord, avec sa cellule. changes : ce que chaque fichier a changé.
    problems : fichier, feuille, ligne, cellule, message. missing : dossiers qui n'ont plus de ligne, par fichier.
    """

    decisions: pd.DataFrame
    opinions: pd.DataFrame
    conflicts: pd.DataFrame
    changes: pd.DataFrame
    problems: pd.DataFrame
    missing: dict[str, list[str]]

    def messages(self) -> list[str]:
        """Les problèmes puis les désaccords, une phrase chacun, avec le fichier et la cellule."""
        rows = self.problems.itertuples(index=False, name=None)
        return [str(Problem(*row)) for row in rows] + list(map(french.typeset, _disagreements(self.conflicts)))

    def disagreements(self) -> int:
        """Le nombre de questions où deux réponses diffèrent."""
        return len(self.conflicts[["project_id", "field"]].drop_duplicates())

    def __deepcopy__(self, memo: dict) -> Workshop:
        return self


def read_workshop(projects: pd.DataFrame, *paths: str | Path, rules: str | Path | None = None) -> Workshop:
    """Relit des classeurs d'atelier et les réunit, sans les modifier et sans choisir à la place des services.

    Parameters
    ----------
    projects : les projets, triés ou non, qui ont servi à écrire les classeurs.
    paths : les classeurs .xlsx revenus.
    rules : le fichier de règles du tri, si ce n'est pas parameters/triage.yml.

    Returns
    -------
    Workshop
        Les décisions et les avis, les désaccords, les changements et les problèmes. Une réponse changée l'emporte sur
        une réponse laissée telle qu'envoyée. Deux réponses différentes à la même question sont un désaccord : la
        catégorie de la règle reste. Deux décisions pour la même catégorie n'en font qu'une : leurs auteurs et leurs
        raisons sont cités ensemble, et la date est la plus récente.

    Raises
    ------
    ParameterError
        Si le fichier de règles est endommagé. Un classeur illisible est un problème de la liste, pas une erreur.
    """
    found = ruled.rules(rules)
    labels = found.labels(projects.attrs.get("triage", {}).get("year", found.year))
    counted = fields.counted(fields.complete(projects))
    counted = counted[counted.project_id != ""].drop_duplicates("project_id")
    ids = [columns.read_id(id_) for id_ in counted.project_id]
    known = Known(
        values=dict(zip(ids, columns.values(counted).to_dict("records"), strict=True)),
        by_mark=_by_mark(ids),
        labels=labels,
    )
    returned = [read_one(Path(path), name, known) for path, name in zip(paths, _names(paths), strict=True)]
    edits = [edit for one in returned for edit in one.edits]
    problems = [problem for one in returned for problem in one.problems]
    answers = {place: _Answer(given) for place, given in _by_place(edits).items()}
    refused = {(edit.project_id, edit.name) for edit in edits if not edit.kept}  # already told at their cells
    decisions = [*_decisions(answers, refused, known, problems), *_kept(answers, known)]
    conflicts = [
        [e.project_id, e.name, BY_NAME[e.name].label, e.value, _shown(e, labels), e.file, e.sheet, e.cell]
        for answer in answers.values()
        for e in answer.conflict
        if e.name not in PARTS.values()  # an author or a reason is cited beside the other
    ]
    changes = [_change(e, answers, known, labels) for e in edits if e.changed]
    return Workshop(
        decisions=pd.DataFrame(decisions, columns=DECISIONS, dtype="str"),
        opinions=pd.DataFrame(_opinions(answers, known), columns=OPINIONS, dtype="str"),
        conflicts=pd.DataFrame(conflicts, columns=CONFLICTS, dtype="str"),
        changes=pd.DataFrame(changes, columns=CHANGES, dtype="str"),
        problems=pd.DataFrame([[p.file, p.sheet, p.row, p.cell, p.message] for p in problems], columns=PROBLEMS),
        missing={one.file: one.missing for one in returned if one.missing},
    )


def _by_mark(ids: list[str]) -> dict[str, str]:
    """Mark → its dossier, where it has only one."""
    found: dict[str, list[str]] = {}
    for id_ in ids:
        found.setdefault(columns.mark(id_), []).append(id_)
    return {mark: same[0] for mark, same in found.items() if len(same) == 1}


def _names(paths: tuple[str | Path, ...]) -> list[str]:
    """The names of the files, with their folders where two have the same name."""
    names = [Path(path).name for path in paths]
    return [name if names.count(name) == 1 else Path(path).as_posix() for path, name in zip(paths, names, strict=True)]


def _by_place(edits: list[Edit]) -> dict[Place, list[Edit]]:
    """The understood cells of one dossier and one column, over all workbooks."""
    found: dict[Place, list[Edit]] = {}
    for edit in edits:
        if edit.kept:
            found.setdefault((edit.project_id, edit.name), []).append(edit)
    return found


class _Answer:
    """What all workbooks answer to one question: cells that changed when there are, else one as it was sent."""

    def __init__(self, given: list[Edit]):
        changed = [edit for edit in given if edit.changed]
        self.given = changed or given[:1]
        self.changed = bool(changed)
        self.values = list(dict.fromkeys(edit.value for edit in self.given))
        self.conflict = self.given if changed and len(self.values) > 1 else []

    @property
    def value(self) -> str:
        """The answer; nothing when they disagree."""
        return "" if self.conflict else self.values[0]


def _decisions(
    answers: Mapping[Place, _Answer], refused: set[Place], known: Known, problems: list[Problem]
) -> Iterator[list[str]]:
    """The decisions that are whole; what one lacks is a problem at its cell."""
    ids = dict.fromkeys(id_ for id_, name in answers if name == "decision" or name in PARTS.values())
    for id_ in ids:
        category = answers.get((id_, "decision"))
        parts = {part: answers.get((id_, name)) for part, name in PARTS.items()}
        if category is not None and category.conflict:
            continue
        if category is None or not category.value:
            problems.extend(_orphans(id_, category, parts) if (id_, "decision") not in refused else ())
            continue
        said = {part: _said(parts[part], known.values[id_][name]) for part, name in PARTS.items()}
        lacking = [part for part in PARTS if not said[part]]
        if lacking:
            untold = [part for part in lacking if (id_, PARTS[part]) not in refused]
            problems.extend(_incomplete(category.given[0], untold, parts))
            continue
        files = dict.fromkeys(edit.file for edit in category.given)
        reasons = " ; ".join(said["reason"])
        yield [id_, category.value, french.join(said["author"]), max(said["date"]), reasons, ", ".join(files)]


def _said(answer: _Answer | None, before: str) -> list[str]:
    """The authors, dates or reasons of a decision; what was known when no workbook has the cell any more."""
    return [value for value in (answer.values if answer else [before]) if value]


def _kept(answers: Mapping[Place, _Answer], known: Known) -> Iterator[list[str]]:
    """The decisions that were taken before, for the dossiers whose category no workbook speaks about."""
    for id_, values in known.values.items():
        if values["decision"] and (id_, "decision") not in answers:
            yield [id_, values["decision"], *(values[name] for name in PARTS.values()), ""]


def _orphans(id_: str, category: _Answer | None, parts: Mapping[str, _Answer | None]) -> Iterator[Problem]:
    """An author, a date or a reason that was written without a category."""
    written = [e for answer in parts.values() if answer and answer.changed for e in answer.given if e.value]
    if written and (category is None or not category.changed):
        e = written[0]
        message = f"décision sans catégorie pour le dossier « {id_} ». Choisir la catégorie, ou vider la ligne."
        yield Problem(e.file, e.sheet, e.row, e.cell, message)


def _incomplete(category: Edit, lacking: list[str], parts: Mapping[str, _Answer | None]) -> Iterator[Problem]:
    """The empty cells of a decision, in the workbook that gives the category."""
    for part in lacking:
        answer = parts[part]
        cell = (
            next((e.cell for e in answer.given if e.file == category.file), category.cell) if answer else category.cell
        )
        message = (
            f"la décision du dossier « {category.project_id} » n'est pas retenue : il manque {LACKS[part]}. L'écrire."
        )
        yield Problem(category.file, category.sheet, category.row, cell, message)


def _opinions(answers: Mapping[Place, _Answer], known: Known) -> Iterator[list[str]]:
    """The opinions that differ from what is known; one sent earlier and left as it was counts where nothing is."""
    for (id_, name), answer in answers.items():
        if name not in opinions.FIELDS or answer.conflict:
            continue
        before = known.values[id_][name]
        if answer.value != before and (answer.changed or not before):
            e = answer.given[0]
            yield [id_, name, BY_NAME[name].label, answer.value, e.file, e.cell]


def _shown(e: Edit, labels: Mapping[str, str]) -> str:
    return columns.shown(e.name, e.value, labels) if e.kept else e.value


def _change(e: Edit, answers: Mapping[Place, _Answer], known: Known, labels: Mapping[str, str]) -> list[str]:
    before = columns.shown(e.name, known.values.get(e.project_id, {}).get(e.name, ""), labels)
    conflict = e.kept and e.name not in PARTS.values() and answers[e.project_id, e.name].conflict
    kept = "désaccord" if conflict else fields.YES if e.kept else fields.NO
    return [e.file, e.sheet, e.cell, e.project_id, e.name, BY_NAME[e.name].label, before, _shown(e, labels), kept]


def _disagreements(conflicts: pd.DataFrame) -> Iterator[str]:
    for (id_, label), rows in conflicts.groupby(["project_id", "label"], sort=False):
        said = [
            f"« {row.shown or '(vide)'} » ({row.file}, feuille « {row.sheet} », cellule {row.cell})"
            for row in rows.itertuples()
        ]
        end = "Rien n'est choisi : s'accorder, puis corriger un classeur."
        yield f"Dossier « {id_} », « {label} » : {french.join(said)}. {end}"
