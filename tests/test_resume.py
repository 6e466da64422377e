"""A batch that is stopped, limited, run twice or run twice at once: nothing lost, nothing half-written."""

import gc
import json
import locale
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import docx
import nbformat
import psutil
import pytest
from typer.testing import CliRunner

import copkit as ck
import copkit.batch.run as run
from copkit import paths
from copkit.batch import export, manifest, plan, pool, produce, profile, verify
from copkit.batch.forked import forks
from copkit.batch.plan import Limits
from copkit.batch.store import Folder, digest, writing
from copkit.commands.cli import app
from copkit.errors import RunError, TerritoryError
from copkit.presentation import drawing

from . import faults
from .conftest import LONG
from .processes import below, command, running, wait_until
from .terminal import begin, copkit, start

CODES = ["reg-01", "reg-02", "reg-03", "reg-04", "reg-06", "dep-02", "dep-59", "dep-60"]
DAY = ("SOURCE_DATE_EPOCH", "1764028800")  # the 25th of November 2025
STOPPED = ["reg-01", "reg-02", "reg-03", "dep-02", "dep-59", "dep-60"]


def write(path: Path, *cells: str) -> str:
    """A notebook with a territory and these cells."""
    first = nbformat.v4.new_code_cell('territoire = "reg-32"', metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return str(path)


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    return write(tmp_path_factory.mktemp("carnet") / "leger.ipynb", "print(territoire)")


def copkit_run(folder: Path, notebook: str, codes: list[str], **environment: str) -> subprocess.CompletedProcess:
    """« copkit run » in a process of its own."""
    return copkit("run", *codes, "--notebook", notebook, "--out", str(folder), "--jobs", "2", **environment)


def times(out: Path) -> dict[str, int]:
    return {str(p.relative_to(out)): p.stat().st_mtime_ns for p in out.rglob("*.html") if p.name != "index.html"}


@dataclass
class Batch:
    """A batch that was run: its report, how many processes it had, its folder, and what it changed of this process."""

    report: run.Report
    counts: set[int]
    out: Path
    changed: dict


def settings() -> dict:
    """What is set for the whole process."""
    modules = [export, forks, manifest, plan, pool, produce, run]
    named = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    ours = {one for one in named if one.__module__.startswith("copkit")}
    os.umask(mask := os.umask(0))
    return {
        "environment": dict(os.environ),
        "signals": {one: signal.getsignal(one) for one in signal.Signals},
        "absent modules": {name for name, module in sys.modules.items() if module is None},
        "program": sys.modules["__main__"],
        "folder": os.getcwd(),
        "mask": mask,
        "path": list(sys.path),
        "warnings": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "streams": [sys.stdout, sys.stderr],
        "garbage": [gc.isenabled(), gc.get_threshold()],
        "threads": set(threading.enumerate()),
        "children": {
            one.pid
            for one in below(psutil.Process(), recursive=False)
            if (said := command(one)) and "resource_tracker" not in said  # which Python keeps to its own end
        },
        "classes": {one: {k: v for k, v in vars(one).items() if k != "__slotnames__"} for one in ours},  # pickle's
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory, light):
    """The light notebook on every territory, eight documents at a time."""
    out, me, counts = tmp_path_factory.mktemp("lot") / "sorties", psutil.Process(), set()

    def look(*_):
        counts.add(sum("spawn_main" in command(one) for one in below(me, recursive=False)))

    before = settings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*DAY)
        report = ck.run(light, CODES, out=out, jobs=8, progress=look)
    after = settings()
    for name in ("threads", "children"):  # those of earlier tests may end meanwhile
        after[name] |= before[name]
    return Batch(report, counts, out, {k: (v, after[k]) for k, v in before.items() if after[k] != v})


@pytest.fixture
def again(made, tmp_path):
    """A copy of what that batch made."""
    return shutil.copytree(made.out, tmp_path / "sorties")


