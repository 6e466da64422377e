"""The processes of several machines: the same tasks on a dask.distributed cluster.

Scheduling, retries and lost workers are dask's. Here: who may work (same code, same data, a store that they reach),
one notebook at a time per worker process, and outputs published once. A worker that may work is given a resource
that the tasks ask for: one that is refused, now or when it joins later, never receives a task.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from copkit.batch import manifest, produce, versions
from copkit.batch.plan import Task
from copkit.batch.store import Folder, Shared
from copkit.errors import RunError, option

try:
    import distributed
except ImportError:
    raise RunError(
        "L'exécution sur un cluster demande un complément. L'installer : pip install 'copkit[cluster]'."
    ) from None

ANSWER = 10  # [s] for a scheduler to answer, and for a first worker to be there
PATIENCE = 60  # [s] for a worker to come back when none is left
_WITNESS = ".temoin"
_LABELS = {
    "python": "Python",
    "copkit": "version de copkit",
    "code": "code de copkit",
    "donnees": "version des données",
    "contenu": "contenu de data/ et parameters/",
}
_KILLED = "l'ouvrier qui l'exécutait s'est arrêté net, deux fois (mémoire insuffisante ?)."


def connect(address: str) -> distributed.Client:
    """A client of the scheduler at an address such as « tcp://HÔTE:8786 ».

    Raises
    ------
    RunError
        Nothing answers at this address.
    """
    try:
        return distributed.Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(
            f"L'ordonnanceur « {address} » ne répond pas ({why}).\n"
            "Vérifier l'adresse (tcp://HÔTE:8786) et qu'il est démarré : dask scheduler."
        ) from None


def check(client: distributed.Client) -> None:
    """Refuse a cluster that has no worker, or one of another version of Python, of the code or of the data.

    Raises
    ------
    RunError
        Every machine that differs, what differs and what to do.
    """
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except TimeoutError:
        raise RunError(
            f"Aucun ouvrier sur « {client.scheduler.address} ».\n"
            "En démarrer un par cœur : dask worker tcp://HÔTE:8786 --nworkers auto --nthreads 1."
        ) from None
    gate = Gate(here())
    try:
        found = {"ordonnanceur": gate.compare(client.run_on_scheduler(here), ("python", "copkit", "code"))}
    except Exception as error:
        found = {"ordonnanceur": [_absent(error)]}
    _refuse(found | _ask(client, gate))


def execute(tasks: Iterable[Task], store: Folder | Shared, client: distributed.Client) -> Iterator[manifest.Result]:
    """Results as they come. A shared store is written by the workers, a folder of this machine by the client.

    A task that fails is tried once more, on another worker when its own died; failing twice, it is listed.

    Raises
    ------
    RunError
        A worker does not reach the shared store, no worker is left, or the scheduler is gone.
    """
    waiting, running, finished = deque(tasks), {}, []
    if not waiting:
        return
    shared = store.address if isinstance(store, Shared) else ""
    gate = _open(client, store, shared)
    with _trying_twice(client):
        try:
            while waiting or running or finished:
                with _linked(client):
                    for _ in range(min(len(waiting), max(gate.admitted(client), 1) - len(running))):
                        task = waiting.popleft()
                        key = f"copkit-{task.stem}-{task.territory}-{uuid.uuid4().hex}"
                        future = client.submit(_work, task, shared, key=key, retries=1, resources={gate.resource: 1})
                        running[future] = task
                for task, future in finished:  # workers are busy again: there is time to publish
                    yield _publish(task, future, store)
                with _linked(client):
                    finished = [(running.pop(future), future) for future in _first(client, gate, running)]
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.cancel([*running, *(future for _, future in finished)], force=True)


class Gate(distributed.WorkerPlugin):
    """What a worker must have in order to work for a batch; checked on those that are there and on each that joins."""

    def __init__(self, expected: dict[str, str], address: str = "", token: str = "") -> None:
        self.expected, self.address, self.token = expected, address, token
        said = repr((sorted(expected.items()), address))
        self.resource = f"copkit-{hashlib.sha256(said.encode()).hexdigest()[:12]}"

    async def setup(self, worker: distributed.Worker) -> None:
        """Let a worker in: one notebook at a time, because a process draws charts for one at a time."""
        problems = await asyncio.to_thread(self.problems)
        await worker.set_resources(**{self.resource: 0 if problems else 1})
        if problems:
            raise RunError(f"Cet ouvrier ne reçoit pas de carnets de copkit : {' ; '.join(problems)}.")

    def problems(self) -> list[str]:
        """On the worker: what differs, in French."""
        now = here()
        found = self.compare(now, _LABELS)
        if now != _at_first():
            found.append("fichiers changés depuis son démarrage : le redémarrer")
        try:
            if self.address and Shared(self.address).read(_WITNESS) != self.token.encode():
                found.append(f"n'atteint pas « {self.address} »")
        except Exception as error:  # of the file system: what it needs is not there, or access is denied
            found.append(f"n'atteint pas « {self.address} » ({error})")
        return found

    def compare(self, found: dict[str, str], names: Iterable[str]) -> list[str]:
        """What differs from the machine that asks."""
        return [
            f"{_LABELS[name]} : « {found[name]} » au lieu de « {self.expected[name]} »"
            for name in names
            if found[name] != self.expected[name]
        ]

    def admitted(self, client: distributed.Client) -> int:
        """How many workers may work now."""
        return client.run_on_scheduler(_admitted, self.resource)


class Failed(Exception):
    """A document failed on a worker: raised there, so that dask tries again."""

    def __init__(self, result: manifest.Result) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        return f"{self.result.territory} : {self.result.error}"


class _Elsewhere:
    """A place to work in on a worker whose files are given back; dask removes it when the worker ends."""

    def workspace(self) -> Path:
        """A new empty folder."""
        return Path(tempfile.mkdtemp(prefix="copkit-", dir=distributed.get_worker().local_directory))


def here() -> dict[str, str]:
    """The versions of this process: Python's, and those that documents are made from."""
    return {"python": f"{sys.version_info.major}.{sys.version_info.minor}", **versions.versions()}


