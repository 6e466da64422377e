"""The process that draws the charts of a batch: one V8 for many documents, already warm when the first one comes.

V8 starts in half a second, and takes a hundred charts to be twice as fast as at first: a small batch has no more. It
holds Python's lock while it draws: in a process of its own, it delays no notebook.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import TypeVar

from copkit.batch.forked.kinship import die_with
from copkit.presentation import drawing

_REHEARSALS = 16
_ROWS = "rows"
T = TypeVar("T")


class Painter:
    """The painter, seen from a process that makes documents: it starts when that one is ready, not to slow it down."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.thread = connection, ThreadPoolExecutor(1)
        self._tell(lambda: connection.send_bytes(b""))
        self.ask = lru_cache(maxsize=64)(self._ask)  # a chart is asked for when it is shown, and twice by the exports

    def begin(self, data: dict) -> None:
        """Have drawn at once the chart that a notebook shows, if it is one: its document will ask for it."""
        if drawing.MIME in data:
            self.ask(drawing.wanted(data[drawing.MIME]))

    def svg(self, spec: str) -> str:
        """A chart drawn. Raises ValueError if it cannot be."""
        return self.ask(spec).result()

    def _ask(self, spec: str) -> Future:
        return self.thread.submit(self._draw, spec)

    def _draw(self, spec: str) -> str:
        self._tell(lambda: self.connection.send_bytes(spec.encode()))
        good, drawn = self._tell(self.connection.recv)
        if not good:
            raise ValueError(drawn)
        return drawn

    def _tell(self, speak: Callable[[], T]) -> T:
        try:
            return speak()
        except (EOFError, OSError):  # no painter any more: the batch replaces both
            os._exit(1)


def serve(connection: Connection, parent: int) -> None:
    """Draw what is asked for, until nobody asks any more; meanwhile, rehearse."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    with suppress(EOFError, OSError):  # closed, or reset with what was not read yet
        connection.recv_bytes()  # the other process is ready
        for number in range(_REHEARSALS):
            if connection.poll():
                break
            drawing.draw(_rehearsal(number))
        while True:
            spec = connection.recv_bytes().decode()
            try:
                connection.send((True, drawing.draw(spec)))
            except ValueError as error:
                connection.send((False, str(error)))


def _rehearsal(number: int) -> str:
    """A chart of nothing, of the kinds that the kit has: bars with their values, or tiles with their numbers."""
    rows = [
        {"name": f"n° {i}", "value": (7 * i + number) % 23 + number / 50, "text": f"{i},{number}"} for i in range(18)
    ]
    name, value = ({"field": "name", "type": "nominal", "sort": None}, {"field": "value", "type": "quantitative"})
    plain = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 30], "nice": False}}
    place = {"x": {**plain, "field": "value"}, "y": {**plain, "field": "value"}}
    text = {"field": "text", "type": "nominal"}
    if number % 3:
        axis = {"title": "part (%)", "axis": {"tickCount": 5}}
        bars = {"mark": {"type": "bar", "height": {"band": 0.62}}, "encoding": {"y": name, "x": value | axis}}
        texts = {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"y": name, "x": value, "text": text}}
        layers = [bars, texts]
    else:
        ends = {"x2": {"datum": 30}, "y2": {"datum": 30}}
        tiles = {"mark": {"type": "rect", "stroke": "white"}, "encoding": place | ends}
        layers = [tiles, {"mark": "text", "encoding": place | {"text": text}}]
    table = {"data": {"name": _ROWS}, "datasets": {_ROWS: rows}}
    return drawing.wanted({**table, "width": 640, "height": 400, "layer": layers})
