"""The command about the questionnaire: answers gathered, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say
from copkit.commands.usage import codes

View = Literal["coverage", "levers", "actions", "types", "departements", "families", "bounds"]


def survey(
    files: Annotated[
        list[Path], typer.Argument(metavar="CHEMIN", help="Fichiers de réponses, ou dossiers qui en contiennent.")
    ],
    view: Annotated[
        View, typer.Option(help="coverage (qui a répondu), levers, actions, types, departements, families ou bounds.")
    ] = "coverage",
    territory: Annotated[
        str,
        typer.Option(
            "--territory", metavar="CODE", help="Code du territoire : reg-32, dep-59 ou fr.", autocompletion=codes
        ),
    ] = "fr",
    weighted: Annotated[
        bool, typer.Option("--weighted", help="Chaque collectivité compte pour ses habitants.")
    ] = False,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping", help="Correspondance d'en-têtes : un nom de parameters/mappings/reponses, ou un YAML."
        ),
    ] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Réunit les réponses au questionnaire des collectivités, et dit ce qu'elles disent de chaque levier."""
    from copkit import survey as model
    from copkit.survey.answered import within

    form = chosen(format, csv)
    read = model.read(*files, mapping=mapping)
    answers = within(read, territory)
    found = {
        "coverage": lambda: model.coverage(answers, territory),
        "levers": lambda: model.levers(answers, weighted=weighted),
        "actions": lambda: model.by_action(answers, weighted=weighted),
        "types": lambda: model.cut(answers, "type", weighted=weighted),
        "departements": lambda: model.cut(answers, "departement", weighted=weighted),
        "families": lambda: model.families(answers),
        "bounds": lambda: model.bounds(answers, int(model.coverage(answers, territory).official.sum())),
    }[view]()
    if form != "table":
        print_data(found, form)
        return
    from copkit.presentation.survey import tables

    say(read.attrs["reading"].summary)
    print_table(tables.of(view, found, territory), tables.SPARE)
    for row in read.attrs["twice"].itertuples():
        say(f"{row.name} a répondu plusieurs fois : {row.kept} est gardé, {row.others} est laissé de côté.", err=True)
    for row in read.attrs["refused"].itertuples():
        say(f"Fichier non lu : {row.reason}", err=True)
