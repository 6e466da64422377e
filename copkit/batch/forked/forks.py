"""The client side of the warm parent (``server.py``): start it, ask it for processes, follow them.

Linux only; elsewhere, or with ``COPKIT_FORK=off``, kernels are started as usual and one line says so. Light to
import: a batch starts its parent first, then imports the rest.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

from copkit.batch import versions
from copkit.errors import RunError

OFF, ADDRESS, FOR_THE_KIT = "COPKIT_FORK", "COPKIT_FORK_SERVER", "COPKIT_WARM"
WARM = "copkit.warm:warm"  # what the parent does before the first fork, when notebooks of the kit are to run
# Less for a batch: it starts sooner; there, xarray knows neither dask nor pint.
LIGHT = PAGES, DOCUMENTS, LOCAL, FILES = tuple(f"copkit.warm:{one}" for one in ("pages", "documents", "local", "files"))
BY_REGION = PAGES, DOCUMENTS, FILES  # that get ready for some régions rather than for all of them
OTHERS = LIBRARIES, NOTHING = "copkit.warm:libraries", "copkit.warm:nothing"  # for notebooks that are not of the kit
BATCH = LIGHT + OTHERS
_LIBRARIES = ("ipywidgets", "numpy", "openpyxl", "pandas", "pyarrow", "xarray")
_log = logging.getLogger("copkit")


def available() -> bool:
    """Whether processes can be forked here: Linux, and not refused by ``COPKIT_FORK=off``."""
    return hasattr(os, "pidfd_open") and hasattr(os, "memfd_create") and os.environ.get(OFF, "").lower() != "off"


def warm_up(source: str, *, written: bool, local: bool = False) -> str:
    """What a notebook of a batch finds ready: what documents are made of, what reads files, or libraries.

    ``written``: it writes a workbook. ``local``: its territories are below the départements.
    """
    if not imports(source, "copkit", "altair"):
        return LIBRARIES if imports(source) else NOTHING
    # of arrays that xarray would have to know, and of charts that altair would make widgets of
    if any(name in source for name in ("dask", "chunk", "pint", "JupyterChart")):
        return WARM
    if any(f"ck.{name}." in source for name in ("projects", "survey", "roadmap")):
        return FILES
    if local:
        return LOCAL
    return DOCUMENTS if written else PAGES


def imports(source: str, *names: str) -> bool:
    """Whether a line of a source imports one of these."""
    return bool(re.search(rf"\b(import|from)\b.*\b({'|'.join(names or _LIBRARIES)})\b", source))


@lru_cache(maxsize=1)
def say_ordinary(why: str = "") -> None:
    """Say once that ordinary kernels are used, and why."""
    reason = why or ("COPKIT_FORK=off" if hasattr(os, "pidfd_open") else "ce système ne le permet pas")
    _log.warning("copkit : noyaux ordinaires, plus lents (pas de processus dérivé : %s).", reason)


class Ready(NamedTuple):
    """What a warm parent says once it is warm."""

    sound: bool = False  # whether the warm-up could read all that it had to
    moved: str = ""  # why notebooks cannot run on the wire: a library is not what the kit takes it for


class ForkServer:
    """The client side of the warm parent. One per process and per warm-up, or shared through its address."""

    _known: dict[str, ForkServer] = {}  # noqa: RUF012
    _retired: list[ForkServer] = []  # noqa: RUF012  kept: closing its socket would end the kernels it forked
    _lock = threading.Lock()

    @classmethod
    def get(cls, warm: str = "") -> ForkServer:
        """The server of this process: the one whose address was given to it, or its own, started on first use.

        A new one replaces it when a file of the code or of the data has changed: what it read would be stale.
        """
        address = os.environ.get(ADDRESS)
        stamp = address or (versions.stamp() if warm else "")
        with cls._lock:
            server = cls._known.get(warm)
            if server and (server.owner != os.getpid() or server.stamp != stamp or not server.alive()):
                server.retire()
                cls._retired = [one for one in [*cls._retired, server] if one.alive()]
                server = None
            if server is None:
                server = cls._known[warm] = cls(warm, address, stamp)
            return server

    def __init__(
        self, warm: str = "", address: str | None = None, stamp: str = "", *, regions: Iterable[str] = ()
    ) -> None:
        self.owner, self.process, self.stamp, self.warm = os.getpid(), None, stamp, warm
        self._turn = threading.Lock()
        if address:
            self.address = address
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self.socket.connect(f"\0{address}")
            except OSError:
                raise _gone() from None
            return
        self.address = f"copkit-{os.getpid()}-{os.urandom(8).hex()}"
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, door:
            door.bind(f"\0{self.address}")
            door.listen()  # at once: others may knock while the server warms up
            self.process = self._start(theirs, door, warm, *regions)

    @staticmethod
    def _start(owner: socket.socket, door: socket.socket, warm: str, *regions: str) -> subprocess.Popen:
        """Its process, that listens to the owner and at the door."""
        debugger = () if warm in BATCH else ("-Xfrozen_modules=off",)  # or it says that it may miss breakpoints
        fds = owner.fileno(), door.fileno()
        command = [sys.executable, *debugger, "-m", "copkit.batch.forked.server", *map(str, fds), warm, *regions]
        return subprocess.Popen(command, pass_fds=fds, stdin=subprocess.DEVNULL, start_new_session=True, cwd=os.sep)

    def alive(self) -> bool:
        """Whether the server still serves."""
        with self._turn:  # it never speaks first: between two requests, readable means closed
            readable = select.select([self.socket], [], [], 0)[0]
        return not readable and (self.process is None or self.process.poll() is None)

    def fork(self, argv: list[str], cwd: str, env: dict, wire: socket.socket | None = None, **limits) -> Forked:
        """A new process that becomes a kernel with these arguments, on the wire if there is one.

        ``call``, among ``limits``: « module:function », that it runs on what is ``given`` rather than be a kernel.
        ``light``: it is made for documents of small tables.

        Raises RunError when the server is gone.
        """
        request = json.dumps({"argv": argv, "cwd": cwd, "env": env, **limits}).encode()
        fd = os.memfd_create("request")  # an environment can be larger than a packet
        try:
            os.write(fd, request)
            with self._turn:
                socket.send_fds(self.socket, [b"fork"], [fd] + ([wire.fileno()] if wire else []))
                data, fds, _, _ = socket.recv_fds(self.socket, 64, 1)
        except OSError:
            data = b""
        finally:
            os.close(fd)
        if not data:
            raise _gone()
        return Forked(int(data), fds[0])

    @cached_property
    def ready(self) -> Ready:
        """What it says once it is warm, which is waited for. Raises RunError when the server is gone."""
        data = b""
        with contextlib.suppress(OSError), self._turn:
            self.socket.send(b"ready")
            data = self.socket.recv(1 << 20)
        if not data:
            raise _gone()
        return Ready(*json.loads(data))

    def retire(self) -> None:
        """Let the server end once the processes that it forked have ended."""
        if self.owner == os.getpid():
            with contextlib.suppress(OSError):
                self.socket.send(b"retire")

    def close(self, *, unused: bool = False) -> None:
        """End the server if it is ours, with every process that it forked; at once when it was asked for none."""
        self.socket.close()
        if self.process:
            if unused:
                self.process.kill()
            self.process.wait()


def _gone() -> RunError:
    return RunError(
        "Le processus qui prépare les noyaux s'est arrêté. Relancer ; si cela recommence : COPKIT_FORK=off."
    )


class Forked:
    """A process that is not our child: what ``subprocess.Popen`` offers, on a pidfd."""

    stdout = stderr = stdin = None

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid, self.pidfd, self.returncode = pid, pidfd, None

    def poll(self) -> int | None:
        """None while the process runs."""
        if self.returncode is None and select.select([self.pidfd], [], [], 0)[0]:
            self.returncode = 0
            os.close(self.pidfd)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the process ends, or for so many seconds."""
        if self.returncode is None:
            select.select([self.pidfd], [], [], timeout)
        return self.poll()

    async def ended(self) -> None:
        """Until it ends, without blocking the loop."""
        if self.poll() is None:
            import asyncio  # a batch starts its parent first

            loop = asyncio.get_running_loop()
            done = loop.create_future()
            loop.add_reader(self.pidfd, lambda: done.done() or done.set_result(None))
            try:
                await done
            finally:
                loop.remove_reader(self.pidfd)
        self.poll()

    def send_signal(self, signum: int) -> None:
        """Send a signal to the process alone; it cannot be another one that took its number."""
        if self.poll() is None:
            signal.pidfd_send_signal(self.pidfd, signum)

    def signal_group(self, signum: int) -> None:
        """Send a signal to the process and to what it started."""
        if self.poll() is None:
            os.killpg(self.pid, signum)

    def kill(self) -> None:
        """End the process now."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)
