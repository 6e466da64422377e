"""Answers gathered from many files: each collectivité found on the official lists, the last of its answers kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, given
from copkit.files import path_of
from copkit.intake import reading
from copkit.intake.report import Reading
from copkit.survey import respondents
from copkit.survey.fields import ANSWERS, EXPECTED
from copkit.survey.questionnaire import NOT_APPLICABLE, QUESTIONS

SUFFIXES = (".xlsx", ".xlsm", ".ods", ".csv", ".txt", ".tsv")
LEFT_OUT = " Ses réponses ne sont pas comptées."
REFUSED = ["file", "reason"]
TWICE = ["respondent", "name", "kept", "others", "answers"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Gathered(Reading):
    """Ce qui s'est passé à la lecture de réponses.

    ``twice`` : les collectivités qui ont répondu plusieurs fois ; ``refused`` : les fichiers illisibles, et pourquoi.
    """

    twice: pd.DataFrame
    refused: pd.DataFrame


def read(
    *paths: str | Path,
    mapping: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Lit des réponses au questionnaire, et les réunit en une table : une ligne par collectivité et par action.

    Parameters
    ----------
    paths : fichiers, ou dossiers dont tous les fichiers de table sont lus : classeurs du modèle, ou toute table.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/reponses`` ou un fichier YAML.
    progress : appelée avec le nombre de fichiers ouverts et à ouvrir.

    Returns
    -------
    DataFrame : les champs de ``copkit.survey.fields.FIELDS``, puis respondent (code), departement, region, density,
        weight [habitants]. ``attrs["reading"]`` dit ce qui est à vérifier, et dans ``refused`` les fichiers
        illisibles, dans ``twice`` les collectivités qui ont répondu deux fois : la dernière réponse est gardée.

    Raises
    ------
    ProjectError
        Si aucun fichier n'est lisible : tous les refus à la fois.
    """
    files, refused = list(_files(paths)), {}
    table = reading.read(ANSWERS, files, mapping=mapping, refused=refused, opening=progress)
    table = _completed(table)
    found = table.attrs["reading"]
    table, twice = _last(table)
    table, again = _answered_again(table)
    found = replace(found, problems=pd.concat([found.problems, again], ignore_index=True)) if len(again) else found
    unread = pd.DataFrame([(Path(file).name, reason) for file, reason in refused.items()], columns=REFUSED)
    table.attrs["reading"] = Gathered(**vars(found), twice=twice, refused=unread)
    return table


