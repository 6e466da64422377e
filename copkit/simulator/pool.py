"""The processes behind the server of the simulator: they make its pages and answer what needs Python.

Two processes, whoever visits: a visitor takes none of its own. One that dies or hangs is replaced, and its request made
again once.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

WORKERS = 2
WAITING = 200  # requests that wait for a process, at most; pages are made once each
OF_ONE = 20  # of them, from one address: an office behind one; the others do not wait behind it
PATIENCE = 60  # s that a request may take


class Full(Exception):
    """Too many requests wait already."""


class Late(Exception):
    """A request took too long; its process was ended."""


class Pool:
    """A few processes, started when the first request comes."""

    def __init__(self, of_one: int = OF_ONE) -> None:
        """``of_one``: requests of one address that wait, at most."""
        self.of_one = of_one
        self._made: ProcessPoolExecutor | None = None
        self.asked: Counter[str] = Counter()

    def start(self) -> ProcessPoolExecutor:
        """The processes, made again when they broke; spawned, so that they share nothing with the server."""
        if self._made is None:
            self._made = ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn"), max_tasks_per_child=2000)
        return self._made

    async def do(self, work: Callable, *given, who: str = ""):
        """What a process makes of it; ``who``: of whom it is counted, nobody when it is for all.

        Raises
        ------
        Full, Late
        """
        if self.asked.total() >= WAITING or (who and self.asked[who] >= self.of_one):
            raise Full
        self.asked[who] += 1
        try:
            for last in (False, True):
                made = self.start()
                try:
                    return await asyncio.wait_for(asyncio.wrap_future(made.submit(work, *given)), PATIENCE)
                except TimeoutError:
                    self.stop()
                    raise Late from None
                except BrokenProcessPool:
                    if self._made is made:
                        self.stop()
                    if last:
                        raise
        finally:
            self.asked[who] -= 1
            self.asked = +self.asked  # without those who wait for nothing

    def stop(self) -> None:
        """End every process at once."""
        made, self._made = self._made, None
        if made is not None:
            processes = list(multiprocessing.active_children())
            made.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()


def compressed(make: Callable[..., str], *given) -> bytes:
    """A page, ready to be sent."""
    return gzip.compress(make(*given).encode("utf-8"), 6)
