"""The calendar of the 18 régional COP, as the SGPE gave it in 2024: who started, who was to start, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from copkit.files import kept
from copkit.reference import tables, territories

if TYPE_CHECKING:
    import pandas as pd

STARTED, ANNOUNCED, WAITING, UNSAID = "COP lancée", "COP annoncée", "en attente", "non renseigné"


def calendar(territory: str = "fr") -> pd.DataFrame:
    """Le calendrier des COP régionales : où en était chacune au début de 2024, selon le SGPE.

    Parameters
    ----------
    territory : une région, un département (la COP de sa région), ou « fr » : les 18.

    Returns
    -------
    DataFrame : territory, name, state (« COP lancée », « COP annoncée » : date encore à venir dans la source, « en
        attente », « non renseigné »), date [AAAA-MM-JJ], status, source. De la plus ancienne à la plus récente, puis
        celles qui n'ont pas de date : vide, jamais devinée.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    References
    ----------
    ``sgpe_point_de_sortie`` dans parameters/sources.yml.

    Examples
    --------
    >>> calendar("dep-59")[["territory", "state", "date"]].to_dict("records")
    [{'territory': 'reg-32', 'state': 'COP lancée', 'date': '2023-12-06'}]
    """
    code, found = territories.resolve(territory), _sorted()
    if code != "fr":
        found = found[found.territory == territories.region_of(code)].reset_index(drop=True)
    return found.copy()


@kept(maxsize=1)
def by_region() -> dict:
    """Région → its row."""
    return {row.territory: row for row in _sorted().itertuples()}


@kept(maxsize=1)
def _sorted() -> pd.DataFrame:
    """Those of the 18, in the order in which they are given."""
    found = tables.read("cop_calendar.csv")
    found = found.assign(undated=found.date == "").sort_values(["undated", "date", "territory"], kind="stable")
    found = found.drop(columns="undated").reset_index(drop=True)
    found.insert(1, "name", [territories.name(one) for one in found.territory])
    return found
