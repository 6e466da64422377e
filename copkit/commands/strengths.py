"""The commands about strong points: the workbook to fill in, what came back, how many by lever."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.collected import Files, Returned, Territory, Workbook, mapped, settle, taken
from copkit.commands.terminal import Csv, Format, chosen, output, print_data, print_table, say
from copkit.files import write_whole


def strengths(
    files: Files = None,
    returned: Returned = None,
    territory: Territory = "fr",
    mapping: Annotated[str | None, mapped("points_forts")] = None,
    public: Annotated[bool, typer.Option("--public", help="Seulement ceux qui peuvent être rendus publics.")] = False,
    out: Annotated[Path | None, output(help="Table réunie à écrire (.csv), que cette commande relit.")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Lit les points forts d'un territoire, réunit les classeurs revenus et compte par levier."""
    from copkit import strengths as model

    form = chosen(format, csv)
    found, merged = taken(files, returned, territory, mapping, model.read, model.read_returns, model.of_returns)
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
        from copkit.intake import personal

        hidden = personal.hidden(model.STRENGTHS.name, model.FIELDS)
        print_data(shown[[name for name in model.FIELDS if name not in hidden]], form)
    settle(merged)


def template(
    out: Workbook = Path("points_forts.xlsx"),
    territory: Territory = "fr",
) -> None:
    """Écrit le classeur où noter les points forts d'un territoire, à envoyer aux services."""
    from copkit.strengths import write_template

    write_template(out, territory)
    say(f"Écrit : {out}. Une fois rempli, même en plusieurs copies : copkit strengths -r {out}")
