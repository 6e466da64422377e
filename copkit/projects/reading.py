"""Files of projects read into one table of standard fields, with an account of all that needs somebody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from copkit import french
from copkit.errors import ProjectError
from copkit.intake import demarches, duplicates, levers, report, spreadsheets
from copkit.intake import mapping as mappings
from copkit.intake.conversion import Conversion
from copkit.intake.report import Reading
from copkit.projects import fields

PART = 20_000  # rows converted at once: what the progress bar counts, and what bounds the memory

__all__ = ["Reading", "read_projects"]


def read_projects(
    *files: str | Path,
    mapping: str | Path | None = None,
    year: int | None = None,
    personal: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Lit des fichiers de projets et les réunit en une table de champs communs.

    Formats : exports de démarches-simplifiées (CSV, XLSX, ODS) et réponses GraphQL enregistrées (JSON), Fonds vert 2023
    et 2024, subventions SCDL, et toute table par une correspondance d'en-têtes. Une cellule fausse devient vide et sa
    ligne reste ; une ligne qui ne peut pas être un projet est écartée dans une liste ; rien n'est perdu.

    Parameters
    ----------
    files : chemins des fichiers, réunis dans l'ordre donné.
    mapping : nom d'une correspondance de ``parameters/mappings``, ou chemin d'un fichier YAML ; par défaut elle est
        reconnue aux en-têtes de chaque fichier.
    year : millésime des projets dont le fichier ne le dit pas.
    personal : garder les colonnes personnelles (noms, courriels, téléphones) et ne rien masquer dans les textes.
        Ne jamais diffuser une table lue ainsi.
    progress : fonction appelée avec le nombre de lignes faites et le nombre total.

    Returns
    -------
    DataFrame : les champs de ``copkit.projects.fields.FIELDS``, montants en [EUR]. ``attrs["reading"]`` (``Reading``)
    porte les listes : problèmes, lignes écartées, libellés inconnus, doublons, avis ; ``.summary`` les résume et
    ``.save(dossier)`` les écrit.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.
    ParameterError
        Si la correspondance est endommagée.

    References
    ----------
    Leviers et thématiques : ``feuille_de_route_hauts_de_france_2025`` ; territoires : ``insee_cog_2026``.

    Examples
    --------
    >>> from copkit import paths
    >>> projects = read_projects(paths.home() / "data" / "examples" / "vivier_hauts_de_france.csv")  # inventé
    >>> told = projects.attrs["reading"]
    >>> told.rows == len(projects) + len(told.set_aside), sorted(set(projects.departement))
    (True, ['dep-02', 'dep-59', 'dep-60', 'dep-62', 'dep-80'])
    """
    if not files:
        raise ProjectError("Aucun fichier à lire. Donner au moins un chemin, par exemple « dossiers.xlsx ».")
    opened = _open(files, mapping)
    ledger = report.Ledger(personal)
    used = list({id(one): one for _, _, _, one in opened}.values())
    keys, tables, done = [], [], 0
    total = sum(len(main.rows) for _, _, main, _ in opened)
    if progress:
        progress(0, total)
    for _, book, main, chosen in opened:
        conversion = Conversion(main, chosen, ledger, demarches.joined(book, main, chosen, ledger))
        ledger.rows += len(main)
        for start in range(0, len(main.rows), PART):
            stop = min(start + PART, len(main.rows))
            made = conversion.part(start, stop)
            default = float(year or chosen.year or "nan")
            made["year"] = made["year"].fillna(default) if "year" in made else default
            tables.append(fields.complete(made))
            keys.append(np.full(len(made), next(i for i, one in enumerate(used) if one is chosen)))
            done += stop - start
            if progress:
                progress(done, total)
        conversion.tell_of_the_sheet()
        main.cells = main.cells.iloc[:0]
    projects = pd.concat(tables, ignore_index=True) if tables else fields.complete(pd.DataFrame(index=range(0)))
    keys = np.concatenate(keys) if keys else np.empty(0, dtype=int)
    del tables
    if not personal:
        projects = projects[list(fields.FIELDS)]
    projects, twice = duplicates.mark(projects, keys, used)
    check(projects)
    projects.attrs["reading"] = _reading(projects, twice, ledger, opened, used)
    return projects


