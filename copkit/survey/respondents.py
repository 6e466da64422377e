"""Who answered: each collectivité on the official lists, its type, where it is, how many it counts."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from copkit import french
from copkit.files import kept
from copkit.intake import gazetteer, places
from copkit.reference import tables, territories
from copkit.survey import density
from copkit.survey.questionnaire import rules

LEVELS = {"reg": "region", "dep": "departement", "epci": "epci", "com": "commune"}
UNLISTED = ("pays", "agence", "autre")  # no official list: the name that was written is what tells them apart
GROUPS = ("pnr", "petr", "syndicat", "pole_metropolitain")


class Respondent(NamedTuple):
    """A collectivité, and what is wrong with how it was written. ``population``: inhabitants, NaN when unknown."""

    code: str = ""
    type: str = ""
    wrong: str = ""
    close: tuple[str, ...] = ()


def find(name: str, siren: str = "", type_: str = "") -> Respondent:
    """A collectivité by its SIREN, or by its name and, where two of its levels share it, its type.

    >>> find("Nord").code, find("Mayotte", type_="region").code, find("", "200093201").type
    ('dep-59', 'reg-06', 'epci')
    >>> find("PNR du Lubéron").type, find("Agence de Flandre", type_="agence").code
    ('pnr', 'agence:agence de flandre')
    """
    if siren:
        code, wrong, _ = gazetteer.epci(siren, "", "")
        if not code:
            code, wrong, _ = gazetteer.groupement(siren)
        if code or not name:
            said = "" if code else "SIREN d'aucun EPCI ni groupement de la liste officielle. Écrire aussi le nom."
            return Respondent(code, _type(code), said)
    if not name:
        return Respondent(wrong="collectivité absente. Écrire son nom officiel ou son SIREN.")
    if type_ in UNLISTED:
        return Respondent(f"{type_}:{french.plain(name)}", type_)
    if type_ == "region" and (code := gazetteer.region(name)[0]):
        return Respondent(code, "region")
    code, wrong = gazetteer.territory(name)
    if type_ == "commune" and not code.startswith("com-"):
        code, wrong = gazetteer.commune("", name, "")
    if not code:
        code, second, close = gazetteer.groupement(name)
        if not code:
            plain = french.plain(name)
            group = type_ in ("pnr", "petr", "syndicat", "pole_metropolitain") or plain.startswith(
                ("pnr", "petr", "sm")
            )
            return Respondent(wrong=second if group else wrong, close=close if group else ())
    if type_ and type_ != _type(code):
        labels = {one.id: one.label for one in rules().types}
        said = f"la liste officielle dit « {labels[_type(code)]} » et non « {labels[type_]} » : elle est suivie."
        return Respondent(code, _type(code), said)
    return Respondent(code, _type(code))


def _type(code: str) -> str:
    level = code.partition("-")[0]
    return gazetteer.kind_of_groupement(code) if level == "grp" else LEVELS.get(level, "")


@kept(maxsize=1)
def _inhabitants() -> dict[str, float]:
    named = territories.table()
    found = dict(zip(named.code, named.population.astype(float), strict=True))
    for table in ("epci.csv", "communes.parquet", "groupements.parquet"):
        read = tables.read(table)
        found |= dict(zip(read.code.to_list(), read.population.astype(float).to_list(), strict=True))
    return found


def described(codes: pd.Series) -> pd.DataFrame:
    """Département, région, inhabitants, and whether it is urban, of each collectivité; empty where nobody knows."""
    distinct = pd.Series(codes.unique(), dtype="str")
    found = places.located(distinct)
    groups = tables.read("groupements.parquet").set_index("code").departement
    group = distinct.map(groups).fillna("").astype("str")
    departement = found.departement.where(found.departement != "", group)
    region = [
        territories.region_of(one) if not known and one else known
        for known, one in zip(found.region, departement, strict=True)
    ]
    known = _inhabitants()
    population = [known.get(one, math.nan) for one in distinct.to_list()]
    columns = {"departement": departement.to_list(), "region": region, "weight": population}
    made = pd.DataFrame(columns | {"density": density.of(distinct)}, index=pd.Index(distinct, name="respondent"))
    return made.loc[codes].set_axis(codes.index)


def official(territory: str, year: int | None = None) -> pd.DataFrame:
    """How many collectivités of each type the official lists have in a territory: type, label, official, list.

    ``official`` is unknown (NaN) where no list exists.
    """
    code = territories.resolve(territory)
    regions = territories.codes("region") if code == "fr" else [territories.region_of(code)]
    departements = [one for region in regions for one in territories.departements_of(region)]
    if code.startswith("dep"):
        regions, departements = [], [code]
    groups = tables.read("groupements.parquet")
    groups = groups[groups.departement.isin(departements)]
    counted = {
        "region": len(regions),
        "departement": len(departements),
        "epci": len(territories.territories("epci", within=code)),
        "commune": int(tables.read("communes.parquet").departement.isin(departements).sum()),
        **groups.type.value_counts().to_dict(),
    }
    rows = [
        (one.id, one.label, float(counted.get(one.id, 0)) if one.official != "aucune" else float("nan"), one.official)
        for one in rules().types
    ]
    return pd.DataFrame(rows, columns=["type", "label", "official", "list"])
