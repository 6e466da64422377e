"""The Papermill engine « copkit »: each notebook in its own process, forked from one warm parent.

``papermill --engine copkit in.ipynb out.ipynb``. Papermill and nbclient do what they always do; only the kernel
and the wire to it are ours, so outputs are those of the plain engine. Papermill imports this module by its entry
point; nothing else does.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from functools import lru_cache

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellTimeoutError
from nbformat import from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from papermill.log import logger

from copkit import french
from copkit.batch.forked import forks, kernels
from copkit.batch.forked.client import STARTED, WiredManager
from copkit.errors import RunError

TIME_LIMIT, MEMORY_LIMIT = "COPKIT_NOTEBOOK_TIMEOUT", "COPKIT_NOTEBOOK_MEMORY"
_HELD = ("data", "metadata", "execution_count")  # of what is displayed, in a notebook
_JSON = re.compile(r"application/\S+\+json")
_SAVE_EVERY = 1.0  # [s]; Papermill alone writes the whole notebook twice per cell


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
        start_timeout=STARTED,
        execution_timeout=None,
        notebook_timeout=None,
        memory_limit=None,
        env=None,
        shown=None,
        warm=None,
        **options,
    ):
        """Execute the notebook that Papermill manages.

        Parameters
        ----------
        execution_timeout : [s] for one cell; None: no limit.
        notebook_timeout : [s] for the whole notebook, or ``COPKIT_NOTEBOOK_TIMEOUT``.
        memory_limit : [MiB] by which the notebook's process may grow, or ``COPKIT_NOTEBOOK_MEMORY``.
        env : variables of the environment of its process, besides those of this one.
        warm : what the parent of its process does once (``forks.py``); by default, what its source needs.
        shown : called with the data of each result and display, when it comes from a forked process.

        Raises
        ------
        RunError
            The notebook took longer than ``notebook_timeout``, or a limit is not a positive number.
        """
        notebook_timeout = _limit(notebook_timeout, TIME_LIMIT)
        memory_limit = _limit(memory_limit, MEMORY_LIMIT)
        warm = _warm_up(nb_man.nb) if warm is None else warm
        spec = _kernelspec(kernel_name, warm)
        for name in ("input_path", "startup_timeout"):
            options.pop(name, None)
        options |= {
            "kernel_name": kernel_name,
            "startup_timeout": start_timeout,
            "log": logger,
            "log_output": log_output,
            "stdout_file": stdout_file,
            "stderr_file": stderr_file,
        }
        limit = execution_timeout or options.pop("timeout", None)
        if spec is None:  # as Papermill does, but for what is added to the environment
            plain = Listening(nb_man, timeout=limit, **options)
            return plain.execute(**({"env": {**os.environ, **env}} if env else {}))
        budget = Budget(limit, notebook_timeout)
        manager = WiredManager(warm, memory_limit, {**spec.env, **(env or {})}, shown)
        client = _Client(nb_man, km=manager, timeout_func=budget.next, **options)
        try:
            with _saved_less(nb_man):
                return client.execute(cleanup_kc=True)
        except CellTimeoutError:
            if budget.spent():
                raise RunError(f"Le carnet a dépassé sa durée limite de {french.seconds(notebook_timeout)}.") from None
            raise


class Listening(PapermillNotebookClient):
    """Papermill's client of an ordinary kernel, that hears the answer which comes while it speaks.

    It speaks to the ``Output`` widgets of a cell; the end of the cell, come meanwhile, was then seen at its time limit,
    or never (github.com/jupyter/nbclient/issues/312).
    """

    def start_new_kernel_client(self, **options):
        """As nbclient does."""
        client = super().start_new_kernel_client(**options)
        hear(client.shell_channel)
        return client


def hear(channel) -> None:
    """Have a channel of jupyter_client look at what has come each time that it has sent.

    It sends behind the back of asyncio, which waits for what comes; ZeroMQ says only once that something came, and may
    say it to the one that sends.
    """
    send = channel.send

    def send_and_look(message: dict) -> None:
        send(message)
        channel.socket.get(zmq.EVENTS)

    channel.send = send_and_look


class _Client(PapermillNotebookClient):
    """Papermill's client, that knows at a glance most outputs to be well formed."""

    def output(self, outs, msg, display_id, cell_index):
        """As nbclient does; its validator takes ten times as long for what is displayed without anything special."""
        content, hooks = msg["content"], any(self.output_hook_stack.values())
        special = display_id or self.clear_before_next_output or hooks
        if special or msg["msg_type"] not in ("display_data", "execute_result") or not _well_formed(content):
            return super().output(outs, msg, display_id, cell_index)
        outs.append(from_dict({"output_type": msg["msg_type"], **{k: content[k] for k in _HELD if k in content}}))
        return outs[-1]


def _well_formed(content: dict) -> bool:
    """Whether what is displayed is only texts, and JSON where its type says so."""
    known = (isinstance(one, str) or _JSON.fullmatch(kind) for kind, one in content["data"].items())
    return not content["metadata"] and all(known)


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


def _kernelspec(kernel_name: str, warm: str) -> KernelSpec | None:
    """The kernelspec that can be forked; None: the plain engine does it, or says what is wrong."""
    if not forks.available():
        forks.say_ordinary()
        return None
    try:
        spec = installed(kernel_name)
    except NoSuchKernel:
        return None
    if not kernels.is_ours(spec.argv):
        return None
    if moved := forks.ForkServer.get(warm).ready.moved:
        forks.say_ordinary(moved)
        return None
    return spec


@lru_cache(maxsize=8)  # a process makes many documents, of one kernel
def installed(kernel_name: str) -> KernelSpec:
    """The kernelspec of this name. Raises NoSuchKernel."""
    return KernelSpecManager().get_kernel_spec(kernel_name)


def _warm_up(nb) -> str:
    source = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    if "copkit" in source:
        return forks.WARM
    return "" if forks.imports(source) else forks.NOTHING


@contextlib.contextmanager
def _saved_less(nb_man):
    """Between two cells, save once a second at most; Papermill saves at the end in any case."""
    save, last = nb_man.save, time.monotonic()

    def sometimes(**kwargs) -> None:
        nonlocal last
        if time.monotonic() - last >= _SAVE_EVERY:
            save(**kwargs)
            last = time.monotonic()

    nb_man.save = sometimes
    try:
        yield
    finally:
        del nb_man.save


class Budget:
    """The time that is left to the next cell [s]."""

    def __init__(self, cell: float | None, notebook: float | None) -> None:
        self.cell, self.notebook, self.end = cell, notebook, None

    def next(self, _cell=None) -> float | None:
        """For one cell; None: no limit. The notebook's own time runs from its first cell."""
        if self.notebook and self.end is None:
            self.end = time.monotonic() + self.notebook
        left = None if self.end is None else max(self.end - time.monotonic(), 0.001)
        limits = [limit for limit in (self.cell, left) if limit]
        return min(limits) if limits else None

    def spent(self) -> bool:
        """Whether the notebook's own limit is passed."""
        return self.end is not None and time.monotonic() >= self.end
