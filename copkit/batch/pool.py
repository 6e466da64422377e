"""The processes of this machine: each executes and exports, on notebooks forked from one warm parent.

They live as long as the batch, and each carries several documents, that mostly wait for their notebooks and for the
painter of the process, that draws their charts; it has none where none is likely.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType

from copkit.batch import manifest, painter, produce
from copkit.batch.forked import forks
from copkit.batch.forked.kinship import die_with
from copkit.batch.forked.server import begin
from copkit.batch.plan import Task
from copkit.batch.store import Folder
from copkit.errors import RunError
from copkit.presentation import drawing

_BROKEN = "le processus s'est arrêté net (mémoire insuffisante ?). En mener moins de front : --jobs 1 (ou jobs=1)."
_TRIES = 2
_ROOM = 6  # documents that a process carries: it works a fifth of the time, their notebooks and its painter the rest
_spawn = multiprocessing.get_context("spawn")


def rooms(jobs: int, *, forked: bool) -> list[int]:
    """How many documents each process carries; one when its notebooks are ordinary kernels, that it starts itself.

    >>> rooms(4, forked=True), rooms(7, forked=True), rooms(3, forked=False)
    ([4], [4, 3], [1, 1, 1])
    """
    count = -(-jobs // (_ROOM if forked else 1))
    return [jobs // count + (rank < jobs % count) for rank in range(count)]


class Pool:
    """The processes of a batch, and its warm parent, if any; they get ready while the batch checks the reference.

    ``draws``: the notebook is likely to show charts.
    """

    def __init__(self, jobs: int, store: Folder, server: forks.ForkServer | None, *, draws: bool = True) -> None:
        self.jobs, self.store, self.server, self.draws, self.started_again = jobs, store, server, draws, False
        if server is None:
            forks.say_ordinary()
        self._open_all()

    def _open_all(self) -> None:
        self.workers = [self._open(room) for room in rooms(self.jobs, forked=self.server is not None)]

    def _open(self, room: int) -> Worker:
        return Worker(room, self.server.address if self.server else "", self.store.root, self.draws)

    def sound(self) -> bool:
        """Whether the warm parent read the kit without fault; False where there is none.

        When it cannot serve, ordinary kernels take its place, and one sentence says why.
        """
        while self.server:
            try:
                sound, moved = self.server.ready
            except RunError:  # killed
                self._start_again()
                continue
            if not moved:
                return sound
            self._do_without(moved)
        return False

    def _start_again(self) -> list[Task]:
        """A warm parent in the place of one that was killed, once; then ordinary kernels. Returns what was in hand."""
        if self.started_again:
            return self._do_without("celui qui les prépare a été arrêté deux fois")
        self.started_again = True
        return self._change(forks.ForkServer(self.server.warm))

    def _do_without(self, why: str) -> list[Task]:
        """Ordinary kernels, half as many: one for each core where forks are two. Returns what was in hand."""
        forks.say_ordinary(why)
        self.jobs = -(-self.jobs // 2)
        return self._change(None)

    def _change(self, server: forks.ForkServer | None) -> list[Task]:
        in_hand = [task for worker in self.workers for task in worker.tasks.values()]
        self.close()
        self.server = server
        self._open_all()
        return in_hand

    def close(self) -> None:
        """End the processes, what they were doing if the batch is interrupted, and the warm parent with its notebooks.

        Killed: there is nothing to wait for. Files are written whole or not at all, and V8 is slow to take down.
        """
        for worker in self.workers:
            worker.close()
        if self.server:
            self.server.close()

    def execute(self, tasks: list[Task]) -> Iterator[manifest.Result]:
        """Results as they come. What a process that dies was doing is tried again; failing twice, it is listed.

        The processes are of no use afterwards: they end while what follows is done.
        """
        try:
            yield from self._execute(tasks)
        finally:
            for worker in self.workers:
                worker.kill()

    def _execute(self, tasks: list[Task]) -> Iterator[manifest.Result]:
        waiting, asked = deque(tasks), {task.key: task for task in tasks}
        tries = dict.fromkeys(asked, 0)
        while True:
            while waiting and (free := max(self.workers, key=Worker.left)).left() > 0:
                tries[waiting[0].key] += 1
                free.give(waiting.popleft())
            busy = [worker for worker in self.workers if worker.tasks]
            if not busy:
                return
            heard = wait([*(worker.connection for worker in busy), *([self.server.socket] if self.server else [])])
            for worker in (worker for worker in busy if worker.connection in heard):
                try:
                    result = worker.take()
                except (EOFError, OSError):
                    yield from self._replace(worker, waiting, tries)
                    continue
                if result.status == "failed" and self.server and not self.server.alive():
                    worker.tasks[result.key] = asked[result.key]  # of no fault of its own: again
                    continue
                yield result
            if self.server and not self.server.alive():
                for task in self._start_again():
                    tries[task.key] -= 1
                    waiting.append(task)

    def _replace(self, worker: Worker, waiting: deque[Task], tries: dict[str, int]) -> Iterator[manifest.Result]:
        """A process in the place of one that died. What it was doing waits again, or is listed."""
        worker.close()
        self.workers[self.workers.index(worker)] = self._open(worker.room)
        for task in worker.tasks.values():
            if tries[task.key] < _TRIES:
                waiting.append(task)
                continue
            lost = manifest.Result(task.territory, task.stem, "failed", task.parameters, 0.0, _BROKEN)
            with suppress(OSError):  # the disk may be full
                manifest.record(task, self.store, lost)
            yield lost


class Worker:
    """A process, seen from the batch."""

    def __init__(self, room: int, address: str, root: Path, draws: bool) -> None:
        self.room, self.tasks = room, {}
        self.connection, theirs = _spawn.Pipe()
        canvas, *easel = _spawn.Pipe() if draws else [None]
        setting = (theirs, canvas, room, os.getpid(), address, str(root))
        self.processes = [
            _spawn.Process(target=begin, args=(_serve.__module__, _serve.__name__, *setting), daemon=True)
        ]
        self.processes += [_spawn.Process(target=painter.serve, args=(end, os.getpid()), daemon=True) for end in easel]
        with _apart():
            for process in self.processes:
                process.start()
        for end in filter(None, (theirs, canvas, *easel)):
            end.close()

    def left(self) -> int:
        """How many more documents the process can carry."""
        return self.room - len(self.tasks)

    def give(self, task: Task) -> None:
        """One more document; a process that is dead says so at the next ``take``."""
        self.tasks[task.key] = task
        with suppress(OSError):
            self.connection.send(task)

    def take(self) -> manifest.Result:
        """What it finished. Raises EOFError or OSError when it is dead."""
        result = self.connection.recv()
        del self.tasks[result.key]
        return result

    def kill(self) -> None:
        """Have the process end, and its painter, without waiting."""
        for process in self.processes:
            process.kill()

    def close(self) -> None:
        """End the process, and its painter."""
        self.connection.close()
        self.kill()
        for process in self.processes:
            process.join()


@contextmanager
def _apart():
    """New processes do not run the program of the user again: nothing of it goes to them, and it may lack a guard.

    Nor do they hear the keyboard, from their first instant: what it stops is the batch (``server.begin``).
    """
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    masked = hasattr(signal, "pthread_sigmask")  # not on Windows
    if masked:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # it lets the signal in again when it starts, with the first process
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if masked:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in each process ---------------------------------------------------------------------------------------------


def _serve(connection: Connection, canvas: Connection | None, room: int, parent: int, address: str, root: str) -> None:
    """Make the documents that are asked for, until the batch is gone."""
    if address:
        die_with(parent)
        os.environ[forks.ADDRESS] = address
    else:
        os.environ[forks.OFF] = "off"
        logging.getLogger("copkit").setLevel(logging.ERROR)  # the batch has said it
    _get_ready()
    drawer = painter.Painter(canvas) if canvas else None  # a chart, if one comes all the same, is drawn here
    if drawer:
        drawing.leave_to(drawer.svg)
    store, turn = Folder(Path(root)), threading.Lock()
    with ThreadPoolExecutor(room) as threads, suppress(EOFError, OSError):
        while True:
            threads.submit(_work, connection.recv(), store, drawer, connection, turn)


def _get_ready() -> None:
    """What the first document would wait for."""
    from copkit.batch import export

    gc.disable()
    export.warm()
    produce.warm()
    gc.freeze()  # what was just loaded stays: not to be looked through again and again
    gc.enable()


def _work(
    task: Task, store: Folder, drawer: painter.Painter | None, connection: Connection, turn: threading.Lock
) -> None:
    try:
        result = produce.execute(task, store, shown=drawer and drawer.begin)
        with turn:
            connection.send(result)
    except BaseException:  # of the process, not of the document: the batch sees it die
        os._exit(1)
