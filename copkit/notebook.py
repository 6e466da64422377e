"""What a notebook needs to run the same in JupyterLab, under Papermill and under Voilà."""

from __future__ import annotations

import math
import os
import re
from urllib.parse import parse_qs

from copkit.errors import RunError

_YES_NO = {
    **dict.fromkeys(("true", "oui", "vrai", "1"), True),
    **dict.fromkeys(("false", "non", "faux", "0"), False),
}
_ASKED = {
    bool: "« oui » ou « non »",
    int: "un nombre entier, par exemple 2024",
    float: "un nombre, par exemple 12,5",
}


def parameter(name: str, value):
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
    given = parse_qs(os.environ.get("QUERY_STRING", "")).get(name)
    return read(name, given[-1], value) if given else value


def read(name: str, given, value):
    """What was given for a parameter, as the kind of thing that it is in the notebook; RunError if it cannot be.

    >>> read("publique", "non", True), read("annee", "2031", 2024), read("part", "12,5", 0.0), read("titre", "2A", "")
    (False, 2031, 12.5, '2A')
    """
    kind = type(value)
    if kind not in _ASKED or type(given) is kind:
        return given
    text = str(given).strip()
    found = None
    if kind is bool:
        found = _YES_NO.get(text.lower())
    elif re.fullmatch(r"[+-]?\d{1,15}" if kind is int else r"[+-]?\d+([.,]\d+)?(e[+-]?\d+)?", text, re.ASCII):
        found = kind(text.replace(",", "."))
    if found is None or not math.isfinite(found):
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise RunError(f"Paramètre « {name} » illisible : « {shown} ». Écrire {_ASKED[kind]}.")
    return found
