"""``copkit verify``: what was changed by hand in an output folder since it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier de sorties, même déplacé ou reçu.")] = (
        Path("outputs")
    ),
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Dit ce qui a été modifié, retiré ou ajouté dans un dossier de sorties depuis que le lot l'a écrit.

    Chaque fichier est comparé à son empreinte dans le manifeste. Code de sortie : 0 si tout est conforme, 1 sinon.
    """
    from copkit import french
    from copkit.batch import verify as model
    from copkit.presentation.table import Table

    form, checked = chosen(format, csv), model.verify(folder)
    if form == "table":
        states = checked.state
        changed = checked[states != model.SAME]
        if not changed.empty:
            labels = {"file": "Fichier", "state": "État", "territory": "Territoire", "document": "Document"}
            shown = changed.rename(columns=labels).drop(columns="made")
            print_table(Table(shown, "Ce qui a changé depuis le lot"), ("Document", "Territoire"))
        counts = [french.plural(n, state) for state in model.STATES if (n := int((states == state).sum()))]
        say(f"{french.plural(len(states), 'fichier')} : {french.join(counts)}.")
        if checked.attrs["unfinished"]:
            say("Le dernier lot n'est pas fini, ou a été arrêté : le finir avec copkit run … --resume.")
        say(f"Empreinte du manifeste (sha256) : {checked.attrs['mark']}")
    else:
        print_data(checked, form)
    raise typer.Exit(0 if checked.attrs["whole"] else 1)
