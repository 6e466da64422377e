"""Local figures that take the place of a key: given by a territory with their source, shared out as they are.

What they say is in force inside ``in_force`` only, and counts among what decides of everything that is kept
(``files.beside``): what was made without them stays as it is. The région's total never changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import NamedTuple, ParamSpec, TypeVar

import pandas as pd

from copkit import errors, files, french
from copkit.errors import LeverError, Problems, ProjectError, unknown
from copkit.models import downscaling
from copkit.reference import parameters, tables, territories

KEY, GRADE = "local", "L"  # what stands in the place of the key of keys.csv, and its grade
OFFICIAL = "Clé officielle du SGPE, lue dans le fichier officiel qui a été donné."
REASON = "Chiffre donné par le territoire, avec sa source ; il n'a pas été essayé entre régions : aucune fourchette."
COLUMNS = ("lever", "territory", "value", "unit", "year", "source")
SAID = {
    "lever": "levier",
    "territory": "territoire",
    "value": "valeur",
    "unit": "unité",
    "year": "année",
    "source": "source",
}
ROUNDING = 0.001  # how far the total given for a région may be from the sum of its parts, of 1: what is rounded
LISTED = 5  # places that a message names
P = ParamSpec("P")
R = TypeVar("R")


class Figure(NamedTuple):
    """The figure of a lever in a région: its value by département, all of them, in their order."""

    lever: str
    region: str
    values: tuple[tuple[str, float], ...]
    unit: str
    year: int
    source: str
    what: str = ""
    official: bool = False  # it is the official key of the lever, from its producer

    @property
    def label(self) -> str:
        """The key in words, which says what it is and where it comes from."""
        named = "clé officielle" if self.official else "clé locale"
        return f"{named} : {self.what or 'chiffre du territoire'} ({self.unit}, {self.year}), source : {self.source}"


@dataclass(frozen=True, repr=False)
class Local:
    """Chiffres locaux relus : ``figures``, un par levier et par région."""

    figures: tuple[Figure, ...]

    def __repr__(self) -> str:
        return f"<{french.plural(len(self.figures), 'clé locale', 'clés locales')}>"

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.figures)  # asked for each time that something is kept

    def __deepcopy__(self, _) -> Local:
        return self  # nothing in it changes

    def of(self, region: str) -> dict[str, Figure]:
        """Lever → its figure in a région."""
        return {one.lever: one for one in self.figures if one.region == region}

    def allocation(self, region: str, lever: str) -> downscaling.Allocation | None:
        """How a lever is shared out in a région by its local figure; None without one."""
        one = self.of(region).get(lever)
        if one is None:
            return None
        parts = downscaling.proportional(dict(one.values), territories.departements_of(region))
        grade, reason = ("A", OFFICIAL) if one.official else (GRADE, REASON)
        return downscaling.Allocation(parts, one.label, grade, reason, KEY)


@contextmanager
def in_force(given: Local | None) -> Iterator[None]:
    """Inside, the sharing of every territory follows these figures; none: those of the kit."""
    token = files.beside.set(given)
    try:
        yield
    finally:
        files.beside.reset(token)


def given() -> Local | None:
    """The local figures in force."""
    return files.beside.get()


def of(about: object) -> Local | None:
    """The local figures of a panorama or of a scenario; None for anything else."""
    return getattr(about, "attrs", {}).get("local")


def followed(make: Callable[P, R]) -> Callable[P, R]:
    """Decorator: the local figures of the panorama that is given first are in force meanwhile."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        found = of(next(iter((*args, *kwargs.values())), None))
        if found is None:
            return make(*args, **kwargs)
        with in_force(found):
            return make(*args, **kwargs)

    return made


def taken(local: object) -> Local | None:
    """Local figures that were read, or none; anything else is refused."""
    if local is None or isinstance(local, Local):
        return local
    raise LeverError(
        f'Chiffres locaux attendus, et non {errors.given(local)}. Les lire d\'abord : ck.local.read("cles.xlsx").'
    )


