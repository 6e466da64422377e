"""The batch beside what people take instead, in one run: same notebook, same outputs (executed notebook and HTML).

    python benchmarks/batch.py                  # 20 territories by each route, then the growth of ours
    python benchmarks/batch.py --without-growth
    python benchmarks/batch.py --ploomber DIR   # where « pip install --target DIR ploomber-engine » put it
    python benchmarks/batch.py --stock DIR      # where « pip install --target DIR rfc3987-syntax » put it

``--stock`` adds the commands as pip and conda install them: with a package that the lock of the kit leaves out, because
it takes 0.75 s of each command.

Each route runs in its own process, in three rounds for its duration (the median, or the sum where a round makes a
third of the territories), then once more for its memory, the proportional set size of the whole tree, looked at twice
a second; the look slows a route down, and most those that have many processes. The memory of the slow routes is that
of three territories. The program ends with an error when a bar of the project is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE.parent / "notebooks" / "diagnostic.ipynb"
LIGHT = HERE / "epci.ipynb"
BIN = Path(sys.executable).parent
DOCUMENTS = "documents"  # the diagnostic without its workbook: executed notebook and HTML, as the other routes make


def codes(count: int) -> list[str]:
    """Régions and départements in turn, so that a sample is like the whole."""
    import copkit as ck

    regions, departements = (ck.territories(level).code.to_list() for level in ("region", "departement"))
    every = len(departements) // len(regions)
    mixed = []
    for rank, region in enumerate(regions):
        mixed += [region, *departements[rank * every : (rank + 1) * every]]
    return [*mixed, *departements[len(regions) * every :]][:count]


# --- routes: each runs in a process of its own -------------------------------------------------------------------


def commands(territories: list[str], out: Path) -> None:
    """What people do: the papermill command, then the nbconvert command, for each territory."""
    for code in territories:
        made = out / f"{code}.ipynb"
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": out}
        parameters = ["-p", "territoire", code]
        subprocess.run([BIN / "papermill", NOTEBOOK, made, *parameters, "--no-progress-bar"], **quiet)
        subprocess.run([BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", made], **quiet)


def api(territories: list[str], out: Path, engine: str | None = None) -> None:
    """The same from Python, in one process that keeps its libraries."""
    import papermill
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(exclude_input=True)
    os.chdir(out)
    for code in territories:
        made = out / f"{code}.ipynb"
        papermill.execute_notebook(
            NOTEBOOK, made, parameters={"territoire": code}, progress_bar=False, engine_name=engine
        )
        body, _ = exporter.from_filename(str(made))
        (out / f"{code}.html").write_text(body, encoding="utf-8")


def ploomber(territories: list[str], out: Path) -> None:
    """ploomber-engine: one shared process, state leaks from one notebook to the next."""
    api(territories, out, engine="embedded")


def floor(territories: list[str], out: Path) -> None:
    """The cells in one warm process, without isolation nor protocol; our exports. Prints its own time, once warm."""
    import nbformat
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["COPKIT_CHARTS"] = "spec"
    os.chdir(out)
    shell = InteractiveShell.instance()
    text = NOTEBOOK.read_text(encoding="utf-8")

    def one(code: str) -> None:
        notebook = nbformat.reads(text, 4)
        at = next(i for i, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", []))
        notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(f'territoire = "{code}"'))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                _run_cell(shell, cell)
        _export(notebook, code, out)

    for code in ("reg-84", "dep-69"):  # warm up, and leave nothing
        one(code)
        for made in out.iterdir():
            made.unlink()
    started = time.perf_counter()
    for code in territories:
        one(code)
    each = (time.perf_counter() - started) / len(territories)
    drawn = (out / f"{territories[-1]}.html").read_text(encoding="utf-8").count("<svg")
    assert drawn >= 3, drawn  # the floor does all that the others do
    print(json.dumps({"each": each}))


def _run_cell(shell, cell) -> None:
    import nbformat
    from IPython.utils.capture import capture_output

    results = []
    shell.display_trap.hook = lambda value: results.append(value) if value is not None else None
    with capture_output() as captured:
        done = shell.run_cell(cell.source)
        given = [shell.display_formatter.format(one) for one in results]  # one that shows several parts displays them
    done.raise_error()
    shown = [nbformat.v4.new_output("display_data", o.data, metadata=o.metadata or {}) for o in captured.outputs]
    shown += [nbformat.v4.new_output("execute_result", data, metadata=about) for data, about in given if data]
    cell.outputs = shown


def _export(notebook, code: str, out: Path) -> None:
    import nbformat

    from copkit.batch import export
    from copkit.presentation import blocks
    from copkit.presentation.writers import html

    page = html.write(blocks.read(notebook.cells, title=code, footer=""))
    (out / f"{code}.html").write_text(page, encoding="utf-8")
    export.portable(notebook, {"territoire": code})
    nbformat.write(notebook, out / f"{code}.ipynb")


def ours(territories: list[str], out: Path, jobs: int | None = None, notebook: str = DOCUMENTS) -> None:
    """``copkit run``: isolation, HTML, manifest and index. Prints the seconds of each step of each document."""
    import copkit as ck

    parameters, times = {"classeur": ""} if notebook == DOCUMENTS else {}, []
    report = ck.run(
        str(NOTEBOOK) if notebook == DOCUMENTS else notebook,
        territories,
        out=out,
        jobs=jobs,
        parameters=parameters,
        progress=lambda *_: times.append(time.perf_counter()),
    )
    assert not report.failures, report.failures[0].error
    each = (times[-1] - times[0]) / (len(times) - 1)  # once warm: from the first document to the last
    print(json.dumps({"phases": [result.phases for result in report.results], "each": each}))


def ours_alone(territories: list[str], out: Path) -> None:
    """The same in one process at a time."""
    ours(territories, out, jobs=1)


def ours_zeromq(territories: list[str], out: Path) -> None:
    """The same, each fork talking on the ordinary sockets of Jupyter rather than on the wire of the kit."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernels", "python3", "kernel.json")
        file.parent.mkdir(parents=True)
        # The engine does not take this command for its own and leaves it to Papermill; the provisioner does, and forks.
        command = ["{prefix}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        file.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))
        os.environ |= {"JUPYTER_PATH": folder, "JUPYTER_DEFAULT_PROVISIONER_NAME": "copkit-fork", "COPKIT_WARM": "on"}
        ours(territories, out)


def ours_with_workbook(territories: list[str], out: Path) -> None:
    """The same with the workbook of each territory: what « make diagnostics » makes."""
    ours(territories, out, notebook=str(NOTEBOOK))


def ours_light(territories: list[str], out: Path) -> None:
    """EPCI, by a light notebook."""
    ours(territories, out, notebook=str(LIGHT))


SLOW = ("commands", "api", "ploomber")
ROUNDS = 3
OURS = (ours, ours_zeromq, ours_alone, ours_with_workbook, ours_light)
ROUTES = {f.__name__: f for f in (commands, api, ploomber, floor, *OURS)}

# --- measuring ---------------------------------------------------------------------------------------------------


def _tree(pid: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {p for p, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _memory(pid: int) -> float:
    """Proportional set size of a process and of all that it started [MiB]."""
    total = 0
    for one in _tree(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 1024


def measure(routes: dict[str, tuple[str, str]], territories: list[str], rounds: int = 1) -> dict[str, dict]:
    """Seconds, peak memory [MiB], and what each route (what it runs, where more libraries are) printed.

    In each round, one after the other: a machine whose speed drifts favours none. The seconds are the median, or the
    sum where each round makes a part of the territories.
    """
    runs = {name: [] for name in routes}
    for part in range(rounds):
        for name, (route, path) in routes.items():
            some = territories[part::rounds] if route in SLOW else territories
            runs[name].append(_run(route, some, path))
            print(f"{name}, {len(some)} : {runs[name][-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    found = {}
    for name, (route, path) in routes.items():
        found[name] = sorted(runs[name], key=itemgetter("seconds"))[rounds // 2] | {"n": len(territories)}
        if route in SLOW:
            found[name]["seconds"] = sum(one["seconds"] for one in runs[name])
        few = territories[:3] if route in SLOW else territories
        found[name]["memory"] = _run(route, few, path, watch=True)["memory"]
    return found


def _run(route: str, territories: list[str], path: str, *, watch: bool = False) -> dict:
    with tempfile.TemporaryDirectory() as out:
        env = os.environ | {"PLOOMBER_STATS_ENABLED": "false"} | ({"PYTHONPATH": path} if path else {})
        command = [sys.executable, __file__, "--route", route, "--out", out]
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        peak = [0.0]

        def look() -> None:
            while process.poll() is None:
                peak[0] = max(peak[0], _memory(process.pid))
                time.sleep(0.5)

        if watch:
            threading.Thread(target=look, daemon=True).start()
        printed, errors = process.communicate(json.dumps(territories))
        seconds = time.perf_counter() - started
        if process.returncode:
            sys.exit(f"{route} : {errors[-2000:]}")
        beside = {"index", "glossaire", "page", "diapositive"}  # of a batch of the kit
        made = sum(path.stem not in beside for path in Path(out).rglob("*.html"))
        assert made == len(territories), (route, made)
        said = json.loads(printed.splitlines()[-1]) if printed.strip().startswith("{") else {}
        return {"memory": peak[0], "seconds": seconds, **said}


def compare(count: int, ploomber: str, stock: str) -> tuple[bool, float]:
    """20 territories by each route. Whether every bar is met, and the seconds that a document takes by commands."""
    from copkit.batch.profile import steps

    some = codes(count)
    routes = {"commands": ("commands", ""), "api": ("api", "")}
    routes |= {"stock commands": ("commands", stock)} if stock else {}
    routes |= {"ploomber": ("ploomber", ploomber)} if ploomber else {}
    routes |= {name: (name, "") for name in ("ours_alone", "ours", "ours_zeromq", "floor")}
    found = measure(routes, some, ROUNDS)
    slowest = found["commands"]["seconds"]
    print(f"| façon ({count} territoires) | durée [s] | rapport | par document, une fois prêt [s] | mémoire [Mio] |")
    print("|---|---:|---:|---:|---:|")
    for name, one in found.items():
        each = one.get("each", one["seconds"] / count)
        ratio = f"{slowest / one['seconds']:.1f}" if name != "floor" else ""
        print(f"| {name} | {one['seconds']:.1f} | {ratio} | {each:.2f} | {one['memory']:.0f} |")
    print("\n| étape | part [%] | par document [s] |\n|---|---:|---:|")
    for step in steps([SimpleNamespace(phases=one) for one in found["ours"]["phases"]]).to_dict("records"):
        print(f"| {step['Étape']} | {step['Part [%]']:.0f} | {step['Par document [s]']:.3f} |")
    bars = {
        f"{count} territoires au moins 20 fois plus rapides que par les commandes{how}": one["seconds"]
        >= 20 * found["ours"]["seconds"]
        for how, one in (("", found["commands"]), (" que pip installe", found.get("stock commands")))
        if one
    }
    bars["deux fois le plancher au plus, par document"] = found["ours_alone"]["each"] <= 2 * found["floor"]["each"]
    if ploomber:
        bars["pas plus lent que ploomber-engine"] = found["ours_alone"]["seconds"] <= found["ploomber"]["seconds"]
    return _judged(bars), slowest / count


def _judged(bars: dict[str, bool]) -> bool:
    print()
    for name, met in bars.items():
        print(f"- {name} : {'oui' if met else 'NON'}", flush=True)
    return all(bars.values())


def growth(plain: float) -> bool:
    """20, 60 and 119 territories, then every EPCI by the light notebook. ``plain``: seconds a document by commands."""
    import copkit as ck

    print("\n| lot | durée [s] | par document [s] | rapport aux commandes | mémoire [Mio] |\n|---|---:|---:|---:|---:|")
    lots = [("ours", codes(count)) for count in (20, 60, 119)]
    lots += [(route, codes(119)) for route in ("ours_zeromq", "ours_with_workbook")]
    epci = ck.territories("epci").code.to_list()
    lots += [("ours_light", epci[:300]), ("ours_light", epci)]
    found = []
    for route, territories in lots:
        found.append(one := measure({route: (route, "")}, territories)[route])
        each = one["seconds"] / one["n"]
        ratio = f"{plain / each:.1f}" if route in ("ours", "ours_zeromq") else ""
        print(
            f"| {one['n']}, {route} | {one['seconds']:.1f} | {each:.2f} | {ratio} | {one['memory']:.0f} |", flush=True
        )
    batch, zeromq, light = found[2], found[3], found[-2:]
    return _judged(
        {
            "lot national au moins 30 fois plus rapide que les commandes": plain * batch["n"] >= 30 * batch["seconds"],
            "le fil du kit gagne 20 % au moins sur les prises de Jupyter": batch["seconds"] <= 0.8 * zeromq["seconds"],
            "mémoire plate": batch["memory"] < 1.15 * found[0]["memory"]
            and light[1]["memory"] < 1.15 * light[0]["memory"],
        }
    )


def main() -> None:
    """Parse the options and run."""
    options = argparse.ArgumentParser()
    options.add_argument("--route", choices=ROUTES)
    options.add_argument("--out", type=Path)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--ploomber", default="")
    options.add_argument("--stock", default="")
    options.add_argument("--without-growth", action="store_true")
    given = options.parse_args()
    if given.route:
        ROUTES[given.route](json.load(sys.stdin), given.out)
        return
    met, plain = compare(given.count, given.ploomber, given.stock)
    if not given.without_growth:
        met = growth(plain) and met
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
