"""From an executed notebook to what is published: documents, and a notebook that opens anywhere.

This is where charts become pictures: the only place of a batch that runs V8, never before a fork.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import nbformat

from copkit.batch.forked.server import absent
from copkit.errors import RunError
from copkit.presentation import blocks, drawing
from copkit.presentation.writers import html

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_PRINT = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
_PAPERMILL_KEPT = ("parameters", "duration", "start_time", "end_time", "version")


def warm() -> None:
    """Load what an export needs, but for V8, that draws the charts."""
    with absent("pyarrow"):  # papermill would load its file systems: 0.2 s, and no notebook of a batch is there
        import papermill  # noqa: F401

    html.warm()


def portable(notebook: nbformat.NotebookNode, about: dict) -> nbformat.NotebookNode:
    """The same notebook, with a picture beside each chart and without the paths of the machine that ran it."""
    for cell in notebook.cells:
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


def chromium() -> str:
    """The browser that prints pages. Raises RunError when there is none."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if not found:
        raise RunError(
            "L'impression en PDF demande Chromium, introuvable ici.\n"
            "L'installer (Debian : apt install chromium), ou retirer --pdf et imprimer les pages depuis un navigateur."
        )
    return found


def pdf(page: Path, made: Path) -> None:
    """Print a page, tagged and with its outline. Raises RunError when the browser fails."""
    with tempfile.TemporaryDirectory(prefix=".", dir=page.parent) as profile:  # goes with the batch if it is killed
        options = [*_PRINT, f"--user-data-dir={profile}", f"--print-to-pdf={made}"]
        done = subprocess.run([chromium(), *options, page.as_uri()], capture_output=True, text=True, timeout=120)
    if not made.is_file():
        raise RunError(f"Chromium n'a pas imprimé la page : {done.stderr.strip()[-300:] or 'sans message'}")
