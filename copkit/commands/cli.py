"""The command line: its entry point, and the short commands.

Help and messages are in French; heavy imports stay where they are used. The other files of this folder hold one
family of commands each.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from copkit import french
from copkit.commands import analyses, projects, run, simulator, strengths
from copkit.commands.terminal import Format, light, print_data, print_table, say

app = typer.Typer(
    help="copkit : la planification écologique dans les territoires, de la région au département.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root() -> None:
    """copkit : la planification écologique dans les territoires, de la région au département."""


@app.command()
@light
def panorama(
    code: Annotated[str, typer.Argument(metavar="CODE", help="reg-32, dep-59 ou fr.")],
    format: Format = "table",
) -> None:
    """Affiche le panorama des leviers d'un territoire, en ktCO2e/an évitées en 2030 par rapport à 2019."""
    from copkit.models import panorama as model

    p = model.panorama(code)
    if format == "table":
        from copkit.presentation.territory.ambition import levers, summary

        print_table(levers(p), ("Thématique", "Statut"), ("Secteur",))
        print_table(summary(p))
    else:
        print_data(model.table(p), format)


@app.command()
def doctor() -> None:
    """Vérifie l'installation, les données et les paramètres, et dit ce qui ne va pas."""
    from copkit.doctor import diagnose

    checks = diagnose()
    for check in checks:
        say(f"{'✓' if check.ok else '✗'} {check.label}" + ("" if check.ok else " :"))
        for line in check.details:
            say("\n".join(f"    {part}" for part in line.splitlines()))
    bad = sum(not check.ok for check in checks)
    say(
        "\nTout est en ordre." if not bad else f"\nÀ corriger : {french.plural(bad, 'vérification')} sur {len(checks)}."
    )
    raise typer.Exit(1 if bad else 0)


for command in (run.run, simulator.simulator, *map(light, analyses.ALL), *projects.ALL, strengths.strengths):
    app.command()(command)
template = typer.Typer(no_args_is_help=True, help="Donne un fichier à compléter.", add_completion=False)
template.command("mapping")(projects.mapping)
template.command("strengths")(strengths.template)
app.add_typer(template, name="template")


def main() -> None:
    """Entry point: an error of copkit is one French message, without a traceback."""
    from copkit.errors import CopkitError

    try:
        app()
    except CopkitError as error:
        say(str(error), err=True)
        sys.exit(2)
