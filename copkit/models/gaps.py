"""What a scenario lacks beside its reference: deviations, shortfall and surplus, what is done and what remains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import SimulationError, suggestion
from copkit.models.levers import FOREST
from copkit.models.limits import same
from copkit.models.scenario import check
from copkit.reference import framework

GROUPS = (None, "sector", "chantier", "lever")


def deviations(s: xr.Dataset) -> pd.DataFrame:
    """Les leviers dont l'objectif proposé diffère de la référence, et leur justification.

    Returns
    -------
    DataFrame : lever, label, target, proposed, difference [ktCO2e/an], target_quantity, proposed_quantity, unit,
        justification, source, justified (vrai quand le texte et la source sont là).
    """
    check(s)
    target, proposed = s.target.values, s.proposed.values
    texts = s.justification.values, s.justification_source.values
    table = pd.DataFrame(
        {
            "lever": s.lever.values,
            "label": s.label.values,
            "target": target,
            "proposed": proposed,
            "difference": proposed - target,
            "target_quantity": s.quantity.values,
            "proposed_quantity": s.proposed_quantity.values,
            "unit": s.unit.values,
            "justification": texts[0],
            "source": texts[1],
            "justified": [bool(text.strip() and source.strip()) for text, source in zip(*texts, strict=True)],
        }
    )
    differs = [not same(a, b) for a, b in zip(target.tolist(), proposed.tolist(), strict=True)]
    return table[np.array(differs) & ~(np.isnan(target) & np.isnan(proposed))].reset_index(drop=True)


def unjustified(s: xr.Dataset) -> list[str]:
    """Les leviers qui s'écartent de la référence sans justification ou sans source.

    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.simulation import simulate
    >>> unjustified(simulate(panorama("reg-32"), {"haies": 50}, justifications={"haies": "Schéma régional"}))
    ['haies']
    """
    table = deviations(s)
    return table.lever[~table.justified].to_list()


def shortfall(s: xr.Dataset, by: str | None = None) -> pd.DataFrame:
    """Ce qui manque par rapport à la référence ; un surplus ne cache jamais un manque.

    Parameters
    ----------
    s : scénario (``ck.simulate``).
    by : None (le territoire), « sector », « chantier » ou « lever ».

    Returns
    -------
    DataFrame : convention (« avec forêt », « sans forêt »), group, label, ``deficit`` (somme des leviers sous leur
        référence), ``surplus`` (somme des leviers au-dessus), ``net`` = deficit - surplus [ktCO2e/an],
        ``missing`` : nombre de leviers sans valeur.

    Raises
    ------
    SimulationError
        Si ``s`` n'est pas un scénario ou si ``by`` est inconnu.

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.simulation import simulate
    >>> shortfall(simulate(panorama("reg-32"), {"haies": 100})).net.round(1).to_list()
    [13.4, 13.4]
    """
    check(s)
    if by not in GROUPS:
        hint = suggestion(str(by), list(GROUPS[1:]))
        raise SimulationError(
            f"Regroupement inconnu : « {by} ».{hint} Valeurs admises : None, {', '.join(GROUPS[1:])}."
        )
    table = remaining(s)
    table = table.assign(group=table[by] if by else "total", missing=table.deficit.isna())
    names = {**framework.labels("secteurs"), **framework.labels("thematiques"), "total": "Ensemble"}
    names |= dict(zip(table.lever, table.label, strict=True))
    rows = []
    for convention, kept in (("avec forêt", table), ("sans forêt", table[table.lever != FOREST])):
        groups = kept.groupby("group", sort=False)
        sums, missing = groups[["deficit", "surplus"]].sum(min_count=1), groups.missing.sum().to_list()
        for (group, deficit, surplus), unknown in zip(sums.itertuples(), missing, strict=True):
            rows.append([convention, group, names.get(group, group), deficit, surplus, deficit - surplus, unknown])
    return pd.DataFrame(rows, columns=["convention", "group", "label", "deficit", "surplus", "net", "missing"])


def remaining(s: xr.Dataset) -> pd.DataFrame:
    """Levier par levier, ce qui est fait et ce qui reste, comme les tuiles le montrent.

    Returns
    -------
    DataFrame : lever, label, sector, chantier ; target, proposed, done ; ``remaining_target`` (référence moins fait),
        ``remaining`` (proposé moins fait), ``deficit`` et ``surplus`` (proposé face à la référence), jamais négatifs
        [ktCO2e/an] ; ``share_done`` : part faite de la référence, de 0 à 1, inconnue sans référence.
    """
    check(s)
    columns = {name: s[name].values for name in ("lever", "label", "sector", "chantier", "target", "proposed", "done")}
    target, proposed, done = columns["target"], columns["proposed"], columns["done"]
    return pd.DataFrame(
        {
            **columns,
            "remaining_target": np.maximum(target - done, 0),
            "remaining": np.maximum(proposed - done, 0),
            "deficit": np.maximum(target - proposed, 0),
            "surplus": np.maximum(proposed - target, 0),
            "share_done": np.minimum(done / np.where(target > 0, target, np.nan), 1),
        }
    )


def gap_sentence(s: xr.Dataset) -> str:
    """Le manque et le surplus en une phrase, avec le verdict de la règle de compensation.

    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.simulation import simulate
    >>> gap_sentence(simulate(panorama("reg-32"), {}))
    'Tous les leviers sont à leur référence : rien ne manque.'
    """
    table = deviations(s)
    below, above = table[table.difference < 0], table[table.difference > 0]
    whole, without = shortfall(s).to_dict("records")
    unknown = f" {french.plural(without['missing'], 'levier')} sans valeur." if without["missing"] else ""
    if table.empty:
        return f"Tous les leviers sont à leur référence : rien ne manque.{unknown}"
    counts = french.plural(len(below), "levier"), french.plural(len(above), "levier")
    sides = [f"il manque {french.number(-below.difference.sum())} ktCO2e/an sur {counts[0]}"] if len(below) else []
    if len(above):
        sides.append(f"{french.number(above.difference.sum())} ktCO2e/an dépassent la référence sur {counts[1]}")
    verdict = f"non compensé de {french.number(without['net'])} ktCO2e/an" if _positive(without) else "compensé"
    nets = f"net {french.signed(-without['net'])} sans forêt, {french.signed(-whole['net'])} avec forêt [ktCO2e/an]"
    text = french.join(sides) if len(below) else f"{sides[0]}, aucun levier en dessous"
    return f"{text[0].upper()}{text[1:]} ; {nets} : {verdict}.{unknown}"


def _positive(row: dict) -> bool:
    return row["net"] > 0 and not same(row["deficit"], row["surplus"])