def test_many_documents_at_a_time_are_shared_between_processes(made):
    assert made.report.failures == [] and len(times(made.out)) == len(CODES)
    assert made.counts == {2}  # that make four documents each, and no painter: such a notebook shows no chart


def test_a_batch_leaves_the_process_of_the_user_as_it_was(made):
    assert made.changed == {}


def test_resume_does_nothing_when_nothing_changed_and_only_what_changed_otherwise(again, light):
    before = times(again)
    same = ck.run(light, CODES, out=again, resume=True)
    assert same.resumed == len(CODES) and times(again) == before
    (again / "reg-02" / "leger.html").unlink()
    (again / "reg-03" / "leger.ipynb").write_text("abîmé")
    (again / "reg-04" / ".leger.json").write_text("{")
    third = ck.run(light, CODES, out=again, resume=True)
    assert third.resumed == len(CODES) - 3 and third.failures == []
    assert {name for name, when in times(again).items() if when != before.get(name)} == {
        f"{code}/leger.html" for code in ("reg-02", "reg-03", "reg-04")
    }
    assert len(json.loads((again / "manifest.json").read_text())["runs"]) == len(CODES)


def test_whatever_a_document_depends_on_changes_its_fingerprint(tmp_path, monkeypatch):
    light = write(tmp_path / "leger.ipynb", "print(territoire)")

    def mark(**changes):
        [task] = plan.plan(light, ["reg-06"], None, changes.pop("parameters", {}), **changes)
        return task.fingerprint

    text = Path(light).read_text().replace(r"territoire = \"reg-32\"", r"territoire = \"reg-32\"; fichier = \"\"")
    Path(light).write_text(text)
    first = mark()
    assert mark() == first and mark(limits=Limits(memory_mib=500)) == first  # a limit changes no figure
    assert mark(formats=("pdf",)) != first and mark(parameters={"fichier": "x"}) != first
    named = tmp_path / "projets.csv"
    named.write_text("un", encoding="utf-8")
    read = mark(parameters={"fichier": str(named)})
    named.write_text("deux", encoding="utf-8")
    assert mark(parameters={"fichier": str(named)}) != read  # a file that a parameter names
    several, folder = ({"fichier": text} for text in (f"reg-28, {named}", str(tmp_path / "envoi")))
    (tmp_path / "envoi" / "epci").mkdir(parents=True)
    before = mark(parameters=several), mark(parameters=folder)
    named.write_text("trois", encoding="utf-8")
    (tmp_path / "envoi" / "epci" / "retour.csv").write_text("un", encoding="utf-8")
    assert mark(parameters=several) != before[0] and mark(parameters=folder) != before[1]  # one of several, a folder
    [other] = plan.plan(light, ["reg-04"], None, {})
    assert other.fingerprint != first
    write(Path(light), "print(territoire, 2)")
    assert mark() != first
    Path(light).write_text(text)
    home = tmp_path / "kit"
    for folder in ("parameters", "data/clean", "notebooks"):
        shutil.copytree(paths.home() / folder, home / folder)
    monkeypatch.setenv("COPKIT_HOME", str(home))
    assert mark() == first  # the same content elsewhere
    (home / "parameters" / "leviers" / "haies.yml").open("a").write("\n# une remarque\n")
    assert mark() != first


