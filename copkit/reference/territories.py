"""Territories: the codes that carry their level, and who is inside whom.

Below the départements: communes, EPCI and perimeters, which are lists of communes (CRTE, PETR, PNR, SCoT, bassin de
vie). A perimeter is known by its code once it is declared: a program declares those that it reads.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from copkit import errors, french, paths
from copkit.errors import TerritoryError, closest, given, suggestion, unknown
from copkit.files import kept

if TYPE_CHECKING:  # slow to import, and names need no table
    import pandas as pd

LEVELS = ("france", "region", "departement", "epci", "commune")
FINE = ("epci", "commune", "perimetre")  # below the départements: lists of communes
OVERSEAS_REGIONS = ("reg-01", "reg-02", "reg-03", "reg-04", "reg-06")
_CASES = str.maketrans({"a": "A", "b": "B"})


@dataclass(frozen=True)
class Perimeter:
    """Un périmètre : un nom, un code « per-… » qui en vient, et ses communes, dans l'ordre de leurs codes."""

    name: str
    communes: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code of the perimeter: its name, without what a folder could not hold."""
        return f"per-{re.sub('[^a-z0-9]+', '-', french.plain(self.name)).strip('-')[:60] or 'sans-nom'}"


_declared: dict[str, Perimeter] = {}  # code → perimeter: those that this program read


def declare(perimeter: Perimeter) -> str:
    """The code of a perimeter, known from then on; the last one of a name wins."""
    _declared[perimeter.code] = perimeter
    return perimeter.code


def table() -> pd.DataFrame:
    """France, the 18 régions and the 101 départements: code, level, name, region, population [hab].

    ``region`` is empty for a région. Source: ``insee_cog_2026``.
    """
    from copkit.reference import tables

    return tables.read("territories.csv")


def _names() -> dict[str, tuple[str, str, str]]:
    return _read_names()


@kept(maxsize=4)
def _read_names() -> dict[str, tuple[str, str, str]]:
    try:
        with paths.clean_data("territories.csv").open(encoding="utf-8-sig", newline="") as lines:
            return {row["code"]: (row["name"], row["level"], row["region"]) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError):
        table()  # says what is wrong with the file
        raise


def territories(level: str | None = None, within: str | None = None) -> pd.DataFrame:
    """Les territoires, filtrés par niveau et par territoire englobant.

    Parameters
    ----------
    level : « region », « departement », « epci » ou « commune » ; par défaut régions et départements.
    within : code d'un territoire, par exemple « reg-32 » ou « dep-59 ».

    Returns
    -------
    DataFrame : code, level, name, region, population [hab], et departement(s) pour les EPCI et communes.

    Raises
    ------
    TerritoryError
        Si le niveau ou le territoire englobant est inconnu.

    Examples
    --------
    >>> territories("departement", within="reg-32").name.to_list()
    ['Aisne', 'Nord', 'Oise', 'Pas-de-Calais', 'Somme']
    """
    if level is not None and (not isinstance(level, str) or level not in LEVELS):
        raise TerritoryError(unknown(f"Niveau inconnu : {given(level)}", str(level), LEVELS, "Niveaux"))
    from copkit.reference import tables

    inside = resolve(within) if within else None
    if level == "commune":
        found = tables.read("communes.parquet").assign(level="commune")
    elif level == "epci":
        found = tables.read("epci.csv").assign(level="epci")
    else:
        found = table()
        found = found[found.level != "france"] if level is None else found[found.level == level]
    if inside and inside != "fr":
        columns = [c for c in ("code", "region", "departement", "departements", "regions", "epci") if c in found]
        rows = zip(*(found[c].to_list() for c in columns), strict=True)
        found = found[[any(inside in cell.split(" ") for cell in row) for row in rows]]
        found = found[found.code != inside] if level is None else found
    return found.reset_index(drop=True)


def resolve(code: object, *, fine: bool = False) -> str:
    """The full code of a région, a département or France, from what a person typed, or from a panorama.

    ``fine``: also of an EPCI, of a commune, or of a perimeter that was declared.

    >>> resolve("REG-32"), resolve("Hauts-de-France"), resolve("dep-2a"), resolve("EPCI-200066926", fine=True)
    ('reg-32', 'reg-32', 'dep-2A', 'epci-200066926')

    Raises
    ------
    TerritoryError
        If the code is unknown, if it is bare (every région code is also a département code), or if it
        names a territory below the départements where ``fine`` is not said.
    """
    code = getattr(code, "attrs", {}).get("territory", code)  # a panorama stands for its territory
    if isinstance(code, Perimeter):
        code = declare(code)
    if not isinstance(code, str | int):
        raise TerritoryError(
            f"Territoire attendu, et non {given(code)}.\nÉcrire un code comme « reg-32 », « dep-59 » ou « fr »."
        )
    typed = str(code).strip()
    lowered = typed.lower()
    head, dash, tail = lowered.partition("-")
    full = f"{head}-{tail.translate(_CASES)}" if dash and head in ("reg", "dep") else lowered
    names = _names()
    if full in names:
        return full
    if found := _below(lowered):
        if fine:
            return found
        raise TerritoryError(
            f"« {typed} » ({name(found)}) : ceci existe pour la France, les régions et les départements seulement."
        )
    if lowered.startswith(("epci-", "com-", "per-")):
        raise TerritoryError(_unknown_below(typed, lowered))
    bare = lowered.translate(_CASES).upper()
    bare = bare.zfill(2) if bare.isdigit() else bare
    readings = [f"{level}-{bare}" for level in ("reg", "dep") if f"{level}-{bare}" in names]
    if readings:
        said = " et ".join(f"{article(c)} {names[c][0]}" for c in readings)
        kind = "ambigu" if len(readings) > 1 else "incomplet"
        write = " ou ".join(f"« {c} »" for c in readings)
        raise TerritoryError(f"Territoire {kind} : « {typed} » désigne {said}.\nÉcrire {write}.")
    by_name = [c for c, (name, _, _) in names.items() if french.plain(name) == french.plain(typed)]
    if len(by_name) == 1:
        return by_name[0]
    if by_name:
        write = " ou ".join(f"« {c} » ({level_label(c)})" for c in by_name)
        raise TerritoryError(f"Territoire ambigu : « {typed} ».\nÉcrire {write}.")
    hint = suggestion(full, list(names)) or _name_hint(typed, names)
    raise TerritoryError(
        f"Territoire inconnu : « {typed} ».{hint}\nÉcrire un code comme « reg-32 », « dep-59 » ou « fr »."
    )


def exists(code: str) -> bool:
    """Whether a full code is that of a territory that the kit knows."""
    return code in _names() or bool(_below(code.lower()))


def _below(lowered: str) -> str:
    """The code of an EPCI, a commune or a declared perimeter, as the tables write it; empty when there is none."""
    if lowered.startswith("epci-"):
        return lowered if lowered in _epci() else ""
    if lowered.startswith("com-"):
        return code if (code := f"com-{lowered[4:].translate(_CASES)}") in communes() else ""
    return lowered if lowered in _declared else ""


def _unknown_below(typed: str, lowered: str) -> str:
    """Why a code below the départements is unknown, and what to write."""
    if lowered.startswith("per-"):
        known = f" Périmètres lus : {', '.join(_declared)}." if _declared else ""
        return (
            f"Périmètre inconnu : « {typed} ».{known}\nDonner son fichier : "
            f"{errors.typed('ck.perimeter(fichier)', '--perimeter FICHIER')}."
        )
    if lowered.startswith("com-"):
        form = "« com- » et les 5 caractères du code INSEE"
        listed = errors.typed('ck.territories("commune")', "data/clean/communes.parquet")
        return f"Commune inconnue : « {typed} ».\nÉcrire {form} ; la liste : {listed}."
    near = closest(lowered, {code: code for code in _epci()}, least=0.9)
    hint = "".join(f" Vouliez-vous dire « {code} » ({name(code)}) ?" for code in near)
    form = "« epci- » et les 9 chiffres du SIREN"
    listed = errors.typed('ck.territories("epci")', "data/clean/epci.csv")
    return f"EPCI inconnu : « {typed} ».{hint}\nÉcrire {form} ; la liste : {listed}."


@kept(maxsize=4)
def _epci() -> dict[str, tuple[str, list[str]]]:
    """The name of each EPCI, and its régions."""
    try:
        with paths.clean_data("epci.csv").open(encoding="utf-8-sig", newline="") as lines:
            return {row["code"]: (row["name"], row["regions"].split(" ")) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError):
        territories("epci")  # says what is wrong with the file
        raise


class Commune(NamedTuple):
    """What the kit knows of a commune; ``epci`` is empty for four islands. [hab]"""

    name: str
    departement: str
    region: str
    epci: str
    population: float


def commune(code: str) -> Commune:
    """A commune, by its full code; for many of them, ``communes``."""
    return communes()[code]


@kept(maxsize=4)
def communes() -> dict[str, Commune]:
    """All the communes, by their full code."""
    from copkit.reference import tables

    found = tables.read("communes.parquet")
    columns = (found[name].to_list() for name in ("code", *Commune._fields))
    return {code: Commune(*row) for code, *row in zip(*columns, strict=True)}


@kept(maxsize=4)
def _members() -> dict[str, tuple[str, ...]]:
    """EPCI → its communes."""
    found: dict[str, list[str]] = {}
    for code, one in communes().items():
        if one.epci:
            found.setdefault(one.epci, []).append(code)
    return {epci: tuple(sorted(codes)) for epci, codes in found.items()}


def communes_of(code: str) -> tuple[str, ...]:
    """The communes of an EPCI, of a declared perimeter, or a commune itself, in code order; of others, none.

    >>> len(communes_of("epci-200066926")), communes_of("com-59350"), communes_of("dep-59")
    (34, ('com-59350',), ())
    """
    if code.startswith("epci-"):
        return _members().get(code, ())
    return (code,) if code.startswith("com-") else _declared[code].communes if code in _declared else ()


def by_departement(code: str) -> dict[str, list[str]]:
    """The communes of a territory below the départements, by département, in code order."""
    found: dict[str, list[str]] = {}
    for one in communes_of(code):
        found.setdefault(commune(one).departement, []).append(one)
    return {one: found[one] for one in sorted(found)}


def all_communes_of(departement: str) -> tuple[str, ...]:
    """The communes of a département, in code order."""
    return _of_departement()[departement]


@kept(maxsize=4)
def _of_departement() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, one in communes().items():
        found.setdefault(one.departement, []).append(code)
    return {one: tuple(sorted(codes)) for one, codes in found.items()}


def population(code: str) -> float:
    """The inhabitants of a territory. [hab]

    >>> population("com-59350") > 200_000, population("epci-200093201") > population("com-59350")
    (True, True)
    """
    if (inside := communes_of(code)) or is_fine(code):
        return float(sum(commune(one).population for one in inside))
    found = table()
    return float(found.population[found.code == code].iloc[0])


def is_fine(code: str) -> bool:
    """True below the départements: EPCI, commune, perimeter."""
    return code.startswith(("epci-", "com-", "per-"))


def _name_hint(typed: str, names: dict) -> str:
    close = closest(french.plain(typed), {french.plain(name): code for code, (name, _, _) in names.items()}, least=0.7)
    return "".join(f" Vouliez-vous dire « {code} » ({names[code][0]}) ?" for code in close)


def codes(level: str | None = None) -> list[str]:
    """The codes of a level, région or département; of both by default.

    >>> len(codes()), codes("region")[0]
    (119, 'reg-01')
    """
    return [code for code, (_, at, _) in _names().items() if (at == level if level else at != "france")]


def epci() -> list[str]:
    """The codes of the EPCI.

    >>> len(epci())
    1255
    """
    return list(_epci())


def article(code: str) -> str:
    """« la région », « le département de » as the messages say it."""
    kinds = {"reg": "la région", "dep": "le département", "epci": "l'EPCI", "com": "la commune", "per": "le périmètre"}
    return kinds.get(code.split("-")[0], "le territoire")


def level_label(code: str) -> str:
    """région, département, EPCI, France."""
    labels = {"france": "France entière", "region": "région", "departement": "département", "epci": "EPCI"}
    return (labels | {"commune": "commune", "perimetre": "périmètre"})[level(code)]


def name(code: str) -> str:
    """The name of a territory.

    >>> name("dep-59")
    'Nord'
    """
    if code in (known := _names()):
        return known[code][0]
    if code in _declared:
        return _declared[code].name
    return commune(code).name if code.startswith("com-") else _epci()[code][0]


def level(code: str) -> str:
    """The level of a resolved code."""
    kinds = {"epci": "epci", "com": "commune", "per": "perimetre"}
    return kinds.get(code.split("-")[0]) or _names()[code][1]


def region_of(code: str) -> str:
    """The région of a département; a région is its own; below, the one where most inhabitants live.

    >>> region_of("dep-59"), region_of("reg-32"), region_of("epci-200066926")
    ('reg-32', 'reg-32', 'reg-76')
    """
    return regions_of(code)[0] if is_fine(code) else _names()[code][2] or code


def regions_of(code: str) -> list[str]:
    """The régions that a territory lies in; below the départements, from the most inhabitants to the fewest."""
    if not is_fine(code):
        return [region_of(code)]
    if code.startswith("epci-") and len(regions := _epci()[code][1]) == 1:
        return regions
    people: dict[str, float] = {}
    for one in map(commune, communes_of(code)):
        people[one.region] = people.get(one.region, 0) + one.population
    return sorted(people, key=lambda region: (-people[region], region))


def departements_of(region: str) -> list[str]:
    """The départements of a région, in code order.

    >>> departements_of("reg-94")
    ['dep-2A', 'dep-2B']
    """
    return [*_inside().get(region, ())]


@kept(maxsize=4)
def _inside() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, (_, _, region) in _names().items():
        found.setdefault(region, []).append(code)
    return found


def is_overseas(code: str) -> bool:
    """True for the five overseas régions and their départements."""
    return region_of(code) in OVERSEAS_REGIONS
