"""The three families of levers: by the answers where there are enough, else by what the source cites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, unknown
from copkit.files import path_of
from copkit.intake import spreadsheets
from copkit.models import nomenclatures
from copkit.survey import analysis
from copkit.survey.questionnaire import FAMILIES, rules

ANSWERS, CITED, NONE = "réponses", "exemple de la source", "aucune"
NEARLY = "près de "
CHOICES = ("levier", "famille", "auteur", "raison")  # the columns of a file of choices


def families(
    answers: pd.DataFrame | None = None, *, overrides: Mapping[str, tuple[str, str, str]] | None = None
) -> pd.DataFrame:
    """La famille de chaque levier des 43, la règle qui la donne, et ce qu'elle appelle.

    Parameters
    ----------
    answers : ce que ``ck.survey.read`` a lu ; sans réponses, ce que la source cite en exemple.
    overrides : levier → (famille, auteur, raison) : le choix d'un analyste, gardé à côté de celui de la règle.

    Returns
    -------
    DataFrame : lever, label, family (A, B, C ou vide), origin, reason, calls_for ; chosen, author, why : le choix de
        l'analyste, vide sinon ; kept : la famille qui vaut, celle de l'analyste d'abord.

    Raises
    ------
    ProjectError
        Si un choix cite un levier ou une famille inconnus, ou n'a ni auteur ni raison : tous à la fois.
    """
    return of_measured(None if answers is None else analysis.levers(answers), overrides)


def of_measured(
    measured: pd.DataFrame | None, overrides: Mapping[str, tuple[str, str, str]] | None = None
) -> pd.DataFrame:
    """The same, from what ``analysis.levers`` has found."""
    known, found = nomenclatures.levers("cop"), None if measured is None else measured.set_index("lever")
    rows = [_decided(lever, None if found is None else found.loc[lever]) for lever in known.lever]
    table = known[["lever", "label"]].join(pd.DataFrame(rows, columns=["family", "origin", "reason"]))
    chosen = _checked(overrides or {}, list(known.lever))
    for column, name in enumerate(("chosen", "author", "why")):
        table[name] = [chosen.get(lever, ("", "", ""))[column] for lever in known.lever]
    table["kept"] = table.chosen.where(table.chosen != "", table.family)
    definitions = rules().families.definitions
    table["calls_for"] = [definitions[one].calls_for if one else "" for one in table.kept]
    return table


def read_choices(file: str | Path) -> dict[str, tuple[str, str, str]]:
    """The choices of an analyst: lever → family, author, reason, from a table that has these four columns.

    Raises
    ------
    ProjectError
        If the file cannot be read, or a column is absent; a lever that is written twice.
    """
    path = path_of(file, ProjectError)
    (sheet, *_) = spreadsheets.read(path).values()
    plain = [french.plain(header) for header in sheet.headers]
    if missing := [name for name in CHOICES if name not in plain]:
        raise ProjectError(f"{path} : colonne absente : {', '.join(missing)}. Colonnes : {', '.join(CHOICES)}.")
    rows = sheet.cells[[plain.index(name) for name in CHOICES]].to_numpy().tolist()
    levers = [lever for lever, *_ in rows if lever]
    if twice := {lever for lever in levers if levers.count(lever) > 1}:
        raise ProjectError(f"{path} : levier écrit deux fois : {', '.join(sorted(twice))}. N'en garder qu'une ligne.")
    return {lever: (family.upper(), author, why) for lever, family, author, why in rows if lever}


def _decided(lever: str, measured: pd.Series | None) -> tuple[str, str, str]:
    """Family, where it comes from, and why."""
    if measured is None:
        return _cited(lever, "")
    if measured.small or pd.isna(measured.pertinence) or pd.isna(measured.collectivite):
        few = french.plural(int(measured.respondents), "collectivité")
        return _cited(lever, f"{few} seulement, il en faut {rules().thresholds.small}. ")
    limits = rules().thresholds
    values = {
        "share": f"{french.beside(100 * measured.pertinence, 100 * limits.share, 0, NEARLY)}{french.NARROW}%",
        "mean": french.beside(measured.collectivite, limits.invested, 1, NEARLY),
    }
    share, mean = french.percent(100 * limits.share, 0), french.number(limits.invested, 1)
    applies = {
        "pertinence_faible": (measured.pertinence < limits.share, share),
        "investi": (measured.collectivite >= limits.invested, mean),
        "toujours": (True, mean),
    }
    rule = next(one for one in rules().families.rules if applies[one.when][0])
    return rule.family, ANSWERS, rule.reason.format(limit=applies[rule.when][1], **values)


def _cited(lever: str, before: str) -> tuple[str, str, str]:
    example = rules().families.cited.get(lever)
    if example is None:
        return "", NONE, f"{before}La source ne cite pas ce levier."
    return example.family, CITED, f"{before}Cité par la source : « {example.label} »."


def _checked(overrides: Mapping[str, tuple[str, str, str]], levers: list[str]) -> Mapping[str, tuple[str, str, str]]:
    wrong = []
    for lever, (family, author, why) in overrides.items():
        if lever not in levers:
            wrong.append(unknown(f"levier inconnu « {lever} »", lever, levers, "Leviers"))
        if family not in FAMILIES:
            wrong.append(f"« {lever} » : famille « {family} ». Écrire A, B ou C.")
        if not author.strip() or not why.strip():
            wrong.append(f"« {lever} » : dire qui choisit la famille et pourquoi.")
    if wrong:
        raise ProjectError("\n".join(["Familles choisies :", *(f"  • {one}" for one in wrong)]))
    return overrides