@dataclass
class Stopped:
    """A batch of its own process, stopped once its first documents are there; the others wait for a file."""

    folder: Path
    blow: signal.Signals

    def __post_init__(self) -> None:
        self.out, self.go, self.mark = self.folder / "sorties", self.folder / "partez", f"{self.folder.name}-essai"
        self.temporary = self.folder / "temporaire"
        self.temporary.mkdir()
        wait = f"""
import time
from pathlib import Path
while territoire.startswith("dep") and not Path({str(self.go)!r}).exists():
    time.sleep(0.01)
"""
        self.notebook = write(self.folder / "lent.ipynb", wait, "print(territoire)")
        env = os.environ | {"COPKIT_MARK": self.mark, "TMPDIR": str(self.temporary)}
        said = self.folder / "dit.txt", self.folder / "erreurs.txt"
        self.words = ["run", *STOPPED, "--notebook", self.notebook, "--out", str(self.out), "--jobs", "2"]
        self.batch = start(self.words, *said, env)
        firsts = [self.out / code / ".lent.json" for code in STOPPED[:3]]
        assert wait_until(lambda: all(one.exists() for one in firsts) or self.batch.exitcode is not None)
        assert self.batch.exitcode is None, said[1].read_text()
        os.kill(self.batch.pid, self.blow)
        self.batch.join()
        self.stderr = said[1].read_text()
        self.go.touch()
        assert wait_until(lambda: running(self.mark) == []), running(self.mark)
        assert sorted(times(self.out)) == [f"{code}/lent.html" for code in STOPPED[:3]]
        for page in self.out.glob("*/*.html"):  # whole, or not there
            assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_killed_batch_leaves_nothing_that_the_next_one_does_not_clear(tmp_path):
    batch = Stopped(tmp_path, signal.SIGKILL)
    assert {".travail", ".verrou"} <= {one.name for one in batch.out.iterdir()}
    (batch.out / ".0123456789abcdef0123456789abcdef.tmp").touch()  # as a batch of version 0.4 could leave
    anew = shutil.copytree(batch.out, tmp_path / "anew")
    before = times(batch.out)
    finished = copkit(*batch.words, "--resume")
    assert finished.returncode == 0, finished.stderr
    assert f"{len(STOPPED)} documents, dont 3 déjà à jour" in finished.stdout
    assert before.items() <= times(batch.out).items()
    assert ck.run(batch.notebook, STOPPED[:1], out=anew).resumed == 0
    assert {name for name, when in times(anew).items() if when != before[name]} == {f"{STOPPED[0]}/lent.html"}
    for out, codes in ((batch.out, STOPPED), (anew, STOPPED[:3])):
        assert sorted(p.name for p in out.iterdir()) == sorted([*codes, "index.html", "manifest.json"])
        assert {p.name for p in (out / codes[-1]).iterdir()} == {".lent.json", "lent.html", "lent.ipynb"}
    assert list(batch.temporary.iterdir()) == []
    nbformat.validate(nbformat.read(batch.out / "dep-60" / "lent.ipynb", 4))


def test_an_interrupted_batch_says_how_to_resume_and_leaves_its_documents_and_an_index(tmp_path):
    batch = Stopped(tmp_path, signal.SIGINT)
    assert batch.batch.exitcode == 130 and "--resume" in batch.stderr and "Traceback" not in batch.stderr
    assert {p.name for p in batch.out.iterdir()} == {*STOPPED[:3], "index.html", "manifest.json"}
    assert list(batch.temporary.iterdir()) == []


def test_a_process_killed_with_its_territory_loses_nothing(tmp_path):
    """The process of the batch itself dies (memory): what it was doing is tried again."""
    once = f"""
import os, signal
from pathlib import Path

def mine(process):
    try:
        spawned = b"spawn_main" in (process / "cmdline").read_bytes()
        return spawned and b"COPKIT_MARK={tmp_path}" in (process / "environ").read_bytes()
    except OSError:  # it has just ended
        return False

mark = Path({str(tmp_path / "tue")!r})
if territoire == "reg-04" and not mark.exists():
    mark.touch()
    for process in filter(mine, Path("/proc").glob("[0-9]*")):
        os.kill(int(process.name), signal.SIGKILL)
"""
    notebook = write(tmp_path / "tueur.ipynb", once, "print(territoire)")
    out = tmp_path / "sorties"
    done = copkit_run(out, notebook, CODES[:5], COPKIT_MARK=str(tmp_path))
    assert (tmp_path / "tue").exists()
    assert done.returncode == 0, done.stderr
    assert len(times(out)) == 5


