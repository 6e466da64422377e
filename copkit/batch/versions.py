"""What a document was made from: code, data and parameters, each as a hash. Two machines that agree make the same."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import copkit
from copkit import paths

if TYPE_CHECKING:
    from copkit.batch.plan import Task

_PACKAGE = Path(copkit.__file__).resolve().parent


def versions() -> dict[str, str]:
    """Version of copkit and of the panorama, then the hash of the code and of the data with their parameters.

    Keys: ``copkit``, ``donnees``, ``code``, ``contenu``.
    """
    return dict(_versions(str(paths.home()), stamp()))


@lru_cache(maxsize=4)
def _versions(_home: str, _stamp: str) -> tuple[tuple[str, str], ...]:
    return (
        ("copkit", copkit.__version__),
        ("donnees", copkit.DATA_VERSION),
        ("code", _digest(_code())),
        ("contenu", _digest(_content())),
    )


def fingerprint(task: Task, known: dict[str, str]) -> str:
    """The hash of all that a document depends on: notebook, parameters and the files that they name, ``versions()``."""
    asked = {k: v for k, v in asdict(task).items() if k not in ("fingerprint", "limits", "version")}
    read = {k: _content_of(v) for k, v in task.parameters.items() if isinstance(v, str) and k != "classeur"}
    said = json.dumps([asked, read, known], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


def _content_of(text: str) -> str:
    """The hash of the file that a parameter names, if it names one."""
    try:
        path = Path(text)
        return _hash(path, path.stat().st_mtime_ns) if text and path.is_file() else ""
    except (OSError, ValueError):  # too long, or not a path at all
        return ""


@lru_cache(maxsize=64)
def _hash(path: Path, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp() -> str:
    """A quick mark that changes when a file of the code or of the data does: sizes and dates, nothing is read."""
    marks = ((str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in (*_code(), *_content()))
    return hashlib.sha256(repr(list(marks)).encode()).hexdigest()


def _code() -> Iterator[Path]:
    yield from sorted(p for p in _PACKAGE.rglob("*") if p.suffix in (".py", ".j2", ".css", ".js") and p.is_file())


def _content() -> Iterator[Path]:
    for folder in (paths.parameters(), paths.clean_data()):
        yield from (Path(root, name) for root, _, names in sorted(os.walk(folder)) for name in sorted(names))


def _digest(files: Iterator[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]
