"""Accounting conventions: which emission figures may be subtracted from one another.

Each plan and each emission series carries one of ``tables.CONVENTIONS``, in ``attrs["convention"]``.
"""

from __future__ import annotations

import xarray as xr

from copkit import french
from copkit.errors import UnitError, given, option, unknown
from copkit.models import indicators
from copkit.reference import tables, territories

SGPE_CONVENTION = "scope_1_2"  # the planning exercise: feuille_de_route_hauts_de_france_2025
UNSAID = "non_precisee"
EMISSIONS = "CO2e"  # in a unit of emissions


def check_conventions(
    a: str, b: str, *, allow_mixed_conventions: bool = False, of: tuple[str, str] = ("l'un", "l'autre")
) -> list[str]:
    """Refuse to subtract two accounting conventions; return what the reader has to know otherwise.

    ``of``: whose they are.

    Raises
    ------
    UnitError
        If the two conventions are known and different, unless ``allow_mixed_conventions``.
    """
    known = tables.CONVENTIONS
    if UNSAID in (a, b) and a != b:
        stated, said, unsaid = (a, *of) if b == UNSAID else (b, *of[::-1])
        kind, _, what = known[stated].partition(" : ")
        who = french.capital(unsaid)
        return [f"{who} ne dit pas sa convention de comptage ; {said} dit la sienne, « {kind} » : {what}."]
    if a == b:
        return []
    both = f"« {a} » ({known[a]}) et « {b} » ({known[b]})"
    if not allow_mixed_conventions:
        raise UnitError(
            f"Conventions de comptage différentes : {both}. Leur différence n'est pas un écart d'effort.\n"
            "Donner deux plans de même convention ; pour les comparer malgré tout, écrire "
            f"{option('allow_mixed_conventions', True)}."
        )
    return [f"Conventions de comptage différentes, comparées à la demande de l'utilisateur : {both}."]


def observed(code: str, indicator: str) -> xr.DataArray:
    """La série observée d'un territoire, avec son unité, sa source et, pour des émissions, sa convention de comptage.

    Parameters
    ----------
    code : « fr », une région ou un département.
    indicator : une série de data/clean/observed.parquet, par exemple « prelevements_eau ».

    Returns
    -------
    xr.DataArray, dimension ``year`` ; attrs : units, source, territory, indicator, et ``convention`` (« scope_1_2 »,
        « pcaet » ou « non_precisee ») quand l'unité est une émission. Vide sans valeur pour ce territoire.

    Raises
    ------
    UnitError
        Si la série est inconnue.
    TerritoryError
        Si le code est inconnu ou ambigu.

    Examples
    --------
    >>> observed("reg-32", "emissions_ges_50_sites_tres_emetteurs_hors_raffinage").attrs["convention"]
    'non_precisee'
    """
    units = indicators.units()
    if indicator not in units:
        raise UnitError(unknown(f"Série inconnue : {given(indicator)}", str(indicator), units))
    code = territories.resolve(code)
    lines = [row for rows in indicators.by_lever().values() for row in rows if row.indicator == indicator]
    points, _ = indicators.series(code, indicator, zero=lines[0].zero if lines else "valeur")
    sources = ", ".join(dict.fromkeys(point.source for point in points))
    attrs = {"units": units[indicator], "source": sources, "territory": code, "indicator": indicator}
    if EMISSIONS in units[indicator]:
        attrs["convention"] = next((row.convention for row in lines if row.convention), UNSAID)
    values = [point.value for point in points]
    return xr.DataArray(values, {"year": [point.year for point in points]}, ["year"], name=indicator, attrs=attrs)


def difference(a: xr.DataArray, b: xr.DataArray, *, allow_mixed_conventions: bool = False) -> xr.DataArray:
    """La différence de deux séries d'émissions, refusée quand elles ne comptent pas selon la même convention.

    Parameters
    ----------
    a, b : séries (``ck.observed``) ou objectifs d'un panorama (``p.target``), mêmes dimensions. [même unité]
    allow_mixed_conventions : soustraire malgré deux conventions différentes ; ``attrs["caution"]`` le dit.

    Returns
    -------
    xr.DataArray : ``a - b`` [leur unité], sur ce que les deux connaissent ; attrs : units, convention, caution.

    Raises
    ------
    UnitError
        Si l'un n'est pas une série ; si les unités, ou les conventions, diffèrent.
    """
    for one in (a, b):
        if not isinstance(one, xr.DataArray):
            raise UnitError(f"Série attendue, et non {given(one)}.\nÉcrire ck.observed(…) ou p.target.")
    first, second = (one.attrs.get("units", "") for one in (a, b))
    if first != second:
        raise UnitError(
            f"Unités différentes : « {first} » et « {second} ».\n"
            "Convertir l'une des deux séries avant de les soustraire."
        )
    kinds = [one.attrs.get("convention", UNSAID if EMISSIONS in first else "") for one in (a, b)]
    cautions = check_conventions(*kinds, allow_mixed_conventions=allow_mixed_conventions)
    mixed = kinds[0] if kinds[0] == kinds[1] else UNSAID
    said = {"units": first, "caution": " ".join(cautions)} | ({"convention": mixed} if mixed else {})
    return (a - b).assign_attrs(said)
