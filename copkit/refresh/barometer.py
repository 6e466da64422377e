"""The table of the barometer of ecological planning: national series, with French numbers and national targets."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pandas as pd

from copkit.errors import ProjectError
from copkit.intake import cells, delimited
from copkit.refresh.hub import check_size, series
from copkit.refresh.rules import Watch, listed
from copkit.refresh.settings import Settings

HEADERS = ("ID", "Indicateur", "Unité", "Périmètre")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_one(headers: list[str]) -> bool:
    """True for the headers of this table."""
    return set(HEADERS) <= set(headers)


def read(path: Path, known: Settings, watch: Watch) -> pd.DataFrame:
    """The national series that the kit follows: COLUMNS; faults go to ``watch``."""
    try:
        sheet = delimited.read(path)
    except ProjectError as wrong:
        watch.fault("schema", str(wrong).removeprefix(f"{path} : "))
        return series([])
    table = sheet.cells.set_axis(sheet.headers, axis=1).set_axis(sheet.rows)
    for stray in sheet.strays:
        watch.fault("schema", f"ligne {stray.row} : {stray.reason}.")
    if twice := [*dict.fromkeys(filter(None, table.columns[table.columns.duplicated()]))]:
        watch.fault("schema", f"colonne en double {listed(twice)}. Demander de nouveau la table du baromètre.")
        return series([])
    years = [name for name in table if _YEAR.fullmatch(name)]
    if lost := [name for name in HEADERS if name not in table] or ([] if years else ["2024"]):
        watch.fault("schema", f"colonne absente {listed(lost)}. Demander de nouveau la table du baromètre.")
        return series([])
    keys = table["ID"].str.strip().where(table["ID"].str.strip() != "", table["Indicateur"].str.strip())
    points = []
    for key, one in known.series.items():
        lines = table[keys == key]
        if len(lines) != 1:
            found = "absente" if lines.empty else f"aux lignes {', '.join(map(str, lines.index))}"
            watch.fault(
                "doublon" if len(lines) else "serie_absente",
                f"série « {key} » ({one.indicator}) {found}. Vérifier la table.",
            )
            continue
        points += _points(lines.iloc[0], int(lines.index[0]), years, one, known, watch)
    targets = sum(name.startswith("cible_") for name in table)
    watch.note("cibles_nationales", targets, "Colonnes comptées.")
    return series(points)


def _points(line: pd.Series, number: int, years: list[str], one, known: Settings, watch: Watch) -> list[tuple]:
    """The points of one series."""
    for rule, column, expected in (
        ("unite_declaree", "Unité", one.declared),
        ("perimetre", "Périmètre", one.perimeter),
    ):
        if line[column].strip() != expected:
            given = f"ligne {number}, colonne {column} : « {line[column].strip()} »"
            said = f"{given} au lieu de « {expected} » ({one.indicator})"
            watch.fault(rule, f"{said}. Vérifier ce que la source compte, puis corriger parameters/refresh.yml.")
            return []
    points = []
    for year in sorted(year for year in years if int(year) >= known.first_year):
        if not (text := line[year].strip()):
            continue
        value, wrong = cells.number(text, decimal=",")
        if wrong:
            watch.fault("nombre_illisible", f"ligne {number}, colonne {year} : « {text} » : {wrong}")
            continue
        watch.note("decimale_francaise", "," in text or "\u202f" in text)
        points.append(("fr", one.indicator, int(year), value * one.factor, one.unit, "publie"))
    if one.largest and points:
        check_size(max(abs(point[3]) for point in points), one, watch)
    return points


def of_bytes(content: bytes, name: str, known: Settings, watch: Watch) -> pd.DataFrame:
    """The same, of a table that was fetched."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        return read(path, known, watch)