def account(answers: pd.DataFrame) -> pd.DataFrame:
    """Ce que devient chaque réponse lue : une ligne par question, dont les comptes s'ajoutent au nombre de lignes lues.

    Parameters
    ----------
    answers : ce que ``read`` a lu.

    Returns
    -------
    DataFrame : question ; answered [réponses d'une valeur de l'échelle], sans_objet, blank (vides ou illisibles),
        replaced (la collectivité a répondu de nouveau), unknown (collectivité ou action inconnue), read (leur somme).

    Raises
    ------
    ProjectError
        Si la table n'est pas une table de réponses.
    """
    if not isinstance(answers, pd.DataFrame) or not {"respondent", "action", "duplicate_of", *QUESTIONS} <= set(
        answers
    ):
        raise ProjectError(EXPECTED.format(given(answers)))
    unknown = (answers.respondent == "") | (answers.action == "")
    replaced = ~unknown & (answers.duplicate_of != "")
    counted = answers[~unknown & ~replaced]
    rows = []
    for name in QUESTIONS:
        kinds = {"sans_objet": int((counted[name] == NOT_APPLICABLE).sum()), "blank": int((counted[name] == "").sum())}
        answered = len(counted) - sum(kinds.values())
        rows.append([name, answered, *kinds.values(), int(replaced.sum()), int(unknown.sum()), len(answers)])
    return pd.DataFrame(rows, columns=["question", "answered", "sans_objet", "blank", "replaced", "unknown", "read"])


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for one in paths:
        path = path_of(one, ProjectError)
        if not os.path.isdir(path):
            yield path
            continue
        found = (one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
        inside = sorted(one for one in found if not one.name.startswith((".", "~")))
        if not inside:
            raise ProjectError(f"« {path} » : aucun fichier de réponses ({', '.join(SUFFIXES)}) dans ce dossier.")
        yield from inside


def _completed(table: pd.DataFrame) -> pd.DataFrame:
    """Who answers each row: once a file is enough, when only one collectivité is named in it."""
    where = [table.source_file, table.sheet]
    for name in ("name", "siren", "type", "date"):
        empty = table[name] == ""
        if empty.all() or not empty.any():
            continue
        written = table[name].where(~empty)
        alone = written.groupby(where).transform("nunique") <= 1
        first = written.groupby(where).transform("first").fillna("").astype("str")
        table[name] = table[name].mask(empty & alone, first)
    distinct = table[["name", "siren", "type"]].drop_duplicates()
    found = {row: respondents.find(row[0], row[1], row[2]) for row in distinct.itertuples(index=False, name=None)}
    rows = list(zip(*(table[name].to_list() for name in ("name", "siren", "type")), strict=True)) if len(table) else []
    table["respondent"] = pd.Series([found[row].code for row in rows], table.index, dtype="str")
    table["type"] = pd.Series([found[row].type or row[2] for row in rows], table.index, dtype="str")
    done, wrong = table.attrs["reading"], _wrong(table, rows, found)
    made = table.join(respondents.described(table.respondent))
    problems = pd.concat([done.problems, wrong], ignore_index=True) if len(wrong) else done.problems
    made.attrs["reading"] = replace(done, problems=problems)
    return made


def _wrong(table: pd.DataFrame, rows: list[tuple], found: dict[tuple, respondents.Respondent]) -> pd.DataFrame:
    """What is wrong with each collectivité, once for each file."""
    said = [f"{one.wrong}{'' if one.code else LEFT_OUT}" if one.wrong else "" for one in (found[row] for row in rows)]
    messages = table[["source_file", "sheet", "row", "name"]].assign(message=said)
    messages = messages[messages.message != ""].drop_duplicates(["source_file", "sheet", "name", "message"])
    told = messages.rename(columns={"source_file": "file", "name": "value"}).assign(column="Collectivité")
    return told


def _answered_again(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An action that a collectivité answers twice in its file: the last row is kept, the other ones are problems."""
    counted = table[(table.respondent != "") & (table.action != "") & (table.duplicate_of == "")]
    again = counted[counted.duplicated(["respondent", "action"], keep="last")]
    table["duplicate_of"] = table.duplicate_of.mask(table.index.isin(again.index), again.source_file.astype("str"))
    told = again[["source_file", "sheet", "row", "action"]].rename(columns={"source_file": "file", "action": "value"})
    said = (
        "la collectivité répond encore à cette action plus bas : sa dernière réponse est gardée. N'en laisser qu'une."
    )
    return table, told.assign(column="Action", message=said)


def _last(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last answer of each collectivité is kept: the latest date, else the last file; the others are listed."""
    known = table[table.respondent != ""]
    sources = known.groupby(["respondent", "source_file"], sort=False).agg(
        name=("name", "first"), date=("date", "max"), answers=("action", "size")
    )
    order = {file: n for n, file in enumerate(table.source_file.unique())}
    sources = sources.reset_index().assign(place=lambda found: found.source_file.map(order))
    sources = sources.sort_values(["respondent", "date", "place"], kind="stable")
    last = sources.drop_duplicates("respondent", keep="last").set_index("respondent").source_file
    several = sources[sources.respondent.duplicated(keep=False)]
    kept = pd.Series(last.reindex(table.respondent).fillna("").to_numpy(), table.index, dtype="str")
    dropped = (table.respondent != "") & (table.source_file != kept)
    table["duplicate_of"] = table.duplicate_of.mask(dropped, kept)
    rows = [
        (
            code,
            every["name"].iloc[-1],
            last[code],
            french.join(every.source_file.iloc[:-1]),
            every.answers.iloc[:-1].sum(),
        )
        for code, every in several.groupby("respondent", sort=False)
    ]
    return table, pd.DataFrame(rows, columns=TWICE)
