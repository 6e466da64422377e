"""The sheet that opens a workbook: what it says in a few figures, and the bars that show them."""

from __future__ import annotations

from dataclasses import dataclass

from copkit.presentation.table import Table


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A table whose first column names the bars.

    columns : those that are drawn, one series each; none: the table stands alone.
    unit : the title of the axis of the values.
    """

    table: Table
    columns: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """``name``: what every page is about, printed at its head; ``title``: its message; ``lines``: what stands below."""

    name: str
    title: str
    lines: tuple[str, ...]
    parts: tuple[Bars, ...]
