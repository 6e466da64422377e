"""Files: text read; what was made from them, kept while they hold the same; written whole or not at all.

One rule for all that is kept: what the files hold decides. What a function marked ``kept`` made is made again when any
file of the kit changed, or a file that is one of its arguments; what a person gives in place of a figure of the kit
(``beside``) decides too, and what was made without it stays kept. The files of the kit are looked at again (their dates
and sizes) every twentieth of a second at most: a hundred files take a third of a millisecond.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache, wraps
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from copkit import french, paths
from copkit.errors import CopkitError, given

_DRAFT = "brouillon"
_EVERY = 0.05  # s between two looks at the files of the kit
LARGEST = 512 << 20  # bytes of a file that is read
_LONGEST = 50  # characters of the name of a file that its draft takes: a longer name would not fit
_LONGEST_NAME = 255  # bytes, on the disks of today
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")  # and letters in another order
_WINDOWS = re.compile(r'[<>:"|?*\\]|^(con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|$)', re.IGNORECASE)
_NO_HOUR = b"\0\0\x21\0"  # the first one that a zip can hold: 1980
_WHY = {
    errno.EACCES: "accès refusé",
    errno.EDQUOT: "quota de disque atteint",
    errno.EEXIST: "un fichier porte déjà ce nom",
    errno.EFBIG: "fichier trop grand",
    errno.EIO: "erreur du disque",
    errno.EISDIR: "c'est un dossier",
    errno.ENAMETOOLONG: "nom trop long",
    errno.ENOENT: "absent",
    errno.ENOSPC: "disque plein",
    errno.ENOTDIR: "un fichier est à la place d'un dossier",
    errno.EPERM: "accès refusé",
    errno.EROFS: "disque en lecture seule",
}


P = ParamSpec("P")
R = TypeVar("R")


class _Look(NamedTuple):
    """What was seen of the files of a kit, when, and the number of that state."""

    at: float
    marks: tuple
    number: int


beside: ContextVar = ContextVar("beside", default=None)  # given in place of a figure of the kit; it can be hashed
_looks: dict[tuple, _Look] = {}  # by what the environment names: a path takes ten times longer to look up
_numbers = count()
_frozen: int | None = None


def kept(maxsize: int = 4) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: keep what was made, for as long as the files that it comes from hold the same.

    ``maxsize``: most results that are kept. A file that is none of the kit's, or a folder of such, is given as a
    ``Path``.
    """

    def decorate(make: Callable[P, R]) -> Callable[P, R]:
        @lru_cache(maxsize)
        def made(_state: tuple, _files: tuple, *args: P.args, **kwargs: P.kwargs) -> R:
            return make(*args, **kwargs)

        @wraps(make)
        def found(*args: P.args, **kwargs: P.kwargs) -> R:
            files = [one for one in (*args, *kwargs.values()) if isinstance(one, Path)]
            return made((_kit(), beside.get()), tuple(map(_seen, files)) if files else (), *args, **kwargs)

        found.cache_info = made.cache_info  # type: ignore[attr-defined]
        return found

    return decorate


def freeze() -> None:
    """Look no more at the files of the kit until ``reload``: a process made for one document soon ends."""
    global _frozen
    _frozen = _kit()


def reload() -> None:
    """Oublie tout ce qui a été lu : les fichiers du kit sont relus à la prochaine demande.

    Utile quand un programme modifie un fichier puis s'en sert aussitôt ; un fichier modifié à la main est vu sans cela.
    """
    global _frozen
    _frozen = None
    _looks.clear()


def _kit() -> int:
    """The number of the state of the kit's files: another one when a file changed, and for another kit."""
    if _frozen is not None:
        return _frozen
    asked, now = paths.asked(), time.monotonic()
    seen = _looks.get(asked)
    if seen is None or now - seen.at >= _EVERY:
        home, own = paths.home(), paths.own()
        folders = dict.fromkeys((home / "parameters", home / "data" / "clean", own / "data" / "clean"))
        marks = tuple(mark for folder in folders for mark in _marks(folder))
        number = seen.number if seen and seen.marks == marks else next(_numbers)
        seen = _looks[asked] = _Look(now, marks, number)
    return seen.number


