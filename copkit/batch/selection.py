"""The territories of a batch: those asked for, or all those of a level."""

from __future__ import annotations

from copkit.errors import RunError, TerritoryError, option, unknown
from copkit.reference import territories

LEVELS = ("region", "departement", "epci")
MADE_FOR = {"epci": "les EPCI", "commune": "les communes", "perimetre": "les périmètres"}


def places(codes: list[str], level: str | None, levels, what: str, perimeters: str = "") -> list[tuple]:
    """(code, name, level, région) of the territories asked for. ``what``: « Le carnet « diagnostic » ».

    ``perimeters``: a file of perimeters; ``codes`` are then names of it, and all of them are run without any. The
    région is the one where most inhabitants live.

    Raises
    ------
    RunError, TerritoryError, ProjectError
        Unknown level or codes, all of them at once; a level that the notebook is not made for; a damaged file.
    """
    if level is not None and level not in LEVELS:
        raise RunError(
            unknown(f"Niveau inconnu : « {level} »", level, LEVELS) + " Écrire « region », « departement » ou « epci »."
        )
    if (codes or perimeters) and level:
        raise RunError(f"Donner des codes ou un niveau ({option('level')}), pas les deux.")
    if level is not None and level not in levels:
        raise RunError(f"{what} n'est pas fait pour le niveau « {level} ». Niveaux : {', '.join(levels)}.")
    if perimeters:
        chosen = _perimeters(perimeters, codes)
    elif codes:
        chosen = _resolve(codes)
    else:
        inside = level == "epci" or not {"region", "departement"} & {*levels}
        chosen = territories.epci() if inside else territories.codes(level)
    for lost in dict.fromkeys(one for one in map(territories.level, chosen) if one in MADE_FOR and one not in levels):
        raise RunError(f"{what} n'est pas fait pour {MADE_FOR[lost]}. Niveaux : {', '.join(levels)}.")
    return [
        (
            code,
            territories.name(code),
            territories.level(code),
            None if code == "fr" else territories.region_of(code),
        )
        for code in chosen
    ]


def _perimeters(file: str, names: list[str]) -> list[str]:
    from copkit.intake.perimeters import read_perimeters

    read = read_perimeters(file)
    return [read.one(name).code for name in (map(read.chosen, dict.fromkeys(names)) if names else read.names)]


def _resolve(codes: list[str]) -> list[str]:
    resolved, messages = [], []
    for code in codes:
        try:
            resolved.append(territories.resolve(code, fine=True))
        except TerritoryError as error:
            messages.append(str(error))
    if messages:
        raise TerritoryError("\n".join(messages))
    return list(dict.fromkeys(resolved))
