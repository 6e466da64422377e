"""The simulator of a territory in one HTML file of about 1 MB: no server, no network, to send by e-mail.

Its arithmetic is that of the served page (``scenario.js``); every figure and every sentence comes from here.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from copkit import __version__, escaping, files, french
from copkit.errors import SimulationError
from copkit.models import panorama
from copkit.presentation import labels, theme
from copkit.presentation.territory import about
from copkit.reference import territories
from copkit.simulator import bundle
from copkit.simulator import page as described
from copkit.simulator import static_data as data
from copkit.simulator.ground import ground

TEMPLATE = "static.html.j2"


def page(code: str, address: str = "") -> str:
    """Le simulateur d'un territoire, en une page HTML qui n'a besoin ni d'un serveur ni d'un réseau.

    Parameters
    ----------
    code : région, département ou « fr ».
    address : adresse du simulateur en ligne, que les liens de la page ouvriront ; sans elle, ils commencent par « ? ».

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.

    References
    ----------
    Panorama : ``sgpe_simulateur_2024`` ; bornes : ``models.levers.bounds``.
    """
    code = territories.resolve(code)
    here, known = ground(code, panorama.LATEST), described.page(code)
    levers = data.levers(here, known)
    parts = {"style": _style(), "runtime": _runtime(), "script": _script()}
    return escaping.template(bundle.ASSETS / TEMPLATE).render(
        **{name: Markup(text) for name, text in parts.items()},
        csp=_policy(**parts),
        data=_json(data.script(here, known, levers, address)),
        page=known,
        date=french.long_date(date.today()),
        copkit=__version__,
        sectors=data.sectors(here, known),
        levers=levers,
        description=f"Panorama des leviers {labels.of(code)}, hors forêt : tuiles remplies jusqu’à ce qui est proposé.",
        untitled=french.join(data.untitled(here)) if data.untitled(here) else "",
        link_label=_link_label(address),
        limits=[french.typeset(line) for line in about.left_out(here.p)],
        unknown=french.UNKNOWN,
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


def _link_label(address: str) -> str:
    if address:
        return "Pour ouvrir ce scénario dans le simulateur en ligne"
    return "Pour ouvrir ce scénario dans le simulateur en ligne, à mettre à la suite de son adresse"


@lru_cache(maxsize=1)
def _style() -> str:
    colours = (f".{name} {{ --theme: {colour}; }}" for name, colour in theme.THEMATIQUES.items())
    return "\n".join([(bundle.ASSETS / "static.css").read_text(encoding="utf-8"), *colours])


@lru_cache(maxsize=1)
def _runtime() -> str:
    """Vega, Vega-Lite and vega-embed for a plain script: ``vegaEmbed`` in the window."""
    import vl_convert  # V8: never before a fork

    return _inside(vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;", vl_version=bundle.VEGA_LITE))


@lru_cache(maxsize=1)
def _script() -> str:
    """The script of the page, with nothing of it in the window."""
    parts = ((bundle.ASSETS / name).read_text(encoding="utf-8") for name in (*bundle.RULES, "static.js"))
    return _inside("\n".join(['"use strict";', "(() => {", *parts, "})();"]))


def _inside(text: str) -> str:
    """A script that may stand in a page: no word in it ends the element nor opens a comment."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _json(content: dict) -> Markup:
    """JSON that may stand in a page."""
    return Markup(json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"))


def _policy(*, style: str, runtime: str, script: str) -> str:
    """A policy that allows these three texts, nothing else, and no address."""
    marks = {name: _digest(text) for name, text in (("style", style), ("runtime", runtime), ("script", script))}
    return (
        f"default-src 'none'; script-src {marks['runtime']} {marks['script']}; style-src {marks['style']}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
