"""From an executed notebook to what is published: documents, and a notebook that opens anywhere.

This is where charts become pictures: the only place of a batch that runs V8, never before a fork.
"""

from __future__ import annotations

from types import ModuleType

import nbformat

from copkit.batch.forked.server import absent
from copkit.presentation import blocks, drawing
from copkit.presentation.writers import html

_PAPERMILL_KEPT = ("parameters", "version")
_INJECTED = "injected-parameters"  # the tag of the cell that Papermill adds


def warm() -> None:
    """Load what an export needs, but for V8, that draws the charts."""
    # papermill would load file systems, 0.2 s, and what fetches pages, 0.1 s: no notebook of a batch is there
    with absent("pyarrow"), absent("requests", ModuleType("requests")):
        import papermill  # noqa: F401

    html.warm()


def portable(notebook: nbformat.NotebookNode, about: dict) -> nbformat.NotebookNode:
    """The same notebook, with a picture beside each chart, without the paths of the machine that ran it nor its times.

    How long it took is in the manifest: here, the same figures give the same file.
    """
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if "id" in cell and _INJECTED in cell.metadata.get("tags", []):
            cell["id"] = _INJECTED
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in blocks.OURS:
                data.pop(kind, None)
            if drawing.MIME in data and "text/html" not in data:
                data["text/html"] = drawing.figure(data[drawing.MIME])
    papermill = notebook.metadata.get("papermill", {})
    notebook.metadata["papermill"] = {k: papermill[k] for k in _PAPERMILL_KEPT if k in papermill}
    notebook.metadata["copkit"] = {**notebook.metadata.get("copkit", {}), **about}
    return notebook
