"""What the tests share: the case files, the facts that the kit was made from, and damaged copies of the kit."""

import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import typer.testing
import yaml
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings

from copkit import files, french, paths

from .processes import wait_until

# The same examples at each run, and no time limit: a test fails for what the kit does, not for the machine's load.
# « make long » (COPKIT_TESTS=long) tries fifteen times as many, new ones each time, 2 000 files and every drawn mark.
LONG = os.environ.get("COPKIT_TESTS") == "long"
SAME = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("copkit", derandomize=True, max_examples=12, **SAME)
settings.register_profile("long", max_examples=200, **SAME)
FEW = 200 if LONG else 6  # examples, where each writes and reads workbooks
settings.load_profile("long" if LONG else "copkit")

# The commands are the same each time that one is typed: built once, they cost a twentieth of a second less each.
typer.main.get_command = typer.testing._get_command = cache(typer.main.get_command)

collect_ignore = ["types_of_the_face.py"]  # only for the type checker
CASES = Path(__file__).parent / "cases"
LINKED = ("parameters", "notebooks")  # of the kit: what its damaged copies share
FACTS = Path(__file__).parents[2] / "shared" / "facts"


def read_cases(name):
    """The cases of a file; libyaml reads them ten times as fast, in each of the processes that collect the tests."""
    return pickle.loads(_pickled(name))


@cache
def _pickled(name):
    """Read once, and copied for each test: one may change its own."""
    return pickle.dumps(yaml.load((CASES / f"{name}.yml").read_text(encoding="utf-8"), yaml.CSafeLoader))


def every(step, things):
    """One thing in so many, the first and the last among them; all of them in the long suite."""
    things = list(things)
    return things if LONG else [*things[:-1:step], *things[-1:]]


def pytest_configure(config):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited, when the suite is a job in the background:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what the tests start would not be interrupted
    config.addinivalue_line("markers", "cases(file, section): one test for each row of tests/cases/<file>.yml")
    for name, what in SLOW.items():
        config.addinivalue_line("markers", f"{name}: {what[0]}")
    config.pluginmanager.register(Examples)


LONG_MODULES = [
    "actions",
    "adaptation",
    "audition",
    "balance",
    "cli",
    "communes",
    "context",
    "coverage",
    "crossing",
    "csv_forms",
    "damaged_input",
    "directory",
    "doctor",
    "document",
    "docx",
    "drawn",
    "dynamics",
    "escaping",
    "example_reponses",
    "example_vivier",
    "exchange",
    "face",
    "figures",
    "files",
    "followup",
    "independent_reading",
    "intake_sheets",
    "journal",
    "local",
    "official",
    "perimeters",
    "plan",
    "plan_template",
    "projects_command",
    "projects_presentation",
    "projects_reading",
    "readme",
    "reconciliation",
    "refresh",
    "scenario_presentation",
    "sector_shares",
    "sent",
    "side_by_side",
    "simulator_exports",
    "simulator_static",
    "strengths",
    "survey_presentation",
    "survey_workbook",
    "tables_as_workbook",
    "terminal",
    "themes",
    "typst",
    "uncertainty",
    "workbook",
    "workshop",
]

SLOW = {  # what « make quick » leaves out: what it needs, the modules that need it
    "processes": (  # « make processes », that « make test » leaves out
        "kernels, clusters and servers in processes of their own: compared, crowded, interrupted, killed",
        [
            "browser/room",
            "cluster",
            "engine",
            "isolation",
            "kernels",
            "painter",
            "resume",
            "simulator_server",
            "warm",
            "wheel",
        ],
    ),
    "browser": ("a real Chromium", ["tests/browser"]),
    "batch": ("a real batch", ["batch", "book", "notebooks", "survey_document"]),
    "office": ("a real LibreOffice", []),
    "long": ("many files, many drawings, paper, whole tables or viviers, examples or draws at random", LONG_MODULES),
}


@cache
def slowness(path):
    """The marks of a whole module."""
    name = path.stem.removeprefix("test_")
    names = {name, f"{path.parent.name}/{name}", f"{path.parent.parent.name}/{path.parent.name}"}
    return [mark for mark, (_, modules) in SLOW.items() if names & {*modules}]


