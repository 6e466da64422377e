"""Faults put in the middle of a batch: what is left, and does the next batch finish the work?

Started by hand (« make faults », docs/fiabilite.md). Each trial is a real « copkit run » of its own, in a folder of its
own: a process is killed at an instant drawn at random, the disk fills, the clock jumps. What is left is then read file
by file, with other libraries than those that wrote it, and the same command with --resume has to end the work.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path

import nbformat
import psutil
from lxml import etree

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import terminal
from tests.processes import below, command, running, wait_until

PAGE = Path(__file__).parents[1] / "docs" / "fiabilite.md"
HEAD = "| faute | le | essais | ce que le lot est devenu | défauts trouvés |"
CODES = ["reg-06", "dep-59"]
KINDS = {  # what is done: what the table calls it, and how many times in two hundred
    "parent": ("le lot tué (SIGKILL)", 30),
    "keyboard": ("Ctrl-C, à toute la commande", 10),
    "kernel": ("le processus d'un carnet tué", 21),
    "server": ("le processus qui prépare les carnets tué", 21),
    "painter": ("le processus qui dessine tué", 20),
    "worker": ("un processus qui fait les documents tué", 20),
    "machine": ("un ouvrier du cluster tué", 8),
    "disk": ("un disque de 60 Ko à 6 Mo qui se remplit", 26),
    "place": ("un dossier en lecture seule, dans /proc, un fichier, un nom trop long", 8),
    "clock": ("l'horloge déplacée, d'une seconde à dix ans", 16),
    "memory": ("un carnet qui prend toute la mémoire", 10),
    "forks": ("un carnet qui se dédouble sans fin, hors de son groupe", 10),
}
AGAIN = 5  # times that a fault is tried on a batch that ends before it
BLOWS = {"keyboard": signal.SIGINT}  # SIGKILL for the others
PLACES = ("lecture seule", "/proc/sorties", "fichier", "n" * 300)
CLOCK = Path(__file__).with_name("clock.c")
LIMIT = 240  # s that a batch may take; it only bounds a hang
HALF = ("parent", "keyboard", "worker", "painter", "disk")  # what can stop a process between two files of a document
LEFT = {".travail", ".verrou"}  # what a batch that is killed may leave, for the next one to remove
MARKS = ("<!-- fautes -->", "<!-- fin des fautes -->")
SHEET = """
import openpyxl
book = openpyxl.Workbook()
book.active["A1"] = territoire
book.save("leger.xlsx")
"""
ENDLESS = {  # what a notebook does without end, on the second territory; the machine is safe in any case
    "memory": """
import os
kept, size = [], {drawn}
while os.environ.get("COPKIT_FAULT") == territoire and len(kept) * size < 3 << 30:
    kept.append(bytes([1]) * size)
""",
    "forks": """
import os, signal, time
end = time.monotonic() + 60
if os.environ.get("COPKIT_FAULT") == territoire:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in range({drawn}):
        if not os.fork():
            os.setsid()
            while time.monotonic() < end:
                if os.fork():
                    os._exit(0)
            os._exit(0)
    while time.monotonic() < end:
        time.sleep(1)
""",
}
LIMITS = {  # its own limit, what is said of it, and how much at a time: bytes, processes
    "memory": (["--memory-limit", "400"], "mémoire permise", [1 << 12, 1 << 20, 1 << 27]),
    "forks": (["--time-limit", "4"], "durée limite", [1, 4, 16]),
}
READERS = {
    ".html": lambda data: data.decode().rstrip().endswith("</html>") or 1 / 0,
    ".json": json.loads,
    ".ipynb": lambda data: nbformat.validate(nbformat.reads(data.decode(), 4)),
    ".csv": lambda data: data.endswith(b"\n") or 1 / 0,
}


class Fresh(subprocess.Popen):
    """A process that is no fork of another, with the face of those of ``multiprocessing``."""

    exitcode = property(subprocess.Popen.poll)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, or for so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(timeout)


def notebook(path: Path, *cells: str) -> Path:
    """A notebook with a territory and these cells."""
    sources = ('territoire = "reg-32"', *cells)
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(one, id=f"c{rank}") for rank, one in enumerate(sources)]
    )
    made.cells[0].metadata.tags = ["parameters"]
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)
    return path


def damaged(path: Path) -> str:
    """Why a file is not whole; nothing when it opens."""
    data = path.read_bytes()
    try:
        if path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as parts:
                for name in parts.namelist():
                    if name.endswith((".xml", ".rels")):
                        etree.fromstring(parts.read(name))
        elif path.suffix == ".pdf":
            import pypdf

            assert len(pypdf.PdfReader(path).pages) > 0
        elif path.suffix == ".parquet":
            import pyarrow.parquet

            pyarrow.parquet.read_table(path)
        else:
            READERS[path.suffix](data)
    except Exception as error:
        return f"{path.name} is not whole: {type(error).__name__} {error}"
    return ""


def digest(path: Path) -> str:
    """Its hash, or nothing when it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@dataclass
