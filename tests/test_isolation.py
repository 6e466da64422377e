"""Each notebook is alone: nothing of one reaches another, nothing outlives it, and its end takes all with it."""

import json
import os
import re
import signal
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

import nbformat
import psutil
import pytest

from .conftest import LONG
from .notebooks import COPKIT, PLAIN, Run, both, execute, notebook, outside_pytest
from .plain import plain
from .processes import alive, below, command, wait_until
from .terminal import start

DAMAGE = r"""
import builtins, decimal, gc, locale, logging, os, random, resource, signal, sys, threading, time, types, warnings
import altair as alt, numpy as np, pandas as pd
import copkit, copkit.errors

leaked = 1
sys.modules["leaked"] = types.ModuleType("leaked")
builtins.leaked = 1
pd.DataFrame.head = lambda self: "détourné"
copkit.errors.RunError.__str__ = lambda self: "détourné"
copkit.leaked = 1
pd.options.display.max_rows = 7
os.mkdir("ailleurs")
os.chdir("ailleurs")
os.environ["LEAKED"] = "oui"
os.environ["TZ"] = "Asia/Tokyo"
time.tzset()
locale.setlocale(locale.LC_ALL, "C")
warnings.simplefilter("error")
np.random.seed(1)
random.seed(1)
kept = open("ouvert.txt", "w")
np.seterr(all="ignore")
np.set_printoptions(precision=1)
decimal.getcontext().prec = 3
sys.path.insert(0, "/nulle/part")
sys.setrecursionlimit(500)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: None)
signal.setitimer(signal.ITIMER_VIRTUAL, 1000)
logging.basicConfig(level=logging.DEBUG)
logging.disable(logging.ERROR)
os.umask(0o077)
os.nice(5)
resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500))
threading.Thread(target=time.sleep, args=(1000,), name="leaked", daemon=True).start()
alt.theme.enable("dark")
alt.data_transformers.disable_max_rows()
gc.disable()
get_ipython().ast_node_interactivity = "all"
"""

LOOK = r"""
import builtins, decimal, gc, json, locale, logging, os, resource, signal, sys, threading, time, warnings
import altair as alt, numpy as np, pandas as pd
import copkit, copkit.errors

def warned(*warning):
    with warnings.catch_warnings(record=True) as seen:
        warnings.warn(*warning)
    return len(seen)

report = {
    "names": [hasattr(builtins, "leaked"), "leaked" in globals(), "leaked" in sys.modules, hasattr(copkit, "leaked")],
    "pandas": [pd.DataFrame.head.__qualname__, pd.options.display.max_rows],
    "copkit": str(copkit.errors.RunError("message")),
    "folder": [os.getcwd(), os.listdir()],
    "environment": [os.environ.get("LEAKED"), os.environ.get("TZ"), time.tzname],
    "locale": [locale.setlocale(locale.LC_ALL), locale.localeconv()["decimal_point"]],
    "warnings": [warned("essai"), warned("a fork of two threads", DeprecationWarning)],
    "numpy": [np.geterr(), np.get_printoptions()],
    "decimal": str(decimal.getcontext()),
    "python": [sys.path, sys.getrecursionlimit(), gc.isenabled()],
    "cycles": gc.get_threshold(),
    "signals": {s.name: str(signal.getsignal(s)) for s in signal.Signals},
    "timer": signal.getitimer(signal.ITIMER_VIRTUAL),
    "logging": [logging.root.level, str(logging.root.handlers), logging.root.manager.disable],
    "process": [oct(os.umask(0o022)), os.nice(0), os.getsid(0) == os.getpid()],
    "limits": [resource.getrlimit(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_DATA)],
    "threads": "leaked" in [thread.name for thread in threading.enumerate()],
    "files": [fd for fd in os.listdir("/proc/self/fd") if "ouvert.txt" in os.path.realpath(f"/proc/self/fd/{fd}")],
    "altair": [alt.theme.active, alt.renderers.active, alt.data_transformers.active, alt.data_transformers.options],
    "shell": get_ipython().ast_node_interactivity,
}
print(json.dumps(report))
"""

DRAWS = """
import copkit, random, secrets, tempfile, uuid
import numpy as np, pandas as pd
print(np.random.rand(), random.random(), np.random.default_rng().random(), uuid.uuid4(), uuid.uuid1())
print(secrets.token_hex(8), tempfile.mktemp(), random.Random().random(), pd.Series(range(10**6)).sample(1).item())
"""

