"""Carbon budgets by year, as a SRADDET writes them, turned into a reduction between two years."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real

from copkit import french
from copkit.display import Displayed
from copkit.errors import DataError, UnitError, given, unknown

TO_KT = {"MtCO2e": 1000.0, "ktCO2e": 1.0, "tCO2e": 0.001}  # per year


@dataclass(frozen=True, kw_only=True, repr=False)
class Reduction(Displayed):
    """Une réduction d'émissions entre deux années, tirée de plafonds par année.

    ``baseline``, ``target``, ``kt`` [ktCO2e/an] ; ``percent`` [%] de l'année de départ ; ``method`` : l'interpolation
    employée, en français ; ``status`` : « publie » si les deux années étaient données et que rien n'est interpolé,
    sinon « derive » (la différence reste un calcul du kit dans les deux cas).
    """

    baseline_year: int
    target_year: int
    baseline: float
    target: float
    method: str
    status: str

    @property
    def kt(self) -> float:
        """What is avoided each year at the target year, positive when emissions fall. [ktCO2e/an]"""
        return self.baseline - self.target

    @property
    def percent(self) -> float:
        """The reduction as a share of the baseline, NaN when the baseline is zero. [%]"""
        return 100 * self.kt / self.baseline if self.baseline else math.nan

    @property
    def sentence(self) -> str:
        """The reduction in French with its method."""
        return (
            f"De {self.baseline_year} à {self.target_year} : {french.number(self.kt, 0)} ktCO2e/an de moins "
            f"({french.percent(self.percent, 1)} de {self.baseline_year}). {self.method}"
        )


def budget_to_reduction(
    budgets: Mapping[int, float], baseline_year: int = 2019, target_year: int = 2030, *, unit: str = "MtCO2e"
) -> Reduction:
    """Convertir des budgets carbone par année en une réduction entre deux années.

    Entre deux années connues, l'interpolation est linéaire et la méthode l'écrit. Hors des années connues, le kit
    n'extrapole pas : il dit ce qui manque.

    Parameters
    ----------
    budgets : année → plafond ou émission annuelle de cette année [``unit`` par an].
    baseline_year, target_year : années de départ et d'arrivée.
    unit : « MtCO2e » (par défaut), « ktCO2e » ou « tCO2e ».

    Returns
    -------
    Reduction : ``baseline``, ``target``, ``kt`` [ktCO2e/an], ``percent`` [%], ``method``, ``sentence``.

    Raises
    ------
    DataError
        Si une année ou une valeur est illisible, ou si une des deux années est hors des années connues.
    UnitError
        Si l'unité est inconnue.

    References
    ----------
    Budgets carbone 2021, 2026, 2031 et 2050 du SRADDET : ``feuille_de_route_hauts_de_france_2025``.

    Examples
    --------
    >>> r = budget_to_reduction({2015: 60, 2021: 48, 2026: 40, 2031: 30})
    >>> r.baseline, r.target, r.kt
    (52000.0, 32000.0, 20000.0)
    """
    if unit not in TO_KT:
        raise UnitError(unknown(f"Unité inconnue : « {unit} »", unit, TO_KT, "Unités"))
    points = {year: value * TO_KT[unit] for year, value in _checked(budgets).items()}
    if baseline_year >= target_year:
        raise DataError(
            f"Années inversées : départ {baseline_year}, arrivée {target_year}.\nÉcrire une arrivée après le départ."
        )
    missing = [
        f"{year} (donner une valeur de {year} ou {'antérieure' if year < min(points) else 'postérieure'})"
        for year in (baseline_year, target_year)
        if not min(points) <= year <= max(points)
    ]
    if missing:
        raise DataError(
            f"Budgets connus de {min(points)} à {max(points)} : rien n'est extrapolé au-delà.\n"
            f"Il manque {french.join(missing)}."
        )
    (baseline, how_baseline), (target, how_target) = (_at(points, year) for year in (baseline_year, target_year))
    return Reduction(
        baseline_year=baseline_year,
        target_year=target_year,
        baseline=baseline,
        target=target,
        method=f"{how_baseline} {how_target}",
        status="publie" if {baseline_year, target_year} <= set(points) else "derive",
    )


def _checked(budgets: Mapping[int, float]) -> dict[int, float]:
    if not isinstance(budgets, Mapping):
        raise DataError(f"Budgets attendus, et non {given(budgets)}.\nÉcrire par exemple {{2019: 50.0, 2030: 30.0}}.")
    if not budgets:
        raise DataError("Aucun budget donné.\nÉcrire par exemple {2019: 50.0, 2030: 30.0}.")
    faults = []
    for year, value in budgets.items():
        if isinstance(year, bool) or not isinstance(year, Integral):
            faults.append(f"année « {year} » : écrire une année entière, comme 2021")
        elif isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            faults.append(f"{year} : nombre attendu, trouvé « {value} »")
    if faults:
        raise DataError(f"Budgets illisibles : {' ; '.join(faults)}.")
    return {int(year): float(value) for year, value in sorted(budgets.items())}


def _at(points: dict[int, float], year: int) -> tuple[float, str]:
    """The value of a year [ktCO2e/an], and how it was found."""
    if year in points:
        return points[year], f"{year} : valeur donnée."
    before, after = max(y for y in points if y < year), min(y for y in points if y > year)
    weight = (year - before) / (after - before)
    value = points[before] * (1 - weight) + points[after] * weight
    ends = " et ".join(f"{y} ({french.number(points[y], 0)} kt)" for y in (before, after))
    return value, f"{year} : interpolation linéaire entre {ends}."
