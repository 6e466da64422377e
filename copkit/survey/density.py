"""Whether a territory is urban or rural: by INSEE's grid of density where its file is given, else by a stand-in.

A commune is urban by its level of the grid (1 to 4 of 7), or by the stand-in, from so many inhabitants; the territory
of an EPCI, a département or a région is urban when more than half of its inhabitants live in urban communes, which is
how INSEE reads its grid above the commune. What no list says the communes of (a Pays, a parc) is neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from copkit import french, paths
from copkit.errors import ProjectError
from copkit.files import kept, path_of
from copkit.intake import spreadsheets
from copkit.intake.sheet import Sheet
from copkit.reference import tables
from copkit.survey.questionnaire import rules

URBAN, RURAL = "urbain", "rural"
URBAN_LEVELS, LEVELS = range(1, 5), range(1, 8)  # of the grid of 7 levels
HEADERS = ({"codgeo", "depcom"}, {"dens"})  # of its file, through the years
HEADER_ROWS = (5, 2, 1)  # where they stand in it


def of(codes: Iterable[str]) -> list[str]:
    """« urbain », « rural » or nothing for each collectivité, by the grid that ``survey.yml`` names, or without.

    Raises
    ------
    ProjectError
        If the grid that is named is absent, or another file.
    """
    named = rules().thresholds.grid
    shares = _shares(paths.home() / named if named else None)
    known = (shares.get(code, float("nan")) for code in codes)
    return ["" if share != share else URBAN if share > 0.5 else RURAL for share in known]


@kept(maxsize=2)
def _shares(grid: Path | None) -> dict[str, float]:
    """Collectivité → share of its inhabitants who live in urban communes."""
    communes = tables.read("communes.parquet").drop_duplicates("code")
    people = communes.population.astype("float64")
    inside = communes.code.isin(read_grid(grid)) if grid else people >= rules().thresholds.urban
    found = dict(zip(communes.code.to_list(), inside.astype("float64").to_list(), strict=True))
    for level in ("epci", "departement", "region"):
        of_all = people.groupby(communes[level]).sum()
        found |= (people.where(inside, 0.0).groupby(communes[level]).sum() / of_all).to_dict()
    return found


def read_grid(file: str | Path) -> frozenset[str]:
    """The urban communes of the file of the grid of 7 levels (columns CODGEO and DENS), as INSEE publishes it.

    Raises
    ------
    ProjectError
        If the file is not that one, or a level is none of the seven: all the problems at once.
    """
    path = path_of(file, ProjectError)
    for line in HEADER_ROWS:
        for sheet in spreadsheets.read(path, line).values():
            if (rows := _rows(sheet)) is not None:
                return _urban(rows, path)
    raise ProjectError(
        f"{path} : colonnes CODGEO et DENS absentes. Donner le fichier « grille communale de densité à 7 niveaux » de "
        "l'INSEE (insee.fr, information 6439600)."
    )


def _rows(sheet: Sheet) -> pd.DataFrame | None:
    """Row, commune and level."""
    plain = [french.plain(header) for header in sheet.headers]
    places = [next((at for at, header in enumerate(plain) if header in known), None) for known in HEADERS]
    if None in places:
        return None
    return sheet.cells[places].set_axis(["commune", "level"], axis=1).assign(row=sheet.rows)


def _urban(rows: pd.DataFrame, path: Path) -> frozenset[str]:
    rows = rows[rows.commune != ""]
    levels = pd.to_numeric(rows.level, errors="coerce")
    if len(wrong := rows[~levels.isin(LEVELS)]):
        said = [f"ligne {row} : niveau « {level} »" for row, level in wrong[["row", "level"]].head(5).to_numpy()]
        more = f" ({len(wrong)} en tout)" if len(wrong) > 5 else ""
        raise ProjectError(f"{path} : {' ; '.join(said)}{more}. Les sept niveaux s'écrivent de 1 à 7.")
    if levels.max() <= max(URBAN_LEVELS):
        raise ProjectError(f"{path} : aucun niveau au-dessus de 4. Donner la grille à 7 niveaux, non à 3 ni à 4.")
    return frozenset("com-" + rows.commune[levels.isin(URBAN_LEVELS)].str.zfill(5))
