"""The commands of the roadmap: the workbook of action sheets, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit import french
from copkit.commands.collected import Files, Returned, Territory, Workbook, mapped, settle, taken
from copkit.commands.terminal import Csv, Format, chosen, output, print_data, print_table, say
from copkit.files import write_whole


def actions(
    files: Files = None,
    returned: Returned = None,
    territory: Territory = "fr",
    mapping: Annotated[str | None, mapped("actions")] = None,
    tet: Annotated[
        Path | None,
        output("--tet", help="Classeur à écrire (.xlsx) au modèle d'import de Territoires en transitions."),
    ] = None,
    themes: Annotated[
        Path | None, typer.Option(help="Thèmes retenus (classeur de débat, CSV) : un autre thème n'est pas cohérent.")
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Journal de décisions (copkit journal), à côté de la réponse des critères.")
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
    from copkit.roadmap.actions import of_returns

    form = chosen(format, csv)
    readers = roadmap.read_actions, roadmap.read_returns, of_returns
    read, merged = taken(files, returned, territory, mapping, *readers)
    kept = roadmap.read_retained(themes) if themes else None
    assessed = roadmap.assess(read, territory, themes=kept, decisions=decisions)
    for one in assessed.attrs["absent"]:
        say(f"Journal, {one} : pas parmi les actions lues, la décision est gardée.", err=True)
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
    settle(merged)


def template(
    out: Workbook = Path("actions.xlsx"),
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


def jobs(
    files: Files = None,
    returned: Returned = None,
    territory: Territory = "fr",
    mapping: Annotated[str | None, mapped("emplois")] = None,
    out: Annotated[Path | None, output(help="Table réunie à écrire (.csv), que la feuille de route lit.")] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Lit les emplois et les besoins de formation, réunit les classeurs revenus : évolution et taux de couverture."""
    from copkit.roadmap import employment, read_jobs
    from copkit.roadmap.jobs import JOBS, WORKBOOK

    form = chosen(format, csv)
    read, merged = taken(files, returned, territory, mapping, read_jobs, WORKBOOK.read_returns, WORKBOOK.of_returns)
    found = employment(read)
    if form != "table":
        print_data(found, form)
    else:
        from copkit.presentation.roadmap.context import counted

        if not merged:
            say(read.attrs["reading"].summary)
        print_table(counted(found, "Emplois et compétences, par secteur ou métier"))
    if out:
        write_whole(out, JOBS.as_csv(read, excel=form == "excel"), new_folder=False)
        say(f"Écrit : {out}. Pour la feuille de route : copkit run … --notebook feuille_de_route -p emplois={out}",
            err=form != "table")  # fmt: skip
    settle(merged)


def jobs_template(
    out: Workbook = Path("emplois.xlsx"),
    territory: Territory = "fr",
) -> None:
    """Écrit le classeur des emplois et compétences d'un territoire, à faire remplir."""
    from copkit.roadmap import write_jobs_template

    write_jobs_template(out, territory)
    say(f"Écrit : {out}. Une fois rempli, même en plusieurs copies : copkit jobs -r {out} --territory {territory}")


def themes(
    territory: Territory = "fr",
    answers: Annotated[
        list[Path] | None, typer.Option(help="Réponses au questionnaire, fichiers ou dossiers ; peut se répéter.")
    ] = None,
    projects: Annotated[list[Path] | None, typer.Option(help="Fichier de projets ; peut se répéter.")] = None,
    out: Annotated[
        Path | None, output(help="Classeur de débat à écrire (.xlsx) : garder, réunir, renommer, ajouter.")
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
    settle(merged, shown.attrs.get("problems", ()), said="")


def diff(
    before: Annotated[
        Path | None, typer.Argument(metavar="AVANT", help="Fiches action de l'année d'avant ; absent : les exemples.")
    ] = None,
    after: Annotated[Path | None, typer.Argument(metavar="APRÈS", help="Fiches action de l'année du suivi.")] = None,
    territory: Territory = "reg-32",
    year: Annotated[int | None, typer.Option(help="Année du suivi.", show_default=False)] = None,
    projects_before: Annotated[Path | None, typer.Option(help="Vivier de l'année d'avant.")] = None,
    projects_after: Annotated[Path | None, typer.Option(help="Vivier de l'année du suivi.")] = None,
    themes: Annotated[Path | None, typer.Option(help="Thèmes retenus, classeur de débat ou CSV.")] = None,
    issues: Annotated[Path | None, typer.Option(help="Ce que l'année d'avant a laissé, écrit par --carry.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Journal de décisions (copkit journal).")] = None,
    same: Annotated[
        list[str] | None,
        typer.Option(metavar="AVANT=APRÈS", help="Actions qui sont la même, par leurs numéros ; peut se répéter."),
    ] = None,
    carry: Annotated[Path | None, output(help="Liste à écrire (.csv) de ce qui est laissé à la COP suivante.")] = None,
    view: Annotated[
        Literal["actions", "changes", "projects", "levers", "coverage", "indicators", "carried", "worksites"],
        typer.Option(
            help="actions, changes (fiches changées), projects (dossiers), levers (objectifs de deux versions), "
            "coverage (leviers couverts), indicators (rythmes), carried (reporté) ou worksites (chantiers)."
        ),
    ] = "actions",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Compare une année d'une feuille de route à la précédente : fait, en retard, nouveau, reporté."""
    from copkit import roadmap
    from copkit.errors import CopkitError
    from copkit.roadmap.carried import WRITTEN
    from copkit.roadmap.followup import OPEN, pairs

    form = chosen(format, csv)
    if view == "projects" and before and not projects_before:
        raise CopkitError("Rien à comparer. Donner --projects-before et --projects-after.")
    found = roadmap.followup(
        territory,
        before=before or "",
        after=after or "",
        projects_before=projects_before or "",
        projects_after=projects_after or "",
        themes=themes or "",
        issues=issues or "",
        decisions=journal or "",
        year=year,
        same=pairs(same or ()),
    )
    if carry:
        roadmap.write_carried(found.carried, carry, excel=form == "excel")
        say(f"Écrit : {carry}. L'an prochain : copkit diff … --issues {carry}", err=True)
    tables = {
        "actions": ("toutes", lambda: found.actions),
        "changes": ("changements", lambda: found.changes),
        "projects": ("dossiers", lambda: found.projects),
        "levers": ("versions", lambda: found.levers),
        "coverage": ("couverture", lambda: found.coverage),
        "indicators": ("indicateurs", lambda: found.indicators),
        "carried": ("reports", lambda: found.carried[WRITTEN]),
        "worksites": ("chantiers", lambda: roadmap.worksites(found)),
    }
    name, made = tables[view]
    data = made()
    if data is None:
        raise CopkitError(f"Rien à comparer. {' '.join(found.notes)}")
    if form != "table":
        print_data(data, form)
    else:
        from copkit.presentation.documents import report, table

        say(report.message(found).plain)
        print_table(table(found, name, whole=True), ("Rapprochée par", "Numéro avant", "Attendu dans l'année"))
    if view == "actions" and len(doubts := found.actions[found.actions.outcome == OPEN]):
        say("\nÀ rapprocher, rien n'a été deviné :", err=True)
        for text in dict.fromkeys(doubts.why):
            say(f"  • {text}", err=True)
        say("  Pour dire que deux actions sont la même : --same AVANT=APRÈS.", err=True)
        raise typer.Exit(1)


ALL = (actions, themes, diff, jobs)
