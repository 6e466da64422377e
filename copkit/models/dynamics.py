"""Observed dynamics: for each lever, how fast its indicator moves, how fast it has to, what is already reached.

The pace is the mean yearly change between two observed years; nothing is extrapolated beyond the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError, unknown
from copkit.files import kept
from copkit.models import indicators, nomenclatures, panorama
from copkit.reference import parameters, tables, units

AHEAD, ON_PACE = 1.2, 0.8  # least ratios of the observed pace to the needed one: « en avance », « au rythme »
LATE = ("en retard", "mauvais sens")
NO_DATA = {"region": "pas de donnée régionale", "departement": "pas de donnée départementale"}
LISTS = ("panorama", "cop", "tous")
UNIT_LABELS = {"nb": "", "hab": "habitants", "milliers_km": "milliers de km", "millions": "millions"}
COLUMNS = [
    *("lever", "label", "indicator", "indicator_label", "unit", "first_year", "first", "last_year", "last", "points"),
    *("pace", "needed", "ratio", "reached_kt", "status", "sentence", "note", "others", "convention", "source"),
]


def dynamics(code: str | xr.Dataset, levers: str = "panorama", *, every: bool = False) -> pd.DataFrame:
    """Les dynamiques en cours : pour chaque levier, valeur observée, rythme, rythme nécessaire, part déjà atteinte.

    Parameters
    ----------
    code : « fr », une région ou un département ; ou un panorama.
    levers : « panorama » (ceux du territoire, par défaut), « cop » (les 43) ou « tous ».
    every : une ligne par indicateur, et non le seul indicateur principal de chaque levier.

    Returns
    -------
    DataFrame, une ligne par levier :
        ``first``, ``last`` valeurs de ``first_year`` (2019, sinon la première année connue ensuite) et ``last_year``
        [``unit``, celle du levier quand la série s'y convertit] ; ``points`` nombre de valeurs de l'une à l'autre ;
        ``pace`` évolution annuelle moyenne [``unit``/an] ; ``needed`` évolution annuelle qui mène de ``last`` à la
        quantité 2030 [``unit``/an] ; ``ratio`` leur rapport ; ``reached_kt`` part de l'objectif déjà atteinte depuis
        2019 [ktCO2e/an], négative quand la série recule ; ``status`` ; ``sentence`` ; ``note`` précautions ;
        ``others`` autres séries du levier ; ``convention`` de comptage (séries d'émissions) ; ``source``.
        Statuts : « en avance » (rapport d'au moins 1,2), « au rythme » (0,8), « en retard », « mauvais sens »,
        « pas de cible chiffrée », « un seul point », « pas de donnée régionale » (départementale, nationale).

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.
    LeverError
        Si la liste de leviers est inconnue.
    ParameterError
        Si ``parameters/indicators.csv`` est endommagé.

    References
    ----------
    Séries : data/clean/observed.parquet ; correspondance : parameters/indicators.csv.

    Examples
    --------
    >>> row = dynamics("reg-32").set_index("lever").loc["vehicules_electriques"]
    >>> row["last"].item(), round(row.pace.item(), 2), round(row.needed.item(), 2), row.status
    (30.1, 7.8, 52.07, 'en retard')
    """
    p = panorama.shared(code)
    if levers not in LISTS:
        raise LeverError(unknown(f"Liste de leviers inconnue : « {levers} »", levers, LISTS, "Listes"))
    return _dynamics(p.attrs["territory"], levers, every).copy(deep=False)


def paces(code: str) -> pd.DataFrame:
    """The levers whose pace is compared with the needed one, from the highest ratio; late: slower, or the other way."""
    table = dynamics(code)
    table = table[table.ratio.notna()].sort_values("ratio", ascending=False)
    return table.assign(late=table.status.isin(LATE))


@kept(maxsize=512)
def _dynamics(code: str, levers: str, every: bool) -> pd.DataFrame:
    p = panorama.shared(code)
    columns = (p[name].values.tolist() for name in ("lever", *Figure._fields))
    figures = {lever: Figure(*row) for lever, *row in zip(*columns, strict=True)}
    chosen = [] if levers == "cop" else list(figures)
    chosen += [] if levers == "panorama" else nomenclatures.levers("cop").lever.to_list()
    by_lever, rows = indicators.by_lever(), []
    for lever in dict.fromkeys(chosen):
        found = [_trend(code, figures.get(lever), row) for row in by_lever.get(lever, [])]
        found = [trend for trend in found if trend.last_year is not None]
        rows += _lines(p.attrs["level"], lever, found, every)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"first_year": "Int64", "last_year": "Int64", "points": "Int64"})


class Figure(NamedTuple):
    """What the panorama says of a lever."""

    target: float  # ktCO2e/an
    baseline: float  # unit of the lever
    quantity: float  # unit of the lever
    quantity_per_kt: float
    additive: bool


@dataclass(eq=False, kw_only=True)
class Trend:
    """One series of one lever in one territory: what it says against the lever's target, if it has one."""

    lever: str
    indicator: str
    label: str
    unit: str
    sign: float  # +1 when the lever makes the series grow
    convention: str
    base_year: int
    target_year: int
    notes: list[str] = field(default_factory=list)
    source: str = ""
    first_year: int | None = None
    last_year: int | None = None
    points: int = 0
    first: float = np.nan
    last: float = np.nan
    rounding: float = 0.0
    aim: float = np.nan  # quantity of 2030, NaN when the series is not in the lever's unit
    target: float = np.nan  # ktCO2e/an
    reached_kt: float = np.nan

    @property
    def pace(self) -> float:
        """Mean yearly change; gaps in the years count as years."""
        return (self.last - self.first) / (self.last_year - self.first_year) if self.points > 1 else np.nan

    @property
    def met(self) -> bool:
        """True when the last value is already at the quantity of 2030 or beyond."""
        return (self.aim - self.last) * self.sign <= 0  # False for NaN

    @property
    def needed(self) -> float:
        """Yearly change from the last value to the quantity of 2030; 0 when it is already there."""
        if self.met:
            return 0.0
        left = self.target_year - self.last_year
        return (self.aim - self.last) / left if left > 0 else np.nan

    @property
    def ratio(self) -> float:
        """Pace over needed pace; NaN when nothing more is needed."""
        return self.pace / self.needed if self.needed else np.nan

    @property
    def unclear(self) -> bool:
        """True when the rounding of the source hides the direction of the change."""
        return self.points > 1 and 0 < abs(self.last - self.first) < self.rounding

    @property
    def status(self) -> str:
        """The status, thresholds in ``AHEAD`` and ``ON_PACE``."""
        if self.points < 2:
            return "un seul point"
        if self.met:
            return "en avance"
        if self.pace * self.sign < 0 and not self.unclear:
            return "mauvais sens"
        if np.isnan(self.ratio):
            return "pas de cible chiffrée"
        return "en avance" if self.ratio >= AHEAD else "au rythme" if self.ratio >= ON_PACE else "en retard"


def _trend(code: str, one: Figure | None, row) -> Trend:
    """The series of a line of indicators.csv, in the lever's unit when it converts and the lever has a quantity."""
    known = parameters.levers()[row.lever]
    coefficient = one.quantity_per_kt if one else np.nan
    convertible = bool(np.isfinite(row.convertible) and np.isfinite(coefficient) and coefficient)
    base_year, target_year = known.valid.years
    out = Trend(
        lever=row.lever,
        indicator=row.indicator,
        label=row.label,
        unit=known.quantity.unit if convertible else row.unit,
        sign=indicators.DIRECTIONS[row.direction],
        convention=row.convention,
        base_year=base_year,
        target_year=target_year,
    )
    found, notes = indicators.series(code, row.indicator, zero=row.zero)
    summed = 1  # roundings add up with the régions
    if code == "fr" and not found and convertible and one.additive:
        found, notes = indicators.national_sum(row.indicator, regions := _holders(row.lever))
        summed = len(regions)
    if not found:
        return out
    factor = row.convertible if convertible else 1.0
    _fill(out, found, factor, notes + ([row.note] if row.note else []))
    out.rounding *= summed
    if convertible:
        out.target = one.target
        out.aim = one.quantity if out.target else np.nan
        if out.last_year > base_year and not np.isnan(one.baseline):
            out.reached_kt = (out.last - one.baseline) / coefficient
    return out


def _holders(lever: str) -> list[str]:
    """The régions whose panorama has the lever."""
    table = tables.read("panorama.csv")
    return table.territory[(table.lever == lever) & (table.version == panorama.LATEST)].to_list()


def _fill(out: Trend, found: list[indicators.Point], factor: float, notes: list[str]) -> None:
    """The two ends of the series since the base year; before it, only the last value."""
    ends = [point for point in found if point.year >= out.base_year] or found[-1:]
    first, last = ends[0], ends[-1]
    out.first_year, out.last_year, out.points = first.year, last.year, len(ends)
    out.first, out.last = factor * first.value, factor * last.value
    out.rounding = factor * indicators.rounding(out.indicator, out.first_year, out.last_year)
    chain = list(dict.fromkeys(point.source for point in ends))
    out.source = ", ".join(chain)
    if len(chain) > 1:
        notes = [*notes, f"Plusieurs sources se suivent ({' puis '.join(chain)}) : une rupture est possible."]
    out.notes = notes


def _lines(level: str, lever: str, found: list[Trend], every: bool) -> list[dict]:
    """The rows of a lever: its main series (the first with a pace, else the first), or all of them."""
    label = parameters.levers()[lever].label
    if not found:
        status = NO_DATA.get(level, "pas de donnée nationale")
        empty = dict.fromkeys(("indicator", "indicator_label", "unit", "note", "others", "convention", "source"), "")
        return [empty | {"lever": lever, "label": label, "status": status, "sentence": _nothing(label, status)}]
    main = next((trend for trend in found if trend.points > 1), found[0])
    shown = [main, *(trend for trend in found if trend is not main)] if every else [main]
    return [
        {name: getattr(trend, name) for name in COLUMNS if hasattr(trend, name)}
        | {"label": label, "indicator_label": trend.label, "note": " ".join(trend.notes), "sentence": _sentence(trend)}
        | {"others": " ; ".join(_short(other) for other in found if other is not trend)}
        for trend in shown
    ]


def _nothing(label: str, status: str) -> str:
    return f"{label} : {status}, indicateur à construire."


def _short(trend: Trend) -> str:
    return f"{trend.label} : {_value(trend, trend.last)} en {trend.last_year}"


def _value(trend: Trend, value: float) -> str:
    name = UNIT_LABELS.get(trend.unit, units.label(trend.unit))
    return f"{french.quantity(value)} {name}".strip()


def _change(trend: Trend, value: float) -> str:
    """A yearly change with its sign; a share moves by points."""
    text = french.quantity(value)
    signed = text if text.startswith("−") or not value else f"+{text}"
    return f"{signed} {'points' if abs(value) >= 2 else 'point'} par an" if trend.unit == "%" else f"{signed} par an"


def _sentence(trend: Trend) -> str:
    """What the series says, in French."""
    label = french.capital(trend.label)
    if trend.points < 2:
        return (
            f"{label} : {_value(trend, trend.last)} en {trend.last_year} ; un seul point, pas de rythme.{_aim(trend)}"
        )
    since = "" if trend.first_year == trend.base_year else f" (pas de valeur en {trend.base_year})"
    moved = "valeur inchangée" if trend.pace == 0 else _change(trend, trend.pace)
    head = (
        f"{label} : {french.quantity(trend.first)} en {trend.first_year}{since}, {_value(trend, trend.last)} en "
        f"{trend.last_year}, soit {moved}"
    )
    unclear = " (écart inférieur à l'arrondi de la source : sens inconnu)" if trend.unclear else ""
    wrong = ", à rebours du levier" if trend.status == "mauvais sens" else ""
    if np.isnan(trend.aim):
        return f"{head}{unclear}{wrong}. Pas de cible 2030 dans cette unité."
    reached = "" if np.isnan(trend.reached_kt) or trend.unclear else f" {_reached(trend)}"
    if trend.met:
        return f"{head}.{_aim(trend)}{reached}"
    pace = "" if wrong or unclear else f" ({french.percent(100 * trend.ratio, 0)} du rythme nécessaire)"
    return f"{head}{unclear}{wrong}.{_aim(trend).removesuffix('.')} : {trend.status}{pace}.{reached}"


def _aim(trend: Trend) -> str:
    """What remains to be done each year, nothing when the series has no target."""
    if np.isnan(trend.aim):
        return ""
    aim = f"{_value(trend, trend.aim)} en {trend.target_year}"
    if trend.met:
        return f" La cible, {aim}, est déjà atteinte."
    return f" Pour atteindre {aim}, il faut {_change(trend, trend.needed)} de {trend.last_year} à {trend.target_year}."


def _reached(trend: Trend) -> str:
    kt, goal = french.number(abs(trend.reached_kt)), french.number(trend.target)
    if trend.reached_kt < 0:
        return f"Rien n'est atteint : {kt} ktCO2e/an de plus qu'en {trend.base_year}, objectif {goal} de moins."
    return f"Déjà atteint : {kt} ktCO2e/an sur {goal}."
