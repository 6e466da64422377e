"""The processes of this machine: each executes and exports, on notebooks forked from one warm parent.

They live as long as the batch, because V8, which draws the charts, starts slowly; and no notebook is forked from
them, because a fork of a process that runs V8 hangs.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from copkit.batch import forks, manifest, produce
from copkit.batch.plan import Task
from copkit.batch.store import Folder

_BROKEN = "le processus s'est arrêté net (mémoire insuffisante ?). Relancer avec moins de processus : --jobs 1."
_TRIES = 2


class Pool:
    """The processes of a batch, and its warm parent, if any; they get ready while the batch checks the reference."""

    def __init__(self, workers: int, store: Folder, server: forks.ForkServer | None) -> None:
        self.workers, self.store, self.server = workers, store, server
        self.executor = self._open()

    def _open(self) -> ProcessPoolExecutor:
        setting = (os.getpid(), self.server.address if self.server else "", str(self.store.root))
        executor = ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn"), _settle, setting)
        others = multiprocessing.active_children()
        with _no_main():
            for _ in range(self.workers):
                executor.submit(_get_ready)
        self.processes = [process for process in multiprocessing.active_children() if process not in others]
        return executor

    def close(self) -> None:
        """End the processes, what they were doing if the batch is interrupted, and the warm parent with its notebooks.

        Killed: there is nothing to wait for. Files are written whole or not at all, and V8 is slow to take down.
        """
        for process in self.processes:
            process.kill()
        if self.server:
            self.server.close()
        self.executor.shutdown(wait=True, cancel_futures=True)

    def execute(self, tasks: list[Task]) -> Iterator[produce.Result]:
        """Results as they come. What a process that dies was doing is tried again; failing twice, it is listed."""
        remaining, tries = list(tasks), dict.fromkeys((t.territory for t in tasks), 0)
        while remaining:
            unfinished = yield from self._feed(remaining, tries)
            if unfinished:
                self.executor.shutdown(wait=False)
                self.executor = self._open()
            remaining = [task for task in unfinished if tries[task.territory] < _TRIES]
            for task in unfinished:
                if tries[task.territory] >= _TRIES:
                    lost = produce.Result(task.territory, task.stem, "failed", task.parameters, 0.0, _BROKEN)
                    manifest.record(task, self.store, lost)
                    yield lost

    def _feed(self, tasks: list[Task], tries: dict[str, int]):
        """Give each process one task at a time; returns those that a dead process left."""
        waiting, running = list(tasks), {}
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    task = waiting.pop(0)
                    running[self.executor.submit(_work, task)] = task
                    tries[task.territory] += 1
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    running.pop(future)
                    yield result
        except BrokenProcessPool:
            return [*running.values(), *waiting]
        return []


@contextmanager
def _no_main():
    """New processes do not run the program of the user again: nothing of it goes to them, and it may lack a guard."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _settle(parent: int, address: str, root: str) -> None:
    """In each new process: end with the batch, ignore the keyboard (the batch decides), find the warm parent."""
    global _store
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if address:
        from copkit.batch.forkserver import die_with

        die_with(parent)
        os.environ[forks.ADDRESS] = address
    _store = Folder(Path(root))


def _get_ready() -> None:
    """What the first document would wait for: the libraries, and V8."""
    from copkit.batch import export

    gc.disable()
    export.warm()
    gc.freeze()  # what was just loaded stays: not to be looked through again and again
    gc.enable()


def _work(task: Task) -> produce.Result:
    return produce.execute(task, _store)
