"""The batch on a real cluster: a scheduler and workers as separate processes; workers that die, differ or join late."""

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

import copkit as ck
from copkit.batch import cluster, manifest
from copkit.batch.store import digest
from copkit.errors import RunError
from copkit.models.communes import uncertainty_communes
from copkit.presentation import drawing
from copkit.reference import territories

from .conftest import LONG
from .faults import Fresh
from .notebooks import documents
from .processes import wait_until
from .terminal import start

SOME = territories.territories().code.to_list()[12:24]  # régions and départements
FEW = territories.territories("region").code.to_list()[:6]
DASK = Path(sys.executable).with_name("dask")
LIGHT = """\
territoire = "fr"
suivi = ""
classeur = ""
"""
WHERE = "import os\nfrom pathlib import Path\nprint(territoire, os.environ.get('OUVRIER'))"


class Cluster:
    """A scheduler and its workers, each a process of its own, ended one by one."""

    def __init__(self, folder):
        self.folder, self.workers, self.started = folder, {}, 0
        folder.mkdir()
        where = folder / "ordonnanceur.json"
        command = [
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--no-show",
            "--idle-timeout",
            "900",
        ]
        self.scheduler = self._start("ordonnanceur", [*command, "--scheduler-file", where])
        until(lambda: where.is_file() and where.read_text().endswith("}"))
        self.client = until(lambda: answered(json.loads(where.read_text())["address"]))

    def _start(self, name, command, **environment):
        env = {k: v for k, v in os.environ.items() if k != "COPKIT_HOME"} | {"OUVRIER": name} | environment
        log = self.folder / f"{name}.log"
        if "PYTHONPATH" not in environment:
            return start([str(word) for word in command], log, log, env, "dask")
        with log.open("w") as said:  # a Python of its own
            return Fresh([DASK, *command], stdout=said, stderr=said, env=env, cwd=self.folder)

    def worker(self, **environment):
        """Start a worker; returns its name once it is there."""
        self.started += 1
        name = f"ouvrier-{self.started}"
        command = ["worker", self.client.scheduler.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard"]
        self.workers[name] = self._start(
            name, [*command, "--no-nanny", "--death-timeout", "60", "--name", name], **environment
        )
        until(lambda: name in self.names())
        return name

    def names(self):
        return {worker["name"] for worker in self.client.scheduler_info()["workers"].values()}

    def admitted(self):
        """The workers that were given the resource of a batch."""
        workers = self.client.scheduler_info()["workers"].values()
        return {worker["name"] for worker in workers if 1 in worker["resources"].values()}

    def fill(self, count=3):
        """As many workers as that, the dead replaced."""
        for name in [name for name, process in self.workers.items() if process.exitcode is not None]:
            del self.workers[name]
        while len(self.workers) < count:
            self.worker()
        return self

    def kill(self, name):
        process = self.workers.pop(name)
        process.kill()
        process.join()
        until(lambda: name not in self.names())

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def close(self):
        self.client.close()
        for process in [*self.workers.values(), self.scheduler]:
            process.kill()
            process.join()


def until(true, limit=120):
    found = wait_until(true, limit)
    assert found
    return found


def answered(address):
    """A client, once the scheduler answers within the limit of the kit: a busy machine may take longer."""
    with suppress(RunError):
        return cluster.connect(address)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """The cluster of the module."""
    found = Cluster(tmp_path_factory.mktemp("cluster") / "machines")
    yield found
    found.close()


@pytest.fixture
def three(machines):
    """Three workers."""
    return machines.fill()


@pytest.fixture(scope="module")
def spare(tmp_path_factory):
    """Another cluster, to be broken, and a new one once its scheduler was; its client gives up after some seconds."""
    found = []

    def cluster_without_worker():
        if not found or found[-1].scheduler.exitcode is not None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cluster, "ANSWER", 3)
                found.append(Cluster(tmp_path_factory.mktemp("cluster") / "autres machines"))
        for name in [*found[-1].workers]:
            found[-1].kill(name)
        return found[-1]

    yield cluster_without_worker
    for one in found:
        one.close()


@pytest.fixture
def other(spare):
    """Another cluster, to be broken, without worker."""
    return spare()


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """A notebook that says where it ran, notes each try in a folder, and fails on demand."""

    def write(*lines, first=WHERE):
        code = [LIGHT, first, *lines]
        cells = [nbformat.v4.new_code_cell(source) for source in code]
        cells[0].metadata["tags"] = ["parameters"]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        path = tmp_path_factory.mktemp("carnets") / "leger.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
        return str(path)

    return write


TRY = "with open(Path(suivi) / territoire, 'a') as notes:\n    notes.write('x')"


