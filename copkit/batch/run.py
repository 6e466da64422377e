"""The batch: one notebook executed by Papermill for each territory, in parallel, nothing lost when one fails.

Each territory gets ``<out>/<code>/<notebook>.ipynb``, ``.html`` and ``.xlsx`` (``.pdf``, ``.docx`` when asked),
written whole or not at all; the batch writes ``<out>/manifest.json`` and ``<out>/index.html``, and the figures of all
territories in one table (``figures.csv``, ``figures.parquet``, described by ``datapackage.json``). Everything that can
be refused is refused before anything runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from copkit import french, paths
from copkit.batch.forked import forks
from copkit.batch.plan import find, plan
from copkit.errors import CopkitError, RunError, typed
from copkit.reference import territories
from copkit.reference.territories import is_fine

if TYPE_CHECKING:  # the others are imported while the warm parent gets ready
    from distributed import Client

    from copkit.batch.book import Missing
    from copkit.batch.manifest import Result
    from copkit.batch.plan import Limits
    from copkit.batch.store import Store

DEFAULT = "diagnostic"  # of the notebooks
_DONE = "fini"  # what a fork writes last, in the folder where it works


@dataclass
class Report:
    """What became of a batch."""

    results: list[Result]
    index: str
    jobs: int
    missing: list[Missing] = field(default_factory=list)  # the documents of a book that lack their files

    @property
    def failures(self) -> list[Result]:
        """What failed, in code order."""
        return [r for r in self.results if r.status == "failed"]

    def listed(self) -> list[str]:
        """How many failed, then each with its reason; nothing when none did."""
        several = len({result.notebook for result in self.results}) > 1
        names = [f"{one.territory}, {one.notebook}" if several else one.territory for one in self.failures]
        lines = [f"  • {name} : {one.error}" for name, one in zip(names, self.failures, strict=True)]
        return [f"\n{french.plural(len(lines), 'échec')} :", *lines] if lines else []

    @property
    def resumed(self) -> int:
        """How many documents were complete and unchanged."""
        return sum(r.resumed for r in self.results)


def run(
    notebook: str | None = None,
    codes: Iterable[str] = (),
    *,
    whole: bool = False,
    examples: bool = False,
    level: str | None = None,
    perimeters: str | Path | None = None,
    out: str | Path = "outputs",
    jobs: int | None = None,
    parameters: dict | None = None,
    pdf: bool = False,
    docx: bool = False,
    resume: bool = False,
    limits: Limits | None = None,
    client: Client | None = None,
    progress: Callable[[Result, int, int], None] | None = None,
) -> Report:
    """Exécute un carnet, ou tout un livre, pour des territoires et publie leurs documents.

    Parameters
    ----------
    notebook : nom d'un carnet de ``notebooks/``, sans « .ipynb », ou chemin d'un carnet ; par défaut « diagnostic ».
    codes : codes des territoires ; vide : toutes les régions et tous les départements.
    whole : tous les documents d'une COP au lieu d'un carnet, et leur index dans le dossier de chaque territoire ; un
        document qui manque de ses fichiers est listé (``missing``).
    examples : avec ``whole``, faire ces documents avec les exemples inventés du kit, marqués comme tels.
    level : « region », « departement » ou « epci », quand ``codes`` est vide.
    perimeters : fichier de périmètres (CRTE, PETR, PNR, SCoT…) ; ``codes`` sont alors des noms de ce fichier, et tous
        ses périmètres sont faits quand il est vide.
    out : dossier des sorties ; avec ``client``, aussi une adresse fsspec que tous les ouvriers atteignent.
    jobs : nombre de documents menés de front ; par défaut deux par cœur.
    parameters : paramètres du carnet, en plus du territoire ; d'un livre, chacun va aux carnets qui le déclarent.
    pdf : écrire aussi chaque document en PDF accessible (PDF/UA-1), à imprimer ou à envoyer.
    docx : écrire aussi chaque document pour Word ou LibreOffice, à annoter ou à reprendre.
    resume : ne pas refaire les documents complets dont rien de ce qui les fait n'a changé.
    limits : ce que chaque carnet peut prendre, en durée [s] et en mémoire [Mio].
    client : client dask.distributed ; les tâches s'exécutent alors sur son cluster.
    progress : appelée après chaque territoire avec (résultat, faits, total).

    Raises
    ------
    RunError, TerritoryError, ParameterError, DataError
        Avant toute exécution : carnet ou paramètre inconnu, code inconnu ou ambigu, fichier endommagé,
        dossier déjà pris, ouvrier d'une autre version ; un carnet et tout le livre demandés à la fois.
    """
    if whole and notebook:
        raise RunError(f"Donner un carnet ({typed('notebook', '--notebook')}) ou tout le livre, pas les deux.")
    if examples and not whole:
        asked = typed("whole=True, examples=True", "--all --exemple")
        raise RunError(f"Les exemples inventés se demandent pour tout le livre : {asked}.")
    if perimeters and whole:
        raise RunError("Le livre d'une COP est celui d'une région ou d'un département : il ne prend pas de périmètres.")
    source = _sources() if whole else find(notebook or DEFAULT).read_text(encoding="utf-8")
    formats = tuple(kind for kind, asked in (("pdf", pdf), ("docx", docx)) if asked)
    codes = list(codes)
    local = bool(perimeters) or level == "epci" or any(map(is_fine, map(str, codes)))
    warm = forks.warm_up(source, written=(parameters or {}).get("classeur") != "", local=local)
    regions = _regions(codes) if warm in forks.BY_REGION else []
    server = forks.ForkServer(warm, regions=regions) if client is None and forks.available() else None
    try:  # the warm parent gets ready while these import and check
        from copkit import doctor
        from copkit.batch import index, manifest
        from copkit.batch.store import Folder, open_store, writing

        asked, missing = (codes, level, parameters or {}), []
        if whole:
            from copkit.batch import book

            tasks, missing = book.tasks(*asked, examples=examples, formats=formats, limits=limits)
        else:
            tasks = plan(notebook or DEFAULT, *asked, perimeters=perimeters or "", formats=formats, limits=limits)
        store = open_store(out)
        if client is None and not isinstance(store, Folder):
            asked = typed('client=distributed.Client("tcp://HÔTE:8786")', "--dask tcp://HÔTE:8786")
            raise RunError(f"Une adresse de sorties partagée demande un cluster : {asked}.")
        with writing(str(out)):
            done = {t.key: found for t in tasks if resume and (found := manifest.complete(t, store))}
        left = [task for task in tasks if task.key not in done]
        jobs = len(client.scheduler_info()["workers"]) if client else min(jobs or _by_default(server, warm), len(left))
    except BaseException:
        if server:
            server.close(unused=True)
        raise
    results = list(done.values())
    with (
        ExitStack() as last,
        _machine(client, jobs, store, server, warm) as (execute, sound),
    ):
        index.template()  # the warm parent is not ready yet
        if not sound() and warm not in forks.OTHERS:  # the warm parent would have said what this says
            doctor.reference()
        with writing(str(out)):
            store.prepare()
        last.callback(store.release)  # when the processes, which work in it, have ended
        beside = None  # of notebooks of the kit; once is enough
        if warm not in forks.OTHERS and (left or not manifest.has(store, manifest.BESIDE)):
            beside = _Beside(server, [*(task.territory for task in tasks), *manifest.made(store)], store)
        try:
            with closing(execute(left)) as coming:
                for result in coming:
                    results.append(result)
                    if progress:
                        progress(result, len(results), len(tasks))
        finally:
            results.sort(key=lambda r: r.key)
            report = Report(results, "", jobs, missing)
            with writing(str(out), "L'index et le manifeste ne sont pas à jour.", *report.listed()):
                report.index = manifest.publish(store, beside, {t.territory for t in tasks if whole})
    return report


def _sources() -> str:
    """What the notebooks of the kit hold, one after the other."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths.notebooks().glob("*.ipynb")))


