"""The sessions of the simulator: one kernel for each open page, so many at most, ended soon after the page is left."""

from __future__ import annotations

import os
import re
import time
import uuid
from pathlib import Path

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Float, Integer

MEBIBYTE = 1024 * 1024
FORKED, ORDINARY = 80 * MEBIBYTE, 250 * MEBIBYTE  # what a session takes, with some room (benchmarks/simulator_load.py)
SHARE = 0.8  # of the memory that is free when the server starts
MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]
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


class Sessions(AsyncMappingKernelManager):
    """Voilà's kernels, with a limit, and an end for those that nobody looks at any more."""

    limit = Integer(1, help="Sessions at once, at most.").tag(config=True)
    arrival_delay = Float(120, help="Time for a page to connect, then its kernel ends. [s]").tag(config=True)
    closing_delay = Float(20, help="Time for a page to come back after it disconnects. [s]").tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._starting: set[str] = set()
        self._left: dict[str, float] = {}  # when the last page of a kernel left it

    @property
    def live(self) -> int:
        """Sessions that run or start."""
        return len(self._kernels.keys() | self._starting)

    @property
    def full(self) -> bool:
        """Whether one more visitor has to wait."""
        return self.live >= self.limit

    async def _async_start_kernel(self, **kwargs) -> str:
        """Start a kernel for a page; answers 503 beyond the limit."""
        if self.full:
            raise web.HTTPError(503)
        kernel_id = kwargs.setdefault("kernel_id", str(uuid.uuid4()))
        self._starting.add(kernel_id)
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
