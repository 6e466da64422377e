"""How sure a total is: Monte Carlo on the coefficients, the attainment and the allocation keys.

The deviations of a lever add up (first order), so a total is linear in them: draws are contracted over the levers
by a matrix product, by blocks of territories, and only quantiles are kept. The year factors out, since the
pathway is the same straight line for all levers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from copkit.errors import CopkitError, unknown
from copkit.models import assumptions as ranges
from copkit.models import audition, panorama, reliability
from copkit.models.assumptions import Assumptions
from copkit.models.draws import blocks, model_of
from copkit.models.panorama import given

MOST_DRAWS = 100_000
TIE = 1e-9  # a sum that differs from its target by less is the target
DRIVERS = ["territory", "assumption", "assumption_label", "lever", "label", "low", "high", "distribution"]
DRIVERS += ["standard_deviation", "share", "status", "reason"]
LABELS = {
    "coefficient": "coefficient",
    "arrondi": "arrondi du coefficient publié",
    "realisation": "part de l'effort restant qui sera réalisée",
    "ensemble": "réalisation commune à tous les leviers",
    "cle": "clé de répartition du département",
}
RANDOM = (
    "Varient : le coefficient de chaque levier et son arrondi, la part de l'effort restant qui sera réalisée, levier "
    "par levier et pour tous ensemble (mêmes tirages dans tous les territoires), et la clé de répartition des "
    "départements (un tirage par territoire et clé). L'objectif, lui, est fixe. Les fourchettes sont des hypothèses "
    "du kit (parameters/uncertainty.yml), sauf celle des clés, mesurée entre régions (docs/cles.md) ; les écarts "
    "s'ajoutent (ordre 1) et sont indépendants, interactions non comptées."
)


def uncertainty(
    what: xr.Dataset | str | Sequence[xr.Dataset | str],
    *,
    draws: int = 10_000,
    seed: int = 0,
    years: Iterable[int] | None = None,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    forest: bool = False,
    keep: str | None = None,
    assumptions: str | Path | None = None,
) -> xr.Dataset:
    """L'incertitude des émissions évitées, et la probabilité d'atteindre l'objectif.

    À l'ordre 1, effet = prévu + prévu × (coefficient + arrondi + clé) + (prévu - fait) × (réalisation + ensemble), où
    chaque mot entre parenthèses est un écart relatif tiré au sort ; ce qui est fait ne dépend plus de la réalisation.

    Parameters
    ----------
    what : panorama, scénario, code, ou liste des trois.
    draws : nombre de tirages, de 1 à 100 000.
    seed : graine ; la même donne les mêmes tirages, quel que soit l'ordre des territoires.
    years : années, entre le départ et l'arrivée de la trajectoire ; par défaut toutes.
    quantiles : entre 0 et 1.
    forest : compter aussi le levier forêt, non régionalisé.
    keep : « draws » garde tous les tirages (mémoire : territoires × années × tirages).
    assumptions : autre fichier d'hypothèses que parameters/uncertainty.yml.

    Returns
    -------
    xr.Dataset, dimensions (territory, year, quantile) :
        ``avoided`` quantiles, ``mean`` moyenne, ``planned`` valeur sans écart [ktCO2e/an] ;
        ``target`` objectif de l'année d'arrivée [ktCO2e/an] ; ``probability`` part des tirages où le total de
        l'année d'arrivée atteint l'objectif ; ``missing`` nombre de leviers sans valeur, hors du total et de
        l'objectif ; ``draws`` (territory, year, draw) si demandé. ``attrs`` : ce qui est tiré au sort, en français.

    Raises
    ------
    CopkitError
        Si un argument est hors de ses bornes, ou un territoire en double.
    ParameterError
        Si le fichier d'hypothèses est endommagé.

    References
    ----------
    parameters/uncertainty.yml ; trajectoire linéaire de l'année de départ à l'année d'arrivée.

    Examples
    --------
    >>> u = uncertainty("reg-32", draws=1000)
    >>> round(float(u.planned.sel(year=2030).item()), 1), u.sizes["quantile"], u.sizes["year"]
    (21631.8, 5, 12)
    """
    known = ranges.read(assumptions)
    chosen = _years(years, known)
    _check(draws, seed, quantiles, keep)
    models = [model_of(p, known, forest) for p in _panoramas(what)]
    reached = known.pathway.reached(chosen)
    size = (len(models), len(chosen))
    levels, means, odds = np.empty((*size, len(quantiles))), np.empty(size), np.empty(len(models))
    kept = np.empty((*size, draws)) if keep else None
    for start, totals in blocks(models, draws, seed):
        rows = slice(start, start + len(totals))
        target = np.array([[m.target] for m in models[rows]])
        odds[rows] = (totals >= target - TIE * np.abs(target)).mean(axis=1)
        means[rows] = totals.mean(axis=1)[:, None] * reached
        levels[rows] = np.quantile(totals, quantiles, axis=1).T[:, None, :] * reached[:, None]
        if kept is not None:
            kept[rows] = totals[:, None, :] * reached[:, None]
    out = _dataset(models, chosen, quantiles, levels, means, odds, reached)
    if kept is not None:
        out["draws"] = (("territory", "year", "draw"), kept)
    return out.assign_attrs(
        kind="uncertainty",
        draws=draws,
        seed=seed,
        convention="avec forêt" if forest else "sans forêt",
        random=RANDOM,
        pathway=f"linéaire de {known.pathway.start} (0) à {known.pathway.end} (effet entier)",
        status="hypothese",
    )


def drivers(
    what: xr.Dataset | str | Sequence[xr.Dataset | str],
    *,
    forest: bool = False,
    assumptions: str | Path | None = None,
) -> pd.DataFrame:
    """Les hypothèses qui pèsent le plus sur l'incertitude du total, de la plus forte à la plus faible.

    Le total étant linéaire en écarts indépendants, la part de variance de chacun est exacte : c'est son indice de
    Sobol, sans tirage.

    Parameters
    ----------
    what : panorama, scénario, code, ou liste des trois.
    forest : compter aussi le levier forêt.
    assumptions : autre fichier d'hypothèses que parameters/uncertainty.yml.

    Returns
    -------
    DataFrame : territory, assumption, assumption_label, lever, label, low, high [%], distribution,
        standard_deviation [ktCO2e/an], share [% de la variance du territoire], status, reason ; lever est vide
        quand l'hypothèse porte sur plusieurs leviers (label le dit) ; sans les hypothèses qui ne varient pas.

    Raises
    ------
    ParameterError
        Si le fichier d'hypothèses est endommagé.
    CopkitError
        Si un territoire est en double.
    """
    known, rows = ranges.read(assumptions), []
    for model in (model_of(p, known, forest) for p in _panoramas(what)):
        variances = [(term.weight * term.width) ** 2 * term.law.variance() for term in model.terms]
        whole = sum(variances)
        for term, variance in zip(model.terms, variances, strict=True):
            law, share = term.law, 100 * variance / whole if whole else np.nan
            widths = (term.width * law.low, term.width * law.high, law.distribution)
            names = (model.code, term.kind, LABELS[term.kind], term.lever, term.label)
            rows.append((*names, *widths, variance**0.5, share, law.status, law.reason))
    table = pd.DataFrame(rows, columns=DRIVERS)
    return table.sort_values(["territory", "share"], ascending=[True, False], kind="stable", ignore_index=True)


def span(p: xr.Dataset, forest: bool = False) -> tuple[float, float]:
    """The range of a total that keys share out, at the confidence of the audition. [ktCO2e/an]

    Below the départements, what the keys miss between régions is joined by what nothing measures: the share inside
    the département (``unmeasured_share``). NaN where nothing is shared out.

    >>> low, high = span(panorama.shared("epci-200066926"))
    >>> low < panorama.total(panorama.shared("epci-200066926"), forest=False) < high
    True
    """
    found = reliability.span(p, forest)
    return inside(found, panorama.total(p, forest)) if panorama.small(p) and panorama.allocated(p) else found


def inside(span: tuple[float, float], whole: float) -> tuple[float, float]:
    """The range of what keys miss between régions, joined by what nothing measures inside a département. [ktCO2e/an]

    ``whole``: the total that it is about.
    """
    low, high = span
    law, confidence = ranges.read(None).unmeasured_share, audition.settings().rule.confidence / 100
    measured = 0.0 if math.isnan(low) else math.log(high / low) / 2
    half = math.hypot(measured, math.log1p(confidence * law.high / 100))
    return whole * math.exp(-half), whole * math.exp(half)


def _check(draws: int, seed: int, quantiles: Sequence[float], keep: str | None) -> None:
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or not 1 <= draws <= MOST_DRAWS:
        raise CopkitError(f"Nombre de tirages « {draws} » refusé. Écrire un entier de 1 à {MOST_DRAWS}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise CopkitError(f"Graine « {seed} » refusée. Écrire un entier positif ou nul.")
    if wrong := [q for q in quantiles if not 0 <= q <= 1]:
        raise CopkitError(f"Quantile « {wrong[0]} » refusé. Écrire des nombres entre 0 et 1, par exemple 0.05.")
    if keep not in (None, "draws"):
        wrong = unknown(f"keep « {keep} » inconnu", keep, ["draws"])
        raise CopkitError(f"{wrong} Écrire « draws », ou rien pour ne garder que les quantiles.")


def _years(years: Iterable[int] | None, known: Assumptions) -> np.ndarray:
    first, last = known.pathway.start, known.pathway.end
    chosen = list(range(first, last + 1)) if years is None else list(years)
    if wrong := [year for year in chosen if not (first <= year <= last and int(year) == year)]:
        raise CopkitError(f"Année « {wrong[0]} » hors de la trajectoire. Écrire des années de {first} à {last}.")
    return np.array(chosen, dtype=int)


def _panoramas(what: xr.Dataset | str | Sequence[xr.Dataset | str]) -> list[xr.Dataset]:
    one = isinstance(what, str | xr.Dataset) or not isinstance(what, Iterable)
    found = [given(each) for each in ([what] if one else what)]
    codes = [p.attrs["territory"] for p in found]
    if not found:
        raise CopkitError("Aucun territoire. Donner un panorama, un scénario, un code, ou une liste des trois.")
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise CopkitError(f"« {twice} » est deux fois dans la liste. Un appel par scénario d'un même territoire.")
    return found


def _dataset(models, years, quantiles, levels, means, odds, reached) -> xr.Dataset:
    """The result with its labels; sizes: (territory, year, quantile), (territory, year), (territory,)."""
    planned = np.array([model.planned for model in models])
    out = xr.Dataset(
        {
            "avoided": (("territory", "year", "quantile"), levels),
            "mean": (("territory", "year"), means),
            "planned": (("territory", "year"), planned[:, None] * reached),
            "target": ("territory", [model.target for model in models]),
            "probability": ("territory", odds),
            "missing": ("territory", [model.missing for model in models]),
        },
        coords={
            "territory": [model.code for model in models],
            "name": ("territory", np.array([model.name for model in models], dtype=object)),
            "year": years,
            "quantile": list(quantiles),
        },
    )
    for name in ("avoided", "mean", "planned", "target"):
        out[name].attrs["units"] = "ktCO2e/an"
    return out
