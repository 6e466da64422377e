"""The command about the questionnaire: answers gathered, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit import french
from copkit.commands.collected import Territory, mapped
from copkit.commands.terminal import Csv, Format, bar, chosen, output, print_data, print_table, say
from copkit.commands.usage import codes

View = Literal["coverage", "levers", "actions", "types", "departements", "density", "families", "bounds"]


def survey(
    files: Annotated[
        list[Path], typer.Argument(metavar="CHEMIN", help="Fichiers de réponses, ou dossiers qui en contiennent.")
    ],
    view: Annotated[
        View,
        typer.Option(
            help="coverage (qui a répondu), levers, actions, types, departements, density (urbain, rural), families ou "
            "bounds (ce que vaudraient les mesures si tous les EPCI avaient répondu)."
        ),
    ] = "coverage",
    territory: Territory = "fr",
    weighted: Annotated[
        bool, typer.Option("--weighted", help="Chaque collectivité compte pour ses habitants.")
    ] = False,
    not_applicable: Annotated[
        bool, typer.Option("--not-applicable", help="Vue levers : « sans objet » compte comme non pertinent.")
    ] = False,
    mapping: Annotated[str | None, mapped("reponses")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Réunit les réponses au questionnaire des collectivités, et dit ce qu'elles disent de chaque levier."""
    from copkit import survey as model
    from copkit.survey.answered import within

    form = chosen(format, csv)
    with bar() as progress:
        read = model.read(*files, mapping=mapping, progress=progress)
    answers = within(read, territory)
    found = {
        "coverage": lambda: model.coverage(answers, territory),
        "levers": lambda: model.levers(answers, weighted=weighted, not_applicable=not_applicable),
        "actions": lambda: model.by_action(answers, weighted=weighted),
        "types": lambda: model.cut(answers, "type", weighted=weighted),
        "departements": lambda: model.cut(answers, "departement", weighted=weighted),
        "density": lambda: model.cut(answers, "density", weighted=weighted),
        "families": lambda: model.families(answers),
        "bounds": lambda: _bounds(answers, territory),
    }[view]()
    if form != "table":
        print_data(found, form)
        return
    from copkit.presentation.survey import tables

    say(read.attrs["reading"].summary)
    print_table(tables.of(view, found, territory), tables.SPARE)
    say(french.typeset(_accounted(model.account(read))))
    for row in read.attrs["reading"].twice.itertuples():
        say(f"{row.name} a répondu plusieurs fois : {row.kept} est gardé, {row.others} est laissé de côté.", err=True)
    for row in read.attrs["reading"].refused.itertuples():
        say(f"Fichier non lu : {row.reason}", err=True)


def _bounds(answers, territory: str):
    """Of the EPCI alone: communes and syndicats are thousands, of which few were asked."""
    from copkit.survey import analysis, answered

    listed = answered.coverage(answers, territory).set_index("type").official["epci"]
    return analysis.bounds(answers[answers.type == "epci"], int(listed))


def _accounted(account) -> str:
    """What becomes of all the answers that were read."""
    total = account.drop(columns="question").sum()
    parts = {
        "answered": "de l'échelle",
        "sans_objet": "« sans objet »",
        "blank": "vides ou illisibles",
        "replaced": "remplacées par une réponse plus récente",
        "unknown": "de collectivité ou d'action inconnue",
    }
    listed = french.join([f"{french.number(total[name], 0)} {label}" for name, label in parts.items() if total[name]])
    read = f"Réponses lues, trois par ligne : {french.number(total['read'], 0)}"
    return f"{read}, dont {listed}." if listed else f"{read}."


def template(
    out: Annotated[
        Path | None, output(folder=None, help="Classeur à écrire (.xlsx) ; avec --each, dossier où les écrire.")
    ] = None,
    territory: Annotated[
        str,
        typer.Option(
            "--territory",
            "--territoire",
            metavar="CODE",
            help="Territoire dont les chiffres connus sont écrits.",
            autocompletion=codes,
        ),
    ] = "fr",
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="Type de collectivité : region, departement, epci, commune… ; avec --each, peut se répéter.",
        ),
    ] = None,
    each: Annotated[
        bool,
        typer.Option(
            "--each", help="Un classeur par collectivité : région, départements et EPCI, ou celles de --type."
        ),
    ] = False,
) -> None:
    """Écrit le questionnaire à envoyer aux collectivités : une ligne par action, les chiffres connus à côté."""
    from copkit.errors import CopkitError
    from copkit.survey import workbook

    if each:
        with bar("Écriture") as progress:
            folder = out or Path("questionnaires")
            written = workbook.write_templates(folder, territory, types or workbook.EACH, progress=progress)
        count = french.plural(len(written), "classeur")
        say(f"Écrit : {count} dans {folder}. Une fois revenus : copkit survey {folder}")
        return
    if types and len(types) > 1:
        raise CopkitError("Donner un seul --type, ou --each pour un classeur par collectivité.")
    path = out or Path("questionnaire.xlsx")
    workbook.write_template(path, territory, types[0] if types else "")
    say(f"Écrit : {path}. Une fois rempli, même en plusieurs copies : copkit survey {path}")
