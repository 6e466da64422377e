"""The schemas of ``data/clean/`` and how its tables are read: codes as text, every row checked.

A damaged file gets one message that names each line, column and remedy; a table that passes is
returned with typed columns and cannot be spoilt by its reader (pandas copies what is written on).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError

from copkit import paths
from copkit.errors import DataError, Problems, unknown
from copkit.files import kept
from copkit.reference import parameters

TERRITORY = r"^(fr|reg-\d{2}|dep-(\d{2}|2A|2B|97\d)|epci-\d{9}|com-[\dAB]{5})$"
STATUSES = ["publie", "derive", "hypothese"]
CONVENTIONS = {  # how emissions are counted; definitions: feuille_de_route_hauts_de_france_2025
    "scope_1_2": "planification : émissions directes de la production d'énergie, indirectes des consommateurs",
    "pcaet": "format PCAET : électricité, chaleur et froid comptés sur le lieu de consommation",
    "non_precisee": "convention non précisée par la source",
}
MEASURES = ["share", "difference", "target", "mention"]  # of a plan: data/README.md says what each means


class Column(NamedTuple):
    """What the cells of a column may be, for pydantic."""

    kind: object
    number: bool = False
    allowed: tuple[str, ...] = ()


def _text(*, allowed: Iterable[str] = (), pattern: str | None = None, empty: bool = False) -> Column:
    if allowed := tuple(allowed):
        return Column(Literal[allowed], allowed=allowed)
    return Column(Annotated[str, Field(pattern=pattern, min_length=0 if empty else 1)])


def _number(*, empty: bool = False, least: float | None = None) -> Column:
    number = Annotated[float, Field(ge=least, allow_inf_nan=False)]
    return Column(number | None if empty else number, number=True)


@lru_cache(maxsize=4)
def _schemas(levers: tuple[str, ...], sources: tuple[str, ...]) -> dict[str, tuple[dict[str, Column], list[str]]]:
    """The columns of each table of ``data/clean/`` and those of its key; [units] are in ``data/README.md``."""
    status, code = _text(allowed=STATUSES), _text(pattern=TERRITORY)
    yes_no = _text(allowed=["oui", "non"])
    lever, source = _text(allowed=levers), _text(allowed=sources)
    return {
        "territories.csv": (
            {
                "code": code,
                "level": _text(allowed=["france", "region", "departement"]),
                "name": _text(),
                "region": _text(empty=True),
                "population": _number(least=0),
                "population_year": _number(),
                "status": status,
                "source": source,
            },
            ["code"],
        ),
        "epci.csv": (
            {
                "code": code,
                "name": _text(),
                "type": _text(),
                "departements": _text(),
                "regions": _text(),
                "communes": _number(least=1),
                "population": _number(least=0),
                "source": source,
            },
            ["code"],
        ),
        "communes.parquet": (
            {
                "code": code,
                "name": _text(),
                "departement": code,
                "region": code,
                "epci": _text(empty=True),
                "population": _number(least=0),
                "population_year": _number(),
                "source": source,
            },
            ["code"],
        ),
        "groupements.parquet": (
            {
                "code": _text(pattern=r"^grp-\d{9}$"),
                "name": _text(),
                "type": _text(allowed=["petr", "pnr", "pole_metropolitain", "syndicat"]),
                "departement": code,
                "population": _number(least=0),
                "source": source,
            },
            ["code"],
        ),
        "panorama.csv": (
            {
                "version": _text(),
                "territory": code,
                "lever": lever,
                "target_ktco2e": _number(least=0),
                "baseline": _number(empty=True),
                "quantity_per_ktco2e": _number(empty=True),
                "translated": yes_no,
                "editable": yes_no,
                "shown": yes_no,
                "status": status,
                "source": source,
            },
            ["version", "territory", "lever"],
        ),
        "observed.parquet": (
            {
                "territory": code,
                "indicator": _text(),
                "year": _number(),
                "value": _number(),
                "unit": _text(),
                "status": status,
                "source": source,
            },
            ["territory", "indicator", "year", "source"],
        ),
        "allocation.csv": (
            {
                "key": _text(),
                "territory": code,
                "value": _number(least=0),
                "unit": _text(),
                "year": _number(),
                "status": status,
                "source": source,
                "method": _text(empty=True),
            },
            ["key", "territory"],
        ),
        "audition.csv": (
            {
                "lever": lever,
                "key": _text(),
                "territory": code,
                "published": _number(least=0),
                "by_key": _number(least=0),
                "held_out": _number(least=0),
                "status": status,
                "source": source,
            },
            ["lever", "key", "territory"],
        ),
        "lever_shares.csv": (
            {
                "territory": code,
                "sector": _text(allowed=list(get_args(parameters.Sector))),
                "label": _text(),
                "lever": _text(allowed=["", *levers], empty=True),
                "value": _number(least=0),
                "status": status,
                "source": source,
            },
            ["territory", "sector", "label"],
        ),
        "energy.parquet": (
            {
                "territory": code,
                "energy": _text(allowed=["electricite", "gaz"]),
                "network": _text(allowed=["distribution", "transport"]),
                "sector": _text(allowed=["agriculture", "industrie", "tertiaire", "residentiel", "inconnu"]),
                "year": _number(least=2018),  # before, small professionals are counted in housing
                "value": _number(least=0),
                "points": _number(least=0, empty=True),
                "status": status,
                "source": source,
            },
            ["territory", "energy", "network", "sector", "year"],
        ),
        "installations.parquet": (
            {
                "site": _text(),
                "name": _text(),
                "operator": _text(empty=True),
                "family": _text(),
                "commune": _text(pattern=r"^(com-[\dAB]{5})?$", empty=True),
                "departement": code,
                "placement": _text(),
                "year": _number(),
                "value": _number(least=0),
                "status": status,
                "source": source,
            },
            ["site", "year"],
        ),
        "buses.parquet": (
            {
                "territory": code,
                "vehicle": _text(allowed=["Autobus", "Autocar"]),
                "fuel": _text(),
                "year": _number(),
                "value": _number(least=0),
                "status": status,
                "source": source,
            },
            ["territory", "vehicle", "fuel", "year"],
        ),
        "allocation_local.parquet": (
            {
                "key": _text(),
                "territory": _text(pattern=r"^(epci-\d{9}|com-[\dAB]{5})$"),
                "departement": code,
                "value": _number(least=0),
                "unit": _text(),
                "year": _number(),
                "status": status,
                "source": source,
                "method": _text(empty=True),
            },
            ["key", "territory", "departement"],
        ),
        "cop_calendar.csv": (
            {
                "territory": code,
                "state": _text(allowed=["COP lancée", "COP annoncée", "en attente", "non renseigné"]),
                "date": _text(pattern=r"^(\d{4}-\d{2}-\d{2})?$", empty=True),
                "status": status,
                "source": source,
            },
            ["territory"],
        ),
        "plans.csv": (
            {
                "plan": _text(),
                "territory": code,
                "sector": _text(allowed=list(get_args(parameters.Sector))),
                "measure": _text(allowed=MEASURES),
                "value": _number(),
                "unit": _text(allowed=["%", "ktCO2e/an"]),
                "baseline_year": _number(empty=True),
                "target_year": _number(empty=True),
                "reference": _text(empty=True),
                "convention": _text(allowed=list(CONVENTIONS)),
                "status": status,
                "source": source,
                "note": _text(empty=True),
            },
            ["plan", "territory", "sector", "measure"],
        ),
    }


TABLES = (
    "territories.csv",
    "epci.csv",
    "communes.parquet",
    "panorama.csv",
    "observed.parquet",
    "allocation.csv",
    "audition.csv",
    "lever_shares.csv",
    "energy.parquet",
    "installations.parquet",
    "buses.parquet",
    "allocation_local.parquet",
    "cop_calendar.csv",
    "plans.csv",
)


def read(name: str) -> pd.DataFrame:
    """A table of ``data/clean/``, checked.

    Raises
    ------
    DataError
        If the file is absent or damaged: all its problems at once, with line and column.
    """
    return _read(name).copy(deep=False)


def rows(table: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """What some columns hold, row by row; pandas gives the texts of a column that is gone through ten times slower.

    >>> dict(rows(pd.DataFrame({"code": ["dep-59"], "name": ["Nord"]}), "code", "name"))
    {'dep-59': 'Nord'}
    """
    return zip(*(table[name].to_list() for name in columns), strict=True)


@kept(maxsize=16)
def _read(name: str) -> pd.DataFrame:
    problems = Problems()
    table = check(paths.clean_data(name), name, problems)
    problems.raise_if_any(DataError)
    return table


def check(path: Path, name: str, problems: Problems) -> pd.DataFrame | None:
    """Read and check one table; its problems are added to ``problems``."""
    shown = paths.shown(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        problems.add(shown, "fichier absent. Le rétablir depuis le dépôt de copkit.")
        return None
    except OSError as error:
        problems.add(shown, _unreadable(error))
        return None
    table, found = _checked(name, content, tuple(parameters.levers()), tuple(parameters.sources()))
    for message in found:
        problems.add(shown, message)
    return table


def _unreadable(error: Exception) -> str:
    return f"fichier illisible ({str(error).splitlines()[0]}). Le rétablir depuis le dépôt de copkit."


@lru_cache(maxsize=32)
def _checked(
    name: str, content: bytes, levers: tuple[str, ...], sources: tuple[str, ...]
) -> tuple[pd.DataFrame | None, list[str]]:
    """A table, or what is wrong in it: where one file of the kit changed, the others are not checked again."""
    try:
        if name.endswith(".parquet"):
            raw = _parquet(content)
        else:
            raw = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        return None, [_unreadable(error)]
    columns, key = _schemas(levers, sources)[name]
    found = [
        (-1, f"colonne « {c} » absente. Colonnes attendues : {', '.join(columns)}.") for c in columns if c not in raw
    ]
    lost = (unknown(f"colonne « {c} » inconnue", c, columns) for c in raw if c not in columns)
    found += [(-1, f"{said} Sinon la retirer.") for said in lost]
    numbers = {}
    for label, column in columns.items():
        if label not in raw:
            continue
        blank = raw[label].isna() | (raw[label] == "") if column.number else raw[label].isna()
        try:
            cells = TypeAdapter(list[column.kind]).validate_python(
                raw[label].astype(object).mask(blank, None).to_list()
            )
        except ValidationError as error:
            found += [(item["loc"][0], _explain(item, label, column)) for item in error.errors(include_url=False)]
            cells = raw[label].to_list()
        if column.number:
            numbers[label] = pd.Series(cells, raw.index, dtype=None if found else float)
    table = raw.assign(**numbers)
    if set(key) <= set(raw):
        for values, group in table[table.duplicated(key, keep=False)].groupby(key, sort=False, dropna=False):
            lines, said = " et ".join(str(i + 2) for i in group.index), ", ".join(map(str, values))
            found.append(
                (group.index[0], f"lignes {lines} : même clé ({', '.join(key)}) = ({said}). N'en garder qu'une.")
            )
    return None if found else table, [message for _, message in sorted(found, key=lambda one: one[0])]


def _parquet(content: bytes) -> pd.DataFrame:
    """One file, without threads: it forks well. pandas would read a folder of them, and import twice as much for it."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(BytesIO(content)).read(use_threads=False)
        table.validate(full=True)  # a text that is no UTF-8 would fail where it is used
        return table.to_pandas(use_threads=False)
    except ArrowException as error:  # of which some are no ValueError
        raise ValueError(str(error)) from None


def _explain(item: dict, label: str, column: Column) -> str:
    """A failure of pydantic, in French."""
    kind, given, where = item["type"], item["input"], f"ligne {item['loc'][0] + 2}, colonne {label} : "
    if given is None or given == "":
        return f"{where}cellule vide. La remplir."
    if kind.startswith("float"):
        return f"{where}nombre attendu, trouvé « {given} ». Écrire un nombre avec un point."
    if kind == "literal_error":
        return unknown(f"{where}valeur « {given} » inconnue", given, column.allowed)
    if kind == "string_pattern_mismatch":
        return f"{where}« {given} » n'a pas la forme attendue (exemples : reg-32, dep-59)."
    if kind == "greater_than_equal":
        return f"{where}{float(given)} est inférieur à {item['ctx']['ge']:g}. Corriger la valeur."
    if kind == "finite_number":
        return f"{where}« {given} » n'est pas un nombre fini. Corriger la valeur."
    return f"{where}valeur « {given} » refusée ({kind})."