def _marks(folder: str | Path) -> Iterator[tuple]:
    """A mark of each file of a folder that changes when the file does."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _marks(entry.path)
            else:
                yield entry.path, *_mark(entry)


def _seen(file: Path) -> tuple:
    """The mark of a file, or of all that a folder holds."""
    return tuple(sorted(_marks(file))) if os.path.isdir(file) else _mark(file)


def _mark(file: Path | os.DirEntry) -> tuple[int, ...]:
    """When a file was written and its size; nothing when it is not there."""
    try:
        seen = file.stat()
    except (OSError, ValueError):
        return ()
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size


def write_whole(path: str | Path, content: str | bytes, **options) -> None:
    """Write one file; the options are those of ``drafts``."""
    with draft(path, **options) as made:
        made.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def steadied(data: bytes) -> bytes:
    """A zip without the hours at which its parts were written: the same content gives the same bytes."""
    from zipfile import ZipFile  # a batch starts its parent first

    made = bytearray(data)
    with ZipFile(BytesIO(data)) as archive:
        entry = archive.start_dir
        for part in archive.infolist():  # in the header of the part, then in the directory at the end
            for place in (part.header_offset + 10, entry + 12):
                made[place : place + len(_NO_HOUR)] = _NO_HOUR
            entry += 46 + sum(struct.unpack_from("<3H", data, entry + 28))
    return bytes(made)


def path_of(path: str | os.PathLike[str], error: type[CopkitError] = CopkitError) -> Path:
    """A path as it was given; ``error``: what is raised when it is no path."""
    if not isinstance(path, str | os.PathLike):
        raise error(f"Chemin de fichier attendu, et non {given(path)}. Écrire par exemple « dossiers.xlsx ».")
    return Path(path)


def sought(
    file: str | os.PathLike[str], error: type[CopkitError] = CopkitError, *, folder: bool = False
) -> Path | None:
    """A file, or a folder, that a person names: from the current folder, from where the command started, or the kit.

    None when it is nowhere.
    """
    asked = path_of(file, error).expanduser()
    places = (one / asked for one in (Path(), Path(os.environ.get("PWD", "")), paths.home()))
    return next((one for one in places if os.path.isfile(one) or (folder and os.path.isdir(one))), None)


def not_read(path: str | Path) -> str:
    """Why what has a name is not read, with what to do; nothing for a file that is neither too large nor a pipe."""
    try:
        seen = os.stat(path)
    except OSError as wrong:
        return f"fichier illisible ({why(wrong)}). Vérifier son nom et son dossier."
    except ValueError:
        return "ce nom ne peut pas être celui d'un fichier. Le corriger."
    if stat.S_ISDIR(seen.st_mode):
        return "c'est un dossier. Donner un fichier."
    if not stat.S_ISREG(seen.st_mode):
        return "ce n'est pas un fichier (tube ou périphérique). Donner un fichier."
    if seen.st_size > LARGEST:
        return f"{french.number(seen.st_size / 1e6, 0)} Mo, {french.number(LARGEST / 1e6, 0)} au plus. Le partager."
    return ""


def read_bytes(path: str | Path, error: type[CopkitError] = CopkitError) -> bytes:
    """What a file that a person names holds; ``error``: what is raised when it cannot be read."""
    with reading(path, error):
        return Path(path).read_bytes()


def why(wrong: OSError) -> str:
    """Why a file cannot be read or written, in French where it is usual.

    >>> why(OSError(errno.ENOSPC, "No space left on device")), why(OSError("coupé"))
    ('disque plein', 'coupé')
    """
    return _WHY.get(wrong.errno or 0) or wrong.strerror or str(wrong)


def unwritable(place: str | Path, wrong: OSError | str, other: str = "un autre fichier") -> str:
    """What is said of a file or a folder that cannot be written; ``other``: what to choose in its place."""
    return f"{place} : écriture impossible ({wrong if isinstance(wrong, str) else why(wrong)}). Choisir {other}."


def barred(path: Path, *, folder: bool = False) -> str:
    """Why nothing can be written under a name, here or where it may be sent; nothing when something can.

    ``folder``: the name is that of a folder. Of the folders around it, only those that are yet to be made are judged.

    >>> barred(Path("bilan.csv")), barred(Path("NUL.csv"))
    ('', 'Windows réserve le nom « NUL »')
    """
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return _unmade(path)
    if stat.S_ISDIR(seen.st_mode) != folder:
        return "un fichier porte déjà ce nom" if folder else "c'est un dossier"
    return "" if folder or stat.S_ISREG(seen.st_mode) else "c'est un tube ou un périphérique"


def _unmade(path: Path) -> str:
    """Why what is not there cannot be made: its name, that of a folder to be made, what stands in place of one."""
    for one in (path, *path.parents):
        if os.path.exists(one):
            return "" if one.is_dir() else _WHY[errno.ENOTDIR]
        if reason := misnamed(one.name):
            return reason
    return ""


def misnamed(name: str) -> str:
    """Why a file that is yet to be made cannot have a name, here or where it may be sent; nothing when it can."""
    if _CONTROL.search(name):
        return "le nom contient un caractère de commande"
    if found := _WINDOWS.search(name):
        return (
            f"Windows réserve le nom « {found[1]} »" if found[1] else f"Windows n'admet pas « {found[0]} » dans un nom"
        )
    if name.endswith((".", " ")) and name != "..":
        return "le nom finit par un point ou une espace"
    return "nom trop long" if len(os.fsencode(name)) > _LONGEST_NAME else ""


@contextmanager
def reading(path: str | Path, error: type[CopkitError] = CopkitError) -> Iterator[None]:
    """While a file that a person names is read; ``error``: what is raised when it cannot be, or would be waited for."""
    if refused := not_read(path):
        raise error(f"{path} : {refused}")
    try:
        yield
    except OSError as wrong:
        raise error(f"{path} : fichier illisible ({why(wrong)}). Vérifier son nom et son dossier.") from None


def read_text(path: str | Path, error: type[CopkitError] = CopkitError) -> str:
    """The text of a file that a person names; ``error``: what is raised when it cannot be read."""
    try:
        return read_bytes(path, error).decode("utf-8-sig")
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
    pairs = [(_draft_of(path), path) for path in (path_of(one, error) for one in paths)]
    try:
        for made, path in pairs:
            if reason := barred(path):
                raise OSError(errno.EINVAL, reason)
            if new_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            _clear_after_the_killed(path)
            made.touch()  # a folder that cannot be written says so before anything is computed
        yield [made for made, _ in pairs]
        for made, path in pairs:
            os.replace(made, path)
    except OSError as wrong:
        place = pairs[0][1] if len(pairs) == 1 else pairs[0][1].parent
        other = "un autre fichier" if len(pairs) == 1 else "un autre dossier"
        raise error(unwritable(place, wrong, other)) from None
    finally:
        for made, _ in pairs:
            with suppress(OSError, ValueError):  # never in place of what went wrong
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
