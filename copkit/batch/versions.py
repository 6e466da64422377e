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
    marks = ((str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in (*_code(), *_content()))
    return hashlib.sha256(repr(list(marks)).encode()).hexdigest()


def _code() -> Iterator[Path]:
    yield from sorted(p for p in _PACKAGE.rglob("*") if p.suffix in (".py", ".j2", ".css", ".js") and p.is_file())


def _content() -> Iterator[Path]:
    for folder in (paths.parameters(), paths.clean_data()):
        yield from (Path(root, name) for root, _, names in sorted(os.walk(folder)) for name in sorted(names))
    if paths.own() != paths.home():
        yield from sorted(path for path in paths.written_data("clean").glob("*") if path.is_file())


def _digest(files: Iterator[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]
