"""The schemas of ``data/clean/`` and how its tables are read: codes as text, every row checked.

A damaged file gets one message that names each line, column and remedy; a table that passes is
returned with typed columns and cannot be spoilt by its reader (pandas copies what is written on).
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pandas as pd

from copkit import paths
from copkit.errors import DataError, Problems, suggestion
from copkit.reference import parameters

if TYPE_CHECKING:
    import pandera.pandas as pa  # a third of a second to import: only where a table is checked

TERRITORY = r"^(fr|reg-\d{2}|dep-(\d{2}|2A|2B|97\d)|epci-\d{9}|com-[\dAB]{5})$"
STATUSES = ["publie", "derive", "hypothese"]
CONVENTIONS = {  # how emissions are counted; definitions: feuille_de_route_hauts_de_france_2025
    "scope_1_2": "planification : émissions directes de la production d'énergie, indirectes des consommateurs",
    "pcaet": "format PCAET : électricité, chaleur et froid comptés sur le lieu de consommation",
    "non_precisee": "convention non précisée par la source",
}
MEASURES = ["share", "difference", "target", "mention"]  # of a plan: data/README.md says what each means


def _text(*, allowed: list[str] | None = None, pattern: str | None = None, empty: bool = False) -> pa.Column:
    import pandera.pandas as pa

    checks = [pa.Check.isin(allowed)] if allowed is not None else []
    if pattern:
        checks.append(pa.Check.str_matches(pattern))
    if not empty:
        checks.append(pa.Check.str_length(min_value=1))
    return pa.Column(str, checks)


def _number(*, empty: bool = False, least: float = -math.inf) -> pa.Column:
    import pandera.pandas as pa

    def not_less(cells: pd.Series) -> pd.Series:  # a cell that is text has its own message
        return ~(pd.to_numeric(cells, errors="coerce") < least)

    def finite(cells: pd.Series) -> pd.Series:
        return pd.to_numeric(cells, errors="coerce").abs() != math.inf

    checks = [pa.Check(not_less, error=f"not_less {least:g}"), pa.Check(finite, error="finite")]
    return pa.Column(float, checks, coerce=True, nullable=empty)


def _source() -> pa.Column:
    return _text(allowed=list(parameters.sources()))


@lru_cache(maxsize=4)
def _schemas(home: str) -> dict[str, pa.DataFrameSchema]:
    """The schema of each table of ``data/clean/``; [units] are in ``data/README.md``."""
    import pandera.pandas as pa

    status, code = _text(allowed=STATUSES), _text(pattern=TERRITORY)
    yes_no = _text(allowed=["oui", "non"])
    lever = _text(allowed=list(parameters.levers()))
    tables = {
        "territories.csv": (
            {
                "code": code,
                "level": _text(allowed=["france", "region", "departement"]),
                "name": _text(),
                "region": _text(empty=True),
                "population": _number(least=0),
                "population_year": _number(),
                "status": status,
                "source": _source(),
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
                "source": _source(),
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
                "source": _source(),
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
                "source": _source(),
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
                "source": _source(),
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
                "source": _source(),
                "method": _text(empty=True),
            },
            ["key", "territory"],
        ),
        "cop_calendar.csv": (
            {
                "territory": code,
                "state": _text(allowed=["COP lancée", "COP annoncée", "en attente", "non renseigné"]),
                "date": _text(pattern=r"^(\d{4}-\d{2}-\d{2})?$", empty=True),
                "status": status,
                "source": _source(),
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
                "source": _source(),
                "note": _text(empty=True),
            },
            ["plan", "territory", "sector", "measure"],
        ),
    }
    return {
        name: pa.DataFrameSchema(columns, unique=unique, strict=True, ordered=False)
        for name, (columns, unique) in tables.items()
    }


TABLES = (
    "territories.csv",
    "epci.csv",
    "communes.parquet",
    "panorama.csv",
    "observed.parquet",
    "allocation.csv",
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
    return _read(str(paths.clean_data(name)), name).copy(deep=False)


@lru_cache(maxsize=16)
def _read(file: str, name: str) -> pd.DataFrame:
    problems = Problems()
    table = check(Path(file), name, problems)
    problems.raise_if_any(DataError)
    return table


def check(path: Path, name: str, problems: Problems) -> pd.DataFrame | None:
    """Read and check one table; its problems are added to ``problems``."""
    from pandera.errors import SchemaErrors

    shown = paths.shown(path)
    try:
        if path.suffix == ".parquet":
            raw = pd.read_parquet(path, use_threads=False, pre_buffer=False)  # quicker on small files, and forks well
        else:
            raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        problems.add(shown, "fichier absent. Le rétablir depuis le dépôt de copkit.")
        return None
    except (ValueError, OSError, UnicodeDecodeError) as error:
        problems.add(shown, f"fichier illisible ({str(error).splitlines()[0]}). Le rétablir depuis le dépôt de copkit.")
        return None
    schema = _schemas(str(paths.home()))[name]
    numbers = [c for c, column in schema.columns.items() if column.dtype.type.kind == "f"]
    blank = raw.assign(**{c: raw[c].replace("", None) for c in numbers if c in raw and raw[c].dtype.kind not in "fiu"})
    for column in set(numbers) & set(blank):
        blank[column] = blank[column].astype(object) if blank[column].dtype.kind not in "fiu" else blank[column]
    try:
        return schema.validate(blank, lazy=True)
    except SchemaErrors as error:
        for message in _explain(error, raw, schema):
            problems.add(shown, message)
        return None


def _explain(error: Exception, raw: pd.DataFrame, schema: pa.DataFrameSchema) -> list[str]:
    """The failures of a pandera validation, in French, in the order of the file."""
    out: dict[str, tuple] = {}
    duplicates: set[int] = set()
    for case in error.failure_cases.to_dict("records"):
        kind, column, given = str(case["check"]), case["column"], case["failure_case"]
        row = None if pd.isna(case["index"]) else int(case["index"])
        where = "" if row is None else f"ligne {row + 2}, "
        if kind == "column_in_dataframe":
            message = f"colonne « {given} » absente. Colonnes attendues : {', '.join(schema.columns)}."
        elif kind == "column_in_schema":
            message = f"colonne « {given} » inconnue.{suggestion(str(given), list(schema.columns))} Sinon la retirer."
        elif kind == "multiple_fields_uniqueness":
            duplicates.add(row)
            continue
        elif kind.startswith(("coerce_dtype", "dtype")):
            message = f"{where}colonne {column} : nombre attendu, trouvé « {given} ». Écrire un nombre avec un point."
        elif kind == "not_nullable" or kind.startswith("str_length"):
            message = f"{where}colonne {column} : cellule vide. La remplir."
        elif kind.startswith("isin"):
            allowed = schema.columns[column].checks[0].statistics["allowed_values"]
            message = f"{where}colonne {column} : valeur « {given} » inconnue.{suggestion(str(given), list(allowed))}"
        elif kind.startswith("str_matches"):
            if str(given) == "":
                continue
            message = f"{where}colonne {column} : « {given} » n'a pas la forme attendue (exemples : reg-32, dep-59)."
        elif kind.startswith("not_less"):
            least = kind.removeprefix("not_less ")
            message = f"{where}colonne {column} : {given} est inférieur à {least}. Corriger la valeur."
        elif kind == "finite":
            message = f"{where}colonne {column} : « {given} » n'est pas un nombre fini. Corriger la valeur."
        else:
            message = f"{where}colonne {column} : valeur « {given} » refusée ({kind})."
        out[message] = (row if row is not None else -1,)
    columns = list(schema.unique or [])
    if duplicates and set(columns) <= set(raw):
        for values, group in raw.loc[sorted(duplicates)].groupby(columns, sort=False):
            lines = " et ".join(str(i + 2) for i in group.index)
            key = ", ".join(str(v) for v in values)
            out[f"lignes {lines} : même clé ({', '.join(columns)}) = ({key}). N'en garder qu'une."] = (group.index[0],)
    return sorted(out, key=out.get)
