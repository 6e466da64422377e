"""Where the files of the kit are, found from the package and never from the working folder.

``COPKIT_HOME`` names another folder that holds ``parameters/``, ``data/clean/`` and ``notebooks/``:
a copy that an analyst edits, or a damaged one in the tests.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """The folder that holds ``parameters/``, ``data/`` and ``notebooks/``."""
    return _home(os.environ.get("COPKIT_HOME"))


@lru_cache(maxsize=4)
def _home(chosen: str | None) -> Path:
    if chosen:
        return Path(chosen).resolve()
    checkout = _PACKAGE.parent
    return checkout if (checkout / "parameters").is_dir() else _PACKAGE / "_files"


@lru_cache(maxsize=256)
def _joined(*parts: str | Path) -> Path:
    return Path(*parts)


def parameters(*parts: str) -> Path:
    """A path under ``parameters/``."""
    return _joined(home(), "parameters", *parts)


def clean_data(*parts: str) -> Path:
    """A path under ``data/clean/``."""
    return _joined(home(), "data", "clean", *parts)


def notebooks(*parts: str) -> Path:
    """A path under ``notebooks/``."""
    return home().joinpath("notebooks", *parts)


def shown(path: Path) -> str:
    """The path as messages write it: from the folder of the kit when it is inside."""
    try:
        return path.resolve().relative_to(home()).as_posix()
    except ValueError:
        return path.as_posix()
