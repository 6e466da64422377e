"""From the région to its départements: allocation keys, their grades, and shares that sum to one.

Grades: A the official key of the SGPE, B a close one, C a stand-in (``parameters/keys.csv``).
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from copkit import paths
from copkit.errors import ParameterError, Problems
from copkit.files import kept
from copkit.reference import parameters, reading, tables, territories

COLUMNS = ["lever", "official_key", "official_producer", "key", "key_label", "grade", "fallback", "reason"]
GRADES = {
    "A": "clé officielle du SGPE, connue par département",
    "B": "clé proche de la clé officielle",
    "C": "clé de remplacement, faute de mieux",
}
FALLBACK_LABELS = {"population": "population municipale (2023)"}


@kept(maxsize=4)
def _keys() -> pd.DataFrame:
    path = paths.parameters("keys.csv")
    rows, problems = reading.read_table(path, COLUMNS), Problems()
    known_keys = sorted(set(tables.read("allocation.csv").key))
    choices = {"lever": parameters.levers(), "key": known_keys, "grade": GRADES, "fallback": ("", *known_keys)}
    seen: dict[str, int] = {}
    for n, row in enumerate(rows, start=2):
        reading.check_choices(path, n, row, choices, problems)
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
    return pd.DataFrame(rows, columns=COLUMNS).set_index("lever", drop=False)


def keys() -> pd.DataFrame:
    """Les clés de répartition, levier par levier : clé officielle, clé employée, note (A, B, C) et raison.

    Raises
    ------
    ParameterError
        Si ``parameters/keys.csv`` est endommagé : tous les problèmes d'un coup.

    References
    ----------
    Clés officielles : ``sgpe_simulateur_a_propos``.
    """
    return _keys().copy(deep=False)


@kept(maxsize=4)
def _lines() -> dict[str, NamedTuple]:
    """Lever → its line of ``parameters/keys.csv``."""
    return {row.lever: row for row in _keys().itertuples(index=False)}


@kept(maxsize=4)
def _values() -> dict[str, dict[str, float]]:
    table = tables.read("allocation.csv")
    return {key: dict(zip(rows.territory, rows.value, strict=True)) for key, rows in table.groupby("key")}


def shares(region: str, lever: str) -> tuple[dict[str, float] | None, str, str, str]:
    """The share of each département of ``region`` for ``lever``, with the key's label, grade and reason.

    When one département of the région has no figure for the key, the whole région uses the ``fallback`` key of
    the lever (grade C); without one, the share is None: the lever is « n.d. » in all its départements.

    Returns
    -------
    (shares that sum to 1 or None, key label, grade, reason)
    """
    inside = territories.departements_of(region)
    if len(inside) == 1:
        return {inside[0]: 1.0}, "le département est la région", "", "Région d'un seul département : valeur régionale."
    row = _lines()[lever]
    values = _values()
    for key, label, grade in (
        (row.key, row.key_label, row.grade),
        (row.fallback, FALLBACK_LABELS.get(row.fallback, row.fallback), "C"),
    ):
        if parts := proportional(values.get(key, {}), inside):
            return parts, label, grade, row.reason
    return None, "aucune clé complète", "", row.reason


def proportional(values: dict[str, float], inside: list[str]) -> dict[str, float] | None:
    """The share of each code of ``inside`` in their total; None when one has no value or when all are zero.

    >>> proportional({"dep-2A": 1, "dep-2B": 3, "dep-01": 9}, ["dep-2A", "dep-2B"])
    {'dep-2A': 0.25, 'dep-2B': 0.75}
    """
    total = sum(values.get(code, float("nan")) for code in inside)
    return {code: values[code] / total for code in inside} if total > 0 else None  # False for NaN
