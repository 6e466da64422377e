"""The Monte Carlo of the 34 875 communes: time and peak memory, on threads and on a cluster of processes.

    python benchmarks/communes.py [tcp://HÔTE:8786]

Each row runs in a process of its own, so that its peak memory is its own; on a cluster, the peak is the largest of
the workers, new for each row unless the address of a running cluster is given. Beside it, the same model written as
one writes it first in xarray: the whole tensor communes x assumptions x draws x years, on dask chunks. The program
fails when the two differ, or when memory grows with the number of communes.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext

import numpy as np
import xarray as xr

from copkit import french
from copkit.models import assumptions, communes, draws
from copkit.models.panorama import panorama

SEED, PROCESSES = 0, 2
THREADS, CLUSTER, TENSOR = "fils d'exécution", f"cluster de {PROCESSES} processus", "tenseur entier, fils d'exécution"
ROWS = [
    (TENSOR, "fr", 200),
    (THREADS, "reg-94", 1_000),
    (THREADS, "reg-32", 1_000),
    (THREADS, "fr", 200),
    (THREADS, "fr", 1_000),
    (THREADS, "fr", 10_000),
    (THREADS, "reg-94", 100_000),
    (THREADS, "fr", 100_000),
    (CLUSTER, "fr", 1_000),
    (CLUSTER, "fr", 10_000),
]
CHECKED = ["com-75056", "com-59350", "com-2A004", "com-97411"]  # compared between the two writings


def peak() -> float:
    """The peak memory of this process. [GiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def column(term: draws.Term) -> tuple:
    """What two assumptions that share their draws have in common."""
    return (term.kind, *term.stream, term.law.low, term.law.high, term.law.distribution)


def tensor(count: int) -> xr.DataArray:
    """The quantiles of all communes by broadcasting everything, chunk by chunk: (territory, year, quantile)."""
    known, places = assumptions.read(), communes.communes()
    codes = sorted(set(places.departement.values))
    models = [draws.model_of(panorama(code), known, forest=False) for code in codes]
    terms = {column(term): term for model in models for term in model.terms}
    names = {name: i for i, name in enumerate(terms)}
    weights = np.zeros((len(codes), len(names)))
    for row, model in enumerate(models):
        for term in model.terms:
            weights[row, names[column(term)]] += term.weight * term.width
    drawn = np.array([draws.deviations(term, count, SEED) for term in terms.values()])
    place = np.searchsorted(codes, places.departement.values)
    planned = np.array([model.planned for model in models])[place]
    law = known.key(communes.GRADE)
    own = np.array([draws.deviations(communes.share_term(c, law), count, SEED) for c in places.territory.values])
    own[place == codes.index("dep-75")] = 0
    one = xr.Dataset(
        {
            "weight": (("territory", "term"), weights[place]),
            "own": (("territory", "draw"), own),
            "planned": ("territory", planned),
            "share": places.share.reset_coords(drop=True),
        },
        coords={"territory": places.territory.values},
    ).chunk(territory=100)
    reached = xr.DataArray(known.pathway.reached(np.arange(2019, 2031)), dims="year")
    totals = one.planned * (1 + one.own) + (one.weight * xr.DataArray(drawn, dims=("term", "draw"))).sum("term")
    return (one.share * totals * reached).quantile([0.05, 0.5, 0.95], "draw").transpose("territory", "year", "quantile")


@contextmanager
def local():
    """A cluster of processes on this machine, without dashboard."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(PROCESSES, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def remote(address: str):
    """A cluster that runs already, checked."""
    from copkit.batch import cluster

    with cluster.connect(address) as client, client.as_current():
        cluster.check(client)
        yield client


def measure(way: str, within: str, count: int, address: str = "") -> dict:
    """One row: seconds, peak memory [GiB], number of communes, and the quantiles of some communes."""
    found = communes.communes(within)
    with (remote(address) if address else local()) if way == CLUSTER else nullcontext() as client:
        communes.uncertainty_communes(within, draws=10).compute()  # imports are made before the clock starts
        start = time.perf_counter()
        if way == TENSOR:
            levels = tensor(count).compute()
        else:
            levels = communes.uncertainty_communes(within, draws=count, seed=SEED).compute().avoided
        seconds = time.perf_counter() - start
        used = max(client.run(peak).values()) if client else peak()
    kept = levels.sel(territory=[code for code in CHECKED if code in levels.territory])
    return {"seconds": seconds, "peak": used, "communes": found.sizes["territory"], "kept": kept.values}


def main(address: str = "") -> None:
    """Print the table, and refuse to end well when a result or a limit is missed."""
    found = {}
    print(
        "| façon | communes | tirages | durée [s] | mémoire maximale d'un processus [Gio] |\n|---|---:|---:|---:|---:|"
    )
    for row in ROWS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            found[row] = one = apart.submit(measure, *row, address).result()
        cells = (row[0], french.number(one["communes"], 0), french.number(row[2], 0))
        cells += (french.number(one["seconds"], 1), french.number(one["peak"], 2))
        print(f"| {' | '.join(cells)} |", flush=True)
    np.testing.assert_allclose(found[TENSOR, "fr", 200]["kept"], found[THREADS, "fr", 200]["kept"], rtol=1e-9)
    np.testing.assert_array_equal(found[THREADS, "fr", 1_000]["kept"], found[CLUSTER, "fr", 1_000]["kept"])
    few, all_of_them = found[THREADS, "reg-94", 1_000]["peak"], found[THREADS, "fr", 1_000]["peak"]
    assert all_of_them < few + 0.15, "la mémoire croît avec le nombre de communes"
    assert found[THREADS, "fr", 10_000]["peak"] < all_of_them + 0.15, "la mémoire croît trop avec les tirages"


if __name__ == "__main__":
    main(*sys.argv[1:])
