"""One cell on the wire before any notebook: whether ipykernel is still what ``child.py`` takes it for.

It runs in a process of its own while the warm parent reads the rest, and costs no time of the batch.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import time
import traceback
from importlib.metadata import version

from copkit.batch.forked.kinship import die_with
from copkit.batch.forked.wire import Wire

_CHILD = "copkit.batch.forked.child"
_CELL = "print('écrit')\n6 * 7"
_ANSWER = 20  # [s] from the end of the warm-up: it only bounds a hang


class Canary:
    """The cell, sent to a fork that has made the kernel as notebooks will find it."""

    def __init__(self) -> None:
        from jupyter_client.session import Session

        with contextlib.suppress(Exception):  # the fork says what is wrong
            importlib.import_module(_CHILD)
        ours, theirs = socket.socketpair()
        parent, self.pid = os.getpid(), os.fork()
        if self.pid == 0:
            ours.close()
            _sing(theirs, parent)
        theirs.close()
        self.wire, self.session = Wire(ours), Session(key=b"")
        ask = {"code": _CELL, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        with contextlib.suppress(OSError):  # dead already: the verdict says so
            self.wire.send("shell", self.session.serialize(self.session.msg("execute_request", ask)))

    def verdict(self) -> str:
        """What went wrong, in a few words; nothing when the cell gave what it had to."""
        try:
            said = self._listen()
            wrong = "" if said == {"écrit\n", "42"} else f"une cellule d'essai a donné {sorted(said)}"
        except (EOFError, OSError) as error:
            wrong = f"une cellule d'essai n'a rien donné : {error or type(error).__name__}"
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.wire.close()
        return wrong and f"{wrong}, avec ipykernel {version('ipykernel')}"

    def _listen(self) -> set[str]:
        """What the cell writes and gives. Raises EOFError with the reason when its process dies."""
        said, failure, end = set(), "", time.monotonic() + _ANSWER
        while len(said) < 2:
            self.wire.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                messages = self.wire.receive()
            except EOFError:
                raise EOFError(failure) from None
            for channel, parts in messages:
                if channel == "failure":
                    failure = parts[0].decode().strip().splitlines()[-1]
                    continue
                content = self.session.deserialize(self.session.feed_identities(parts)[1])["content"]
                said |= {content["text"]} if "text" in content else set()
                said |= {content["data"]["text/plain"]} if "data" in content else set()
                if content.get("status") == "error":
                    raise EOFError(f"{content['ename']} : {content['evalue']}")
        return said


def _sing(end: socket.socket, parent: int) -> None:
    """The fork: the kernel, on the wire; never returns."""
    try:
        die_with(parent)
        child = importlib.import_module(_CHILD)
        child.prepare()
        child.run({"argv": child.PREPARED}, [os.dup(end.fileno())], parent)
    except BaseException:
        with contextlib.suppress(OSError):
            Wire(end).send("failure", [traceback.format_exc().encode()])
    finally:
        os._exit(0)