class Trial:
    """One fault in one batch. ``wrong``: all that is not as it should be; ``seen``: what became of the batch."""

    kind: str
    number: int
    drawn: random.Random
    folder: Path
    usual: float  # duration of such a batch [s]
    heavy: bool = False  # the documents of the kit, with paper and figures, rather than a light notebook
    earlier: Path | None = None  # what an earlier batch made
    wrong: list[str] = field(default_factory=list)
    seen: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.out, self.temporary = self.folder / "sorties", self.folder / "temporaire"
        self.temporary.mkdir()
        self.said = [self.folder / "dit.txt", self.folder / "erreurs.txt"]
        self.mark = f"copkit-faute-{os.getpid()}-{self.number}"
        self.env = os.environ | {"COPKIT_MARK": self.mark, "TMPDIR": str(self.temporary)}
        cells = [SHEET]
        if self.kind in ENDLESS:
            cells.append(ENDLESS[self.kind].format(drawn=self.drawn.choice(LIMITS[self.kind][2])))
        if self.kind == "painter":  # there is one where a chart is likely
            cells.append("import altair")
        which = [] if self.heavy else ["--notebook", str(notebook(self.folder / "leger.ipynb", *cells))]
        self.asked = ["run", *CODES, *which, "--out", str(self.out)]
        self.asked += ["--pdf", "--docx"] if self.heavy else []
        self.asked += ["--jobs", "2"]

    # ------------------------------------------------------------------ the batch

    def join(self, worker) -> None:
        """Have the cluster make the documents, with a worker that is to be lost."""
        self.asked[self.asked.index("--jobs") :] = ["--dask", worker(self.mark)]

    def start(self, *more: str) -> BaseProcess | Fresh:
        """The batch, a process of its own."""
        for said in self.said:  # it may be killed before it opens them
            said.touch()
        if self.kind != "clock" and (more or self.kind != "keyboard"):  # after the fault, another batch like any
            return terminal.start([*self.asked, *more], *self.said, self.env)
        with self.said[0].open("wb") as out, self.said[1].open("wb") as err:
            command = [sys.executable, "-m", "copkit", *self.asked, *more]
            return Fresh(command, env=self.env, stdout=out, stderr=err, start_new_session=True)

    def finish(self, batch: BaseProcess | Fresh) -> tuple[int, str]:
        """Its end and what it said; then nothing of it runs any more."""
        batch.join(LIMIT)
        if batch.exitcode is None:
            self.wrong.append("the batch hangs")
            batch.kill()
            batch.join()
        if not wait_until(lambda: not running(self.mark), 30):
            self.wrong.append(f"still running: {[command(psutil.Process(one)) for one in running(self.mark)]}")
        said = "\n".join(one.read_text(encoding="utf-8", errors="replace") for one in self.said)
        if "Traceback" in said and (self.kind != "keyboard" or re.search(r"copkit/\w+/", said)):  # or Python starts
            self.wrong.append(f"a traceback: {said[said.index('Traceback') :][:2000]}")
        return batch.exitcode, said

    def victim(self, batch: BaseProcess | Fresh) -> int | None:
        """A process of the batch, of the kind of the trial."""
        if self.kind in ("parent", "keyboard"):
            return batch.pid
        found = sorted(below(psutil.Process(batch.pid)) if batch.exitcode is None else (), key=lambda one: one.pid)
        servers = [one for one in found if "copkit.batch.forked.server" in command(one)]
        spawned = [one for one in found if "spawn_main" in command(one)]
        ours = [one for one in servers if one.ppid() == batch.pid] if servers else []
        wanted = {
            "server": ours,
            "kernel": [one for one in servers if one not in ours],
            "worker": spawned[::2] if self.heavy else spawned,  # each starts before its painter, if it has one
            "painter": spawned[1::2],
        }[self.kind]
        return self.drawn.choice(wanted).pid if wanted else None

    # ------------------------------------------------------------------ the trial

    def run(self) -> Trial:
        """The fault, what it leaves, and the next batch."""
        with self.ground():
            fault = "endless" if self.kind in ENDLESS else self.kind
            getattr(self, fault if fault in ("disk", "place", "clock", "machine", "endless") else "kill")()
            if self.kind != "place":
                self.look(LEFT if self.kind == "parent" else set(), self.kind in HALF)
                self.again(self.intact)
        shutil.rmtree(self.folder, ignore_errors=True)
        return self

    @contextmanager
    def ground(self):
        """What the outputs are on."""
        if self.kind != "disk":
            if self.kind != "place":
                self.lay()
            yield
            return
        self.out.mkdir()
        mount(f"size={self.drawn.randint(60, 6000 if self.heavy else 500)}k", self.out)
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", self.out], check=True)

    def lay(self) -> None:
        """What an earlier batch made, or nothing."""
        shutil.rmtree(self.out, ignore_errors=True)
        if self.earlier:
            shutil.copytree(self.earlier, self.out)

    def kill(self) -> None:
        """SIGKILL, or an interruption, at a random instant; again where the batch had ended, that takes less then."""
        for _ in range(AGAIN):
            batch, begun = self.start(), time.monotonic()
            hit = self.strike(batch, begun + self.drawn.uniform(0, self.usual))
            code, said = self.finish(batch)
            if hit:
                break
            self.usual = 0.9 * (time.monotonic() - begun)
            self.lay()
        else:
            self.seen = "ended before"
        self.judge(code, said)

    def strike(self, batch: BaseProcess | Fresh, instant: float) -> bool:
        """Strike a process of the batch at an instant; False where there was none left."""
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            wait_until(lambda: time.monotonic() >= instant or batch.exitcode is not None)
            pid = wait_until(lambda: batch.exitcode is not None or self.victim(batch))
            if pid and pid is not True:
                (os.killpg if self.kind == "keyboard" else os.kill)(pid, BLOWS.get(self.kind, signal.SIGKILL))
                return True
        return False

    def judge(self, code: int, said: str) -> None:
        """A batch whose own process lives ends well, or says what failed."""
        self.seen = self.seen or {0: "all made", -9: "killed", -2: "killed", 130: "killed"}.get(code, "failures listed")
        told = re.search(r"échec|impossible|--resume|Relancer|Interrompu", said)
        if self.kind != "parent" and code not in (0, -2, 130) and not told:
            self.wrong.append(f"it ends with {code} and says: {said[-200:]}")

    def disk(self) -> None:
        """A disk that fills."""
        self.judge(*self.finish(self.start()))
        subprocess.run(["mount", "-o", "remount,size=200m", self.out], check=True)

    def place(self) -> None:
        """Where nothing can be written."""
        where = PLACES[self.number % len(PLACES)]
        if where == "lecture seule":
            self.out.mkdir()
            mount("ro", self.out)
        elif where == "fichier":
            self.out.write_text("un fichier")
        else:
            self.asked[self.asked.index(str(self.out))] = where if where.startswith("/") else str(self.out / where)
        code, said = self.finish(self.start())
        if where == "lecture seule":
            subprocess.run(["umount", "-l", self.out], check=True)
        self.seen = "refused"
        if code != 2 or "écriture impossible (" not in said or len(said.strip().splitlines()) > 3:
            self.wrong.append(f"{where[:20]}: it ends with {code} and says: {said[-200:]}")

    def clock(self) -> None:
        """The clock of all the processes jumps at a random instant; that of the files does not."""
        jump, library = self.folder / "horloge", self.folder / "horloge.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, CLOCK], check=True)
        jump.write_bytes(bytes(8))
        moved = {"LD_PRELOAD": str(library), "COPKIT_CLOCK": str(jump)}
        self.env |= moved
        batch, instant = self.start(), time.monotonic() + self.drawn.uniform(0, self.usual)
        wait_until(lambda: time.monotonic() >= instant or batch.exitcode is not None)
        with jump.open("r+b") as file:  # in place: the processes look at it
            file.write(struct.pack("l", self.drawn.choice([-1, 1]) * self.drawn.choice([1, 3600, 86400, 315360000])))
        code, said = self.finish(batch)
        self.judge(code, said)
        if code:
            self.wrong.append(f"the clock stopped it: {said[-200:]}")
        for name in moved:
            self.env.pop(name)

    def machine(self) -> None:
        """A worker of the cluster is lost."""
        batch, instant = self.start(), time.monotonic() + self.drawn.uniform(0, self.usual)
        wait_until(lambda: time.monotonic() >= instant or batch.exitcode is not None)
        lost = [one for one in psutil.process_iter() if f"--name {self.mark}" in command(one)]
        for one in lost[:1]:
            os.kill(one.pid, signal.SIGKILL)
        self.judge(*self.finish(batch))
        self.asked[self.asked.index("--dask") :] = ["--jobs", "2"]

    def endless(self) -> None:
        """A notebook does something without end: its own limit ends it, and it alone."""
        limit, why, _ = LIMITS[self.kind]
        self.env["COPKIT_FAULT"] = CODES[1]
        code, said = self.finish(self.start(*limit))
        self.judge(code, said)
        del self.env["COPKIT_FAULT"]
        if why not in said or said.count("  • ") != 1 or f"• {CODES[1]} " not in said:
            self.wrong.append(f"it ends with {code} and says: {said[-300:]}")

    # ------------------------------------------------------------------ what is left

    def look(self, left: Set[str] = frozenset(), half: bool = False) -> None:
        """Each file is whole, and what is said of it is true.

        ``left``: what may be left. ``half``: a document may have been stopped between two of its files; whether the
        next batch sees it is looked at then.
        """
        self.intact, names = {}, {one.name for one in self.out.iterdir()} if self.out.is_dir() else set()
        if more := {one for one in names if one.startswith(".")} - left:
            self.wrong.append(f"left: {sorted(more)}")
        if not left and (left := sorted(one.name for one in self.temporary.iterdir())):
            self.wrong.append(f"left in the temporary folder: {left}")
        for path in sorted(self.out.rglob("*")):
            if path.is_file() and ".travail" not in path.parts and path.name != ".verrou":
                self.wrong += filter(None, [damaged(path)])
        for path in self.out.glob("*/.*.json"):
            said = json.loads(path.read_bytes())
            marks = {name: digest(self.out / name) for name in said["files"].values()}
            if said["status"] == "ok" and list(marks.values()) == list(said["hash"].values()):
                self.intact |= {name: (self.out / name).stat().st_mtime_ns for name in marks}
            elif said["status"] == "ok" and not half:
                self.wrong.append(f"{path.parent.name}: the record does not tell the truth")
        if (path := self.out / "manifest.json").is_file() and not half:
            said = json.loads(path.read_bytes())
            told = said.get("files", {}) | {name: mark for run in said["runs"] for name, mark in pairs(run)}
            if untrue := [name for name, mark in told.items() if digest(self.out / name) != mark]:
                self.wrong.append(f"the manifest does not tell the truth of {untrue}")

    def again(self, complete: dict[str, int]) -> None:
        """The next batch makes what is missing, that alone, and clears the rest. ``complete``: files, when written."""
        code, said = self.finish(self.start("--resume"))
        if code:
            self.wrong.append(f"the next batch ends with {code}: {said[-300:]}")
            return
        self.look()
        if lost := {name for name, when in complete.items() if self.intact.get(name) != when}:
            self.wrong.append(f"made again although complete: {sorted(lost)}")
        made = json.loads((self.out / "manifest.json").read_bytes())
        done = {run["territory"] for run in made["runs"] if run["status"] == "ok" and run["files"]}
        if done != {*CODES}:
            self.wrong.append(f"missing in the end: {sorted({*CODES} - done)}")


