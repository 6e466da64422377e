"""What a function of the kit gives shows itself as its table: in JupyterLab, in a document, in a terminal.

Tables are made far above what is computed: the public face says which function makes them.
"""

from __future__ import annotations

from collections.abc import Callable


class Displayed:
    """A result that ``ck.table`` knows how to write; a dataclass says ``repr=False`` to be written so too."""

    def _repr_html_(self) -> str | None:
        return self._made("_repr_html_")

    def __repr__(self) -> str:
        return self._made("__repr__") or object.__repr__(self)

    def _made(self, how: str) -> str | None:
        made = _table(self)
        return getattr(made, how)() if hasattr(made, how) else None


def leave_to(table: Callable[[Displayed], object]) -> None:
    """Have the tables of results made by a function."""
    global _table
    _table = table


def _table(found: Displayed) -> object:
    return None
