"""Where the time of a batch goes, by step and by cell: what ``copkit run --profile`` shows."""

from __future__ import annotations

import json

import pandas as pd

from copkit.batch.manifest import Result

STEPS = ("noyau", "cellules", "classeur", "images des graphiques", "page HTML", "PDF", "DOCX", "écriture")
_LABELS = {"noyau": "processus du carnet : départ, échanges, fin", "cellules": "cellules du carnet"}
_SLOWEST = 8


def steps(results: list[Result]) -> pd.DataFrame:
    """Seconds of each step over the documents made: ``Étape``, ``Durée [s]``, ``Part [%]``, ``Par document [s]``."""
    made = [r for r in results if r.phases]
    seconds = pd.Series({step: sum(r.phases.get(step, 0.0) for r in made) for step in STEPS})
    seconds = seconds[seconds > 0]
    return pd.DataFrame(
        {
            "Étape": [_LABELS.get(step, step) for step in seconds.index],
            "Durée [s]": seconds.to_numpy(),
            "Part [%]": (100 * seconds / seconds.sum()).to_numpy(),
            "Par document [s]": (seconds / max(len(made), 1)).to_numpy(),
        }
    )


def slowest(results: list[Result], sources: dict[str, str]) -> pd.DataFrame:
    """The cells that take longest on average: ``Cellule`` (its last line) and ``Durée moyenne [s]``.

    ``sources``: the text of each notebook, by its name.
    """
    rows = []
    for stem, source in sources.items():
        cells = json.loads(source)["cells"]
        at = next((i for i, c in enumerate(cells) if "parameters" in c["metadata"].get("tags", [])), -1)
        cells.insert(at + 1, {"source": "# paramètres du territoire"})  # the cell that Papermill adds
        for i, seconds in pd.DataFrame([r.cells for r in results if r.cells and r.notebook == stem]).mean().items():
            line = "".join(cells[int(i)]["source"]).strip().splitlines()
            rows.append((f"{stem} : " * (len(sources) > 1) + (line[-1] if line else ""), seconds))
    found = pd.DataFrame(rows, columns=["Cellule", "Durée moyenne [s]"])
    return found.nlargest(_SLOWEST, "Durée moyenne [s]").reset_index(drop=True)


def tables(results: list[Result], sources: dict[str, str], wall: float, jobs: int) -> list:
    """``steps`` and ``slowest`` as tables to print. ``wall``: duration of the batch [s]."""
    from copkit.presentation.table import Table

    one = steps(results)
    busy = one["Durée [s]"].sum()
    formats = {"Durée [s]": 1, "Part [%]": 0, "Par document [s]": 3}
    caption = f"Où passe le temps : {busy:.0f} s de documents en {wall:.0f} s, {jobs} menés de front"
    return [
        Table(one, caption.replace(".", ","), formats),
        Table(slowest(results, sources), "Les cellules les plus longues", {"Durée moyenne [s]": 3}),
    ]
