"""Notebooks made for a test, executed by one engine of Papermill or the other, and compared cell by cell."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.provisioning import local_provisioner
from traitlets.config import Config

from copkit.batch import manifest, plan, produce
from copkit.batch.forked import forks, server
from copkit.batch.forked.engine import Listening
from copkit.batch.store import Folder

from .conftest import LONG
from .plain import plain
from .terminal import begin

PLAIN, COPKIT = "nbclient", "copkit"
WIDGETS = "application/vnd.jupyter.widget-state+json"
# The plain kernel has nothing to save: stopping it at once changes no output and saves half a second a notebook.
# Its client loses what a busy machine brings more than 4 s after the end of a cell, unless it is told to wait.
QUICK = {
    "shutdown_kernel": "immediate",
    "iopub_timeout": 60,
}


# What the parent of the notebooks of the kit does once, in a process of the tests; FILES holds what the others do.
# It is forked from a process that has done it already: 0.2 s of processor instead of 4. « long »: to each notebook its
# own parent, a new Python, as the real batches have in any case.
SHARED = forks.FILES
DONE = {SHARED: forks.NOTHING}  # by tests/ready.py


def notebook(*cells: str | dict, kernel: str = "python3") -> nbformat.NotebookNode:
    """A notebook of code cells; a mapping tells more: {"code": …, "tags": […]}, {"markdown": …}, {"raw": …}."""
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    made = nbformat.v4.new_notebook()
    made.metadata.kernelspec = {"name": kernel, "display_name": "Python 3", "language": "python"}
    for number, cell in enumerate(cells):
        (kind, source), *more = (cell if isinstance(cell, dict) else {"code": cell}).items()
        made.cells.append(make[kind](source, id=f"c{number}", metadata=dict(more)))
    return made


def by_files(folder: str) -> Config:
    """Speak to a plain kernel by files of this folder: a port that was free may be taken before the kernel opens it."""
    about = {"transport": "ipc", "ip": f"{folder}/k", "transport_encryption": "auto"}
    return Config(KernelManager=about, AsyncKernelManager=about)


@dataclass
class Run:
    """What an engine made of a notebook: the document that it wrote, and the exception that it raised, if any."""

    notebook: nbformat.NotebookNode
    folder: Path
    error: Exception | None = None

    @property
    def texts(self) -> list[str]:
        """What each code cell of the source shows, as plain text; of two streams side by side, the output first."""
        added = ("injected-parameters", "papermill-error-cell-tag")
        cells = [c for c in self.notebook.cells if not set(added) & set(c.metadata.get("tags", []))]
        return ["".join(map(text_of, _merged(deepcopy(c.outputs)))) for c in cells if c.cell_type == "code"]

    @property
    def failure(self) -> str | None:
        """The class of the exception, with that of the cell's error when Papermill gives it."""
        if self.error is None:
            return None
        return " ".join([type(self.error).__name__, getattr(self.error, "ename", "")]).strip()


def text_of(output: nbformat.NotebookNode) -> str:
    """An output as plain text."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}\n"
    return output.data.get("text/plain", "") + "\n"


def execute(source: nbformat.NotebookNode | Path, engine: str, folder: Path, *, new: bool = LONG, **options) -> Run:
    """Execute a notebook in ``folder`` by an engine; what it raises is kept beside what it wrote.

    ``new``: a plain kernel is a new Python; otherwise, the fork of one that has only imported ipykernel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    into = folder.parent / f"{folder.name}.ipynb"
    if isinstance(source, nbformat.NotebookNode):
        nbformat.write(source, into)
        source = into
    text = source.read_text(encoding="utf-8")
    if engine == COPKIT and not LONG and ("copkit" in text or forks.imports(text)):
        options = {"warm": SHARED, **options}
    options = {"kernel_name": "python3", "progress_bar": False, **QUICK, **options}
    error = None
    kernels = nullcontext() if engine == COPKIT else plain_kernels(new=new)
    with outside_pytest(), ready_parents(), kernels, tempfile.TemporaryDirectory() as sockets:
        try:
            papermill.execute_notebook(
                str(source), str(into), engine_name=engine, cwd=str(folder), config=by_files(sockets), **options
            )
        except Exception as raised:
            error = raised
    return Run(nbformat.read(into, 4), folder, error)