# ------------------------------------------------------------------ from a table


def shared() -> list[str]:
    """The levers that a local figure may share out: those of an audition, the forest apart."""
    known = parameters.levers()
    return [lever for lever, line in downscaling.lines().items() if not math.isnan(line.held_out) and lever in known]


def figures(table: pd.DataFrame, lever: str | None = None) -> Local:
    """Chiffres locaux d'une table : vérifiés tous ensemble, sommés par département.

    Parameters
    ----------
    table : une ligne par département, EPCI, commune ou site (le code de sa commune). Colonnes : territory (« dep-59 »,
        « epci-200093201 », « com-59350 »), value, unit, year, source ; lever, sauf s'il est donné à part.
        Facultatives : what, ce qui est compté ; site, le nom d'un site. Une ligne pour la région (« reg-32 ») est un
        total, comparé à la somme.
    lever : le levier de toutes les lignes.

    Returns
    -------
    Local : à donner à ``ck.panorama(…, local=…)``.

    Raises
    ------
    ProjectError
        Si une ligne n'a pas sa valeur, son unité, son année ou sa source, est négative ou en double ; si un levier ou
        un territoire est inconnu ; s'il manque un département de la région, un EPCI ou une commune d'un département ;
        si un EPCI est à cheval sur deux départements ; si la somme n'est pas le total : tous les problèmes à la fois.

    Examples
    --------
    >>> corse = {"territory": ["dep-2A", "dep-2B"], "value": [1, 3]}
    >>> table = pd.DataFrame(corse).assign(unit="bus", year=2024, source="collectivité")
    >>> figures(table, "bus_cars_decarbones").figures[0].values
    (('dep-2A', 1.0), ('dep-2B', 3.0))
    """
    if not isinstance(table, pd.DataFrame):
        raise ProjectError(f"Table de chiffres locaux attendue, et non {errors.given(table)}.")
    table = table.assign(lever=lever) if lever is not None else table
    if lost := [name for name in COLUMNS if name not in table]:
        raise ProjectError(f"Chiffres locaux : colonnes absentes : {', '.join(lost)}. Les ajouter à la table.")
    said = [{"where": f"ligne {n}", **row} for n, row in enumerate(table.to_dict("records"), start=1)]
    found, problems = checked(said)
    problems.raise_if_any(ProjectError)
    return found


def checked(said: list[dict], file: str = "Chiffres locaux") -> tuple[Local, Problems]:
    """Rows as ``figures`` takes them, and all that is wrong with them; ``file``: where they were read.

    ``where``: the place of a row, in messages; ``told``: the columns of which something was said where it was read.
    """
    problems, rows = Problems(), []
    for row in said:
        rows.append(_row(row, row["where"], row.get("told") or set(), problems))
    groups: dict[tuple[str, str], list[_Row]] = {}
    lame = [row for row in rows if not row.whole]
    for row in rows:
        if row.whole:
            groups.setdefault((row.lever, row.region), []).append(row)
    found = []
    for (lever, region), of in groups.items():
        partial = any(row.lever in ("", lever) and row.region in ("", region) for row in lame)
        found.append(_figure(lever, region, of, problems, partial))
    gathered = Problems()
    for where, messages in problems.found.items():
        for message in messages:
            gathered.add(file, f"{where} : {message}")
    if not rows:
        gathered.add(file, "aucune valeur. Écrire au moins la valeur de chaque département d'une région.")
    return Local(tuple(one for one in found if one)), gathered


class _Row(NamedTuple):
    where: str
    lever: str
    region: str
    territory: str
    value: float
    unit: str
    year: int
    source: str
    what: str
    site: str
    whole: bool  # whether all its cells are understood


