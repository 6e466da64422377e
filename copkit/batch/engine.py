"""The Papermill engine « copkit »: each notebook in its own process, forked from one warm parent.

``papermill --engine copkit in.ipynb out.ipynb``. Papermill and nbclient do what they always do; only the kernel
and the wire to it are ours, so outputs are those of the plain engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections import deque
from queue import Empty

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

from copkit.batch import kernels
from copkit.batch.wire import Wire
from copkit.errors import RunError

TIME_LIMIT, MEMORY_LIMIT = "COPKIT_NOTEBOOK_TIMEOUT", "COPKIT_NOTEBOOK_MEMORY"
_SAVE_EVERY = 1.0  # [s]; Papermill alone writes the whole notebook twice per cell
_STARTED = 60  # [s] that a kernel may take to answer


class CopkitEngine(NBClientEngine):
    """Executes a notebook in a forked process; on an ordinary kernel where that cannot be."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man,
        kernel_name,
        log_output=False,
        stdout_file=None,
        stderr_file=None,
        start_timeout=_STARTED,
        execution_timeout=None,
        notebook_timeout=None,
        memory_limit=None,
        **options,
    ):
        """Execute the notebook that Papermill manages.

        Parameters
        ----------
        execution_timeout : [s] for one cell; None: no limit.
        notebook_timeout : [s] for the whole notebook, or ``COPKIT_NOTEBOOK_TIMEOUT``.
        memory_limit : [MiB] by which the notebook's process may grow, or ``COPKIT_NOTEBOOK_MEMORY``.

        Raises
        ------
        RunError
            The notebook took longer than ``notebook_timeout``, or a limit is not a positive number.
        """
        notebook_timeout = _limit(notebook_timeout, TIME_LIMIT)
        memory_limit = _limit(memory_limit, MEMORY_LIMIT)
        common = {
            "log_output": log_output,
            "stdout_file": stdout_file,
            "stderr_file": stderr_file,
            "execution_timeout": execution_timeout,
        }
        _save_less(nb_man)
        if not _forkable(kernel_name, nb_man.nb):
            return super().execute_managed_notebook(
                nb_man, kernel_name, start_timeout=start_timeout, **common, **options
            )
        for name in ("input_path", "timeout", "startup_timeout"):
            options.pop(name, None)
        budget = Budget(execution_timeout, notebook_timeout)
        warm = kernels.WARM if _is_ours(nb_man.nb) else ""
        client = PapermillNotebookClient(
            nb_man,
            km=WiredManager(warm, memory_limit),
            kernel_name=kernel_name,
            timeout_func=budget.next,
            startup_timeout=start_timeout,
            log=logger,
            **{name: common[name] for name in ("log_output", "stdout_file", "stderr_file")},
            **{"shutdown_kernel": "immediate", **options},
        )
        try:
            return client.execute(cleanup_kc=True)
        except CellTimeoutError:
            if budget.spent():
                raise RunError(f"Le carnet a dépassé sa durée limite de {notebook_timeout:g} secondes.") from None
            raise


def _limit(value, name: str) -> float | None:
    value = os.environ.get(name) if value is None else value
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if number <= 0:
        raise RunError(f"Limite illisible : « {value} » ({name}). Écrire un nombre positif.")
    return int(number) if name == MEMORY_LIMIT else number


def _forkable(kernel_name: str, nb) -> bool:
    if not kernels.available():
        kernels.say_ordinary()
        return False
    try:
        return kernels.is_ours(KernelSpecManager().get_kernel_spec(kernel_name).argv)
    except NoSuchKernel:
        return False  # the plain engine says it


def _is_ours(nb) -> bool:
    return any("copkit" in cell.source for cell in nb.cells if cell.cell_type == "code")


def _save_less(nb_man) -> None:
    """Between two cells, save once a second at most; Papermill saves at the end in any case."""
    save, last = nb_man.save, time.monotonic()

    def sometimes(**kwargs) -> None:
        nonlocal last
        if time.monotonic() - last >= _SAVE_EVERY:
            save(**kwargs)
            last = time.monotonic()

    nb_man.save = sometimes


class Budget:
    """The time that is left to the next cell [s]."""

    def __init__(self, cell: float | None, notebook: float | None) -> None:
        self.cell = cell
        self.end = time.monotonic() + notebook if notebook else None

    def next(self, _cell=None) -> float | None:
        """For one cell; None: no limit."""
        left = None if self.end is None else max(self.end - time.monotonic(), 0.001)
        limits = [limit for limit in (self.cell, left) if limit]
        return min(limits) if limits else None

    def spent(self) -> bool:
        """Whether the notebook's own limit is passed."""
        return self.end is not None and time.monotonic() >= self.end


