"""The command that reads the published series again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.terminal import Csv, Format, bar, chosen, print_data, print_table, say


def update(
    offline_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DOSSIER",
            help="Lire les fichiers de ce dossier, sans réseau : copies du hub (826.json…), table du baromètre, "
            "fichiers officiels (IGT, logements de l'Insee, parc du SDES, CRTE).",
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Écrire la nouvelle version, tout ou rien ; sans cette option, rien n'est écrit."),
    ] = False,
    accept_abnormal: Annotated[
        bool, typer.Option("--accept-abnormal", help="Écrire aussi les valeurs anormales, une fois vérifiées.")
    ] = False,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Relit les séries publiées (hub d'indicateurs, baromètre) et montre ce qui changerait, valeur par valeur.

    Sans --offline-dir, le jeton du hub est lu dans la variable d'environnement COPKIT_HUB_TOKEN.
    """
    from platformdirs import user_cache_path

    from copkit.presentation import refresh as shown
    from copkit.refresh import update as model

    form = chosen(format, csv)
    if offline_dir:
        found = model.from_folder(offline_dir)
    else:
        with bar("Lecture du hub") as progress:
            found = model.from_network(cache=user_cache_path("copkit", appauthor=False) / "hub", progress=progress)
    if form != "table":
        print_data(found.difference.values, form)
    else:
        _show(found, shown)
    if write and not found.empty:
        written = model.write(found, accept_abnormal=accept_abnormal)
        say(f"Écrit : {written[0]}, et {len(written) - 1} fichiers dans data/raw.", err=form != "table")
    elif form == "table":
        say(_end(found))


def _end(found) -> str:
    """What to do next."""
    if found.empty:
        return "Rien à écrire."
    accepted = " et, les valeurs anormales vérifiées, --accept-abnormal" if len(found.difference.abnormal) else ""
    return f"Rien n'est écrit. Pour écrire cette version : la même commande, avec --write{accepted}."


def _show(found, shown) -> None:
    if len(found.rules):
        print_table(shown.rules(found), ("Lesquels", "Lignes"))
    for note in found.notes:
        say(note)
    if len(found.difference.values):
        print_table(shown.values(found), ("Unité",))
        print_table(shown.summary(found), ("Années", "Unité"))
    print_table(shown.controls(found), ("Unité", "À côté de", "Somme"))
    for line in (*shown.apart(found), shown.said(found)):
        say(line)
