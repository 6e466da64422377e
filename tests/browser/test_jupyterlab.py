"""An executed notebook opened in real JupyterLab, with no network: its charts show, even before it is trusted."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

import copkit as ck


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    out = tmp_path_factory.mktemp("lab")
    assert ck.run("diagnostic", ["reg-06"], out=out, jobs=1).failures == []
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [f"--ServerApp.root_dir={out}", "--IdentityProvider.token=essai", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
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
    for _ in range(120):
        found = re.search(r"http://127\.0\.0\.1:(\d+)/lab", log.read_text())
        if found:
            url = f"http://127.0.0.1:{found[1]}"
            with urllib.request.urlopen(f"{url}/api?token=essai") as answer:
                assert answer.status == 200
            return url
        assert server.poll() is None, log.read_text()
        time.sleep(0.5)
    raise AssertionError(log.read_text())


def test_charts_show_in_jupyterlab_without_a_network(lab, chromium):
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{lab}/lab/tree/reg-06/diagnostic.ipynb?token=essai")
    page.wait_for_selector(".jp-Notebook .jp-RenderedHTMLCommon", timeout=60_000)
    picture = ".jp-RenderedHTML figure img"
    for _ in range(30):
        if page.locator(picture).count():
            break
        page.locator(".jp-Notebook").hover()
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(300)
    image = page.locator(picture).first
    image.wait_for(timeout=10_000)
    assert image.evaluate("i => i.complete && i.naturalWidth") > 600
    outside = [a for a in asked if not a.startswith((lab, "data:", "blob:", lab.replace("http", "ws")))]
    assert outside == []
    page.close()