def documents(name: str, codes: list[str], out: Path, *, formats: tuple[str, ...] = (), **parameters) -> Path:
    """The documents of a notebook, one after the other, as a process of the batch makes them, and their index.

    No process is started for them but those that the tests of this process share: 0.7 s of processor a diagnostic,
    instead of 6 s. How documents are shared between processes, the tests of the batch try.
    """
    store = Folder(out)
    store.prepare()
    try:
        for task in plan.plan(name, codes, None, parameters, formats=formats):
            with outside_pytest(), one_parent():
                made = produce.execute(task, store)
            assert made.status == "ok", made.error
        manifest.publish(store)
    finally:
        store.release()
    return out


def both(source: nbformat.NotebookNode | Path, folder: Path, *, new: bool = LONG, **options) -> tuple[Run, Run]:
    """Execute a notebook by the plain engine, then by the kit's, in two folders of their own."""
    plain = execute(source, PLAIN, folder / PLAIN, new=new, **options)
    return plain, execute(source, COPKIT, folder / COPKIT, **options)


@contextmanager
def outside_pytest() -> Iterator[None]:
    """Hide pytest from the kernels: under it, ipykernel does not capture what subprocesses write."""
    test = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if test is not None:
            os.environ["PYTEST_CURRENT_TEST"] = test


