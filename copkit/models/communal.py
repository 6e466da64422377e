"""Inside a département: the share of each commune for a lever, by the keys that exist at that scale.

A lever is shared out by the elementary keys of its région (``downscaling.components``). Each of them is followed inside
the département by its own figures where they are known, by commune or by EPCI, otherwise by the population:
``parameters/keys_communes.csv`` says which, and data/clean/allocation_local.parquet holds the figures. What only an
EPCI is known to hold is divided equally between its communes of the département.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from copkit import paths
from copkit.errors import ParameterError, Problems
from copkit.files import kept
from copkit.models import audition, downscaling
from copkit.reference import reading, tables, territories

COLUMNS = ["key", "proxy", "proxy_label", "grade", "reason"]
POPULATION, OTHERS = "population", "*"  # OTHERS: of every key that has no line
LATER = ", puis "  # between a key and what follows it inside the départements


class Proxy(NamedTuple):
    """What follows an elementary key inside a département: ``grade`` is the best that a figure can have there.

    ``by_epci``: its figures are those of EPCI, divided equally between their communes.
    """

    key: str
    proxy: str
    label: str
    grade: str
    reason: str
    by_epci: bool = False

    @property
    def stands_in(self) -> bool:
        """Whether it is another figure than the key itself."""
        return self.proxy != self.key


class Inside(NamedTuple):
    """A lever in a département: the share of each of its communes, in code order, and what it was told from."""

    shares: np.ndarray
    proxies: tuple[Proxy, ...]


@kept(maxsize=4)
def proxies() -> dict[str, Proxy]:
    """The lines of ``parameters/keys_communes.csv``, by key.

    Raises
    ------
    ParameterError
        If the file is damaged: all its problems at once.
    """
    path, problems = paths.parameters("keys_communes.csv"), Problems()
    rows = reading.read_table(path, COLUMNS)
    local = {POPULATION, *_local()}
    choices = {"proxy": sorted(local), "grade": downscaling.GRADES}
    seen: dict[str, int] = {}
    for n, row in enumerate(rows, start=2):
        reading.check_choices(path, n, row, choices, problems)
        for column in ("proxy_label", "reason"):
            if not row[column]:
                problems.add(paths.shown(path), f"ligne {n}, colonne {column} : cellule vide. La remplir.")
        if row["key"] in seen:
            first = seen[row["key"]]
            problems.add(paths.shown(path), f"lignes {first} et {n} : clé « {row['key']} » en double. En garder une.")
        seen.setdefault(row["key"], n)
    if OTHERS not in seen:
        problems.add(paths.shown(path), "ligne « * » absente, celle des clés sans ligne propre. L'ajouter.")
    problems.raise_if_any(ParameterError)
    by_epci = {key: bool(found.territory.str.startswith("epci-").any()) for key, found in _local().items()}
    return {row["key"]: Proxy(*(row[c] for c in COLUMNS), by_epci.get(row["proxy"], False)) for row in rows}


def proxy_of(key: str) -> Proxy:
    """What follows a key inside the départements; a key without a line of its own is one of the others."""
    known = proxies()
    return known.get(key) or known[OTHERS]._replace(key=key)


@kept(maxsize=4)
def _local() -> dict[str, pd.DataFrame]:
    """Key → its figures by commune or by EPCI."""
    return dict(iter(tables.read("allocation_local.parquet").groupby("key")))


@kept(maxsize=64)
def _weights(proxy: str) -> dict[str, np.ndarray]:
    """Département → weight of each of its communes, in code order, where the proxy has a figure in it."""
    if proxy == POPULATION:
        known = territories.communes()
        inside = {one: territories.all_communes_of(one) for one in territories.codes("departement")}
        return {one: np.array([known[code].population for code in codes]) for one, codes in inside.items()}
    made: dict[str, np.ndarray] = {}
    for departement, rows in _local()[proxy].groupby("departement"):
        codes = territories.all_communes_of(departement)
        values = dict(tables.rows(rows, "territory", "value"))
        weights = np.array([values.get(code, 0.0) for code in codes])
        for epci, places in _members(departement).items():
            weights[places] += values.get(epci, 0.0) / len(places)
        made[departement] = weights
    return made


@kept(maxsize=128)
def _members(departement: str) -> dict[str, list[int]]:
    """EPCI → where its communes are among those of the département."""
    members, known = {}, territories.communes()
    for n, code in enumerate(territories.all_communes_of(departement)):
        members.setdefault(known[code].epci, []).append(n)
    return members


@kept(maxsize=8192)
def of_key(key: str, departement: str) -> tuple[np.ndarray, Proxy]:
    """The share of each commune of a département for an elementary key; NaN when nobody lives in it.

    Where the proxy has no figure, or none but zeros, the population takes its place.
    """
    proxy = proxy_of(key)
    weights = _weights(proxy.proxy).get(departement)
    if weights is None or not weights.sum() > 0:
        proxy = proxies()[OTHERS]._replace(key=key)
        weights = _weights(POPULATION)[departement]
    whole = weights.sum()
    return weights / (whole if whole > 0 else np.nan), proxy


@kept(maxsize=8192)
def inside(departement: str, lever: str) -> Inside | None:
    """A lever in a département; None where no key of its région is complete.

    A département that is a région of its own has no key: its communes share by the population.
    """
    region = territories.region_of(departement)
    weights = {POPULATION: 1.0}
    if len(territories.departements_of(region)) > 1:
        if (parts := downscaling.components(region, lever)) is None:
            return None
        weights = {key: one * audition.values()[key][departement] for key, one in parts.items() if one}
    whole = sum(weights.values())
    if not whole:  # the département has none of it, and nothing to share out
        weights, whole = dict.fromkeys(weights, 1.0), float(len(weights))
    found = [(of_key(key, departement), weight / whole) for key, weight in weights.items() if weight]
    shares = np.sum([share * part for (share, _), part in found], axis=0)
    return Inside(shares, tuple(proxy for (_, proxy), _ in found))


def ready(departement: str, levers: Iterable[str]) -> None:
    """Make at once what the places of a département are made of."""
    for lever in levers:
        inside(departement, lever)


def of_region(code: str, lever: str) -> float:
    """The share of a list of communes in its région for a lever; NaN over several régions, or without a key."""
    if len(territories.regions_of(code)) > 1:
        return math.nan
    shares, *_ = downscaling.shares(territories.region_of(code), lever)
    places = {one: place(one, tuple(codes), lever) for one, codes in territories.by_departement(code).items()}
    if shares is None or any(one is None for one in places.values()):
        return math.nan
    return math.fsum(shares[departement] * one.share for departement, one in places.items() if one)


@kept(maxsize=1)
def sources() -> list[str]:
    """The sources of the figures by commune and by EPCI."""
    return list(dict.fromkeys(source for rows in _local().values() for source in rows.source.unique()))


class Place(NamedTuple):
    """The share of a list of communes in its département for a lever, what it was told from, its grade at best."""

    share: float
    proxies: tuple[Proxy, ...]
    grade: str


def place(departement: str, communes: tuple[str, ...], lever: str) -> Place | None:
    """The share of some communes of a département for a lever; None where no key of its région is complete.

    All of them together are the département: its share is exactly one, and nothing was told from a proxy. What is known
    by EPCI is worth less where the communes are not those of whole EPCI.
    """
    if (found := inside(departement, lever)) is None:
        return None
    positions, whole, by_epci = _of(departement, communes)
    if whole:
        return Place(1.0, (), "")
    grade = max("C" if one.by_epci and not by_epci else one.grade for one in found.proxies)
    return Place(math.fsum(found.shares[positions].tolist()), found.proxies, grade)


@kept(maxsize=4096)
def _of(departement: str, communes: tuple[str, ...]) -> tuple[np.ndarray, bool, bool]:
    """Where communes are among those of their département; whether they are all of it, or the whole of EPCI."""
    everyone, chosen = territories.all_communes_of(departement), set(communes)
    known = territories.communes()
    touched = {known[code].epci for code in communes}
    rest = {known[code].epci for code in everyone if code not in chosen}
    positions = np.flatnonzero([code in chosen for code in everyone])
    return positions, len(chosen) == len(everyone), "" not in touched and not touched & rest


def told(said: list[str], places: list[Place]) -> tuple[str, str, str]:
    """The key, the grade and the reason of a lever in a place, from those of its départements."""
    key, grade, reason = said
    used = list(dict.fromkeys(proxy for one in places for proxy in one.proxies))
    if not used:
        return key, grade, reason
    if not grade:  # a région of one département has no key of its own
        key, reason = "", ""
    others = [one.label for one in used if one.stands_in or not key]
    label = LATER.join(dict.fromkeys(filter(None, (key, *others))))
    inside_it = " ".join(dict.fromkeys(one.reason for one in used))
    said_inside = f"À l'intérieur du département ({', '.join(dict.fromkeys(one.label for one in used))}) : {inside_it}"
    return label, max(grade, *(one.grade for one in places)), f"{reason} {said_inside}".strip()
