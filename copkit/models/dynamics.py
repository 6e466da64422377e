"""Observed dynamics: for each lever, how fast its indicator moves, how fast it has to, what is already reached.

The pace is the mean yearly change between two observed years. Where the quantity is a share of a stock, the adoption is
also read on an S: the share's logit moves along a straight line (Fisher and Pry, 1971).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import LeverError, unknown
from copkit.files import kept
from copkit.models import indicators, local, nomenclatures, panorama
from copkit.reference import parameters, tables, units

AHEAD, ON_PACE = 1.2, 0.8  # least ratios of the observed pace to the needed one: « en avance », « au rythme »
S_CURVE = "au rythme d'une courbe en S"  # late by the straight line, not by the S
LATE_UNCLEAR, UNCLEAR = "en retard, sens incertain", "sens incertain"  # a change below the rounding of the source
RIGHT_WAY, UNCONFIRMED = "bon sens", "bon sens, à confirmer"  # emissions of another perimeter than the target
UNCORRECTED = "non corrigé du climat"  # a mild winter moves the series as an effort would
ALIKE = "évolution non régionale"  # the source gives the same one to régions
LATE = ("en retard", LATE_UNCLEAR, "mauvais sens")
AT_PACE = ("en avance", "au rythme", S_CURVE)
JUDGED = (*AT_PACE, *LATE)
PANDEMIC = (2020, 2021)
LAST_SHARES = 3  # observations that an S goes by
T_PER_KT, T_PER_MT = 1e3, 1e6
YEARLY = {  # a series of a yearly flow → the unit of a lever that counts the same per year, and how many of them
    **{"t.km": ("Mtkm_par_an", 1e-6), "Mtkm": ("Mtkm_par_an", 1.0), "Gt.km": ("Mtkm_par_an", 1e3)},
    **{"TWh": ("TWh_par_an", 1.0), "GWh": ("TWh_par_an", 1e-3)},
}
NO_DATA = {"region": "pas de donnée régionale", "departement": "pas de donnée départementale"}
LISTS = ("panorama", "cop", "tous")
UNIT_LABELS = {"nb": "", "hab": "habitants", "milliers_km": "milliers de km", "millions": "millions"}
COLUMNS = [
    *("lever", "label", "indicator", "indicator_label", "unit", "first_year", "first", "last_year", "last", "points"),
    *("pace", "needed", "ratio", "s_ratio", "s_share", "s_aim", "s_years", "reached_kt", "beside_kt", "status"),
    *("sentence", "pandemic", "aside", "note", "others", "convention", "source"),
]


@local.followed
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
        ``first``, ``last`` valeurs de ``first_year`` (2019, sinon la première année connue ensuite, hors 2020 et 2021
        quand deux autres années au moins sont connues) et ``last_year`` [``unit``, celle du levier quand la série s'y
        convertit] ; ``points`` nombre de valeurs de l'une à l'autre ;
        ``pace`` évolution annuelle moyenne [``unit``/an] ; ``needed`` évolution annuelle qui mène de ``last`` à la
        quantité 2030 [``unit``/an] ; ``ratio`` leur rapport ; ``reached_kt`` part de l'objectif déjà atteinte depuis
        2019 [ktCO2e/an], négative quand la série recule ; ``status`` ; ``sentence`` ; ``pandemic`` années 2020 et 2021
        sur lesquelles le rythme est pris ; ``aside`` ce qui le met à part (pandémie, valeur peut-être incomplète) ;
        ``note`` précautions ; ``others`` autres séries du levier ; ``convention`` de comptage (séries d'émissions) ;
        ``source``.
        Quantité qui est une part d'un parc (``share`` et ``stock`` de parameters/indicators.csv) : ``s_ratio`` pente
        observée sur pente nécessaire d'une courbe logistique de la part, dont le logit avance en droite ; pente
        observée, moindres carrés sur les trois dernières parts (``s_years``) ; pente nécessaire, de la dernière à
        ``s_aim``, la quantité 2030 dans le dernier parc connu [%] ; ``s_share`` part où la courbe mène en 2030 [%].
        Émissions d'un autre périmètre que la cible : ``beside_kt`` baisse entre les deux années [ktCO2e/an].
        Statuts : « en avance » (rapport d'au moins 1,2), « au rythme » (0,8), « au rythme d'une courbe en S » (droite
        en retard, ``s_ratio`` d'au moins 0,8), « en retard » (droite et courbe), « mauvais sens » (à rebours),
        « en retard, sens incertain » (écart sous l'arrondi de la source, en retard au mieux de cet arrondi), « sens
        incertain » (le même, sans retard certain), « bon sens » et « bon sens, à confirmer » (émissions d'un autre
        périmètre ; dernière année peut-être incomplète), « évolution non régionale » (la source donne la même à toutes
        les régions qu'elle connaît : ni rapport ni part atteinte), « non corrigé du climat » (l'hiver fait bouger la
        série : ni rapport ni part atteinte), « pas de cible chiffrée », « un seul point », « pas de donnée régionale »
        (départementale, nationale).

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
    Séries : data/clean/observed.parquet ; correspondance : parameters/indicators.csv. Courbe en S : J. C. Fisher et
    R. H. Pry, « A simple substitution model of technological change », Technological Forecasting and Social Change, 3,
    1971, p. 75-88.

    Examples
    --------
    >>> row = dynamics("reg-32").set_index("lever").loc["vehicules_electriques"]
    >>> row["last"].item(), round(row.pace.item(), 2), round(row.needed.item(), 2), row.status
    (30.1, 7.8, 52.07, "au rythme d'une courbe en S")
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


class Standing(NamedTuple):
    """The labels of the levers that are followed over several years, by where they stand."""

    at_pace: list[str]
    late: list[str]
    wrong: list[str]
    beside: list[str]  # the right way, beside a target of another perimeter
    alike: list[str]  # the same change in régions: it says nothing of this one
    uncorrected: list[str]  # the weather moves the series as an effort would
    without: list[str]  # no target to compare with, or no direction


def standing(code: str) -> Standing:
    """Which levers move at the pace needed, which do not, which go the wrong way, which have no target."""
    table = followed(code)
    right = (RIGHT_WAY, UNCONFIRMED)
    groups = (AT_PACE, ("en retard", LATE_UNCLEAR), ("mauvais sens",), right, (ALIKE,), (UNCORRECTED,))
    known, others = [*zip(table.label, table.status, strict=True)], (*JUDGED, *right, ALIKE, UNCORRECTED)
    found = [[label for label, status in known if status in group] for group in groups]
    return Standing(*found, [label for label, status in known if status not in others])


def seen(p: xr.Dataset) -> bool:
    """Whether there is something to look for: below the départements, most have no series."""
    return panorama.broad(p) or indicators.extent(p.attrs["territory"])[0] > 0


def followed(code: str) -> pd.DataFrame:
    """The levers whose series has several years, one row each; emissions in ktCO2e, as everywhere in a document."""
    return _followed(code).copy(deep=False)


@kept(maxsize=512)
def _followed(code: str) -> pd.DataFrame:
    table = dynamics(code)
    return table if table.empty else in_kt(table[table.points > 1])


def in_kt(table: pd.DataFrame) -> pd.DataFrame:
    """Dynamics whose emissions are in ktCO2e."""
    tonnes = table.unit == "tCO2e"
    scale = np.where(tonnes, T_PER_KT, 1.0)
    scaled = {name: table[name] / scale for name in ("first", "last", "pace", "needed")}
    return table.assign(unit=table.unit.mask(tonnes, "ktCO2e"), **scaled)


def shown_factor(row, unit: str) -> float:
    """From the series of a line of indicators.csv to the unit in which the dynamics give it."""
    if unit == row.unit:
        return 1.0
    return row.convertible if np.isfinite(row.convertible) else YEARLY[row.unit][1]


@kept(maxsize=512)
def _dynamics(code: str, levers: str, every: bool) -> pd.DataFrame:
    p = panorama.shared(code)
    if panorama.small(p) and not indicators.extent(code)[0]:
        return _unobserved()  # no need to look for it lever by lever
    columns = (p[name].values.tolist() for name in ("lever", *Figure._fields))
    figures = {lever: Figure(*row) for lever, *row in zip(*columns, strict=True)}
    chosen = [] if levers == "cop" else list(figures)
    chosen += [] if levers == "panorama" else nomenclatures.levers("cop").lever.to_list()
    by_lever, rows = indicators.by_lever(), []
    for lever in dict.fromkeys(chosen):
        found = [_trend(code, figures.get(lever), row) for row in by_lever.get(lever, [])]
        found = [trend for trend in found if trend.last_year is not None]
        rows += _lines(p.attrs["level"], lever, found, every)
    return _table(rows)


@kept(maxsize=1)
def _unobserved() -> pd.DataFrame:
    """The dynamics of a place where nothing is observed."""
    return _table([])


def _table(rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(**{name: table[name].astype("Int64") for name in ("first_year", "last_year", "points")})


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
    beside_kt: float = np.nan  # fall of emissions of another perimeter than the target
    shares: tuple[tuple[int, float], ...] = ()  # (year, share of the stock), the last ones
    share_aim: float = np.nan  # the quantity of 2030 as a share of the stock
    doubtful: float = np.nan  # a year whose value may lack something
    sure: tuple[int, float] | None = None  # the last point before that year
    uncorrected: bool = False
    alike: int = 0  # régions to which the source gives the same change

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
        return self.pace / self.needed if self.needed and not self.alike and not self.uncorrected else np.nan

    @property
    def unclear(self) -> bool:
        """True when the rounding of the source hides the direction of the change."""
        return self.points > 1 and 0 < abs(self.last - self.first) < self.rounding

    @property
    def pandemic(self) -> str:
        """The years of the pandemic that the pace starts or ends on."""
        years = [str(year) for year in (self.first_year, self.last_year) if self.points > 1 and year in PANDEMIC]
        return french.join(years) if years else ""

    @property
    def incomplete(self) -> bool:
        """True when the last value may lack something."""
        return self.last_year == self.doubtful

    @property
    def aside(self) -> str:
        """What sets the pace apart, in French."""
        said = [f"{self.pandemic} : pandémie"] if self.pandemic else []
        said += [f"même évolution dans {self.alike} régions"] if self.alike else []
        return " ; ".join([*said, *([f"{self.last_year} : peut-être incomplète"] if self.incomplete else [])])

    @property
    def s_pace(self) -> float:
        """Yearly change of the share's logit, by least squares on the last observed shares."""
        if len(self.shares) < LAST_SHARES or not np.isfinite(self.share_aim):
            return np.nan
        years, logits = zip(*((year, _logit(share)) for year, share in self.shares), strict=True)
        return float(np.polyfit(years, logits, 1)[0])

    @property
    def s_ratio(self) -> float:
        """Pace over needed pace on a logistic path, from the last share to the aim."""
        if np.isnan(self.s_pace):
            return np.nan
        year, share = self.shares[-1]
        needed = (_logit(self.share_aim) - _logit(share)) / (self.target_year - year)
        return self.s_pace / needed if needed * self.sign > 0 else np.nan

    @property
    def s_share(self) -> float:
        """Where the logistic path leads at the target year. [%]"""
        if np.isnan(self.s_pace):
            return np.nan
        year, share = self.shares[-1]
        return 100 / (1 + math.exp(-_logit(share) - self.s_pace * (self.target_year - year)))

    @property
    def s_aim(self) -> float:
        """The quantity of the target year as a share of the stock. [%]"""
        return 100 * self.share_aim if np.isfinite(self.s_pace) else np.nan

    @property
    def s_years(self) -> str:
        """The years of the shares that the path goes by."""
        return f"{self.shares[0][0]} à {self.shares[-1][0]}" if np.isfinite(self.s_pace) else ""

    @property
    def status(self) -> str:
        """The status, thresholds in ``AHEAD`` and ``ON_PACE``."""
        if self.points < 2:
            return "un seul point"
        if self.alike:
            return ALIKE
        if self.uncorrected:
            return UNCORRECTED
        if self.met:
            return "en avance"
        if self.unclear:
            return self._unclear_status()
        if self.pace * self.sign < 0:
            return "mauvais sens"
        if np.isfinite(self.beside_kt):
            return UNCONFIRMED if self.incomplete else RIGHT_WAY
        if np.isnan(self.ratio):
            return "pas de cible chiffrée"
        if self.ratio >= ON_PACE:
            return "en avance" if self.ratio >= AHEAD else "au rythme"
        return S_CURVE if self.s_ratio >= ON_PACE else "en retard"

    def _unclear_status(self) -> str:
        """Late all the same when even the best change that the rounding allows is too slow."""
        if np.isnan(self.ratio):
            return "pas de cible chiffrée"
        change = (self.last - self.first) * self.sign + self.rounding
        best = change / (self.last_year - self.first_year) / (self.needed * self.sign)
        return UNCLEAR if best >= ON_PACE else LATE_UNCLEAR


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _trend(code: str, one: Figure | None, row) -> Trend:
    """The series of a line of indicators.csv, in the lever's unit when it converts and the lever has a quantity."""
    known = parameters.levers()[row.lever]
    coefficient = one.quantity_per_kt if one else np.nan
    convertible = bool(np.isfinite(row.convertible) and np.isfinite(coefficient) and coefficient)
    base_year, target_year = known.valid.years
    unit, factor = known.quantity.unit if convertible else row.unit, row.convertible if convertible else 1.0
    if not convertible and known.quantity and YEARLY.get(row.unit, ("",))[0] == known.quantity.unit:
        unit, factor = YEARLY[row.unit]
    out = Trend(
        lever=row.lever,
        indicator=row.indicator,
        label=row.label,
        unit=unit,
        sign=indicators.DIRECTIONS[row.direction],
        convention=row.convention,
        base_year=base_year,
        target_year=target_year,
        doubtful=row.doubtful,
        uncorrected=row.climate == indicators.UNCORRECTED,
    )
    found, notes = indicators.series(code, row.indicator, zero=row.zero)
    summed = 1  # roundings add up with the régions
    if code == "fr" and not found and convertible and one.additive:
        found, notes = indicators.national_sum(row.indicator, regions := _holders(row.lever))
        summed = len(regions)
    if not found:
        return out
    _fill(out, found, factor, notes + ([row.note] if row.note else []))
    out.rounding *= summed
    out.alike = indicators.alike(row.indicator, out.first_year, out.last_year) if code != "fr" else 0
    if convertible:
        out.target = one.target
        out.aim = one.quantity if out.target else np.nan
        if out.last_year > base_year and not np.isnan(one.baseline) and not out.alike and not out.uncorrected:
            out.reached_kt = (out.last - one.baseline) / coefficient
        _adopt(out, code, row)
    elif row.unit == "tCO2e" and one and one.target and out.points > 1:
        out.target, out.beside_kt = one.target, (out.first - out.last) / T_PER_KT
    return out


