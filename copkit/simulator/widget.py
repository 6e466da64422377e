"""The simulator as a widget of a notebook: the page of the server, in a cell; Python hears what is entered."""

from __future__ import annotations

import os

import anywidget
import traitlets

from copkit.simulator import bundle, links, requests
from copkit.simulator.ground import place
from copkit.simulator.state import read
from copkit.simulator.view import view as view_of


class Simulator(anywidget.AnyWidget):
    """Le simulateur d'un territoire : objectifs par levier, ce qui manque, comment le compenser, un lien à partager.

    ``state`` est ce qui est saisi, ``view`` tout ce qui s'en déduit.

    Parameters
    ----------
    territory : code du territoire, par exemple « reg-32 », « dep-59 » ou « epci-200066926 ».
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
    notes = traitlets.List().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, territory: str = "reg-32", link: str | None = None) -> None:
        self._esm, self._css = bundle.script(), bundle.style()
        query, code = os.environ.get("QUERY_STRING", "") if link is None else link, place(territory)
        state, notes = links.from_query(query, default=code) if query else (links.opening(code), [])
        if not state.levers and not notes and "l=" not in query:  # the address names a territory only
            state = links.opening(state.territory)
        super().__init__(**requests.opened(state, notes))
        self.observe(self._asked, "request")

    @property
    def view(self) -> dict:
        """Tout ce que la page montre de ``state`` : leviers, totaux, jauge, recouvrements, liens [ktCO2e/an]."""
        return view_of(self.page, read(self.state), notes=self.notes)

    def _asked(self, change) -> None:
        found = requests.answer(change["new"])
        if found["ok"] and "page" in found:
            with self.hold_sync():
                for name in ("page", "state", "notes"):
                    setattr(self, name, found.pop(name))
        self.answer = found
