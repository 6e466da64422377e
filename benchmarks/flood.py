"""What others wait for while a server of the simulator is flooded: 500 connections, 200 half-open websockets, bounded.

    python benchmarks/flood.py [--seconds 8] [--rounds 3] [--room]

One server on the loopback (``copkit simulator``, or a live session). Others, of addresses of their own, open a page
and ask a question one after the other: in the quiet, then during the flood, and again, in the same run. The flood
comes from 25 addresses, as a proxy would say, in a process of its own: 250 connections that ask again each second
whatever they are told, 100 that ask for what costs, 100 that never finish a request, 50 that read nothing of a page;
100 websockets whose handshake never ends, 100 opened on one session and left silent. It ends by itself. Ends with 1
when others wait more than three times as long as in the quiet (medians).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import psutil

BAR = 3.0  # of the quiet time
ASKING, COSTING, UNFINISHED, DEAF, HALF, SILENT = 250, 100, 100, 50, 100, 100
ADDRESSES = [f"198.51.100.{n}" for n in range(1, 26)]
MEBIBYTE = 2**20
START = "import typer; from copkit.commands.simulator import simulator; typer.run(simulator)"


@contextmanager
def served(*options: str):
    """A server: what it says first, and its process."""
    command = [sys.executable, "-u", "-c", START, "--port", "0", "--no-browser", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        said = process.stdout.readline()
        while not re.search(r"http://\S+", said):
            said = process.stdout.readline()
        yield re.search(r"http://\S+", said)[0], process
    finally:
        process.terminate()
        process.wait(60)


def private(process: subprocess.Popen) -> float:
    """Private memory of a server and of what it started. [MiB]"""
    root, found = psutil.Process(process.pid), 0
    for one in (root, *root.children(recursive=True)):
        with suppress(psutil.Error):
            found += one.memory_full_info().uss
    return found / MEBIBYTE


def processor(process: subprocess.Popen) -> float:
    """What the server itself has had of a core. [s]"""
    return sum(psutil.Process(process.pid).cpu_times()[:2])


def visit(place: str, paths: list[tuple[str, bytes | None]], who: str) -> float:
    """One of the others: opens the page, and asks; refused, fails. [s]"""
    started = time.perf_counter()
    for path, body in paths:
        connection = HTTPConnection(place, timeout=60)
        headers = {"X-Forwarded-For": who, "Accept-Encoding": "gzip", "Content-Type": "application/json"}
        connection.request("POST" if body else "GET", path, body, headers)
        got = connection.getresponse()
        got.read()
        connection.close()
        if got.status != 200:
            raise SystemExit(f"{path} : {got.status}")
    return time.perf_counter() - started


class Flood:
    """All that comes at once, and what became of it."""

    def __init__(self, place: str, page: str, session: str, seconds: float) -> None:
        self.host, _, port = place.partition(":")
        self.port, self.page, self.session = int(port), page, session
        self.end, self.seen = time.monotonic() + seconds, Counter()

    async def all(self) -> None:
        """Until the end."""
        state = json.dumps({"do": "probability", "state": {"territory": "reg-32"}}).encode()
        costs = self._request("POST", self.page.split("?")[0] + "api/demande", state)
        asked, upgraded = self._request("GET", self.page), self._request("GET", self.session, upgrade=True)
        jobs = [self.repeat(asked) for _ in range(ASKING)] + [self.repeat(costs) for _ in range(COSTING)]
        jobs += [self.hold(asked[:-10]) for _ in range(UNFINISHED)] + [self.hold(asked, deaf=True) for _ in range(DEAF)]
        jobs += [self.hold(upgraded[:-10]) for _ in range(HALF)] + [self.hold(upgraded) for _ in range(SILENT)]
        await asyncio.gather(*jobs)

    def _request(self, method: str, path: str, body: bytes = b"", *, upgrade: bool = False) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: a", "X-Forwarded-For: {who}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json"] if body else []
        if upgrade:
            lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
            lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def repeat(self, said: bytes) -> None:
        """Ask, read, ask again a second later, whatever the answer; not all in the same moment."""
        await asyncio.sleep(random.random())
        said = said.replace(b"{who}", random.choice(ADDRESSES).encode())
        while time.monotonic() < self.end:
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                try:
                    writer.write(said)
                    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.end - time.monotonic())
                    self.seen[head[9:12].decode()] += 1
                    length = re.search(rb"(?i)content-length: (\d+)", head)
                    await asyncio.wait_for(reader.readexactly(int(length[1])), self.end - time.monotonic())
                finally:
                    writer.close()
            await asyncio.sleep(min(1, max(0, self.end - time.monotonic())))

    async def hold(self, said: bytes, *, deaf: bool = False) -> None:
        """Say this, and stay; come back when closed, a second later."""
        said = said.replace(b"{who}", random.choice(ADDRESSES).encode())
        while (left := self.end - time.monotonic()) > 0:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(self.host, self.port, limit=1024)
                writer.write(said)
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.sleep(left) if deaf else self._until_closed(reader), left)
                writer.close()
            await asyncio.sleep(min(1, max(0, self.end - time.monotonic())))

    async def _until_closed(self, reader: asyncio.StreamReader) -> None:
        first = await reader.read(512)
        self.seen["held " + (first[9:12].decode() if first else "closed")] += 1
        while first:
            first = await reader.read(512)


def measured(place: str, paths: list, times: int, offset: int) -> list[float]:
    """So many others, one after the other. [s]"""
    return [visit(place, paths, f"203.0.113.{(offset + n) % 250}") for n in range(times)]


def main() -> None:
    """Print what was measured; fail when others wait too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="of each flood")
    parser.add_argument("--rounds", type=int, default=3, help="of quiet and flood; the quiet comes last too")
    parser.add_argument("--room", action="store_true", help="a live session in place of the simulator")
    parser.add_argument("--attack", nargs=3, help=argparse.SUPPRESS)  # what the process of the flood is given
    asked = parser.parse_args()
    if asked.attack:
        flood = Flood(*asked.attack, asked.seconds)
        asyncio.run(flood.all())
        print(json.dumps(flood.seen))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "s.sqlite")
        options = ["--session", "--territoire", "dep-59", "--out", file] if asked.room else ["--max-sessions", "20"]
        with served(*options) as (address, process):
            report(address, process, asked)


