"""The home page of the simulator: 119 territories, France and the EPCI, by search and on the map; none is chosen."""

from __future__ import annotations

import json

from markupsafe import Markup

from copkit import escaping, french, paths
from copkit.reference import territories
from copkit.simulator import bundle

LEVELS = (("region", "Régions"), ("departement", "Départements"))


def page(note: str = "", public: str = "") -> str:
    """La page d'accueil.

    Parameters
    ----------
    note : ce qu'il faut dire d'abord, par exemple qu'un territoire demandé n'existe pas.
    public : ce que le serveur dit de lui sur chaque page.
    """
    table = territories.territories()
    names = dict(zip(table.code, map(french.typeset, map(territories.name, table.code)), strict=True))
    places = [
        {"code": code, "name": name, "number": code[4:], "level": territories.level(code), "words": _words(code, name)}
        for code, name in names.items()
    ]
    outlines = json.loads(paths.clean_data("contours.json").read_text(encoding="utf-8"))
    return escaping.template(bundle.ASSETS / "home.html.j2").render(
        style=Markup(bundle.style()),
        script=Markup(script()),
        note=note,
        public=public,
        places=places,
        names=names,
        levels=LEVELS,
        outlines=outlines,
        epci=bundle.data(_epci()),
    )


def _epci() -> list[list[str]]:
    """Of each EPCI: its SIREN, its name, its départements; the search makes a line of those that it finds."""
    found = zip(*(territories.territories("epci")[name].to_list() for name in ("code", "departements")), strict=True)
    return [
        [
            code.removeprefix("epci-"),
            french.typeset(territories.name(code)),
            inside.replace("dep-", "").replace(" ", ", "),
        ]
        for code, inside in found
    ]


def script() -> str:
    """The script of the page, as it stands in it."""
    return (bundle.ASSETS / "home.js").read_text(encoding="utf-8")


def _words(code: str, name: str) -> str:
    """What is typed to find a territory: its name without accents, and the number of a département."""
    plain = french.plain(name).replace("-", " ").replace("'", " ").replace("’", " ")
    return f"{plain}|{code[4:].lower() if territories.level(code) == 'departement' else ''}"
