"""What happened when files were read, or when workbooks came back, as a table."""

from __future__ import annotations

from copkit import french
from copkit.intake.report import Reading
from copkit.intake.workbook.merge import Merged
from copkit.presentation.table import Table


def table(found: Reading | Merged) -> Table:
    """The lists of a reading, or what somebody has to settle in workbooks that came back."""
    return _reading(found) if isinstance(found, Reading) else _returned(found)


def _reading(found: Reading) -> Table:
    lists = {file: len(getattr(found, name)) for name, file in found.lists.items()}
    return Table.of(found.summary, {"Liste": list(lists), "Lignes": (list(lists.values()), 0)})


def _returned(found: Merged) -> Table:
    changes = french.plural(len(found.changes), "changement", "changements")
    messages = found.messages() or ["rien"]
    return Table.of(f"Classeurs relus : {changes}", {"À reprendre, rien n'a été choisi": messages})
