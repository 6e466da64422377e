"""What a function of the kit gives shows itself as its table: in JupyterLab, in a document, in a terminal."""

from __future__ import annotations


class Displayed:
    """A result that ``ck.table`` knows how to write; a dataclass says ``repr=False`` to be written so too."""

    def _repr_html_(self) -> str | None:
        return self._made("_repr_html_")

    def __repr__(self) -> str:
        return self._made("__repr__") or object.__repr__(self)

    def _made(self, how: str) -> str | None:
        from copkit import table  # the public face: what is shown is made far above what is computed

        made = table(self)
        return getattr(made, how)() if hasattr(made, how) else None
