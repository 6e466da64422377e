"""The territories of a batch: those asked for, or all those of a level."""

from __future__ import annotations

from copkit.errors import RunError, TerritoryError, option, unknown
from copkit.reference import territories

LEVELS = ("region", "departement", "epci")


def places(codes: list[str], level: str | None, levels, what: str) -> list[tuple]:
    """(code, name, level, région) of the territories asked for. ``what``: « Le carnet « diagnostic » ».

    Raises
    ------
    RunError, TerritoryError
        Unknown level or codes, all of them at once; a level that the notebook is not made for.
    """
    if level is not None and level not in LEVELS:
        raise RunError(
            unknown(f"Niveau inconnu : « {level} »", level, LEVELS) + " Écrire « region », « departement » ou « epci »."
        )
    if codes and level:
        raise RunError(f"Donner des codes ou un niveau ({option('level')}), pas les deux.")
    if level is not None and level not in levels:
        raise RunError(f"{what} n'est pas fait pour le niveau « {level} ». Niveaux : {', '.join(levels)}.")
    if level == "epci" or (not codes and "epci" in levels) or any(code.startswith("epci-") for code in codes):
        return _epci(codes, levels, what)
    chosen = _resolve(codes) if codes else territories.codes(level)
    return [
        (
            code,
            territories.name(code),
            territories.level(code),
            None if code == "fr" else territories.region_of(code),
        )
        for code in chosen
    ]


def _epci(codes: list[str], levels, what: str) -> list[tuple]:
    if "epci" not in levels:
        raise RunError(f"{what} n'est pas fait pour les EPCI. Niveaux : {', '.join(levels)}.")
    known = territories.territories("epci").set_index("code")
    if lost := [unknown(f"EPCI inconnu : « {code} »", code, known.index) for code in codes if code not in known.index]:
        raise TerritoryError("\n".join(lost))
    found = known.loc[list(dict.fromkeys(codes))] if codes else known
    return [(code, row["name"], "epci", row["regions"].split(" ")[0]) for code, row in found.iterrows()]


def _resolve(codes: list[str]) -> list[str]:
    resolved, messages = [], []
    for code in codes:
        try:
            resolved.append(territories.resolve(code))
        except TerritoryError as error:
            messages.append(str(error))
    if messages:
        raise TerritoryError("\n".join(messages))
    return list(dict.fromkeys(resolved))
