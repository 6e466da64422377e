"""The command line: ``copkit run | panorama | doctor``. Help and messages in French; heavy imports where used."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="copkit : la planification écologique dans les territoires, de la région au département.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Level(StrEnum):
    """The levels that a batch covers."""

    region = "region"
    departement = "departement"


class Format(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


@app.callback()
def root() -> None:
    """copkit : la planification écologique dans les territoires, de la région au département."""


@app.command()
def run(
    codes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CODE]...",
            help="Codes des territoires (reg-32, dep-59, fr) ; sans code : les 18 régions et les 101 départements.",
        ),
    ] = None,
    level: Annotated[Level | None, typer.Option(help="Seulement les régions ou seulement les départements.")] = None,
    notebook: Annotated[str, typer.Option(help="Carnet de notebooks/ à exécuter, sans « .ipynb ».")] = "diagnostic",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Nombre de processus ; par défaut le nombre de cœurs.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Dossier des sorties.")] = Path("outputs"),
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NOM=VALEUR", help="Paramètre du carnet ; peut se répéter."),
    ] = None,
) -> None:
    """Produit les documents d'un carnet pour des territoires : HTML, classeur et carnet exécuté, et leur index."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from copkit import french
    from copkit.batch.run import run as batch

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        line = bar.add_task("Vérification", total=None)

        def progress(result, done: int, total: int) -> None:
            mark = "" if result.status == "ok" else " (échec)"
            bar.update(line, total=total, completed=done, description=f"{result.territory:<8}{mark}")

        report = batch(
            notebook,
            codes or [],
            level=level,
            out=out,
            jobs=jobs,
            parameters=_parameters(parameter or []),
            progress=progress,
        )
        bar.update(line, description="Terminé")
    good = len(report.results) - len(report.failures)
    typer.echo(f"{french.plural(good, 'document')} dans {out} ; à ouvrir : {out / 'index.html'}")
    if report.failures:
        typer.echo(f"\n{french.plural(len(report.failures), 'échec')} :", err=True)
        for failure in report.failures:
            typer.echo(f"  • {failure.territory} : {failure.error}", err=True)
        raise typer.Exit(1)


def _parameters(pairs: list[str]) -> dict:
    """« annee=2030 » → {"annee": 2030}: numbers and yes/no as such, the rest as text."""
    import json

    from copkit.errors import RunError

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


@app.command()
def panorama(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32, dep-59 ou fr.")],
    format: Annotated[Format, typer.Option(help="table, csv ou json.")] = Format.table,
) -> None:
    """Affiche le panorama des leviers d'un territoire, en ktCO2e/an évitées en 2030 par rapport à 2019."""
    import copkit

    p = copkit.panorama(code)
    if format is Format.table:
        print_table(copkit.table(p, "panorama"), ("Thématique", "Statut"), ("Secteur",))
        print_table(copkit.table(p, "synthese"))
        return
    from copkit.models.panorama import table

    print_data(table(p), format)


def print_table(table, leave_out: tuple[str, ...] = (), leave_out_if_narrow: tuple[str, ...] = ()) -> None:
    """A table in the terminal, with its caption, without the columns that a screen of this width can spare."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console()
    shown = RichTable(title=table.caption, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    dropped = leave_out + (leave_out_if_narrow if console.width < 120 else ())
    written = table.written().drop(columns=[c for c in dropped if c in table.data])
    for column in written:
        right = column in table.formats
        widest = min(max(len(cell) for cell in written[column]), 30)
        shown.add_column(str(column), justify="right" if right else "left", overflow="fold", min_width=widest)
    for row in written.itertuples(index=False):
        shown.add_row(*row)
    console.print(shown)


def print_data(table, format: Format) -> None:
    """A DataFrame as CSV or JSON: raw numbers, empty or null when unknown."""
    if format is Format.csv:
        typer.echo(table.to_csv(index=False), nl=False)
    else:
        typer.echo(table.to_json(orient="records", force_ascii=False, indent=1, double_precision=15))


@app.command()
def doctor() -> None:
    """Vérifie l'installation, les données et les paramètres, et dit ce qui ne va pas."""
    from copkit.doctor import diagnose

    checks = diagnose()
    for check in checks:
        typer.echo(f"{'✓' if check.ok else '✗'} {check.label}" + ("" if check.ok else " :"))
        for line in check.details:
            typer.echo("\n".join(f"    {part}" for part in line.splitlines()))
    bad = sum(not check.ok for check in checks)
    typer.echo(
        "\nTout est en ordre."
        if not bad
        else f"\nÀ corriger : {bad} vérification{'s' if bad > 1 else ''} sur {len(checks)}."
    )
    raise typer.Exit(1 if bad else 0)


def main() -> None:
    """Entry point: an error of copkit is one French message, without a traceback."""
    from copkit.errors import CopkitError

    try:
        app()
    except CopkitError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
