"""From ktCO2e/an to a physical quantity and back: exact, or with the published rules of the official simulator.

Exact: nothing is rounded nor clamped; what a lever cannot do is refused with its bound. As published: rounded
and clamped as the official simulator does it, so that people find their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import xarray as xr

from copkit import french
from copkit.display import Displayed
from copkit.errors import CopkitError, DataError, LeverError, Problems, option, typed
from copkit.models import factors, nomenclatures, official
from copkit.models import limits as limits_of
from copkit.models import panorama as panoramas
from copkit.reference import parameters, territories, units

TO_QUANTITY, TO_KT = "co2_to_phys", "phys_to_co2"
COLUMNS = ("region_code", "sgpe_id", "direction", "completed_ktco2e", "input")
FIRST_ORDER = "À l'ordre 1, toutes choses égales par ailleurs : les interactions entre leviers ne sont pas comptées."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Conversion(Displayed):
    """Une conversion, avec ce qui permet de la refaire.

    ``kt`` [ktCO2e/an] : en mode exact, tout l'objectif 2030, ce qui est fait compris ; avec les règles publiées,
    ce qui s'ajoute à ``done``. ``quantity``, ``baseline`` [unité du levier], ``coefficient`` [unité par ktCO2e/an].
    ``quantity_derived`` et ``kt_derived`` : la même saisie lue avec ``derived_coefficient``, None sans lui.
    """

    territory: str
    name: str
    lever: str
    label: str
    unit: str
    kt: float
    quantity: float
    done: float
    baseline: float
    coefficient: float
    coarse: bool
    derived_coefficient: float | None
    derived_method: str
    quantity_derived: float | None
    kt_derived: float | None
    status: str
    source: str
    as_published: bool
    formula: str
    limits: tuple[str, ...]


def convert(
    territory: str | xr.Dataset,
    lever: str,
    *,
    kt: float | None = None,
    quantity: float | None = None,
    done: float = 0.0,
    as_published: bool = False,
) -> Conversion:
    """Convertir un objectif en quantité physique, ou une quantité en ktCO2e/an.

    Parameters
    ----------
    territory : code (« reg-32 », « dep-59 ») ou panorama.
    lever : identifiant, identifiant du simulateur officiel (« augm_voitelec ») ou libellé.
    kt : objectif 2030. [ktCO2e/an] En mode exact il comprend ``done`` ; avec les règles publiées il s'y ajoute.
    quantity : quantité en 2030. [unité du levier] L'un des deux, kt ou quantity, et un seul.
    done : déjà fait depuis 2019. [ktCO2e/an]
    as_published : suivre les règles du simulateur officiel : une décimale, kt entiers, valeurs ramenées aux
        bornes ; régions de métropole seulement.

    Returns
    -------
    Conversion

    Raises
    ------
    LeverError
        Levier inconnu, fermé ou sans traduction ; valeur négative, au-delà d'une borne ou en dessous de ``done``.
    TerritoryError
        Code inconnu ou ambigu ; règles publiées demandées pour autre chose qu'une région.

    References
    ----------
    ``sgpe_simulateur_2024`` dans parameters/sources.yml.

    Examples
    --------
    >>> convert("reg-32", "vehicules_electriques", kt=840.8, done=100, as_published=True).quantity
    446.7
    >>> round(convert("reg-32", "Véhicules électriques", kt=940.76).quantity, 3)
    446.699
    """
    p = panoramas.given(territory)
    limit = _limit(p, lever)
    found = _converted(p, limit, kt, quantity, done, as_published)
    return _explained(p, limit, *found, done=done, typed_kt=quantity is None, as_published=as_published)


def _limit(p: xr.Dataset, lever: str) -> limits_of.Limit:
    """What the lever accepts, with its coefficient and starting point."""
    found = nomenclatures.find(p, lever)
    return limits_of.limits(p.sel(lever=[found]))[found]


def _converted(
    p: xr.Dataset, limit: limits_of.Limit, kt: float | None, quantity: float | None, done: float, as_published: bool
) -> tuple[float, float]:
    """(kt, quantity), with either rule."""
    _check_call(limit, kt, quantity, done)
    if not as_published:
        return _exact(p, limit, kt, quantity, done)
    official.check(p)
    return official.converted(limit, kt, quantity, done)


def _check_call(limit: limits_of.Limit, kt: float | None, quantity: float | None, done: float) -> None:
    if (kt is None) == (quantity is None):
        example = typed(
            f'ck.convert("reg-32", "{limit.lever}", kt=100)', f"copkit convert reg-32 {limit.lever} --kt 100"
        )
        raise LeverError(
            f"Conversion de « {limit.lever} » : donner {option('kt')} ou {option('quantity')}, "
            f"l'un des deux et un seul.\nÉcrire par exemple {example}."
        )
    for name, value in (("kt", kt), ("quantity", quantity), ("done", done)):
        if value is not None and (wrong := limits_of.not_a_number(value)):
            raise LeverError(f"Conversion de « {limit.lever} », {option(name)} : {wrong}")
    if limit.closed:
        raise LeverError(f"Levier fermé : « {limit.label} », {limit.closed}.\nChoisir un autre levier.")
    if done < 0:
        raise LeverError(f"Conversion de « {limit.lever} », {option('done')} : {done:g} est négatif. Écrire 0 ou plus.")
    if quantity is not None and not limit.translated:
        raise LeverError(
            f"Levier « {limit.label} » : sans traduction en quantité physique dans ce territoire.\n"
            f"Donner des ktCO2e/an : {option('kt', ...)}"
        )


def _exact(
    p: xr.Dataset, limit: limits_of.Limit, kt: float | None, quantity: float | None, done: float
) -> tuple[float, float]:
    """(kt, quantity), unrounded; an impossible value is refused with what the lever accepts."""
    value, unit = (kt, limits_of.KT) if quantity is None else (quantity, limits_of.QUANTITY)
    if wrong := limit.refusal(done, limits_of.KT, 0.0):
        raise LeverError(f"{limit.label}, {p.attrs['name']}, déjà fait : {wrong}")
    if wrong := limit.refusal(value, unit, done):
        raise LeverError(f"{limit.label}, {p.attrs['name']} : {wrong}")
    if quantity is None:
        return float(kt), limit.quantity_of(kt)
    return limit.kt_of(quantity), float(quantity)


def batch(table: pd.DataFrame, as_published: bool = False) -> pd.DataFrame:
    """Convertir un tableau, ligne à ligne.

    Parameters
    ----------
    table : colonnes ``region_code`` (code nu, « 32 »), ``sgpe_id``, ``direction`` (co2_to_phys ou phys_to_co2),
        ``completed_ktco2e`` [ktCO2e/an], ``input`` [ktCO2e/an ou unité du levier] ; les autres sont gardées.
    as_published : suivre les règles du simulateur officiel.

    Returns
    -------
    Les mêmes lignes et une colonne ``actual``, dans l'unité d'arrivée.

    Raises
    ------
    DataError
        Si une colonne manque ou si une ligne ne se convertit pas : tous les problèmes d'un coup.
    """
    problems, where, out = Problems(), "Tableau à convertir", []
    for column in COLUMNS:
        if column not in table:
            problems.add(where, f"colonne « {column} » absente. Colonnes attendues : {', '.join(COLUMNS)}.")
    problems.raise_if_any(DataError)
    known: dict[str, tuple[xr.Dataset, dict[str, limits_of.Limit]]] = {}
    for n, row in enumerate(table[list(COLUMNS)].itertuples(index=False), start=2):
        try:
            out.append(_row(row, known, as_published))
        except CopkitError as error:
            problems.add(where, f"ligne {n} : " + " ".join(str(error).splitlines()))
    problems.raise_if_any(DataError)
    return table.assign(actual=pd.Series(out, index=table.index, dtype=object))


def _row(row: NamedTuple, known: dict, as_published: bool) -> float | int:
    if row.direction not in (TO_QUANTITY, TO_KT):
        raise DataError(f"direction « {row.direction} » inconnue. Écrire {TO_QUANTITY} ou {TO_KT}.")
    try:
        value, done = float(row.input), float(row.completed_ktco2e)
    except ValueError:
        raise DataError(f"« {row.input} », « {row.completed_ktco2e} » : nombres attendus, avec un point.") from None
    code = f"reg-{str(row.region_code).strip().removesuffix('.0').zfill(2)}"
    if code not in known:
        p = panoramas.panorama(code)
        known[code] = p, limits_of.limits(p)
    p, limits = known[code]
    if row.sgpe_id not in limits:
        limits[row.sgpe_id] = limits[nomenclatures.find(p, str(row.sgpe_id))]
    limit = limits[row.sgpe_id]
    to_quantity = row.direction == TO_QUANTITY
    kt, quantity = _converted(p, limit, *((value, None) if to_quantity else (None, value)), done, as_published)
    actual = quantity if to_quantity else kt
    return int(actual) if actual.is_integer() else actual


def _explained(
    p: xr.Dataset,
    limit: limits_of.Limit,
    kt: float,
    quantity: float,
    *,
    done: float,
    typed_kt: bool,
    as_published: bool,
) -> Conversion:
    one = p[["baseline", "status", "source"]].sel(lever=limit.lever)
    derived = factors.derived(p, limit.lever)
    precise, start = derived.coefficient, limit.start
    counted = done if as_published and start else 0.0
    coarse = limit.translated and p.attrs["level"] != "france" and limit.lever in panoramas.coarse(p)
    return Conversion(
        territory=p.attrs["territory"],
        name=p.attrs["name"],
        lever=limit.lever,
        label=limit.label,
        unit=limit.unit,
        kt=kt,
        quantity=quantity,
        done=float(done),
        baseline=float(one.baseline),
        coefficient=limit.slope,
        coarse=coarse,
        derived_coefficient=precise,
        derived_method=derived.method,
        quantity_derived=None if precise is None or not typed_kt else start + (kt + counted) * precise,
        kt_derived=None if precise is None or typed_kt else (quantity - start) / precise - counted,
        status=str(one.status.values),
        source=str(one.source.values),
        as_published=as_published,
        formula=_formula(limit, typed_kt, as_published) if limit.translated else "ktCO2e/an seulement",
        limits=_limits(p, limit.lever, coarse, derived),
    )


def _formula(limit: limits_of.Limit, typed_kt: bool, as_published: bool) -> str:
    start = f"point de départ 2019 ({french.quantity(limit.start)})" if limit.start else "0"
    coefficient = f"coefficient ({french.number(limit.slope, 4)})"
    done, unit = " + déjà fait" if as_published and limit.start else "", units.label(limit.unit)
    if typed_kt:
        return f"quantité [{unit}] = {start} + (ktCO2e/an{done}) × {coefficient}"
    return f"ktCO2e/an = (quantité [{unit}] − {start}) ÷ {coefficient}{done.replace('+', '−')}"


def _limits(p: xr.Dataset, lever: str, coarse: bool, derived: factors.Derived) -> tuple[str, ...]:
    known, out = parameters.levers()[lever], [FIRST_ORDER]
    if coarse:
        out.append("Coefficient publié avec un seul chiffre significatif : la quantité est un ordre de grandeur.")
    if derived.coefficient is not None:
        out.append(f"Coefficient dérivé : {french.number(derived.coefficient, 7)}, soit {derived.method}.")
    elif coarse:
        out.append(f"Pas de coefficient dérivé : {derived.method}.")
    if p.attrs["level"] == "departement":
        out.append("Valeur du département déduite de celle de sa région par une clé de répartition.")
    if territories.is_overseas(p.attrs["territory"]):
        out.append("Outre-mer : le simulateur officiel ne publie pas de traduction physique.")
    if known.note:
        out.append(" ".join(known.note.split()))
    return tuple(out)
