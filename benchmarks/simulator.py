"""The simulator beside what people write today: from the change of a value to the repainted charts, in Chromium.

    python benchmarks/simulator.py [RÉPÉTITIONS]

Four ways to the same levers, panorama, gauge by sector and trajectory of Hauts-de-France, one after the other:

- a plain Voilà notebook that computes and draws everything again in an Output widget at each change;
- the same with ``alt.JupyterChart``, which embeds its charts again;
- the simulator of the kit (``copkit simulator``);
- the simulator in one HTML file, without a server (no trajectory there).

For each: a quantity is typed, and the clock stops after the frame that shows the new panorama, gauge and trajectory;
time from the address to usable charts, on a server that already served a page; memory that a session adds. The program
ends with 1 when a limit of the kit is missed.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from playwright.sync_api import sync_playwright

from copkit import french
from copkit.simulator import static

TERRITORY, LEVER = "reg-32", "vehicules_electriques"
LEAST, SESSIONS = 20, 3  # repeats; pages held to weigh a session
PAUSE, REST = 250, 5000  # between two changes; once pages are closed [ms]
LIMITS = {"change": 70.0, "ratio": 3.0, "ready": 2.0, "memory": 60.0}  # ms; times; s; MiB
BROWSER = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
]
PLAIN, EMBED, KIT, FILE = "Output, tout redessiné", "alt.JupyterChart", "copkit simulator", "copkit, fichier HTML"

SHARED = f"""import altair as alt, ipywidgets as W, pandas as pd, copkit as ck
from IPython.display import HTML, display
from copkit.models.gaps import gap_sentence
p, lever = ck.panorama("{TERRITORY}"), "{LEVER}"
start = float(p.baseline.sel(lever=lever))
field = W.FloatText(446, description="Quantité")
def compute(value):
    s = ck.simulate(p, {{lever: value}}, unit="quantity")
    panorama = ck.charts.panorama(p.assign(target=s.proposed))
    line = pd.DataFrame({{"année": range(2019, 2031), "q": [start + (value - start) * n / 11 for n in range(12)]}})
    trajectory = alt.Chart(line, title=f"{{value:g}}").mark_line(point=True).encode(x="année:O", y="q:Q")
    gaps = ck.shortfall(s, by="sector")
    gauge = alt.Chart(gaps[gaps.convention == "sans forêt"]).mark_bar().encode(x="deficit:Q", y="label:N")
    return gap_sentence(s), panorama, gauge, trajectory
"""
NOTEBOOKS = {
    PLAIN: """import vl_convert
out = W.Output()
def svg(name, chart):
    drawn = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.4")
    display(HTML(f"<div class='mesure-{name}'>{drawn}</div>"))
def redraw(change=None):
    with out:
        out.clear_output(wait=True)
        sentence, panorama, gauge, trajectory = compute(field.value)
        display(HTML(f"<p class='mesure-jauge'>{sentence}</p>"))
        svg("panorama", panorama)
        svg("secteurs", gauge)
        svg("trajectoire", trajectory)
redraw()
field.observe(redraw, "value")
display(field, out)""",
    EMBED: """alt.JupyterChart.enable_offline()
said, names = W.HTML(), ("panorama", "secteurs", "trajectoire")
def text(sentence):
    said.value = f"<p class='mesure-jauge'>{sentence}</p>"
sentence, *made = compute(field.value)
text(sentence)
options = {"renderer": "svg", "actions": False}
charts = [alt.JupyterChart(chart, embed_options=options) for chart in made]
boxes = [W.Box([chart]).add_class(f"mesure-{name}") for chart, name in zip(charts, names)]
def redraw(change):
    sentence, *new = compute(change.new)
    text(sentence)
    for chart, one in zip(charts, new):
        chart.chart = one
