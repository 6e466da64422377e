"""What stands behind a coefficient: the factors of a lever, each with its origin, and precise coefficients.

The electric car follows the national identity: number of cars x km per car x emissions avoided per km. The
mileage comes from two published figures: the kilometres that « réduction des déplacements » avoids, and the
share of the mean mileage that they are for the national rationale. The emissions per km follow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.files import kept
from copkit.models import downscaling, indicators, levers, nomenclatures
from copkit.models.panorama import of_panorama
from copkit.reference import parameters, tables, territories, units

ELECTRIC, EFFICIENCY, DISTANCE = "vehicules_electriques", "efficacite_vehicules_prives", "reduction_deplacements"
KM_UNIT = "km_par_voiture_an"
ELECTRIC_FLEET = "parc_voitures_particulieres_electrique_hydrogene"
BASE_YEAR = 2019
ALIKE = 0.01  # a coefficient this near to that of the other régions is the same one
ODD_COEFFICIENT = (
    "le coefficient publié des voitures électriques diffère ici de celui des autres régions, sans explication publiée"
)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a lever: its value, where it comes from, and how it was obtained."""

    label: str
    value: float
    unit: str
    status: str
    source: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity(Displayed):
    """The factors of a lever in a territory; ``product`` is the lever's target. [ktCO2e/an]"""

    territory: str
    lever: str
    label: str
    factors: tuple[Factor, ...]
    scale: float  # to ktCO2e/an
    target: float
    note: str

    @property
    def product(self) -> float:
        """Factors multiplied together. [ktCO2e/an]"""
        return math.prod(factor.value for factor in self.factors) * self.scale if self.factors else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A coefficient computed from physical data, or None with the reason. [unit of the lever per ktCO2e/an]"""

    coefficient: float | None
    method: str


@of_panorama
def identity(p: xr.Dataset, lever: str) -> Identity:
    """Les facteurs d'un levier : ce qui est multiplié pour donner ses ktCO2e, et d'où vient chaque facteur.

    Parameters
    ----------
    p : panorama d'un territoire.
    lever : identifiant, identifiant du simulateur officiel ou libellé.

    Returns
    -------
    Identity : facteurs (valeur, unité, statut, source, méthode), produit [ktCO2e/an] et note.
        Voitures électriques et kilomètres évités : trois facteurs ; autres leviers : quantité et coefficient ;
        levier sans traduction : aucun facteur, et la note le dit.

    Raises
    ------
    LeverError
        Si le levier est inconnu ou absent du panorama.

    References
    ----------
    Identité et −4 % de distance : ``sgpe_point_de_sortie`` ; coefficients : ``sgpe_simulateur_2024`` ;
    parc : ``sdes_parc_vp_region``.

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> found = identity(panorama("reg-32"), "vehicules_electriques")
    >>> [round(factor.value) for factor in found.factors], round(found.product, 1)
    ([440, 15000, 143], 940.8)
    """
    one = p.sel(lever=nomenclatures.find(p, lever))
    slope = float(one.quantity_per_kt)
    notes, factors, scale = [], (), 1.0
    if not math.isfinite(slope):
        zero = "clé de répartition nulle" if math.isinf(slope) else "sans traduction physique dans ce territoire"
        notes.append(f"Levier {zero} : compté en ktCO2e/an seulement.")
    elif one.lever == ELECTRIC:
        factors, scale = _electric(one, slope), 1e-6
        notes.append("Toutes choses égales par ailleurs, à l'ordre 1 ; la fabrication n'est pas comptée.")
        if not _usual(one):
            notes.append(f"À lire avec prudence : {ODD_COEFFICIENT}.")
    elif str(one.unit.values) == KM_UNIT and (fleet := _fleet(one)):
        factors, scale = _kilometres(one, slope, fleet), 1e-6
        notes.append("L'émission par kilomètre est déduite du parc et du coefficient : une moyenne du parc entier.")
        usual = _median_change(str(one.lever.values), one.attrs["version"])
        if abs(factors[0].value / usual - 1) > ALIKE:
            here, there = french.quantity(factors[0].value), french.quantity(usual)
            notes.append(
                f"À lire avec prudence : {here} km par voiture ici, {there} ailleurs, sans explication publiée."
            )
    else:
        factors = _change_and_coefficient(one, slope)
        notes.append("Facteurs du coefficient non publiés : seuls le coefficient et son origine sont connus.")
    return Identity(
        territory=p.attrs["territory"],
        lever=str(one.lever.values),
        label=str(one.label.values),
        factors=factors,
        scale=scale,
        target=float(one.target),
        note=" ".join(notes),
    )


def _electric(one: xr.Dataset, slope: float) -> tuple[Factor, ...]:
    """Thousands of cars x km per car and year x g per km: 1e-6 kt."""
    km, (_, rationale) = km_per_car(one.attrs["version"]), _rationale_of_distance()
    how = (
        "kilomètres évités par la réduction des déplacements (médiane des régions de métropole), rapportés à la "
        "baisse de distance moyenne que le rationnel national leur donne"
    )
    per_km = "inverse du coefficient publié, divisé par les kilomètres par voiture"
    return (
        _change(one, slope),
        Factor("kilomètres par voiture et par an", km, KM_UNIT, "derive", rationale, how),
        Factor("émissions évitées par kilomètre", 1e6 / slope / km, "gCO2e/km", "derive", _source(one), per_km),
    )


def _kilometres(one: xr.Dataset, slope: float, fleet: float) -> tuple[Factor, ...]:
    """Km avoided per car x thousands of cars x g per km: 1e-6 kt."""
    observed = tables.read("observed.parquet")
    source = str(observed.source[observed.indicator == levers.CAR_FLEET].iloc[0])
    published = one.attrs["level"] == "region"
    status, how = ("publie", "") if published else ("derive", "part du parc de la région, clé des voitures électriques")
    per_km = "inverse du coefficient publié, divisé par le parc"
    return (
        _change(one, slope),
        Factor(f"voitures particulières en {BASE_YEAR}", fleet, "millier_vehicules", status, source, how),
        Factor("émissions par kilomètre", 1e6 / slope / fleet, "gCO2e/km", "derive", _source(one), per_km),
    )


def _change_and_coefficient(one: xr.Dataset, slope: float) -> tuple[Factor, ...]:
    known = parameters.levers()[str(one.lever.values)].unit_abatement
    status, how = str(one.status.values), "inverse du coefficient publié"
    return (
        _change(one, slope),
        Factor("émissions évitées par unité", 1 / slope, known.unit, status, known.source, how),
    )


def _change(one: xr.Dataset, slope: float) -> Factor:
    """The change of quantity between 2019 and 2030 that the target asks."""
    known, status = parameters.levers()[str(one.lever.values)].quantity, str(one.status.values)
    label, how = f"évolution 2019-2030 : {known.label}", "objectif × coefficient publié"
    return Factor(label, float(one.target) * slope, known.unit, status, _source(one), how)


def _source(one: xr.Dataset) -> str:
    return str(one.source.values)


def km_per_car(version: str) -> float:
    """Mean mileage of a car: the km that « réduction des déplacements » avoids, over their share. [km/an]"""
    share, _ = _rationale_of_distance()
    return _median_change(DISTANCE, version) / share


def _median_change(lever: str, version: str) -> float:
    """The change of quantity that the targets ask, in the middle région. [unit of the lever]"""
    rows = _metropolitan(lever, version)
    return float((rows.target_ktco2e * rows.quantity_per_ktco2e).median())


def _rationale_of_distance() -> tuple[float, str]:
    """The share of the mean mileage that the national rationale expects to be avoided, and its source."""
    row = parameters.levers()[DISTANCE].rationale[0]
    target = next(t for t in row.targets if t.kind == "change" and t.unit == "%")
    return -target.value / 100, row.source


@kept(maxsize=128)
def _metropolitan(lever: str, version: str) -> pd.DataFrame:
    rows = tables.read("panorama.csv")
    rows = rows[(rows.version == version) & (rows.lever == lever) & (rows.translated == "oui")]
    return rows[~rows.territory.map(territories.is_overseas)].set_index("territory")


def _usual(one: xr.Dataset) -> bool:
    """True when the coefficient of the electric car is, in this région, that of the other régions."""
    published = _metropolitan(ELECTRIC, one.attrs["version"]).quantity_per_ktco2e
    usual, code = published.median(), one.attrs["territory"]
    if code == "fr":
        return True
    return abs(published.get(territories.region_of(code), np.nan) / usual - 1) <= ALIKE


def _fleet(one: xr.Dataset, *, thermal: bool = False) -> float | None:
    """The cars of a territory in 2019, in thousands; a département has its share of the région's."""
    code = one.attrs["territory"]
    wanted = [territories.region_of(code)]
    if code == "fr":
        wanted = [r for r in territories.territories("region").code if not territories.is_overseas(r)]
    cars = _in_base_year(wanted, levers.CAR_FLEET)
    if thermal:
        cars -= _in_base_year(wanted, ELECTRIC_FLEET)
    if one.attrs["level"] == "departement":
        shares, *_ = downscaling.shares(wanted[0], EFFICIENCY if thermal else ELECTRIC)
        cars *= shares[code] if shares else np.nan
    return float(cars) / 1000 if cars > 0 else None


