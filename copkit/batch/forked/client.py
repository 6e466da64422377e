"""The client side of a forked notebook: what nbclient asks of a kernel manager and of its client, on a wire."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from queue import Empty
from string import Template

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import DELIM, json_unpacker
from nbclient.exceptions import DeadKernelError

from copkit.batch.forked import forks
from copkit.batch.forked.wire import Wire
from copkit.errors import RunError

STARTED = 60  # [s] that a kernel may take to answer
OUTPUT = 100  # [MiB] that a notebook may show: what does, without end, would fill the memory of who listens
_GOODBYE = 5  # [s] that a kernel may take to end by itself


class Channel:
    """One channel of the wire, as nbclient wants it."""

    def __init__(self, client: WiredClient, name: str) -> None:
        self.client, self.name = client, name
        self.messages: deque = deque()
        self.waiting: asyncio.Future | None = None
        self.refused: RunError | None = None

    def send(self, message: dict) -> None:
        """Send a request; a kernel that died is found by its absence of answer."""
        with contextlib.suppress(OSError):
            self.client.wire.send(self.name, self.client.session.serialize(message))

    async def get_msg(self, timeout: float | None = None) -> dict:
        """The next message. Raises Empty after so many seconds, RunError when the notebook writes without end."""
        self.client.listen()
        if self.refused:
            raise self.refused
        if not self.messages:
            self.waiting = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(self.waiting, timeout)
            except TimeoutError:
                raise Empty from None
            finally:
                self.waiting = None
        return self.messages.popleft()

    def refuse(self, error: RunError) -> None:
        """Raise an error where the next message is, or will be, waited for."""
        self.refused = error
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(error)

    def put(self, message: dict) -> None:
        """Keep a message that has come, and wake up who waits for it."""
        self.messages.append(message)
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(None)


class WiredClient(AsyncKernelClient):
    """A kernel client whose channels are a wire."""

    def __init__(self, wire: Wire, process: forks.Forked, shown: Callable[[dict], None] | None = None) -> None:
        super().__init__()
        self.shown = shown  # called with the data of each result and display, when it comes
        self.session.key = b""  # a private pair of sockets needs no signature
        self.wire, self.process, self.failure = wire, process, ""
        self.channels = {name: Channel(self, name) for name in ("shell", "iopub")}
        self._loop: asyncio.AbstractEventLoop | None = None

    shell_channel = property(lambda self: self.channels["shell"])
    iopub_channel = property(lambda self: self.channels["iopub"])

    def start_channels(self, **_) -> None:
        """Nothing to do: the wire is open from the start."""

    def stop_channels(self) -> None:
        """Close the wire."""
        self._deaf()
        self.wire.close()

    def listen(self) -> None:
        """Receive the messages of the wire on the running loop."""
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
        if self.wire.taken > OUTPUT << 20:  # read no more: it is soon ended
            self._deaf()
            said = f"Le carnet écrit plus de {OUTPUT} Mio de sorties. En écrire moins, ou dans un fichier."
            self.shell_channel.refuse(RunError(said))
            return
        for channel, parts in messages:
            if channel == "failure":
                self.failure = parts[0].decode()
                continue
            message = _message(parts)
            if self.shown and message["msg_type"] in ("execute_result", "display_data"):
                self.shown(message["content"]["data"])
            self.channels[channel].put(message)

    async def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel answers; what it published before that belongs to no cell."""
        asked, end = self.kernel_info(), time.monotonic() + (timeout or STARTED)
        while time.monotonic() < end:
            try:
                reply = await self.shell_channel.get_msg(timeout=0.5)
            except Empty:
                if not await self.is_alive():
                    raise DeadKernelError(f"Le noyau s'est arrêté au démarrage.\n{self.failure}".strip()) from None
                continue
            if reply["parent_header"].get("msg_id") == asked:
                return
        raise RuntimeError("Le noyau n'a pas répondu à temps.")


def _message(parts: list[bytes]) -> dict:
    """A message from its parts, on a wire that has no signature.

    A session of Jupyter would look for a date in all that each header says, for a tenth of the time of a document.
    """
    at = parts.index(DELIM) + 2
    header, parent, metadata, content = map(json_unpacker, parts[at : at + 4])
    with contextlib.suppress(KeyError, TypeError, ValueError):
        header["date"] = datetime.fromisoformat(header["date"])
    return {
        "header": header,
        "msg_id": header["msg_id"],
        "msg_type": header["msg_type"],
        "parent_header": parent,
        "metadata": metadata,
        "content": content,
        "buffers": [memoryview(part) for part in parts[at + 4 :]],
    }


class WiredManager:
    """What nbclient asks of a kernel manager, for a forked process."""

    ipykernel = True

    def __init__(self, warm: str, memory_limit: int | None, env: dict[str, str], shown=None) -> None:
        self.warm, self.memory_limit, self.process, self.wire, self.shown = warm, memory_limit, None, None, shown
        self.env = {name: Template(value).safe_substitute(os.environ) for name, value in env.items()}

    @property
    def has_kernel(self) -> bool:
        """Whether a process was started."""
        return self.process is not None

    async def start_kernel(self, extra_arguments=(), cwd=None, **_) -> None:
        """Have a process forked, at the other end of a new wire."""
        ours, theirs = socket.socketpair()
        self.wire = Wire(ours)
        with theirs:
            env, light = {**os.environ, **self.env}, self.warm in forks.LIGHT
            self.process = forks.ForkServer.get(self.warm).fork(
                list(extra_arguments), str(cwd or os.getcwd()), env, theirs, memory_limit=self.memory_limit, light=light
            )

    def client(self) -> WiredClient:
        """The client of the process."""
        return WiredClient(self.wire, self.process, self.shown)

    async def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    async def interrupt_kernel(self) -> None:
        """Interrupt the cell that runs, as the stop button of JupyterLab does."""
        self.process.signal_group(signal.SIGINT)

    async def shutdown_kernel(self, now: bool = False) -> None:
        """Let the process close its files and say goodbye, or end it now; then what it started ends too."""
        if not now:
            with contextlib.suppress(OSError):
                self.wire.socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.ended(), _GOODBYE)
        self.process.kill()
        await self.process.ended()

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Nothing to do: a forked process has no connection file."""
