"""The context of a COP: its contrats de ville and what share of them was read, and the other contracts and debates.

They are attached and counted, not modelled. What a source publishes of them stands beside what a list gives
(``parameters/contexte.yml``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field as Parameter
from pydantic import FiniteFloat

from copkit import french, paths
from copkit.errors import unknowns
from copkit.files import kept
from copkit.intake import reading
from copkit.intake.fields import ORIGIN, PLACES, YES, Collected, Field, counted
from copkit.reference import parameters, territories
from copkit.reference import reading as files

FILE = "contexte.yml"
CITY = "contrat de ville"
FIELDS: dict[str, Field] = {
    "title": Field("Contrat de ville", "name"),
    "kind": Field("Sorte", "name"),  # a contrat de ville when it says nothing
    "departement": PLACES["departement"],
    "read": Field("Lu", "yes_no"),
    "quarters": Field("Quartiers prioritaires", "number"),
    "residents": Field("Habitants en QPV", "number"),
    "about": Field("À savoir"),
    **ORIGIN,
}
CONTRACTS = Collected("contrats_de_ville", (CITY, "contrats de ville"), FIELDS, ("title",), ("title",))
MEASURES = {"contracts": "contrats de ville", "quarters": "quartiers prioritaires", "residents": "habitants en QPV"}


class Published(parameters.Strict):
    """What a source prints of a measure: how many were read, of how many, and the share that it writes. [%]"""

    looked: FiniteFloat
    whole: FiniteFloat | None = None
    share: FiniteFloat | None = None
    note: str = ""


class City(parameters.Strict):
    """What a source publishes of the contrats de ville of a région."""

    territory: str
    source: str
    locator: Annotated[str, Parameter(min_length=1)]
    measures: dict[str, Published]


class Context(parameters.Strict):
    """``parameters/contexte.yml``."""

    version: str
    city_policy: list[City]


@kept(maxsize=1)
def context() -> Context:
    """What the sources publish of the context of COP.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    return files.read_checked(paths.parameters(FILE), Context, _faults)


def _faults(found: Context, _: dict) -> Iterator[str]:
    for one in found.city_policy:
        yield from parameters.unknown_sources([one.source])
        yield from unknowns("région inconnue « {} »", [one.territory], territories.codes("region"))
        yield from unknowns("mesure inconnue « {} »", one.measures, MEASURES)


def read_contracts(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit la liste des contrats de ville d'un territoire : lesquels ont été lus, leurs quartiers, leurs habitants.

    Parameters
    ----------
    files : chemins des fichiers, un contrat par ligne. Une ligne d'une autre sorte (pacte, débat, guichet…) est
        gardée et montrée, sans être comptée parmi les contrats de ville.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/contrats_de_ville`` ou un fichier YAML.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.
    """
    return reading.read(CONTRACTS, files, mapping=mapping)


def city_policy(contracts: pd.DataFrame, territory: str = "") -> pd.DataFrame:
    """La part des contrats de ville lus, de leurs quartiers prioritaires et de leurs habitants.

    Parameters
    ----------
    contracts : ce que ``read_contracts`` a lu.
    territory : code d'une région, dont les chiffres publiés sont mis à côté ; vide : aucun.

    Returns
    -------
    DataFrame : measure, label, looked (ce qui est lu), whole (le tout), share [%], missing (contrats qui n'en disent
        pas le nombre : hors des deux) ; published_looked, published_whole, published_share [%], published_note : ce
        que la source imprime, NaN où elle ne dit rien.

    References
    ----------
    Politique de la ville dans une COP : ``feuille_de_route_hauts_de_france_2025``.
    """
    table = counted(CONTRACTS.taken(contracts, 'ck.roadmap.read_contracts("contrats.csv")'))
    table = table[is_city(table)]
    printed = next((one.measures for one in context().city_policy if one.territory == territory), {})
    read, rows = table.read == YES, []
    for name, label in MEASURES.items():
        values = pd.Series(1.0, table.index) if name == "contracts" else table[name]
        looked, whole = values[read].sum(), values.sum()
        share = 100 * looked / whole if whole > 0 else float("nan")
        rows.append((name, label, looked, whole, int(values.isna().sum()), share, *_published(printed.get(name))))
    columns = ["measure", "label", "looked", "whole", "missing", "share"]
    return pd.DataFrame(rows, columns=[*columns, *(f"published_{one}" for one in ("looked", "whole", "share", "note"))])


def is_city(contracts: pd.DataFrame) -> pd.Series:
    """Which rows are contrats de ville: those that say so, or nothing."""
    return contracts.kind.map(french.plain).isin(["", CITY, "contrats de ville"])


def _published(one: Published | None) -> tuple:
    printed = (None, None, None) if one is None else (one.looked, one.whole, one.share)
    return *(float("nan") if value is None else value for value in printed), one.note if one else ""
