"""The named figures of a territory, of its levers and of its observed series: what a message may say and look at.

Each is written once, rounded to what it is worth (``worth``), as documents write it.
What is unknown is left out, and so is what would say it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from copkit import french
from copkit.files import kept
from copkit.models import (
    comparison,
    dynamics,
    indicators,
    interactions,
    levers,
    local,
    panorama,
    plans,
    reliability,
    uncertainty,
    worth,
)
from copkit.models.levers import FOREST
from copkit.reference import territories

MANY = 3  # names of levers in a sentence
LAST_OF_THE_PANDEMIC = 2021
FIRST = 3  # levers that « the first ones » are


class Fact(NamedTuple):
    """A figure: its value [unit of its name], and how it is written, which is done when it is asked for."""

    value: float | str
    how: str | Callable[[float], str]

    @property
    def written(self) -> str:
        """As a sentence says it."""
        return self.how if isinstance(self.how, str) else self.how(float(self.value))


def _mass(kt: float, step: float = 0.0) -> str:
    """kt or Mt; ``step``: what it is rounded to. [kt]

    >>> _mass(21631.8), _mass(566), _mass(9207.6, 1000), _mass(3636, 100), _mass(338.9, 10)
    ('21,6 Mt', '566 kt', '9 Mt', '3,6 Mt', '340 kt')
    """
    if abs(kt) < 1000:
        return f"{french.to_step(kt, step, 0)} kt"
    decimals = max(0, 3 - round(math.log10(step))) if step else int(abs(kt) < 100_000)
    return f"{french.number(kt / 1000, decimals)} Mt"


def _range(low: float, high: float, step: float) -> str:
    """Both ends of a range, the unit once when it is the same. [kt]

    >>> _range(7884, 10530, 1000), _range(940, 1060, 100)
    ('8 à 11 Mt', '900 kt à 1,1 Mt')
    """
    first, last = _mass(low, step), _mass(high, step)
    return f"{first.rpartition(' ')[0] if first[-2:] == last[-2:] else first} à {last}"


def _percent(value: float) -> str:
    """A share in a sentence.

    >>> _percent(8.84), _percent(0.02)
    ('8,8\u202f%', 'moins de 0,1\u202f%')
    """
    return french.share(value).replace("<\u00a0", "moins de ")


def _count(value: float, figures: int = 2) -> str:
    """A quantity, before its noun.

    >>> _count(446_700), _count(1_027_000), _count(2_160_000), _count(446_700, 3)
    ('450\u202f000', '1 million de', '2,2 millions de', '447\u202f000')
    """
    if value < 1e6:
        return french.significant(value, figures)
    return f"{french.significant(value / 1e6, figures)} million{'s' if value >= 2e6 else ''} de"


WRITERS: dict[str, Callable[[float], str]] = {
    "kt": _mass,  # ktCO2e/an
    "%": _percent,
    "points": french.significant,
    "t": lambda value: f"{french.number(value, 1)} t",  # tCO2e/an per inhabitant
    "kg": french.significant,
    "nombre": lambda value: _count(value),  # a quantity: two significant digits, before its noun
    "mesure": lambda value: french.significant(value, 3),  # an observed value
    "compte": lambda value: french.number(value, 0),  # what is counted one by one
    "rang": lambda value: french.rank(int(value), feminine=False),
    "année": lambda value: str(int(value)),
}
TEXT = "texte"
YES, NO = "oui", "non"

TERRITORY = {
    **dict.fromkeys(("nom", "niveau", "region", "outre_mer", "foret", "reparti", "etabli", "fourchette"), TEXT),
    "petit": TEXT,
    **dict.fromkeys(("effort", "recouvrement"), "kt"),
    **dict.fromkeys(("part_nation", "part_population", "ecart_france", "part_c", "part_ab", "erreur_cles"), "%"),
    **dict.fromkeys(("part_locale", "part_premiers", "part_recouvrement", "part_en_retard", "part_remplacee"), "%"),
    **dict.fromkeys(("baisse_fioul", "baisse_logements", "baisse_tertiaire"), "%"),
    **dict.fromkeys(("par_habitant", "par_habitant_france"), "t"),
    **dict.fromkeys(("annee_population", "annee_emissions"), "année"),
    **dict.fromkeys(("pairs", "leviers", "quantites", "departements", "regions", "communes"), "compte"),
    **dict.fromkeys(("suivis", "en_retard", "au_rythme", "a_rebours", "arretees"), "compte"),
    **dict.fromkeys(("premiers", "plan", "secteur_plan"), TEXT),
    "rang": "rang",
    "ecart_plan": "points",
    "emissions": "kt",
}
LEVER = {
    **dict.fromkeys(("levier", "levier_titre", "levier_id", "note"), TEXT),
    "kt": "kt",
    **dict.fromkeys(("part", "part_suivant", "evolution"), "%"),
    **dict.fromkeys(("rang_levier", "rang_etabli", "rang_incertain"), "compte"),
    **dict.fromkeys(("quantite", "depart", "ecart", "par_habitant_levier", "par_commune"), "nombre"),
    "une_sur": "compte",
    "kg_par_km": "kg",
    "tonnes_par_habitant": "t",
    "annee_parc": "année",
}
SERIES = {
    **dict.fromkeys(("levier", "levier_titre", "levier_id", "indicateur", "indicateur_titre", "indicateur_id"), TEXT),
    **dict.fromkeys(("statut", "statut_dit", "statut_titre", "avance", "retard", "rebours_serie"), TEXT),
    **dict.fromkeys(("premier", "dernier", "cible"), "mesure"),
    **dict.fromkeys(("annee_premiere", "annee_derniere"), "année"),
    **dict.fromkeys(("progres", "reste"), "%"),
    "kt": "kt",
}
LISTED = SERIES | {"liste": TEXT, "annees": TEXT}
ANSWERS = {  # of the collectivités to the questionnaire; a lever counts from enough of them on
    **dict.fromkeys(("epci_repondants", "epci_liste", "leviers_juges", "leviers_pertinents"), "compte"),
    **dict.fromkeys(("leviers_attendus", "leviers_investis"), "compte"),
    **dict.fromkeys(("taux_epci", "part_attendus"), "%"),
    **dict.fromkeys(("attendu_premier", "investi_premier", "pertinent_premier", "origine_reponses"), TEXT),
}
SCOPES = {
    "territoire": TERRITORY,
    "levier": TERRITORY | LEVER,
    "serie": TERRITORY | SERIES,
    "series": TERRITORY | LISTED,
    "series_region": TERRITORY | LISTED,
    "reponses": TERRITORY | ANSWERS,
}
Facts = dict[str, Fact]

# What a unit of quantity becomes in a sentence: a factor, and what stands behind the number.
_SAID = {
    **{"nb": (1, ""), "hab": (1, ""), "bus_ou_car": (1, ""), "milliers": (1e3, ""), "millier_vehicules": (1e3, "")},
    **{"millier_logements": (1e3, ""), "km": (1, " km"), "millier_km": (1e3, " km"), "milliers_km": (1e3, " km")},
    **{"ha": (1, " ha"), "kha_par_an": (1e3, " ha par an"), "%": (1, f"{french.NARROW}%"), "MW": (1, " MW")},
    **{"GW": (1e3, " MW"), "TWh": (1, " TWh"), "TWh_par_an": (1, " TWh"), "GWh": (1e-3, " TWh")},
    **{"kt_par_an": (1, " kt"), "kg_par_hab_an": (1, " kg"), "t/hab": (1e3, " kg"), "kg/hab": (1, " kg")},
    **{"tCO2e": (1e-3, ""), "t.km": (1e-9, " milliards de t.km"), "Mtkm": (1e-3, " milliards de t.km")},
    "Mtkm_par_an": (1e-3, " milliards de t.km"),
    **{"gCO2/km": (1, " g de CO2 par km"), "kg_par_MWh": (1, " kg par MWh"), "kg/MWh": (1, " kg par MWh")},
}
_SCALED = {  # quantity of a lever → what its rule counts
    **{"millier_vehicules": 1e3, "millier_logements": 1e3, "millier_km": 1e3, "kha_par_an": 1e3, "kt_par_an": 1e3},
    "TWh_par_an": 1e9,  # kWh
}
_STATUSES = {"mauvais sens": "dans le mauvais sens"}  # of the dynamics, as a sentence says them
_KM_PER_CAR = "km_par_voiture_an"


def _facts(scope: dict[str, str], values: dict[str, float | str], **written: str) -> Facts:
    """The values that are known, each as its unit is written, or as ``written`` says."""
    out = {}
    for name, value in values.items():
        unit = scope[name]
        if value is None or value == "" or (unit != TEXT and not math.isfinite(value)):
            continue
        out[name] = Fact(value, str(value) if unit == TEXT else written.get(name) or WRITERS[unit])
    return out


def territory(p: xr.Dataset) -> Facts:
    """The figures of the territory as a whole."""
    code, level = p.attrs["territory"], p.attrs["level"]
    effort, figures = panorama.total(p, forest=False), worth.total(p)
    values: dict = {
        "nom": p.attrs["name"],
        "niveau": territories.level_label(code) if level != "france" else "pays",
        "region": french.join(map(territories.name, territories.regions_of(code))),
        "regions": len(territories.regions_of(code)),
        "petit": YES if territories.is_fine(code) else NO,
        "communes": len(territories.communes_of(code)) or math.nan,
        "outre_mer": YES if territories.is_overseas(code) else NO,
        "foret": YES if FOREST in p.lever.values and panorama.total(p, forest=True) > effort else NO,
        "effort": effort,
        "leviers": int((p.variables["shown"].values & ~np.isnan(p.variables["target"].values)).sum()),
        "quantites": int((~np.isnan(p.variables["quantity"].values)).sum()),
    }
    grades = panorama.grade_shares(p)
    values["reparti"] = NO if grades.empty else YES
    values["etabli"] = NO if panorama.rough_share(p) > panorama.ROUGH else YES
    if not grades.empty:
        low, high = uncertainty.span(p)
        own = panorama.local_share(p)
        values |= {"part_c": grades["C"], "part_ab": grades["A"] + grades["B"], "erreur_cles": reliability.error(p)}
        values["part_remplacee"] = panorama.replaced_share(p)
        # a local figure has no range, and so has no total that stands on one
        values |= {"part_locale": own} if own else {"fourchette": _range(low, high, worth.step(p))}
    share = panorama.national_part(p) if level != "france" else math.nan
    values |= {"part_nation": share, **_people(code, level, effort), **_first(p), **_rates(p)}
    values |= _place(p) | _overlap(p) | _pace(code) | _plan(code)
    inside = {"region": territories.departements_of, "france": lambda _: territories.codes("departement")}
    values["departements"] = len(inside[level](code)) if level in inside else math.nan
    if found := indicators.series(code, "emissions_ges_hors_utcatf")[0]:
        last = next((point for point in found if point.year == 2019), found[-1])
        values |= {"emissions": 1000 * last.value, "annee_emissions": last.year}
    written = {"effort": _mass(effort, worth.step(p))}
    if "recouvrement" in values:
        written["recouvrement"] = _mass(values["recouvrement"], french.step(values["recouvrement"], 2, 0))
    if figures:  # no more than the effort itself
        written["par_habitant"] = f"{worth.write(values['par_habitant'], figures, 1)} t"
    return _facts(TERRITORY, values, **written)


def alone(code: str) -> bool:
    """True when its région has one département."""
    return len(territories.departements_of(territories.region_of(code))) == 1


@kept(maxsize=1)
def _populations() -> dict[str, tuple[float, float]]:
    """Code → its inhabitants, and their year."""
    table = territories.table()
    columns = (table[name].tolist() for name in ("code", "population", "population_year"))
    return {code: (people, year) for code, people, year in zip(*columns, strict=True)}


def _inhabitants(code: str) -> tuple[float, float]:
    """The inhabitants of a territory, and their year."""
    if territories.is_fine(code):
        return territories.population(code), _populations()[territories.region_of(code)][1]
    return _populations()[code]


def _people(code: str, level: str, effort: float) -> dict:
    """What it is of the population, and per inhabitant: here and in the country."""
    (here, year), (nation, _) = _inhabitants(code), _populations()["fr"]
    whole = panorama.total(panorama.shared("fr"), forest=False)
    own, theirs = 1000 * effort / here, 1000 * whole / nation
    found = {"par_habitant": own, "par_habitant_france": theirs, "annee_population": int(year)}
    if level == "france":
        return found
    return found | {
        "part_population": 100 * here / nation,
        "ecart_france": 100 * (own / theirs - 1),
    }


def _first(p: xr.Dataset) -> dict:
    rows, share = panorama.largest(p, FIRST)
    return {"part_premiers": share, "premiers": _names(row.label for row in rows)}


def _rates(p: xr.Dataset) -> dict:
    """How much some quantities fall: a rate is that of the région, whatever the key that shares out the quantity."""
    names = {
        "baisse_fioul": "chaudieres_fioul_residentiel",
        "baisse_logements": "sobriete_isolation_residentiel",
        "baisse_tertiaire": "sobriete_isolation_tertiaire",
    }
    found = dict(zip(p.lever.values.tolist(), panorama.changes(p).tolist(), strict=True))
    return {name: -found.get(lever, math.nan) for name, lever in names.items()}


def _place(p: xr.Dataset) -> dict:
    if territories.is_fine(p.attrs["territory"]):
        return {}
    peers = panorama.place(p)
    if p.attrs["territory"] not in peers.index:
        return {}
    return {"rang": int(peers["rank"][p.attrs["territory"]]), "pairs": len(peers)}


def _overlap(p: xr.Dataset) -> dict:
    """What the levers that act on the same quantity count more than once."""
    found = [one.overlap for one in interactions.readings(p)]
    if not found or any(map(math.isnan, found)):
        return {}
    counted = sum(found)
    return {"recouvrement": counted, "part_recouvrement": 100 * counted / panorama.total(p, forest=False)}


def _pace(code: str) -> dict:
    """How many of the series that say something are late, and which go the wrong way."""
    rows = [row for row in observed(code) if row.judged]
    late = [row for row in rows if row.late]
    wrong = [row for row in rows if row.status == "mauvais sens"]
    return {
        "suivis": len(rows),
        "en_retard": len(late),
        "au_rythme": len(rows) - len(late),
        "a_rebours": len(wrong),
        "arretees": sum(row.last_year <= LAST_OF_THE_PANDEMIC for row in rows),
        "part_en_retard": 100 * len(late) / len(rows) if rows else math.nan,
    }


def _plan(code: str) -> dict:
    """The other plan of the territory, and the sector whose share of the effort differs most. [points]"""
    others = plans.known(code)[1:]
    if not others:
        return {}
    table = comparison.compare(code, "sgpe", others[0], allow_mixed_conventions=True).table
    gaps = (table.share_b - table.share_a).abs()
    if gaps.isna().all():
        return {}
    furthest = table.loc[gaps.idxmax()]
    return {"plan": plans.label_of(others[0]), "ecart_plan": gaps.max(), "secteur_plan": _lower(furthest.label)}


def by_lever(p: xr.Dataset) -> Iterator[Facts]:
    """The figures of each lever that weighs something, the forest apart, from the largest."""
    rows = [row for row in panorama.ordered(p) if row.shown and row.lever != FOREST and row.target_ktco2e > 0]
    known = dict.fromkeys(("A", "B", "C", local.GRADE, ""), 0)
    code = p.attrs["territory"]
    people = float(_inhabitants(code)[0])
    found, _ = indicators.series(code, "nombre_communes")
    communes = found[-1].value if found else len(territories.communes_of(code)) or math.nan
    fleet, year = levers.car_fleet(p), _fleet_year(code)
    efforts, counted = worth.levers(p), worth.quantities(p)
    columns = (*(p.variables[name].values for name in ("lever", "quantity", "baseline")), panorama.changes(p))
    physics = {lever: rest for lever, *rest in zip(*(column.tolist() for column in columns), strict=True)}
    for n, row in enumerate(rows):
        known[row.grade] += 1
        quantity, baseline, change = physics[row.lever]
        scale, start = _SCALED.get(row.unit, 1.0), 0.0 if math.isnan(baseline) else baseline
        gap = abs(quantity - start) * scale
        values = {
            "levier": _lower(row.label),
            "levier_titre": row.label,
            "levier_id": row.lever,
            "note": row.grade or "publiée",
            "kt": row.target_ktco2e,
            "part": row.share,
            "part_suivant": rows[n + 1].share if n + 1 < len(rows) else math.nan,
            "evolution": abs(change),
            "rang_levier": n + 1,
            "rang_etabli": known["A"] if row.grade == "A" else math.nan,
            "rang_incertain": known["C"] if row.grade == "C" else math.nan,
            "quantite": quantity * scale,
            "depart": baseline * scale,
            "ecart": gap,
            "par_habitant_levier": gap / people,
            "par_commune": gap / communes,
            "une_sur": fleet / quantity if fleet and row.unit == "millier_vehicules" else math.nan,
            "annee_parc": year if row.unit == "millier_vehicules" else math.nan,
            "kg_par_km": row.target_ktco2e * 1e3 / (quantity * fleet)
            if fleet and row.unit == _KM_PER_CAR
            else math.nan,
            "tonnes_par_habitant": 1000 * row.target_ktco2e / people,
        }
        step = french.step(row.target_ktco2e, efforts[row.lever], 0)
        written = {name: _count(values[name], counted[row.lever]) for name in ("quantite", "depart")}
        yield _facts(LEVER, values, kt=_mass(row.target_ktco2e, step), **written)


def _fleet_year(code: str) -> float:
    points, _ = indicators.series(territories.region_of(code), levers.CAR_FLEET)
    return points[-1].year if points else math.nan


class _Row(NamedTuple):
    """An observed series of a lever, and what it says."""

    lever: str
    label: str
    indicator: str
    indicator_label: str
    unit: str
    first_year: int
    first: float
    last_year: int
    last: float
    needed: float
    status: str
    late: bool
    judged: bool


@kept(maxsize=256)
def observed(code: str) -> list[_Row]:
    """The observed series of a territory that say something, over two years at least."""
    table, silent = dynamics.dynamics(code), (dynamics.ALIKE, dynamics.UNCORRECTED)
    if table.empty:
        return []
    columns = [table[name].tolist() for name in _Row._fields[:-2]]
    found = (_Row(*row, row[-1] in dynamics.LATE, row[-1] in dynamics.JUDGED) for row in zip(*columns, strict=True))
    known = zip(found, table["last"].tolist(), table.points.tolist(), strict=True)
    return [one for one, last, points in known if last == last and points > 1 and one.status not in silent]


def by_series(code: str, p: xr.Dataset) -> Iterator[Facts]:
    """The figures of each observed series of the territory, over two years at least."""
    weights = dict(zip(p.lever.values.tolist(), p.target.values.tolist(), strict=True))
    signs = {
        (row.lever, row.indicator): indicators.DIRECTIONS[row.direction]
        for rows in indicators.by_lever().values()
        for row in rows
    }
    for row in observed(code):
        if row.unit not in _SAID:
            continue
        scale, unit = _SAID[row.unit]
        moved = 100 * (row.last / row.first - 1) if row.first else math.nan
        left, said = 2030 - row.last_year, _STATUSES.get(row.status, row.status)
        values = {
            "levier": _lower(row.label),
            "levier_titre": row.label,
            "levier_id": row.lever,
            "indicateur": row.indicator_label,
            "indicateur_titre": french.capital(row.indicator_label),
            "indicateur_id": row.indicator,
            "statut": row.status,
            "statut_dit": said,
            "statut_titre": french.capital(said),
            "avance": YES if row.judged and not row.late else NO,
            "retard": YES if row.late else NO,
            "rebours_serie": YES if row.status == "mauvais sens" else NO,
            "premier": row.first * scale,
            "dernier": row.last * scale,
            "cible": (row.last + row.needed * left) * scale,
            "annee_premiere": row.first_year,
            "annee_derniere": row.last_year,
            "progres": moved * signs[row.lever, row.indicator],
            "reste": 100 + moved,
            "kt": weights.get(row.lever, math.nan),
        }
        write = _mass if row.unit == "tCO2e" else WRITERS["mesure"]
        written = {name: f"{write(values[name])}{unit}" for name in ("premier", "dernier")}
        if not math.isnan(values["cible"]):
            written["cible"] = f"{french.significant(values['cible'])}{unit}"
        yield _facts(SERIES, values, **written)


def listed(found: list[Facts]) -> Facts:
    """Several series in one sentence: their levers, and the years of their last values."""
    years = sorted({one["annee_derniere"].value for one in found})
    labels = dict.fromkeys(one["levier"].written for one in found)
    values = {
        "liste": _names(labels),
        "annees": str(years[0]) if len(years) == 1 else f"{years[0]} à {years[-1]}",
    }
    shared = {name: found[0][name] for name in ("statut", "statut_dit", "statut_titre")}
    return shared | _facts(LISTED, values)


def answered(values: dict[str, float | str], levers: dict[str, str]) -> Facts:
    """What collectivités answered: figures, and names of levers, by the names of ``ANSWERS``."""
    return _facts(ANSWERS, values | {name: _lower(label) for name, label in levers.items()})


def _names(labels: Iterable[str]) -> str:
    """Names of levers in a sentence; how many others behind the first ones."""
    found = [_lower(label) for label in dict.fromkeys(labels)]
    if not found:
        return ""
    shown = found if len(found) <= MANY + 1 else [*found[:MANY], f"et {len(found) - MANY} autres"]
    return " ; ".join(shown)  # their labels have commas and « et » of their own


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
