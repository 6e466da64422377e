"""Which processes end with which: what Linux is asked, so that none is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def children() -> list[int]:
    """The processes that have this one for parent."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []


def die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent, whatever ends it; nothing where it cannot be asked."""
    if not hasattr(os, "pidfd_open"):  # Linux alone
        return
    _ask(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt() -> None:
    """Ask to be the parent of what this process's descendants leave behind: a detached process escapes nobody."""
    _ask(_PR_SET_CHILD_SUBREAPER, 1)


def _ask(*what: int) -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(*what)