def _adopt(out: Trend, code: str, row) -> None:
    """The last shares of the stock and the share that the quantity of 2030 would be, where the line declares them.

    The stock stays what it was last; the shares of the nation are those of its régions, weighted by their stocks.
    """
    if not row.share:
        return
    parts = _holders(row.lever) if code == "fr" else [code]
    stocks = [indicators.series(part, row.stock)[0][-1:] for part in parts]
    if not all(stocks):
        return
    stock = {part: row.stock_factor * point.value for part, (point,) in zip(parts, stocks, strict=True)}
    total, by_year = math.fsum(stock.values()), defaultdict(list)
    for part in parts:
        for point in indicators.series(part, row.share)[0]:
            by_year[point.year].append(stock[part] * point.value / 100)
    known = [(year, math.fsum(of) / total) for year, of in sorted(by_year.items()) if len(of) == len(parts)]
    last = [(year, share) for year, share in known if 0 < share < 1][-LAST_SHARES:]
    if last and last[-1][0] < out.target_year and 0 < out.aim < total:
        out.shares, out.share_aim = tuple(last), out.aim / total


def _holders(lever: str) -> list[str]:
    """The régions whose panorama has the lever."""
    table = tables.read("panorama.csv")
    return table.territory[(table.lever == lever) & (table.version == panorama.LATEST)].to_list()


