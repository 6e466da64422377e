"""The communes: a share of their département's targets, and how sure each total is.

A commune's share of its département is its population (a stand-in, grade C: ``parameters/keys.csv`` knows no key at
this level). The Monte Carlo is the one of ``uncertainty``: the draws of the départements are made once, each commune
adds the deviation of its own share. It is laid out by xarray on dask chunks of communes; inside a chunk a few
communes are drawn at a time, so that memory depends neither on the number of communes nor on the chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from copkit.errors import CopkitError
from copkit.models import assumptions as ranges
from copkit.models.assumptions import Range
from copkit.models.draws import ALL, Model, Term, blocks, deviations, model_of
from copkit.models.panorama import LATEST, panorama
from copkit.models.uncertainty import RANDOM, TIE, _check, _years
from copkit.reference import tables, territories

KEY, GRADE = "population municipale (2023)", "C"
CHUNK = 500  # communes of a task: enough of them for the cores of a cluster
CELLS = 250_000  # draws held at once inside a task: 2 MB, whatever the number of draws
METHOD = (
    "Objectif du département réparti entre ses communes au prorata de la population, faute de clé à ce niveau "
    "(note C). Un ordre de grandeur pour situer une commune, pas un objectif qui lui serait fixé."
)
_SHARED = (
    "La part de chaque commune dans son département varie aussi, d'un tirage propre à la commune, dans la fourchette "
    "des clés de note C ; une commune seule dans son département n'en a pas besoin."
)


def communes(within: str = "fr", *, version: str = LATEST) -> xr.Dataset:
    """Les objectifs des communes, levier par levier : ceux de leur département, au prorata de la population.

    Parameters
    ----------
    within : « fr », une région ou un département.
    version : version des données du panorama.

    Returns
    -------
    xr.Dataset, dimensions (territory, lever) :
        ``target`` émissions évitées en 2030 par rapport à 2019 [ktCO2e/an], NaN si inconnu ou si le levier n'existe pas
        dans ce territoire ; ``share`` (territory) part du département ; ``missing`` (territory) nombre de
        leviers du territoire sans valeur. Coordonnées : name, departement, region, population [hab].
        ``attrs`` : status, grade, key, method, et ``uninhabited``, nombre de communes sans habitant (objectif nul).

    Raises
    ------
    TerritoryError
        Si ``within`` est inconnu, ambigu ou d'un autre niveau.

    References
    ----------
    Population municipale : ``insee_cog_2026`` dans parameters/sources.yml.

    Examples
    --------
    >>> corse = communes("reg-94")
    >>> corse.sizes["territory"], round(float(corse.target.sum() / panorama("reg-94").target.sum()), 9)
    (360, 1.0)
    """
    table = _inside(within)
    names, place = np.unique(table.departement, return_inverse=True)
    known = [panorama(code, version=version).target for code in names]
    targets = pd.DataFrame([one.to_series() for one in known], index=names)
    out = xr.Dataset(
        {
            "target": (("territory", "lever"), targets.to_numpy()[place] * table.share.to_numpy()[:, None]),
            "share": ("territory", table.share.to_numpy()),
            "missing": ("territory", np.array([int(one.isnull().sum()) for one in known])[place]),
        },
        coords=_places(table) | {"lever": list(targets.columns)},
    )
    out.target.attrs["units"] = "ktCO2e/an"
    return out.assign_attrs(_origin(table), version=version)


def uncertainty_communes(
    within: str = "fr",
    *,
    draws: int = 1_000,
    seed: int = 0,
    years: Iterable[int] | None = None,
    quantiles: Sequence[float] = (0.05, 0.5, 0.95),
    forest: bool = False,
    chunk: int = CHUNK,
    assumptions: str | Path | None = None,
) -> xr.Dataset:
    """L'incertitude des émissions évitées de chaque commune, calculée par morceaux, ici ou sur un cluster.

    Rien n'est calculé avant ``.compute()`` : sur les cœurs de cette machine, ou sur le cluster du client
    dask.distributed en cours s'il y en a un. La graine seule décide des tirages, ni les morceaux ni les machines.

    Parameters
    ----------
    within : « fr », une région ou un département.
    draws : nombre de tirages, de 1 à 100 000.
    seed : graine ; la même donne les tirages de ``uncertainty`` pour le département.
    years : années, entre le départ et l'arrivée de la trajectoire ; par défaut toutes.
    quantiles : entre 0 et 1.
    forest : compter aussi le levier forêt, non régionalisé.
    chunk : communes par tâche ; ne change pas le résultat.
    assumptions : autre fichier d'hypothèses que parameters/uncertainty.yml.

    Returns
    -------
    xr.Dataset de tableaux dask, dimensions (territory, year, quantile) :
        ``avoided`` quantiles, ``mean`` moyenne, ``planned`` valeur sans écart [ktCO2e/an] ; ``target`` objectif
        de l'année d'arrivée [ktCO2e/an] ; ``probability`` (territory) part des tirages où le total atteint
        l'objectif, la même chaque année puisque la trajectoire est une droite, NaN pour une commune sans
        habitant ; ``missing`` nombre de leviers sans valeur, hors du total et de l'objectif.

    Raises
    ------
    CopkitError
        Si un argument est hors de ses bornes, ou si dask n'est pas installé.
    TerritoryError, ParameterError
        Si ``within`` est inconnu ; si le fichier d'hypothèses est endommagé.

    Examples
    --------
    >>> u = uncertainty_communes("dep-2A", draws=200, years=[2030]).compute()
    >>> u.avoided.sizes["territory"], bool((u.avoided.diff("quantile") >= 0).all())
    (124, True)
    """
    dask, array = _dask()
    known = ranges.read(assumptions)
    chosen = _years(years, known)
    _check(draws, seed, quantiles, None)
    if isinstance(chunk, bool) or not isinstance(chunk, (int, np.integer)) or chunk < 1:
        raise CopkitError(f"Taille de morceau « {chunk} » refusée. Écrire un nombre de communes, au moins 1.")
    table = _inside(within)
    names, place = np.unique(table.departement, return_inverse=True)
    models = [model_of(panorama(code), known, forest) for code in names]
    planned, target = (np.array([getattr(model, name) for model in models]) for name in ("planned", "target"))
    totals = array.from_delayed(dask.delayed(_totals)(models, draws, seed), (len(names), draws), float)
    base = xr.Dataset(
        {
            "share": ("territory", table.share.to_numpy()),
            "alone": ("territory", (np.bincount(place) == 1)[place]),
            "code": ("territory", table.code.to_numpy(str)),
            "place": ("territory", place),
        }
    ).chunk(territory=chunk)
    levels, means, odds = xr.apply_ufunc(
        partial(
            _levels, planned=planned, target=target, law=known.unmeasured_share, seed=seed, quantiles=tuple(quantiles)
        ),
        *(base[name] for name in base),
        xr.DataArray(totals, dims=("departement", "draw")),
        input_core_dims=[[], [], [], [], ["departement", "draw"]],
        output_core_dims=[["quantile"], [], []],
        dask="parallelized",
        output_dtypes=[float, float, float],
        dask_gufunc_kwargs={"output_sizes": {"quantile": len(quantiles)}},
    )
    reached = xr.DataArray(known.pathway.reached(chosen), dims="year")
    out = xr.Dataset(
        {
            "avoided": (levels * reached).transpose("territory", "year", "quantile"),
            "mean": means * reached,
            "planned": base.share * planned[place] * reached,
            "target": base.share * target[place],
            "probability": odds,
            "missing": ("territory", np.array([model.missing for model in models])[place]),
        },
        coords=_places(table) | {"year": chosen, "quantile": list(quantiles)},
    )
    for name in ("avoided", "mean", "planned", "target"):
        out[name].attrs["units"] = "ktCO2e/an"
    return out.assign_attrs(
        _origin(table),
        kind="uncertainty",
        draws=draws,
        seed=seed,
        convention="avec forêt" if forest else "sans forêt",
        random=f"{RANDOM} {_SHARED}",
        pathway=f"linéaire de {known.pathway.start} (0) à {known.pathway.end} (effet entier)",
        status="hypothese",
    )


def _dask():
    try:
        import dask
        import dask.array
    except ImportError:
        raise CopkitError(
            "Le calcul par commune demande un complément. L'installer : pip install 'copkit[cluster]'."
        ) from None
    return dask, dask.array


def _inside(within: str) -> pd.DataFrame:
    """The communes of a territory and the share of each in its département; NaN when nobody lives in it."""
    code, table = territories.resolve(within), tables.read("communes.parquet")
    if code != "fr":
        table = table[table[territories.level(code)] == code]
    everyone = table.groupby("departement").population.transform("sum")
    return table.assign(share=table.population / everyone.where(everyone > 0)).reset_index(drop=True)


def _places(table: pd.DataFrame) -> dict:
    texts = {c: ("territory", table[c].to_numpy(object)) for c in ("name", "departement", "region")}
    return {"territory": table.code.to_numpy(str), **texts, "population": ("territory", table.population.to_numpy())}


def _origin(table: pd.DataFrame) -> dict:
    return {
        "status": "derive",
        "grade": GRADE,
        "key": KEY,
        "method": METHOD,
        "uninhabited": int((table.population == 0).sum()),
    }


def _totals(models: list[Model], draws: int, seed: int) -> np.ndarray:
    """The totals of the départements in the last year, (departement, draw): drawn once for all their communes."""
    out = np.empty((len(models), draws))
    for start, totals in blocks(models, draws, seed):
        out[start : start + len(totals)] = totals
    return out


def _levels(
    share: np.ndarray,
    alone: np.ndarray,
    code: np.ndarray,
    place: np.ndarray,
    totals: np.ndarray,
    *,
    planned: np.ndarray,
    target: np.ndarray,
    law: Range,
    seed: int,
    quantiles: tuple[float, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quantiles (territory, quantile), mean and probability (territory,) of a chunk of communes, in the last year.

    What is planned in a commune is its share of the département, and so is each of its deviations but one: that of
    the share itself.
    """
    draws = totals.shape[-1]
    levels, means, odds = np.empty((len(share), len(quantiles))), np.empty(len(share)), np.empty(len(share))
    held = np.empty((max(1, min(CELLS // draws, len(share))), draws))
    for start in range(0, len(share), len(held)):
        rows = slice(start, min(start + len(held), len(share)))
        drawn = held[: rows.stop - rows.start]
        for own, name, single, at in zip(drawn, code[rows], alone[rows], place[rows], strict=True):
            if single:
                own[:] = totals[at]
            else:
                deviations(share_term(str(name), law), draws, seed, own)
                own *= planned[at]
                own += totals[at]
        levels[rows] = np.quantile(drawn, quantiles, axis=1).T
        means[rows] = drawn.mean(axis=1)
        odds[rows] = (drawn >= (target - TIE * np.abs(target))[place[rows], None]).mean(axis=1)
    return levels * share[:, None], means * share, np.where(share > 0, odds, np.nan)


def share_term(code: str, law: Range) -> Term:
    """The assumption on the share of a commune."""
    return Term(kind="cle", lever=ALL, label=f"{KEY} (note {GRADE})", law=law, stream=(KEY, GRADE, code), weight=1.0)
