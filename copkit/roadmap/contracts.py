"""The contrats de ville of a territory: what share of them, of their quarters and of their residents was looked at."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit.intake import reading
from copkit.intake.fields import ORIGIN, PLACES, YES, Collected, Field, counted

FIELDS: dict[str, Field] = {
    "title": Field("Contrat de ville", "name"),
    "departement": PLACES["departement"],
    "read": Field("Lu", "yes_no"),
    "quarters": Field("Quartiers prioritaires", "number"),
    "residents": Field("Habitants en QPV", "number"),
    **ORIGIN,
}
CONTRACTS = Collected("contrats_de_ville", ("contrat de ville", "contrats de ville"), FIELDS, ("title",), ("title",))
MEASURES = {"contracts": "contrats de ville", "quarters": "quartiers prioritaires", "residents": "habitants en QPV"}


def read_contracts(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit la liste des contrats de ville d'un territoire : lesquels ont été lus, leurs quartiers, leurs habitants.

    Parameters
    ----------
    files : chemins des fichiers, un contrat par ligne.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/contrats_de_ville`` ou un fichier YAML.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.
    """
    return reading.read(CONTRACTS, files, mapping=mapping)


def city_policy(contracts: pd.DataFrame) -> pd.DataFrame:
    """La part des contrats de ville lus, de leurs quartiers prioritaires et de leurs habitants.

    Parameters
    ----------
    contracts : ce que ``read_contracts`` a lu.

    Returns
    -------
    DataFrame : measure, label, looked (ce qui est lu), whole (le tout), share [%], missing (contrats qui n'en disent
        pas le nombre : hors des deux).

    References
    ----------
    Politique de la ville dans une COP : ``feuille_de_route_hauts_de_france_2025``.
    """
    table = counted(CONTRACTS.taken(contracts, 'ck.roadmap.read_contracts("contrats.csv")'))
    read, rows = table.read == YES, []
    for name, label in MEASURES.items():
        values = pd.Series(1.0, table.index) if name == "contracts" else table[name]
        rows.append((name, label, values[read].sum(), values.sum(), int(values.isna().sum())))
    made = pd.DataFrame(rows, columns=["measure", "label", "looked", "whole", "missing"])
    return made.assign(share=(100 * made.looked / made.whole).where(made.whole > 0))
