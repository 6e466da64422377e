"""The commands about projects: sort them, count them, describe a file that is not known yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from copkit import escaping
from copkit.commands.collected import mapped, settle
from copkit.commands.terminal import Csv, Format, bar, chosen, give, output, print_data, print_table, say
from copkit.files import write_whole

JUDGED = ("contributes", "dimension", "maturity", "other_issue")  # a file that says none of these is not sorted

Files = Annotated[list[Path], typer.Argument(metavar="FICHIER", help="CSV, XLSX, ODS ou JSON ; plusieurs sont réunis.")]
Map = Annotated[str | None, mapped("projets")]
Year = Annotated[int | None, typer.Option(help="Année de la COP.", show_default=False)]
Decisions = Annotated[
    Path | None, typer.Option(help="Décisions des analystes, en CSV : dossier, catégorie, auteur, date, raison.")
]


By = Literal[
    *("departement", "region", "category", "lever", "theme", "thematique"),
    *("epci", "commune", "crte", "programme", "holder_type"),
]


def triage(
    files: Files,
    mapping: Map = None,
    year: Year = None,
    out: Annotated[
        Path | None, output(help="Classeur d'atelier à écrire (.xlsx), ou table des dossiers triés (.csv).")
    ] = None,
    schema: Annotated[
        Path | None, output(help="CSV à écrire dans le schéma ouvert de l'État ; ses codes de COP à côté.")
    ] = None,
    returned: Annotated[
        list[Path] | None,
        typer.Option("--returned", "-r", help="Classeur d'atelier revenu, à réunir ; peut se répéter."),
    ] = None,
    decisions: Decisions = None,
    bodies: Annotated[
        Path | None, typer.Option(help="Courriel → organisme, deux colonnes : attribue les avis reçus ; lu et oublié.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Version publique : ni avis, ni commentaires, ni noms de personnes.")
    ] = False,
    lists: Annotated[
        Path | None,
        output(folder=True, help="Dossier où écrire les listes de la lecture : problèmes, lignes écartées…"),
    ] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Trie les projets d'une COP en quatre catégories, chacune avec sa règle, sa raison et ce qui manque."""
    from copkit.errors import CopkitError
    from copkit.projects.sorting import sort as sorting
    from copkit.projects.workshop import merge

    form = chosen(format, csv)
    if returned and decisions:
        raise CopkitError("Donner --decisions ou --returned, pas les deux : les classeurs portent leurs décisions.")
    projects = _read(files, mapping, year, bodies)
    _save_lists(projects, lists, form == "excel")
    merged = None
    if returned:
        merged = merge.read_workshop(sorting.triage(projects, year=year), *returned)
    found = sorting.triage(projects, year=year, decisions=merged or decisions)
    for one in found.attrs["triage"].get("absent", ()):
        say(f"Journal, {one} : pas parmi les projets lus, la décision est gardée.", err=True)
    if out:
        _write_sorted(found, out, public, form == "excel")
    if schema:
        from copkit.projects import exchange

        left = exchange.write_schema(found, schema, public=public)
        said = "".join(
            f"\n  {count} × {what} : {why}" for (what, why), count in left.value_counts(["what", "reason"]).items()
        )
        _say(f"Écrit : {schema} et ses codes de COP.{' Sans place dans le schéma :' + said if said else ''}", err=True)
    if form == "table":
        _say(projects.attrs["reading"].summary)
        _print_sorted(found)
        if out:
            say(f"Écrit : {out}")
    else:
        print_data(_shown(found, public), form)
    settle(merged)


