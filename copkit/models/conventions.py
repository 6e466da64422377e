"""Accounting conventions: which emission figures may be subtracted from one another.

Each plan and each emission series carries one of ``tables.CONVENTIONS``.
"""

from __future__ import annotations

from copkit.errors import UnitError, typed
from copkit.reference import tables


def check_conventions(a: str, b: str, *, allow_mixed_conventions: bool = False) -> list[str]:
    """Refuse to subtract two accounting conventions; return what the reader has to know otherwise.

    Raises
    ------
    UnitError
        If the two conventions are known and different, unless ``allow_mixed_conventions``.
    """
    known = tables.CONVENTIONS
    if "non_precisee" in (a, b) and a != b:
        stated = a if b == "non_precisee" else b
        return [f"Un des deux plans ne dit pas sa convention de comptage. Celle de l'autre : {known[stated]}."]
    if a == b:
        return []
    both = f"« {a} » ({known[a]}) et « {b} » ({known[b]})"
    if not allow_mixed_conventions:
        raise UnitError(
            f"Conventions de comptage différentes : {both}. Leur différence n'est pas un écart d'effort.\n"
            "Donner deux plans de même convention"
            f"{typed(' ; pour les comparer malgré tout, écrire allow_mixed_conventions=True', '')}."
        )
    return [f"Conventions de comptage différentes, comparées à la demande de l'utilisateur : {both}."]
