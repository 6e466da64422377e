"""What was changed in an output folder since it was made: each file against the hash that its manifest holds.

It holds for a folder that was moved or sent. Who changes a file can change the manifest as well: the hash of the
manifest, kept elsewhere, proves the rest.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit import files
from copkit.batch import manifest
from copkit.batch.store import Folder, digest
from copkit.errors import RunError

SAME, CHANGED, REMOVED, ADDED = "conforme", "modifié", "retiré", "ajouté"
STATES = (CHANGED, REMOVED, ADDED, SAME)
_UNTOLD = (manifest.MANIFEST, "manifest.illisible.json")  # nothing holds their hash


def verify(folder: str | Path = "outputs") -> pd.DataFrame:
    """Ce qui a été modifié, retiré ou ajouté dans un dossier de sorties depuis que le lot l'a écrit.

    Chaque fichier est comparé à son empreinte dans le manifeste ; le dossier peut avoir été déplacé ou envoyé.

    Parameters
    ----------
    folder : dossier de sorties.

    Returns
    -------
    DataFrame : file, state (« modifié », « retiré », « ajouté », « conforme », dans cet ordre), territory, document,
        made [AAAA-MM-JJThh:mm:ss]. ``attrs["whole"]`` dit si tout est conforme, ``attrs["unfinished"]`` si le dernier
        lot a été arrêté, ``attrs["mark"]`` l'empreinte du manifeste, à garder ailleurs.

    Raises
    ------
    RunError
        Si le dossier ou son manifeste est absent, endommagé ou d'une version antérieure.
    """
    folder = files.path_of(folder, RunError)
    store = Folder(folder)
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
    made = pd.DataFrame(rows, columns=["file", "state", "territory", "document", "made"])
    order = made.state.map(STATES.index).sort_values(kind="stable").index
    made, whole = made.loc[order].reset_index(drop=True), not unfinished and bool((made.state == SAME).all())
    made.attrs = {"whole": whole, "unfinished": unfinished, "mark": digest(data)}
    return made


def _present(root: Path) -> set[str]:
    """The files of a folder, but for those of a batch at work."""
    names = (path.relative_to(root) for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {name.as_posix() for name in names if name.parts[0] not in Folder.OWN} - {*_UNTOLD}
