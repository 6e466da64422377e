"""The page of a territory: served as it is, or in one HTML file that needs no server and no network.

Every figure and every sentence comes from here; the arithmetic of the browser is a mirror of Python's.
"""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

from copkit import __version__, clock, escaping, files, french
from copkit.errors import SimulationError
from copkit.models import panorama
from copkit.presentation.territory import about
from copkit.simulator import bundle
from copkit.simulator import page as described
from copkit.simulator.ground import ground, place

TEMPLATE = "page.html.j2"
EXPLAINS = re.compile(r"^[ ]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)  # comments on their own lines


def page(code: str, address: str = "") -> str:
    """Le simulateur d'un territoire, en une page HTML qui n'a besoin ni d'un serveur ni d'un réseau.

    Parameters
    ----------
    code : région, département, EPCI ou « fr ».
    address : adresse du simulateur en ligne, que les liens de la page ouvriront ; sans elle, ils commencent par « ? ».

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.

    References
    ----------
    Panorama : ``sgpe_simulateur_2024`` ; bornes : ``models.levers.bounds``.
    """
    parts = {"style": bundle.style(), "script": script()}
    return _rendered(
        code,
        {"kind": "file", "address": address.split("?")[0]},
        csp=escaping.policy([parts["script"]], [parts["style"]]),
        **parts,
    )


def served(code: str, base: str, version: str = panorama.LATEST, note: str = "") -> str:
    """The same page as a server sends it, with what it says of itself; its headers say what the page may do."""
    texts = {"style": bundle.style(), "script": script()}
    return _rendered(code, {"kind": "server", "address": base}, version, note, **texts)


def script() -> str:
    """The script of a page, as it stands in it: without the lines that only explain it, a tenth of what is sent."""
    return _inside(EXPLAINS.sub("", bundle.plain_script()))


def _rendered(code: str, host: dict, version: str = panorama.LATEST, note: str = "", **parts) -> str:
    code = place(code)
    here, known = ground(code, version), described.page(code, version)
    for name in ("territories",):  # the home page has them
        known.pop(name)
    limits = [french.typeset(line) for line in about.left_out(here.p)]
    known |= {"limits": limits, "copkit": __version__, "made": french.long_date(clock.today())}
    texts = {name: Markup(parts.pop(name)) for name in ("style", "script")}
    return escaping.template(bundle.ASSETS / TEMPLATE).render(
        page=known, note=note, data=bundle.data(known | {"host": host}), number=french.number, **texts, **parts
    )


def write(code: str, path: str | Path, address: str = "") -> Path:
    """Écrire la page d'un territoire dans un fichier, qui est là en entier ou pas du tout.

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.
    SimulationError
        Si le dossier n'existe pas ou ne se laisse pas écrire.
    """
    files.write_whole(path, page(code, address), error=SimulationError, new_folder=False)
    return Path(path)


def _inside(text: str) -> str:
    """A script that may stand in a page: no word in it ends the element nor opens a comment."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