def test_a_program_without_a_guard_can_run_a_batch(tmp_path):
    """« if __name__ == "__main__" » is not asked for: new processes do not run the program again.

    Its notebook does not say that it shows a chart: the process that makes the document draws it.
    """
    shows = f"from IPython.display import display\ndisplay({{{drawing.MIME!r}: {{'mark': 'point'}}}}, raw=True)"
    program, path = tmp_path / "lot.py", write(tmp_path / "dessin.ipynb", shows)
    call = f"ck.run({path!r}, ['reg-06'], out={str(tmp_path / 'sorties')!r})"
    program.write_text(f"import copkit as ck\nprint(len({call}.results))\n")
    said = tmp_path / "dit.txt", tmp_path / "erreurs.txt"
    done = begin(
        runpy.run_path, str(program), None, "__main__", stdout=said[0], stderr=said[1], environment=dict(os.environ)
    )
    done.join()
    assert (done.exitcode, said[0].read_text()) == (0, "1\n"), said[1].read_text()
    assert "<svg" in (tmp_path / "sorties" / "reg-06" / "dessin.html").read_text(encoding="utf-8")


def test_two_batches_do_not_write_in_the_same_folder(tmp_path, light):
    store = Folder(tmp_path / "sorties")
    store.prepare()
    said = rf"Une autre exécution écrit déjà dans « sorties » : processus {os.getpid()} de « .+ », depuis le \d\d/\d\d/"
    with pytest.raises(RunError, match=said) as refused:
        ck.run(light, ["reg-06"], out=tmp_path / "sorties")
    assert "out=…" in str(refused.value)
    store.release()
    Folder(tmp_path / "sorties").prepare()


def test_the_draft_of_a_killed_batch_goes_with_the_next_one(tmp_path):
    out = tmp_path / "sorties"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom copkit.batch.store import Folder\n"
        "Folder.put = lambda *_: (print(flush=True), time.sleep(600))\n"
        "store = Folder(Path(sys.argv[1]))\nstore.prepare()\nstore.write('manifest.json', b'{}')"
    )
    killed = subprocess.Popen([sys.executable, "-c", code, str(out)], stdout=subprocess.PIPE)
    try:
        assert killed.stdout.readline()
        assert any(p.suffix == ".tmp" for p in out.rglob("*"))
    finally:
        killed.kill()
        killed.wait()
    store = Folder(out)
    store.prepare()
    store.write("manifest.json", b"{}")
    store.release()
    assert [p.name for p in out.rglob("*")] == ["manifest.json"]


def test_limits_of_time_and_memory_are_said_and_stop_nobody_else(tmp_path):
    """A cell is stopped in a batch, a notebook alone: under both limits at once, the load would say which is first."""
    waits = "import time\nif territoire == 'reg-02': time.sleep(600)"
    asks = """x = []
try:
    while territoire != 'reg-02':
        x.append(bytes([1]) * 2**20)  # held to the end: little is left to say it
except MemoryError:
    if territoire == 'reg-06':
        raise
"""
    greedy = write(tmp_path / "gourmand.ipynb", waits, asks, "print(territoire)")
    limits = Limits(cell_seconds=5, notebook_seconds=600, memory_mib=300)
    report = ck.run(greedy, ["reg-02", "reg-04", "reg-06"], out=tmp_path / "a", jobs=3, limits=limits)
    store = Folder(tmp_path / "b")
    store.prepare()
    [task] = plan.plan(greedy, ["reg-02"], None, {}, limits=Limits(notebook_seconds=2))
    stopped = produce.execute(task, store)
    store.release()
    assert {result.territory: result.error for result in report.results} == {
        "reg-02": "une cellule du carnet a dépassé 5 secondes.",
        "reg-04": None,
        "reg-06": "cellule 4 du carnet : la mémoire permise (300 Mio, --memory-limit) ne suffit pas.",
    }
    assert stopped.error == "Le carnet a dépassé sa durée limite de 2 secondes."