class Channel:
    """One channel of the wire, as nbclient wants it."""

    def __init__(self, client: WiredClient, name: str) -> None:
        self.client, self.name = client, name
        self.messages: deque = deque()
        self.waiting: asyncio.Future | None = None

    def send(self, message: dict) -> None:
        """Send a request; a kernel that died is found by its absence of answer."""
        with contextlib.suppress(OSError):
            self.client.wire.send(self.name, self.client.session.serialize(message))

    async def get_msg(self, timeout: float | None = None) -> dict:
        """The next message. Raises Empty after so many seconds."""
        self.client.listen()
        if not self.messages:
            self.waiting = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(self.waiting, timeout)
            except TimeoutError:
                raise Empty from None
            finally:
                self.waiting = None
        return self.messages.popleft()

    def put(self, message: dict) -> None:
        """A message has come."""
        self.messages.append(message)
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(None)


class WiredClient(AsyncKernelClient):
    """A kernel client whose channels are a wire."""

    def __init__(self, wire: Wire, process: kernels.Forked) -> None:
        super().__init__()
        self.session.key = b""  # a private pair of sockets needs no signature
        self.wire, self.process, self.failure = wire, process, ""
        self.channels = {name: Channel(self, name) for name in ("shell", "iopub")}
        self._loop: asyncio.AbstractEventLoop | None = None

    shell_channel = property(lambda self: self.channels["shell"])
    iopub_channel = property(lambda self: self.channels["iopub"])

    def start_channels(self, **_) -> None:
        """They are open."""

    def stop_channels(self) -> None:
        """Close the wire."""
        self._deaf()
        self.wire.close()

    def listen(self) -> None:
        """Receive on the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop and self.wire.socket.fileno() >= 0:
            self._loop = loop
            loop.add_reader(self.wire.socket.fileno(), self._receive)

    def _deaf(self) -> None:
        if self._loop and not self._loop.is_closed() and self.wire.socket.fileno() >= 0:
            self._loop.remove_reader(self.wire.socket.fileno())

    def _receive(self) -> None:
        try:
            messages = self.wire.receive()
        except EOFError:
            self._deaf()
            return
        for channel, parts in messages:
            if channel == "failure":
                self.failure = parts[0].decode()
                continue
            _, frames = self.session.feed_identities(parts)
            self.channels[channel].put(self.session.deserialize(frames))

    async def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel answers; what it published before that belongs to no cell."""
        asked, end = self.kernel_info(), time.monotonic() + (timeout or _STARTED)
        while time.monotonic() < end:
            try:
                reply = await self.shell_channel.get_msg(timeout=0.5)
            except Empty:
                if not await self.is_alive():
                    raise DeadKernelError(f"Le noyau s'est arrêté au démarrage.\n{self.failure}".strip()) from None
                continue
            if reply["parent_header"].get("msg_id") == asked:
                self._handle_kernel_info_reply(reply)
                return
        raise RuntimeError("Le noyau n'a pas répondu à temps.")


class WiredManager:
    """What nbclient asks of a kernel manager, for a forked process."""

    ipykernel = True

    def __init__(self, warm: str, memory_limit: int | None) -> None:
        self.warm, self.memory_limit, self.process, self.wire = warm, memory_limit, None, None

    @property
    def has_kernel(self) -> bool:
        """Whether a process was started."""
        return self.process is not None

    async def start_kernel(self, extra_arguments=(), cwd=None, **_) -> None:
        """Fork."""
        ours, theirs = socket.socketpair()
        self.wire = Wire(ours)
        with theirs:
            self.process = kernels.ForkServer.get(self.warm).fork(
                list(extra_arguments), str(cwd or os.getcwd()), dict(os.environ), theirs, memory_limit=self.memory_limit
            )

    def client(self) -> WiredClient:
        """The client of the process."""
        return WiredClient(self.wire, self.process)

    async def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    async def interrupt_kernel(self) -> None:
        """As the stop button of JupyterLab."""
        import signal

        self.process.signal_group(signal.SIGINT)

    async def shutdown_kernel(self, now: bool = False) -> None:
        """End the process and what it started: a throw-away copy has nothing to save."""
        self.process.kill()
        await self.process.ended()

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Nothing on disk."""
