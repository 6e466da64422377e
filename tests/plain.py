"""Plain kernels, forked from a process that has imported what ipykernel does at its start, and nothing of the kit.

Each is ipykernel's own launcher, on ZeroMQ sockets of its own: a tenth of a second of processor instead of six.
"""

import gc
import json
import os
import random
import runpy
import socket
import subprocess
import sys
import time
from functools import cache
from importlib import import_module


class Plain:
    """The process that they are forked from; it ends with this one."""

    def __init__(self, *modules: str) -> None:
        self.end, theirs = socket.socketpair()
        with theirs:
            fd = theirs.fileno()
            command = [sys.executable, __file__, str(fd), *modules]
            self.process = subprocess.Popen(command, pass_fds=[fd], stdin=subprocess.DEVNULL, start_new_session=True)

    def launch(self, cmd: list[str], env: dict[str, str], cwd: str | None = None):
        """What starts a kernel, in the place of Jupyter's."""
        from copkit.batch.forked.forks import Forked

        self.end.sendall(json.dumps([cmd[cmd.index("-f") :], env, cwd or os.getcwd()]).encode() + b"\n")
        pid, fds, _, _ = socket.recv_fds(self.end, 64, 1)
        return Forked(int(pid), fds[0])


@cache
def plain() -> Plain:
    """The one of the process of the tests."""
    from copkit.batch.forked.server import KERNEL

    return Plain(*KERNEL)


def become(end: socket.socket) -> list[str]:
    """Fork for each request; in the fork, what its command line says."""
    parent, asked = str(os.getpid()), end.makefile()
    while request := asked.readline():
        if os.fork() == 0:
            words, env, cwd = json.loads(request)
            os.setsid()
            os.environ.clear()
            os.environ.update(env, JPY_PARENT_PID=parent)
            time.tzset()
            os.chdir(cwd)
            random.seed()
            pid = os.getpid()
            socket.send_fds(end, [str(pid).encode()], [(own := os.pidfd_open(pid))])
            os.close(own)
            asked.close()
            end.close()
            return words
        while _reaped():
            pass
    os._exit(0)


def _reaped() -> int:
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


if __name__ == "__main__":
    del sys.path[0]  # this folder
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read at import
    for name in sys.argv[2:]:
        import_module(name)
    gc.freeze()
    words = become(socket.socket(fileno=int(sys.argv[1])))
    sys.path.insert(0, os.getcwd())  # as « -m » does
    sys.argv = ["", *words]
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
