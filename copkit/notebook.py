"""What a notebook needs to run the same in JupyterLab, under Papermill and under Voilà."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs

from copkit import errors
from copkit.errors import RunError

__all__ = ["parameter"]


def parameter(name: str, value: Any) -> Any:
    """La valeur d'un paramètre : celle du lien (``?territoire=reg-76`` sous Voilà), sinon celle du carnet.

    Parameters
    ----------
    name : nom du paramètre.
    value : sa valeur dans le carnet ; celle du lien est lue de la même sorte : oui ou non, nombre, texte.

    Raises
    ------
    RunError
        Si le lien ne donne pas une valeur de cette sorte.

    Examples
    --------
    >>> parameter("territoire", "reg-32")
    'reg-32'
    """
    if not isinstance(name, str):
        raise RunError(f"Nom d'un paramètre attendu, et non {errors.given(name)}. Écrire par exemple « territoire ».")
    given = parse_qs(os.environ.get("QUERY_STRING", "")).get(name)
    return read(name, given[-1], value) if given else value


def read(name: str, given, value) -> Any:
    """What was given for a parameter, as the kind of thing that it is in the notebook; RunError if it cannot be.

    >>> read("publique", "non", True), read("annee", "2031", 2024), read("part", "12,5", 0.0), read("titre", "2A", "")
    (False, 2031, 12.5, '2A')
    """
    kind = type(value)
    if kind not in (bool, int, float) or type(given) is kind:
        return given
    from copkit.intake import cells

    text = str(given).strip()
    found: Any
    found, wrong = cells.yes_no(text) if kind is bool else cells.number(text)
    if not wrong and (not text or (kind is int and not found.is_integer())):
        wrong = "nombre entier attendu." if text else "valeur absente."
    if wrong:
        raise RunError(f"Paramètre « {name} », valeur « {text[:40]}{'…' * (len(text) > 40)} » : {wrong}")
    return found == "oui" if kind is bool else kind(found)


def __dir__() -> list[str]:
    return __all__
