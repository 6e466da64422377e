"""The batch: one notebook executed by Papermill for each territory, in parallel, nothing lost when one fails.

Each territory gets ``<out>/<code>/<notebook>.ipynb``, ``.html`` and ``.xlsx``, written whole or not at all;
the batch writes ``<out>/manifest.json`` and ``<out>/index.html``. Everything that can be refused is refused
before anything runs.
"""

from __future__ import annotations

import ast
import hashlib
import multiprocessing
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import nbformat

import copkit
from copkit import errors, paths
from copkit.batch import manifest
from copkit.errors import RunError, TerritoryError, suggestion
from copkit.reference import territories

TIMEOUT = 300  # seconds that one cell may take
_KERNEL = {
    "NotebookClient": {"shutdown_kernel": "immediate"},  # nothing to save in the kernel: 0.6 s less per notebook
    "AsyncKernelManager": {"transport_encryption": "auto"},
}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Task:
    """What one process does: a notebook, a territory, a folder."""

    notebook: str
    territory: str
    parameters: dict
    out: str


@dataclass
class Result:
    """What became of a task."""

    territory: str
    notebook: str
    status: str
    parameters: dict
    duration_s: float
    error: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    hash: dict[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """What became of a batch."""

    results: list[Result]
    index: Path

    @property
    def failures(self) -> list[Result]:
        """The territories that failed, in code order."""
        return [r for r in self.results if r.status == "failed"]


def run(
    notebook: str = "diagnostic",
    codes: Iterable[str] = (),
    *,
    level: str | None = None,
    out: str | Path = "outputs",
    jobs: int | None = None,
    parameters: dict | None = None,
    progress: Callable[[Result, int, int], None] | None = None,
) -> Report:
    """Exécute un carnet pour des territoires et publie leurs documents.

    Parameters
    ----------
    notebook : nom d'un carnet de ``notebooks/``, sans « .ipynb ».
    codes : codes des territoires ; vide : toutes les régions et tous les départements.
    level : « region » ou « departement », quand ``codes`` est vide.
    out : dossier des sorties.
    jobs : nombre de processus ; par défaut le nombre de cœurs.
    parameters : paramètres du carnet, en plus du territoire.
    progress : appelée après chaque territoire avec (résultat, faits, total).

    Raises
    ------
    RunError, TerritoryError, ParameterError, DataError
        Avant toute exécution : carnet ou paramètre inconnu, code inconnu ou ambigu, fichier endommagé.
    """
    out = Path(out).resolve()
    tasks = plan(notebook, list(codes), level, parameters or {}, out)
    check_reference()
    out.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    try:
        for result in _execute(tasks, jobs or os.cpu_count() or 1):
            results.append(result)
            if progress:
                progress(result, len(results), len(tasks))
    finally:
        results.sort(key=lambda r: r.territory)
        index = manifest.publish(out, results)
    return Report(results, index)


def check_reference() -> None:
    """Read everything that a document rests on, so that a damaged file stops the batch before it starts."""
    from copkit import doctor
    from copkit.models import panorama

    doctor.parameters()
    panorama.panorama("fr")


def plan(notebook: str, codes: list[str], level: str | None, parameters: dict, out: Path) -> list[Task]:
    """The tasks of a batch, after every check that needs no execution."""
    path = paths.notebooks(f"{notebook}.ipynb")
    known = sorted(p.stem for p in paths.notebooks().glob("*.ipynb"))
    if notebook not in known:
        raise RunError(f"Carnet inconnu : « {notebook} ».{suggestion(notebook, known)} Carnets : {', '.join(known)}.")
    declared = declared_parameters(path)
    if "territoire" not in declared:
        raise RunError(
            f"Le carnet « {notebook} » ne déclare pas le paramètre « territoire ».\n"
            "L'ajouter à sa cellule « parameters »."
        )
    for name in parameters:
        if name not in declared:
            hint = suggestion(name, declared)
            raise RunError(
                f"Le carnet « {notebook} » n'a pas de paramètre « {name} ».{hint}\nParamètres : {', '.join(declared)}."
            )
    if level is not None and level not in ("region", "departement"):
        hint = suggestion(level, ["region", "departement"])
        raise RunError(f"Niveau inconnu : « {level} ».{hint} Écrire « region » ou « departement ».")
    if codes and level:
        raise RunError("Donner des codes ou un niveau (--level), pas les deux.")
    chosen = _resolve(codes) if codes else territories.territories(level).code.to_list()
    extra = {"classeur": f"{notebook}.xlsx"} if "classeur" in declared and "classeur" not in parameters else {}
    return [Task(str(path), code, {"territoire": code, **extra, **parameters}, str(out)) for code in chosen]


def _resolve(codes: list[str]) -> list[str]:
    resolved, messages = [], []
    for code in codes:
        try:
            resolved.append(territories.resolve(code))
        except TerritoryError as error:
            messages.append(str(error))
    if messages:
        raise TerritoryError("\n".join(messages))
    return list(dict.fromkeys(resolved))


def declared_parameters(path: Path) -> list[str]:
    """The names that the cell tagged « parameters » of a notebook assigns."""
    cells = [c for c in nbformat.read(path, 4).cells if "parameters" in c.metadata.get("tags", [])]
    names = []
    for node in ast.parse(cells[0].source if cells else "").body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names += [t.id for t in targets if isinstance(t, ast.Name)]
    return names


def _execute(tasks: list[Task], jobs: int):
    """Results as they come; each process is started afresh and keeps its libraries for the next territory."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(jobs, len(tasks)), mp_context=context) as pool:
        pending = {pool.submit(execute, task): task for task in tasks}
        for done in as_completed(pending):
            try:
                yield done.result()
            except BrokenProcessPool:
                task = pending[done]
                yield Result(task.territory, Path(task.notebook).stem, "failed", task.parameters, 0.0, _BROKEN)


_BROKEN = "le processus s'est arrêté net (mémoire insuffisante ?). Relancer avec moins de processus : --jobs 1."


def execute(task: Task) -> Result:
    """Execute and export one territory; its files replace the earlier ones only when all are written."""
    started, stem = time.perf_counter(), Path(task.notebook).stem
    out = Path(task.out)
    work = Path(tempfile.mkdtemp(dir=out, prefix=f".{task.territory}-"))
    try:
        _produce(task, stem, work)
        folder = out / task.territory
        folder.mkdir(exist_ok=True)
        files, hashes = {}, {}
        for made in sorted(work.iterdir()):
            kind = made.suffix.lstrip(".")
            hashes[kind] = hashlib.sha256(made.read_bytes()).hexdigest()
            os.replace(made, folder / made.name)
            files[kind] = f"{task.territory}/{made.name}"
        return Result(task.territory, stem, "ok", task.parameters, _since(started), None, files, hashes)
    except Exception as error:  # a territory that fails does not stop the others: it is listed with its reason
        return Result(task.territory, stem, "failed", task.parameters, _since(started), reason(error))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 2)


def _produce(task: Task, stem: str, work: Path) -> None:
    import papermill
    from traitlets.config import Config

    from copkit.batch import export
    from copkit.models.panorama import LATEST

    os.environ["COPKIT_CHARTS"] = "spec"  # read by the kernel: charts become pictures here, not there
    made = work / f"{stem}.ipynb"
    papermill.execute_notebook(
        task.notebook,
        made,
        parameters=task.parameters,
        kernel_name="python3",
        cwd=work,
        progress_bar=False,
        execution_timeout=TIMEOUT,
        config=Config(_KERNEL),
    )
    name = territories.name(task.territory)
    about = {"territoire": task.territory, "donnees": LATEST, "version": copkit.__version__}
    notebook = export.portable(nbformat.read(made, 4), about)
    label = notebook.metadata["copkit"].get("titre", stem.capitalize())
    footer = (
        f"{label} produit par copkit {copkit.__version__}, données {LATEST}, le {datetime.now():%d/%m/%Y}. "
        "Proposition indicative, non prescriptive. Données sous Licence Ouverte 2.0 avec leurs sources."
    )
    nbformat.write(notebook, made)
    (work / f"{stem}.html").write_text(
        export.html(notebook, title=f"{label} — {name}", footer=footer), encoding="utf-8"
    )


def reason(error: Exception) -> str:
    """Why a territory failed, in one or two lines: the cell and the error of the notebook, not its traceback."""
    if type(error).__name__ == "PapermillExecutionError":
        said = _ANSI.sub("", str(error.evalue)).strip()
        ours = hasattr(errors, error.ename)  # a message of the kit stands alone; another error needs its name
        return f"cellule {error.exec_count} du carnet : {said if ours else f'{error.ename} : {said}'}"
    if type(error).__name__ == "CellTimeoutError":
        return f"une cellule du carnet a dépassé {TIMEOUT} secondes."
    if type(error).__name__ == "DeadKernelError":
        return (
            "le noyau du carnet s'est arrêté net (mémoire insuffisante ?). Relancer avec moins de processus : --jobs 1."
        )
    return f"{type(error).__name__} : {error}"