SEEDED = """
import copkit, random
import numpy as np
np.random.seed(1), random.seed(1)
print(np.random.rand(), random.random(), np.random.default_rng(1).random())
"""

DESCRIPTORS = r"""
import json, os, re
def opened(process):
    folder = f"/proc/{process}/fd"
    links = {int(fd): f"{folder}/{fd}" for fd in os.listdir(folder)}
    return {fd: os.readlink(link) for fd, link in links.items() if os.path.lexists(link)}
own, parent = opened("self"), opened(os.getppid())
print(json.dumps([own, parent]))
"""

SLEEP = """
import os, time
with open("identités", "w") as f:
    f.write(f"{os.getpid()} {os.getppid()}\\n")
time.sleep(1000)
"""


@pytest.fixture(scope="module", autouse=True)
def nothing_left_over():
    """Once the notebooks are done, only the parents of forks are left of all that was started."""
    here = psutil.Process()
    forkserver.ensure_running()  # that of the commands
    resource_tracker.ensure_running()
    plain()
    before = below(here)

    def left() -> set[psutil.Process]:
        others = {one for known in before for one in below(known)}  # a browser's
        servers = {one for one in below(here, recursive=False) if "copkit.batch.forked.server" in command(one)}
        return {one for one in below(here) - before - others - servers if alive(one.pid)}

    yield
    assert wait_until(lambda: not left()), left()


def test_nothing_of_a_notebook_reaches_the_next_one(tmp_path):
    look = notebook(LOOK)
    plain, before = both(look, tmp_path, new=True)
    damaged = execute(notebook(DAMAGE), COPKIT, tmp_path / "damage")
    after = execute(look, COPKIT, tmp_path / "after")
    assert [run.failure for run in (plain, before, damaged, after)] == [None] * 4
    reports = [json.loads(run.texts[0].replace(str(run.folder), "…")) for run in (plain, before, after)]
    usual, first, second = reports
    assert first == second
    usual["cycles"] = first["cycles"]  # looked for less often in what soon ends
    assert {name: value for name, value in first.items() if value != usual[name]} == {}


def test_a_notebook_lives_in_the_environment_of_the_moment(tmp_path, monkeypatch):
    source = notebook("import os, time\nos.environ.get('ESSAI'), time.tzname")
    before = execute(source, COPKIT, tmp_path / "before").texts
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("ESSAI", "oui")
    plain, ours = both(source, tmp_path)
    assert plain.texts == ours.texts == ["('oui', ('JST', 'JST'))\n"] != before


def test_two_notebooks_draw_different_numbers(tmp_path):
    one, two = (execute(notebook(DRAWS), COPKIT, tmp_path / name).texts[0].split() for name in ("un", "deux"))
    assert len(one) == len(two) == 9
    assert [place for place, pair in enumerate(zip(one, two, strict=True)) if pair[0] == pair[1]] == []


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    plain, ours = both(notebook(SEEDED), tmp_path)
    again = execute(notebook(SEEDED), COPKIT, tmp_path / "encore")
    assert plain.texts == ours.texts == again.texts and len(ours.texts[0].split()) == 3


def test_a_notebook_holds_no_descriptor_of_the_server(tmp_path):
    (usual, _), (own, server) = (json.loads(run.texts[0]) for run in both(notebook(DESCRIPTORS), tmp_path, new=True))
    assert kinds(own) - {"/dev/null"} <= kinds(usual)
    shared = set(own.values()) & set(server.values())
    assert {target for target in shared if not target.startswith(("anon_inode:", "/dev/null"))} == set()


def kinds(opened: dict[str, str]) -> set[str]:
    """« socket », « pipe », « anon_inode:[eventpoll] », or the path of a file."""
    return {re.sub(r":\[\d+\]", "", target) for target in opened.values()}


