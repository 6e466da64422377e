"""Workbooks that came back, put together: what each row says now, who changed what, and what they disagree on.

A cell that was changed wins over one that was left as it was sent; two cells changed into two different values
are a conflict, which is shown and never settled here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.display import Displayed
from copkit.errors import ProjectError
from copkit.files import path_of
from copkit.intake.fields import NO, YES
from copkit.intake.workbook.form import Form, Group
from copkit.intake.workbook.read import Edit, Known, Problem, Returned, read

ANSWERS = ["field", "label", "value", "file", "cell"]
CONFLICTS = ["field", "label", "value", "shown", "file", "sheet", "cell"]
CHANGES = ["field", "label", "before", "after", "kept"]


@dataclass(frozen=True, eq=False, repr=False)
class Merged(Displayed):
    """Ce que disent ensemble des classeurs revenus.

    table : une ligne par ligne connue ou ajoutée, avec ses réponses ; une réponse en désaccord reste comme avant.
    answers : ce qui est nouveau et retenu, avec les fichiers et les cellules qui le disent.
    conflicts : une ligne par réponse en désaccord, avec sa cellule. changes : ce que chaque fichier a changé.
    problems : fichier, feuille, ligne, cellule, message. missing : ce qui n'a plus de ligne, par fichier.
    """

    table: pd.DataFrame
    answers: pd.DataFrame
    conflicts: pd.DataFrame
    changes: pd.DataFrame
    problems: pd.DataFrame
    missing: dict[str, list[str]]
    form: Form

    def messages(self) -> list[str]:
        """Les problèmes puis les désaccords, une phrase chacun, avec le fichier et la cellule."""
        rows = self.problems.itertuples(index=False, name=None)
        return [str(Problem(*row)) for row in rows] + list(map(french.typeset, self._disagreements()))

    def disagreements(self) -> int:
        """Le nombre de questions où deux réponses diffèrent."""
        return len(self.conflicts[[self.form.key.name, "field"]].drop_duplicates())

    def _disagreements(self) -> Iterator[str]:
        noun = self.form.noun.one.capitalize()
        for (key, label), rows in self.conflicts.groupby([self.form.key.name, "label"], sort=False):
            said = french.join(
                f"« {row.shown or '(vide)'} » ({row.file}, feuille « {row.sheet} », cellule {row.cell})"
                for row in rows.itertuples()
            )
            yield f"{noun} « {key} », « {label} » : {said}. Rien n'est choisi : s'accorder, puis corriger un classeur."


def gather(form: Form, table: pd.DataFrame, *paths: str | Path) -> Merged:
    """Workbooks read and put together; ``table``: what is known today, that they were written from or since."""
    known = Known(form, table)
    paths = tuple(path_of(one, ProjectError) for one in paths)
    names = [path.name for path in paths]
    told = [name if names.count(name) == 1 else path.as_posix() for name, path in zip(names, paths, strict=True)]
    return merge(form, known, [read(form, known, path, name) for path, name in zip(paths, told, strict=True)])


def merge(form: Form, known: Known, returns: list[Returned]) -> Merged:
    """What several workbooks say together."""
    made = _Merging(form, known, returns)
    made.settle()
    key = form.key.name
    table = pd.DataFrame([{key: one, **row} for one, row in made.values.items()], columns=form.marked, dtype="str")
    numbers = {one.name: pd.to_numeric(table[one.name], errors="coerce") for one in form.inputs if one.numeric}
    return Merged(
        table=table.assign(**numbers),
        answers=pd.DataFrame(made.news(), columns=[key, *ANSWERS], dtype="str"),
        conflicts=pd.DataFrame(made.conflicts(), columns=[key, *CONFLICTS], dtype="str"),
        changes=pd.DataFrame(made.changes(), columns=["file", "sheet", "cell", key, *CHANGES], dtype="str"),
        problems=pd.DataFrame(made.problems, columns=list(Problem._fields)),
        missing={one.file: one.missing for one in returns if one.missing},
        form=form,
    )


class _Answer:
    """What all workbooks answer to one question: cells that changed when there are, else one as it was sent."""

    def __init__(self, given: list[Edit]):
        changed = [edit for edit in given if edit.changed]
        self.given = changed or given[:1]
        self.changed = bool(changed)
        self.values = list(dict.fromkeys(edit.value for edit in self.given))


class _Merging:
    """The questions of all workbooks, one after the other, then the groups of answers that count together."""

    def __init__(self, form: Form, known: Known, returns: list[Returned]):
        self.form, self.known = form, known
        self.edits = [edit for one in returns for edit in one.edits]
        self.problems = [problem for one in returns for problem in one.problems]
        self.refused = {(edit.key, edit.name) for edit in self.edits if not edit.kept}  # already told at their cells
        understood: dict[tuple[str, str], list[Edit]] = {}
        for edit in self.edits:
            if edit.kept:
                understood.setdefault((edit.key, edit.name), []).append(edit)
        self.answers = {place: _Answer(given) for place, given in understood.items()}
        blank = dict.fromkeys(form.marked[1:], "")
        keys = dict.fromkeys([*known.values, *(key for key, _ in self.answers)])
        self.values = {key: blank | dict(known.values.get(key, {})) for key in keys}

    def settle(self) -> None:
        """The value of every question; what was known stays where nobody says otherwise, or where they disagree."""
        for (key, name), answer in self.answers.items():
            if not self.conflict(key, name) and (answer.changed or not self.values[key][name]):
                merge, said = self.form.by_name[name].merge, [value for value in answer.values if value]
                self.values[key][name] = (merge(said) if merge else said[0]) if said else ""
        for group in self.form.groups:
            names = (group.lead, *group.parts)
            for key in dict.fromkeys(key for key, name in self.answers if name in names):
                self._whole(group, key)

    def conflict(self, key: str, name: str) -> bool:
        """Whether two workbooks changed one answer into two, and nothing puts them together."""
        answer = self.answers.get((key, name))
        if answer is None or not answer.changed or len(answer.values) < 2 or self.form.by_name[name].merge:
            return False
        return key in self.known.values or name not in self.form.identity  # two spellings make the same added row

    def _whole(self, group: Group, key: str) -> None:
        """A group that lacks something is not kept, and what it lacks is a problem at its cell."""
        lead, values = self.answers.get((key, group.lead)), self.values[key]
        if lead is None or not (lead.changed or lead.values[0]):  # nobody speaks of the lead: what was known stays
            values |= {name: self._before(key, name) for name in group.parts}
            if (key, group.lead) not in self.refused:
                self.problems.extend(self._alone(group, key))
            return
        lacking = [name for name in group.parts if not values[name]]
        if values[group.lead] and lacking and not self.conflict(key, group.lead):
            self.problems.extend(self._incomplete(group, lead.given[0], lacking))
        if lacking or not values[group.lead] or self.conflict(key, group.lead):
            values |= dict.fromkeys((group.lead, *group.parts), "")

    def _alone(self, group: Group, key: str) -> Iterator[Problem]:
        """The first of the parts that somebody wrote without the lead."""
        parts = [answer for name in group.parts if (answer := self.answers.get((key, name))) and answer.changed]
        for e in [edit for answer in parts for edit in answer.given if edit.value][:1]:
            yield Problem(e.file, e.sheet, e.row, e.cell, group.alone.format(key))

    def _incomplete(self, group: Group, lead: Edit, lacking: list[str]) -> Iterator[Problem]:
        """The empty cells of a group, in the workbook that gives the lead."""
        for name in lacking:
            if (lead.key, name) not in self.refused:
                answer = self.answers.get((lead.key, name))
                here = [e.cell for e in answer.given if e.file == lead.file] if answer else []
                message = f"{group.incomplete.format(lead.key)} : il manque {group.parts[name]}. L'écrire."
                yield Problem(lead.file, lead.sheet, lead.row, (here or [lead.cell])[0], message)

    def _before(self, key: str, name: str) -> str:
        return self.known.values.get(key, {}).get(name, "")

    # -------------------------------------------------------------- what is told

    def news(self) -> Iterator[list[str]]:
        """The answers that differ from what is known, and who gives them."""
        for (key, name), answer in self.answers.items():
            value = self.values[key][name]
            if value != self._before(key, name) and not self.conflict(key, name):
                files, places = (dict.fromkeys(getattr(e, what) for e in answer.given) for what in ("file", "cell"))
                yield [key, name, self.form.by_name[name].label, value, ", ".join(files), ", ".join(places)]

    def conflicts(self) -> Iterator[list[str]]:
        """Each cell of a disagreement."""
        for key, name in self.answers:
            for e in self.answers[key, name].given if self.conflict(key, name) else ():
                column = self.form.by_name[name]
                yield [key, name, column.label, e.value, column.shown(e.value), e.file, e.sheet, e.cell]

    def changes(self) -> Iterator[list[str]]:
        """Each cell that differs from what was sent."""
        for e in self.edits:
            column = self.form.by_name[e.name]
            shown = [column.shown(self._before(e.key, e.name)), column.shown(e.value) if e.kept else e.value]
            kept = "désaccord" if e.kept and self.conflict(e.key, e.name) else YES if e.kept else NO
            if e.changed:
                yield [e.file, e.sheet, e.cell, e.key, e.name, column.label, *shown, kept]