def report(address: str, process: subprocess.Popen, asked: argparse.Namespace) -> None:
    """The quiet, the flood, and what is left of it."""
    parts = urlsplit(address)
    if asked.room:
        page, session = parts.path, f"{parts.path}.svg"
        paths = [(page, None), (f"/api{page}/territoire", None)]
    else:
        page = f"{parts.path}?territoire=reg-32"
        question = json.dumps({"do": "open", "code": "reg-76"}).encode()
        paths = [(page, None), (f"{parts.path}api/demande", question)]
        connection = HTTPConnection(parts.netloc, timeout=120)
        connection.request("GET", f"{parts.path}carnet")
        kernel = re.search(r'"kernelId": "([-\w]+)"', connection.getresponse().read().decode())[1]
        session = f"{parts.path}api/kernels/{kernel}/channels?session_id=a"
    measured(parts.netloc, paths, 3, 0)  # made once
    before, waits, quiet, fate = private(process), [], [], Counter()
    peak, spent, lasted = before, 0.0, 0.0
    command = [sys.executable, __file__, "--seconds", str(asked.seconds), "--attack", parts.netloc, page, session]
    for _ in range(asked.rounds):  # the machine is not as busy from one minute to the next
        quiet += measured(parts.netloc, paths, 25, len(quiet))
        had, began = processor(process), time.perf_counter()
        attack = subprocess.Popen(["nice", *command], stdout=subprocess.PIPE, text=True)  # it would come from elsewhere
        while attack.poll() is None:
            with suppress(HTTPException, OSError):
                waits += measured(parts.netloc, paths, 1, len(waits))
            peak = max(peak, private(process)) if len(waits) % 20 == 1 else peak
        spent, lasted = spent + processor(process) - had, lasted + time.perf_counter() - began
        fate += Counter(json.loads(attack.stdout.read()))
    quiet += measured(parts.netloc, paths, 25, len(quiet))
    after = private(process)
    print("answers to the flood:", ", ".join(f"{status} {count}" for status, count in sorted(fate.items())))
    for name, found in (("quiet", quiet), ("flood", waits)):
        middle, most = statistics.median(found) * 1000, statistics.quantiles(found, n=20)[18] * 1000
        print(f"{name}: median {middle:.1f} ms, 95 % in {most:.0f} ms ({len(found)} visits)")
    print(f"server alone: {spent / lasted:.0%} of a core; load of the machine: {os.getloadavg()[0]:.0f}")
    print(f"memory: {before:.0f} MiB, at most {peak:.0f}, then {after:.0f}")
    ratio = statistics.median(waits) / statistics.median(quiet)
    print(f"others wait {ratio:.2f} times the quiet time (at most {BAR:.0f})")
    if ratio > BAR:
        sys.exit(1)


if __name__ == "__main__":
    main()
