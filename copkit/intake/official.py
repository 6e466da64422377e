"""The official files that somebody with a network drops in: greenhouse gases, heating of dwellings, fleet, by commune.

They are told by their headers. Each gives the same table: communes of today, and départements, in which everything is
counted, what has no commune included.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from copkit import french, paths
from copkit.errors import DataError, Problems
from copkit.files import not_read, path_of, read_bytes
from copkit.intake import columns, delimited
from copkit.intake.gazetteer import whole_commune
from copkit.intake.perimeters import told_apart
from copkit.reference import tables

SUFFIXES = (".csv", ".txt")
COLUMNS = ["territory", "indicator", "year", "value", "unit", "source"]
LABELS = {
    "igt": "gaz à effet de serre par commune (IGT de l'ADEME)",
    "logements": "logements par combustible (Insee)",
    "parc": "parc de voitures par commune (SDES)",
    "crte": "périmètres de CRTE (ANCT)",
    "barometre": "table du baromètre de la planification écologique",
}
SOURCE_OF = {
    "igt": "ademe_igt_communes",
    "logements": "insee_logement_2022",
    "parc": "sdes_parc_communes",
    "crte": "anct_crte",
}
SOURCES = tuple(SOURCE_OF.values())
IGT_YEAR = 2016  # not written in the file
IGT_SECTORS = {  # header, read with ``french.plain`` → series
    "agriculture": "agriculture",
    "autres transports": "autres_transports",
    "autres transports international": "autres_transports_international",
    "co2 biomasse hors total": "co2_biomasse_hors_total",
    "dechets": "dechets",
    "energie": "energie",
    "industrie hors energie": "industrie_hors_energie",
    "residentiel": "residentiel",
    "routier": "routier",
    "tertiaire": "tertiaire",
}
DWELLINGS = {  # end of the header of the census, after « P22_RP » → series
    "": "residences_principales",
    "_CGAZV": "residences_principales_chauffees_gaz_de_ville",
    "_CFIOUL": "residences_principales_chauffees_fioul",
    "_CELEC": "residences_principales_chauffees_electricite",
    "_CGAZB": "residences_principales_chauffees_gaz_bouteille",
    "_CAUT": "residences_principales_chauffees_autre",
}
NOTHING = ("", "nd", "n.d.", "s", "na", "n/a")  # cells that say that there is no figure
_COMMUNE = re.compile(r"\d[\dAB]\d{3}")
_CENSUS = re.compile(r"P(\d\d)_RP(_\w+)?")
_FLEET = re.compile(r"PARC_(20\d\d)")


def kind(path: str | Path) -> str:
    """What a file is, by its headers: a key of LABELS; empty for none of them."""
    if not_read(path_of(path)):
        return ""
    try:
        with path_of(path).open("rb") as opened:
            first = next(iter(delimited.decode(opened.read(65_536))[0].splitlines()), "")
    except OSError:
        return ""
    headers = {french.plain(cell) for cell in next(csv.reader([first], delimiter=delimited.separator(first)), [])}
    if {"id", "indicateur", "unite", "perimetre"} <= headers:
        return "barometre"
    if {"id crte", "lib crte", "siren groupement"} <= headers:
        return "crte"
    if "insee commune" in headers and headers & {*IGT_SECTORS}:
        return "igt"
    if "codgeo" in headers and any(_CENSUS.fullmatch(one.upper().replace(" ", "_")) for one in headers):
        return "logements"
    if "commune code" in headers and any(one.startswith("parc 20") for one in headers):
        return "parc"
    return ""


def igt(file: str | Path) -> pd.DataFrame:
    """Émissions de gaz à effet de serre par commune et secteur, de l'IGT de l'ADEME.

    Parameters
    ----------
    file : « IGT - Pouvoir de réchauffement global.csv ». Une commune par ligne, un secteur par colonne.

    Returns
    -------
    DataFrame : territory (« com-59350 » ou « dep-59 »), indicator (« emissions_ges_igt_routier »…), year, value, unit
        (tCO2e), source. Un département compte toutes ses lignes, communes disparues comprises ; une commune qui n'est
        plus de la liste officielle n'a pas de ligne à elle. ``attrs["notes"]`` dit ce qui manque. L'année, 2016, n'est
        pas écrite dans le fichier.

    Raises
    ------
    DataError
        Si le fichier est illisible, coupé, ou n'a pas les colonnes attendues : tous les problèmes à la fois.

    References
    ----------
    ``ademe_igt_communes`` dans parameters/sources.yml.
    """
    return _one(file, "igt")


def dwellings(file: str | Path) -> pd.DataFrame:
    """Résidences principales par combustible et commune, du recensement de l'Insee (base-cc-logement-2022).

    Parameters
    ----------
    file : fichier de l'Insee, séparateur « ; », colonnes CODGEO, P22_RP, P22_RP_CGAZV, P22_RP_CFIOUL, P22_RP_CELEC…

    Returns
    -------
    DataFrame : territory, indicator (« residences_principales_chauffees_fioul »…), year (2022), value (logements, à
        décimales : le recensement pondère), unit (nb), source. Paris, Lyon et Marseille : leur commune entière, une
        fois. ``attrs["notes"]`` dit ce qui manque.

    Raises
    ------
    DataError
        Si le fichier est illisible, coupé, ou n'a pas les colonnes attendues : tous les problèmes à la fois.

    References
    ----------
    ``insee_logement_2022`` dans parameters/sources.yml.
    """
    return _one(file, "logements")


def fleet(file: str | Path) -> pd.DataFrame:
    """Parc de voitures par commune et par an, des fichiers du SDES (DiDo).

    Parameters
    ----------
    file : colonnes COMMUNE_CODE, PARC_2011 à PARC_2026 ; plusieurs lignes d'une commune s'ajoutent.

    Returns
    -------
    DataFrame : territory, indicator (« parc_voitures_particulieres »), year, value, unit (nb), source. Le reste écrit
        sous 75056, 69123 ou 13055 s'ajoute aux arrondissements ; les véhicules sans commune (59000) comptent dans le
        département et dans aucune commune. ``attrs["notes"]`` dit combien.

    Raises
    ------
    DataError
        Si le fichier est illisible, coupé, ou n'a pas les colonnes attendues : tous les problèmes à la fois.

    References
    ----------
    ``sdes_parc_communes`` dans parameters/sources.yml.
    """
    return _one(file, "parc")


def crte(file: str | Path, region: str = "") -> dict[str, list[str]]:
    """Périmètres de CRTE de l'ANCT : pour chaque nom, les EPCI qui le font ; ce que prennent les périmètres du kit.

    Parameters
    ----------
    file : fichier de l'ANCT, colonnes insee_reg, id_crte, lib_crte, siren_groupement.
    region : « reg-32 » : ses CRTE seulement.

    Returns
    -------
    dict : nom → codes (« epci-200093201 »). Deux CRTE de même nom portent leur identifiant.

    Raises
    ------
    DataError
        Si le fichier est illisible, coupé, ou n'a pas les colonnes attendues.

    References
    ----------
    ``anct_crte`` dans parameters/sources.yml.
    """
    table = _one(file, "crte")
    table = table[table.region == region.removeprefix("reg-")] if region else table
    names = told_apart(table.perimeter, table.id)
    return {name: [f"epci-{code}" for code in group.territory] for name, group in table.groupby(names, sort=False)}


def read(path: Path, problems: Problems) -> pd.DataFrame | None:
    """The table of an official file, told by its headers; its problems are added to ``problems``."""
    return _READERS[kind(path)](path, problems)


def summary(table: pd.DataFrame) -> str:
    """How much an official file holds."""
    if "perimeter" in table:
        return f"{french.plural(table.perimeter.nunique(), 'périmètre')}"
    communes = table.territory.str.startswith("com-")
    places = french.plural(table.territory[communes].nunique(), "commune")
    years = sorted(table.year.unique())
    said = f"{years[0]}" if len(years) == 1 else f"{years[0]} à {years[-1]}"
    return f"{places}, {french.plural(table.territory[~communes].nunique(), 'département')}, {said}"


def _one(file: str | Path, expected: str) -> pd.DataFrame:
    path, problems = path_of(file, DataError), Problems()
    if not os.path.isfile(path):
        raise DataError(f"{path} : fichier absent. Vérifier son nom et son dossier.")
    if (found := kind(path)) != expected:
        said = f"c'est : {LABELS[found]}" if found else "ses colonnes ne sont pas les siennes"
        raise DataError(f"{path} : {LABELS[expected]} attendu, et {said}. Donner l'autre fichier.")
    table = _READERS[expected](path, problems)
    problems.raise_if_any(DataError)
    return table


# ------------------------------------------------------------------ one reader for each


def _igt(path: Path, problems: Problems) -> pd.DataFrame | None:
    cells = _cells(path, problems)
    if cells is None:
        return None
    series = {name: f"emissions_ges_igt_{known}" for name in cells if (known := IGT_SECTORS.get(french.plain(name)))}
    note = f"l'année n'est pas écrite dans le fichier : {IGT_YEAR}, d'après l'ADEME"
    return _table(
        path, cells, "INSEE commune", {name: (one, IGT_YEAR) for name, one in series.items()}, "tCO2e", "igt", [note],
        problems,
    )  # fmt: skip


def _dwellings(path: Path, problems: Problems) -> pd.DataFrame | None:
    cells = _cells(path, problems)
    if cells is None:
        return None
    series = {}
    for name in cells:
        if (found := _CENSUS.fullmatch(name)) and (found[2] or "") in DWELLINGS:
            series[name] = (DWELLINGS[found[2] or ""], 2000 + int(found[1]))
    wanted = ("_CGAZV", "_CFIOUL")
    if lost := [f"P22_RP{end}" for end in wanted if not any(name.endswith(end) for name in series)]:
        problems.add(path.name, f"colonne absente : {', '.join(lost)}. Prendre base-cc-logement de l'Insee.")
        return None
    return _table(path, cells, "CODGEO", series, "nb", "logements", [], problems)


def _fleet(path: Path, problems: Problems) -> pd.DataFrame | None:
    cells = _cells(path, problems)
    if cells is None:
        return None
    series = {
        name: ("parc_voitures_particulieres", int(found[1])) for name in cells if (found := _FLEET.fullmatch(name))
    }
    if not series:
        problems.add(path.name, "colonne absente : PARC_2024. Prendre le parc de voitures par commune du SDES.")
        return None
    return _table(path, cells, "COMMUNE_CODE", series, "nb", "parc", [], problems)


def _crte(path: Path, problems: Problems) -> pd.DataFrame | None:
    cells = _cells(path, problems)
    if cells is None:
        return None
    names = {"id_crte": "id", "lib_crte": "perimeter", "siren_groupement": "territory", "insee_reg": "region"}
    if lost := [name for name in names if name not in cells]:
        problems.add(path.name, f"colonne absente : {', '.join(lost)}. Prendre le fichier des CRTE de l'ANCT.")
        return None
    table = cells[[*names]].rename(columns=names).apply(lambda column: column.str.strip())
    notes, table = table.attrs["notes"], table.drop_duplicates().reset_index(drop=True)
    if not (wrong := table[~table.territory.str.fullmatch(r"\d{9}")]).empty:
        said = f"siren_groupement : « {wrong.territory.iloc[0]} » ({wrong.perimeter.iloc[0]})"
        problems.add(path.name, f"{said} : neuf chiffres attendus. Le lire comme du texte.")
        return None
    table.attrs["notes"] = notes
    return table


_READERS: dict[str, Callable[[Path, Problems], pd.DataFrame | None]] = {
    "igt": _igt,
    "logements": _dwellings,
    "parc": _fleet,
    "crte": _crte,
}


def _cells(path: Path, problems: Problems) -> pd.DataFrame | None:
    """The cells of a file as text, when each line has as many as there are headers: a file that is cut has not."""
    text = delimited.decode(read_bytes(path, DataError))[0].replace("\r\n", "\n").replace("\r", "\n")
    mark = delimited.separator(text)
    lines = csv.reader(io.StringIO(text), delimiter=mark)
    width = len(next(lines))
    for cells in lines:
        if cells and len(cells) != width:
            problems.add(
                path.name,
                f"ligne {lines.line_num} : {french.plural(len(cells), 'cellule')} au lieu de {width} : le fichier est "
                "peut-être coupé. Le télécharger de nouveau.",
            )
            return None
    try:
        table = pd.read_csv(io.StringIO(text), sep=mark, dtype=str, keep_default_na=False)
    except pd.errors.ParserError:
        said = "un guillemet n'est pas refermé : le fichier est peut-être coupé. Le télécharger de nouveau."
        problems.add(path.name, said)
        return None
    unended = "la dernière ligne n'est pas terminée : vérifier que le fichier n'est pas coupé"
    table.attrs["notes"] = [] if text.endswith("\n") else [unended]
    return table


def _table(
    path: Path,
    cells: pd.DataFrame,
    code: str,
    series: dict[str, tuple[str, int]],
    unit: str,
    kind: str,
    notes: list[str],
    problems: Problems,
) -> pd.DataFrame | None:
    """COLUMNS: the communes of today, then the départements, in which everything is counted."""
    if (column := next((name for name in cells if french.plain(name) == french.plain(code)), None)) is None:
        problems.add(path.name, f"colonne absente : {code}. Télécharger de nouveau le fichier.")
        return None
    codes = cells[column].str.strip()
    if not (wrong := codes[~codes.str.fullmatch(_COMMUNE)]).empty:
        said = f"ligne {wrong.index[0] + 2}, colonne {code} : « {wrong.iloc[0]} »"
        more = f" (et {french.plural(len(wrong) - 1, 'autre ligne', 'autres lignes')})" if len(wrong) > 1 else ""
        problems.add(path.name, f"{said}{more} : code de commune à cinq caractères attendu. Le lire comme du texte.")
        return None
    numbers = {name: _numbers(path, cells[name], problems) for name in series}
    if problems:
        return None
    values, notes = pd.DataFrame(numbers, index=cells.index), [*cells.attrs["notes"], *notes]
    areas = "dep-" + codes.str[:2].where(codes.str[:2] != "97", codes.str[:3])
    known_areas = set(tables.read("territories.csv").query("level == 'departement'").code)
    if (others := ~areas.isin(known_areas)).any():
        said = french.plural(int(others.sum()), "ligne laissée", "lignes laissées")
        notes = [*notes, f"{said}, hors des départements : {', '.join(sorted(set(codes[others]))[:5])}"]
        values, areas, codes = (one[~others] for one in (values, areas, codes))
    cities = codes.map(whole_commune)
    if kind == "logements":  # the whole city and its districts are both there: one of them counts
        twice = (cities != codes) & columns.among(cities, codes)
        notes = [
            *notes,
            *([f"{twice.sum()} arrondissements laissés : leur commune est dans le fichier"] if twice.any() else []),
        ]
        values, areas, cities, codes = (one[~twice] for one in (values, areas, cities, codes))
    placed = columns.among("com-" + cities, tables.read("communes.parquet").code)
    nowhere = ~placed & codes.str.fullmatch(r"(\d[\dAB]|97\d)0+")
    notes = [*notes, *_said(values, placed, nowhere, areas, known_areas)]
    parts = [
        values[placed].groupby(("com-" + cities)[placed]).sum(min_count=1),
        values.groupby(areas).sum(min_count=1),
    ]
    table = pd.concat(parts).rename_axis("territory").reset_index().melt("territory", var_name="column").dropna()
    names = table.column.map({name: one[0] for name, one in series.items()})
    years = table.column.map({name: one[1] for name, one in series.items()})
    table = table.assign(indicator=names, year=years, unit=unit, source=SOURCE_OF[kind])
    table = table[COLUMNS].sort_values(["indicator", "territory", "year"], ignore_index=True)
    table.attrs["notes"] = notes
    return table


def _numbers(path: Path, cells: pd.Series, problems: Problems) -> pd.Series:
    """The numbers of a column, whatever their decimal mark; NaN where there is no figure."""
    text = cells.str.replace(r"[\s\u00a0\u202f]", "", regex=True).str.replace(",", ".")
    text = text.mask(text.str.lower().isin(NOTHING))
    found = pd.to_numeric(text, errors="coerce")
    if not (wrong := cells[text.notna() & found.isna()]).empty:
        where = f"ligne {wrong.index[0] + 2}, colonne {cells.name}"
        problems.add(path.name, f"{where} : nombre attendu, trouvé « {wrong.iloc[0]} ». Le télécharger de nouveau.")
    return found


def _said(
    values: pd.DataFrame, placed: pd.Series, nowhere: pd.Series, areas: pd.Series, known_areas: set[str]
) -> list[str]:
    """What is not in the communes of today, what has no figure, which départements are not there."""
    notes, last = [], values.columns[-1]
    if nowhere.any():
        count = french.number(values.loc[nowhere, last].sum(), 0)
        notes.append(f"sans commune, comptés dans leur département seulement : {count} ({last})")
    if old := int((~placed & ~nowhere).sum()):
        said = (
            "commune d'une liste ancienne, comptée dans son département seulement",
            "communes d'une liste ancienne, comptées dans leur département seulement",
        )
        notes.append(french.plural(old, *said))
    if blank := int(values.isna().sum().sum()):
        notes.append(
            f"{french.plural(blank, 'valeur absente', 'valeurs absentes')} à la source : les totaux ne les comptent pas"
        )
    if lost := sorted(known_areas - set(areas)):
        notes.append(
            f"{french.plural(len(lost), 'département absent', 'départements absents')} du fichier : {', '.join(lost)}"
        )
    return notes


def stored(kind: str) -> Path | None:
    """The official file of a kind that was kept by « copkit update --write »; None when there is none."""
    folder = paths.written_data("raw", SOURCE_OF[kind])
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    return found[-1] if found else None
