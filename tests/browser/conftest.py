"""The real Chromium of Debian, one for each test process; its absence is a failure, not a skip.

« chromium-headless-shell » is the same engine without the windows that nobody looks at: a third less processor.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from ..conftest import LONG
from ..serving import PAGE, Server

SHELL = "/usr/bin/chromium-headless-shell"
CHROMIUM = SHELL if Path(SHELL).exists() else "/usr/bin/chromium"
HANG = 120_000  # only bounds a hang [ms]: playwright's own 5 and 30 s are soon past on a busy machine
SIMULATOR = "from copkit.simulator.widget import Simulator\n\nSimulator(territoire)"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # no process made in advance for a page to come: a sixth of the time; the rest, as playwright has it
    "--disable-features=SpareRendererForSitePerProcess,HttpsUpgrades,MediaRouter,OptimizationHints,PaintHolding",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as driver:
        expect.set_options(timeout=HANG)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET, timeout=HANG)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium):
    """The one page of those who look at files: what costs is to open another, not to go to another address."""
    page = chromium.new_page()
    page.set_default_timeout(HANG)
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("dialog", lambda dialog: page.said.append(dialog.message))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    page.close()


@pytest.fixture
def page(window):
    """A blank page of the usual size, which keeps the addresses that it asks for, and what it says."""
    window.goto("about:blank")
    window.set_viewport_size({"width": 1280, "height": 720})
    window.emulate_media(media="null", forced_colors="null", reduced_motion="null")
    window.asked.clear()
    window.said.clear()
    return window


# Under a path of its own, as behind a proxy; at « / », tests/test_simulator_server.py tries the answers.
@pytest.fixture(scope="session", params=["/", "/simulateur/"] if LONG else ["/simulateur/"])
def served(request, tmp_path_factory):
    """The server of the simulator; its notebook is the simulator, and a small widget of the tests."""
    given = {"base_url": request.param, "constants": {"CLOSING": 600}}
    with Server(tmp_path_factory.mktemp("server"), SIMULATOR, PAGE, **given) as running:
        yield running