@pytest.mark.parametrize("ends", ["finit", "échoue", "meurt"])
def test_what_a_notebook_started_ends_with_it(ends, tmp_path):
    start = """
import multiprocessing, os, subprocess, threading, time
left = multiprocessing.Process(target=time.sleep, args=(1000,))
left.start()
threading.Thread(target=time.sleep, args=(1000,)).start()
detached = subprocess.Popen(["sleep", "1000"], start_new_session=True)
read, write = os.pipe()
if os.fork() == 0:  # a daemon, which has no parent any more
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode())
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
daemon = os.read(read, 20).decode()
print(os.getpid(), left.pid, subprocess.Popen(["sleep", "1000"]).pid, detached.pid, daemon)
"""
    last = {"finit": "print('fini')", "échoue": "1 / 0", "meurt": "import os\nos.kill(os.getpid(), 9)"}[ends]
    run = execute(notebook(start, last), COPKIT, tmp_path)
    failures = {"finit": None, "échoue": "PapermillExecutionError ZeroDivisionError", "meurt": "DeadKernelError"}
    assert run.failure == failures[ends]
    pids = [int(pid) for pid in run.texts[0].split()]
    assert len(pids) == 5 and wait_until(lambda: not any(map(alive, pids)))


def test_a_notebook_that_kills_the_server_harms_no_later_one(tmp_path):
    kill = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    killer = execute(notebook(SLEEP.replace("time.sleep(1000)", kill), SLEEP), COPKIT, tmp_path / "un")
    assert killer.failure == "DeadKernelError"
    pids = [int(pid) for pid in (killer.folder / "identités").read_text().split()]
    assert wait_until(lambda: not any(map(alive, pids)))
    assert execute(notebook("print('debout')"), COPKIT, tmp_path / "deux").texts == ["debout\n"]


@dataclass
class Papermill:
    """The command on a notebook that sleeps, once it sleeps; the process of the notebook, and its parent."""

    engine: str
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        nbformat.write(notebook("print('début')", SLEEP, "print('jamais')"), self.folder / "in.ipynb")
        self.log, told = self.folder / "dit.txt", self.folder / "identités"
        files = [str(self.folder), *(str(self.folder / name) for name in ("in.ipynb", "out.ipynb"))]
        with outside_pytest():
            words = ["--engine", self.engine, "--cwd", *files]
            self.process = start(words, self.log, self.log, dict(os.environ), "papermill")
        begun = wait_until(lambda: told.exists() and told.read_text().endswith("\n"))
        assert begun, self.end(signal.SIGKILL)
        self.pids = [int(pid) for pid in told.read_text().split()]

    def end(self, how: signal.Signals) -> str:
        """Send it a signal, and to what it started that of a keyboard; what it said."""
        (os.killpg if how == signal.SIGINT else os.kill)(self.process.pid, how)
        self.process.join(120)
        return self.log.read_text(encoding="utf-8")


def test_an_interrupted_command_ends_as_the_plain_one_does(tmp_path):
    ends = []
    for engine in (PLAIN, COPKIT):
        started = Papermill(engine, tmp_path / engine)
        said = started.end(signal.SIGINT)
        ends.append((started.process.exitcode, "Aborted!" in said))
        assert wait_until(lambda started=started: not any(map(alive, started.pids)))
    assert ends[0] == ends[1] == (1, True)
    plain, ours = (Run(nbformat.read(tmp_path / engine / "out.ipynb", 4), tmp_path) for engine in (PLAIN, COPKIT))
    assert plain.texts[0] == ours.texts[0] == "début\n" and plain.texts[2] == ours.texts[2] == ""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_killed_command_takes_its_notebook_and_the_server_with_it(how, tmp_path):
    started = Papermill(COPKIT, tmp_path / "run")
    assert all(map(alive, started.pids)) and psutil.Process(started.pids[1]).ppid() == started.process.pid
    started.end(how)
    assert started.process.exitcode == -how
    assert wait_until(lambda: not any(map(alive, started.pids)))


# Last: a server that has read other files takes the place of the one that the tests above share.
def test_a_notebook_reads_the_files_of_the_kit_as_they_are_now(damaged, tmp_path):
    read = {} if LONG else {"warm": "copkit.doctor:reference"}  # what the parents do that could grow stale, no more
    source = notebook("import copkit as ck\nprint('avant')", "ck.panorama('reg-32').target.sel(lever='haies').item()")
    damaged.replace("data/clean/panorama.csv", "reg-32,haies,113.4236,", "reg-32,haies,111.1,")
    assert execute(source, COPKIT, tmp_path / "un", **read).texts == ["avant\n", "111.1\n"]
    damaged.replace("data/clean/panorama.csv", "reg-32,haies,111.1,", "reg-32,haies,cent,")
    run = execute(source, COPKIT, tmp_path / "deux", **read)
    assert run.failure == "PapermillExecutionError DataError"  # a damaged file is an error of the cell that reads it
    assert run.texts[0] == "avant\n" and "« cent »" in run.texts[1]
