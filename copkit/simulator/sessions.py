"""The sessions of the simulator: one kernel for each open page, so many at most, ended soon after the page is left."""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from contextvars import ContextVar
from pathlib import Path

from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Float, Integer

from copkit.simulator.gate import MEBIBYTE, Bucket

FORKED, ORDINARY = 80 * MEBIBYTE, 250 * MEBIBYTE  # what a session takes, with some room (benchmarks/simulator_load.py)
SHARE = 0.8  # of the memory that is free when the server starts
PART = 4  # one address takes one place in so many, and two at least: an office shares one
SOCKETS = 4  # websockets of a session: one page, that may come back before it is known to have left
RATE, BURST = 50, 500  # messages of a page: so many in a second in the long run, so many at once; a slider sends twenty
PARTS = 64  # of a message; its buffers among them
MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]  # from a page
ASKED = "jupyter.widget.control"  # what a page may open: it asks for the state of the widgets
ANSWERS = frozenset(  # to a page: no error of the program, nothing that it prints
    ["comm_open", "comm_close", "comm_msg", "comm_info_reply", "kernel_info_reply", "status"]
)
CONTROL_GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")

# What a process may know of the machine. An allow-list: a secret has no usual name.
KEPT = re.compile(
    r"""(?x)
    PATH | HOME | USER | LOGNAME | USERPROFILE | SYSTEMROOT | (LOCAL)?APPDATA | TMPDIR | TEMP | TMP | LANG(UAGE)? | TZ
    | VIRTUAL_ENV | CONDA_PREFIX | LD_LIBRARY_PATH | XDG_(CACHE|CONFIG|DATA)_HOME | XDG_RUNTIME_DIR | IPYTHONDIR
    | JUPYTER_(PATH | CONFIG_DIR | DATA_DIR | RUNTIME_DIR | PREFER_ENV_PATH | DEFAULT_PROVISIONER_NAME)
    | (LC_ | PYTHON | COPKIT_ | OMP_ | OPENBLAS_ | MKL_) .*
    | BROWSER | DISPLAY | WAYLAND_DISPLAY | XAUTHORITY | DBUS_SESSION_BUS_ADDRESS
    """
)


def without_secrets(environment: dict[str, str]) -> dict[str, str]:
    """What of an environment the kernels need; the rest, passwords and keys included, stays out."""
    return {name: value for name, value in environment.items() if KEPT.fullmatch(name)}


def default_limit(per_session: int) -> int:
    """How many sessions the free memory holds, the limits of the container or of the service included.

    Parameters
    ----------
    per_session : int
        Memory that one session takes. [bytes]
    """
    import psutil

    return max(1, int(SHARE * min([psutil.virtual_memory().available, *_left_by_limits()]) / per_session))


def _left_by_limits() -> list[int]:
    """What the control groups of this process, from its own to the widest, still let it take (Linux). [bytes]"""
    try:
        own = re.search(r"^0::/(.*)$", OWN_GROUP.read_text(), re.M)
    except OSError:
        own = None
    group, left = CONTROL_GROUPS / (own[1] if own else ""), []
    for folder in (group, *group.parents):
        if not folder.is_relative_to(CONTROL_GROUPS):
            break
        try:
            limit, used = ((folder / name).read_text() for name in ("memory.max", "memory.current"))
            left.append(int(limit) - int(used))
        except (OSError, ValueError):  # no such limit, or « max »
            continue
    return left


visitor: ContextVar[str] = ContextVar("visitor", default="")  # who asks for a session; nobody on this machine