def _in_base_year(regions: list[str], indicator: str) -> float:
    """The sum of an indicator over the régions that know it in 2019; NaN when none does."""
    points = (point for region in regions for point in indicators.series(region, indicator)[0])
    values = [point.value for point in points if point.year == BASE_YEAR]
    return sum(values) if values else math.nan


def derived(p: xr.Dataset, lever: str) -> Derived:
    """Un coefficient précis, calculé quand les données physiques le permettent ; sinon None et la raison.

    Parameters
    ----------
    p : panorama d'un territoire.
    lever : identifiant du levier.

    Returns
    -------
    Derived : coefficient [unité du levier par ktCO2e/an], statut ``derive``, et méthode en français.

    References
    ----------
    Parc thermique 2019 : ``sdes_parc_vp_region`` ; émissions d'une voiture : inverse du coefficient des voitures
    électriques, ``sgpe_simulateur_2024`` ; consommation 2019 : point de départ du levier.

    Examples
    --------
    >>> from copkit.models.panorama import panorama
    >>> round(derived(panorama("reg-32"), "efficacite_vehicules_prives").coefficient, 6)
    -0.000892
    """
    if lever != EFFICIENCY:
        return Derived(coefficient=None, method="aucune donnée physique du kit ne permet d'en calculer un plus précis")
    one = p.sel(lever=lever)
    slope = float(one.quantity_per_kt)
    if not math.isfinite(slope):
        return Derived(coefficient=None, method="levier sans traduction physique dans ce territoire")
    if not _usual(one):
        return Derived(coefficient=None, method=ODD_COEFFICIENT)
    fleet, cars = _fleet(one, thermal=True), p.sel(lever=ELECTRIC)
    if fleet is None:
        return Derived(coefficient=None, method=f"parc de voitures {BASE_YEAR} inconnu")
    emissions = fleet / float(cars.quantity_per_kt)  # what the thermal fleet emits, ktCO2e/an
    litres = units.label(str(one.unit.values))
    return Derived(
        coefficient=-float(one.baseline) / emissions,
        method=(
            f"consommation {BASE_YEAR} ({litres}) divisée par les émissions du parc thermique {BASE_YEAR} : nombre de "
            "voitures × émissions annuelles d'une voiture (kilomètres × émissions par kilomètre, inverse du "
            "coefficient des voitures électriques)"
        ),
    )
