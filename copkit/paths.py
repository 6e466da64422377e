"""Where the files of the kit are, found from the package and never from the working folder.

``COPKIT_HOME`` names another folder that holds ``parameters/``, ``data/clean/`` and ``notebooks/``:
a copy that an analyst edits, or a damaged one in the tests.
What ``copkit update`` writes goes to the kit itself, and to a folder of the user when the kit is an installed package,
which may be read-only: ``COPKIT_DATA`` names another one. A table that is there takes the place of the one delivered.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_HOME, _DATA = "COPKIT_HOME", "COPKIT_DATA"


def asked() -> tuple[str | None, str | None]:
    """What the environment names: the folders are others when this is another."""
    return os.environ.get(_HOME), os.environ.get(_DATA)


def home() -> Path:
    """The folder that holds ``parameters/``, ``data/`` and ``notebooks/``."""
    return _home(os.environ.get(_HOME))


@lru_cache(maxsize=4)
def _home(chosen: str | None) -> Path:
    if chosen:
        return Path(chosen).resolve()
    checkout = _PACKAGE.parent
    return checkout if (checkout / "parameters").is_dir() else _PACKAGE / "_files"


def own() -> Path:
    """The folder whose ``data/`` receives new versions: the kit's, or the user's own when the kit is installed."""
    return _own(*asked())


@lru_cache(maxsize=4)
def _own(kit: str | None, chosen: str | None) -> Path:
    if chosen:
        return Path(chosen).resolve()
    if (home := _home(kit)) != _PACKAGE / "_files":
        return home
    from platformdirs import user_data_path

    return user_data_path("copkit", appauthor=False)


@lru_cache(maxsize=256)
def _joined(*parts: str | Path) -> Path:
    return Path(*parts)


def parameters(*parts: str) -> Path:
    """A path under ``parameters/``."""
    return _joined(home(), "parameters", *parts)


def clean_data(*parts: str) -> Path:
    """A path under ``data/clean/``: that of the user's own version where there is one."""
    delivered = _joined(home(), "data", "clean", *parts)
    if parts and own() != home() and (written := _joined(own(), "data", "clean", *parts)).is_file():
        return written
    return delivered


def written_data(*parts: str) -> Path:
    """A path under the ``data/`` that receives new versions."""
    return _joined(own(), "data", *parts)


def notebooks(*parts: str) -> Path:
    """A path under ``notebooks/``."""
    return home().joinpath("notebooks", *parts)


def shown(path: Path) -> str:
    """The path as messages write it: from the folder of the kit when it is inside."""
    try:
        return Path(os.path.realpath(path)).relative_to(home()).as_posix()
    except ValueError:
        return path.as_posix()
