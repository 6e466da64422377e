"""Wide tables of answers, a row for each collectivité and a column for each question of each action, turned into long.

A column says its action and its question: ``zfe__pertinence``, « Action : question » or « Question : action » as a form
exports them, or the action above the question in two rows of headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from copkit import french
from copkit.files import kept
from copkit.intake.headers import head
from copkit.intake.sheet import Sheet, position
from copkit.survey.questionnaire import QUESTION_LABELS, actions, rules

LABELS = {**QUESTION_LABELS, "comment": "Commentaire"}
OTHERS = {
    "collectivite": ("niveau_collectivite",),
    "parties_prenantes": ("niveau_parties_prenantes",),
    "comment": ("commentaire",),
}
ACTION, MARK = "Action", "__"


@kept(maxsize=1)
def _questions() -> Mapping[str, str]:
    """How a question is written, at the head of a column → the question."""
    asked = {head(text): name for name, text in rules().questions.items()}
    own = {head(text): name for name, label in LABELS.items() for text in (name, label, *OTHERS.get(name, ()))}
    return asked | own


@kept(maxsize=1)
def _known() -> Mapping[str, str]:
    """How an action is written → its id."""
    table = actions()
    return {head(text): id_ for id_, label in zip(table.action, table.label, strict=True) for text in (id_, label)}


def unfolded(sheet: Sheet) -> Sheet:
    """A wide table as a long one, a row for each collectivité and each action; any other table as it is."""
    if (second := _second(sheet)) is not None:
        sheet = second
    plan = _plan(tuple(sheet.headers))
    if not plan:
        return sheet
    taken = {place for columns in plan.values() for place in columns.values()}
    base = [place for place in range(len(sheet.headers)) if place not in taken]
    columns = [sheet.cells[place].to_numpy(dtype=object) for place in range(len(sheet.headers))]
    count, empty = len(sheet.rows), np.full(len(sheet.rows), "", dtype=object)
    asked = [name for name in LABELS if any(name in one for one in plan.values())]
    grid = [np.tile(columns[place], len(plan)) for place in base]
    grid += [np.repeat(np.array(list(plan), dtype=object), count)]
    grid += [np.concatenate([columns[one[name]] if name in one else empty for one in plan.values()]) for name in asked]
    order = np.argsort(np.tile(np.arange(count), len(plan)), kind="stable")
    rows = np.tile(sheet.rows, len(plan))[order]
    headers = [*(sheet.headers[place] for place in base), ACTION, *(LABELS[name] for name in asked)]
    made = replace(sheet, headers=headers, grid=[list(one[order]) for one in grid], rows=rows)
    made.champs, made.dates, made.numbers, made.faults = [], {}, {}, {}
    moved = {place: len(base) + 1 + asked.index(name) for one in plan.values() for name, place in one.items()}
    moved |= {place: n for n, place in enumerate(base)}
    made.unseen = {moved[place]: letters for place, letters in sheet.unseen.items()}
    for place, faults in sheet.faults.items():
        made.faults.setdefault(moved[place], []).extend(faults)
    made.filled = sheet.filled + len(rows) - count
    said = french.plural(count, "ligne", "lignes"), french.plural(len(plan), "action")
    made.notes = [*sheet.notes, f"table large, {said[0]} × {said[1]}, lue comme {french.plural(len(rows), 'réponse')}"]
    return made


@kept(maxsize=64)
def _plan(headers: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """action, as it is written → question → column; nothing when no column says an action that is known."""
    plan: dict[str, dict[str, int]] = {}
    known = False
    for place, header in enumerate(headers):
        action, question = _said(header)
        if question and place not in plan.setdefault(action, {}).values():
            plan[action].setdefault(question, place)
            known |= action in set(_known().values())
    return plan if known else {}


def _said(header: str) -> tuple[str, str]:
    """The action and the question of a header; nothing when it has not both."""
    action, mark, question = header.rpartition(MARK)
    if mark and action:
        return _known().get(head(action), action), _questions().get(head(question), "")
    text = head(header)
    for said, name in _questions().items():
        if " " in said:
            rest = text.removesuffix(f" {said}") if text.endswith(f" {said}") else text.removeprefix(f"{said} ")
            if rest != text and rest in _known():
                return _known()[rest], name
    if text.endswith(" commentaire") and (rest := text.removesuffix(" commentaire")) in _known():
        return _known()[rest], "comment"
    return "", ""


def _second(sheet: Sheet) -> Sheet | None:
    """A table whose first row says the actions and whose second row says the questions, with one row of headers."""
    if not any(head(text) in _known() for text in sheet.headers) or not len(sheet.rows):
        return None
    width = len(sheet.headers)
    first, number = sheet.cells.iloc[0].tolist(), int(sheet.rows[0])
    right = {(row, position(letters)): text for row, letters, text in sheet.beyond}
    left = min((column for _, column in right), default=width) - width  # columns before the first one
    more = max((column for _, column in right), default=width + left - 1) - left - width + 1
    first += [right.get((number, width + left + n), "") for n in range(more)]
    if sum(head(text) in _questions() for text in first) < 2:
        return None
    above, headers = "", []
    for top, under in zip([*sheet.headers, *[""] * more], first, strict=True):
        above = top or above
        asked = head(under) in _questions() and head(above) in _known()
        headers.append(f"{_known()[head(above)]}{MARK}{_questions()[head(under)]}" if asked else under or top)
    cells = sheet.cells.iloc[1:]
    grid = [cells[n].tolist() for n in range(width)]
    grid += [[right.get((int(row), width + left + n), "") for row in sheet.rows[1:]] for n in range(more)]
    made = replace(sheet, headers=headers, grid=grid, rows=sheet.rows[1:], headings=sheet.headings + 1, beyond=[])
    made.dates = {column: marks[1:] for column, marks in sheet.dates.items()}
    made.numbers = {column: marks[1:] for column, marks in sheet.numbers.items()}
    made.merged = [one for one in sheet.merged if one[0] > number]
    return made
