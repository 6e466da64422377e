"""Where outputs go: a folder of this machine, or a folder that several machines share (an fsspec address).

A file is there whole or not at all: it is written under another name first. Not by ``files``, that leaves a draft
beside a file when it is killed: the drafts of a batch are in a folder that goes with it, or with the next one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from copkit.errors import RunError, option

_WORK, _LOCK = ".travail", ".verrou"


def open_store(address: str | Path) -> Folder | Shared:
    """The store at an address: « dossier/ », or « s3://seau/dossier », « file:///partage »…"""
    return Shared(str(address)) if "://" in str(address) else Folder(Path(address))


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.address = root.resolve(), str(root.resolve())
        self._held = None

    def prepare(self) -> None:
        """Make the folder, keep other batches out of it, and remove what an interrupted one left.

        Raises RunError when another batch writes here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            import fcntl
        except ImportError:  # Windows: nothing keeps two batches apart
            pass
        else:
            self._held = open(self.root / _LOCK, "w")  # noqa: SIM115  held until release()
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._held.close()
                raise RunError(
                    f"Une autre exécution écrit déjà dans « {self.root.name} ».\n"
                    f"Attendre sa fin, ou choisir un autre dossier avec {option('out', ...)}."
                ) from None
        shutil.rmtree(self.root / _WORK, ignore_errors=True)
        (self.root / _WORK).mkdir(exist_ok=True)
        for left in self.root.glob(".*.tmp"):
            left.unlink(missing_ok=True)

    def release(self) -> None:
        """Let other batches in."""
        shutil.rmtree(self.root / _WORK, ignore_errors=True)
        if self._held:
            (self.root / _LOCK).unlink(missing_ok=True)
            self._held.close()
            self._held = None

    def workspace(self) -> Path:
        """A new empty folder to work in, on the same disk."""
        work = self.root / _WORK
        work.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=work))

    def put(self, name: str, made: Path) -> None:
        """Publish a finished file of the workspace, in place of an earlier one."""
        target = self.root / name
        target.parent.mkdir(exist_ok=True)
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


def digest(data: bytes) -> str:
    """The sha256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


Store = Folder | Shared