def _open(files: tuple[str | Path, ...], mapping: str | Path | None) -> list[tuple]:
    """(path, sheets, table of the projects, mapping) of each file; the problems of all files come at once."""
    opened, wrong = [], []
    given = mappings.load(mapping) if mapping is not None else None
    for file in files:
        path = Path(file)
        try:
            book = spreadsheets.read(path, given.header_row if given else None)
            chosen = given or mappings.load(mappings.recognise(book, path.name))
            if chosen.header_row and not given:
                book = spreadsheets.read(path, chosen.header_row)
            opened.append((path, book, mappings.table(chosen, book, path.name), chosen))
        except ProjectError as error:
            wrong.append(str(error))
    if wrong:
        raise ProjectError("\n\n".join(wrong))
    return opened


def _reading(projects: pd.DataFrame, twice: pd.DataFrame, ledger: report.Ledger, opened: list, used: list) -> Reading:
    counted = fields.counted(projects)
    if ledger.deduced_epci:
        said = french.plural(ledger.deduced_epci, "projet")
        ledger.notes[f"EPCI déduit de la commune pour {said}, le fichier ne le dit pas."] = None
    outside = counted[(counted.region == "") & (counted.region_label != "")]
    if len(outside):
        listed = outside.groupby("region_label", sort=True).agg(projects=("row", "size"), amount=("amount", "sum"))
        listed = listed.reset_index()
    else:
        listed = pd.DataFrame(columns=list(report.OUTSIDE))
    set_aside = ledger.table("set_aside", report.SET_ASIDE)
    return Reading(
        files=[path.name for path, *_ in opened],
        mappings={path.name: chosen.label for path, _, _, chosen in opened},
        rows=ledger.rows,
        projects=len(projects),
        dropped=list(ledger.dropped),
        ignored=list(ledger.ignored),
        masked=ledger.masked,
        missing={
            name: int((counted[name] == "").sum()) for name in ("lever", "commune", "epci", "departement", "region")
        },
        merged=ledger.table("merged", report.MERGED),
        conflicts=ledger.table("conflicts", report.CONFLICTS),
        problems=ledger.table("problems", report.PROBLEMS),
        set_aside=set_aside,
        unknown_labels=ledger.unknown_labels(),
        duplicates=twice,
        probable_duplicates=duplicates.probable(projects),
        opinions=ledger.table("opinions", report.OPINIONS),
        deduced_levers=levers.deduced(counted, used),
        outside=listed,
        blocks=dict(ledger.blocks),
        notes=list(ledger.notes),
    )


def check(projects: pd.DataFrame) -> None:
    """Validate the final table with pandera: every standard field holds what it may hold.

    Raises
    ------
    ProjectError
        If a field holds something else: the field, the row and the value.
    """
    from pandera.errors import SchemaErrors

    try:
        _schema().validate(projects, lazy=True)
    except SchemaErrors as error:
        said = []
        for case in error.failure_cases.head(20).itertuples():
            at = projects.iloc[int(case.index)] if case.index is not None and not pd.isna(case.index) else None
            where = f"{at.source_file}, ligne {at.row}, " if at is not None else ""
            label = fields.FIELDS[case.column].label if case.column in fields.FIELDS else case.column
            said.append(f"  • {where}« {label} » : valeur « {case.failure_case} » refusée. Corriger la cellule.")
        count = french.plural(len(error.failure_cases), "valeur refusée", "valeurs refusées")
        raise ProjectError("\n".join([f"Table de projets : {count}", *said])) from None


def _schema():
    import pandera.pandas as pa

    from copkit.intake import labels

    def within(choices: list[str]) -> pa.Check:
        return pa.Check.isin(["", *choices])

    known = sorted(labels._ids("lever") | {fields.UNKNOWN_LEVER})
    columns = {}
    for name, one in fields.FIELDS.items():
        checks: list[pa.Check] = []
        if name == "lever":
            checks = [within(known)]
        elif one.kind == "choice":
            checks = [within(list(labels._choices(name)))]
        elif one.kind == "yes_no":
            checks = [within([fields.YES, fields.NO])]
        elif one.kind == "date":
            checks = [pa.Check.str_matches(r"^(\d{4}-\d{2}-\d{2})?$")]
        elif one.kind == "code":
            checks = [pa.Check.str_matches(r"^((com|epci|dep|reg)-[\dAB]{2,9}|\d{9})?$")]
        elif one.kind == "number":
            checks = [pa.Check(lambda cells: ~np.isinf(cells), error="finite")]
        columns[name] = pa.Column(fields.DTYPES[one.kind], checks, nullable=one.kind == "number")
    return pa.DataFrameSchema(columns, strict=False)
