"""The warm parent: a fresh process that imports the libraries once, then forks for each notebook.

Run as ``python -m copkit.batch.forked.server FD DOOR WARM REGION…`` by ``forks.py``. It has one thread, opens no
ZeroMQ context and never uses V8: a fork of a process that did hangs. It ends with the process that started it,
and takes with it every process that it forked, and what those started, even detached.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from copkit import files
from copkit.batch.forked.forks import BATCH, LIGHT
from copkit.batch.forked.kinship import adopt, children, die_with
from copkit.errors import RunError

KERNEL = (
    "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.comm", "IPython.core.completerlib",
    "IPython.core.oinspect", "IPython.core.debugger", "IPython.extensions.storemagic", "tornado.platform.asyncio",
    "sqlite3", "faulthandler", "stack_data", "pygments.formatters.terminal256",
)  # fmt: skip


def main(fd: int, door: int, warm: str, *regions: str) -> None:
    """Warm up, for these régions if any is given, then serve until the socket of the owner closes."""
    sys.path[:] = [path for path in sys.path if path not in ("", os.sep)]  # what « -m » adds: this folder
    ready = _prepare(warm, *regions)
    Server(socket.socket(fileno=fd), socket.socket(fileno=door), ready).serve()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # at once: taking down what was imported would take a while


def _prepare(warm: str, *regions: str) -> bytes:
    """Import, read and make what the notebooks will use.

    Returns, for ``forks.Ready``, whether the files that ``warm`` read are sound, and what keeps notebooks from running
    on the wire.
    """
    gc.disable()  # to look for what can be freed, several times, would take a tenth of the time
    sys.modules.setdefault("rfc3987_syntax", None)  # 0.75 s at import, and nothing here uses it
    with absent("debugpy") if warm in BATCH else contextlib.nullcontext():  # nobody debugs a batch: 50 ms
        for name in KERNEL:
            importlib.import_module(name)
        canary = importlib.import_module("copkit.batch.forked.canary").Canary()
    if warm in LIGHT:
        xarray_alone()
    module, _, function = (warm or "copkit.warm:libraries").partition(":")
    try:
        getattr(importlib.import_module(module), function)(*regions)
        sound = True
    except Exception as error:  # a damaged file: the notebooks that read it will say it themselves
        print(f"copkit : {error}", file=sys.stderr)
        sound = False
    moved = canary.verdict()
    if not moved:
        importlib.import_module("copkit.batch.forked.child").prepare()
    gc.freeze()
    gc.enable()
    return json.dumps([sound, moved]).encode()


def begin(module: str, function: str, *given) -> None:
    """What a new process of ours runs: nothing is imported before the slow grammar is left out.

    The keyboard is the business of the batch, that has kept it from being heard so far.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    sys.modules.setdefault("rfc3987_syntax", None)  # 0.75 s at import, and nothing here uses it
    with absent("isoduration"):  # nor what it is given to check durations: 40 ms
        importlib.import_module("jsonschema")
    getattr(importlib.import_module(module), function)(*given)


@contextlib.contextmanager
def aside(check: Callable[[], object]):
    """A check by a fork, meanwhile: what it reads and imports is of no use here. Raises RunError when it fails."""
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        code = 1
        try:
            die_with(parent)
            check()
            code = 0
        finally:
            os._exit(code)
    try:
        yield
    finally:
        _, status = os.waitpid(pid, 0)
    if status:
        raise RunError("un fichier du kit est endommagé.")


@contextlib.contextmanager
def absent(library: str, instead: ModuleType | None = None):
    """A library that cannot be imported for a while, or is another one, unless it already was."""
    unknown = library not in sys.modules
    if unknown:
        sys.modules[library] = instead
    try:
        yield
    finally:
        if unknown:
            del sys.modules[library]


def xarray_alone() -> None:
    """Import xarray, which asks for dask and pint to know their arrays, and find neither: half a second less.

    Where it is already imported it has asked, and would fail to find again what it found.
    """
    if "xarray" in sys.modules:
        return
    with absent("dask"), absent("pint"):
        import xarray as xr

        xr.DataArray([0.0], {"x": [0.0]}).to_numpy()  # asks whether an array is theirs, and remembers


