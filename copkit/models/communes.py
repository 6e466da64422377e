"""The communes: a share of their département's targets, lever by lever, and how sure each total is.

A commune's share of its département is told by the keys that exist at that scale (``communal``). The Monte Carlo is the
one of ``uncertainty``: the draws of the départements are made once, each commune takes the part of them that its total
has in its département's and adds the deviation of that part. It is laid out by xarray on dask chunks of communes;
inside a chunk a few communes are drawn at a time, so that memory depends neither on their number nor on the chunks.
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
from copkit.models import communal
from copkit.models.assumptions import Range
from copkit.models.draws import ALL, INSIDE, INSIDE_GRADE, Model, blocks, deviations, inside_term, model_of
from copkit.models.levers import FOREST
from copkit.models.panorama import LATEST, panorama
from copkit.models.uncertainty import RANDOM, TIE, _check, _years
from copkit.reference import tables, territories

KEY, GRADE = INSIDE, INSIDE_GRADE
CHUNK = 500  # communes of a task: enough of them for the cores of a cluster
CELLS = 250_000  # draws held at once inside a task: 2 MB, whatever the number of draws
METHOD = (
    "Objectif du département réparti entre ses communes, levier par levier, par les clés qui existent à cette échelle, "
    "sinon par la population (parameters/keys_communes.csv) : note C. Un ordre de grandeur pour situer une commune, "
    "pas un objectif qui lui serait fixé."
)
_SHARED = (
    "La part de chaque commune dans son département varie aussi, d'un tirage propre à la commune, dans la fourchette "
    "des clés de note C ; une commune seule dans son département n'en a pas besoin."
)


def communes(within: str = "fr", *, version: str = LATEST) -> xr.Dataset:
    """Les objectifs des communes, levier par levier : une part de ceux de leur département, par les clés connues là.

    Parameters
    ----------
    within : « fr », une région ou un département.
    version : version des données du panorama.

    Returns
    -------
    xr.Dataset, dimensions (territory, lever) :
        ``target`` émissions évitées en 2030 par rapport à 2019 [ktCO2e/an], NaN si inconnu ou si le levier n'existe pas
        dans ce territoire ; ``share`` (territory) part de l'effort du département, hors forêt ; ``missing`` (territory)
        nombre de leviers du territoire sans valeur. Coordonnées : name, departement, region, population [hab].
        ``attrs`` : status, grade, key, method, et ``uninhabited``, nombre de communes sans habitant.

    Raises
    ------
    TerritoryError
        Si ``within`` est inconnu, ambigu ou d'un autre niveau.

    References
    ----------
    parameters/keys_communes.csv et les sources de data/clean/allocation_local.parquet.

    Examples
    --------
    >>> corse = communes("reg-94")
    >>> corse.sizes["territory"], round(float(corse.target.sum() / panorama("reg-94").target.sum()), 9)
    (360, 1.0)
    """
    table = _inside(within)
    levers, target, missing = _targets(table, version)
    out = xr.Dataset(
        {
            "target": (("territory", "lever"), target),
            "share": ("territory", _part(table, levers, target, FOREST)),
            "missing": ("territory", missing),
        },
        coords=_places(table) | {"lever": levers},
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
            "share": ("territory", _part(table, *_targets(table, LATEST)[:2], ALL if forest else FOREST)),
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
    """The communes of a territory, in the order of their table."""
    code, table = territories.resolve(within), tables.read("communes.parquet")
    if code != "fr":
        table = table[table[territories.level(code)] == code]
    return table.reset_index(drop=True)


def _targets(table: pd.DataFrame, version: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The levers; the target of each commune, (territory, lever), NaN where unknown; how many levers lack there."""
    parts = {code: panorama(code, version=version).target.to_series() for code in table.departement.unique()}
    levers = list(dict.fromkeys(lever for known in parts.values() for lever in known.index))
    column, target, missing = {lever: n for n, lever in enumerate(levers)}, {}, {}
    for code, known in parts.items():
        target[code] = inside = np.full((len(territories.all_communes_of(code)), len(levers)), np.nan)
        missing[code] = int(known.isnull().sum())
        for lever, kt in known.items():
            if found := communal.inside(code, lever):
                inside[:, column[lever]] = kt * found.shares
        if np.isnan(inside[:, [column[lever] for lever in known.dropna().index]]).any():
            inside[:] = np.nan  # nobody lives there: nothing tells its communes apart
    rank = {commune: n for code in parts for n, commune in enumerate(territories.all_communes_of(code))}
    rows = np.empty((len(table), len(levers)))
    place, ranks = table.departement.to_numpy(), table.code.map(rank).to_numpy()
    for code in parts:
        rows[place == code] = target[code][ranks[place == code]]
    return levers, rows, table.departement.map(missing).to_numpy()


def _part(table: pd.DataFrame, levers: list[str], target: np.ndarray, without: str) -> np.ndarray:
    """The part of each commune in the effort of its département, but for one lever; NaN where nothing is known."""
    kept = target[:, [lever != without for lever in levers]]
    own = pd.Series(np.where(np.isnan(kept).all(1), np.nan, np.nansum(kept, 1)))
    return (own / own.groupby(table.departement).transform("sum").replace(0, np.nan)).to_numpy()


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
                deviations(inside_term(str(name), law), draws, seed, own)
                own *= planned[at]
                own += totals[at]
        levels[rows] = np.quantile(drawn, quantiles, axis=1).T
        means[rows] = drawn.mean(axis=1)
        odds[rows] = (drawn >= (target - TIE * np.abs(target))[place[rows], None]).mean(axis=1)
    return levels * share[:, None], means * share, np.where(share > 0, odds, np.nan)
