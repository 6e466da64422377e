"""The Monte Carlo of copkit beside the same model written as plain pandas loops, in one run.

    python benchmarks/montecarlo.py

The national case: 119 territories, all their levers, 2019 to 2030, 10 000 draws. Each way runs in its own process,
so that its peak memory is its own; the loops are timed on a few draws and scaled, and say so. On the draws that
they have in common, the totals of the three ways have to be equal. Loading the data is not timed.
"""

from __future__ import annotations

import multiprocessing
import resource
import time

import numpy as np
import pandas as pd

from copkit import french
from copkit.models import assumptions
from copkit.models.draws import deviations, model_of
from copkit.models.panorama import panorama
from copkit.models.uncertainty import uncertainty
from copkit.reference import territories

DRAWS, SEED, YEARS = 10_000, 0, range(2019, 2031)
SAMPLE = 5  # draws that the loops really run
SAMPLED = slice(0, 119, 12)  # territories of the loop over territories and draws: régions, départements, overseas
REPEATS = 7  # the best of


def national() -> list:
    """The panorama of the 119 territories."""
    return [panorama(code) for code in territories.territories().code]


def peak() -> float:
    """The peak memory of this process. [GiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def contraction(_=None) -> dict:
    """copkit: quantiles, mean and probability of the 119 territories."""
    panoramas, times = national(), []
    loaded = peak()
    for _ in range(REPEATS):
        start = time.perf_counter()
        uncertainty(panoramas, draws=DRAWS, seed=SEED, years=YEARS)
        times.append(time.perf_counter() - start)
    used = peak()
    totals = uncertainty(panoramas, draws=DRAWS, seed=SEED, years=YEARS, keep="draws").draws
    return {"seconds": min(times), "peak": used, "loaded": loaded, "totals": totals.values[:, :, :SAMPLE]}


def table_of(p) -> tuple[pd.DataFrame, np.ndarray]:
    """What a user would write first: one row per assumption and year, and the deviations of the first draws."""
    known = assumptions.read()
    model = model_of(p, known, forest=False)
    drawn = np.array([deviations(term, DRAWS, SEED)[:SAMPLE] for term in model.terms])
    years = pd.DataFrame({"year": YEARS, "reached": known.pathway.reached(np.array(YEARS))})
    terms = pd.DataFrame(
        {"territory": model.code, "term": range(len(drawn)), "weight": [t.weight * t.width for t in model.terms]}
    )
    return terms.assign(planned=model.planned).merge(years, how="cross"), drawn


def loop_over_territories_and_draws(_=None) -> dict:
    """pandas: for each territory, for each draw, a sum by year."""
    tables = [table_of(p) for p in national()[SAMPLED]]
    planned = [table.groupby("year")[["planned", "reached"]].first().prod(axis=1) for table, _ in tables]
    totals, start = np.empty((len(tables), len(YEARS), SAMPLE)), time.perf_counter()
    for i, (table, drawn) in enumerate(tables):
        for draw in range(SAMPLE):
            effect = table.assign(effect=table.weight * table.reached * drawn[table.term, draw])
            totals[i, :, draw] = planned[i] + effect.groupby("year").effect.sum()
    seconds = (time.perf_counter() - start) * (119 / len(tables)) * (DRAWS / SAMPLE)
    return {"seconds": seconds, "peak": peak(), "totals": totals}


def loop_over_draws(_=None) -> dict:
    """pandas: for each draw, one grouping of the long table of all the territories."""
    tables = [table_of(p) for p in national()]
    long = pd.concat([table for table, _ in tables], ignore_index=True)
    drawn = np.vstack([d[t.term] for t, d in tables])
    planned = long.groupby(["territory", "year"], sort=False)[["planned", "reached"]].first().prod(axis=1)
    totals, start = np.empty((len(tables), len(YEARS), SAMPLE)), time.perf_counter()
    for draw in range(SAMPLE):
        effect = long.assign(effect=long.weight * long.reached * drawn[:, draw])
        summed = planned + effect.groupby(["territory", "year"], sort=False).effect.sum()
        totals[:, :, draw] = summed.to_numpy().reshape(totals.shape[:2])
    return {"seconds": (time.perf_counter() - start) * DRAWS / SAMPLE, "peak": peak(), "totals": totals}


def apart(way) -> dict:
    """Run one way in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(way)


def main() -> None:
    """Print the table, and refuse to end well when a result or a limit is missed."""
    ours, plain, grouped = (apart(w) for w in (contraction, loop_over_territories_and_draws, loop_over_draws))
    np.testing.assert_allclose(plain["totals"], ours["totals"][SAMPLED], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(grouped["totals"], ours["totals"], rtol=1e-9, atol=1e-9)
    scaled = f"extrapolé de {SAMPLE} tirages"
    rows = [
        (f"pandas, boucle sur territoires et tirages, sans quantiles ({scaled}, 10 territoires)", plain),
        (f"pandas, boucle sur les tirages, sans quantiles ({scaled})", grouped),
        ("**copkit**, avec quantiles et probabilités", ours),
    ]
    print("| façon | durée [s] | rapport | mémoire maximale du processus [Gio] |\n|---|---:|---:|---:|")
    for label, way in rows:
        ratio = way["seconds"] / ours["seconds"]
        seconds = french.number(way["seconds"], 2 if ratio == 1 else 0)
        print(f"| {label} | {seconds} | {french.number(ratio, 0)} | {french.number(way['peak'], 2)} |")
    print(f"\nDont {french.number(ours['loaded'], 2)} Gio une fois les données chargées, avant le calcul.")
    print(f"Totaux des {SAMPLE} tirages communs : égaux à 1e-9 près.")
    assert plain["seconds"] >= 1000 * ours["seconds"], "moins de 1 000 fois plus rapide"
    assert ours["seconds"] < 0.5, "plus de 0,5 s"
    assert ours["peak"] < 1, "plus de 1 Gio"


if __name__ == "__main__":
    main()