def pairs(run: dict) -> list[tuple[str, str]]:
    """The files of an entry with their hashes."""
    return [(name, run["hash"].get(kind, "")) for kind, name in run["files"].items()]


def mount(options: str, at: Path) -> None:
    """A small disk in memory."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "copkit", at], check=True)


def impossible() -> dict[str, str]:
    """The kinds of faults that cannot be put here, and why."""
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "copkit", folder], capture_output=True)
        if tried.returncode == 0:
            subprocess.run(["umount", folder], check=True)
    why = {name: "no disk can be mounted here" for name in ("disk", "place") if tried.returncode}
    return why | ({} if shutil.which("cc") else {"clock": "no C compiler: apt-get install gcc libc6-dev"})


@contextmanager
def cluster(folder: Path):
    """A scheduler, and how to start a worker that a trial may lose."""
    dask, where = Path(sys.executable).with_name("dask"), folder / "ordonnanceur.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    asked = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file"]
    started = [subprocess.Popen([dask, *asked, where], **quiet)]
    assert wait_until(lambda: where.is_file() and where.read_text().endswith("}"))

    def worker(name: str) -> str:
        asked = ["worker", "--scheduler-file", where, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard"]
        started.append(subprocess.Popen([dask, *asked, "--no-nanny", "--name", name], **quiet))
        return json.loads(where.read_text())["address"]

    try:
        worker("qui-reste")
        yield worker
    finally:
        for process in started:
            process.kill()
            process.wait()


def trials(folder: Path, count: int, seed: int, kinds: list[str]) -> list[Trial]:
    """The trials, kinds mixed, one in twenty on documents of the kit; before them, what a batch makes unharmed."""
    whole = {}
    for heavy in (False, True):
        one = Trial("", 0, random.Random(seed), folder / f"entier-{heavy}", 0, heavy)
        for _ in range(2):  # the first also waits for what all are forked from
            one.lay()
            begun = time.monotonic()
            code, said = one.finish(one.start())
            assert code == 0 and not one.wrong, said
        whole[heavy] = one.out, time.monotonic() - begun
    share = count / sum(times for _, times in KINDS.values())
    drawn = [kind for kind in kinds for _ in range(max(round(share * KINDS[kind][1]), 1))]
    random.Random(seed).shuffle(drawn)
    made = []
    for number, kind in enumerate(drawn, 1):
        heavy = number % 20 == 0 and kind not in ("place", "machine", *ENDLESS)
        earlier, usual = whole[heavy]
        one = Trial(kind, number, random.Random(f"{seed} {number}"), folder / str(number), usual, heavy)
        one.earlier = earlier if number % 2 else None
        made.append(one)
    return made


def table(done: list[Trial], seed: int) -> str:
    """What was tried and seen, in French, for docs/fiabilite.md."""
    said = {"all made": "tout est fait", "killed": "tué", "failures listed": "échecs listés", "refused": "refusé"}
    said["ended before"] = "fini avant la faute"
    lines, before = [HEAD, "|---|---|---|---|---|"], PAGE.read_text(encoding="utf-8").splitlines()
    for kind, (label, _) in KINDS.items():
        if these := [one for one in done if one.kind == kind]:
            seen = ", ".join(f"{said[name]} : {n}" for name, n in Counter(one.seen for one in these).most_common())
            wrong = sum(bool(one.wrong) for one in these)
            lines.append(f"| {label} | {date.today():%d/%m/%Y} | {len(these)} | {seen} | {wrong} |")
        else:  # tried another day
            lines += [line for line in before if line.startswith(f"| {label} |")]
    cells = [line.split("|") for line in lines[2:]]
    tried, wrong = (sum(int(cell[place]) for cell in cells) for place in (3, 5))
    return "\n".join([f"Graine {seed} : **{tried} fautes, {wrong} suivies d'un défaut**.", "", *lines])


def write(text: str) -> None:
    """Put the table between its marks in the documentation."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


