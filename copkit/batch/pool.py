"""The processes of this machine: each executes and exports, on notebooks forked from one warm parent.

They live as long as the batch, because V8, which draws the charts, starts slowly; and no notebook is forked from
them, because a fork of a process that runs V8 hangs.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from copkit.batch import kernels, manifest, produce
from copkit.batch.plan import Task
from copkit.batch.store import Folder

_BROKEN = "le processus s'est arrêté net (mémoire insuffisante ?). Relancer avec moins de processus : --jobs 1."
_TRIES = 2


def execute(tasks: list[Task], store: Folder, jobs: int) -> Iterator[produce.Result]:
    """Results as they come. What a process that dies was doing is tried again; failing twice, it is listed."""
    server = kernels.ForkServer(kernels.WARM) if kernels.available() else None
    context = multiprocessing.get_context("spawn")
    remaining, tries = list(tasks), dict.fromkeys((t.territory for t in tasks), 0)
    try:
        while remaining:
            workers = min(jobs, len(remaining))
            setting = (os.getpid(), server.address if server else "", str(store.root))
            with ProcessPoolExecutor(workers, context, _settle, setting) as pool:
                unfinished = yield from _feed(pool, remaining, workers, tries)
            remaining = [task for task in unfinished if tries[task.territory] < _TRIES]
            for task in unfinished:
                if tries[task.territory] >= _TRIES:
                    lost = produce.Result(task.territory, task.stem, "failed", task.parameters, 0.0, _BROKEN)
                    manifest.record(task, store, lost)
                    yield lost
    finally:
        if server:
            server.close()


def _feed(pool, tasks: list[Task], workers: int, tries: dict[str, int]):
    """Give each process one task at a time; returns those that a dead process left."""
    waiting, running = list(tasks), {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                task = waiting.pop(0)
                running[pool.submit(_work, task)] = task
                tries[task.territory] += 1
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                running.pop(future)
                yield result
    except BrokenProcessPool:
        return [*running.values(), *waiting]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return []


def _settle(parent: int, address: str, root: str) -> None:
    """In each new process: end with the batch, ignore the keyboard (the batch decides), find the warm parent."""
    global _store
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if address:
        from copkit.batch.forkserver import die_with

        die_with(parent)
        os.environ[kernels.ADDRESS] = address
    _store = Folder(Path(root))


def _work(task: Task) -> produce.Result:
    return produce.execute(task, _store)
