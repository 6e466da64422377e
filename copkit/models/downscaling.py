"""From the région to its départements: allocation keys, their grades, and shares that sum to one.

A key is a figure known by département, or a mix of figures (« 0.51 emissions_industrie + 0.49 electricite_industrie »):
the weight of a département is the sum of its shares of the mainland's totals. ``audition`` measures each key, chooses
it and grades it (``parameters/keys.csv``).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import pandas as pd

from copkit import paths
from copkit.errors import ParameterError, Problems, unknown
from copkit.files import kept
from copkit.models import audition
from copkit.reference import parameters, reading, territories

COLUMNS = [
    *("lever", "official_key", "official_producer", "key", "error", "held_out", "grade"),
    *("fallback", "fallback_held_out", "fallback_grade", "reason"),
]
GRADES = {
    "A": "clé officielle du SGPE connue par département, ou clé qui la retrouve à 3 % près entre régions",
    "B": "clé qui place de 3 à 10 % de l'effort dans la mauvaise région",
    "C": "clé qui en place plus de 10 %, ou qui n'a pu être mesurée",
}
_PART = re.compile(r"^(?:(0\.\d+|1) )?(\w+)$")


class Allocation(NamedTuple):
    """How a lever is shared out in a région: shares that sum to 1 or None, key, its label, grade, reason."""

    shares: dict[str, float] | None
    label: str
    grade: str
    reason: str
    key: str = ""


def parsed(key: str) -> dict[str, float]:
    """The weights of a key or of a mix, as ``parameters/keys.csv`` writes it.

    >>> parsed("0.6 logements + 0.4 population"), parsed("population")
    ({'logements': 0.6, 'population': 0.4}, {'population': 1.0})

    Raises
    ------
    ValueError
        If it is not written so, or if the weights do not sum to 1.
    """
    found = [_PART.match(part) for part in key.split(" + ")]
    if not all(found):
        raise ValueError(f"« {key} » ne s'écrit pas « 0.6 logements + 0.4 population »")
    weights = {one[2]: float(one[1] or 1) for one in found}
    if abs(math.fsum(weights.values()) - 1) > 1e-9 or len(weights) < len(found):
        raise ValueError(f"les parts de « {key} » ne font pas 1")
    return weights


@kept(maxsize=64)
def label(key: str) -> str:
    """A key in words, each figure with its year.

    >>> label("0.51 emissions_chaleur + 0.49 population")
    '51 % émissions déclarées des chaufferies urbaines du marché du carbone (2019) et 49 % population municipale (2023)'
    """
    figures, weights = audition.settings().figures, parsed(key)
    if len(weights) == 1:
        return figures[key].label
    parts = [f"{100 * weight:.0f} % {figures[name].label}" for name, weight in weights.items()]
    return f"{', '.join(parts[:-1])} et {parts[-1]}"


@kept(maxsize=4)
def _keys() -> pd.DataFrame:
    path = paths.parameters("keys.csv")
    rows, problems = reading.read_table(path, COLUMNS), Problems()
    figures = audition.settings().figures
    choices = {"lever": parameters.levers(), "grade": GRADES, "fallback_grade": ("", *GRADES)}
    seen: dict[str, int] = {}
    for n, row in enumerate(rows, start=2):
        reading.check_choices(path, n, row, choices, problems)
        for column in ("key", "fallback"):
            if row[column] or column == "key":
                _check(path, n, column, row[column], figures, problems)
        if not row["reason"]:
            problems.add(paths.shown(path), f"ligne {n}, colonne reason : cellule vide. Écrire pourquoi cette clé.")
        if row["lever"] in seen:
            first = seen[row["lever"]]
            problems.add(
                paths.shown(path), f"lignes {first} et {n} : levier « {row['lever']} » en double. En garder un."
            )
        seen.setdefault(row["lever"], n)
    for lever in parameters.levers().values():
        shared = lever.nomenclatures.simulateur and "metropole" in lever.valid.territories
        if shared and lever.id not in seen:
            problems.add(paths.shown(path), f"levier « {lever.id} » sans clé. Ajouter sa ligne.")
    problems.raise_if_any(ParameterError)
    table = pd.DataFrame(rows, columns=COLUMNS).set_index("lever", drop=False)
    for column in ("error", "held_out", "fallback_held_out"):
        table[column] = pd.to_numeric(table[column])
    return table.assign(key_label=[label(key) for key in table.key])


def _check(path, n: int, column: str, key: str, figures, problems: Problems) -> None:
    at = f"ligne {n}, colonne {column} : "
    try:
        weights = parsed(key)
    except ValueError as error:
        problems.add(paths.shown(path), f"{at}{error}.")
        return
    for name in weights:
        if name not in figures:
            problems.add(paths.shown(path), unknown(f"{at}clé inconnue : « {name} »", name, figures, "Clés"))


def keys() -> pd.DataFrame:
    """Les clés de répartition, levier par levier : clé officielle, clé employée, ce qu'elle vaut, note et raison.

    ``error`` et ``held_out`` : part de l'effort placée dans la mauvaise région, sur toutes les régions et hors
    échantillon [%] ; NaN quand elle n'a pu être mesurée.

    Raises
    ------
    ParameterError
        Si ``parameters/keys.csv`` est endommagé : tous les problèmes d'un coup.

    References
    ----------
    Clés officielles : ``sgpe_simulateur_a_propos``. Choix et mesure : ``parameters/audition.yml``, docs/cles.md.
    """
    return _keys().copy(deep=False)


@kept(maxsize=4)
def lines() -> dict[str, NamedTuple]:
    """Lever → its line of ``parameters/keys.csv``."""
    return {row.lever: row for row in _keys().itertuples(index=False)}


@kept(maxsize=128)
def weights(key: str) -> dict[str, float]:
    """The weight of each département for a key or a mix: the sum of its shares of the mainland's totals.

    A département of which one figure is unknown has none.
    """
    known, parts = audition.values(), parsed(key)
    scale = {name: part / audition.total(name) for name, part in parts.items()}
    inside = set.intersection(*(set(known[name]) for name in parts))
    return {code: math.fsum(one * known[name][code] for name, one in scale.items()) for code in inside}


def shares(region: str, lever: str) -> Allocation:
    """The share of each département of ``region`` for ``lever``, with the key's label, grade and reason.

    When one département of the région has no figure for the key, the whole région uses the ``fallback`` key of
    the lever; without one, the share is None: the lever is « n.d. » in all its départements.
    """
    inside = territories.departements_of(region)
    if len(inside) == 1:
        alone = "Région d'un seul département : valeur régionale."
        return Allocation({inside[0]: 1.0}, "le département est la région", "", alone)
    row = lines()[lever]
    for key, grade in ((row.key, row.grade), (row.fallback, row.fallback_grade)):
        if key and (parts := proportional(weights(key), inside)):
            return Allocation(parts, label(key), grade, row.reason, key)
    return Allocation(None, "aucune clé complète", "", row.reason)


def components(region: str, lever: str) -> dict[str, float] | None:
    """Figure → coefficient: the weight of any place of ``region`` is the sum of coefficient × its figure.

    None when the lever is not shared out there.
    """
    if not (key := shares(region, lever).key):
        return None
    return {name: part / audition.total(name) for name, part in parsed(key).items()}


def proportional(values: dict[str, float], inside: list[str]) -> dict[str, float] | None:
    """The share of each code of ``inside`` in their total; None when one has no value or when all are zero.

    >>> proportional({"dep-2A": 1, "dep-2B": 3, "dep-01": 9}, ["dep-2A", "dep-2B"])
    {'dep-2A': 0.25, 'dep-2B': 0.75}
    """
    total = sum(values.get(code, float("nan")) for code in inside)
    return {code: values[code] / total for code in inside} if total > 0 else None  # False for NaN
