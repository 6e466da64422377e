"""What the commands of collected things share: files, workbooks that came back, what these leave to settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copkit.commands.terminal import output, say
from copkit.commands.usage import codes, mappings

if TYPE_CHECKING:
    import pandas as pd

    from copkit.intake.workbook.merge import Merged

Files = Annotated[
    list[Path] | None, typer.Argument(metavar="FICHIER", help="CSV, XLSX ou ODS ; plusieurs sont réunis.")
]
Returned = Annotated[
    list[Path] | None,
    typer.Option("--returned", "-r", help="Classeur revenu, à réunir aux autres ; peut se répéter."),
]
Territory = Annotated[
    str,
    typer.Option(
        "--territory", metavar="CODE", help="Code du territoire : reg-32, dep-59 ou fr.", autocompletion=codes
    ),
]
Workbook = Annotated[Path, output(help="Classeur à écrire (.xlsx).")]


def mapped(kind: str):
    """The option of the headers of a kind."""
    return typer.Option(
        "--mapping",
        help=f"Correspondance d'en-têtes : un nom de parameters/mappings/{kind}, ou un YAML.",
        autocompletion=mappings(kind),
    )


def taken(
    files: list[Path] | None, returned: list[Path] | None, territory: str, mapping: str | None,
    read: Callable[..., pd.DataFrame], read_returns: Callable[..., Merged], of_returns: Callable[..., pd.DataFrame],
) -> tuple[pd.DataFrame, Merged | None]:  # fmt: skip
    """What files hold, or what workbooks that came back say together; and those workbooks."""
    from copkit.errors import CopkitError

    if bool(files) == bool(returned):
        raise CopkitError("Donner des fichiers, ou des classeurs revenus avec -r : l'un ou l'autre.")
    if files:
        return read(*files, mapping=mapping), None
    merged = read_returns(*returned, territory=territory)
    return of_returns(merged), merged


CHOSEN = ", rien n'a été choisi à la place des services"


def settle(merged: Merged | None, more: Iterable[str] = (), said: str = CHOSEN) -> None:
    """Say what workbooks that came back leave to settle, when they do, and end there."""
    messages = [*merged.messages(), *more] if merged else ()
    if messages:
        say(f"\nÀ reprendre{said} :", err=True)
        for message in messages:
            say(f"  • {message}", err=True)
        raise typer.Exit(1)