def _row(row: dict, where: str, told: set[str], problems: Problems) -> _Row:
    """A row; what is wrong with each of its cells."""
    row = {name: None if name in told else cell for name, cell in row.items()}
    text = {name: _text(row.get(name)) for name in ("lever", "territory", "unit", "source")}
    wrong, levers = [], shared()
    lost = [SAID[name] for name in COLUMNS if not _text(row.get(name)) and name not in told]
    if lost:
        wrong.append(f"sans {french.join(lost)}. Compléter la ligne, ou la vider.")
    if text["lever"] and text["lever"] not in levers:
        wrong.append(unknown(f"levier inconnu ou sans clé : « {text['lever']} »", text["lever"], levers))
    value, year = (_number(row.get(name)) for name in ("value", "year"))
    if _text(row.get("value")) and not 0 <= value < math.inf:
        said = "négative" if value < 0 else "illisible"
        wrong.append(f"valeur {said} : « {_text(row['value'])} ». Écrire un nombre, zéro compris.")
    if _text(row.get("year")) and not (year.is_integer() and 1950 <= year <= 2100):
        wrong.append(f"année illisible : « {_text(row['year'])} ». Écrire par exemple 2024.")
    region, refused = _region(text["territory"])
    wrong += [refused] if refused else []
    for one in wrong:
        problems.add(where, one)
    whole, lever = not (wrong or told), text["lever"] if text["lever"] in levers else ""
    more = (text["source"], _text(row.get("what")), _text(row.get("site")), whole)
    return _Row(where, lever, region, text["territory"], value, text["unit"], int(year) if whole else 0, *more)


def _text(cell: object) -> str:
    if cell is None or cell != cell:  # NaN is not itself
        return ""
    return str(cell).strip().removesuffix(".0") if isinstance(cell, float) else str(cell).strip()


def _number(cell: object) -> float:
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _region(code: str) -> tuple[str, str]:
    """The région of a territory, and why it is refused."""
    level, found = code.partition("-")[0], _places()
    if not code:
        return "", ""
    if level == "epci" and len(inside := found.departements.get(code, ())) > 1:
        names = french.join(map(territories.name, inside))
        return "", (
            f"« {code} » est à cheval sur {names}, et son chiffre ne dit pas la part de chacun. Écrire à sa place la "
            "valeur de chacune de ses communes, ou celle de chaque département entier."
        )
    if level in ("reg", "dep") and code in territories.codes():
        region = territories.region_of(code)
    elif inside := found.departements.get(code, ()):
        region = territories.region_of(inside[0])
    else:
        return "", f"territoire inconnu : « {code} ». Écrire un département, un EPCI ou une commune de la région."
    if len(territories.departements_of(region)) == 1:
        return "", f"{territories.name(region)} n'a qu'un département : il n'y a rien à répartir. Retirer la ligne."
    return region, ""


def departement_of(code: str) -> str:
    """The département of a commune, or itself; empty for what is unknown or lies in several."""
    inside = _places().departements.get(code, ())
    return code if code in _places().communes and code.startswith("dep-") else inside[0] if len(inside) == 1 else ""


def communes_of(code: str) -> set[str]:
    """The communes of a département or of an EPCI."""
    return _places().communes.get(code, set())


class _Places(NamedTuple):
    departements: dict[str, tuple[str, ...]]  # of an EPCI or of a commune
    communes: dict[str, set[str]]  # of an EPCI or of a département
    epci: dict[str, str]  # of a commune


@files.kept(maxsize=2)
def _places() -> _Places:
    """Who is inside whom."""
    found = _Places({}, {}, {})
    for code, inside in tables.rows(tables.read("epci.csv"), "code", "departements"):
        found.departements[code] = tuple(inside.split())
    for code, departement, one in tables.rows(tables.read("communes.parquet"), "code", "departement", "epci"):
        found.departements[code] = (departement,)
        found.epci[code] = one
        for around in filter(None, (departement, one)):
            found.communes.setdefault(around, set()).add(code)
    return found


