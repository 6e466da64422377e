"""From an executed notebook to what is published: HTML in one file, and a notebook that opens anywhere.

This is where charts become pictures: the only place of a batch that runs V8, never before a fork.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache, partial
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

import copkit
from copkit import escaping
from copkit.batch.forked.server import absent
from copkit.errors import RunError
from copkit.presentation import drawing

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_PRINT = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
_TEMPLATE = Path(__file__).parent / "report"
_PAPERMILL_KEPT = ("parameters", "duration", "start_time", "end_time", "version")


@lru_cache(maxsize=1)
def _exporter() -> HTMLExporter:
    exporter = HTMLExporter(
        template_name=_TEMPLATE.name,
        extra_template_basedirs=[str(_TEMPLATE.parent)],
        exclude_anchor_links=True,
        default_preprocessors=[],  # each of the ten validates the whole notebook again, and none is of use here
    )
    exporter.register_filter("chart", _Charts())
    for name, renderer in (("prose", IPythonRenderer), ("said", _Said)):  # mostly the same in each document
        exporter.register_filter(name, lru_cache(maxsize=256)(partial(_html, renderer)))
    return exporter


def _html(renderer: type[IPythonRenderer], source: str) -> str:
    """Markdown without attachments, as ``markdown2html`` writes it."""
    return MarkdownWithMath(renderer=renderer(escape=False, exclude_anchor_links=True)).render(source)


class _Said(IPythonRenderer):
    """What a cell says, which may hold what a file does: HTML in it is text, and a link goes nowhere but to a page."""

    def __init__(self, **options) -> None:
        super().__init__(allow_harmful_protocols=False, **options)

    def inline_html(self, html: str) -> str:
        return escaping.html(html)

    def block_html(self, html: str) -> str:
        return f"<p>{escaping.html(html.strip())}</p>\n"


class _Charts:
    """The filter that draws a specification; marks of several charts of one page never share an id."""

    def __init__(self) -> None:
        self.count = itertools.count(1)

    def __call__(self, spec: dict) -> dict:
        svg = re.sub(r"\b(clip|gradient_)(\d+)", rf"c{next(self.count)}-\1\2", drawing.svg(spec))
        return {"svg": Markup(svg), "caption": Markup(drawing.caption(spec)), "description": drawing.describe(spec)}


def warm() -> None:
    """Load what an export needs, but for V8, that draws the charts."""
    with absent("pyarrow"):  # papermill would load its file systems: 0.2 s, and no notebook of a batch is there
        import papermill  # noqa: F401

    _exporter().template  # noqa: B018  read and compiled


def html(notebook: nbformat.NotebookNode, *, title: str, footer: str) -> str:
    """The report of an executed notebook: no code, no script, nothing loaded from elsewhere."""
    ours = {
        "version": copkit.__version__,
        "title": title,
        "footer": footer,
        "style": Markup((_TEMPLATE / "report.css").read_text(encoding="utf-8")),
        "vegalite": drawing.MIME,
    }
    # The exporter would copy and check the notebook three times, then parse the page again for its alternative texts.
    return _exporter().template.render(nb=notebook, resources={"copkit": ours}).lstrip()


def portable(notebook: nbformat.NotebookNode, about: dict) -> nbformat.NotebookNode:
    """The same notebook, with a picture beside each chart and without the paths of the machine that ran it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
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
