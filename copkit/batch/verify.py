"""What was changed in an output folder since it was made: each file against the hash that its manifest holds.

It holds for a folder that was moved or sent. Who changes a file can change the manifest as well: the hash of the
manifest, kept elsewhere, proves the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from copkit.batch import manifest
from copkit.batch.store import Folder, digest
from copkit.errors import RunError

SAME, CHANGED, REMOVED, ADDED = "conforme", "modifié", "retiré", "ajouté"
STATES = (CHANGED, REMOVED, ADDED, SAME)
_UNTOLD = (manifest.MANIFEST, "manifest.illisible.json")  # nothing holds their hash


@dataclass(frozen=True)
class Checked:
    """What became of the files of a folder.

    ``files``: file, state, territory, document, made [AAAA-MM-JJThh:mm:ss] of each, the changed ones first.
    ``unfinished``: the last batch was stopped, or is at work. ``mark``: the hash of the manifest.
    """

    files: pd.DataFrame
    unfinished: bool
    mark: str

    @property
    def whole(self) -> bool:
        """Whether all is as it was made."""
        return not self.unfinished and (self.files.state == SAME).all()


def verify(folder: str | Path) -> Checked:
    """Compare the files of a folder with its manifest.

    Raises
    ------
    RunError
        No such folder, no manifest, a manifest that is damaged or of an earlier version.
    """
    store = Folder(Path(folder))
    if not store.root.is_dir():
        raise RunError(f"{folder} : dossier introuvable. Donner le dossier des sorties d'un lot.")
    data = store.read(manifest.MANIFEST)
    if data is None:
        raise RunError(f"{folder} : aucun {manifest.MANIFEST}. Donner le dossier des sorties d'un lot.")
    said = manifest.load(data)
    if "files" not in said:
        raise RunError(
            f"{folder}/{manifest.MANIFEST} : manifeste endommagé, ou écrit par une version antérieure de copkit. "
            "Refaire les documents : copkit run."
        )
    runs, records = {manifest.key(run): run for run in said["runs"]}, manifest.records(store)
    unfinished = store.unfinished()
    if unfinished:  # the manifest is written last
        runs |= records
    told = {name: (mark, "", "", said.get("updated", "")) for name, mark in said["files"].items()}
    for (territory, notebook), run in runs.items():
        about = territory, run.get("title") or notebook, run.get("finished", "")
        told |= {name: (run["hash"].get(kind), *about) for kind, name in run["files"].items()}
        kept = run if records.get((territory, notebook)) == run else None
        name = f"{territory}/.{notebook}.json"
        told[name] = (digest(store.read(name) or b"") if kept else None, *about)
    rows = []
    for name in sorted({*told, *_present(store.root)}):
        mark, *about = told.get(name, ("", "", "", ""))
        found = store.read(name) if (store.root / name).is_file() else None
        state = ADDED if name not in told else REMOVED if found is None else SAME
        rows.append((name, CHANGED if state == SAME and digest(found) != mark else state, *about))
    files = pd.DataFrame(rows, columns=["file", "state", "territory", "document", "made"])
    order = files.state.map(STATES.index).sort_values(kind="stable").index
    return Checked(files.loc[order].reset_index(drop=True), unfinished, digest(data))


def _present(root: Path) -> set[str]:
    """The files of a folder, but for those of a batch at work."""
    names = (path.relative_to(root) for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {name.as_posix() for name in names if name.parts[0] not in Folder.OWN} - {*_UNTOLD}
