"""The plans of one territory: whether the lesser efforts of one are compensated by its greater ones."""

from __future__ import annotations

from copkit.models.side_by_side import SideBySide
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.territory.comparison import two_plans
from copkit.presentation.text import Note

COMPENSATION = Section("compensation", 50)


@COMPENSATION.table("compensation", sheet="Compensation", rank=50)
def _two_plans(found: SideBySide) -> Table | Note:
    """The first plan of a territory and another, with the gap of each row."""
    if not found.verdicts:
        return Note("Un plan par territoire : rien ne se compense de l'un à l'autre.")
    return two_plans(found.verdicts[0])
