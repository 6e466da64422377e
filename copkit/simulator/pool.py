"""The processes behind the server of the simulator: they make its pages and answer what needs Python.

Two processes, whoever visits: a visitor takes none of its own. What costs takes one of them at most, so that a page
never waits for it; of those who wait, who has had the least of late comes first. A process that dies or hangs is
replaced, and its request made again once. They give way to the server itself.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from copkit.batch.forked.kinship import die_with

WORKERS = 2
WAITING = 200  # requests that wait for a process, at most; pages are made once each
OF_ONE = 20  # of them, from one address: an office behind one
PATIENCE = 60  # s that a request may take
HALVED = 10.0  # s after which what an address has had counts for half
NICE = 5  # how much the processes give way: the server answers first what is already made


class Full(Exception):
    """Too many requests wait already."""


class Late(Exception):
    """A request took too long; its process was ended."""


@dataclass(eq=False, slots=True)
class _Turn:
    """One who waits, or whose request is being made."""

    who: str
    costs: bool
    comes: asyncio.Future


class Pool:
    """A few processes, started when the first request comes."""

    def __init__(self, of_one: int = OF_ONE) -> None:
        """``of_one``: requests of one address that wait, at most."""
        self.of_one = of_one
        self._made: ProcessPoolExecutor | None = None
        self._waiting: list[_Turn] = []
        self._running: list[_Turn] = []
        self._had: Counter[str] = Counter()  # s of a process, of each address of late
        self._at = time.monotonic()

    def start(self) -> ProcessPoolExecutor:
        """The processes, made again when they broke; spawned, so that they share nothing with the server."""
        if self._made is None:
            spawned = multiprocessing.get_context("spawn")
            self._made = ProcessPoolExecutor(WORKERS, spawned, _begin, (os.getpid(),), max_tasks_per_child=2000)
        return self._made

    async def do(self, work: Callable, *given, who: str = "", costs: bool = False):
        """What a process makes of it; ``who``: of whom it is counted, nobody when it is for all.

        Raises
        ------
        Full, Late
        """
        theirs = sum(one.who == who for one in self._waiting) if who else 0
        if len(self._waiting) >= WAITING or theirs >= self.of_one:
            raise Full
        turn = _Turn(who, costs, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._next()
        try:
            await turn.comes
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._end(turn)
            raise
        return await asyncio.shield(asyncio.ensure_future(self._run(turn, work, *given)))

    def _next(self) -> None:
        """Whose turn it is: of those that may be served now, the one who has had the least."""
        while len(self._running) < WORKERS:
            costly = sum(one.costs for one in self._running)
            able = [one for one in self._waiting if not one.costs or costly < max(1, WORKERS - 1)]
            if not able:
                return
            turn = min(able, key=lambda one: self._had[one.who])  # the first of them who came
            self._waiting.remove(turn)
            self._running.append(turn)
            turn.comes.set_result(None)

    def _end(self, turn: _Turn, took: float = 0) -> None:
        """Its process is free; what was had long ago is forgotten."""
        self._running.remove(turn)
        now = time.monotonic()
        left = 0.5 ** ((now - self._at) / HALVED)
        self._had = Counter({who: had * left for who, had in self._had.items() if had * left > 0.001})
        self._at = now
        if turn.who:
            self._had[turn.who] += took
        self._next()

    async def _run(self, turn: _Turn, work: Callable, *given):
        began = time.monotonic()
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
            self._end(turn, time.monotonic() - began)

    def stop(self) -> None:
        """End every process at once."""
        made, self._made = self._made, None
        if made is not None:
            processes = list(multiprocessing.active_children())
            made.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()


def _begin(server: int) -> None:
    """End with the server, even killed: each process holds the queue open, where all would wait for ever."""
    die_with(server)
    if hasattr(os, "nice"):
        os.nice(NICE)


def compressed(make: Callable[..., str], *given) -> bytes:
    """A page, ready to be sent."""
    return gzip.compress(make(*given).encode("utf-8"), 6)