def _regions(codes: Iterable[object]) -> list[str]:
    """The régions of the territories of a batch, for the warm parent; none, which stands for all, if one is unknown.

    >>> _regions(["reg-32", "dep-59", "Lozère"]), _regions(["dep-59", "dep-00"])
    (['reg-32', 'reg-76'], [])
    """
    try:
        return sorted({territories.region_of(territories.resolve(code)) for code in codes} - {"fr"})
    except CopkitError:  # the plan says what is wrong
        return []


class _Beside:
    """What stands beside the index: made by a fork of the warm parent, that has read it all, while documents are."""

    def __init__(self, server: forks.ForkServer | None, codes: Iterable[str], store: Store) -> None:
        self.codes, self.fork = sorted(set(codes)), None
        if server:
            with suppress(RunError, OSError):  # the warm parent was killed, the disk is full: made here, in the end
                self.work = str(store.workspace())  # that goes with the batch, or with the next one
                call = {"call": "copkit.batch.package:write", "given": [self.work, self.codes, _DONE]}
                self.fork = server.fork([], self.work, dict(os.environ), **call)

    def __call__(self, codes: list[str]) -> dict[str, bytes]:
        """The files of these territories; made here when the fork could not, or when some document has none."""
        if self.fork and codes == self.codes:
            self.fork.wait()
            found = {path.name: path.read_bytes() for path in Path(self.work).iterdir()}
            if found.pop(_DONE, None) is not None:
                return found
        from copkit.batch import package

        return package.made(codes)


def _by_default(server: forks.ForkServer | None, warm: str) -> int:
    """Two for each core: a document waits for a core, and not a core for a document.

    One where nothing is forked, and where no chart is drawn: nothing waits then, and more only share the caches.
    """
    return (2 if server and warm != forks.LOCAL else 1) * (os.cpu_count() or 1)


@contextmanager
def _machine(client: Client | None, jobs: int, store: Store, server: forks.ForkServer | None, warm: str):
    """What executes tasks: the cluster, or processes of this machine, which start at once; whether the kit is sound."""
    if client is not None:
        from copkit.batch import cluster

        cluster.check(client)
        yield lambda tasks: cluster.execute(tasks, store, client), lambda: False
    elif jobs:
        from copkit.batch import pool

        with closing(pool.Pool(jobs, store, server, draws=warm not in forks.OTHERS)) as processes:
            yield processes.execute, processes.sound
    else:
        if server:
            server.close(unused=True)
        yield lambda tasks: (result for result in ()), lambda: False