def _fill(out: Trend, found: list[indicators.Point], factor: float, notes: list[str]) -> None:
    """The two ends of the series since the base year; before it, only the last value."""
    ends = [point for point in found if point.year >= out.base_year] or found[-1:]
    apart = [point for point in ends if point.year not in PANDEMIC]
    if len(apart) > 1 and apart[0] is not ends[0]:
        ends = ends[ends.index(apart[0]) :]  # the last one is never of the pandemic when two others follow it
        notes = [*notes, "Rythme pris après 2020 et 2021, années de pandémie."]
    first, last = ends[0], ends[-1]
    out.sure = next(((p.year, factor * p.value) for p in reversed(ends[1:]) if p.year != out.doubtful), None)
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
        empty = dict.fromkeys(
            ("indicator", "indicator_label", "unit", "note", "others", "convention", "source", "pandemic", "aside"), ""
        )
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
    return f"{_number(trend, value)} {UNIT_LABELS.get(trend.unit, units.read_in(trend.unit)[1])}".strip()


def _number(trend: Trend, value: float) -> str:
    """A value in the unit that it is read in, without its name."""
    return french.quantity(units.read_in(trend.unit)[0] * value)


def _change(trend: Trend, value: float) -> str:
    """A yearly change with its sign; a share moves by points."""
    text = french.significant(units.read_in(trend.unit)[0] * value)
    signed = text if text.startswith("−") or not value else f"+{text}"
    return f"{signed} {'points' if abs(value) >= 2 else 'point'} par an" if trend.unit == "%" else f"{signed} par an"


