"""The real Chromium of Debian, one for each test process; its absence is a failure, not a skip.

« chromium-headless-shell » is the same engine without the windows that nobody looks at: a third less processor.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

SHELL = "/usr/bin/chromium-headless-shell"
CHROMIUM = SHELL if Path(SHELL).exists() else "/usr/bin/chromium"
HANG = 120_000  # only bounds a hang [ms]: playwright's own 5 and 30 s are soon past on a busy machine
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
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


@pytest.fixture
def page(chromium):
    """A page that keeps the addresses that it asked for, and what it said."""
    page = chromium.new_page()
    page.set_default_timeout(HANG)
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("dialog", lambda dialog: page.said.append(dialog.message))
    yield page
    page.close()