@contextmanager
def plain_kernels(*, new: bool) -> Iterator[None]:
    """The plain engine misses no end of a cell; its kernels are forked (tests/plain.py), unless they are new."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papermill.engines, "PapermillNotebookClient", Listening)
        if not new:
            patch.setattr(local_provisioner, "launch_kernel", plain().launch)
        yield


@contextmanager
def one_parent() -> Iterator[None]:
    """The documents of the kit are made by forks of the parent that the tests of this process share."""
    own = forks.warm_up

    def shared(source: str, **about) -> str:
        return SHARED if (found := own(source, **about)) in (forks.PAGES, forks.DOCUMENTS, forks.WARM) else found

    with pytest.MonkeyPatch.context() as patch, ready_parents():
        if not LONG:
            patch.setattr(forks, "warm_up", shared)
        yield


def parent() -> forks.ForkServer:
    """That parent."""
    with ready_parents():
        return forks.ForkServer.get(SHARED)


@contextmanager
def ready_parents() -> Iterator[None]:
    """The parents of the notebooks of the kit are forked from the process that the commands are forked from."""
    new = forks.ForkServer._start

    def start(owner: socket.socket, door: socket.socket, warm: str, *regions: str):
        if not warm.startswith("copkit.") or warm in forks.OTHERS or LONG:
            return new(owner, door, warm, *regions)
        null = Path(os.devnull)
        begin(_serve, owner, door, DONE.get(warm, warm), stdout=null, stderr=null, environment={**os.environ})
        return None  # its socket says whether it lives

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forks.ForkServer, "_start", staticmethod(start))
        yield


def _serve(owner: socket.socket, door: socket.socket, warm: str) -> None:
    del sys.path[0]  # what « -m pytest » has added
    os.chdir(os.sep)
    server.main(owner.detach(), door.detach(), warm)


def compare(one: Run, other: Run) -> list[str]:
    """Where two executions of a notebook differ, apart from what no two executions share; empty when equal.

    Left aside: times and durations, execution ids, memory addresses, temporary paths, process ids, the ids of
    widgets, and how a stream was cut in pieces.
    """
    left, right = _canonical(one), _canonical(other)
    return list(_differences(left, right, ""))


def assert_same(one: Run, other: Run) -> None:
    """Refuse two executions that differ, with every difference."""
    found = compare(one, other)
    assert not found, "\n".join(found)


def _canonical(run: Run) -> dict:
    """A notebook and its exception as plain data, without what changes from one execution to the next."""
    models = run.notebook.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
    data = json.loads(json.dumps(run.notebook))
    told = data["metadata"]["papermill"]
    for name in ("start_time", "end_time", "duration", "input_path", "output_path"):
        told.pop(name)
    if models:
        state = data["metadata"]["widgets"][WIDGETS]
        state["state"] = sorted((_model(models, id_) for id_ in models), key=lambda m: json.dumps(m, sort_keys=True))
    for cell in data["cells"]:
        if {"injected-parameters", "papermill-error-cell-tag"} & set(cell["metadata"].get("tags", [])):
            cell["id"] = ""  # drawn at random by Papermill
        for name in ("start_time", "end_time", "duration"):
            cell["metadata"].get("papermill", {}).pop(name, None)
        if "execution" in cell["metadata"]:
            cell["metadata"]["execution"] = sorted(cell["metadata"]["execution"])
        if "outputs" in cell:
            cell["outputs"] = [_output(output, models) for output in _merged(cell["outputs"])]
    error = f"{type(run.error).__name__}: {run.error}" if run.error else None
    return _scrubbed({"notebook": data, "error": error}, [(re.escape(str(run.folder)), "/…"), *_CHANGING])


def _merged(outputs: list[dict]) -> list[dict]:
    """Neighbouring pieces of streams, one for each name: the two streams of a plain kernel are in no set order."""
    merged: list[dict] = []
    pending: dict[str, dict] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            merged += [pending[name] for name in sorted(pending, reverse=True)]
            pending = {}
            merged.append(output)
        elif output["name"] in pending:
            pending[output["name"]]["text"] += output["text"]
        else:
            pending[output["name"]] = output
    return merged + [pending[name] for name in sorted(pending, reverse=True)]


def _output(output: dict, models: dict) -> dict:
    view = output.get("data", {}).get("application/vnd.jupyter.widget-view+json")
    if view and view["model_id"] in models:
        view["model_id"] = _model(models, view["model_id"])
    return output


def _model(models: dict, id_: str) -> dict:
    """The state of a widget, the widgets that it refers to written in place of their ids."""

    def resolved(value):
        if isinstance(value, str) and value.startswith("IPY_MODEL_") and value[10:] in models:
            return _model(models, value[10:])
        if isinstance(value, list):
            return [resolved(item) for item in value]
        if isinstance(value, dict):
            return {key: resolved(item) for key, item in value.items()}
        return value

    return resolved(json.loads(json.dumps(models[id_])))


_CHANGING = [
    (r"0x[0-9a-f]{6,}", "0x…"),
    (r"ipykernel_\d+", "ipykernel_…"),
    (r"altair-viz-[0-9a-f]{32}", "altair-viz-…"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…"),
    (r"CPU times: .*", "CPU times: …"),
    (r"Wall time: .*", "Wall time: …"),
    (r"[\d.]+ \S+ ± [\d.]+ \S+ per loop", "… per loop"),
]


def _scrubbed(value, patterns: list[tuple[str, str]]):
    if isinstance(value, str):
        for pattern, instead in patterns:
            value = re.sub(pattern, instead, value)
        return value
    if isinstance(value, list):
        return [_scrubbed(item, patterns) for item in value]
    if isinstance(value, dict):
        return {key: _scrubbed(item, patterns) for key, item in value.items()}
    return value


def _differences(left, right, where: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _differences(left.get(key, "absent"), right.get(key, "absent"), f"{where}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, pair in enumerate(zip(left, right, strict=True)):
            yield from _differences(*pair, f"{where}[{number}]")
    elif left != right:
        yield f"{where.lstrip('.')}: {str(left)[:1000]!r} != {str(right)[:1000]!r}"