def pytest_ignore_collect(collection_path, config):
    """What « -m » leaves out whole is not even imported."""
    asked, marks = config.option.markexpr, slowness(collection_path)
    left_out = any(f"not {mark}" in asked.split(" and ") for mark in marks)
    return True if left_out or (asked in SLOW and asked not in marks and collection_path.is_file()) else None


class Examples:
    """Only what holds an example is looked through for some, in each process; none stands in the tests."""

    @staticmethod
    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(file_path):
        tests = Path(__file__).parent in file_path.parents

        def kept(one) -> bool:
            return not isinstance(one, DoctestModule) or (not tests and ">>>" in file_path.read_text(encoding="utf-8"))

        return [one for one in (yield) if kept(one)]


def pytest_collection_modifyitems(items):
    """Mark the tests; the files that take long come first, so that all the processes end together."""
    first = [*SLOW]
    items.sort(key=lambda item: min(map(first.index, slowness(item.path)), default=len(first)))
    for item in items:
        for mark in slowness(item.path):
            item.add_marker(mark)
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("long")
        if "office" in getattr(item, "fixturenames", ()):
            item.add_marker("office")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes():
    """Where many processes share the tests, one imports what they all would."""
    from . import workers

    workers.fork()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Each file to one process, and to the same those that share a browser, a server or a warm parent."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((name for name, starts in TOGETHER.items() if file.startswith(starts)), file)

    return Together(config, log)


TOGETHER = {
    "simulator": ("tests/browser/test_simulator", "tests/browser/test_room"),
    "documents": ("tests/browser/", "tests/test_sent.py", "tests/test_survey_document.py"),
}