def ran_on(out, codes):
    """Worker → how many of the documents it made."""
    found = Counter()
    for code in codes:
        notebook = nbformat.read(out / code / "leger.ipynb", 4)
        text = next(o.text for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "stream")
        place, worker = text.split()
        assert place == code
        found[worker] += 1
    return found


def left(client):
    """The tasks that the scheduler still knows."""
    return client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))


def files(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def expected_files(codes, *kinds):
    named = [f"{code}/{name}" for code in codes for name in (".leger.json", "leger.html", "leger.ipynb")]
    return sorted([*named, "index.html", "manifest.json", *kinds])


# ------------------------------------------------------------------ nothing lost, nothing twice


@pytest.fixture(scope="module")
def national(machines, light, tmp_path_factory):
    """Territories on three workers, one of them killed half-way."""
    out, steps = tmp_path_factory.mktemp("sorties"), []
    machines.fill()

    def progress(result, done, total):
        steps.append((result.territory, done, total))
        if done == 5:
            machines.kill(first_worker(out, steps))

    notebook = light()
    report = ck.run(notebook, SOME, out=out, client=machines.client, progress=progress)
    return notebook, out, report, steps, first_worker(out, steps)


def first_worker(out, steps):
    """The worker that made the first document."""
    return next(iter(ran_on(out, [steps[0][0]])))


def test_all_territories_run_although_a_worker_is_killed_half_way(national):
    _, out, report, steps, victim = national
    assert report.failures == [] and len(SOME) == 12
    assert sorted(code for code, *_ in steps) == sorted(SOME)
    assert [(done, total) for _, done, total in steps] == [(n, 12) for n in range(1, 13)]
    assert files(out) == expected_files(SOME)
    made = ran_on(out, SOME)
    assert len(made) == 3 and 0 < made[victim] < 8


def test_manifest_of_the_cluster_holds_each_document_once_with_its_hash(national):
    _, out, report, *_ = national
    runs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["runs"]
    assert len(runs) == 12 == len({run["territory"] for run in runs})
    for run in runs:
        assert set(run["files"]) == {"html", "ipynb"} and run["status"] == "ok"
        for kind, name in run["files"].items():
            assert digest((out / name).read_bytes()) == run["hash"][kind]
    assert all(result.content == {} for result in report.results)  # published, not kept


def test_resume_after_completion_does_nothing(national, machines):
    notebook, out, *_ = national
    before = {name: (out / name).stat().st_mtime_ns for name in files(out) if "/" in name}
    report = ck.run(notebook, SOME, out=out, client=machines.fill(1).client, resume=True)
    assert report.resumed == 12
    assert before == {name: (out / name).stat().st_mtime_ns for name in files(out) if "/" in name}


def test_shared_store_gets_the_same_files(three, light, tmp_path):
    codes = SOME[:6]
    shared = tmp_path / "partage"
    report = ck.run(light(), codes, out=f"file://{shared}", client=three.client)
    assert report.failures == [] and report.index == f"file://{shared}/index.html"
    assert files(shared) == expected_files(codes, ".temoin")
    assert set(ran_on(shared, codes)) <= set(three.workers)
    runs = json.loads((shared / "manifest.json").read_text(encoding="utf-8"))["runs"]
    assert [run["territory"] for run in runs] == sorted(codes)
    assert all(
        digest((shared / name).read_bytes()) == run["hash"][k] for run in runs for k, name in run["files"].items()
    )


CHART = {"mark": "bar", "encoding": {"x": {"field": "v"}}, "data": {"values": [{"v": 3}]}, "description": "Trois"}
DOCUMENT = f"""\
from pathlib import Path
display({{{drawing.MIME!r}: {CHART}}}, raw=True)
Path(classeur).write_text(territoire)
"""


def test_document_of_the_cluster_is_the_one_of_this_machine(three, light, tmp_path):
    codes, here, there = ["dep-59"], tmp_path / "ici", tmp_path / "ailleurs"
    notebook = "diagnostic" if LONG else light(first=DOCUMENT)
    documents(notebook, codes, here, classeur="tableau.xlsx")
    report = ck.run(notebook, codes, out=there, client=three.client, parameters={"classeur": "tableau.xlsx"})
    assert report.failures == []
    assert files(there) == sorted([*files(here), *([*manifest.FIGURES, "glossaire.html"] if LONG else [])])
    made = [name for name in files(here) if "/" in name and "/." not in name]
    assert {Path(name).suffix for name in made} == {".html", ".xlsx", ".ipynb"}
    assert "<svg " in (there / "dep-59" / f"{Path(notebook).stem}.html").read_text(encoding="utf-8")
    assert [name for name in made if (here / name).read_bytes() != (there / name).read_bytes()] == []


def test_draws_of_communes_are_the_same_on_the_cluster(three):
    draws = uncertainty_communes("reg-94", draws=60, chunk=50)
    with three.client.as_current():
        there = draws.compute()
    assert there.identical(draws.compute(scheduler="synchronous"))


# ------------------------------------------------------------------ failing twice


def test_task_that_fails_twice_is_listed_with_its_reason_and_the_others_are_made(three, light, tmp_path):
    tries = tmp_path / "essais"
    tries.mkdir()
    notebook = light(TRY, "assert territoire != 'reg-32', 'ce territoire ne se calcule pas'")
    codes = ["reg-11", "reg-32", "reg-76", "dep-59"]
    report = ck.run(notebook, codes, out=tmp_path / "out", client=three.client, parameters={"suivi": str(tries)})
    assert [(r.territory, r.error) for r in report.failures] == [
        ("reg-32", "cellule 5 du carnet : AssertionError : ce territoire ne se calcule pas")
    ]
    assert {path.name: path.read_text() for path in tries.iterdir()} == {
        "reg-11": "x", "reg-32": "xx", "reg-76": "x", "dep-59": "x",
    }  # fmt: skip
    assert not (tmp_path / "out/reg-32/leger.html").exists()
    assert left(three.client) == []
    record = json.loads((tmp_path / "out/reg-32/.leger.json").read_text())
    assert record["status"] == "failed" and record["error"] == report.failures[0].error


def test_task_that_fails_once_is_made_at_the_second_try(three, light, tmp_path):
    notebook = light(TRY, "assert (Path(suivi) / territoire).read_text() == 'xx', 'pas encore'")
    for out in (tmp_path / "dossier", f"file://{tmp_path}/partage"):
        tries = tmp_path / f"essais-{Path(out).name}"
        tries.mkdir()
        report = ck.run(notebook, ["reg-11"], out=out, client=three.client, parameters={"suivi": str(tries)})
        assert report.failures == [] and (tries / "reg-11").read_text() == "xx"


def test_task_that_kills_its_worker_is_given_up_after_two_workers_and_costs_no_other_task(three, light, tmp_path):
    tries = tmp_path / "essais"
    tries.mkdir()
    kill = (
        "import signal\n"
        "server = os.getppid()\n"
        "worker = int(Path(f'/proc/{server}/stat').read_text().rpartition(')')[2].split()[1])\n"
        "if territoire == 'reg-01':\n    os.kill(worker, signal.SIGKILL)"
    )
    given = {"suivi": str(tries)}
    report = ck.run(light(TRY, kill), FEW, out=tmp_path / "out", client=three.client, parameters=given)
    assert [(r.territory, r.error) for r in report.failures] == [
        ("reg-01", "l'ouvrier qui l'exécutait s'est arrêté net, deux fois (mémoire insuffisante ?).")
    ]
    assert (tries / "reg-01").read_text() == "xx"
    assert sum(process.exitcode is None for process in three.workers.values()) == 1
    assert files(tmp_path / "out") == sorted(set(expected_files(FEW)) - {"reg-01/leger.html", "reg-01/leger.ipynb"})
    assert three.client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.allowed_failures) == 3  # as it was