def _sentence(trend: Trend) -> str:
    """What the series says, in French."""
    label = french.capital(trend.label)
    if trend.points < 2:
        return (
            f"{label} : {_value(trend, trend.last)} en {trend.last_year} ; un seul point, pas de rythme.{_aim(trend)}"
        )
    if np.isfinite(trend.beside_kt):
        return _beside(label, trend)
    since = "" if trend.first_year == trend.base_year else f" (pas de valeur en {trend.base_year})"
    moved = "valeur inchangée" if trend.pace == 0 else _change(trend, trend.pace)
    moved = "une évolution trop faible pour être lue" if trend.unclear else moved
    head = (
        f"{label} : {_value(trend, trend.first)} en {trend.first_year}{since}, {_number(trend, trend.last)} en "
        f"{trend.last_year}, soit {moved}"
    )
    head += f" ({trend.pandemic} : pandémie)" if trend.pandemic else ""
    if trend.alike:
        same = f"La source donne la même évolution à {trend.alike} régions : elle ne dit rien du territoire."
        return f"{head}. {same}{_aim(trend)}"
    unclear = " (écart inférieur à l'arrondi de la source : sens inconnu)" if trend.unclear else ""
    wrong = ", à rebours du levier" if trend.status == "mauvais sens" else ""
    if np.isnan(trend.aim):
        return f"{head}{unclear}{wrong}. Pas de cible 2030 dans cette unité."
    reached = "" if np.isnan(trend.reached_kt) or trend.unclear else f" {_reached(trend)}"
    if trend.met:
        return f"{head}.{_aim(trend)}{reached}"
    pace = "" if wrong or unclear else f" ({french.percent(100 * trend.ratio, 0)} du rythme nécessaire)"
    verdict = "en retard en ligne droite" if trend.status == S_CURVE else trend.status
    curve = f" {on_the_curve(trend)}" if np.isfinite(trend.s_ratio) else ""
    return f"{head}{unclear}{wrong}.{_aim(trend).removesuffix('.')} : {verdict}{pace}.{curve}{reached}"


