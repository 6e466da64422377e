"""What the commands share: output formats, tables in a terminal, files read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit import escaping
from copkit.errors import CopkitError, DataError, RunError
from copkit.files import read_text

Format = Annotated[Literal["table", "csv", "json"], typer.Option(help="table, csv ou json.")]


def light(command: Callable) -> Callable:
    """A command that only makes a table, in half the time.

    xarray imports pint and dask to ask them whether an array is theirs: here it is told that there are none. What is
    imported stays to the end: to look for what can be freed takes a tenth of the time, and as much again at the end.
    """

    @wraps(command)
    def made(*args, **kwargs):
        import gc

        from copkit.batch.forked.server import absent

        gc.disable()
        with absent("dask"), absent("pint"):
            import xarray as xr

            xr.DataArray([0.0], {"x": [0.0]}).to_numpy()  # asks whether an array is theirs, and remembers
        try:
            command(*args, **kwargs)
        finally:
            gc.freeze()
            gc.enable()

    return made


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """A sentence in the terminal, which obeys nothing that is in it."""
    typer.echo(escaping.terminal(text), err=err, nl=nl)


def give(text: str, *, nl: bool = True) -> None:
    """Data to the last character for another program; a screen obeys nothing that is in it."""
    typer.echo(escaping.terminal(text) if sys.stdout.isatty() else text, nl=nl)


def print_table(table, leave_out: tuple[str, ...] = (), leave_out_if_narrow: tuple[str, ...] = ()) -> None:
    """A table in the terminal, with its caption, without the columns that a screen of this width can spare."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    if hasattr(table, "text"):  # a note stands where there is nothing to show
        say(table.text)
        return
    console = Console()
    title = Text(escaping.terminal(table.caption), style="table.title")
    shown = RichTable(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    dropped = leave_out + (leave_out_if_narrow if console.width < 120 else ())
    written = {name: cells for name, cells in table.texts().items() if name not in dropped}
    for column, cells in written.items():
        side, widest = "right" if column in table.formats else "left", min(max(map(len, cells), default=0), 22)
        shown.add_column(Text(escaping.terminal(column)), justify=side, overflow="fold", min_width=widest)
    for row in zip(*written.values(), strict=True):
        shown.add_row(*map(Text, row))  # as they are: « [unité] » is no markup
    console.print(shown)


def print_data(table, format: Format) -> None:
    """A DataFrame as CSV or JSON: raw numbers, empty or null when unknown."""
    if format == "csv":
        give(table.to_csv(index=False), nl=False)
    else:
        give(table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15))


def parameters(pairs: list[str]) -> dict:
    """« annee=2030 » → {"annee": 2030}: numbers and yes/no as such, the rest as text."""
    out = {}
    for pair in pairs:
        name, equal, text = pair.partition("=")
        if not equal or not name:
            raise RunError(f"Paramètre illisible : « {pair} ». Écrire NOM=VALEUR, par exemple -p annee=2030.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        out[name] = value if isinstance(value, (int, float, bool)) else text
    return out


def numbers(pairs: list[str]) -> dict[str, float]:
    """« covoiturage=300 » → {"covoiturage": 300.0}; a French decimal comma is understood."""
    from copkit.intake import cells

    out = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        value, wrong = cells.number(text, decimal="," if "," in text else ".")
        if wrong or not text.strip() or not name.strip():
            raise CopkitError(f"Valeur illisible : « {pair} ». Écrire LEVIER=NOMBRE, par exemple covoiturage=300.")
        if name.strip() in out:
            raise CopkitError(f"Levier donné deux fois : « {name.strip()} ». En garder un.")
        out[name.strip()] = value
    return out


def read_csv(path: Path):
    """A CSV file that a person names, codes as text."""
    import io

    import pandas as pd

    return pd.read_csv(io.StringIO(read_text(path, DataError)), dtype=str, keep_default_na=False)