def test_file_that_cannot_be_written_fails_its_territory_alone(three, light, tmp_path):
    (tmp_path / "out/reg-11/leger.html/occupé").mkdir(parents=True)
    report = ck.run(light(), ["reg-11", "reg-32"], out=tmp_path / "out", client=three.client)
    assert [r.territory for r in report.failures] == ["reg-11"]
    assert "leger.html" in report.failures[0].error and report.failures[0].files == {}
    assert (tmp_path / "out/reg-32/leger.html").is_file()


# ------------------------------------------------------------------ who may work


def one_figure(copy):
    copy.replace("data/clean/panorama.csv", "940.7603", "940.7604")


def test_worker_with_other_data_is_refused_before_anything_runs(three, light, tmp_path, says, damaged, monkeypatch):
    one_figure(damaged)
    monkeypatch.delenv("COPKIT_HOME")
    stranger = three.worker(COPKIT_HOME=str(damaged.home))
    address = next(at for at, w in three.client.scheduler_info()["workers"].items() if w["name"] == stranger)
    with pytest.raises(RunError) as refused:
        ck.run(light(), ["reg-11"], out=tmp_path / "out", client=three.client)
    three.kill(stranger)
    says(refused.value, f"• {address} : contenu de data/ et parameters/ : «", "au lieu de «")
    says(refused.value, "avec les mêmes data/ et parameters/", "puis redémarrer ces processus.")
    assert str(refused.value).count("•") == 1
    assert not (tmp_path / "out").exists()


