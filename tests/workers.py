"""The processes that pytest-xdist shares the tests between, forked from the one that the commands are forked from."""

from __future__ import annotations

import atexit
import os
import sys
from multiprocessing import forkserver, resource_tracker

from execnet import gateway_base, gateway_io

from .terminal import FORKS


def fork() -> None:
    """From now on, each begins with all that it would import: once instead of in each."""
    gateway_io.Popen2IOMaster = Forked


class Forked(gateway_base.Popen2IO):
    """What execnet speaks to, in the place of a new Python."""

    def __init__(self, args: list[str], execmodel: gateway_base.ExecModel) -> None:
        (theirs, to), (said, says) = FORKS.Pipe(duplex=False), FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=_serve, args=(args[-1], theirs, says, {**os.environ}))
        self.process.start()
        for one in (theirs, says):
            one.close()
        self.ends = to, said
        raw = {"buffering": 0, "closefd": False}
        super().__init__(os.fdopen(to.fileno(), "wb", **raw), os.fdopen(said.fileno(), "rb", **raw), execmodel)

    def close_write(self) -> None:
        self.ends[0].close()

    def close_read(self) -> None:
        self.ends[1].close()

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()


def _serve(line: str, given, says, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for end, number in ((given, 0), (says, 1)):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    # it runs: this process comes from it
    forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
    resource_tracker._resource_tracker._fd = None  # its own: what it says of a test stays with that test
    try:
        exec(line, {"__name__": "__main__"})
    finally:
        atexit._run_exitfuncs()
