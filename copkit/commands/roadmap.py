"""The commands of the roadmap: the workbook of action sheets, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit import french
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
    tet: Annotated[
        Path | None,
        typer.Option("--tet", help="Classeur à écrire (.xlsx) au modèle d'import de Territoires en transitions."),
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
    if tet:
        from copkit.roadmap import write_tet

        left = write_tet(assessed, tet)
        whats = left.groupby("reason", sort=False).what.value_counts(sort=False).reset_index()
        told = ""
        for why, part in whats.groupby("reason", sort=False):
            named = ", ".join(f"{what} ({n})" for what, n in zip(part.what, part["count"], strict=True))
            told += f"\n  • {named} : {why}"
        say(f"Écrit : {tet}.{' À savoir, et pour combien d’actions :' if told else ''}{told}", err=True)
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
    projects: Annotated[
        list[Path] | None,
        typer.Option(help="Vivier dont les dossiers commencent des fiches ; peut se répéter."),
    ] = None,
    dossier: Annotated[
        list[str] | None,
        typer.Option(help="Numéro d'un dossier à prendre ; sans lui, ceux qui remplissent les trois critères."),
    ] = None,
) -> None:
    """Écrit le classeur des fiches action d'un territoire, à envoyer aux services et aux porteurs."""
    from copkit import projects as vivier
    from copkit import roadmap
    from copkit.errors import CopkitError

    if dossier and not projects:
        raise CopkitError("Des dossiers sont demandés sans vivier. Ajouter --projects FICHIER.")
    begun = roadmap.from_projects(vivier.triage(vivier.read(*projects)), dossier or ()) if projects else None
    roadmap.write_template(out, territory, begun)
    if begun is not None:
        say(f"{french.plural(len(begun), 'fiche commencée', 'fiches commencées')} par des dossiers du vivier.")
    say(f"Écrit : {out}. Une fois rempli, même en plusieurs copies : copkit actions -r {out} --territory {territory}")


def themes(
    territory: Territory = "fr",
    answers: Annotated[
        list[Path] | None, typer.Option(help="Réponses au questionnaire, fichiers ou dossiers ; peut se répéter.")
    ] = None,
    projects: Annotated[list[Path] | None, typer.Option(help="Fichier de projets ; peut se répéter.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Classeur de débat à écrire (.xlsx) : garder, réunir, renommer, ajouter.")
    ] = None,
    returned: Annotated[
        list[Path] | None,
        typer.Option("--returned", "-r", help="Classeur revenu : montre les thèmes retenus ; peut se répéter."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(help="Groupes de travail de la COP : table aux colonnes groupe et levier ; sinon ceux du kit."),
    ] = None,
    actions: Annotated[
        list[Path] | None,
        typer.Option(help="Fiches action, avec -r : montre les thèmes retenus qu'aucune ne sert ; peut se répéter."),
    ] = None,
    view: Annotated[
        Literal["themes", "crossing", "evidence"],
        typer.Option(
            help="themes (candidats, ou retenus avec -r), crossing (questionnaire, projets, objectifs) ou evidence "
            "(les chiffres qui fondent chaque levier)."
        ),
    ] = "themes",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Propose les thèmes prioritaires d'un territoire par groupe de travail, avec leur score et ce qui le fonde."""
    from copkit import projects as vivier
    from copkit import roadmap, survey
    from copkit.errors import CopkitError
    from copkit.presentation.roadmap import themes as tables
    from copkit.presentation.territory.themes import evidence

    form = chosen(format, csv)
    if actions and not returned:
        raise CopkitError("Les actions se comparent aux thèmes retenus : donner aussi -r, le classeur revenu.")
    said = survey.read(*answers) if answers else None
    listed = vivier.read(*projects) if projects else None
    if view != "themes":
        found = {"crossing": roadmap.crossing, "evidence": roadmap.evidence}[view](territory, said, listed)
        if form == "table":
            print_table({"crossing": tables.crossing, "evidence": evidence}[view](found), tables.SPARE)
        else:
            print_data(found, form)
        return
    found = roadmap.candidates(territory, said, listed, groups=groups)
    if out:
        roadmap.write_themes(found, out)
        say(f"Écrit : {out}. Une fois rempli : copkit themes --territory {territory} -r {out}", err=True)
    merged = roadmap.read_themes(found, *returned) if returned else None
    shown = roadmap.retained(found, merged) if merged else found
    if form == "table":
        print_table(tables.kept(shown) if merged else tables.candidates(shown), tables.SPARE)
    elif not actions:
        print_data(shown, form)
    if actions:
        without = roadmap.without_action(shown, roadmap.read_actions(*actions))
        if form == "table":
            print_table(tables.without_action(without), tables.SPARE)
        else:
            print_data(without, form)
    if merged and (messages := [*merged.messages(), *shown.attrs["problems"]]):
        say("\nÀ reprendre :", err=True)
        for message in messages:
            say(f"  • {message}", err=True)
        raise typer.Exit(1)


ALL = (actions, themes)