def main() -> int:
    """Try them all; the end is 0 when nothing went wrong."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("kinds", nargs="*", default=list(KINDS), help=", ".join(KINDS))
    options.add_argument("--count", type=int, default=200, help="trials, when all the kinds are tried")
    options.add_argument("--seed", type=int, default=2030)
    options.add_argument("--jobs", type=int, default=2, help="trials at a time")
    options.add_argument("--write", action="store_true", help="write the table of docs/fiabilite.md")
    asked = options.parse_args()
    terminal.FORKS.set_forkserver_preload(["tests.ready", "tests.faults"])  # whose imports each batch would do again
    signal.signal(signal.SIGINT, signal.default_int_handler)  # inherited as ignored by what runs in the background
    if not (why := impossible()).keys().isdisjoint(asked.kinds):
        print("Left out:", why)
    kinds = [kind for kind in asked.kinds if kind not in why]
    with tempfile.TemporaryDirectory(prefix="fautes-") as name, cluster(Path(name)) as worker:
        made, done = trials(Path(name), asked.count, asked.seed, kinds), []

        def attempt(one: Trial) -> Trial:
            if one.kind == "machine":
                one.join(worker)
            return one.run()

        with ThreadPoolExecutor(asked.jobs) as threads:
            for one in threads.map(attempt, made):
                done.append(one)
                what = f"{one.kind}, documents of the kit" if one.heavy else one.kind
                print(f"{len(done)}/{len(made)} n° {one.number} {what}: {one.seen}", *one.wrong, sep="\n    ")
                sys.stdout.flush()
    print(text := table(done, asked.seed))
    if asked.write:
        write(text)
    return any(one.wrong for one in done)


if __name__ == "__main__":
    sys.exit(main())