@contextlib.contextmanager
def environment(**values: str):
    """Variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


class Server:
    """Listens to the owner and to the other processes that it lets in; forks; sweeps up after each fork."""

    def __init__(self, owner: socket.socket, door: socket.socket, ready: bytes) -> None:
        self.owner, self.door, self.ready, self.retired = owner, door, ready, False
        self.children: dict[int, socket.socket] = {}  # process -> the client that asked for it
        self.events = selectors.DefaultSelector()
        self.woken, self.waker = os.pipe()
        for end in (self.woken, self.waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        for source in (self.owner, self.door, self.woken):
            self.events.register(source, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until the owner is gone, or until the last child of a server that was retired."""
        while self.children or not self.retired:
            for key, _ in self.events.select():
                if key.fileobj == self.woken:
                    os.read(self.woken, 4096)
                    self._reap()
                elif key.fileobj is self.door:
                    self._admit()
                elif not self._answer(key.fileobj):
                    return

    def _admit(self) -> None:
        client, _ = self.door.accept()
        uid = int.from_bytes(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[4:8], sys.byteorder)
        if uid == os.getuid():
            self.events.register(client, selectors.EVENT_READ)
        else:
            client.close()

    def _answer(self, client: socket.socket) -> bool:
        """One request; False when the owner is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(client, 64, 2)
        except ConnectionResetError:
            data, fds = b"", []
        if data == b"retire":
            self.retired = True
        elif data == b"ready":
            with contextlib.suppress(OSError):  # the client died meanwhile
                client.send(self.ready)
        elif data:
            self._fork(client, fds)
        if data:
            return True
        self._sweep([pid for pid, asked in self.children.items() if client in (asked, self.owner)])
        self.events.unregister(client)
        client.close()
        return client is not self.owner

    def _fork(self, client: socket.socket, fds: list[int]) -> None:
        with os.fdopen(fds[0], "rb") as file:
            file.seek(0)
            request = json.load(file)
        parent = os.getpid()
        if fds[1:]:
            adopt()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later: BLAS has threads, harmless
            pid = os.fork()
        if pid == 0:
            self._become(request, fds[1:], parent)
        for fd in fds[1:]:
            os.close(fd)
        self.children[pid] = client
        pidfd = os.pidfd_open(pid)
        try:
            socket.send_fds(client, [str(pid).encode()], [pidfd])
        except OSError:  # the client died meanwhile
            os.kill(pid, signal.SIGKILL)
        os.close(pidfd)

    def _become(self, request: dict, fds: list[int], parent: int) -> None:
        """The forked side: leave nothing of the server, then be the notebook's process; never returns."""
        code = 1
        try:
            die_with(parent)
            if fds:
                adopt()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            with contextlib.suppress(OSError):  # when memory runs out, the notebook that takes it goes, and goes alone
                Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
            for key in list(self.events.get_map().values()):
                (os.close if isinstance(key.fileobj, int) else socket.socket.close)(key.fileobj)
            self.events.close()
            os.close(self.waker)
            os.environ.clear()
            os.environ.update(request["env"])
            time.tzset()
            os.chdir(request["cwd"])
            _reseed()
            if called := request.get("call"):
                module, _, function = called.partition(":")
                files.freeze()
                getattr(importlib.import_module(module), function)(*request["given"])
                os._exit(0)
            from copkit.batch.forked import child

            try:
                child.run(request, fds, parent)
            finally:
                child.close()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _reap(self) -> None:
        while self.children:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            self._sweep([ended.si_pid])

    def _sweep(self, pids: list[int]) -> None:
        """End processes and what they started; their group cannot be another's before they are waited for."""
        for pid in pids:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError):
                    kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
            self.children.pop(pid, None)
        if orphans := [pid for pid in children() if pid not in self.children]:  # what those had detached
            self._sweep(orphans)


def _reseed() -> None:
    """A fork copies the state of the generators: each notebook gets its own, as a fresh process would."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
