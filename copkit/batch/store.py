"""Where outputs go: a folder of this machine, or a folder that several machines share (an fsspec address).

A file is there whole or not at all: it is written under another name first. Not by ``files``, that leaves a draft
beside a file when it is killed: the drafts of a batch are in a folder that goes with it, or with the next one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from copkit import files, french
from copkit.errors import RunError, option

_WORK, _LOCK = ".travail", ".verrou"
_LONGEST = 200  # characters of what a lock says of its holder


def open_store(address: str | Path) -> Folder | Shared:
    """The store at an address: « dossier/ », or « s3://seau/dossier », « file:///partage »…"""
    if "://" in str(address):
        return Shared(str(address))
    if reason := files.barred(Path(address), folder=True):
        raise RunError(files.unwritable(address, reason, _other()))
    return Folder(Path(address))


def _other() -> str:
    return f"un autre dossier avec {option('out', ...)}"


class Folder:
    """A folder of this machine."""

    OWN = (_WORK, _LOCK)  # there while a batch is at work

    def __init__(self, root: Path) -> None:
        self.root, self.address = root.absolute(), str(root.absolute())
        self._held: IO[bytes] | None = None

    def prepare(self) -> None:
        """Make the folder, keep other batches out of it, and remove what an interrupted one left.

        Raises RunError when another batch writes here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._held, holder = _lock(self.root / _LOCK)
        if holder:
            raise RunError(
                f"Une autre exécution écrit déjà dans « {self.root.name} » : {holder}.\n"
                f"Attendre sa fin, ou choisir un autre dossier avec {option('out', ...)}."
            )
        try:
            shutil.rmtree(self.root / _WORK, ignore_errors=True)
            (self.root / _WORK).mkdir(exist_ok=True)
            for left in self.root.glob(".*.tmp"):
                left.unlink(missing_ok=True)
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let other batches in."""
        shutil.rmtree(self.root / _WORK, ignore_errors=True)
        if self._held:
            with suppress(OSError):  # the disk may have become read-only
                (self.root / _LOCK).unlink(missing_ok=True)
            self._held.close()
            self._held = None

    def unfinished(self) -> bool:
        """Whether a batch was stopped here before it could put everything in order, or is still at work."""
        return (self.root / _WORK).exists()

    def workspace(self) -> Path:
        """A new empty folder to work in, on the same disk."""
        work = self.root / _WORK
        work.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=work))

    def put(self, name: str, made: Path) -> None:
        """Publish a finished file of the workspace, in place of an earlier one."""
        target = self.root / name
        target.parent.mkdir(exist_ok=True)
        if target.parent.is_symlink() and target.parent != self.root:
            raise OSError(errno.EINVAL, "un lien est à la place d'un dossier", target.parent.name)
        os.replace(made, target)

    def write(self, name: str, data: bytes) -> None:
        """Publish a small file."""
        work = self.root / _WORK
        self.root.mkdir(parents=True, exist_ok=True)
        draft = (work if work.is_dir() else self.root) / f".{uuid.uuid4().hex}.tmp"
        try:
            draft.write_bytes(data)
            self.put(name, draft)
        finally:
            draft.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when it is not there."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def find(self, pattern: str) -> list[str]:
        """The names of files in the folders of the store, by pattern."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern))


class Shared:
    """A folder that every machine of a cluster reaches, through fsspec."""

    def __init__(self, address: str) -> None:
        try:
            import fsspec
        except ImportError:
            raise RunError(
                f"« {address} » demande un complément. L'installer : pip install 'copkit[cluster]'."
            ) from None
        self.address = address
        try:
            self.files, self.root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise RunError(f"Adresse de sorties illisible : « {address} » ({error}).") from None

    def prepare(self) -> None:
        """Make the folder."""
        self.files.makedirs(self.root, exist_ok=True)

    def release(self) -> None:
        """Nothing is held."""

    def workspace(self) -> Path:
        """A new empty folder of this machine."""
        return Path(tempfile.mkdtemp(prefix="copkit-"))

    def put(self, name: str, made: Path) -> None:
        """Publish a finished file, in place of an earlier one."""
        self.write(name, made.read_bytes())

    def write(self, name: str, data: bytes) -> None:
        """Publish a file."""
        target, draft = f"{self.root}/{name}", f"{self.root}/.{uuid.uuid4().hex}.tmp"
        self.files.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            self.files.pipe_file(draft, data)
            self.files.mv(draft, target)
        except BaseException:
            with suppress(Exception):  # it may not be there
                self.files.rm_file(draft)
            raise

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when it is not there."""
        try:
            return self.files.cat_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return None

    def find(self, pattern: str) -> list[str]:
        """The names of files in the folders of the store, by pattern."""
        return sorted(path.removeprefix(f"{self.root}/") for path in self.files.glob(f"{self.root}/{pattern}"))


@contextmanager
def writing(place: str, *lines: str) -> Iterator[None]:
    """While an output folder is written; raises RunError when it cannot be; ``lines``: what it says more."""
    try:
        yield
    except OSError as wrong:
        said = files.unwritable(place, wrong, _other())
        raise RunError("\n".join([said, *lines])) from None


def _lock(path: Path) -> tuple[IO[bytes] | None, str]:
    """The lock of a folder, held until it is closed, and nothing; or nothing, and who holds it.

    Nothing at all where nothing can be locked (Windows, some network drives): nothing keeps two batches apart there.
    """
    try:
        import fcntl
    except ImportError:
        return None, ""
    while True:
        held = open(path, "a+b", buffering=0)  # noqa: SIM115  closed by who has it
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists() or not os.path.samestat(os.fstat(held.fileno()), path.stat()):
                held.close()  # its holder has just removed it: this one keeps nobody out
                continue
        except BlockingIOError:
            held.seek(0)
            said = held.read(_LONGEST).decode("utf-8", "replace")
            held.close()
            return None, said or "elle commence"
        except OSError:
            held.close()
            return None, ""
        since = f"{french.short_date(now := datetime.now())} à {now:%H:%M:%S}"
        with suppress(OSError):  # the disk may be full: the lock holds all the same
            held.truncate(0)
            held.write(f"processus {os.getpid()} de « {socket.gethostname()} », depuis le {since}".encode())
        return held, ""


def digest(data: bytes) -> str:
    """The sha256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


Store = Folder | Shared
