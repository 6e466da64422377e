"""Visitors of the simulator at once: stock Voilà beside our server, the same notebook, one after the other.

    python benchmarks/simulator_load.py                     # notebooks/simulateur.ipynb, 1, 10 then 20 visitors
    python benchmarks/simulator_load.py NOTEBOOK --visitors 1 20

A visitor here asks for the page and waits for its last byte: kernel started, every cell run. Memory is the private
memory (USS) that the processes of the server gained, per session, the server itself and what it prepares not counted;
processor time is theirs too, so that other work on the machine counts less than in the waits.
Each figure is that of a server that has just started, after one first visitor who is not counted.

Then, on our server, every visitor moves a lever of its own territory to a value of its own, all at once, and reads the
answer: each session must say its own figures, those of the library, and nobody else's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import websocket

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "simulateur.ipynb"
BARS = {"last [s]": 5.0, "memory [MiB]": 60.0}  # of twenty visitors at once
LEVER = "vehicules_electriques"
REGIONS = [f"reg-{code}" for code in (11, 24, 27, 28, 32, 44, 52, 53, 75, 76, 84, 93, 94)]
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


def get(url: str) -> tuple[float, str]:
    """Seconds until the last byte of a page, and its kernel."""
    started = time.perf_counter()
    with urllib.request.urlopen(url, timeout=300) as answer:
        page = answer.read().decode()
    found = re.search(r'"kernelId": "([-\w]+)"', page)
    assert found, page[:300]
    return time.perf_counter() - started, found[1]


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


def message(kind: str, content: dict) -> str:
    """A message as the page of a widget sends it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "s",
        "version": "5.3",
        "date": "",
    }
    parts = {"parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}
    return json.dumps({"header": header, **parts})


def play(port: int, kernel: str, rank: int) -> tuple[str, float, float, float]:
    """Move the lever of one session: its territory, the kt asked, and the kt and quantity that it answers."""
    code, asked = REGIONS[rank % len(REGIONS)], 10.0 + rank
    address = f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    with closing(websocket.create_connection(address, timeout=60, origin=f"http://127.0.0.1:{port}")) as socket:
        socket.send(message("comm_info_request", {"target_name": "jupyter.widget"}))
        state = {"territory": code, "levers": {LEVER: {"value": asked, "unit": "ktco2e"}}}
        while True:
            got = json.loads(socket.recv())
            if got["header"]["msg_type"] == "comm_info_reply":
                for comm in got["content"]["comms"]:
                    data = {"method": "update", "state": {"state": state}, "buffer_paths": []}
                    socket.send(message("comm_msg", {"comm_id": comm, "data": data}))
            view = got["content"].get("data", {}).get("state", {}).get("view") if got["content"] else None
            if view and view["state"]["levers"]:
                lever = view["levers"][LEVER]
                return view["state"]["territory"], asked, lever["kt"], lever["quantity"]


def mixed(port: int, kernels: list[str]) -> list[str]:
    """What is wrong in the figures of sessions that all move at once."""
    import copkit as ck

    with ThreadPoolExecutor(len(kernels)) as pool:
        answers = list(pool.map(play, [port] * len(kernels), kernels, range(len(kernels))))
    wrong = []
    for rank, (code, asked, kt, quantity) in enumerate(answers):
        own = REGIONS[rank % len(REGIONS)]
        s = ck.simulate(ck.panorama(own), {LEVER: asked}, unit="ktco2e")
        expected = float(s.proposed_quantity.sel(lever=LEVER))
        if (code, kt) != (own, asked) or not math.isclose(quantity, expected, rel_tol=1e-9):
            wrong.append(f"session {rank} ({own}): {code}, {kt}, {quantity} instead of {asked}, {expected}")
    return wrong


def measure(route: str, notebook: Path, visitors: int, port: int) -> dict[str, float]:
    """One burst on a new server."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER_DEFAULT", "COPKIT_FORK"))}
    with tempfile.TemporaryDirectory() as empty, (Path(empty) / "log").open("w") as log:
        process = subprocess.Popen(
            command(route, notebook, port), stdout=log, stderr=log, env=environment, cwd=notebook.parent
        )
        try:
            ready(port, process)
            addresses = [f"http://127.0.0.1:{port}/?territoire={REGIONS[n % 13]}" for n in range(visitors)]
            first, _ = get(addresses[0])
            time.sleep(2)
            memory, busy = tree(process)
            with ThreadPoolExecutor(visitors) as pool:
                found = list(pool.map(get, addresses))
            time.sleep(2)
            gained = [(now - then) / visitors for now, then in zip(tree(process), (memory, busy), strict=True)]
            wrong = mixed(port, [kernel for _, kernel in found]) if route == "copkit" and notebook == NOTEBOOK else []
            assert not wrong, wrong
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
    waits = sorted(seconds for seconds, _ in found)
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
    burst = results.get(("copkit", 20), {})
    missed = [f"{name}: {burst[name]:.1f}, bar {bar}" for name, bar in BARS.items() if burst and burst[name] > bar]
    if missed:
        sys.exit("Missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
