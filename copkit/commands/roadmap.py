"""The commands of the roadmap: the workbook of action sheets, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit.commands.strengths import Territory
from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say
from copkit.commands.usage import mappings


def actions(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FICHIER", help="CSV, XLSX ou ODS ; plusieurs sont réunis.")
    ] = None,
    returned: Annotated[
        list[Path] | None,
        typer.Option("--returned", "-r", help="Classeur revenu, à réunir aux autres ; peut se répéter."),
    ] = None,
    territory: Territory = "fr",
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            help="Correspondance d'en-têtes : un nom de parameters/mappings/actions, ou un YAML.",
            autocompletion=mappings("actions"),
        ),
    ] = None,
    view: Annotated[
        Literal["actions", "levers", "overlaps"],
        typer.Option(help="actions (critères et effet), levers (ce qu'elles couvrent) ou overlaps (recouvrements)."),
    ] = "actions",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Évalue les actions d'une feuille de route : fiche, trois critères, effet en ktCO2e/an, leviers couverts."""
    from copkit import roadmap
    from copkit.errors import CopkitError
    from copkit.roadmap.actions import of_returns

    form = chosen(format, csv)
    if bool(files) == bool(returned):
        raise CopkitError("Donner des fichiers, ou des classeurs revenus avec -r : l'un ou l'autre.")
    merged = roadmap.read_returns(*returned, territory=territory) if returned else None
    read = of_returns(merged) if merged else roadmap.read_actions(*files, mapping=mapping)
    assessed = roadmap.assess(read, territory)
    found = {
        "actions": lambda: assessed,
        "levers": lambda: roadmap.by_lever(assessed, territory),
        "overlaps": lambda: roadmap.overlaps(assessed),
    }[view]()
    if form != "table":
        print_data(found, form)
    else:
        from copkit.presentation.roadmap import actions as tables

        if not merged:
            say(read.attrs["reading"].summary)
        if view == "actions":
            print_table(tables.listed(assessed), tables.SPARE)
            print_table(tables.effects(assessed), tables.SPARE)
        elif view == "overlaps":
            print_table(tables.overlapping(assessed, found))
        else:
            print_table(tables.covered(found), tables.SPARE)
    if merged and (messages := merged.messages()):
        say("\nÀ reprendre, rien n'a été choisi à la place des services :", err=True)
        for message in messages:
            say(f"  • {message}", err=True)
        raise typer.Exit(1)


def template(
    out: Annotated[Path, typer.Option(help="Classeur à écrire (.xlsx).")] = Path("actions.xlsx"),
    territory: Territory = "fr",
) -> None:
    """Écrit le classeur des fiches action d'un territoire, à envoyer aux services et aux porteurs."""
    from copkit.roadmap import write_template

    write_template(out, territory)
    say(f"Écrit : {out}. Une fois rempli, même en plusieurs copies : copkit actions -r {out} --territory {territory}")


ALL = (actions,)
