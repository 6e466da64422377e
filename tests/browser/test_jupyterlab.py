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

import copkit as ck
from copkit import paths

from .. import hostile
from ..serving import wait_until

SCROLLED = ".jp-WindowedPanel-outer"  # what scrolls the cells of a notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    out = tmp_path_factory.mktemp("lab")
    assert ck.run("diagnostic", ["reg-06"], out=out, jobs=1).failures == []
    notebook = nbformat.read(paths.home() / "notebooks" / "projets.ipynb", 4)
    parameters = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nfichier = {str(hostile.projects(out))!r}"
    nbformat.write(notebook, out / "projets.ipynb")
    settings = out / "config" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")  # every output is in the page
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [f"--ServerApp.root_dir={out}", "--IdentityProvider.token=essai", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--LabApp.expose_app_in_browser=True", f"--LabApp.user_settings_dir={out / 'config'}"]
    log = (out / "lab.log").open("w+")
    server = subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "JUPYTER_CONFIG_DIR": str(out / "config")}
    )
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


def address(log, server) -> str:
    said = re.compile(r"http://127\.0\.0\.1:(\d+)/lab")
    wait_until(lambda: said.search(log.read_text()) or server.poll() is not None, 300)
    found = said.search(log.read_text())
    assert found, log.read_text()
    url = f"http://127.0.0.1:{found[1]}"
    with urllib.request.urlopen(f"{url}/api?token=essai") as answer:
        assert answer.status == 200
    return url


def test_charts_show_in_jupyterlab_without_a_network(lab, chromium):
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{lab}/lab/workspaces/diagnostic/tree/reg-06/diagnostic.ipynb?token=essai")
    page.wait_for_selector(".jp-Notebook .jp-RenderedHTMLCommon", timeout=60_000)
    picture = ".jp-RenderedHTML figure img"
    page.locator(".jp-Notebook").hover()
    found = f"() => document.querySelector('{picture}') || void document.querySelector('{SCROLLED}').scrollBy(0, 300)"
    page.wait_for_function(found, timeout=120_000)  # cells are drawn when they come into view
    image = page.locator(picture).first
    image.wait_for(timeout=60_000)
    assert image.evaluate("i => i.complete && i.naturalWidth") > 600
    outside = [a for a in asked if not a.startswith((lab, "data:", "blob:", lab.replace("http", "ws")))]
    assert outside == []
    page.close()


def test_a_hostile_file_does_nothing_in_jupyterlab_when_all_cells_run(lab, chromium):
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{lab}/lab/workspaces/projets/tree/projets.ipynb?token=essai")  # no tab of another test comes back
    shown = "window.jupyterapp?.shell.currentWidget"
    page.wait_for_function(f"() => {shown}?.context?.path === 'projets.ipynb'", timeout=60_000)
    page.wait_for_function(f"() => {shown}.sessionContext.session?.kernel?.status === 'idle'", timeout=300_000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    prompts = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
    page.wait_for_function(f"() => {prompts}.every(prompt => /[0-9]/.test(prompt.innerText))", timeout=300_000)
    outputs = page.locator(".jp-Notebook .jp-OutputArea-output")
    assert page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert outputs.count() > 40 and page.evaluate("typeof window.X") == "undefined"
    inside = ".jp-Notebook .jp-OutputArea-output :is(script, form, input, button, style, meta, base, iframe, object)"
    assert page.locator(inside).count() == 0
    links = page.evaluate("() => [...document.querySelectorAll('.jp-OutputArea-output a')].map(a => a.href)")
    assert [link for link in links if "/projets.ipynb#" not in link] == []  # those of its own titles
    shown = " ".join(page.evaluate("() => document.querySelector('.jp-Notebook').textContent").split())
    assert "<script>window.X=1</script> (en-tête)" in shown and hostile.NAME in shown
    cells = page.evaluate("() => [...document.querySelectorAll('.jp-Notebook td')].map(cell => cell.textContent)")
    assert {hostile.shown(case) for case in hostile.KEPT} <= set(cells)
    outside = [a for a in asked if not a.startswith((lab, "data:", "blob:", lab.replace("http", "ws")))]
    assert outside == [] and said == []
    page.close()
