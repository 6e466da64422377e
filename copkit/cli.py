"""The command line: its entry point, and the commands that make documents.

Help and messages are in French; heavy imports stay where they are used. ``commands.py`` holds the plans.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copkit import commands
from copkit.terminal import Format, parameters, print_data, print_table

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
            parameters=parameters(parameter or []),
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


for command in commands.ALL:
    app.command()(command)


def main() -> None:
    """Entry point: an error of copkit is one French message, without a traceback."""
    from copkit.errors import CopkitError

    try:
        app()
    except CopkitError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
