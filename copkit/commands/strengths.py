"""The commands about strong points: the workbook to fill in, what came back, how many by lever."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say
from copkit.commands.usage import codes, mappings
from copkit.files import write_whole

Territory = Annotated[
    str,
    typer.Option(
        "--territory", metavar="CODE", help="Code du territoire : reg-32, dep-59 ou fr.", autocompletion=codes
    ),
]


def strengths(
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
            help="Correspondance d'en-têtes : un nom de parameters/mappings/points_forts, ou un YAML.",
            autocompletion=mappings("points_forts"),
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Seulement ceux qui peuvent être rendus publics.")] = False,
    out: Annotated[Path | None, typer.Option(help="Table réunie à écrire (.csv), que cette commande relit.")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Lit les points forts d'un territoire, réunit les classeurs revenus et compte par levier."""
    from copkit import strengths as model
    from copkit.errors import CopkitError

    form = chosen(format, csv)
    if bool(files) == bool(returned):
        raise CopkitError("Donner des fichiers, ou des classeurs revenus avec -r : l'un ou l'autre.")
    merged = model.read_returns(*returned, territory=territory) if returned else None
    found = model.of_returns(merged) if returned else model.read(*files, mapping=mapping)
    shown = model.within(found, territory, public=public)
    if out:
        write_whole(out, model.as_csv(shown, excel=form == "excel"), new_folder=False)
    if form == "table":
        from copkit.presentation.territory.strengths import counted, listed

        if not merged:
            say(found.attrs["reading"].summary)
        print_table(listed(shown, territory), ("Pourquoi c'est exemplaire", "Qui le porte", "Territoire"))
        print_table(counted(shown, territory))
        if out:
            say(f"Écrit : {out}")
    else:
        print_data(shown[[name for name, one in model.FIELDS.items() if one.public]], form)
    if merged and (messages := merged.messages()):
        say("\nÀ reprendre, rien n'a été choisi à la place des services :", err=True)
        for message in messages:
            say(f"  • {message}", err=True)
        raise typer.Exit(1)


def template(
    out: Annotated[Path, typer.Option(help="Classeur à écrire (.xlsx).")] = Path("points_forts.xlsx"),
    territory: Territory = "fr",
) -> None:
    """Écrit le classeur où noter les points forts d'un territoire, à envoyer aux services."""
    from copkit.strengths import write_template

    write_template(out, territory)
    say(f"Écrit : {out}. Une fois rempli, même en plusieurs copies : copkit strengths -r {out}")