@pytest.fixture(scope="module")
def profiled(made, light, tmp_path_factory):
    """One of its documents made again, on paper too: what was said, and where it is."""
    out = shutil.copytree(made.out, tmp_path_factory.mktemp("papier") / "sorties")
    asked = ["--notebook", light, "--out", str(out), "--pdf", "--docx", "--profile"]
    done = CliRunner().invoke(app, ["run", "reg-06", *asked])
    assert done.exit_code == 0
    return done.stdout, out


def test_pdf_and_docx_when_asked(profiled):
    said, out = profiled
    assert " PDF " in said and " DOCX " in said
    data = (out / "reg-06" / "leger.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and b"/StructTreeRoot" in data
    about = docx.Document(str(out / "reg-06" / "leger.docx")).core_properties
    assert (about.title, about.author) == ("Leger — Mayotte", "")
    runs = {run["territory"]: run["files"] for run in json.loads((out / "manifest.json").read_text())["runs"]}
    assert (runs["reg-06"]["pdf"], runs["reg-06"]["docx"]) == ("reg-06/leger.pdf", "reg-06/leger.docx")
    assert not {"pdf", "docx"} & runs["reg-01"].keys()
    index = (out / "index.html").read_text(encoding="utf-8")
    assert all(f'href="reg-06/leger.{kind}"' in index for kind in ("pdf", "docx"))


def test_the_same_run_gives_the_same_bytes_in_another_folder_order_language_and_time_zone(made, light, tmp_path):
    way = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    done = copkit_run(tmp_path / "ailleurs", light, CODES[2:0:-1], **way, **dict([DAY]))
    assert done.returncode == 0, done.stderr
    names = [f"{code}/leger.{kind}" for code in CODES[1:3] for kind in ("html", "ipynb")]
    here, there = ([(out / name).read_bytes() for name in names] for out in (made.out, tmp_path / "ailleurs"))
    assert here == there
    assert "25/11/2025" in (made.out / names[0]).read_text(encoding="utf-8")


@pytest.mark.skipif(not LONG, reason="two whole books: COPKIT_TESTS=long")
def test_a_whole_book_is_the_same_in_all_its_forms(tmp_path):
    asked = [sys.executable, "-m", "copkit", "run", "dep-59", "--all", "--exemple", "--pdf", "--docx"]
    ways = {"ici": ({}, "2"), "ailleurs": ({"TZ": "Pacific/Noumea", "LC_ALL": "C", "PYTHONHASHSEED": "7"}, "1")}
    for folder, (way, jobs) in ways.items():
        env = os.environ | way | dict([DAY])
        subprocess.run([*asked, "--out", str(tmp_path / folder), "--jobs", jobs], env=env, check=True)
    here, there = ({str(one.relative_to(out)): one for one in out.rglob("*.*")} for out in map(tmp_path.joinpath, ways))
    differ = {name for name, one in here.items() if one.read_bytes() != there[name].read_bytes()}
    assert here.keys() == there.keys() and len(here) > 60
    assert differ == {"manifest.json", *(name for name in here if "/." in name)}


def test_what_is_changed_by_hand_is_said_even_in_a_folder_that_was_moved(again, tmp_path, says):
    def check(folder=again):
        done = CliRunner().invoke(app, ["verify", str(folder), "--format", "json"])
        states = {one["file"]: one["state"] for one in json.loads(done.stdout) if one["state"] != "conforme"}
        return done.exit_code, states

    files = sum(path.is_file() for path in again.rglob("*"))
    whole = CliRunner().invoke(app, ["verify", str(again)])
    assert whole.exit_code == 0 and check() == (0, {})
    says(whole.stdout, f"{files - 1} fichiers : {files - 1} conformes.")
    says(whole.stdout, f"(sha256) : {digest((again / 'manifest.json').read_bytes())}")
    (again / "reg-01" / "leger.html").write_text("<p>À ma façon</p>")
    (again / "reg-02" / "leger.ipynb").unlink()
    (again / "reg-03" / "note.txt").write_text("ajouté")
    (again / "reg-04" / ".leger.json").write_text("{}")
    (again / "index.html").open("a").write(" ")
    changed = {"reg-01/leger.html", "reg-04/.leger.json", "index.html"}
    expected = dict.fromkeys(changed, "modifié") | {"reg-02/leger.ipynb": "retiré", "reg-03/note.txt": "ajouté"}
    assert check() == (1, expected)
    moved = again.rename(tmp_path / "reçu")
    assert check(moved) == (1, expected)
    found = ck.verify(moved)
    assert found.file[found.state != "conforme"].tolist()[:3] == sorted(changed) and not found.attrs["whole"]
    says(CliRunner().invoke(app, ["verify", str(moved)]).stdout, "3 modifiés, 1 retiré, 1 ajouté et")


def test_a_batch_that_was_stopped_is_said_to_be_unfinished(again, says):
    (again / ".travail").mkdir()
    done = CliRunner().invoke(app, ["verify", str(again)])
    assert done.exit_code == 1
    says(done.stdout, "Le dernier lot n'est pas fini", "--resume")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "aucun manifest.json. Donner le dossier des sorties d'un lot"),
        ('{"runs": [1]}', "manifest.json : manifeste endommagé, ou écrit par une version antérieure"),
        ('{"files": {"../../etc/passwd": "0"}}', "manifeste endommagé"),
    ],
)
def test_a_folder_that_cannot_be_verified_is_said(content, words, tmp_path):
    if content:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RunError) as refused:
        verify.verify(tmp_path)
    assert words in str(refused.value)
    with pytest.raises(RunError, match="dossier introuvable"):
        verify.verify(tmp_path / "absent")


