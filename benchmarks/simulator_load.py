"""Visitors of the simulator at once: stock Voilà beside our server, the same notebook, one after the other.

    python benchmarks/simulator_load.py                     # notebooks/simulateur.ipynb, 1, 10 then 20 visitors
    python benchmarks/simulator_load.py NOTEBOOK --visitors 1 20

A visitor here asks for the page and waits for its last byte: kernel started, every cell run. Memory is the private
memory (USS) that the processes of the server gained, per session, the server itself and what it prepares not counted;
processor time is theirs too, so that other work on the machine counts less than in the waits.
Each figure is that of a server that has just started, after one first visitor who is not counted.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "simulateur.ipynb"
BARS = {"last of 20 [s]": 6.0, "memory [MiB]": 80.0}
OURS = (
    "import sys; from pathlib import Path; from copkit.simulator.server import serve; "
    "serve(notebook=Path(sys.argv[1]), port=int(sys.argv[2]), browser=False, max_sessions=200)"
)


def command(route: str, notebook: Path, port: int) -> list[str]:
    """What starts a server."""
    if route == "copkit":
        return [sys.executable, "-c", OURS, str(notebook), str(port)]
    stock = [sys.executable, "-m", "voila", str(notebook), f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1"]
    return [*stock, "--VoilaConfiguration.show_tracebacks=False"]


def get(url: str) -> float:
    """Seconds until the last byte of a page."""
    started = time.perf_counter()
    with urllib.request.urlopen(url, timeout=300) as answer:
        page = answer.read().decode()
    assert re.search(r'"kernelId": "[-\w]+"', page), page[:300]
    return time.perf_counter() - started


def tree(process: subprocess.Popen) -> tuple[int, float]:
    """Private memory [bytes] and processor time [s] of a process and of what it started."""
    memory, busy, root = 0, 0.0, psutil.Process(process.pid)
    for one in (root, *root.children(recursive=True)):
        try:
            memory, busy = memory + one.memory_full_info().uss, busy + sum(one.cpu_times()[:2])
        except psutil.Error:
            continue
    return memory, busy


def ready(port: int, process: subprocess.Popen) -> None:
    """Wait for the server to listen; asking for the page would start a kernel."""
    for _ in range(600):
        assert process.poll() is None, "the server has stopped"
        if any(c.laddr.port == port and c.status == "LISTEN" for c in psutil.net_connections("tcp")):
            return
        time.sleep(0.1)
    raise AssertionError("the server does not listen")


def measure(route: str, notebook: Path, visitors: int, port: int) -> dict[str, float]:
    """One burst on a new server."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER_DEFAULT", "COPKIT_FORK"))}
    with tempfile.TemporaryDirectory() as empty, (Path(empty) / "log").open("w") as log:
        process = subprocess.Popen(
            command(route, notebook, port), stdout=log, stderr=log, env=environment, cwd=notebook.parent
        )
        try:
            ready(port, process)
            url = f"http://127.0.0.1:{port}/?territoire=reg-32"
            first = get(url)
            time.sleep(2)
            memory, busy = tree(process)
            with ThreadPoolExecutor(visitors) as pool:
                waits = sorted(pool.map(get, [url] * visitors))
            time.sleep(2)
            gained = [(now - then) / visitors for now, then in zip(tree(process), (memory, busy), strict=True)]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
    return {
        "very first [s]": first,
        "median [s]": statistics.median(waits),
        "last [s]": waits[-1],
        "memory [MiB]": gained[0] / 2**20,
        "processor [s]": gained[1],
    }


def main() -> None:
    """Print a table; fail when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOK)
    parser.add_argument("--visitors", nargs="+", type=int, default=[1, 10, 20])
    parser.add_argument("--routes", nargs="+", default=["copkit", "voila"], choices=["copkit", "voila"])
    asked = parser.parse_args()
    results, port = {}, 8931
    for visitors in asked.visitors:
        for route in asked.routes:
            port += 1
            results[route, visitors] = found = measure(route, asked.notebook.resolve(), visitors, port)
            shown = " · ".join(f"{name} {value:.2f}" for name, value in found.items())
            print(f"{route:<7} {visitors:>3} at once: {shown}", flush=True)
    burst = results.get(("copkit", 20))
    if burst:
        got = {"last of 20 [s]": burst["last [s]"], "memory [MiB]": burst["memory [MiB]"]}
        missed = [f"{name}: {got[name]:.1f}, bar {bar}" for name, bar in BARS.items() if got[name] > bar]
        if missed:
            sys.exit("Missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