def test_worker_with_other_data_that_joins_later_takes_no_task(three, light, tmp_path, says, damaged, monkeypatch):
    one_figure(damaged)
    monkeypatch.delenv("COPKIT_HOME")
    joined = []

    def progress(result, done, total):
        if done == 1:
            joined.extend([three.worker(COPKIT_HOME=str(damaged.home)), three.worker()])
            until(lambda: three.admitted() >= {joined[1]} and "RunError" in three.log(joined[0]))

    codes = territories.territories("departement").code.to_list()[:12]
    report = ck.run(light(), codes, out=tmp_path / "out", client=three.client, progress=progress)
    stranger, friend = joined
    made = ran_on(tmp_path / "out", codes)
    assert stranger not in three.admitted()
    three.kill(stranger)
    three.kill(friend)
    assert report.failures == [] and stranger not in made and made[friend] > 0
    says(three.log(stranger), "Cet ouvrier ne reçoit pas de carnets de copkit : contenu de data/ et parameters/ : «")


def test_worker_whose_files_changed_under_it_has_to_be_restarted(three, damaged, says):
    late = three.worker(COPKIT_HOME=str(damaged.home))
    cluster.check(three.client)
    one_figure(damaged)
    with pytest.raises(RunError) as refused:
        cluster.check(three.client)
    three.kill(late)
    says(refused.value, "fichiers changés depuis son démarrage : le redémarrer.")


def test_store_that_the_workers_do_not_reach_is_refused(three, light, says):
    with pytest.raises(RunError) as refused:
        ck.run(light(), ["reg-11"], out="memory://sorties", client=three.client)
    says(refused.value, "n'atteint pas « memory://sorties »")
    assert str(refused.value).count("•") == 3


def test_worker_where_copkit_is_absent_is_refused(other, tmp_path, says):
    (tmp_path / "copkit").mkdir()
    (tmp_path / "copkit/__init__.py").write_text("raise ImportError('une autre installation')")
    other.worker(PYTHONPATH=str(tmp_path))
    with pytest.raises(RunError) as refused:
        cluster.check(other.client)
    says(refused.value, "copkit ne s'y charge pas (ImportError('une autre installation')).")


# ------------------------------------------------------------------ what stops a batch


def test_interruption_leaves_no_task_on_the_cluster(three, light, tmp_path):
    def progress(result, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ck.run(light(), level="region", out=tmp_path / "out", client=three.client, progress=progress)
    until(lambda: left(three.client) == [])
    assert len(json.loads((tmp_path / "out/manifest.json").read_text())["runs"]) < 18


def test_cluster_without_worker_is_refused(other, says, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    with pytest.raises(RunError) as refused:
        cluster.check(other.client)
    says(refused.value, "Aucun ouvrier sur « tcp://127.0.0.1:", "dask worker tcp://HÔTE:8786")


def test_last_worker_that_dies_stops_the_batch_and_resume_finishes_it(other, light, tmp_path, says, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    only, notebook, out = other.worker(), light(), tmp_path / "out"
    with pytest.raises(RunError) as stopped:
        ck.run(notebook, FEW, out=out, client=other.client, progress=lambda *_: other.kill(only))
    says(stopped.value, "Plus aucun ouvrier n'est là.", "relancer avec resume=True")
    until(lambda: left(other.client) == [])  # or a worker that comes would run them for nobody
    other.worker()
    report = ck.run(notebook, FEW, out=out, client=other.client, resume=True)
    assert report.failures == [] and 1 <= report.resumed < len(FEW)
    assert files(out) == expected_files(FEW)


@pytest.mark.parametrize("state", ["running", "closed"] if LONG else ["running"])
def test_scheduler_that_dies_stops_the_batch(other, light, tmp_path, says, state):
    other.worker()

    def progress(*_):
        other.scheduler.kill()
        other.scheduler.join()
        until(lambda: state == "running" or other.client.status == state)

    with pytest.raises(RunError) as stopped:
        ck.run(light(), level="region", out=tmp_path / "out", client=other.client, progress=progress)
    says(stopped.value, "La connexion avec l'ordonnanceur est perdue.", "relancer avec resume=True.")


def test_scheduler_that_does_not_answer_is_said(says, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    for address in ("tcp://127.0.0.1:9", "ailleurs:8786", "n'importe quoi"):
        with pytest.raises(RunError) as refused:
            cluster.connect(address)
        says(refused.value, f"L'ordonnanceur « {address} » ne répond pas", "dask scheduler")


def test_without_distributed_the_message_says_what_to_install():
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from copkit.errors import RunError\n"
        "try:\n    from copkit.batch import cluster\nexcept RunError as error:\n    print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed == "L'exécution sur un cluster demande un complément. L'installer : pip install 'copkit[cluster]'.\n"