class Connection(ZMQChannelsWebsocketConnection):
    """What passes between a page and its kernel: what a page needs, whole, and so much at a time."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self._bucket = Bucket(RATE, BURST)

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Hand a message over; one that does not read ends the connection."""
        if not self._bucket.take():
            self.websocket_handler.close(1008, "Trop de messages. Recharger la page.")
            return
        try:
            if self._passes(incoming_msg):
                super().handle_incoming_message(incoming_msg)
        except Exception:  # whatever a visitor can write: it is theirs, and no fault of the server
            self.websocket_handler.close(1007, "Message illisible. Recharger la page.")

    def _passes(self, message: str | bytes) -> bool:
        """Whether a page needs it. Raises anything when it does not read."""
        first = self.subprotocol == "v1.kernel.websocket.jupyter.org"
        if isinstance(message, bytes):  # how many parts it says to have: Jupyter makes room for them all
            size, order = (8, "little") if first else (4, "big")
            count = int.from_bytes(message[:size], order)
            if not 0 < count <= PARTS or size * (count + 1) > len(message):
                raise ValueError(count)
        if first:
            channel, parts = deserialize_msg_from_ws_v1(message)
            header, content = self.session.unpack(parts[0]), self.session.unpack(parts[3])
        else:
            read = deserialize_binary_message(message) if isinstance(message, bytes) else json.loads(message)
            channel, header, content = read.get("channel"), read["header"], read["content"]
        kind = header["msg_type"]
        if channel != "shell" or kind not in MESSAGES:
            return False
        return kind != "comm_open" or content["target_name"] == ASKED

    def handle_outgoing_message(self, stream, outgoing_msg: list) -> None:
        """Hand an answer over, if a page needs it: what the program says of itself stays here."""
        _, parts = self.session.feed_identities(outgoing_msg, copy=True)
        if self.session.unpack(parts[1])["msg_type"] in ANSWERS:
            super().handle_outgoing_message(stream, outgoing_msg)

    def write_stderr(self, error_message: str, parent_header: dict) -> None:
        """A page that asks too much is told nothing of the settings of the server."""
        self.log.warning(error_message)


class Sessions(AsyncMappingKernelManager):
    """Voilà's kernels, with a limit, and an end for those that nobody looks at any more."""

    limit = Integer(1, help="Sessions at once, at most.").tag(config=True)
    arrival_delay = Float(120, help="Time for a page to connect, then its kernel ends. [s]").tag(config=True)
    closing_delay = Float(20, help="Time for a page to come back after it disconnects. [s]").tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._starting: set[str] = set()
        self._left: dict[str, float] = {}  # when the last page of a kernel left it
        self._whose: dict[str, str] = {}
        self.sockets: dict[str, set] = {}  # of each kernel

    @property
    def live(self) -> int:
        """Sessions that run or start."""
        return len(self._kernels.keys() | self._starting)

    def enter(self, who: str) -> None:
        """Refuse one more session: 503 when all places are taken, 429 when one address has taken its part."""
        if self.live >= self.limit:
            raise web.HTTPError(503)
        self._whose = {one: whose for one, whose in self._whose.items() if one in self or one in self._starting}
        if who and list(self._whose.values()).count(who) >= max(2, self.limit // PART):
            raise web.HTTPError(429)

    async def _async_start_kernel(self, **kwargs) -> str:
        """Start a kernel for a page."""
        who = visitor.get()
        self.enter(who)
        kernel_id = kwargs.setdefault("kernel_id", str(uuid.uuid4()))
        self._starting.add(kernel_id)
        self._whose[kernel_id] = who
        try:
            await super()._async_start_kernel(**kwargs)
        finally:
            self._starting.discard(kernel_id)
        self._end_later(kernel_id, self.arrival_delay)
        return kernel_id

    start_kernel = _async_start_kernel  # Jupyter binds both names

    def notify_disconnect(self, kernel_id: str) -> None:
        """A page has closed, or has lost its network."""
        super().notify_disconnect(kernel_id)
        self._end_later(kernel_id, self.closing_delay)

    def _end_later(self, kernel_id: str, delay: float) -> None:
        left = self._left[kernel_id] = time.monotonic()
        IOLoop.current().call_later(delay, self._end, kernel_id, left)

    async def _end(self, kernel_id: str, left: float) -> None:
        """End a kernel that nobody has come back to since then."""
        if self._left.get(kernel_id) != left or self._kernel_connections.get(kernel_id):
            return
        self._left.pop(kernel_id)
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)


def prepare_kernels() -> int:
    """Choose how kernels start, and start the warm parent where processes can be forked.

    Returns
    -------
    int
        Memory that one session takes. [bytes]
    """
    from copkit.batch.forked import forks

    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "copkit-fork"
    if not forks.available():
        return ORDINARY
    os.environ[forks.FOR_THE_KIT] = "on"  # only the kit's notebook is served
    forks.ForkServer.get(forks.WARM)  # now, so that the first visitor does not wait for it
    return FORKED
