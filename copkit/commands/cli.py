"""The command line: its entry point, and the short commands.

Help and messages are in French; heavy imports stay where they are used. The other files of this folder hold one
family of commands each.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from copy import copy
from functools import cache, partial
from typing import Annotated

import typer
from typer.exceptions import TyperException

from copkit import french
from copkit.commands import (
    adaptation,
    analyses,
    journal,
    projects,
    roadmap,
    run,
    simulator,
    strengths,
    survey,
    update,
    usage,
    verify,
)
from copkit.commands.terminal import Csv, Format, chosen, light, print_data, print_table, say
from copkit.errors import CopkitError, CopkitWarning, command_line

app = typer.Typer(
    cls=usage.Group,
    help="copkit : la planification écologique dans les territoires, de la région au département.",
    subcommand_metavar="COMMANDE [ARGUMENTS]...",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=usage.versions, is_eager=True, help="Version de copkit et des données."),
    ] = False,
    install_completion: Annotated[
        bool,
        typer.Option(
            "--install-completion", callback=usage.install, is_eager=True, help="Installe la complétion de ce terminal."
        ),
    ] = False,
    show_completion: Annotated[
        bool,
        typer.Option(
            "--show-completion",
            callback=usage.show,
            is_eager=True,
            help="Affiche le script de complétion, pour l'installer soi-même.",
        ),
    ] = False,
) -> None:
    """copkit : la planification écologique dans les territoires, de la région au département."""


@app.command(cls=usage.Command)
@light
def panorama(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="reg-32, dep-59, epci-200066926, com-59350 ou fr.", autocompletion=usage.codes
        ),
    ] = None,
    perimeter: usage.Perimeters = None,
    name: Annotated[
        str | None, typer.Option(help="Avec --perimeter : le périmètre à prendre ; sans lui, tous.", show_default=False)
    ] = None,
    plan: Annotated[str, typer.Option(help="climat, ou biodiversite : valeurs, cibles et distances.")] = "climat",
    local: usage.LocalFigures = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Affiche le panorama d'un territoire : ktCO2e/an évitées en 2030, ou biodiversité et ressources."""
    from copkit.models import biodiversity
    from copkit.models import panorama as model

    if (code is None) == (perimeter is None):
        raise CopkitError(
            "Donner un territoire ou un fichier de périmètres : copkit panorama reg-32, ou "
            "copkit panorama --perimeter perimetres.csv."
        )
    form, given = chosen(format, csv), None
    if local:
        from copkit.local import read

        given = read(local)
    if perimeter is None:
        found = [model.panorama(code, plan=plan, local=given)]
    else:
        from copkit.intake.perimeters import read_perimeters

        known = read_perimeters(perimeter, name or "")
        names = [known.chosen(name)] if name else known.names
        found = [model.panorama(known.one(one), plan=plan, local=given) for one in names]
    if plan == biodiversity.BIODIVERSITY and form == "table":
        from copkit.presentation.biodiversity import measures

        for p in found:
            print_table(measures.panorama_table(p), ("Source", "Levier", "Niveau"))
            say(measures.counts(p).plain)
    elif plan == biodiversity.BIODIVERSITY:
        print_data(biodiversity.table(found[0]), form)
    elif form == "table":
        from copkit.presentation.labels import local_keys
        from copkit.presentation.territory.ambition import levers, summary

        for p in found:
            print_table(levers(p), ("Thématique", "Statut", "Secteur"))
            print_table(summary(p))
            if given and not (changed := model.local_effect(p)).empty:
                spare = ("Clé d'avant", "Part de la région avant (%)", "Clé donnée")
                print_table(local_keys(changed, p.attrs["name"]), spare)
            elif given:
                say("Les chiffres locaux de ce fichier ne concernent pas ce territoire.", err=True)
    else:
        import pandas as pd

        print_data(pd.concat([model.table(p) for p in found], ignore_index=True), form)


@app.command(cls=usage.Command)
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


for command in (
    run.run,
    verify.verify,
    simulator.simulator,
    *map(light, analyses.ALL),
    *projects.ALL,
    strengths.strengths,
    update.update,
    survey.survey,
    *roadmap.ALL,
    adaptation.adaptation,
):
    app.command(cls=usage.Command)(command)
template = typer.Typer(
    cls=usage.Group, subcommand_metavar="COMMANDE", no_args_is_help=True, help="Donne un fichier à compléter."
)
template.command("mapping", cls=usage.Command)(projects.mapping)
template.command("keys", cls=usage.Command)(light(analyses.template))
template.command("strengths", cls=usage.Command)(strengths.template)
template.command("survey", cls=usage.Command)(survey.template)
template.command("actions", cls=usage.Command)(roadmap.template)
template.command("jobs", cls=usage.Command)(roadmap.jobs_template)
template.command("adaptation", cls=usage.Command)(adaptation.template)
app.add_typer(template, name="template")
decisions = typer.Typer(
    cls=usage.Group, subcommand_metavar="COMMANDE", no_args_is_help=True, help="Tient un journal de décisions."
)
decisions.command("read", cls=usage.Command)(journal.read)
decisions.command("add", cls=usage.Command)(journal.add)
decisions.command("revoke", cls=usage.Command)(journal.revoke)
app.add_typer(decisions, name="journal")


@cache
def _with(name: str = "") -> typer.Typer:
    """The application with the command that is typed alone: to build the forty takes a twentieth of a second."""
    one = copy(app)
    one.registered_commands = [c for c in app.registered_commands if c.callback and c.callback.__name__ == name]
    one.registered_groups = [group for group in app.registered_groups if group.name == name]
    return one if one.registered_commands or one.registered_groups else app


def _told(usual: Callable, message: Warning, category: type[Warning], *where) -> None:
    """What the kit warns of, as a sentence: not the line of code that it comes from."""
    if issubclass(category, CopkitWarning):
        say(str(message), err=True)
    else:
        usual(message, category, *where)


def main() -> None:
    """Entry point: what is wrong is one French message, without a traceback."""
    if usage.COMPLETE in os.environ:
        from typer.completion import completion_init

        completion_init()
    sys.modules.setdefault("rfc3987_syntax", None)  # 0.75 s at import, and nothing here uses it
    try:
        with warnings.catch_warnings(), command_line():
            warnings.simplefilter("always", CopkitWarning)
            warnings.showwarning = partial(_told, warnings.showwarning)
            code = _with(*sys.argv[1:2])(prog_name="copkit", standalone_mode=False)
    except CopkitError as error:
        say(str(error), err=True)
        code = 2
    except TyperException as error:
        say(usage.explain(error), err=True)
        code = 2
    except typer.Abort:
        say("Interrompu.", err=True)
        code = 1
    sys.exit(code or 0)
