"""Programs of the kit in processes of their own, each forked from one that has imported and read what they do."""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import metadata
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.ready"])
LONG = 300  # only bounds a hang [s]


def copkit(*words: str, **environment: str) -> subprocess.CompletedProcess:
    """What the command gives, as a person types it here; ``environment``: more variables than here."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("stdout", "stderr")]
        called = start(words, *files, os.environ | environment)
        called.join(LONG)
        assert called.exitcode is not None, f"copkit {' '.join(words)} hangs"
        return subprocess.CompletedProcess(words, called.exitcode, *(file.read_text("utf-8") for file in files))


def start(
    words: Iterable[str], stdout: Path, stderr: Path, environment: dict[str, str], program: str = "copkit"
) -> BaseProcess:
    """The command, started; what it says goes to two files. « dask », « papermill »: so are they."""
    return begin(_command, program, [*words], stdout=stdout, stderr=stderr, environment=environment)


def begin(what: Callable, *given, stdout: Path, stderr: Path, environment: dict[str, str]) -> BaseProcess:
    """A process that calls this, in this folder; what it says goes to two files."""
    called = FORKS.Process(target=_called, args=(what, given, stdout, stderr, Path.cwd(), environment))
    called.start()
    atexit.register(_end, called)  # what a test that failed has left; it would be waited for
    return called


def send(called: BaseProcess, signal: int) -> None:
    """A signal to a process that may have ended: it is reaped elsewhere, at any instant."""
    with suppress(ProcessLookupError):
        os.kill(called.pid, signal)


def _end(called: BaseProcess) -> None:
    if called.exitcode is None:
        called.kill()


def _called(
    what: Callable, given: tuple, stdout: Path, stderr: Path, folder: Path, environment: dict[str, str]
) -> None:
    os.setsid()  # a signal can be sent to it with what it starts, as from a keyboard
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # that of this environment
    time.tzset()
    stdout.write_bytes(b"")
    stderr.write_bytes(b"")
    for number, file in enumerate((stdout, stderr), start=1):
        with file.open("ab") as opened:  # it may be one file for both
            os.dup2(opened.fileno(), number)
    what(*given)


def _command(program: str, words: list[str]) -> None:
    sys.argv = [program, *words]
    (main,) = metadata.entry_points(group="console_scripts", name=program)
    main.load()()
