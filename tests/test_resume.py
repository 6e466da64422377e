"""A batch that is stopped, limited, run twice or run twice at once: nothing lost, nothing half-written."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from typer.testing import CliRunner

import copkit as ck
from copkit import paths
from copkit.batch import export, manifest, plan, profile
from copkit.batch.plan import Limits
from copkit.batch.store import Folder
from copkit.commands.cli import app
from copkit.errors import RunError, TerritoryError

CODES = ["reg-01", "reg-02", "reg-03", "reg-04", "reg-06", "dep-02", "dep-59", "dep-60"]


def write(path: Path, *cells: str) -> str:
    """A notebook with a territory and these cells."""
    first = nbformat.v4.new_code_cell('territoire = "reg-32"', metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return str(path)


@pytest.fixture
def light(tmp_path):
    return write(tmp_path / "leger.ipynb", "print(territoire)")


def times(out: Path) -> dict[str, int]:
    return {str(p.relative_to(out)): p.stat().st_mtime_ns for p in out.rglob("*.html") if p.name != "index.html"}


def test_resume_does_nothing_when_nothing_changed_and_only_what_changed_otherwise(tmp_path, light):
    out = tmp_path / "sorties"
    ck.run(light, CODES, out=out, jobs=2)
    before = times(out)
    assert len(before) == len(CODES)
    again = ck.run(light, CODES, out=out, resume=True)
    assert again.resumed == len(CODES) and times(out) == before
    (out / "reg-02" / "leger.html").unlink()
    (out / "reg-03" / "leger.ipynb").write_text("abîmé")
    (out / "reg-04" / ".leger.json").write_text("{")
    third = ck.run(light, CODES, out=out, resume=True)
    assert third.resumed == len(CODES) - 3 and third.failures == []
    assert {name for name, when in times(out).items() if when != before.get(name)} == {
        f"{code}/leger.html" for code in ("reg-02", "reg-03", "reg-04")
    }
    assert len(json.loads((out / "manifest.json").read_text())["runs"]) == len(CODES)


def test_many_documents_at_a_time_are_shared_between_processes(tmp_path, light):
    me, counts = psutil.Process(), set()

    def look(*_):
        counts.add(sum("spawn_main" in " ".join(one.cmdline()) for one in me.children()))

    report = ck.run(light, CODES, out=tmp_path / "sorties", jobs=8, progress=look)
    assert report.failures == [] and len(times(tmp_path / "sorties")) == len(CODES)
    assert counts == {4}  # two that make four documents each, and the painter of each


def test_without_resume_everything_is_made_again(tmp_path, light):
    out = tmp_path / "sorties"
    ck.run(light, CODES[:2], out=out)
    before = times(out)
    assert ck.run(light, CODES[:2], out=out).resumed == 0
    assert all(times(out)[name] != when for name, when in before.items())


def test_whatever_a_document_depends_on_changes_its_fingerprint(tmp_path, light, monkeypatch):
    def mark(**changes):
        [task] = plan.plan(light, ["reg-06"], None, changes.pop("parameters", {}), **changes)
        return task.fingerprint

    text = Path(light).read_text().replace(r"territoire = \"reg-32\"", r"territoire = \"reg-32\"; fichier = \"\"")
    Path(light).write_text(text)
    first = mark()
    assert mark() == first and mark(limits=Limits(memory_mib=500)) == first  # a limit changes no figure
    assert mark(pdf=True) != first and mark(parameters={"fichier": "x"}) != first
    named = tmp_path / "projets.csv"
    named.write_text("un", encoding="utf-8")
    read = mark(parameters={"fichier": str(named)})
    named.write_text("deux", encoding="utf-8")
    assert mark(parameters={"fichier": str(named)}) != read  # a file that a parameter names
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


def running(pattern: str) -> list[int]:
    """Processes whose command line or environment holds this text."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            said = (path / "cmdline").read_bytes() + b" " + (path / "environ").read_bytes()
            zombie = (path / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if pattern.encode() in said and int(path.name) != os.getpid() and not zombie:
            found.append(int(path.name))
    return found


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_batch_stopped_in_the_middle_leaves_nothing_behind_and_resumes(tmp_path, blow):
    notebook = write(tmp_path / "lent.ipynb", "import time; time.sleep(0.6)", "print(territoire)")
    out = tmp_path / "sorties"
    mark = f"essai-{tmp_path.name}-{blow.name}"
    command = [sys.executable, "-m", "copkit", "run", *CODES, "--notebook", notebook, "--out", str(out), "--jobs", "2"]
    batch = subprocess.Popen(command, env=os.environ | {"COPKIT_MARK": mark}, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while len(times(out)) < 3 and time.monotonic() < end:  # two may still lack their record: one at least has it
        time.sleep(0.02)
    assert len(times(out)) >= 3
    batch.send_signal(blow)
    _, stderr = batch.communicate(timeout=60)
    end = time.monotonic() + 20
    while running(mark) and time.monotonic() < end:
        time.sleep(0.1)
    assert running(mark) == []
    done = times(out)
    assert 3 <= len(done) < len(CODES)
    for page in out.glob("*/*.html"):  # whole, or not there
        assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    if blow is signal.SIGINT:
        assert batch.returncode == 130 and "--resume" in stderr and "Traceback" not in stderr
        assert (out / "index.html").is_file()
    finished = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert f"{len(CODES)} documents, dont" in finished.stdout and "déjà à jour" in finished.stdout
    assert len(times(out)) == len(CODES) and len(done.items() - times(out).items()) <= 2  # at most those in hand
    assert sorted(p.name for p in out.iterdir()) == sorted([*CODES, "index.html", "manifest.json"])
    nbformat.validate(nbformat.read(out / "dep-60" / "lent.ipynb", 4))


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
    command = [sys.executable, "-m", "copkit", "run", *CODES, "--notebook", notebook, "--out", str(out), "--jobs", "2"]
    marked = os.environ | {"COPKIT_MARK": str(tmp_path)}
    done = subprocess.run(command, env=marked, capture_output=True, text=True, timeout=120)
    assert (tmp_path / "tue").exists()
    assert done.returncode == 0, done.stderr
    assert len(times(out)) == len(CODES)


def test_a_program_without_a_guard_can_run_a_batch(tmp_path, light):
    """« if __name__ == "__main__" » is not asked for: new processes do not run the program again."""
    program = tmp_path / "lot.py"
    call = f"ck.run({light!r}, ['reg-06'], out={str(tmp_path / 'sorties')!r})"
    program.write_text(f"import copkit as ck\nprint(len({call}.results))\n")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_two_batches_do_not_write_in_the_same_folder(tmp_path, light):
    store = Folder(tmp_path / "sorties")
    store.prepare()
    with pytest.raises(RunError, match=r"Une autre exécution écrit déjà dans « sorties »") as refused:
        ck.run(light, ["reg-06"], out=tmp_path / "sorties")
    assert "--out" in str(refused.value)
    store.release()
    assert ck.run(light, ["reg-06"], out=tmp_path / "sorties").failures == []


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
    long = write(
        tmp_path / "long.ipynb", "import time\ntime.sleep(60 if territoire == 'reg-06' else 0)", "print(territoire)"
    )
    report = ck.run(long, ["reg-06", "reg-04"], out=tmp_path / "a", jobs=2, limits=Limits(notebook_seconds=4))
    assert [(r.territory, r.status) for r in report.results] == [("reg-04", "ok"), ("reg-06", "failed")]
    assert report.failures[0].error == "Le carnet a dépassé sa durée limite de 4 secondes."
    big = write(tmp_path / "gros.ipynb", "import numpy\nn = 10**8 if territoire == 'reg-06' else 1\nx = numpy.ones(n)")
    report = ck.run(big, ["reg-06", "reg-04"], out=tmp_path / "b", jobs=2, limits=Limits(memory_mib=300))
    assert [(r.territory, r.status) for r in report.results] == [("reg-04", "ok"), ("reg-06", "failed")]
    assert report.failures[0].error == (
        "cellule 3 du carnet : la mémoire permise (300 Mio, --memory-limit) ne suffit pas."
    )


def test_a_cell_that_is_too_long_is_a_failure_with_its_reason(tmp_path):
    slow = write(tmp_path / "lent.ipynb", "while True: pass")
    report = ck.run(slow, ["reg-06"], out=tmp_path / "a", limits=Limits(cell_seconds=2))
    assert report.failures[0].error == "une cellule du carnet a dépassé 2 secondes."


def test_pdf_when_asked(tmp_path):
    report = ck.run("diagnostic", ["reg-06"], out=tmp_path / "a", pdf=True)
    assert report.failures == []
    data = (tmp_path / "a" / "reg-06" / "diagnostic.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and b"/StructTreeRoot" in data
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["runs"][0]["files"]["pdf"].endswith(".pdf")


def test_pdf_without_chromium_is_refused_before_anything_runs(tmp_path, monkeypatch, light):
    monkeypatch.setattr(export, "_BROWSERS", ("un-navigateur-absent",))
    with pytest.raises(RunError, match="L'impression en PDF demande Chromium, introuvable ici") as refused:
        ck.run(light, ["reg-06"], out=tmp_path / "a", pdf=True)
    assert "apt install chromium" in str(refused.value) and not (tmp_path / "a").exists()


def test_profile_says_where_time_goes(tmp_path, light):
    done = CliRunner().invoke(app, ["run", "reg-06", "--notebook", light, "--out", str(tmp_path / "a"), "--profile"])
    assert done.exit_code == 0
    for words in ("Où passe le temps", "cellules du carnet", "page HTML", "[s]", "print(territoire)"):
        assert words in done.stdout
    report = ck.run(light, ["reg-06"], out=tmp_path / "b")
    steps = profile.steps(report.results)
    assert steps["Part [%]"].sum() == pytest.approx(100)
    cells = profile.slowest(report.results, Path(light).read_text())
    assert set(cells["Cellule"]) <= {'territoire = "reg-32"', "# paramètres du territoire", "print(territoire)"}


def test_epci_are_run_by_a_notebook_made_for_them(tmp_path):
    path = tmp_path / "epci.ipynb"
    write(path, "print(territoire)")
    notebook = nbformat.read(path, 4)
    notebook.metadata.copkit = {"niveaux": ["epci"]}
    nbformat.write(notebook, path)
    tasks = plan.plan(str(path), [], None, {})
    assert len(tasks) == 1255 and {t.level for t in tasks} == {"epci"}
    report = ck.run(str(path), ["epci-200066926"], out=tmp_path / "a")
    assert report.failures == [] and "epci-200066926" in Path(report.index).read_text(encoding="utf-8")
    with pytest.raises(TerritoryError, match="EPCI inconnu"):
        plan.plan(str(path), ["epci-1"], None, {})
    with pytest.raises(RunError, match="n'est pas fait pour le niveau « region »"):
        plan.plan(str(path), [], "region", {})


def test_complete_needs_a_success(tmp_path, light):
    out = tmp_path / "a"
    report = ck.run(write(tmp_path / "faux.ipynb", "1/0"), ["reg-06"], out=out)
    assert report.failures
    [task] = plan.plan(str(tmp_path / "faux.ipynb"), ["reg-06"], None, {})
    assert manifest.complete(task, Folder(out)) is None
    [task] = plan.plan(light, ["reg-06"], None, {})
    assert manifest.complete(task, Folder(out)) is None
