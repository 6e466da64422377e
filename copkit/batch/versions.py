"""What a document was made from: code, data and parameters, each as a hash. Two machines that agree make the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import copkit
from copkit import paths

_PACKAGE = Path(copkit.__file__).resolve().parent


def versions() -> dict[str, str]:
    """Version of copkit and of the panorama, then the hash of the code and of the data with their parameters.

    Keys: ``copkit``, ``donnees``, ``code``, ``contenu``.
    """
    return dict(_versions(f"{paths.home()} {paths.own()}", stamp()))


@lru_cache(maxsize=4)
def _versions(_home: str, _stamp: str) -> tuple[tuple[str, str], ...]:
    return (
        ("copkit", copkit.__version__),
        ("donnees", copkit.DATA_VERSION),
        ("code", _digest(_code())),
        ("contenu", _digest(_content())),
    )


def stamp() -> str:
    """A quick mark that changes when a file of the code or of the data does: sizes and dates, nothing is read."""
    marks = ((path, (stat := os.stat(path)).st_mtime_ns, stat.st_size) for path in (*_code(), *_content()))
    return hashlib.sha256(repr(list(marks)).encode()).hexdigest()


def _code() -> Iterator[str]:
    yield from (one for one in _files(_PACKAGE) if one.endswith((".py", ".j2", ".css", ".js")))


def _content() -> Iterator[str]:
    yield from _files(paths.parameters(), paths.clean_data())
    if paths.own() != paths.home():
        yield from sorted(str(path) for path in paths.written_data("clean").glob("*") if path.is_file())


def _files(*folders: Path) -> Iterator[str]:
    """What folders hold, in order; as texts: a path of each would take as long as to look at it."""
    for folder in folders:
        yield from (os.path.join(root, name) for root, _, names in sorted(os.walk(folder)) for name in sorted(names))


def _digest(files: Iterator[str]) -> str:
    total = hashlib.sha256()
    for file in files:
        path = Path(file)
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]