field.observe(redraw, "value")
display(field, said, *boxes)""",
}
OWN_PARTS = [".mesure-jauge", ".mesure-panorama svg", ".mesure-secteurs svg", ".mesure-trajectoire svg"]

CHANGE = """async ([input, event, value, parts]) => {
  const shown = () => parts.map((part) => document.querySelector(part)?.innerHTML ?? "");
  const before = shown();
  const field = document.querySelector(input);
  field.focus();
  const start = performance.now();
  field.value = value;
  field.dispatchEvent(new Event(event, { bubbles: true }));
  return new Promise((done, failed) => {
    const look = () => {
      if (shown().every((text, i) => text && text !== before[i])) {
        const { port1, port2 } = new MessageChannel(); // its message comes once the frame is painted
        port1.onmessage = () => done(performance.now() - start);
        port2.postMessage(0);
      } else if (performance.now() - start > 60000) failed(new Error("rien n'a changé"));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}"""


@dataclass
class Way:
    """How a page is reached, and which of its elements show the change."""

    address: str
    input: str
    event: str
    parts: list[str]
    at_once: int  # how many of the parts are there before a lever is looked at
    server: psutil.Process | None = None
    change: list[float] = field(default_factory=list)  # ms
    ready: list[float] = field(default_factory=list)  # s
    memory: float = 0.0  # MiB


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def process(command: list[str], folder: Path, **environment: str):
    """A server of ours, with a configuration of its own; ended with its kernels."""
    log = (folder / "journal").open("w+", encoding="utf-8")
    variables = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "configuration"), **environment}
    started = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=variables)
    try:
        yield psutil.Process(started.pid), folder / "journal"
    finally:
        below = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
        started.terminate()
        psutil.wait_procs(below, 10)
        for one in below:
            if one.is_running():
                one.kill()
        started.wait(20)
        log.close()


def until_said(log: Path, words: str) -> re.Match:
    """The first words of a log that match, waited for."""
    for _ in range(600):
        if found := re.search(words, log.read_text(encoding="utf-8")):
            return found
        time.sleep(0.1)
    raise SystemExit(log.read_text(encoding="utf-8")[-2000:])


@contextmanager
def voila(name: str, folder: Path):
    """A notebook served by Voilà as its documentation says."""
    cells = [nbformat.v4.new_code_cell(text) for text in (SHARED, NOTEBOOKS[name])]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P"}})
    nbformat.write(notebook, folder / "essai.ipynb")
    port = free_port()
    options = ["--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    with process([sys.executable, "-m", "voila", "essai.ipynb", *options], folder) as (server, log):
        until_said(log, "Voil.* is running at")
        yield Way(f"http://127.0.0.1:{port}/", "input[type=number]", "change", OWN_PARTS, 4, server)


@contextmanager
def kit(folder: Path):
    """The simulator of the kit."""
    command = (
        "from copkit.simulator.server import serve; serve(port=0, browser=False, territory='{}', max_sessions=200)"
    )
    with process([sys.executable, "-u", "-c", command.format(TERRITORY)], folder) as (server, log):
        address = until_said(log, r"http://127\.0\.0\.1:\d+/\S*")[0]
        parts = [".ck-panel .ck-lead", ".ck-panorama svg", ".ck-chart:not(.ck-panorama) svg"]
        yield Way(address, f"#copkit-q-{LEVER}", "input", parts, 2, server)


@contextmanager
def file(folder: Path):
    """The simulator in one file."""
    path = static.write(TERRITORY, folder / "simulateur.html")
    yield Way(path.as_uri(), f"#quantity-{LEVER}", "input", ["#manque", "#panorama svg"], 2)


def open_page(browser, way: Way):
    """A page in a browser that has nothing in its cache, and the time until its charts can be used. [s]"""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    start = time.perf_counter()
    page.goto(way.address, wait_until="commit")
    for part in (way.input, *way.parts[: way.at_once]):
        page.wait_for_selector(part, state="attached")
    return page, time.perf_counter() - start


def held(server: psutil.Process) -> float:
    """Memory that only this server and its kernels hold. [MiB]"""
    total = 0
    for one in (server, *server.children(recursive=True)):
        try:
            total += one.memory_full_info().uss
        except psutil.Error:  # a kernel that has just ended
            continue
    return total / 2**20


def measure(browser, way: Way, repeats: int) -> None:
    """Fill in the measures of a way."""
    page, _ = open_page(browser, way)  # warms the server
    page.wait_for_timeout(3000)
    if way.server:  # before any page is closed: a session lives a while after its page
        before, pages = held(way.server), [open_page(browser, way)[0] for _ in range(SESSIONS)]
        time.sleep(5)
        way.memory = (held(way.server) - before) / SESSIONS
        for one in pages:
            one.context.close()
        page.wait_for_timeout(REST)
    page.locator(way.input).focus()
    page.wait_for_selector(way.parts[-1])
    for n in range(repeats + 2):  # the first two are not counted
        took = page.evaluate(CHANGE, [way.input, way.event, str(300 + n), way.parts])
        way.change += [took] if n >= 2 else []
        page.wait_for_timeout(PAUSE)
    page.context.close()
    for _ in range(repeats):
        page, ready = open_page(browser, way)
        way.ready.append(ready)
        page.context.close()


def failures(ways: dict[str, Way]) -> list[str]:
    """The limits that were missed."""
    kit_change, embed = (statistics.median(ways[name].change) for name in (KIT, EMBED))
    ready = statistics.median(ways[KIT].ready)
    checks = [
        (kit_change < LIMITS["change"], f"changement : {french.number(kit_change, 0)} ms, 70 au plus"),
        (
            embed / kit_change >= LIMITS["ratio"],
            f"rapport à JupyterChart : {french.number(embed / kit_change)}, 3 au moins",
        ),
        (ready < LIMITS["ready"], f"graphiques utilisables : {french.number(ready, 2)} s, 2 au plus"),
        (ways[KIT].memory <= LIMITS["memory"], f"mémoire : {french.number(ways[KIT].memory, 0)} Mio, 60 au plus"),
    ]
    for held_, text in checks:
        print(f"- {'tenu' if held_ else 'MANQUÉ'} : {text}")
    return [text for held_, text in checks if not held_]


def main(repeats: int = LEAST) -> int:
    """Print the table and the limits; 1 when one is missed."""
    ways: dict[str, Way] = {}
    print(
        "| façon | changement, médiane [ms] | 95 % [ms] | rapport | page utilisable [s] | mémoire par session [Mio] |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    starts = {PLAIN: lambda f: voila(PLAIN, f), EMBED: lambda f: voila(EMBED, f), KIT: kit, FILE: file}
    with sync_playwright() as driver:
        for name, start in starts.items():
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="copkit-")))
                browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
                stack.callback(browser.close)
                ways[name] = way = stack.enter_context(start(folder))
                measure(browser, way, repeats)
                print(f"mesuré : {name}", file=sys.stderr, flush=True)
        reference = statistics.median(ways[KIT].change)
        for name, way in ways.items():
            middle, high = statistics.median(way.change), statistics.quantiles(way.change, n=20)[-1]
            cells = (french.number(middle, 0), french.number(high, 0), french.number(middle / reference))
            cells += (
                french.number(statistics.median(way.ready), 2),
                french.number(way.memory, 0) if way.server else "—",
            )
            print(f"| {name} | {' | '.join(cells)} |")
    load = os.getloadavg()[0]
    print(
        f"\n{repeats} répétitions ; charge de la machine à la fin : {french.number(load)} sur {os.cpu_count()} cœurs."
    )
    return 1 if failures(ways) else 0


if __name__ == "__main__":
    sys.exit(main(*(int(text) for text in sys.argv[1:])))
