"""One document: execute a notebook for one territory, export it, publish its files, say what became of it."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

import copkit
from copkit import clock, errors, files, french
from copkit.batch import manifest
from copkit.batch.forked import forks
from copkit.batch.manifest import Result
from copkit.batch.plan import Limits, Task
from copkit.batch.store import Store, digest
from copkit.reference.territories import is_fine

if TYPE_CHECKING:
    from copkit.presentation import blocks

_KERNEL_NAME = "python3"
_KERNEL = {
    "NotebookClient": {"shutdown_kernel": "immediate"},  # nothing to save in the kernel: 0.6 s less per notebook
    "AsyncKernelManager": {"transport_encryption": "auto"},
}
PAGES = {"page": False, "diapositive": True}  # files of the page of a document: a sheet, a slide
MAIN = "diagnostic"  # the notebook whose page is that of the territory; the file of another's ends with its name
_STATUS = "Proposition indicative, non prescriptive"  # unless the notebook's « copkit » metadata say otherwise
_DATA = "Données sous Licence Ouverte 2.0 avec leurs sources."
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    task: Task, store: Store, *, give_back: bool = False, shown: Callable[[dict], None] | None = None
) -> Result:
    """Execute and export one territory; its files replace the earlier ones only when all are made.

    With ``give_back``, files are returned in ``Result.content`` and nothing is published.
    ``shown``: called with the data of what the notebook shows, when it is shown.
    """
    started = time.perf_counter()
    result = Result(task.territory, task.stem, "failed", task.parameters, 0.0, fingerprint=task.fingerprint)
    work = None
    try:
        work = store.workspace()
        _produce(task, work, result, shown)
        with _timed(result.phases, "écriture"):
            made = {path.name: path.read_bytes() for path in sorted(work.iterdir())}
            for name, data in made.items():
                kind = one if (one := _kind(name, task)) not in result.files else name
                result.files[kind], result.hash[kind] = f"{task.territory}/{name}", digest(data)
            result.status = "ok"
            if give_back:
                result.content = made
        result.duration_s = round(time.perf_counter() - started, 2)
        if not give_back:
            record = work / manifest.record_name(task).rpartition("/")[2]
            record.write_bytes(manifest.dump(manifest.entry(task, result)))  # when all is written, all is put
            for name in (*made, record.name):
                store.put(f"{task.territory}/{name}", work / name)
    except Exception as error:  # a territory that fails does not stop the others: it is listed with its reason
        fail(result, reason(error, task.limits))
        result.duration_s = round(time.perf_counter() - started, 2)
        if not give_back:
            with suppress(OSError):  # the disk may be full: the batch lists it all the same
                manifest.record(task, store, result)
    finally:
        if work:
            shutil.rmtree(work, ignore_errors=True)
    return result


def fail(result: Result, why: str) -> None:
    """Say of a document that it failed."""
    from copkit.intake import personal  # rare, and not light

    result.status, result.error, result.files, result.hash = "failed", personal.mask(why), {}, {}


def _kind(name: str, task: Task) -> str:
    """What the manifest calls a file: its extension, or what it is when it is beside the document."""
    stem, _, extension = name.rpartition(".")
    return extension if stem == task.stem else stem.removesuffix(_beside(task))


def _beside(task: Task) -> str:
    """How the name of a file beside a document ends: two documents of a territory are in one folder."""
    return "" if task.stem == MAIN else f"_{task.stem}"


@contextmanager
def _timed(phases: dict[str, float], name: str):
    started = time.perf_counter()
    try:
        yield
    finally:
        phases[name] = phases.get(name, 0.0) + time.perf_counter() - started


def _produce(task: Task, work: Path, result: Result, shown: Callable[[dict], None] | None) -> None:
    from copkit.batch import export
    from copkit.presentation import blocks
    from copkit.presentation.writers import html

    notebook = _run_notebook(task, work, result, shown)
    about = {"territoire": task.territory, "donnees": copkit.DATA_VERSION, "version": copkit.__version__}
    today, versions = clock.today(), f"copkit {copkit.__version__}, données {copkit.DATA_VERSION}"
    own = notebook.metadata.get("copkit", {})
    status = own.get("statut", _STATUS)
    made = f"{task.title} : document produit par {versions}, le {french.short_date(today)}"
    footer = f"{made}. {status}. {own.get('donnees', _DATA)}"
    cover = {"kind": task.title, "place": task.name, "status": status, "made": today, "versions": versions}
    with _timed(result.phases, "page HTML"):
        title, book = f"{task.title} — {task.name}", "index.html" if task.book else ""
        described = blocks.read(notebook.cells, title=title, footer=footer, book=book, **cover)
        if described.invented:  # on each page of paper, and on its cover
            result.invented = True
            said = {"title": f"{title} ({blocks.INVENTED})", "status": f"{status} ; {blocks.INVENTED}"}
            described = replace(described, **said)
        (work / f"{task.stem}.html").write_text(html.write(described), encoding="utf-8")
        for name, slide in PAGES.items() if described.page else ():
            text = html.alone(described.page, footer=footer, slide=slide)
            (work / f"{name}{_beside(task)}.html").write_text(text, encoding="utf-8")
    with _timed(result.phases, "images des graphiques"):
        export.portable(notebook, about)
    with _timed(result.phases, "écriture"):
        # not checked again: its source was, and each output when it came; nbformat would take ten times as long, to
        # copy it and write it on many lines
        text = manifest.published(json.dumps(notebook, ensure_ascii=False, sort_keys=True), task)
        (work / f"{task.stem}.ipynb").write_text(f"{text}\n", encoding="utf-8")
    for kind in task.formats:
        with _timed(result.phases, kind.upper()):
            (work / f"{task.stem}.{kind}").write_bytes(_writer(kind)(described))


def _writer(kind: str) -> Callable[[blocks.Description], bytes]:
    """What writes a format that is made when it is asked for, and loaded then."""
    if kind == "pdf":
        from copkit.presentation.writers import typst as writer
    else:
        from copkit.presentation.writers import docx as writer
    return writer.write


def _run_notebook(task: Task, work: Path, result: Result, shown) -> nbformat.NotebookNode:
    started = time.perf_counter()
    notebook = _execute(task, work, shown)
    total = time.perf_counter() - started
    for index, cell in enumerate(notebook.cells):
        seconds = cell.metadata.get("papermill", {}).get("duration") if cell.cell_type == "code" else None
        if seconds is not None:
            result.cells[index] = round(seconds, 4)
            phase = "classeur" if "classeur" in cell.metadata.get("tags", []) else "cellules"
            result.phases[phase] = result.phases.get(phase, 0.0) + seconds
    result.phases["noyau"] = total - sum(result.cells.values())
    return notebook


def warm() -> None:
    """Compile the schema of notebooks, and find the kernel, as the first document would."""
    from copkit.batch.forked import engine

    nbformat.validate(nbformat.v4.new_notebook())
    with suppress(Exception):  # the document says it
        engine.installed(_KERNEL_NAME)


@lru_cache(maxsize=8)
def _loaded(source: str) -> nbformat.NotebookNode:
    """A notebook as Papermill loads it; a process does once what would take 5 ms of each document: to be copied."""
    from papermill.iorw import load_notebook_node

    return load_notebook_node(nbformat.reads(source, 4))


def _execute(task: Task, work: Path, shown=None) -> nbformat.NotebookNode:
    """The steps of ``papermill.execute_notebook``, but for the file: ours is written once its charts are drawn."""
    from papermill.engines import papermill_engines
    from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors, remove_error_markers
    from papermill.parameterize import parameterize_notebook
    from traitlets.config import Config

    engine, kernel = "copkit", _KERNEL_NAME
    notebook = deepcopy(_loaded(task.source))
    notebook = parameterize_notebook(notebook, task.parameters, kernel_name=kernel, engine_name=engine)
    notebook = prepare_notebook_metadata(notebook, f"{task.stem}.ipynb", None, report_mode=False)
    notebook = papermill_engines.execute_notebook_with_engine(
        engine,
        remove_error_markers(notebook),
        kernel_name=kernel,
        progress_bar=False,
        execution_timeout=task.limits.cell_seconds,
        notebook_timeout=task.limits.notebook_seconds,
        memory_limit=task.limits.memory_mib,
        env={"COPKIT_CHARTS": "spec"},  # read by the kernel: charts become pictures here, not there
        warm=forks.warm_up(task.source, written=bool(task.parameters.get("classeur")), local=is_fine(task.territory)),
        shown=shown,
        resources={"metadata": {"path": str(work)}},  # the notebook's folder, without moving this process
        config=Config(_KERNEL),
    )
    raise_for_execution_errors(notebook, None)
    return notebook


def reason(error: Exception, limits: Limits) -> str:
    """Why a territory failed, in one or two lines: the cell and the error of the notebook, not its traceback."""
    kind = type(error).__name__
    if kind == "PapermillExecutionError":
        said = _ANSI.sub("", str(error.evalue)).strip()
        if error.ename == "MemoryError" and limits.memory_mib:
            said = f"la mémoire permise ({limits.memory_mib} Mio, --memory-limit) ne suffit pas."
            return f"cellule {error.exec_count} du carnet : {said}"
        ours = hasattr(errors, error.ename)  # a message of the kit stands alone; another error needs its name
        return f"cellule {error.exec_count} du carnet : {said if ours else f'{error.ename} : {said}'}"
    if kind == "CellTimeoutError":
        return f"une cellule du carnet a dépassé {french.seconds(limits.cell_seconds)}."
    if kind == "DeadKernelError":
        stopped = "le noyau du carnet s'est arrêté net (mémoire insuffisante ?)."
        return f"{stopped} En mener moins de front : --jobs 1 (ou jobs=1)."
    if isinstance(error, OSError) and error.errno:
        return f"{french.capital(files.why(error))} ({Path(error.filename2 or error.filename or '').name or kind})."
    return str(error) if hasattr(errors, kind) else f"{kind} : {error}"
