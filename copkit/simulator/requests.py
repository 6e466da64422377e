"""What a page asks of Python: one request, one answer, and nothing kept between the two.

The page knows by itself every figure that it shows; it asks for files, a probability, and what comes from elsewhere.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping

from copkit import french
from copkit.errors import CopkitError, SimulationError
from copkit.simulator import actions, links
from copkit.simulator.ground import place
from copkit.simulator.page import page as page_of
from copkit.simulator.state import State, read, version_of
from copkit.simulator.view import view as view_of

_log = logging.getLogger(__name__)


LIGHT = ("json", "csv", "csv_excel")  # files that cost little


def answer(request: Mapping, demonstration: bool = False) -> dict:
    """La réponse à une demande d'une page ; ne lève jamais d'erreur.

    Parameters
    ----------
    request : ``do`` (open, import, export, compensate ou probability), ``state`` (la saisie, entière) et ce que chacune
        demande.
    demonstration : refuser les fichiers qui coûtent (classeur, PDF, images).

    Returns
    -------
    dict, en JSON : ``id`` de la demande, ``ok``, ``message`` (en français, ce qu'il faut faire quand c'est refusé), et
        ce qui est demandé.
    """
    found = {"id": request.get("id"), "ok": True, "message": ""}
    try:
        work = _WORKS.get(str(request.get("do")))
        if work is None:
            raise SimulationError("Demande inconnue. Recharger la page.")
        if demonstration and work is _export and costs(request):
            raise SimulationError(
                "Ce fichier n'est pas fait dans la démonstration publique. Prendre la table CSV ou le lien, ou "
                "installer copkit pour le classeur, le PDF et les images."
            )
        return found | work(request)
    except CopkitError as error:
        return found | {"ok": False, "message": french.typeset(str(error))}
    except Exception:  # the visitor is answered whatever happens; the log has the reason
        _log.exception("simulator request failed")
        return found | {"ok": False, "message": "Le calcul n’a pas abouti. Recommencer, ou recharger la page."}


def costs(request: Mapping) -> bool:
    """Whether what is asked takes a second or so: a probability, a workbook, a PDF, a picture."""
    asked = request.get("do")
    return asked == "probability" or (asked == "export" and request.get("format") not in LIGHT)


def _state(request: Mapping) -> tuple[dict, State]:
    """The page of what was entered, and what its levers accept of it."""
    given = request.get("state")
    state = read(given if isinstance(given, Mapping) else {})
    fixed = page_of(state.territory)
    return fixed, read(view_of(fixed, state)["state"])


def opened(state: State, notes: list[str] | tuple[str, ...] = ()) -> dict:
    """The page, the state and the remarks of a state that comes from elsewhere."""
    return {"page": page_of(state.territory, version_of(state)), "state": state.model_dump(), "notes": list(notes)}


def _open(request: Mapping) -> dict:
    code, link = str(request.get("code", ""))[:40], str(request.get("link", ""))
    if not link:
        return opened(links.opening(place(code)))
    return opened(*links.from_query(link, default=place(code) if code else "reg-32"))


def _import(request: Mapping) -> dict:
    from copkit.simulator import exports  # XlsxWriter and Vega: not before they are asked for

    return opened(*exports.import_json(str(request.get("text", ""))))


def _export(request: Mapping) -> dict:
    from copkit.simulator import exports

    name, mime, data = exports.export(*_state(request), str(request.get("format", "")))
    return {"file": {"name": name, "mime": mime, "data": base64.b64encode(data).decode("ascii")}}


def _compensate(request: Mapping) -> dict:
    using, costs = request.get("using"), request.get("costs")
    chosen = [str(one) for one in using[:100]] if isinstance(using, list) else []
    return actions.compensate(*_state(request), chosen, str(request.get("policy")), costs)


def _probability(request: Mapping) -> dict:
    return actions.probability(*_state(request))


_WORKS: dict[str, Callable[[Mapping], dict]] = {
    "open": _open,
    "import": _import,
    "export": _export,
    "compensate": _compensate,
    "probability": _probability,
}