def on_the_curve(row) -> str:
    """What an S says of an adoption, in French; ``row``: s_ratio, s_share, s_aim, s_years."""
    return (
        f"Sur une courbe en S (logistique des parts du parc de {row.s_years}, méthode de Fisher et Pry, 1971), "
        f"{french.percent(100 * row.s_ratio, 0)} du rythme nécessaire : elle mène à {french.percent(row.s_share, 0)} "
        f"du parc en 2030, pour {french.percent(row.s_aim, 0)} visés."
    )


def _beside(label: str, trend: Trend) -> str:
    """Emissions of another perimeter than the target: what they did, beside it, and what may be missing."""
    way = "en moins" if trend.beside_kt >= 0 else "en plus, à rebours du levier"
    moved = (
        f"{_tonnes(abs(trend.first - trend.last))} {way} ({french.signed(100 * (trend.last / trend.first - 1), 0)} %)"
    )
    doubt = ""
    if trend.incomplete and trend.sure:
        year, value = trend.sure
        doubt = f" En {trend.last_year}, des sites peuvent manquer ; en {year}, {_tonnes(value)}."
    return (
        f"{label} : {_tonnes(trend.first)} en {trend.first_year}, {_tonnes(trend.last)} en {trend.last_year}, {moved}."
        f"{doubt} La cible du levier en {trend.target_year} est de {_tonnes(T_PER_KT * trend.target)} de moins qu'en "
        f"{trend.base_year}, sur un autre périmètre : l'une se lit à côté de l'autre, sans s'y compter."
    )


def _tonnes(value: float) -> str:
    """Emissions in tCO2e, in Mt or in kt."""
    if value >= T_PER_MT:
        return f"{french.number(value / T_PER_MT, 1)} MtCO2e"
    return f"{french.quantity(value / T_PER_KT)} ktCO2e"


def _aim(trend: Trend) -> str:
    """What remains to be done each year, nothing when the series has no target."""
    if np.isnan(trend.aim):
        return ""
    aim = f"{_value(trend, trend.aim)} en {trend.target_year}"
    if trend.met:
        return f" La cible, {aim}, est déjà atteinte."
    return f" Pour atteindre {aim}, il faut {_change(trend, trend.needed)} de {trend.last_year} à {trend.target_year}."


def _reached(trend: Trend) -> str:
    kt, goal = (french.rough(value, 3) for value in (abs(trend.reached_kt), trend.target))
    if trend.reached_kt < 0:
        return f"Rien n'est atteint : {kt} ktCO2e/an de plus qu'en {trend.base_year}, objectif {goal} de moins."
    return f"Déjà atteint : {kt} ktCO2e/an sur {goal}."
