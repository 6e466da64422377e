"""The processes behind the server of the simulator: they make its pages and answer what needs Python.

Two processes, whoever visits: a visitor takes none of its own. One that dies or hangs is replaced, and its request made
again once.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

WORKERS = 2
WAITING = 200  # requests that wait for a process, at most; pages are made once each
PATIENCE = 60  # s that a request may take


class Full(Exception):
    """Too many requests wait already."""


class Late(Exception):
    """A request took too long; its process was ended."""


class Pool:
    """A few processes, started when the first request comes."""

    def __init__(self) -> None:
        self._made: ProcessPoolExecutor | None = None
        self.asked = 0

    def start(self) -> ProcessPoolExecutor:
        """The processes, made again when they broke; spawned, so that they share nothing with the server."""
        if self._made is None:
            self._made = ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn"), max_tasks_per_child=2000)
        return self._made

    async def do(self, work: Callable, *given):
        """What a process makes of it.

        Raises
        ------
        Full, Late
        """
        if self.asked >= WAITING:
            raise Full
        self.asked += 1
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
            self.asked -= 1

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
