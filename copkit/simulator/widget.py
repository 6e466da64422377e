"""The simulator as one widget: the browser draws, Python keeps the truth.

The browser sends the whole small ``state`` at each change and receives the ``view`` of it; what takes longer
(compensation, probability, files) is a ``request`` that gets one ``answer``.
"""

from __future__ import annotations

import base64
import logging
import os

import anywidget
import traitlets

from copkit import french
from copkit.errors import CopkitError
from copkit.reference import territories
from copkit.simulator import actions, bundle, links
from copkit.simulator.page import page as page_of
from copkit.simulator.state import State, read
from copkit.simulator.view import view as view_of

_log = logging.getLogger(__name__)


class Simulator(anywidget.AnyWidget):
    """Le simulateur d'un territoire : objectifs par levier, ce qui manque, comment le compenser, un lien à partager.

    Parameters
    ----------
    territory : code du territoire, par exemple « reg-32 » ou « dep-59 ».
    link : lien à ouvrir, de cette page ou du simulateur officiel ; par défaut celui de la page sous Voilà.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu.

    References
    ----------
    Panorama : ``sgpe_simulateur_2024``.

    Examples
    --------
    >>> s = Simulator("dep-59", link="?territoire=reg-53&l=haies:k:100")
    >>> s.state["territory"], s.view["levers"]["haies"]["kt"]
    ('reg-53', 100.0)
    """

    page = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    runtime = traitlets.Unicode().tag(sync=True)

    def __init__(self, territory: str = "reg-32", link: str | None = None) -> None:
        runtime = os.environ.get(bundle.RUNTIME_VARIABLE, "")
        self._esm, self._css = bundle.script() if runtime else bundle.inlined(), bundle.style()
        query = os.environ.get("QUERY_STRING", "") if link is None else link
        state, notes = links.from_query(query, default=territories.resolve(territory))
        super().__init__(runtime=runtime, **self._opened(state, notes))
        self.observe(self._changed, "state")
        self.observe(self._asked, "request")

    def _opened(self, state: State, notes: list[str] | tuple[str, ...] = ()) -> dict:
        """Page, state and view of a state that comes from elsewhere: a link, a file, another territory."""
        fixed = page_of(state.territory)
        shown = view_of(fixed, state, notes=notes)
        return {"page": fixed, "state": state.model_dump(), "view": shown}

    def _open(self, state: State, notes: list[str] | tuple[str, ...] = ()) -> None:
        self.unobserve(self._changed, "state")
        with self.hold_sync():
            for name, value in self._opened(state, notes).items():
                setattr(self, name, value)
        self.observe(self._changed, "state")

    def _changed(self, _) -> None:
        try:
            self.view = view_of(self.page, self._read(), before=self.view)
        except CopkitError as error:
            self.view = {**self.view, "warnings": [french.typeset(str(error))]}

    def _read(self) -> State:
        """What the visitor entered, on the territory of the page."""
        return read({**self.state, "territory": self.page["territory"]["code"]})

    def _accepted(self) -> State:
        """The same, with only the values that the levers accept: what is computed, exported, compensated."""
        return read(self.view["state"])

    def _asked(self, change) -> None:
        request = change["new"]
        work = _WORKS.get(str(request.get("do")))
        answer = {"id": request.get("id"), "ok": True, "message": ""}
        try:
            if work is None:
                raise CopkitError("Demande inconnue. Recharger la page.")
            answer |= work(self, request) or {}
        except CopkitError as error:
            answer |= {"ok": False, "message": french.typeset(str(error))}
        except Exception:  # the visitor is answered whatever happens; the server's log has the reason
            _log.exception("simulator request failed")
            answer |= {"ok": False, "message": "Le calcul n’a pas abouti. Recharger la page et recommencer."}
        self.answer = answer

    def _territory(self, request: dict) -> None:
        self._open(State(territory=territories.resolve(str(request.get("code", ""))[:40])))

    def _open_link(self, request: dict) -> None:
        self._open(*links.from_query(str(request.get("link", "")), default=self.page["territory"]["code"]))

    def _import(self, request: dict) -> None:
        from copkit.simulator import exports  # openpyxl and Vega: not before they are asked for

        self._open(*exports.import_json(str(request.get("text", ""))))

    def _export(self, request: dict) -> dict:
        from copkit.simulator import exports

        wanted, draft = str(request.get("format", "")), request.get("draft") is True
        name, mime, data = exports.export(self.page, self._accepted(), wanted, draft=draft)
        return {"file": {"name": name, "mime": mime, "data": base64.b64encode(data).decode("ascii")}}

    def _compensate(self, request: dict) -> dict:
        using, costs = _list(request.get("using")), request.get("costs")
        return actions.compensate(self.page, self._accepted(), using, str(request.get("policy")), costs)

    def _probability(self, _: dict) -> dict:
        return actions.probability(self.page, self._accepted())


_WORKS = {
    "territory": Simulator._territory,
    "open_link": Simulator._open_link,
    "import": Simulator._import,
    "export": Simulator._export,
    "compensate": Simulator._compensate,
    "probability": Simulator._probability,
}


def _list(given: object) -> list[str]:
    return [str(one) for one in given[:100]] if isinstance(given, list) else []
