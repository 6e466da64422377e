"""Who answered and who did not, by type of collectivité, over the official lists."""

from __future__ import annotations

import pandas as pd

from copkit.intake import columns, gazetteer
from copkit.reference import territories
from copkit.survey import analysis, respondents


def coverage(answers: pd.DataFrame, territory: str = "fr") -> pd.DataFrame:
    """Combien de collectivités ont répondu, de chaque type, sur combien dans les listes officielles.

    Parameters
    ----------
    answers : ce que ``ck.survey.read`` a lu.
    territory : code de la France, d'une région ou d'un département ; un EPCI à cheval compte partout où il a une
        commune.

    Returns
    -------
    DataFrame : type, label, answered [collectivités], official [collectivités, vide sans liste officielle],
        share [0 à 1], answers [réponses].

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    """
    table = within(answers, territory)
    found = respondents.official(territory)
    rows = table[table.respondent != ""].groupby("type")
    found["answered"] = found.type.map(rows.respondent.nunique()).fillna(0).astype(int)
    found["answers"] = found.type.map(rows.size()).fillna(0).astype(int)
    found["share"] = found.answered / found.official.where(found.official > 0)
    return found[["type", "label", "answered", "official", "share", "answers"]]


def silent(answers: pd.DataFrame, territory: str, type_: str = "epci") -> pd.DataFrame:
    """The départements or the EPCI of a territory that did not answer: code, name."""
    code = territories.resolve(territory)
    listed = list(territories.territories(type_, within=code).code)
    said = set(within(answers, territory).respondent.to_list())
    absent = [one for one in listed if one not in said]
    return pd.DataFrame({"code": absent, "name": [gazetteer.name(one) for one in absent]}, dtype="str")


def within(answers: pd.DataFrame, territory: str) -> pd.DataFrame:
    """The answers of the collectivités of a territory.

    One that no list places (a Pays, an agence) is of the région of the others when they are all of one.
    """
    table, code = analysis.taken(answers), territories.resolve(territory)
    if code == "fr":
        return table
    if set(table.region.unique()) - {""} == {code}:
        return table
    straddling = columns.among(table.respondent, territories.territories("epci", within=code).code)
    return table[(table[territories.level(code)] == code) | (table.respondent == code) | straddling]