def balance(
    files: Files,
    by: Annotated[By, typer.Option(help="Ce que comptent les lignes, ou les colonnes du tableau croisé.")] = (
        "departement"
    ),
    mapping: Map = None,
    year: Year = None,
    decisions: Decisions = None,
    shares: Annotated[bool, typer.Option("--shares", help="En pourcentages.")] = False,
    crossed: Annotated[
        bool | None,
        typer.Option("--crossed/--listed", help="Une colonne par territoire, ou une ligne.", show_default=False),
    ] = None,
    perimeters: Annotated[
        Path | None, typer.Option(help="Pour --by crte : périmètres, en CSV ou YAML.", show_default=False)
    ] = None,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Compte les projets et les montants : par département, catégorie, levier, thématique, EPCI, CRTE…"""
    from copkit.projects.counting import balance as counting
    from copkit.projects.sorting import sort as sorting

    projects, form = _read(files, mapping, year), chosen(format, csv)
    if decisions or any((projects[name] != "").any() for name in JUDGED):
        projects = sorting.triage(projects, year=year, decisions=decisions)
    found = counting.balance(projects, by, crossed=crossed, perimeters=perimeters)
    found = counting.shares(found) if shares else found
    if form == "table":
        from copkit.presentation.projects.counts import table

        _say(projects.attrs["reading"].summary)
        print_table(table(found), ("Financement demandé (€)", "Coût (€)"))
        _say(" ".join(found.attrs["rules"]))
    else:
        print_data(found, form)


def reconcile(
    files: Files,
    mapping: Map = None,
    year: Year = None,
    view: Annotated[
        Literal["dossiers", "amounts"],
        typer.Option(help="dossiers (les mêmes dans deux fichiers) ou amounts (montants à vérifier)."),
    ] = "dossiers",
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Rapproche des sources : dossiers sûrement ou peut-être les mêmes, avec la raison, et montants à vérifier."""
    from copkit.errors import CopkitError
    from copkit.projects import reconciliation

    names = [one.name for one in files]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise CopkitError(f"Deux fichiers s'appellent « {twice} » : une source se reconnaît à son nom. En renommer un.")
    form, projects = chosen(format, csv), _read(files, mapping, year)
    found = {"dossiers": reconciliation.same_dossiers, "amounts": reconciliation.large_amounts}[view](projects)
    if form == "table":
        from copkit.presentation.projects import reconciliation as tables

        _say(projects.attrs["reading"].summary)
        print_table({"dossiers": tables.same, "amounts": tables.large}[view](found), tables.SPARE)
    else:
        print_data(found, form)


def mapping(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Un fichier de projets qui n'est pas reconnu.")],
    out: Annotated[Path | None, output(help="Fichier YAML à écrire ; par défaut le texte est affiché.")] = None,
) -> None:
    """Propose la correspondance d'en-têtes d'un fichier de projets, à relire puis à donner avec --mapping."""
    from copkit.intake.proposal import propose
    from copkit.projects.fields import PROJECTS

    text = propose(file, PROJECTS)
    if out:
        write_whole(out, text, new_folder=False)
        say(f"Écrit : {out}. À relire, puis : copkit balance {file} --mapping {out}")
    else:
        give(text, nl=not text.endswith("\n"))


def _read(files: list[Path], mapping: str | None, year: int | None, bodies: Path | None = None):
    from copkit.projects.reading import read

    with bar() as progress:
        return read(*files, mapping=mapping, year=year, bodies=bodies, progress=progress)


def _say(text: str, *, err: bool = False) -> None:
    from copkit import french

    say(french.typeset(text), err=err)


def _save_lists(projects, folder: Path | None, excel: bool) -> None:
    if folder:
        written = projects.attrs["reading"].save(folder, excel=excel)
        say(f"Listes de la lecture : {len(written)} fichiers dans {folder}", err=True)


def _print_sorted(found) -> None:
    """The counts by category, then what decides."""
    from copkit.presentation.projects.counts import sorted_table

    print_table(sorted_table(found))


def _shown(found, public: bool):
    """The columns of a sorted table that a reader wants first; those that are not public left out when asked."""
    from copkit.intake import personal
    from copkit.projects import fields
    from copkit.projects.sorting.sort import COLUMNS

    known = fields.FIELDS | COLUMNS
    hidden = personal.hidden(fields.PROJECTS.name, known) | {"holder"} if public else set()
    shown = personal.published(found, fields.PROJECTS.name, known) if public else found
    return shown[[name for name in dict.fromkeys(("project_id", "title", *found)) if name in known.keys() - hidden]]


def _write_sorted(found, out: Path, public: bool, excel: bool) -> None:
    from copkit.errors import CopkitError

    if out.suffix.lower() == ".xlsx":
        from copkit.projects.workshop.write import write_workshop

        write_workshop(found, out, public)
    elif out.suffix.lower() == ".csv":
        write_whole(out, escaping.as_csv(_shown(found, public), excel=excel), new_folder=False)
    else:
        raise CopkitError(f"« {out} » : format inconnu. Écrire un nom en .xlsx (classeur d'atelier) ou en .csv.")


ALL = (triage, balance, reconcile)
