"""Notebooks in real JupyterLab, with no network: charts show before they are trusted, and no text of a file runs."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import nbformat
import pytest

from copkit import paths
from copkit.batch.forked import forks
from copkit.reference import parameters

from .. import hostile
from ..conftest import LONG
from ..notebooks import SHARED, documents
from ..processes import wait_until
from .conftest import HANG

SHOWN = "window.jupyterapp?.shell.currentWidget"
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"  # a promise: until the last cell
SCROLLED = ".jp-WindowedPanel-outer"  # what scrolls the cells of a notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    out = tmp_path_factory.mktemp("lab")
    documents("diagnostic", ["reg-06"], out)
    notebook = nbformat.read(paths.home() / "notebooks" / "projets.ipynb", 4)
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nprojets = {str(hostile.projects(out))!r}"
    nbformat.write(notebook, out / "projets.ipynb")
    notebook = nbformat.read(paths.home() / "notebooks" / "prise_en_main.ipynb", 4)
    notebook.cells = notebook.cells[:4]
    notebook.cells[-1].metadata.jupyter = {"source_hidden": True}
    nbformat.write(notebook, out / "debut.ipynb")
    settings = out / "config" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")  # every output is in the page
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += ["--KernelManager.transport=ipc"]  # a port that was free may be taken before the kernel opens it
    command += [f"--ServerApp.root_dir={out}", "--IdentityProvider.token=essai", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.expose_app_in_browser=True", f"--LabApp.user_settings_dir={out / 'config'}"]
    log = (out / "lab.log").open("w+")
    forked = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "copkit-fork", forks.ADDRESS: forks.ForkServer.get(SHARED).address}
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(out / "config"), **({} if LONG else forked)}
    server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield address(out / "lab.log", server)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # JupyterLab sometimes waits for ever for a thread of its own
            server.kill()
            server.wait()
        log.close()


@pytest.fixture(scope="module")
def window(chromium, lab):
    """JupyterLab, opened once."""
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(HANG)
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("dialog", lambda dialog: page.said.append(dialog.message))
    page.goto(f"{lab}/lab?token=essai")
    yield page
    page.close()


OPEN = "path => void window.jupyterapp.commands.execute('docmanager:open', {path})"
CLOSE = f"() => {{ const one = {SHOWN}; one.context.model.dirty = false; one.close(); }}"


@pytest.fixture
def opened(window, lab):
    """Open a notebook; when the test is over, JupyterLab has asked nothing of another address, and it is closed."""

    def at(path):
        window.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=HANG)
        window.evaluate(OPEN, path)
        window.wait_for_function(f"() => {SHOWN}?.context?.path === '{path}'", timeout=HANG)
        return window

    yield at
    window.evaluate(CLOSE)
    ours = (lab, "data:", "blob:", lab.replace("http", "ws"))
    assert [one for one in window.asked if not one.startswith(ours)] == [] == window.said


def address(log, server) -> str:
    said = re.compile(r"http://127\.0\.0\.1:(\d+)/lab")
    wait_until(lambda: said.search(log.read_text()) or server.poll() is not None, 300)
    found = said.search(log.read_text())
    assert found, log.read_text()
    url = f"http://127.0.0.1:{found[1]}"
    wait_until(lambda: answers(f"{url}/api?token=essai"))  # it says where it is before it listens
    return url


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status == 200
    except OSError:
        return False


def ready(page) -> None:
    """Wait for the kernel of the notebook."""
    page.wait_for_function(f"() => {SHOWN}.sessionContext.session?.kernel?.status === 'idle'", timeout=HANG)


def test_charts_show_in_jupyterlab_without_a_network(opened):
    page = opened("reg-06/diagnostic.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-RenderedHTMLCommon", timeout=HANG)
    picture = ".jp-RenderedHTML figure img"
    page.locator(".jp-Notebook").hover()
    found = f"() => document.querySelector('{picture}') || void document.querySelector('{SCROLLED}').scrollBy(0, 300)"
    page.wait_for_function(found, timeout=HANG)  # cells are drawn when they come into view
    image = page.locator(picture).first
    image.wait_for(timeout=HANG)
    assert image.evaluate("i => i.complete && i.naturalWidth") > 600


def test_a_hostile_file_does_nothing_in_jupyterlab_when_all_cells_run(opened):
    page = opened("projets.ipynb")
    ready(page)
    page.evaluate(RUN_ALL)
    outputs = page.locator(".jp-Notebook .jp-OutputArea-output")
    assert page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert outputs.count() > 40 and page.evaluate("typeof window.X") == "undefined"
    inside = ".jp-Notebook .jp-OutputArea-output :is(script, form, input, button, style, meta, base, iframe, object)"
    assert page.locator(inside).count() == 0
    others = ".jp-OutputArea-output a:not([href^='#'])"  # than its titles
    links = page.evaluate("found => [...document.querySelectorAll(found)].map(a => a.href)", others)
    ours = ("/glossaire.html", *(one.url for one in parameters.sources().values() if one.url))
    assert [link for link in links if not any(one in link for one in ours)] == []  # its sources
    shown = " ".join(page.evaluate("() => document.querySelector('.jp-Notebook').textContent").split())
    assert "<script>window.X=1</script> (en-tête)" in shown and hostile.NAME in shown
    cells = page.evaluate("() => [...document.querySelectorAll('.jp-Notebook td')].map(cell => cell.textContent)")
    assert {hostile.shown(case) for case in hostile.KEPT} <= set(cells)


def test_a_territory_is_chosen_in_a_menu_in_french_and_an_error_is_its_message_alone(opened):
    page = opened("debut.ipynb")
    ready(page)
    page.get_by_role("menuitem", name="Exécution").click()
    assert page.get_by_role("menuitem", name="Exécuter toutes les cellules", exact=True).is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".jp-Notebook .jp-Placeholder").count() == 1 and "Exécution" in page.content()
    page.evaluate(RUN_ALL)
    page.locator(".jp-Notebook caption", has_text="L’effort des Hauts-de-France").wait_for()
    page.locator(".jp-Notebook select").select_option(label="Nord (59)")
    page.get_by_text("Choisi : Nord (59).").wait_for()
    page.evaluate(RUN_ALL)
    page.locator(".jp-Notebook caption", has_text="L’effort du Nord").wait_for()
    sides = "cells => [...new Set(cells.map(cell => getComputedStyle(cell).textAlign))]"
    assert page.locator(".jp-Notebook :is(th, td):not(.number)").evaluate_all(sides) == ["left"]
    assert page.locator(".jp-Notebook td.number").evaluate_all(sides) == ["right"]
    page.evaluate(f"() => {SHOWN}.content.widgets[2].model.sharedModel.setSource('territoire = \"32\"')")
    page.evaluate(RUN_ALL)
    error = page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.stderr']")
    error.wait_for()
    said = "Territoire ambigu : « 32 » désigne la région Hauts-de-France et le département Gers."
    assert " ".join(error.inner_text().split()).startswith(said) and "Traceback" not in error.inner_text()
