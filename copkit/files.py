"""Text files, read; files written whole or not at all: drafts in the same folder, then in the place of earlier ones."""

from __future__ import annotations

import errno
import glob
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from copkit.errors import CopkitError

_DRAFT = "brouillon"
_LONGEST = 50  # characters of the name of a file that its draft takes: a longer name would not fit


def write_whole(path: str | Path, content: str | bytes, **options) -> None:
    """Write one file; the options are those of ``drafts``."""
    with draft(path, **options) as made:
        made.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def read_text(path: str | Path, error: type[CopkitError] = CopkitError) -> str:
    """The text of a file that a person names; ``error``: what is raised when it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as wrong:
        raise error(f"{path} : fichier illisible ({wrong.strerror}). Vérifier son nom et son dossier.") from None
    except UnicodeDecodeError:
        raise error(f"{path} : le fichier n'est pas en UTF-8. L'enregistrer en UTF-8.") from None


@contextmanager
def draft(path: str | Path, **options) -> Iterator[Path]:
    """The draft of one file; the options are those of ``drafts``."""
    with drafts(path, **options) as [made]:
        yield made


@contextmanager
def drafts(*paths: str | Path, error: type[CopkitError] = CopkitError, new_folder: bool = True) -> Iterator[list[Path]]:
    """Paths to write to, with the same suffixes; the files get their names together, when the block ends well.

    ``error``: what is raised when something cannot be written.
    ``new_folder``: make the folder of a file when it is not there.
    """
    pairs = [(_draft_of(path), path) for path in map(Path, paths)]
    try:
        for made, path in pairs:
            if new_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            _clear_after_the_killed(path)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            made.touch()  # a folder that cannot be written says so before anything is computed
        yield [made for made, _ in pairs]
        for made, path in pairs:
            os.replace(made, path)
    except OSError as wrong:
        place = pairs[0][1] if len(pairs) == 1 else pairs[0][1].parent
        other = "un autre fichier" if len(pairs) == 1 else "un autre dossier"
        raise error(f"{place} : écriture impossible ({wrong.strerror or wrong}). Choisir {other}.") from None
    finally:
        for made, _ in pairs:
            with suppress(OSError):  # never in place of what went wrong
                made.unlink()


def _draft_of(path: Path) -> Path:
    """Its own for each thread of each process: several may write the same file, and the last one has it."""
    mark = f"{os.getpid()}-{threading.get_native_id()}"
    return path.with_name(f".{path.stem[:_LONGEST]}.{mark}.{_DRAFT}{path.suffix}")


def _clear_after_the_killed(path: Path) -> None:
    """Remove the drafts of this file that processes left when they were killed."""
    for left in path.parent.glob(glob.escape(f".{path.stem[:_LONGEST]}.") + f"*-*.{_DRAFT}" + glob.escape(path.suffix)):
        import psutil

        number = left.name.removesuffix(f".{_DRAFT}{path.suffix}").rpartition(".")[2].partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            left.unlink(missing_ok=True)
