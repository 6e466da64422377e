"""Territories: the codes that carry their level, and who is inside whom."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from copkit import french, paths
from copkit.errors import TerritoryError, closest, given, suggestion, unknown
from copkit.files import kept

if TYPE_CHECKING:  # slow to import, and names need no table
    import pandas as pd

LEVELS = ("france", "region", "departement", "epci", "commune")
OVERSEAS_REGIONS = ("reg-01", "reg-02", "reg-03", "reg-04", "reg-06")
_CASES = str.maketrans({"a": "A", "b": "B"})


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


def resolve(code: object) -> str:
    """The full code of a région, a département or France, from what a person typed, or from a panorama.

    >>> resolve("REG-32"), resolve("Hauts-de-France"), resolve("dep-2a")
    ('reg-32', 'reg-32', 'dep-2A')

    Raises
    ------
    TerritoryError
        If the code is unknown, if it is bare (every région code is also a département code), or if it
        names an EPCI or a commune, which have no panorama.
    """
    code = getattr(code, "attrs", {}).get("territory", code)  # a panorama stands for its territory
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
    if lowered.startswith(("epci-", "com-")):
        raise TerritoryError(
            f"« {typed} » : le panorama existe pour la France, les régions et les départements seulement."
        )
    hint = suggestion(full, list(names)) or _name_hint(typed, names)
    raise TerritoryError(
        f"Territoire inconnu : « {typed} ».{hint}\nÉcrire un code comme « reg-32 », « dep-59 » ou « fr »."
    )


def _name_hint(typed: str, names: dict) -> str:
    close = closest(french.plain(typed), {french.plain(name): code for code, (name, _, _) in names.items()}, least=0.7)
    return "".join(f" Vouliez-vous dire « {code} » ({names[code][0]}) ?" for code in close)


def codes(level: str | None = None) -> list[str]:
    """The codes of a level, région or département; of both by default.

    >>> len(codes()), codes("region")[0]
    (119, 'reg-01')
    """
    return [code for code, (_, at, _) in _names().items() if (at == level if level else at != "france")]


def article(code: str) -> str:
    """« la région », « le département de » as the messages say it."""
    return {"reg": "la région", "dep": "le département"}.get(code.split("-")[0], "le territoire")


def level_label(code: str) -> str:
    """région, département, France."""
    return {"france": "France entière", "region": "région", "departement": "département"}[level(code)]


def name(code: str) -> str:
    """The name of a territory.

    >>> name("dep-59")
    'Nord'
    """
    return _names()[code][0]


def level(code: str) -> str:
    """The level of a resolved code."""
    return _names()[code][1]


def region_of(code: str) -> str:
    """The région of a département; a région is its own.

    >>> region_of("dep-59"), region_of("reg-32")
    ('reg-32', 'reg-32')
    """
    return _names()[code][2] or code


def departements_of(region: str) -> list[str]:
    """The départements of a région, in code order.

    >>> departements_of("reg-94")
    ['dep-2A', 'dep-2B']
    """
    return [code for code, (_, _, inside) in _names().items() if inside == region]


def is_overseas(code: str) -> bool:
    """True for the five overseas régions and their départements."""
    return region_of(code) in OVERSEAS_REGIONS