@pytest.fixture
def place(request, tmp_path):
    """A folder where nothing can be written."""
    (tmp_path / "fichier").write_text("un fichier")
    if request.param != "disque plein":
        yield {"nom trop long": tmp_path / ("n" * 300), "sans dossier": Path("/proc/sorties")}.get(
            request.param, tmp_path / request.param
        )
        return
    disk = tmp_path / "disque"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=4k", "copkit", str(disk)]
    if subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    (disk / "plein").write_bytes(bytes(4096))
    yield disk
    assert [one.name for one in disk.rglob("*")] == ["plein"]
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("fichier", "un fichier porte déjà ce nom"),
        ("fichier/dedans", "un fichier est à la place d'un dossier"),
        ("nom trop long", "nom trop long"),
        ("sans dossier", "absent"),
        ("disque plein", "disque plein"),
    ],
    indirect=["place"],
)
def test_where_nothing_can_be_written_is_said_with_what_failed(place, why):
    store = Folder(place)
    with pytest.raises(RunError) as refused, writing("sorties", "2 échecs :"):
        store.prepare()
        store.write("index.html", bytes(10_000))
    store.release()
    wanted = f"sorties : écriture impossible ({why}). Choisir un autre dossier avec out=….\n2 échecs :"
    assert str(refused.value) == wanted


@pytest.mark.parametrize("damage", ['{"runs": "x"}', '{"runs": [{}]}', "[]", "[" * 100_000, '{"runs": 1'])
def test_a_damaged_manifest_is_set_aside_and_a_foreign_hidden_file_is_left_alone(damage, again):
    (again / "manifest.json").write_text(damage)
    (again / "reg-01" / ".vscode.json").write_text('{"territory": []}')
    manifest.publish(Folder(again))
    assert (again / "manifest.illisible.json").read_text() == damage
    assert len(json.loads((again / "manifest.json").read_bytes())["runs"]) == len(CODES)
    assert (again / "reg-01" / ".vscode.json").is_file()


def test_a_command_interrupted_as_it_starts_shows_no_traceback_and_the_next_one_does_all(tmp_path):
    one = faults.Trial("keyboard", 1, random.Random(1), tmp_path / "essai", usual=2).run()
    assert one.wrong == []


