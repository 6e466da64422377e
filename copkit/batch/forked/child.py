"""What a forked process becomes: a kernel on the usual sockets, or the same kernel on one wire, without ZeroMQ.

The second is ipykernel's own application with other sockets: what it displays is what a plain kernel displays.
It leans on names that ipykernel and IPython keep for themselves, here and nowhere else, within the bounds of
``pyproject.toml``; ``canary.py`` tries them before any notebook:

- ``IOPubThread._really_send``, ``_is_master_process``; ``OutStream._flush``;
- ``IPythonKernel._supports_kernel_subshells``, ``_control_lock``, ``_publish_status``, ``_instance``;
- ``IPKernelApp._run_startup_files``, ``_run_exec_lines``, ``_run_exec_files``; ``InteractiveShell._sys_modules_keys``;
- ``ipykernel.debugger._is_debugpy_available``.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import os
import re
import resource
import socket
import sys
import tempfile
import threading
import traceback
from importlib.util import find_spec
from types import SimpleNamespace

import ipykernel.debugger
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.application import BaseIPythonApplication
from jupyter_client.jsonutil import json_default
from jupyter_client.session import json_packer, new_id
from tornado import ioloop
from traitlets import Any

from copkit import files
from copkit.batch.forked.wire import Wire

_MUCH = 1 << 20  # characters
_CYCLES = 20_000  # objects between two looks for cycles; Python's own 700 take 2 % of a document
_SPARE = 64 << 20  # of memory, for a notebook that took all it may to say so [bytes]
PREPARED = ["--HistoryManager.hist_file=:memory:"]  # what nbclient asks of a kernel


def prepare() -> None:
    """Make in the parent all of the kernel that needs neither thread nor wire: 35 ms that no fork spends again."""
    WiredKernelApp.instance().prepare()
    tempfile.gettempdir()  # found by writing a file there, that a fork would leave if it is killed meanwhile


def _is_prepared(request: dict) -> bool:
    """Whether the kernel that the parent made is the one that would be made here: same options, same settings."""
    made = WiredKernelApp.initialized() and WiredKernelApp.instance()
    return made and request["argv"] == PREPARED and made.homes == _homes()


def _forget() -> None:
    """As if the parent had made no kernel."""
    tempfile.tempdir = None
    if WiredKernelApp.initialized():
        atexit.unregister(ZMQInteractiveShell.instance().atexit_operations)
        for one in (WiredKernelApp, WiredKernel, ZMQInteractiveShell):
            one.clear_instance()


def _homes() -> list[str | None]:
    """What says where IPython keeps its settings, and where temporary files go."""
    return [os.environ.get(name) for name in ("IPYTHONDIR", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "TEMP", "TMP")]


def run(request: dict, fds: list[int], server: int) -> None:
    """Be the kernel that was asked for, until told to stop. Requests are described in ``forks.py``."""
    sys.argv = [find_spec("ipykernel_launcher").origin, *request["argv"]]
    if request.get("memory_limit"):
        limit_memory(request["memory_limit"])
    if request.get("light"):
        suit_documents()
    if not (prepared := bool(fds) and _is_prepared(request)):
        _forget()
    if not fds:
        # ipykernel reads the identity of its parent at import, too early here: say it again
        IPKernelApp.launch_instance(argv=[*request["argv"], f"--IPKernelApp.parent_handle={server}"])
        return
    wire = Wire(socket.socket(fileno=fds[0]))
    try:
        _mute()
        app = WiredKernelApp.instance()
        app.wire = wire
        app.connect() if prepared else app.initialize(request["argv"])
        files.freeze()
    except BaseException:
        wire.send("failure", [traceback.format_exc().encode()])
        raise
    app.start()


def close() -> None:
    """What Python does when it ends, without taking down one by one the libraries of the parent."""
    atexit._run_exitfuncs()
    shell = getattr(IPythonKernel._instance, "shell", None)
    if shell:
        shell.user_ns.clear()  # files that the notebook left open are closed, and written
        gc.collect()
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def suit_documents() -> None:
    """For many small tables, in a process that soon ends: texts that stay in Python, cycles looked for less often.

    To take the texts of tables of fifty rows to Arrow and back is a tenth of the time; their type and their missing
    values are the same.
    """
    import pandas as pd

    pd.set_option("mode.string_storage", "python")
    gc.set_threshold(_CYCLES)


def limit_memory(mebibytes: int) -> None:
    """Let this process grow by so many MiB; beyond, Python raises MemoryError where the memory is asked for."""
    with open("/proc/self/status", encoding="ascii") as status:
        used = int(re.search(r"VmData:\s+(\d+)", status.read())[1]) * 1024
    limit = used + mebibytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit + _SPARE))


def _spare_memory() -> bool:
    """Give this process what was kept for it; False when it has it already."""
    limit, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    return limit != most


def _out_of_memory(shell: ZMQInteractiveShell, kind, error, where, tb_offset=None) -> None:
    """Show the error, as of any other, of a cell that may still hold all the memory."""
    _spare_memory()
    shell.showtraceback((kind, error, where), tb_offset=tb_offset, running_compiled_code=True)


def _mute() -> None:
    """What subprocesses write goes to the notebook, not to the terminal of the batch as well."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def pack(message) -> bytes:
    """As Jupyter does; half of a surrogate pair, which no file holds, becomes « � » where Jupyter loses the message."""
    try:
        return json_packer(message)
    except UnicodeEncodeError:
        text = json.dumps(message, default=json_default, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


class _Stream:
    """A channel of the wire, with what ipykernel calls on a ZeroMQ stream."""

    def __init__(self, wire: Wire, channel: str) -> None:
        self.wire, self.channel, self.context = wire, channel, zmq.Context()

    def send_multipart(self, parts: list, flags: int = 0, copy: bool = True, track: bool = False) -> None:
        """Send a message."""
        with contextlib.suppress(OSError):  # the engine is gone: so will this process be
            self.wire.send(self.channel, [getattr(part, "buffer", part) for part in parts])

    def flush(self, *_) -> None:
        """Nothing to do: what is sent leaves at once."""

    def close(self, *_) -> None:
        """The wire is closed with the process."""


class Publisher(IOPubThread):
    """What is displayed leaves at once, from the thread that makes it: the wire takes messages from any thread."""

    def send_multipart(self, *args, **kwargs) -> None:
        """Send now, rather than ask the publishing thread to."""
        self._really_send(*args, **kwargs)


class Output(OutStream):
    """Standard output or error: what was written leaves before what is displayed next, from the thread that flushes."""

    def __init__(self, *args, **kwargs) -> None:
        self._sending, self._kept = threading.RLock(), 0
        super().__init__(*args, **kwargs)

    def write(self, string: str) -> int:
        """Keep what is written, until there is much of it: a notebook that writes without end waits for its reader."""
        written = super().write(string)
        self._kept += len(string)
        if self._kept > _MUCH:
            self.flush()
        return written

    def _flush(self) -> None:
        with self._sending:
            self._kept = 0
            super()._flush()

    def flush(self) -> None:
        """Send now what was written, if anything; a process that the notebook forks does as ipykernel does."""
        if self.pub_thread._is_master_process():
            self._flush()
        else:
            super().flush()


class WiredKernel(IPythonKernel):
    """The IPython kernel, its requests taken one by one from the wire."""

    _supports_kernel_subshells = False
    shell_stream = Any()
    shell_channel_thread = Any()

    def start(self) -> None:
        """Serve on the current loop."""
        self.shell.exit_now = False
        self.io_loop = ioloop.IOLoop.current()
        self._control_lock = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task] = set()
        wire = self.shell_stream.wire
        self.io_loop.add_handler(wire.socket.fileno(), lambda *_: self._receive(wire), ioloop.IOLoop.READ)
        self._publish_status("starting", "shell")

    def _receive(self, wire: Wire) -> None:
        try:
            messages = wire.receive()
        except MemoryError:  # that a cell took, and caught: received at the next turn of the loop, or never
            if not _spare_memory():
                os._exit(1)
            return
        except EOFError:  # the engine has finished, or is gone
            self.io_loop.remove_handler(wire.socket.fileno())
            self.io_loop.stop()
            return
        for _, parts in messages:
            task = asyncio.ensure_future(self._serve([zmq.Frame(part) for part in parts]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, frames: list) -> None:
        async with self._turn:
            await self.dispatch_shell(frames)


class WiredKernelApp(IPKernelApp):
    """ipykernel's application, its sockets replaced by the wire."""

    kernel_class = WiredKernel
    outstream_class = f"{Output.__module__}.{Output.__qualname__}"
    wire: Wire | None = None

    def prepare(self) -> None:
        """The first half of ``initialize``, in the parent."""
        self.homes = _homes()
        BaseIPythonApplication.initialize(self, PREPARED)
        self.log.setLevel(self.log_level)  # rather than make a record of each message, and throw it away
        self.init_pdb()
        self.init_blackhole()
        self.init_kernel()
        self.init_shell()
        self.shell.display_formatter.format(None)  # what formats is made when it is asked for
        self.shell._sys_modules_keys = set(sys.modules)  # init_code would touch them all again

    def connect(self) -> None:
        """The second half, in the fork: an identity, threads, streams, and what depends on its environment."""
        session, kernel, shell = self.session, self.kernel, self.shell
        session.session, session.pid = new_id(), os.getpid()
        self.init_sockets()
        self.init_io()
        self.init_signal()
        kernel.shell_stream = _Stream(self.wire, "shell")
        kernel.iopub_thread, kernel.iopub_socket = self.iopub_thread, self.iopub_socket
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        shell.displayhook.pub_socket = shell.display_pub.pub_socket = self.iopub_socket
        shell.init_environment()
        self.init_path()
        self.init_gui_pylab()
        self.init_extensions()
        self._run_startup_files()
        self._run_exec_lines()
        self._run_exec_files()
        shell.user_ns_hidden.update(shell.user_ns)
        shell.set_custom_exc((MemoryError,), _out_of_memory)
        sys.stdout.flush()
        sys.stderr.flush()

    def _nothing(self, *_, **__) -> None:
        """Nothing to do: a wire has no port, no connection file and no heartbeat."""

    init_poller = init_connection_file = write_connection_file = init_heartbeat = log_connection_info = _nothing

    def init_sockets(self) -> None:
        """Two channels on the wire; what is written without being flushed keeps its thread, as in a plain kernel."""
        self.session.key = b""  # a private pair of sockets needs no signature
        self.session.packer = f"{__name__}.{pack.__name__}"
        self.configure_tornado_logger()
        self.iopub_thread = Publisher(_Stream(self.wire, "iopub"), pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_io(self) -> None:
        """Standard output and error, and what numbers the results."""
        super().init_io()
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def init_kernel(self) -> None:
        """The kernel, on the wire."""
        debugger, ipykernel.debugger._is_debugpy_available = ipykernel.debugger._is_debugpy_available, False
        self.kernel = self.kernel_class.instance(  # without a debugger, that costs a thread: nobody debugs a batch
            parent=self,
            session=self.session,
            shell_stream=_Stream(self.wire, "shell") if self.wire else None,
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        ipykernel.debugger._is_debugpy_available = debugger

    def close(self) -> None:
        """Nothing to close: the process ends."""
