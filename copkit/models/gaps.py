"""What a scenario lacks beside its reference: deviations, shortfall and surplus.

A surplus never hides a deficit: both are summed lever by lever (sector by sector for a plan known by sector only),
and both are said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import SimulationError, unknown
from copkit.models.levers import FOREST
from copkit.models.limits import same
from copkit.models.scenario import Standing, check, standings
from copkit.reference import framework

GROUPS = (None, "sector", "chantier", "lever")
SENTENCES = {  # the one sentence on what lacks, here and in the page
    "unknown": "Aucun objectif n'est connu dans ce territoire : rien ne se compare.",
    "met": "Rien ne manque : chaque {noun} est à sa référence.",
    "above": "Rien ne manque : {surplus} ktCO2e/an en plus sur {more}, {convention}.",
    "missing": "Il manque {deficit} ktCO2e/an sur {less}, {convention} : non compensé.",
    "uncompensated": "Il manque {deficit} ktCO2e/an sur {less}, {convention} ; {surplus} en plus sur {more} : non "
    "compensé de {net} ktCO2e/an.",
    "compensated": "Il manque {deficit} ktCO2e/an sur {less}, {convention} ; {surplus} en plus sur {more} : compensé.",
    "without_value": " {count} sans valeur.",
}
FIGURES = {"reference": "target", "proposed": "kt"} | {one: one for one in ("done", "remaining", "deficit", "surplus")}
STATUSES = {"unknown": "missing", "above": "met", "uncompensated": "missing"}  # of a sentence; else its own name


def sums(levers: Iterable[Standing]) -> dict[str, float]:
    """What levers add up to: reference, proposed, done, remaining, deficit, surplus, net = deficit - surplus.

    [ktCO2e/an], of the known values, NaN when there is none; ``missing``: levers without a value; ``below`` and
    ``above``: levers that lack and that exceed.
    """
    levers = list(levers)
    out = {name: total(getattr(one, field) for one in levers) for name, field in FIGURES.items()}
    out |= {
        "missing": sum(math.isnan(one.deficit) for one in levers),
        "below": sum(one.changed and one.deficit > 0 for one in levers),
        "above": sum(one.changed and one.surplus > 0 for one in levers),
    }
    return out | {"net": out["deficit"] - out["surplus"]}


def total(values: Iterable[float]) -> float:
    """The known values added one by one, as a browser does; NaN when there is none."""
    found = math.nan
    for value in values:
        if not math.isnan(value):
            found = value if math.isnan(found) else found + value
    return found


def verdict(whole: dict[str, float], convention: str, noun: str = "levier") -> tuple[str, str]:
    """« met », « compensated » or « missing », and the sentence; ``whole``: sums of levers, or of another ``noun``."""
    if math.isnan(whole["net"]):
        name = "unknown"
    elif not whole["below"]:
        name = "above" if whole["above"] else "met"
    elif not whole["above"]:
        name = "missing"
    else:
        positive = whole["net"] > 0 and not same(whole["deficit"], whole["surplus"])
        name = "uncompensated" if positive else "compensated"
    parts = {kt: french.number(whole[kt]) for kt in ("deficit", "surplus", "net")}
    parts |= {"less": french.plural(whole["below"], noun), "more": french.plural(whole["above"], noun)}
    said = SENTENCES[name].format(**parts, convention=convention, noun=noun)
    if whole["missing"] and name != "unknown":
        said += SENTENCES["without_value"].format(count=french.plural(whole["missing"], noun))
    return STATUSES.get(name, name), said


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
    return table[[one.changed for one in standings(s).values()]].reset_index(drop=True)


def unjustified(s: xr.Dataset) -> list[str]:
    """Les leviers qui s'écartent de la référence sans justification ou sans source.

    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.scenario import simulate
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
    >>> from copkit.models.scenario import simulate
    >>> shortfall(simulate(panorama("reg-32"), {"haies": 100})).net.round(1).to_list()
    [13.4, 13.4]
    """
    check(s)
    if by not in GROUPS:
        wrong = unknown(f"Regroupement inconnu : « {by} »", by, GROUPS[1:])
        raise SimulationError(f"{wrong} Valeurs admises : None, {', '.join(GROUPS[1:])}.")
    found = standings(s)
    groups = dict(zip(found, s[by].values.tolist() if by else ["total"] * len(found), strict=True))
    names = {**framework.labels("secteurs"), **framework.labels("thematiques"), "total": "Ensemble"}
    names |= dict(zip(found, s.label.values.tolist(), strict=True))
    rows = []
    for convention, kept in (("avec forêt", list(found)), ("sans forêt", [one for one in found if one != FOREST])):
        for group in dict.fromkeys(groups[lever] for lever in kept):
            whole = sums(found[lever] for lever in kept if groups[lever] == group)
            figures = (whole[name] for name in ("deficit", "surplus", "net", "missing"))
            rows.append([convention, group, names.get(group, group), *figures])
    return pd.DataFrame(rows, columns=["convention", "group", "label", "deficit", "surplus", "net", "missing"])


def gap_sentence(s: xr.Dataset) -> str:
    """Ce qui manque et ce qui dépasse, hors forêt, en une phrase, avec le verdict de la règle de compensation.

    >>> from copkit.models.panorama import panorama
    >>> from copkit.models.scenario import simulate
    >>> gap_sentence(simulate(panorama("reg-32"), {}))
    'Rien ne manque : chaque levier est à sa référence.'
    """
    return verdict(sums(one for lever, one in standings(s).items() if lever != FOREST), "hors forêt")[1]
