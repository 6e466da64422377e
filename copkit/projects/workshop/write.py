"""The workbook that services work in: sorted dossiers, what is to be filled in, lists, rules; and its way back.

Written with XlsxWriter, whole or not at all. Whatever was typed by somebody is written as a text, never as a formula.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from uuid import uuid4

import pandas as pd
import xlsxwriter

from copkit import __version__, escaping, french
from copkit.errors import ProjectError
from copkit.projects import fields
from copkit.projects.triage import facts
from copkit.projects.triage import rules as ruled
from copkit.projects.triage.rules import Rules
from copkit.projects.workshop import columns as declared
from copkit.projects.workshop import reference as consulted
from copkit.projects.workshop.columns import COLUMNS, FIRST, REFERENCE, SENT, SHEET, Column
from copkit.projects.workshop.look import HEAD, LOOK, RULE, height
from copkit.projects.workshop.merge import Workshop, read_workshop
from copkit.reference import territories

__all__ = ["Workshop", "read_workshop", "write_workshop"]

MOST = 1_048_575  # rows under the header
INVENTED = "Exemple inventé : ces dossiers n'existent pas"
FILL = {"locked": False, "bg_color": "#FFF8E1"}
DO = (
    "Dans la feuille « Dossiers », lire la catégorie proposée, sa raison et ce qui manque.",
    "Remplir les colonnes « à remplir » (fond clair) : avis, financement et ingénierie de votre service.",
    "Pour retenir une autre catégorie : la choisir dans la liste, puis écrire l'auteur, la date et la raison.",
    "Laisser vide ce que vous ne savez pas. Trier et filtrer est possible.",
    "Enregistrer au format .xlsx et renvoyer le classeur. Plusieurs services peuvent remplir chacun leur copie.",
)
DO_NOT = (
    "Ne pas fusionner de cellules, renommer de feuille, supprimer de colonne ni changer le numéro d'un dossier.",
    "Une décision sans auteur, sans date ou sans raison n'est pas retenue : la cellule à remplir est signalée.",
    "Si deux copies donnent deux réponses pour un même dossier, les deux sont montrées et rien n'est choisi.",
)


def write_workshop(
    triaged: pd.DataFrame, path: str | Path, public: bool = False, *, rules: str | Path | None = None
) -> None:
    """Écrit le classeur d'un atelier de tri : les dossiers, les colonnes à remplir, les listes et les règles.

    Parameters
    ----------
    triaged : les projets triés par ``triage``. Un dossier déposé deux fois n'a qu'une ligne.
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    public : version de consultation, sans les avis, commentaires et noms, et sans colonne à remplir.
    rules : le fichier de règles qui a servi au tri, si ce n'est pas parameters/triage.yml.

    Raises
    ------
    ProjectError
        Si les projets n'ont pas été triés, ou s'il y a plus de dossiers que de lignes dans une feuille.
    """
    if "category" not in triaged or "triage" not in triaged.attrs:
        raise ProjectError("Ces projets ne sont pas triés : appeler triage(projets) avant d'écrire le classeur.")
    counted = fields.counted(triaged)
    if len(counted) > MOST:
        most = french.number(MOST, 0)
        raise ProjectError(
            f"{french.plural(len(counted), 'dossier')} : une feuille en tient {most}. Écrire par région."
        )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}-{uuid4().hex}.xlsx")
    try:
        _write(str(partial), counted, len(triaged) - len(counted), public, ruled.rules(rules))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write(path: str, counted: pd.DataFrame, twice: int, public: bool, found: Rules) -> None:
    said, labels = counted.attrs["triage"], found.labels(counted.attrs["triage"]["year"])
    invented = bool((counted.invented == fields.YES).any())
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False}) as book:
        looks: dict[tuple, object] = {}
        book.set_properties({"title": f"Tri des projets, COP {said['year']}", "comments": INVENTED if invented else ""})
        first, sheet, reference = (book.add_worksheet(name) for name in (FIRST, SHEET, REFERENCE))
        _first(book, first, counted, twice, public, invented, labels)
        _dossiers(book, sheet, looks, counted, public, invented, labels)
        consulted.write(book, reference, found, said["year"])
        if not public:
            sent = book.add_worksheet(SENT)
            for row, id_ in enumerate([COLUMNS[0].label, *counted.project_id]):
                sent.write_string(row, 0, escaping.fitted(id_))
            sent.protect()
            sent.very_hidden()


# ------------------------------------------------------------------ what to do


def _first(book, sheet, counted: pd.DataFrame, twice: int, public: bool, invented: bool, labels: Mapping) -> None:
    said = counted.attrs["triage"]
    title = book.add_format({**LOOK, "bold": True, "font_size": 14})
    bold, plain = book.add_format({**LOOK, "bold": True}), book.add_format(LOOK)
    lines: list[tuple[str, str]] = [("", f"Tri des projets de la COP {said['year']}")]
    lines += [("Attention", f"{INVENTED}.")] if invented else []
    if public:
        lines += [("Version", "Version publique, à consulter : sans avis, commentaires ni noms de personnes.")]
    else:
        lines += [(f"À faire, {n}", text) for n, text in enumerate(DO, start=1)]
        lines += [("À savoir", text) for text in DO_NOT]
    split = " ; ".join(f"{labels[one]} : {french.number(count, 0)}" for one, count in said["counts"].items())
    lines += [("Dossiers", f"{french.plural(len(counted), 'dossier')} ({split})")]
    if twice:
        lines += [
            ("Doublons", f"{french.plural(twice, 'second dépôt', 'seconds dépôts')} d'un même dossier non repris")
        ]
    lines += [
        ("Catégories", "Leurs définitions et les règles du tri sont dans la feuille « Référence »."),
        ("Règles du tri", f"version {said['version']}, empreinte {said['rules']}"),
        ("Version de copkit", __version__),
        ("Écrit le", f"{date.today():%d/%m/%Y}"),
    ]
    files = [one for one in counted.source_file.unique() if one]
    if files and not public:
        lines += [("Fichiers lus", escaping.fitted(", ".join(files)))]
    sheet.set_column(0, 0, 20, bold)
    sheet.set_column(1, 1, 100, plain)
    for row, (name, text) in enumerate(lines):
        sheet.set_row(row, 22 if row == 0 else height([(text, 100)]))
        sheet.write_string(row, 0, french.typeset(name), bold)
        sheet.write_string(row, 1, text if name == "Fichiers lus" else french.typeset(text), plain if row else title)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.protect()


# ------------------------------------------------------------------ the dossiers


def _dossiers(book, sheet, looks: dict, counted: pd.DataFrame, public: bool, invented: bool, labels: Mapping) -> None:
    columns = [
        column for column in COLUMNS if (column.public or not public) and (invented or column.name != "invented")
    ]
    given = declared.values(counted)
    table = {column.name: _texts(counted, column, given, labels) for column in columns}
    for place, column in enumerate(columns):
        hidden = {"hidden": True} if column.name == declared.FINGERPRINT else {}
        sheet.set_column(place, place, column.width, None, hidden)
    sheet.set_row(0, 45)
    head = book.add_format({**LOOK, **HEAD})
    fill = book.add_format({**LOOK, **HEAD, "font_color": "#161616", "bg_color": "#FFE29A"})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.header, fill if column.reads else head)
    widths = [column.width for column in columns if column.name != declared.FINGERPRINT]
    for row, texts in enumerate(zip(*table.values(), strict=True), start=1):
        sheet.set_row(row, height(list(zip(texts, widths, strict=False))))  # the fingerprint is last and hidden
        for place, (column, text) in enumerate(zip(columns, texts, strict=True)):
            _cell(book, sheet, looks, row, place, column, text)
    if not public:
        _lists(sheet, columns, len(counted))
    _paged(sheet, len(columns), len(counted), invented)


def _texts(counted: pd.DataFrame, column: Column, given: pd.DataFrame, labels: Mapping) -> list[str]:
    """The cells of a column as they are written."""
    if column.name == declared.FINGERPRINT:
        rows = given.to_dict("records")
        return [declared.fingerprint(*pair) for pair in zip(counted.project_id, rows, strict=True)]
    source = given[column.name] if column.reads else counted[column.name]
    if column.name == "departement":
        known = dict(territories.territories("departement")[["code", "name"]].to_numpy())
        texts = {code: known.get(code, code) for code in source.unique()}
    else:
        texts = {value: declared.shown(column.name, value, labels) for value in source.unique()}
    return [escaping.fitted(texts[value]) for value in source]


def _cell(book, sheet, looks: dict, row: int, place: int, column: Column, text: str) -> None:
    """A date as a date, the rest as texts; one that looks like a formula stays a text when it is edited."""
    day = facts.day(text) if column.name in ("start", "decision_date") else None
    key = (column.reads, day is not None or column.reads == "date", escaping.risky(text))
    if key not in looks:
        number = "dd/mm/yyyy" if key[1] else "@" if column.reads else "General"
        filled = FILL if column.reads else {}
        looks[key] = book.add_format({**LOOK, **RULE, **filled, "num_format": number, "quote_prefix": key[2]})
    if day:
        sheet.write_datetime(row, place, datetime.combine(day, time()), looks[key])
    elif text:
        sheet.write_string(row, place, text, looks[key])
    else:
        sheet.write_blank(row, place, None, looks[key])


def _lists(sheet, columns: list[Column], rows: int) -> None:
    """The drop-down lists and the control of the dates."""
    refused = {"error_title": "Réponse non admise", "error_type": "stop"}
    choose = {"validate": "list", "error_message": "Choisir une réponse de la liste, ou vider la cellule.", **refused}
    rules = {
        "category": {**choose, "source": "=categories"},
        "opinion": {**choose, "source": "=avis"},
        "date": {
            "validate": "date",
            "criteria": ">=",
            "value": date(1990, 1, 1),
            "error_message": "Écrire une date : JJ/MM/AAAA.",
            **refused,
        },
    }
    for place, column in enumerate(columns):
        if column.reads in rules and rows:
            sheet.data_validation(1, place, rows, place, rules[column.reads])


def _paged(sheet, columns: int, rows: int, invented: bool) -> None:
    """Frozen headers, filters, protection, and pages that can be read."""
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(4, 0)
    sheet.repeat_rows(0)
    sheet.repeat_columns(0, 1)
    sheet.set_header(f"&C{INVENTED}" if invented else "")
    sheet.set_footer("&L&F&RPage &P sur &N")