def _figure(lever: str, region: str, rows: list[_Row], problems: Problems, partial: bool) -> Figure | None:
    """What the rows of a lever say in a région, together; otherwise what does not add up.

    ``partial``: some of its rows are not understood: what lacks is not said again.
    """
    label, before = parameters.levers()[lever].label, str(problems)
    where = f"« {label} », {territories.name(region)}"
    _check_same(rows, where, problems)
    _check_twice(rows, problems)
    parts: dict[str, list[_Row]] = {code: [] for code in territories.departements_of(region)}
    totals = [row for row in rows if row.territory == region]
    for row in rows:
        if row.territory != region:
            inside = _places().departements.get(row.territory, (row.territory,))
            parts[inside[0]].append(row)
    lost = [territories.name(code) for code, of in parts.items() if not of]
    if lost and not partial:
        problems.add(
            where,
            f"il manque {french.join(lost)} : une part se calcule sur tous les départements de la région. "
            "Ajouter leur valeur, zéro s'il n'y a rien.",
        )
    for code, of in parts.items():
        _check_inside(code, of, f"« {label} », {territories.name(code)}", problems, partial)
    values = {code: math.fsum(row.value for row in of) for code, of in parts.items()}
    whole = math.fsum(values.values())
    partial = partial or bool(lost)
    if not (whole or partial):
        problems.add(where, "toutes les valeurs sont nulles : rien ne se répartit. Les vérifier.")
    for row in totals:
        if abs(row.value - whole) > ROUNDING * max(row.value, whole) and not partial:
            said = [french.number(one, 3 if whole < 1000 else 0) for one in (row.value, whole)]
            problems.add(
                row.where,
                f"total de {said[0]}, quand la somme de « {label} » fait {said[1]}. Corriger l'un ou l'autre.",
            )
    if partial or str(problems) != before:
        return None
    sources = french.join(dict.fromkeys(row.source for row in rows))
    what = next((row.what for row in rows if row.what), "")
    return Figure(lever, region, tuple(values.items()), rows[0].unit, rows[0].year, sources, what)


def _check_same(rows: list[_Row], where: str, problems: Problems) -> None:
    for name, said in (("unit", "unités"), ("year", "années")):
        found = list(dict.fromkeys(str(getattr(row, name)) for row in rows))
        if len(found) > 1:
            problems.add(where, f"{said} différentes : {french.join(found)}. Écrire toutes les valeurs dans la même.")


def _check_twice(rows: list[_Row], problems: Problems) -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        at = (row.territory, french.plain(row.site))
        if at in seen:
            named = f", site « {row.site} »" if row.site else ""
            problems.add(row.where, f"« {row.territory} »{named} : déjà donné ({seen[at]}). N'en garder qu'une ligne.")
        seen.setdefault(at, row.where)


def _check_inside(code: str, rows: list[_Row], where: str, problems: Problems, partial: bool) -> None:
    """The rows of a département: itself; its sites; or EPCI and communes that cover it without counting one twice."""
    found, name = _places(), territories.name(code)
    parts = [row for row in rows if row.territory != code]
    if parts and len(parts) < len(rows):
        told = f"{name} est donné entier, et aussi par ses EPCI, communes ou sites. Garder l'un ou l'autre."
        problems.add(parts[0].where, told)
        return
    epci = {row.territory for row in parts if row.territory in found.communes}
    for row in parts:
        if found.epci.get(row.territory) in epci:
            told = f"« {row.territory} » est donnée, et son EPCI aussi : elle compterait deux fois."
            problems.add(row.where, f"{told} Garder l'un ou l'autre.")
    if partial or not parts or all(row.site for row in parts):
        return  # a département has the sites that it has
    covered = set().union(*(found.communes.get(row.territory, {row.territory}) for row in parts))
    if lost := sorted(found.communes[code] - covered):
        whole = list(dict.fromkeys(found.epci[one] or one for one in lost)) if epci else lost
        listed = ", ".join(whole[:LISTED]) + (", …" if len(whole) > LISTED else "")
        problems.add(
            where,
            f"{french.plural(len(lost), 'commune sans valeur', 'communes sans valeur')} ({listed}). Ajouter ces "
            "lignes, zéro s'il n'y a rien, ou donner la valeur du département entier.",
        )
