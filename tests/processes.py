"""Processes seen from outside: each may end at any moment, between two looks at it as well."""

import os
import time
from pathlib import Path

import psutil


def wait_until(true, limit: float = 100):
    """What it gives, as soon as it is true; the limit [s] only bounds a hang."""
    end = time.monotonic() + limit
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be read does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command(process: psutil.Process) -> str:
    """Its command line; nothing, once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # or a zombie
        return ""


def below(process: psutil.Process, recursive: bool = True) -> set[psutil.Process]:
    """What it started, and what that started; nothing, once it has ended."""
    try:
        return set(process.children(recursive=recursive))
    except psutil.NoSuchProcess:
        return set()


def running(pattern: str) -> list[int]:
    """Processes, ours not, whose command line or environment holds this text."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            said = (path / "cmdline").read_bytes() + b" " + (path / "environ").read_bytes()
        except OSError:
            continue
        if pattern.encode() in said and int(path.name) != os.getpid() and alive(int(path.name)):
            found.append(int(path.name))
    return found