@lru_cache(maxsize=1)
def _at_first() -> dict[str, str]:
    """The versions when this process first looked: what it holds in memory is of that time."""
    return here()


def _open(client: distributed.Client, store: Folder | Shared, shared: str) -> Gate:
    """Give the workers that may work the resource that the tasks ask for, and those that join later."""
    token = uuid.uuid4().hex
    if shared:
        store.write(_WITNESS, token.encode())
    gate = Gate(here(), shared, token)
    _refuse(_ask(client, gate))
    client.register_plugin(gate, name="copkit")
    return gate


def _ask(client: distributed.Client, gate: Gate) -> dict[str, list[str]]:
    answers = client.run(gate.problems, on_error="return")
    there = client.scheduler_info()["workers"]
    lost = {at for at, said in answers.items() if isinstance(said, OSError) and at not in there}  # while it was asked
    answers = {at: said for at, said in sorted(answers.items()) if at not in lost}
    return {at: [_absent(said)] if isinstance(said, Exception) else said for at, said in answers.items()}


def _absent(error: Exception) -> str:
    return f"copkit ne s'y charge pas ({str(error) or type(error).__name__})"


def _refuse(found: dict[str, list[str]]) -> None:
    lines = [f"  • {at} : {problem}." for at, problems in found.items() for problem in problems]
    if lines:
        title = "Le cluster ne donnerait pas les mêmes documents que cette machine :"
        advice = (
            "Installer partout la même version de copkit, avec les mêmes data/ et parameters/ (ou COPKIT_HOME), "
            "puis redémarrer ces processus. Un dossier de sorties partagé doit avoir la même adresse pour tous."
        )
        raise RunError("\n".join([title, *lines, advice]))


def _admitted(resource: str, dask_scheduler=None) -> int:
    return sum(amount >= 1 for amount in dask_scheduler.resources.get(resource, {}).values())


@contextmanager
def _linked(client: distributed.Client):
    """While the scheduler is needed: say in French that it is gone."""
    try:
        yield
    except Exception as error:
        if client.status == "running" and not isinstance(error, (CancelledError, OSError)):
            raise
        raise RunError(
            "La connexion avec l'ordonnanceur est perdue. Ce qui est publié est complet : "
            f"relancer avec {option('resume', True)}."
        ) from None


@contextmanager
def _trying_twice(client: distributed.Client):
    """A task whose worker dies twice is given up: dask's own limit, four, would cost four workers."""
    before = client.run_on_scheduler(_allow, 1)
    try:
        yield
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.run_on_scheduler(_allow, before)


def _allow(failures: int, dask_scheduler=None) -> int:
    before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, failures
    return before


def _work(task: Task, shared: str) -> manifest.Result:
    result = produce.execute(task, Shared(shared) if shared else _Elsewhere(), give_back=not shared)
    if result.status == "failed":
        raise Failed(result)
    return result


def _first(client: distributed.Client, gate: Gate, running: dict) -> Iterable[distributed.Future]:
    """The tasks that ended, at least one if any runs. Raises RunError when nobody is left to work for a while."""
    while running:
        try:
            with client.as_current():
                return distributed.wait(list(running), timeout=PATIENCE, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            if not gate.admitted(client):
                raise RunError(
                    "Plus aucun ouvrier n'est là. Ce qui est publié est complet : en démarrer, "
                    f"relancer avec {option('resume', True)}."
                ) from None
    return ()


def _publish(task: Task, future: distributed.Future, store: Folder | Shared) -> manifest.Result:
    """What became of a task; its files are published if the worker gave them back."""
    with _linked(future.client):
        result = _failure(task, future.exception()) if future.status == "error" else future.result()
    future.release()  # done: if its worker dies now, nobody wants it again
    try:
        for name, data in result.content.items():
            store.write(f"{task.territory}/{name}", data)
        if result.content:
            manifest.record(task, store, result)
    except OSError as error:
        produce.fail(result, produce.reason(error, task.limits))
    if result.status == "failed":
        with suppress(OSError):  # the disk may be full: the batch lists it all the same
            manifest.record(task, store, result)
    result.content = {}
    return result


def _failure(task: Task, error: Exception) -> manifest.Result:
    if isinstance(error, Failed):
        return error.result
    said = _KILLED if isinstance(error, distributed.KilledWorker) else produce.reason(error, task.limits)
    return manifest.Result(
        task.territory, task.stem, "failed", task.parameters, 0.0, said, fingerprint=task.fingerprint
    )
