"""The commands of adaptation: the workbook of priorities, and what they say of the 22 levers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit.commands.collected import Files, Returned, Territory, Workbook, mapped, settle, taken
from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say


def adaptation(
    files: Files = None,
    returned: Returned = None,
    territory: Territory = "fr",
    mapping: Annotated[str | None, mapped("adaptation")] = None,
    actions: Annotated[
        list[Path] | None, typer.Option(help="Fiches action, comptées par levier ; peut se répéter.")
    ] = None,
    projects: Annotated[
        list[Path] | None, typer.Option(help="Fichier de projets, comptés par levier ; peut se répéter.")
    ] = None,
    view: Annotated[
        Literal["priorities", "levers", "cop"],
        typer.Option(
            help="priorities (les priorités), levers (les 22 leviers et ce qui sert chacun) ou cop (les leviers des 43 "
            "qui servent l'adaptation)."
        ),
    ] = "priorities",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Lit les priorités d'adaptation d'un territoire, et compte ce qui sert chacun des 22 leviers du SGPE."""
    from copkit import adaptation as model
    from copkit.adaptation.priorities import RECORD

    form = chosen(format, csv)
    readers = model.read, model.read_returns, model.of_returns
    read, merged = taken(files, returned, territory, mapping, *readers)
    found = model.recensement(territory, priorities=read, actions=actions or "", projects=projects or "")
    if form != "table":
        print_data({"priorities": found.priorities[[*RECORD]], "levers": found.levers, "cop": found.cop}[view], form)
    else:
        from copkit.presentation.adaptation.document import table

        if not merged:
            say(read.attrs["reading"].summary)
        print_table(table(found, {"priorities": "priorites", "levers": "leviers", "cop": "leviers_cop"}[view]))
        if view == "levers":
            from copkit.presentation.adaptation.levers import unserved

            say(unserved(found).plain)
    settle(merged)


def template(
    out: Workbook = Path("priorites_adaptation.xlsx"),
    territory: Territory = "fr",
) -> None:
    """Écrit le classeur où recenser les priorités d'adaptation d'un territoire, à envoyer aux services."""
    from copkit.adaptation import write_template

    write_template(out, territory)
    say(f"Écrit : {out}. Une fois rempli, même en copies : copkit adaptation -r {out} --territory {territory}")