def pytest_collection_finish():
    """What the tests have imported stays and what they make is soon freed: to look for more is a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_generate_tests(metafunc):
    for mark in metafunc.definition.iter_markers("cases"):
        file, section = mark.args
        rows = read_cases(file)[section]
        names = [french.plain(str(row["nom"])).replace(" ", "-") if isinstance(row, dict) else str(row) for row in rows]
        metafunc.parametrize("case", rows, ids=names)


@pytest.fixture(scope="session")
def cases():
    """A whole file of tests/cases."""
    return read_cases


@pytest.fixture
def facts():
    """A table of shared/facts, the figures that data/clean was made from, as text."""
    if not FACTS.is_dir():
        pytest.skip("dossier shared/facts absent : les figures d'origine ne sont pas livrées avec le dépôt")
    return lambda name: pd.read_csv(FACTS / name, dtype=str, keep_default_na=False)


def look_again():
    """What was just written in a kit is seen by what is asked next: no test waits for it."""
    files._looks.update({asked: look._replace(at=-float("inf")) for asked, look in files._looks.items()})


class Copy:
    """A copy of parameters/, data/clean/ and notebooks/ that a test can damage."""

    def __init__(self, home):
        self.home = home

    def replace(self, file, old, new):
        """Write ``new`` where ``old`` stands first; it has to stand there."""
        text = self.read(file)
        assert old in text, f"{old!r} is not in {file}: the case is out of date"
        self.write(file, text.replace(old, new, 1))

    def line(self, file, start):
        """The number and the text of the first line that starts with ``start``."""
        return next((n, line) for n, line in enumerate(self.read(file).splitlines(), 1) if line.startswith(start))

    def append(self, file, line):
        self.write(file, self.read(file) + line + "\n")

    def remove(self, file, start):
        """Take out the lines that start with ``start``."""
        lines = self.read(file).splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) < len(lines), f"no line of {file} starts with {start!r}: the case is out of date"
        self.write(file, "".join(kept))

    def delete(self, file):
        (self.home / file).unlink()
        look_again()

    def read(self, file):
        return (self.home / file).read_text(encoding="utf-8")

    def write(self, file, text, encoding="utf-8"):
        path = self.home / file
        path.unlink(missing_ok=True)  # it may be a link to the one of all the copies
        path.write_text(text, encoding=encoding)
        look_again()

    def apply(self, case):
        """Do what a case says: « remplacer » and « par », « ajouter », « retirer », « contenu » or « supprimer »."""
        file = case["fichier"]
        if case.get("supprimer"):
            self.delete(file)
        elif "contenu" in case:
            self.write(file, case["contenu"], encoding=case.get("encodage", "utf-8"))
        elif "ajouter" in case:
            self.append(file, case["ajouter"])
        elif "retirer" in case:
            self.remove(file, case["retirer"])
        else:
            self.replace(file, case["remplacer"], case["par"])


@pytest.fixture(scope="session")
def copy_kit(tmp_path_factory):
    """Make a copy of the kit in a folder. Its tables are its own; its many small files are links to one copy of them,
    which a test replaces (``Copy.write``) and never writes into: a tenth of the time."""
    one = tmp_path_factory.mktemp("modele")
    for part in LINKED:
        shutil.copytree(paths.home() / part, one / part)
    dated = {path: path.stat().st_mtime_ns for path in one.rglob("*.*")}

    def make(to):
        for part in LINKED:
            shutil.copytree(one / part, to / part, copy_function=os.link)
        shutil.copytree(paths.home() / "data" / "clean", to / "data" / "clean")
        return Copy(to)

    yield make
    assert dated == {path: path.stat().st_mtime_ns for path in dated}, "written in place: use damaged.write"


@pytest.fixture
def damaged(copy_kit, tmp_path, monkeypatch):
    """A copy of the kit in a new folder, which copkit reads instead of the repository."""
    copy = copy_kit(tmp_path)
    monkeypatch.setenv("COPKIT_HOME", str(tmp_path))
    return copy


@pytest.fixture
def kit_at(copy_kit, monkeypatch, tmp_path_factory):
    """Make as many fresh copies as a property test needs; each becomes the kit that copkit reads."""

    def make():
        monkeypatch.delenv("COPKIT_HOME", raising=False)
        home = tmp_path_factory.mktemp("kit")
        copy = copy_kit(home)
        monkeypatch.setenv("COPKIT_HOME", str(home))
        return copy

    return make


@pytest.fixture(scope="session")
def panoramas():
    """The panorama of each of the 119 territories, by code."""
    from copkit.models.panorama import panorama
    from copkit.reference import territories

    return {code: panorama(code) for code in territories.territories().code}


class Said(NamedTuple):
    """How a command ended, what it printed, and what it said on the error output."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(monkeypatch, capsys):
    """The command line as a person types it, in this process: tests/terminal.py starts one of its own."""
    from copkit.commands import cli

    def run(*words) -> Said:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["copkit", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Said(end.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def says():
    """Check that a message holds every expected piece; the line ends of a long message do not matter."""

    def check(message, *words):
        text = " ".join(str(message).split())
        missing = [word for word in words if " ".join(word.split()) not in text]
        assert not missing, f"the message lacks {missing}:\n{message}"

    return check


@pytest.fixture(scope="session")
def office(tmp_path_factory):
    """LibreOffice: convert a file into a folder and give what it wrote.

    It stays open, on a file of its own: a conversion is handed to it, where to start it takes a second of work.
    """
    assert shutil.which("soffice"), "LibreOffice absent : apt-get install libreoffice-calc libreoffice-writer"
    folder = tmp_path_factory.mktemp("bureautique")
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation={(folder / 'profil').as_uri()}"]
    (folder / "ouvert.txt").write_text("ouvert\n")
    kept = ["sh", "-c", '"$@" & read _; kill 0', "office", *command, folder / "ouvert.txt"]  # until the tests end
    opened = subprocess.Popen(kept, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    assert wait_until((folder / ".~lock.ouvert.txt#").exists)

    def convert(path, to, out, *options):
        asked = [*command, *options, "--convert-to", to, "--outdir", str(out), str(path)]
        done = subprocess.run(asked, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (made,) = out.glob(f"{path.stem}*.{to.partition(':')[0]}")
        return made

    yield convert
    opened.stdin.close()
    opened.wait()