def test_profile_says_where_time_goes_and_what_was_done_before_is_done_again(made, profiled, light):
    said, out = profiled
    for words in ("Où passe le temps", "cellules du carnet", "page HTML", "[s]", "print(territoire)"):
        assert words in said
    before = times(made.out)
    assert {name for name, when in times(out).items() if when != before[name]} == {"reg-06/leger.html"}
    steps = profile.steps(made.report.results)
    assert steps["Part [%]"].sum() == pytest.approx(100)
    cells = profile.slowest(made.report.results, {"leger": Path(light).read_text()})
    assert set(cells["Cellule"]) <= {'territoire = "reg-32"', "# paramètres du territoire", "print(territoire)"}


def test_epci_are_run_by_a_notebook_made_for_them(tmp_path):
    path = write(tmp_path / "epci.ipynb", "print(territoire)")
    notebook = nbformat.read(path, 4)
    notebook.metadata.copkit = {"niveaux": ["epci"]}
    nbformat.write(notebook, path)
    tasks = plan.plan(path, [], None, {})
    assert len(tasks) == 1255 and {t.level for t in tasks} == {"epci"}
    report = ck.run(path, ["epci-200066926"], out=tmp_path / "a", jobs=1)
    assert report.failures == [] and "epci-200066926" in Path(report.index).read_text(encoding="utf-8")
    with pytest.raises(TerritoryError, match="EPCI inconnu"):
        plan.plan(path, ["epci-1"], None, {})
    with pytest.raises(RunError, match="n'est pas fait pour le niveau « region »"):
        plan.plan(path, [], "region", {})


def test_complete_needs_a_success(tmp_path, light):
    store = Folder(tmp_path)
    [task] = plan.plan(light, ["reg-06"], None, {})
    assert manifest.complete(task, store) is None
    for status, complete in (("failed", False), ("ok", True)):
        result = manifest.Result("reg-06", "leger", status, task.parameters, 1.0, fingerprint=task.fingerprint)
        manifest.record(task, store, result)
        assert (manifest.complete(task, store) is not None) is complete


MOVED = """
from ipykernel.iostream import IOPubThread
IOPubThread._send_now = IOPubThread._really_send
del IOPubThread._really_send
IOPubThread.send_multipart = lambda self, *args, **kwargs: self.schedule(lambda: self._send_now(*args, **kwargs))
"""


def test_an_ipykernel_that_has_moved_a_name_is_said_once_and_ordinary_kernels_are_used(tmp_path, light, says):
    (tmp_path / "sitecustomize.py").write_text(MOVED)
    done = copkit_run(tmp_path / "sorties", light, CODES[:2], PYTHONPATH=str(tmp_path))
    assert done.returncode == 0 and len(times(tmp_path / "sorties")) == 2, done.stderr
    assert done.stderr.count("noyaux ordinaires") == 1
    says(done.stderr, "une cellule d'essai n'a rien donné : AttributeError", "'_really_send', avec ipykernel 7.")


def test_a_killed_warm_parent_is_started_again_once_then_ordinary_kernels_are_used_and_nothing_is_lost(tmp_path):
    kill = f"""
import os, signal, sys
from pathlib import Path
if territoire == "reg-03" and len(seen := list(Path({str(tmp_path)!r}).glob("*.tué"))) < 2:
    Path({str(tmp_path)!r}, f"{{len(seen)}}.tué").write_text(f"{{os.getppid()}} {{sys.orig_argv}}")
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()  # or it may end before what it killed has died, and nobody would miss it
"""
    done = copkit_run(tmp_path / "sorties", write(tmp_path / "tueur.ipynb", kill, "print(territoire)"), CODES[1:6])
    assert done.returncode == 0 and len(times(tmp_path / "sorties")) == 5, done.stderr
    first, second = (path.read_text() for path in sorted(tmp_path.glob("*.tué")))
    assert "forked.server" in first and "forked.server" in second and first.split()[0] != second.split()[0]
    sentence = "noyaux ordinaires, plus lents (pas de processus dérivé : celui qui les prépare a été arrêté deux fois)"
    assert done.stderr.count(sentence) == 1
    assert {run["status"] for run in json.loads((tmp_path / "sorties" / "manifest.json").read_text())["runs"]} == {"ok"}
