"""Another way to share out an effort: that of each sector, times what each lever weighs in it in the région.

Territoires en transitions does so, with the shares that the SGPE gave it (``data/clean/lever_shares.csv``). Only the
sectors whose rows make a hundred are used: those of energy do not, those of agriculture and of land are each the whole
of a part that the table does not name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

import pandas as pd
import xarray as xr

from copkit import errors, french
from copkit.errors import LeverError, Problems, unknown
from copkit.models.panorama import of_panorama
from copkit.reference import framework, tables, territories

USED = ("residentiel", "tertiaire", "transport", "industrie", "dechets")
UNUSED = {
    "energie": "les parts de ses leviers ne font pas 100 % (de 92 à 268 % selon la région)",
    "agriculture_foret_sols": "chaque part y vaut 100 % d'une partie du secteur que la source ne nomme pas",
}


@of_panorama
def sector_shares(p: xr.Dataset, efforts: Mapping[str, float]) -> pd.DataFrame:
    """L'effort de chaque secteur, donné, réparti entre ses leviers comme dans la région ; à côté, celui du kit.

    C'est la façon de Territoires en transitions : elle part des émissions du territoire, secteur par secteur, quand le
    kit part de l'effort de la région et d'une clé par levier. Les deux se comparent ; aucune n'est une cible.

    Parameters
    ----------
    p : panorama, ou code d'un territoire de métropole, dans une seule région.
    efforts : secteur → effort entre 2019 et 2030 [ktCO2e/an] : residentiel, tertiaire, transport, industrie, dechets.

    Returns
    -------
    DataFrame : sector, sector_label, label (libellé de la source), lever (celui du kit, vide quand la source en réunit
    plusieurs), share [% de l'effort du secteur], kt [ktCO2e/an], kit [ktCO2e/an], effort du levier selon le kit,
    sector_kit [ktCO2e/an], effort du secteur selon le kit, status, source.

    Raises
    ------
    LeverError
        Si un secteur est inconnu ou inutilisable, un effort n'est pas un nombre positif, ou si le territoire n'est pas
        dans une seule région de métropole : tous les problèmes d'un coup.

    References
    ----------
    Parts régionales : ``tet_leviers_sgpe`` dans parameters/sources.yml, ramenées à 100 % quand leurs arrondis font 99
    ou 101.
    """
    region, problems = _region(p), Problems()
    if not isinstance(efforts, Mapping) or not efforts:
        raise LeverError(
            f'Efforts par secteur attendus, et non {errors.given(efforts)}. Écrire par exemple {{"transport": 120}}.'
        )
    for sector, effort in efforts.items():
        if sector in UNUSED:
            problems.add("Efforts", f"secteur « {sector} » : {UNUSED[sector]}. Le retirer.")
        elif sector not in USED:
            problems.add("Efforts", unknown(f"secteur inconnu : « {sector} »", sector, USED, "Secteurs"))
        elif not isinstance(effort, Real) or not 0 <= float(effort) < math.inf:
            problems.add("Efforts", f"secteur « {sector} » : « {effort} » n'est pas un effort. Écrire des ktCO2e/an.")
    problems.raise_if_any(LeverError)
    table = tables.read("lever_shares.csv")
    table = table[(table.territory == region) & table.sector.isin(list(efforts))]
    kit = dict(zip(p.lever.values.tolist(), p.target.values.tolist(), strict=True))
    whole = pd.Series(p.target.values).groupby(p.sector.values).sum()
    total, labels = table.groupby("sector").value.transform("sum"), framework.labels("secteurs")
    return pd.DataFrame(
        {
            "sector": table.sector,
            "sector_label": table.sector.map(labels),
            "label": table.label,
            "lever": table.lever,
            "share": 100 * table.value / total,
            "kt": table.sector.map(efforts).astype(float) * table.value / total,
            "kit": [kit.get(lever, math.nan) for lever in table.lever],
            "sector_kit": table.sector.map(whole),
            "status": "derive",
            "source": table.source,
        }
    ).reset_index(drop=True)


def _region(p: xr.Dataset) -> str:
    code = p.attrs["territory"]
    regions = territories.regions_of(code) if code != "fr" else []
    if len(regions) == 1 and not territories.is_overseas(regions[0]):
        return regions[0]
    names = french.join([territories.name(one) for one in regions]) if regions else "aucune"
    raise LeverError(
        f"Les parts de chaque levier sont celles d'une région de métropole ; ici : {names}. "
        "Prendre un territoire d'une seule région de métropole."
    )
