"""Accounting conventions: which emission figures may be subtracted from one another.

Each plan and each emission series carries one of ``tables.CONVENTIONS``.
"""

from __future__ import annotations

import xarray as xr

from copkit.errors import UnitError
from copkit.reference import tables


def check_conventions(a: str, b: str, *, allow_mixed_conventions: bool = False) -> list[str]:
    """Refuse to subtract two accounting conventions; return what the reader has to know otherwise.

    Raises
    ------
    UnitError
        If the two conventions are known and different, unless ``allow_mixed_conventions``.
    """
    known = tables.CONVENTIONS
    if "non_precisee" in (a, b) and a != b:
        stated = a if b == "non_precisee" else b
        return [f"Un des deux plans ne dit pas sa convention de comptage ; l'autre : {known[stated]}."]
    if a == b:
        return []
    both = f"« {a} » ({known[a]}) et « {b} » ({known[b]})"
    if not allow_mixed_conventions:
        raise UnitError(
            f"Conventions de comptage différentes : {both}. Leur différence n'est pas un écart d'effort.\n"
            "Donner deux plans de même convention ; pour les comparer malgré tout, écrire allow_mixed_conventions=True."
        )
    return [f"Conventions de comptage différentes, comparées à la demande de l'utilisateur : {both}."]


def subtract(a: xr.DataArray, b: xr.DataArray, *, allow_mixed_conventions: bool = False) -> xr.DataArray:
    """Différence de deux séries d'émissions, ``a − b``, si leur unité et leur convention de comptage le permettent.

    Parameters
    ----------
    a, b : séries de mêmes dimensions ; ``attrs["units"]`` et ``attrs["convention"]`` (sinon « non_precisee »).

    Raises
    ------
    UnitError
        Si les unités ou les conventions diffèrent.
    """
    units = [series.attrs.get("units", "") for series in (a, b)]
    if units[0] != units[1]:
        raise UnitError(f"Unités différentes : « {units[0]} » et « {units[1]} ».\nConvertir l'une avant de soustraire.")
    conventions = [series.attrs.get("convention", "non_precisee") for series in (a, b)]
    caution = check_conventions(*conventions, allow_mixed_conventions=allow_mixed_conventions)
    return (a - b).assign_attrs(units=units[0], convention=" et ".join(dict.fromkeys(conventions)), caution=caution)
